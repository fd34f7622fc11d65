"""Tables as CSV files, at full precision and never with a formula."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from csimodels.writing import require_folder

__all__ = ["FORMULA", "write_csv"]

FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def write_csv(frames: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write one file a table and return their paths."""
    require_folder(folder / "table.csv")
    files = []
    for name, frame in frames.items():
        file = folder / f"{name}.csv"
        inert = frame.map(_inert).rename(columns=_inert)
        # with "\n" alone at the end of lines, csv would not quote a text that holds "\r"
        inert.to_csv(file, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        files.append(file)
    return files


def _inert(value: Any) -> Any:
    """Return text that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
