"""Quantities that every estimator reports, on a stack of moments: what bootstraps, jackknifes and groups share.

Arrays are (rows of a table, B): the stack is the last axis. Keys are ``section.column``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.measures.outline import Outline
from csimodels.measures.structural import Structural
from csimodels.measures.validity import block_alpha, block_ave, block_rho_c, htmt

__all__ = ["IndexBlock", "Metric", "index_quantities", "validity_quantities"]

Array = NDArray[Any]


class Metric(NamedTuple):
    """Means and standard deviations of the items (p, B), and their theoretical scales (p,).

    With rows (B,) and covariances (p, p, B) of divisor n there are standard errors of the indices too.
    """

    mean: Array
    sd: Array
    lo: Array
    hi: Array
    rows: Array | None = None
    cov: Array | None = None


class IndexBlock(NamedTuple):
    """Items of one index: their numbers (k,), weights u of raw answers (k, B), and standardised loadings (k, B)."""

    items: Array
    u: Array
    loadings: Array


def validity_quantities(outline: Outline, indicators: Array, loadings: Array, inner: Structural, single_alpha: float) -> dict[str, Array]:
    """Return f2, HTMT, alpha, rho_c and AVE from correlations of indicators, standardised loadings and the regressions among constructs."""
    plan = outline.plan
    blocks = plan.slices[: plan.latent]
    return {
        "f2.f2": inner.f2,
        "htmt.htmt": htmt(indicators, plan.slices, outline.rivals),
        "reliability.alpha": block_alpha(indicators, blocks, single_alpha),
        "reliability.rho_c": block_rho_c(loadings, blocks),
        "reliability.ave": block_ave(loadings, blocks),
    }


def index_quantities(outline: Outline, blocks: Sequence[IndexBlock], metric: Metric, total: Array) -> dict[str, Array]:
    """Return indices, weights and performances of their items, and impacts per point; ``total`` (m, m, B) are total effects.

    index = 100 sum u (mean - lo) / sum u (hi - lo); a unit of construct j is worth c_j = 100 sum u sd loading / sum u (hi - lo) points
    (Fornell et al. 1996, doi:10.1177/002224299606000403).
    """
    scores, units, shares, parts, reached = [], {}, [], [], []
    for j, (at, u, loadings) in zip(outline.indexed, blocks, strict=True):
        with np.errstate(all="ignore"):
            width = (u * (metric.hi - metric.lo)[at, None]).sum(axis=0)
            scores.append(100.0 * (u * (metric.mean[at] - metric.lo[at, None])).sum(axis=0) / width)
            units[j] = 100.0 * (u * metric.sd[at] * loadings).sum(axis=0) / width
            shares.append(u / u.sum(axis=0))
            parts.append(u * (metric.hi - metric.lo)[at, None] / width)
        reached.append(100.0 * (metric.mean[at] - metric.lo[at, None]) / (metric.hi - metric.lo)[at, None])
    with np.errstate(all="ignore"):
        impacts = [total[t, s] * units[t] / units[s] for s, t in outline.impacts]
    B = metric.mean.shape[-1]
    return _index_errors(blocks, metric) | {
        "index.score": np.stack(scores),
        "weights.share": np.concatenate(shares),
        "items.part": np.concatenate(parts),
        "items.performance": np.concatenate(reached),
        "impact.impact": np.stack(impacts) if impacts else np.empty((0, B)),
    }


def _index_errors(blocks: Sequence[IndexBlock], metric: Metric) -> dict[str, Array]:
    """Return standard errors sd / sqrt(n) of the indices, divisor n - 1, weights taken as fixed; nothing without rows."""
    if metric.rows is None or metric.cov is None:
        return {}
    out = []
    for at, u, _ in blocks:
        with np.errstate(all="ignore"):
            a = 100.0 * u / (u * (metric.hi - metric.lo)[at, None]).sum(axis=0)
            out.append(np.sqrt((a * np.einsum("ijb,jb->ib", metric.cov[np.ix_(at, at)], a)).sum(axis=0) / (metric.rows - 1)))
    return {"index.se": np.stack(out)}
