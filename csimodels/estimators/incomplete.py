"""Inverses of the parts of a covariance matrix that patterns of missing answers see."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["padded_inverse"]

Array = NDArray[Any]
NEAR_SINGULAR = 1e-6


class _Group(NamedTuple):
    """Patterns with equally many missing answers: their numbers (b,), and what each misses (b, k)."""

    patterns: Array
    missing: Array


def padded_inverse(Sigma: Array, seen: Array) -> tuple[Array, Array]:
    """Return the inverse (B, p, p) of the part of Sigma (p, p) that each pattern (B, p) sees, zero elsewhere, and log-determinants (B,).

    With W = Sigma^-1, o what is seen and m what is missing, (Sigma_oo)^-1 = W_oo - W_om W_mm^-1 W_mo and log|Sigma_oo| = log|Sigma| +
    log|W_mm|: few answers are missing, so that one inverse serves all patterns. The log-determinant is infinite where the part is not
    positive definite.
    """
    try:
        root = np.linalg.cholesky(Sigma)
    except np.linalg.LinAlgError:
        return _one_by_one(Sigma, seen)
    own = np.diagonal(root) ** 2
    if not (own > NEAR_SINGULAR * np.diagonal(Sigma)).all():
        return _one_by_one(Sigma, seen)
    W, whole = np.linalg.inv(Sigma), float(np.log(own).sum())
    out, logdet = np.empty((len(seen), *Sigma.shape)), np.empty(len(seen))
    for at, missing in _groups(seen.shape, seen.tobytes()):
        if not missing.size:
            out[at], logdet[at] = W, whole
        elif 2 * missing.shape[1] > len(Sigma):
            out[at], logdet[at] = _one_by_one(Sigma, seen[at])
        else:
            rows = W[missing]
            block = np.take_along_axis(rows, missing[:, None, :].repeat(missing.shape[1], 1), 2)
            part = W - rows.swapaxes(1, 2) @ np.linalg.solve(block, rows)
            each = np.arange(len(at))[:, None]
            part[each, missing, :] = 0.0
            part[each, :, missing] = 0.0
            out[at], logdet[at] = part, whole + np.linalg.slogdet(block)[1]
    return out, logdet


@lru_cache(maxsize=32)
def _groups(shape: tuple[int, int], packed: bytes) -> tuple[_Group, ...]:
    """Return patterns (B, p), given as bytes, by how many answers they miss."""
    lost = ~np.frombuffer(packed, dtype=bool).reshape(shape)
    count = lost.sum(axis=1)
    sizes = [(int(k), np.flatnonzero(count == k)) for k in np.unique(count)]
    return tuple(_Group(at, np.nonzero(lost[at])[1].reshape(len(at), k)) for k, at in sizes)


def _one_by_one(Sigma: Array, seen: Array) -> tuple[Array, Array]:
    """Return the same by an inverse for each pattern."""
    both = seen[:, :, None] & seen[:, None, :]
    padded = np.where(both, Sigma, np.eye(len(Sigma)))
    try:
        root = np.linalg.cholesky(padded)
    except np.linalg.LinAlgError:
        return np.zeros_like(padded), np.full(len(seen), np.inf)
    logdet = 2.0 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    return np.where(both, np.linalg.inv(padded), 0.0), logdet
