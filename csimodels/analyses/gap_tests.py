"""Tests of mean differences and intervals of shares, many at once, with p-values adjusted by Holm."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from csimodels.errors import DataError

__all__ = ["contrasts", "holm", "mean_interval", "require_variation", "shares", "signed_rank_tests", "t_tests"]

Array = NDArray[Any]
NOTHING = 1e-9


def _constant(values: Array) -> bool:
    """Return whether values do not vary, but for rounding."""
    return bool(np.ptp(values) < NOTHING)


def require_variation(names: Sequence[str], values: Sequence[Array], code: str) -> None:
    """Refuse values that are the same for every respondent."""
    for name, v in zip(names, values, strict=True):
        if _constant(v):
            text = f"{name} is {v[0]:g} in every row."
            raise DataError(code, text, variable=name, value=float(v[0]), hint="Leave it out: no test is possible.")


def holm(p: Array) -> Array:
    """Return p-values adjusted by Holm (1979); unknown ones stay unknown and are not counted."""
    out, known = np.full(len(p), np.nan), np.isfinite(p)
    if known.any():
        out[known] = multipletests(p[known], method="holm")[1]
    return out


def t_tests(differences: Sequence[Array], level: float) -> pd.DataFrame:
    """Test that means of differences are zero, by Student's t.

    Parameters
    ----------
    differences : sequence of array (n_i,)
        Differences without NaN, each varying.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row a difference: n, est, sd, se, d_z (est / sd), t, df, pvalue, pvalue_holm, ci_lower, ci_upper.
    """
    rows = []
    for d in differences:
        tested, sd = stats.ttest_1samp(d, 0.0), float(d.std(ddof=1))
        low, high = tested.confidence_interval(level)
        rows.append((len(d), d.mean(), sd, sd / len(d) ** 0.5, d.mean() / sd, tested.statistic, tested.df, tested.pvalue, low, high))
    table = pd.DataFrame(rows, columns=["n", "est", "sd", "se", "d_z", "t", "df", "pvalue", "ci_lower", "ci_upper"])
    table.insert(8, "pvalue_holm", holm(table["pvalue"].to_numpy(dtype=float)))
    return table


def signed_rank_tests(differences: Sequence[Array]) -> pd.DataFrame:
    """Test that differences are symmetric about zero (Wilcoxon 1945, doi:10.2307/3001968); zero differences are left out of the ranks.

    Returns
    -------
    DataFrame
        One row a difference: wilcoxon (the smaller sum of ranks), pvalue_wilcoxon, pvalue_wilcoxon_holm.
    """
    # Differences of means are equal but for rounding; ranks must see that they tie.
    tested = [stats.wilcoxon(np.round(d, 9)) for d in differences]
    p = np.array([t.pvalue for t in tested], dtype=float)
    return pd.DataFrame({"wilcoxon": [float(t.statistic) for t in tested], "pvalue_wilcoxon": p, "pvalue_wilcoxon_holm": holm(p)})


def shares(counts: Mapping[str, int], level: float, name: str) -> pd.DataFrame:
    """Return counts as shares of their sum with intervals by Wilson (1927, doi:10.1080/01621459.1927.10502953).

    Returns
    -------
    DataFrame
        One row a count: its name, n, share, ci_lower, ci_upper.
    """
    n = np.array(list(counts.values()), dtype=int)
    low, high = proportion_confint(n, n.sum(), alpha=1 - level, method="wilson")
    return pd.DataFrame({name: list(counts), "n": n, "share": n / n.sum(), "ci_lower": low, "ci_upper": high})


def mean_interval(values: Array, level: float) -> tuple[float, float, float]:
    """Return a mean and its t interval; NaN limits where fewer than two values, or equal ones, leave it unknown."""
    if len(values) < 2 or _constant(values):
        return (float(values.mean()) if len(values) else np.nan), np.nan, np.nan
    low, high = DescrStatsW(values).tconfint_mean(alpha=1 - level)
    return float(values.mean()), float(low), float(high)


def contrasts(groups: Mapping[str, Array], level: float, name: str) -> pd.DataFrame:
    """Compare the means of every two groups by Welch's t (1947, doi:10.1093/biomet/34.1-2.28).

    Returns
    -------
    DataFrame
        One row a pair: the names (``<name>_a``, ``<name>_b``), est (mean of a - mean of b), se, t, df, pvalue, pvalue_holm, ci_lower,
        ci_upper; NaN where a group has fewer than two values or neither varies.
    """
    rows = [(a, b, *_welch(groups[a], groups[b], level)) for a, b in itertools.combinations(groups, 2)]
    columns = [f"{name}_a", f"{name}_b", "est", "se", "t", "df", "pvalue", "ci_lower", "ci_upper"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(7, "pvalue_holm", holm(table["pvalue"].to_numpy(dtype=float)))
    return table


def _welch(a: Array, b: Array, level: float) -> tuple[float, ...]:
    """Return est, se, t, df, p and the interval of one contrast."""
    if min(len(a), len(b)) < 2 or (_constant(a) and _constant(b)):
        return (np.nan,) * 7
    pair = CompareMeans(DescrStatsW(a), DescrStatsW(b))
    t, p, df = pair.ttest_ind(usevar="unequal")
    low, high = pair.tconfint_diff(alpha=1 - level, usevar="unequal")
    return tuple(map(float, (a.mean() - b.mean(), pair.std_meandiff_separatevar, t, df, p, low, high)))
