"""Checks of survey answers before any arithmetic, and the guess that a scale is wrongly declared."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.checks import close_to, codes
from csimodels.errors import DataError, OptionError, ScaleError, ScaleWarning
from csimodels.frames import Block
from csimodels.spec import Construct, Indicator, ModelSpec

__all__ = ["check", "codes_by_item", "without_codes"]

Array = NDArray[np.float64]
COMMON_SCALES = ((1.0, 5.0), (1.0, 7.0), (0.0, 10.0))
USUAL_CODES = frozenset(
    {
        -1.0,
        -2.0,
        -7.0,
        -8.0,
        -9.0,
        -99.0,
        -999.0,
        77.0,
        88.0,
        97.0,
        98.0,
        99.0,
        777.0,
        888.0,
        997.0,
        998.0,
        999.0,
        9999.0,
    }
)
LOWER_PART = 0.6


def codes_by_item(spec: ModelSpec, na_values: Sequence[float] | Mapping[str, Sequence[float]] | None) -> dict[str, tuple[float, ...]]:
    """Return each item's "don't know" codes: the spec's own and the caller's."""
    own = {i.name: i.na_values for i in spec.indicators}
    if na_values is None:
        return own
    if not isinstance(na_values, Mapping):
        extra = _codes(na_values, "na_values")
        return {name: (*mine, *extra) for name, mine in own.items()}
    for name in na_values:
        if name not in own:
            raise OptionError(
                "option.na_values_item",
                f"na_values names {name!r}, which the model does not have.",
                variable="na_values",
                value=name,
                hint=close_to(name, own),
            )
    return {name: (*mine, *_codes(na_values.get(name, ()), name)) for name, mine in own.items()}


def _codes(values: Any, owner: str) -> tuple[float, ...]:
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray, set, frozenset)):
        raise OptionError(
            "option.na_values",
            f"na_values is {values!r}.",
            variable=owner,
            value=values,
            hint="Give a list of numbers, e.g. [98, 99].",
        )
    return codes(tuple(values), owner)


def without_codes(block: Block, by_item: Mapping[str, tuple[float, ...]]) -> Array:
    """Return the answers with codes replaced by NaN, leaving the block as it is."""
    if not any(by_item.values()):
        return block.values
    values = block.values.copy()
    for k, item in enumerate(block.items):
        if by_item[item]:
            values[np.isin(values[:, k], by_item[item]), k] = np.nan
    return values


def check(spec: ModelSpec, block: Block, limits: bool = True) -> None:
    """Check every item, then warn of blocks that look as if they were on another scale; without limits answers may pass its ends."""
    low, high = _range(block)
    for k, item in enumerate(spec.indicators):
        _check_item(item if limits else replace(item, scale=None, reverse=False), block.values[:, k], float(low[k]), float(high[k]))
    if not limits:
        return
    at = {name: k for k, name in enumerate(block.items)}
    for construct in spec.constructs:
        inside = [at[i] for i in construct.items if i in at]
        if inside:
            _guess_scale(construct, block.values[:, inside], float(np.min(low[inside])), float(np.max(high[inside])))


def _range(block: Block) -> tuple[Array, Array]:
    low, high = block.values.min(axis=0), block.values.max(axis=0)
    if not np.isnan(low).any():
        return low, high
    holes = np.isnan(block.values)
    empty = holes.all(axis=0)
    if empty.any():
        item = block.items[int(empty.argmax())]
        raise DataError(
            "data.all_missing",
            f"Item {item!r} has no answers.",
            variable=item,
            value="all missing",
            hint="Leave it out with without=, or check na_values=.",
        )
    return np.where(holes, np.inf, block.values).min(axis=0), np.where(holes, -np.inf, block.values).max(axis=0)


def _check_item(item: Indicator, values: Array, low: float, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = low if not np.isfinite(low) else high
        raise DataError(
            "data.infinite",
            f"Item {item.name!r} holds {bad} in {int(np.isinf(values).sum())} row(s).",
            variable=item.name,
            value=bad,
            hint="Make these missing, or name the code in na_values=.",
        )
    if item.scale is not None and (low < item.scale[0] or high > item.scale[1]):
        _out_of_scale(item, values, low if low < item.scale[0] else high)
    if item.scale is None and (low in USUAL_CODES or high in USUAL_CODES):
        _warn_of_code(item.name, values)
    if low == high:
        raise DataError(
            "data.no_variation",
            f"Every answer to {item.name!r} is {low:g}.",
            variable=item.name,
            value=low,
            hint="Leave it out with without=.",
        )


def _warn_of_code(name: str, values: Array) -> None:
    """Warn of an extreme answer that is a usual code and further from the others than they are from each other."""
    there = np.unique(values[np.isfinite(values)])
    for worst, rest in ((float(there[0]), there[1:]), (float(there[-1]), there[:-1])):
        if worst in USUAL_CODES and rest.size > 1 and np.abs(rest - worst).min() > rest[-1] - rest[0]:
            warnings.warn(
                f"Item {name!r} holds {worst:g}, far from its other answers ({rest[0]:g} to {rest[-1]:g}); if it is a code for no answer, "
                f"say na_values=[{worst:g}].",
                ScaleWarning,
                stacklevel=5,
            )


def _out_of_scale(item: Indicator, values: Array, worst: float) -> None:
    assert item.scale is not None
    outside = values[(values < item.scale[0]) | (values > item.scale[1])]
    worst = next((v for v in outside.tolist() if v in USUAL_CODES), worst)
    declared = f"({item.scale[0]:g}, {item.scale[1]:g})"
    if worst in USUAL_CODES:
        raise ScaleError(
            "scale.looks_like_a_code",
            f"Item {item.name!r} holds {worst:g}, outside its scale {declared}; it looks like a code for no answer.",
            variable=item.name,
            value=worst,
            hint=f"Say na_values=[{worst:g}].",
        )
    raise ScaleError(
        "scale.out_of_range",
        f"Item {item.name!r} holds {worst:g} in {int(outside.size)} row(s) outside its scale {declared}.",
        variable=item.name,
        value=worst,
        hint="Declare the theoretical scale with scale=(lowest, highest), or mend the data.",
    )


def _whole(values: Array) -> bool:
    finite = values[np.isfinite(values)]
    return bool((finite == np.round(finite)).all())


def _guess_scale(construct: Construct, values: Array, low: float, high: float) -> None:
    """Warn when a block stays in the lower 60 % of its declared range or fits a smaller common scale."""
    scales = {i.scale for i in construct.indicators}
    declared = scales.pop() if len(scales) == 1 else None
    if declared is None or declared == (0.0, 1.0):
        return
    lo, hi = declared
    fits = next(((a, b) for a, b in COMMON_SCALES if b < hi and low >= a and high == b), None)
    fits = fits if fits and _whole(values) else None
    if fits is None and high > lo + LOWER_PART * (hi - lo):
        return
    guess = (
        f" They fit a {fits[0]:g}-{fits[1]:g} scale: if so, say scale=({fits[0]:g}, {fits[1]:g})."
        if fits
        else " If the scale is another, say scale=(lowest, highest)."
    )
    warnings.warn(
        f"The answers to {construct.name!r} range from {low:g} to {high:g}, the declared scale from {lo:g} to {hi:g}.{guess} "
        "The scale decides the index.",
        ScaleWarning,
        stacklevel=5,
    )
