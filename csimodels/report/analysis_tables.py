"""The tables of an analysis as pages and papers print them: headings in words, the limits of an interval in one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from csimodels import __version__
from csimodels.report.apa import apa_interval, apa_number, apa_p
from csimodels.report.blocks import Block, Format, sentences
from csimodels.report.format import count, number, pvalue
from csimodels.report.heads import BOUNDED, OTHERS, WORDED, Limits, in_words, limits
from csimodels.report.wording import cell, heading, named, say

if TYPE_CHECKING:
    from csimodels.presented import Presented

__all__ = ["analysis_frames", "apa_analysis", "cells_of", "framed", "title_of_table", "whole", "worded_blocks"]

LETTERS = 2  # of the longest symbol
ESTIMATES = ("est", "score", "difference", "slope", "mean_outcome")


class Interval(Protocol):
    """How an interval is printed."""

    def __call__(self, lower: Any, upper: Any, digits: int = 3, bounded: bool = False) -> str: ...


class Style(NamedTuple):
    """How numbers are printed: those that cannot exceed one, others, p-values, intervals; how intervals and other columns are called."""

    bounded: Format
    free: Format
    p: Format
    interval: Interval
    level: str
    heads: Mapping[str, str]


def _plain_interval(lower: Any, upper: Any, digits: int = 3, bounded: bool = False) -> str:
    """Return limits in brackets; blank where there are none."""
    texts = [number(v, digits) for v in (lower, upper)]
    return f"[{', '.join(texts)}]" if all(texts) else ""


PLAIN = Style(number, number, pvalue, _plain_interval, "{:g} % CI", {})
HEADS = {"se": "SE", "sd": "SD", "std": "β", "std, with the factor": "β, with the factor", "mean answer": "M"}
APA = Style(lambda value: apa_number(value, bounded=True), apa_number, apa_p, apa_interval, "{:g}% CI", HEADS)


def framed(result: Presented, tables: Sequence[Block]) -> list[Block]:
    """Return tables with what was said before and what the analysis rests on after them."""
    said = sentences("warnings", f"{len(result.warnings)} warning(s)", result.warnings)
    return [*said, *tables, *sentences("assumptions", "What this rests on", result.assumptions)]


def worded_blocks(result: Presented, style: Style = PLAIN) -> list[Block]:
    """Return what was said, every table, and what the analysis rests on."""
    return framed(result, [_block(result, name, table, style) for name, table in result.tables.items()])


def apa_analysis(result: Presented) -> list[Block]:
    """Return warnings and tables as the APA prints them; what the analysis rests on is noted beneath the last."""
    *shown, last = [b for b in worded_blocks(result, APA) if b.key != "assumptions"]
    return [*shown, replace(last, notes=(*last.notes, *result.assumptions))]


def analysis_frames(result: Presented) -> dict[str, pd.DataFrame]:
    """Return every table at full precision, names of rows as first columns; the header says what the analysis is and rests on."""
    said = [("Analysis", result.headline), *(("Warning", w) for w in result.warnings), *(("Rests on", a) for a in result.assumptions)]
    header = pd.DataFrame([*said, ("csimodels", __version__)], columns=["fact", "value"])
    return {"header": header, **{name: whole(table) for name, table in result.tables.items()}}


def title_of_table(result: Presented, key: str) -> str:
    """Return the title of a table."""
    return result.titles.get(key, key.replace("_", " ").capitalize())


def whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its index as first columns, unless it is a plain range."""
    return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()


def _block(result: Presented, key: str, table: pd.DataFrame, style: Style) -> Block:
    """Return a table in the reader's language without columns that are blank; names stay as they are."""
    frame = whole(table)
    columns = [str(c) for c in frame.columns]
    pairs = {pair.lower: pair for pair in limits(columns)}
    worded = WORDED.get(result.picture, ())
    heads, cells, sides = [], [], []
    for k, column in enumerate(columns):
        pair, values = pairs.get(column), frame.iloc[:, k]
        made = _limits(frame, pair, style) if pair else cells_of(column, values, style, column in worded)
        if column in {pair.upper for pair in pairs.values()} or not any(made):
            continue
        heads.append(_heading(column, pair, style, getattr(result, "level", 0.95)))
        cells.append(made)
        sides.append("r" if pair or pd.api.types.is_numeric_dtype(values.dtype) else "l")
    stubs = max(sides.index("r") if "r" in sides else len(sides), 1)
    return Block(
        key, title_of_table(result, key), tuple(heads), tuple(zip(*cells, strict=True)), stubs, align="".join(sides), names_at="said"
    )


def _heading(column: str, pair: Limits | None, style: Style, level: float) -> str:
    """Return the heading of a column, or of the limits of an interval."""
    words = in_words(column if pair is None else pair.of)
    said = "" if words is None else _cased(heading(style.heads.get(words, words)), style)
    if pair is None:
        return said or named(column)
    interval = say("CI" if pair.of in OTHERS else f"{style.level.format(100 * level)}{pair.kind}")
    return f"{said} [{interval}]" if said else interval


def _cased(text: str, style: Style) -> str:
    """Return a heading with a capital in documents, unless it begins with a symbol."""
    first = text.split(" ", maxsplit=1)[0].rstrip(",")
    return text[:1].upper() + text[1:] if style.heads and first.isalpha() and len(first) > LETTERS else text


def _limits(frame: pd.DataFrame, pair: Limits, style: Style) -> list[str]:
    """Return intervals as text; those of ranks are whole numbers."""
    lower, upper = frame[pair.lower], frame[pair.upper]
    digits = 0 if pd.api.types.is_integer_dtype(lower.dtype) else 3
    bounded = pair.of in BOUNDED if pair.of else not {*ESTIMATES} & {*frame.columns} and bool(BOUNDED & {*frame.columns})
    return [style.interval(a, b, digits, bounded) for a, b in zip(lower, upper, strict=True)]


def cells_of(column: str, values: pd.Series[Any], style: Style = PLAIN, worded: bool = False) -> list[str]:
    """Return the cells of a column as text; ``worded`` if they are words of the library, not names."""
    form = style.p if "pvalue" in column else style.bounded if column in BOUNDED else style.free
    return [_cell(value, count if column.startswith("df") and float(value or 0).is_integer() else form, worded) for value in values]


def _cell(value: Any, form: Format, worded: bool) -> str:
    """Return one value as text."""
    if isinstance(value, (bool, np.bool_)):
        return say("yes" if value else "no")
    if isinstance(value, (int, np.integer)):
        return count(value)
    if isinstance(value, (float, np.floating)):
        return form(value)
    text = "" if value is None or value is pd.NA else str(value)
    return cell(text) if worded else named(text)
