"""Gradient and Hessian of the ML discrepancy from rank-two derivatives of the implied covariance.

Every parameter k moves Sigma by c_k (u_k v_k' + v_k u_k') with u_k, v_k columns of Z = [I, Lambda A, Lambda Phi], so that all derivatives
are entries of K = Z' Sigma^-1 Z and K_G = Z' G Z with G = Sigma^-1 (Sigma - S) Sigma^-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.matrices import BETA, LAMBDA, PSI, Implied, Layout

__all__ = ["Pairs", "expected_hessian", "gradient", "observed_hessian", "pairs", "sigma_jacobian"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Indices of the rank-two derivatives.

    Attributes
    ----------
    u, v : arrays (k,)
        Columns of Z of each free position.
    c : array (k,)
        One half on a diagonal of Psi or Theta, else one.
    to : array (k, q)
        Sum over positions that share a free parameter, or None where each has its own.
    uu, vv, uv : arrays (k * k,)
        Flat positions of all pairs of columns in a product Z'WZ.
    second : tuple of arrays
        (row k, row l, coefficient, Z-column, Z-column, index into [A, Phi]) of each second-derivative term.
    """

    u: Array
    v: Array
    c: Array
    to: Array | None
    uu: Array
    vv: Array
    uv: Array
    second: tuple[Array, ...]


@lru_cache(maxsize=256)
def pairs(lay: Layout) -> Pairs:
    """Return the derivative indices of a layout."""
    k = np.flatnonzero(lay.free > 0)
    p, m = lay.p, lay.m
    matrix, row, col = lay.matrix[k], lay.row[k], lay.col[k]
    u = np.where((matrix == BETA) | (matrix == PSI), p + row, row)
    v = np.select([matrix <= BETA, matrix == PSI], [p + m + col, p + col], col)
    c = np.where((matrix >= PSI) & (row == col), 0.5, 1.0)
    number = lay.free[k] - 1
    shared = len(set(number.tolist())) < number.size
    gather = np.zeros((k.size, lay.q))
    gather[np.arange(k.size), number] = 1.0
    if not shared:
        order = np.argsort(number)
        matrix, row, col, u, v, c = matrix[order], row[order], col[order], u[order], v[order], c[order]
    wide = p + 2 * m
    uu, vv, uv = ((a[:, None] * wide + b).ravel() for a, b in ((u, u), (v, v), (u, v)))
    return Pairs(u, v, c, gather if shared else None, uu, vv, uv, _second_terms(p, m, matrix, row, col, u, v, c))


def _second_terms(p: int, m: int, matrix: Array, row: Array, col: Array, u: Array, v: Array, c: Array) -> tuple[Array, ...]:
    """List d(u_k)/dl' G v_k and u_k' G d(v_k)/dl for every pair of positions.

    d(Lambda A)_i: lambda_ab -> e_a A_bi, beta_ab -> (Lambda A)_a A_bi. d(Lambda Phi)_j: lambda_ab -> e_a Phi_bj,
    beta_ab -> (Lambda A)_a Phi_bj + (Lambda Phi)_b A_ja, psi_ab -> (Lambda A)_a A_jb + (Lambda A)_b A_ja (half on the diagonal).
    """
    terms: list[tuple[int, int, float, int, int, int]] = []

    def entry(which: int, i: int, j: int) -> int:
        return which * m * m + i * m + j

    def moved(z: int, kind: int, a: int, b: int) -> list[tuple[float, int, int]]:
        """Return (coefficient, Z-column, entry of [A, Phi]) of the derivative of Z-column z."""
        if z < p or kind > PSI:
            return []
        if z < p + m:
            i = z - p
            return [] if kind == PSI else [(1.0, a if kind == LAMBDA else p + a, entry(0, b, i))]
        j = z - p - m
        if kind == LAMBDA:
            return [(1.0, a, entry(1, b, j))]
        if kind == BETA:
            return [(1.0, p + a, entry(1, b, j)), (1.0, p + m + b, entry(0, j, a))]
        half = 0.5 if a == b else 1.0
        return [(half, p + a, entry(0, j, b)), (half, p + b, entry(0, j, a))]

    for k in range(len(u)):
        for other in range(len(u)):
            kind, a, b = int(matrix[other]), int(row[other]), int(col[other])
            for z, partner in ((int(u[k]), int(v[k])), (int(v[k]), int(u[k]))):
                terms += [(k, other, 2.0 * c[k] * w, column, partner, at) for w, column, at in moved(z, kind, a, b)]
    columns = list(zip(*terms, strict=True)) if terms else [(), (), (), (), (), ()]
    return tuple(np.array(col, dtype=float if n == 2 else int) for n, col in enumerate(columns))


def _columns(imp: Implied) -> Array:
    """Return Z = [I, Lambda A, Lambda Phi], shape (B, p, p + 2m)."""
    B, p, m = imp.LA.shape
    Z = np.zeros((B, p, p + 2 * m), dtype=imp.LA.dtype)
    Z[:, range(p), range(p)] = 1.0
    Z[:, :, p : p + m] = imp.LA
    Z[:, :, p + m :] = imp.LPhi
    return Z


def sigma_jacobian(info: Pairs, imp: Implied) -> Array:
    """Return dSigma / dx, shape (B, q, p, p)."""
    Z = _columns(imp)
    half = info.c[:, None, None] * np.einsum("bik,bjk->bkij", Z[..., info.u], Z[..., info.v])
    moved = half + half.swapaxes(-1, -2)
    out: Array = moved if info.to is None else np.einsum("kq,bkij->bqij", info.to, moved)
    return out


def gradient(info: Pairs, imp: Implied, inverse: Array, S: Array) -> tuple[Array, Array, Array]:
    """Return the gradient (B, q) and the products K and K_G (B, p + 2m, p + 2m)."""
    Z = _columns(imp)
    WZ = inverse @ Z
    K = Z.swapaxes(-1, -2) @ WZ
    K_G = WZ.swapaxes(-1, -2) @ (imp.Sigma - S) @ WZ
    g = 2.0 * info.c * K_G[:, info.u, info.v]
    return (g if info.to is None else g @ info.to), K, K_G


def expected_hessian(info: Pairs, K: Array) -> Array:
    """Return the expected Hessian of F, shape (B, q, q); the information is n/2 times it."""
    return _collect(info, _quartic(info, K, K))


def observed_hessian(info: Pairs, imp: Implied, K: Array, K_G: Array) -> Array:
    """Return the Hessian of F, shape (B, q, q)."""
    H = _quartic(info, K, K - 2.0 * K_G)
    k, other, weight, left, right, entry = info.second
    if k.size:
        B, n = H.shape[0], H.shape[1]
        both = np.concatenate([imp.A.reshape(B, -1), imp.Phi.reshape(B, -1)], axis=1)
        values = weight * K_G[:, left, right] * both[:, entry]
        slot = k * n + other
        for b in range(B):
            H[b] += np.bincount(slot, values[b], minlength=n * n).reshape(n, n)
    return _collect(info, H)


def _quartic(info: Pairs, K: Array, M: Array) -> Array:
    """Return tr(dSigma_k W dSigma_l M) for every pair of positions, from entries of K = Z'WZ and M = Z'MZ."""
    k = info.u.size
    Kuu, Kvv, Kuv = (K.reshape(len(K), -1)[:, at].reshape(len(K), k, k) for at in (info.uu, info.vv, info.uv))
    if M is K:
        H = Kuu * Kvv
        H += Kuv * Kuv.swapaxes(-1, -2)
        H *= 2.0
    else:
        Muu, Mvv, Muv = (M.reshape(len(M), -1)[:, at].reshape(len(K), k, k) for at in (info.uu, info.vv, info.uv))
        mixed = Kuv * Muv.swapaxes(-1, -2)
        H = Kuu * Mvv + Kvv * Muu + mixed + mixed.swapaxes(-1, -2)
    out: Array = H * (info.c[:, None] * info.c)
    return out


def _collect(info: Pairs, H: Array) -> Array:
    return H if info.to is None else info.to.T @ H @ info.to
