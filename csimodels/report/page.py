"""A result, or its bootstrap, as one self-contained page, its sections in the order of a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from csimodels.report import boot_content, content, validity
from csimodels.report.blocks import Block
from csimodels.report.figures import diagram, importance_map, shares
from csimodels.report.format import escape_html
from csimodels.report.gauge import gauges
from csimodels.report.header import ESTIMATORS, fit_line, index_or_reason, model_title, verdict
from csimodels.report.html import table
from csimodels.report.paragraph import method_paragraph
from csimodels.report.questions import questions
from csimodels.report.software import software
from csimodels.report.template import Section, document
from csimodels.report.what_if import panel
from csimodels.report.wording import language, say, spoken

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap
    from csimodels.results import CSIResults

__all__ = ["page", "sections"]


def _facts(result: CSIResults) -> Block:
    """Return the facts of a fit whose standard errors a bootstrap gives."""
    block = content.header(result)
    return replace(block, rows=tuple(row for row in block.rows if row[0] != "Standard errors"))


Maker = Callable[["CSIResults"], Block | None]
BootMaker = Callable[["Bootstrap"], Block | None]
HEADINGS = {
    "warnings": "Warnings",
    "index": "Index",
    "diagram": "Path diagram",
    "whatif": "What if",
    "header": "Model and estimation",
    "questions": "Constructs and items",
    "measurement": "Measurement model",
    "validity": "Discriminant validity",
    "paths": "Structural model",
    "fit": "Fit",
    "effects": "Effects",
    "impact": "Impacts",
    "map": "Importance-performance map",
    "covariances": "Variances",
    "method": "To paste into a paper",
    "software": "Software and seed",
}
TABLES: Mapping[str, tuple[Maker, ...]] = {
    "header": (content.header,),
    "index": (content.index,),
    "questions": (questions,),
    "measurement": (content.loadings, content.weights, validity.reliability),
    "validity": (validity.fornell_larcker, validity.htmt, validity.cross_loadings),
    "paths": (content.paths, content.rsquared, validity.collinearity),
    "fit": (content.fit,),
    "effects": (content.effects,),
    "impact": (content.impact,),
    "covariances": (content.covariances,),
}
BOOTSTRAPPED: Mapping[str, tuple[BootMaker, ...]] = {
    "header": (lambda boot: replace(boot_content.header(boot), key="bootstrap"),),
    "index": (boot_content.index,),
    "measurement": (boot_content.loadings, boot_content.weights, boot_content.reliability),
    "validity": (boot_content.htmt,),
    "paths": (boot_content.paths, boot_content.rsquared, boot_content.f2),
    "fit": (boot_content.exact_fit,),
    "effects": (boot_content.indirect, boot_content.total),
    "impact": (boot_content.impact,),
}
BESIDE: Mapping[str, tuple[Maker, ...]] = {
    "header": (_facts,),
    "validity": (validity.fornell_larcker, validity.cross_loadings),
    "fit": TABLES["fit"],
}


def page(result: CSIResults, boot: Bootstrap | None = None) -> str:
    """Return the full page.

    Parameters
    ----------
    result : CSIResults
        Fitted model.
    boot : Bootstrap, optional
        Its bootstrap, from which errors and intervals are then taken.
    """
    shout = say(verdict(result)).partition("：" if language() == "zh" else ":")[0]
    return document(model_title(result), sections(result, boot), shout, _lead(result))


def _lead(result: CSIResults) -> list[str]:
    """Return what was done and how well it fits, in two lines."""
    estimator = ESTIMATORS.get(result.options.estimator, result.options.estimator.upper())
    lines = (f"{estimator}, n = {result.moments.rows}", fit_line(result).replace("chi2(", "χ²("))
    return [say(line) for line in lines if line]


def sections(result: CSIResults, boot: Bootstrap | None = None) -> list[Section]:
    """Return the sections that hold anything as (id, heading, HTML), in the order of a paper."""
    made = {key: _tables(result, boot, key) for key in HEADINGS}
    made["warnings"] = "".join(table(spoken(b)) for b in (content.warned(result) if boot is None else boot_content.warned(boot)))
    made["index"] = _gauges(result, boot) + made["index"]
    made["diagram"] = diagram(result, boot)
    made["whatif"] = panel(result, boot)
    made["measurement"] += shares(result, boot)
    made["map"] = importance_map(result, boot)
    made["method"] = f"<p>{escape_html(method_paragraph(result))}</p>"
    made["software"] = table(spoken(software(result.engine.name, None if boot is None else boot.seed)))
    return [(key, heading, made[key]) for key, heading in HEADINGS.items() if made[key]]


def _tables(result: CSIResults, boot: Bootstrap | None, key: str) -> str:
    """Return the tables of a section with the usual cutoffs beneath; those of a bootstrap in place of those of its result."""
    own: Sequence[Maker] = TABLES.get(key, ()) if boot is None or key not in BOOTSTRAPPED else BESIDE.get(key, ())
    made = [make(result) for make in own]
    made += [] if boot is None else [make(boot) for make in BOOTSTRAPPED.get(key, ())]
    return "".join(table(spoken(validity.with_cutoffs(block))) for block in made if block is not None)


def _gauges(result: CSIResults, boot: Bootstrap | None) -> str:
    """Return the gauges; none where there is no index."""
    found, _ = index_or_reason(result)
    if found is None:
        return ""
    return gauges(result.spec, found) if boot is None else gauges(result.spec, boot.index, boot.level)
