"""Fit measures under corrected chi-square statistics: "scaled" ones from the statistics, "robust" ones from the factors."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, chndtr, chndtrinc

from csimodels.inference.scaled import ScaledTest
from csimodels.measures.fit import Compared, cfi, rmsea, rmsea_interval, rmsea_pclose, tli

__all__ = ["robust_cfi", "robust_measures", "robust_rmsea", "robust_tli", "scaled_measures"]


def scaled_measures(f: Compared, test: ScaledTest, test_0: ScaledTest) -> dict[str, float]:
    """Return scaled and robust measures by lavaan's names.

    Parameters
    ----------
    f : Compared
        Statistics that are not corrected.
    test, test_0 : ScaledTest
        Corrections of the model's statistic and of the independence model's.
    """
    chisq, chisq_0 = test.statistic(f.chisq), test_0.statistic(f.chisq_0)
    # lavaan takes RMSEA of statistics that are only scaled from chi-square on df times the factor, which has the same point estimate
    own, df = (chisq, test.df) if test.method == "scaled.shifted" else (f.chisq, f.df * test.c)
    lower, upper = rmsea_interval(own, df, f.n)
    out = {
        "chisq_scaled": chisq,
        "df_scaled": test.df,
        "pvalue_scaled": float(chdtrc(test.df, chisq)) if test.df else np.nan,
        "chisq_scaling_factor": test.factor,
        "chisq_shift": test.shift,
        "baseline_chisq_scaled": chisq_0,
        "baseline_df_scaled": test_0.df,
        "baseline_pvalue_scaled": float(chdtrc(test_0.df, chisq_0)) if test_0.df else np.nan,
        "baseline_chisq_scaling_factor": test_0.factor,
        "cfi_scaled": cfi(chisq, test.df, chisq_0, test_0.df),
        "tli_scaled": tli(chisq, test.df, chisq_0, test_0.df),
        "rmsea_scaled": rmsea(own, df, f.n),
        "rmsea_ci_lower_scaled": lower,
        "rmsea_ci_upper_scaled": upper,
        "rmsea_pvalue_scaled": rmsea_pclose(own, df, f.n),
    }
    return out


def robust_measures(f: Compared, c: float, c_0: float, chisq: float, factor: float) -> dict[str, float]:
    """Return robust CFI, TLI and RMSEA with its interval: what the corrected statistic estimates in the population.

    Parameters
    ----------
    f : Compared
        Statistics that are not corrected.
    c, c_0 : float
        Mean eigenvalues of U Gamma of the model and of the independence model.
    chisq : float
        The model's corrected statistic.
    factor : float
        Its scaling factor, by which its noncentrality is multiplied; other than c under a shift, where lavaan takes it too.
    """
    lower, upper = robust_interval(chisq, f.df, f.n, factor)
    return {
        "cfi_robust": robust_cfi(f, c, c_0),
        "tli_robust": robust_tli(f, c, c_0),
        "rmsea_robust": robust_rmsea(f, c),
        "rmsea_ci_lower_robust": lower,
        "rmsea_ci_upper_robust": upper,
        "rmsea_pvalue_robust": np.nan if f.df == 0 else float(1.0 - chndtr(chisq, f.df, f.n * f.df * 0.05**2 / factor)),
    }


def robust_cfi(f: Compared, c: float, c_0: float) -> float:
    """Return the robust comparative fit index (Brosseau-Liard & Savalei 2014, doi:10.1080/00273171.2014.933697)."""
    top = max(f.chisq - c * f.df, 0.0)
    bottom = max(f.chisq - c * f.df, f.chisq_0 - c_0 * f.df_0, 0.0)
    return 1.0 if bottom == 0 or f.df == 0 else 1.0 - top / bottom


def robust_tli(f: Compared, c: float, c_0: float) -> float:
    """Return the robust Tucker-Lewis index (Brosseau-Liard & Savalei 2014)."""
    if f.df == 0 or f.df_0 == 0:
        return 1.0
    return 1.0 - (f.chisq - c * f.df) * f.df_0 / ((f.chisq_0 - c_0 * f.df_0) * f.df)


def robust_rmsea(f: Compared, c: float) -> float:
    """Return the robust RMSEA (Brosseau-Liard, Savalei & Li 2012, doi:10.1080/00273171.2012.715252)."""
    return 0.0 if f.df == 0 else float(np.sqrt(max(f.chisq / f.n / f.df - c / f.n, 0.0)))


def robust_interval(chisq: float, df: float, n: float, c: float, level: float = 0.90) -> tuple[float, float]:
    """Return the interval of the robust RMSEA: that of the corrected statistic's noncentrality, times c."""
    if df == 0:
        return 0.0, 0.0
    bounds = []
    for tail in (0.5 + level / 2, 0.5 - level / 2):
        noncentrality = 0.0 if chndtr(chisq, df, 0.0) < tail else float(chndtrinc(chisq, df, tail))
        bounds.append(float(np.sqrt(c * noncentrality / (n * df))))
    return bounds[0], bounds[1]
