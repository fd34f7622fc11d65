"""Survey answers into moments: "don't know" codes, checks, missing answers, weights."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels import answers
from csimodels.additive import Moments
from csimodels.errors import DataError, DataWarning, OptionError
from csimodels.frames import Block, read_block, read_column
from csimodels.points import as_points
from csimodels.spec import ModelSpec

__all__ = ["complete_rows", "fingerprint", "moments", "read_answers", "read_given", "read_weights", "rows_with_answers", "say_what_went"]

Array = NDArray[np.float64]
MISSING = ("listwise", "mean")
NO_ANSWER = -1e300


def moments(
    data: Any,
    spec: ModelSpec | str,
    missing: str = "listwise",
    weights: Any = None,
    na_values: Sequence[float] | Mapping[str, Sequence[float]] | None = None,
) -> Moments:
    """Compute the moments of a model's items.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays, or array (n, p)
        Survey answers, one row a respondent. Never changed.
    spec : ModelSpec or str
        The model, or its name in the catalog.
    missing : {"listwise", "mean"}
        Drop rows with a missing answer, or replace it by the item's mean.
    weights : str or array (n,), optional
        Column name or values of non-negative weights.
    na_values : sequence of float, or mapping of item to sequence, optional
        Codes that mean "don't know", besides the spec's own.

    Returns
    -------
    Moments

    Raises
    ------
    DataError
        Missing or non-numeric columns, no answers, no variation, infinite values, answers out of scale, bad weights.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> parts = [csi.moments(part, "acsi_1996") for _, part in df.groupby("firm")]
    >>> sum(parts).rows
    5000
    """
    from csimodels.catalog import as_spec

    model = as_spec(spec)
    block = read_answers(data, model, na_values)
    values, w, usable, imputed = complete_rows(block, missing, read_weights(data, weights, block))
    say_what_went(usable, imputed)
    found = Moments.from_rows(values, block.items, w, int((~usable).sum()), imputed)
    return replace(found, points=model.scoring is not None)


def read_answers(data: Any, spec: ModelSpec, na_values: Sequence[float] | Mapping[str, Sequence[float]] | None = None) -> Block:
    """Read what is fitted: checked answers to a model's items, as points where the model is a composite index."""
    block = read_given(data, spec, na_values)
    return block if spec.scoring is None else Block(as_points(block.values, spec), block.items, block.index)


def read_given(data: Any, spec: ModelSpec, na_values: Sequence[float] | Mapping[str, Sequence[float]] | None = None) -> Block:
    """Read a model's items, turn "don't know" codes into NaN, then check what is left."""
    block = read_block(data, spec.items)
    if not len(block.values):
        raise DataError("data.no_rows", "The data have no rows.", variable="data", value=0, hint="Check the filter or the file.")
    codes = answers.codes_by_item(spec, na_values)
    values = answers.without_codes(block, codes)
    answers.check(spec, Block(values, block.items, block.index), limits=not _unrounded(data))
    return Block(values, block.items, block.index)


def _unrounded(data: Any) -> bool:
    """Return whether ``simulate`` drew the answers without rounding: normal ones pass the ends of the scale, and are meant to."""
    truth = getattr(data, "attrs", {}).get("truth")
    return isinstance(truth, Mapping) and truth.get("integers") is False


def read_weights(data: Any, weights: Any, block: Block) -> Array | None:
    """Read weights from a column or an array; missing weights become NaN."""
    if weights is None:
        return None
    values = _weight_values(data, weights)
    if values.shape != (len(block.values),):
        raise DataError(
            "weights.length",
            f"There are {values.size} weights for {len(block.values)} rows.",
            variable="weights",
            value=values.shape,
            hint="Give one weight a row.",
        )
    if (values < 0).any() or np.isinf(values).any():
        bad = values[(values < 0) | np.isinf(values)][0]
        raise DataError(
            "weights.negative",
            f"A weight is {bad:g}.",
            variable="weights",
            value=float(bad),
            hint="Weights are finite and not negative.",
        )
    if not np.nansum(values) > 0:
        raise DataError("weights.zero", "The weights sum to zero.", variable="weights", value=0.0, hint="Check the weight column.")
    return values


def _weight_values(data: Any, weights: Any) -> Array:
    try:
        return read_column(data, weights) if isinstance(weights, str) else np.asarray(weights, dtype=float)
    except (TypeError, ValueError) as error:
        given = error.value if isinstance(error, DataError) else weights
        raise DataError(
            "weights.unreadable",
            f"The weights cannot be read: {error}",
            variable="weights",
            value=given,
            hint="Give the name of a numeric column, or one number a row.",
        ) from None


def complete_rows(block: Block, missing: str, weights: Array | None) -> tuple[Array, Array | None, NDArray[np.bool_], int]:
    """Return complete answers, their weights, which rows they are, and how many answers were imputed."""
    if missing not in MISSING:
        raise OptionError(
            "option.missing",
            f"missing is {missing!r}.",
            variable="missing",
            value=missing,
            hint=f"Use one of {MISSING}.",
        )
    if weights is None and not np.isnan(block.values.sum()):
        return block.values, None, np.ones(len(block.values), dtype=bool), 0
    holes = np.isnan(block.values)
    usable = np.ones(len(block.values), dtype=bool) if weights is None else np.isfinite(weights) & (np.nan_to_num(weights) > 0)
    values, imputed = block.values, 0
    if missing == "listwise":
        usable &= ~holes.any(axis=1)
    elif holes.any():
        usable &= ~holes.all(axis=1)
        w = np.where(usable, 1.0 if weights is None else np.nan_to_num(weights), 0.0)[:, None] * ~holes
        means = (w * np.where(holes, 0.0, values)).sum(axis=0) / np.where(w.sum(axis=0) > 0, w.sum(axis=0), np.nan)
        values, imputed = np.where(holes, means, values), int(holes[usable].sum())
    if not usable.any():
        raise DataError(
            "data.no_complete_rows",
            f"No row of {len(usable)} is complete.",
            variable=block.items[int(holes.sum(axis=0).argmax())],
            value=int(holes.any(axis=1).sum()),
            hint='Leave out the emptiest item with without=, or use missing="mean".',
        )
    return values[usable], None if weights is None else weights[usable], usable, imputed


def rows_with_answers(block: Block, weights: Array | None, needed: Sequence[int]) -> tuple[Array, Array | None, NDArray[np.bool_]]:
    """Return rows with at least one answer, and all the needed ones, their weights, and which rows they are."""
    seen = np.isfinite(block.values)
    usable: NDArray[np.bool_] = np.asarray(seen.any(axis=1) & seen[:, list(needed)].all(axis=1))
    if weights is not None:
        usable &= np.isfinite(weights) & (np.nan_to_num(weights) > 0)
    empty = np.flatnonzero(~seen[usable].any(axis=0)) if usable.any() else np.arange(len(block.items))
    if empty.size:
        name = block.items[int(empty[0])]
        text = f"No usable row of {len(usable)} has an answer to {name!r}."
        raise DataError("data.no_complete_rows", text, variable=name, value=0, hint="Leave the item out with without=.")
    return block.values[usable], None if weights is None else weights[usable], usable


def fingerprint(block: Block) -> str:
    """Return a checksum of the answers as read, by which a frame is recognised as the fitted one."""
    values = np.where(np.isnan(block.values), NO_ANSWER, block.values) if np.isnan(block.values.sum()) else block.values
    return f"{len(values)}-{zlib.crc32(np.ascontiguousarray(values.T).data):08x}"


def say_what_went(usable: NDArray[np.bool_], imputed: int) -> None:
    """Warn of rows left out and of answers replaced."""
    dropped = int((~usable).sum())
    if dropped:
        warnings.warn(
            f"{dropped} of {usable.size} rows are left out: they have a missing answer, or no positive weight.",
            DataWarning,
            stacklevel=3,
        )
    if imputed:
        warnings.warn(
            f"{imputed} missing answers are replaced by the item's mean; standard errors do not know it.",
            DataWarning,
            stacklevel=3,
        )
