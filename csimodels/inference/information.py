"""Standard errors from the information matrix, and of functions of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from csimodels.estimators.derivatives import expected_hessian, gradient, pairs
from csimodels.estimators.matrices import Layout, fill, implied, parameters

__all__ = ["delta_se", "expected_vcov", "interval", "jacobian", "z_test"]

Array = NDArray[Any]
STEP = 1e-30
SINGULAR = 1e-13


def expected_vcov(lay: Layout, x: Array, S: Array, n: float) -> Array:
    """Return the inverse of the expected information n/2 H at a solution, shape (q, q); NaN where it is singular."""
    imp = implied(fill(lay, parameters(lay, x[None], S[None])))
    _, K, _ = gradient(pairs(lay), imp, np.linalg.inv(imp.Sigma), S[None])
    H = expected_hessian(pairs(lay), K)[0]
    d = 1.0 / np.sqrt(np.diagonal(H))
    scaled = H * np.outer(d, d)
    if not np.isfinite(scaled).all() or np.linalg.eigvalsh(scaled)[0] < SINGULAR:
        return np.full_like(H, np.nan)
    return np.linalg.inv(scaled) * np.outer(d, d) * (2.0 / n)


def jacobian(function: Callable[[Array], Array], x: Array, which: Array | None = None) -> Array:
    """Return the exact derivatives of an analytic function by complex steps, all in one stack, shape (r, q).

    Reference: Squire & Trapp 1998, doi:10.1137/S003614459631241X. The function takes (B, q) and returns (B, r); ``which`` picks the
    parameters to differentiate by, where the function does not depend on the others.
    """
    steps = np.eye(x.size) if which is None else np.eye(x.size)[which]
    out: Array = function(x + 1j * STEP * steps).imag.T / STEP
    return out


def delta_se(J: Array, vcov: Array) -> Array:
    """Return delta-method standard errors sqrt(diag(J V J')), shape (r,); zero where nothing varies."""
    variance = ((J @ vcov) * J).sum(axis=1)
    return np.sqrt(np.where(variance >= 0, variance, np.nan))


def z_test(est: Array, se: Array) -> tuple[Array, Array]:
    """Return z and the two-sided p-value; NaN where there is no standard error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, est / se, np.nan)
    return z, 2.0 * ndtr(-np.abs(z))


def interval(est: Array, se: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return the normal confidence interval; NaN where there is no standard error."""
    half = ndtri(0.5 + level / 2) * se
    return est - half, est + half
