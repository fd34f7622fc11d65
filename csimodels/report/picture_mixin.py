"""Pictures of how well a model measures and fits: methods that hand a result's tables to the drawings."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, cast

from csimodels.checks import level as checked_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from csimodels.results import CSIResults

__all__ = ["Pictured"]


class Pictured:
    """Add pictures of validity, loadings and residuals to a result."""

    def plot_htmt(self, ax: Axes | None = None) -> Axes:
        """Draw the heterotrait-monotrait ratios of the constructs as a heat map.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes

        Notes
        -----
        A dashed frame marks a ratio above .85, a solid one a ratio above .90: two constructs that the items hardly tell apart (Henseler
        et al. 2015, doi:10.1007/s11747-014-0403-8). Limits are on the ratio itself; ``res.bootstrap(df).htmt`` has its interval.

        Examples
        --------
        >>> import csimodels as csi
        >>> ax = csi.fit_acsi(csi.load_acsi_demo(), estimator="pls").plot_htmt()
        >>> ax.get_title()
        'American Customer Satisfaction Index (1996)'
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.draw_htmt import draw_htmt
        from csimodels.report.heat import heat_size

        result = cast("CSIResults", self)
        table = result.htmt
        return draw_htmt(result, table, ax if ax is not None else new_axes(heat_size(*table.shape)))

    def plot_residuals(self, kind: str = "cor", ax: Axes | None = None) -> Axes:
        """Draw what the model leaves of the items' correlations as a heat map, construct by construct.

        Parameters
        ----------
        kind : {"cor", "cor.bentler", "raw", "normalized", "standardized"}
            As in :meth:`residuals`; PLS has the first three.
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        OptionError
            Unknown kind.

        Notes
        -----
        Frames mark correlations that are more than .10 off, and normalised or standardised residuals beyond 1.96; covariances have no
        limit, because they are in the units of the items.

        Examples
        --------
        >>> import csimodels as csi
        >>> ax = csi.fit_acsi(csi.load_acsi_demo(), engine="native").plot_residuals()
        >>> ax.get_xlabel()
        'Residual correlation: observed less implied'
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.draw_residuals import draw_residuals
        from csimodels.report.heat import heat_size

        result = cast("CSIResults", self)
        table = result.residuals(kind)
        return draw_residuals(result, table, kind, ax if ax is not None else new_axes(heat_size(*table.shape)))

    def plot_loadings(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Draw the standardised loadings of the items with their intervals.

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
        OptionError
            level is not between 0 and 1.

        Notes
        -----
        Intervals are normal ones of the standardised loading. PLS has no standard errors: ``res.bootstrap(df).plot_loadings()`` draws
        bootstrap intervals.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> len(res.plot_loadings().texts) == len(res.loadings)
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.draw_loadings import draw_loadings, loadings_size

        result, coverage = cast("CSIResults", self), checked_level(level)
        table = result.loadings[["construct", "indicator", "std", "std_se"]]
        half = NormalDist().inv_cdf((1 + coverage) / 2) * table["std_se"]
        table = table.assign(ci_lower=table["std"] - half, ci_upper=table["std"] + half)
        interval = f"{100 * coverage:g} %" if table["std_se"].notna().any() else ""
        return draw_loadings(result, table, ax if ax is not None else new_axes(loadings_size(table)), interval)

    def plot_cross_loadings(self, ax: Axes | None = None) -> Axes:
        """Draw the correlations of every item with every construct as a heat map.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes

        Notes
        -----
        Solid frames mark an item's own construct, dashed ones a construct that the item goes with more closely than with its own.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), estimator="pls")
        >>> len(res.plot_cross_loadings().texts) == res.cross_loadings.size
        True
        """
        from csimodels.report.axes import new_axes
        from csimodels.report.draw_cross_loadings import draw_cross_loadings
        from csimodels.report.heat import heat_size

        result = cast("CSIResults", self)
        table = result.cross_loadings
        return draw_cross_loadings(result, table, ax if ax is not None else new_axes(heat_size(*table.shape)))
