"""What a composite index shows of itself: methods that hand its tables to the renderings."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from csimodels.report.exporting import Exporting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

    from csimodels.composite_results import CompositeResults
    from csimodels.report.exporting import Exports
    from csimodels.results import CSIResults

__all__ = ["PresentedComposite"]


class PresentedComposite(Exporting):
    """Add text, HTML, files and a picture to a composite index."""

    def _exports(self) -> Exports:
        from csimodels.report.export_composite import composite_exports

        return composite_exports(cast("CompositeResults", self))

    def __repr__(self) -> str:
        """Summarise in a few lines."""
        from csimodels.report.composite import brief_composite

        return brief_composite(cast("CompositeResults", self))

    def _repr_html_(self) -> str:
        from csimodels.report.composite import notebook_composite

        return notebook_composite(cast("CompositeResults", self))

    def plot_index(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Draw the index of every construct with its interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.
        level : float
            Coverage of the intervals.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        OptionError
            level is not between 0 and 1.

        Examples
        --------
        >>> import csimodels as csi
        >>> ax = csi.fit("kcsi_korea", csi.simulate("kcsi_korea", n=300, seed=1)).plot_index()
        >>> ax.get_xlim() == (0, 100)
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.plots import draw_index, index_size

        table = cast("CompositeResults", self).index_table(level=level)
        return draw_index(cast("CSIResults", self), table, ax if ax is not None else new_axes(index_size(table)), f"{100 * level:g} %")

    def summary(self) -> Summary:
        """Return index, weights and warnings as a statsmodels Summary.

        Returns
        -------
        statsmodels.iolib.summary.Summary

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit("kcsi_korea", csi.simulate("kcsi_korea", n=300, seed=1))
        >>> "Composite index" in res.summary().as_text()
        True
        """
        from csimodels.report.composite import summarise_composite

        return summarise_composite(cast("CompositeResults", self))
