"""The results of many groups as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels.errors import CSIError
from csimodels.report.blocks import Block, Format, from_frame
from csimodels.report.format import count, fixed, number, wrap
from csimodels.report.header import ESTIMATORS
from csimodels.report.html import boxed

if TYPE_CHECKING:
    from csimodels.grouped import GroupedResults

__all__ = ["brief_groups", "notebook_groups"]

COLUMNS = 88
SHOWN = 10


def brief_groups(result: GroupedResults) -> str:
    """Return the short text of grouped results: how many there are, what failed, the spread of the index."""
    return "\n".join(line for text in _said(result) for line in wrap(text, COLUMNS))


def _said(result: GroupedResults) -> list[str]:
    """Return the sentences of the short text."""
    groups = result.groups
    failed, improper = int((~groups["converged"]).sum()), int((groups["converged"] & ~groups["admissible"]).sum())
    lines = [
        f"GroupedResults: {result.spec.name} by {', '.join(result.data.keys.columns)}, {ESTIMATORS[result.options.estimator]}",
        f"{len(groups)} groups of {groups['rows'].min()} to {groups['rows'].max()} rows; {failed} without a solution (.failures), "
        f"{improper} inadmissible; {result.data.unlabelled} rows without a group",
        _spread(result),
    ]
    return [text for text in lines if text]


def _target(result: GroupedResults) -> pd.DataFrame | None:
    try:
        index = result.index
    except CSIError:
        return None
    target = result.spec.target
    return None if target is None else index[index["construct"] == target]


def _spread(result: GroupedResults) -> str:
    index = _target(result)
    if index is None or index.empty:
        return ""
    score = index["score"]
    return f"index of {result.spec.target}: {number(score.min(), 1)} to {number(score.max(), 1)}, median {number(score.median(), 1)} of 100"


def notebook_groups(result: GroupedResults) -> str:
    """Return the short text, the target's index of the first groups and the groups without a solution as HTML."""
    head, *said = _said(result)
    blocks = [Block("groups", head, (), (), notes=tuple(said))]
    index = _target(result)
    if index is not None and not index.empty:
        columns = {"score": "index", "se": "se", "ci_lower": "[0.025", "ci_upper": "0.975]"}
        formats: dict[str, Format] = dict.fromkeys(("score", "ci_lower", "ci_upper"), fixed)
        blocks.append(_first(result, "index", f"Index of {result.spec.target} (0-100)", index, columns, formats))
    if len(result.failures):
        kinds: dict[str, Format] = {"rows": count, "reason": str}
        blocks.append(_first(result, "failures", "Groups without a solution", result.failures, {"rows": "rows", "reason": "reason"}, kinds))
    return boxed(blocks)


def _first(result: GroupedResults, key: str, title: str, frame: pd.DataFrame, columns: dict[str, str], formats: dict[str, Format]) -> Block:
    """Return the first rows of a table under the names of their groups."""
    names = {str(k): str(k) for k in result.data.keys.columns}
    note = (f"The first {SHOWN} of {len(frame)}.",) if len(frame) > SHOWN else ()
    return from_frame(key, title, frame.head(SHOWN), names | columns, formats, len(names), note)
