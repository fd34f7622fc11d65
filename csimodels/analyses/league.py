"""League tables: scores in order, with intervals that hold for all of them at once, and the ranks that the data leave open."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from csimodels.analyses.league_inputs import LeagueOptions, check_rows, checked_options, checked_within
from csimodels.analyses.ranks import adjusted, comparison, pairwise_z, rank_intervals, sidak_critical
from csimodels.analyses.regressing import repeated
from csimodels.analyses.score_tables import ScoreTable, joined, read_scores
from csimodels.errors import DataError, DataWarning
from csimodels.presented import Presented

__all__ = ["League", "league_table"]

ASSUMPTIONS = (
    "Scores of different labels are independent and normal about what they estimate, with known standard errors: customers of each label "
    "were sampled apart, and there are enough of them. Errors of the index take its weights as fixed.",
    "Rank 1 is the highest score. Equal scores share the better rank.",
    "Simultaneous intervals of scores hold for all labels at once. Overlapping intervals of two scores are no test of their difference: "
    "see pairs.",
    "Simultaneous rank intervals cover the true ranks of all labels at once with at least the level given; marginal ones that of one label "
    "that was chosen before the scores were seen.",
    "Intervals of differences, simultaneous rank intervals and the comparison with the best use one critical value, simulated for all "
    "pairs; that the best was found in the same data is allowed for.",
)
APART = "Every group is ranked by itself: what is simultaneous is so inside a group, not over all groups."
OWN_TEST = "Adjusted p-values are by {}, which is another test than the simulated one: at the limit the two may disagree."


@dataclass(frozen=True, eq=False, repr=False)
class League(Presented):
    """Present a league table.

    Made by :func:`league_table`.

    Attributes
    ----------
    league : DataFrame
        By label, best first: the label columns, n (if known), score, se, ci_lower, ci_upper (of one score), ci_lower_sim, ci_upper_sim (of
        all scores at once), rank, rank_lower, rank_upper (of all ranks at once), gap_to_best (points below the best), significant_vs_best,
        rank_lower_marginal, rank_upper_marginal (of one rank).
    pairs : DataFrame
        By pair of labels, the better one first: a, b, difference, se, z, pvalue, pvalue_adjusted, ci_lower, ci_upper (of all differences
        at once).
    critical_values : DataFrame
        What standard errors are multiplied by: labels (their number), scores (simultaneous intervals of scores), pairs (differences and
        simultaneous ranks).
    construct : str
        What is ranked; empty if the scores do not say.
    labels, within : tuple of str
        Label columns, and those inside which labels are ranked.
    method : str
        How p-values are adjusted.
    n_sim, seed : int
        Draws of the critical value, and the seed of their random numbers.
    level : float
        Coverage of the intervals.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "League table"
    titles: ClassVar[dict[str, str]] = {"league": "League", "pairs": "Differences of pairs", "critical_values": "Critical values"}
    picture: ClassVar[str] = "league"

    league: pd.DataFrame
    pairs: pd.DataFrame
    critical_values: pd.DataFrame
    construct: str
    labels: tuple[str, ...]
    within: tuple[str, ...]
    method: str
    n_sim: int
    seed: int
    level: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def league_table(
    scores: Any,
    *,
    construct: str | None = None,
    level: float = 0.95,
    method: str = "holm",
    n_sim: int = 20000,
    seed: int = 1,
    within: str | Sequence[str] | None = None,
) -> League:
    """Rank scores, and say how sure the ranks are.

    Parameters
    ----------
    scores : GroupedResults, CompositeGroups, or frame
        What :func:`csimodels.fit_by` returns, or one row a label: label columns first, then score and se (points), with n (respondents)
        and construct if known. Never changed.
    construct : str, optional
        What to rank; by default the model's target, or the only construct.
    level : float
        Coverage of the intervals.
    method : {"holm", "tukey", "bonferroni"}
        Adjustment of the p-values of pairs; "tukey" is the simulated test that the intervals and ranks use in any case.
    n_sim : int
        Draws of the critical value of all pairs, 1000 or more; the value for two labels is exact.
    seed : int
        Seed of the random numbers, zero or more.
    within : str or sequence of str, optional
        Label columns inside which to rank, e.g. ``"industry"``.

    Returns
    -------
    League
        Tables ``league``, ``pairs`` and ``critical_values``.

    Raises
    ------
    OptionError
        ``option.method``, ``option.n_sim``, ``option.seed``, ``option.level``, ``option.within``, ``option.construct``,
        ``league.within_unknown``, ``league.not_groups`` (the fit of one group).
    DataError
        ``league.missing_column``, ``league.no_labels``, ``league.label_missing``, ``league.duplicate_label``, ``league.one_label``,
        ``league.score``, ``league.se`` (missing or not above zero; fits with weights withhold it).

    Warns
    -----
    DataWarning
        Groups without a score, and a group of one label.

    Notes
    -----
    With z_jk = (x_j - x_k) / sqrt(se_j^2 + se_k^2) and c the quantile of max abs(z_jk) over all pairs where all scores are equal (the
    studentised range for unequal errors, simulated), label j is significantly better than k where z_jk > c; its rank is between one more
    than the number of labels significantly better than it and K less the number significantly worse (Mogstad, Romano, Shaikh & Wilhelm
    2024, doi:10.1093/restud/rdad006, single step). The marginal interval takes the maximum over the K - 1 pairs of j alone. Simultaneous
    intervals of scores: x_j +- c se_j with (2 Phi(c) - 1)^K = level (Sidak 1967, doi:10.1080/01621459.1967.10482935).

    Examples
    --------
    >>> import pandas as pd
    >>> from csimodels.analyses.league import league_table
    >>> scores = pd.DataFrame({"firm": ["A", "B", "C"], "score": [76.4, 71.2, 75.9], "se": [0.8, 0.9, 0.7]})
    >>> league_table(scores).league[["firm", "rank", "rank_lower", "rank_upper", "significant_vs_best"]]
      firm  rank  rank_lower  rank_upper  significant_vs_best
    0    A     1           1           2                False
    1    C     2           1           2                False
    2    B     3           3           3                 True
    """
    options = checked_options(level, method, n_sim, seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read = read_scores(scores, construct, "league")
        inside = checked_within(within, read.labels)
        check_rows(read)
        groups = _groups(read, inside)
        parts = [_ranked(part, inside, read.labels, options) for part in groups]
    tables = dict(
        zip(("league", "pairs", "critical_values"), (pd.concat(t, ignore_index=True) for t in zip(*parts, strict=True)), strict=True)
    )
    facts: dict[str, Any] = {"construct": read.construct, "labels": read.labels, "within": inside, **vars(options)}
    return League(**tables, **facts, assumptions=_assumed(inside, options.method), warnings=repeated(caught))


def _groups(read: ScoreTable, within: tuple[str, ...]) -> list[pd.DataFrame]:
    """Return the rows to rank together, best first."""
    rows = read.frame.sort_values("score", ascending=False, kind="stable")
    parts = [part for _, part in read.frame.groupby(list(within), sort=False)] if within else [read.frame]
    alone = [joined(part, within)[0] for part in parts if within and len(part) == 1]
    if len(alone) == len(parts) or len(read.frame) < 2:
        text = "There is one label" + (" in every group." if within else ".")
        raise DataError("league.one_label", text, variable="scores", value=len(read.frame), hint="Ranks need two labels or more.")
    if alone:
        warnings.warn(f"Groups of one label, which has nothing to be ranked against: {', '.join(alone)}.", DataWarning, stacklevel=3)
    return [rows.loc[rows.index.isin(part.index)].reset_index(drop=True) for part in parts]


def _stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of all groups as one."""
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _ranked(rows: pd.DataFrame, within: tuple[str, ...], labels: tuple[str, ...], options: LeagueOptions) -> tuple[pd.DataFrame, ...]:
    """Return league, pairs and critical values of labels that are ranked together."""
    score, se = rows["score"].to_numpy(), rows["se"].to_numpy()
    limits, z, joint = (
        comparison(se, options.level, options.n_sim, options.seed),
        pairwise_z(score, se),
        sidak_critical(len(se), options.level),
    )
    half = float(norm.ppf(0.5 + options.level / 2)) * se
    lower, upper = rank_intervals(z, limits.pairs)
    own_lower, own_upper = rank_intervals(z, limits.labels)
    columns = {"ci_lower": score - half, "ci_upper": score + half, "ci_lower_sim": score - joint * se, "ci_upper_sim": score + joint * se}
    columns |= {"rank": rankdata(-score, method="min").astype(int), "rank_lower": lower, "rank_upper": upper}
    columns |= {"gap_to_best": score[0] - score, "significant_vs_best": z[0] > limits.pairs}
    columns |= {"rank_lower_marginal": own_lower, "rank_upper_marginal": own_upper}
    kept = [*labels, *(["n"] if "n" in rows.columns else []), "score", "se"]
    place = rows.loc[[0], list(within)]
    critical = place.assign(labels=len(se), scores=joint, pairs=limits.pairs if len(se) > 1 else np.nan)
    pairs = _pairs(joined(rows, [c for c in labels if c not in within]), score, se, z, limits.pairs)
    pairs.insert(6, "pvalue_adjusted", adjusted(pairs["z"].to_numpy(), pairs["pvalue"].to_numpy(), limits.maxima, options.method))
    for k, name in enumerate(within):
        pairs.insert(k, name, place[name].iloc[0])
    return rows[kept].assign(**columns), pairs, critical


def _pairs(names: list[str], score: np.ndarray, se: np.ndarray, z: np.ndarray, critical: float) -> pd.DataFrame:
    """Return the differences of all pairs with their simultaneous intervals, p-values not adjusted."""
    a, b = np.triu_indices(len(names), 1)
    text = np.array(names, dtype=object)
    difference, error = score[a] - score[b], np.hypot(se[a], se[b])
    columns = {"a": text[a], "b": text[b], "difference": difference, "se": error, "z": z[a, b], "pvalue": 2 * norm.sf(np.abs(z[a, b]))}
    return pd.DataFrame(columns | {"ci_lower": difference - critical * error, "ci_upper": difference + critical * error})


def _assumed(within: tuple[str, ...], method: str) -> tuple[str, ...]:
    """Return what the analysis rests on."""
    apart = (APART,) if within else ()
    other = () if method == "tukey" else (OWN_TEST.format(method.capitalize()),)
    return (*ASSUMPTIONS, *apart, *other)
