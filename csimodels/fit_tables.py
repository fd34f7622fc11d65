"""Fit measures of an estimate, whatever the estimator: statistics, corrections, residual measures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.estimate import Estimate
from csimodels.estimators.least_squares import vech
from csimodels.inferred import degrees_of_freedom, free_parameters
from csimodels.measures.fit import Compared, agfi, baseline, chisq_measures, fit_measures, gfi, loglik, srmr
from csimodels.measures.robust_fit import robust_measures, scaled_measures

__all__ = ["WITHHELD", "covariance_measures", "model_df"]

Array = NDArray[Any]
# their statistic is not chi-square without a correction, so that lavaan prints no p-value either
UNWEIGHTED = ("uls", "ulsmv")
WITHHELD = [
    "fmin",
    "chisq",
    "pvalue",
    "baseline_chisq",
    "baseline_pvalue",
    "cfi",
    "tli",
    "nfi",
    "pnfi",
    "ifi",
    "rni",
    "logl",
    "unrestricted_logl",
    "aic",
    "bic",
    "bic2",
    "rmsea",
    "rmsea_ci_lower",
    "rmsea_ci_upper",
    "rmsea_pvalue",
    "cn_05",
    "cn_01",
    "ecvi",
]


def covariance_measures(estimate: Estimate, rows: float) -> dict[str, float]:
    """Return every fit measure by lavaan's names, ``_`` for its dots.

    Parameters
    ----------
    estimate : Estimate
        Solution of a covariance structure.
    rows : float
        Sample size.
    """
    x = [estimate.table.observed.index(name) for name in estimate.table.fixed_x]
    if estimate.ordinal:
        found = _of_correlations(estimate, rows)
        r, g = srmr(estimate.S, _off_diagonal(estimate)), np.nan if estimate.gfi is None else estimate.gfi
        out = chisq_measures(found) | {"srmr": r, "gfi": g, "agfi": agfi(g, found.df, found.df + found.npar)}
    elif estimate.mean is None and estimate.weight is None and estimate.pooled is None:
        npar = free_parameters(estimate.table, estimate.constraints)
        out = fit_measures(estimate.F, estimate.S, estimate.Sigma, estimate.n, rows, npar, x)
        found = _compared(estimate, rows, x)
    else:
        found = _compared(estimate, rows, x)
        out = chisq_measures(found) | _residual_measures(estimate, x, found.df)
    if estimate.estimator in UNWEIGHTED:
        out |= dict.fromkeys(("pvalue", "baseline_pvalue"), np.nan)
    return out | _corrected(estimate, found)


def _corrected(estimate: Estimate, f: Compared) -> dict[str, float]:
    """Return scaled and robust measures; those of incomplete rows rest on the complete-data statistics.

    Of ordered items there are robust ones where all items are ordered and their correlations are positive definite.
    """
    test, base, whole = estimate.test, estimate.baseline, estimate.complete
    out: dict[str, float] = {}
    if test is not None and base is not None and base.test is not None:
        out = scaled_measures(f, test, base.test)
        if test.method != "mean.var.adjusted" and whole is None and not estimate.ordinal:
            out |= robust_measures(f, test.c, base.test.c, test.statistic(f.chisq), test.factor)
    if whole is not None:
        of_complete = f._replace(chisq=whole.chisq, chisq_0=whole.chisq_0)
        out |= robust_measures(of_complete, whole.c, whole.c_0, whole.chisq / whole.c, whole.c)
    return out


def _compared(estimate: Estimate, rows: float, x: list[int]) -> Compared:
    """Return what chi-square based measures are made of."""
    q, df = free_parameters(estimate.table, estimate.constraints), degrees_of_freedom(estimate.table, estimate.constraints)
    base = (estimate.baseline.chisq, estimate.baseline.df) if estimate.baseline is not None else baseline(estimate.S, estimate.n, x)
    chisq = estimate.n * max(estimate.F, 0.0)
    logl = unrestricted = np.nan
    if estimate.weight is None and estimate.pooled is None:
        whole = loglik(0.0, estimate.S, rows, x)
        if estimate.unrestricted is not None:
            whole = estimate.unrestricted - _exogenous(estimate.S, rows, x)
        logl, unrestricted = whole - 0.5 * rows * estimate.F, whole
    return Compared(chisq, df, *base, estimate.n, rows, q, logl, unrestricted)


def _of_correlations(estimate: Estimate, rows: float) -> Compared:
    """Return what measures of models of ordered items are made of."""
    assert estimate.baseline is not None
    base, chisq = estimate.baseline, estimate.n * max(estimate.F, 0.0)
    return Compared(chisq, model_df(estimate), base.chisq, base.df, estimate.n, rows, estimate.table.n_free, np.nan, np.nan)


def model_df(estimate: Estimate) -> int:
    """Return degrees of freedom; thresholds and means of ordered items are as many statistics as parameters."""
    if not estimate.ordinal:
        return degrees_of_freedom(estimate.table, estimate.constraints)
    p, first = len(estimate.S), sum(r.op == "|" or (r.op == "~1" and r.free > 0) for r in estimate.table.rows)
    return p * (p - 1) // 2 + p - len(estimate.ordinal) + first - estimate.table.n_free


def _off_diagonal(estimate: Estimate) -> Array:
    """Return implied covariances (p, p) with the sample's variances, whose residuals lavaan leaves out of SRMR where items are ordered."""
    Sigma = estimate.Sigma.copy()
    np.fill_diagonal(Sigma, np.diagonal(estimate.S))
    return Sigma


def _exogenous(S: Array, rows: float, x: list[int]) -> float:
    """Return the log-likelihood of exogenous observed variables alone, of which the model's is conditional."""
    if not x:
        return 0.0
    part = S[np.ix_(x, x)]
    return float(-0.5 * rows * (np.linalg.slogdet(part)[1] + len(x) * (1 + np.log(2 * np.pi))))


def _residual_measures(estimate: Estimate, x: list[int], df: float) -> dict[str, float]:
    """Return SRMR, GFI and AGFI; means count where they are modelled, and least squares weigh residuals by their own matrix."""
    S, Sigma = estimate.S, estimate.Sigma
    p = len(S)
    if estimate.weight is not None:
        r, s = vech(S - Sigma), vech(S)
        g = float(1 - r @ (estimate.weight @ r) / (s @ (estimate.weight @ s)))
        return {"srmr": srmr(S, Sigma), "gfi": g, "agfi": agfi(g, df, p * (p + 1) / 2)}
    if estimate.mean is None or estimate.mu is None:
        g = gfi(S, Sigma, x)
        return {"srmr": srmr(S, Sigma), "gfi": g, "agfi": agfi(g, df, p * (p + 1) / 2)}
    d = estimate.mean - estimate.mu
    standardised = d / np.sqrt(np.diagonal(S))
    cells = p * (p + 1) / 2
    both = float(np.sqrt((cells * srmr(S, Sigma) ** 2 + standardised @ standardised) / (cells + p)))
    own = estimate.gfi if estimate.complete is None else estimate.complete.gfi
    g = gfi(S, Sigma, x, (estimate.mean, d)) if own is None else own
    return {"srmr": both, "gfi": g, "agfi": agfi(g, df, cells + p)}
