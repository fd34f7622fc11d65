"""The what-if panel of a report: sliders that push the drivers' indices and show what follows, without any network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from csimodels.pushes import Pushes, bootstrapped_pushes, pushes_of
from csimodels.report.format import escape_html, fixed
from csimodels.report.template import SCRIPT_FILE, resource
from csimodels.report.wording import gap, heading, named, say

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap
    from csimodels.results import CSIResults

__all__ = ["panel"]

FARTHEST, STEP = 10.0, 0.5
NOTE = (
    "A push comes from outside, over what a construct's own causes bring; pushes add up. Changes follow the model's total effects between "
    "indices, so they hold as far as its arrows do."
)
INTERVALS = "Intervals (95 %) are those of the effects, the weights of the indices taken as fixed."
RESAMPLED = "Intervals (95 %) are normal ones with the errors of the bootstrap."


def panel(result: CSIResults, boot: Bootstrap | None = None) -> str:
    """Return the panel as HTML, empty where nothing can be pushed."""
    pushes = pushes_of(result) if boot is None else bootstrapped_pushes(boot)
    if pushes is None:
        return ""
    rows = "".join(_slider(d, name, float(level)) for d, (name, level) in enumerate(zip(pushes.drivers, pushes.level, strict=True)))
    notes = [NOTE] if pushes.vcov is None else [NOTE, INTERVALS if boot is None else RESAMPLED]
    legend, back = escape_html(say("Push, in index points")), escape_html(say("Back to zero"))
    return (
        f'<p class="note">{escape_html(gap().join(map(say, notes)))}</p>'
        f'<fieldset><legend>{legend}</legend>{rows}<button type="button" id="whatif-reset">{back}</button></fieldset>'
        f"{_outcomes(pushes)}"
        f'<script type="application/json" id="whatif-data">{_data(pushes)}</script><script>{resource(SCRIPT_FILE)}</script>'
    )


def _slider(d: int, name: str, level: float) -> str:
    """Return a labelled slider of one driver, which keeps its index between 0 and 100."""
    low, high = (-STEP * int(min(FARTHEST, level) / STEP), STEP * int(min(FARTHEST, 100.0 - level) / STEP))
    label = f'<label for="push-{d}">{escape_html(named(name))} <small>{escape_html(say(f"(now {fixed(level, 1)})"))}</small></label>'
    ends = f'min="{low:g}" max="{high:g}" step="{STEP:g}" value="0"'
    return f'<div class="push">{label}<input type="range" id="push-{d}" {ends}><output id="pushed-{d}" for="push-{d}">0.0</output></div>'


def _outcomes(pushes: Pushes) -> str:
    """Return the table that the sliders move."""
    heads = ["index", "now", "with the push", "change", *(["95 % interval"] if pushes.vcov is not None else [])]
    head = "".join(f'<th scope="col">{escape_html(heading(h))}</th>' for h in heads)
    body = []
    for t, (name, value) in enumerate(zip(pushes.targets, pushes.outcome, strict=True)):
        cells = f'<td>{fixed(value, 1)}</td><td id="now-{t}">{fixed(value, 1)}</td><td id="change-{t}">0.0</td>'
        cells += f'<td id="range-{t}"></td>' if pushes.vcov is not None else ""
        body.append(f'<tr><th scope="row">{escape_html(named(name))}</th>{cells}</tr>')
    caption = escape_html(heading("What follows"))
    return f'<table aria-live="polite"><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def _data(pushes: Pushes) -> str:
    """Return the numbers as JSON that no text can break out of."""
    values: dict[str, Any] = {
        "drivers": list(pushes.drivers),
        "targets": list(pushes.targets),
        "outcome": pushes.outcome.tolist(),
        "slopes": pushes.slopes.tolist(),
        "vcov": None if pushes.vcov is None else pushes.vcov.tolist(),
        "z": 1.959963984540054,
    }
    text = json.dumps(values, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
