"""What a bootstrap draws and writes: the pictures and tables of its result with bootstrap intervals and p-values."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from csimodels.report.exporting import Exporting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.bootstrapped import Bootstrap
    from csimodels.report.exporting import Exports

__all__ = ["DrawnBootstrap"]


class DrawnBootstrap(Exporting):
    """Add pictures and files to a bootstrap."""

    def _exports(self) -> Exports:
        from csimodels.report.export_boot import bootstrap_exports

        return bootstrap_exports(cast("Bootstrap", self))

    def plot_paths(self, ax: Axes | None = None) -> Axes:
        """Draw the path diagram with bootstrap p-values.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes

        Notes
        -----
        Arrows are dashed where p is .05 or more. p-values are normal ones of estimate / bootstrap standard error.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> ax = boot.plot_paths()
        >>> any("***" in t.get_text() for t in ax.texts)
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.diagram import diagram_size, draw_paths

        boot = cast("Bootstrap", self)
        return draw_paths(boot.result, ax if ax is not None else new_axes(diagram_size(boot.result)), boot)

    def plot_index(self, ax: Axes | None = None) -> Axes:
        """Draw the 0-100 index of every construct with its bootstrap interval.

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
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> boot.plot_index().get_xlabel()
        'Index (0-100) with 95 % percentile interval'
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.boot_content import interval_name
        from csimodels.report.plots import draw_index, index_size

        boot = cast("Bootstrap", self)
        table = boot.index
        return draw_index(boot.result, table, ax if ax is not None else new_axes(index_size(table)), interval_name(boot))

    def plot_ipma(self, target: str | None = None, level: str = "construct", ax: Axes | None = None) -> Axes:
        """Draw the importance-performance map with the intervals of both.

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
        doi:10.1177/002224297704100112).

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> "bars: 95 % percentile intervals" in boot.plot_ipma().get_xlabel()
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.boot_content import map_interval_name
        from csimodels.report.ipma import IPMA_SIZE, draw_ipma

        boot = cast("Bootstrap", self)
        table = boot.ipma(target, level)
        chosen = str(target or boot.result.spec.target)
        return draw_ipma(boot.result, table, chosen, ax if ax is not None else new_axes(IPMA_SIZE), map_interval_name(boot))

    def plot_weights(self, ax: Axes | None = None) -> Axes:
        """Draw the shares of the items in their index with their intervals.

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
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> len(boot.plot_weights().get_yticklabels()) == len(boot.weights) + len(boot.index)
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.boot_content import interval_name
        from csimodels.report.shares import draw_weights, weights_size

        boot = cast("Bootstrap", self)
        table = boot.weights
        return draw_weights(boot.result, table, ax if ax is not None else new_axes(weights_size(table)), interval_name(boot))

    def plot_loadings(self, ax: Axes | None = None) -> Axes:
        """Draw the standardised loadings of the items with their bootstrap intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> "with 95 % percentile interval" in boot.plot_loadings().get_xlabel()
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.boot_content import interval_name
        from csimodels.report.draw_loadings import draw_loadings, loadings_size

        boot = cast("Bootstrap", self)
        columns = {"std_ci_lower": "ci_lower", "std_ci_upper": "ci_upper"}
        table = boot.loadings[["construct", "indicator", "std", *columns]].rename(columns=columns)
        return draw_loadings(boot.result, table, ax if ax is not None else new_axes(loadings_size(table)), interval_name(boot))

    def plot_distribution(
        self,
        construct: str | None = None,
        source: str | None = None,
        target: str | None = None,
        column: str = "std",
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the resamples of a path or of an index as a histogram, with its estimate and its interval.

        Parameters
        ----------
        construct : str, optional
            Construct whose 0-100 index to draw; by default the model's target.
        source, target : str, optional
            Ends of the path to draw instead of an index; give both.
        column : {"std", "est"}
            Whether the path is the standardised one.
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        OptionError
            Unknown column, a path with one end, or a path and an index at once.
        SpecError
            Unknown construct, no such path, or no target.
        ScaleError
            An item of the index has no theoretical scale.
        MissingStatisticError
            The moments hold no means.

        Notes
        -----
        Shown are the resamples that ``boot.samples`` keeps, those that converged. A limit of a normal or BCa interval need not be a
        quantile of them.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
        >>> boot.plot_distribution(source="quality", target="satisfaction").get_xlabel()
        'Standardised path from quality to satisfaction'
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.draw_distribution import DISTRIBUTION_SIZE, chosen_quantity, draw_distribution

        boot = cast("Bootstrap", self)
        quantity = chosen_quantity(boot, construct, source, target, column)
        return draw_distribution(boot, quantity, ax if ax is not None else new_axes(DISTRIBUTION_SIZE))
