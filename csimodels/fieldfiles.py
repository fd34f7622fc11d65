"""Survey files as the field delivers them: CSV, Parquet, Excel and SPSS, into a frame that says what was read."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from csimodels.errors import CSIError, DataError, DataWarning
from csimodels.fieldvalues import Answers, coded, codes_by_column, converted, without_codes

__all__ = ["read_survey"]

SEPARATORS = (",", ";", "\t", "|")
SNIFFED = 20
CHINESE = "gb18030"


class Raw(NamedTuple):
    """A file as its reader gives it: the frame, its encoding, labels of columns, labels of codes, codes declared missing by column."""

    frame: pd.DataFrame
    encoding: str = ""
    labels: Mapping[str, str] = {}
    value_labels: Mapping[str, Mapping[Any, str]] = {}
    missing: Mapping[str, Sequence[tuple[Any, Any]]] = {}


def read_survey(
    path: str | os.PathLike[str],
    *,
    sheet: str | int | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    na_values: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
    answers: Answers | None = None,
) -> pd.DataFrame:
    r"""Read a survey file.

    Parameters
    ----------
    path : str or os.PathLike
        A file that ends in .csv, .txt, .tsv, .parquet, .xlsx, .xlsm, .sav or .zsav. Excel and SPSS files need the extra ``survey``.
    sheet : str or int, optional
        Sheet of an Excel file; by default the first.
    sep : str, optional
        Separator of a text file; by default the one of ``, ; | tab`` that makes most columns of its header and most first records.
    encoding : str, optional
        Encoding of a text or SPSS file; by default UTF-8, then GB 18030 with a warning.
    na_values : sequence, or mapping of column to sequence, optional
        Codes or texts that mean "don't know", besides those that the file itself declares.
    answers : mapping of text to number, or mapping of column to such a mapping, optional
        Numbers of answers in words, e.g. ``{"agree": 4, "strongly agree": 5}``. Letters of either case and full width are the same.

    Returns
    -------
    DataFrame
        One column a variable. ``attrs["survey"]`` is a plain dict: file, format, encoding, rows, ``labels`` (column -> question),
        ``value_labels`` (column -> code -> text), ``missing`` (column -> code -> how many became NaN) and ``answers`` (column -> text ->
        number).

    Raises
    ------
    DataError
        No such file, a type that is not read, a reader that is not installed, empty or repeated headers, or a text that the answers lack.
    OptionError
        A column that the file does not have, or a value that is not a number.

    Warns
    -----
    DataWarning
        The file is not UTF-8 and was read as GB 18030.

    Notes
    -----
    Codes with labels stay numbers. Numerals that are stored as text become numbers, with "NA" among them missing; ordered categories become
    1 to k. A global mapping of answers
    is used for the columns that it covers wholly, and refused for those that it covers in part; texts it does not know stay texts.

    Examples
    --------
    >>> import csimodels as csi
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "survey.csv"
    >>> _ = file.write_text("满意度,推荐\n8,同意\n99,很同意\n", encoding="utf-8")
    >>> frame = csi.read_survey(file, na_values=[99], answers={"同意": 4, "很同意": 5})
    >>> frame["推荐"].tolist(), frame.attrs["survey"]["missing"]
    ([4.0, 5.0], {'满意度': {'99': 1}})
    """
    file = Path(path)
    if not file.is_file():
        raise DataError("file.not_found", f"There is no file {str(path)!r}.", variable="path", value=str(path), hint="Check the path.")
    if file.suffix.lower() not in READERS:
        raise DataError(
            "file.unknown_type",
            f"{str(path)!r} is not of a type that is read.",
            variable="path",
            value=file.suffix,
            hint=f"Types are {', '.join(READERS)}; or read it with pandas and call fit().",
        )
    form, reader = READERS[file.suffix.lower()]
    raw = _read(reader, file, {"sheet": sheet, "sep": sep, "encoding": encoding})
    codes = codes_by_column(na_values, list(raw.frame.columns), raw.missing)
    frame, missing = without_codes(raw.frame, codes)
    frame, mapped, blanks = converted(frame, answers)
    for column, found in blanks.items():
        missing[column] = found | missing.get(column, {})
    labels = {column: label for column, label in raw.labels.items() if label}
    frame.attrs["survey"] = {
        "file": file.name,
        "format": form,
        "encoding": raw.encoding,
        "rows": len(frame),
        "labels": labels,
        "value_labels": {c: {coded(k): str(v) for k, v in texts.items()} for c, texts in raw.value_labels.items()},
        "missing": missing,
        "answers": mapped,
    }
    return frame


def _read(reader: Callable[..., Raw], file: Path, options: dict[str, Any]) -> Raw:
    """Return what a reader makes of a file, its failures in one line."""
    try:
        return reader(file, **options)
    except CSIError:
        raise
    except ImportError as error:
        parquet = file.suffix.lower() == ".parquet"
        raise DataError(
            "file.no_parquet" if parquet else "file.no_reader",
            f"Reading {file.suffix} needs {'pyarrow' if parquet else error.name or 'another package'}.",
            variable="path",
            value=str(file),
            hint="pip install pyarrow." if parquet else 'pip install "csimodels[survey]".',
        ) from None
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        text = f"{str(file)!r} cannot be read: {reason}."
        raise DataError("file.unreadable", text, variable="path", value=str(file), hint="Check its format.") from None


def _csv(file: Path, sep: str | None, encoding: str | None, **_: Any) -> Raw:
    text, used = _decoded(file.read_bytes(), encoding, file)
    mark = sep or max(SEPARATORS, key=lambda s: _columns_by(text, s))
    header = next(csv.reader(io.StringIO(text), delimiter=mark), [])
    _check_headers(header)
    return Raw(_table(text, mark, file).set_axis([h.strip() for h in header], axis=1), used)


def _table(text: str, sep: str, file: Path) -> pd.DataFrame:
    """Return separated text as a frame; rows longer than the header are refused, unless they only end in a separator."""
    # without index_col=False, such rows lend their first field to the index, and every column moves by one
    options: dict[str, Any] = {"index_col": False, "keep_default_na": False, "na_values": [""], "skipinitialspace": True}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame: pd.DataFrame = pd.read_csv(io.StringIO(text), sep=sep, low_memory=False, **options)
    except pd.errors.ParserWarning:
        problem = f"Rows of {file.name!r} have more fields than its header."
        hint = "Quote answers that hold the separator, or say sep=."
        raise DataError("file.long_rows", problem, variable="sep", value=sep, hint=hint) from None
    return frame


def _columns_by(text: str, sep: str) -> int:
    """Return how many columns a separator makes of the header, 1 where most first records are shorter; quoted ones do not count."""
    counts = [len(record) for record in islice(csv.reader(io.StringIO(text), delimiter=sep), SNIFFED) if record]
    if not counts:
        return 1
    whole = sum(n >= counts[0] for n in counts[1:])
    return counts[0] if 2 * whole >= len(counts) - 1 else 1


def _decoded(data: bytes, encoding: str | None, file: Path) -> tuple[str, str]:
    """Return the text of a file with its encoding."""
    for name in (encoding,) if encoding else ("utf-8-sig", CHINESE):
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if name == CHINESE and encoding is None:
            warnings.warn(
                f"{file.name!r} is not UTF-8 and was read as GB 18030; say encoding= if that is wrong.", DataWarning, stacklevel=5
            )
        return text.removeprefix("\ufeff"), name
    raise DataError(
        "file.encoding",
        f"{file.name!r} is not text in {encoding or 'UTF-8 or GB 18030'}.",
        variable="encoding",
        value=encoding,
        hint='Say encoding=, e.g. "latin-1".',
    )


def _check_headers(names: Sequence[Any]) -> None:
    """Refuse columns without a name, and two of one name."""
    texts = ["" if pd.isna(n) else str(n).strip() for n in names]
    if not texts or "" in texts:
        place = texts.index("") + 1 if texts else 1
        text = f"Column {place} has no header."
        raise DataError("file.empty_header", text, variable="header", value=place, hint="The first row names the columns.")
    twice = next((t for t in texts if texts.count(t) > 1), None)
    if twice is not None:
        text = f"Two columns are called {twice!r}."
        raise DataError("file.duplicate_header", text, variable=twice, value=twice, hint="Rename one of them.")


def _parquet(file: Path, **_: Any) -> Raw:
    frame = pd.read_parquet(file)
    _check_headers(list(frame.columns))
    return Raw(frame.set_axis([str(c) for c in frame.columns], axis=1))


def _excel(file: Path, sheet: str | int | None, **_: Any) -> Raw:
    with pd.ExcelFile(file, engine="openpyxl") as book:
        chosen = book.sheet_names[0] if sheet is None else sheet
        if chosen not in book.sheet_names and not (isinstance(chosen, int) and 0 <= chosen < len(book.sheet_names)):
            text = f"{file.name!r} has no sheet {sheet!r}."
            raise DataError("file.no_sheet", text, variable="sheet", value=sheet, hint=f"Sheets are {book.sheet_names}.")
        table = pd.read_excel(book, sheet_name=chosen, header=None, dtype=object, keep_default_na=False, na_values=[""])
    if table.empty:
        text = f"The sheet {chosen!r} of {file.name!r} is empty."
        raise DataError("file.empty", text, variable="sheet", value=chosen, hint="Choose another sheet=.")
    _check_headers(table.iloc[0].tolist())
    frame = table.iloc[1:].reset_index(drop=True).infer_objects()
    return Raw(frame.set_axis([str(h).strip() for h in table.iloc[0]], axis=1))


def _spss(file: Path, encoding: str | None, **_: Any) -> Raw:
    import pyreadstat

    frame, meta = pyreadstat.read_sav(str(file), user_missing=True, encoding=encoding)
    declared: Mapping[str, Any] = meta.missing_ranges
    ranges = {c: [(r["lo"], r["hi"]) for r in found] for c, found in declared.items()}
    labels = {c: label or "" for c, label in meta.column_names_to_labels.items()}
    return Raw(frame, meta.file_encoding or "", labels, meta.variable_value_labels, ranges)


READERS: dict[str, tuple[str, Callable[..., Raw]]] = {
    **dict.fromkeys((".csv", ".txt", ".tsv"), ("csv", _csv)),
    ".parquet": ("parquet", _parquet),
    **dict.fromkeys((".xlsx", ".xlsm"), ("excel", _excel)),
    **dict.fromkeys((".sav", ".zsav"), ("spss", _spss)),
}
