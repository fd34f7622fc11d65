"""The Hessian of a covariance structure pooled over a stack, without a Hessian for every member."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.derivatives import Pairs, Workspace, quartic, square, stacked_last

__all__ = ["pooled_hessian"]

Array = NDArray[Any]
BLOCK = 50_000


def pooled_hessian(info: Pairs, K: Array, K_G: Array | None, share: Array) -> Array:
    """Return the part of the Hessian without second derivatives, pooled with shares (B,): expected, or observed with K_G.

    Parameters
    ----------
    info : Pairs
        Positions of the parameters.
    K, K_G : arrays (B, z, z)
        Z'WZ, and Z'GZ or None.
    share : array (B,)
        Shares of the members.
    """
    z, count = K.shape[-1], info.weight.size
    moments = z * (z + 1) // 2
    pooled = _by_product if 32 * count > moments**2 else _by_member
    H = pooled(info, K, share) if K_G is None else pooled(info, K - K_G, share) - pooled(info, K_G, share)
    out: Array = square(info, H[:, None] * info.weight, Workspace())[0].copy()
    return out


def _by_product(info: Pairs, M: Array, share: Array) -> Array:
    """Return pairs of positions (N,): all products of two elements of M at once, then those that are needed."""
    i, j, place = _triangle(M.shape[-1])
    flat = M[:, i, j]
    C = ((flat * share[:, None]).T @ flat).ravel()
    uu, vv, uv, vu = info.gather
    size = i.size
    return np.asarray(C[place[uu] * size + place[vv]] + C[place[uv] * size + place[vu]])


@lru_cache(maxsize=16)
def _triangle(z: int) -> tuple[Array, Array, Array]:
    """Return rows and columns of a lower triangle, and where each element of the whole matrix is in it (z * z,)."""
    i, j = np.tril_indices(z)
    place = np.zeros((z, z), dtype=int)
    place[i, j] = place[j, i] = np.arange(i.size)
    return i, j, place.ravel()


def _by_member(info: Pairs, M: Array, share: Array) -> Array:
    """Return pairs of positions (N,), members in blocks that bound the memory."""
    size = max(1, BLOCK // max(info.weight.size, 1))
    work, total = Workspace(), np.zeros(info.weight.size)
    for k in range(0, len(M), size):
        part = slice(k, k + size)
        total += quartic(info, stacked_last(M[part], "M", work), "H", work) @ share[part]
    return total
