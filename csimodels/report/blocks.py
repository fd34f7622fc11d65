"""What a rendering consists of: tables of text, not yet escaped or shortened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from csimodels.report.format import number, pvalue

__all__ = ["Block", "Format", "folded", "from_frame", "matrix", "names_in", "numbered", "sentences"]

Format = Callable[[Any], str]


@dataclass(frozen=True)
class Block:
    """Hold one table as text.

    Attributes
    ----------
    key : str
        Identifier, e.g. "paths".
    title : str
        Caption.
    columns : tuple of str (stubs + k,)
        Column headings.
    rows : tuple of tuple of str (stubs + k,)
        Cells; the first ``stubs`` of each row are names, full and unescaped.
    stubs : int
        Number of columns that head their row.
    notes : tuple of str
        Sentences beneath the table.
    align : str
        One letter a column, "l" or "r"; by default names left and numbers right.
    grouped : bool
        Whether equal neighbours in the first column make one group.
    names_at : {"rows", "first", "columns", "both", "none", "said"}
        Where the user's own names stand: before the rows, in the first column alone, above the columns, both before and above, or nowhere;
        "said" if headings and cells were put in the reader's language when they were made.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    stubs: int = 1
    notes: tuple[str, ...] = ()
    align: str = ""
    grouped: bool = False
    names_at: str = "rows"

    @property
    def headed(self) -> bool:
        """Whether the columns have the user's own names above them."""
        return self.names_at in ("columns", "both")

    @property
    def sides(self) -> str:
        """Side that each column keeps to."""
        return self.align or "l" * self.stubs + "r" * (len(self.columns) - self.stubs)

    @property
    def names(self) -> list[str]:
        """Names that head rows."""
        return [cell for row in self.rows for cell in row[: self.stubs]]


def names_in(blocks: Sequence[Block]) -> list[str]:
    """Return the names that head rows or columns, each once."""
    return list(dict.fromkeys(name for b in blocks for name in [*b.names, *b.columns[b.stubs :]]))


def from_frame(
    key: str,
    title: str,
    frame: pd.DataFrame,
    columns: dict[str, str],
    formats: dict[str, Format] | None = None,
    stubs: int = 1,
    notes: Sequence[str] = (),
) -> Block:
    """Return a block of some columns of a frame.

    Parameters
    ----------
    key, title : str
        Identifier and caption.
    frame : DataFrame
        The table; columns that it lacks are left out.
    columns : dict of str
        Column of the frame -> heading; the first ``stubs`` are names.
    formats : dict of callable, optional
        Column -> function of a value; otherwise three decimals, and p-values as such.
    stubs : int
        Number of columns that hold names.
    notes : sequence of str
        Sentences beneath the table.
    """
    formats = formats or {}
    kept = [c for c in columns if c in frame]
    cells = []
    for k, c in enumerate(kept):
        render = str if k < stubs else formats.get(c, pvalue if c == "pvalue" else number)
        cells.append([render(v) for v in frame[c]])
    return Block(key, title, tuple(columns[c] for c in kept), tuple(zip(*cells, strict=True)), stubs, tuple(notes))


def matrix(key: str, title: str, table: pd.DataFrame, corner: str, notes: Sequence[str] = (), form: Format = number) -> Block:
    """Return a table of numbers with names on both sides."""
    rows = tuple((str(name), *map(form, line)) for name, line in zip(table.index, table.to_numpy(dtype=float), strict=True))
    return Block(key, title, (corner, *map(str, table.columns)), rows, notes=tuple(notes), names_at="both")


def sentences(key: str, title: str, texts: Sequence[str]) -> list[Block]:
    """Return sentences under a title as a block without a table; no block where there are none."""
    return [Block(key, title, (), (), notes=tuple(texts))] if texts else []


def numbered(block: Block, short: Mapping[str, str]) -> Block:
    """Return a block with numbers above its columns and their names beneath, as papers print wide tables."""
    heads = block.columns[block.stubs :]
    legend = "; ".join(f"({k}) {short.get(head, head)}" for k, head in enumerate(heads, 1))
    numbers = tuple(f"({k})" for k in range(1, len(heads) + 1))
    return replace(block, columns=(*block.columns[: block.stubs], *numbers), notes=(f"{legend}.", *block.notes))


def folded(block: Block, longest: int = 34) -> Block:
    """Return a block of label and value in two pairs of columns; long values move beneath it."""
    brief = [row for row in block.rows if len(row[1]) <= longest]
    notes = [f"{label}: {value}" for label, value in block.rows if len(value) > longest]
    half = -(-len(brief) // 2)
    right = brief[half:] + [("", "")] * (2 * half - len(brief))
    rows = tuple((*a, *b) for a, b in zip(brief[:half], right, strict=True))
    return Block(block.key, block.title, ("",) * 4, rows, notes=(*notes, *block.notes), align="lrlr")
