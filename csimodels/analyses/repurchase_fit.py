"""How well a predicted probability fits a behaviour of 0 and 1: separation, discrimination, calibration."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.stats import norm, rankdata
from statsmodels.stats.diagnostic_gen import test_chisquare_binning as chisquare_binning

from csimodels.errors import DataWarning

__all__ = ["Area", "auc", "hosmer_lemeshow", "separating"]

Array = NDArray[np.float64]
GROUPS, FEWEST_GROUPS = 10, 3
NO_GAIN, DIGITS = 1e-4, 12


class Area(NamedTuple):
    """Area under the receiver operating curve with its error and limits."""

    est: float
    se: float
    lower: float
    upper: float


def separating(X: Array, y: Array, names: Sequence[str]) -> str | None:
    """Return a variable by which the rows with 0 and with 1 are told apart, if there is one; X (n, p) begins with the constant.

    Separation, complete or not, is a direction b with (2y - 1) Xb >= 0 everywhere and > 0 somewhere (Albert & Anderson 1984,
    doi:10.1093/biomet/71.1.1); a linear programme finds it.
    """
    Z = X.copy()
    Z[:, 1:] = (X[:, 1:] - X[:, 1:].mean(axis=0)) / X[:, 1:].std(axis=0)
    signed = np.unique((2 * y - 1)[:, None] * Z, axis=0)
    found: Any = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs")
    return None if -found.fun < NO_GAIN else names[1 + int(np.abs(found.x[1:]).argmax())]


def auc(y: Array, p: Array, level: float) -> Area:
    """Return the chance that a customer with the behaviour was predicted a higher rate than one without (Hanley & McNeil 1982)."""
    ones, zeros = y.sum(), len(y) - y.sum()
    area = (rankdata(p)[y == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    two_ones, two_zeros = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (two_ones - area**2) + (zeros - 1) * (two_zeros - area**2)
    se = float(np.sqrt(spread / (ones * zeros)))
    half = norm.ppf((1 + level) / 2) * se
    return Area(float(area), se, float(max(area - half, 0.0)), float(min(area + half, 1.0)))


def hosmer_lemeshow(y: Array, p: Array) -> tuple[float, float, float]:
    """Return chi-squared, df = groups - 2 and p over groups of predictions, equal ones together (Hosmer & Lemeshow 1980)."""
    # Equal rows may differ in the last bit of their predictions; rounding keeps them in one group.
    rounded = np.round(p, DIGITS)
    cuts = np.unique(np.quantile(rounded, np.arange(1, GROUPS) / GROUPS, method="inverted_cdf"))
    group = np.unique(np.searchsorted(cuts, rounded, side="left"), return_inverse=True)[1]
    groups = int(group.max()) + 1
    if groups < FEWEST_GROUPS:
        text = f"Predictions fall into {groups} group(s): the Hosmer-Lemeshow test needs {FEWEST_GROUPS}, and is left out."
        warnings.warn(text, DataWarning, stacklevel=2)
        return np.nan, np.nan, np.nan
    observed, expected = (np.column_stack([np.bincount(group, 1 - v), np.bincount(group, v)]) for v in (y, p))
    found = chisquare_binning(observed, expected, bins=groups)
    return float(found.statistic), float(found.df), float(found.pvalue)
