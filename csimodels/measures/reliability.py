"""Reliability and validity of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["alpha", "alpha_raw", "average_variance_extracted", "composite_reliability", "fornell_larcker"]

Array = NDArray[Any]


def alpha_raw(S: Array) -> float:
    """Return Cronbach's alpha of a block's covariances (Cronbach 1951, doi:10.1007/BF02310555); NaN for a single item."""
    k = len(S)
    return np.nan if k < 2 else float(k / (k - 1) * (1 - np.trace(S) / S.sum()))


def alpha(S: Array) -> float:
    """Return standardised alpha, of a block's correlations; NaN for a single item."""
    sd = np.sqrt(np.diagonal(S))
    return alpha_raw(S / np.outer(sd, sd))


def composite_reliability(std_loadings: Array) -> float:
    """Return rho_c from standardised loadings (Fornell & Larcker 1981, doi:10.1177/002224378101800104)."""
    common, error = std_loadings.sum() ** 2, (1 - std_loadings**2).sum()
    return float(common / (common + error))


def average_variance_extracted(std_loadings: Array) -> float:
    """Return the mean squared standardised loading (Fornell & Larcker 1981)."""
    return float(np.mean(std_loadings**2))


def fornell_larcker(correlations: Array, ave: Array) -> Array:
    """Return correlations below and the roots of AVE on the diagonal; NaN above."""
    out = np.where(np.tri(len(ave), k=-1, dtype=bool), correlations, np.nan)
    out[np.diag_indices(len(ave))] = np.sqrt(ave)
    return out
