"""Axes: new ones, the figure of given ones, and their place on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

__all__ = ["figure_of", "new_axes", "settled"]


def new_axes(size: tuple[float, float]) -> Axes:
    """Return the axes of a new pyplot figure."""
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes belong to, also through subfigures."""
    return ax.figure.canvas.figure


def settled(ax: Axes) -> Bbox:
    """Return the rectangle of axes in pixels, once their layout is done."""
    figure = figure_of(ax)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    return ax.get_window_extent()
