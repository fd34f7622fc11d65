"""The 0-100 index: a scoring rule on theoretical scales, with its error and the effects between indices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["IndexWeights", "index_scores", "index_se", "index_units", "normalised", "rows_scores"]

Array = NDArray[Any]


class IndexWeights(NamedTuple):
    """Weights on raw answers.

    u (m, p), zero outside each construct's block; lo and hi (p,), the theoretical scales; names of the constructs; numbers of their
    items.
    """

    u: Array
    lo: Array
    hi: Array
    constructs: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]


def normalised(w: IndexWeights) -> Array:
    """Return coefficients a (m, p) of the raw answers such that the index is a (x - lo), i.e. 100 u / sum u (hi - lo)."""
    out: Array = 100.0 * w.u / (w.u @ (w.hi - w.lo))[:, None]
    return out


def index_scores(w: IndexWeights, mean: Array) -> Array:
    """Return 100 sum u (mean - lo) / sum u (hi - lo) by construct (Fornell et al. 1996, doi:10.1177/002224299606000403)."""
    out: Array = normalised(w) @ (mean - w.lo)
    return out


def index_se(w: IndexWeights, mean_vcov: Array) -> Array:
    """Return the standard error of each index with its weights taken as fixed, from the covariance matrix of the means (p, p)."""
    a = normalised(w)
    out: Array = np.sqrt(np.einsum("mp,pr,mr->m", a, mean_vcov, a))
    return out


def rows_scores(w: IndexWeights, values: Array) -> Array:
    """Return every respondent's indices, shape (n, m)."""
    return (values - w.lo) @ normalised(w).T


def index_units(w: IndexWeights, loadings: Array) -> Array:
    """Return the index points c_j = 100 sum u lambda / sum u (hi - lo) that a unit of latent j is worth; loadings (p, m)."""
    out: Array = np.einsum("mp,pm->m", normalised(w), loadings)
    return out
