"""Penalty-reward contrasts as a picture: how much an attribute matters, and whether it matters where it is poor or where it is good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from csimodels.report.format import short_names
from csimodels.report.point_labels import label_points

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from csimodels.analyses.kano import PenaltyReward

__all__ = ["draw", "size"]

LETTERS = 9.0
# A class is known by its mark as well as by its colour.
MARKS = {
    "basic": ("v", "#D55E00"),
    "hybrid": ("o", "#555555"),
    "excitement": ("^", "#0072B2"),
    "indifferent": ("X", "#999999"),
    "unexpected": ("D", "#CC79A7"),
}
MEANINGS = {
    "basic": "basic",
    "hybrid": "hybrid",
    "excitement": "excitement",
    "indifferent": "indifferent (not significant)",
    "unexpected": "unexpected (a wrong sign is significant)",
}
BANDS = {"excitement": "#E3EEF6", "hybrid": "#F1F1F1", "basic": "#FBE9DD"}
EDGE = 1.08


def size(result: PenaltyReward) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 8.6, 6.0 + 0.06 * max(len(result.attributes) - 10, 0)


def draw(result: PenaltyReward, ax: Axes) -> Axes:
    """Draw the range of impact against impact asymmetry, with the regions of the classes and intervals of the asymmetry.

    Parameters
    ----------
    result : PenaltyReward
        Attributes.
    ax : Axes
        Where to draw.
    """
    table = result.attributes
    _draw_regions(ax, result)
    _draw_attributes(ax, table)
    widest = float(table["range"].max())
    ax.set(xlim=(0.0, 1.14 * widest), ylim=(-EDGE, EDGE))
    ax.set(
        xlabel="Range of impact on the outcome: |penalty| + |reward|",
        ylabel="Impact asymmetry: dissatisfies only (-1) to pleases only (+1)",
    )
    ax.set_title(f"{result.headline}\n(bars: {100 * result.level:g} % intervals of the asymmetry)", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=3, frameon=False, fontsize=LETTERS)
    _label(ax, table)
    return ax


def _draw_regions(ax: Axes, result: PenaltyReward) -> None:
    """Shade the regions of the classes and name them at the right of the axes."""
    t = result.threshold
    edges = {"excitement": (t, EDGE), "hybrid": (-t, t), "basic": (-EDGE, -t)}
    for name, (low, high) in edges.items():
        ax.axhspan(low, high, color=BANDS[name], linewidth=0, zorder=0)
        if high - low > 0.05:
            style: dict[str, Any] = {"va": "center", "fontsize": LETTERS, "color": "0.3", "style": "italic"}
            ax.text(1.01, (low + high) / 2, name, transform=ax.get_yaxis_transform(), **style)
    for edge in (-t, t):
        ax.axhline(edge, color="0.55", linestyle="--", linewidth=0.9, zorder=1)


def _draw_attributes(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the attributes class by class, hollow where a sign is wrong."""
    for name, (marker, colour) in MARKS.items():
        own = table[table["class"] == name]
        if own.empty:
            continue
        x, y = own["range"].to_numpy(dtype=float), own["ia"].to_numpy(dtype=float)
        bars = np.maximum([y - own["ia_ci_lower"].to_numpy(dtype=float), own["ia_ci_upper"].to_numpy(dtype=float) - y], 0.0)
        ax.errorbar(x, y, yerr=bars, fmt="none", ecolor=colour, elinewidth=1.0, capsize=2.5, alpha=0.7, zorder=2)
        fill = np.where(own["mark"] == "", colour, "white")
        ax.scatter(x, y, s=58, marker=marker, facecolors=fill, edgecolors=colour, linewidths=1.3, zorder=4)
        ax.scatter([], [], s=58, marker=marker, facecolors=colour, edgecolors=colour, linewidths=1.3, label=MEANINGS[name])
    if (table["mark"] != "").any():
        ax.scatter([], [], s=58, marker="s", facecolors="white", edgecolors="black", linewidths=1.3, label="hollow: a wrong sign")


def _label(ax: Axes, table: pd.DataFrame) -> None:
    """Write the names beside their points, off the intervals where there is room."""
    short = short_names(map(str, table["name"]), 24)
    at = table[["range", "ia"]].to_numpy(dtype=float)
    ends = table[["ia_ci_lower", "ia_ci_upper"]].to_numpy(dtype=float)
    bars = [np.column_stack([np.full(2, x), pair]) for x, pair in zip(at[:, 0], ends, strict=True)]
    label_points(ax, at, [short[str(name)] for name in table["name"]], bars)
