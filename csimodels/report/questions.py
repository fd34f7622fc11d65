"""The constructs and their items as a table: what was asked, on which scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report.blocks import Block, Format, from_frame
from csimodels.report.wording import heading, language, named, say
from csimodels.trees import scale_text, stem_of

if TYPE_CHECKING:
    from csimodels.elements import Indicator
    from csimodels.results import CSIResults

__all__ = ["questions"]


def questions(result: CSIResults) -> Block:
    """Return construct, item, question and scale, in the reader's language where the model has it."""
    rows = [(c.name, i.name, stem_of(i, language()), _scale(i)) for c in result.spec.constructs for i in c.indicators]
    frame = pd.DataFrame(rows, columns=["construct", "indicator", "stem", "scale"])
    columns = {"construct": "construct", "indicator": "item", "stem": "question, paraphrased", "scale": "scale"}
    kept = {c: heading(head) for c, head in columns.items() if frame[c].ne("").any()}
    texts: dict[str, Format] = dict.fromkeys(("stem", "scale"), str)
    frame["construct"] = frame["construct"].map(named)
    block = from_frame("questions", "Constructs and items", frame, kept, texts, stubs=2)
    return replace(block, align="l" * len(kept), grouped=True, names_at="said")


def _scale(item: Indicator) -> str:
    """Return the ends of a scale, and whether a high answer means less."""
    ends = "" if item.scale is None else scale_text(item.scale)
    return f"{ends} {say('(reverse)')}".strip() if item.reverse else ends
