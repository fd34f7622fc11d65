"""Least-squares estimation of moment structures: F = (s - sigma)' W (s - sigma), s the lower triangle of the covariances."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from csimodels.blas import one_thread
from csimodels.errors import DataError
from csimodels.estimators.derivatives import curvature, pairs, sigma_jacobian
from csimodels.estimators.matrices import Layout, fill, implied, parameters
from csimodels.estimators.pool import pseudo_inverse

__all__ = ["Fitted", "Weight", "delta", "fourth_moments", "full_weight", "lower", "minimise_squares", "normal_weight", "vech"]

Array = NDArray[Any]
TOLERANCE, MOST, SHORTEST = 1e-20, 500, 1e-12
ROWS = 16_384
SINGULAR = 1e-10


class Weight(NamedTuple):
    """A weight matrix: dense (s, s), or only its diagonal (s,)."""

    full: Array | None
    diagonal: Array | None

    def __matmul__(self, other: Array) -> Array:
        """Return W times vectors (s,) or columns (s, k)."""
        if self.full is not None:
            return np.asarray(self.full @ other)
        assert self.diagonal is not None
        return np.asarray(self.diagonal.reshape(-1, *(1,) * (other.ndim - 1)) * other)


class Fitted(NamedTuple):
    """Where the search ended: x (q,), F, its decrement, whether it converged, evaluations."""

    x: Array
    F: float
    decrement: float
    converged: bool
    evaluations: int


@lru_cache(maxsize=64)
def lower(p: int) -> tuple[Array, Array]:
    """Return rows and columns of the lower triangle, column by column."""
    i, j = np.tril_indices(p)
    order = np.lexsort((i, j))
    return i[order], j[order]


def vech(M: Array) -> Array:
    """Return the lower triangle of matrices (..., p, p), column by column."""
    return np.asarray(M[..., *lower(M.shape[-1])])


def delta(lay: Layout, x: Array, S: Array) -> Array:
    """Return the derivatives of vech Sigma by the free parameters (p*, q)."""
    imp = implied(fill(lay, parameters(lay, x[None], S[None])))
    return vech(sigma_jacobian(pairs(lay), imp)[0]).T


def normal_weight(inverse: Array) -> Array:
    """Return D' (W x W) D / 2 (p*, p*), the normal-theory weight at an inverse covariance W (Browne 1974)."""
    i, j = lower(len(inverse))
    both = inverse[np.ix_(i, i)] * inverse[np.ix_(j, j)] + inverse[np.ix_(i, j)] * inverse[np.ix_(j, i)]
    double = np.where(i == j, 0.5, 1.0)
    return np.asarray(both * double[:, None] * double)


def fourth_moments(values: Array, mean: Array, S: Array, weights: Array | None = None) -> Array:
    """Return Gamma (p*, p*), the covariances of products of deviations (Browne 1984, doi:10.1111/j.2044-8317.1984.tb00789.x).

    Parameters
    ----------
    values : array (n, p)
        Complete rows.
    mean, S : arrays (p,), (p, p)
        Their moments, divisor n.
    weights : array (n,), optional
        Row weights.
    """
    i, j = lower(len(mean))
    s, total, size = vech(S), np.zeros((i.size, i.size)), 0.0
    for first in range(0, len(values), ROWS):
        part = slice(first, first + ROWS)
        z = values[part] - mean
        d = z[:, i] * z[:, j] - s
        w = np.ones(len(z)) if weights is None else weights[part]
        total += (d * w[:, None]).T @ d
        size += float(w.sum())
    return total / size


def full_weight(Gamma: Array, rows: float) -> Weight:
    """Return the inverse of asymptotic covariances (s, s) as a weight, or say why there is none.

    Parameters
    ----------
    Gamma : array (s, s)
        Asymptotic covariances of the statistics.
    rows : float
        Rows they were estimated from.

    Raises
    ------
    DataError
        ``data.too_few_rows_wls`` (no more rows than statistics), ``data.singular_wls`` (statistics that determine each other).
    """
    hint = 'Use estimator="mlr" or "dwls"; of ordered items "wlsmv".'
    if rows <= len(Gamma):
        text = f"Full weights of {len(Gamma)} statistics need more rows than these {rows:g}: their covariances cannot be inverted."
        raise DataError("data.too_few_rows_wls", text, variable="rows", value=float(rows), hint=hint)
    size = np.sqrt(np.diagonal(Gamma))
    lowest = float(np.linalg.eigvalsh(Gamma / np.outer(size, size))[0]) if (size > 0).all() else 0.0
    if lowest < SINGULAR:
        text = "Full weights do not exist: some means and covariances determine each other, as those of a yes/no item do."
        raise DataError("data.singular_wls", text, variable="estimator", value=lowest, hint=hint)
    return Weight(np.linalg.inv(Gamma), None)


def minimise_squares(lay: Layout, S: Array, W: Weight, start: Array) -> Fitted:
    """Minimise F from starting values (q,) by Newton's method, or Gauss and Newton's far from the minimum, with shortened steps."""
    with one_thread("scipy"), np.errstate(all="ignore"):
        x, s = start, vech(S)
        r = s - _sigma(lay, x, S)
        F, size = float(r @ (W @ r)), np.inf
        for k in range(MOST):
            step, size = _step(lay, x, S, W, r)
            if not np.isfinite(size) or size <= TOLERANCE:
                return Fitted(x, F, size, bool(np.isfinite(size)), k + 1)
            x, r, F, moved = _along(lay, x, r, F, step, S, s, W)
            if not moved:
                return Fitted(x, F, size, size <= np.sqrt(TOLERANCE), k + 1)
    return Fitted(x, F, size, False, MOST)


def _sigma(lay: Layout, x: Array, S: Array) -> Array:
    return vech(implied(fill(lay, parameters(lay, x[None], S[None]))).Sigma[0])


def _step(lay: Layout, x: Array, S: Array, W: Weight, r: Array) -> tuple[Array, float]:
    """Return the Newton step where the Hessian is positive definite, else that of Gauss and Newton, and its decrement g' H^-1 g."""
    imp = implied(fill(lay, parameters(lay, x[None], S[None])))
    info, t = pairs(lay), W @ r
    D = vech(sigma_jacobian(info, imp)[0]).T
    H, g = D.T @ (W @ D), D.T @ t
    Z = np.concatenate([np.eye(lay.p), imp.LA[0], imp.LPhi[0]], axis=1)
    bend = curvature(info, imp, (Z.T @ _symmetric(t, lay.p) @ Z)[None])[0]
    for matrix in (H - bend, H):
        try:
            step = cho_solve(cho_factor(matrix, lower=True), g)
            return step, float(step @ g)
        except np.linalg.LinAlgError:
            continue
    step = pseudo_inverse(H) @ g
    return step, float(step @ g)


def _symmetric(t: Array, p: int) -> Array:
    """Return the symmetric matrix G with tr(G M) = t' vech M."""
    i, j = lower(p)
    G = np.zeros((p, p))
    G[i, j] = np.where(i == j, t, t / 2)
    G[j, i] = G[i, j]
    return G


def _along(lay: Layout, x: Array, r: Array, F: float, step: Array, S: Array, s: Array, W: Weight) -> tuple[Array, Array, float, bool]:
    """Return the first point of a shrinking step that is not worse, with its residuals and F, and whether there was one."""
    length = 1.0
    while length > SHORTEST:
        there = x + length * step
        residual = s - _sigma(lay, there, S)
        value = float(residual @ (W @ residual))
        if value <= F * (1 + 1e-14):
            return there, residual, value, True
        length /= 2.0
    return x, r, F, False
