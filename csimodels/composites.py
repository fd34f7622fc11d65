"""Composite indices: from a spec with a scoring rule to the plan of its scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.checks import close_to
from csimodels.errors import OptionError
from csimodels.measures.composite import CompositePlan
from csimodels.spec import Construct, ModelSpec

__all__ = ["Rule", "composite_plan", "estimated", "require_plain_options"]

Array = NDArray[Any]
Rule = str | Mapping[str, float] | None


def require_plain_options(name: str, given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Refuse options of an estimator for a composite index, which has none."""
    for option, value in given.items():
        if value != usual[option]:
            raise OptionError(
                "option.composite",
                f"{option}={value!r} has no meaning for the composite index {name!r}, which is a scoring rule.",
                variable=option,
                value=value,
                hint="Leave it out.",
            )


def composite_plan(spec: ModelSpec, rule: Rule = None) -> CompositePlan:
    """Return parts and weights of a composite index.

    Parameters
    ----------
    spec : ModelSpec
        With a scoring rule.
    rule : str or mapping of part to weight, optional
        Name of a set of weights, by default the first; "equal"; or weights of one's own, which set aside importance too.
    """
    p, at = len(spec.items), {name: k for k, name in enumerate(spec.items)}
    at |= {name: p + k for k, name in enumerate(spec.construct_names)}
    stated, asked = _weights(spec, rule)
    blocks = tuple(tuple(at[i] for i in c.items) for c in spec.constructs)
    importance = tuple(tuple(at[asked[i]] if i in asked else -1 for i in c.items) for c in spec.constructs)
    weights = tuple(_block_weights(c, stated, rule) for c in spec.constructs)
    return CompositePlan(spec.items, spec.construct_names, blocks, weights, importance, _parts_first(p, blocks))


def estimated(plan: CompositePlan) -> tuple[bool, ...]:
    """Return by construct whether means of answers weight its parts, at any level."""
    p, out = len(plan.items), [False] * len(plan.constructs)
    for j in plan.order:
        out[j] = max(plan.importance[j]) >= 0 or any(out[i - p] for i in plan.blocks[j] if i >= p)
    return tuple(out)


def _weights(spec: ModelSpec, rule: Rule) -> tuple[Mapping[str, float], dict[str, str]]:
    """Return stated weights by part, and the item that asks for a part's importance."""
    assert spec.scoring is not None
    schemes, asked = {name: dict(given) for name, given in spec.scoring.weights}, dict(spec.scoring.importance)
    if rule is None:
        return next(iter(schemes.values()), {}), asked
    if isinstance(rule, Mapping):
        parts = [i for c in spec.constructs for i in c.items]
        for name in rule:
            if name not in parts:
                text = f"The weights name {name!r}."
                raise OptionError("option.index_weights_item", text, variable="weights", value=name, hint=close_to(str(name), parts))
        return rule, {}
    if rule != "equal" and rule not in schemes:
        hint = f"Use one of {('equal', *schemes)} or a mapping of part to weight."
        raise OptionError("option.index_weights", f"weights is {rule!r}.", variable="weights", value=rule, hint=hint)
    return ({}, {}) if rule == "equal" else (schemes[rule], asked)


def _block_weights(c: Construct, stated: Mapping[str, float], rule: Rule) -> tuple[float, ...]:
    """Return the weights of a construct's parts, one where none is stated."""
    found = tuple(float(stated.get(i, 1.0)) for i in c.items)
    if not (np.isfinite(found).all() and min(found) >= 0 and sum(found) > 0):
        hint = "They must be finite, not negative, with a positive sum."
        text = f"The weights of {c.name!r} are {found}."
        raise OptionError("option.index_weights_sum", text, variable=c.name, value=found if rule is None else rule, hint=hint)
    return found


def _parts_first(p: int, blocks: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    done: list[int] = []
    while len(done) < len(blocks):
        done += [j for j, b in enumerate(blocks) if j not in done and {i - p for i in b if i >= p} <= set(done)]
    return tuple(done)
