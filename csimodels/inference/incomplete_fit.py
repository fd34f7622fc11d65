"""Fit under missing answers, corrected to what complete answers would show (Zhang & Savalei 2023, doi:10.1037/met0000445)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.derivatives import pairs, sigma_jacobian
from csimodels.estimators.least_squares import lower, normal_weight, vech
from csimodels.estimators.matrices import Layout, fill, implied, layout, parameters
from csimodels.estimators.means import implied_mean, mean_jacobian
from csimodels.estimators.patterns import Sample
from csimodels.inference.scaled import Point, saturated_parameters, unit_information
from csimodels.inference.scores import meat
from csimodels.partable import ParameterTable
from csimodels.reference_models import saturated

__all__ = ["CompleteFit", "SaturatedInformation", "complete_fit", "moment_derivatives", "residual_weight", "saturated_information"]

Array = NDArray[Any]


class CompleteFit(NamedTuple):
    """Hold what fit measures of incomplete rows are made of.

    Complete-data chi-square at the solution of incomplete data and its scaling factor c, of the model and of independence; GFI; the
    covariance matrix of the saturated means (p, p).
    """

    chisq: float
    c: float
    chisq_0: float
    c_0: float
    gfi: float
    mean_vcov: Array


class SaturatedInformation(NamedTuple):
    """Hold what incomplete rows say of the moments.

    W, inverse, Gamma, complete (s, s): information of the saturated model, its inverse, the sandwich, complete-data information; kept
    (s,): which of the means and of vech S are modelled, those of exogenous observed variables are not.
    """

    W: Array
    inverse: Array
    Gamma: Array
    complete: Array
    kept: list[int]

    def mean_vcov(self, S: Array, n: float) -> Array:
        """Return the covariance matrix of the means (p, p), exogenous observed variables with that of complete rows."""
        inside = [k for k in self.kept if k < len(S)]
        out = S / n
        out[np.ix_(inside, inside)] = self.Gamma[: len(inside), : len(inside)] / n
        return np.asarray(out)


def complete_fit(point: Point, alone: Point, sample: Sample, S: Array, mean: Array, dfs: tuple[int, int], robust: bool) -> CompleteFit:
    """Return statistics of which robust CFI, TLI and RMSEA of incomplete rows are made.

    The discrepancy of complete data is taken between the saturated moments and the solution; c = tr(U W^-1 W_c W^-1 U Gamma) / df with
    U = W - W D (D' W D)^-1 D' W, the correction FIML-C in its third form.

    Parameters
    ----------
    point, alone : Point
        The model and the independence model, fitted.
    sample : Sample
        Patterns and rows.
    S, mean : arrays (p, p), (p,)
        Saturated moments.
    dfs : tuple of int
        Degrees of freedom of both.
    robust : bool
        Whether Gamma is the sandwich of the saturated model, or the inverse information of normal answers.
    """
    table = point.table
    h1 = saturated_information(table.observed, table.fixed_x, sample, S, mean, robust)
    found = [_corrected(own, h1, S, mean, sample.patterns.rows, df) for own, df in zip((point, alone), dfs, strict=True)]
    return CompleteFit(*found[0], *found[1], _gfi(table, point.lay, point.x, sample, S, mean), h1.mean_vcov(S, sample.patterns.rows))


def saturated_information(
    observed: tuple[str, ...], fixed_x: tuple[str, ...], sample: Sample, S: Array, mean: Array, robust: bool
) -> SaturatedInformation:
    """Return the information of the saturated model of incomplete rows, means before covariances.

    Parameters
    ----------
    observed, fixed_x : tuple of str
        Variables, and those of them that are exogenous.
    sample : Sample
        Patterns and rows.
    S, mean : arrays (p, p), (p,)
        Saturated moments.
    robust : bool
        Whether Gamma is the sandwich, or the inverse information.
    """
    free = saturated(observed, fixed_x, True)
    lay, x = layout(free), saturated_parameters(free, S, mean)
    order, kept = _order(free)
    W = unit_information(lay, x, sample, S, mean, "observed")[np.ix_(order, order)]
    inverse = np.linalg.inv(W)
    p, own = len(S), np.linalg.inv(S)
    complete = np.zeros((p + p * (p + 1) // 2,) * 2)
    complete[:p, :p], complete[p:, p:] = own, normal_weight(own)
    Gamma = inverse @ meat(lay, x, sample, S, mean)[np.ix_(order, order)] @ inverse if robust else inverse
    return SaturatedInformation(W, inverse, Gamma, complete[np.ix_(kept, kept)], kept)


def _gfi(table: ParameterTable, lay: Layout, x: Array, sample: Sample, S: Array, mean: Array) -> float:
    """Return lavaan's GFI of incomplete rows: residuals of available-case moments, weighted by the expected information at the model."""
    full = parameters(lay, x[None], S[None], mean[None])
    imp = implied(fill(lay, full))
    Sigma, mu = imp.Sigma[0], implied_mean(lay, full, imp)[0]
    free = saturated(table.observed, table.fixed_x, True)
    order, kept = _order(free)
    W = unit_information(layout(free), saturated_parameters(free, Sigma, mu), sample, Sigma, mu, "expected")[np.ix_(order, order)]
    own_mean, own_cov = _available(sample.values, sample.weights)
    s, t = (np.concatenate([m, vech(M)])[kept] for m, M in ((own_mean, own_cov), (mu, Sigma)))
    return float(1 - (s - t) @ W @ (s - t) / (s @ W @ s))


def _available(values: Array, weights: Array | None) -> tuple[Array, Array]:
    """Return means of available answers and covariances of pairs of them, the latter shrunk by (n - 1) / n as in lavaan."""
    seen = np.isfinite(values)
    w = np.ones(len(values)) if weights is None else weights
    mean = w @ np.where(seen, values, 0.0) / (w @ seen)
    z = np.where(seen, values - mean, 0.0)
    count, sums = (seen * w[:, None]).T @ seen.astype(float), (z * w[:, None]).T @ seen
    cov = ((z * w[:, None]).T @ z - sums * sums.T / count) / (count - 1)
    return mean, cov * ((len(values) - 1) / len(values))


def _order(table: ParameterTable) -> tuple[list[int], list[int]]:
    """Return the free parameters of the saturated model in the order of the means, then of vech S, and which of these are free."""
    at = {name: k for k, name in enumerate(table.observed)}
    p = len(at)
    cells = {(int(i), int(j)): p + k for k, (i, j) in enumerate(zip(*lower(p), strict=True))}
    place = {}
    for r in table.rows:
        if r.free:
            ends = sorted((at[r.lhs], at[r.rhs]), reverse=True) if r.op == "~~" else None
            place[at[r.lhs] if ends is None else cells[ends[0], ends[1]]] = r.free - 1
    kept = sorted(place)
    return [place[k] for k in kept], kept


def moment_derivatives(point: Point, kept: list[int], S: Array, mean: Array) -> Array:
    """Return derivatives (s, k) of the means and vech Sigma that are modelled, in the directions that constraints allow."""
    full = parameters(point.lay, point.x[None], S[None], mean[None])
    imp = implied(fill(point.lay, full))
    D = np.vstack([mean_jacobian(point.lay, full, imp)[0], vech(sigma_jacobian(pairs(point.lay), imp)[0]).T])[kept]
    return np.asarray(D if point.free is None else D @ point.free)


def residual_weight(W: Array, D: Array) -> Array:
    """Return U = W - W D (D' W D)^-1 D' W, the weights of what a model leaves over."""
    WD = W @ D
    return np.asarray(W - WD @ np.linalg.solve(D.T @ WD, WD.T))


def _corrected(point: Point, h1: SaturatedInformation, S: Array, mean: Array, n: float, df: int) -> tuple[float, float]:
    """Return the complete-data chi-square and c of one model."""
    full = parameters(point.lay, point.x[None], S[None], mean[None])
    imp = implied(fill(point.lay, full))
    U = residual_weight(h1.W, moment_derivatives(point, h1.kept, S, mean))
    middle = h1.inverse @ h1.complete @ h1.inverse
    trace = float(np.einsum("ij,ji->", U @ middle, U @ h1.Gamma))
    inverse, d = np.linalg.inv(imp.Sigma[0]), mean - implied_mean(point.lay, full, imp)[0]
    F = np.linalg.slogdet(imp.Sigma[0])[1] - np.linalg.slogdet(S)[1] + np.einsum("ij,ji->", inverse, S) - len(S) + d @ inverse @ d
    return float(n * F), trace / df if df else np.nan
