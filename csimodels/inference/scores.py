"""Casewise scores of the normal likelihood, and what sums of their products are needed for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.derivatives import pairs
from csimodels.estimators.fiml import columns
from csimodels.estimators.incomplete import padded_inverse
from csimodels.estimators.matrices import Layout, fill, implied, parameters
from csimodels.estimators.means import has_means, implied_mean, mean_jacobian
from csimodels.estimators.patterns import Sample

__all__ = ["casewise_scores", "meat", "quadratic_trace", "sampled_products"]

Array = NDArray[Any]
ROWS = 4_096


def casewise_scores(lay: Layout, x: Array, sample: Sample, S: Array, mean: Array) -> Iterator[tuple[Array, Array]]:
    """Yield blocks of row numbers and of derivatives (rows, q) of their log-likelihoods by the free parameters.

    With z the row less its implied mean and W the inverse covariance of what it answered, the score of a parameter of Sigma is
    c [(u' W z)(v' W z) - u' W v], and an intercept adds Dmu' W z (White 1982, doi:10.2307/1912526).

    Parameters
    ----------
    lay : Layout
        Positions of the parameters; without intercepts z is the row less the sample mean.
    x : array (q,)
        Free parameters.
    sample : Sample
        Patterns and rows.
    S, mean : arrays (p, p), (p,)
        Moments of the sample.
    """
    full = parameters(lay, x[None], S[None], mean[None])
    imp = implied(fill(lay, full))
    info, Z = pairs(lay), columns(imp)
    W, _ = padded_inverse(imp.Sigma[0], sample.patterns.seen)
    mu = implied_mean(lay, full, imp)[0] if has_means(lay) else mean
    J = mean_jacobian(lay, full, imp)[0] if has_means(lay) else None
    for rows, k in _blocks(sample.code, len(sample.patterns.n)):
        seen = sample.patterns.seen[k]
        z = np.where(seen, sample.values[rows] - mu, 0.0) @ W[k]
        a = z @ Z
        K = Z.T @ W[k] @ Z
        s = info.c * (a[:, info.u] * a[:, info.v] - K[info.u, info.v])
        s = s if info.to is None else s @ info.to
        yield rows, s if J is None else s + z @ J


def _blocks(code: Array, patterns: int) -> Iterator[tuple[Array, int]]:
    """Yield row numbers of one pattern at a time, in blocks that bound the memory."""
    order = np.argsort(code, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=patterns))])
    for k in range(patterns):
        for first in range(ends[k], ends[k + 1], ROWS):
            yield order[first : min(first + ROWS, ends[k + 1])], k


def meat(lay: Layout, x: Array, sample: Sample, S: Array, mean: Array) -> Array:
    """Return the mean product of scores (q, q): the first-order information of one row.

    Weights multiply scores, so that they count squared. Scores of a cluster are added up before, and products of G clusters multiplied by
    G / (G - 1); within strata sums are taken about their stratum's mean (Skinner 1989; Muthen & Satorra 1995, doi:10.2307/271070).
    """
    sampled = sample.clusters is not None or sample.strata is not None
    total, kept = np.zeros((lay.q, lay.q)), np.zeros((len(sample.values), lay.q)) if sampled else None
    for rows, s in casewise_scores(lay, x, sample, S, mean):
        own = s if sample.weights is None else s * sample.weights[rows, None]
        if kept is None:
            total += own.T @ own
        else:
            kept[rows] = own
    if kept is not None:
        total = sampled_products(kept, sample.clusters, sample.strata)
    return np.asarray(total / sample.patterns.rows)


def sampled_products(scores: Array, clusters: Array | None, strata: Array | None) -> Array:
    """Return the sum of products (q, q) of scores (n, q) that were sampled in clusters, or within strata.

    Sums of G clusters are multiplied by G / (G - 1), within each stratum about its mean; without either, rows are their own clusters.
    """
    n = len(scores)
    code = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1].ravel()
    sums = np.zeros((int(code.max()) + 1, scores.shape[1]))
    np.add.at(sums, code, scores)
    if strata is None:
        return np.asarray(sums.T @ sums * (len(sums) / (len(sums) - 1)))
    stratum = np.zeros(len(sums), dtype=int)
    stratum[code] = np.unique(strata, return_inverse=True)[1].ravel()
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for h in range(int(stratum.max()) + 1):
        own = sums[stratum == h]
        around = own - own.mean(axis=0)
        total += around.T @ around * (len(own) / max(len(own) - 1, 1))
    return total


def quadratic_trace(W: Array, S: Array, sample: Sample) -> float:
    """Return tr(V Gamma) of complete rows, V the normal-theory weight at W = Sigma^-1 and Gamma the rows' fourth moments.

    The mean over rows of tr((W (z z' - S))^2) / 2 = ((z' W z)^2 - 2 z' W S W z + tr(W S W S)) / 2: no matrix of moments of moments.
    """
    WSW, total, mean = W @ S @ W, 0.0, sample.patterns.mean[0]
    for first in range(0, len(sample.values), ROWS):
        part = slice(first, first + ROWS)
        z = sample.values[part] - mean
        q = ((z @ W) * z).sum(axis=1)
        value = q**2 - 2.0 * ((z @ WSW) * z).sum(axis=1)
        total += float(value.sum() if sample.weights is None else sample.weights[part] @ value)
    return (total / sample.patterns.rows + float(np.einsum("ij,ji->", WSW, S))) / 2.0
