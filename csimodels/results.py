"""The result of a fit: cached tables over one estimate."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from csimodels import pls_tables as _registered  # noqa: F401  tables of PLS register themselves
from csimodels import tables
from csimodels.additive import Moments
from csimodels.checks import level as checked_level
from csimodels.defined import with_definitions
from csimodels.errors import MissingStatisticError
from csimodels.estimators.admissible import improprieties
from csimodels.estimators.estimate import Engine, Estimate
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.fit_tables import WITHHELD
from csimodels.indexed import Indexed
from csimodels.inference.information import interval
from csimodels.options import Options
from csimodels.quality import construct_correlations, fornell_larcker_table, measures_of_fit, reliability_table, rsquared_series
from csimodels.report.export_mixin import Exported
from csimodels.report.mixin import Rendered
from csimodels.report.picture_mixin import Pictured
from csimodels.resampled import Resampled
from csimodels.residuals import residuals
from csimodels.saved import Saved
from csimodels.scored import Scored
from csimodels.spec import ModelSpec
from csimodels.tested import Tested
from csimodels.validated import Validated

__all__ = ["CSIResults"]


@dataclass(frozen=True, eq=False, repr=False)
class CSIResults(Indexed, Scored, Validated, Tested, Resampled, Saved, Pictured, Rendered, Exported):
    """Present a fitted model.

    Made by :func:`csimodels.fit`. Tables are computed when first asked for; nothing changes afterwards.

    Attributes
    ----------
    spec : ModelSpec
        The model as fitted, with the user's item names.
    moments : Moments
        Moments of the items, reverse items recoded.
    estimate : Estimate
        Parameters, their covariance matrix, sample and implied covariances.
    options : Options
        How it was fitted.
    warnings : tuple of str
        Everything that was said about data, convergence and admissibility.
    mean_vcov : array (p, p) or None
        Covariance matrix of the item means under weights, clusters, strata or missing answers; None where it is cov / (n - 1).

    Examples
    --------
    >>> import csimodels as csi
    >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
    >>> res.converged, res.admissible
    (True, True)
    """

    spec: ModelSpec
    moments: Moments
    estimate: Estimate | PLSEstimate
    options: Options
    warnings: tuple[str, ...] = ()
    mean_vcov: np.ndarray | None = None
    _semopy: Any = field(default=None, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leave semopy's own model and the cached tables out of a pickle."""
        kept = ("spec", "moments", "estimate", "options", "warnings", "mean_vcov")
        return {k: self.__dict__[k] for k in kept} | {"_semopy": None}

    @property
    def converged(self) -> bool:
        """Whether the optimiser reached an optimum."""
        return self.estimate.converged

    @cached_property
    def admissible(self) -> bool:
        """Whether the solution is converged and proper."""
        return self.converged and not improprieties(self.estimate)

    @property
    def withheld(self) -> bool:
        """Whether standard errors and likelihood-based fit are withheld: weighted moments do not say how they vary."""
        return self.options.weighted and isinstance(self.estimate, Estimate) and bool(np.isnan(self.estimate.vcov).all())

    @property
    def engine(self) -> Engine:
        """What ran: semopy (with its own chi-square, flag and the length of the polishing step) or the native kernel."""
        return self.estimate.engine

    @property
    def semopy_model(self) -> Any:
        """Semopy's own model, unpolished and under safe names (x1.., eta1..).

        Raises
        ------
        MissingStatisticError
            semopy did not run, or the result was saved and read back.
        """
        if self._semopy is None:
            raise MissingStatisticError(
                "result.no_semopy_model",
                f"There is no semopy model: {self.engine.why or 'the native engine ran, or the result was saved and read back'}.",
                variable="semopy_model",
                value=self.engine.name,
                hint='Fit again with engine="semopy".',
            )
        return self._semopy

    @cached_property
    def table(self) -> pd.DataFrame:
        """Parameter table: lhs op rhs group label free est se z pvalue ci_lower ci_upper std std_se, as in lavaan; definitions last."""
        return tables.framed(self._columns)

    @cached_property
    def _columns(self) -> dict[str, Any]:
        return with_definitions(tables.parameter_columns(self.estimate), self.spec, self.estimate)

    @cached_property
    def _named(self) -> pd.DataFrame:
        free = self.table[self.table["free"] > 0]
        return free.set_axis([f"{a} {op} {b}" for a, op, b in zip(free["lhs"], free["op"], free["rhs"], strict=True)])

    @property
    def params(self) -> pd.Series:
        """Free parameters, named like ``"satisfaction ~ quality"``."""
        return self._named["est"].rename("params")

    @property
    def std_errors(self) -> pd.Series:
        """Standard errors of ``params``."""
        return self._named["se"].rename("std_errors")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of ``params``."""
        return self._named["pvalue"].rename("pvalues")

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Return normal confidence intervals of ``params``.

        Parameters
        ----------
        level : float
            Coverage, between 0 and 1.

        Returns
        -------
        DataFrame
            Columns ``lower`` and ``upper``.

        Raises
        ------
        OptionError
            level is not between 0 and 1.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.fit_acsi(csi.load_acsi_demo(), engine="native").conf_int(0.9).columns.tolist()
        ['lower', 'upper']
        """
        lower, upper = interval(self.params.to_numpy(), self.std_errors.to_numpy(), checked_level(level))
        return pd.DataFrame({"lower": lower, "upper": upper}, index=self.params.index)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Structural paths: source, target, estimates, standardised values, expected_sign, estimated_sign, sign_agrees."""
        return tables.paths_table(self._columns, self.spec)

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings by construct and indicator, raw and standardised."""
        return tables.measurement_table(self._columns, "=~")

    @cached_property
    def outer_weights(self) -> pd.DataFrame:
        """Outer weights of standardised items after PLS, by construct and indicator; no rows after ML."""
        return tables.measurement_table(self._columns, "<~")

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Direct, indirect and total effects with delta-method standard errors, raw and standardised."""
        return tables.effects_table(self.estimate)

    @cached_property
    def rsquared(self) -> pd.Series:
        """Explained variance of endogenous constructs and of indicators."""
        return rsquared_series(self.estimate)

    @cached_property
    def fit_measures(self) -> pd.Series:
        """Fit measures by lavaan's names, NaN for weighted moments where they rest on the likelihood; after PLS SRMR and d_ULS."""
        measures = measures_of_fit(self.estimate, self.moments.rows)
        if self.withheld:
            measures[WITHHELD] = np.nan
        return measures

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """Reliability of each block: alpha (of correlations), alpha_raw, rho_c, ave and the number of items; after PLS also rho_a."""
        return reliability_table(self.estimate, self.spec, self.moments, self._columns)

    @cached_property
    def fornell_larcker(self) -> pd.DataFrame:
        """Construct correlations below, roots of AVE on the diagonal."""
        return fornell_larcker_table(construct_correlations(self.estimate), self.reliability["ave"])

    def residuals(self, kind: str = "cor") -> pd.DataFrame:
        """Return residuals of the covariances.

        Parameters
        ----------
        kind : {"cor", "cor.bentler", "raw", "normalized", "standardized"}
            As in lavaan; "cor" is Bollen's. The last two, over their errors, are for plain maximum likelihood of complete rows.

        Returns
        -------
        DataFrame
            Items by items.

        Raises
        ------
        OptionError
            Unknown kind, or one that is not known of this fit.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.fit_acsi(csi.load_acsi_demo(), engine="native").residuals("raw").shape
        (14, 14)
        """
        items = list(self.spec.items)
        return pd.DataFrame(residuals(self.estimate, kind), index=items, columns=items)

    def vcov(self) -> pd.DataFrame:
        """Return the covariance matrix of the distinct free parameters.

        Returns
        -------
        DataFrame
            Labelled like ``params``; parameters with equal labels appear once.

        Raises
        ------
        MissingStatisticError
            PLS was used, which has none.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.fit_acsi(csi.load_acsi_demo(), engine="native").vcov().shape
        (36, 36)
        """
        if not isinstance(self.estimate, Estimate):
            raise MissingStatisticError(
                "pls.no_vcov",
                "PLS has no analytic covariance matrix of its estimates.",
                variable="vcov",
                value=self.options.estimator,
                hint="Bootstrap: res.bootstrap(df).",
            )
        first = self.table[self.table["free"] > 0].drop_duplicates("free").sort_values("free")
        names = [f"{a} {op} {b}" for a, op, b in zip(first["lhs"], first["op"], first["rhs"], strict=True)]
        return pd.DataFrame(self.estimate.vcov, index=names, columns=names)
