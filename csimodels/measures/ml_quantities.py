"""Quantities of covariance-based solutions on a stack; what returns has the stack as its last axis."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.matrices import Layout, fill, structural_covariance
from csimodels.estimators.pls_estimate import correlations
from csimodels.estimators.pls_plan import Plan
from csimodels.measures.effects import effect_pairs, effects
from csimodels.measures.outline import Outline
from csimodels.measures.quantities import IndexBlock, Metric, index_quantities, validity_quantities
from csimodels.measures.standardized import rsquared, standardised
from csimodels.measures.structural import structural, total_effects_of
from csimodels.measures.validity import block_alpha
from csimodels.partable import ParameterTable

__all__ = ["explained", "ml_construct_correlations", "ml_proper", "ml_quantities", "own_indicators"]

Array = NDArray[Any]
PARTS = ("direct", "indirect", "total", "direct_std", "indirect_std", "total_std")
BEYOND_ONE = 1e-6


def ml_quantities(
    table: ParameterTable, lay: Layout, outline: Outline, full: Array, cov: Array, metric: Metric | None, rule: str, given: dict[int, Array]
) -> dict[str, Array]:
    """Return every quantity of parameters (B, K); ``cov`` (p, p, B) are the items' covariances."""
    at = _positions(table, lay, outline)
    std = standardised(lay, full)
    parts = np.split(effects(lay, at.ops, full, effect_pairs(lay, at.ops)).T, 6)
    R, sd = correlations(cov)
    among = structural(outline.plan, ml_construct_correlations(lay, outline, full))
    out = {"table.est": full.T, "table.std": std.T}
    out |= {f"effects.{name}": part for name, part in zip(PARTS, parts, strict=True)}
    out["rsquared.rsquared"] = np.concatenate([part.T for part in rsquared(lay, full)])[at.explained]
    formed = np.where(at.weights[:, None] >= 0, np.nan, _loadings(at, std))
    out |= validity_quantities(outline, own_indicators(outline.plan, R), formed, among, np.nan)
    out["reliability.alpha_raw"] = block_alpha(own_indicators(outline.plan, cov), outline.plan.slices[: outline.plan.latent], np.nan)
    if metric is not None:
        blocks = _index_blocks(outline, _slopes(lay, outline, at, full), _own_weights(lay, outline, at, full), sd, rule, given)
        out |= index_quantities(outline, blocks, metric, total_effects_of(outline.plan, full.T[at.paths]))
    return out


class _Positions(NamedTuple):
    """Where things are among the rows of the table.

    ops are the rows' operators; loadings the rows of ``plan.pairs`` (-1 for a variable that is its own indicator, or part of a composite);
    weights the rows of the parts of composites (-1 elsewhere); paths those of ``plan.arrows``; explained what
    the model explains among structural, then observed variables.
    """

    ops: tuple[str, ...]
    loadings: Array
    weights: Array
    paths: Array
    explained: Array


@lru_cache(maxsize=256)
def _positions(table: ParameterTable, lay: Layout, outline: Outline) -> _Positions:
    plan = outline.plan
    row = {(r.lhs, r.op, r.rhs): k for k, r in enumerate(table.rows)}
    loadings = [row.get((plan.constructs[j], "=~", plan.indicator(i)), -1) for j, i in plan.pairs]
    weights = [row.get((plan.constructs[j], "<~", plan.indicator(i)), -1) for j, i in plan.pairs]
    paths = [row[plan.constructs[t], "~", plan.constructs[s]] for s, t in plan.paths]
    paths += [row[plan.constructs[t], "<~", plan.constructs[s]] for s, t in plan.formed]
    explains = np.array(explained(table, lay), dtype=int)
    return _Positions(tuple(r.op for r in table.rows), np.array(loadings), np.array(weights), np.array(paths, dtype=int), explains)


def explained(table: ParameterTable, lay: Layout) -> list[int]:
    """Return what the model explains: positions among structural variables, then m + the numbers of items."""
    targets = {r.lhs for r in table.rows if r.op == "~"} | {r.rhs for r in table.rows if r.op == "=~"}
    inside = [k for k, name in enumerate(lay.structural) if name in targets]
    return inside + [lay.m + k for k, name in enumerate(table.observed) if name in targets and name not in lay.structural]


def _loadings(at: _Positions, values: Array) -> Array:
    """Return the loadings (pairs, B) among values of all rows (B, K); one for a variable that is its own indicator."""
    return np.where(at.loadings[:, None] < 0, 1.0, values.T[at.loadings])


def ml_construct_correlations(lay: Layout, outline: Outline, full: Array) -> Array:
    """Return the implied correlations of the plan's constructs (m, m, B)."""
    at = [lay.structural.index(name) for name in outline.plan.constructs]
    return correlations(np.moveaxis(structural_covariance(lay, full)[:, at][:, :, at], 0, -1))[0]


def own_indicators(plan: Plan, S: Array) -> Array:
    """Return the items' covariances or correlations in the order of ``plan.pairs``; NaN for lower constructs, which have no answers."""
    number = np.array([i for _, i in plan.pairs], dtype=int)
    if number.tolist() == list(range(len(S))):
        return S
    size = max([*number, len(S) - 1]) + 1
    padded = np.full((size, size, S.shape[-1]), np.nan)
    padded[: len(S), : len(S)] = S
    out: Array = padded[np.ix_(number, number)]
    return out


def _slopes(lay: Layout, outline: Outline, at: _Positions, full: Array) -> Array:
    """Return raw loadings (pairs, B); those of a composite's items are their regressions on it."""
    out = _loadings(at, full)
    formed = np.flatnonzero(at.weights >= 0)
    if formed.size:
        Phi, place = structural_covariance(lay, full), {name: k for k, name in enumerate(lay.structural)}
        for k in formed:
            j, i = (
                place[outline.plan.constructs[outline.plan.pairs[k].construct]],
                place[outline.plan.indicator(outline.plan.pairs[k].indicator)],
            )
            out[k] = Phi[:, i, j] / Phi[:, j, j]
    return out


def _own_weights(lay: Layout, outline: Outline, at: _Positions, full: Array) -> Array:
    """Return weights of raw answers (pairs, B): lambda / theta, a composite's own ones, NaN where an error variance is not positive."""
    p = len(outline.plan.items)
    error = np.diagonal(fill(lay, full).Theta, axis1=-2, axis2=-1).T
    items = np.array([i if i < p else 0 for _, i in outline.plan.pairs], dtype=int)
    with np.errstate(all="ignore"):
        out = np.where(error[items] > 0, _loadings(at, full) / error[items], np.nan)
    formed = at.weights >= 0
    out[formed] = full.T[at.weights[formed]]
    return out


def _index_blocks(outline: Outline, loadings: Array, weights: Array, sd: Array, rule: str, given: dict[int, Array]) -> list[IndexBlock]:
    """Return the items of every index with their weights, equal ones where a weight is not defined."""
    out, p = [], len(outline.plan.items)
    for j in outline.indexed:
        inside = [k for k in range(outline.plan.slices[j].start, outline.plan.slices[j].stop) if outline.plan.pairs[k].indicator < p]
        at = np.array([outline.plan.pairs[k].indicator for k in inside])
        own = np.where(np.isfinite(weights[inside]).all(axis=0) & (len(at) > 1), weights[inside], 1.0)
        if rule == "given":
            own = np.repeat(given[j][:, None], sd.shape[-1], axis=1)
        u = np.ones_like(own) if rule == "equal" else own * sd[at] if rule == "standardised" else own
        out.append(IndexBlock(at, u, loadings[inside] / sd[at]))
    return out


def ml_proper(table: ParameterTable, lay: Layout, full: Array, paths: bool) -> Array:
    """Return which solutions (B, K) have no negative variance, no loading beyond one, and definite latent covariances (B,).

    With ``paths`` standardised paths and correlations beyond one count too, as they do for a single fit.
    """
    ops = np.array([r.op for r in table.rows])
    own = np.array([r.lhs == r.rhs for r in table.rows])
    std = standardised(lay, full)
    with np.errstate(invalid="ignore"):
        negative = (full[:, (ops == "~~") & own] < 0).any(axis=1)
        beyond = (np.abs(std[:, ~own & (paths | (ops == "=~"))]) > 1 + BEYOND_ONE).any(axis=1)
    m = len(table.latent)
    definite = np.ones(len(full), dtype=bool)
    if m:
        Phi = structural_covariance(lay, full)[:, :m, :m]
        finite = np.asarray(np.isfinite(Phi).all(axis=(1, 2)))
        definite = finite.copy()
        definite[finite] = np.linalg.eigvalsh(Phi[finite])[:, 0] > -1e-10
    out: Array = ~negative & ~beyond & definite
    return out
