"""A composite index as text, HTML and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.blocks import Block, from_frame, sentences
from csimodels.report.format import clean, count, escape_html, number, wrap
from csimodels.report.gauge import gauges
from csimodels.report.html import boxed, table
from csimodels.report.rules import rule_in_words
from csimodels.report.software import software
from csimodels.report.template import document
from csimodels.report.wording import spoken, titled

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

    from csimodels.composite_results import CompositeResults
    from csimodels.composite_samples import CompositeBootstrap

__all__ = [
    "brief_composite",
    "composite_blocks",
    "composite_page",
    "notebook_composite",
    "summarise_composite",
    "summarise_composite_bootstrap",
]

COLUMNS = 88


def _facts(result: CompositeResults) -> list[tuple[str, str]]:
    scoring, m = result.spec.scoring, result.moments
    assert scoring is not None
    pairs = [
        ("Model", titled(result.spec)),
        ("Composite index", rule_in_words(scoring.rule, scoring.boxes)),
        ("Weights", ", ".join((scoring.schemes or ("equal",))[:1]) + (", times mean importance" if scoring.importance else "")),
        ("Left out", "; ".join(result.spec.lost)),
        ("Rows used", count(m.rows)),
        ("Rows dropped", count(m.dropped)),
        ("Answers imputed", count(m.imputed) if m.imputed else ""),
        ("Row weights", "yes: standard errors are withheld" if result.options.weighted else "no"),
    ]
    return [pair for pair in pairs if pair[1]]


def composite_blocks(result: CompositeResults) -> list[Block]:
    """Return warnings, header, index and weights."""
    said = sentences("warnings", f"{len(result.warnings)} warning(s)", result.warnings)
    header = Block("header", "Composite index", ("", ""), tuple(_facts(result)), align="ll", names_at="none")
    columns = {"construct": "", "score": "index", "se": "se", "ci_lower": "[0.025", "ci_upper": "0.975]", "weights": "weights"}
    index = from_frame("index", "Index (0-100)", result.index.reset_index(), columns, {"weights": str})
    heads = {
        "construct": "construct",
        "part": "part",
        "weight": "weight",
        "importance": "mean importance",
        "share": "share",
        "points": "points",
    }
    return [*said, header, index, from_frame("weights", "What it is made of", result.weights, heads, stubs=2)]


def brief_composite(result: CompositeResults) -> str:
    """Return the short text of a composite index."""
    spec = result.spec
    lines = [f"CompositeResults: {clean(spec.title or spec.name)}, {len(spec.constructs)} constructs, {len(spec.items)} items"]
    lines += [f"{_facts(result)[1][1]}, n = {result.moments.rows}"]
    if spec.target is not None:
        row = result.index.loc[spec.target]
        limits = "" if result.options.weighted else f" [{number(row['ci_lower'], 1)}, {number(row['ci_upper'], 1)}]"
        lines.append(f"index of {spec.target}: {number(row['score'], 1)}{limits} of 100")
    shouted = [line for said in result.warnings for line in wrap(said, COLUMNS, "  ! ")]
    return "\n".join([*shouted, *(line for text in lines for line in wrap(text, COLUMNS))])


def notebook_composite(result: CompositeResults) -> str:
    """Return the block that a notebook shows."""
    return boxed(composite_blocks(result))


def summarise_composite(result: CompositeResults) -> Summary:
    """Return the tables as a statsmodels Summary."""
    from csimodels.report.summary import summarise_blocks

    return summarise_blocks(composite_blocks(result), fold=())


def summarise_composite_bootstrap(bootstrap: CompositeBootstrap) -> Summary:
    """Return a bootstrap's table as a statsmodels Summary."""
    from csimodels.report.summary import summarise_blocks

    columns = {
        "construct": "",
        "score": "index",
        "se": "se",
        "ci_lower": "lower",
        "ci_upper": "upper",
        "bias": "bias",
        "weights": "weights",
    }
    title = f"Index (0-100): {bootstrap.n_boot} resamples of rows, seed {bootstrap.seed}, {100 * bootstrap.level:g} % percentile intervals"
    return summarise_blocks([from_frame("index", title, bootstrap.index.reset_index(), columns, {"weights": str})], fold=())


def composite_page(result: CompositeResults) -> str:
    """Return one self-contained page: warnings, gauges, what the index is made of."""
    made = {block.key: table(spoken(block)) for block in composite_blocks(result)}
    about = "".join(f'<p class="note">{escape_html(text)}</p>' for text in (result.spec.notes, result.spec.citation) if text)
    parts = [
        ("warnings", "Warnings", made.get("warnings", "")),
        ("index", "Index", gauges(result.spec, result.index) + made["index"]),
        ("weights", "Weights", made["weights"]),
        ("header", "Model and estimation", made["header"] + about),
        ("software", "Software and seed", table(spoken(software()))),
    ]
    return document(titled(result.spec), parts)
