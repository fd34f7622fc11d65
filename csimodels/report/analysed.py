"""Analyses as text, HTML and pictures, whatever they analyse."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report.analysis_tables import analysis_frames, apa_analysis, cells_of, framed, title_of_table, whole, worded_blocks
from csimodels.report.axes import new_axes
from csimodels.report.blocks import Block
from csimodels.report.exporting import Exports
from csimodels.report.figures import figure
from csimodels.report.format import wrap
from csimodels.report.html import boxed, table
from csimodels.report.template import document
from csimodels.report.translated import translated
from csimodels.report.wording import heading, language, spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

    from csimodels.presented import Presented

__all__ = ["analysis_page", "brief_analysis", "draw_analysis", "notebook_analysis", "summarise_analysis"]

COLUMNS, SHOWN, NAME_COLUMNS = 88, 12, 60


def _block(result: Presented, key: str, frame: pd.DataFrame, rows: int | None) -> Block:
    """Return a table under the names of its columns, by which code finds them."""
    every = whole(frame)
    shown = every if rows is None else every.head(rows)
    columns = tuple(map(str, every.columns))
    cells = tuple(zip(*(cells_of(c, shown.iloc[:, k]) for k, c in enumerate(columns)), strict=True))
    numeric = [pd.api.types.is_numeric_dtype(every[c].dtype) for c in every.columns]
    stubs = next((k for k, is_number in enumerate(numeric) if is_number), len(numeric))
    notes = (f"{len(every) - len(shown)} more rows: .{key}",) if len(shown) < len(every) else ()
    align = "".join("r" if is_number else "l" for is_number in numeric)
    return Block(key, title_of_table(result, key), columns, cells, max(stubs, 1), notes, align)


def _blocks(result: Presented, rows: int | None = None) -> list[Block]:
    """Return warnings, tables and assumptions."""
    return framed(result, [_block(result, name, table, rows) for name, table in result.tables.items()])


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


def analysis_page(result: Presented) -> str:
    """Return one self-contained page: what was said, the picture, tables, assumptions."""
    blocks, title, painter = [spoken(block) for block in worded_blocks(result)], heading(result.headline), _painter(result)
    said = "".join(table(b) for b in blocks if b.key == "warnings")
    tables = "".join(table(b) for b in blocks if b.key != "warnings")
    drawn = figure("picture", title, painter.size(result), lambda ax: translated(painter.draw(result, ax), language()))
    return document(title, [("warnings", "Warnings", said), ("picture", "Picture", drawn), ("tables", "Tables", tables)])


def analysis_exports(result: Presented) -> Exports:
    """Return what an analysis has to write."""
    return Exports(
        [],
        lambda: heading(result.headline),
        partial(analysis_page, result),
        partial(worded_blocks, result),
        partial(apa_analysis, result),
        partial(analysis_frames, result),
    )


def draw_analysis(result: Presented, ax: Axes | None) -> Axes:
    """Draw an analysis by the module that knows how."""
    painter = _painter(result)
    out: Axes = painter.draw(result, ax if ax is not None else new_axes(painter.size(result)))
    return out


def _painter(result: Presented) -> ModuleType:
    """Return the module that draws an analysis."""
    return import_module(f"csimodels.report.draw_{result.picture}")
