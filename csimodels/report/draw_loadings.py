"""Standardised loadings as a picture: dots with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csimodels.report.axes import figure_of, settled
from csimodels.report.format import fixed, short_names
from csimodels.report.heat import say_nothing
from csimodels.report.plots import OTHER, TARGET, label_rows, title_with_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["GUIDES", "draw_loadings", "loadings_size"]

GUIDES = (0.5, 0.7)
# By how many guides a loading reaches: a cross, a ring, a disc.
MARKS: tuple[dict[str, Any], ...] = (
    {"marker": "X", "color": TARGET},
    {"marker": "o", "markerfacecolor": "white", "markeredgecolor": OTHER, "markeredgewidth": 1.6},
    {"marker": "o", "color": OTHER},
)


def loadings_size(table: pd.DataFrame) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.2, 1.8 + 0.24 * (len(table) + table["construct"].nunique())


def draw_loadings(result: CSIResults, table: pd.DataFrame, ax: Axes, interval: str = "") -> Axes:
    """Draw the items' standardised loadings beneath each construct's name; crosses and rings mark weak ones.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    table : DataFrame
        construct, indicator, std, and ci_lower and ci_upper, NaN where there is no error.
    ax : Axes
        Where to draw.
    interval : str
        What the intervals are; "" for none.
    """
    title_with_verdict(result, ax)
    if not table["std"].notna().any():
        return say_nothing(ax, "No construct has standardised loadings.")
    blocks = [(str(construct), block) for construct, block in table.groupby("construct", sort=False)]
    names = [str(name) for construct, block in blocks for name in (construct, *block["indicator"])]
    heads = [name for _, block in blocks for name in (True, *[False] * len(block))]
    short = short_names(dict.fromkeys(names), 28)
    label_rows(ax, [short[name] for name in names], heads)
    ax.set(xlim=_range(table), ylim=(len(names) - 0.3, -0.7), xlabel=_caption(interval))
    _guide(ax)
    letters = _letters(ax, len(names))
    ax.tick_params(axis="y", labelsize=letters)
    rows = pd.concat([block for _, block in blocks])
    for y, row in zip(np.flatnonzero(~np.array(heads)), rows.to_dict("records"), strict=True):
        _draw_row(ax, float(y), row, letters)
    return ax


def _guide(ax: Axes) -> None:
    """Draw the zero and the guides, on both sides where loadings are negative."""
    left = ax.get_xlim()[0]
    for guide, dashes in zip(GUIDES, (":", "--"), strict=True):
        for at in (guide, -guide):
            if at > left:
                ax.axvline(at, color="0.45", linestyle=dashes, linewidth=1.1, zorder=1)
    ax.axvline(0, color="0.3", linewidth=0.8, zorder=1)


def _letters(ax: Axes, rows: int) -> float:
    """Return the size of letters, which shrink where rows are narrow."""
    return float(np.clip(0.7 * settled(ax).height / rows * 72.0 / figure_of(ax).dpi, 3.0, 10.0))


def _draw_row(ax: Axes, y: float, row: dict[Any, Any], letters: float) -> None:
    """Draw one loading, its interval with caps, and its value; nothing where there is none."""
    std, low, high = (float(row[c]) for c in ("std", "ci_lower", "ci_upper"))
    if np.isnan(std):
        return
    if high > low:
        ax.errorbar(std, y, xerr=[[std - low], [high - std]], fmt="none", ecolor="black", capsize=2.5, elinewidth=1.1, zorder=2)
    reached = sum(abs(std) >= guide for guide in GUIDES)
    ax.plot(std, y, linestyle="none", markersize=0.65 * letters, zorder=3, **MARKS[reached])
    paper = {"boxstyle": "square,pad=0.1", "fc": ax.get_facecolor(), "ec": "none"}
    end = (float(np.nanmax([std, high])), y)
    ax.annotate(fixed(std), end, (7, 0), textcoords="offset points", va="center", fontsize=0.85 * letters, bbox=paper, zorder=2.5)


def _range(table: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis, with room for the values."""
    values = table[["std", "ci_lower", "ci_upper"]].to_numpy(dtype=float)
    low, high = min(float(np.nanmin(values)), 0.0), max(float(np.nanmax(values)), 1.0)
    return 1.05 * low, high + 0.1 * (high - low)


def _caption(interval: str) -> str:
    errors = f"with {interval} interval" if interval else "(no intervals, no standard errors)"
    low, high = GUIDES
    marks = f"disc: {high} or more, ring: {low} to {high}, cross: below {low}"
    return f"Standardised loading {errors}\n{marks}\nlines: dotted {low}, dashed {high}"
