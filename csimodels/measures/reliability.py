"""Reliability and validity of blocks, all blocks at once: M (c, p) says which items belong to which block."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["alpha", "alpha_raw", "average_variance_extracted", "composite_reliability", "fornell_larcker"]

Array = NDArray[Any]


def alpha_raw(S: Array, M: Array) -> Array:
    """Return Cronbach's alpha k/(k-1) (1 - tr S / 1'S1) of each block (Cronbach 1951, doi:10.1007/BF02310555); NaN for single items."""
    k = M.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = k / (k - 1) * (1 - M @ np.diagonal(S) / ((M @ S) * M).sum(axis=1))
    return np.where(k > 1, values, np.nan)


def alpha(S: Array, M: Array) -> Array:
    """Return standardised alpha, of each block's correlations; NaN for single items."""
    sd = np.sqrt(np.diagonal(S))
    return alpha_raw(S / np.outer(sd, sd), M)


def composite_reliability(std_loadings: Array, M: Array) -> Array:
    """Return rho_c from standardised loadings (p,) (Fornell & Larcker 1981, doi:10.1177/002224378101800104)."""
    common, error = (M @ std_loadings) ** 2, M @ (1 - std_loadings**2)
    out: Array = common / np.where(M.any(axis=1), common + error, np.nan)
    return out


def average_variance_extracted(std_loadings: Array, M: Array) -> Array:
    """Return the mean squared standardised loading of each block (Fornell & Larcker 1981)."""
    out: Array = M @ std_loadings**2 / np.where(M.any(axis=1), M.sum(axis=1), np.nan)
    return out


def fornell_larcker(correlations: Array, ave: Array) -> Array:
    """Return correlations below and the roots of AVE on the diagonal; NaN above."""
    out = np.where(np.tri(len(ave), k=-1, dtype=bool), correlations, np.nan)
    out[np.diag_indices(len(ave))] = np.sqrt(ave)
    return out
