"""Labels beside the points of a picture, off its lines and off each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.axes import figure_of, settled
from csimodels.report.fonts import faces, printable
from csimodels.report.labels import LED, Array, beside_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LETTERS", "label_points", "text_size"]

LETTERS, ON_LINE, LINE = 9.0, 0.6, 1.5


def label_points(
    ax: Axes,
    at: Array,
    texts: Sequence[str],
    lines: Sequence[Array] = (),
    radii: Array | None = None,
    taken: Array | None = None,
) -> None:
    """Write texts beside points, with a thin line where one had to go far.

    Parameters
    ----------
    ax : Axes
        With its limits, titles and names of axes set.
    at : array (n, 2)
        Points in the units of the axes.
    texts : sequence of str
        Labels, one a point.
    lines : sequence of array (m, 2)
        What else is drawn, as corners of lines in the units of the axes.
    radii : array (n,), optional
        Half sizes of the marks, in points of the page, where they are large.
    taken : array (k, 5), optional
        Centres and half sizes of what else is written, in points of the page, and how much it matters.
    """
    room, scale = settled(ax), 72.0 / figure_of(ax).dpi
    low, high = np.array([room.x0, room.y0]) * scale, np.array([room.x1, room.y1]) * scale
    points = ax.transData.transform(at) * scale
    sizes = np.array([text_size(ax, text) for text in texts]).reshape(-1, 2) * scale
    marks = np.empty((0, 5)) if radii is None else np.column_stack([points, radii, radii, np.ones(len(points))])
    others = [] if taken is None else [taken]
    centres = beside_points(points, sizes, low, high, np.vstack([marks, *others, *(_rectangles(ax, line, scale) for line in lines)]))
    paper = {"boxstyle": "square,pad=0.05", "fc": ax.get_facecolor(), "ec": "none", "alpha": 0.75}
    for text, point, away, size in zip(texts, at, centres - points, sizes, strict=True):
        far = float(np.hypot(*np.maximum(np.abs(away) - size / 2, 0.0))) > LED
        ax.annotate(
            printable(text),
            tuple(point),
            tuple(away),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=LETTERS,
            zorder=6,
            parse_math=False,
            bbox=paper,
            arrowprops={"arrowstyle": "-", "color": "0.5", "linewidth": 0.7, "shrinkB": 4} if far else None,
            **faces(text),
        )


def text_size(ax: Axes, text: str, letters: float = LETTERS) -> Array:
    """Return how much room a text takes, in pixels."""
    sample = ax.text(0, 0, printable(text), faces(text), fontsize=letters, parse_math=False)
    extent = sample.get_window_extent()
    sample.remove()
    return np.array([extent.width, extent.height]) + 2.0


def _rectangles(ax: Axes, line: Array, scale: float) -> Array:
    """Return centres, half sizes and weight of the pieces of a line (m - 1, 5), in points of the page."""
    corners = ax.transData.transform(line) * scale
    low, high = np.minimum(corners[:-1], corners[1:]), np.maximum(corners[:-1], corners[1:])
    return np.column_stack([(low + high) / 2, (high - low) / 2 + LINE, np.full(len(low), ON_LINE)])
