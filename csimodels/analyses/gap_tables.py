"""The tables of a gap analysis: gaps of items, dimensions and the whole, and the reliability of the differences."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from csimodels.analyses.gap_inputs import Pairs
from csimodels.analyses.gap_tests import require_variation, signed_rank_tests, t_tests
from csimodels.analyses.reading import Array
from csimodels.errors import CSIWarning
from csimodels.measures.reliability import alpha_raw

__all__ = ["Scores", "dimension_table", "item_table", "overall_table", "reliability_table", "scores_of"]

RELIABLE = 0.70


class Scores(NamedTuple):
    """Complete rows: answers (n, pairs) of both sides, their means by dimension (n, k), weights (k,) of these."""

    e: Array
    p: Array
    by_e: Array
    by_p: Array
    weights: Array


def scores_of(pairs: Pairs, values: Array, weights: Array | None) -> Scores:
    """Return the answers of complete rows and their means by dimension."""
    k, member = len(pairs.of), pairs.members()
    mean = (member / member.sum(axis=1, keepdims=True)).T
    e, p = values[:, :k], values[:, k:]
    equal = np.full(len(member), 1 / len(member))
    return Scores(e, p, e @ mean, p @ mean, equal if weights is None else weights)


def _tested(e: Sequence[Array], p: Sequence[Array], names: Sequence[str], level: float) -> pd.DataFrame:
    """Return means and tests of paired columns, each without missing answers."""
    gaps = [b - a for a, b in zip(e, p, strict=True)]
    require_variation(names, gaps, "gap.no_variation")
    t = t_tests(gaps, level).rename(columns={"est": "gap"})
    t.insert(1, "mean_e", [a.mean() for a in e])
    t.insert(2, "mean_p", [b.mean() for b in p])
    return pd.concat([t, signed_rank_tests(gaps)], axis=1)


def item_table(pairs: Pairs, values: Array, level: float) -> pd.DataFrame:
    """Return the test of each pair on the rows that answer both of its columns (n, 2 pairs)."""
    sides = np.split(values, 2, axis=1)
    both = np.isfinite(sides[0]) & np.isfinite(sides[1])
    e, p = ([side[both[:, k], k] for k in range(len(pairs.of))] for side in sides)
    named = {"dimension": pairs.of, "expectation": pairs.expectations, "perception": pairs.perceptions}
    what = [f"The difference {b} - {a}" for a, b in zip(pairs.expectations, pairs.perceptions, strict=True)]
    return pd.concat([pd.DataFrame(named), _tested(e, p, what, level)], axis=1)


def dimension_table(pairs: Pairs, scores: Scores, level: float) -> pd.DataFrame:
    """Return the test of each dimension's means."""
    named = {"dimension": pairs.dimensions, "pairs": pairs.members().sum(axis=1).astype(int), "weight": scores.weights}
    what = [f"The gap of dimension {d!r}" for d in pairs.dimensions]
    return pd.concat([pd.DataFrame(named), _tested(list(scores.by_e.T), list(scores.by_p.T), what, level)], axis=1)


def overall_table(scores: Scores, weighted: bool, level: float) -> pd.DataFrame:
    """Return the SERVQUAL score, the mean over dimensions or the weighted sum of their gaps."""
    by = scores.by_p - scores.by_e
    totals = {"unweighted": by.mean(axis=1)} | ({"weighted": by @ scores.weights} if weighted else {})
    require_variation([f"The {name} gap" for name in totals], list(totals.values()), "gap.no_variation")
    tested = t_tests(list(totals.values()), level).drop(columns=["d_z", "pvalue_holm"])
    return pd.concat([pd.DataFrame({"score": list(totals)}), tested], axis=1)


def reliability_table(pairs: Pairs, scores: Scores) -> pd.DataFrame:
    """Return the reliability of each dimension's difference (Johns 1981; Peter, Churchill & Brown 1993), warned of where it is low."""
    member = pairs.members()
    a_e, a_p = (alpha_raw(np.atleast_2d(np.cov(side.T)), member) for side in (scores.e, scores.p))
    sd_e, sd_p = scores.by_e.std(axis=0, ddof=1), scores.by_p.std(axis=0, ddof=1)
    k = len(member)
    together = np.diagonal(np.cov(scores.by_e.T, scores.by_p.T)[:k, k:])
    true, seen = sd_e**2 * a_e + sd_p**2 * a_p - 2 * together, sd_e**2 + sd_p**2 - 2 * together
    table = pd.DataFrame({"dimension": pairs.dimensions, "pairs": member.sum(axis=1).astype(int), "alpha_e": a_e, "alpha_p": a_p})
    with np.errstate(invalid="ignore", divide="ignore"):
        table = table.assign(r_ep=together / (sd_e * sd_p), sd_e=sd_e, sd_p=sd_p, reliability=true / seen)
    low = table[table["reliability"] < RELIABLE]
    if len(low):
        named = ", ".join(f"{d!r} ({r:.2f})" for d, r in zip(low["dimension"], low["reliability"], strict=True))
        text = f"The difference P - E is unreliable (below {RELIABLE:.2f}) in {named}: read expectations and perceptions apart."
        warnings.warn(text, CSIWarning, stacklevel=2)
    return table
