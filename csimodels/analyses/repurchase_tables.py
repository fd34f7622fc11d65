"""What a logistic regression of a behaviour shows: odds, effects, fit, tests, and the curve to draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from csimodels.analyses.regressing import Curve, coefficient_table
from csimodels.analyses.repurchase_bands import trend
from csimodels.analyses.repurchase_fit import auc, hosmer_lemeshow

__all__ = ["coefficients_table", "effect_table", "fit_table", "logistic_curve", "table_of_tests"]

Array = NDArray[np.float64]
CURVE_POINTS = 101


def coefficients_table(fit: Any, names: tuple[str, ...], level: float) -> pd.DataFrame:
    """Return log-odds and odds ratios."""
    table = coefficient_table(fit, names, level, "z")
    ends = {"odds_ratio_ci_lower": np.exp(table["ci_lower"]), "odds_ratio_ci_upper": np.exp(table["ci_upper"])}
    return table.assign(odds_ratio=np.exp(table["est"]), **ends)


def effect_table(fit: Any, scaled: bool, sd: float, level: float) -> pd.DataFrame:
    """Return the average marginal effect of one point and of five; without a scale of one unit and of a standard deviation."""
    slope = fit.get_margeff(at="overall", method="dydx")
    labels, sizes = (("1 point", "5 points"), (1.0, 5.0)) if scaled else (("1 unit", "1 standard deviation"), (1.0, sd))
    est, se = (np.array(sizes) * float(part[0]) for part in (slope.margeff, slope.margeff_se))
    half, z = norm.ppf((1 + level) / 2) * se, est / se
    columns = {"change": list(labels), "size": sizes, "est": est, "se": se, "z": z, "pvalue": 2 * norm.sf(np.abs(z))}
    return pd.DataFrame(columns | {"ci_lower": est - half, "ci_upper": est + half})


def fit_table(fit: Any, y: Array, p: Array, level: float) -> pd.DataFrame:
    """Return how well the curve fits, in one row."""
    area = auc(y, p, level)
    ends = {"auc_ci_lower": area.lower, "auc_ci_upper": area.upper}
    row = {"n": len(y), "events": int(y.sum()), "pseudo_r2": fit.prsquared, "brier": np.mean((y - p) ** 2), "auc": area.est}
    return pd.DataFrame([row | {"auc_se": area.se} | ends])


def table_of_tests(fit: Any, y: Array, p: Array, rates: pd.DataFrame) -> pd.DataFrame:
    """Return the tests of the variables, of the shape and of the trend."""
    rows = [("likelihood ratio", fit.llr, fit.df_model, fit.llr_pvalue), ("Hosmer-Lemeshow", *hosmer_lemeshow(y, p))]
    return pd.DataFrame([*rows, ("Cochran-Armitage", *trend(rates))], columns=["test", "statistic", "df", "pvalue"])


def logistic_curve(fit: Any, x: Array, controls: Array, level: float) -> Curve:
    """Return predicted rates over the observed range, controls at their means; limits are those of the log-odds."""
    at_x = np.linspace(x.min(), x.max(), CURVE_POINTS)
    at = np.column_stack([np.ones_like(at_x), at_x, np.tile(controls.mean(axis=0), (CURVE_POINTS, 1))])
    logit = at @ fit.params
    half = norm.ppf((1 + level) / 2) * np.sqrt(np.einsum("mi,ij,mj->m", at, fit.cov_params(), at))
    return Curve(at_x, expit(logit), expit(logit - half), expit(logit + half))
