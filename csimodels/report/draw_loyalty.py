"""Loyalty by satisfaction as a picture: the customers as a cloud, the models as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.plots import OTHER, TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.loyalty import SatisfactionLoyalty

__all__ = ["draw", "size"]

# A line is known by its dashes as well as by its colour; the order is that of the curves.
LINES = (("0.25", "--"), (OTHER, "-"), (TARGET, "-."))
LARGEST, SMALLEST, MOST_PLACES = 160.0, 7.0, 600


def size(result: SatisfactionLoyalty) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.5, 5.4


def draw(result: SatisfactionLoyalty, ax: Axes) -> Axes:
    """Draw the customers and the fitted lines; under moderation the line at three levels of switching costs."""
    _draw_cloud(ax, result.cloud)
    for (name, curve), (colour, dashes) in zip(result.curves.items(), LINES, strict=False):
        ax.plot(curve.x, curve.est, color=colour, linestyle=dashes, linewidth=2.0, label=name, zorder=3)
        ax.fill_between(curve.x, curve.ci_lower, curve.ci_upper, color=colour, alpha=0.14, linewidth=0, zorder=2)
    if "threshold" in result.curves:
        _mark_kink(ax, result)
    units = [", 0-100" if scaled else "" for scaled in result.scaled]
    title = (
        "Loyalty by satisfaction"
        if "threshold" in result.curves or "linear" in result.curves
        else "Loyalty by satisfaction and switching costs"
    )
    ax.set(xlabel=f"Satisfaction{units[0]}", ylabel=f"Loyalty{units[1]}")
    ax.set_title(f"{title} (shaded: {100 * result.level:g} % intervals of the mean)", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2 if "threshold" in result.curves else 3, frameon=False, fontsize=9)
    return ax


def _draw_cloud(ax: Axes, cloud: np.ndarray) -> None:
    """Draw where customers are, a place that many share as a larger dot."""
    places, counts = np.unique(cloud, axis=0, return_counts=True)
    sizes = np.maximum(LARGEST * counts / counts.max(), SMALLEST) if len(places) <= MOST_PLACES else np.full(len(places), SMALLEST)
    ax.scatter(places[:, 0], places[:, 1], s=sizes, color="0.55", alpha=0.35, linewidths=0, zorder=1)


def _mark_kink(ax: Axes, result: SatisfactionLoyalty) -> None:
    """Mark the threshold on its line, hollow where it is not established."""
    place, curve = result.threshold.iloc[0], result.curves["threshold"]
    fill = TARGET if bool(place["established"]) else "white"
    said = "threshold" if bool(place["established"]) else "threshold, not established"
    at = float(np.interp(place["est"], curve.x, curve.est))
    label = f"{said}: {place['est']:.1f}"
    ax.plot(place["est"], at, "D", markersize=8, markerfacecolor=fill, markeredgecolor=TARGET, linestyle="none", zorder=4, label=label)
