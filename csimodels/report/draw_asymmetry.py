"""Asymmetric disconfirmation as a picture: means of the outcome by gap, two slopes that meet at zero, and the one line instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, pvalue, short_names
from csimodels.report.plots import OTHER, TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.asymmetry import Asymmetry

__all__ = ["draw", "size"]

LETTERS = 9.0
# A line is known by its dashes as well as by its colour.
STYLES = {"losses": (TARGET, "-", 2.6), "gains": (OTHER, "-", 2.6), "symmetric": ("0.3", "--", 1.6), "prospect": ("#009E73", ":", 2.4)}


def size(result: Asymmetry) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.8, 5.6


def draw(result: Asymmetry, ax: Axes) -> Axes:
    """Draw means of the outcome by gap with their intervals, the slopes of losses and gains, and the symmetric line dashed.

    Parameters
    ----------
    result : Asymmetry
        Slopes and means by gap.
    ax : Axes
        Where to draw.
    """
    _draw_means(ax, result)
    for name, curve in result.lines.items():
        colour, dashes, width = STYLES[name]
        ax.plot(curve.x, curve.est, color=colour, linestyle=dashes, linewidth=width, label=_label(result, name), zorder=3)
        if name in ("losses", "gains"):
            ax.fill_between(curve.x, curve.ci_lower, curve.ci_upper, color=colour, alpha=0.14, linewidth=0, zorder=1)
    ax.axvline(0, color="0.6", linewidth=0.9, zorder=0)
    _name_axes(ax, result)
    _title(ax, result)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False, fontsize=LETTERS)
    return ax


def _draw_means(ax: Axes, result: Asymmetry) -> None:
    """Draw the mean of each band, larger where more respondents are, with its interval."""
    bands = result.bands
    low, mean, high = (bands[c].to_numpy(dtype=float) for c in ("ci_lower", "mean_outcome", "ci_upper"))
    bars = np.nan_to_num(np.maximum([mean - low, high - mean], 0.0))
    ax.errorbar(bands["gap"], mean, yerr=bars, fmt="none", ecolor="black", elinewidth=1.1, capsize=3.5, zorder=4)
    area = 22.0 + 90.0 * bands["n"].to_numpy(dtype=float) / float(bands["n"].max())
    what = f"mean ({100 * result.level:g} % interval; area: respondents)"
    ax.scatter(bands["gap"], mean, s=area, facecolor="white", edgecolor="black", linewidths=1.2, zorder=5, label=what)


def _label(result: Asymmetry, name: str) -> str:
    """Return what a line is."""
    slopes = result.slopes.set_index("name")["est"]
    if name == "losses":
        return f"losses: {fixed(-slopes['loss'])} per point of the gap"
    if name == "gains":
        return f"gains: {fixed(slopes['gain'])} per point of the gap"
    return "one line (symmetric)" if name == "symmetric" else "value function (prospect theory)"


def _name_axes(ax: Axes, result: Asymmetry) -> None:
    """Name the axes by the columns."""
    across = "Disconfirmation less its neutral point" if result.disconfirmation else "Gap: perception less expectation"
    names = ", ".join(short_names(result.outcome, 22).values())
    adjusted = "; controls at their means" if len(result.slopes) > 3 else ""
    up = printable(f"{'Mean of ' if len(result.outcome) > 1 else ''}{short_names([names], 44)[names]}{adjusted}")
    ax.set_xlabel(f"{across} (left of 0: falls short, right: exceeds)")
    ax.set_ylabel(up, fontdict=faces(up), parse_math=False)


def _title(ax: Axes, result: Asymmetry) -> None:
    """Say the ratio with Fieller's limits, and the test that it is one."""
    row = result.ratio[result.ratio["method"] == "Fieller"].iloc[0]
    limits = f"[{fixed(row['ci_lower'])}, {fixed(row['ci_upper'])}]"
    said = {"between": limits, "outside": f"outside {limits}", "everything": "unbounded"}[str(row["region"])]
    ratio = "λ undefined" if np.isnan(row["est"]) else f"λ = {fixed(row['est'])}"
    p = pvalue(result.wald["pvalue"].iloc[0])
    test = f"test of λ = 1: p {p if p.startswith('<') else '= ' + p}"
    ax.set_title(f"{result.headline}\n{ratio}, Fieller {100 * result.level:g} % {said}; {test}", fontsize=11)
