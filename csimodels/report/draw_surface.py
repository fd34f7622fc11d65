"""A response surface as a map: contours of the outcome over expectation and perception, the lines P = E and P = -E, the customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, short_names
from csimodels.report.plots import TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.surface import ResponseSurface

__all__ = ["draw", "size"]

GRID, LETTERS, STEPS = 101, 9.0, 10
MARKS = {"maximum": "^", "minimum": "v", "saddle": "X"}


def size(result: ResponseSurface) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.4, 7.2


def draw(result: ResponseSurface, ax: Axes) -> Axes:
    """Draw contours with their values, a solid line where P = E, a dashed one where P = -E about the midpoint, circles of customers.

    Parameters
    ----------
    result : ResponseSurface
        Coefficients and answers.
    ax : Axes
        Where to draw.
    """
    low, high = result.scale
    at = np.linspace(low, high, GRID)
    z = result.predict(at[None, :], at[:, None])
    filled = ax.contourf(at, at, z, levels=STEPS, cmap="cividis", alpha=0.85)
    lines = ax.contour(at, at, z, levels=filled.levels, colors="black", linewidths=0.7)
    for value in ax.clabel(lines, fmt="%.4g", fontsize=8):
        value.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
    _draw_customers(ax, result)
    ax.plot([low, high], [low, high], color="white", linewidth=3.6, zorder=4)
    ax.plot([low, high], [low, high], color="black", linewidth=1.8, label="P = E: expectations just met", zorder=5)
    ax.plot([low, high], [high, low], color="white", linewidth=3.6, zorder=4)
    ax.plot([low, high], [high, low], color="black", linewidth=1.8, linestyle="--", label="P = -E about the midpoint", zorder=5)
    _draw_turn(ax, result)
    _name(ax, result)
    return ax


def _draw_customers(ax: Axes, result: ResponseSurface) -> None:
    """Draw a circle at each pair of answers, larger where more customers gave it."""
    e, p, n = (np.array(part, dtype=float) for part in zip(*result.places, strict=True))
    area = 8.0 + 130.0 * n / n.max()
    ax.scatter(e, p, s=area, facecolor="none", edgecolor="white", linewidths=1.3, zorder=3)
    ax.scatter(e, p, s=area, facecolor="none", edgecolor="black", linewidths=0.5, zorder=3, label="customers (area: how many)")


def _draw_turn(ax: Axes, result: ResponseSurface) -> None:
    """Draw the stationary point if it is on the scale."""
    turn = result.stationary.iloc[0]
    if turn["on_scale"]:
        mark = MARKS[str(turn["kind"])]
        at, what = (turn["expectation"], turn["perception"]), f"stationary point ({turn['kind']})"
        ax.plot(*at, marker=mark, markersize=11, markerfacecolor=TARGET, markeredgecolor="white", linestyle="", zorder=6, label=what)


def _name(ax: Axes, result: ResponseSurface) -> None:
    """Name the axes by the columns, and say slopes and curvatures."""
    low, high = result.scale
    for which, names in (("x", result.expectation), ("y", result.perception)):
        text = ", ".join(short_names(names, 24).values())
        label = printable(f"{'Expectation' if which == 'x' else 'Perception'}: {text}")
        ax.set(**{f"{which}lim": (low, high)})
        (ax.set_xlabel if which == "x" else ax.set_ylabel)(label, fontdict=faces(label), parse_math=False)
    ax.set_aspect("equal")
    est = result.surface.set_index("name")["est"]
    outcome = printable(", ".join(short_names(result.outcome, 30).values()))
    slopes = (
        f"P = E: slope {fixed(est['a1'])}, curvature {fixed(est['a2'])};  P = -E: slope {fixed(est['a3'])}, curvature {fixed(est['a4'])}"
    )
    ax.set_title(f"Contours of {outcome}\n{slopes}", fontsize=11, fontdict=faces(outcome), parse_math=False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=2, frameon=False, fontsize=LETTERS)
