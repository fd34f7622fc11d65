"""Penalty-reward contrast analysis: which attributes only dissatisfy where they are poor, and which only please where they are good."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.answer_groups import LEAST, Cutoffs, cutoff_table, cutoffs_of, group_dummies
from csimodels.analyses.gap_inputs import read_blocks
from csimodels.analyses.impact_asymmetry import attribute_table, effect_table, fit_table
from csimodels.analyses.reading import Scale, complete, listed
from csimodels.analyses.regressing import repeated, require_distinct, require_rank
from csimodels.analyses.slope_ratios import bootstrap_slopes
from csimodels.checks import level as checked_level
from csimodels.errors import CSIWarning, DataError, OptionError
from csimodels.presented import Presented
from csimodels.resampled import check_resampling

__all__ = ["PenaltyReward", "penalty_reward"]

Array = NDArray[np.float64]
LEAST_ROWS, EXACT = 30, 1e-12
ASSUMPTIONS = (
    "How an attribute works is inferred from ratings and overall satisfaction (derived importance); Kano's own questionnaire asks "
    "customers directly, and the two need not agree.",
    "The cut-offs decide what is low and high; within low, middle and high an attribute is taken to make no difference. Classes can change "
    "with the cut-offs and with the threshold, which is a convention.",
    "Coefficients hold the other attributes fixed: of attributes that go together only part of the effect is seen, and a halo of the "
    "overall impression over all ratings looks like an effect of each.",
    "They are associations among the customers of one moment, not effects of raising or lowering an attribute. Rows are independent and "
    "errors equally large.",
    "Impact asymmetry says where an attribute works, not how much: read it beside the range of impact, and beside its interval.",
)


@dataclass(frozen=True, eq=False, repr=False)
class PenaltyReward(Presented):
    """Present penalties and rewards of attributes.

    Made by :func:`penalty_reward`.

    Attributes
    ----------
    attributes : DataFrame
        One row an attribute: name, class (basic, hybrid, excitement; indifferent where neither coefficient is significant; unexpected
        where one is with the wrong sign), penalty, reward, range (``|penalty| + |reward|``), sgp (reward / range), dgp
        (``|penalty|`` / range), ia (sgp - dgp), ia_ci_lower, ia_ci_upper, range_ci_lower, range_ci_upper, established (whether the interval
        of ia keeps to one region), mark (which sign is wrong).
    coefficients : DataFrame
        Two rows an attribute: name, effect (penalty, reward), est, se, t, df, pvalue, pvalue_holm (over all of them), ci_lower, ci_upper.
    cutoffs : DataFrame
        One row an attribute: name, lowest, highest (of the scale), low_up_to, high_from, n_low, n_middle, n_high.
    fit : DataFrame
        One row: n, coefficients, r2, r2_adj, aic, f, df_num, df_den, pvalue.
    n, left_out, n_boot, n_undefined : int
        Complete rows, rows left out, bootstrap draws, and those without a solution.
    threshold : float
        Impact asymmetry beyond which an attribute is basic or excitement.
    level : float
        Coverage of the intervals, and one less the level of significance.
    outcome : tuple of str
        Columns of the outcome.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Penalty-reward contrast analysis"
    titles: ClassVar[dict[str, str]] = {
        "attributes": "Impact asymmetry (ia) and range of impact",
        "coefficients": "Penalties of low and rewards of high answers",
        "cutoffs": "What counts as low and high",
        "fit": "Regression on all attributes",
    }
    picture: ClassVar[str] = "kano"

    attributes: pd.DataFrame
    coefficients: pd.DataFrame
    cutoffs: pd.DataFrame
    fit: pd.DataFrame
    n: int
    left_out: int
    n_boot: int
    n_undefined: int
    threshold: float
    level: float
    outcome: tuple[str, ...]
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def penalty_reward(
    data: Any,
    outcome: str | Sequence[str],
    attributes: str | Sequence[str],
    *,
    scale: Scale | Mapping[str, Scale],
    low: float | Mapping[str, float] | None = None,
    high: float | Mapping[str, float] | None = None,
    na_values: Any = None,
    level: float = 0.95,
    n_boot: int = 1000,
    seed: int = 1,
    threshold: float = 0.1,
) -> PenaltyReward:
    """Tell attributes that dissatisfy where they are poor from those that please where they are good.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        One row a customer. Never changed.
    outcome : str or sequence of str
        Column, or columns to be averaged: overall satisfaction.
    attributes : str or sequence of str
        Columns of ratings, one an attribute.
    scale : tuple, or mapping of column to tuple
        (lowest, highest) possible rating.
    low, high : float, or mapping of column to float, optional
        A rating up to ``low`` is low, one from ``high`` on is high. By default those within a third of the way from either end of the
        scale: up to 3 and from 5 on (1, 7), up to 4 and from 7 on (1, 10).
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    level : float, default 0.95
        Coverage of the intervals; coefficients are significant at 1 - level.
    n_boot : int, default 1000
        Bootstrap draws of impact asymmetry and range.
    seed : int
        Of the draws.
    threshold : float, default 0.1
        Impact asymmetry below ``-threshold`` is basic, above it excitement, and hybrid between; from 0 to less than 1. A convention.

    Returns
    -------
    PenaltyReward
        Tables ``attributes``, ``coefficients``, ``cutoffs`` and ``fit``.

    Raises
    ------
    OptionError
        ``kano.column_twice``, ``kano.unknown_attribute`` (a mapping names another column), ``kano.cutoffs`` (off the scale, or not low
        below high); ``option.low``, ``option.high``, ``option.threshold``, ``option.level``, ``option.n_boot``, ``option.seed``.
    ScaleError
        ``kano.no_scale``, or ratings beyond their scale.
    DataError
        Columns that cannot be read; ``analysis.too_few_rows``; ``kano.few_answers`` (fewer than ten low, middle or high ratings of an
        attribute); ``kano.collinear``; ``kano.exact``; ``kano.no_resamples``.

    Warns
    -----
    DataWarning
        Rows left out because an answer is missing.
    CSIWarning
        A penalty that is not negative, or a reward that is not positive; resamples without a solution.

    Notes
    -----
    One OLS of the outcome on a dummy low and a dummy high for each attribute; ratings in between are the reference (Brandt 1987, in
    Surprenant, ed., Add Value to Your Service, American Marketing Association, 61-65). The coefficient of low is the penalty p, that of
    high the reward r; range ``|p| + |r|``, satisfaction-generating potential sgp = r / range, dissatisfaction-generating potential dgp =
    ``|p|`` / range, impact asymmetry ia = sgp - dgp between -1 and 1 (Mikulić & Prebežac 2008, doi:10.1108/09604520810920068). The
    formulas are meant for p < 0 < r: with r < 0 ia is -1 whatever p, and p > 0 counts as if it were a penalty. Intervals of ia and range
    are percentiles over resampled rows. The classes are Kano's must-be, one-dimensional and attractive quality.

    Examples
    --------
    >>> import csimodels as csi
    >>> from csimodels.analyses.kano import penalty_reward
    >>> survey, items = csi.load_acsi_demo(), ["qual_custom", "qual_reliab", "value_price"]
    >>> found = penalty_reward(survey, "sat_overall", items, scale=(1, 10), n_boot=200)
    >>> found.attributes[["name", "class", "ia"]].round(2).to_dict("list")
    {'name': ['qual_custom', 'qual_reliab', 'value_price'], 'class': ['excitement', 'excitement', 'excitement'], 'ia': [0.23, 0.18, 0.25]}
    """
    _check_options(level, n_boot, seed, threshold)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        wanted, names = listed("outcome", outcome), listed("attributes", attributes)
        require_distinct("kano.column_twice", (("outcome", wanted), ("attributes", names)))
        cuts = cutoffs_of(names, scale, low, high)
        y, ratings, left_out = _read(data, wanted, cuts, na_values)
        tables = _analysed(y, ratings, cuts, level, n_boot, seed, threshold)
    facts: dict[str, Any] = {"n": len(y), "left_out": left_out, "n_boot": n_boot, "threshold": threshold, "level": level, "outcome": wanted}
    return PenaltyReward(**tables, **facts, warnings=repeated(caught))


def _check_options(level: Any, n_boot: Any, seed: Any, threshold: Any) -> None:
    """Check everything but columns and cut-offs."""
    checked_level(level)
    check_resampling(n_boot, seed)
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float, np.number)) or not 0 <= threshold < 1:
        hint = "Give a number from 0 to less than 1, e.g. 0.1."
        raise OptionError("option.threshold", f"threshold is {threshold!r}.", variable="threshold", value=threshold, hint=hint)


def _read(data: Any, outcome: tuple[str, ...], cuts: Mapping[str, Cutoffs], na_values: Any) -> tuple[Array, Array, int]:
    """Return the outcome (n,) and the ratings (n, k) of complete rows, and how many others there were."""
    blocks: dict[str, tuple[Sequence[str], Scale | None]] = {f"attribute {name}": ((name,), cut.scale) for name, cut in cuts.items()}
    columns = read_blocks(data, blocks | {"the outcome's columns": (outcome, None)}, na_values)
    values, usable = complete(columns, max(LEAST_ROWS, 2 * len(cuts) + LEAST), "penalties and rewards")
    return values[:, len(cuts) :].mean(axis=1), values[:, : len(cuts)], int((~usable).sum())


def _analysed(
    y: Array, ratings: Array, cuts: Mapping[str, Cutoffs], level: float, n_boot: int, seed: int, threshold: float
) -> dict[str, Any]:
    """Return tables by the name of their field; dummies go low, high, low, high, ..."""
    low, high = group_dummies(ratings, cuts)
    sizes = cutoff_table(low, high, cuts)
    D = np.stack([low, high], axis=2).reshape(len(y), -1)
    fit = _fitted(y, D, [f"{name} ({side})" for name in cuts for side in ("low", "high")])
    drawn = bootstrap_slopes(y, D, n_boot, seed)
    kept = drawn[np.isfinite(drawn).all(axis=1)]
    _require_some(len(kept), n_boot)
    effects = effect_table(fit, tuple(cuts), level)
    table = attribute_table(effects, kept, level, threshold)
    return {"attributes": table, "coefficients": effects, "cutoffs": sizes, "fit": fit_table(fit), "n_undefined": n_boot - len(kept)}


def _fitted(y: Array, D: Array, names: Sequence[str]) -> Any:
    """Return the regression of the outcome on a constant and the dummies (n, 2k)."""
    X = np.column_stack([np.ones(len(y)), D])
    require_rank(X, ["const", *names], "kano.collinear")
    fit = OLS(y, X).fit()
    if fit.ssr <= EXACT * fit.centered_tss:
        text = "The outcome is an exact function of the groups of answers: it seems to be computed from them."
        raise DataError("kano.exact", text, variable="outcome", value=float(fit.rsquared), hint="Give an outcome that was asked.")
    return fit


def _require_some(kept: int, n_boot: int) -> None:
    """Refuse a bootstrap that hardly ever has a solution, and warn of resamples without one."""
    if kept < 2:
        text = f"{n_boot - kept} of {n_boot} resamples have no solution: groups are empty or coincide."
        raise DataError("kano.no_resamples", text, variable="n_boot", value=n_boot, hint="Leave out attributes, or move low= and high=.")
    if kept < n_boot:
        text = f"{n_boot - kept} of {n_boot} resamples have no solution and are left out of the intervals."
        warnings.warn(text, CSIWarning, stacklevel=2)
