"""Analyses as text, HTML and pictures, whatever they analyse."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csimodels.report.analysis_tables import worded_blocks
from csimodels.report.axes import new_axes
from csimodels.report.blocks import Block
from csimodels.report.figures import figure
from csimodels.report.format import count, number, pvalue, wrap
from csimodels.report.html import boxed, table
from csimodels.report.template import document
from csimodels.report.translated import translated
from csimodels.report.wording import say, speaking, spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

    from csimodels.presented import Presented

__all__ = ["analysis_page", "brief_analysis", "draw_analysis", "notebook_analysis", "summarise_analysis"]

COLUMNS, SHOWN, NAME_COLUMNS = 88, 12, 60


def _cell(column: str, value: Any) -> str:
    """Return one value as text."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return count(value)
    if isinstance(value, (float, np.floating)):
        if column.startswith("df") and float(value).is_integer():
            return count(int(value))
        return pvalue(value) if column.startswith("pvalue") else number(value)
    return "" if value is None or value is pd.NA else str(value)


def _block(key: str, title: str, frame: pd.DataFrame, rows: int | None = None) -> Block:
    """Return a frame as a block, its index as first columns unless it is a plain range."""
    whole = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    shown = whole if rows is None else whole.head(rows)
    cells = tuple(tuple(_cell(str(c), v) for c, v in zip(shown.columns, row, strict=True)) for row in shown.itertuples(index=False))
    numeric = [pd.api.types.is_numeric_dtype(whole[c].dtype) for c in whole.columns]
    stubs = next((k for k, is_number in enumerate(numeric) if is_number), len(numeric))
    notes = (f"{len(whole) - len(shown)} more rows: .{key}",) if len(shown) < len(whole) else ()
    align = "".join("r" if is_number else "l" for is_number in numeric)
    return Block(key, title, tuple(map(str, whole.columns)), cells, max(stubs, 1), notes, align)


def _blocks(result: Presented, rows: int | None = None) -> list[Block]:
    """Return warnings, tables and assumptions."""
    said = [Block("warnings", f"{len(result.warnings)} warning(s)", (), (), notes=result.warnings)] if result.warnings else []
    tables = [_block(name, result.titles.get(name, name.replace("_", " ").capitalize()), t, rows) for name, t in result.tables.items()]
    assumed = [Block("assumptions", "What this rests on", (), (), notes=result.assumptions)] if result.assumptions else []
    return [*said, *tables, *assumed]


def brief_analysis(result: Presented) -> str:
    """Return the short text: headline, warnings, sizes of the tables, the first of them."""
    tables = result.tables
    names = ", ".join(f".{name} ({len(t)})" for name, t in tables.items())
    lines = [f"{type(result).__name__}: {result.headline}", f"tables: {names}"]
    first = next(iter(tables.values()), pd.DataFrame())
    shouted = [line for said in result.warnings for line in wrap(said, COLUMNS, "  ! ")]
    return "\n".join([*(line for text in lines for line in wrap(text, COLUMNS)), *shouted, first.head(SHOWN).round(3).to_string()])


def notebook_analysis(result: Presented) -> str:
    """Return the block that a notebook shows."""
    return boxed([Block("headline", result.headline, (), ()), *_blocks(result, SHOWN)])


def summarise_analysis(result: Presented) -> Summary:
    """Return every table as a statsmodels Summary."""
    from csimodels.report.summary import summarise_blocks

    return summarise_blocks(_blocks(result), NAME_COLUMNS)


def analysis_page(result: Presented, lang: str = "en") -> str:
    """Return one self-contained page: what was said, the picture, tables, assumptions."""
    with speaking(lang):
        blocks = [spoken(block) for block in worded_blocks(result)]
        said = "".join(table(b) for b in blocks if b.key == "warnings")
        tables = "".join(table(b) for b in blocks if b.key != "warnings")
        title = say(result.headline)
        painter = _painter(result)
        drawn = figure("picture", title, painter.size(result), lambda ax: translated(painter.draw(result, ax), lang))
        return document(title, [("warnings", "Warnings", said), ("picture", "Picture", drawn), ("tables", "Tables", tables)])


def draw_analysis(result: Presented, ax: Axes | None) -> Axes:
    """Draw an analysis by the module that knows how."""
    painter = _painter(result)
    out: Axes = painter.draw(result, ax if ax is not None else new_axes(painter.size(result)))
    return out


def _painter(result: Presented) -> ModuleType:
    """Return the module that draws an analysis."""
    return import_module(f"csimodels.report.draw_{result.picture}")
