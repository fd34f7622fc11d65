"""Floors: the bare linear algebra that no implementation of a bootstrap or of many groups can do without."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv, dpotrf, dpotri

Array = NDArray[Any]
BLOCK = 500
IN_CACHE = 48


def resampled_moments(values: Array, members: int) -> None:
    """Draw how often each row is in each resample, and multiply that with the rows' products, in single precision."""
    rng, n = np.random.default_rng(1), len(values)
    centred = np.round(values - values.mean(axis=0)).T.astype(np.float32)
    i, j = np.triu_indices(len(centred))
    products = np.concatenate([centred, centred[i] * centred[j]])
    for start in range(0, members, BLOCK):
        size = min(BLOCK, members - start)
        drawn = rng.integers(0, n, (size, n)) + np.arange(size)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        _ = products @ counts.T.astype(np.float32)


def group_moments(values: Array, groups: int) -> None:
    """Multiply the rows of equally large groups with themselves."""
    own = values.reshape(groups, -1, values.shape[1])
    _ = own.transpose(0, 2, 1) @ own


def evaluation(S: Array, H: Array) -> None:
    """Invert p x p matrices (B, p, p) by Cholesky and solve q x q systems (B, q, q), a few members in cache at a time."""
    g = np.ones(H.shape[1])
    for start in range(0, len(S), IN_CACHE):
        for M in S[start : start + IN_CACHE].copy():
            dpotrf(M.T, lower=0, clean=0, overwrite_a=1)
            dpotri(M.T, lower=0, overwrite_c=1)
        for M in H[start : start + IN_CACHE].copy():
            dposv(M.T, g, overwrite_a=1)


def definite(members: int, size: int) -> Array:
    """Return positive definite matrices (members, size, size)."""
    A = np.random.default_rng(1).standard_normal((members, size, 2 * size))
    return A @ A.transpose(0, 2, 1) / (2 * size)
