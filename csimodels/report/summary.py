"""The summary of a result as a statsmodels Summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import SimpleTable

from csimodels.report import content, validity
from csimodels.report.blocks import Block, folded, names_in, numbered
from csimodels.report.format import escape_html, escape_latex, short_names
from csimodels.report.header import is_pls
from csimodels.report.html import table
from csimodels.report.text import as_csv, as_latex, as_text, natural_width

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["BlockTable", "ResultSummary", "summarise", "summarise_blocks"]

NARROWEST, WIDEST = 78, 110
MATRICES = ("validity", "htmt", "cross_loadings")
NAME_COLUMNS = 24
OPENING = (content.header, content.index, content.paths)
ML = (*OPENING, content.loadings, validity.reliability, content.effects, content.rsquared, content.fit, content.covariances)
PLS = (
    *OPENING,
    content.weights,
    content.loadings,
    validity.reliability,
    validity.fornell_larcker,
    validity.htmt,
    validity.cross_loadings,
    validity.collinearity,
    content.rsquared,
    content.effects,
    content.fit,
)


class BlockTable(SimpleTable):  # type: ignore[misc]
    """Print a block where statsmodels expects a table; every format escapes what it must."""

    def __init__(self, block: Block, printed: Block, short: Mapping[str, str], total: int) -> None:
        self.block, self.printed, self.short, self.total = block, printed, short, total
        data = block.rows or [(note,) for note in block.notes]
        super().__init__([list(row) for row in data], list(block.columns) or None, title=block.title)

    def as_text(self, **fmt_dict: Any) -> str:
        """Return plain text; options of statsmodels have no effect."""
        return as_text(self.printed, self.short, self.total)

    def as_html(self, **fmt_dict: Any) -> str:
        """Return an HTML table; options of statsmodels have no effect."""
        return table(self.block)

    def as_latex_tabular(self, center: bool = True, **fmt_dict: Any) -> str:
        """Return LaTeX for the booktabs package; options of statsmodels have no effect."""
        return as_latex(self.printed, self.short)

    def as_csv(self, **fmt_dict: Any) -> str:
        """Return comma-separated values under full names; options of statsmodels have no effect."""
        return as_csv(self.block)


class ResultSummary(Summary):  # type: ignore[misc]
    """Join tables of different shapes, which statsmodels does for text and HTML but not for LaTeX."""

    def __repr__(self) -> str:
        return str(self.as_text())

    def as_text(self) -> str:
        """Return the tables as plain text."""
        return "\n\n".join([t.as_text() for t in self.tables] + [self.extra_txt] * bool(self.extra_txt))

    def as_html(self) -> str:
        """Return the tables as HTML."""
        parts = [t.as_html() for t in self.tables]
        return "\n".join(parts + [f"<p>{escape_html(self.extra_txt)}</p>"] * bool(self.extra_txt))

    def as_latex(self) -> str:
        """Return the tables as LaTeX for the booktabs package."""
        extra = [escape_latex(self.extra_txt)] * bool(self.extra_txt)
        return "\n\n".join([t.as_latex_tabular() for t in self.tables] + extra)


def summarise_blocks(blocks: Sequence[Block], name_columns: int = NAME_COLUMNS, fold: Sequence[str] = ()) -> ResultSummary:
    """Return blocks as a Summary: one width, one short form for each name.

    Where they are printed, some blocks are in two pairs of columns, and matrices that are too wide have numbers above their columns.
    """
    short = short_names(names_in(blocks), name_columns)
    printed = [_printed(b, short, fold) for b in blocks]
    total = max([NARROWEST, *(natural_width(b, short) for b in printed)])
    out = ResultSummary()
    out.tables = [BlockTable(b, p, short, total) for b, p in zip(blocks, printed, strict=True)]
    return out


def _printed(block: Block, short: Mapping[str, str], fold: Sequence[str]) -> Block:
    """Return a block in the form in which it is printed."""
    if block.key in fold:
        return folded(block)
    return numbered(block, short) if block.key in MATRICES and natural_width(block, short) > WIDEST else block


def summarise(result: CSIResults) -> ResultSummary:
    """Return the summary of a result, warnings first; PLS has its cutoffs beneath the tables."""
    made = [make(result) for make in (PLS if is_pls(result) else ML)]
    blocks = [block for block in made if block is not None]
    shown = map(validity.with_cutoffs, blocks) if is_pls(result) else blocks
    return summarise_blocks([*content.warned(result), *shown], fold=("header", "fit"))
