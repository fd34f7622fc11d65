"""The implied mean vector and its derivatives, on a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.matrices import ALPHA, BETA, LAMBDA, NU, Implied, Layout, fill, implied, parameters

__all__ = ["has_means", "implied_mean", "intercepts", "mean_curvature", "mean_jacobian"]

Array = NDArray[Any]
STEP = 1e-20


def has_means(lay: Layout) -> bool:
    """Return whether a model has a mean structure."""
    return bool(lay.at[NU].size + lay.at[ALPHA].size)


def intercepts(lay: Layout, full: Array) -> tuple[Array, Array]:
    """Return nu (B, p) and alpha (B, m) from parameters (B, K)."""
    nu, alpha = np.zeros((len(full), lay.p), dtype=full.dtype), np.zeros((len(full), lay.m), dtype=full.dtype)
    nu[:, lay.row[lay.at[NU]]] = full[:, lay.at[NU]]
    alpha[:, lay.row[lay.at[ALPHA]]] = full[:, lay.at[ALPHA]]
    return nu, alpha


def implied_mean(lay: Layout, full: Array, imp: Implied) -> Array:
    """Return mu = nu + Lambda A alpha (B, p) (Bollen 1989, doi:10.1002/9781118619179)."""
    nu, alpha = intercepts(lay, full)
    return np.asarray(nu + (imp.LA @ alpha[..., None])[..., 0])


def mean_jacobian(lay: Layout, full: Array, imp: Implied) -> Array:
    """Return dmu / dx, shape (B, p, q).

    nu_i moves mu by e_i, alpha_j by Lambda A e_j, lambda_ij by e_i (A alpha)_j, beta_ij by Lambda A e_i (A alpha)_j.
    """
    _, alpha = intercepts(lay, full)
    level = (imp.A @ alpha[..., None])[..., 0]
    out = np.zeros((len(full), lay.p, lay.q), dtype=full.dtype)
    for k in lay.estimated:
        kind, i, j, to = lay.matrix[k], lay.row[k], lay.col[k], lay.free[k] - 1
        if kind == NU:
            out[:, i, to] += 1.0
        elif kind == ALPHA:
            out[:, :, to] += imp.LA[:, :, i]
        elif kind == LAMBDA:
            out[:, i, to] += level[:, j]
        elif kind == BETA:
            out[:, :, to] += imp.LA[:, :, i] * level[:, j, None]
    return out


def mean_curvature(lay: Layout, x: Array, S: Array, mean: Array, r: Array) -> Array:
    """Return the second derivatives of mu' r (q, q) at x (q,), by complex steps; zero where no construct has a mean."""
    full = parameters(lay, x[None], S[None], mean[None])
    if not np.any(full[:, lay.at[ALPHA]]) and not np.any(lay.free[lay.at[ALPHA]]):
        return np.zeros((lay.q, lay.q))
    moved = x + 1j * STEP * np.eye(lay.q)
    many = parameters(lay, moved, np.broadcast_to(S, (lay.q, *S.shape)), np.broadcast_to(mean, (lay.q, lay.p)))
    J = mean_jacobian(lay, many, implied(fill(lay, many)))
    return np.asarray(np.einsum("bpq,p->bq", J, r).imag / STEP)
