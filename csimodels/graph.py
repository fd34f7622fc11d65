"""Checks of a whole spec: names, cycles, and constructs cut off from the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csimodels.checks import close_to, confidence, name
from csimodels.errors import SpecError
from csimodels.scoring import check_scoring

if TYPE_CHECKING:
    from csimodels.spec import ModelSpec

ORIGINS, ESTIMATORS = ("published", "practice"), ("ml", "pls", "plsc")


def check_spec(s: ModelSpec) -> None:
    """Check a whole spec."""
    name(s.name, "model")
    _unique_constructs(s)
    _unique_indicators(s)
    _paths(s)
    _acyclic(s)
    confidence(s.confidence, f"Model {s.name!r}")
    check_scoring(s)
    for option, value, allowed in (("origin", s.origin, ORIGINS), *(("estimators", e, ESTIMATORS) for e in s.estimators)):
        if value not in allowed:
            raise SpecError(f"spec.bad_{option}", f"{option} holds {value!r}.", variable=option, value=value, hint=f"Use one of {allowed}.")
    if s.target is not None:
        if s.target not in s.construct_names:
            raise SpecError(
                "spec.unknown_target",
                f"The target {s.target!r} of model {s.name!r} is not a construct.",
                variable="target",
                value=s.target,
                hint=close_to(s.target, s.construct_names),
            )
        _connected(s)


def _unique_constructs(s: ModelSpec) -> None:
    seen: set[str] = set()
    for c in s.constructs:
        if c.name in seen:
            raise SpecError(
                "spec.duplicate_construct",
                f"Construct {c.name!r} is defined twice.",
                variable=c.name,
                value=c.items,
                hint="Merge or rename the blocks.",
            )
        seen.add(c.name)
    if not seen and not s.observed:
        raise SpecError(
            "spec.empty",
            f"Model {s.name!r} has no constructs.",
            variable=s.name,
            value=(),
            hint="Give at least one construct or path.",
        )


def _unique_indicators(s: ModelSpec) -> None:
    owner: dict[str, str] = {}
    for c in s.constructs:
        for item in c.items:
            if item == c.name:
                raise SpecError(
                    "spec.name_clash",
                    f"Construct {c.name!r} has an indicator of the same name.",
                    variable=c.name,
                    value=item,
                    hint="Rename the construct or the item.",
                )
            if item in owner:
                raise SpecError(
                    "spec.indicator_used_twice",
                    f"Indicator {item!r} belongs to {owner[item]!r} and again to {c.name!r}.",
                    variable=item,
                    value=c.name,
                    hint="An item measures one construct: drop it from one block.",
                )
            owner[item] = c.name


def _paths(s: ModelSpec) -> None:
    names = (*s.construct_names, *s.items)
    seen: set[tuple[str, str]] = set()
    for p in s.paths:
        for end in (p.source, p.target):
            if end not in names:
                raise SpecError(
                    "spec.unknown_in_path",
                    f"The path {p.source!r} -> {p.target!r} names {end!r}, which the model does not have.",
                    variable=f"{p.target} ~ {p.source}",
                    value=end,
                    hint=close_to(end, names),
                )
        if (p.source, p.target) in seen:
            raise SpecError(
                "spec.duplicate_path",
                f"The path {p.source!r} -> {p.target!r} is given twice.",
                variable=f"{p.target} ~ {p.source}",
                value=p.source,
                hint="Keep one.",
            )
        seen.add((p.source, p.target))


def edges(s: ModelSpec) -> list[tuple[str, str]]:
    """Return directed edges: paths, loadings, and the parts of what is formed."""
    measured = [(i, c.name) if c.mode == "formative" else (c.name, i) for c in s.constructs for i in c.items]
    return [(p.source, p.target) for p in s.paths] + measured


def _acyclic(s: ModelSpec) -> None:
    after: dict[str, list[str]] = {}
    for a, b in edges(s):
        after.setdefault(a, []).append(b)
    done: set[str] = set()
    for start in list(after):
        trail = _cycle_from(start, after, done)
        if trail:
            raise SpecError(
                "spec.cycle",
                f"The paths form a cycle: {' -> '.join(trail)}.",
                variable=trail[0],
                value=tuple(trail),
                hint="Only recursive models are fitted: remove one of these paths.",
            )


def _cycle_from(start: str, after: dict[str, list[str]], done: set[str]) -> list[str]:
    """Return a cycle reached from a node by depth-first search, or an empty list."""
    stack: list[tuple[str, int]] = [(start, 0)]
    trail: list[str] = []
    while stack:
        node, k = stack.pop()
        if k == 0:
            if node in done:
                continue
            trail.append(node)
        followers = after.get(node, [])
        if k == len(followers):
            done.add(trail.pop())
            continue
        stack.append((node, k + 1))
        if followers[k] in trail:
            return [*trail[trail.index(followers[k]) :], followers[k]]
        stack.append((followers[k], 0))
    return []


def reachable(s: ModelSpec, start: str) -> set[str]:
    """Return every name connected to a start, directions ignored."""
    near: dict[str, set[str]] = {}
    covariances = [(t.lhs, t.rhs) for t in s.terms if t.op == "~~" and t.value != 0]
    for a, b in edges(s) + covariances:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    seen, frontier = {start}, [start]
    while frontier:
        new = near.get(frontier.pop(), set()) - seen
        seen |= new
        frontier.extend(new)
    return seen


def _connected(s: ModelSpec) -> None:
    if not s.paths and not any(set(c.items) & set(s.construct_names) for c in s.constructs) and len(s.constructs) == 1:
        return
    assert s.target is not None
    cut = [c for c in s.construct_names if c not in reachable(s, s.target)]
    if cut:
        raise SpecError(
            "spec.cut_off",
            f"Construct {cut[0]!r} is not connected to the target {s.target!r} by any path.",
            variable=cut[0],
            value=tuple(cut),
            hint="Add a path, leave it out with without(), or give no target for a pure measurement model.",
        )
