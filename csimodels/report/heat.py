"""Tables of numbers as coloured cells with their values written in them: what the heat maps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from csimodels.report.axes import figure_of, settled
from csimodels.report.fonts import faces, printable
from csimodels.report.format import fixed, short_names
from csimodels.report.plots import label_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CERTAIN", "DOUBTFUL", "draw_cells", "explain_frames", "frame_cells", "heat_size", "label_columns", "say_nothing"]

Array = NDArray[Any]
# Pale enough at the ends for black letters; orange and blue are told apart by every kind of colour vision.
UPWARDS = LinearSegmentedColormap.from_list("upwards", ["#FFFFFF", "#6BAED6"])
BOTH_WAYS = LinearSegmentedColormap.from_list("both ways", ["#F0A060", "#FFFFFF", "#6BAED6"])
CERTAIN: dict[str, Any] = {"linestyle": "-", "linewidth": 2.0}
DOUBTFUL: dict[str, Any] = {"linestyle": (0, (2.5, 1.5)), "linewidth": 1.5}
INSET = 0.06
SMALLEST, LARGEST = 2.5, 9.5


def heat_size(rows: int, columns: int) -> tuple[float, float]:
    """Return a figure size in inches."""
    return max(2.6 + 0.5 * columns, 7.2), max(2.4 + 0.34 * rows, 3.6)


def draw_cells(ax: Axes, values: Array, rows: Sequence[str], columns: Sequence[str], span: tuple[float, float], heavy: Array) -> float:
    """Draw a cell for each number with its value in it, and the names of rows and columns; return the size of letters in points.

    Parameters
    ----------
    ax : Axes
        Where to draw, titles and captions set.
    values : array (r, c)
        Numbers; NaN leaves a place empty.
    rows, columns : sequence of str
        Names at the left and below.
    span : tuple of float
        What the ends of the colours stand for; beginning at zero one colour grows stronger, else there are two around zero.
    heavy : array of bool (r, c)
        Values in bold.
    """
    colours = UPWARDS if span[0] == 0 else BOTH_WAYS
    edges = (np.arange(n + 1) - 0.5 for n in reversed(values.shape))
    x, y = edges
    ax.pcolormesh(x, y, np.ma.masked_invalid(values), cmap=colours, vmin=span[0], vmax=span[1], edgecolors="white", linewidth=0.6)
    short = short_names(rows, 24)
    label_rows(ax, [short[name] for name in rows], [False] * len(rows))
    label_columns(ax, columns)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    ax.spines["bottom"].set_visible(False)
    written = {(i, j): fixed(values[i, j]) for i, j in np.argwhere(np.isfinite(values))}
    size = _letters(ax, values.shape, max(map(len, written.values()), default=1))
    ax.tick_params(labelsize=float(np.clip(1.15 * size, 5.0, 10.0)))
    for (i, j), text in written.items():
        weight = "bold" if heavy[i, j] else "normal"
        ax.text(float(j), float(i), text, ha="center", va="center", fontsize=size, weight=weight, color="black", zorder=5)
    return size


def label_columns(ax: Axes, names: Sequence[str]) -> None:
    """Put names below columns 0, 1, ..., slanted."""
    short = short_names(names, 20)
    ax.set_xticks(range(len(names)), [printable(short[name]) for name in names])
    for tick in ax.get_xticklabels():
        tick.set(parse_math=False, rotation=45, ha="right", rotation_mode="anchor", **faces(tick.get_text()))
    ax.tick_params(axis="x", length=0)


def _letters(ax: Axes, shape: tuple[int, ...], longest: int) -> float:
    """Return the size of letters that fits the cells."""
    room, scale = settled(ax), 72.0 / figure_of(ax).dpi
    high, wide = room.height * scale / shape[0], room.width * scale / shape[1]
    return float(np.clip(min(0.6 * high, wide / (0.68 * longest)), SMALLEST, LARGEST))


def frame_cells(ax: Axes, where: Array, line: dict[str, Any], letters: float) -> None:
    """Draw a frame just inside each cell that is marked (r, c), thinner where letters are small."""
    drawn = line | {"linewidth": line["linewidth"] * min(1.0, letters / 8.0)}
    for i, j in np.argwhere(where):
        corner, side = (j - 0.5 + INSET, i - 0.5 + INSET), 1 - 2 * INSET
        ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor="black", zorder=4, **drawn))


def explain_frames(ax: Axes, lines: Sequence[tuple[dict[str, Any], str]]) -> None:
    """Write what frames mean into the upper right corner, which a lower triangle leaves free."""
    handles = [Rectangle((0, 0), 1, 1, fill=False, edgecolor="black", label=text, **line) for line, text in lines]
    ax.legend(handles=handles, loc="upper right", fontsize=8.5, frameon=False, borderaxespad=0.2)


def say_nothing(ax: Axes, text: str) -> Axes:
    """Write that there is nothing to draw."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center")
    ax.axis("off")
    return ax
