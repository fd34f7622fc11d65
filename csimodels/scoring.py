"""How a composite index is scored: the points of an answer, and the weights of the parts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from csimodels.errors import SpecError

if TYPE_CHECKING:
    from csimodels.spec import ModelSpec

__all__ = ["KINDS", "RULES", "Scoring", "check_scoring"]

KINDS = ("path_model", "composite_index")
RULES = ("range", "of_maximum", "top_box")
Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Scoring:
    """Describe the scoring rule of a composite index.

    Parameters
    ----------
    rule : {"range", "of_maximum", "top_box"}
        Points of an answer x on the scale (lo, hi): 100 (x - lo) / (hi - lo); 100 x / hi; or 100 for one of the highest answers, else 0.
    boxes : int
        Number of highest answers that count under "top_box".
    weights : mapping of scheme to mapping of name to float
        Named sets of weights for the parts of a construct; the first is the default. Parts without a weight count one.
    importance : mapping of name to item
        Items that ask how important a part is; the weight of the part is then their mean.

    Examples
    --------
    >>> Scoring("top_box", 2, {"current": {"overall": 0.3, "element": 0.5}}).schemes
    ('current',)
    """

    rule: str = "range"
    boxes: int = 2
    weights: tuple[tuple[str, Weights], ...] = ()
    importance: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        schemes = ((scheme, tuple((n, _weight(n, w)) for n, w in _pairs(given))) for scheme, given in _pairs(self.weights))
        object.__setattr__(self, "weights", tuple(schemes))
        object.__setattr__(self, "importance", tuple(_pairs(self.importance)))
        if self.rule not in RULES:
            raise SpecError("scoring.rule", f"The rule is {self.rule!r}.", variable="rule", value=self.rule, hint=f"Use one of {RULES}.")
        if isinstance(self.boxes, bool) or not isinstance(self.boxes, int) or self.boxes < 1:
            hint = "Give the number of highest answers that count."
            raise SpecError("scoring.boxes", f"boxes is {self.boxes!r}.", variable="boxes", value=self.boxes, hint=hint)

    @property
    def schemes(self) -> tuple[str, ...]:
        """Names of the sets of weights."""
        return tuple(scheme for scheme, _ in self.weights)


def _pairs(given: Any) -> Iterable[tuple[str, Any]]:
    return given.items() if isinstance(given, Mapping) else given


def _weight(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value >= 0):
        hint = "Weights are finite and not negative."
        raise SpecError("scoring.weight", f"The weight of {name!r} is {value!r}.", variable=name, value=value, hint=hint)
    return float(value)


def check_scoring(s: ModelSpec) -> None:
    """Check that a composite index, and nothing else, has a scoring rule whose names exist."""
    if s.kind not in KINDS:
        raise SpecError(
            "spec.bad_kind", f"Model {s.name!r} has kind {s.kind!r}.", variable="kind", value=s.kind, hint=f"Use one of {KINDS}."
        )
    if (s.scoring is not None) != (s.kind == "composite_index"):
        text = f"Model {s.name!r} of kind {s.kind!r} has {'no' if s.scoring is None else 'a'} scoring rule."
        hint = "A composite index has one, a path model has none."
        raise SpecError("spec.scoring_kind", text, variable="scoring", value=s.kind, hint=hint)
    if s.scoring is None:
        return
    if s.paths or s.terms:
        text = f"The composite index {s.name!r} has paths."
        raise SpecError("scoring.paths", text, variable="path", value=len(s.paths), hint='Leave them out, or use kind = "path_model".')
    parts = {i for c in s.constructs for i in c.items}
    named = [*(n for _, given in s.scoring.weights for n, _ in given), *(n for n, _ in s.scoring.importance)]
    for name in named:
        if name not in parts:
            text = f"The scoring of {s.name!r} weights {name!r}, which is no part of a construct."
            raise SpecError("scoring.unknown_part", text, variable=name, value=name, hint=f"Parts are {sorted(parts)[:20]}.")
    for _, item in s.scoring.importance:
        if item not in {i.name for i in s.observed}:
            hint = "Describe it under [[observed]]."
            raise SpecError("scoring.unknown_item", f"There is no item {item!r}.", variable="importance", value=item, hint=hint)
