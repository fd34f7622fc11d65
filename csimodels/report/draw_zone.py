"""Zones of tolerance as a picture: a bar from the adequate to the desired level, and the perception as a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names
from csimodels.report.plots import OTHER, TARGET, label_rows

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from csimodels.analyses.zone import ZoneOfTolerance

__all__ = ["draw", "size"]

GREY, ZONE = "#555555", "#A6DCCB"
MARKS = {"below": ("v", TARGET), "within": ("o", "black"), "above": ("^", OTHER), "inconsistent": ("X", GREY)}
MEANINGS = {
    "below": "perceived: below",
    "within": "perceived: within",
    "above": "perceived: above",
    "inconsistent": "perceived: no zone",
}
LETTERS = 9.0


def size(result: ZoneOfTolerance) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 8.0, 2.0 + 0.45 * len(result.items)


def draw(result: ZoneOfTolerance, ax: Axes) -> Axes:
    """Draw the zone of every item as a bar and the perception with its interval; the mark says where it lies.

    Parameters
    ----------
    result : ZoneOfTolerance
        Levels and zones of items.
    ax : Axes
        Where to draw.
    """
    for k, (_, row) in enumerate(result.items.iterrows()):
        _draw_row(ax, k, row)
    short = short_names(result.items["name"], 28)
    label_rows(ax, [short[name] for name in result.items["name"]], [False] * len(result.items))
    caption = f"Mean answer; bar at the mark: {100 * result.level:g} % interval of the perception"
    ax.set(ylim=(len(result.items) - 0.4, -0.6), xlabel=caption)
    ax.grid(axis="x", color="0.88", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.margins(x=0.06)
    shown = [place for place in MARKS if (result.items["place"] == place).any()]
    ax.legend(*_key(shown), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(1 + len(shown), 3), frameon=False, fontsize=LETTERS)
    text = printable(result.headline)
    ax.set_title(text, fontsize=11, pad=26 if len(shown) < 3 else 42, fontdict=faces(text), parse_math=False)
    return ax


def _draw_row(ax: Axes, k: int, row: pd.Series) -> None:
    """Draw one item; a zone that ends below its beginning is only an outline."""
    low, p = float(row["adequate"]), float(row["perceived"])
    marker, colour = MARKS[row["place"]]
    upside = row["place"] == "inconsistent"
    style: dict[str, Any] = {"facecolor": "none", "linestyle": "--"} if upside else {"facecolor": ZONE}
    ax.barh(k, float(row["width"]), left=low, height=0.5, edgecolor=GREY, linewidth=0.9, zorder=2, **style)
    if pd.notna(row["perceived_ci_lower"]):
        limits = [[p - float(row["perceived_ci_lower"])], [float(row["perceived_ci_upper"]) - p]]
        ax.errorbar(p, k, xerr=limits, color="black", capsize=3.5, linewidth=1.1, zorder=3)
    ax.plot(p, k, marker=marker, color=colour, markersize=8, markeredgecolor="white", markeredgewidth=0.7, zorder=4)


def _key(shown: list[str]) -> tuple[list[Artist], list[str]]:
    """Return what bar and marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks: list[Artist] = [Patch(facecolor=ZONE, edgecolor=GREY)]
    marks += [Line2D([], [], marker=MARKS[p][0], color=MARKS[p][1], linestyle="", markersize=7) for p in shown]
    return marks, ["adequate to desired", *(MEANINGS[p] for p in shown)]
