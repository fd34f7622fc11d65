"""Weights on rows into a stack of moments: bootstrap, jackknife, groups.

Every scheme is a matrix of row weights times the rows' products. The stack is the last axis, so that everything downstream runs along
contiguous memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MomentStack", "Rows", "Units", "blocks_of", "bootstrap_stack", "group_stack", "jackknife_stack", "units_of"]

Array = NDArray[Any]
BLOCK = 1000
WEIGHTS_BYTES = 64_000_000
FEATURES_BYTES = 64_000_000
EXACT_IN_FLOAT32 = 2.0**24
MOST_JACKKNIFED = 1000


class MomentStack(NamedTuple):
    """Moments of the items: weight (B,), mean (p, B), cov (p, p, B) with divisor ``weight``."""

    weight: Array
    mean: Array
    cov: Array


@dataclass(frozen=True, eq=False)
class Rows:
    """Hold the rows that are resampled.

    Attributes
    ----------
    values : array (n, p)
        Complete, recoded answers.
    weights : array (n,) or None
        Row weights.
    """

    values: Array
    weights: Array | None = None

    @cached_property
    def shift(self) -> Array:
        """Whole numbers near the means (p,): centring keeps sums of products exact or at least small."""
        out: Array = np.round(self.values.mean(axis=0))
        return out

    @cached_property
    def pairs(self) -> tuple[Array, Array]:
        """Positions of the distinct products of items."""
        return np.triu_indices(self.values.shape[1])

    @cached_property
    def dtype(self) -> Any:
        """float32 where every sum of products is a whole number below 2^24, else float64."""
        centred = self.values - self.shift
        whole = self.weights is None and not (centred % 1).any()
        return np.float32 if whole and len(centred) * float(np.abs(centred).max(initial=1.0)) ** 2 < EXACT_IN_FLOAT32 else np.float64

    def features(self, start: int, stop: int) -> Array:
        """Return centred answers and their products, shape (p + p (p + 1) / 2, rows)."""
        if self._all is not None:
            return self._all[:, start:stop]
        return self._features(start, stop)

    @cached_property
    def _all(self) -> Array | None:
        n, p = self.values.shape
        return self._features(0, n) if n * (p + len(self.pairs[0])) * 8 <= FEATURES_BYTES else None

    def _features(self, start: int, stop: int) -> Array:
        centred = (self.values[start:stop] - self.shift).T.astype(self.dtype)
        i, j = self.pairs
        return np.concatenate([centred, centred[i] * centred[j]])

    def sums(self, W: Array) -> Array:
        """Return weighted sums of the features (features, B) for row weights W (B, n)."""
        n, f = W.shape[1], self.values.shape[1] + len(self.pairs[0])
        chunk = max(1, FEATURES_BYTES // (8 * f))
        total = np.zeros((f, len(W)))
        for start in range(0, n, chunk):
            stop = min(n, start + chunk)
            total += self.features(start, stop) @ W[:, start:stop].T.astype(self.dtype)
        return total

    def moments(self, weight: Array, sums: Array) -> MomentStack:
        """Return moments from sums of weights (B,) and of features (features, B)."""
        p, (i, j) = self.values.shape[1], self.pairs
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = sums / weight
        mean = scaled[:p]
        packed = scaled[p:] - mean[i] * mean[j]
        at = np.empty((p, p), dtype=int)
        at[i, j] = at[j, i] = np.arange(len(i))
        return MomentStack(weight, mean + self.shift[:, None], packed[at])


class Units(NamedTuple):
    """What is drawn: unit (n,) is each row's unit, or None where rows are units; strata are the units of each stratum."""

    unit: Array | None
    strata: tuple[Array, ...]

    @property
    def size(self) -> int:
        """Number of units."""
        return sum(len(s) for s in self.strata)


def units_of(n: int, strata: Array | None, clusters: Array | None) -> Units:
    """Return the units of rows with codes of strata and of clusters, each (n,) or None; every cluster lies in one stratum."""
    if clusters is None:
        inside = (np.arange(n),) if strata is None else tuple(np.flatnonzero(strata == s) for s in np.unique(strata))
        return Units(None, inside)
    names, first, unit = np.unique(clusters, return_index=True, return_inverse=True)
    of_unit = np.zeros(len(names), dtype=int) if strata is None else strata[first]
    return Units(unit, tuple(np.flatnonzero(of_unit == s) for s in np.unique(of_unit)))


def blocks_of(members: int) -> list[tuple[int, int]]:
    """Return the blocks in which members are computed; they depend on nothing but their number."""
    return [(a, min(a + BLOCK, members)) for a in range(0, members, BLOCK)]


def bootstrap_stack(rows: Rows, units: Units, rng: np.random.Generator, members: int) -> MomentStack:
    """Return the moments of bootstrap samples: units drawn with replacement within strata (Efron 1979, doi:10.1214/aos/1176344552)."""
    n = len(rows.values)
    step = max(1, min(members, WEIGHTS_BYTES // (8 * n)))
    parts = []
    for start in range(0, members, step):
        W = _counts(units, rng, min(step, members - start))
        if rows.weights is not None:
            W = W * rows.weights
        parts.append((W.sum(axis=1, dtype=float), rows.sums(W)))
    weight, sums = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    return rows.moments(weight, sums)


def _counts(units: Units, rng: np.random.Generator, members: int) -> Array:
    """Return how often each row is drawn (members, n)."""
    counts = np.zeros((members, units.size), dtype=np.int32)
    for stratum in units.strata:
        k = len(stratum)
        drawn = rng.integers(0, k, size=(members, k)) + np.arange(members)[:, None] * k
        counts[:, stratum] = np.bincount(drawn.ravel(), minlength=members * k).reshape(members, k)
    return counts if units.unit is None else counts[:, units.unit]


def jackknife_stack(rows: Rows, units: Units) -> MomentStack:
    """Return the moments with one unit left out at a time, from the totals; above 1,000 units, with one of 1,000 sets of them left out."""
    n = len(rows.values)
    unit = np.arange(n) if units.unit is None else units.unit
    members = min(units.size, MOST_JACKKNIFED)
    group = unit % members
    w = np.ones(n) if rows.weights is None else rows.weights
    left = np.zeros((members, rows.values.shape[1] + len(rows.pairs[0])))
    chunk = max(1, FEATURES_BYTES // (8 * left.shape[1]))
    for start in range(0, n, chunk):
        stop = min(n, start + chunk)
        np.add.at(left, group[start:stop], (rows.features(start, stop) * w[start:stop]).T)
    weight = w.sum() - np.bincount(group, weights=w, minlength=members)
    return rows.moments(weight, left.sum(axis=0)[:, None] - left.T)


def group_stack(rows: Rows, group: Array, members: int) -> tuple[MomentStack, Array]:
    """Return the moments of each group of rows, and the groups' numbers of rows; ``group`` (n,) counts from zero."""
    order = np.argsort(group, kind="stable")
    size = np.bincount(group, minlength=members)
    p = rows.values.shape[1]
    values = rows.values[order]
    w = np.ones(len(values)) if rows.weights is None else rows.weights[order]
    weight, mean, cov = np.zeros(members), np.empty((p, members)), np.empty((p, p, members))
    ends = np.cumsum(size)
    for g, (stop, count) in enumerate(zip(ends.tolist(), size.tolist(), strict=True)):
        own, v = values[stop - count : stop], w[stop - count : stop]
        weight[g] = v.sum()
        with np.errstate(invalid="ignore", divide="ignore"):
            mean[:, g] = v @ own / weight[g]
            centred = own - mean[:, g]
            cov[..., g] = (centred.T * v) @ centred / weight[g]
    return MomentStack(weight, mean, cov), size
