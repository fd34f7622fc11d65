"""What the path diagram of a page says when the pointer rests on an arrow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from csimodels.report.diagram import arrow_ends
from csimodels.report.format import escape_html, number, pvalue
from csimodels.report.wording import named, say

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap
    from csimodels.results import CSIResults

__all__ = ["arrow_titles", "with_titles"]


def arrow_titles(result: CSIResults, boot: Bootstrap | None = None) -> dict[str, str]:
    """Return by id of an arrow its estimate with interval, p-value and hypothesis; only paths have them."""
    rows = {(r["source"], r["target"]): r for r in (boot or result).paths.to_dict("records")}
    ends = arrow_ends(result)
    return {f"arrow-{k}": _title(rows[pair]) for k, pair in enumerate(ends) if pair in rows}


def _title(row: Mapping[Any, Any]) -> str:
    """Return the text of one path."""
    limits = (row["ci_lower"], row["ci_upper"])
    interval = "" if pd.isna(limits[0]) else f" [{number(limits[0])}, {number(limits[1])}]"
    parts = [f"standardised {number(row['std'])}", f"estimate {number(row['est'])}{interval}"]
    if not pd.isna(row["pvalue"]):
        p = pvalue(row["pvalue"])
        parts.append(f"p {p}" if p.startswith("<") else f"p = {p}")
    if row["expected_sign"] in ("+", "-"):
        parts.append(f"expected {row['expected_sign']}, {'as expected' if row['sign_agrees'] else 'NOT as expected'}")
    return f"{named(row['source'])} → {named(row['target'])}: {'; '.join(map(say, parts))}"


def with_titles(svg: str, titles: Mapping[str, str]) -> str:
    """Return a drawing whose groups with these ids have titles, which browsers show on hover and screen readers read."""

    def titled(found: re.Match[str]) -> str:
        text = titles.get(found[1])
        return found[0] if text is None else f"{found[0]}<title>{escape_html(text)}</title>"

    return re.sub(r'<g id="([^"]+)">', titled, svg)
