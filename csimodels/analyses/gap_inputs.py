"""What a gap analysis is given: pairs of columns, their scale, weights of dimensions, the band."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.analyses.reading import Array, Columns, Scale, listed
from csimodels.checks import close_to
from csimodels.checks import scale as checked_scale
from csimodels.errors import OptionError, ScaleError
from csimodels.spec import Construct, Indicator, ModelSpec
from csimodels.survey import read_given

__all__ = [
    "Pairs",
    "checked_band",
    "common_scale",
    "normalised_weights",
    "outcome_columns",
    "pairs_of",
    "read_blocks",
    "read_pairs",
    "texts",
]

ALL = "all pairs"
SIDES = ("expectations", "perceptions")


class Pairs(NamedTuple):
    """Columns of expectations and perceptions in the same order, and the dimension of each pair."""

    of: tuple[str, ...]
    expectations: tuple[str, ...]
    perceptions: tuple[str, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions in order."""
        return tuple(dict.fromkeys(self.of))

    def members(self) -> NDArray[np.float64]:
        """Return which pairs belong to which dimension (dimensions, pairs)."""
        return np.array([[float(d == own) for own in self.of] for d in self.dimensions])


def texts(option: str, given: Any) -> tuple[str, ...]:
    """Return names as a tuple, whether or not they repeat."""
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Sequence) else ()
    if not names or not all(isinstance(n, str) for n in names):
        hint = 'Give columns in order, e.g. ["Q1", "Q2"].'
        raise OptionError(f"option.{option}", f"{option} is {given!r}.", variable=option, value=given, hint=hint)
    return names


def _blocks(option: str, given: Any) -> dict[str, tuple[str, ...]]:
    """Return columns by dimension; a plain list is one dimension."""
    blocks = given if isinstance(given, Mapping) else {ALL: given}
    if not blocks or not all(isinstance(d, str) for d in blocks):
        hint = 'Give dimensions by name, e.g. {"reliability": ["Q1", "Q2"]}.'
        raise OptionError(f"option.{option}", f"{option} is {given!r}.", variable=option, value=given, hint=hint)
    return {d: texts(option, columns) for d, columns in blocks.items()}


def pairs_of(expectations: Any, perceptions: Any) -> Pairs:
    """Pair columns by their order, dimension by dimension.

    Raises
    ------
    OptionError
        Not columns; dimensions or numbers of columns that differ; a column in two pairs, or on both sides.
    """
    e, p = _blocks("expectations", expectations), _blocks("perceptions", perceptions)
    for d in (*e, *p):
        if len(e.get(d, ())) != len(p.get(d, ())):
            text = f"Dimension {d!r} has {len(e.get(d, ()))} column(s) of expectations and {len(p.get(d, ()))} of perceptions."
            hint = "Give the same dimensions and as many columns on both sides, in the same order."
            raise OptionError("gap.unpaired", text, variable=d, value=(len(e.get(d, ())), len(p.get(d, ()))), hint=hint)
    pairs = Pairs(*(tuple(part) for part in zip(*((d, a, b) for d in e for a, b in zip(e[d], p[d], strict=True)), strict=True)))
    _require_once(pairs)
    return pairs


def _require_once(pairs: Pairs) -> None:
    """Refuse a column on both sides, and one that is in two pairs."""
    both = [n for n in pairs.expectations if n in pairs.perceptions]
    if both:
        text = f"Column {both[0]!r} is both an expectation and a perception."
        raise OptionError("gap.same_column", text, variable=both[0], value=both[0], hint="Each pair needs two different columns.")
    for side in (pairs.expectations, pairs.perceptions):
        twice = [n for n in side if side.count(n) > 1]
        if twice:
            text = f"Column {twice[0]!r} is in {side.count(twice[0])} pairs."
            raise OptionError("gap.pair_twice", text, variable=twice[0], value=twice[0], hint="Give each pair once.")


def outcome_columns(outcome: Any, pairs: Pairs) -> tuple[str, ...]:
    """Return the columns of the outcome, none of which may be part of a pair."""
    if outcome is None:
        return ()
    names = listed("outcome", outcome)
    inside = [n for n in names if n in (*pairs.expectations, *pairs.perceptions)]
    if inside:
        text = f"The outcome {inside[0]!r} is one of the paired columns."
        raise OptionError("gap.outcome_in_pairs", text, variable="outcome", value=inside[0], hint="Give another column.")
    return names


def common_scale(scale: Any) -> Scale | None:
    """Return the scale of both sides; different ones make differences meaningless and are refused."""
    if not isinstance(scale, Mapping):
        return checked_scale(scale, "scale")
    if set(scale) != set(SIDES):
        hint = 'Give (lowest, highest), or {"expectations": (1, 7), "perceptions": (1, 7)}.'
        raise OptionError("option.scale", f"scale is {dict(scale)!r}.", variable="scale", value=dict(scale), hint=hint)
    e, p = (checked_scale(scale[side], side) for side in SIDES)
    if e != p:
        text = f"Expectations are on the scale {e}, perceptions on {p}: their difference has no meaning."
        raise ScaleError("gap.scales_differ", text, variable="scale", value=(e, p), hint="Rescale one side before, and say so.")
    return e


def read_blocks(data: Any, blocks: Mapping[str, tuple[Sequence[str], Scale | None]], na_values: Any) -> Columns:
    """Read columns in blocks that share a scale, with the checks of ``fit``.

    One block, not one column, has to look as if it were on another scale: what customers expect may well keep to one end of it.

    Parameters
    ----------
    data : frame or mapping of arrays
        The survey.
    blocks : mapping of str to (columns, scale)
        What the answers are called in a warning, their columns, and their (lowest, highest) possible answer if known.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    """
    parts = tuple(Construct(what, tuple(Indicator(n, scale) for n in names)) for what, (names, scale) in blocks.items() if names)
    block = read_given(data, ModelSpec("columns", parts), na_values)
    return Columns(block.values, tuple(block.items), block.index)


def read_pairs(data: Any, pairs: Pairs, outcome: tuple[str, ...], scale: Scale | None, na_values: Any) -> tuple[Columns, Columns | None]:
    """Read expectations then perceptions as one block, and the outcome as another."""
    sides = (*pairs.expectations, *pairs.perceptions)
    both = read_blocks(data, {"the paired columns": (sides, scale), "the outcome's columns": (outcome, None)}, na_values)
    values, rest = np.split(both.values, [len(sides)], axis=1)
    return Columns(values, sides, both.rows), Columns(rest, outcome, both.rows) if outcome else None


def normalised_weights(weights: Any, pairs: Pairs) -> Array | None:
    """Return points of the dimensions as weights that sum to one (k,); None where none were given.

    Raises
    ------
    OptionError
        Not a mapping of numbers, a dimension that is missing or unknown, a negative weight, or none above zero.
    """
    if weights is None:
        return None
    if not isinstance(weights, Mapping):
        hint = 'Give points by dimension, e.g. {"reliability": 30, "empathy": 20}.'
        raise OptionError("option.weights", f"weights is {weights!r}.", variable="weights", value=weights, hint=hint)
    for d in weights:
        if d not in pairs.dimensions:
            text, hint = f"weights name {d!r}, which is no dimension.", close_to(str(d), pairs.dimensions)
            raise OptionError("gap.weights_unknown", text, variable="weights", value=d, hint=hint)
    for d in pairs.dimensions:
        if d not in weights:
            text = f"weights have no points of dimension {d!r}."
            raise OptionError("gap.weights_missing", text, variable="weights", value=d, hint="Give 0 if it is to count nothing.")
        _require_points(d, weights[d])
    points = np.array([float(weights[d]) for d in pairs.dimensions])
    if not points.sum() > 0:
        raise OptionError("gap.weights_zero", "All weights are zero.", variable="weights", value=0.0, hint="Give points above zero.")
    share: Array = points / points.sum()
    return share


def _require_points(dimension: str, points: Any) -> None:
    """Refuse points that are no number, not finite or negative."""
    if not _is_number(points):
        text = f"The weight of {dimension!r} is {points!r}."
        raise OptionError("option.weights", text, variable=dimension, value=points, hint="Give a number of points.")
    if points < 0:
        text = f"The weight of {dimension!r} is {points:g}."
        raise OptionError("gap.weights_negative", text, variable=dimension, value=points, hint="Points are not negative.")


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float, np.number)) and math.isfinite(float(value))


def checked_band(band: Any, scale: Scale | None, values: Array) -> float:
    """Return the band within which an expectation counts as met: from 0 to less than half the scale, or half the range of the answers."""
    low, high = scale if scale is not None else (float(np.nanmin(values)), float(np.nanmax(values)))
    if not _is_number(band) or not 0 <= band < (high - low) / 2:
        text = f"band is {band!r} on answers from {low:g} to {high:g}."
        hint = f"Give a number of scale points from 0 to less than {(high - low) / 2:g}."
        raise OptionError("gap.band", text, variable="band", value=band, hint=hint)
    return float(band)
