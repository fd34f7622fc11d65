"""What reading a survey file did to each of its columns, as a table to look through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from csimodels.errors import DataError

__all__ = ["survey_notes"]

COLUMNS = ("column", "label", "type", "missing_codes", "answers", "value_labels")


def survey_notes(df: pd.DataFrame) -> pd.DataFrame:
    r"""Show what ``read_survey`` read and did, column by column.

    Parameters
    ----------
    df : DataFrame
        A frame that ``read_survey`` returned, or a selection of its rows or columns. Never changed.

    Returns
    -------
    DataFrame
        One row a column of the frame: ``column``, ``label`` (its question), ``type`` ("number", "text", "date", "yes or no" or "other"),
        ``missing_codes`` (codes that became NaN with how many of each), ``answers`` (words that became numbers) and ``value_labels``
        (what the file says of its codes); "" where there is nothing to say. Counts are those of the whole file.

    Raises
    ------
    DataError
        The frame does not come from ``read_survey``.

    Examples
    --------
    >>> import csimodels as csi
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "survey.csv"
    >>> _ = file.write_text("满意度,推荐\n8,同意\n99,很同意\n", encoding="utf-8")
    >>> frame = csi.read_survey(file, na_values=[99], answers={"同意": 4, "很同意": 5})
    >>> csi.survey_notes(frame)[["column", "type", "missing_codes", "answers"]].to_numpy().tolist()
    [['满意度', 'number', '99 (1)', ''], ['推荐', 'number', '', '同意 = 4, 很同意 = 5']]
    """
    said = getattr(df, "attrs", {}).get("survey")
    if not isinstance(df, pd.DataFrame) or said is None:
        raise DataError(
            "data.no_survey_notes",
            "The data do not say how they were read.",
            variable="df",
            value=type(df).__name__,
            hint="Give the frame that read_survey() returned; joining frames with pandas may drop what it says.",
        )
    # without attrs, which pandas copies deeply at every access to a column
    plain = pd.DataFrame(df, copy=False)
    rows = [
        (
            str(column),
            said["labels"].get(column, ""),
            _kind(values),
            ", ".join(f"{code} ({count})" for code, count in said["missing"].get(column, {}).items()),
            _equations(said["answers"].get(column, {})),
            _equations(said["value_labels"].get(column, {})),
        )
        for column, values in plain.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _equations(pairs: Mapping[str, Any]) -> str:
    """Return pairs as text, whole numbers without a point."""
    return ", ".join(f"{left} = {right:.15g}" if isinstance(right, (int, float)) else f"{left} = {right}" for left, right in pairs.items())


def _kind(values: pd.Series) -> str:
    """Return in a word what a column holds."""
    types = pd.api.types
    if types.is_bool_dtype(values.dtype):
        return "yes or no"
    if types.is_numeric_dtype(values.dtype):
        return "number"
    if types.is_datetime64_any_dtype(values.dtype):
        return "date"
    return "text" if all(isinstance(v, str) for v in values.dropna()) else "other"
