"""Answers in three groups, low, middle and high: the cut-offs, and who is in which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.reading import Scale
from csimodels.checks import close_to
from csimodels.checks import scale as checked_scale
from csimodels.errors import DataError, OptionError, ScaleError

__all__ = ["LEAST", "Cutoffs", "cutoff_table", "cutoffs_of", "group_dummies"]

Array = NDArray[np.float64]
LEAST, ROUNDING = 10, 1e-9


class Cutoffs(NamedTuple):
    """Scale of one attribute, the highest answer that is low, and the lowest that is high."""

    scale: Scale
    low: float
    high: float


def cutoffs_of(attributes: Sequence[str], scale: Any, low: Any, high: Any) -> dict[str, Cutoffs]:
    """Return the cut-offs of every attribute: those given, else a third of the way from either end of its scale.

    Raises
    ------
    OptionError
        A mapping that names no attribute, a cut-off that is no number, cut-offs that are off the scale or leave no middle.
    ScaleError
        An attribute without a scale.
    """
    given = {option: _by_attribute(option, value, attributes) for option, value in (("scale", scale), ("low", low), ("high", high))}
    return {name: _cutoffs(name, given["scale"][name], given["low"][name], given["high"][name]) for name in attributes}


def _by_attribute(option: str, given: Any, attributes: Sequence[str]) -> dict[str, Any]:
    """Return what is given for each attribute; one value holds for all, and None where nothing is given."""
    if not isinstance(given, Mapping):
        return dict.fromkeys(attributes, given)
    for name in given:
        if name not in attributes:
            text, hint = f"{option} names {name!r}, which is no attribute.", close_to(str(name), attributes)
            raise OptionError("kano.unknown_attribute", text, variable=option, value=name, hint=hint)
    return {name: given.get(name) for name in attributes}


def _cutoffs(name: str, scale: Any, low: Any, high: Any) -> Cutoffs:
    """Return the cut-offs of one attribute, checked."""
    ends = checked_scale(scale, name)
    if ends is None:
        text = f"Attribute {name!r} has no scale."
        raise ScaleError("kano.no_scale", text, variable=name, value=None, hint="Say scale=(lowest, highest), e.g. (1, 7).")
    third = (ends[1] - ends[0]) / 3
    under, over = _number("low", name, low, ends[0] + third), _number("high", name, high, ends[1] - third)
    if not ends[0] <= under < over <= ends[1]:
        text = f"Attribute {name!r} on ({ends[0]:g}, {ends[1]:g}) is low up to {under:g} and high from {over:g}."
        hint = "Give cut-offs on the scale, with low below high."
        raise OptionError("kano.cutoffs", text, variable=name, value=(under, over), hint=hint)
    return Cutoffs(ends, under, over)


def _number(option: str, name: str, given: Any, default: float) -> float:
    """Return a cut-off, or the default."""
    if given is None:
        return default
    if isinstance(given, bool) or not isinstance(given, (int, float, np.number)) or not np.isfinite(given):
        text = f"{option} of {name!r} is {given!r}."
        raise OptionError(f"option.{option}", text, variable=name, value=given, hint="Give an answer on the scale, or leave it out.")
    return float(given)


def group_dummies(values: Array, cutoffs: Mapping[str, Cutoffs]) -> tuple[Array, Array]:
    """Return which answers (n, k) are low and which are high, as 0 and 1 (n, k); rounding decides nothing."""
    low, high = (np.array([getattr(c, side) for c in cutoffs.values()]) for side in ("low", "high"))
    return (values <= low + ROUNDING).astype(float), (values >= high - ROUNDING).astype(float)


def cutoff_table(low: Array, high: Array, cutoffs: Mapping[str, Cutoffs]) -> pd.DataFrame:
    """Return cut-offs and sizes of groups.

    Raises
    ------
    DataError
        Fewer than ten answers in a group.
    """
    columns: dict[str, Any] = {
        "name": list(cutoffs),
        "lowest": [c.scale[0] for c in cutoffs.values()],
        "highest": [c.scale[1] for c in cutoffs.values()],
        "low_up_to": [c.low for c in cutoffs.values()],
        "high_from": [c.high for c in cutoffs.values()],
        "n_low": low.sum(axis=0).astype(int),
        "n_middle": (len(low) - low.sum(axis=0) - high.sum(axis=0)).astype(int),
        "n_high": high.sum(axis=0).astype(int),
    }
    table = pd.DataFrame(columns)
    thin = [(row["name"], side, int(row[f"n_{side}"])) for _, row in table.iterrows() for side in ("low", "middle", "high")]
    thin = [found for found in thin if found[2] < LEAST]
    if thin:
        said = ", ".join(f"{name!r} ({count} {side})" for name, side, count in thin)
        hint = f"Move low= or high=, or leave these out: every group needs {LEAST} answers."
        raise DataError("kano.few_answers", f"Groups are too small: {said}.", variable=thin[0][0], value=thin[0][2], hint=hint)
    return table
