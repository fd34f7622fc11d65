"""Adapt a spec to the survey at hand: other items, fewer constructs, other names, other scales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from csimodels import checks, graph
from csimodels.errors import OptionError, ScaleError, SpecError
from csimodels.expressions import parsed

if TYPE_CHECKING:
    from csimodels.elements import Construct, Indicator, Scale, Term
    from csimodels.scoring import Scoring
    from csimodels.spec import ModelSpec


def with_items(spec: ModelSpec, items: Mapping[str, Sequence[str | Indicator]]) -> ModelSpec:
    """Replace the indicator blocks of some constructs."""
    if not isinstance(items, Mapping):
        raise OptionError(
            "option.items",
            f"items is {items!r}.",
            variable="items",
            value=items,
            hint='Give a mapping, e.g. {"satisfaction": ["Q1", "Q2"]}.',
        )
    for name in items:
        checks.known(name, spec.construct_names, "construct", spec.name)
    blocks = tuple(_reblocked(c, items[c.name]) if c.name in items else c for c in spec.constructs)
    kept = {i for c in blocks for i in c.items}
    gone = [f"item {i} of {c.name}" for c in spec.constructs for i in c.items if i not in kept]
    scoring = _scored(spec.scoring, {*kept, *(i.name for i in spec.observed)}, {})
    return _without_orphans(replace(spec, constructs=blocks, terms=(), scoring=scoring, lost=(*spec.lost, *gone)), spec)


def _scored(scoring: Scoring | None, names: set[str], new: Mapping[str, str]) -> Scoring | None:
    """Return the scoring rule of the parts that are left, under their new names."""
    if scoring is None:
        return None
    weights = {scheme: {new.get(n, n): w for n, w in given if n in names} for scheme, given in scoring.weights}
    asked = {new.get(n, n): new.get(i, i) for n, i in scoring.importance if {n, i} <= names}
    return replace(scoring, weights=tuple((k, tuple(v.items())) for k, v in weights.items()), importance=tuple(asked.items()))


def _reblocked(construct: Construct, items: Sequence[str | Indicator]) -> Construct:
    known = {i.name: i for i in construct.indicators}
    scales = {i.scale for i in construct.indicators}
    scale = scales.pop() if len(scales) == 1 else None
    template = replace(construct.indicators[0], scale=scale, reverse=False, stem="", stem_zh="", anchors=(), anchors_zh=())
    block = tuple(
        (known[i] if i in known else replace(template, name=i)) if isinstance(i, str) else i for i in checks.listed(items, construct.name)
    )
    mode = construct.mode
    if mode == "single" and len(block) > 1:
        mode = "reflective"
    elif mode == "reflective" and len(block) == 1:
        mode = "single"
    reliability = construct.reliability if len(block) == 1 else None
    return replace(construct, indicators=block, mode=mode, reliability=reliability)


def _without_orphans(spec: ModelSpec, before: ModelSpec) -> ModelSpec:
    """Put back the terms whose variables are still there, saying which went."""
    names = {*spec.construct_names, *spec.items}
    kept = _kept_terms(before, names)
    gone = tuple(f"term {t.lhs} {t.op} {t.rhs}" for t in before.terms if t not in kept)
    return replace(spec, terms=kept, lost=(*spec.lost, *gone))


def _kept_terms(before: ModelSpec, names: set[str]) -> tuple[Term, ...]:
    """Return the terms whose variables are still there, and the definitions and constraints whose labels are."""
    labels = {t.label for t in before.terms if {t.lhs, t.rhs} <= {*names, ""} and t.label}
    kept: list[Term] = []
    for t in before.terms:
        if t.op not in (":=", "=="):
            kept += [t] if {t.lhs, t.rhs} <= {*names, ""} else []
        elif {*parsed(t.rhs).names, *(parsed(t.lhs).names if t.op == "==" else ())} <= labels:
            kept.append(t)
            labels |= {t.lhs} if t.op == ":=" else set()
    return tuple(kept)


def without(spec: ModelSpec, names: Sequence[str]) -> ModelSpec:
    """Leave out constructs or items, together with whatever is thereby cut off from the target."""
    pool = (*spec.construct_names, *spec.items)
    for name in names:
        checks.known(name, pool, "construct or item", spec.name)
    gone = _closure(spec, set(names))
    if spec.target in gone:
        raise SpecError(
            "spec.without_target",
            f"Leaving out {', '.join(map(repr, names))} removes the target {spec.target!r} itself.",
            variable="without",
            value=tuple(names),
            hint="Keep the target and at least one of its items.",
        )
    smaller = _removed(spec, gone)
    cut = set(smaller.construct_names) - graph.reachable(smaller, spec.target) if spec.target else set()
    if cut:
        gone = _closure(spec, gone | cut)
    return _removed(spec, gone, target=spec.target)


def _closure(spec: ModelSpec, gone: set[str]) -> set[str]:
    """Add constructs that lose every indicator, until nothing changes."""
    while True:
        empty = {c.name for c in spec.constructs if c.name not in gone and all(i in gone for i in c.items)}
        if not empty:
            return gone
        gone = gone | empty


def _removed(spec: ModelSpec, gone: set[str], target: str | None = None) -> ModelSpec:
    blocks = tuple(
        replace(c, indicators=kept, mode="single" if len(kept) == 1 and c.mode == "reflective" else c.mode)
        for c in spec.constructs
        if c.name not in gone and (kept := tuple(i for i in c.indicators if i.name not in gone))
    )
    items = {i for c in blocks for i in c.items} | {i.name for i in spec.observed}
    names = ({c.name for c in blocks} | items) - gone
    paths = tuple(p for p in spec.paths if {p.source, p.target} <= names)
    lost = [f"construct {c.name} ({', '.join(c.items)})" for c in spec.constructs if c.name in gone]
    lost += [f"item {i} of {c.name}" for c in spec.constructs if c.name not in gone for i in c.items if i in gone]
    lost += [f"path {p.source} -> {p.target}" for p in spec.paths if not {p.source, p.target} <= names]
    observed = tuple(i for i in spec.observed if i.name not in gone)
    scoring = _scored(spec.scoring, names, {})
    smaller = replace(
        spec, constructs=blocks, paths=paths, observed=observed, terms=(), target=target, scoring=scoring, lost=(*spec.lost, *lost)
    )
    return _without_orphans(smaller, spec)


def rename(spec: ModelSpec, names: Mapping[str, str]) -> ModelSpec:
    """Rename constructs or items everywhere in a spec."""
    pool = (*spec.construct_names, *spec.items)
    for old in names:
        checks.known(old, pool, "construct or item", spec.name)
    new_pool = Counter(names.get(n, n) for n in pool)
    taken = [n for n, count in new_pool.items() if count > 1]
    if taken:
        raise SpecError(
            "spec.rename_clash",
            f"After renaming, {taken[0]!r} would name two things.",
            variable=taken[0],
            value=dict(names),
            hint="Choose names that are free.",
        )

    def new(n: str) -> str:
        return names.get(n, n)

    return replace(
        spec,
        constructs=tuple(
            replace(c, name=new(c.name), indicators=tuple(replace(i, name=new(i.name)) for i in c.indicators)) for c in spec.constructs
        ),
        paths=tuple(replace(p, source=new(p.source), target=new(p.target)) for p in spec.paths),
        observed=tuple(replace(i, name=new(i.name)) for i in spec.observed),
        terms=tuple(replace(t, lhs=new(t.lhs), rhs=new(t.rhs)) for t in spec.terms),
        target=None if spec.target is None else new(spec.target),
        scoring=_scored(spec.scoring, set(pool), names),
    )


def with_scale(spec: ModelSpec, scale: Scale | Mapping[str, Scale]) -> ModelSpec:
    """Declare the theoretical answer scale for the rating items, or by item or construct."""
    by_item = _by_item(spec, scale) if isinstance(scale, Mapping) else _rating_items(spec, scale)

    def rescaled(i: Indicator) -> Indicator:
        return replace(i, scale=by_item[i.name]) if i.name in by_item else i

    return replace(
        spec,
        constructs=tuple(replace(c, indicators=tuple(map(rescaled, c.indicators))) for c in spec.constructs),
        observed=tuple(map(rescaled, spec.observed)),
    )


def _rating_items(spec: ModelSpec, scale: Scale) -> dict[str, Scale | None]:
    """Return the new scale for the items on the spec's most common scale."""
    pair = checks.scale(scale, "scale")
    common = Counter(i.scale for i in spec.indicators).most_common(1)[0][0]
    return {i.name: pair for i in spec.indicators if i.scale == common or i.scale is None}


def _by_item(spec: ModelSpec, scale: Mapping[str, Scale]) -> dict[str, Scale | None]:
    blocks = {c.name: c.items for c in spec.constructs}
    by_item: dict[str, Scale | None] = {}
    for name, pair in sorted(scale.items(), key=lambda kv: kv[0] not in blocks):
        if name not in blocks and name not in spec.items:
            raise ScaleError(
                "scale.unknown_item",
                f"scale names {name!r}, which model {spec.name!r} does not have.",
                variable="scale",
                value=name,
                hint=checks.close_to(name, (*blocks, *spec.items)),
            )
        for item in blocks.get(name, (name,)):
            by_item[item] = checks.scale(pair, name)
    return by_item


def adapted(spec: ModelSpec, without: Any, items: Any, columns: Any, scale: Any) -> ModelSpec:
    """Fit the spec to the survey: leave out, replace blocks, declare scales, take the user's names."""
    if without:
        spec = spec.without(*_names(without))
    if items is not None:
        spec = spec.with_items(items)
    names = _checked_columns(spec, columns)
    if scale is not None:
        back = {new: old for old, new in names.items()}
        own: Any = {back.get(name, name): pair for name, pair in scale.items()} if isinstance(scale, Mapping) else scale
        spec = spec.with_scale(own)
    return spec.rename(names) if names else spec


def _names(without: Any) -> tuple[str, ...]:
    if isinstance(without, str):
        return (without,)
    if not isinstance(without, Iterable):
        raise OptionError(
            "option.without",
            f"without is {without!r}.",
            variable="without",
            value=without,
            hint='Give a list of constructs or items, e.g. ["complaints"].',
        )
    return tuple(without)


def _checked_columns(spec: ModelSpec, columns: Any) -> dict[str, str]:
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        raise OptionError(
            "option.columns",
            f"columns is {columns!r}.",
            variable="columns",
            value=columns,
            hint='Give a mapping, e.g. {"sat_overall": "Q1"}.',
        )
    for item in columns:
        if item not in spec.items:
            raise OptionError(
                "option.columns_item",
                f"columns names {item!r}, which is not an item of model {spec.name!r}.",
                variable="columns",
                value=item,
                hint=f"The keys are the model's items, the values your columns. {checks.close_to(str(item), spec.items)}",
            )
    return {item: str(column) for item, column in columns.items()}
