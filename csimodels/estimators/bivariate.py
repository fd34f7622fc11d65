"""Two-way tables, and the standard bivariate normal distribution: its density, quadrants and cells, and their derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, owens_t

__all__ = [
    "blocks",
    "bordered",
    "cells",
    "differences",
    "edges",
    "normal_cdf2",
    "normal_pdf",
    "normal_pdf2",
    "product_moment",
    "slope",
    "tables",
    "without_empty",
]

Array = NDArray[Any]
# in place of infinity: the density is zero and the distribution function zero or one in double precision
FAR = 40.0
# in place of zero, so that the quotients of the limits exist
NEAR = 1e-200
# below it a cell, the difference of four probabilities, is rounding error
LEAST = 1e-13
# in a block of rows: few enough for the cache
NUMBERS = 2**17


def normal_pdf(x: ArrayLike) -> Array:
    """Return the standard normal density at x, of any shape."""
    return np.asarray(np.exp(-0.5 * np.square(x)) / np.sqrt(2.0 * np.pi))


def normal_pdf2(h: ArrayLike, k: ArrayLike, r: ArrayLike) -> Array:
    """Return the standard bivariate normal density.

    Parameters
    ----------
    h, k : arrays
        Where, of shapes that broadcast; infinite values are allowed.
    r : array
        Correlations, -1 < r < 1.

    Returns
    -------
    array
        Densities, in the shape to which the arguments broadcast.
    """
    h, k, r = np.clip(h, -FAR, FAR), np.clip(k, -FAR, FAR), np.asarray(r, dtype=float)
    rest = (1.0 - r) * (1.0 + r)
    square = (np.square(h - r * k) + rest * np.square(k)) / rest
    return np.asarray(np.exp(-0.5 * square) / (2.0 * np.pi * np.sqrt(rest)))


def normal_cdf2(h: ArrayLike, k: ArrayLike, r: ArrayLike) -> Array:
    """Return P(X <= h, Y <= k) of standard normal X and Y with correlation r (Owen 1956, doi:10.1214/aoms/1177728074).

    Parameters
    ----------
    h, k : arrays
        Upper limits, of shapes that broadcast; infinite values are allowed.
    r : array
        Correlations, -1 < r < 1.

    Returns
    -------
    array
        Probabilities, in the shape to which the arguments broadcast.
    """
    h, k, r = _limit(h), _limit(k), np.asarray(r, dtype=float)
    root = np.sqrt((1.0 - r) * (1.0 + r))
    outside = np.where((h > 0) == (k > 0), 0.0, 0.5)
    total = 0.5 * (ndtr(h) + ndtr(k)) - outside
    return np.asarray(total - owens_t(h, (k - r * h) / (h * root)) - owens_t(k, (h - r * k) / (k * root)))


def _limit(x: ArrayLike) -> Array:
    """Return limits without zeros and infinities; zero counts as positive."""
    x = np.clip(np.asarray(x, dtype=float), -FAR, FAR)
    return np.asarray(np.where(x == 0.0, NEAR, x))


def cells(tau_first: Array, tau_second: Array, r: Array) -> Array:
    """Return the probabilities of the cells (m, K, K), none below the least."""
    F = _framed(normal_cdf2(tau_first[:, :, None], tau_second[:, None, :], r))
    F[:, 1:-1, -1], F[:, -1, 1:-1], F[:, -1, -1] = ndtr(tau_first), ndtr(tau_second), 1.0
    return np.asarray(np.maximum(np.diff(np.diff(F, axis=1), axis=2), LEAST))


def differences(at_thresholds: Array) -> Array:
    """Return by cell (m, K, K) what is given at pairs of thresholds (m, K - 1, K - 1) and is zero at infinity."""
    return np.diff(np.diff(_framed(at_thresholds), axis=1), axis=2)


def _framed(inner: Array) -> Array:
    """Return matrices (m, k, k) with a frame of zeros (m, k + 2, k + 2)."""
    m, k, _ = inner.shape
    framed = np.zeros((m, k + 2, k + 2))
    framed[:, 1:-1, 1:-1] = inner
    return framed


def bordered(tau: Array) -> Array:
    """Return thresholds (m, K - 1) between -inf and inf (m, K + 1)."""
    return np.pad(tau, ((0, 0), (1, 1)), constant_values=((0, 0), (-np.inf, np.inf)))


def slope(h: Array, k: Array, r: Array) -> Array:
    """Return dlog density/dr of the bivariate normal at pairs of thresholds; infinite ones, where it does not matter, give zero."""
    h, k = np.where(np.isfinite(h), h, 0.0), np.where(np.isfinite(k), k, 0.0)
    rest = (1.0 - r) * (1.0 + r)
    return np.asarray((r + ((1.0 + r**2) * h * k - r * (h**2 + k**2)) / rest) / rest)


def edges(tau: Array, other: Array, r: Array) -> Array:
    """Return the derivatives by thresholds (m, K - 1, K) of the probabilities below them, by category of the other variable."""
    # at a threshold so far the density is zero
    at = np.clip(tau, -FAR, FAR)[:, :, None]
    conditional = ndtr((bordered(other)[:, None, :] - r * at) / np.sqrt((1.0 - r) * (1.0 + r)))
    return np.asarray(normal_pdf(at) * np.diff(conditional, axis=2))


def tables(codes: Array, size: int, first: Array, second: Array) -> Array:
    """Return the contingency tables (m, K, K) of pairs of columns of categories 0, 1, ... (n, p)."""
    p = codes.shape[1]
    total = np.zeros((p * size, p * size))
    for rows in blocks(len(codes), p * size):
        # single precision counts exactly up to 2^24, more than the rows of a block
        shown = (codes[rows, :, None] == np.arange(size, dtype=codes.dtype)).astype(np.float32)
        flat = shown.reshape(len(shown), p * size)
        total += flat.T @ flat
    return np.asarray(total.reshape(p, size, p, size)[first, :, second, :])


def without_empty(counts: Array, binary: Array) -> Array:
    """Return the tables (m, K, K) with 1/2 in the one empty cell of a 2 by 2 table, margins kept.

    This is lavaan's default, after Brown and Benedetti (1977, doi:10.1007/BF02293757): larger tables keep their empty cells, and so
    do those with two. ``binary`` (m,) says which tables are 2 by 2.
    """
    corner = counts[:, :2, :2]
    one = binary & ((corner == 0).sum(axis=(1, 2)) == 1)
    diagonal = (corner[:, 0, 0] == 0) | (corner[:, 1, 1] == 0)
    shift = np.where(one, np.where(diagonal, 0.5, -0.5), 0.0)
    filled = counts.copy()
    filled[:, :2, :2] += shift[:, None, None] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return filled


def product_moment(counts: Array) -> Array:
    """Return the product-moment correlations (m,) of the category numbers in the tables."""
    scores, n = np.arange(counts.shape[1]), counts.sum(axis=(1, 2))
    x, y = (counts.sum(axis=axis) / n[:, None] for axis in (2, 1))
    mean_x, mean_y = x @ scores, y @ scores
    spread = (x @ scores**2 - mean_x**2) * (y @ scores**2 - mean_y**2)
    return np.asarray((scores @ counts @ scores / n - mean_x * mean_y) / np.sqrt(spread))


def blocks(n: int, width: int) -> Iterator[slice]:
    """Yield slices of n rows such that a block of so many columns stays small."""
    step = max(1, NUMBERS // max(1, width))
    for begin in range(0, n, step):
        yield slice(begin, begin + step)
