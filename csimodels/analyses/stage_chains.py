"""Stages of a journey: their scores, the chain from stage to stage, and their total effects on the outcome."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, pearsonr
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.journey_answers import Answers
from csimodels.analyses.regressing import coefficient_table, decided_alone, dependent
from csimodels.errors import DataWarning

__all__ = ["Chain", "chained", "stage_scores", "stages_table"]

Array = NDArray[np.float64]
FEWEST_FOR_R = 4
WHOLE = "no score in some stage"


class Chain(NamedTuple):
    """Paths and total effects, how many customers they are of, and why others, or all, are left out."""

    paths: pd.DataFrame
    totals: pd.DataFrame
    n: int
    why: str


def stage_scores(answers: Answers, stages: tuple[str, ...]) -> Array:
    """Return the mean of the touchpoints used in each stage (n, m), NaN where none was."""
    member = (np.array(answers.stages)[:, None] == np.array(stages)).astype(float)
    used = np.isfinite(answers.values)
    count = used.astype(float) @ member
    return np.asarray(np.where(used, answers.values, 0.0) @ member / np.where(count > 0, count, np.nan))


def stages_table(answers: Answers, scores: Array, stages: tuple[str, ...], level: float) -> pd.DataFrame:
    """Return one row a stage."""
    rows = []
    for stage, column in zip(stages, scores.T, strict=True):
        there = np.isfinite(column)
        x, n = column[there], int(there.sum())
        facts = {"stage": stage, "touchpoints": answers.stages.count(stage), "n": n, "share": n / len(column)}
        spread = {"mean": x.mean() if n else np.nan, "sd": x.std(ddof=1) if n > 1 else np.nan}
        rows.append(facts | spread | _correlation(x, answers.y[there], level))
    return pd.DataFrame(rows)


def _correlation(x: Array, y: Array, level: float) -> dict[str, float]:
    """Return Pearson's r with its p-value and limits."""
    if len(x) < FEWEST_FOR_R or np.ptp(x) == 0 or np.ptp(y) == 0:
        return dict.fromkeys(("r", "pvalue", "ci_lower", "ci_upper"), np.nan)
    found = pearsonr(x, y)
    limits = found.confidence_interval(level)
    return {"r": found.statistic, "pvalue": found.pvalue, "ci_lower": limits.low, "ci_upper": limits.high}


def chained(scores: Array, y: Array, stages: tuple[str, ...], level: float, min_n: int) -> Chain:
    """Return the chain among customers with a score in every stage that enough have one in; an empty one where it cannot be estimated."""
    kept = [k for k, count in enumerate(np.isfinite(scores).sum(axis=0)) if count >= min_n]
    names = tuple(stages[k] for k in kept)
    for stage in (s for s in stages if s not in names):
        warnings.warn(f"The chain passes over stage {stage!r}: fewer than {min_n} customers have a score there.", DataWarning, stacklevel=2)
    whole = np.isfinite(scores[:, kept]).all(axis=1)
    S, outcome, n = scores[whole][:, kept], y[whole], int(whole.sum())
    why = _obstacle(S, outcome, max(min_n, S.shape[1] + 3))
    if why:
        warnings.warn(f"The chain of stages is left out: {why}.", DataWarning, stacklevel=2)
        return Chain(pd.DataFrame(), pd.DataFrame(), 0, why)
    if n < len(y):
        warnings.warn(f"{len(y) - n} of {len(y)} customers are left out of the chain: {WHOLE}.", DataWarning, stacklevel=2)
    fits = [_fit(S[:, [k]], S[:, k + 1]) for k in range(S.shape[1] - 1)] + [_fit(S, outcome)]
    return Chain(_paths(fits, S, outcome, names, level), _totals(fits, S, outcome, names, level), n, WHOLE)


def _obstacle(S: Array, y: Array, least: int) -> str:
    """Return why the chain cannot be estimated, if so."""
    if not S.shape[1]:
        return "no stage has enough customers"
    if len(S) < least:
        return f"{len(S)} customers have a score in every stage, fewer than {least}"
    if np.ptp(y) == 0:
        return "their outcomes are all alike"
    X = np.column_stack([np.ones(len(S)), S])
    if dependent(X) is not None:
        return "a stage does not vary, or is a linear function of the others"
    designs = [X, *(X[:, [0, k]] for k in range(1, X.shape[1] - 1))]
    return "one customer alone decides a path" if any(decided_alone(d) is not None for d in designs) else ""


def _fit(x: Array, y: Array) -> Any:
    """Return a regression with HC3 errors."""
    return OLS(y, np.column_stack([np.ones(len(y)), x])).fit(cov_type="HC3", use_t=True)


def _paths(fits: list[Any], S: Array, y: Array, stages: tuple[str, ...], level: float) -> pd.DataFrame:
    """Return paths from stage to stage, then from every stage to the outcome."""
    sd = S.std(axis=0, ddof=1)
    ends = [(a, b) for a, b in pairwise(stages)] + [(s, "outcome") for s in stages]
    tables = [coefficient_table(f, f.model.exog_names, level, "t").iloc[1:] for f in fits]
    table = pd.concat(tables, ignore_index=True)
    ratio = np.concatenate([sd[:-1] / sd[1:], sd / y.std(ddof=1)])
    table.insert(0, "path", [f"{a} -> {b}" for a, b in ends])
    table.insert(3, "std", table["est"] * ratio)
    return table.drop(columns="name").assign(n=len(y))


def _influences(fit: Any) -> Array:
    """Return what each row adds to the coefficients (p, n); their products sum to the HC3 covariance."""
    X = fit.model.exog
    bread = np.linalg.inv(X.T @ X)
    leverage = np.einsum("ni,ij,nj->n", X, bread, X)
    return np.asarray(bread @ X.T * (fit.resid / (1 - leverage)))


def _totals(fits: list[Any], S: Array, y: Array, stages: tuple[str, ...], level: float) -> pd.DataFrame:
    """Return total effects T_j = b_j + a_j+1 T_j+1 with errors by the delta method (Sobel 1982, doi:10.2307/270723)."""
    m = len(stages)
    a, b = np.array([f.params[1] for f in fits[:-1]]), fits[-1].params[1:]
    parts = np.vstack([*(_influences(f)[1:] for f in fits[:-1]), _influences(fits[-1])[1:]])
    total, gradient = np.array(b, dtype=float), np.zeros((m, len(parts)))
    for j in reversed(range(m)):
        gradient[j, m - 1 + j] = 1.0
        if j + 1 < m:
            total[j] += a[j] * total[j + 1]
            gradient[j] += a[j] * gradient[j + 1]
            gradient[j, j] += total[j + 1]
    se = np.sqrt(((gradient @ parts) ** 2).sum(axis=1))
    z, half = total / se, norm.ppf((1 + level) / 2) * se
    effects = {"stage": list(stages), "direct": b, "indirect": total - b, "est": total, "std": total * S.std(axis=0) / y.std(), "se": se}
    return pd.DataFrame(effects | {"z": z, "pvalue": 2 * norm.sf(np.abs(z)), "ci_lower": total - half, "ci_upper": total + half})
