"""The rows of every table of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.pls_plan import Plan
from csimodels.measures.structural import total_effects_of

__all__ = ["Outline", "leaves", "outline_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Outline:
    """Name the rows of every table of a model.

    Attributes
    ----------
    plan : Plan
        Blocks and equations.
    indexed : tuple of int
        Constructs that have an index.
    index_items : tuple of tuple of int
        Items of each index.
    effects : tuple of (source, target)
        Pairs that a directed path connects.
    impacts : tuple of (driver, target)
        Those of them that have indices.
    rivals : tuple of (construct, construct)
        Pairs whose discriminant validity has a meaning: neither is a part of the other.
    """

    plan: Plan
    indexed: tuple[int, ...]
    index_items: tuple[tuple[int, ...], ...]
    effects: tuple[tuple[int, int], ...]
    impacts: tuple[tuple[int, int], ...]
    rivals: tuple[tuple[int, int], ...]


def _connected(plan: Plan) -> tuple[tuple[int, int], ...]:
    """Return every (source, target) that a directed path connects, sources in the order of the model."""
    total = total_effects_of(plan, np.ones((len(plan.arrows), 1)))[..., 0]
    sources, targets = np.nonzero(total.T)
    return tuple(zip(sources.tolist(), targets.tolist(), strict=True))


def outline_of(plan: Plan, indexed: Mapping[int, Sequence[int]]) -> Outline:
    """Return the outline of a model; ``indexed`` are the constructs that have an index, with its items."""
    pairs = _connected(plan)
    below = [_below(plan, j) for j in range(len(plan.constructs))]
    rivals = [(a, b) for a in range(plan.latent) for b in range(a + 1, plan.latent) if a not in below[b] and b not in below[a]]
    impacts = tuple((s, t) for s, t in pairs if s in indexed and t in indexed)
    return Outline(plan, tuple(indexed), tuple(tuple(items) for items in indexed.values()), pairs, impacts, tuple(rivals))


def _below(plan: Plan, j: int) -> set[int]:
    """Return the constructs that a construct is made of, itself among them."""
    p = len(plan.items)
    return {j}.union(*(_below(plan, i - p) for i in plan.blocks[j] if i >= p))


def leaves(plan: Plan, j: int) -> Array:
    """Return which items are below a construct (p,)."""
    p, inside = len(plan.items), np.zeros(len(plan.items), dtype=bool)
    for n in plan.blocks[j]:
        if n < p:
            inside[n] = True
        else:
            inside |= leaves(plan, n - p)
    return inside
