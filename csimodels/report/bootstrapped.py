"""A bootstrap as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report import boot_content
from csimodels.report.brief import COLUMNS, alarm
from csimodels.report.format import number, short_names, wrap
from csimodels.report.header import ESTIMATORS, index_or_reason, model_title
from csimodels.report.html import beside
from csimodels.report.summary import ResultSummary, summarise_blocks

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap

__all__ = ["brief_bootstrap", "notebook_bootstrap", "summarise_bootstrap"]


def brief_bootstrap(boot: Bootstrap) -> str:
    """Return the short text of a bootstrap: what is wrong first, then model, resamples, intervals and index."""
    result = boot.result
    title = short_names([model_title(result)], 60)[model_title(result)]
    lines = [
        f"Bootstrap: {title}",
        f"{ESTIMATORS.get(result.options.estimator, result.options.estimator)}, n = {result.moments.rows}",
        f"{boot.n_boot} resamples, {boot.n_failed} failed (left out), {boot.n_inadmissible} inadmissible (kept); seed {boot.seed}",
        f"intervals: {boot_content.interval_name(boot)}",
        _index(boot),
    ]
    return "\n".join([*alarm(result, (*result.warnings, *boot.warnings)), *(line for text in lines for line in wrap(text, COLUMNS))])


def _index(boot: Bootstrap) -> str:
    """Return the index of the target in words."""
    target = boot.result.spec.target
    if target is None or index_or_reason(boot.result)[0] is None:
        return "index: none (" + ("no target construct" if target is None else "no scales or no means") + ")"
    row = boot.index.loc[target]
    interval = f"[{number(row['ci_lower'], 1)}, {number(row['ci_upper'], 1)}]"
    return f"index of {short_names([target], 30)[target]}: {number(row['score'], 1)} {interval} of 100; weights {row['weights']}"


def notebook_bootstrap(boot: Bootstrap) -> str:
    """Return the compact block for a notebook: warnings, header, index, paths and, where asked for, exact fit."""
    fit = boot_content.exact_fit(boot)
    below = [boot_content.paths(boot), *([] if fit is None else [fit])]
    return beside(boot_content.warned(boot), (boot_content.header(boot), boot_content.index(boot)), below)


def summarise_bootstrap(boot: Bootstrap) -> ResultSummary:
    """Return the summary of a bootstrap, warnings first; tables without rows and notes are left out."""
    made = [boot_content.header(boot), *(make(boot) for make in boot_content.TABLES)]
    blocks = [b for b in made if b is not None and (b.rows or b.key in ("index", "impact"))]
    return summarise_blocks([*boot_content.warned(boot), *blocks], fold=("header",))
