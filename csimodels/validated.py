"""The validity side of a result: discriminant validity, collinearity, effect sizes."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from csimodels import quality, validity
from csimodels.errors import MissingStatisticError
from csimodels.estimators.pls_estimate import PLSEstimate

if TYPE_CHECKING:
    from csimodels.additive import Moments
    from csimodels.estimators.estimate import Estimate
    from csimodels.options import Options
    from csimodels.spec import ModelSpec

__all__ = ["Validated"]


class Validated:
    """Add tables of validity, collinearity and effect size to a result."""

    spec: ModelSpec
    moments: Moments
    estimate: Estimate | PLSEstimate
    options: Options

    @cached_property
    def construct_correlations(self) -> pd.DataFrame:
        """Correlations of the constructs: implied ones, or of the PLS composites (corrected under PLSc)."""
        return quality.construct_correlations(self.estimate)

    @cached_property
    def cross_loadings(self) -> pd.DataFrame:
        """Correlations of every item with every construct: implied ones, or with the PLS composites."""
        return quality.cross_loadings(self.estimate)

    @cached_property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios of absolute correlations, symmetric (Henseler et al. 2015, doi:10.1007/s11747-014-0403-8)."""
        return validity.htmt_table(self.spec, self.estimate, self.moments)

    @cached_property
    def f2(self) -> pd.DataFrame:
        """Effect size f2 of every path with the constructs held as they are, as cSEM: source, target, f2."""
        return validity.f2_table(self.spec, self.estimate)

    def f2_refit(self) -> pd.DataFrame:
        """Return f2 of every path with PLS estimated again without it, as seminr.

        Returns
        -------
        DataFrame
            Columns source, target, f2.

        Raises
        ------
        MissingStatisticError
            The model was not estimated by PLS.
        CSIError
            Without a path a construct has no neighbour left.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.fit_acsi(csi.load_acsi_demo(), estimator="pls").f2_refit().columns.tolist()
        ['source', 'target', 'f2']
        """
        if not isinstance(self.estimate, PLSEstimate):
            raise MissingStatisticError(
                "result.not_pls",
                "f2_refit estimates PLS again without each path; this is not a PLS result.",
                variable="f2_refit",
                value=self.options.estimator,
                hint="Use res.f2, which needs no second fit.",
            )
        pairs = [(self.estimate.plan.constructs[s], self.estimate.plan.constructs[t]) for s, t in self.estimate.plan.paths]
        less = [replace(self.spec, paths=tuple(p for p in self.spec.paths if (p.source, p.target) != pair), target=None) for pair in pairs]
        return validity.f2_refit_table(self.spec, self.estimate, [self.options.plan(spec) for spec in less])

    @cached_property
    def vif(self) -> pd.DataFrame:
        """Variance inflation of every source among the sources of its target: source, target, vif."""
        return validity.vif_table(self.spec, self.estimate)

    @cached_property
    def outer_vif(self) -> pd.DataFrame:
        """Variance inflation of every indicator within its block: construct, indicator, vif."""
        return validity.outer_vif_table(self.spec, self.estimate, self.moments)

    @cached_property
    def rsquared_adj(self) -> pd.Series:
        """Adjusted explained variance of what the paths explain."""
        return validity.adjusted_rsquared(self.spec, self.estimate, quality.rsquared_series(self.estimate), self.moments.rows)
