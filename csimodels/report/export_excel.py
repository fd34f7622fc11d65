"""Tables as the sheets of an Excel file: numbers as numbers, text as text, ready to print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from csimodels.errors import ResultFileError
from csimodels.report.export_csv import FORMULA
from csimodels.report.format import clean, width
from csimodels.writing import require_folder

__all__ = ["no_writer", "write_excel"]

NARROWEST, WIDEST, LINE = 6, 60, 15  # columns, columns, points
DECIMALS = "0.000"


def write_excel(frames: Mapping[str, pd.DataFrame], file: Path) -> Path:
    """Write one sheet a table and return the path."""
    require_folder(file)
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise no_writer(file, error, "survey") from None
    book = Workbook()
    book.remove(book.active)
    for name, frame in frames.items():
        sheet = book.create_sheet(name)
        for j, label in enumerate(frame.columns, 1):
            _fill(sheet, j, str(label), list(map(_plain, frame.iloc[:, j - 1])))
        _lay_out(sheet)
    book.save(file)
    return file


def _fill(sheet: Any, j: int, label: str, values: list[Any]) -> None:
    """Write a column under a bold heading on the side that its values keep to, as wide as what it shows."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    given = [clean(label), *(v for v in values if v is not None)]
    for i, value in enumerate([clean(label), *values], 1):
        _set(sheet.cell(i, j), value, indent=int(j > 1))
    if not any(isinstance(v, str) for v in values):
        sheet.cell(1, j).alignment = Alignment(horizontal="right")
    sheet.cell(1, j).font = Font(bold=True)
    sheet.column_dimensions[get_column_letter(j)].width = min(max(NARROWEST, *(width(_shown(v)) for v in given)), WIDEST) + 2
    for i, lines in enumerate([_lines(v) for v in values], 2):
        if lines > 1:
            sheet.row_dimensions[i].height = max(lines * LINE, sheet.row_dimensions[i].height or 0)


def _shown(value: Any) -> str:
    """Return about what a cell shows."""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _lines(value: Any) -> int:
    """Return how many lines a cell takes in the widest of columns."""
    return -(-width(value) // WIDEST) if isinstance(value, str) and value else 1


def _set(cell: Any, value: Any, indent: int) -> None:
    """Write a value; text stays text, also when somebody edits the cell, off the numbers at its left and in lines where it is long."""
    from openpyxl.styles import Alignment

    cell.value = value
    if isinstance(value, float):
        cell.number_format = DECIMALS
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(FORMULA)
        cell.alignment = Alignment(horizontal="left", vertical="top", indent=indent, wrap_text=_lines(value) > 1)


def _lay_out(sheet: Any) -> None:
    """Keep the headings in sight and print the sheet as wide as a page, the headings on each."""
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _plain(value: Any) -> str | int | float | bool | None:
    """Return a cell as a spreadsheet holds it: nothing for what is missing, infinity in words."""
    if isinstance(value, str):
        return clean(value)
    if pd.isna(value):
        return None
    number = value.item() if hasattr(value, "item") else value
    return str(number) if isinstance(number, float) and math.isinf(number) else number


def no_writer(file: Path, error: ImportError, extra: str) -> ResultFileError:
    """Return the error of a writer that is not installed."""
    return ResultFileError(
        "file.no_writer",
        f"Writing {file.suffix or 'this file'} needs {error.name or 'another package'}.",
        variable="path",
        value=str(file),
        hint=f'pip install "csimodels[{extra}]".',
    )
