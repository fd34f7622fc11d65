"""Covariance matrices of estimates and corrected statistics for the robust forms of maximum likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.em import Saturated
from csimodels.estimators.estimate import Baseline
from csimodels.estimators.fiml import minimise_patterns
from csimodels.estimators.matrices import layout
from csimodels.estimators.patterns import Patterns, Sample
from csimodels.inference.incomplete_fit import CompleteFit, complete_fit
from csimodels.inference.information import inverted
from csimodels.inference.scaled import (
    METHODS,
    Point,
    ScaledTest,
    corrected,
    explicit_moments,
    moments_meat,
    residual_traces,
    unit_information,
    yuan_bentler_trace,
)
from csimodels.inference.scores import meat
from csimodels.reference_models import independence

__all__ = ["Point", "baseline_of", "incomplete_fit", "robust_vcov", "scaled_test"]

Array = NDArray[Any]


def robust_vcov(point: Point, sample: Sample, S: Array, mean: Array, estimator: str, information: str) -> Array:
    """Return the covariance matrix of the free parameters (q, q).

    ml: inverse information; mlf: inverse mean product of scores; mlm, mlmv, mlmvs: A^-1 B A^-1 with the expected information A (Browne
    1984); mlr: the same with the stated information, by default the observed one (Huber 1967; White 1982, doi:10.2307/1912526).
    """
    n, kind = sample.patterns.rows, "first_order" if estimator == "mlf" else information
    bread = point.outer(inverted(point.inner(unit_information(point.lay, point.x, sample, S, mean, kind))))
    if estimator in ("ml", "mlf"):
        return bread / n
    if estimator.startswith("mlm") and explicit_moments(point.table):
        return np.asarray(bread @ moments_meat(point, sample, S, mean) @ bread / n)
    return np.asarray(bread @ meat(point.lay, point.x, sample, S, mean) @ bread / n)


def scaled_test(point: Point, sample: Sample, S: Array, mean: Array, estimator: str, information: str, df: int) -> ScaledTest | None:
    """Return the correction of the chi-square statistic that an estimator implies, None where it has none."""
    if estimator not in METHODS:
        return None
    if estimator == "mlr":
        trace = yuan_bentler_trace(point, sample, S, mean, information)
        return corrected(METHODS[estimator], trace, np.nan, df)
    squared = estimator != "mlm"
    return corrected(METHODS[estimator], *residual_traces(point, sample, S, mean, squared=squared), df)


def independence_of(point: Point, sample: Sample, h1: Saturated, means: bool) -> tuple[Point, float, int]:
    """Return the independence model fitted to the same data, its discrepancy and its degrees of freedom."""
    table = independence(point.table.observed, point.table.fixed_x, means)
    lay = layout(table)
    at = {name: k for k, name in enumerate(table.observed)}
    p, px = len(table.observed), len(table.fixed_x)
    mean, var, F = _alone(sample.patterns)
    start = np.array([var[at[r.lhs]] if r.op == "~~" else mean[at[r.lhs]] for r in table.rows if r.free])
    if px:
        found = minimise_patterns(lay, sample.patterns, start, h1.cov, h1.mean)
        start, F = found.x, found.F
    return Point(table, lay, start), F, (p * (p - 1) - px * (px - 1)) // 2


def _alone(data: Patterns) -> tuple[Array, Array, float]:
    """Return mean and variance (p,) of each variable's own answers, and the discrepancy of their independence."""
    n = data.n[:, None] * data.seen
    count = n.sum(axis=0)
    mean = (n * data.mean).sum(axis=0) / count
    spread = np.diagonal(data.cov, axis1=1, axis2=2) + np.where(data.seen, data.mean - mean, 0.0) ** 2
    var = (n * spread).sum(axis=0) / count
    return mean, var, float((count * (np.log(var) + 1.0)).sum() / data.rows)


def baseline_of(point: Point, sample: Sample, h1: Saturated, estimator: str, information: str, means: bool) -> Baseline:
    """Return the independence model with its corrected statistic."""
    own, F, df = independence_of(point, sample, h1, means)
    test = scaled_test(own, sample, h1.cov, h1.mean, estimator, information, df)
    return Baseline(sample.patterns.rows * (F - h1.F), df, test)


def incomplete_fit(point: Point, sample: Sample, h1: Saturated, df: int, robust: bool) -> CompleteFit | None:
    """Return what robust fit measures of incomplete rows are made of; None where the saturated model is not known well enough."""
    own, _, df_0 = independence_of(point, sample, h1, True)
    try:
        return complete_fit(point, own, sample, h1.cov, h1.mean, (df, df_0), robust)
    except np.linalg.LinAlgError:
        return None
