"""Robust, incomplete and ordered fits over simulated surveys of a known truth: coverage, bias and the size of the test of fit."""

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import ndtr

import csimodels as csi

# 5,000 surveys a study; 1,000 of them for the estimator that should fail, whose failure is large.
COUNT, FEWER = 5000, 1000
# Coverage of 95 % intervals: inside the 99 % binomial band of the number of surveys, 0.942 to 0.958 for 5,000.
BAND = 0.99
# The sandwich holds fourth moments, which 600 respondents with heavy tails understate: its errors are 1 to 3 % small and cover a point less
# (MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7); with 2,400 nothing is left of it. Symmetric intervals of standardised
# values, which end at one, may miss by as much.
SMALL = 0.01
# Relative bias: below 2 %, what is left of second order; its own Monte Carlo error is 0.2 %, of thresholds near zero 0.4 %.
BIAS = 0.02
# Rejections at 5 %: corrected statistics are right in large samples only, and reject a point or two too often before.
REJECTED = (0.03, 0.08)
# Surveys without a converged solution and errors of all parameters: fewer than 1 %.
FAILED = 0.01
Z = stats.norm.ppf(0.975)

pytestmark = pytest.mark.slow

SPEC = csi.ModelSpec.from_lavaan("q =~ q1 + q2 + q3; s =~ s1 + s2 + s3; l =~ l1 + l2 + l3; s ~ q; l ~ s")
LOADINGS = {"q": (0.8, 0.7, 0.75), "s": (0.85, 0.75, 0.7), "l": (0.75, 0.8, 0.65)}
Q_TO_S, S_TO_L = 0.6, 0.5
THRESHOLDS = (-1.5, -0.9, -0.3, 0.6)
# The truth by column and parameter: first loadings are one under delta and under "ml" alike, because items have variance one.
FREE = {("est", c, "=~", f"{c}{k + 1}"): own[k] / own[0] for c, own in LOADINGS.items() for k in (1, 2)}
FREE |= {("est", "s", "~", "q"): Q_TO_S * 0.85 / 0.8, ("est", "l", "~", "s"): S_TO_L * 0.75 / 0.85}
STANDARD = {("std", c, "=~", f"{c}{k + 1}"): own[k] for c, own in LOADINGS.items() for k in range(3)}
STANDARD |= {("std", "s", "~", "q"): Q_TO_S, ("std", "l", "~", "s"): S_TO_L}
MEANS = {("est", i, "~1", ""): 3.0 for i in SPEC.items}
CUTS = {("est", i, "|", f"t{k + 1}"): cut for i in SPEC.items for k, cut in enumerate(THRESHOLDS)}


class Study(NamedTuple):
    """The truth (parameters,), estimates and half widths of intervals (surveys, parameters), and p values of the test of fit (surveys,)."""

    truth: pd.Series
    est: pd.DataFrame
    half: pd.DataFrame
    p: pd.Series


def answers(parts):
    """Items (n, 9) of variance one from uncorrelated standardised parts (n, 12): three disturbances and nine errors."""
    q = parts[:, 0]
    s = Q_TO_S * q + np.sqrt(1 - Q_TO_S**2) * parts[:, 1]
    loyal = S_TO_L * s + np.sqrt(1 - S_TO_L**2) * parts[:, 2]
    weights = np.concatenate(list(LOADINGS.values()))
    return np.repeat([q, s, loyal], 3, axis=0).T * weights + parts[:, 3:] * np.sqrt(1 - weights**2)


def skewed(n):
    """Centred chi-squares, and respondents who differ in spread: with independent parts "ml" would err in variances alone."""

    def draw(rng):
        parts = (rng.chisquare(4, (n, 12)) - 4) / np.sqrt(8)
        return pd.DataFrame(answers(parts * np.exp(0.25 * rng.standard_normal((n, 1)) - 0.25**2)), columns=SPEC.items)

    return draw


def with_holes(rng):
    """Who is content leaves out more: five of nine items go missing by an answer that everybody gives, 16 % of all answers."""
    x = pd.DataFrame(3 + answers(rng.standard_normal((600, 12))), columns=SPEC.items)
    share = ndtr(0.8 * (x["s1"] - 3) - 0.6)
    for block in (["q2", "q3"], ["s3"], ["l1", "l2"]):
        x.loc[rng.random(len(x)) < share, block] = np.nan
    return x


def in_five(rng):
    """Five-point answers cut at asymmetric thresholds: 7, 12, 20, 34 and 27 %."""
    return pd.DataFrame(np.searchsorted(THRESHOLDS, answers(rng.standard_normal((1000, 12)))) + 1.0, columns=SPEC.items)


def studied(draw, truth, count, p, **options):
    """Fit simulated surveys; those without a converged solution or an error are rows of NaN."""
    found, tests = np.full((2, count, len(truth)), np.nan), np.full(count, np.nan)
    for k in range(count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", csi.CSIWarning)
            res = csi.fit(SPEC, draw(np.random.default_rng([20, k])), engine="native", **options)
        table = res.table
        rows = {key: r for r, key in enumerate(zip(table["lhs"], table["op"], table["rhs"], strict=True))}
        at, column = [rows[key[1:]] for key in truth], np.array([key[0] for key in truth])
        est = np.where(column == "std", table["std"].to_numpy()[at], table["est"].to_numpy()[at])
        half = np.where(column == "std", Z * table["std_se"].to_numpy()[at], (table["ci_upper"] - table["ci_lower"]).to_numpy()[at] / 2)
        if res.converged and np.isfinite([est, half]).all():
            found[:, k], tests[k] = (est, half), res.fit_measures[p]
    names = pd.Index([" ".join(key).strip() for key in truth])
    return Study(pd.Series(list(truth.values()), names), *(pd.DataFrame(part, columns=names) for part in found), pd.Series(tests))


def coverage(study):
    return ((study.est - study.truth).abs() <= study.half)[study.p.notna()].mean()


def bias(study):
    return study.est.mean() / study.truth - 1


def rejected(study):
    return (study.p.dropna() < 0.05).mean()


def sound(study, slack=0.0):
    """Assert that few surveys failed, and that coverage, bias and rejections are what they should be."""
    kept = study.p.notna()
    assert 1 - kept.mean() < FAILED
    low, high = band(study)
    covered, off = coverage(study), bias(study)
    room = np.where(covered.index.str.startswith("std "), SMALL, slack)
    assert covered.between(low - room, high + room).all(), covered
    assert (off.abs() < BIAS).all(), off
    assert REJECTED[0] < rejected(study) < REJECTED[1], rejected(study)


def band(study):
    count = study.p.notna().sum()
    return stats.binom.ppf([(1 - BAND) / 2, (1 + BAND) / 2], count, 0.95) / count


@pytest.mark.parametrize(("n", "slack"), [(600, SMALL), (2400, 0.0)])
def test_robust_errors_of_skewed_answers(n, slack):
    """5,000 surveys by "mlr"; in 1,000 of them intervals by "ml" are too short for every parameter, and its statistic rejects the truth."""
    truth = FREE | STANDARD
    sound(studied(skewed(n), truth, COUNT, "pvalue_scaled", estimator="mlr"), slack)
    plain = studied(skewed(n), truth, FEWER, "pvalue")
    assert (coverage(plain) < band(plain)[0]).all(), coverage(plain)
    assert rejected(plain) > 2 * REJECTED[1]


def test_likelihood_of_answers_missing_at_random():
    """5,000 surveys by FIML; in 1,000 of them complete rows alone give a path a third too small, and means too low."""
    truth = FREE | MEANS
    sound(studied(with_holes, truth, COUNT, "pvalue", missing="fiml"))
    complete = studied(with_holes, truth, FEWER, "pvalue", meanstructure=True)
    assert bias(complete)["est s ~ q"] < -0.2
    assert bias(complete)["est l ~ s"] > 0.1
    assert (bias(complete)[[f"est {i} ~1" for i in SPEC.items]].abs() > BIAS).all()
    assert coverage(complete)["est s ~ q"] < 0.5


def test_weighted_least_squares_of_five_point_answers():
    """5,000 surveys by "wlsmv": parameters under delta, thresholds and standardised values."""
    sound(studied(in_five, FREE | STANDARD | CUTS, COUNT, "pvalue_scaled", estimator="wlsmv", ordinal=True))
