"""Rows with the same missing answers, reduced to their moments: what full-information maximum likelihood sees of the data."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Patterns", "Sample", "complete_sample", "distinct", "sample_of"]

Array = NDArray[Any]


class Patterns(NamedTuple):
    """Moments by pattern: n (B,) rows, mean (B, p), cov (B, p, p) with divisor n, zero where not seen; seen (B, p)."""

    n: Array
    mean: Array
    cov: Array
    seen: Array

    @property
    def rows(self) -> float:
        """Rows in all."""
        return float(self.n.sum())


class Sample(NamedTuple):
    """Patterns, and the rows behind them.

    values (n, p) with NaN where missing; code (n,), which pattern each row has; weights, clusters and strata (n,) or None.
    """

    patterns: Patterns
    values: Array
    code: Array
    weights: Array | None = None
    clusters: Array | None = None
    strata: Array | None = None


def sample_of(values: Array, weights: Array | None = None) -> Sample:
    """Return rows (n, p) by pattern; rows without any answer belong to none and are not there.

    Parameters
    ----------
    values : array (n, p)
        Answers, NaN where missing, at least one in each row.
    weights : array (n,), optional
        Weights, used as they are.
    """
    seen = np.isfinite(values)
    pattern, code = distinct(seen)
    w = np.ones(len(values)) if weights is None else weights
    n = np.bincount(code, w, minlength=len(pattern))
    filled = np.where(seen, values, 0.0)
    centre = (w[:, None] * filled).sum(axis=0) / np.maximum((w[:, None] * seen).sum(axis=0), 1e-300)
    centred = np.where(seen, values - centre, 0.0)
    mean = _sums(w[:, None] * centred, code, len(pattern)) / n[:, None]
    around = centred - np.where(seen, mean[code], 0.0)
    cov = np.empty((len(pattern), values.shape[1], values.shape[1]))
    order, start = np.argsort(code, kind="stable"), np.concatenate([[0], np.cumsum(np.bincount(code, minlength=len(pattern)))])
    for k in range(len(pattern)):
        own = order[start[k] : start[k + 1]]
        cov[k] = (around[own] * w[own, None]).T @ around[own] / n[k]
    return Sample(Patterns(n, np.where(pattern, mean + centre, 0.0), cov, pattern), values, code, weights)


def distinct(seen: Array) -> tuple[Array, Array]:
    """Return the different rows of booleans (B, p), and which of them each row (n,) is; bits make one number, which sorts fast."""
    packed = np.packbits(seen, axis=1)
    words = -(-packed.shape[1] // 8)
    wide = np.zeros((len(seen), 8 * words), dtype=np.uint8)
    wide[:, : packed.shape[1]] = packed
    keys = wide.view(">u8")
    _, first, code = np.unique(keys[:, 0] if words == 1 else keys, axis=0 if words > 1 else None, return_index=True, return_inverse=True)
    return seen[first], code.ravel()


def _sums(values: Array, code: Array, groups: int) -> Array:
    """Return sums of rows by group (groups, p)."""
    out = np.zeros((groups, values.shape[1]))
    np.add.at(out, code, values)
    return out


def complete_sample(mean: Array, cov: Array, n: float, values: Array | None = None, weights: Array | None = None) -> Sample:
    """Return complete data as one pattern: mean (p,), cov (p, p) with divisor n, and the rows behind them if there are any."""
    patterns = Patterns(np.array([float(n)]), mean[None], cov[None], np.ones((1, len(mean)), dtype=bool))
    rows = np.empty((0, len(mean))) if values is None else values
    return Sample(patterns, rows, np.zeros(len(rows), dtype=int), weights)
