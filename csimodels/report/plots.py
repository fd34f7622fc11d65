"""The 0-100 index of every construct as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.colors import to_rgba

from csimodels.report.fonts import faces, printable
from csimodels.report.format import number, short_names
from csimodels.report.header import model_title, verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["draw_index", "index_size", "title_with_verdict"]

TARGET, OTHER, ALARM = "#D55E00", "#0072B2", "#B00020"


def index_size(table: pd.DataFrame) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.0, 1.4 + 0.42 * len(table)


def draw_index(result: CSIResults, ax: Axes, level: float = 0.95) -> Axes:
    """Draw the index of every construct with its interval; the target by colour, hatching and weight.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    ax : Axes
        Where to draw.
    level : float
        Coverage of the intervals.
    """
    table = result.index_table(level=level)
    short = short_names(map(str, table.index), 28)
    for k, (name, row) in enumerate(table.iterrows()):
        _draw_row(ax, k, row, name == result.spec.target)
    ax.set_yticks(range(len(table)), [printable(short[str(name)]) for name in table.index])
    for tick, name in zip(ax.get_yticklabels(), table.index, strict=True):
        tick.set(parse_math=False, **faces(tick.get_text()), weight="bold" if name == result.spec.target else "normal")
    ax.set(xlim=(0, 100), ylim=(len(table) - 0.4, -0.6), xlabel=_caption(table, level))
    ax.grid(axis="x", color="0.88", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    title_with_verdict(result, ax)
    return ax


def _draw_row(ax: Axes, k: int, row: pd.Series, target: bool) -> None:
    """Draw one construct: a bar, its interval with caps and its value; the target's bar is hatched as well as coloured."""
    colour, score = (TARGET if target else OTHER), float(row["score"])
    ax.barh(k, score, height=0.62, facecolor=to_rgba(colour, 0.35), edgecolor=colour, linewidth=1.0, hatch="//" if target else None)
    if pd.notna(row["ci_lower"]):
        ax.errorbar(score, k, xerr=[[score - row["ci_lower"]], [row["ci_upper"] - score]], color="black", capsize=4, linewidth=1.4)
    edge = score if pd.isna(row["ci_upper"]) else float(row["ci_upper"])
    inside = edge > 88
    end = min(score, float(row["ci_lower"]) if pd.notna(row["ci_lower"]) else score) if inside else edge
    weight = "bold" if target else "normal"
    ax.annotate(
        number(score, 1),
        (end, k),
        (-8 if inside else 8, 0),
        textcoords="offset points",
        ha="right" if inside else "left",
        va="center",
        weight=weight,
        bbox={"boxstyle": "square,pad=0.05", "fc": ax.get_facecolor(), "ec": "none"},
    )


def _caption(table: pd.DataFrame, level: float) -> str:
    if table["se"].isna().all():
        return "Index (0-100); no intervals, because standard errors are withheld"
    return f"Index (0-100) with {100 * level:g} % interval"


def title_with_verdict(result: CSIResults, ax: Axes) -> None:
    """Put the model's name above a picture, and what is wrong with the solution above that."""
    title = short_names([model_title(result)], 70)[model_title(result)]
    shout = verdict(result).partition(":")[0]
    text = f"{shout}\n{title}" if shout else title
    ax.set_title(printable(text), color=ALARM if shout else "black", fontsize=11, fontdict=faces(text), parse_math=False)
