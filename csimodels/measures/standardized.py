"""The completely standardised solution, its derivatives, and explained variance."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.derivatives import pairs
from csimodels.estimators.matrices import BETA, LAMBDA, NU, PSI, TAU, THETA, Implied, Layout, ModelMatrices, fill, implied

__all__ = [
    "dependent_jacobian",
    "moved_parameters",
    "rsquared",
    "standardised",
    "standardised_jacobian",
    "standardised_values",
    "variance_derivatives",
]

Array = NDArray[Any]


class _Scales(NamedTuple):
    """Which two variances scale each parameter, std = est |v_first|^power |v_second|^-1/2.

    Positions count along the total variances of structural and observed variables, then their residual variances.
    """

    first: Array
    power: Array
    second: Array


@lru_cache(maxsize=256)
def _scales(lay: Layout) -> _Scales:
    """Return lavaan's ``std.all`` rules.

    Loadings and paths go by total standard deviations, variances by totals, covariances by residuals, intercepts by their own total one.
    """
    m, p, row, col = lay.m, lay.p, lay.row, lay.col
    own = row == col
    is_observed = (lay.matrix == THETA) | (lay.matrix == NU) | (lay.matrix >= TAU)
    total, residual = np.where(is_observed, m, 0), np.where(is_observed, m, 0) + m + p
    intercept = lay.matrix >= NU
    scaled_by_source = lay.matrix <= BETA
    first = np.select([scaled_by_source, intercept], [col, total + row], np.where(own, total, residual) + row)
    other = np.where(own, total, residual) + col
    second = np.select([lay.matrix == LAMBDA, lay.matrix == BETA, intercept], [m + row, row, total + row], other)
    return _Scales(first, np.select([intercept, scaled_by_source], [0.0, 0.5], -0.5), second)


def standardised(lay: Layout, full: Array) -> Array:
    """Return lavaan's ``std.all`` of every parameter, shape (B, K), from parameters (B, K), real or complex."""
    mm = fill(lay, full)
    return _standardised(lay, full, _variances(mm, implied(mm)))


def standardised_values(lay: Layout, full: Array, mm: ModelMatrices) -> Array:
    """Return parameters (B, K) in units of the standard deviations that other model matrices imply."""
    return _standardised(lay, full, _variances(mm, implied(mm)))


def _standardised(lay: Layout, full: Array, variance: Array) -> Array:
    first, power, second = _scales(lay)
    size = variance * np.sign(variance.real)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(full == 0, 0.0, full * size[:, first] ** power / np.sqrt(size[:, second]))


def _variances(mm: ModelMatrices, imp: Implied) -> Array:
    """Return total variances of structural and observed variables, then residual ones, shape (B, 2m + 2p)."""
    return np.concatenate([np.diagonal(M, axis1=-2, axis2=-1) for M in (imp.Phi, imp.Sigma, mm.Psi, mm.Theta)], axis=-1)


def standardised_jacobian(lay: Layout, full: Array) -> tuple[Array, Array]:
    """Return ``std.all`` (K,) of one solution and its derivatives by the free parameters (K, q).

    d log std = d log est + power d log v_first - 1/2 d log v_second.
    """
    mm = fill(lay, full[None])
    imp = implied(mm)
    variance = _variances(mm, imp)
    std = _standardised(lay, full[None], variance)[0]
    first, power, second = _scales(lay)
    moved = moved_parameters(lay)
    d = variance_derivatives(lay, imp, moved)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = d / variance[0][:, None]
        factor = np.abs(variance[0][first]) ** power / np.sqrt(np.abs(variance[0][second]))
        J = moved * factor[:, None] + std[:, None] * (power[:, None] * relative[first] - 0.5 * relative[second])
    return std, np.where((full == 0)[:, None] & (moved == 0), 0.0, J)


def dependent_jacobian(lay: Layout, full: Array, dependent: Array) -> tuple[Array, Array]:
    """Return ``std.all`` (K,) and its derivatives (K, q) where parameters that are not free depend on the free ones (K, q)."""
    step = 1e-20
    many = full + 1j * step * np.eye(full.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_parameter = standardised(lay, many).imag.T / step
    return standardised(lay, full[None])[0], np.nan_to_num(by_parameter) @ dependent


def moved_parameters(lay: Layout) -> Array:
    """Return the derivatives (K, q) of every parameter by the free ones: ones and zeros."""
    moved = np.zeros((lay.free.size, lay.q))
    moved[lay.estimated, lay.free[lay.estimated] - 1] = 1.0
    return moved


def variance_derivatives(lay: Layout, imp: Implied, moved: Array) -> Array:
    """Return the derivatives (2m + 2p, q) of the variances: dSigma_ii = 2 c u_i v_i, and so for Phi with A and Phi in place of Z."""
    info = pairs(lay)
    inner = np.concatenate([np.zeros((lay.m, lay.p)), imp.A[0], imp.Phi[0]], axis=1)
    outer = np.concatenate([np.eye(lay.p), imp.LA[0], imp.LPhi[0]], axis=1)
    total = [2.0 * info.c * Z[:, info.u] * Z[:, info.v] for Z in (inner, outer)]
    residual = np.zeros((lay.m + lay.p, lay.q))
    free = lay.matrix[lay.estimated]
    diagonal = lay.estimated[((free == PSI) | (free == THETA)) & (lay.row[lay.estimated] == lay.col[lay.estimated])]
    residual[lay.row[diagonal] + np.where(lay.matrix[diagonal] == THETA, lay.m, 0)] = moved[diagonal]
    return np.concatenate([part if info.to is None else part @ info.to for part in total] + [residual])


def rsquared(lay: Layout, full: Array) -> tuple[Array, Array]:
    """Return 1 - residual / total variance of the structural (B, m) and observed variables (B, p); NaN where there is no residual."""
    mm = fill(lay, full)
    variance, k = _variances(mm, implied(mm)), lay.m + lay.p
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 1 - variance[:, k:] / variance[:, :k]
    return share[:, : lay.m], share[:, lay.m :]
