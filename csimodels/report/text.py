"""Blocks as plain text, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from csimodels.report.blocks import Block
from csimodels.report.format import clean, escape_latex, pad, width, wrap

__all__ = ["as_csv", "as_latex", "as_text", "natural_width"]

GAP = "  "


def _cells(block: Block, short: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return headings and rows, names shortened and not repeated within a group."""
    head = tuple(short.get(c, c) for c in block.columns)
    rows, last = [head] if any(head) else [], None
    for row in block.rows:
        cells = tuple(short.get(c, clean(c)) if k < block.stubs else c for k, c in enumerate(row))
        rows.append(("", *cells[1:]) if block.grouped and row[0] == last else cells)
        last = row[0]
    return rows


def _widths(cells: list[tuple[str, ...]]) -> list[int]:
    return [max(width(c) for c in column) for column in zip(*cells, strict=True)]


def natural_width(block: Block, short: Mapping[str, str]) -> int:
    """Return the columns that a table takes in a terminal."""
    widths = _widths(_cells(block, short)) if block.rows else []
    return sum(widths) + len(GAP) * max(len(widths) - 1, 0)


def as_text(block: Block, short: Mapping[str, str], total: int) -> str:
    """Return a block as a table of a given width in the manner of statsmodels."""
    cells = _cells(block, short)
    lines = [pad(clean(block.title), total), "=" * total]
    if block.rows:
        widths = _widths(cells)
        if block.align == "lrlr":
            slack = max(total - natural_width(block, short), 0)
            widths[1], widths[3] = widths[1] + slack // 2, widths[3] + slack - slack // 2
        body = [_line(row, widths, block.sides) for row in cells]
        lines += [body[0], "-" * total, *body[1:]] if any(block.columns) else body
        lines.append("-" * total)
    for note in block.notes:
        lines += wrap(note, total, bullet="" if block.rows else "* ")
    return "\n".join(line.rstrip() for line in lines)


def _line(row: tuple[str, ...], widths: list[int], sides: str) -> str:
    return GAP.join(pad(c, w, right=side == "r") for c, w, side in zip(row, widths, sides, strict=True))


def as_latex(block: Block, short: Mapping[str, str]) -> str:
    """Return a block as a LaTeX tabular with booktabs rules, title above and notes beneath."""
    cells = [tuple(escape_latex(c) for c in row) for row in _cells(block, short)]
    lines = [r"\begin{center}", rf"\textbf{{{escape_latex(block.title)}}}\\*[1ex]"]
    if block.rows:
        body = [" & ".join(row) + r" \\" for row in cells]
        lines += [rf"\begin{{tabular}}{{{block.sides}}}", r"\toprule"]
        lines += [body[0], r"\midrule", *body[1:]] if any(block.columns) else body
        lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [r"\par\nopagebreak\smallskip"] if block.rows and block.notes else []
    lines += [rf"\par{{\footnotesize {escape_latex(note)}}}" for note in block.notes]
    return "\n".join([*lines, r"\end{center}"])


def as_csv(block: Block) -> str:
    """Return a block as CSV: title, headings, rows under full names, notes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([block.title])
    writer.writerows([block.columns, *block.rows] if block.rows else [])
    writer.writerows([note] for note in block.notes)
    return out.getvalue()
