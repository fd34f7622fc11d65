"""What a bootstrap has to write: its tables in the order of a paper, as printed and at full precision."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report import boot_content, validity
from csimodels.report.blocks import Block
from csimodels.report.boot_apa import apa_bootstrap
from csimodels.report.export_frames import with_names
from csimodels.report.exporting import Exports
from csimodels.report.header import index_or_reason, model_title
from csimodels.report.page import page
from csimodels.report.wording import say

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap

__all__ = ["bootstrap_exports"]

INDEX = ["construct", "score", "se", "ci_lower", "ci_upper", "bias", "weights"]
SHARES = ["construct", "indicator", "share", "se", "pvalue", "ci_lower", "ci_upper", "bias"]
IMPACT = ["driver", "target", "impact", "se", "pvalue", "ci_lower", "ci_upper", "bias"]
EXACT = ["measure", "value", "q95", "q99", "pvalue", "n_failed"]


def bootstrap_exports(boot: Bootstrap) -> Exports:
    """Return what a bootstrap has to write."""
    made = partial(page, boot.result, boot)
    return Exports(
        [boot.result.spec], partial(_title, boot), made, partial(_paper, boot), partial(_apa, boot), partial(bootstrap_frames, boot)
    )


def _title(boot: Bootstrap) -> str:
    return say(f"Bootstrap: {model_title(boot.result)}")


def _paper(boot: Bootstrap) -> list[Block]:
    """Return the tables of a paper, warnings first; those without rows are left out but for an index that says why."""
    said, res = boot_content, boot.result
    made = [said.header(boot), said.index(boot), said.weights(boot), said.loadings(boot), said.reliability(boot)]
    made += [validity.fornell_larcker(res), said.htmt(boot), validity.cross_loadings(res)]
    made += [make(boot) for make in (said.paths, said.rsquared, said.f2, said.indirect, said.total, said.impact, said.exact_fit)]
    return [*said.warned(boot), *(b for b in made if b is not None and (b.rows or b.key == "index"))]


def _apa(boot: Bootstrap) -> list[Block]:
    return [*boot_content.warned(boot), *apa_bootstrap(boot)]


def bootstrap_frames(boot: Bootstrap) -> dict[str, pd.DataFrame]:
    """Return every table by name; what needs scales is empty but for its headings where there are none."""
    table, reason = index_or_reason(boot.result)
    said = [("Warning", note) for block in boot_content.warned(boot) for note in block.notes]
    facts = [*said, *boot_content.header(boot).rows, *([("No index", reason)] if reason else [])]
    scaled = table is not None
    return {
        "header": pd.DataFrame(facts, columns=["fact", "value"]),
        "index": with_names(boot.index, "construct") if scaled else pd.DataFrame(columns=INDEX),
        "table": boot.table,
        "paths": boot.paths,
        "loadings": boot.loadings,
        "outer_weights": boot.outer_weights,
        "weights": boot.weights if scaled else pd.DataFrame(columns=SHARES),
        "reliability": boot.reliability,
        "htmt": boot.htmt,
        "f2": boot.f2,
        "effects": boot.effects,
        "rsquared": with_names(boot.rsquared, "variable"),
        "impact": boot.impact() if scaled else pd.DataFrame(columns=IMPACT),
        "exact_fit": pd.DataFrame(columns=EXACT) if boot.exact_fit is None else boot.exact_fit,
    }
