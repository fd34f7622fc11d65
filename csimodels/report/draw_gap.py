"""Gaps as a picture: means of expectations and perceptions on one line, and the interval of what lies between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, short_names
from csimodels.report.plots import OTHER, TARGET, label_rows

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from csimodels.analyses.gap import GapAnalysis

__all__ = ["draw", "size"]

NUMBERS = ["mean_e", "mean_p", "gap", "ci_lower", "ci_upper"]
LETTERS = 9.0


def _rows(result: GapAnalysis) -> pd.DataFrame:
    """Return each dimension followed by its items, which are indented; a dimension of one pair is shown once."""
    parts = []
    for _, dimension in result.dimensions.iterrows():
        items = result.items[result.items["dimension"] == dimension["dimension"]]
        whole = pd.DataFrame([{"label": dimension["dimension"], "bold": True, **dimension[NUMBERS]}])
        inner = items[NUMBERS].assign(label=items["perception"], bold=False)
        single = len(items) == 1 and len(result.dimensions) == 1
        parts += [inner] if single else [whole] if len(items) == 1 else [whole, inner]
    rows: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return rows


def size(result: GapAnalysis) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 8.4, 2.0 + 0.34 * len(_rows(result))


def draw(result: GapAnalysis, ax: Axes) -> Axes:
    """Draw a hollow circle at the expectation, a square at the perception and the gap between them, with its interval at the square.

    Parameters
    ----------
    result : GapAnalysis
        Gaps of items and dimensions.
    ax : Axes
        Where to draw.
    """
    rows = _rows(result)
    for k, (_, row) in enumerate(rows.iterrows()):
        _draw_row(ax, k, row)
    short = short_names(rows["label"], 28)
    label_rows(ax, [short[name] for name in rows["label"]], rows["bold"].tolist())
    _write_gaps(ax, rows, result.level)
    ax.set(ylim=(len(rows) - 0.4, -0.8), xlabel=f"Mean answer; the bar at P is the {100 * result.level:g} % interval of the gap P - E")
    ax.grid(axis="x", color="0.88", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.legend(*_key(), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=LETTERS)
    text = printable(result.headline)
    ax.set_title(text, fontsize=11, pad=26, fontdict=faces(text), parse_math=False)
    return ax


def _draw_row(ax: Axes, k: int, row: pd.Series) -> None:
    """Draw one pair: what is missing is a solid line with orange, what is exceeded a dashed one with blue."""
    e, p = float(row["mean_e"]), float(row["mean_p"])
    short = p < e
    colour, thick = TARGET if short else OTHER, 1.6 if row["bold"] else 1.0
    ax.plot([e, p], [k, k], color=colour, linewidth=2.0 * thick, linestyle="-" if short else (0, (2, 1)), zorder=2, solid_capstyle="butt")
    limits = [[p - (e + float(row["ci_lower"]))], [e + float(row["ci_upper"]) - p]]
    ax.errorbar(p, k, xerr=limits, color="black", capsize=3.5, linewidth=1.1, zorder=3)
    ax.plot(e, k, marker="o", markersize=5 + 1.5 * thick, markerfacecolor="white", markeredgecolor="black", zorder=4)
    ax.plot(p, k, marker="s", markersize=3.5 + 1.5 * thick, color=colour, markeredgecolor="black", markeredgewidth=0.6, zorder=5)


def _write_gaps(ax: Axes, rows: pd.DataFrame, level: float) -> None:
    """Write each gap and its interval in a column at the right of the axes."""
    side = ax.get_yaxis_transform()
    ax.text(1.02, -0.8, f"P - E [{100 * level:g} %]", transform=side, fontsize=LETTERS, color="0.3", va="bottom")
    for k, (_, row) in enumerate(rows.iterrows()):
        text = f"{fixed(row['gap'])} [{fixed(row['ci_lower'])}, {fixed(row['ci_upper'])}]"
        ax.text(1.02, k, text, transform=side, fontsize=LETTERS, va="center", weight="bold" if row["bold"] else "normal")


def _key() -> tuple[list[Artist], list[str]]:
    """Return what the marks mean."""
    from matplotlib.lines import Line2D

    marks: list[Artist] = [
        Line2D([], [], marker="o", linestyle="", markersize=7, markerfacecolor="white", markeredgecolor="black"),
        Line2D([], [], marker="s", linestyle="", markersize=6, color="0.6", markeredgecolor="black"),
        Line2D([], [], color=TARGET, linewidth=2.4),
        Line2D([], [], color=OTHER, linewidth=2.4, linestyle=(0, (2, 1))),
    ]
    return marks, ["expectation (E)", "perception (P)", "falls short", "exceeds"]
