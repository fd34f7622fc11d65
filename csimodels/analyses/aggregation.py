"""Scores of firms into those of industries, sectors and the nation, with what weights and sampling do to their errors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from csimodels.analyses.aggregation_inputs import (
    OTHERS,
    TOTAL,
    Other,
    checked_levels,
    others_of,
    parents_by_level,
    weight_columns,
    weights_by_level,
    with_parents,
)
from csimodels.analyses.regressing import repeated
from csimodels.analyses.score_tables import read_scores
from csimodels.checks import level as checked_level
from csimodels.errors import DataError, DataWarning
from csimodels.inference.information import interval
from csimodels.presented import Presented

__all__ = ["Aggregate", "aggregate"]

Pairs = Mapping[Any, Any]
INDEX = ("level", "label", "parent", "members", "weight", "share", "score", "se", "ci_lower", "ci_upper", "coverage")
ASSUMPTIONS = (
    "Weights are fixed numbers without error, in one unit inside each parent; shares are weights over their sum there.",
    "Scores of different members are independent: their customers were sampled apart. Then the squared error of a parent is the sum of "
    "squared shares times squared errors.",
    "Where a level has no weights of its own, a parent weighs as much as its members together, those that were not surveyed among them.",
    "Intervals are normal, and of the customers of the members that have a score.",
)
UNCOVERED = (
    "Where all others have no score, a parent's score is that of its other members: it is taken to hold for all others too. "
    "coverage is the share of the weight that has a score."
)
KNOWN = "A score of all others that is given without an error is taken as known."


@dataclass(frozen=True, eq=False, repr=False)
class Aggregate(Presented):
    """Present scores by level.

    Made by :func:`aggregate`.

    Attributes
    ----------
    index : DataFrame
        By level and label, the finest level first, the total last: level, label, parent, members (directly below, without all others),
        weight, share (of the parent), score, se, ci_lower, ci_upper, coverage (share of the weight below it that has a score). Members
        that were not surveyed are rows "all others"; without a score their share is zero.
    contributions : DataFrame
        By member: level, label, parent, share, contribution (share times score; adds up to the parent's score), share_of_total,
        contribution_to_total (adds up to the total over the finest level and all others).
    levels : tuple of str
        Levels from the finest to the coarsest, without the total.
    construct : str
        What is aggregated; empty if the scores do not say.
    level : float
        Coverage of the intervals.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Aggregated scores"
    titles: ClassVar[dict[str, str]] = {"index": "Scores by level", "contributions": "Contributions to the parent's score"}
    picture: ClassVar[str] = "aggregate"

    index: pd.DataFrame
    contributions: pd.DataFrame
    levels: tuple[str, ...]
    construct: str
    level: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def aggregate(
    scores: Any,
    levels: str | Sequence[str],
    *,
    weight: str | Mapping[Any, Any] | pd.Series,
    construct: str | None = None,
    level: float = 0.95,
    others: Mapping[Any, Any] | None = None,
    parents: Mapping[Any, Any] | pd.DataFrame | None = None,
) -> Aggregate:
    """Aggregate scores of firms to industries, sectors and a total.

    Parameters
    ----------
    scores : GroupedResults, CompositeGroups, or frame
        What :func:`csimodels.fit_by` returns, or one row a label of the finest level: score and se (points), the columns of levels, and
        construct if there are several. Never changed.
    levels : str or sequence of str
        Label columns from the finest to the coarsest, e.g. ``["firm", "industry", "sector"]``; the total "all" comes last by itself.
    weight : str, mapping or Series
        Weights of the finest level, zero or more: a column, or label to weight (revenue). A mapping of level to one of these gives
        coarser levels their own weights (shares of GDP); other levels weigh as much as their members.
    construct : str, optional
        What to aggregate; by default the model's target, or the only construct.
    level : float
        Coverage of the intervals.
    others : mapping, optional
        Parent to (score or None, weight) or (score, weight, se) of its members that were not surveyed.
    parents : mapping or DataFrame, optional
        Levels that the scores lack: label to parent for one level, level to such mappings for several, or a frame with a column that the
        scores have, which may hold the columns of weights too.

    Returns
    -------
    Aggregate
        Tables ``index`` and ``contributions``.

    Raises
    ------
    OptionError
        ``option.levels``, ``option.weight``, ``option.others``, ``option.parents``, ``option.level``, ``option.construct``,
        ``aggregate.not_groups`` (the fit of one group).
    DataError
        ``aggregate.missing_column``, ``aggregate.missing_level``, ``aggregate.label_missing``, ``aggregate.duplicate_label``,
        ``aggregate.two_parents``, ``aggregate.no_parent``, ``aggregate.missing_weight``, ``aggregate.weight`` (negative or no number),
        ``aggregate.weight_varies``, ``aggregate.zero_weights``, ``aggregate.score``, ``aggregate.se`` (negative).

    Warns
    -----
    DataWarning
        Groups without a score, weights without a score, and scores without a standard error, whose parents have none either.

    Notes
    -----
    Score of a parent: sum of w_i x_i with w_i the weights of its members over their sum; variance: sum of w_i^2 se_i^2. Revenue weighs
    firms in industries and industries in sectors, shares of GDP weigh sectors in the nation (Fornell, Johnson, Anderson, Cha & Bryant
    1996, doi:10.1177/002224299606000403).

    Examples
    --------
    >>> import csimodels as csi
    >>> from csimodels.analyses.aggregation import aggregate
    >>> firms = csi.fit_by("acsi_1996", csi.load_acsi_demo(), by=["industry", "firm"], estimator="pls")
    >>> revenue = {"Ardvel": 840, "Brimso": 310, "Corvat": 1250, "Dulvek": 560, "Eskora": 1980}
    >>> found = aggregate(firms, ["firm", "industry"], weight=revenue, others={"Mobile": (None, 635)})
    >>> found.index[found.index["level"] != "firm"][["label", "members", "score", "se", "coverage"]].round(2)
        label  members  score    se  coverage
    6  Retail        2  74.43  0.38      1.00
    7  Energy        1  69.43  0.52      1.00
    8  Mobile        2  69.74  0.40      0.80
    9     all        3  70.64  0.27      0.89
    """
    checked_level(level)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = checked_levels(levels)
        read = read_scores(scores, construct, "aggregate")
        frame = with_parents(read.frame, names, parents, weight_columns(weight))
        tree, weights = parents_by_level(frame, names), weights_by_level(weight, frame, names)
        unknown = others_of(others, tree)
        _check_errors(frame, names[0])
        index = _climbed(frame, names, tree, weights, unknown)
    lower, upper = interval(index["score"].to_numpy(), index["se"].to_numpy(), level)
    index = index.assign(ci_lower=lower, ci_upper=upper)[list(INDEX)]
    facts: dict[str, Any] = {"levels": names, "construct": read.construct, "level": level, "assumptions": _assumed(unknown, others)}
    return Aggregate(index, _contributions(index, names), **facts, warnings=repeated(caught))


def _check_errors(frame: pd.DataFrame, finest: str) -> None:
    """Refuse negative standard errors, and warn of those that are missing."""
    se = frame["se"].to_numpy()
    bad = np.flatnonzero((se < 0) | np.isinf(se))
    if bad.size:
        who = str(frame[finest].iloc[bad[0]])
        text = f"The standard error of {finest} {who!r} is {se[bad[0]]}."
        raise DataError("aggregate.se", text, variable=who, value=float(se[bad[0]]), hint="Give a number, zero or more.")
    absent = int(np.isnan(se).sum())
    if absent:
        text = f"{absent} of {len(se)} scores have no standard error (fits with weights withhold it), nor has what they are part of."
        warnings.warn(text, DataWarning, stacklevel=3)


def _climbed(
    frame: pd.DataFrame, names: Sequence[str], tree: Sequence[Pairs], weights: Mapping[str, Pairs], unknown: Mapping[tuple[int, Any], Other]
) -> pd.DataFrame:
    """Return the scores of every level, from the finest to the total."""
    columns = {"label": frame[names[0]].to_numpy(dtype=object), "members": 0, "weight": frame[names[0]].map(weights[names[0]]).to_numpy()}
    rows = pd.DataFrame(columns | {"score": frame["score"], "se": frame["se"], "coverage": 1.0})
    parts = []
    for k, name in enumerate(names):
        rows = rows.assign(level=name, parent=[tree[k][label] for label in rows["label"]])
        extra = _rows_of_others(name, {p: other for (at, p), other in unknown.items() if at == k})
        members = _with_shares(pd.concat([rows, extra], ignore_index=True) if len(extra) else rows)
        above = names[k + 1] if k + 1 < len(names) else TOTAL
        rows = _of_parents(members, weights.get(above))
        parts.append(members)
    total = rows.assign(level=TOTAL, parent="", share=1.0)
    return pd.concat([*parts, total], ignore_index=True)


def _rows_of_others(level: str, others: Mapping[Any, Other]) -> pd.DataFrame:
    """Return members that were not surveyed as rows."""
    rows = [
        (OTHERS, 0, o.weight, o.score, o.se if np.isfinite(o.score) else np.nan, float(np.isfinite(o.score)), level, p)
        for p, o in others.items()
    ]
    return pd.DataFrame(rows, columns=["label", "members", "weight", "score", "se", "coverage", "level", "parent"])


def _with_shares(members: pd.DataFrame) -> pd.DataFrame:
    """Return members with the share of each among those of its parent that have a score."""
    counted = members["weight"].where(members["score"].notna(), 0.0)
    total = counted.groupby(members["parent"], sort=False).transform("sum")
    if (total <= 0).any():
        parent = members.loc[total <= 0, "parent"].iloc[0]
        text = f"The members of {parent!r} with a score have no weight: all are zero."
        raise DataError("aggregate.zero_weights", text, variable=str(parent), value=0.0, hint="Give one of them a weight above zero.")
    return members.assign(share=counted / total)


def _of_parents(members: pd.DataFrame, weights: Pairs | None) -> pd.DataFrame:
    """Return the parents of members as rows of the next level: weighted means, and errors of independent scores with fixed weights."""
    code, labels = pd.factorize(members["parent"])
    share, weight = members["share"].to_numpy(), members["weight"].to_numpy()
    # A share of zero takes nothing, also of a score or an error that is unknown.
    score, variance = (np.where(share > 0, v, 0.0) for v in (members["score"], members["se"] ** 2))
    total = np.bincount(code, weight)
    columns = {
        "label": np.asarray(labels, dtype=object),
        "members": np.bincount(code, members["label"].to_numpy() != OTHERS).astype(int),
        "weight": total if weights is None else [weights[label] for label in labels],
        "score": np.bincount(code, share * score),
        "se": np.sqrt(np.bincount(code, share**2 * variance)),
        "coverage": np.bincount(code, weight * members["coverage"]) / total,
    }
    return pd.DataFrame(columns)


def _contributions(index: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return what every member gives to its parent, and to the total by way of it."""
    above: dict[tuple[str, Any], float] = {(TOTAL, TOTAL): 1.0}
    parts = []
    for name, parent_level in zip(reversed(names), (TOTAL, *reversed(names)), strict=False):
        rows = index[index["level"] == name]
        part = rows[["level", "label", "parent", "share"]].assign(
            contribution=np.where(rows["share"] > 0, rows["share"] * rows["score"], 0.0)
        )
        part["share_of_total"] = rows["share"] * [above[parent_level, p] for p in rows["parent"]]
        part["contribution_to_total"] = np.where(rows["share"] > 0, part["share_of_total"] * rows["score"], 0.0)
        above |= {(name, label): share for label, share in zip(rows["label"], part["share_of_total"], strict=True)}
        parts.append(part)
    return pd.concat(parts[::-1], ignore_index=True)


def _assumed(unknown: Mapping[tuple[int, Any], Other], given: Mapping[Any, Any] | None) -> tuple[str, ...]:
    """Return what the aggregation rests on."""
    open_, known = any(np.isnan(o.score) for o in unknown.values()), any(v[0] is not None and len(v) == 2 for v in (given or {}).values())
    return (*ASSUMPTIONS, *((UNCOVERED,) if open_ else ()), *((KNOWN,) if known else ()))
