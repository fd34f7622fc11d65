"""Columns that say which group a row belongs to: strata, clusters, industries, waves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import close_to
from csimodels.errors import DataError
from csimodels.frames import as_frame

__all__ = ["read_codes", "read_labels"]


def read_labels(data: Any, name: str) -> pd.Series:
    """Return one column of a frame as it is."""
    if isinstance(data, pd.DataFrame):
        names, column = list(data.columns), data.get(name)
        if isinstance(column, pd.Series):
            return column.reset_index(drop=True)
    else:
        frame = as_frame(data)
        names = list(frame.columns)
        if name in names:
            return pd.Series(frame[name].to_list(), name=name)
    raise DataError(
        "data.missing_column", f"The data have no column {name!r}.", variable=name, value=None, hint=close_to(name, [str(n) for n in names])
    )


def read_codes(data: Any, given: Any, rows: int, option: str) -> NDArray[np.int64]:
    """Return whole numbers from zero for a column name or an array of labels, one a row; missing labels are refused."""
    labels = read_labels(data, given) if isinstance(given, str) else pd.Series(np.asarray(given).ravel())
    if len(labels) != rows:
        raise DataError(
            f"{option}.length",
            f"There are {len(labels)} labels in {option}= for {rows} rows.",
            variable=option,
            value=len(labels),
            hint="Give one label a row.",
        )
    codes, _ = pd.factorize(labels)
    if (codes < 0).any():
        raise DataError(
            f"{option}.missing",
            f"{int((codes < 0).sum())} of {rows} rows have no label in {option}=.",
            variable=option,
            value=int((codes < 0).sum()),
            hint="Leave these rows out, or give them a label of their own.",
        )
    return codes.astype(np.int64)
