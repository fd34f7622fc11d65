"""A league table as a picture: scores in order, with the interval of one and of all at once, and the ranks that are left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, short_names
from csimodels.report.plots import OTHER, TARGET, label_rows

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from csimodels.analyses.league import League

__all__ = ["draw", "size"]

LETTERS, COLUMNS = 9.0, 30


def _rows(result: League) -> pd.DataFrame:
    """Return labels in order, with a row of the group's name above each group that is ranked by itself."""
    own = [c for c in result.labels if c not in result.within]
    rows = result.league.assign(label=_texts(result.league, own), heading=False)
    if not result.within:
        return rows
    inside, parts = _texts(result.league, list(result.within)), []
    for name in dict.fromkeys(inside):
        parts += [pd.DataFrame({"label": [name], "heading": [True]}), rows[[text == name for text in inside]]]
    return pd.concat(parts, ignore_index=True)


def _texts(frame: pd.DataFrame, columns: list[str]) -> list[str]:
    return [" / ".join(map(str, row)) for row in frame[columns].itertuples(index=False)]


def size(result: League) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 8.6, 2.0 + 0.34 * len(_rows(result))


def draw(result: League, ax: Axes) -> Axes:
    """Draw scores with a thick interval of one and a thin one of all at once; who is not significantly below the best is a circle.

    Parameters
    ----------
    result : League
        Scores and ranks.
    ax : Axes
        Where to draw.
    """
    rows = _rows(result)
    for k, (_, row) in enumerate(rows[~rows["heading"]].iterrows()):
        _draw_row(ax, int(rows.index[~rows["heading"]][k]), row)
    short = short_names(rows["label"], COLUMNS)
    label_rows(ax, [short[name] for name in rows["label"]], rows["heading"].tolist())
    _write_ranks(ax, rows, result.level)
    ax.set(ylim=(len(rows) - 0.4, -1.4), xlabel="Score")
    ax.grid(axis="x", color="0.88", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.legend(*_key(result.level), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=LETTERS)
    text = printable(f"{result.headline}: {short_names([result.construct], 50)[result.construct]}" if result.construct else result.headline)
    ax.set_title(text, fontsize=11, pad=42, fontdict=faces(text), parse_math=False)
    return ax


def _draw_row(ax: Axes, k: int, row: pd.Series) -> None:
    """Draw one label: a filled circle in the leader's group, a hollow diamond behind it."""
    leads = not row["significant_vs_best"]
    colour = TARGET if leads else OTHER
    ax.plot([row["ci_lower_sim"], row["ci_upper_sim"]], [k, k], color="0.25", linewidth=1.0, marker="|", markersize=6, zorder=2)
    ax.plot([row["ci_lower"], row["ci_upper"]], [k, k], color=colour, linewidth=4.0, solid_capstyle="butt", zorder=3)
    face = colour if leads else "white"
    ax.plot(row["score"], k, marker="o" if leads else "D", markersize=7, markerfacecolor=face, markeredgecolor="black", zorder=4)


def _write_ranks(ax: Axes, rows: pd.DataFrame, level: float) -> None:
    """Write each score, its rank and the ranks that are left open in a column at the right of the axes."""
    side = ax.get_yaxis_transform()
    ax.text(1.02, -0.9, f"score  rank [{100 * level:g} %, all]", transform=side, fontsize=LETTERS, color="0.3", va="center")
    for k, (_, row) in enumerate(rows.iterrows()):
        if not row["heading"]:
            text = f"{fixed(row['score'], 1)}  {row['rank']:.0f} [{row['rank_lower']:.0f}-{row['rank_upper']:.0f}]"
            ax.text(1.02, k, text, transform=side, fontsize=LETTERS, va="center")


def _key(level: float) -> tuple[list[Artist], list[str]]:
    """Return what the marks mean."""
    from matplotlib.lines import Line2D

    marks: list[Artist] = [
        Line2D([], [], linestyle="", marker="o", markersize=7, markerfacecolor=TARGET, markeredgecolor="black"),
        Line2D([], [], linestyle="", marker="D", markersize=7, markerfacecolor="white", markeredgecolor="black"),
        Line2D([], [], color="0.5", linewidth=4.0),
        Line2D([], [], color="0.25", linewidth=1.0, marker="|", markersize=6),
    ]
    texts = ["best, or not significantly below it", "significantly below the best"]
    return marks, [*texts, f"{100 * level:g} % interval of one score", f"{100 * level:g} % intervals of all scores at once"]
