"""What a result shows of itself: methods that hand its tables to the renderings."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

    from csimodels.results import CSIResults

__all__ = ["Rendered"]


class Rendered:
    """Add text and pictures to a result."""

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

    def method_paragraph(self, lang: str = "en") -> str:
        """Return what was done and found as sentences to paste into a paper.

        Parameters
        ----------
        lang : {"en", "zh"}
            Language of the sentences.

        Returns
        -------
        str
            Model, estimator with its reference, missing answers, errors, fit, explained variance and the index, numbers as the APA prints
            them.

        Raises
        ------
        OptionError
            Unknown language.

        Notes
        -----
        Publication manual of the APA, 7th edition, section 6.36.

        Examples
        --------
        >>> import csimodels as csi
        >>> text = csi.fit_acsi(csi.load_acsi_demo(), engine="native").method_paragraph()
        >>> text[text.index("Fit:") : text.index(" CFI")]
        'Fit: χ²(69) = 79.76, p = .177,'
        """
        from csimodels.report.paragraph import method_paragraph
        from csimodels.report.wording import speaking

        result = cast("CSIResults", self)
        with speaking(lang, result.spec):
            return method_paragraph(result)

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
        Arrows are dashed where p is .05 or more, or unknown, as after PLS: ``res.bootstrap(df).plot_paths()`` knows it. Thin arrows join
        constructs of higher order with their parts, towards the parts that reflect them and from the parts that form them. Covariances
        are not drawn.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> ax = res.plot_paths()
        >>> len([t for t in ax.texts if "R²" in t.get_text()])
        5
        """
        from csimodels.report.axes import new_axes
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
        from csimodels.report.axes import new_axes
        from csimodels.report.plots import draw_index, index_size

        result = cast("CSIResults", self)
        table = result.index_table(level=level)
        return draw_index(result, table, ax if ax is not None else new_axes(index_size(table)), f"{100 * level:g} %")

    def plot_ipma(self, target: str | None = None, level: str = "construct", ax: Axes | None = None) -> Axes:
        """Draw the importance-performance map: what drives a target's index, and how well the drivers do.

        Parameters
        ----------
        target : str, optional
            Construct whose index is to rise; by default the model's target.
        level : {"construct", "indicator"}
            Whether drivers are constructs or their items.
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ScaleError
            An item has no theoretical scale.
        SpecError
            No target, or an unknown one.
        OptionError
            Unknown level.

        Notes
        -----
        Lines are at the means of what is drawn, not weighted. Quarters are named after Martilla & James (1977,
        doi:10.1177/002224297704100112); the map is that of Ringle & Sarstedt (2016, doi:10.1108/IMDS-10-2015-0449).

        Examples
        --------
        >>> import csimodels as csi
        >>> ax = csi.fit_acsi(csi.load_acsi_demo(), estimator="pls").plot_ipma()
        >>> {"quality", "value"} <= {t.get_text() for t in ax.texts}
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.ipma import IPMA_SIZE, draw_ipma

        result = cast("CSIResults", self)
        table = result.ipma(target, level)
        rows = table.rename_axis("construct").reset_index() if level == "construct" else table
        return draw_ipma(result, rows, str(target or result.spec.target), ax if ax is not None else new_axes(IPMA_SIZE))

    def plot_weights(self, ax: Axes | None = None) -> Axes:
        """Draw the shares of the items in their index, construct by construct.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ScaleError
            An item has no theoretical scale.
        MissingStatisticError
            The moments hold no means.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), estimator="pls")
        >>> len(res.plot_weights().get_yticklabels()) == len(res.weights) + len(res.index)
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.shares import draw_weights, weights_size

        result = cast("CSIResults", self)
        table = result.weights
        return draw_weights(result, table, ax if ax is not None else new_axes(weights_size(table)))
