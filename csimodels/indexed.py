"""The index side of a result: 0-100 indices, impacts, respondents' scores."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from csimodels import indices
from csimodels.checks import level as checked_level
from csimodels.errors import SpecError
from csimodels.fitted_rows import require_fitted
from csimodels.importance import checked_target, ipma_table
from csimodels.measures.index import rows_scores
from csimodels.recode import recoded_rows
from csimodels.survey import read_answers

if TYPE_CHECKING:
    from csimodels.additive import Moments
    from csimodels.estimators.estimate import Estimate
    from csimodels.estimators.pls_estimate import PLSEstimate
    from csimodels.options import Options
    from csimodels.results import CSIResults
    from csimodels.spec import ModelSpec

__all__ = ["Indexed"]


class Indexed:
    """Add indices, impacts and scores to a result."""

    spec: ModelSpec
    moments: Moments
    estimate: Estimate | PLSEstimate
    options: Options
    mean_vcov: np.ndarray | None

    @cached_property
    def index(self) -> pd.DataFrame:
        """The 0-100 index of every construct: score, se, ci_lower, ci_upper; weights taken as fixed, as the last column says."""
        return self.index_table()

    def index_table(self, weights: indices.Rule = "estimated", level: float = 0.95) -> pd.DataFrame:
        """Return the 0-100 index of every construct under a weight rule.

        Parameters
        ----------
        weights : {"estimated", "equal", "standardised"} or mapping of item to weight
            Rule for the weights of the raw answers.
        level : float
            Coverage of the interval.

        Returns
        -------
        DataFrame
            By construct: score, se, ci_lower, ci_upper (index points) and weights ("fixed").

        Raises
        ------
        ScaleError
            An item has no theoretical scale.
        MissingStatisticError
            The moments hold no means.
        OptionError
            Unknown rule, or weights that do not fit the items.

        Notes
        -----
        index = 100 sum u (mean - lo) / sum u (hi - lo), se = sd / sqrt(n) (Fornell et al. 1996, doi:10.1177/002224299606000403). Of
        weighted, clustered or stratified rows by linearisation, of incomplete ones from the information of the saturated model.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> res.index_table("equal").columns.tolist()
        ['score', 'se', 'ci_lower', 'ci_upper', 'weights']
        """
        w, _ = indices.index_weights(self.spec, self.estimate, self.moments, weights)
        return indices.index_table(w, self.moments, self._mean_covariance(), checked_level(level))

    def _mean_covariance(self) -> np.ndarray | None:
        """Return the covariance matrix of the item means, None where it is not known: weighted moments, pairs that nobody answered."""
        whole = getattr(self.estimate, "complete", None)
        if self.mean_vcov is not None:
            return self.mean_vcov
        if whole is not None:
            return np.asarray(whole.mean_vcov)
        return None if self.options.weighted or self.options.missing == "fiml" else self.moments.cov / (self.moments.rows - 1)

    @property
    def csi(self) -> float:
        """The satisfaction index: the 0-100 index of the target construct."""
        if self.spec.target is None:
            raise SpecError(
                "index.no_target",
                f"Model {self.spec.name!r} has no target construct.",
                variable="target",
                value=None,
                hint="Say target= in ModelSpec.from_lavaan(), or read res.index.",
            )
        return float(self.index["score"][self.spec.target])

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Index weights by construct and indicator: raw weight, share of the block, index points per unit, scale."""
        return indices.weights_table(self.spec, indices.index_weights(self.spec, self.estimate, self.moments)[0])

    def impact(self, delta: float = 5, weights: indices.Rule = "estimated") -> pd.DataFrame:
        """Return how many index points each target gains when a driver's index rises.

        Parameters
        ----------
        delta : float
            Rise of the driver's index, in points.
        weights : {"estimated", "equal", "standardised"} or mapping of item to weight
            Rule for the index weights.

        Returns
        -------
        DataFrame
            Drivers by targets, index points.

        Raises
        ------
        OptionError
            delta is not a finite number other than zero.

        Notes
        -----
        impact = delta x total effect x c_target / c_driver, where c_j = 100 sum u lambda_j / sum u (hi - lo) is the number of index
        points that a unit of latent j is worth.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.fit_acsi(csi.load_acsi_demo(), engine="native").impact().index[0]
        'expectations'
        """
        w, _ = indices.index_weights(self.spec, self.estimate, self.moments, weights)
        return indices.impact_table(self.estimate, w, self.moments, delta)

    def ipma(self, target: str | None = None, level: str = "construct", weights: indices.Rule = "estimated") -> pd.DataFrame:
        """Return the importance-performance map of a target.

        Parameters
        ----------
        target : str, optional
            Construct whose index is to rise; by default the model's target.
        level : {"construct", "indicator"}
            Whether drivers are constructs or their items.
        weights : {"estimated", "equal", "standardised"} or mapping of item to weight
            Rule for the index weights.

        Returns
        -------
        DataFrame
            importance (index points of the target for one of the driver) and performance (0-100), by construct; on the level of
            indicators with columns construct and indicator.

        Raises
        ------
        SpecError
            No target, or an unknown one.
        OptionError
            Unknown level.

        Notes
        -----
        Importance is the unstandardised total effect between indices, performance the index (Ringle & Sarstedt 2016,
        doi:10.1108/IMDS-10-2015-0449).

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.fit_acsi(csi.load_acsi_demo(), estimator="pls").ipma().columns.tolist()
        ['importance', 'performance']
        """
        w, _ = indices.index_weights(self.spec, self.estimate, self.moments, weights)
        chosen = checked_target(self.spec, target, w.constructs, level)
        return ipma_table(self.estimate, w, self.moments, chosen, level)

    def scores(self, data: Any, new_data: bool = False, weights: indices.Rule = "estimated") -> pd.DataFrame:
        """Return every respondent's 0-100 indices.

        Parameters
        ----------
        data : pandas, polars or pyarrow frame, mapping of arrays, or array
            The frame that was fitted.
        new_data : bool
            Accept another frame than the fitted one.
        weights : {"estimated", "equal", "standardised"} or mapping of item to weight
            Rule for the index weights.

        Returns
        -------
        DataFrame
            One column a construct, the index and order of ``data``; NaN where the row was dropped or has a missing answer, unless
            ``missing="mean"`` replaced it.

        Raises
        ------
        DataError
            The frame is not the fitted one and ``new_data`` is false.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.load_acsi_demo()
        >>> res = csi.fit_acsi(df, engine="native")
        >>> bool(abs(res.scores(df)["satisfaction"].mean() - res.csi) < 1e-9)
        True
        """
        block = read_answers(data, self.spec, self.options.na_values)
        if not new_data:
            require_fitted(cast("CSIResults", self), block, "scores.other_data", "Give the fitted frame, or say new_data=True.")
        w, _ = indices.index_weights(self.spec, self.estimate, self.moments, weights)
        scores = rows_scores(w, self._filled(recoded_rows(block.values, self.spec)))
        return pd.DataFrame(scores, index=block.index, columns=list(w.constructs))

    def _filled(self, values: np.ndarray) -> np.ndarray:
        """Return answers with the fit's treatment of missing ones: the fitted means, or whole rows empty."""
        holes = np.isnan(values)
        if self.options.missing == "mean":
            return np.where(holes & ~holes.all(axis=1, keepdims=True), indices.require_means(self.moments), values)
        return np.where(holes.any(axis=1, keepdims=True), np.nan, values)
