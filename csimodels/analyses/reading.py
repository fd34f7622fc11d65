"""Columns of a survey for an analysis: read, checked, complete rows counted."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.errors import DataError, DataWarning, OptionError
from csimodels.spec import Construct, Indicator, ModelSpec
from csimodels.survey import read_given

__all__ = ["Columns", "complete", "listed", "read_columns"]

Array = NDArray[np.float64]
Scale = tuple[float, float]
Scales = Scale | Mapping[str, Scale | None] | None


class Columns(NamedTuple):
    """Answers as read: values (n, k) with NaN where missing, names of the columns, labels of the rows."""

    values: Array
    names: tuple[str, ...]
    rows: pd.Index[Any]


def listed(option: str, given: Any) -> tuple[str, ...]:
    """Return one column or several as a tuple of names."""
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Sequence) else ()
    if not names or not all(isinstance(n, str) for n in names) or len(set(names)) < len(names):
        hint = 'Give one column or several different ones, e.g. ["Q1", "Q2"].'
        raise OptionError(f"option.{option}", f"{option} is {given!r}.", variable=option, value=given, hint=hint)
    return names


def read_columns(data: Any, names: Sequence[str], scale: Scales = None, na_values: Any = None) -> Columns:
    """Read columns of a frame with the checks of ``fit``: numeric, on their scale, with variation, "don't know" codes into NaN.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        The survey. Never changed.
    names : sequence of str
        Columns.
    scale : tuple, or mapping of column to tuple, optional
        Theoretical (lowest, highest) answer; None for columns without one.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".

    Raises
    ------
    DataError, ScaleError
        A column that is missing, not numeric, without variation or beyond its scale.
    """
    by_column = scale if isinstance(scale, Mapping) else dict.fromkeys(names, scale)
    items = tuple(Indicator(n, by_column.get(n)) for n in names)
    spec = ModelSpec("columns", tuple(Construct(f"column {i.name}", (i,)) for i in items))
    block = read_given(data, spec, na_values)
    return Columns(block.values, tuple(names), block.index)


def complete(columns: Columns, least: int, what: str) -> tuple[Array, NDArray[np.bool_]]:
    """Return complete rows and which they are; those left out are warned of, too few are refused."""
    usable: NDArray[np.bool_] = np.asarray(np.isfinite(columns.values).all(axis=1))
    kept, n = int(usable.sum()), len(usable)
    if kept < n:
        warnings.warn(f"{n - kept} of {n} rows are left out of {what}: they have a missing answer.", DataWarning, stacklevel=3)
    if kept < least:
        text = f"{kept} complete rows are too few for {what}."
        raise DataError("analysis.too_few_rows", text, variable="rows", value=kept, hint=f"At least {least} are needed.")
    return columns.values[usable], usable
