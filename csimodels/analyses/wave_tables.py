"""Scores of waves compared: changes, trends, restatements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2
from statsmodels.regression.linear_model import WLS

from csimodels.analyses.gap_tests import holm
from csimodels.inference.information import interval, z_test

__all__ = ["adjusted_by_kind", "changes_of", "restated", "trend_of", "with_intervals"]

Array = NDArray[Any]
PREVIOUS, BASELINE = "previous", "baseline"
CHANGES = ["comparison", "from", "to", "difference", "se", "z", "pvalue", "ci_lower", "ci_upper"]
TREND = ["series", "waves", "slope", "se", "z", "pvalue", "ci_lower", "ci_upper", "q", "df", "q_pvalue"]


def with_intervals(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return scores with their intervals."""
    lower, upper = interval(rows["score"].to_numpy(), rows["se"].to_numpy(), level)
    return rows.assign(ci_lower=lower, ci_upper=upper)


def _pairs(series: Array, baseline: int | None) -> list[tuple[str, int, int]]:
    """Return which waves to compare: each with the one before it and with the baseline of its series, never across a break."""
    pairs = [(PREVIOUS, k - 1, k) for k in range(1, len(series)) if series[k - 1] == series[k]]
    for s in np.unique(series):
        inside = np.flatnonzero(series == s)
        first = baseline if baseline in inside else inside[0] if baseline is None else None
        pairs += [(BASELINE, int(first), int(k)) for k in inside if first is not None and k != first]
    return pairs


def changes_of(rows: pd.DataFrame, wave: str, level: float, baseline: Any) -> pd.DataFrame:
    """Return differences of scores of independent waves, later less earlier; se = sqrt(se_a^2 + se_b^2).

    Parameters
    ----------
    rows : DataFrame
        Waves in order: the wave's column, series, score, se.
    wave : str
        Column of the waves.
    level : float
        Coverage of the intervals.
    baseline : object
        Wave to compare with besides the one before; by default the first of each series.
    """
    score, se, names = rows["score"].to_numpy(), rows["se"].to_numpy(), rows[wave].to_list()
    at = None if baseline is None else names.index(baseline) if baseline in names else -1
    pairs = _pairs(rows["series"].to_numpy(), at)
    a, b = (np.array([pair[k] for pair in pairs], dtype=int) for k in (1, 2))
    difference, error = score[b] - score[a], np.hypot(se[a], se[b])
    z, p = z_test(difference, error)
    lower, upper = interval(difference, error, level)
    named = ([kind for kind, _, _ in pairs], [names[k] for k in a], [names[k] for k in b])
    return pd.DataFrame(dict(zip(CHANGES, (*named, difference, error, z, p, lower, upper), strict=True)), columns=CHANGES)


def adjusted_by_kind(changes: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Return changes with p-values adjusted by Holm within each comparison, over all labels and waves."""
    p = changes["pvalue"].to_numpy(dtype=float)
    out = np.full(len(p), np.nan)
    for kind in (PREVIOUS, BASELINE):
        inside = (changes["comparison"] == kind).to_numpy()
        out[inside] = holm(p[inside])
    at = len(labels) + CHANGES.index("pvalue") + 1
    changes.insert(at, "pvalue_holm", out)
    return changes


def trend_of(rows: pd.DataFrame, time: Array, level: float) -> pd.DataFrame:
    """Return the slope of scores over time in each series, and Cochran's Q of what a straight line leaves over.

    Weighted least squares with known variances se^2: the slope's error is 1 / sqrt(sum w (t - mean)^2) and does not grow with the
    scatter about the line; Q = sum w residual^2 is chi-square with as many degrees of freedom as waves less two (Cochran 1954,
    doi:10.2307/3001666).

    Parameters
    ----------
    rows : DataFrame
        Waves in order: series, score, se.
    time : array (waves,)
        When they were.
    level : float
        Coverage of the intervals.
    """
    found: list[tuple[Any, ...]] = []
    for s in rows["series"].unique():
        inside = (rows["series"] == s).to_numpy()
        if inside.sum() < 2:
            continue
        score, se = (rows.loc[inside, c].to_numpy(dtype=float) for c in ("score", "se"))
        X = np.column_stack([np.ones(inside.sum()), time[inside] - time[inside].mean()])
        fit = WLS(score, X, weights=1 / se**2).fit(cov_type="fixed scale")
        z, p = z_test(fit.params[1:], fit.bse[1:])
        lower, upper = interval(fit.params[1:], fit.bse[1:], level)
        df, q = int(inside.sum()) - 2, float((fit.wresid**2).sum())
        test = (q, df, chi2.sf(q, df)) if df else (np.nan, 0, np.nan)
        found.append((s, int(inside.sum()), fit.params[1], fit.bse[1], z[0], p[0], lower[0], upper[0], *test))
    return pd.DataFrame(found, columns=TREND)


def restated(rows: pd.DataFrame, published: pd.DataFrame, keys: Sequence[str], level: float) -> pd.DataFrame:
    """Return scores beside those published before: revision = score - published, and whether the interval holds the published one."""
    both = rows.merge(published, on=list(keys), how="inner", validate="one_to_one", sort=False)
    lower, upper = interval(both["score"].to_numpy(), both["se"].to_numpy(), level)
    inside = (lower <= both["published"]) & (both["published"] <= upper)
    columns: dict[str, Any] = {"revision": both["score"] - both["published"], "se": both["se"], "within_interval": inside}
    return both[[*keys, "published", "score"]].assign(**columns)
