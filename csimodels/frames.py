"""Any data frame into a block of floats: the only place where frames are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import close_to
from csimodels.errors import DataError

__all__ = ["Block", "read_block", "read_column"]

Array = NDArray[np.float64]
NUMBERS = (int, float, np.number)


@dataclass(frozen=True, eq=False)
class Block:
    """Answers as read, missing ones as NaN.

    Attributes
    ----------
    values : array (n, p)
        Float answers.
    items : tuple of str
        Column names.
    index : pandas.Index
        Row labels of a pandas frame, else 0..n-1.
    """

    values: Array
    items: tuple[str, ...]
    index: pd.Index


def read_block(data: Any, items: Sequence[str]) -> Block:
    """Read some columns of a frame as floats.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays, or array (n, p)
        Where to read; an array must hold exactly the items, in their order.
    items : sequence of str
        Columns.

    Raises
    ------
    DataError
        Not a frame, a column that is missing, given twice or not numeric.
    """
    if isinstance(data, np.ndarray):
        return _from_array(data, items)
    if isinstance(data, pd.DataFrame):
        data = _plain_pandas(data)
        _require(items, data.columns.tolist())
        values = _numpy_columns(data, items)
        return Block(_any_columns(nw.from_native(data), items) if values is None else values, tuple(items), data.index)
    frame = as_frame(data)
    _require(items, frame.columns)
    return Block(_any_columns(frame, items), tuple(items), pd.RangeIndex(len(frame)))


def _plain_pandas(data: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with text labels and without attrs, which pandas copies deeply at every access to a column."""
    if data.columns.has_duplicates:
        twice = data.columns[data.columns.duplicated()][0]
        raise DataError(
            "data.duplicate_header",
            f"Two columns are called {twice!r}.",
            variable=str(twice),
            value=twice,
            hint="Rename or drop one of them.",
        )
    if data.attrs:
        data = pd.DataFrame(data, copy=False)
    labels = data.columns.tolist()
    return data if all(isinstance(c, str) for c in labels) else data.set_axis([str(c) for c in labels], axis=1)


def _numpy_columns(frame: pd.DataFrame, items: Sequence[str]) -> Array | None:
    """Return pandas columns of plain numpy numbers as floats, the quick way; None if a column is anything else."""
    columns = [frame[item] for item in items]
    if not columns or any(getattr(c.dtype, "kind", "O") not in "biuf" or not isinstance(c.dtype, np.dtype) for c in columns):
        return None
    values = np.empty((len(frame), len(columns)), order="F")
    for k, column in enumerate(columns):
        values[:, k] = column.to_numpy()
    return values


def _any_columns(frame: nw.DataFrame[Any], items: Sequence[str]) -> Array:
    part = frame.select(list(items))
    numeric = all(dtype.is_numeric() for dtype in part.schema.values())
    return _matrix(part) if numeric else np.column_stack([_floats(part[item], item) for item in items])


def read_column(data: Any, name: str) -> Array:
    """Read one column, such as weights, as floats."""
    return read_block(data, [name]).values[:, 0]


def as_frame(data: Any) -> nw.DataFrame[Any]:
    """Return any supported container as a narwhals frame, without copying."""
    if isinstance(data, Mapping):
        return _from_mapping(data)
    try:
        frame = nw.from_native(data)
    except TypeError:
        raise DataError(
            "data.not_a_frame",
            f"The data are a {type(data).__name__}.",
            variable="data",
            value=type(data).__name__,
            hint="Give a pandas, polars or pyarrow frame, a mapping of arrays, an array, or Moments.",
        ) from None
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def _from_mapping(data: Mapping[Any, Any]) -> nw.DataFrame[Any]:
    columns = {str(k): np.asarray(v) for k, v in data.items()}
    lengths = {len(v) if v.ndim else 0 for v in columns.values()}
    if len(lengths) > 1:
        short = min(columns, key=lambda k: columns[k].size)
        raise DataError(
            "data.ragged",
            f"The columns have different lengths; {short!r} has {columns[short].size}.",
            variable=short,
            value=sorted(lengths),
            hint="Give one value a row in every column.",
        )
    return nw.from_native(pd.DataFrame(columns))


def _require(items: Sequence[str], names: Sequence[str]) -> None:
    there = set(names)
    missing = [i for i in items if i not in there]
    if not missing:
        return
    first = missing[0]
    more = f" ({len(missing)} columns are missing: {', '.join(map(repr, missing[:20]))})" if len(missing) > 1 else ""
    raise DataError(
        "data.missing_column",
        f"The data have no column {first!r}{more}.",
        variable=first,
        value=tuple(missing),
        hint=f"{close_to(first, names)} Say columns={{{first!r}: your column}}, items={{construct: your columns}}, "
        "or without=[construct or item].",
    )


def _matrix(part: nw.DataFrame[Any]) -> Array:
    """Return an all-numeric frame as floats, nulls as NaN."""
    values = part.to_numpy()
    return values.astype(float) if values.dtype != object else np.column_stack([_floats(part[c], c) for c in part.columns])


def _floats(column: nw.Series[Any], item: str) -> Array:
    if column.dtype == nw.Boolean or column.dtype.is_numeric():
        if column.null_count():
            return column.cast(nw.Float64).fill_null(float("nan")).to_numpy().astype(float)
        return column.to_numpy().astype(float)
    values = column.to_list()
    if column.dtype in (nw.Object, nw.Categorical, nw.Enum) and all(v is None or isinstance(v, NUMBERS) for v in values):
        return np.array([np.nan if v is None else float(v) for v in values])
    if all(v is None or v != v for v in values):  # noqa: PLR0124 - NaN is the value unlike itself
        return np.full(len(values), np.nan)
    text = next(v for v in values if v is not None and not isinstance(v, (int, float)))
    raise DataError(
        "data.not_numeric",
        f"Column {item!r} is not numeric ({column.dtype}): it holds {text!r}.",
        variable=item,
        value=text,
        hint="Code the answers as numbers first, e.g. with pd.to_numeric or .cat.codes.",
    )


def _from_array(data: np.ndarray, items: Sequence[str]) -> Block:
    if data.ndim != 2 or data.shape[1] != len(items):
        raise DataError(
            "data.array_shape",
            f"The array has shape {data.shape} where (rows, {len(items)}) is needed.",
            variable="data",
            value=data.shape,
            hint=f"Its columns must be {list(items)[:8]}... in this order; otherwise give a frame.",
        )
    if data.dtype.kind not in "biuf":
        raise DataError(
            "data.array_dtype",
            f"The array has dtype {data.dtype}.",
            variable="data",
            value=str(data.dtype),
            hint="Give an array of numbers.",
        )
    return Block(data.astype(float), tuple(items), pd.RangeIndex(len(data)))
