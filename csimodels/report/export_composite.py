"""What a composite index writes for papers and spreadsheets."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report.apa_tables import POINTS, table_of, with_interval
from csimodels.report.blocks import Block
from csimodels.report.composite import composite_blocks, composite_page
from csimodels.report.export_frames import with_names
from csimodels.report.exporting import Exports
from csimodels.report.wording import titled

if TYPE_CHECKING:
    from csimodels.composite_results import CompositeResults

__all__ = ["composite_exports"]

INDEX = {"construct": "Construct", "score": "Index", "se": "SE", "interval": "95% CI"}
WEIGHTS = {"construct": "Construct", "part": "Part", "weight": "Weight", "importance": "Importance", "share": "Share", "points": "Points"}


def composite_exports(result: CompositeResults) -> Exports:
    """Return the tables of a composite index: plain, as the APA prints them, and at full precision."""
    return Exports(
        [result.spec],
        partial(titled, result.spec),
        partial(composite_page, result),
        partial(composite_blocks, result),
        partial(_apa, result),
        partial(_frames, result),
    )


def _apa(result: CompositeResults) -> list[Block]:
    *said, header, index, weights = composite_blocks(result)
    rows = with_interval(with_names(result.index, "construct"), POINTS)
    return [
        *said,
        replace(header, title="Composite Index", columns=("Fact", "Value")),
        table_of(index, "Index of Every Construct (0-100)", rows, INDEX, 1),
        table_of(weights, "What the Index Is Made of", result.weights, WEIGHTS),
    ]


def _frames(result: CompositeResults) -> dict[str, pd.DataFrame]:
    """Return every table by name; the header says what is wrong and what was done."""
    *_, header, _, _ = composite_blocks(result)
    said = [*(("Warning", text) for text in result.warnings), *header.rows]
    facts = pd.DataFrame(said, columns=["fact", "value"])
    return {"header": facts, "index": with_names(result.index, "construct"), "weights": result.weights}
