"""Checks of a published covariance matrix and its means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.errors import DataError

__all__ = ["checked_cov", "checked_mean"]

Array = NDArray[np.float64]


def checked_cov(cov: Any) -> tuple[Array, tuple[str, ...]]:
    """Return the matrix, symmetric to the last digit, and its labels."""
    if not isinstance(cov, pd.DataFrame) or cov.shape[0] != cov.shape[1] or set(cov.index) != set(cov.columns):
        raise DataError(
            "moments.not_labelled",
            f"The covariance matrix {getattr(cov, 'shape', type(cov).__name__)} is no square frame with the same labels on both sides.",
            variable="cov",
            value=getattr(cov, "shape", type(cov).__name__),
            hint="Give pd.DataFrame(values, index=items, columns=items).",
        )
    if cov.columns.has_duplicates:
        twice = str(cov.columns[cov.columns.duplicated()][0])
        raise DataError(
            "moments.duplicate_label",
            f"Item {twice!r} is in the matrix twice.",
            variable=twice,
            value=twice,
            hint="Keep one.",
        )
    try:
        matrix = cov.loc[cov.columns].to_numpy(dtype=float)
    except (TypeError, ValueError):
        matrix = np.full(cov.shape, np.nan)
    items = tuple(str(c) for c in cov.columns)
    if not np.isfinite(matrix).all():
        raise DataError(
            "moments.not_finite",
            "The covariance matrix holds values that are not finite numbers.",
            variable="cov",
            value=cov.shape,
            hint="Fill both triangles.",
        )
    gap = np.abs(matrix - matrix.T)
    if gap.max() > 1e-8 * np.abs(matrix).max():
        i, j = np.unravel_index(gap.argmax(), gap.shape)
        raise DataError(
            "moments.not_symmetric",
            f"The covariance matrix is not symmetric at ({items[i]!r}, {items[j]!r}).",
            variable=items[i],
            value=(matrix[i, j], matrix[j, i]),
            hint="Fill both triangles with the same values.",
        )
    low = int(np.diagonal(matrix).argmin())
    if matrix[low, low] <= 0:
        raise DataError(
            "moments.variance",
            f"The variance of {items[low]!r} is {matrix[low, low]:g}.",
            variable=items[low],
            value=float(matrix[low, low]),
            hint="It must be positive.",
        )
    _require_correlations(matrix, items)
    return (matrix + matrix.T) / 2, items


def _require_correlations(matrix: Array, items: tuple[str, ...]) -> None:
    """Refuse a covariance that is more than its variances allow."""
    sd = np.sqrt(np.diagonal(matrix))
    beyond = np.abs(matrix / np.outer(sd, sd))
    i, j = np.unravel_index(beyond.argmax(), beyond.shape)
    if beyond[i, j] > 1 + 1e-8:
        raise DataError(
            "moments.beyond_one",
            f"The covariance of {items[i]!r} and {items[j]!r} is {matrix[i, j]:g}, a correlation of {matrix[i, j] / (sd[i] * sd[j]):.3g}.",
            variable=items[i],
            value=float(matrix[i, j]),
            hint="Correct it, or the two variances.",
        )


def checked_mean(mean: Any, items: tuple[str, ...]) -> Array | None:
    """Return the means in the order of the items, or None."""
    if mean is None:
        return None
    values = mean.reindex(list(items)) if isinstance(mean, pd.Series) else mean
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        array = np.full(np.shape(values), np.nan)
    if array.shape != (len(items),) or not np.isfinite(array).all():
        raise DataError(
            "moments.bad_mean",
            f"The means are {array.size} numbers for {len(items)} items, or hold missing ones.",
            variable="mean",
            value=array.tolist(),
            hint="Give one finite mean for each item, as a Series labelled by item or in the matrix's order.",
        )
    return array
