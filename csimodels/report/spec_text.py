"""A spec in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.format import clean, wrap
from csimodels.trees import observed_alone, parts_weighted, scored

if TYPE_CHECKING:
    from csimodels.elements import Construct, Path, Term
    from csimodels.spec import ModelSpec

__all__ = ["brief_spec", "facts", "path_marks", "term_text"]

COLUMNS = 88
KINDS = {"path_model": "path model", "composite_index": "composite index"}


def brief_spec(spec: ModelSpec) -> str:
    """Return the short text of a spec: what it is, its constructs with their items, its paths, and what was left out."""
    title = f": {spec.title}" if spec.title else ""
    lines = [*wrap(f"ModelSpec {spec.name}{title}", COLUMNS), *wrap(", ".join(facts(spec)), COLUMNS)]
    lines += wrap(f"rule: {scored(spec)}", COLUMNS) if spec.scoring is not None else []
    weights = parts_weighted(spec)
    lines += _listed("constructs", [_block(c, weights) for c in spec.constructs])
    lines += _listed("observed variables", [", ".join(i.name for i in observed_alone(spec))])
    lines += _listed("paths", [f"{p.source} -> {p.target} ({path_marks(p)})" for p in spec.paths])
    lines += _listed("terms", [term_text(t) for t in spec.terms])
    lines += _listed("left out", list(spec.lost))
    return "\n".join(lines)


def facts(spec: ModelSpec) -> list[str]:
    """Return kind, confidence, numbers of constructs, items and paths, and target."""
    counts = {"construct": len(spec.constructs), "item": len(spec.items), "path": len(spec.paths)}
    said = [KINDS[spec.kind], f"confidence {spec.confidence}" if spec.confidence else ""]
    said += [f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items() if count or what != "path"]
    return [text for text in [*said, "no target" if spec.target is None else f"target {clean(spec.target)}"] if text]


def path_marks(path: Path) -> str:
    """Return the expected sign of a path, and how sure the path is if that is stated."""
    return path.sign + (f", {path.confidence}" if path.confidence else "")


def term_text(term: Term) -> str:
    """Return a departure from the default parameters as a formula of lavaan."""
    given = ["NA*"] if term.free and term.op != "~~" else []
    given += [f"{term.value:g}*"] if term.value is not None else []
    given += [f"{term.label}*"] if term.label else []
    return f"{term.lhs} {term.op} {''.join(given)}{term.rhs}"


def _block(c: Construct, weights: dict[str, str]) -> str:
    """Return a construct with its items; its mode where it is not the usual one."""
    mode = f" ({c.mode})" if c.mode != "reflective" else ""
    parts = (f"{name} (weight: {weights[name]})" if name in weights else name for name in c.items)
    return f"{c.name}{mode}: {', '.join(parts)}"


def _listed(title: str, entries: list[str]) -> list[str]:
    """Return a heading and one entry a line, or nothing if there are none."""
    said = [line for entry in entries if entry for line in wrap(entry, COLUMNS, "- ")]
    return [f"{title}:", *said] if said else []
