"""Fit one model to one covariance matrix by maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.errors import EstimationError
from csimodels.estimators.least_squares import Weight
from csimodels.estimators.matrices import Layout, fill, implied, layout, parameters, without_structure
from csimodels.estimators.ml import Solution, minimise
from csimodels.estimators.patterns import Patterns
from csimodels.estimators.semopy_engine import SemopyFit, expressible, fit_semopy
from csimodels.estimators.starts import start
from csimodels.inference.difference import Tangent
from csimodels.inference.incomplete_fit import CompleteFit
from csimodels.inference.information import expected_vcov
from csimodels.inference.rubin import Pooled
from csimodels.inference.scaled import ScaledTest
from csimodels.partable import ParameterTable

__all__ = ["Baseline", "Engine", "Estimate", "estimate_ml"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Engine:
    """Say what ran.

    Attributes
    ----------
    name : str
        "semopy" or "native".
    why : str
        Why the native kernel took over, where it did.
    chisq : float
        semopy's own chi-square before polishing (NaN for the native engine).
    success : bool
        The first optimiser's own flag.
    message : str
        Its own words.
    polish_length : float
        How far polishing moved the estimates, in standard errors of the furthest one (NaN for the native engine).
    evaluations : int
        Evaluations of the native kernel.
    """

    name: str
    why: str = ""
    chisq: float = np.nan
    success: bool = True
    message: str = ""
    polish_length: float = np.nan
    evaluations: int = 0


@dataclass(frozen=True)
class Baseline:
    """Hold the independence model: its chi-square, its degrees of freedom and the correction of its statistic."""

    chisq: float
    df: float
    test: ScaledTest | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """Hold a solution of a covariance structure.

    Attributes
    ----------
    table : ParameterTable
        The model.
    x : array (q,)
        Free parameters.
    full : array (K,)
        Every parameter.
    vcov : array (q, q)
        Covariance matrix of ``x``; NaN where the information is singular.
    S, Sigma : arrays (p, p)
        Sample and implied covariances.
    n : float
        Multiplier of the discrepancy: rows, or rows - 1 under the Wishart likelihood.
    F : float
        Discrepancy.
    converged : bool
        Whether the Newton decrement vanished.
    engine : Engine
        What ran.
    estimator : str
        "ml", one of its robust forms, "gls", "uls", "wls" or "dwls".
    mean, mu : arrays (p,) or None
        Sample and implied means, where they are modelled.
    patterns : Patterns or None
        Moments by pattern of missing answers, after FIML.
    unrestricted : float or None
        Log-likelihood of the saturated model, after FIML.
    weight : Weight or None
        Weight matrix of least squares.
    test : ScaledTest or None
        Correction of the chi-square statistic.
    baseline : Baseline or None
        The independence model, where it is not the closed form of maximum likelihood.
    complete : CompleteFit or None
        What robust fit measures are made of, after FIML.
    constraints : array (r, q) or None
        Derivatives of the equality constraints at the solution.
    ordinal : tuple of str
        Items whose categories were modelled; S and Sigma are then correlations of what lies behind them.
    gfi : float or None
        Goodness of fit, where it rests on more than S and Sigma.
    dependent : array (K, q) or None
        Derivatives of every parameter by the free ones, where some that are not free depend on these.
    pooled : Pooled or None
        What multiple imputation added to the errors.
    tangent : Tangent or None
        What a difference test of statistics adjusted in mean and variance needs.
    """

    table: ParameterTable
    x: Array
    full: Array
    vcov: Array
    S: Array
    Sigma: Array
    n: float
    F: float
    converged: bool
    engine: Engine
    estimator: str = "ml"
    mean: Array | None = None
    mu: Array | None = None
    patterns: Patterns | None = None
    unrestricted: float | None = None
    weight: Weight | None = None
    test: ScaledTest | None = None
    baseline: Baseline | None = None
    complete: CompleteFit | None = None
    constraints: Array | None = None
    ordinal: tuple[str, ...] = ()
    gfi: float | None = None
    dependent: Array | None = None
    pooled: Pooled | None = None
    tangent: Tangent | None = None

    @cached_property
    def layout(self) -> Layout:
        """Positions of the parameters."""
        return layout(self.table)


def estimate_ml(table: ParameterTable, S: Array, n: float, engine: str, rows: Array | None) -> tuple[Estimate, Any]:
    """Fit a model and return its estimate with semopy's own model, if semopy ran.

    Parameters
    ----------
    table : ParameterTable
        The model.
    S : array (p, p)
        Sample covariances, with the likelihood's divisor.
    n : float
        Multiplier of the discrepancy.
    engine : {"semopy", "native"}
        What estimates; semopy's solution is polished by the native kernel.
    rows : array (n, p) or None
        The data, for semopy.
    """
    lay, stack = layout(table), S[None]
    first, why = _semopy(table, lay, S, int(n), rows) if engine == "semopy" else (None, "")
    with one_thread():
        solution = _solved(table, lay, stack, first)
        x = solution.x[0]
        vcov = expected_vcov(lay, x, S, n)
        full = parameters(lay, x[None], stack)[0]
        Sigma = implied(fill(lay, full[None])).Sigma[0]
    report = _report(first, why, solution, vcov, n, engine)
    return Estimate(table, x, full, vcov, S, Sigma, n, float(solution.F[0]), bool(solution.converged[0]), report), first and first.model


def _semopy(table: ParameterTable, lay: Layout, S: Array, n: int, rows: Array | None) -> tuple[SemopyFit | None, str]:
    """Run semopy where it can express the model; a failure is reported, never hidden."""
    why = expressible(table)
    if why:
        return None, why
    full = parameters(lay, np.zeros((1, lay.q)), S[None])[0]
    try:
        fitted = fit_semopy(table, lay, full, S, n, rows)
    except Exception as error:
        return None, f"semopy failed: {type(error).__name__}: {error}"
    return (fitted, "") if np.isfinite(fitted.x).all() else (None, "semopy returned no numbers")


def _tries(table: ParameterTable, lay: Layout, S: Array, first: SemopyFit | None) -> Iterator[tuple[Array, bool]]:
    """Yield starting values, and whether they are near the optimum."""
    if first is not None:
        yield first.x[None], True
    own = start(table, lay, S)
    yield own, False
    yield without_structure(lay, own), False


def _solved(table: ParameterTable, lay: Layout, S: Array, first: SemopyFit | None) -> Solution:
    """Minimise from semopy's solution, then from our own starting values, until one try converges; keep the best."""
    best: Solution | None = None
    for x0, near in _tries(table, lay, S, first):
        tried = minimise(lay, S, x0, near=near)
        best = tried if best is None or tried.F[0] < best.F[0] else best
        if best.converged[0]:
            return best
    assert best is not None
    if not np.isfinite(best.F[0]):
        raise EstimationError(
            "estimation.no_start",
            "No starting values give a positive definite implied covariance.",
            variable="start",
            value=None,
            hint="Check the fixed values of the model.",
        )
    return best


def _report(first: SemopyFit | None, why: str, solution: Solution, vcov: Array, n: float, engine: str) -> Engine:
    evaluations = int(solution.evaluations[0])
    if first is None:
        return Engine("native", why=why, evaluations=evaluations)
    se = np.sqrt(np.diagonal(vcov))
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.abs(solution.x[0] - first.x) / se
    longest = float(np.nanmax(length)) if np.isfinite(length).any() else np.nan
    return Engine(engine, "", n * first.F, first.success, first.message, longest, evaluations)
