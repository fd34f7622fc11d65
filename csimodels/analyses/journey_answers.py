"""The answers of a journey as read: customers with an outcome, touchpoints with holes where they were not used."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.analyses.reading import Scale
from csimodels.analyses.regressing import averaged, in_points, same_unit, scales_of
from csimodels.answers import check, codes_by_item, without_codes
from csimodels.errors import DataError, DataWarning, ScaleError
from csimodels.frames import Block, read_block
from csimodels.spec import Construct, Indicator, ModelSpec

__all__ = ["Answers", "read_journey"]

Array = NDArray[np.float64]


class Answers(NamedTuple):
    """Customers with an outcome: touchpoints (n, k) with NaN where not used, their names and stages, outcome (n,), facts."""

    values: Array
    names: tuple[str, ...]
    stages: tuple[str, ...]
    y: Array
    scaled: bool
    outcome_scaled: bool
    left_out: int


def read_journey(
    data: Any, names: tuple[str, ...], stages: tuple[str, ...], outcome: tuple[str, ...], how: tuple[Any, Any], least: int
) -> Answers:
    """Read touchpoints and outcome; how is the scale and the codes for no answer."""
    scales = scales_of(how[0], (*names, *outcome))
    scaled, outcome_scaled = same_unit(names, scales), same_unit(outcome, scales)
    values = _read(data, names, outcome, scales, how[1])
    there: NDArray[np.bool_] = np.asarray(np.isfinite(values[:, len(names) :]).all(axis=1))
    kept, n = int(there.sum()), len(there)
    if kept < n:
        warnings.warn(f"{n - kept} of {n} customers are left out of the journey: they have no outcome.", DataWarning, stacklevel=2)
    if kept < least:
        text = f"{kept} customers with an outcome are too few for a journey."
        raise DataError("analysis.too_few_rows", text, variable=outcome[0], value=kept, hint=f"At least {least} are needed.")
    y = averaged(values[there, len(names) :], outcome, scales)
    return Answers(in_points(values[there, : len(names)], names, scales), names, stages, y, scaled, outcome_scaled, n - kept)


def _read(data: Any, names: tuple[str, ...], outcome: tuple[str, ...], scales: dict[str, Scale | None], na_values: Any) -> Array:
    """Return checked answers; a touchpoint may have none, or all alike, because few or none used it."""
    every = (*names, *outcome)
    block = read_block(data, every)
    if not len(block.values):
        raise DataError("data.no_rows", "The data have no rows.", variable="data", value=0, hint="Check the filter or the file.")
    values = without_codes(block, codes_by_item(_as_spec(names, outcome, scales), na_values))
    flat = [k for k in range(len(names)) if np.unique(values[~np.isnan(values[:, k]), k]).size < 2]
    for k in flat:
        _check_flat(every[k], values[:, k], scales[every[k]])
    varied = [k for k in range(len(every)) if k not in flat]
    part = _as_spec([every[k] for k in varied if k < len(names)], outcome, scales)
    check(part, Block(values[:, varied], part.items, block.index))
    return values


def _as_spec(names: Sequence[str], outcome: tuple[str, ...], scales: dict[str, Scale | None]) -> ModelSpec:
    """Return the columns as the blocks that the checks of answers know; one of all touchpoints, of which some have few answers."""
    blocks = [("the touchpoints", names), ("the outcome", outcome)]
    return ModelSpec("journey", tuple(Construct(b, tuple(Indicator(n, scales[n]) for n in columns)) for b, columns in blocks if columns))


def _check_flat(name: str, column: Array, scale: Scale | None) -> None:
    """Check the one answer that a touchpoint got."""
    low, high = scale or (-np.finfo(float).max, np.finfo(float).max)
    outside = column[(column < low) | (column > high)]
    if outside.size:
        text = f"Touchpoint {name!r} holds {outside[0]:g} in {outside.size} row(s), outside its scale."
        hint = "Mend the scale or the data, or name the code in na_values=."
        raise ScaleError("scale.out_of_range", text, variable=name, value=float(outside[0]), hint=hint)
