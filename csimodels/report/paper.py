"""The tables of a paper as LaTeX and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from csimodels.report import content, validity
from csimodels.report.blocks import Block, folded, names_in
from csimodels.report.format import clean, short_names
from csimodels.report.paged import column_breadths, paged
from csimodels.report.text import as_latex

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["as_markdown", "latex_document", "latex_tables", "markdown_tables", "paper_blocks"]

MAKERS = (
    content.header,
    content.index,
    content.weights,
    content.loadings,
    validity.reliability,
    validity.fornell_larcker,
    validity.htmt,
    validity.cross_loadings,
    validity.collinearity,
    content.paths,
    content.rsquared,
    content.effects,
    content.fit,
)
FOLDED, PAIR = ("header", "fit"), 2
NAME_COLUMNS = (44, 24)  # where there is room, and where there is not
EM, GAP, ROOM, LINES = 8.5, 12.0, 520.0, 50  # points, and rows: a page of the document below, in footnotesize
MINUS = re.compile(r"(?<=& )-(?=\d[\d.]*\*{0,3} [&\\\\]| [&\\\\])")
CHINESE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|[\U00020000-\U0003ffff]")
PREAMBLE = r"""\documentclass{article}
\usepackage[margin=1.5cm]{geometry}
\usepackage{booktabs}
\usepackage{iftex}
\iftutex
  \usepackage{fontspec}
\else
  \usepackage[T1]{fontenc}
  \usepackage{textcomp}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\fi
"""
MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {c: f"\\{c}" for c in "\\`*_{}[]#|~$^"}
LIST = re.compile(r"^(?:([-+=])|(\d+)([.)]))")


def paper_blocks(result: CSIResults) -> list[Block]:
    """Return the tables of a paper in its order, warnings first."""
    made = [make(result) for make in MAKERS]
    return [*content.warned(result), *(block for block in made if block is not None)]


def latex_tables(blocks: Sequence[Block]) -> str:
    """Return the tables as LaTeX for the booktabs package, each in parts that fit a page; long names are cut in their middle."""
    forms = [short_names(names_in(blocks), columns) for columns in NAME_COLUMNS]
    text = "\n\n".join(as_latex(part, short) for b in blocks for part, short in _fitted(_folded(b), *forms))
    # a star behind \\ would belong to it, and be lost from the name that it begins
    starred = re.sub(r"^\*", "{*}", text, flags=re.MULTILINE)
    return MINUS.sub(r"\\ensuremath{-}", starred)


def _folded(block: Block) -> Block:
    return folded(block) if block.key in FOLDED and len(block.columns) == PAIR else block


def _fitted(block: Block, long: Mapping[str, str], brief: Mapping[str, str]) -> list[tuple[Block, Mapping[str, str]]]:
    """Return the parts of a block with the short forms of its names, the long ones where there is room for them."""
    short = long if not block.rows or _points(block, long) <= ROOM else brief
    return [(part, short) for part in paged(block, partial(_points, short=short), ROOM, short, LINES)]


def _points(block: Block, short: Mapping[str, str]) -> float:
    """Return about how wide a table is in print."""
    widths = column_breadths(block, lambda name: short.get(name, name))
    return EM * sum(widths) + GAP * len(widths)


def latex_document(tables: str) -> str:
    """Return a document of tables; ctex is loaded where a name is Chinese."""
    found = CHINESE.search(tables)
    fonts = "\\usepackage[scheme=plain]{ctex}\n" if found else ""
    note = "" if tables.isascii() else "% Names beyond ASCII: compile with xelatex or lualatex.\n"
    return f"{note}{PREAMBLE}{fonts}\\begin{{document}}\n\\footnotesize\n\n{tables}\n\n\\end{{document}}\n"


def markdown_tables(blocks: Sequence[Block]) -> str:
    """Return the tables as pipe tables with full names."""
    return "\n\n".join(map(as_markdown, blocks)) + "\n"


def as_markdown(block: Block) -> str:
    """Return a block as a pipe table, title above and notes beneath; a block without rows as its notes alone."""
    parts = [f"### {_marked(block.title)}"]
    if block.rows:
        parts.append("\n".join(_piped(block)))
    bullet = "- " if block.key == "warnings" else ""
    return "\n\n".join([*parts, *(bullet + _line(note) for note in block.notes)])


def _piped(block: Block) -> Iterator[str]:
    """Yield the lines of a table."""
    yield _row(block.columns)
    yield _row_of(":---" if side == "l" else "---:" for side in block.sides)
    yield from map(_row, block.rows)


def _row(cells: Iterable[str]) -> str:
    return _row_of(map(_marked, cells))


def _row_of(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(text: str) -> str:
    """Return text whose special characters Markdown prints instead of obeying."""
    return "".join(MARKS.get(c, c) for c in clean(text))


def _line(text: str) -> str:
    """Return text that begins a line without beginning a list."""
    return LIST.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", _marked(text))
