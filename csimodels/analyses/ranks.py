"""How sure ranks are: critical values of many comparisons at once, and the ranks that they leave open."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

__all__ = [
    "METHODS",
    "Comparison",
    "adjusted",
    "comparison",
    "largest_differences",
    "order_statistic",
    "pairwise_z",
    "rank_intervals",
    "sidak_critical",
]

Array = NDArray[Any]
METHODS = ("holm", "tukey", "bonferroni")
# Numbers held at once: 1.6 MB, which stays in the cache of a processor.
BLOCK = 200_000


class Comparison(NamedTuple):
    """What differences of K scores are held against: for all pairs, for those of each label (K,), and the simulated maxima."""

    pairs: float
    labels: Array
    maxima: Array


def sidak_critical(count: int, level: float) -> float:
    """Return c with (2 Phi(c) - 1)^count = level, so that ``count`` independent intervals all cover.

    Sidak 1967, doi:10.1080/01621459.1967.10482935.
    """
    return float(norm.ppf((1 + level ** (1 / count)) / 2))


def pairwise_z(score: Array, se: Array) -> Array:
    """Return (score_j - score_k) / sqrt(se_j^2 + se_k^2) of independent scores (..., K) as an array (..., K, K)."""
    out: Array = (score[..., :, None] - score[..., None, :]) / np.sqrt(se[:, None] ** 2 + se[None, :] ** 2)
    return out


def largest_differences(se: Array, n_sim: int, seed: int) -> Array:
    """Simulate max over k of |z_jk| for every label j where no label differs from another.

    The maximum over j is the studentised range for unequal errors (Tukey 1953; Kramer 1956, doi:10.2307/3001469, approximates it).

    Parameters
    ----------
    se : array (K,)
        Standard errors.
    n_sim, seed : int
        Draws, and the seed of their random numbers.

    Returns
    -------
    array (n_sim, K)
    """
    rng, count = np.random.default_rng(seed), len(se)
    out, step = np.empty((n_sim, count)), max(1, BLOCK // count**2)
    scale = 1 / np.hypot(se[:, None], se[None, :])
    for start in range(0, n_sim, step):
        errors = se * rng.standard_normal((min(step, n_sim - start), count))
        z = errors[:, :, None] - errors[:, None, :]
        z *= scale
        out[start : start + step] = np.abs(z, out=z).max(axis=-1)
    return out


def order_statistic(draws: int, level: float) -> int:
    """Return k such that draws exceed their k-th smallest with p = (1 + exceeding) / (draws + 1) of at most 1 - level."""
    return math.ceil(level * (draws + 1) - 1e-9)


def comparison(se: Array, level: float, n_sim: int, seed: int) -> Comparison:
    """Return the critical values of all differences of K scores; exact where there is one difference only."""
    if len(se) < 3:
        exact = float(norm.ppf(0.5 + level / 2))
        return Comparison(exact, np.full(len(se), exact), np.empty(0))
    each = largest_differences(se, n_sim, seed)
    k = order_statistic(n_sim, level) - 1
    maxima = np.sort(each.max(axis=1))
    return Comparison(float(maxima[k]), np.partition(each, k, axis=0)[k], maxima)


def rank_intervals(z: Array, critical: Array | float) -> tuple[Array, Array]:
    """Return the lowest and the highest rank that each label may have.

    The rank is one more than the number of labels with a higher score; the interval runs from one more than the number of labels that are
    significantly better to K less the number that are significantly worse (Mogstad, Romano, Shaikh & Wilhelm 2024,
    doi:10.1093/restud/rdad006, single step).

    Parameters
    ----------
    z : array (..., K, K)
        z_jk above zero where j is better than k.
    critical : float, or array (K,)
        Critical value of all comparisons, or of those of each label.

    Returns
    -------
    arrays (..., K)
    """
    c = np.broadcast_to(critical, z.shape[-1:])[:, None]
    return 1 + (z < -c).sum(axis=-1), z.shape[-1] - (z > c).sum(axis=-1)


def adjusted(z: Array, pvalue: Array, maxima: Array, method: str) -> Array:
    """Return the p-values of all pairs (m,) adjusted for there being many; "tukey" counts the simulated maxima that reach |z|."""
    if len(pvalue) < 2:
        return pvalue.copy()
    if method == "tukey":
        reached = len(maxima) - np.searchsorted(maxima, np.abs(z), side="left")
        out: Array = (1 + reached) / (1 + len(maxima))
        return out
    return np.asarray(multipletests(pvalue, method=method)[1])
