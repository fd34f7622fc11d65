"""Covariance structures beyond plain maximum likelihood: means, missing answers, robust inference, least squares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.constraining import allowed, minimum
from csimodels.estimators.constrained import null_space
from csimodels.estimators.em import Saturated, saturated_moments
from csimodels.estimators.estimate import Baseline, Engine, Estimate
from csimodels.estimators.fiml import Minimum, loglik
from csimodels.estimators.least_squares import Weight, delta, fourth_moments, full_weight, minimise_squares, normal_weight
from csimodels.estimators.matrices import NU, Layout, fill, implied, layout, parameters
from csimodels.estimators.means import implied_mean, mean_jacobian
from csimodels.estimators.patterns import Patterns, Sample
from csimodels.estimators.starts import start
from csimodels.inference.difference import tangent_of_moments
from csimodels.inference.information import inverted
from csimodels.inference.sandwich import baseline_of, incomplete_fit, robust_vcov, scaled_test
from csimodels.inference.scaled import Point
from csimodels.labelled import Functions
from csimodels.partable import ParameterTable
from csimodels.reference_models import independence

__all__ = ["degrees_of_freedom", "estimate_normal", "estimate_squares", "free_parameters", "nearest", "started", "with_inference"]

Array = NDArray[Any]
ADJUSTED = ("mlmv", "mlmvs")


def degrees_of_freedom(table: ParameterTable, constraints: Array | None = None) -> int:
    """Return moments less parameters, of which constraints (r, q) save some."""
    p, px = len(table.observed), len(table.fixed_x)
    means = (p - px) * any(r.op == "~1" for r in table.rows)
    return (p * (p + 1) - px * (px + 1)) // 2 + means - free_parameters(table, constraints)


def free_parameters(table: ParameterTable, constraints: Array | None) -> int:
    """Return the number of free parameters less the rank of the constraints (r, q)."""
    return table.n_free if constraints is None else int(null_space(constraints).shape[1])


def with_inference(estimate: Estimate, sample: Sample, estimator: str, information: str) -> Estimate:
    """Return a maximum-likelihood solution of covariances with the errors and the corrected statistic of an estimator."""
    point = Point(estimate.table, estimate.layout, estimate.x, allowed(estimate.constraints))
    S, mean = sample.patterns.cov[0], sample.patterns.mean[0]
    with one_thread():
        vcov = robust_vcov(point, sample, S, mean, estimator, information)
        df = degrees_of_freedom(estimate.table, estimate.constraints)
        test = scaled_test(point, sample, S, mean, estimator, information, df)
        h1 = saturated_moments(sample.patterns)
        base = baseline_of(point, sample, h1, estimator, information, False) if test is not None else None
        tangent = tangent_of_moments(point, sample, S, mean) if estimator in ADJUSTED else None
    return replace(estimate, vcov=vcov, estimator=estimator, test=test, baseline=base, tangent=tangent)


def estimate_normal(
    table: ParameterTable,
    first: Estimate,
    sample: Sample,
    h1: Saturated,
    estimator: str,
    information: str,
    constraints: Functions | None = None,
    whole: bool = True,
) -> Estimate:
    """Fit a model with means to complete or incomplete rows by maximum likelihood.

    Parameters
    ----------
    table : ParameterTable
        The model with its intercepts.
    first : Estimate
        The solution without means on the saturated moments, whose parameters come first in ``table``.
    sample : Sample
        Patterns and rows.
    h1 : Saturated
        The saturated model.
    estimator, information : str
        What the errors and the statistic are.
    constraints : Functions or None
        What has to be zero.
    whole : bool
        Whether rows are complete by intent; if not, fit measures are those of FIML, as in lavaan, though nothing may be missing.
    """
    lay = layout(table)
    with one_thread():
        found, J = nearest(lay, sample.patterns, first, h1, constraints)
        point, df = Point(table, lay, found.x, allowed(J)), degrees_of_freedom(table, J)
        vcov = robust_vcov(point, sample, h1.cov, h1.mean, estimator, information)
        test = scaled_test(point, sample, h1.cov, h1.mean, estimator, information, df)
        base = baseline_of(point, sample, h1, estimator, information, True)
        complete = None if whole else incomplete_fit(point, sample, h1, df, estimator == "mlr")
        tangent = tangent_of_moments(point, sample, h1.cov, h1.mean) if estimator in ADJUSTED else None
        full = parameters(lay, found.x[None], h1.cov[None], h1.mean[None])
        imp = implied(fill(lay, full))
    engine = replace(first.engine, evaluations=first.engine.evaluations + found.evaluations)
    return Estimate(
        table=table,
        x=found.x,
        full=full[0],
        vcov=vcov,
        S=h1.cov,
        Sigma=imp.Sigma[0],
        n=sample.patterns.rows,
        F=found.F - h1.F,
        converged=found.converged and h1.converged,
        engine=engine,
        estimator=estimator,
        mean=h1.mean,
        mu=implied_mean(lay, full, imp)[0],
        patterns=None if whole else sample.patterns,
        unrestricted=loglik(h1.F, sample.patterns),
        test=test,
        baseline=base,
        complete=complete,
        constraints=J,
        tangent=tangent,
    )


def nearest(lay: Layout, data: Patterns, first: Estimate, h1: Saturated, constraints: Functions | None) -> tuple[Minimum, Array | None]:
    """Return the minimum from the solution without means, or if that search does not converge the better one of it and a fresh one."""
    best = minimum(lay, data, started(lay, first.x, h1), h1.cov, h1.mean, constraints)
    if best[0].converged:
        return best
    fresh = start(first.table, first.layout, h1.cov[None])[0]
    other = minimum(lay, data, started(lay, fresh, h1), h1.cov, h1.mean, constraints)
    return other if other[0].converged or other[0].F < best[0].F else best


def started(lay: Layout, theta: Array, h1: Saturated) -> Array:
    """Return starting values (q,): the parameters of the covariances, and intercepts by least squares on the means."""
    x = np.zeros(lay.q)
    x[: theta.size] = theta
    full = parameters(lay, x[None], h1.cov[None], h1.mean[None])
    imp = implied(fill(lay, full))
    J = mean_jacobian(lay, full, imp)[0]
    own = np.unique(lay.free[(lay.matrix >= NU) & (lay.free > 0)]) - 1
    rest = h1.mean - implied_mean(lay, full, imp)[0]
    x[own] = np.linalg.lstsq(J[:, own], rest, rcond=None)[0]
    return x


def estimate_squares(table: ParameterTable, first: Estimate, sample: Sample, estimator: str, engine: Engine) -> Estimate:
    """Fit a model to complete rows by least squares: "gls", "uls", "wls" (ADF) or "dwls".

    The covariances have divisor n - 1, as in lavaan, and so has the statistic its multiplier.

    Parameters
    ----------
    table : ParameterTable
        The model.
    first : Estimate
        The solution of maximum likelihood, for starting values.
    sample : Sample
        Complete rows.
    estimator : str
        Which weight matrix.
    engine : Engine
        What ran.
    """
    n = sample.patterns.rows
    S = sample.patterns.cov[0] * (n / (n - 1))
    lay = layout(table)
    with one_thread():
        W = _weight(sample, S, estimator)
        found = minimise_squares(lay, S, W, _matching(table, first))
        D = delta(lay, found.x, S)
        vcov = inverted(D.T @ (W @ D)) / (n - 1)
        full = parameters(lay, found.x[None], S[None])
        Sigma = implied(fill(lay, full)).Sigma[0]
        base = _baseline(table, first.table.fixed_x, S, W, n)
    ran = replace(engine, evaluations=found.evaluations)
    F, converged = found.F, found.converged
    parts: dict[str, Any] = {
        "x": found.x,
        "full": full[0],
        "vcov": vcov,
        "S": S,
        "Sigma": Sigma,
        "n": n - 1,
        "F": F,
        "converged": converged,
    }
    return Estimate(table, **parts, engine=ran, estimator=estimator, weight=W, baseline=base)


def _matching(table: ParameterTable, first: Estimate) -> Array:
    """Return the free parameters (q,) of a table from a solution with the same parameters, some of them fixed there."""
    known = {(r.lhs, r.op, r.rhs): v for r, v in zip(first.table.rows, first.full, strict=True)}
    x = np.zeros(table.n_free)
    for r in table.rows:
        if r.free:
            x[r.free - 1] = known[r.lhs, r.op, r.rhs]
    return x


def _weight(sample: Sample, S: Array, estimator: str) -> Weight:
    """Return the weight matrix: GLS (Browne 1974), ADF (Browne 1984), its diagonal, or none (ULS)."""
    if estimator == "gls":
        return Weight(normal_weight(np.linalg.inv(S)), None)
    if estimator == "uls":
        return Weight(None, np.ones(len(S) * (len(S) + 1) // 2))
    Gamma = fourth_moments(sample.values, sample.patterns.mean[0], sample.patterns.cov[0], sample.weights)
    return Weight(None, 1.0 / np.diagonal(Gamma)) if estimator == "dwls" else full_weight(Gamma, sample.patterns.rows)


def _baseline(table: ParameterTable, x: tuple[str, ...], S: Array, W: Weight, n: float) -> Baseline:
    """Return the independence model fitted by the same weights; exogenous observed variables x stay correlated."""
    alone = independence(table.observed, (), False, x)
    at = {name: k for k, name in enumerate(table.observed)}
    start = np.array([S[at[r.lhs], at[r.rhs]] for r in alone.rows if r.free])
    found = minimise_squares(layout(alone), S, W, start)
    p, px = len(table.observed), len(x)
    return Baseline((n - 1) * found.F, (p * (p - 1) - px * (px - 1)) / 2)
