"""Chi-square statistics corrected for answers that are not normal: scaling factors from traces, and the four corrections made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.derivatives import pairs, sigma_jacobian
from csimodels.estimators.fiml import evaluate
from csimodels.estimators.least_squares import lower, normal_weight, vech
from csimodels.estimators.matrices import Layout, fill, implied, layout, parameters
from csimodels.estimators.means import has_means, mean_jacobian
from csimodels.estimators.patterns import Sample
from csimodels.inference.scores import meat, quadratic_trace
from csimodels.partable import ParameterTable
from csimodels.reference_models import saturated

__all__ = [
    "Point",
    "ScaledTest",
    "corrected",
    "explicit_moments",
    "moments_meat",
    "residual_traces",
    "saturated_parameters",
    "unit_information",
    "weighted_moments",
    "yuan_bentler_trace",
]

Array = NDArray[Any]
ROWS = 16_384
METHODS = {"mlm": "satorra.bentler", "mlr": "yuan.bentler.mplus", "mlmv": "scaled.shifted", "mlmvs": "mean.var.adjusted"}


@dataclass(frozen=True)
class ScaledTest:
    """Hold a correction of a chi-square statistic: chisq / factor + shift, to be compared with chi-square of ``df``.

    Attributes
    ----------
    method : str
        lavaan's name of the test.
    df : float
        Degrees of freedom of the corrected statistic.
    factor, shift : float
        Scaling factor and shift.
    c : float
        Mean eigenvalue of U Gamma, which robust fit indices use.
    """

    method: str
    df: float
    factor: float
    shift: float
    c: float

    def statistic(self, chisq: float) -> float:
        """Return the corrected statistic."""
        return chisq / self.factor + self.shift


def corrected(method: str, trace: float, trace_2: float, df: int) -> ScaledTest:
    """Return the correction from tr(U Gamma) and tr((U Gamma)^2).

    Satorra & Bentler (1994): mean; Asparouhov & Muthen (2010): mean and variance by a shift; Satterthwaite's: by the degrees of freedom.

    Parameters
    ----------
    method : str
        lavaan's name of the test.
    trace, trace_2 : float
        The traces; the second is not used by the corrections of the mean alone.
    df : int
        Degrees of freedom of the model.
    """
    if df == 0:
        return ScaledTest(method, 0.0, np.nan, 0.0, np.nan)
    c = trace / df
    if method == "scaled.shifted":
        a = float(np.sqrt(df / trace_2))
        return ScaledTest(method, df, 1.0 / a, df - a * trace, c)
    if method == "mean.var.adjusted":
        return ScaledTest(method, trace**2 / trace_2, trace_2 / trace, 0.0, c)
    return ScaledTest(method, df, c, 0.0, c)


class Point(NamedTuple):
    """A fitted model: its table, its layout, its free parameters, and a basis (q, k) of the directions that constraints allow, or None."""

    table: ParameterTable
    lay: Layout
    x: Array
    free: Array | None = None

    def inner(self, M: Array) -> Array:
        """Return a matrix of free parameters (q, q) in the directions that constraints allow (k, k)."""
        return M if self.free is None else np.asarray(self.free.T @ M @ self.free)

    def outer(self, M: Array) -> Array:
        """Return a matrix of allowed directions (k, k) as one of free parameters (q, q)."""
        return M if self.free is None else np.asarray(self.free @ M @ self.free.T)


def unit_information(lay: Layout, x: Array, sample: Sample, S: Array, mean: Array, kind: str) -> Array:
    """Return the information of one row (q, q): "expected", "observed" or "first_order"."""
    if kind == "first_order":
        return meat(lay, x, sample, S, mean)
    return evaluate(lay, x, sample.patterns, S, mean, observed=kind == "observed").H / 2.0


def yuan_bentler_trace(point: Point, sample: Sample, S: Array, mean: Array, information: str) -> float:
    """Return tr(B1 A1^-1) of the saturated model less tr(B0 A0^-1) of the model.

    Yuan & Bentler (2000, doi:10.1111/0081-1750.00078) with the terms that Mplus takes: A1 is the information of the saturated model at the
    sample moments, A0 the model's, B0 and B1 mean products of scores.
    """
    table, lay, x, _ = point
    A0, B0 = unit_information(lay, x, sample, S, mean, information), meat(lay, x, sample, S, mean)
    own = float(np.trace(np.linalg.solve(point.inner(A0), point.inner(B0))))
    sampled = any(part is not None for part in (sample.weights, sample.clusters, sample.strata))
    if sample.patterns.seen.all() and not table.fixed_x and not sampled:
        W = np.linalg.inv(S)
        whole = quadratic_trace(W, S, sample) + (len(S) if has_means(lay) else 0.0)
        return whole - own
    free = saturated(table.observed, table.fixed_x, has_means(lay))
    lay_1 = layout(free)
    x_1 = saturated_parameters(free, S, mean)
    A1 = unit_information(lay_1, x_1, sample, S, mean, "observed")
    return float(np.trace(np.linalg.solve(A1, meat(lay_1, x_1, sample, S, mean)))) - own


def saturated_parameters(table: ParameterTable, S: Array, mean: Array) -> Array:
    """Return the free parameters of the saturated model: the moments themselves."""
    at = {name: k for k, name in enumerate(table.observed)}
    return np.array([S[at[r.lhs], at[r.rhs]] if r.op == "~~" else mean[at[r.lhs]] for r in table.rows if r.free])


def residual_traces(point: Point, sample: Sample, S: Array, mean: Array, *, squared: bool) -> tuple[float, float]:
    """Return tr(U Gamma) and, if asked for, tr((U Gamma)^2) of complete rows (Satorra & Bentler 1994).

    U = V - V D (D' V D)^-1 D' V with the normal-theory weight V at the implied covariances. The first trace is a mean over rows; the
    second needs Gamma itself.
    """
    table, lay, x, _ = point
    imp = implied(fill(lay, parameters(lay, x[None], S[None], mean[None])))
    W = np.linalg.inv(imp.Sigma[0])
    E = point.inner(unit_information(lay, x, sample, S, mean, "expected"))
    if not squared and not explicit_moments(table):
        B = point.inner(meat(lay, x, sample, S, mean))
        return quadratic_trace(W, S, sample) - float(np.trace(np.linalg.solve(E, B))), np.nan
    V, D, Gamma = weighted_moments(point, sample, S, mean)
    VD = V @ (D if point.free is None else D @ point.free)
    UG = (V - VD @ np.linalg.solve(E, VD.T)) @ Gamma
    return float(np.trace(UG)), float(np.einsum("ij,ji->", UG, UG))


def explicit_moments(table: ParameterTable) -> bool:
    """Return whether Gamma itself is needed: it is taken given observed exogenous variables, and about sample, not implied, means."""
    return bool(table.fixed_x) or any(r.op == "~1" for r in table.rows)


def moments_meat(point: Point, sample: Sample, S: Array, mean: Array) -> Array:
    """Return D' V Gamma V D (q, q)."""
    V, D, Gamma = weighted_moments(point, sample, S, mean)
    VD = V @ D
    return np.asarray(VD.T @ Gamma @ VD)


def weighted_moments(point: Point, sample: Sample, S: Array, mean: Array) -> tuple[Array, Array, Array]:
    """Return weight, derivatives and fourth moments of vech S, with the means before it where they are modelled."""
    table, lay, x, _ = point
    full = parameters(lay, x[None], S[None], mean[None])
    imp = implied(fill(lay, full))
    W, p = np.linalg.inv(imp.Sigma[0]), len(S)
    V, D = normal_weight(W), vech(sigma_jacobian(pairs(lay), imp)[0]).T
    at = [table.observed.index(name) for name in table.fixed_x]
    if not has_means(lay):
        return V, D, _gamma(sample, mean, at)[p:, p:]
    whole = np.zeros((p + len(V),) * 2)
    whole[:p, :p], whole[p:, p:] = W, V
    return whole, np.vstack([mean_jacobian(lay, full, imp)[0], D]), _gamma(sample, mean, at)


def _gamma(sample: Sample, mean: Array, fixed: list[int]) -> Array:
    """Return covariances (p + p*, ...) of deviations and of their products, less what exogenous variables predict of them."""
    w = np.ones(len(sample.values)) if sample.weights is None else sample.weights
    slopes = None
    if fixed:
        z, root = sample.values - mean, np.sqrt(w)[:, None]
        slopes = np.linalg.lstsq(np.column_stack([np.ones(len(z)), z[:, fixed]]) * root, z * root, rcond=None)[0]
    p = len(mean)
    first, second = np.zeros(p + p * (p + 1) // 2), np.zeros((p + p * (p + 1) // 2,) * 2)
    for start in range(0, len(w), ROWS):
        part = slice(start, start + ROWS)
        rows = _products(sample.values[part] - mean, slopes, fixed)
        weighted = rows * w[part, None]
        first += weighted.sum(axis=0)
        second += weighted.T @ rows
    first /= w.sum()
    return np.asarray(second / w.sum() - np.outer(first, first))


def _products(z: Array, slopes: Array | None, fixed: list[int]) -> Array:
    """Return deviations (n, p) and their products beside them, less those of what exogenous variables predict."""
    i, j = lower(z.shape[1])
    rows = np.hstack([z, z[:, i] * z[:, j]])
    if slopes is None:
        return rows
    fitted = np.column_stack([np.ones(len(z)), z[:, fixed]]) @ slopes
    return np.asarray(rows - np.hstack([fitted, fitted[:, i] * fitted[:, j]]))
