"""The what-if panel of a report: sliders that push the drivers' indices and show what follows, without any network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from csimodels.pushes import Pushes, pushes_of
from csimodels.report.format import escape_html, fixed

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["PANEL_STYLE", "panel"]

FARTHEST, STEP = 10.0, 0.5
PANEL_STYLE = """
body.csimodels .push { display: grid; grid-template-columns: minmax(8rem, 16rem) minmax(8rem, 1fr) 6rem; gap: .3rem 1rem;
  align-items: center; max-width: 46rem; margin: .25rem 0; }
body.csimodels .push input { width: 100%; accent-color: #0072b2; }
body.csimodels .push output { font-variant-numeric: tabular-nums; }
body.csimodels #whatif button { margin: .6rem 0; font: inherit; padding: .2rem .8rem; }
@media print { body.csimodels #whatif .push, body.csimodels #whatif button { display: none; } }
"""
SCRIPT = """
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("whatif-data").textContent);
  var sliders = data.drivers.map(function (_, d) { return document.getElementById("push-" + d); });
  function text(x) { return (x < 0 ? "\\u2212" : "") + Math.abs(x).toFixed(1); }
  function signed(x) { return Math.abs(x) < 0.05 ? "0.0" : (x > 0 ? "+" : "") + text(x); }
  function show() {
    var push = sliders.map(function (s) { return Number(s.value); });
    push.forEach(function (x, d) { document.getElementById("pushed-" + d).textContent = signed(x); });
    data.targets.forEach(function (_, t) {
      var change = 0, variance = 0;
      push.forEach(function (x, d) {
        change += x * data.slopes[t][d];
        if (data.vcov) push.forEach(function (y, e) { variance += x * y * data.vcov[t][d][e]; });
      });
      var now = Math.min(100, Math.max(0, data.outcome[t] + change));
      document.getElementById("now-" + t).textContent = text(now);
      document.getElementById("change-" + t).textContent = signed(change);
      if (data.vcov) {
        var half = data.z * Math.sqrt(Math.max(variance, 0));
        document.getElementById("range-" + t).textContent = "[" + signed(change - half) + ", " + signed(change + half) + "]";
      }
    });
  }
  sliders.forEach(function (s) { s.addEventListener("input", show); });
  document.getElementById("whatif-reset").addEventListener("click", function () {
    sliders.forEach(function (s) { s.value = 0; });
    show();
  });
  show();
})();
"""
NOTE = (
    "A push comes from outside, over what a construct's own causes bring; pushes add up. Changes follow the model's total effects between "
    "indices, so they hold as far as its arrows do."
)
INTERVALS = "Intervals (95 %) are those of the effects, the weights of the indices taken as fixed."


def panel(result: CSIResults) -> str:
    """Return the panel as HTML, empty where nothing can be pushed."""
    pushes = pushes_of(result)
    if pushes is None:
        return ""
    rows = "".join(_slider(d, name, float(level)) for d, (name, level) in enumerate(zip(pushes.drivers, pushes.level, strict=True)))
    notes = [NOTE] if pushes.vcov is None else [NOTE, INTERVALS]
    return (
        f'<p class="note">{escape_html(" ".join(notes))}</p>'
        f'<fieldset><legend>Push, in index points</legend>{rows}<button type="button" id="whatif-reset">Back to zero</button></fieldset>'
        f"{_outcomes(pushes)}"
        f'<script type="application/json" id="whatif-data">{_data(pushes)}</script><script>{SCRIPT}</script>'
    )


def _slider(d: int, name: str, level: float) -> str:
    """Return a labelled slider of one driver, which keeps its index between 0 and 100."""
    low, high = (-STEP * int(min(FARTHEST, level) / STEP), STEP * int(min(FARTHEST, 100.0 - level) / STEP))
    label = f'<label for="push-{d}">{escape_html(name)} <small>(now {fixed(level, 1)})</small></label>'
    ends = f'min="{low:g}" max="{high:g}" step="{STEP:g}" value="0"'
    return f'<div class="push">{label}<input type="range" id="push-{d}" {ends}><output id="pushed-{d}" for="push-{d}">0.0</output></div>'


def _outcomes(pushes: Pushes) -> str:
    """Return the table that the sliders move."""
    heads = ["index", "now", "with the push", "change", *(["95 % interval"] if pushes.vcov is not None else [])]
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    body = []
    for t, (name, value) in enumerate(zip(pushes.targets, pushes.outcome, strict=True)):
        cells = f'<td>{fixed(value, 1)}</td><td id="now-{t}">{fixed(value, 1)}</td><td id="change-{t}">0.0</td>'
        cells += f'<td id="range-{t}"></td>' if pushes.vcov is not None else ""
        body.append(f'<tr><th scope="row">{escape_html(name)}</th>{cells}</tr>')
    return f'<table aria-live="polite"><caption>What follows</caption><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


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
