"""What each driver adds to the explained variance, over all subsets of drivers at once: Shapley values, relative weights, dominance."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Weights", "complete_dominance", "increments", "partialled", "shapley", "solvable", "subset_r2", "weights_of"]

Array = NDArray[Any]
# Numbers in a block: with its copies it stays below 200 MB at fifteen drivers.
BLOCK = 1_500_000
TIE, SINGULAR = 1e-12, 1e-10


class Weights(NamedTuple):
    """Of a stack of covariance matrices: shapley, johnson and beta (B, k), explained variance r2 (B,)."""

    shapley: Array
    johnson: Array
    beta: Array
    r2: Array


def solvable(cov: Array) -> NDArray[np.bool_]:
    """Return which covariances (B, p, p) of drivers, controls and, last, the outcome have a regression, shape (B,)."""
    variance = np.einsum("bii->bi", cov)
    sd = np.sqrt(np.where(variance > 0, variance, 1.0))
    R = cov / (sd[:, :, None] * sd[:, None, :])
    return np.asarray((variance > 0).all(axis=1) & (np.linalg.eigvalsh(R[:, :-1, :-1])[:, 0] > SINGULAR))


def partialled(cov: Array, k: int) -> Array:
    """Return covariances (B, k + 1, k + 1) of drivers and outcome given the controls, which stand between them in (B, k + c + 1, ...)."""
    own = [*range(k), cov.shape[-1] - 1]
    given = list(range(k, cov.shape[-1] - 1))
    inner = cov[:, own][:, :, own]
    if not given:
        return np.asarray(inner)
    cross = cov[:, given][:, :, own]
    return np.asarray(inner - cross.swapaxes(1, 2) @ np.linalg.solve(cov[:, given][:, :, given], cross))


def subset_r2(part: Array, total: Array) -> Array:
    """Return the explained share of the outcome's variance for every subset of drivers, shape (B, 2, ..., 2).

    Each driver in turn is left out or swept out of what remains, so that 2^k regressions cost little more than 2^k numbers.

    Parameters
    ----------
    part : array (B, k + 1, k + 1)
        Covariances of the drivers and, last, the outcome.
    total : array (B,)
        Variance of the outcome that shares refer to.
    """
    B, k = len(part), part.shape[1] - 1
    state = part[:, None]
    for _ in range(k):
        rest, first = state[..., 1:, 1:], state[..., 0, 1:]
        swept = rest - first[..., :, None] * first[..., None, :] / state[..., 0, 0][..., None, None]
        # a new axis for "left out, taken in", after those of the drivers before
        state = np.stack([rest, swept], axis=2).reshape(B, -1, *rest.shape[-2:])
    explained = (part[:, -1, -1][:, None] - state[..., 0, 0]) / total[:, None]
    return np.asarray(explained.reshape(B, *(2,) * k))


def increments(r2: Array) -> Array:
    """Return what each driver adds on average to subsets of each size, shape (B, k, k): conditional dominance (Azen & Budescu 2003)."""
    k = r2.ndim - 1
    size = np.indices((2,) * (k - 1)).sum(axis=0).ravel() if k > 1 else np.zeros(1, dtype=int)
    share = np.array([[(size == s) / comb(k - 1, s)] for s in range(k)], dtype=float)[:, 0]
    added = [np.take(r2, 1, axis=j + 1) - np.take(r2, 0, axis=j + 1) for j in range(k)]
    return np.stack([a.reshape(len(r2), -1) @ share.T for a in added], axis=1)


def shapley(r2: Array) -> Array:
    """Return the mean addition of each driver over all orders, (B, k).

    Lindeman, Merenda & Gold (1980); Shapley values of the explained variance (Groemping 2007, doi:10.1198/000313007X188252).
    """
    return np.asarray(increments(r2).mean(axis=2))


def _johnson(part: Array, total: Array) -> Array:
    """Return relative weights (B, k) (Johnson 2000, doi:10.1207/S15327906MBR3501_1).

    With R = V D V' and L = V D^1/2 V' the drivers are closest to orthogonal variables, on which the outcome has weights L^-1 r; those
    are handed back to the drivers by the squares of L.
    """
    k = part.shape[1] - 1
    sd = np.sqrt(np.einsum("bii->bi", part[:, :k, :k]))
    R = part[:, :k, :k] / (sd[:, :, None] * sd[:, None, :])
    r = part[:, :k, k] / (sd * np.sqrt(total)[:, None])
    values, V = np.linalg.eigh(R)
    root = np.sqrt(np.maximum(values, 0.0))
    L = (V * root[:, None, :]) @ V.swapaxes(1, 2)
    beta = np.linalg.solve(L, r[..., None])[..., 0]
    return np.asarray(((L**2) @ (beta**2)[..., None])[..., 0])


def weights_of(cov: Array, k: int) -> Weights:
    """Return the weights of k drivers, beyond the controls, from covariances of drivers, controls and outcome (B, ...), in blocks."""
    size = max(1, BLOCK // 2**k)
    parts = [_block(cov[b : b + size], k) for b in range(0, len(cov), size)]
    return Weights(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _block(cov: Array, k: int) -> Weights:
    part, total = partialled(cov, k), cov[:, -1, -1]
    r2 = subset_r2(part, total)
    slope = np.linalg.solve(part[:, :k, :k], part[:, :k, k:])[..., 0]
    sd = np.sqrt(np.einsum("bii->bi", cov[:, :k, :k]))
    return Weights(shapley(r2), _johnson(part, total), slope * sd / np.sqrt(total)[:, None], r2.reshape(len(r2), -1)[:, -1])


def complete_dominance(cov: Array, k: int) -> Array:
    """Return for every pair of drivers whether the first dominates completely (1), the second (-1) or neither (0), shape (B, pairs).

    One dominates another if it adds more to every subset of the rest (Azen & Budescu 2003, doi:10.1037/1082-989X.8.2.129).
    """
    size = max(1, BLOCK // 2**k)
    return np.concatenate([_dominance(cov[b : b + size], k) for b in range(0, len(cov), size)])


def _dominance(cov: Array, k: int) -> Array:
    r2 = subset_r2(partialled(cov, k), cov[:, -1, -1])
    out = []
    for a, b in combinations(range(k), 2):
        only_a = np.take(np.take(r2, 0, axis=b + 1), 1, axis=a + 1)
        only_b = np.take(np.take(r2, 1, axis=b + 1), 0, axis=a + 1)
        gain = (only_a - only_b).reshape(len(r2), -1)
        out.append(np.where((gain > TIE).all(axis=1), 1, np.where((gain < -TIE).all(axis=1), -1, 0)))
    return np.stack(out, axis=1)
