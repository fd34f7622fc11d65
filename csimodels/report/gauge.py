"""The index of every construct as a gauge, drawn by the page itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.kinds import index_kind
from csimodels.report.format import escape_html, fixed
from csimodels.report.wording import named, say

if TYPE_CHECKING:
    from csimodels.spec import ModelSpec

__all__ = ["gauges"]

ARC = "M20,96 A80,80 0 0 1 180,96"
INNER = "M33,96 A67,67 0 0 1 167,96"
THINNEST = 0.6


def gauges(spec: ModelSpec, table: pd.DataFrame, level: float = 0.95) -> str:
    """Return one gauge a construct: the index as an arc of 0 to 100 and as a number, its interval as a band within the arc.

    Parameters
    ----------
    spec : ModelSpec
        Whose target is marked, and which says what a share of respondents is.
    table : DataFrame
        By construct: score, and ci_lower, ci_upper where they are known.
    level : float
        Coverage of the intervals, between 0 and 1.
    """
    kinds = {c.name: index_kind(c) for c in spec.constructs}
    cards = [_card(str(name), row, name == spec.target, kinds.get(str(name), "index"), level) for name, row in table.iterrows()]
    return f'<ul class="gauges">{"".join(cards)}</ul>'


def _card(name: str, row: pd.Series, target: bool, kind: str, level: float) -> str:
    """Return one gauge with its name; the target's has a heavy frame and says so."""
    score, label = float(row["score"]), escape_html(named(name))
    low, high = (float(row.get(end, math.nan)) for end in ("ci_lower", "ci_upper"))
    known = not math.isnan(low)
    interval = f"[{fixed(low, 1)}, {fixed(high, 1)}]" if known else ""
    what = [say("target")] if target else []
    what += [say("per cent of respondents")] if kind != "index" else []
    spread = _arc(INNER, "spread", low, max(high - low, THINNEST)) if known else ""
    said = say(f"{fixed(score, 1)} of 100") + (say(f", {100 * level:g} % interval {fixed(low, 1)} to {fixed(high, 1)}") if known else "")
    return (
        f'<li{_class(target)}><svg viewBox="0 0 200 122" role="img" aria-label="{label}: {escape_html(said)}">'
        f"{_arc(ARC, 'track', 0.0, 100.0)}{_arc(ARC, 'value', 0.0, score)}{spread}"
        f'<text class="score" x="100" y="92">{fixed(score, 1)}</text><text x="100" y="111">{interval}</text>'
        f'<text x="20" y="111">0</text><text x="180" y="111">100</text></svg>'
        f"<p><strong>{label}</strong></p><p><small>{escape_html(', '.join(what))}</small></p></li>"
    )


def _class(target: bool) -> str:
    return ' class="target"' if target else ""


def _arc(path: str, name: str, start: float, length: float) -> str:
    """Return a part of a half circle whose length counts as 100."""
    return f'<path d="{path}" class="{name}" pathLength="100" stroke-dasharray="0 {start:.2f} {max(length, 0.0):.2f} 200"/>'
