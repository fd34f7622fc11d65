"""Expectation dynamics as a picture: how expectations changed over the gap that there was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.format import fixed
from csimodels.report.plots import OTHER, TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.dynamics import ExpectationDynamics

__all__ = ["draw", "size"]


def size(result: ExpectationDynamics) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.2, 5.0


def draw(result: ExpectationDynamics, ax: Axes) -> Axes:
    """Draw changes of expectation over the gap before, with the line of adaptive expectations and its interval.

    Parameters
    ----------
    result : ExpectationDynamics
        Points and line.
    ax : Axes
        Where to draw.
    """
    gap, change, weight = (np.array(part) for part in zip(*result.places, strict=True))
    what = "means of customers with similar gaps" if result.kind == "panel" else "cohorts from one wave to the next"
    ax.scatter(
        gap, change, s=25 + 60 * weight / weight.max(), facecolor="white", edgecolor="black", zorder=4, label=f"{what} (area: weight)"
    )
    row = result.adaptation.iloc[0]
    limits = f"[{fixed(row['ci_lower'])}, {fixed(row['ci_upper'])}]"
    ax.plot(result.line.x, result.line.est, color=TARGET, linewidth=2.4, zorder=3, label=f"λ = {fixed(row['est'])} {limits}")
    ax.fill_between(result.line.x, result.line.ci_lower, result.line.ci_upper, color=OTHER, alpha=0.14, linewidth=0, zorder=1)
    ax.axhline(0, color="0.6", linewidth=0.9, zorder=0)
    ax.axvline(0, color="0.6", linewidth=0.9, zorder=0)
    ax.set(xlabel="Gap in the wave before: perception less expectation", ylabel="Change of expectation to the next wave")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, frameon=False, fontsize=9.0)
    ax.set_title(f"{result.headline}\nshare of the gap that is closed from wave to wave (λ)", fontsize=11)
    return ax
