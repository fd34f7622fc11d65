"""A proposal of columns as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.blocks import Block
from csimodels.report.format import clean, width
from csimodels.report.html import boxed
from csimodels.report.text import as_text, natural_width

if TYPE_CHECKING:
    from csimodels.matches import ColumnMatch

__all__ = ["match_html", "match_text"]

LAST = "Look it through, correct it with .with_columns({item: column}), then: fit(model, data, columns=match.columns)"
WIDTH, QUESTION, SHORTEST = 100, 48, 16
DOUBTS = 5  # columns before those of doubtful items


def _block(match: ColumnMatch, question: int) -> Block:
    """Return items with their columns, doubtful ones marked."""
    found, doubtful, missing = len(match.columns), match.doubtful, match.unmatched
    notes = [f"{found} of {len(match.table)} items have a column."]
    if doubtful:
        notes.append(f"Look at these: {', '.join(doubtful)}.")
    if missing:
        notes.append(f"Without a column: {', '.join(missing)}; leave them out with without=, or choose.")
    if match.unused:
        notes.append(f"Columns not used: {', '.join(match.unused[:12])}{' ...' if len(match.unused) > 12 else ''}.")
    rows = tuple(
        (
            str(r.item),
            str(r.column) or "-",
            _cut(clean(r.label or r.stem), question),
            f"{r.score:.0f}",
            str(r.by),
            "look" if r.doubtful else "",
            f"{r.runner_up} {r.runner_up_score:.0f}" if r.doubtful else "",
        )
        for r in match.table.itertuples()
    )
    columns = ("item", "column", "question", "score", "by", "", "next best")
    kept = [k for k, column in enumerate(zip(*rows, strict=True)) if k < DOUBTS or any(column)]
    cells, heads = tuple(tuple(row[k] for k in kept) for row in rows), tuple(columns[k] for k in kept)
    return Block("match", f"Columns for {match.model}", heads, cells, notes=(*notes, LAST), align="".join("lllrlll"[k] for k in kept))


def _cut(text: str, columns: int) -> str:
    """Return the beginning of a text, said to be cut where it is."""
    kept = text
    while width(kept) > columns:
        kept = kept[:-1]
    return text if kept == text else f"{kept[:-1]}…"


def match_text(match: ColumnMatch) -> str:
    """Return the proposal as plain text."""
    block = _block(match, QUESTION)
    spare = max(natural_width(block, {}) - WIDTH, 0)
    return as_text(_block(match, max(QUESTION - spare, SHORTEST)) if spare else block, {}, WIDTH)


def match_html(match: ColumnMatch) -> str:
    """Return the proposal as an HTML table."""
    return boxed([_block(match, QUESTION)])
