"""The importance-performance map as a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csimodels.report.axes import figure_of, settled
from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names, wrap
from csimodels.report.labels import Array
from csimodels.report.plots import title_with_verdict
from csimodels.report.point_labels import LETTERS, label_points, text_size
from csimodels.report.wording import named, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["IPMA_SIZE", "draw_ipma"]

IPMA_SIZE = (8.0, 5.8)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = "osD^vPX*<>"
QUARTERS = {(0, 0): "low priority", (0, 1): "possible overkill", (1, 0): "concentrate here", (1, 1): "keep it up"}
QUIET_LETTERS = 8.0
AXES = ("importance", "performance")
NARROWEST = (0.02, 10.0)
ON_LINE = 0.35  # less than that of another label, however many intervals there are


def draw_ipma(result: CSIResults, table: pd.DataFrame, target: str, ax: Axes, interval: str = "") -> Axes:
    """Draw importance against performance, with lines at the means of what is shown.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    table : DataFrame
        construct, importance and performance, with a column indicator of each item; with an interval also their limits.
    target : str
        Construct whose index is to rise.
    ax : Axes
        Where to draw.
    interval : str
        What the intervals are; "" for none.
    """
    title_with_verdict(result, ax)
    short = short_names([target], 30)[target]
    if table.empty:
        return _say_nothing(ax, short)
    items = "indicator" in table
    _draw_points(ax, table, items, interval)
    _frame(ax, table, bool(interval))
    bars = f"; bars: {interval} intervals" if interval else ""
    driver = "item" if items else "driver's index"
    lines = wrap(say(f"Importance: points of {short}'s index per point of the {driver}"), 66 if items else 76)
    caption = printable("\n".join([line.strip() for line in lines] + [say(f"dashed: means{bars}")]))
    ax.set_xlabel(caption, fontdict=faces(caption), parse_math=False)
    height = say("Performance (0-100)")
    ax.set_ylabel(height, fontdict=faces(height))
    _label(ax, table, [named(str(name)) for name in table["indicator" if items else "construct"]], bool(interval))
    return ax


def _say_nothing(ax: Axes, target: str) -> Axes:
    """Write that a target has no drivers."""
    text = printable(say(f"No construct drives {target}."))
    ax.text(0.5, 0.5, text, faces(text), transform=ax.transAxes, ha="center", va="center", parse_math=False)
    ax.axis("off")
    return ax


def _draw_points(ax: Axes, table: pd.DataFrame, items: bool, interval: str) -> None:
    """Draw the points; items have the colour and the mark of their construct, which a legend names."""
    short = short_names(map(named, map(str, table["construct"])), 26)
    groups = list(table.groupby("construct", sort=False)) if items else [("", table)]
    for k, (name, rows) in enumerate(groups):
        colour, x, y = COLOURS[k % len(COLOURS)], *(rows[axis].to_numpy(dtype=float) for axis in AXES)
        label = printable(short[named(str(name))]) if items else None
        ax.plot(x, y, MARKERS[k % len(MARKERS)], color=colour, markersize=7, markeredgecolor="white", zorder=4, clip_on=False, label=label)
        if interval:
            across, up = (_bars(rows, axis) for axis in AXES)
            ax.errorbar(x, y, fmt="none", ecolor=colour, elinewidth=0.9, alpha=0.55, zorder=3, xerr=across, yerr=up)
    if items:
        for text in ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=LETTERS).get_texts():
            text.set(parse_math=False, **faces(text.get_text()))


def _bars(rows: pd.DataFrame, axis: str) -> Array:
    """Return the lengths of intervals below and above (2, n); none where they are unknown."""
    value, low, high = (rows[f"{axis}{part}"].to_numpy(dtype=float) for part in ("", "_ci_lower", "_ci_upper"))
    return np.nan_to_num(np.maximum([value - low, high - value], 0.0))


def _frame(ax: Axes, table: pd.DataFrame, interval: bool) -> None:
    """Set the ends of the axes, and draw lines at the means and names of the quarters in the corners."""
    setters: tuple[Callable[[float, float], object], ...] = (ax.set_xlim, ax.set_ylim)
    for axis, narrowest, setter, line in zip(AXES, NARROWEST, setters, (ax.axvline, ax.axhline), strict=True):
        values = table[[axis, *(f"{axis}_ci_{end}" for end in ("lower", "upper") if interval)]].to_numpy(dtype=float)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        margin = 0.14 * (high - low) + max(narrowest - (high - low), 0.0) / 2
        limits = (low - margin, high + margin)
        setter(*(np.clip(limits, 0.0, 100.0) if axis == "performance" else limits))
        line(float(table[axis].mean()), color="0.45", linestyle="--", linewidth=0.9, zorder=1)
    for (right, upper), name in QUARTERS.items():
        style: dict[str, Any] = faces(say(name)) | {
            "ha": "right" if right else "left",
            "va": "top" if upper else "bottom",
            "fontsize": QUIET_LETTERS,
        }
        ax.text(0.01 + 0.98 * right, 0.015 + 0.97 * upper, say(name), transform=ax.transAxes, color="0.5", style="italic", **style)
    ax.spines[["top", "right"]].set_visible(False)


def _label(ax: Axes, table: pd.DataFrame, names: list[str], interval: bool) -> None:
    """Write the names beside their points, with a line where they had to go far."""
    short = short_names(names, 24)
    room, scale = settled(ax), 72.0 / figure_of(ax).dpi
    low, high = np.array([room.x0, room.y0]) * scale, np.array([room.x1, room.y1]) * scale
    corners = [_corner(at, text_size(ax, say(text), QUIET_LETTERS) * scale, low, high) for at, text in QUARTERS.items()]
    taken = np.vstack([*corners, *(_rectangles(ax, table, axis, scale) for axis in AXES if interval)])
    label_points(ax, table[list(AXES)].to_numpy(dtype=float), [short[name] for name in names], taken=taken)


def _corner(at: tuple[int, int], size: Array, low: Array, high: Array) -> Array:
    """Return centre, half size and weight of the text in a corner."""
    inside = np.where(np.array(at) == 1, high - size / 2, low + size / 2)
    return np.concatenate([inside, size / 2 + 4.0, [1.0]])


def _rectangles(ax: Axes, table: pd.DataFrame, axis: str, scale: float) -> Array:
    """Return centres, half sizes and weight of the bars of intervals (n, 5), in points of the page."""
    ends = []
    for part in ("lower", "upper"):
        end = table[list(AXES)].to_numpy(dtype=float, copy=True)
        end[:, AXES.index(axis)] = table[f"{axis}_ci_{part}"].fillna(table[axis]).to_numpy(dtype=float)
        ends.append(ax.transData.transform(end) * scale)
    low, high = ends
    return np.column_stack([(low + high) / 2, np.abs(high - low) / 2, np.full(len(low), ON_LINE)])
