"""Tables cut to a page: numbers above columns that are too wide together, and parts of a table where that is not enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from csimodels.report.blocks import Block, numbered
from csimodels.report.format import width
from csimodels.report.wording import say

__all__ = ["Measure", "breadth", "column_breadths", "paged"]

Measure = Callable[[Block], float]
SMALL, LARGE, WIDE = 0.5, 0.72, 1.0  # em: digits and small letters, capital letters, Chinese characters


def breadth(text: str) -> float:
    """Return about how wide a text is in print, in em."""
    return sum(WIDE if width(c) > 1 else LARGE if c.isupper() or c in "%&@" else SMALL for c in text)


def column_breadths(block: Block, shown: Callable[[str], str] = str) -> list[float]:
    """Return how wide each column is in print, in em; ``shown`` shortens names."""
    heads = [tuple(map(shown, block.columns))]
    rows = [(*map(shown, row[: block.stubs]), *row[block.stubs :]) for row in block.rows]
    return [max(map(breadth, column)) for column in zip(*heads, *rows, strict=True)]


def paged(block: Block, measure: Measure, room: float, short: Mapping[str, str], lines: int | None = None) -> list[Block]:
    """Return a block as the tables that fit a page.

    Parameters
    ----------
    block : Block
        The table.
    measure : callable
        How wide a block is.
    room : float
        How wide the page is, in the same unit.
    short : mapping of str to str
        Names as they are shown.
    lines : int, optional
        Rows that a page has room for; by default a table may run over pages.
    """
    wide = bool(block.rows) and measure(block) > room
    shown = numbered(block, short) if wide and block.headed else block
    parts = _across(shown, measure, room) if wide else [shown]
    return _continued([piece for part in parts for piece in (_down(part, lines) if lines and len(part.rows) > lines else [part])])


def _across(block: Block, measure: Measure, room: float) -> list[Block]:
    """Return a block in as few parts as fit, with about as many columns each, the names of rows before them."""
    count = len(block.columns) - block.stubs
    return _filled(block, measure, room, -(-count // len(_filled(block, measure, room, count))))


def _filled(block: Block, measure: Measure, room: float, most: int) -> list[Block]:
    """Return a block in parts of as many columns as fit, up to a number."""
    parts, start, count = [], block.stubs, len(block.columns)
    while start < count:
        stop = start + 1
        while stop < min(count, start + most) and measure(_columns(block, start, stop + 1)) <= room:
            stop += 1
        parts.append(_columns(block, start, stop))
        start = stop
    return parts


def _columns(block: Block, start: int, stop: int) -> Block:
    """Return the names of rows and some columns."""
    take = partial(_taken, stubs=block.stubs, start=start, stop=stop)
    return replace(block, columns=take(block.columns), rows=tuple(map(take, block.rows)), align="".join(take(tuple(block.sides))))


def _taken(cells: tuple[str, ...], stubs: int, start: int, stop: int) -> tuple[str, ...]:
    return (*cells[:stubs], *cells[start:stop])


def _down(block: Block, lines: int) -> list[Block]:
    """Return a block in parts of about as many rows, no more than fit; a row without a name stays with the one above it."""
    parts, start, count = [], 0, len(block.rows)
    most = min(lines, -(-count // -(-count // lines)) + 1)
    while count - start > most:
        heads = [k for k in range(start + 1, start + most + 1) if any(block.rows[k][: block.stubs])]
        stop = heads[-1] if heads else start + most
        parts.append(replace(block, rows=block.rows[start:stop]))
        start = stop
    return [*parts, replace(block, rows=block.rows[start:])]


def _continued(parts: list[Block]) -> list[Block]:
    """Return parts with notes beneath the last one, all but the first said to be continued."""
    last = len(parts) - 1
    titles = [part.title if k == 0 else say(f"{part.title} (continued)") for k, part in enumerate(parts)]
    notes = [part.notes if k == last else () for k, part in enumerate(parts)]
    return [replace(part, title=title, notes=said) for part, title, said in zip(parts, titles, notes, strict=True)]
