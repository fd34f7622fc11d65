"""Satisfaction and what customers then do: the repurchase rate by band and as a logistic curve."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.discrete.discrete_model import Logit

from csimodels.analyses.reading import Scales, complete, listed, read_columns
from csimodels.analyses.regressing import (
    Curve,
    averaged,
    listed_or_none,
    repeated,
    require_distinct,
    require_rank,
    same_unit,
    scales_of,
)
from csimodels.analyses.repurchase_bands import band_edges, band_table, checked_bands
from csimodels.analyses.repurchase_fit import separating
from csimodels.analyses.repurchase_tables import coefficients_table, effect_table, fit_table, logistic_curve, table_of_tests
from csimodels.checks import level as checked_level
from csimodels.errors import DataError, DataWarning
from csimodels.presented import Presented

__all__ = ["RepurchaseRate", "repurchase_rate"]

Array = NDArray[np.float64]
LEAST_EVENTS, EVENTS_A_VARIABLE, LEAST_ROWS = 10, 10, 20
ASSUMPTIONS = (
    "The log-odds of the behaviour are linear in satisfaction and in the controls, and customers are independent of each other; the "
    "Hosmer-Lemeshow test looks for a departure from that.",
    "A slope is an association: customers who differ in satisfaction may differ in what else makes them buy again. It is an effect only if "
    "nothing that is left out drives both.",
    "The behaviour is what was recorded, over the time that was recorded; if it happened before satisfaction was asked, the slope does not "
    "predict anything.",
    "The average marginal effect is a slope; that of several points is its multiple and is not exact where the curve bends.",
    "Rates by band are of customers as they are; predicted rates are averages of the customers in the band, with their own controls.",
    "The area under the curve and the Brier score are of the customers that the curve was fitted to, and flatter it for new ones.",
)


class _Sample(NamedTuple):
    """Complete rows: behaviour (n,), satisfaction (n,), controls (n, k), how many rows were left out."""

    y: Array
    x: Array
    controls: Array
    left_out: int


@dataclass(frozen=True, eq=False, repr=False)
class RepurchaseRate(Presented):
    """Present how a behaviour depends on satisfaction.

    Made by :func:`repurchase_rate`.

    Attributes
    ----------
    coefficients : DataFrame
        Logit by variable: name, est (log-odds), se, z, pvalue, ci_lower, ci_upper, odds_ratio, odds_ratio_ci_lower, odds_ratio_ci_upper.
    effect : DataFrame
        Average marginal effect on the probability: change (of satisfaction, in points, or in units where there is no scale), est, se, z,
        pvalue, ci_lower, ci_upper.
    bands : DataFrame
        By band of satisfaction: band, lower, upper, n, repurchases, rate, ci_lower, ci_upper (Wilson), predicted (mean predicted rate),
        mean_satisfaction.
    fit : DataFrame
        One row: n, events, pseudo_r2 (McFadden), brier, auc, auc_se, auc_ci_lower, auc_ci_upper.
    tests : DataFrame
        Rows likelihood ratio (of all variables), Hosmer-Lemeshow (of the curve's shape; chi-squared) and Cochran-Armitage (trend over
        the bands; z): test, statistic, df, pvalue.
    curve : Curve
        Predicted rate over the observed range of satisfaction, controls at their means: x, est, ci_lower, ci_upper, all (101,).
    behaviour : str
        Column of the behaviour.
    satisfaction : tuple of str
        Columns that satisfaction is the mean of.
    scaled : bool
        Whether satisfaction is in points from 0 to 100.
    n, events, left_out : int
        Complete rows, those with the behaviour, rows left out.
    level : float
        Coverage of the intervals.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Repurchase rate by satisfaction"
    titles: ClassVar[dict[str, str]] = {
        "bands": "Rate by band of satisfaction",
        "coefficients": "Logistic regression",
        "effect": "Average marginal effect of satisfaction on the rate",
        "fit": "Fit",
        "tests": "Tests",
    }
    picture: ClassVar[str] = "behaviour"

    bands: pd.DataFrame
    coefficients: pd.DataFrame
    effect: pd.DataFrame
    fit: pd.DataFrame
    tests: pd.DataFrame
    curve: Curve
    behaviour: str
    satisfaction: tuple[str, ...]
    scaled: bool
    n: int
    events: int
    left_out: int
    level: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def repurchase_rate(
    data: Any,
    behaviour: str,
    satisfaction: str | Sequence[str],
    *,
    scale: Scales = None,
    bands: Sequence[float] | None = None,
    controls: Sequence[str] = (),
    na_values: Any = None,
    level: float = 0.95,
) -> RepurchaseRate:
    """Relate what customers did to how satisfied they are.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        One row a customer. Never changed.
    behaviour : str
        Column of 0 and 1: bought again, renewed, stayed.
    satisfaction : str or sequence of str
        Answers; several are averaged.
    scale : tuple, or mapping of column to tuple, optional
        Theoretical (lowest, highest) answer, by which satisfaction is put on 0-100.
    bands : sequence of float, optional
        Increasing limits of the bands, in the unit of satisfaction; the first band includes its lower limit, every band its upper one. By
        default 0, 60, 75, 100 with a scale and quartiles without.
    controls : sequence of str, optional
        Numeric columns to adjust for, as they are.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    level : float
        Coverage of the intervals.

    Returns
    -------
    RepurchaseRate
        Tables ``bands``, ``coefficients``, ``effect``, ``fit`` and ``tests``; ``curve``.

    Raises
    ------
    DataError
        Columns that cannot be read; ``behaviour.not_binary``; ``behaviour.too_few_events`` (fewer than 10 of either kind);
        ``behaviour.collinear``; ``behaviour.separated`` (a variable tells the two kinds apart without error, so that there is no finite
        estimate); ``behaviour.outside_bands``.
    OptionError
        ``option.bands``, ``option.level``, ``behaviour.column_twice``, ``option.scale_column``.
    ScaleError
        Answers beyond their scale, or a scale for some columns only.

    Warns
    -----
    DataWarning
        Rows with a missing answer are left out; fewer than 10 events a variable (Peduzzi et al. 1996,
        doi:10.1016/S0895-4356(96)00236-3); too few distinct predictions for the Hosmer-Lemeshow test.

    Notes
    -----
    Logit by maximum likelihood with errors from the Hessian. Effects: averages of p (1 - p) b over the customers, delta method. Intervals
    of rates: Wilson (1927, doi:10.1080/01621459.1927.10502953). Trend: Armitage (1955, doi:10.2307/3001775) with scores 0, 1, 2, ...
    Area under the curve: ranks, error by Hanley & McNeil (1982, doi:10.1148/radiology.143.1.7063747). Shape: Hosmer & Lemeshow (1980,
    doi:10.1080/03610928008827941), at most ten groups, equal predictions together, df = groups - 2. Separation: Albert & Anderson (1984,
    doi:10.1093/biomet/71.1.1). Satisfaction and repurchase behaviour need not be related linearly, and not alike for all customers:
    Mittal & Kamakura (2001, doi:10.1509/jmkr.38.1.131.18832).

    Examples
    --------
    >>> import csimodels as csi
    >>> from csimodels.analyses.behaviour import repurchase_rate
    >>> survey = csi.load_acsi_demo()
    >>> survey["again"] = survey["repurchase"] >= 8
    >>> found = repurchase_rate(survey, "again", ["sat_overall", "sat_confirm", "sat_ideal"], scale=(1, 10))
    >>> found.bands[["band", "n", "rate"]].round(2)
            band     n  rate
    0    [0, 60]  1442  0.12
    1   (60, 75]  1643  0.31
    2  (75, 100]  1915  0.61
    """
    checked_level(level)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        items, others = listed("satisfaction", satisfaction), listed_or_none("controls", controls)
        parts = (("behaviour", listed("behaviour", behaviour)), ("satisfaction", items), ("controls", others))
        require_distinct("behaviour.column_twice", parts)
        scales = scales_of(scale, items)
        scaled = same_unit(items, scales)
        given = checked_bands(bands)
        sample = _read(read_columns(data, (behaviour, *items, *others), scales, na_values), len(items), scales, behaviour)
        found = _analysed(sample, ("const", "satisfaction", *others), band_edges(given, scaled, sample.x), scaled, level)
    facts: dict[str, Any] = {"behaviour": behaviour, "satisfaction": items, "scaled": scaled, "left_out": sample.left_out, "level": level}
    return RepurchaseRate(**found, **facts, n=len(sample.y), events=int(sample.y.sum()), warnings=repeated(caught))


def _read(columns: Any, count: int, scales: Any, behaviour: str) -> _Sample:
    """Return complete rows, the behaviour checked to be 0 or 1 and to vary enough."""
    first = columns.values[:, 0]
    other = first[np.isfinite(first) & (first != 0) & (first != 1)]
    if other.size:
        text = f"Column {behaviour!r} holds {other[0]:g} in {other.size} row(s); a behaviour is 0 or 1."
        hint = "Recode it, e.g. df[column] >= 8, or name codes for no answer in na_values=."
        raise DataError("behaviour.not_binary", text, variable=behaviour, value=float(other[0]), hint=hint)
    values, usable = complete(columns, LEAST_ROWS, "the repurchase rate")
    y = values[:, 0]
    rarer = int(min(y.sum(), len(y) - y.sum()))
    if rarer < LEAST_EVENTS:
        kind = 1 if y.sum() == rarer else 0
        text = f"Column {behaviour!r} is {kind} in {rarer} of {len(y)} complete rows, too few for a logistic regression."
        raise DataError("behaviour.too_few_events", text, variable=behaviour, value=rarer, hint=f"At least {LEAST_EVENTS} are needed.")
    x = averaged(values[:, 1 : 1 + count], columns.names[1 : 1 + count], scales)
    return _Sample(y, x, values[:, 1 + count :], int((~usable).sum()))


def _analysed(
    sample: _Sample, names: tuple[str, ...], edges: tuple[Array, tuple[float, float]], scaled: bool, level: float
) -> dict[str, Any]:
    """Return tables and curve by the name of their field."""
    y = sample.y
    X = np.column_stack([np.ones(len(y)), sample.x, sample.controls])
    require_rank(X, names, "behaviour.collinear")
    culprit = separating(X, y, names)
    if culprit is not None:
        text = f"{culprit!r} tells the rows with 0 from those with 1 without error, alone or with others: no finite estimate exists."
        raise DataError("behaviour.separated", text, variable=culprit, value=len(y), hint="Leave it out, or merge its rare values.")
    _say_if_few(y, X.shape[1] - 1)
    fit = Logit(y, X).fit(disp=0, maxiter=100)
    p = np.asarray(fit.predict())
    rates = band_table(sample.x, y, p, edges, level)
    return {
        "bands": rates,
        "coefficients": coefficients_table(fit, names, level),
        "effect": effect_table(fit, scaled, float(sample.x.std(ddof=1)), level),
        "fit": fit_table(fit, y, p, level),
        "tests": table_of_tests(fit, y, p, rates),
        "curve": logistic_curve(fit, sample.x, sample.controls, level),
    }


def _say_if_few(y: Array, variables: int) -> None:
    """Warn where the rarer kind is too rare for the number of variables (Peduzzi et al. 1996)."""
    rarer = min(y.sum(), len(y) - y.sum())
    if rarer < EVENTS_A_VARIABLE * variables:
        text = f"{rarer:g} rows of the rarer kind for {variables} variables: below {EVENTS_A_VARIABLE} each, odds ratios are overstated."
        warnings.warn(text, DataWarning, stacklevel=2)
