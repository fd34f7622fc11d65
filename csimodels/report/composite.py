"""A composite index as text, HTML and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.blocks import Block, from_frame
from csimodels.report.format import clean, count, escape_html, number, wrap
from csimodels.report.html import STYLE, boxed, table

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

    from csimodels.composite_results import CompositeResults
    from csimodels.composite_samples import CompositeBootstrap

__all__ = [
    "brief_composite",
    "composite_page",
    "notebook_composite",
    "rule_in_words",
    "summarise_composite",
    "summarise_composite_bootstrap",
]

COLUMNS = 88
RULES = {
    "range": "points 100 (x - lo) / (hi - lo)",
    "of_maximum": "points 100 x / hi (the mean answer times ten on a 1-10 scale)",
}


def rule_in_words(spec_rule: str, boxes: int) -> str:
    """Return what points an answer gets."""
    return RULES.get(spec_rule, f"share of answers in the top {boxes} boxes, %")


def _facts(result: CompositeResults) -> list[tuple[str, str]]:
    scoring, m = result.spec.scoring, result.moments
    assert scoring is not None
    pairs = [
        ("Model", clean(result.spec.title or result.spec.name)),
        ("Composite index", rule_in_words(scoring.rule, scoring.boxes)),
        ("Weights", ", ".join((scoring.schemes or ("equal",))[:1]) + (", times mean importance" if scoring.importance else "")),
        ("Left out", "; ".join(result.spec.lost)),
        ("Rows used", count(m.rows)),
        ("Rows dropped", count(m.dropped)),
        ("Answers imputed", count(m.imputed) if m.imputed else ""),
        ("Row weights", "yes: standard errors are withheld" if result.options.weighted else "no"),
    ]
    return [pair for pair in pairs if pair[1]]


def _blocks(result: CompositeResults) -> list[Block]:
    """Return warnings, header, index and weights."""
    said = [Block("warnings", f"{len(result.warnings)} warning(s)", (), (), notes=result.warnings)] if result.warnings else []
    header = Block("header", "Composite index", ("", ""), tuple(_facts(result)), align="ll")
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
    return boxed(_blocks(result))


def summarise_composite(result: CompositeResults) -> Summary:
    """Return the tables as a statsmodels Summary."""
    from csimodels.report.summary import summarise_blocks

    return summarise_blocks(_blocks(result), fold=())


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
    """Return one self-contained page."""
    title = escape_html(result.spec.title or result.spec.name)
    body = "".join(map(table, _blocks(result)))
    notes = f"<p class='note'>{escape_html(result.spec.notes)}</p><p class='note'>{escape_html(result.spec.citation)}</p>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style></head>'
        f'<body class="csimodels"><h1>{title}</h1>{body}{notes}</body></html>'
    )
