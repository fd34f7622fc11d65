"""The customer journey: which touchpoints are used, how they are rated, and what the outcome has to do with them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from csimodels.analyses.journey_answers import Answers, read_journey
from csimodels.analyses.reading import Scales, listed
from csimodels.analyses.regressing import repeated, require_distinct
from csimodels.analyses.stage_chains import Chain, chained, stage_scores, stages_table
from csimodels.analyses.touchpoints import patterns_table, touchpoints_table
from csimodels.checks import level as checked_level
from csimodels.errors import DataWarning, OptionError
from csimodels.presented import Presented

__all__ = ["Journey", "journey"]

FEWEST = 5
ASSUMPTIONS = (
    "An answer is missing because the touchpoint was not used, and for no other reason; a refused answer counts as no use.",
    "Customers choose their touchpoints: users differ from other customers before they use one, so that the difference between users and "
    "non-users is not what a touchpoint does.",
    "A slope is of one touchpoint among its users, other touchpoints not held fixed; slopes of touchpoints that are liked together overlap "
    "and must not be added up.",
    "A stage's score is the mean of the touchpoints that a customer used there: two customers may be compared on different touchpoints.",
    "The chain takes stages to depend on the stage before alone, and the outcome on all of them. Its effects are those of customers with a "
    "score in every stage, and effects only if the order is that of causes and nothing that is left out drives two of them.",
    "Impacts are of one moment and linear: what better ratings would bring is not observed.",
)


@dataclass(frozen=True, eq=False, repr=False)
class Journey(Presented):
    """Present a customer journey.

    Made by :func:`journey`.

    Attributes
    ----------
    stages : DataFrame
        By stage: stage, touchpoints (their number), n, share (customers with a score), mean, sd, r (with the outcome), pvalue, ci_lower,
        ci_upper.
    touchpoints : DataFrame
        By touchpoint: stage, touchpoint, n, share (of customers, who used it), mean, sd, outcome_users, outcome_non_users, difference,
        pvalue_difference (Welch), and the slope of the outcome on it among users: est, se, t, pvalue, pvalue_holm, ci_lower, ci_upper;
        with a scale impact_5 (points of the outcome for 5 points of the touchpoint, among users) and impact_5_all (times the share of
        users); note (why there is no slope).
    chain : DataFrame
        By path: path, est, std (standardised), se, t, pvalue, ci_lower, ci_upper, n. Stages with fewer than min_n customers are passed
        over. Empty where it cannot be estimated.
    totals : DataFrame
        Effects of each stage on the outcome: stage, direct, indirect (through later stages), est (total), std, se, z, pvalue, ci_lower,
        ci_upper. Empty with the chain.
    patterns : DataFrame
        The ten most frequent combinations of used touchpoints, then all others: pattern, touchpoints (their number), n, share, outcome.
    missing : DataFrame
        Customers left out: where, reason, left_out, kept.
    outcome : tuple of str
        Columns that the outcome is the mean of.
    scaled, outcome_scaled : bool
        Whether touchpoints and outcome are in points from 0 to 100.
    n, left_out : int
        Customers with an outcome, and those without, who are left out of everything.
    min_n : int
        Fewest users of a touchpoint for a slope.
    level : float
        Coverage of the intervals.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Customer journey"
    titles: ClassVar[dict[str, str]] = {
        "stages": "Stages",
        "touchpoints": "Touchpoints",
        "chain": "Chain of stages",
        "totals": "Effects of stages on the outcome",
        "patterns": "Most frequent journeys",
        "missing": "Who is left out where",
    }
    picture: ClassVar[str] = "journey"

    stages: pd.DataFrame
    touchpoints: pd.DataFrame
    chain: pd.DataFrame
    totals: pd.DataFrame
    patterns: pd.DataFrame
    missing: pd.DataFrame
    outcome: tuple[str, ...]
    scaled: bool
    outcome_scaled: bool
    n: int
    left_out: int
    min_n: int
    level: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def journey(
    data: Any,
    stages: Mapping[str, Sequence[str]],
    outcome: str | Sequence[str],
    *,
    scale: Scales = None,
    na_values: Any = None,
    level: float = 0.95,
    min_n: int = 30,
) -> Journey:
    """Describe a journey by its touchpoints and stages, and relate an outcome to them.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        One row a customer. Never changed. A touchpoint that a customer did not use has no answer.
    stages : mapping of str to sequence of str
        Stages in their order, each with the columns of its touchpoints.
    outcome : str or sequence of str
        Overall satisfaction, loyalty or the like; several columns are averaged.
    scale : tuple, or mapping of column to tuple, optional
        Theoretical (lowest, highest) answer; one tuple holds for touchpoints and outcome. What has one is put on 0-100.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "not used" or "don't know".
    level : float
        Coverage of the intervals.
    min_n : int
        Fewest users of a touchpoint for a slope, and fewest customers for the chain; 5 or more.

    Returns
    -------
    Journey
        Tables ``stages``, ``touchpoints``, ``chain``, ``totals``, ``patterns`` and ``missing``.

    Raises
    ------
    OptionError
        ``option.stages``, ``option.min_n``, ``option.level``, ``option.scale_column``, ``journey.column_twice``.
    DataError
        Columns that cannot be read; ``analysis.too_few_rows`` (fewer than min_n customers with an outcome).
    ScaleError
        Answers beyond their scale, or a scale for some touchpoints only.

    Warns
    -----
    DataWarning
        Customers without an outcome; touchpoints without a slope; stages without enough customers, which the chain passes over; a chain
        that cannot be estimated, or leaves customers out.

    Notes
    -----
    Stages and touchpoints: Lemon & Verhoef (2016, doi:10.1509/jm.15.0420). Slopes: OLS with HC3 errors (Long & Ervin 2000,
    doi:10.1080/00031305.2000.10474549), p-values adjusted by Holm (1979) over the touchpoints. Total effect of stage j: T_j = b_j + a_j+1
    T_j+1, with b the paths to the outcome and a those from stage to stage; errors by the delta method from the joint covariance of all
    equations, the sum of products of influences of the same customers (HC3), which allows for residuals related across equations.

    Examples
    --------
    >>> import csimodels as csi
    >>> from csimodels.analyses.journeys import journey
    >>> stages = {"before": ["expect_overall", "expect_custom"], "during": ["qual_overall", "qual_custom"], "after": ["value_price"]}
    >>> found = journey(csi.load_acsi_demo(), stages, "sat_overall", scale=(1, 10))
    >>> found.stages[["stage", "n", "mean", "r"]].round(2)
        stage     n   mean     r
    0  before  5000  71.36  0.36
    1  during  5000  73.17  0.63
    2   after  5000  67.67  0.56
    """
    checked_level(level)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        groups, wanted = _checked_stages(stages), listed("outcome", outcome)
        _check_fewest(min_n)
        every = tuple(name for names in groups.values() for name in names)
        require_distinct("journey.column_twice", [*groups.items(), ("outcome", wanted)])
        answers = read_journey(data, every, tuple(s for s, names in groups.items() for _ in names), wanted, (scale, na_values), min_n)
        tables = _analysed(answers, tuple(groups), level, min_n)
    facts: dict[str, Any] = {"outcome": wanted, "scaled": answers.scaled, "outcome_scaled": answers.outcome_scaled}
    facts |= {"n": len(answers.y), "left_out": answers.left_out, "min_n": min_n, "level": level}
    return Journey(**tables, **facts, warnings=repeated(caught))


def _checked_stages(stages: Any) -> dict[str, tuple[str, ...]]:
    """Return stages with their touchpoints."""
    if not isinstance(stages, Mapping) or not stages or not all(isinstance(s, str) and s.strip() for s in stages):
        hint = 'Give stages in their order, e.g. {"before": ["ad", "website"], "purchase": ["shop"]}.'
        raise OptionError("option.stages", f"stages is {stages!r}.", variable="stages", value=stages, hint=hint)
    return {stage: listed("stages", names) for stage, names in stages.items()}


def _check_fewest(min_n: Any) -> None:
    """Check the least number of users."""
    if isinstance(min_n, bool) or not isinstance(min_n, (int, np.integer)) or min_n < FEWEST:
        hint = f"Give a whole number of at least {FEWEST}."
        raise OptionError("option.min_n", f"min_n is {min_n!r}.", variable="min_n", value=min_n, hint=hint)


def _analysed(answers: Answers, stages: tuple[str, ...], level: float, min_n: int) -> dict[str, Any]:
    """Return the tables by the name of their field."""
    scores = stage_scores(answers, stages)
    found = touchpoints_table(answers, level, min_n)
    left = found[found["note"] != ""]
    if len(left):
        said = ", ".join(f"{name} ({why})" for name, why in zip(left["touchpoint"], left["note"], strict=True))
        warnings.warn(f"Touchpoints without a slope: {said}.", DataWarning, stacklevel=2)
    chain = chained(scores, answers.y, stages, level, min_n)
    return {
        "stages": stages_table(answers, scores, stages, level),
        "touchpoints": found,
        "chain": chain.paths,
        "totals": chain.totals,
        "patterns": patterns_table(answers),
        "missing": _missing(answers, scores, stages, chain),
    }


def _missing(answers: Answers, scores: np.ndarray, stages: tuple[str, ...], chain: Chain) -> pd.DataFrame:
    """Return how many customers are left out where, and why."""
    used, scored, n = np.isfinite(answers.values), np.isfinite(scores), len(answers.y)
    rows = [("everything", "no outcome", answers.left_out, n)]
    places = [("all stages", "used no touchpoint", used.any(axis=1))]
    places += [(f"stage {s}", "used none of it", there) for s, there in zip(stages, scored.T, strict=True)]
    places += [(name, "not used", there) for name, there in zip(answers.names, used.T, strict=True)]
    rows += [(where, reason, int((~there).sum()), int(there.sum())) for where, reason, there in places]
    rows.append(("chain", chain.why, n - chain.n, chain.n))
    return pd.DataFrame(rows, columns=["where", "reason", "left_out", "kept"])
