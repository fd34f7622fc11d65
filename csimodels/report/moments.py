"""Moments as the block that a notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.blocks import Block, from_frame
from csimodels.report.format import count, number
from csimodels.report.html import beside

if TYPE_CHECKING:
    from csimodels.additive import Moments

__all__ = ["notebook_moments"]

NO_MEANS = "Without means there is no 0-100 index."


def notebook_moments(moments: Moments) -> str:
    """Return how many rows there are and the mean and standard deviation of every item."""
    facts = {
        "Rows used": count(moments.rows),
        "Sum of weights": number(moments.weight) if moments.weighted else "",
        "Rows dropped": count(moments.dropped),
        "Answers imputed": count(moments.imputed) if moments.imputed else "",
        "Items": count(len(moments.items)),
    }
    rows = tuple(pair for pair in facts.items() if pair[1])
    notes = (NO_MEANS,) if moments.mean is None else ()
    header = Block("moments", "Moments", ("fact", "value"), rows, align="lr", names_at="none", notes=notes)
    title = "Items, in points" if moments.points else "Items"
    columns = {"item": "item", "sd": "SD"} if moments.mean is None else {"item": "item", "mean": "mean", "sd": "SD"}
    return beside([], (header, from_frame("items", title, moments.table, columns)))
