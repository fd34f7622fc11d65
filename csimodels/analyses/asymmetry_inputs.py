"""What an analysis of asymmetric disconfirmation is given: the gap, its neutral point, the outcome and the controls."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.analyses.gap_inputs import read_blocks
from csimodels.analyses.reading import Scale, complete, listed
from csimodels.analyses.regressing import DIGITS, listed_or_none, require_distinct
from csimodels.checks import scale as checked_scale
from csimodels.errors import CSIWarning, DataError, OptionError

__all__ = ["Asked", "Sample", "asked_columns", "read_sample"]

Array = NDArray[np.float64]
LEAST_ROWS, FEW = 30, 0.1
BOTH_SIDES = "Give expectation= and perception=, or disconfirmation= with its neutral point."


class Asked(NamedTuple):
    """Columns by their part, the scale of the answers that make the gap, and what is subtracted from a direct measure."""

    outcome: tuple[str, ...]
    expectation: tuple[str, ...]
    perception: tuple[str, ...]
    disconfirmation: tuple[str, ...]
    controls: tuple[str, ...]
    scale: Scale | None
    neutral: float


class Sample(NamedTuple):
    """Complete rows: outcome, gap and controls with their names, and how many rows were left out."""

    y: Array
    gap: Array
    controls: Array
    names: tuple[str, ...]
    left_out: int

    @property
    def gain(self) -> Array:
        """How far expectations are exceeded."""
        return np.maximum(self.gap, 0.0)

    @property
    def loss(self) -> Array:
        """How far expectations are missed, as a positive number."""
        return np.maximum(-self.gap, 0.0)


def asked_columns(outcome: Any, expectation: Any, perception: Any, disconfirmation: Any, neutral: Any, scale: Any, controls: Any) -> Asked:
    """Return columns, scale and neutral point, checked.

    Raises
    ------
    OptionError
        No gap, two of them or half of one, a column with two parts, a neutral point that is missing, not a number, off the scale or not
        asked for.
    """
    given = {"expectation": expectation, "perception": perception, "disconfirmation": disconfirmation}
    sides = {part: () if names is None else listed(part, names) for part, names in given.items()}
    _require_one_gap({part: bool(names) for part, names in sides.items()})
    wanted, others = listed("outcome", outcome), listed_or_none("controls", controls)
    require_distinct("asymmetry.column_twice", (("outcome", wanted), *sides.items(), ("controls", others)))
    answered = checked_scale(scale, "scale")
    zero = _neutral(neutral, answered, bool(sides["disconfirmation"]))
    return Asked(wanted, sides["expectation"], sides["perception"], sides["disconfirmation"], others, answered, zero)


def _require_one_gap(there: dict[str, bool]) -> None:
    """Refuse no gap, half of one and two of them."""
    pair = (there["expectation"], there["perception"])
    if there["disconfirmation"] and any(pair):
        text = "Both a direct measure of disconfirmation and expectation or perception are given."
        raise OptionError("asymmetry.two_gaps", text, variable="disconfirmation", value=there, hint=BOTH_SIDES)
    if any(pair) and not all(pair):
        missing = "perception" if pair[0] else "expectation"
        text = f"The gap is perception less expectation, but {missing} is not given."
        raise OptionError("asymmetry.half_a_gap", text, variable=missing, value=None, hint=BOTH_SIDES)
    if not any(there.values()):
        raise OptionError(
            "asymmetry.no_gap", "Nothing says what was missed or exceeded.", variable="expectation", value=None, hint=BOTH_SIDES
        )


def _neutral(neutral: Any, scale: Scale | None, direct: bool) -> float:
    """Return what is subtracted from a direct measure: its neutral point, by default the midpoint of the scale."""
    if not direct:
        if neutral is not None:
            text = "neutral is the neutral point of a direct measure; the gap of perception and expectation has its own, zero."
            raise OptionError("asymmetry.neutral_without_measure", text, variable="neutral", value=neutral, hint="Leave it out.")
        return 0.0
    if neutral is None:
        if scale is None:
            text, hint = "The neutral point of the measure of disconfirmation is unknown.", "Give neutral=, or scale=(lowest, highest)."
            raise OptionError("asymmetry.no_neutral", text, variable="neutral", value=None, hint=hint)
        return (scale[0] + scale[1]) / 2
    low, high = scale if scale is not None else (-math.inf, math.inf)
    if isinstance(neutral, bool) or not isinstance(neutral, (int, float, np.number)) or not low < neutral < high or math.isnan(neutral):
        hint = "Give a number between the ends of the scale, e.g. 4 on (1, 7)."
        raise OptionError("option.neutral", f"neutral is {neutral!r}.", variable="neutral", value=neutral, hint=hint)
    return float(neutral)


def read_sample(data: Any, asked: Asked, na_values: Any) -> Sample:
    """Read complete rows; rows left out and thin sides are warned of.

    Raises
    ------
    DataError, ScaleError
        Columns that cannot be read, too few complete rows, or nobody at one side of the kink.
    """
    sides = (*asked.expectation, *asked.perception, *asked.disconfirmation)
    blocks: dict[str, tuple[Sequence[str], Scale | None]] = {
        "the gap's columns": (sides, asked.scale),
        "the outcome's columns": (asked.outcome, None),
        "the controls": (asked.controls, None),
    }
    columns = read_blocks(data, blocks, na_values)
    values, usable = complete(columns, LEAST_ROWS + len(asked.controls), "asymmetric disconfirmation")
    parts = (asked.expectation, asked.perception, asked.disconfirmation, asked.outcome)
    e, p, d, y, controls = np.split(values, np.cumsum([len(part) for part in parts]), axis=1)
    gap = d.mean(axis=1) - asked.neutral if asked.disconfirmation else p.mean(axis=1) - e.mean(axis=1)
    # Means of several answers are equal but for rounding; what is neutral must be zero.
    gap = np.round(gap, DIGITS)
    _check_sides(gap)
    return Sample(y.mean(axis=1), gap, controls, asked.controls, int((~usable).sum()))


def _check_sides(gap: Array) -> None:
    """Refuse an empty side of the kink, and warn of a thin one."""
    for side, count in (("losses", int((gap < 0).sum())), ("gains", int((gap > 0).sum()))):
        if not count:
            text = f"No respondent has {side}, so that they have no slope."
            raise DataError("asymmetry.one_sided", text, variable=side, value=0, hint="Check which column is which, and the neutral point.")
        if count < FEW * len(gap):
            share = f"{count} of {len(gap)} respondents ({100 * count / len(gap):.1f} %)"
            warnings.warn(f"Only {share} have {side}: their slope, and the ratio of the slopes, rest on few.", CSIWarning, stacklevel=2)
