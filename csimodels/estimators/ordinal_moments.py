"""Thresholds, polychoric and polyserial correlations of ordinal and continuous variables, with their asymptotic covariances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.bivariate import blocks, tables, without_empty
from csimodels.estimators.polychoric import (
    LIMIT,
    Margins,
    PairScores,
    margins,
    pair_scores,
    polychoric,
    polyserial,
    serial_scores,
    threshold_scores,
)

__all__ = ["OrdinalMoments", "ordinal_moments"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class OrdinalMoments:
    """First and second moments of normal variables, some of which are seen in categories only.

    The statistics are in lavaan's order: thresholds and negative means by column, variances of the continuous variables, then
    covariances column by column below the diagonal.

    Parameters
    ----------
    n : int
        Rows.
    names : tuple of s str
        Names of the statistics: ``x1|t1``, ``x2~1``, ``x2~~x2``, ``x1~~x2``.
    statistics : array (s,)
        The statistics.
    thresholds : array (t,)
        Thresholds of the ordinal variables, by column.
    threshold_column : array (t,)
        The column of each threshold.
    means, variances : arrays (c,)
        Means and variances (divisor n) of the continuous variables.
    covariance : array (p, p)
        Polychoric correlations, polyserial covariances and covariances (divisor n); the variance of an ordinal variable is one.
    categories : array (p,)
        Number of categories; zero of a continuous variable.
    zero_cells : int
        Empty cells in all two-way tables of ordinal variables.
    empty_pairs : array (k, 2)
        Columns of the pairs that have empty cells.
    at_limit : array (l, 2)
        Columns of the pairs whose correlation is as far from zero as LIMIT; polychoric and polyserial ones are cut there.
    gamma : array (s, s) or None
        Asymptotic covariance matrix of sqrt(n) times the statistics.
    """

    n: int
    names: tuple[str, ...]
    statistics: Array
    thresholds: Array
    threshold_column: Array
    means: Array
    variances: Array
    covariance: Array
    categories: Array
    zero_cells: int
    empty_pairs: Array
    at_limit: Array
    gamma: Array | None


class _Pairs(NamedTuple):
    """Pairs of one kind: places among all pairs, and places of the members among the ordinal or continuous columns."""

    place: Array
    first: Array
    second: Array


class _Layout(NamedTuple):
    """Places of thresholds (t,), also in the padded ones, of means and variances (c,); owner (a,) of all these; pairs by kind."""

    threshold: Array
    padded: Array
    mean: Array
    variance: Array
    owner: Array
    both: _Pairs
    mixed: _Pairs
    neither: _Pairs


def ordinal_moments(values: Array, ordinal: Array, items: Sequence[str] | None = None, with_gamma: bool = True) -> OrdinalMoments:
    """Estimate the moments that lie behind ordinal variables, by lavaan's three steps (Muthen 1984, doi:10.1007/BF02294210).

    Parameters
    ----------
    values : array (n, p)
        Complete answers; any increasing numbers are categories.
    ordinal : array of bool (p,)
        Which columns are ordinal.
    items : sequence of p str, optional
        Names of the columns; ``y1``, ``y2``, ... if not given.
    with_gamma : bool
        Whether to compute the asymptotic covariance matrix.

    Returns
    -------
    OrdinalMoments
    """
    items = [f"y{k + 1}" for k in range(values.shape[1])] if items is None else list(items)
    m = margins(np.asarray(values, dtype=float), np.asarray(ordinal, dtype=bool), items)
    lay = _layout(m)
    counts = tables(m.codes, m.tau.shape[1] + 1, lay.both.first, lay.both.second)
    r = _correlations(m, lay, counts)
    covariance = _covariance(m, r)
    gamma = _gamma(m, lay, counts, r, covariance) if with_gamma else None
    return _gathered(m, lay, items, counts, r, covariance, gamma)


def _layout(m: Margins) -> _Layout:
    """Return where lavaan puts the statistics, and the pairs by kind in the order of its covariances."""
    p, width = m.ordinal.size + m.continuous.size, m.tau.shape[1]
    widths = np.ones(p, dtype=int)
    widths[m.ordinal] = m.sizes - 1
    begin = np.cumsum(widths) - widths
    used = np.arange(width) < m.sizes[:, None] - 1
    first, second = np.triu_indices(p, 1)
    rank, is_ordinal = np.empty(p, dtype=int), np.zeros(p, dtype=bool)
    rank[m.ordinal], rank[m.continuous], is_ordinal[m.ordinal] = np.arange(m.ordinal.size), np.arange(m.continuous.size), True
    how_many = is_ordinal[first].astype(int) + is_ordinal[second]
    swap = is_ordinal[first] & ~is_ordinal[second]
    one, other = rank[np.where(swap, second, first)], rank[np.where(swap, first, second)]
    kinds = [_Pairs(place, one[place], other[place]) for place in (np.flatnonzero(how_many == k) for k in (2, 1, 0))]
    return _Layout(
        threshold=(begin[m.ordinal][:, None] + np.arange(width))[used],
        padded=np.flatnonzero(used),
        mean=begin[m.continuous],
        variance=widths.sum() + np.arange(m.continuous.size),
        owner=np.concatenate([np.repeat(np.arange(p), widths), m.continuous]),
        both=kinds[0],
        mixed=kinds[1],
        neither=kinds[2],
    )


def _correlations(m: Margins, lay: _Layout, counts: Array) -> Array:
    """Return the correlations of all pairs."""
    both, mixed, neither = lay.both, lay.mixed, lay.neither
    r = np.empty(both.place.size + mixed.place.size + neither.place.size)
    binary = (m.sizes[both.first] == 2) & (m.sizes[both.second] == 2)
    r[both.place] = polychoric(without_empty(counts, binary), m.tau[both.first], m.tau[both.second])
    r[mixed.place] = polyserial(m.z, m.codes, m.tau, mixed.first, mixed.second)
    r[neither.place] = (m.z.T @ m.z / len(m.z))[neither.first, neither.second]
    return r


def _covariance(m: Margins, r: Array) -> Array:
    """Return the covariance matrix (p, p) of the correlations of all pairs."""
    variance = np.ones(m.ordinal.size + m.continuous.size)
    variance[m.continuous] = m.variance
    first, second = np.triu_indices(variance.size, 1)
    covariance = np.diag(variance)
    covariance[first, second] = covariance[second, first] = r * np.sqrt(variance[first] * variance[second])
    return covariance


def _gamma(m: Margins, lay: _Layout, counts: Array, r: Array, covariance: Array) -> Array:
    """Return n B^-1 S'S B^-1' of the casewise scores S, B block-triangular, on the scale of the statistics (Muthen 1984).

    The scores of a continuous variable are by its mean in standard deviations and by the logarithm of its variance.
    """
    pairs = pair_scores(counts, m.tau[lay.both.first], m.tau[lay.both.second], r[lay.both.place])
    inner, across = _products(m, lay, pairs, np.clip(r, -LIMIT, LIMIT))
    a, n = lay.owner.size, len(m.codes)
    A11 = np.linalg.pinv(np.where(lay.owner[:, None] == lay.owner, inner[:a, :a], 0.0), hermitian=True)
    information = np.diagonal(inner)[a:]
    # no information at all, far beyond the limit of a correlation: lavaan's generalised inverse
    inverse = np.divide(1.0, information, out=np.zeros_like(information), where=information > 0)
    scale, by_pair, bend = _scales(m, lay, covariance)
    left = np.concatenate([scale[:, None] * A11, bend @ A11 - (by_pair * inverse)[:, None] * (across @ A11)])
    diagonal = np.concatenate([np.zeros(a), by_pair * inverse])
    half = left @ inner[:a] + diagonal[:, None] * inner
    return np.asarray(n * (half[:, :a] @ left.T + half * diagonal))


def _scales(m: Margins, lay: _Layout, covariance: Array) -> tuple[Array, Array, Array]:
    """Return derivatives of first-order statistics (a,), of covariances by correlations (q,) and by first-order parameters (q, a)."""
    scale, sd = np.ones(lay.owner.size), np.sqrt(np.diagonal(covariance))
    scale[lay.mean], scale[lay.variance] = -np.sqrt(m.variance), m.variance
    first, second = np.triu_indices(len(sd), 1)
    bend = np.zeros((first.size, lay.owner.size))
    for member in (first, second):
        pair, place = np.nonzero(member[:, None] == m.continuous)
        bend[pair, lay.variance[place]] = covariance[first, second][pair] / 2.0
    return scale, sd[first] * sd[second], bend


def _products(m: Margins, lay: _Layout, pairs: PairScores, r: Array) -> tuple[Array, Array]:
    """Return S'S (s, s) of all scores and the products (q, a) of the pairs' scores with their own first-order ones."""
    a, width = lay.owner.size, m.tau.shape[1]
    inner, across, steps = np.zeros((a + r.size, a + r.size)), np.zeros((r.size, a)), threshold_scores(m.tau)
    column = np.full((m.ordinal.size, width), -1)
    column.reshape(-1)[lay.padded] = lay.threshold
    for members, cross in ((lay.both.first, pairs.cross_first), (lay.both.second, pairs.cross_second)):
        _place(across, lay.both.place, column[members], cross)
    for rows in blocks(len(m.codes), a + r.size):
        z, codes, S = m.z[rows], m.codes[rows], np.empty((len(m.codes[rows]), a + r.size))
        S[:, lay.threshold] = steps[np.arange(m.ordinal.size), codes].reshape(len(S), m.tau.size)[:, lay.padded]
        S[:, lay.mean], S[:, lay.variance] = z, (np.square(z) - 1.0) / 2.0
        S[:, a + lay.both.place] = pairs.table[np.arange(lay.both.place.size), codes[:, lay.both.first], codes[:, lay.both.second]]
        S[:, a + lay.mixed.place] = _mixed_scores(m, lay, rows, r[lay.mixed.place], across, column)
        S[:, a + lay.neither.place] = _continuous_scores(lay, z, r[lay.neither.place], across)
        inner += S.T @ S
    return inner, across


def _place(across: Array, place: Array, column: Array, products: Array) -> None:
    """Add products (m, K - 1) to the rows of pairs in columns of thresholds, -1 where there is none."""
    pair, k = np.nonzero(column >= 0)
    across[place[pair], column[pair, k]] += products[pair, k]


def _mixed_scores(m: Margins, lay: _Layout, rows: slice, r: Array, across: Array, column: Array) -> Array:
    """Return the scores (rows, m) of polyserial pairs, their products being added to ``across``."""
    pairs = lay.mixed
    scores = serial_scores(m.z[rows][:, pairs.first], m.codes[rows][:, pairs.second], m.tau[pairs.second], r)
    across[pairs.place, lay.mean[pairs.first]] += scores.cross_mean
    across[pairs.place, lay.variance[pairs.first]] += scores.cross_variance
    _place(across, pairs.place, column[pairs.second], scores.cross_threshold)
    return scores.score


def _continuous_scores(lay: _Layout, z: Array, r: Array, across: Array) -> Array:
    """Return the scores (rows, m) of pairs of continuous variables, their products being added to ``across``."""
    pairs, rest = lay.neither, (1.0 - r) * (1.0 + r)
    x, y = z[:, pairs.first], z[:, pairs.second]
    score = (r + x * y - r * (np.square(x) - 2.0 * r * x * y + np.square(y)) / rest) / rest
    for member, own, other in ((pairs.first, x, y), (pairs.second, y, x)):
        residual = (own - r * other) / rest
        across[pairs.place, lay.mean[member]] += (score * residual).sum(axis=0)
        across[pairs.place, lay.variance[member]] += (score * (own * residual - 1.0)).sum(axis=0) / 2.0
    return np.asarray(score)


def _gathered(
    m: Margins, lay: _Layout, items: Sequence[str], counts: Array, r: Array, covariance: Array, gamma: Array | None
) -> OrdinalMoments:
    """Return the moments with their names, empty cells and correlations at the limit."""
    K = m.tau.shape[1] + 1
    real = np.arange(K) < m.sizes[:, None]
    empty = (counts == 0) & real[lay.both.first][:, :, None] & real[lay.both.second][:, None, :]
    first, second = np.triu_indices(len(items), 1)
    columns = np.column_stack([first, second])
    statistics = np.empty(lay.owner.size)
    tau = m.tau.reshape(-1)[lay.padded]
    statistics[lay.threshold], statistics[lay.mean], statistics[lay.variance] = tau, -m.mean, m.variance
    categories = np.zeros(len(items), dtype=int)
    categories[m.ordinal] = m.sizes
    return OrdinalMoments(
        n=len(m.codes),
        names=_names(items, categories),
        statistics=np.concatenate([statistics, covariance[first, second]]),
        thresholds=tau,
        threshold_column=lay.owner[lay.threshold],
        means=m.mean,
        variances=m.variance,
        covariance=covariance,
        categories=categories,
        zero_cells=int(empty.sum()),
        empty_pairs=columns[lay.both.place[empty.any(axis=(1, 2))]],
        at_limit=columns[np.abs(r) >= LIMIT - 1e-9],
        gamma=gamma,
    )


def _names(items: Sequence[str], categories: Array) -> tuple[str, ...]:
    """Return lavaan's names of the statistics."""
    names: list[str] = []
    for item, size in zip(items, categories, strict=True):
        names += [f"{item}|t{k}" for k in range(1, size)] if size else [f"{item}~1"]
    names += [f"{item}~~{item}" for item, size in zip(items, categories, strict=True) if not size]
    return (*names, *(f"{one}~~{other}" for one, other in combinations(items, 2)))
