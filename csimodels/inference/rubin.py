"""Rubin's rules: estimates, errors and statistics of several completed data sets as one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pooled", "between", "pooled_likelihood_ratio", "pooled_statistic", "pooled_vcov"]

Array = NDArray[Any]
NORMAL = 1e9


class Pooled(NamedTuple):
    """Hold what imputation added to the errors of parameters.

    m : data sets; df (q,): degrees of freedom of t; riv (q,): relative increase in variance; fmi (q,): fraction of missing information.
    """

    m: int
    df: Array
    riv: Array
    fmi: Array


def between(x: Array) -> Array:
    """Return the covariance matrix (q, q) of estimates (m, q) among data sets, with divisor m - 1."""
    around = x - x.mean(axis=0)
    return np.asarray(around.T @ around / (len(x) - 1))


def pooled_vcov(x: Array, within: Array) -> tuple[Array, Pooled]:
    """Return T = W + (1 + 1/m) B and what follows of it (Rubin 1987, doi:10.1002/9780470316696).

    Parameters
    ----------
    x : array (m, q)
        Estimates of each data set.
    within : array (m, q, q)
        Their covariance matrices.
    """
    m, W = len(x), within.mean(axis=0)
    B = (1.0 + 1.0 / m) * between(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        riv = np.diagonal(B) / np.diagonal(W)
        df = np.minimum((m - 1) * (1.0 + 1.0 / riv) ** 2, NORMAL)
        fmi = (riv + 2.0 / (df + 3.0)) / (1.0 + riv)
    return np.asarray(W + B), Pooled(m, df, riv, fmi)


def pooled_statistic(chisq: Array, df: float) -> float:
    """Return D2 as a chi-square statistic (Li, Meng, Raghunathan & Rubin 1991), not below zero.

    Parameters
    ----------
    chisq : array (m,)
        The statistic of each data set.
    df : float
        Its degrees of freedom.
    """
    m = len(chisq)
    if df == 0:
        return 0.0
    r = (1.0 + 1.0 / m) * float(np.var(np.sqrt(np.maximum(chisq, 0.0)), ddof=1))
    return float(max(df * (chisq.mean() / df - (m + 1) / (m - 1) * r) / (1.0 + r), 0.0))


def pooled_likelihood_ratio(own: Array, joint: Array, df: float) -> float:
    """Return D3 as a chi-square statistic (Meng & Rubin 1992, doi:10.1093/biomet/79.1.103), not below zero.

    Parameters
    ----------
    own : array (m,)
        Likelihood-ratio statistic of each data set at its own estimates.
    joint : array (m,)
        The same at the pooled estimates.
    df : float
        Degrees of freedom.
    """
    m = len(own)
    if df == 0:
        return 0.0
    r = max((m + 1) / (df * (m - 1)) * float(own.mean() - joint.mean()), 0.0)
    return float(max(joint.mean() / (1.0 + r), 0.0))
