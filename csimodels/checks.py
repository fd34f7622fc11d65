"""Checks of single values: each names the variable, the value and the next step."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from csimodels.errors import OptionError, ScaleError, SpecError

if TYPE_CHECKING:
    from csimodels.elements import Construct, Indicator, Path

MODES = ("reflective", "formative", "single")
SIGNS = ("+", "-", "?")
CONFIDENCES = ("", "exact", "high", "medium", "low")


def close_to(name: str, names: Iterable[str]) -> str:
    """Return a "did you mean" sentence, or the names there are."""
    pool = [str(n) for n in names]
    folded: dict[str, str] = {}
    for n in pool:
        folded.setdefault(n.casefold(), n)
    near = [folded[n] for n in difflib.get_close_matches(str(name).casefold(), list(folded), n=3, cutoff=0.5)]
    if near:
        return "Did you mean " + " or ".join(repr(n) for n in near) + "?"
    return "There are: " + ", ".join(repr(n) for n in pool[:30]) + "." if pool else "There are none."


def name(value: Any, what: str) -> None:
    """Check that a name is non-empty text."""
    if not isinstance(value, str) or not value.strip():
        raise SpecError(
            "spec.bad_name",
            f"The name of a {what} is {value!r}.",
            variable=what,
            value=value,
            hint="Give a non-empty string.",
        )


def listed(value: Any, owner: str) -> tuple[Any, ...]:
    """Return indicators as a tuple, refusing a bare string."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise SpecError(
            "spec.items_not_a_list",
            f"The indicators of construct {owner!r} are {value!r}.",
            variable=owner,
            value=value,
            hint="Give a list of item names.",
        )
    return tuple(value)


def scale(value: Any, owner: str) -> tuple[float, float] | None:
    """Return a theoretical scale as two floats, or None."""
    if value is None:
        return None
    try:
        lo, hi = (float(v) for v in value)
    except (TypeError, ValueError):
        lo = hi = math.nan
    if not (math.isfinite(lo) and math.isfinite(hi) and lo < hi):
        raise ScaleError(
            "scale.malformed",
            f"The scale of {owner!r} is {value!r}.",
            variable=owner,
            value=value,
            hint="Give the lowest and the highest possible answer, e.g. (1, 10).",
        )
    return lo, hi


def codes(value: Any, owner: str) -> tuple[float, ...]:
    """Return "don't know" codes as floats."""
    try:
        return tuple(float(v) for v in value)
    except (TypeError, ValueError):
        raise SpecError(
            "spec.bad_na_values",
            f"The don't-know codes of {owner!r} are {value!r}.",
            variable=owner,
            value=value,
            hint="Give a list of numbers, e.g. [98, 99].",
        ) from None


def anchors(value: Any, owner: str) -> tuple[str, ...]:
    """Return what the ends of a scale say: nothing, or two texts."""
    texts = () if isinstance(value, str) else tuple(value)
    if isinstance(value, str) or len(texts) not in (0, 2) or not all(isinstance(t, str) for t in texts):
        raise SpecError(
            "spec.bad_anchors",
            f"The anchors of {owner!r} are {value!r}.",
            variable=owner,
            value=value,
            hint='Give what the lowest and the highest answer say, e.g. ["not at all", "completely"].',
        )
    return texts


def confidence(value: Any, owner: str) -> None:
    """Check how sure a fact is said to be."""
    if value not in CONFIDENCES:
        raise SpecError(
            "spec.bad_confidence",
            f"{owner} has confidence {value!r}.",
            variable=owner,
            value=value,
            hint=f"Use one of {CONFIDENCES}.",
        )


def reverse(item: Indicator) -> None:
    """Check that a reverse item has the scale its recoding needs."""
    if item.reverse and item.scale is None:
        raise SpecError(
            "spec.reverse_without_scale",
            f"Item {item.name!r} is reverse coded but has no scale.",
            variable=item.name,
            value=None,
            hint="Declare scale=(lowest, highest): the item is recoded as lo + hi - x.",
        )


def construct(c: Construct) -> None:
    """Check one construct's mode, reliability and number of indicators."""
    if c.mode not in MODES:
        raise SpecError(
            "spec.bad_mode",
            f"Construct {c.name!r} has mode {c.mode!r}.",
            variable=c.name,
            value=c.mode,
            hint=f"Use one of {MODES}.",
        )
    if not c.indicators:
        raise SpecError(
            "spec.no_indicators",
            f"Construct {c.name!r} has no indicators.",
            variable=c.name,
            value=(),
            hint="Give items, or leave it out with without().",
        )
    if c.mode == "single" and len(c.indicators) > 1:
        raise SpecError(
            "spec.single_with_many",
            f"Construct {c.name!r} is single-item but has {len(c.indicators)} indicators.",
            variable=c.name,
            value=c.items,
            hint="Use mode 'reflective' or one item.",
        )
    if c.reliability is not None and not (len(c.indicators) == 1 and 0 < c.reliability <= 1):
        raise SpecError(
            "spec.bad_reliability",
            f"Construct {c.name!r} with {len(c.indicators)} indicator(s) has reliability {c.reliability!r}.",
            variable=c.name,
            value=c.reliability,
            hint="Give a number in (0, 1], and only for a single item.",
        )
    confidence(c.confidence, f"Construct {c.name!r}")


def path(p: Path) -> None:
    """Check one path's sign and ends."""
    if p.sign not in SIGNS:
        raise SpecError(
            "spec.bad_sign",
            f"The path {p.source!r} -> {p.target!r} has sign {p.sign!r}.",
            variable=f"{p.target} ~ {p.source}",
            value=p.sign,
            hint="Use '+', '-' or '?'.",
        )
    if p.source == p.target:
        raise SpecError(
            "spec.self_path",
            f"A path leads from {p.source!r} to itself.",
            variable=p.source,
            value=p.target,
            hint="Remove it: models are recursive.",
        )
    confidence(p.confidence, f"The path {p.source!r} -> {p.target!r}")


def known(value: str, names: Sequence[str], what: str, model: str) -> None:
    """Check that a name exists."""
    if value not in names:
        raise SpecError(
            "spec.unknown_name",
            f"Model {model!r} has no {what} {value!r}.",
            variable=what,
            value=value,
            hint=close_to(value, names),
        )


def level(value: float) -> float:
    """Return a confidence level, checked to lie between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise OptionError(
            "option.level",
            f"level is {value!r}.",
            variable="level",
            value=value,
            hint="Give a number between 0 and 1, e.g. 0.95.",
        )
    return float(value)
