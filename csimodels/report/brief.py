"""A result in a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from csimodels.report.format import number, short_names, wrap
from csimodels.report.header import ESTIMATORS, fit_line, index_or_reason, model_title, verdict

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["COLUMNS", "alarm", "brief"]

COLUMNS = 88


def brief(result: CSIResults) -> str:
    """Return the short text of a result: what is wrong first, then model, fit and index."""
    options, spec = result.options, result.spec
    title = short_names([model_title(result)], 60)[model_title(result)]
    estimator = ESTIMATORS.get(options.estimator, options.estimator.upper())
    withheld = result.withheld
    lines = [
        f"CSIResults: {title}, {len(spec.constructs)} constructs, {len(spec.items)} items",
        f"{estimator} ({result.engine.name}), n = {result.moments.rows}",
        fit_line(result) + (" (chi-square based fit is withheld under row weights)" if withheld else ""),
        _index(result),
    ]
    return "\n".join([*alarm(result, result.warnings), *(line for text in lines for line in wrap(text, COLUMNS))])


def alarm(result: CSIResults, said: Sequence[str]) -> list[str]:
    """Return the verdict and what was said, each warning cut to two lines; the full words are in ``warnings``."""
    shout = verdict(result)
    if not shout and not said:
        return []
    head = f"{len(said)} warning{'s' if len(said) != 1 else ''} (in full: .warnings)"
    cut = [line for w in said for line in wrap(w if len(w) <= 160 else f"{w[:159]}…", COLUMNS, "  ! ")]
    return [*wrap(f"*** {shout} ***" if shout else "", COLUMNS), head, *cut]


def _index(result: CSIResults) -> str:
    """Return the index of the target in words."""
    target = result.spec.target
    table, _ = index_or_reason(result)
    if target is None or table is None:
        return "index: none (" + ("no target construct" if target is None else "no scales or no means") + ")"
    row = table.loc[target]
    interval = f" [{number(row['ci_lower'], 1)}, {number(row['ci_upper'], 1)}]" if row.notna()["ci_lower"] else ""
    return f"index of {short_names([target], 30)[target]}: {number(row['score'], 1)}{interval} of 100"
