"""How well a PLS solution reproduces the items' correlations, on a stack whose axis is the last one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.pls_estimate import PLSState
from csimodels.estimators.pls_plan import Plan
from csimodels.measures.structural import implied_correlations, structural

__all__ = ["implied_items", "pls_fit"]

Array = NDArray[Any]


def pls_fit(plan: Plan, state: PLSState) -> dict[str, Array]:
    """Return SRMR and d_ULS (B,) of the estimated model and of one whose constructs correlate freely.

    SRMR is the root mean squared residual of the distinct correlations, their diagonal counted (Henseler et al. 2014,
    doi:10.1177/1094428114526928); d_ULS is half the sum of all squared residuals (Dijkstra & Henseler 2015,
    doi:10.1016/j.csda.2014.07.008).
    """
    out = {}
    for name, saturated in (("", False), ("_saturated", True)):
        square = ((state.R - implied_items(plan, state, saturated)) ** 2).sum(axis=(0, 1))
        p = len(plan.items)
        out[f"srmr{name}"] = np.sqrt(square / (p * (p + 1)))
        out[f"d_uls{name}"] = square / 2
    return out


def implied_items(plan: Plan, state: PLSState, saturated: bool = False) -> Array:
    """Return the items' implied correlations (p, p, B).

    Items of different blocks correlate by loading x construct correlation x loading; items of one block by the product of their loadings
    where the block is reflective, as observed where it is a composite (mode B or unit weights).
    """
    Phi = _among_constructs(plan, state, saturated)
    p, m = len(plan.items), len(plan.constructs)
    L = np.zeros((p, m, state.R.shape[-1]))
    for k, (j, i) in enumerate(plan.pairs):
        if i < p:
            L[i, j] = state.loadings[k]
    out: Array = np.einsum("ijb,jlb->ilb", L, np.einsum("jkb,lkb->jlb", Phi, L))
    for j, block in enumerate(plan.blocks):
        own = np.ix_(*2 * ([i for i in block if i < p],))
        if plan.modes[j] != "A":
            out[own] = state.R[own]
    out[range(p), range(p)] = state.R[range(p), range(p)]
    return out


def _among_constructs(plan: Plan, state: PLSState, saturated: bool) -> Array:
    """Return implied correlations of the constructs; lower constructs are reached through the construct that they measure."""
    if saturated:
        return state.C
    Phi = implied_correlations(plan, state.C, structural(plan, state.C))
    p = len(plan.items)
    for j in reversed(plan.lowest_first):
        parts = [i - p for i in plan.blocks[j] if i >= p and not _in_paths(plan, i - p)]
        loading = {i - p: state.loadings[plan.slices[j]][k] for k, i in enumerate(plan.blocks[j]) if i >= p}
        for a in parts:
            others = [k for k in range(len(plan.constructs)) if k != a]
            Phi[a, others] = Phi[others, a] = loading[a] * Phi[j, others]
        for a in parts:
            for b in parts:
                if a != b:
                    Phi[a, b] = loading[a] * loading[b] if plan.modes[j] == "A" else state.C[a, b]
    return Phi


def _in_paths(plan: Plan, j: int) -> bool:
    return any(j in path for path in plan.paths)
