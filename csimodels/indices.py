"""Index weights, index table and impacts of a fitted model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.checks import close_to
from csimodels.errors import MissingStatisticError, OptionError, ScaleError
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.matrices import fill, implied, structural_covariance
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.inference.information import interval
from csimodels.labels import text_column, text_index
from csimodels.measures.effects import path_matrix, total_effects
from csimodels.measures.index import IndexWeights, index_scores, index_se, index_units, normalised
from csimodels.measures.outline import leaves
from csimodels.measures.structural import arrows_of, structural, total_effects_of
from csimodels.spec import ModelSpec

__all__ = [
    "checked_delta",
    "impact_table",
    "index_table",
    "index_weights",
    "measured",
    "members",
    "require_means",
    "scales",
    "stated_weights",
    "weights_table",
]

Array = NDArray[Any]
RULES = ("estimated", "equal", "standardised")
Rule = str | Mapping[str, float]
AnyEstimate = Estimate | PLSEstimate


def measured(spec: ModelSpec) -> tuple[str, ...]:
    """Return the constructs that have observed indicators."""
    latent = set(spec.construct_names)
    return tuple(c.name for c in spec.constructs if not latent.issuperset(c.items))


@singledispatch
def members(estimate: Any, spec: ModelSpec) -> dict[str, list[int]]:
    """Return the items of every index; under ML those that measure a construct directly."""
    at = {name: k for k, name in enumerate(spec.items)}
    return {c: [at[i] for i in spec.construct(c).items if i in at] for c in measured(spec)}


@members.register
def _members_pls(estimate: PLSEstimate, spec: ModelSpec) -> dict[str, list[int]]:
    """Return the items below every construct: a composite of composites is a composite of items."""
    return {c: np.flatnonzero(leaves(estimate.plan, j)).tolist() for j, c in enumerate(spec.construct_names)}


def index_weights(spec: ModelSpec, estimate: AnyEstimate, m: Moments, rule: Rule = "estimated") -> tuple[IndexWeights, list[str]]:
    """Return the weights of every index on raw answers, with what had to be said about them.

    Under ML the raw-metric weights are lambda_i / theta_ii within the block; a single item has weight one, and a block with an error
    variance of zero or less gets equal weights. Under PLS they are the outer weights over the items' standard deviations.
    """
    lo, hi = scales(spec)
    blocks = members(estimate, spec)
    sd = np.sqrt(np.diagonal(m.cov))
    own, notes = estimated_weights(estimate, blocks)
    unit = answer_units(estimate, sd)
    u = np.zeros((len(blocks), len(spec.items)))
    chosen = stated_weights(spec, blocks, rule)
    for j, (construct, inside) in enumerate(blocks.items()):
        if rule == "equal":
            u[j, inside] = 1.0
        elif rule == "standardised":
            u[j, inside] = own[construct] / unit[inside] * sd[inside]
        elif rule == "estimated":
            u[j, inside] = own[construct] / unit[inside]
        else:
            u[j, inside] = chosen[construct]
        notes += _negative(construct, [spec.items[k] for k in inside], u[j, inside])
    return IndexWeights(u, lo, hi, tuple(blocks), tuple(map(tuple, blocks.values()))), notes


def scales(spec: ModelSpec) -> tuple[Array, Array]:
    """Return the theoretical scales of the items, lowest and highest answers (p,)."""
    without = [i.name for i in spec.indicators if i.scale is None and i.name not in {o.name for o in spec.observed}]
    if without:
        raise ScaleError(
            "index.no_scale",
            f"The 0-100 index needs the theoretical scale of every item; {len(without)} have none, e.g. {without[0]!r}.",
            variable=without[0],
            value=tuple(without),
            hint="Say scale=(lowest, highest) in fit() or ModelSpec.from_lavaan().",
        )
    pairs = np.array([i.scale or (0.0, 1.0) for i in spec.indicators])
    return pairs[:, 0], pairs[:, 1]


def answer_units(estimate: AnyEstimate, sd: Array) -> Array:
    """Return how far answers (p,) move for a unit of the variables behind ordered items: their standard deviations; others one."""
    if not isinstance(estimate, Estimate) or not estimate.ordinal:
        return np.ones(len(sd))
    variance = np.diagonal(implied(fill(estimate.layout, estimate.full[None])).Sigma[0])
    return np.where(np.isin(estimate.table.observed, estimate.ordinal), sd / np.sqrt(variance), 1.0)


@singledispatch
def estimated_weights(estimate: Any, blocks: Mapping[str, list[int]]) -> tuple[dict[str, Array], list[str]]:
    """Return lambda / theta within each block, a composite's own weights, with what had to be said."""
    mm = fill(estimate.layout, estimate.full[None])
    error = np.diagonal(mm.Theta[0])
    loading = block_loadings(estimate)
    weights, notes, formed = {}, [], composite_weights(estimate)
    for construct, at in blocks.items():
        j = estimate.table.latent.index(construct)
        if len(at) == 1:
            weights[construct] = np.ones(1)
        elif construct in formed:
            weights[construct] = formed[construct]
        elif (error[at] <= 0).any():
            item = estimate.table.observed[at[int(error[at].argmin())]]
            weights[construct] = np.ones(len(at))
            notes.append(
                f"The index of {construct!r} uses equal weights: the error variance of {item!r} is not positive ({error[at].min():.4g})."
            )
        else:
            weights[construct] = loading[at, j] / error[at]
    return weights, notes


@estimated_weights.register
def _estimated_pls(estimate: PLSEstimate, blocks: Mapping[str, list[int]]) -> tuple[dict[str, Array], list[str]]:
    """Return outer weights over standard deviations, of whole composites of items."""
    sd, at = np.sqrt(np.diagonal(estimate.S)), {c: j for j, c in enumerate(estimate.plan.constructs)}
    return {c: estimate.state.comp.W[inside, at[c], 0] / sd[inside] for c, inside in blocks.items()}, []


def composite_weights(estimate: Estimate) -> dict[str, Array]:
    """Return the weights of the items of every composite."""
    rows = [(r, w) for r, w in zip(estimate.table.rows, estimate.full, strict=True) if r.op == "<~" and r.rhs in estimate.table.observed]
    return {c: np.array([w for r, w in rows if r.lhs == c]) for c in dict.fromkeys(r.lhs for r, _ in rows)}


def block_loadings(estimate: Estimate) -> Array:
    """Return the loadings of items on constructs (p, m), also of items that take part in paths themselves.

    Those of the items of a composite are their regressions on it.
    """
    lay = estimate.layout
    out = np.zeros((lay.p, lay.m))
    place = {name: k for k, name in enumerate(lay.structural)}
    Phi = structural_covariance(lay, estimate.full[None])[0]
    for k, row in enumerate(estimate.table.rows):
        if row.op == "=~" and row.rhs in estimate.table.observed:
            out[estimate.table.observed.index(row.rhs), lay.col[k]] = estimate.full[k]
        elif row.op == "<~" and row.rhs in estimate.table.observed:
            j = place[row.lhs]
            out[estimate.table.observed.index(row.rhs), j] = Phi[place[row.rhs], j] / Phi[j, j]
    return out


def stated_weights(spec: ModelSpec, blocks: Mapping[str, list[int]], rule: Rule) -> dict[str, Array]:
    """Return explicit weights by construct, checked; nothing for the named rules."""
    if isinstance(rule, str):
        if rule not in RULES:
            raise OptionError(
                "option.index_weights",
                f"weights is {rule!r}.",
                variable="weights",
                value=rule,
                hint=f"Use one of {RULES} or a mapping of item to weight.",
            )
        return {}
    items = [spec.items[k] for k in sorted({k for inside in blocks.values() for k in inside})]
    for name in (*rule, *items):
        if name not in items or name not in rule:
            raise OptionError(
                "option.index_weights_item",
                f"The weights {'name' if name in rule else 'lack'} {name!r}.",
                variable="weights",
                value=name,
                hint=close_to(name, items) if name in rule else "Give one weight for every item.",
            )
    chosen = {c: np.array([float(rule[spec.items[k]]) for k in inside]) for c, inside in blocks.items()}
    for c, values in chosen.items():
        total = values.sum()
        if not np.isfinite(total) or total <= 0:
            raise OptionError(
                "option.index_weights_sum",
                f"The weights of {c!r} sum to {total:g}.",
                variable="weights",
                value=float(total),
                hint="They must be finite with a positive sum.",
            )
    return chosen


def _negative(construct: str, items: list[str], u: Array) -> list[str]:
    return [f"Item {i!r} has a negative weight in the index of {construct!r} ({w:.4g})." for i, w in zip(items, u, strict=True) if w < 0]


def require_means(m: Moments) -> Array:
    """Return the means, or say that the index needs them."""
    if m.mean is None:
        raise MissingStatisticError(
            "index.no_means",
            "The 0-100 index needs the items' means, which these moments do not hold.",
            variable="mean",
            value=None,
            hint="Give mean= to Moments.from_cov.",
        )
    return m.mean


def index_table(w: IndexWeights, m: Moments, mean_vcov: Array | None, level: float) -> pd.DataFrame:
    """Return the index of every construct with its standard error, weights taken as fixed; unknown without ``mean_vcov`` (p, p)."""
    score = index_scores(w, require_means(m))
    se = np.full(len(score), np.nan) if mean_vcov is None else index_se(w, mean_vcov)
    lower, upper = interval(score, se, level)
    columns = {"score": score, "se": se, "ci_lower": lower, "ci_upper": upper, "weights": text_column(("fixed",) * len(score))}
    return pd.DataFrame(columns, index=text_index(w.constructs, "construct"))


def weights_table(spec: ModelSpec, w: IndexWeights) -> pd.DataFrame:
    """Return raw-metric weights, their shares within the block, and index points per unit of each item."""
    points = normalised(w)
    rows = []
    for j, construct in enumerate(w.constructs):
        total = w.u[j].sum()
        for k in w.members[j]:
            rows.append((construct, spec.items[k], w.u[j, k], w.u[j, k] / total, points[j, k], w.lo[k], w.hi[k]))
    return pd.DataFrame(rows, columns=["construct", "indicator", "weight", "share", "points", "scale_lo", "scale_hi"])


def checked_delta(delta: Any) -> float:
    """Return the rise of a driver's index, in points."""
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.number)) or not np.isfinite(delta) or delta == 0:
        raise OptionError("option.delta", f"delta is {delta!r}.", variable="delta", value=delta, hint="Give index points, e.g. 5.")
    return float(delta)


def impact_table(estimate: AnyEstimate, w: IndexWeights, m: Moments, delta: float) -> pd.DataFrame:
    """Return index points of each target (columns) for delta points of each driver (rows): delta b c_target / c_driver."""
    checked_delta(delta)
    total, loadings = effects_and_loadings(estimate, w.constructs)
    units = index_units(w, loadings * answer_units(estimate, np.sqrt(np.diagonal(m.cov)))[:, None])
    points = delta * (total * units[:, None] / units).T
    table = pd.DataFrame(points, index=pd.Index(w.constructs, name="driver"), columns=pd.Index(w.constructs, name="target"))
    return table.loc[(table != 0).any(axis=1), (table != 0).any(axis=0)]


@singledispatch
def effects_and_loadings(estimate: Any, names: tuple[str, ...]) -> tuple[Array, Array]:
    """Return total effects (targets, sources) among constructs, and the items' loadings on them (p, m), in the metric of the answers."""
    at = [estimate.table.latent.index(c) for c in names]
    total = total_effects(path_matrix(estimate.layout, tuple(r.op for r in estimate.table.rows), estimate.full[None]))[0]
    return total[np.ix_(at, at)], block_loadings(estimate)[:, at]


@effects_and_loadings.register
def _effects_and_loadings_pls(estimate: PLSEstimate, names: tuple[str, ...]) -> tuple[Array, Array]:
    plan, state = estimate.plan, estimate.state
    at = [plan.constructs.index(c) for c in names]
    loadings = state.comp.X[..., 0].copy()
    for j in plan.consistent:
        loadings[list(plan.blocks[j]), j] = state.loadings[plan.slices[j], 0]
    total = total_effects_of(plan, arrows_of(plan, state.C, structural(plan, state.C).b))[..., 0]
    return total[np.ix_(at, at)], loadings[:, at] * np.sqrt(np.diagonal(estimate.S))[:, None]
