"""The bootstrap and the groups of a composite index as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.report.blocks import Block, Format, from_frame
from csimodels.report.composite import summarise_composite_bootstrap
from csimodels.report.format import count, fixed, short_names, wrap
from csimodels.report.html import boxed
from csimodels.report.text import as_text, natural_width

if TYPE_CHECKING:
    from csimodels.composite_samples import CompositeBootstrap, CompositeGroups

__all__ = ["brief_composite_bootstrap", "brief_composite_groups", "notebook_composite_bootstrap", "notebook_composite_groups"]

COLUMNS, NAME_COLUMNS, SHOWN = 88, 24, 10
POINTS: dict[str, Format] = dict.fromkeys(("score", "se", "ci_lower", "ci_upper"), fixed)


def brief_composite_bootstrap(bootstrap: CompositeBootstrap) -> str:
    """Return what was drawn and the index of every construct as text."""
    head = f"CompositeBootstrap: {bootstrap.result.spec.name}, {bootstrap.n_boot} resamples, seed {bootstrap.seed}"
    return "\n".join([*wrap(head, COLUMNS), *(_text(t.block) for t in summarise_composite_bootstrap(bootstrap).tables)])


def notebook_composite_bootstrap(bootstrap: CompositeBootstrap) -> str:
    """Return the index of every construct as HTML."""
    return boxed([t.block for t in summarise_composite_bootstrap(bootstrap).tables])


def brief_composite_groups(groups: CompositeGroups) -> str:
    """Return how many groups there are and the index of the first ones as text."""
    failed = len(groups.failures)
    head = f"CompositeGroups: {groups.spec.name}, {len(groups.groups)} groups, {failed} without an index (.failures)"
    return "\n".join([*wrap(head, COLUMNS), *map(_text, _blocks(groups)[:1])])


def notebook_composite_groups(groups: CompositeGroups) -> str:
    """Return the index of the first groups, and those without one, as HTML."""
    return boxed(_blocks(groups))


def _blocks(groups: CompositeGroups) -> list[Block]:
    """Return the index of the target, or of every construct where there is none, and the groups without an index."""
    keys, target = {str(k): str(k) for k in groups.data.keys.columns}, groups.spec.target
    index = groups.index if target is None else groups.index[groups.index["construct"] == target]
    columns = {**keys, "construct": "construct", "score": "index", "se": "se", "ci_lower": "[0.025", "ci_upper": "0.975]"}
    made = [from_frame("index", "Index (0-100)", index.head(SHOWN), columns, POINTS, len(keys) + 1, _more(len(index)))]
    if failed := len(groups.failures):
        kinds: dict[str, Format] = {"rows": count, "reason": str}
        columns = {**keys, "rows": "rows", "reason": "reason"}
        made += [from_frame("failures", "Groups without an index", groups.failures.head(SHOWN), columns, kinds, len(keys), _more(failed))]
    return made


def _more(rows: int) -> tuple[str, ...]:
    return (f"The first {SHOWN} of {rows}.",) if rows > SHOWN else ()


def _text(block: Block) -> str:
    short = short_names(block.names, NAME_COLUMNS)
    return as_text(block, short, natural_width(block, short))
