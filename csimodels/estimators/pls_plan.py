"""What partial least squares does with a spec: blocks, modes, neighbours, and the stages of higher-order constructs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from csimodels.spec import Construct, ModelSpec

__all__ = ["Pair", "Plan", "Stage", "plan_of"]

MODES = {"reflective": "A", "formative": "B", "single": "A"}


class Stage(NamedTuple):
    """One run of the algorithm, on columns that are items or scores of an earlier run.

    ``constructs`` are numbers of constructs; ``columns`` are numbers of items, or p + the number of a construct whose score it is;
    ``blocks`` are positions in ``columns``; ``sources`` and ``targets`` are positions in ``constructs``.
    """

    constructs: tuple[int, ...]
    columns: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...]
    modes: tuple[str, ...]
    sources: tuple[tuple[int, ...], ...]
    targets: tuple[tuple[int, ...], ...]


class Pair(NamedTuple):
    """A construct with one of its indicators: a number of an item, or p + the number of a construct."""

    construct: int
    indicator: int


@dataclass(frozen=True)
class Plan:
    """Hold everything about a PLS model that does not depend on data.

    Attributes
    ----------
    items : tuple of str
        p items.
    constructs : tuple of str
        m constructs, then items that take part in paths themselves.
    blocks : tuple of tuple of int
        Indicators of each construct: numbers of items, or p + the number of a construct.
    modes : tuple of str
        "A", "B" or "unit" for each construct.
    equations : tuple of (target, sources)
        Structural equations, in the order of the paths' targets.
    stages : tuple of Stage
        Runs of the algorithm.
    scheme : {"path", "factorial", "centroid"}
        Inner weighting.
    consistent : tuple of int
        Constructs whose correlations are corrected for attenuation (PLSc).
    formed : tuple of (part, whole)
        Constructs that are parts of composites by the spec: what a part does to the whole goes on to the whole's outcomes.
    """

    items: tuple[str, ...]
    constructs: tuple[str, ...]
    blocks: tuple[tuple[int, ...], ...]
    modes: tuple[str, ...]
    equations: tuple[tuple[int, tuple[int, ...]], ...]
    stages: tuple[Stage, ...]
    scheme: str
    consistent: tuple[int, ...] = ()
    formed: tuple[tuple[int, int], ...] = ()

    @cached_property
    def latent(self) -> int:
        """Number of constructs proper: they come before the items that take part in paths."""
        return sum(c not in self.items for c in self.constructs)

    @cached_property
    def shown(self) -> int:
        """Number of pairs of constructs proper."""
        return self.slices[self.latent - 1].stop if self.latent else 0

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every construct with its indicators: the order of outer weights and loadings."""
        return tuple(Pair(j, i) for j, block in enumerate(self.blocks) for i in block)

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Where each construct's indicators are in ``pairs``."""
        ends = [0]
        for block in self.blocks:
            ends.append(ends[-1] + len(block))
        return tuple(slice(a, b) for a, b in pairwise(ends))

    @cached_property
    def paths(self) -> tuple[tuple[int, int], ...]:
        """Every (source, target), equation by equation."""
        return tuple((s, t) for t, sources in self.equations for s in sources)

    @property
    def arrows(self) -> tuple[tuple[int, int], ...]:
        """Everything that carries effects, as (source, target): paths, then parts of composites."""
        return self.paths + self.formed

    @cached_property
    def causal(self) -> tuple[int, ...]:
        """The constructs in causal order: sources before targets, parts before composites."""
        into: dict[int, set[int]] = {}
        for source, target in self.arrows:
            into.setdefault(target, set()).add(source)
        done: list[int] = []
        while len(done) < len(self.constructs):
            done += [j for j in range(len(self.constructs)) if j not in done and into.get(j, set()) <= set(done)]
        return tuple(done)

    @cached_property
    def lowest_first(self) -> tuple[int, ...]:
        """The constructs such that a higher-order one comes after its parts."""
        p, done = len(self.items), list[int]()
        while len(done) < len(self.constructs):
            done += [j for j, b in enumerate(self.blocks) if j not in done and {i - p for i in b if i >= p} <= set(done)]
        return tuple(done)

    def indicator(self, number: int) -> str:
        """Return the name of an indicator."""
        p = len(self.items)
        return self.items[number] if number < p else self.constructs[number - p]


@lru_cache(maxsize=256)
def plan_of(
    spec: ModelSpec, scheme: str, modes: tuple[tuple[str, str], ...], higher_order: str, consistent: tuple[str, ...] | None = None
) -> Plan:
    """Return the plan of a checked spec; ``modes`` holds (construct, mode) for those that depart from the spec's own."""
    p, chosen = len(spec.items), dict(modes)
    ends = {end for path in spec.paths for end in (path.source, path.target)}
    names = (*spec.construct_names, *(i for i in spec.items if i in ends))
    number = {n: k for k, n in enumerate(spec.items)} | {n: p + k for k, n in enumerate(spec.construct_names)}
    blocks = (*(tuple(number[i] for i in c.items) for c in spec.constructs), *((number[i],) for i in names[len(spec.constructs) :]))
    mode = tuple(_mode(c, chosen) for c in spec.constructs) + ("A",) * (len(names) - len(spec.constructs))
    place = {n: k for k, n in enumerate(names)}
    edges = [(place[path.source], place[path.target]) for path in spec.paths]
    inside = _Inside(p, blocks, mode, edges)
    equations = tuple((t, tuple(s for s, u in edges if u == t)) for t in range(len(names)) if any(u == t for _, u in edges))
    corrected = tuple(j for j, c in enumerate(spec.constructs) if consistent is not None and c.name in consistent)
    formed = tuple((place[i], place[c.name]) for c in spec.constructs if c.formed for i in c.items if i in spec.construct_names)
    return Plan(spec.items, names, blocks, mode, equations, inside.stages(higher_order), scheme, corrected, formed)


def _mode(c: Construct, chosen: Mapping[str, str]) -> str:
    return "A" if len(c.indicators) == 1 else chosen.get(c.name, MODES[c.mode])


class _Inside(NamedTuple):
    """Blocks, modes and paths from which the stages are laid out."""

    p: int
    blocks: tuple[tuple[int, ...], ...]
    modes: tuple[str, ...]
    edges: list[tuple[int, int]]

    def stages(self, higher_order: str) -> tuple[Stage, ...]:
        """Return the stages: one for a model of first order."""
        top = max((self._order(j) for j in range(len(self.blocks))), default=0)
        if top == 0:
            return (self._stage(range(len(self.blocks)), self.blocks, self.edges),)
        return self._embedded() if higher_order == "embedded" else self._disjoint(top)

    def _parts(self, j: int) -> tuple[int, ...]:
        return tuple(i - self.p for i in self.blocks[j] if i >= self.p)

    def _order(self, j: int) -> int:
        return 1 + max(map(self._order, self._parts(j))) if self._parts(j) else 0

    def _stand_ins(self, j: int, order: int) -> tuple[int, ...]:
        """Return what stands for a construct while only constructs up to an order exist."""
        return (j,) if self._order(j) <= order else tuple(k for part in self._parts(j) for k in self._stand_ins(part, order))

    def _disjoint(self, top: int) -> tuple[Stage, ...]:
        """Return stages in which higher-order constructs give way to their parts, then are measured by the parts' scores.

        A part with paths of its own keeps the scores of its first stage.
        Becker, Cheah, Gholamzade, Ringle & Sarstedt 2023, doi:10.1108/IJCHM-04-2022-0474.
        """
        parts = {k for j in range(len(self.blocks)) for k in self._parts(j)}
        in_paths = {end for edge in self.edges for end in edge}
        roots = [j for j in range(len(self.blocks)) if j not in parts or j in in_paths]
        out = []
        for order in range(top + 1):
            active = sorted({k for j in roots for k in self._stand_ins(j, order)})
            edges = {(a, b) for s, t in self.edges for a in self._stand_ins(s, order) for b in self._stand_ins(t, order)}
            blocks = [(self.p + j,) if j in parts and self._order(j) < order else self.blocks[j] for j in active]
            out.append(self._stage(active, blocks, sorted(edges)))
        return tuple(out)

    def _embedded(self) -> tuple[Stage, ...]:
        """Return a stage of repeated indicators, then one in which scores measure everything.

        Ringle, Sarstedt & Straub 2012, doi:10.2307/41410402.
        """
        every = range(len(self.blocks))
        repeated = [self._items(j) for j in every]
        edges = list(self.edges)
        for j in every:
            edges += [(k, j) if self.modes[j] == "B" else (j, k) for k in self._parts(j)]
        first = self._stage(every, repeated, edges)
        parts = {k for j in every for k in self._parts(j)}
        in_paths = {end for edge in self.edges for end in edge}
        last = [j for j in every if j not in parts or j in in_paths]
        scores = [self.blocks[j] if self._parts(j) else (self.p + j,) for j in last]
        return (first, self._stage(last, scores, self.edges))

    def _items(self, j: int) -> tuple[int, ...]:
        return tuple(i for n in self.blocks[j] for i in (self._items(n - self.p) if n >= self.p else (n,)))

    def _stage(self, active: Sequence[int], blocks: Sequence[tuple[int, ...]], edges: Sequence[tuple[int, int]]) -> Stage:
        at = {j: k for k, j in enumerate(active)}
        columns, positions = list[int](), []
        for block in blocks:
            positions.append(tuple(range(len(columns), len(columns) + len(block))))
            columns += block
        inner = [(at[s], at[t]) for s, t in edges if s in at and t in at]
        sources = tuple(tuple(s for s, t in inner if t == k) for k in range(len(at)))
        targets = tuple(tuple(t for s, t in inner if s == k) for k in range(len(at)))
        return Stage(tuple(active), tuple(columns), tuple(positions), tuple(self.modes[j] for j in active), sources, targets)
