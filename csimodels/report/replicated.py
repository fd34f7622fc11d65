"""A repeated study as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.blocks import Block, Format, from_frame
from csimodels.report.format import count, short_names, wrap
from csimodels.report.html import boxed
from csimodels.report.text import as_text, natural_width

if TYPE_CHECKING:
    import pandas as pd

    from csimodels.replication import Replication

__all__ = ["brief_replication", "notebook_replication"]

COLUMNS, NAME_COLUMNS, SHOWN = 96, 34, 12
AGREEMENT = {"source": "source", "where": "printed in", "quantity": "quantity", "numbers": "numbers", "agree": "agree"}
AGREEMENT |= {"largest_difference": "largest difference"}


def _blocks(replication: Replication) -> list[Block]:
    """Return what was repeated, the agreement by place and quantity, every number that disagrees, and the notes."""
    formats: dict[str, Format] = {"numbers": count, "agree": count, "largest_difference": _small}
    agreement = from_frame("agreement", "Agreement", replication.agreement, AGREEMENT, formats, stubs=3)
    apart = replication.disagreements
    differing = [_differing(apart)] if len(apart) else []
    said = [Block("notes", "Notes", (), (), notes=replication.notes)] if replication.notes else []
    return [_header(replication), agreement, *differing, *said]


def notebook_replication(replication: Replication) -> str:
    """Return the block that a notebook shows."""
    return boxed(_blocks(replication))


def brief_replication(replication: Replication) -> str:
    """Return the short text: how many numbers agree, by place and quantity, and the first that do not."""
    apart = replication.disagreements
    lines = [*wrap(f"Replication {replication.name}: {replication.title}", COLUMNS), *wrap(_verdict(replication), COLUMNS)]
    blocks = [_blocks(replication)[1], *([_differing(apart.head(SHOWN))] if len(apart) else [])]
    more = f"{len(apart) - SHOWN} more: .disagreements" if len(apart) > SHOWN else ""
    held = f"notes: {len(replication.notes)} (.notes); every number: .table ({len(replication.table)} rows)"
    return "\n".join([*lines, *map(_text, blocks), *([more] if more else []), held])


def _verdict(replication: Replication) -> str:
    """Return in one sentence how many numbers agree, and when a number does."""
    agree, numbers = int(replication.table["agrees"].sum()), len(replication.table)
    return f"{agree} of {numbers} numbers agree within half a unit of the last printed decimal."


def _header(replication: Replication) -> Block:
    sources = [
        f"{source!s}: {said['program']} ({said['kind']}): {_with_doi(said['citation'], said['doi'])}"
        for source, said in replication.sources.to_dict("index").items()
    ]
    notes = (_verdict(replication), _with_doi(replication.citation, replication.doi), *sources)
    return Block("replication", f"{replication.name}: {replication.title}", (), (), notes=notes)


def _with_doi(citation: str, doi: str) -> str:
    return f"{citation} doi:{doi}" if doi else citation


def _differing(apart: pd.DataFrame) -> Block:
    """Return numbers that disagree, published ones as they were printed and ours with two decimals more."""
    rows = tuple(
        (r["source"], r["where"], r["term"], *_printed(r["published"], r["ours"], r["decimals"]), _small(r["difference"]))
        for r in apart.to_dict("records")
    )
    columns = ("source", "printed in", "term", "published", "ours", "difference")
    return Block("disagreements", "Numbers that disagree", columns, rows, stubs=3)


def _printed(published: float, ours: float, decimals: int) -> tuple[str, str]:
    return f"{published:.{decimals}f}", f"{ours:.{decimals + 2}f}"


def _small(value: float) -> str:
    """Return a difference as text, with two digits where it is small."""
    return f"{value:.1e}" if 0 < abs(value) < 0.01 else f"{value:.3f}"


def _text(block: Block) -> str:
    short = short_names(block.names, NAME_COLUMNS)
    return as_text(block, short, natural_width(block, short))
