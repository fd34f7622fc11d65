"""The importance-performance map: what drives a target's index, and how well the drivers do."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.checks import known
from csimodels.errors import OptionError, SpecError
from csimodels.indices import AnyEstimate, impact_table, require_means
from csimodels.measures.index import IndexWeights, index_scores
from csimodels.measures.outline import Outline
from csimodels.spec import ModelSpec

__all__ = ["checked_target", "construct_map", "ipma_table", "item_map"]

Array = NDArray[Any]
Product = list[tuple[str, list[int]]]
LEVELS = ("construct", "indicator")


def checked_target(spec: ModelSpec, target: str | None, constructs: tuple[str, ...], level: str) -> str:
    """Return the target of a map, by default the model's."""
    if level not in LEVELS:
        raise OptionError("option.ipma_level", f"level is {level!r}.", variable="level", value=level, hint=f"Use one of {LEVELS}.")
    if target is None and spec.target is None:
        raise SpecError(
            "index.no_target",
            f"Model {spec.name!r} has no target construct.",
            variable="target",
            value=None,
            hint="Say target= here, or in ModelSpec.from_lavaan().",
        )
    chosen = str(target if target is not None else spec.target)
    known(chosen, constructs, "construct", spec.name)
    return chosen


def ipma_table(estimate: AnyEstimate, w: IndexWeights, m: Moments, target: str, level: str) -> pd.DataFrame:
    """Return importance, the total effect of one index point on the target's index, and performance, the index itself.

    An item's importance is its construct's times its part of that index; its performance is its mean between the ends of its scale
    (Ringle & Sarstedt 2016, doi:10.1108/IMDS-10-2015-0449).
    """
    impacts = impact_table(estimate, w, m, 1.0)
    effect = impacts[target] if target in impacts else pd.Series(dtype=float)
    drivers = [c for c in effect.index if effect[c] != 0]
    at = [w.constructs.index(c) for c in drivers]
    mean = require_means(m)
    if level == "construct":
        values = {"importance": effect[drivers].to_numpy(), "performance": index_scores(w, mean)[at]}
        return pd.DataFrame(values, index=pd.Index(drivers, name="construct"))
    parts = w.u * (w.hi - w.lo) / (w.u @ (w.hi - w.lo))[:, None]
    rows = [
        (c, m.items[k], effect[c] * parts[j, k], 100.0 * (mean[k] - w.lo[k]) / (w.hi[k] - w.lo[k]))
        for c, j in zip(drivers, at, strict=True)
        for k in w.members[j]
    ]
    return pd.DataFrame(rows, columns=["construct", "indicator", "importance", "performance"])


def construct_map(outline: Outline, target: str) -> tuple[dict[str, tuple[str, ...]], Product, Product]:
    """Return names of a target's drivers, and which quantities are their importance and performance."""
    at = _into(outline, target)
    place = {j: k for k, j in enumerate(outline.indexed)}
    drivers = [outline.impacts[k][0] for k in at]
    names = {"construct": tuple(outline.plan.constructs[j] for j in drivers)}
    return names, [("impact.impact", at)], [("index.score", [place[j] for j in drivers])]


def item_map(outline: Outline, target: str) -> tuple[dict[str, tuple[str, ...]], Product, Product]:
    """Return names of the items of a target's drivers, and which quantities multiply to their importance and performance."""
    plan, first, starts = outline.plan, 0, {}
    blocks = dict(zip(outline.indexed, outline.index_items, strict=True))
    for j, block in blocks.items():
        starts[j] = first
        first += len(block)
    rows = [(k, outline.impacts[k][0], n) for k in _into(outline, target) for n in range(len(blocks[outline.impacts[k][0]]))]
    names = {
        "construct": tuple(plan.constructs[j] for _, j, _ in rows),
        "indicator": tuple(plan.items[blocks[j][n]] for _, j, n in rows),
    }
    item = [starts[j] + n for _, j, n in rows]
    return names, [("impact.impact", [k for k, _, _ in rows]), ("items.part", item)], [("items.performance", item)]


def _into(outline: Outline, target: str) -> list[int]:
    return [k for k, (_, t) in enumerate(outline.impacts) if outline.plan.constructs[t] == target]
