"""The population of a simulation: a standardised model with stated loadings, paths and metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.catalog import as_spec
from csimodels.errors import OptionError
from csimodels.limits import by_item, by_pair, number
from csimodels.spec import Construct, Indicator, ModelSpec

__all__ = ["Population", "as_given", "leaves", "population", "weights_of"]

Array = NDArray[np.float64]
Pair = tuple[str, str]
MEAN, SD, DELTA = 70.0, 20.0, 5.0
DEFAULT_PATH, DEFAULT_R2, LARGEST_DEFAULT_R2 = 0.6, 0.5, 0.85


@dataclass(frozen=True, eq=False)
class Population:
    """Hold a standardised model and the metric of its answers, reverse items already recoded.

    Attributes
    ----------
    spec : ModelSpec
        The model.
    nodes : tuple of str
        Structural variables, m of them: constructs, then items that take part in paths themselves.
    loadings : dict
        Standardised loading of every indicator that has a construct.
    Beta, Psi, Phi : arrays (m, m)
        Standardised paths, residual covariances, implied correlations.
    Lambda, Theta : arrays (p, m) and (p, p)
        Loadings of the items on the structural variables, and their residual covariances.
    centre, spread : arrays (p,)
        Means and standard deviations of the continuous answers.
    """

    spec: ModelSpec
    nodes: tuple[str, ...]
    loadings: dict[str, float]
    Beta: Array
    Psi: Array
    Phi: Array
    Lambda: Array
    Theta: Array
    centre: Array
    spread: Array

    @property
    def correlation(self) -> Array:
        """Correlations (p, p) of the recoded answers."""
        return self.Lambda @ self.Phi @ self.Lambda.T + self.Theta

    @property
    def mean(self) -> pd.Series:
        """Means of the continuous answers as a respondent gives them."""
        values = [as_given(i, m) for i, m in zip(self.spec.indicators, self.centre, strict=True)]
        return pd.Series(values, index=list(self.spec.items), dtype=float)

    @property
    def cov(self) -> pd.DataFrame:
        """Covariances of the continuous answers as a respondent gives them."""
        s = self.spread * np.where([i.reverse for i in self.spec.indicators], -1.0, 1.0)
        items = list(self.spec.items)
        return pd.DataFrame(self.correlation * np.outer(s, s), index=items, columns=items)


def population(
    model: ModelSpec | str,
    *,
    loadings: Any = 0.8,
    paths: Any = None,
    means: Any = MEAN,
    sd: Any = SD,
    share: float = 0.15,
    correlation: Any = 0.3,
) -> Population:
    """Return the population that ``simulate`` draws from; the options are those of ``simulate``."""
    spec = as_spec(model)
    loading = _loadings(spec, loadings)
    ends = {end for p in spec.paths for end in (p.source, p.target)}
    nodes = (*spec.construct_names, *(i for i in spec.items if i in ends or i in {o.name for o in spec.observed}))
    Beta, Psi = _structure(spec, nodes, loading, paths, correlation)
    Phi = _implied(Beta, Psi)
    loading |= {i: float(Phi[nodes.index(i), nodes.index(c)]) for c in summed(spec) for i in spec.construct(c).items}
    Lambda, Theta = _measurement(spec, nodes, loading)
    centre, spread = _metric(spec, means, sd, share)
    return Population(spec, nodes, loading, Beta, Psi, Phi, Lambda, Theta, centre, spread)


def as_given(item: Indicator, value: Any) -> Any:
    """Return a recoded answer as a respondent gives it."""
    return item.scale[0] + item.scale[1] - value if item.reverse and item.scale else value


def weights_of(pop: Population, c: Construct) -> Array:
    """Return the weights of a composite's standardised indicators."""
    if c.name in summed(pop.spec):
        return pop.Beta[pop.nodes.index(c.name), [pop.nodes.index(i) for i in c.items]]
    return composite_weights(c, pop.loadings)


def _loadings(spec: ModelSpec, given: Any) -> dict[str, float]:
    alone = {c.items[0]: float(np.sqrt(c.reliability or 1.0)) for c in spec.constructs if len(c.items) == 1}
    default = {i: alone.get(i, 0.8) for c in spec.constructs for i in c.items}
    loading = by_item("loadings", given, default, {c.name: c.items for c in spec.constructs}, set(alone))
    for c in spec.constructs:
        for i in c.items:
            if loading[i] == 0 or (c.mode == "formative" and loading[i] < 0):
                text = f"The loading of {i!r} is {loading[i]:g}."
                hint = "Loadings are not zero, and in a formative block positive."
                raise OptionError("simulate.bad_loading", text, variable=i, value=loading[i], hint=hint)
    return loading


def _structure(spec: ModelSpec, nodes: tuple[str, ...], loading: dict[str, float], paths: Any, correlation: Any) -> tuple[Array, Array]:
    """Return standardised paths and residual covariances, one structural variable after the other in causal order."""
    at = {name: k for k, name in enumerate(nodes)}
    sums = summed(spec)
    parent = {i: c for c in spec.constructs for i in c.items if i in at and c.name not in sums}
    stated, signs = _stated(spec, paths)
    before = {name: [parent[name].name] if name in parent else [] for name in nodes}
    for source, target in signs:
        before[target].append(source)
    for name in sums:
        before[name] = list(spec.construct(name).items)
    exogenous = [name for name in nodes if not before[name]]
    Beta, Psi = np.zeros((len(nodes), len(nodes))), _exogenous(spec, nodes, exogenous, correlation)
    for name in TopologicalSorter(before).static_order():
        if name in exogenous:
            continue
        k, sources = at[name], [at[s] for s in before[name]]
        if name in sums:
            Beta[k, sources] = 1 / np.sqrt(_implied(Beta, Psi)[np.ix_(sources, sources)].sum())
            Psi[k, k] = 0.0
            continue
        fixed = {(parent[name].name, name): loading[name]} if name in parent else {}
        R = _implied(Beta, Psi)[np.ix_(sources, sources)]
        Beta[k, sources] = _coefficients([(s, name) for s in before[name]], stated | fixed, signs, R)
        Psi[k, k] = 1 - Beta[k, sources] @ R @ Beta[k, sources]
        if name in parent:
            block = parent[name].items
            done = [i for i in block if i in at and i != name and Psi[at[i], at[i]] > 0]
            row = _residual(parent[name], loading)[block.index(name)]
            Psi[k, [at[i] for i in done]] = Psi[[at[i] for i in done], k] = [row[block.index(i)] for i in done]
    return Beta, Psi


def summed(spec: ModelSpec) -> tuple[str, ...]:
    """Return the composites whose parts have paths of their own: standardised sums of their parts, with equal weights."""
    ends, targets = {end for p in spec.paths for end in (p.source, p.target)}, {p.target for p in spec.paths}
    out = []
    for c in spec.constructs:
        nodes = {i for i in c.items if i in spec.construct_names or i in ends}
        if not (c.formed and nodes and (nodes & ends or nodes != set(c.items))):
            continue
        if nodes != set(c.items) or c.name in targets:
            text = f"The indicators {c.items} of the formative construct {c.name!r} take part in paths themselves."
            hint = "Make the construct reflective, or drop the paths to it and to some of its items."
            raise OptionError("simulate.unsupported", text, variable=c.name, value=c.items, hint=hint)
        out.append(c.name)
    return tuple(out)


def _exogenous(spec: ModelSpec, nodes: tuple[str, ...], names: list[str], given: Any) -> Array:
    """Return the covariances of exogenous variables where the model has them, zero elsewhere."""
    at = {name: k for k, name in enumerate(nodes)}
    pairs = _covarying(spec, names)
    if isinstance(given, Mapping):
        named = by_pair("correlation", given, [*pairs, *(p[::-1] for p in pairs)])
        values = [named.get(p, named.get(p[::-1], 0.3)) for p in pairs]
    else:
        values = [number("correlation", "correlation", given)] * len(pairs)
    Psi = np.zeros((len(nodes), len(nodes)))
    Psi[[at[i] for i in names], [at[i] for i in names]] = 1.0
    for (a, b), value in zip(pairs, values, strict=True):
        Psi[at[a], at[b]] = Psi[at[b], at[a]] = value
    inside = [at[i] for i in names]
    if names and np.linalg.eigvalsh(Psi[np.ix_(inside, inside)])[0] <= 1e-10:
        text = f"No variables have the correlations given for {', '.join(names)} (correlation is {given!r})."
        hint = "Give smaller correlations."
        raise OptionError("simulate.impossible_correlation", text, variable="correlation", value=given, hint=hint)
    return Psi


def _covarying(spec: ModelSpec, names: list[str]) -> list[Pair]:
    """Return pairs of exogenous variables that covary: constructs, observed variables, and what the spec's terms say."""
    latent = [n for n in names if n in spec.construct_names]
    pairs = [*combinations(latent, 2), *combinations([n for n in names if n not in latent], 2)]
    said = {frozenset((t.lhs, t.rhs)): t for t in spec.terms if t.op == "~~" and t.lhs != t.rhs}
    known = {frozenset(p) for p in pairs}
    pairs += [(t.lhs, t.rhs) for ends, t in said.items() if ends <= set(names) and ends not in known]
    return [p for p in pairs if frozenset(p) not in said or said[frozenset(p)].value != 0]


def _stated(spec: ModelSpec, given: Any) -> tuple[dict[Pair, float], dict[Pair, float]]:
    """Return the paths whose value is given, and the expected sign of every path."""
    signs = {(p.source, p.target): -1.0 if p.sign == "-" else 1.0 for p in spec.paths}
    zeros = {(t.rhs, t.lhs): 0.0 for t in spec.terms if t.op == "~" and t.value == 0}
    if given is None:
        return zeros, signs
    if isinstance(given, Mapping):
        return zeros | by_pair("paths", given, list(signs)), signs
    size = number("paths", "paths", given)
    return {pair: size * sign for pair, sign in signs.items()} | zeros, signs


def _coefficients(pairs: list[Pair], stated: dict[Pair, float], signs: dict[Pair, float], R: Array) -> Array:
    """Return the coefficients into one variable; those not stated share what is left of its variance."""
    fixed = np.array([stated.get(pair, 0.0) for pair in pairs])
    open_ = np.array([0.0 if pair in stated else signs[pair] for pair in pairs])
    if open_.any():
        open_ *= min(DEFAULT_PATH, np.sqrt(DEFAULT_R2 / (open_ @ R @ open_)))
    for part in np.linspace(1, 0, 41):
        b = np.asarray(fixed + part * open_)
        if b @ R @ b <= LARGEST_DEFAULT_R2:
            break
    if b @ R @ b >= 1:
        target = pairs[0][1]
        text = f"The paths into {target!r} explain {b @ R @ b:.3g} of its variance of 1."
        hint = f"Give smaller paths: {', '.join(f'{s!r} {v:.3g}' for (s, _), v in zip(pairs, b, strict=True))}."
        raise OptionError("simulate.impossible_paths", text, variable=target, value=float(b @ R @ b), hint=hint)
    return b


def _implied(Beta: Array, Psi: Array) -> Array:
    A = np.linalg.inv(np.eye(len(Beta)) - Beta)
    return np.asarray(A @ Psi @ A.T)


def _residual(c: Construct, loading: dict[str, float]) -> Array:
    """Return the residual covariances of a block; those of a composite are added up to zero by its weights."""
    s = np.sqrt([1 - loading[i] ** 2 for i in c.items])
    k = len(s)
    if c.mode == "formative" and k > 1:
        return np.asarray(np.outer(s, s) * (k * np.eye(k) - 1) / (k - 1))
    return np.diag(s**2)


def composite_weights(c: Construct, loading: dict[str, float]) -> Array:
    """Return the weights that make a formative block a composite of unit variance with the stated loadings."""
    lam = np.array([loading[i] for i in c.items])
    w = 1 / np.sqrt(1 - lam**2) if len(lam) > 1 else np.ones(1)
    return np.asarray(w / (w @ lam))


def _measurement(spec: ModelSpec, nodes: tuple[str, ...], loading: dict[str, float]) -> tuple[Array, Array]:
    at = {name: k for k, name in enumerate(spec.items)}
    Lambda, Theta = np.zeros((len(at), len(nodes))), np.zeros((len(at), len(at)))
    for name in set(at) & set(nodes):
        Lambda[at[name], nodes.index(name)] = 1.0
    for c in spec.constructs:
        inside = [k for k, i in enumerate(c.items) if i in at and i not in nodes]
        rows = [at[c.items[k]] for k in inside]
        Lambda[rows, nodes.index(c.name)] = [loading[c.items[k]] for k in inside]
        Theta[np.ix_(rows, rows)] = _residual(c, loading)[np.ix_(inside, inside)]
    return Lambda, Theta


def _metric(spec: ModelSpec, means: Any, sd: Any, share: float) -> tuple[Array, Array]:
    """Return means and standard deviations of the continuous answers in the items' own units."""
    binary = {i.name for i in spec.indicators if i.scale == (0.0, 1.0)}
    ones = number("share", "share", share)
    blocks = {name: leaves(spec, name) for name in spec.construct_names}
    points = by_item("means", means, {i: 100 * ones if i in binary else MEAN for i in spec.items}, blocks, binary)
    of_shares = {i: float(np.sqrt(points[i] * (100 - points[i]))) for i in binary}
    spreads = by_item("sd", sd, {i: of_shares.get(i, SD) for i in spec.items}, blocks, binary) | of_shares
    lo = np.array([i.scale[0] if i.scale else 0.0 for i in spec.indicators])
    width = np.array([i.scale[1] - i.scale[0] if i.scale else 0.0 for i in spec.indicators]) / 100
    centre = lo + width * np.array([points[i] for i in spec.items])
    return centre, np.where(width > 0, width * np.array([spreads[i] for i in spec.items]), 1.0)


def leaves(spec: ModelSpec, name: str) -> tuple[str, ...]:
    """Return the items below a construct, through lower constructs."""
    if name not in spec.construct_names:
        return (name,)
    return tuple(leaf for i in spec.construct(name).items for leaf in leaves(spec, i))
