"""Tracking: the index from wave to wave, with what changed, what was restated and what is only another mix of customers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from csimodels.analyses.composition import adjusted_rows, decomposed, mixed_rows, read_mix, standard_shares
from csimodels.analyses.regressing import repeated
from csimodels.analyses.score_tables import ScoreTable, joined, read_scores
from csimodels.analyses.tracking_inputs import check_rows, published_scores, series_of, times_of, wave_column
from csimodels.analyses.wave_tables import adjusted_by_kind, changes_of, restated, trend_of, with_intervals
from csimodels.analyses.waves import checked_waves, wave_order
from csimodels.checks import level as checked_level
from csimodels.errors import DataWarning
from csimodels.presented import Presented

__all__ = ["Tracking", "tracking"]

ASSUMPTIONS = (
    "Waves are independent samples of customers. Of a panel, whose respondents answer again, the errors of changes are too large where "
    "answers correlate between waves.",
    "Errors take the index weights of a wave as fixed. Weights that are estimated anew in each wave move the index a little by themselves.",
    "Items, scales and field work are the same in every wave of a series. Where they changed, say breaks=: nothing is compared across one.",
    "A change is not explained by what happened at the time. Holm's correction is over all labels and waves of one kind of comparison.",
    "A trend is a straight line through the scores of a series; its error holds only as far as Q does not speak against the line.",
)
COMPOSITION = (
    "Composition: scores of strata are averaged with the shares of the respondents, which are taken as known; this differs a little from a "
    "fit to all respondents of a wave, whose index weights are common to the strata."
)


@dataclass(frozen=True, eq=False, repr=False)
class Tracking(Presented):
    """Present an index from wave to wave.

    Made by :func:`tracking`. The first columns of every table are the labels other than the wave, such as firms.

    Attributes
    ----------
    waves : DataFrame
        Labels, the wave, series, n (if known), score, se, ci_lower, ci_upper.
    changes : DataFrame
        Labels, comparison ("previous" or "baseline"), from, to, difference (to - from), se, z, pvalue, pvalue_holm, ci_lower, ci_upper.
    trend : DataFrame
        Labels, series, waves, slope (points per unit of time), se, z, pvalue, ci_lower, ci_upper, and Cochran's q, df, q_pvalue of what
        the line leaves over.
    restatements : DataFrame
        With ``published``: labels, the wave, published, score, revision (score - published), se, within_interval.
    composition : DataFrame
        With ``composition``: labels, the wave, score (own mix), adjusted (standard mix), se, ci_lower, ci_upper, composition (score -
        adjusted).
    decomposition : DataFrame
        With ``composition``: labels, from, to, difference, scores (change at equal mix), se, ci_lower, ci_upper (of scores), composition.
    construct : str
        Whose index it is.
    wave : str
        Column of the waves.
    order : tuple
        Waves in time.
    labels : tuple of str
        Columns that name a series besides the wave.
    level : float
        Coverage of the intervals.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "The index from wave to wave"
    titles: ClassVar[dict[str, str]] = {
        "waves": "Waves",
        "changes": "Changes from the wave before and from the baseline",
        "trend": "Trend",
        "restatements": "Restatements: scores now and as published",
        "composition": "The index with one mix of customers in every wave",
        "decomposition": "Changes: scores, or the mix of customers",
    }
    picture: ClassVar[str] = "tracking"

    waves: pd.DataFrame
    changes: pd.DataFrame
    trend: pd.DataFrame
    restatements: pd.DataFrame
    composition: pd.DataFrame
    decomposition: pd.DataFrame
    construct: str
    wave: str
    order: tuple[Any, ...]
    labels: tuple[str, ...]
    level: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def tracking(
    scores: Any,
    wave: str = "wave",
    *,
    construct: str | None = None,
    order: Sequence[Any] | None = None,
    baseline: Any = None,
    times: Mapping[Any, float] | None = None,
    breaks: Sequence[Any] = (),
    published: Any = None,
    composition: str | None = None,
    standard: str | Mapping[Any, float] = "pooled",
    level: float = 0.95,
) -> Tracking:
    """Follow an index from wave to wave.

    Parameters
    ----------
    scores : GroupedResults, CompositeGroups, or frame
        What ``fit_by(model, df, by=["firm", "wave"])`` returns, or a frame with label columns, score, se and perhaps n.
    wave : str, default "wave"
        Label column of the waves.
    construct : str, optional
        Whose index; by default the model's target.
    order : sequence, optional
        Waves from first to last; by default numbers, dates and ordered categories as they are, texts by the numbers in them.
    baseline : object, optional
        Wave that all are compared with; by default the first one of each series.
    times : mapping of wave to float, optional
        When waves were, for the trend; by default one unit apart.
    breaks : sequence, optional
        Waves at which something in the method changed and a new series begins.
    published : mapping of wave to score, or frame, optional
        Scores as published before; a frame has the label columns, the wave and a column score.
    composition : str, optional
        Label column of strata, such as segments: their scores are averaged into one index a wave, with the wave's own mix of respondents
        and with a standard one. Needs a column n, as results of ``fit_by`` have.
    standard : {"pooled", "first"} or mapping of stratum to share, default "pooled"
        The standard mix: respondents of all waves, those of the first wave, or as stated.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Tracking
        Tables ``waves``, ``changes``, ``trend``, and as asked for ``restatements``, ``composition`` and ``decomposition``.

    Raises
    ------
    OptionError
        ``tracking.not_groups``, ``tracking.order``, ``tracking.order_unknown``, ``tracking.baseline``, ``tracking.breaks``,
        ``tracking.times``, ``tracking.published``, ``tracking.composition``, ``tracking.standard``, ``option.standard``,
        ``option.construct``, ``option.level``.
    DataError
        ``tracking.missing_column``, ``tracking.wave_missing``, ``tracking.one_wave``, ``tracking.score``, ``tracking.se``,
        ``tracking.duplicate_wave`` (several scores of one label and wave), ``tracking.empty_stratum``.

    Warns
    -----
    DataWarning
        Groups without a score; labels with one wave only, which have no change.

    Notes
    -----
    Changes of independent waves are those of :func:`csimodels.index_difference`: se = sqrt(se_a^2 + se_b^2) with normal intervals.
    Trend: weighted least squares with known variances. Composition: direct standardisation and the decomposition of Kitagawa (1955,
    doi:10.1080/01621459.1955.10501299).

    Examples
    --------
    >>> import csimodels as csi
    >>> groups = csi.fit_by("acsi_1996", csi.load_acsi_demo(), by="wave", estimator="pls")
    >>> found = csi.tracking(groups)
    >>> found.changes.loc[0, ["from", "to", "difference", "se"]].tolist()[:2]
    ['2024Q1', '2024Q2']
    """
    checked = checked_level(level)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read = read_scores(scores, construct, "tracking")
        others = wave_column(read, wave, composition)
        ordered = wave_order(read.frame[wave], order, "tracking")
        base = None if baseline is None else checked_waves("baseline", baseline, ordered, "tracking")[0]
        broken = checked_waves("breaks", breaks, ordered, "tracking") if len(breaks) else []
        check_rows(read, (*others, wave, *([composition] if composition else [])))
        when = times_of(times, ordered)
        own, extra = _by_label(read, wave, others, ordered, composition, standard, checked)
        parts = [(label, rows.assign(series=series_of(rows[wave], ordered, broken))) for label, rows in own]
        tables: dict[str, Any] = _compared(parts, wave, others, checked, base, dict(zip(ordered, when, strict=True)))
        tables |= extra | {"restatements": _restated(tables["waves"], published, [*others, wave], checked)}
    facts: dict[str, Any] = {"construct": read.construct, "wave": wave, "order": tuple(ordered), "labels": others, "level": checked}
    assumed = (*ASSUMPTIONS, COMPOSITION) if composition else ASSUMPTIONS
    return Tracking(**tables, **facts, assumptions=assumed, warnings=repeated(caught))


Part = tuple[dict[str, Any], pd.DataFrame]


def _by_label(
    read: ScoreTable, wave: str, others: tuple[str, ...], order: list[Any], composition: str | None, standard: Any, level: float
) -> tuple[list[Part], dict[str, Any]]:
    """Return each label's waves in order, and the tables of composition."""
    parts, adjusted, changes = [], [], []
    frame = read.frame
    for label, rows in _labelled(frame, others):
        if composition is None:
            place = rows[wave].map({w: k for k, w in enumerate(order)})
            kept = [wave, *(["n"] if "n" in rows.columns else []), "score", "se"]
            parts.append((label, rows.loc[place.sort_values().index, kept].reset_index(drop=True)))
            continue
        mix = read_mix(rows, wave, composition, order)
        parts.append((label, mixed_rows(mix, wave)))
        adjusted.append(_with_label(label, adjusted_rows(mix, standard_shares(mix, standard), wave, level)))
        changes.append(_with_label(label, decomposed(mix, level)))
    whole = {"composition": adjusted, "decomposition": changes}
    return parts, {name: pd.concat(t, ignore_index=True) if t else pd.DataFrame() for name, t in whole.items()}


def _labelled(frame: pd.DataFrame, others: tuple[str, ...]) -> list[Part]:
    """Return the rows of each label."""
    if not others:
        return [({}, frame)]
    groups = frame.groupby(list(others), sort=False, observed=True)
    return [(dict(zip(others, key if isinstance(key, tuple) else (key,), strict=True)), rows) for key, rows in groups]


def _with_label(label: dict[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its label before it."""
    out = table.copy()
    for k, (name, value) in enumerate(label.items()):
        out.insert(k, name, [value] * len(out))
    return out


def _compared(parts: list[Part], wave: str, others: tuple[str, ...], level: float, baseline: Any, when: dict[Any, float]) -> dict[str, Any]:
    """Return waves, changes and trend of all labels."""
    alone = [joined(pd.DataFrame([label]), others)[0] for label, rows in parts if len(rows) < 2]
    if alone:
        warnings.warn(f"Labels with one wave, which have no change: {', '.join(alone[:5])}.", DataWarning, stacklevel=3)
    waves = [_with_label(label, with_intervals(rows, level)) for label, rows in parts]
    changes = [_with_label(label, changes_of(rows, wave, level, baseline)) for label, rows in parts]
    trends = [_with_label(label, trend_of(rows, np.array([when[w] for w in rows[wave]]), level)) for label, rows in parts]
    found = {"waves": waves, "changes": changes, "trend": trends}
    tables = {name: _stacked(several) for name, several in found.items()}
    front = [*others, wave, "series"]
    tables["waves"] = tables["waves"][[*front, *(c for c in tables["waves"].columns if c not in front)]]
    tables["changes"] = adjusted_by_kind(tables["changes"], others)
    return tables


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables below each other; empty ones have no types to offer."""
    return pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)


def _restated(waves: pd.DataFrame, published: Any, keys: list[str], level: float) -> pd.DataFrame:
    """Return what became of published scores."""
    return pd.DataFrame() if published is None else restated(waves, published_scores(published, waves, keys), keys, level)
