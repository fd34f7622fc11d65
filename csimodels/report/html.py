"""Blocks as semantic HTML tables, and the compact block that a notebook shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from csimodels.report import content, validity
from csimodels.report.blocks import Block
from csimodels.report.format import escape_html, short_names
from csimodels.report.header import is_pls

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["STYLE", "beside", "boxed", "notebook", "notes", "table", "warning"]

NAME_COLUMNS = 40
RULE = "rgba(128, 128, 128, .45)"
STYLE = f"""
.csimodels {{ font-family: system-ui, sans-serif; font-size: .9rem; line-height: 1.4; color: inherit; }}
.csimodels table {{ border-collapse: collapse; margin: .4rem 1.6rem .2rem 0; background: transparent; color: inherit;
  border-top: 2px solid currentColor; border-bottom: 2px solid currentColor; font-variant-numeric: tabular-nums; }}
.csimodels caption {{ caption-side: top; text-align: left; font-weight: 600; padding: .3rem 0; color: inherit; }}
.csimodels th, .csimodels td {{ padding: .12rem .55rem; text-align: right; background: transparent; color: inherit;
  border: 0; vertical-align: top; white-space: nowrap; }}
.csimodels thead th, .csimodels thead td {{ border-bottom: 1px solid currentColor; font-weight: 600; }}
.csimodels tbody th {{ text-align: left; font-weight: 400; }}
.csimodels .l {{ text-align: left; white-space: normal; max-width: 34rem; }}
.csimodels .group th, .csimodels .group td {{ border-top: 1px solid {RULE}; }}
.csimodels .note {{ margin: 0 0 .15rem; max-width: 46rem; font-size: .85em; opacity: .85; }}
.csimodels .warning {{ border: 2px solid #d1382c; border-left-width: .6rem; padding: .4rem .9rem; margin: .4rem 0 .8rem;
  max-width: 60rem; background: rgba(209, 56, 44, .10); }}
.csimodels .warning p {{ margin: .2rem 0; font-weight: 700; }}
.csimodels .warning ul {{ margin: .2rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }}
.csimodels .side {{ display: flex; flex-wrap: wrap; align-items: flex-start; margin-bottom: .8rem; }}
.csimodels .side > div {{ overflow-x: auto; }}
"""


def table(block: Block) -> str:
    """Return a block as a table with caption and scoped headings; a block without rows as its notes alone."""
    if block.key == "warnings":
        return warning(block)
    if not block.rows:
        return f"<p><strong>{escape_html(block.title)}</strong></p>{notes(block)}"
    short = short_names([*block.names, *block.columns[block.stubs :]], NAME_COLUMNS)
    head = "".join(_cell(c, "col", short, left) for c, left in zip(block.columns, _lefts(block), strict=True))
    caption = f"<caption>{escape_html(block.title)}</caption>"
    return (
        f'<table class="simpletable" id="csi-{block.key}">{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(_body(block, short))}</tbody></table>{notes(block)}"
    )


def _lefts(block: Block) -> list[bool]:
    return [side == "l" for side in block.sides]


def _cell(text: str, scope: str, short: dict[str, str], left: bool, span: int = 1) -> str:
    """Return one cell, a heading if it has a scope and a text; a shortened name is whole in the title attribute."""
    tag = "th" if scope and text else "td"
    shown = short.get(text, text) if scope else text
    given = {"scope": scope if tag == "th" else "", "class": "l" if left else "", "rowspan": str(span) if span > 1 else ""}
    given["title"] = text if shown != text else ""
    attributes = "".join(f' {key}="{escape_html(value)}"' for key, value in given.items() if value)
    return f"<{tag}{attributes}>{escape_html(shown)}</{tag}>"


def _body(block: Block, short: dict[str, str]) -> Iterable[str]:
    """Yield rows; a grouped block heads each group once."""
    if not block.grouped:
        yield from (f"<tr>{_heads(row, 0, block, short)}{_data(row, block, short)}</tr>" for row in block.rows)
        return
    for name, group in groupby(block.rows, key=lambda row: row[0]):
        rows = list(group)
        for k, row in enumerate(rows):
            first = _cell(name, "rowgroup" if len(rows) > 1 else "row", short, True, len(rows)) if k == 0 else ""
            opening = '<tr class="group">' if k == 0 else "<tr>"
            yield f"{opening}{first}{_heads(row, 1, block, short)}{_data(row, block, short)}</tr>"


def _heads(row: tuple[str, ...], start: int, block: Block, short: dict[str, str]) -> str:
    return "".join(_cell(name, "row", short, True) for name in row[start : block.stubs])


def _data(row: tuple[str, ...], block: Block, short: dict[str, str]) -> str:
    cells = zip(row[block.stubs :], _lefts(block)[block.stubs :], strict=True)
    return "".join(_cell(text, "", short, left) for text, left in cells)


def notes(block: Block) -> str:
    """Return the sentences beneath a table."""
    return "".join(f'<p class="note">{escape_html(note)}</p>' for note in block.notes)


def warning(block: Block) -> str:
    """Return the warnings as a box that does not rely on colour alone."""
    items = "".join(f"<li>{escape_html(note)}</li>" for note in block.notes)
    return f'<div class="warning" role="alert"><p>{escape_html(block.title)}</p><ul>{items}</ul></div>'


def boxed(blocks: Iterable[Block]) -> str:
    """Return blocks one below the other in a styled block of their own."""
    return f'<div class="csimodels"><style>{STYLE}</style>{"".join(map(table, blocks))}</div>'


def notebook(result: CSIResults) -> str:
    """Return the compact block for a notebook: warnings, header, index, paths, fit; after PLS also reliability."""
    measured = [validity.with_cutoffs(validity.reliability(result))] if is_pls(result) else []
    return beside(
        content.warned(result),
        (content.header(result), content.index(result)),
        (content.paths(result), content.fit(result, brief=True)),
        measured,
    )


def beside(above: Sequence[Block], *rows: Sequence[Block]) -> str:
    """Return blocks in rows, side by side where there is room, in a styled block of their own."""
    sides = ["".join(f"<div>{table(b)}</div>" for b in row) for row in rows if row]
    tables = "".join(f'<div class="side">{side}</div>' for side in sides)
    return f'<div class="csimodels"><style>{STYLE}</style>{"".join(map(table, above))}{tables}</div>'
