"""Fit measures as pure functions of numbers, by lavaan's names and conventions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, chndtr, chndtrinc

__all__ = [
    "Compared",
    "agfi",
    "baseline",
    "cfi",
    "chisq_measures",
    "fit_measures",
    "gfi",
    "ifi",
    "loglik",
    "nfi",
    "rmsea",
    "rmsea_interval",
    "rmsea_pclose",
    "rni",
    "srmr",
    "srmr_stack",
    "tli",
]

Array = NDArray[Any]


def baseline(S: Array, n: float, x: list[int]) -> tuple[float, float]:
    """Return chi-square and df of the independence model; exogenous observed variables x stay correlated."""
    p, px = S.shape[0], len(x)
    rest = [i for i in range(p) if i not in x]
    logdet = np.linalg.slogdet(S)[1]
    free = np.log(np.diagonal(S)[rest]).sum() + (np.linalg.slogdet(S[np.ix_(x, x)])[1] if x else 0.0)
    return float(n * (free - logdet)), p * (p - 1) / 2 - px * (px - 1) / 2


def cfi(chisq: float, df: float, chisq_0: float, df_0: float) -> float:
    """Return the comparative fit index (Bentler 1990, doi:10.1037/0033-2909.107.2.238)."""
    top, bottom = max(chisq - df, 0.0), max(chisq - df, chisq_0 - df_0, 0.0)
    return 1.0 if bottom == 0 else 1.0 - top / bottom


def tli(chisq: float, df: float, chisq_0: float, df_0: float) -> float:
    """Return the Tucker-Lewis index (Tucker & Lewis 1973, doi:10.1007/BF02291170)."""
    if df == 0 or df_0 == 0:
        return 1.0
    ratio, ratio_0 = chisq / df, chisq_0 / df_0
    return np.nan if ratio_0 == 1 else (ratio_0 - ratio) / (ratio_0 - 1)


def nfi(chisq: float, chisq_0: float) -> float:
    """Return the normed fit index (Bentler & Bonett 1980, doi:10.1037/0033-2909.88.3.588)."""
    return np.nan if chisq_0 == 0 else (chisq_0 - chisq) / chisq_0


def ifi(chisq: float, df: float, chisq_0: float) -> float:
    """Return the incremental fit index (Bollen 1989, doi:10.1177/0049124189017003004)."""
    return np.nan if chisq_0 == df else (chisq_0 - chisq) / (chisq_0 - df)


def rni(chisq: float, df: float, chisq_0: float, df_0: float) -> float:
    """Return the relative noncentrality index (McDonald & Marsh 1990, doi:10.1037/0033-2909.107.2.247)."""
    return np.nan if chisq_0 == df_0 else 1.0 - (chisq - df) / (chisq_0 - df_0)


def rmsea(chisq: float, df: float, n: float) -> float:
    """Return the root mean square error of approximation (Steiger 1990, doi:10.1207/s15327906mbr2502_4)."""
    return 0.0 if df == 0 else float(np.sqrt(max(chisq / n / df - 1.0 / n, 0.0)))


def rmsea_interval(chisq: float, df: float, n: float, level: float = 0.90) -> tuple[float, float]:
    """Return the confidence interval of RMSEA (Browne & Cudeck 1992, doi:10.1177/0049124192021002005)."""
    if df == 0:
        return 0.0, 0.0
    bounds = []
    for tail in (0.5 + level / 2, 0.5 - level / 2):
        noncentrality = 0.0 if chndtr(chisq, df, 0.0) < tail else float(chndtrinc(chisq, df, tail))
        bounds.append(float(np.sqrt(noncentrality / (n * df))))
    return bounds[0], bounds[1]


def rmsea_pclose(chisq: float, df: float, n: float, cutoff: float = 0.05) -> float:
    """Return the p-value of RMSEA <= cutoff (Browne & Cudeck 1992)."""
    return np.nan if df == 0 else float(1.0 - chndtr(chisq, df, n * df * cutoff**2))


def srmr(S: Array, Sigma: Array) -> float:
    """Return the standardised root mean square residual, diagonal included (Bentler 1995)."""
    return float(srmr_stack(S[None], Sigma[None])[0])


def srmr_stack(S: Array, Sigma: Array) -> Array:
    """Return the standardised root mean square residual of every member (B,) of covariances (B, p, p)."""
    sd = np.sqrt(np.diagonal(S, axis1=-2, axis2=-1))
    i, j = np.tril_indices(sd.shape[-1])
    residual = ((S - Sigma)[:, i, j]) / (sd[:, i] * sd[:, j])
    out: Array = np.sqrt(np.mean(residual**2, axis=1))
    return out


def gfi(S: Array, Sigma: Array, x: list[int], means: tuple[Array, Array] | None = None) -> float:
    """Return the ML goodness-of-fit index (Joreskog & Sorbom 1981); moments of exogenous observed variables x do not count.

    ``means`` are sample means and their residuals (p,), where they are modelled.
    """
    modelled = S.copy()
    modelled[np.ix_(x, x)] = 0.0
    E, W = (np.linalg.solve(Sigma, M) for M in (S - Sigma, modelled))
    residual, total = float(np.einsum("ij,ji->", E, E)), float(np.einsum("ij,ji->", W, W))
    if means is not None:
        mean, d = means[0].copy(), means[1]
        mean[x] = 0.0
        residual += 2.0 * float(d @ np.linalg.solve(Sigma, d))
        total += 2.0 * float(mean @ np.linalg.solve(Sigma, mean))
    return 1.0 - residual / total


def agfi(gfi_value: float, df: float, moments: float) -> float:
    """Return the adjusted goodness-of-fit index from the number of sample moments; 1 where df = 0, as lavaan."""
    return 1.0 if df == 0 else 1.0 - moments / df * (1.0 - gfi_value)


def loglik(F: float, S: Array, rows: float, x: list[int]) -> float:
    """Return the normal log-likelihood at discrepancy F, of the endogenous variables given the exogenous observed ones x."""
    total = F + np.linalg.slogdet(S)[1] + len(S) * (1 + np.log(2 * np.pi))
    if x:
        total -= np.linalg.slogdet(S[np.ix_(x, x)])[1] + len(x) * (1 + np.log(2 * np.pi))
    return float(-0.5 * rows * total)


class Compared(NamedTuple):
    """What fit measures are made of.

    chisq, df: the model; chisq_0, df_0: the independence model; n: multiplier of the discrepancy; rows: sample size; npar: free parameters;
    logl, unrestricted: log-likelihoods of the model and of the saturated one, NaN where there is none.
    """

    chisq: float
    df: float
    chisq_0: float
    df_0: float
    n: float
    rows: float
    npar: int
    logl: float
    unrestricted: float


def chisq_measures(f: Compared) -> dict[str, float]:
    """Return measures that follow from chi-square statistics and log-likelihoods, by lavaan's names."""
    lower, upper = rmsea_interval(f.chisq, f.df, f.n)
    normed = nfi(f.chisq, f.chisq_0)
    out = {
        "npar": f.npar,
        "fmin": f.chisq / (2 * f.rows),
        "chisq": f.chisq,
        "df": f.df,
        "pvalue": float(chdtrc(f.df, f.chisq)) if f.df else np.nan,
        "baseline_chisq": f.chisq_0,
        "baseline_df": f.df_0,
        "baseline_pvalue": float(chdtrc(f.df_0, f.chisq_0)) if f.df_0 else np.nan,
        "cfi": cfi(f.chisq, f.df, f.chisq_0, f.df_0),
        "tli": tli(f.chisq, f.df, f.chisq_0, f.df_0),
        "nfi": normed,
        "pnfi": f.df / f.df_0 * normed if f.df_0 else np.nan,
        "ifi": ifi(f.chisq, f.df, f.chisq_0),
        "rni": rni(f.chisq, f.df, f.chisq_0, f.df_0),
    }
    if np.isfinite(f.logl):
        out |= {"logl": f.logl, "unrestricted_logl": f.unrestricted}
        out |= {"aic": -2 * f.logl + 2 * f.npar, "bic": -2 * f.logl + f.npar * np.log(f.rows)}
    out["ntotal"] = f.rows
    if np.isfinite(f.logl):
        out["bic2"] = -2 * f.logl + f.npar * np.log((f.rows + 2) / 24)
    out |= {"rmsea": rmsea(f.chisq, f.df, f.n), "rmsea_ci_lower": lower, "rmsea_ci_upper": upper, "rmsea_ci_level": 0.90}
    out["rmsea_pvalue"] = rmsea_pclose(f.chisq, f.df, f.n)
    return out | {"cn_05": hoelter(f, 0.05), "cn_01": hoelter(f, 0.01), "ecvi": (f.chisq + 2.0 * f.npar) / f.n}


def hoelter(f: Compared, level: float) -> float:
    """Return Hoelter's critical N: the rows at which the statistic would just be significant (Hoelter 1983)."""
    if f.df == 0 or f.chisq == 0:
        return 1.0 if f.df == 0 else np.nan
    return float(chdtri(f.df, level) / (f.chisq / f.n) + 1.0)


def fit_measures(F: float, S: Array, Sigma: Array, n: float, rows: float, npar: int, x: list[int]) -> dict[str, float]:
    """Return every measure of an ML fit of covariances by lavaan's names.

    Parameters
    ----------
    F : float
        Discrepancy at the optimum.
    S, Sigma : arrays (p, p)
        Sample and implied covariances.
    n : float
        Multiplier of F: rows, or rows - 1 under the Wishart likelihood.
    rows : float
        Sample size.
    npar : int
        Free parameters.
    x : list of int
        Exogenous observed variables, whose moments are not modelled.
    """
    p, px = len(S), len(x)
    df = p * (p + 1) // 2 - px * (px + 1) // 2 - npar
    chisq_0, df_0 = baseline(S, n, x)
    logl, unrestricted = loglik(F, S, rows, x), loglik(0.0, S, rows, x)
    out = chisq_measures(Compared(n * max(F, 0.0), df, chisq_0, df_0, n, rows, npar, logl, unrestricted))
    g = gfi(S, Sigma, x)
    return out | {"fmin": F / 2, "srmr": srmr(S, Sigma), "gfi": g, "agfi": agfi(g, df, p * (p + 1) / 2)}
