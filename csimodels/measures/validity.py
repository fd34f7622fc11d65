"""Reliability and discriminant validity of blocks, on a stack whose axis is the last one.

``blocks`` are slices of the indicators' axis, one a construct.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.pls import spd_inverse

__all__ = ["block_alpha", "block_ave", "block_rho_c", "htmt", "outer_vif"]

Array = NDArray[Any]


def block_alpha(S: Array, blocks: Sequence[slice], single: float) -> Array:
    """Return Cronbach's alpha of every block (m, B), raw of covariances, standardised of correlations; ``single`` for single indicators."""
    out = np.full((len(blocks), S.shape[-1]), single)
    for j, inside in enumerate(blocks):
        block = S[inside, inside]
        k = len(block)
        if k > 1:
            with np.errstate(all="ignore"):
                out[j] = k / (k - 1) * (1.0 - np.einsum("iib->b", block) / block.sum(axis=(0, 1)))
    return out


def block_rho_c(loadings: Array, blocks: Sequence[slice]) -> Array:
    """Return composite reliability (m, B) from standardised loadings (Fornell & Larcker 1981, doi:10.1177/002224378101800104)."""
    out = np.empty((len(blocks), loadings.shape[-1]))
    for j, inside in enumerate(blocks):
        common = loadings[inside].sum(axis=0) ** 2
        out[j] = common / (common + (1.0 - loadings[inside] ** 2).sum(axis=0))
    return out


def block_ave(loadings: Array, blocks: Sequence[slice]) -> Array:
    """Return the mean squared standardised loading of every block (m, B) (Fornell & Larcker 1981)."""
    out = np.empty((len(blocks), loadings.shape[-1]))
    for j, inside in enumerate(blocks):
        out[j] = (loadings[inside] ** 2).mean(axis=0)
    return out


def htmt(R: Array, blocks: Sequence[slice], pairs: Sequence[tuple[int, int]]) -> Array:
    """Return heterotrait-monotrait ratios (pairs, B) of absolute correlations; a single indicator's own mean is one.

    Henseler, Ringle & Sarstedt 2015, doi:10.1007/s11747-014-0403-8.
    """
    if not pairs:
        return np.empty((0, R.shape[-1]))
    size = np.abs(R)
    rows = np.stack([size[inside].sum(axis=0) for inside in blocks])
    own = np.empty((len(blocks), R.shape[-1]))
    for j, inside in enumerate(blocks):
        k = inside.stop - inside.start
        own[j] = (rows[j, inside].sum(axis=0) - k) / (k * (k - 1)) if k > 1 else 1.0
    out = np.empty((len(pairs), R.shape[-1]))
    for n, (a, b) in enumerate(pairs):
        with np.errstate(all="ignore"):
            out[n] = rows[a, blocks[b]].sum(axis=0) / (
                (blocks[a].stop - blocks[a].start) * (blocks[b].stop - blocks[b].start) * np.sqrt(own[a] * own[b])
            )
    return out


def outer_vif(R: Array, blocks: Sequence[slice]) -> Array:
    """Return the variance inflation 1 / (1 - R2) of every indicator within its block (pairs, B); infinite where a block is dependent."""
    out = np.ones((R.shape[0], R.shape[-1]))
    for inside in blocks:
        if inside.stop - inside.start > 1:
            with np.errstate(all="ignore"):
                inverse, lowest = spd_inverse(R[inside, inside])
            out[inside] = np.where(lowest > 1e-10, np.einsum("iib->ib", inverse), np.inf)
    return out
