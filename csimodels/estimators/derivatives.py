"""Gradient and Hessian of the ML discrepancy from rank-two derivatives of the implied covariance.

Every parameter k moves Sigma by c_k (u_k v_k' + v_k u_k') with u_k, v_k columns of Z = [I, Lambda A, Lambda Phi], so that all derivatives
are entries of K = Z' Sigma^-1 Z and K_G = Z' G Z with G = Sigma^-1 (Sigma - S) Sigma^-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.matrices import BETA, LAMBDA, PSI, THETA, Implied, Layout

__all__ = [
    "Pairs",
    "Workspace",
    "curvature",
    "expected_hessian",
    "gradient",
    "hessian",
    "observed_hessian",
    "pairs",
    "quartic",
    "sigma_jacobian",
    "square",
    "stacked_last",
]

Array = NDArray[Any]


class Workspace:
    """Arrays that are used again: fresh ones of some size cost more than the arithmetic done on them."""

    def __init__(self) -> None:
        self._flat: dict[str, Array] = {}

    def __call__(self, name: str, *shape: int) -> Array:
        """Return an array of a shape, uninitialised, that shares its memory with earlier ones of the same name."""
        size = prod(shape)
        flat = self._flat.get(name)
        if flat is None or flat.size < size:
            flat = self._flat[name] = np.empty(size)
        return flat[:size].reshape(shape)


class Second(NamedTuple):
    """Second-derivative terms of the pairs of positions: the first term of each pair that has one, then the second terms, and so on.

    weight (t, 1) coefficients; z (t,) flat positions in Z'GZ; entry (t,) positions in [A, Phi]; counts: how many pairs have a first term,
    a second one, and so on.
    """

    weight: Array
    z: Array
    entry: Array
    counts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Indices of the rank-two derivatives of Sigma, which intercepts do not move.

    Pairs of positions are in an order of their own: the more second-derivative terms, the earlier.

    Attributes
    ----------
    u, v : arrays (k,)
        Columns of Z of each free position.
    c : array (k,)
        One half on a diagonal of Psi or Theta, else one.
    to : array (k, q)
        Sum over positions that share a free parameter, or None where each has its own and there are no intercepts.
    gather : tuple of arrays (N,)
        Flat positions in a product Z'WZ of (u, u), (v, v), (u, v) and (v, u), each for all N = k (k + 1) / 2 pairs of positions.
    weight : array (N, 1)
        Twice c_k c_l of each pair.
    square : array (k * k,)
        Pair of each entry of a symmetric matrix.
    second : Second
        Second-derivative terms.
    """

    u: Array
    v: Array
    c: Array
    to: Array | None
    gather: tuple[Array, ...]
    weight: Array
    square: Array
    second: Second


@lru_cache(maxsize=256)
def pairs(lay: Layout) -> Pairs:
    """Return the derivative indices of a layout."""
    k = np.flatnonzero((lay.free > 0) & (lay.matrix <= THETA))
    p, m = lay.p, lay.m
    matrix, row, col = lay.matrix[k], lay.row[k], lay.col[k]
    u = np.where((matrix == BETA) | (matrix == PSI), p + row, row)
    v = np.select([matrix <= BETA, matrix == PSI], [p + m + col, p + col], col)
    c = np.where((matrix >= PSI) & (row == col), 0.5, 1.0)
    number = lay.free[k] - 1
    shared = len(set(number.tolist())) < number.size or number.size < lay.q
    gather = np.zeros((k.size, lay.q))
    gather[np.arange(k.size), number] = 1.0
    if not shared:
        order = np.argsort(number)
        matrix, row, col, u, v, c = matrix[order], row[order], col[order], u[order], v[order], c[order]
    terms = _second_terms(p, m, matrix, row, col, u, v, c)
    i, j, second = _ordered(k.size, terms, p + 2 * m)
    square = np.empty((k.size, k.size), dtype=int)
    square[i, j] = square[j, i] = np.arange(i.size)
    flat = tuple(a[i] * (p + 2 * m) + b[j] for a, b in ((u, u), (v, v), (u, v), (v, u)))
    return Pairs(u, v, c, gather if shared else None, flat, (2.0 * c[i] * c[j])[:, None], square.ravel(), second)


def _ordered(n: int, terms: tuple[Array, ...], wide: int) -> tuple[Array, Array, Second]:
    """Return both positions of each pair (N,), the pairs with most terms first, and the terms of k >= l in that order."""
    once = terms[0] >= terms[1]
    k, other, weight, left, right, entry = (part[once] for part in terms)
    at = k * n + other
    count = np.bincount(at, minlength=n * n)
    i, j = np.tril_indices(n)
    by_count = np.argsort(-count[i * n + j], kind="stable")
    # the terms come sorted by pair, so that a term's number within its pair is its distance from the first one
    nth = np.arange(at.size) - np.searchsorted(at, at)
    order = np.lexsort((at, -count[at], nth))
    second = Second(weight[order, None], (left * wide + right)[order], entry[order], tuple(np.bincount(nth).tolist()))
    return i[by_count], j[by_count], second


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
    g = 2.0 * info.c * K_G.reshape(len(K_G), -1).take(info.u * K.shape[-1] + info.v, axis=1)
    return (g if info.to is None else (g[:, None] @ info.to)[:, 0]), K, K_G


def expected_hessian(info: Pairs, K: Array, work: Workspace | None = None) -> Array:
    """Return the expected Hessian of F, shape (B, q, q); the information is n/2 times it."""
    work = work or Workspace()
    H = quartic(info, stacked_last(K, "M", work), "H", work)
    H *= info.weight
    return square(info, H, work)


def observed_hessian(info: Pairs, imp: Implied, K: Array, K_G: Array) -> Array:
    """Return the Hessian of F, shape (B, q, q)."""
    return hessian(info, imp.A, imp.Phi, K, K_G, np.ones(len(K), dtype=bool), Workspace())


def hessian(info: Pairs, A: Array, Phi: Array, K: Array, K_G: Array, observed: Array, work: Workspace) -> Array:
    """Return the Hessian of F (B, q, q) of the observed members, the expected one of the others."""
    if not observed.any():
        return expected_hessian(info, K, work)
    M, M_G = stacked_last(K, "M", work), stacked_last(K_G, "M_G", work)
    if not observed.all():
        M_G *= observed
    M -= M_G
    H = quartic(info, M, "H", work)
    H -= quartic(info, M_G, "H_G", work)
    H *= info.weight
    _add_second(info.second, H, M_G, np.concatenate([stacked_last(A, "A", work), stacked_last(Phi, "Phi", work)]), work)
    return square(info, H, work)


def curvature(info: Pairs, imp: Implied, K_G: Array) -> Array:
    """Return tr(G d2Sigma / dx dx'), shape (B, q, q), from Z'GZ of symmetric matrices G."""
    work = Workspace()
    H = np.zeros((info.weight.size, len(K_G)))
    _add_second(
        info.second,
        H,
        stacked_last(K_G, "M_G", work),
        np.concatenate([stacked_last(imp.A, "A", work), stacked_last(imp.Phi, "Phi", work)]),
        work,
    )
    return square(info, H, work).copy()


def _add_second(second: Second, H: Array, M_G: Array, AP: Array, work: Workspace) -> None:
    """Add the second-derivative terms to pairs (N, B); AP (2 m^2, B) holds A and Phi."""
    B = H.shape[1]
    terms = M_G.take(second.z, axis=0, out=work("terms", second.z.size, B), mode="clip")
    terms *= second.weight
    terms *= AP.take(second.entry, axis=0, out=work("factors", second.z.size, B), mode="clip")
    done = 0
    for count in second.counts:
        H[:count] += terms[done : done + count]
        done += count


def stacked_last(M: Array, name: str, work: Workspace) -> Array:
    """Return matrices (B, i, j) as a copy (i * j, B): gathering is several times faster along a stack."""
    flat = M.reshape(len(M), -1)
    out = work(name, *flat.T.shape)
    np.copyto(out, flat.T)
    return out


def quartic(info: Pairs, M: Array, name: str, work: Workspace) -> Array:
    """Return half of tr(dSigma_k W dSigma_l W) but for c_k c_l, of every pair of positions (N, B), from M = Z'WZ."""
    size = info.weight.size, M.shape[1]
    out, other, third = (work(part, *size) for part in (name, "first", "second"))
    uu, vv, uv, vu = info.gather
    M.take(uu, axis=0, out=out, mode="clip")
    out *= M.take(vv, axis=0, out=other, mode="clip")
    M.take(uv, axis=0, out=other, mode="clip")
    other *= M.take(vu, axis=0, out=third, mode="clip")
    out += other
    return out


def square(info: Pairs, packed: Array, work: Workspace) -> Array:
    """Return symmetric matrices of free parameters (B, q, q) from pairs of positions (N, B)."""
    k, B = info.u.size, packed.shape[1]
    wide = packed.take(info.square, axis=0, out=work("wide", k * k, B), mode="clip")
    H = work("square", B, k, k)
    np.copyto(H.reshape(B, -1), wide.T)
    return H if info.to is None else info.to.T @ H @ info.to
