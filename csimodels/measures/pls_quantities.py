"""Quantities of PLS solutions on a stack, whose axis is the last one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.pls_estimate import PLSState
from csimodels.measures.outline import Outline
from csimodels.measures.quantities import IndexBlock, Metric, index_quantities, validity_quantities
from csimodels.measures.structural import arrows_of, structural, total_effects_of
from csimodels.measures.validity import block_alpha

__all__ = ["effect_quantities", "pls_proper", "pls_quantities"]

Array = NDArray[Any]
BEYOND_ONE = 1e-6
DEFINITE = 1e-10


def effect_quantities(outline: Outline, b: Array) -> dict[str, Array]:
    """Return direct, indirect and total effects (pairs, B) of arrows (arrows, B)."""
    plan = outline.plan
    total = total_effects_of(plan, b)
    direct = np.zeros_like(total)
    for k, (s, t) in enumerate(plan.arrows):
        direct[t, s] = b[k]
    source, target = np.array(outline.effects, dtype=int).reshape(-1, 2).T
    return {
        "effects.direct": direct[target, source],
        "effects.indirect": (total - direct)[target, source],
        "effects.total": total[target, source],
    }


def pls_quantities(
    outline: Outline, state: PLSState, cov: Array, metric: Metric | None, rule: str = "estimated", given: Mapping[int, Array] | None = None
) -> dict[str, Array]:
    """Return every quantity of a stack of PLS solutions; ``cov`` (p, p, B) are the items' covariances."""
    plan = outline.plan
    inner = structural(plan, state.C)
    arrows = arrows_of(plan, state.C, inner.b)
    out = effect_quantities(outline, arrows) | {
        "table.est": np.concatenate([state.w[: plan.shown], state.loadings[: plan.shown], inner.b]),
        "rsquared.rsquared": inner.r2,
        "reliability.alpha_raw": _alpha_raw(outline, cov),
        "reliability.rho_a": state.rho_a[: plan.latent],
    }
    out |= validity_quantities(outline, state.indicators, state.loadings, inner, 1.0)
    if metric is not None:
        blocks = _index_blocks(outline, state, metric.sd, rule, given or {})
        out |= index_quantities(outline, blocks, metric, total_effects_of(plan, arrows))
    return out


def pls_proper(outline: Outline, state: PLSState) -> Array:
    """Return whether no loading exceeds one and construct correlations are positive definite (B,); always so without correction."""
    finite = np.asarray(np.isfinite(state.C).all(axis=(0, 1)))
    if not outline.plan.consistent:
        return finite
    inner = structural(outline.plan, state.C)
    with np.errstate(invalid="ignore"):
        small = (np.abs(state.loadings) <= 1 + BEYOND_ONE).all(axis=0) & (inner.r2 <= 1 + BEYOND_ONE).all(axis=0)
    definite = np.zeros(state.C.shape[-1], dtype=bool)
    definite[finite] = np.linalg.eigvalsh(np.moveaxis(state.C[..., finite], -1, 0))[:, 0] > -DEFINITE
    out: Array = small & definite
    return out


def _index_blocks(outline: Outline, state: PLSState, sd: Array, rule: str, given: Mapping[int, Array]) -> list[IndexBlock]:
    """Return the items of every index with their weights of raw answers: W / sd unless a rule says otherwise."""
    out = []
    for j, items in zip(outline.indexed, outline.index_items, strict=True):
        at = np.array(items)
        W = state.comp.W[at, j]
        if rule == "given":
            u = np.repeat(given[j][:, None], sd.shape[-1], axis=1)
        else:
            u = np.ones_like(W) if rule == "equal" else W if rule == "standardised" else W / sd[at]
        loading = state.loadings[outline.plan.slices[j]] if j in outline.plan.consistent else state.comp.X[at, j]
        out.append(IndexBlock(at, u, loading))
    return out


def _alpha_raw(outline: Outline, cov: Array) -> Array:
    """Return raw alpha of blocks of items (measured, B); NaN for blocks of lower constructs."""
    plan = outline.plan
    out = np.full((plan.latent, cov.shape[-1]), np.nan)
    for j in range(plan.latent):
        at = plan.blocks[j]
        if max(at) < len(plan.items):
            block = cov[at[0] : at[-1] + 1, at[0] : at[-1] + 1] if at[-1] - at[0] + 1 == len(at) else cov[np.ix_(at, at)]
            out[j] = block_alpha(block, [slice(0, len(at))], 1.0)[0]
    return out
