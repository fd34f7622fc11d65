"""The tables of a paper as a Word document in the style of the APA: three rules, number and caption above, notes below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from csimodels.report.blocks import Block, names_in
from csimodels.report.export_excel import no_writer
from csimodels.report.format import clean, short_names, width
from csimodels.report.paged import column_breadths, paged
from csimodels.report.wording import gap, say
from csimodels.writing import require_folder

__all__ = ["write_word"]

FONT, CHINESE_FONT, POINTS = "Times New Roman", "SimSun", 10
PAGE, EM, GAP, WIDEST = 17.0, 0.37, 0.42, 6.0  # cm
NAME_COLUMNS, SHORT, TITLE = 40, 30, 255  # columns, rows, characters of a property
ITALIC = ("b", "SE", "SD", "M", "F", "r", "t", "z", "p", "df", "n")


def write_word(title: str, blocks: Sequence[Block], file: Path) -> Path:
    """Write title, what is wrong or missing, and tables, and return the path."""
    require_folder(file)
    try:
        from docx import Document
    except ImportError as error:
        raise no_writer(file, error, "word") from None
    document = Document()
    _prepare(document, title)
    short = short_names(names_in(blocks), NAME_COLUMNS)
    for block in (b for b in blocks if not b.rows):
        _said(document, block)
    for number, block in enumerate((b for b in blocks if b.rows), 1):
        # the columns of other tables grow narrower instead, their cells taking more lines
        for part in paged(block, lambda b: sum(_natural(b)), PAGE, short) if block.headed or block.names_at == "said" else [block]:
            _add(document, number, part)
    document.save(str(file))
    return file


def _prepare(document: Any, title: str) -> None:
    """Set the font and the properties, and write the title."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(POINTS)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), CHINESE_FONT)
    style.paragraph_format.space_after = Pt(0)
    section, properties = document.sections[0], document.core_properties
    section.left_margin = section.right_margin = Cm(2)
    properties.title, properties.author, properties.comments = clean(title)[:TITLE], "", ""
    _paragraph(document, title, bold=True).paragraph_format.space_after = Pt(12)


def _paragraph(parent: Any, text: str, bold: bool = False, italic: bool = False) -> Any:
    """Add a paragraph of one run."""
    paragraph = parent.add_paragraph()
    run = paragraph.add_run(clean(text))
    run.bold, run.italic = bold, italic
    return paragraph


def _said(document: Any, block: Block) -> None:
    """Write what is wrong or missing, before the tables."""
    _paragraph(document, block.title, bold=True)
    for note in block.notes:
        _paragraph(document, note)


def _add(document: Any, number: int, block: Block) -> None:
    """Write number, caption, table and notes; they stay on one page where there is room."""
    from docx.shared import Pt

    head = _paragraph(document, say(f"Table {number}"), bold=True)
    head.paragraph_format.space_before = Pt(18)
    caption = _paragraph(document, block.title, italic=True)
    caption.paragraph_format.space_after = Pt(6)
    for paragraph in (head, caption):
        paragraph.paragraph_format.keep_with_next = True
    _tabulate(document, block)
    if block.notes:
        below = document.add_paragraph()
        below.paragraph_format.space_before, below.paragraph_format.keep_together = Pt(4), True
        below.add_run(say("Note. ")).italic = True
        below.add_run(gap().join(map(clean, block.notes)))


def _tabulate(document: Any, block: Block) -> None:
    """Write a table without vertical rules, its head repeated on every page; a short one stays on one page."""
    table = document.add_table(len(block.rows) + 1, len(block.columns))
    table.autofit = False
    rows, widths = list(table.rows), _widths(block)
    for row, cells in zip(rows, [block.columns, *_ungrouped(block)], strict=True):
        together = row is rows[0] or (len(rows) <= SHORT and (row is not rows[-1] or bool(block.notes)))
        for cell, text, side, wide in zip(row.cells, cells, block.sides, widths, strict=True):
            cell.width = wide
            _write(cell.paragraphs[0], text, side == "r", together)
        _mark(row, "cantSplit")
    for column, wide in zip(table.columns, widths, strict=True):
        column.width = wide
    for run in (run for cell in rows[0].cells for run in cell.paragraphs[0].runs):
        run.italic = run.text in ITALIC
    _mark(rows[0], "tblHeader")
    _rule(rows[0], ("top", "bottom"))
    _rule(rows[-1], ("bottom",))


def _natural(block: Block) -> list[float]:
    """Return the widths of columns in cm: what the widest cell takes, for names up to a limit; Chinese headings take two lines."""
    columns = tuple(head[: -(-len(head) // 2)] if len(head) > 3 and width(head) > len(head) else head for head in block.columns)
    breadths = column_breadths(replace(block, columns=columns))
    return [min(EM * n + GAP, WIDEST if k < block.stubs else PAGE) for k, n in enumerate(breadths)]


def _widths(block: Block) -> list[Any]:
    """Return the widths of columns, the widest ones no wider than the page has room for."""
    from docx.shared import Cm

    natural, room = _natural(block), PAGE
    for k, narrow in enumerate(sorted(natural)):
        most = room / (len(natural) - k)
        if narrow > most:
            return [Cm(min(w, most)) for w in natural]
        room -= narrow
    return [Cm(w) for w in natural]


def _ungrouped(block: Block) -> list[Sequence[str]]:
    """Return rows, the name of a group in its first one only."""
    if not block.grouped:
        return list(block.rows)
    before = [None, *(row[0] for row in block.rows)]
    return [("", *row[1:]) if row[0] == last else row for row, last in zip(block.rows, before, strict=False)]


def _write(paragraph: Any, text: str, right: bool, keep: bool) -> None:
    """Write a cell; ``keep`` holds it on the page of what is beneath."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph.add_run(clean(text))
    paragraph.paragraph_format.keep_with_next = keep
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _mark(row: Any, name: str) -> None:
    """Set a property of a row: not to be split, or to be repeated."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement(f"w:{name}"))


def _rule(row: Any, sides: Sequence[str]) -> None:
    """Draw rules above or below a row."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in row.cells:
        borders = OxmlElement("w:tcBorders")
        for side in sides:
            line = OxmlElement(f"w:{side}")
            for key, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "auto")):
                line.set(qn(f"w:{key}"), value)
            borders.append(line)
        cell._tc.get_or_add_tcPr().append(borders)
