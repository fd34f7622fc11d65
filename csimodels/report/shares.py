"""The weights of the items in their index as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csimodels.report.axes import figure_of, settled
from csimodels.report.format import fixed, short_names
from csimodels.report.plots import OTHER, TARGET, label_rows, pale, title_with_verdict
from csimodels.report.wording import named, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["draw_weights", "weights_size"]

HEIGHT = 0.62


def weights_size(table: pd.DataFrame) -> tuple[float, float]:
    """Return a figure size in inches."""
    return 7.0, 1.3 + 0.23 * (len(table) + table["construct"].nunique())


def draw_weights(result: CSIResults, table: pd.DataFrame, ax: Axes, interval: str = "") -> Axes:
    """Draw the items' shares of their index beneath each construct's name, and what equal shares would be.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    table : DataFrame
        construct, indicator, share, and with an interval ci_lower, ci_upper.
    ax : Axes
        Where to draw.
    interval : str
        What the intervals are; "" for none.
    """
    blocks = [(str(construct), block) for construct, block in table.groupby("construct", sort=False)]
    names = [name for construct, block in blocks for name in (named(construct), *map(named, block["indicator"]))]
    heads = [name for construct, block in blocks for name in (True, *[False] * len(block))]
    short = short_names(dict.fromkeys(names), 28)
    label_rows(ax, [short[name] for name in names], heads)
    ax.set(xlim=_range(table, bool(interval)), ylim=(len(names) - 0.3, -0.7), xlabel=_caption(interval))
    ax.axvline(0, color="0.3", linewidth=0.8)
    title_with_verdict(result, ax)
    letters = _letters(ax, len(names))
    ax.tick_params(axis="y", labelsize=letters)
    for (construct, block), top in zip(blocks, np.flatnonzero(heads) + 0.5, strict=True):
        _draw_block(ax, np.arange(len(block)) + top + 0.5, block, construct == result.spec.target, bool(interval), 0.8 * letters)
        ax.vlines(1 / len(block), top, top + len(block), color="black", linestyle=":", linewidth=1.2, zorder=2)
    return ax


def _letters(ax: Axes, rows: int) -> float:
    """Return the size of letters, which shrink where rows are narrow."""
    return float(np.clip(0.7 * settled(ax).height / rows * 72.0 / figure_of(ax).dpi, 3.0, 10.0))


def _draw_block(ax: Axes, at: np.ndarray, block: pd.DataFrame, target: bool, interval: bool, letters: float) -> None:
    """Draw one construct's items: bars, intervals with caps, and values at their ends; the target's are hatched as well as coloured."""
    share, colour = block["share"].to_numpy(dtype=float), TARGET if target else OTHER
    hatch = "//" if target else None
    ax.barh(at, share, height=HEIGHT, facecolor=pale(colour), edgecolor=colour, linewidth=0.9, hatch=hatch)
    ends = share
    if interval:
        known = block["ci_lower"].notna().to_numpy()
        low, high = (block[c].to_numpy(dtype=float)[known] for c in ("ci_lower", "ci_upper"))
        spread = np.abs(np.array([share[known] - low, high - share[known]]))
        ax.errorbar(share[known], at[known], xerr=spread, fmt="none", ecolor="black", capsize=2.5, elinewidth=1.1)
        ends = np.where(known, np.fmax(share, block["ci_upper"].to_numpy(dtype=float)), share)
    paper = {"boxstyle": "square,pad=0.1", "fc": ax.get_facecolor(), "ec": "none"}
    for y, value, end in zip(at, share, np.fmax(ends, 0), strict=True):
        ax.annotate(fixed(value), (end, y), (6, 0), textcoords="offset points", va="center", fontsize=letters, bbox=paper, zorder=2.5)


def _range(table: pd.DataFrame, interval: bool) -> tuple[float, float]:
    """Return the ends of the axis, with room for the values."""
    values = table[["share", "ci_lower", "ci_upper"] if interval else ["share"]].to_numpy(dtype=float)
    low, high = min(float(np.nanmin(values)), 0.0), float(np.nanmax(values))
    return low * 1.05, high + 0.1 * (high - low)


def _caption(interval: str) -> str:
    lines = ["Share of the item in the 0-100 index", *([f"with {interval} interval"] if interval else []), "dotted: equal shares"]
    return "\n".join(map(say, lines))
