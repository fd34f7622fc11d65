"""Drivers as a picture: shares of the explained variance with their intervals, and the model's impacts as shares beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, short_names
from csimodels.report.plots import OTHER, TARGET, label_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.analyses.drivers import Drivers

__all__ = ["draw", "size"]

LETTERS, APART = 9.0, 0.2


def size(result: Drivers) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 8.4, 2.2 + 0.46 * len(result.weights)


def draw(result: Drivers, ax: Axes) -> Axes:
    """Draw for each driver its Shapley share (circle), its relative weight (square) and its share of the model's impacts (diamond).

    Parameters
    ----------
    result : Drivers
        Importance of the drivers.
    ax : Axes
        Where to draw.
    """
    table, rows = result.weights, np.arange(len(result.weights))
    for name, shift, colour, mark, label in (
        ("lmg", -APART / 2, OTHER, "o", "Shapley (LMG)"),
        ("johnson", APART / 2, "0.35", "s", "relative weight (Johnson)"),
    ):
        low, x, high = (table[c].to_numpy() for c in (f"{name}_ci_lower", f"{name}_share", f"{name}_ci_upper"))
        bars = np.maximum([x - low, high - x], 0.0)
        face = colour if mark == "o" else "white"
        ax.errorbar(
            x, rows + shift, xerr=bars, fmt=mark, color=colour, markerfacecolor=face, markeredgecolor="black", capsize=3, label=label
        )
    _draw_impacts(ax, result)
    short = short_names(table["driver"], 28)
    label_rows(ax, [short[name] for name in table["driver"]], [False] * len(table))
    _write(ax, result)
    ax.set(ylim=(len(table) - 0.4, -0.9), xlabel=f"Share of the explained variance, with {100 * result.level:g} % intervals")
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
    ax.grid(axis="x", color="0.88", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=LETTERS)
    text = printable(f"{result.headline}: {', '.join(short_names(result.outcome, 24).values())}")
    ax.set_title(text, fontsize=11, pad=26, fontdict=faces(text), parse_math=False)
    return ax


def _draw_impacts(ax: Axes, result: Drivers) -> None:
    """Draw the model's impacts as shares of their sum."""
    if "impact" in result.weights:
        impact = result.weights["impact"].to_numpy()
        total = np.nansum(np.abs(impact))
        if total > 0:
            rows = np.arange(len(impact)) + 1.5 * APART
            label = "impact in the model, as a share"
            ax.plot(impact / total, rows, color=TARGET, marker="D", linestyle="", markersize=7, markeredgecolor="black", label=label)


def _write(ax: Axes, result: Drivers) -> None:
    """Write each Shapley share and the ranks left open in a column at the right of the axes."""
    side = ax.get_yaxis_transform()
    ax.text(1.02, -0.75, "share  rank [range]", transform=side, fontsize=LETTERS, color="0.3", va="center")
    for k, (_, row) in enumerate(result.weights.iterrows()):
        text = f"{fixed(row['lmg_share'])}  {row['rank']} [{row['rank_lower']}-{row['rank_upper']}]"
        ax.text(1.02, k, text, transform=side, fontsize=LETTERS, va="center")
