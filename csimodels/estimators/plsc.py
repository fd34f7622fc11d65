"""Consistent PLS: reliabilities of composites, and what they correct (Dijkstra & Henseler 2015, doi:10.25300/MISQ/2015/39.2.02).

The stack is the last axis, as in ``pls``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.pls import Composites
from csimodels.estimators.pls_plan import Plan

__all__ = ["corrected_correlations", "corrected_loadings", "indicator_correlations", "indicator_loadings", "rho_a"]

Array = NDArray[Any]


def indicator_correlations(plan: Plan, R: Array, comp: Composites) -> Array:
    """Return the correlations (pairs, pairs, B) of all indicators, lower constructs among them, in the order of ``plan.pairs``."""
    p, at = len(plan.items), np.array([i for _, i in plan.pairs])
    if at.tolist() == list(range(p)):
        return R
    every: Array = np.concatenate([np.concatenate([R, comp.X], axis=1), np.concatenate([comp.X.swapaxes(0, 1), comp.C], axis=1)])
    out: Array = every[np.ix_(at, at)]
    return out


def indicator_loadings(plan: Plan, comp: Composites) -> Array:
    """Return each indicator's correlation with its own construct, shape (pairs, B)."""
    p = len(plan.items)
    return np.stack([comp.X[i, j] if i < p else comp.C[i - p, j] for j, i in plan.pairs])


def rho_a(plan: Plan, indicators: Array, w: Array) -> Array:
    """Return rho_A = (w'w)^2 w'(S - diag S)w / w'(ww' - diag ww')w of every construct (m, B); one where mode A does not apply."""
    out = np.ones((len(plan.blocks), w.shape[-1]))
    for j, block in enumerate(plan.blocks):
        if len(block) > 1 and plan.modes[j] == "A":
            v = w[plan.slices[j]]
            square, fourth = (v**2).sum(axis=0), (v**4).sum(axis=0)
            S = indicators[plan.slices[j], plan.slices[j]]
            common = (v * np.einsum("ikb,kb->ib", S, v)).sum(axis=0) - square
            with np.errstate(all="ignore"):
                out[j] = square**2 * common / (square**2 - fourth)
    return out


def corrected_correlations(plan: Plan, C: Array, rho: Array) -> Array:
    """Return construct correlations divided by the roots of the corrected constructs' reliabilities, NaN where one is negative."""
    size = np.ones_like(rho)
    with np.errstate(invalid="ignore"):
        size[list(plan.consistent)] = np.sqrt(rho[list(plan.consistent)])
    out: Array = C / (size[:, None] * size)
    out[range(len(rho)), range(len(rho))] = 1.0
    return out


def corrected_loadings(plan: Plan, loadings: Array, w: Array, rho: Array) -> Array:
    """Return loadings w sqrt(rho_A) / w'w of the corrected constructs, the others' as they are."""
    out = loadings.copy()
    for j in plan.consistent:
        v = w[plan.slices[j]]
        with np.errstate(invalid="ignore"):
            out[plan.slices[j]] = v * np.sqrt(rho[j]) / (v**2).sum(axis=0)
    return out
