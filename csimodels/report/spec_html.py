"""A spec as the block that a notebook shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from csimodels.report.blocks import Block
from csimodels.report.format import clean
from csimodels.report.html import boxed
from csimodels.report.spec_text import facts, term_text
from csimodels.trees import cited, observed_alone, parts_weighted, scale_text, scored, stem_of, title_of

if TYPE_CHECKING:
    from csimodels.elements import Construct, Indicator
    from csimodels.spec import ModelSpec

__all__ = ["notebook_spec"]

MEASURED = ("construct", "label", "meaning", "mode", "item", "question", "scale")


def notebook_spec(spec: ModelSpec) -> str:
    """Return a header line, constructs with their items, paths with signs, notes and citation."""
    texts = {
        "terms": "; ".join(map(term_text, spec.terms)),
        "left out": "; ".join(spec.lost),
        "notes": spec.notes,
        "citation": cited(spec),
    }
    said = [Block(key, key.capitalize(), (), (), notes=tuple(text.splitlines())) for key, text in texts.items() if text]
    return boxed([_header(spec), _constructs(spec), *_paths(spec), *said])


def _header(spec: ModelSpec) -> Block:
    lines = [f"{clean(spec.name)}: {', '.join(facts(spec))}"] + ([f"Rule: {scored(spec)}"] if spec.scoring is not None else [])
    return Block("spec", title_of(spec, "en"), (), (), notes=tuple(lines))


def _constructs(spec: ModelSpec) -> Block:
    """Return one row an item, below one another by construct; for a composite index with the weights of parts."""
    weights = parts_weighted(spec)
    rows = [row for c in spec.constructs for row in _block(spec, c, weights)]
    rows += [("observed variables", "", "", "", *_asked(i), "") for i in observed_alone(spec)]
    columns, kept = (*MEASURED, "weight"), len(MEASURED) + bool(weights)
    cells = tuple(row[:kept] for row in rows)
    return Block("spec-constructs", "Constructs", columns[:kept], cells, align="l" * kept, grouped=True)


def _block(spec: ModelSpec, c: Construct, weights: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a construct; what it is stands in the first alone."""
    head = (c.label, c.meaning, c.mode if spec.scoring is None else "")
    for item in c.indicators:
        asked = (item.name, "construct", "") if item.name in spec.construct_names else _asked(item)
        yield (c.name, *head, *asked, weights.get(item.name, ""))
        head = ("", "", "")


def _asked(item: Indicator) -> tuple[str, str, str]:
    scale = scale_text(item.scale) if item.scale else ""
    return item.name, stem_of(item, "en"), scale + (" (reverse)" if item.reverse else "")


def _paths(spec: ModelSpec) -> list[Block]:
    rows = tuple((p.source, p.target, p.sign.replace("-", "−"), p.confidence or spec.confidence) for p in spec.paths)
    return [Block("spec-paths", "Paths", ("from", "to", "expected sign", "confidence"), rows, stubs=2, align="llll")] if rows else []
