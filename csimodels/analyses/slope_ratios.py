"""Slopes drawn again and again, and the ratio of two slopes with its limits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.resample import Rows, bootstrap_stack, units_of

__all__ = ["BETWEEN", "EVERYTHING", "OUTSIDE", "Limits", "bootstrap_slopes", "delta_error", "fieller"]

Array = NDArray[np.float64]
BETWEEN, OUTSIDE, EVERYTHING = "between", "outside", "everything"
SINGULAR = 1e-10


class Limits(NamedTuple):
    """Limits of a ratio, and whether it lies between them, outside them, or anywhere; arrays of one shape."""

    lower: Array
    upper: Array
    region: NDArray[np.str_]


def bootstrap_slopes(y: Array, X: Array, n_boot: int, seed: int) -> Array:
    """Return slopes of least squares in samples of rows drawn with replacement.

    All of them at once: weights of rows into a stack of moments, moments into a stack of normal equations (Freedman 1981,
    doi:10.1214/aos/1176345638).

    Parameters
    ----------
    y : array (n,)
        Outcome.
    X : array (n, k)
        Variables without the constant, which every regression has.
    n_boot : int
        Number of draws.
    seed : int
        Of the draws.

    Returns
    -------
    array (n_boot, k)
        NaN where the drawn variables are collinear.
    """
    units = units_of(len(y), None, None)
    cov = bootstrap_stack(Rows(np.column_stack([X, y])), units, np.random.default_rng(seed), n_boot).cov.transpose(2, 0, 1)
    k = X.shape[1]
    spread = np.sqrt(np.maximum(np.einsum("bii->bi", cov)[:, :k], 0.0))
    safe = np.where(spread > 0, spread, 1.0)
    R = cov[:, :k, :k] / (safe[:, :, None] * safe[:, None, :])
    usable = np.linalg.eigvalsh(R)[:, 0] > SINGULAR
    R[~usable] = np.eye(k)
    slopes = np.linalg.solve(R, (cov[:, :k, k] / safe)[..., None])[..., 0] / safe
    return np.asarray(np.where(usable[:, None], slopes, np.nan))


def delta_error(numerator: Array, denominator: Array, cov: Array) -> Array:
    """Return the standard error of a ratio by the delta method, from the covariance (..., 2, 2) of numerator and denominator."""
    gradient = np.stack([1 / denominator, -numerator / denominator**2], axis=-1)
    return np.asarray(np.sqrt(np.einsum("...i,...ij,...j->...", gradient, cov, gradient)))


def fieller(numerator: Array, denominator: Array, cov: Array, t: float) -> Limits:
    """Return the limits of a ratio of two normal estimates (Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x).

    Ratios r are kept that do not reject numerator - r denominator = 0: (a - r b)^2 <= t^2 (v_a - 2 r v_ab + r^2 v_b). Where b differs
    from zero these lie between two limits, otherwise outside of them, or everywhere.

    Parameters
    ----------
    numerator, denominator : array (...)
        Estimates.
    cov : array (..., 2, 2)
        Their covariance.
    t : float
        Critical value.
    """
    a, b = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    square = b**2 - t**2 * cov[..., 1, 1]
    half = a * b - t**2 * cov[..., 0, 1]
    under = half**2 - square * (a**2 - t**2 * cov[..., 0, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.sort((half + np.multiply.outer([-1.0, 1.0], np.sqrt(np.maximum(under, 0.0)))) / square, axis=0)
    region = np.where(square > 0, BETWEEN, np.where(under > 0, OUTSIDE, EVERYTHING))
    whole = region == EVERYTHING
    return Limits(np.where(whole, -np.inf, roots[0]), np.where(whole, np.inf, roots[1]), region)
