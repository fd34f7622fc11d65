"""Polychoric and polyserial correlations by two-step maximum likelihood, all pairs at once, and their scores.

A pair of ordinal variables is a table of at most K by K cells, a variable with fewer categories having thresholds at infinity.
In every array of pairs the pair comes first: ``first`` and ``second`` name the variables of its rows and columns.

The results are lavaan's, but where answers contradict a high correlation: lavaan leaves those whose likelihood is below 1.5e-8 out
of the likelihood, and so may call a correlation larger; here every answer counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from csimodels.errors import DataError
from csimodels.estimators.bivariate import blocks, bordered, cells, differences, edges, normal_pdf, normal_pdf2, product_moment, slope

__all__ = [
    "LIMIT",
    "Margins",
    "PairScores",
    "SerialScores",
    "margins",
    "pair_scores",
    "polychoric",
    "polyserial",
    "serial_scores",
    "threshold_scores",
]

Array = NDArray[Any]
Derivatives = Callable[[Array, Array], tuple[Array, Array, Array]]
LIMIT = 0.999
# a Newton step on the scale of atanh r after which the error is about its square
CLOSE, MOST, LONGEST = 1e-6, 100, 1.0
LEAST = np.finfo(float).tiny
# in place of infinity where it is multiplied by a density of zero
FAR = 1e8


class Margins(NamedTuple):
    """Ordinal columns: codes (n, o), sizes (o,), tau (o, K - 1); continuous ones: z (n, c), mean, variance (c,)."""

    ordinal: Array
    continuous: Array
    codes: Array
    sizes: Array
    tau: Array
    z: Array
    mean: Array
    variance: Array


class PairScores(NamedTuple):
    """Of ordinal pairs: scores dlogP/dr by cell (m, K, K), and their sums of products with those of either's thresholds (m, K - 1)."""

    table: Array
    cross_first: Array
    cross_second: Array


class SerialScores(NamedTuple):
    """Of polyserial pairs: scores by r (n, m) and their sums of products with those by mean, variance (m,) and thresholds (m, K - 1)."""

    score: Array
    cross_mean: Array
    cross_variance: Array
    cross_threshold: Array


class _SerialTerms(NamedTuple):
    """Of polyserial pairs, by row and pair (n, m): score and second derivative by r, and scores by the limits of the category."""

    score: Array
    second: Array
    by_upper: Array
    by_lower: Array


def margins(values: Array, ordinal: Array, items: Sequence[str]) -> Margins:
    """Return categories and thresholds of the ordinal columns, mean, variance and standardised values of the others."""
    o, c = np.flatnonzero(ordinal), np.flatnonzero(~ordinal)
    for k in map(int, np.flatnonzero(np.ptp(values, axis=0) == 0)):
        raise DataError(
            "data.constant",
            f"All answers to '{items[k]}' are {values[0, k]:g}.",
            variable=items[k],
            value=values[0, k],
            hint="Leave the item out: it has no threshold and no correlation.",
        )
    found = [np.unique(values[:, k], return_inverse=True, return_counts=True) for k in o]
    sizes = np.array([counts.size for _, _, counts in found], dtype=int)
    tau = np.full((o.size, sizes.max(initial=2) - 1), np.inf)
    codes = np.empty((len(values), o.size), dtype=np.int16)
    for place, (_, inverse, counts) in enumerate(found):
        codes[:, place] = inverse
        tau[place, : counts.size - 1] = ndtri(np.cumsum(counts)[:-1] / len(values))
    mean, variance = values[:, c].mean(axis=0), values[:, c].var(axis=0)
    return Margins(o, c, codes, sizes, tau, (values[:, c] - mean) / np.sqrt(variance), mean, variance)


def threshold_scores(tau: Array) -> Array:
    """Return the scores dlogP/dtau (o, K, K - 1) by category of thresholds (o, K - 1), infinite past the last category."""
    share, k = np.diff(ndtr(tau), axis=1, prepend=0.0, append=1.0), np.arange(tau.shape[1])
    inverse = np.divide(1.0, share, out=np.zeros_like(share), where=share > 0)
    scores = np.zeros((len(tau), k.size + 1, k.size))
    scores[:, k, k], scores[:, k + 1, k] = normal_pdf(tau) * inverse[:, :-1], -normal_pdf(tau) * inverse[:, 1:]
    return scores


def polychoric(counts: Array, tau_first: Array, tau_second: Array) -> Array:
    """Return the polychoric correlations given the thresholds (Olsson 1979, doi:10.1007/BF02296207).

    Parameters
    ----------
    counts : array (m, K, K)
        Contingency tables.
    tau_first, tau_second : arrays (m, K - 1)
        Thresholds of the variables in the rows and in the columns, infinite past the last category.

    Returns
    -------
    array (m,)
        Correlations, within -LIMIT and LIMIT.
    """

    def derivatives(r: Array, active: Array) -> tuple[Array, Array, Array]:
        x, y, N, r = tau_first[active], tau_second[active], counts[active], r[:, None, None]
        P, density = cells(x, y, r), normal_pdf2(x[:, :, None], y[:, None, :], r)
        score, bend = differences(density) / P, differences(density * slope(x[:, :, None], y[:, None, :], r)) / P
        squares = np.square(score)
        expected = N.sum(axis=(1, 2)) * (P * squares).sum(axis=(1, 2))
        return (N * score).sum(axis=(1, 2)), (N * (bend - squares)).sum(axis=(1, 2)), expected

    return _climb(derivatives, product_moment(counts))


def pair_scores(counts: Array, tau_first: Array, tau_second: Array, r: Array) -> PairScores:
    """Return the scores of ordinal pairs and their sums of products (Muthen 1984, doi:10.1007/BF02294210).

    Parameters
    ----------
    counts : array (m, K, K)
        Contingency tables as observed.
    tau_first, tau_second : arrays (m, K - 1)
        Thresholds, infinite past the last category.
    r : array (m,)
        Correlations.
    """
    rho = r[:, None, None]
    P = cells(tau_first, tau_second, rho)
    table = differences(normal_pdf2(tau_first[:, :, None], tau_second[:, None, :], rho)) / P
    share, by_row = counts * table / P, edges(tau_first, tau_second, rho)
    by_column = edges(tau_second, tau_first, rho).transpose(0, 2, 1)
    cross_first = -(by_row * np.diff(share, axis=1)).sum(axis=2)
    cross_second = -(by_column * np.diff(share, axis=2)).sum(axis=1)
    return PairScores(table, cross_first, cross_second)


def polyserial(z: Array, codes: Array, tau: Array, first: Array, second: Array) -> Array:
    """Return the polyserial correlations given means, variances and thresholds (Olsson, Drasgow, Dorans 1982, doi:10.1007/BF02294164).

    Parameters
    ----------
    z : array (n, c)
        Standardised continuous variables.
    codes : array (n, o)
        Ordinal variables in categories 0, 1, ...
    tau : array (o, K - 1)
        Their thresholds, infinite past the last category.
    first, second : arrays (m,)
        The continuous and the ordinal variable of each pair.

    Returns
    -------
    array (m,)
        Correlations, within -LIMIT and LIMIT.
    """

    def derivatives(r: Array, active: Array) -> tuple[Array, Array, Array]:
        total = np.zeros((3, r.size))
        for rows in blocks(len(z), r.size):
            terms = _serial_terms(z[rows][:, first[active]], codes[rows][:, second[active]], tau[second[active]], r)
            total += np.stack([terms.score, terms.second, np.square(terms.score)]).sum(axis=1)
        return total[0], total[1], total[2]

    products = (z.T @ codes / len(z))[first, second]
    return _climb(derivatives, products / normal_pdf(tau).sum(axis=1)[second])


def serial_scores(z: Array, codes: Array, tau: Array, r: Array) -> SerialScores:
    """Return the scores of polyserial pairs (Muthen 1984, doi:10.1007/BF02294210).

    The mean is in standard deviations and the variance in logarithms.

    Parameters
    ----------
    z, codes : arrays (n, m)
        Standardised values and categories 0, 1, ... of each pair.
    tau : array (m, K - 1)
        Thresholds, infinite past the last category.
    r : array (m,)
        Correlations.
    """
    terms, width = _serial_terms(z, codes, tau, r), tau.shape[1] + 2
    pull = r * (terms.by_upper + terms.by_lower)
    by_mean, by_variance = z + pull, (np.square(z) - 1.0 + z * pull) / 2.0
    at, sums = np.arange(r.size) * width + codes, np.zeros(r.size * width)
    for shift, slopes in ((1, terms.by_upper), (0, terms.by_lower)):
        sums += np.bincount((at + shift).ravel(), (terms.score * slopes).ravel(), minlength=sums.size)
    cross = [(terms.score * other).sum(axis=0) for other in (by_mean, by_variance)]
    return SerialScores(terms.score, cross[0], cross[1], sums.reshape(r.size, width)[:, 1:-1])


def _serial_terms(z: Array, codes: Array, tau: Array, r: Array) -> _SerialTerms:
    """Return the derivatives of log P(category | z) for rows and pairs (Olsson, Drasgow, Dorans 1982, doi:10.1007/BF02294164)."""
    limits, pair, rest = np.clip(bordered(tau), -FAR, FAR), np.arange(r.size), (1.0 - r) * (1.0 + r)
    ends = np.stack([limits[pair, codes + 1], limits[pair, codes]])
    u = (ends - r * z) / np.sqrt(rest)
    # of two limits above the mean, the difference of the upper tails
    tail = np.where(u.sum(axis=0) > 0, -u, u)
    weight = normal_pdf(u) / np.maximum(np.abs(ndtr(tail[0]) - ndtr(tail[1])), LEAST)
    turn = (r * ends - z) / rest**1.5
    bend = ends / rest**1.5 + 3.0 * r * turn / rest - u * np.square(turn)
    upper, lower = weight
    score = upper * turn[0] - lower * turn[1]
    second = upper * bend[0] - lower * bend[1] - np.square(score)
    return _SerialTerms(score, second, upper / np.sqrt(rest), -lower / np.sqrt(rest))


def _climb(derivatives: Derivatives, start: Array) -> Array:
    """Maximise every pair's likelihood by Newton's method on atanh r, by scoring where it is not concave, halving what brackets it."""
    end = np.arctanh(LIMIT)
    z, low, high = np.arctanh(np.clip(start, -0.9, 0.9)), np.full(start.shape, -np.inf), np.full(start.shape, np.inf)
    active = np.arange(z.size)
    for _ in range(MOST):
        if not active.size:
            break
        at = z[active]
        gradient, step = _step(np.tanh(at), *derivatives(np.tanh(at), active))
        low[active] = np.where(gradient > 0, at, low[active])
        high[active] = np.where(gradient < 0, at, high[active])
        there = np.clip(at + step, -end, end)
        outside = ((step > 0) & (there >= high[active])) | ((step < 0) & (there <= low[active]))
        z[active] = (np.where(outside, low[active], there) + np.where(outside, high[active], there)) / 2.0
        active = active[np.abs(z[active] - at) > CLOSE]
    return np.asarray(np.tanh(z))


def _step(r: Array, score: Array, second: Array, information: Array) -> tuple[Array, Array]:
    """Return the gradient by atanh r and the step to take, from the derivatives by r and the information."""
    rest = (1.0 - r) * (1.0 + r)
    gradient, curvature = score * rest, second * rest**2 - 2.0 * r * rest * score
    concave = curvature < -1e-6 * information * rest**2
    downward = np.where(concave, -curvature, information * rest**2)
    return gradient, np.clip(gradient / np.maximum(downward, LEAST), -LONGEST, LONGEST)
