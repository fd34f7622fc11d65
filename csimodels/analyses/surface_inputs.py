"""What a response surface is given: expectation and perception on one scale, the outcome, the controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.analyses.gap_inputs import read_blocks
from csimodels.analyses.reading import Scale, complete, listed
from csimodels.analyses.regressing import listed_or_none, require_distinct
from csimodels.checks import scale as checked_scale
from csimodels.errors import OptionError, ScaleError

__all__ = ["Asked", "Sample", "asked_columns", "design", "read_sample"]

Array = NDArray[np.float64]
LEAST_ROWS = 50
SIDES = ("expectation", "perception")


class Asked(NamedTuple):
    """Columns by their part, and the scale of expectation and perception."""

    outcome: tuple[str, ...]
    expectation: tuple[str, ...]
    perception: tuple[str, ...]
    controls: tuple[str, ...]
    scale: Scale

    @property
    def midpoint(self) -> float:
        """The middle of the scale."""
        return (self.scale[0] + self.scale[1]) / 2


class Sample(NamedTuple):
    """Complete rows: outcome, expectation and perception less the midpoint (n,), controls (n, k) and their names, rows left out."""

    y: Array
    e: Array
    p: Array
    controls: Array
    names: tuple[str, ...]
    left_out: int


def asked_columns(outcome: Any, expectation: Any, perception: Any, scale: Any, controls: Any) -> Asked:
    """Return columns and the common scale, checked.

    Raises
    ------
    OptionError
        Not columns, or a column with two parts.
    ScaleError
        No scale, or different ones.
    """
    wanted, others = listed("outcome", outcome), listed_or_none("controls", controls)
    e, p = listed("expectation", expectation), listed("perception", perception)
    require_distinct("surface.column_twice", (("outcome", wanted), ("expectation", e), ("perception", p), ("controls", others)))
    return Asked(wanted, e, p, others, _common_scale(scale))


def _common_scale(scale: Any) -> Scale:
    """Return the scale of both sides; without one there is no midpoint, and different ones cannot be compared."""
    pair = scale
    if isinstance(scale, Mapping):
        if set(scale) != set(SIDES):
            hint = 'Give (lowest, highest), or {"expectation": (1, 7), "perception": (1, 7)}.'
            raise OptionError("option.scale", f"scale is {dict(scale)!r}.", variable="scale", value=dict(scale), hint=hint)
        e, pair = (checked_scale(scale[side], side) for side in SIDES)
        if e != pair:
            text, hint = f"Expectations are on the scale {e}, perceptions on {pair}: P = E has no meaning.", "Rescale one side, and say so."
            raise ScaleError("surface.scales_differ", text, variable="scale", value=(e, pair), hint=hint)
    checked = checked_scale(pair, "scale")
    if checked is None:
        text, hint = "A response surface is centred on the midpoint of the scale, which is unknown.", "Say scale=(lowest, highest)."
        raise ScaleError("surface.no_scale", text, variable="scale", value=None, hint=hint)
    return checked


def read_sample(data: Any, asked: Asked, na_values: Any) -> Sample:
    """Read complete rows; those left out are warned of.

    Raises
    ------
    DataError, ScaleError
        Columns that cannot be read, answers beyond the scale, too few complete rows.
    """
    blocks: dict[str, tuple[Sequence[str], Scale | None]] = {
        "expectation and perception": ((*asked.expectation, *asked.perception), asked.scale),
        "the outcome's columns": (asked.outcome, None),
        "the controls": (asked.controls, None),
    }
    values, usable = complete(read_blocks(data, blocks, na_values), LEAST_ROWS + len(asked.controls), "the response surface")
    parts = (asked.expectation, asked.perception, asked.outcome)
    e, p, y, controls = np.split(values, np.cumsum([len(part) for part in parts]), axis=1)
    middle, left_out = asked.midpoint, int((~usable).sum())
    return Sample(y.mean(axis=1), e.mean(axis=1) - middle, p.mean(axis=1) - middle, controls, asked.controls, left_out)


def design(sample: Sample) -> Array:
    """Return the variables p, e, p^2, pe, e^2 and the controls, without a constant (n, 5 + k)."""
    e, p = sample.e, sample.p
    return np.column_stack([p, e, p**2, p * e, e**2, sample.controls])
