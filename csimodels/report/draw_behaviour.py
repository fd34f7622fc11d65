"""The repurchase rate by band of satisfaction as a picture, with the logistic curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names
from csimodels.report.plots import OTHER, TARGET
from csimodels.report.point_labels import label_points

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from csimodels.analyses.behaviour import RepurchaseRate

__all__ = ["draw", "size"]

TITLE, AXIS = 50, 40


def size(result: RepurchaseRate) -> tuple[float, float]:
    """Return a figure size in inches."""
    return max(7.5, 1.4 * len(result.bands)), 5.0


def draw(result: RepurchaseRate, ax: Axes) -> Axes:
    """Draw the rate of every band with its interval, over the logistic curve with its own."""
    known, curve, level = result.bands[result.bands["n"] > 0], result.curve, f"{100 * result.level:g} %"
    ax.fill_between(curve.x, curve.ci_lower, curve.ci_upper, color=OTHER, alpha=0.18, linewidth=0)
    held = ", controls at their means" if len(result.coefficients) > 2 else ""
    ax.plot(curve.x, curve.est, color=OTHER, linewidth=1.8, label=f"logistic curve{held}, {level} interval shaded")
    x, rate = known["mean_satisfaction"].to_numpy(), known["rate"].to_numpy()
    _draw_bands(ax, known, level)
    for limit in result.bands["lower"].iloc[1:]:
        ax.axvline(limit, color="0.6", linestyle=":", linewidth=0.9, zorder=0)
    low, high = min(curve.x[0], float(result.bands["lower"].iloc[0])), max(curve.x[-1], float(result.bands["upper"].iloc[-1]))
    margin = 0.03 * (high - low)
    ax.set(xlim=(low - margin, high + margin), ylim=(-0.03, 1.03), ylabel=f"Share with {_short(result.behaviour, AXIS)} = 1")
    ax.yaxis.label.set(parse_math=False, **faces(result.behaviour))
    names = _short(", ".join(result.satisfaction), AXIS)
    ax.set_xlabel(f"Satisfaction ({names}){', 0-100' if result.scaled else ''}", fontdict=faces(names), parse_math=False)
    ax.set_title(f"{_short(result.behaviour, TITLE)} by satisfaction", fontsize=11, fontdict=faces(result.behaviour), parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False, fontsize=9)
    bars = [np.array([[a, lo], [a, hi]]) for a, lo, hi in zip(x, known["ci_lower"], known["ci_upper"], strict=True)]
    texts = [f"{100 * r:.0f} %, n = {n}" for r, n in zip(rate, known["n"], strict=True)]
    label_points(ax, np.column_stack([x, rate]), texts, [np.column_stack([curve.x, curve.est]), *bars])
    return ax


def _draw_bands(ax: Axes, known: pd.DataFrame, level: str) -> None:
    """Draw rates as squares at the mean satisfaction of their band."""
    rate = known["rate"].to_numpy()
    ends = np.abs(known[["ci_lower", "ci_upper"]].to_numpy().T - rate)
    label = f"rate in a band, {level} interval"
    ax.errorbar(known["mean_satisfaction"], rate, yerr=ends, fmt="s", color=TARGET, capsize=4, markersize=7, zorder=4, label=label)


def _short(text: str, columns: int) -> str:
    """Return a name that fits and prints."""
    return printable(short_names([text], columns)[text])
