"""Standard errors from the information matrix, and of functions of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from csimodels.estimators.derivatives import expected_hessian, gradient, pairs
from csimodels.estimators.matrices import Layout, fill, implied, parameters

__all__ = ["delta_se", "expected_se", "expected_vcov", "interval", "inverted", "t_interval", "t_test", "z_test"]

Array = NDArray[Any]
SINGULAR = 1e-13


def expected_vcov(lay: Layout, x: Array, S: Array, n: float) -> Array:
    """Return the inverse of the expected information n/2 H at a solution, shape (q, q); NaN where it is singular."""
    imp = implied(fill(lay, parameters(lay, x[None], S[None])))
    _, K, _ = gradient(pairs(lay), imp, np.linalg.inv(imp.Sigma), S[None])
    return inverted(expected_hessian(pairs(lay), K)[0]) * (2.0 / n)


def inverted(H: Array) -> Array:
    """Return the inverse of an information matrix (q, q), judged at unit diagonal; NaN where it is singular."""
    with np.errstate(invalid="ignore", divide="ignore"):
        d = 1.0 / np.sqrt(np.diagonal(H))
        scaled = H * np.outer(d, d)
    try:
        inverse = np.linalg.inv(scaled)
    except np.linalg.LinAlgError:
        return np.full_like(H, np.nan)
    size = np.diagonal(inverse)
    if not (np.isfinite(inverse).all() and size.min(initial=1.0) > 0 and size.max(initial=1.0) < 1 / SINGULAR):
        return np.full_like(H, np.nan)
    out: Array = inverse * np.outer(d, d)
    return out


def expected_se(lay: Layout, x: Array, S: Array, n: Array) -> Array:
    """Return standard errors (B, K) of all parameters from the expected information of solutions x (B, q), NaN where it is singular."""
    imp = implied(fill(lay, parameters(lay, x, S)))
    _, K, _ = gradient(pairs(lay), imp, np.linalg.inv(imp.Sigma), S)
    H = expected_hessian(pairs(lay), K)
    d = 1.0 / np.sqrt(np.maximum(np.diagonal(H, axis1=-2, axis2=-1), 1e-300))
    scaled = H * d[:, :, None] * d[:, None, :]
    variance = _diagonal_of_inverse(scaled) * d**2 * 2.0 / n[:, None]
    out = np.full((len(x), lay.free.size), np.nan)
    out[:, lay.estimated] = np.sqrt(variance)[:, lay.free[lay.estimated] - 1]
    return out


def _diagonal_of_inverse(M: Array) -> Array:
    """Return the diagonals (B, q) of the inverses of matrices of unit diagonal, NaN where one is singular."""
    try:
        inverse = np.linalg.inv(M)
    except np.linalg.LinAlgError:
        if len(M) == 1:
            return np.full(M.shape[:2], np.nan)
        return np.concatenate([_diagonal_of_inverse(M[b : b + 1]) for b in range(len(M))])
    size = np.diagonal(inverse, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore"):
        usable = (
            np.isfinite(inverse).all(axis=(1, 2)) & (size.min(axis=1, initial=1.0) > 0) & (size.max(axis=1, initial=1.0) < 1 / SINGULAR)
        )
    return np.where(usable[:, None], size, np.nan)


def delta_se(J: Array, vcov: Array) -> Array:
    """Return delta-method standard errors sqrt(diag(J V J')), shape (r,); zero where nothing varies."""
    variance = ((J @ vcov) * J).sum(axis=1)
    return np.sqrt(np.where(variance >= 0, variance, np.nan))


def z_test(est: Array, se: Array) -> tuple[Array, Array]:
    """Return z and the two-sided p-value; NaN where there is no standard error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, est / se, np.nan)
    return z, 2.0 * ndtr(-np.abs(z))


def t_test(est: Array, se: Array, df: Array) -> tuple[Array, Array]:
    """Return t and the two-sided p-value with its degrees of freedom (K,); NaN where there is no standard error."""
    t, _ = z_test(est, se)
    return t, 2.0 * stdtr(df, -np.abs(t))


def t_interval(est: Array, se: Array, df: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return the confidence interval by t with its degrees of freedom (K,)."""
    half = stdtrit(df, 0.5 + level / 2) * se
    return est - half, est + half


def interval(est: Array, se: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return the normal confidence interval; NaN where there is no standard error."""
    half = ndtri(0.5 + level / 2) * se
    return est - half, est + half
