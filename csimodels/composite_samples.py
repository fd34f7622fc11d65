"""A composite index in many samples: bootstrap resamples, and groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.checks import level as checked_level
from csimodels.composites import composite_plan, estimated
from csimodels.errors import DataError
from csimodels.fitted_rows import fitted_rows
from csimodels.grouping import Groups
from csimodels.inference.information import interval
from csimodels.inference.intervals import spread
from csimodels.labels import text_column
from csimodels.measures.composite import composite_scores, composite_se
from csimodels.options import Options
from csimodels.progress import shown
from csimodels.resample import blocks_of, bootstrap_stack, units_of
from csimodels.spec import ModelSpec

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

    from csimodels.composite_results import CompositeResults

__all__ = ["CompositeBootstrap", "CompositeGroups", "composite_groups", "resampled_scores"]

Array = NDArray[Any]
FEWEST = 2


@dataclass(frozen=True, eq=False, repr=False)
class CompositeBootstrap:
    """Present bootstrap standard errors and percentile intervals of a composite index.

    Made by :meth:`CompositeResults.bootstrap`. No resample can fail.

    Attributes
    ----------
    result : CompositeResults
        The fitted index.
    samples : array (m, n_boot)
        Indices of the constructs in every resample; importance weights are estimated again.
    n_boot, seed : int
        Resamples, and the seed of their random numbers.
    level : float
        Coverage of the intervals.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.simulate("kcsi_korea", n=300, seed=1)
    >>> csi.fit("kcsi_korea", df).bootstrap(df, n_boot=200).n_failed
    0
    """

    result: CompositeResults
    samples: Array
    n_boot: int
    seed: int
    level: float

    n_failed = 0

    @cached_property
    def index(self) -> pd.DataFrame:
        """The index of every construct: score, se, ci_lower, ci_upper, bias, weights."""
        own = self.result.index
        s = spread(own["score"].to_numpy(), self.samples, "percentile", self.level)
        kind = ["re-estimated" if kind == "importance" else "fixed" for kind in own["weights"]]
        return own.assign(se=s.se, ci_lower=s.lower, ci_upper=s.upper, bias=s.bias, weights=kind)[
            ["score", "se", "ci_lower", "ci_upper", "bias", "weights"]
        ]

    def summary(self) -> Summary:
        """Return the table of indices as a statsmodels Summary.

        Returns
        -------
        statsmodels.iolib.summary.Summary

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.simulate("kcsi_korea", n=300, seed=1)
        >>> "200 resamples" in csi.fit("kcsi_korea", df).bootstrap(df, n_boot=200).summary().as_text()
        True
        """
        from csimodels.report.composite import summarise_composite_bootstrap

        return summarise_composite_bootstrap(self)

    def __repr__(self) -> str:
        from csimodels.report.composite_samples import brief_composite_bootstrap

        return brief_composite_bootstrap(self)

    def _repr_html_(self) -> str:
        from csimodels.report.composite_samples import notebook_composite_bootstrap

        return notebook_composite_bootstrap(self)


def resampled_scores(result: CompositeResults, data: Any, weights: Any, n_boot: int, seed: int) -> Array:
    """Return the indices of resamples (m, n_boot); the same numbers for the same seed."""
    rows, _ = fitted_rows(result, data, weights)
    plan, units = composite_plan(result.spec), units_of(len(rows.values), None, None)
    blocks = blocks_of(n_boot)
    streams = np.random.default_rng(seed).spawn(len(blocks))
    with one_thread():
        stacks = (bootstrap_stack(rows, units, rng, stop - start) for rng, (start, stop) in zip(streams, blocks, strict=True))
        parts = (composite_scores(plan, stack.mean)[0] for stack in stacks)
        return np.concatenate(list(shown(parts, n_boot, lambda part: part.shape[1])), axis=1)


@dataclass(frozen=True, eq=False, repr=False)
class CompositeGroups:
    """Present a composite index in all groups of a survey.

    Made by :func:`csimodels.fit_by` for models of kind "composite_index".

    Attributes
    ----------
    spec : ModelSpec
        The model.
    options : Options
        How rows were read.
    data : Groups
        Moments of the groups.
    kept : array (k,)
        Numbers of the groups that have enough rows.
    score, se : arrays (m, k)
        Indices and standard errors.
    reasons : dict
        Why a group has no index, by its number.
    warnings : tuple of str
        What was said.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.simulate("kcsi_korea", n=300, seed=1).assign(firm=["a", "b", "c"] * 100)
    >>> len(csi.fit_by("kcsi_korea", df, by="firm").failures)
    0
    """

    spec: ModelSpec
    options: Options
    data: Groups
    kept: Array
    score: Array
    se: Array
    reasons: dict[int, str]
    warnings: tuple[str, ...] = ()

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Every group: labels, rows, dropped, imputed, reason (why there is no index)."""
        d = self.data
        return d.keys.assign(
            rows=d.rows, dropped=d.dropped, imputed=d.imputed, reason=[self.reasons.get(g, "") for g in range(len(d.rows))]
        )

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Groups without an index: labels, rows, reason."""
        table = self.groups
        return table.loc[table["reason"] != "", [*self.data.keys.columns, "rows", "reason"]].reset_index(drop=True)

    @cached_property
    def index(self) -> pd.DataFrame:
        """The index: labels, construct, score, se, ci_lower, ci_upper, weights."""
        return self.index_table()

    def index_table(self, level: float = 0.95) -> pd.DataFrame:
        """Return the index of every construct in every group.

        Parameters
        ----------
        level : float
            Coverage of the intervals.

        Returns
        -------
        DataFrame
            Labels, construct, score, se, ci_lower, ci_upper, weights.

        Raises
        ------
        OptionError
            level is not between 0 and 1.

        Examples
        --------
        >>> import csimodels as csi
        >>> df = csi.simulate("kcsi_korea", n=300, seed=1).assign(firm=["a", "b", "c"] * 100)
        >>> len(csi.fit_by("kcsi_korea", df, by="firm").index_table(0.9))
        21
        """
        names, count = self.spec.construct_names, len(self.kept)
        score, se = self.score.T.ravel(), self.se.T.ravel()
        lower, upper = interval(score, se, checked_level(level))
        kind = ["importance" if by_means else "fixed" for by_means in estimated(composite_plan(self.spec))]
        keys = self.data.keys.iloc[np.repeat(self.kept, len(names))].reset_index(drop=True)
        columns = {"construct": text_column(names).take(np.tile(np.arange(len(names)), count)), "score": score, "se": se}
        return keys.assign(**columns, ci_lower=lower, ci_upper=upper, weights=kind * count)

    def __repr__(self) -> str:
        from csimodels.report.composite_samples import brief_composite_groups

        return brief_composite_groups(self)

    def _repr_html_(self) -> str:
        from csimodels.report.composite_samples import notebook_composite_groups

        return notebook_composite_groups(self)


def composite_groups(spec: ModelSpec, groups: Groups, least: int, options: Options) -> CompositeGroups:
    """Return the indices of all groups, those of too few rows set aside."""
    least = max(least, FEWEST)
    usable = np.flatnonzero(groups.rows >= least)
    if not usable.size:
        text = f"None of {len(groups.rows)} groups has {least} complete rows."
        raise DataError("groups.none_usable", text, variable="by", value=len(groups.rows), hint="Group by fewer columns.")
    reasons = {int(g): f"{groups.rows[g]} complete rows, {least} needed" for g in np.flatnonzero(groups.rows < least)}
    n = groups.rows[usable].astype(float)
    score, slope = composite_scores(composite_plan(spec), groups.stack.mean[:, usable])
    se = composite_se(slope, groups.stack.cov[..., usable] * (n / (n - 1)), n)
    return CompositeGroups(spec, options, groups, usable, score, np.full_like(se, np.nan) if groups.weighted else se, reasons)
