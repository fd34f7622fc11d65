"""What a result shows of itself: methods that hand its tables to the renderings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

    from csimodels.results import CSIResults

__all__ = ["Rendered"]


class Rendered:
    """Add text, HTML and pictures to a result."""

    def __repr__(self) -> str:
        from csimodels.report.brief import brief

        return brief(cast("CSIResults", self))

    def _repr_html_(self) -> str:
        from csimodels.report.html import notebook

        return notebook(cast("CSIResults", self))

    def summary(self) -> Summary:
        """Return the summary, warnings first.

        Returns
        -------
        statsmodels.iolib.summary.Summary
            Prints as text; ``as_html()``, ``as_latex()`` (booktabs) and ``as_csv()`` give the other formats.

        Examples
        --------
        >>> import csimodels as csi
        >>> text = csi.fit_acsi(csi.load_acsi_demo(), engine="native").summary().as_text()
        >>> "Structural paths" in text
        True
        """
        from csimodels.report.summary import summarise

        return summarise(cast("CSIResults", self))

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the whole result as one page without scripts or outside resources.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write.

        Returns
        -------
        str
            The page.

        Raises
        ------
        CSIError
            The folder of the file does not exist.

        Examples
        --------
        >>> import csimodels as csi
        >>> page = csi.fit_acsi(csi.load_acsi_demo(), engine="native").to_html()
        >>> page.startswith("<!doctype html>")
        True
        """
        from csimodels.report.page import page
        from csimodels.saved import require_folder

        if path is not None:
            require_folder(Path(path))
        text = page(cast("CSIResults", self))
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def plot_paths(self, ax: Axes | None = None) -> Axes:
        """Draw the path diagram: constructs with explained variance, arrows with standardised paths.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes

        Notes
        -----
        Arrows are dashed where p is .05 or more, or unknown. Covariances are not drawn.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> ax = res.plot_paths()
        >>> len([t for t in ax.texts if "R²" in t.get_text()])
        5
        """
        from csimodels.report.diagram import diagram_size, draw_paths

        result = cast("CSIResults", self)
        return draw_paths(result, ax if ax is not None else new_axes(diagram_size(result)))

    def plot_index(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Draw the 0-100 index of every construct with its interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.
        level : float
            Coverage of the intervals, between 0 and 1.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ScaleError
            An item has no theoretical scale.
        MissingStatisticError
            The moments hold no means.
        OptionError
            level is not between 0 and 1.

        Examples
        --------
        >>> import csimodels as csi
        >>> ax = csi.fit_acsi(csi.load_acsi_demo(), engine="native").plot_index(level=0.9)
        >>> ax.get_xlim() == (0, 100)
        True
        """
        from csimodels.report.plots import draw_index, index_size

        result = cast("CSIResults", self)
        size = index_size(result.index_table(level=level))
        return draw_index(result, ax if ax is not None else new_axes(size), level)


def new_axes(size: tuple[float, float]) -> Axes:
    """Return the axes of a new pyplot figure."""
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]
