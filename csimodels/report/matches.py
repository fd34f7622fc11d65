"""A proposal of columns as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.blocks import Block
from csimodels.report.html import boxed
from csimodels.report.text import as_text

if TYPE_CHECKING:
    from csimodels.matches import ColumnMatch

__all__ = ["match_html", "match_text"]

LAST = "Look it through, correct it with .with_columns({item: column}), then: fit(model, data, columns=match.columns)"
WIDTH = 110


def _block(match: ColumnMatch) -> Block:
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
            str(r.label or r.stem)[:48],
            f"{r.score:.0f}",
            str(r.by),
            "look" if r.doubtful else "",
            f"{r.runner_up} {r.runner_up_score:.0f}" if r.doubtful else "",
        )
        for r in match.table.itertuples()
    )
    columns = ("item", "column", "question", "score", "by", "", "next best")
    return Block("match", f"Columns for {match.model}", columns, rows, notes=(*notes, LAST), align="lllrlll")


def match_text(match: ColumnMatch) -> str:
    """Return the proposal as plain text."""
    block = _block(match)
    return as_text(block, {}, WIDTH)


def match_html(match: ColumnMatch) -> str:
    """Return the proposal as an HTML table."""
    return boxed([_block(match)])
