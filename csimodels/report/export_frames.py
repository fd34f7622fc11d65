"""Raw tables for spreadsheets: CSV files and the sheets of an Excel file, at full precision and never with a formula."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from csimodels.errors import ResultFileError
from csimodels.report.format import clean, width
from csimodels.report.header import facts, index_or_reason, verdict
from csimodels.saved import require_folder

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["export_frames", "no_writer", "write_csv", "write_excel"]

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
INDEX = ["construct", "score", "se", "ci_lower", "ci_upper", "weights"]
WIDEST = 60


def export_frames(result: CSIResults) -> dict[str, pd.DataFrame]:
    """Return every table by name, names of rows as a first column; a table that a fit does not have is empty but for its headings."""
    index, reason = index_or_reason(result)
    said = [("Verdict", verdict(result)), *(("Warning", w) for w in result.warnings), *facts(result), ("No index", reason)]
    return {
        "header": pd.DataFrame([pair for pair in said if pair[1]], columns=["fact", "value"]),
        "index": pd.DataFrame(columns=INDEX) if index is None else index.rename_axis("construct").reset_index(),
        "table": result.table,
        "paths": result.paths,
        "loadings": result.loadings,
        "outer_weights": result.outer_weights,
        "reliability": result.reliability.rename_axis("construct").reset_index(),
        "effects": result.effects,
        "rsquared": result.rsquared.rename_axis("variable").reset_index(name="rsquared"),
        "fit_measures": result.fit_measures.rename_axis("measure").reset_index(name="value"),
    }


def write_csv(result: CSIResults, folder: Path) -> list[Path]:
    """Write one file a table and return their paths."""
    require_folder(folder / "table.csv")
    files = []
    for name, frame in export_frames(result).items():
        file = folder / f"{name}.csv"
        # with "\n" alone at the end of lines, csv would not quote a text that holds "\r"
        frame.map(_inert).to_csv(file, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        files.append(file)
    return files


def _inert(value: Any) -> Any:
    """Return text that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def write_excel(result: CSIResults, file: Path) -> Path:
    """Write one sheet a table and return the path."""
    require_folder(file)
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise no_writer(file, error, "survey") from None
    book = Workbook()
    book.remove(book.active)
    for name, frame in export_frames(result).items():
        _fill(book.create_sheet(name), frame)
    book.save(file)
    return file


def _fill(sheet: Any, frame: pd.DataFrame) -> None:
    """Write a frame to a sheet: bold headings that stay in sight, columns as wide as what they hold."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for j, name in enumerate(frame.columns, 1):
        values = [str(name), *map(_plain, frame[name])]
        for i, value in enumerate(values, 1):
            _set(sheet.cell(i, j), value)
        sheet.cell(1, j).font = Font(bold=True)
        shown = max(width(v if isinstance(v, str) else f"{v:.6g}") for v in values if v is not None)
        sheet.column_dimensions[get_column_letter(j)].width = min(shown, WIDEST) + 2
    sheet.freeze_panes = "A2"


def _set(cell: Any, value: Any) -> None:
    """Write a value; text stays text, also when somebody edits the cell."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(FORMULA)


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
