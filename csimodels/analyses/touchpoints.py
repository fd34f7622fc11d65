"""Touchpoints of a journey: use, rating, and the outcome of their users; combinations of touchpoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ttest_ind
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests

from csimodels.analyses.journey_answers import Answers
from csimodels.analyses.regressing import coefficient_table, decided_alone

__all__ = ["patterns_table", "touchpoints_table"]

Array = NDArray[np.float64]
POINTS, MOST_PATTERNS = 5.0, 10
SLOPE = ("est", "se", "t", "pvalue", "ci_lower", "ci_upper")


def touchpoints_table(answers: Answers, level: float, min_n: int) -> pd.DataFrame:
    """Return one row a touchpoint."""
    rows = []
    for name, stage, column in zip(answers.names, answers.stages, answers.values.T, strict=True):
        used = np.isfinite(column)
        slope = _slope(column[used], answers.y[used], level, min_n)
        rows.append({"stage": stage, "touchpoint": name} | _use(column[used], answers.y, used) | slope)
    table = pd.DataFrame(rows)
    p = table["pvalue"].to_numpy(dtype=float)
    known = np.isfinite(p)
    adjusted = np.full(len(p), np.nan)
    if known.any():
        adjusted[known] = multipletests(p[known], method="holm")[1]
    table.insert(list(table.columns).index("pvalue") + 1, "pvalue_holm", adjusted)
    if answers.scaled and answers.outcome_scaled:
        impact = POINTS * table["est"]
        table = table.assign(impact_5=impact, impact_5_all=impact * table["share"])
    return table[[*(c for c in table.columns if c != "note"), "note"]]


def _use(ratings: Array, y: Array, used: NDArray[np.bool_]) -> dict[str, Any]:
    """Return how many used a touchpoint, how they rate it, and their outcome beside that of the others."""
    users, others = y[used], y[~used]
    n = len(ratings)
    with_outcome, without = users.mean() if n else np.nan, others.mean() if len(others) else np.nan
    pair = min(len(users), len(others)) > 1 and min(np.ptp(users), np.ptp(others)) > 0
    return {
        "n": n,
        "share": n / len(y),
        "mean": ratings.mean() if n else np.nan,
        "sd": ratings.std(ddof=1) if n > 1 else np.nan,
        "outcome_users": with_outcome,
        "outcome_non_users": without,
        "difference": with_outcome - without,
        "pvalue_difference": float(ttest_ind(users, others, equal_var=False).pvalue) if pair else np.nan,
    }


def _slope(x: Array, y: Array, level: float, min_n: int) -> dict[str, Any]:
    """Return the slope of the outcome on a touchpoint among its users, or why there is none."""
    X = np.column_stack([np.ones(len(x)), x])
    why = ""
    if len(x) < min_n:
        why = f"{len(x)} users, fewer than {min_n}"
    elif np.ptp(x) == 0 or np.ptp(y) == 0:
        why = "its users all answer alike"
    elif decided_alone(X) is not None:
        why = "one user alone decides it"
    if why:
        return dict.fromkeys(SLOPE, np.nan) | {"note": why}
    row = coefficient_table(OLS(y, X).fit(cov_type="HC3", use_t=True), ("const", "slope"), level, "t").iloc[1]
    return {name: float(row[name]) for name in SLOPE} | {"note": ""}


def patterns_table(answers: Answers) -> pd.DataFrame:
    """Return the most frequent combinations of used touchpoints, then all others in one row."""
    used, of, counts = np.unique(np.isfinite(answers.values), axis=0, return_inverse=True, return_counts=True)
    of, n = of.reshape(-1), len(answers.y)
    sums = np.bincount(of, answers.y)
    order = np.argsort(-counts, kind="stable")
    first, rest = order[:MOST_PATTERNS], order[MOST_PATTERNS:]
    names = [" + ".join(np.array(answers.names)[used[k]].tolist()) or "(none)" for k in first]
    rows = [(name, float(used[k].sum()), int(counts[k]), sums[k] / counts[k]) for name, k in zip(names, first, strict=True)]
    if rest.size:
        rows.append((f"{len(rest)} others", np.nan, int(counts[rest].sum()), sums[rest].sum() / counts[rest].sum()))
    table = pd.DataFrame(rows, columns=["pattern", "touchpoints", "n", "outcome"])
    table.insert(3, "share", table["n"] / n)
    return table.astype({"touchpoints": "Int64"})
