"""Expectation and perception: the gap P - E item by item, the SERVQUAL score, and whether the difference deserves its use."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.gap_inputs import (
    Pairs,
    checked_band,
    common_scale,
    normalised_weights,
    outcome_columns,
    pairs_of,
    read_pairs,
)
from csimodels.analyses.gap_models import outcome_models, zone_names, zone_tables
from csimodels.analyses.gap_tables import dimension_table, item_table, overall_table, reliability_table, scores_of
from csimodels.analyses.gap_tests import require_variation
from csimodels.analyses.reading import Array, Columns, complete
from csimodels.checks import level as checked_level
from csimodels.errors import CSIWarning
from csimodels.presented import Presented

__all__ = ["GapAnalysis", "gap_analysis"]

LEAST = 10
Rows = NDArray[np.bool_]
Columned = str | Sequence[str]
ASSUMPTIONS = (
    "Expectations and perceptions are answered on the same scale, by the same people, and a point means the same in both; an expectation "
    "that is asked after the experience may already be coloured by it.",
    "A difference score is less reliable than its parts where they correlate, is pressed together where expectations are near the top of "
    "the scale, and correlates with an outcome because its parts do (Johns 1981; Peter, Churchill & Brown 1993): read it beside E and P.",
    "Tests of items use all rows that answer both columns of the pair; dimensions and everything after them use complete rows. "
    "t tests take rows as independent and means as normal; Wilcoxon's test takes differences as symmetric.",
)
WEIGHTED = "Weights of dimensions are fixed numbers here: the error of the weighted score does not know how respondents differ in them."
LAW = (
    "The triangle law S = P - E restricts the regression of the outcome on E and P: equal and opposite coefficients (b_p = -b_e), and, "
    "where the outcome has the unit of the answers, b_p = 1 and b_e = -1. Where it is rejected the difference does not stand "
    "for its two parts; where it is not, it is not thereby shown.",
    "Regressions are least squares with equal error variances; unreliable answers bias the coefficients of E and P, mostly towards zero.",
)


@dataclass(frozen=True, eq=False, repr=False)
class GapAnalysis(Presented):
    """Present the gaps between perceptions and expectations.

    Made by :func:`gap_analysis`. A gap is P - E: negative where perceptions fall short.

    Attributes
    ----------
    overall : DataFrame
        Rows unweighted and, with weights, weighted: score, n, est, sd, se, t, df, pvalue, ci_lower, ci_upper.
    dimensions : DataFrame
        One row a dimension, of respondents' means over its pairs: dimension, pairs, weight, then as ``items`` from ``n`` on.
    items : DataFrame
        One row a pair: dimension, expectation, perception, n, mean_e, mean_p, gap, sd, se, d_z (gap / sd), t, df, pvalue, pvalue_holm,
        ci_lower, ci_upper, wilcoxon, pvalue_wilcoxon, pvalue_wilcoxon_holm.
    reliability : DataFrame
        One row a dimension: dimension, pairs, alpha_e, alpha_p, r_ep, sd_e, sd_p, reliability (of the difference); NaN for a single pair.
    zones : DataFrame
        Respondents below, at (met) and above their expectation: zone, n, share, ci_lower, ci_upper; with an outcome n_outcome,
        mean_outcome, outcome_ci_lower, outcome_ci_upper.
    contrasts : DataFrame
        With an outcome, its means in every two zones: zone_a, zone_b, est (a - b), se, t, df, pvalue, pvalue_holm, ci_lower, ci_upper.
    rivals : DataFrame
        With an outcome, regressions on perception only, gap only, expectation and perception: model, coefficients (their number, with
        the intercept), n, r2, r2_adj, aic, and f, df_num, df_den, pvalue of the test against expectation and perception.
    triangle : DataFrame
        With an outcome, b_p and b_e of its regression on P and E: coefficient, est, se, t, df, pvalue, ci_lower, ci_upper.
    triangle_tests : DataFrame
        With an outcome, Wald tests of what S = P - E restricts: restriction, f, df_num, df_den, pvalue, pvalue_holm.
    n, n_complete, n_outcome : int
        Rows of the data, those complete in every pair, and of these those with an outcome.
    band : float
        Points of the scale within which an expectation counts as met.
    level : float
        Coverage of the intervals.
    outcome : tuple of str
        Columns of the outcome.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Gaps between expectations and perceptions"
    titles: ClassVar[dict[str, str]] = {
        "overall": "Overall gap P - E (SERVQUAL score)",
        "dimensions": "Gaps of dimensions",
        "items": "Gaps of items",
        "reliability": "Reliability of the difference scores",
        "zones": "Expectations missed, met and exceeded",
        "contrasts": "Outcome between zones",
        "rivals": "Perception, gap, or both parts: regressions of the outcome",
        "triangle": "Outcome on perception and expectation",
        "triangle_tests": "What S = P - E restricts",
    }
    picture: ClassVar[str] = "gap"

    overall: pd.DataFrame
    dimensions: pd.DataFrame
    items: pd.DataFrame
    reliability: pd.DataFrame
    zones: pd.DataFrame
    contrasts: pd.DataFrame
    rivals: pd.DataFrame
    triangle: pd.DataFrame
    triangle_tests: pd.DataFrame
    n: int
    n_complete: int
    n_outcome: int
    band: float
    level: float
    outcome: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def gap_analysis(
    data: Any,
    expectations: Columned | Mapping[str, Columned],
    perceptions: Columned | Mapping[str, Columned],
    *,
    outcome: Columned | None = None,
    weights: Mapping[str, float] | None = None,
    scale: Any = None,
    na_values: Any = None,
    band: float = 0.0,
    level: float = 0.95,
) -> GapAnalysis:
    """Test the gap between what customers expect and what they perceive.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        The survey, one row a respondent. Never changed.
    expectations, perceptions : str, sequence of str, or mapping of str to these
        Columns, paired by their order; or by dimension, with the same dimensions and numbers of columns on both sides (SERVQUAL).
    outcome : str or sequence of str, optional
        Column, or columns to be averaged, that the gap is to explain, e.g. overall satisfaction.
    weights : mapping of str to float, optional
        Points of each dimension (SERVQUAL: 100 points in all); normalised to sum one. Where given, respondents' total expectation,
        perception and gap are weighted too.
    scale : tuple or mapping, optional
        (lowest, highest) possible answer of both sides; or a mapping of "expectations" and "perceptions" to these, which must agree.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    band : float, default 0
        Points of the scale: an expectation is met where ``|P - E| <= band``.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    GapAnalysis
        ``items``, ``dimensions``, ``overall``, ``reliability``, ``zones``; with an outcome ``contrasts``, ``rivals``, ``triangle``,
        ``triangle_tests``.

    Raises
    ------
    OptionError
        Columns that do not pair (``gap.unpaired``), a column in two pairs (``gap.pair_twice``) or on both sides (``gap.same_column``), an
        outcome that is one of them (``gap.outcome_in_pairs``); weights that are missing, unknown, negative or all zero
        (``gap.weights_...``); a band that is negative or half the scale or more (``gap.band``).
    ScaleError
        Two scales that differ (``gap.scales_differ``), or answers beyond the scale.
    DataError
        Fewer than ten complete rows (``analysis.too_few_rows``), a difference without variation (``gap.no_variation``), E and P that are
        collinear (``gap.collinear``), an outcome computed from them (``gap.outcome_exact``).

    Warns
    -----
    DataWarning
        Rows left out because an answer is missing.
    CSIWarning
        A difference score with a reliability below 0.70.

    Notes
    -----
    Item gap G = P - E; a dimension's is the mean over its pairs; the SERVQUAL score is the mean over dimensions, or the sum of w_d G_d
    (Parasuraman, Zeithaml & Berry 1988, Journal of Retailing 64, 12-40; 1991, 67, 420-450). Perception only is SERVPERF (Cronin & Taylor
    1992, doi:10.1177/002224299205600304). The difference has the reliability (s_E^2 a_E + s_P^2 a_P - 2 r s_E s_P) / (s_E^2 + s_P^2 -
    2 r s_E s_P) with alpha a, standard deviation s and correlation r of the two means (Johns 1981, doi:10.1016/0030-5073(81)90033-7;
    Peter, Churchill & Brown 1993, doi:10.1086/209329). The gap as only predictor restricts b_p = -b_e (Edwards & Parry 1993,
    doi:10.2307/256822). p-values are adjusted by Holm within each table, and among the two tests of the law.

    Examples
    --------
    >>> import csimodels as csi
    >>> from csimodels.analyses.gap import gap_analysis
    >>> found = gap_analysis(csi.load_acsi_demo(), "expect_overall", "qual_overall", outcome="sat_overall", scale=(1, 10))
    >>> found.items["gap"].round(2).tolist(), found.triangle["est"].round(2).tolist()
    ([0.16], [0.54, 0.17])
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pairs, asked = pairs_of(expectations, perceptions), checked_level(level)
        answered, share = common_scale(scale), normalised_weights(weights, pairs)
        columns, outcomes = read_pairs(data, pairs, outcome_columns(outcome, pairs), answered, na_values)
        found = _analyse(pairs, columns, outcomes, share, checked_band(band, answered, columns.values), asked)
    for w in caught:
        warnings.warn(w.message, stacklevel=2)
    return replace(found, warnings=tuple(str(w.message) for w in caught if issubclass(w.category, CSIWarning)))


def _analyse(pairs: Pairs, columns: Columns, outcome: Columns | None, weights: Array | None, band: float, level: float) -> GapAnalysis:
    """Return every table."""
    values, usable = complete(columns, LEAST, "dimensions and what follows from them")
    items, scores = item_table(pairs, columns.values, level), scores_of(pairs, values, weights)
    reliability = reliability_table(pairs, scores)
    e, p = scores.by_e @ scores.weights, scores.by_p @ scores.weights
    overall, dimensions = overall_table(scores, weights is not None, level), dimension_table(pairs, scores, level)
    rows, y = _outcome(outcome, usable)
    zones, compared = zone_tables(zone_names(p - e, band), level, rows, y)
    models = (pd.DataFrame(),) * 3 if rows is None or y is None else outcome_models(e[rows], p[rows], y, level)
    tables = (overall, dimensions, items, reliability, zones, compared, *models)
    facts = (len(columns.values), len(values), 0 if y is None else len(y), band, level, () if outcome is None else outcome.names)
    return GapAnalysis(*tables, *facts, _assumptions(reliability, weights is not None, y is not None))


def _outcome(outcome: Columns | None, usable: Rows) -> tuple[Rows | None, Array | None]:
    """Return which complete rows have an outcome, and its mean over its columns."""
    if outcome is None:
        return None, None
    values, asked = complete(Columns(outcome.values[usable], outcome.names, outcome.rows[usable]), LEAST, "what needs the outcome")
    y = values.mean(axis=1)
    require_variation(["The outcome"], [y], "gap.no_variation")
    return asked, y


def _assumptions(reliability: pd.DataFrame, weighted: bool, outcome: bool) -> tuple[str, ...]:
    """Return what the tables shown rest on."""
    single = [repr(d) for d, k in zip(reliability["dimension"], reliability["pairs"], strict=True) if k == 1]
    unknown = (f"A single pair has no alpha, so the reliability of its difference is unknown: {', '.join(single)}.",) if single else ()
    return (*ASSUMPTIONS, *((WEIGHTED,) if weighted else ()), *(LAW if outcome else ()), *unknown)
