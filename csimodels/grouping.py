"""Rows of a survey into a stack of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.codes import read_labels
from csimodels.errors import OptionError
from csimodels.frames import Block
from csimodels.recode import recoded_rows
from csimodels.resample import MomentStack, Rows, group_stack
from csimodels.spec import ModelSpec
from csimodels.survey import complete_rows, read_answers, read_weights

__all__ = ["Groups", "read_groups"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Groups:
    """Hold the groups of a survey.

    Attributes
    ----------
    keys : DataFrame
        One row a group: its labels, in order of first appearance.
    stack : MomentStack
        Moments of the recoded items.
    rows, dropped, imputed : arrays (B,)
        Rows used, rows left out and answers replaced by a group's mean.
    unlabelled : int
        Rows that have no group.
    weighted : bool
        Whether the rows carry unequal weights.
    """

    keys: pd.DataFrame
    stack: MomentStack
    rows: Array
    dropped: Array
    imputed: Array
    unlabelled: int
    weighted: bool


def read_groups(data: Any, spec: ModelSpec, by: Sequence[str] | str, missing: str, weights: Any, na_values: Any) -> Groups:
    """Read a survey and reduce every group of its rows to moments."""
    names = checked_by(by)
    block = read_answers(data, spec, na_values)
    labels = pd.DataFrame({name: read_labels(data, name) for name in names})
    code = labels.groupby(names, sort=False, dropna=True, observed=True).ngroup().fillna(-1).to_numpy(dtype=int)
    inside = np.flatnonzero(code >= 0)
    own, members = code[inside], int(code.max(initial=-1)) + 1
    keys = labels.iloc[inside[np.unique(own, return_index=True)[1]]].reset_index(drop=True)
    w = read_weights(data, weights, block)
    part = Block(block.values[inside], block.items, block.index[inside])
    imputed = np.zeros(members, dtype=int)
    if missing == "mean":
        part, imputed = _with_group_means(part, own, members, None if w is None else w[inside])
    values, kept_w, usable, _ = complete_rows(part, "listwise", None if w is None else w[inside])
    stack, size = group_stack(Rows(recoded_rows(values, spec), kept_w), own[usable], members)
    weighted = kept_w is not None and bool(np.ptp(kept_w) > 1e-12 * kept_w.max())
    dropped = np.bincount(own, minlength=members) - size
    return Groups(keys, stack, size, dropped, imputed, int((code < 0).sum()), weighted)


def checked_by(by: Sequence[str] | str) -> list[str]:
    """Return the grouping columns as a list."""
    names = [by] if isinstance(by, str) else list(by) if isinstance(by, Sequence) else []
    if not names or not all(isinstance(n, str) for n in names) or len(set(names)) < len(names):
        hint = 'Give one column or several, e.g. ["industry", "firm"].'
        raise OptionError("option.by", f"by is {by!r}.", variable="by", value=by, hint=hint)
    return names


def _with_group_means(block: Block, code: Array, members: int, weights: Array | None) -> tuple[Block, Array]:
    """Return answers with missing ones replaced by the weighted mean of the group, and how many in each; wholly empty rows stay empty."""
    holes = np.isnan(block.values)
    w = np.ones(len(code)) if weights is None else np.nan_to_num(weights)
    values = block.values.copy()
    fill = holes & ~holes.all(axis=1, keepdims=True)
    for k in range(values.shape[1]):
        seen = ~holes[:, k]
        total = np.bincount(code[seen], weights=w[seen], minlength=members)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(code[seen], weights=(w * np.where(holes[:, k], 0.0, values[:, k]))[seen], minlength=members) / total
        values[fill[:, k], k] = mean[code[fill[:, k]]]
    return Block(values, block.items, block.index), np.bincount(code, weights=fill.sum(axis=1), minlength=members).astype(int)
