"""The structural side of correlations among constructs, on a stack whose axis is the last one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.pls import regress
from csimodels.estimators.pls_plan import Plan

__all__ = ["Structural", "adjusted", "arrows_of", "implied_correlations", "structural", "total_effects_of"]

Array = NDArray[Any]


class Structural(NamedTuple):
    """Regressions of every equation: b, vif and f2 (paths, B); r2 (equations, B); lowest (B,), the smallest pivot of the sources."""

    b: Array
    vif: Array
    f2: Array
    r2: Array
    lowest: Array


def structural(plan: Plan, C: Array) -> Structural:
    """Return path coefficients, variance inflation, f2 with scores held, and explained variance.

    f2 = (R2 - R2 without the source) / (1 - R2) = b^2 / (vif (1 - R2)) (Cohen 1988; as cSEM).
    """
    nothing = np.empty((0, C.shape[-1]))
    parts, r2s, lowest = [(nothing, nothing, nothing)], [nothing], np.ones(C.shape[-1])
    for target, sources in plan.equations:
        with np.errstate(all="ignore"):
            b, vif, weakest = regress(C, target, sources)
            r2 = (b * C[list(sources), target]).sum(axis=0)
            parts.append((b, vif, b**2 / (vif * (1.0 - r2))))
        r2s.append(r2[None])
        np.fmin(lowest, np.where(np.isfinite(weakest), weakest, -np.inf), out=lowest)
    b, vif, f2 = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Structural(b, vif, f2, np.concatenate(r2s), lowest)


def arrows_of(plan: Plan, C: Array, b: Array) -> Array:
    """Return the coefficients of the plan's arrows (arrows, B): paths b, then the weights of parts in composites of constructs.

    A composite is a linear function of its parts, so that their weights are its regression on them.
    """
    wholes = dict.fromkeys(whole for _, whole in plan.formed)
    weights = [regress(C, whole, tuple(part for part, w in plan.formed if w == whole))[0] for whole in wholes]
    out: Array = np.concatenate([b, *weights]) if weights else b
    return out


def total_effects_of(plan: Plan, b: Array) -> Array:
    """Return total effects (targets m, sources m, B) of arrows (arrows, B), added up in causal order."""
    m = len(plan.constructs)
    T = np.zeros((m, m, b.shape[-1]))
    into: dict[int, list[tuple[int, int]]] = {}
    for k, (source, target) in enumerate(plan.arrows):
        into.setdefault(target, []).append((source, k))
    for t in plan.causal:
        for source, k in into.get(t, ()):
            T[t] += b[k] * T[source]
            T[t, source] += b[k]
    return T


def adjusted(r2: Array, n: Array | float, sources: Array) -> Array:
    """Return 1 - (1 - R2)(n - 1) / (n - k - 1) for k sources (equations, 1)."""
    out: Array = 1.0 - (1.0 - r2) * (n - 1.0) / (n - sources - 1.0)
    return out


def implied_correlations(plan: Plan, C: Array, inner: Structural) -> Array:
    """Return the correlations of constructs that the paths imply (m, m, B), with independent disturbances of variance 1 - R2.

    (I - B)^-1 Psi (I - B)^-T, its diagonal then set to one, as cSEM: variances differ from one where disturbances are correlated.
    """
    m, into = len(plan.constructs), dict(plan.equations)
    at = {path: k for k, path in enumerate(plan.paths)}
    r2 = {t: inner.r2[k] for k, (t, _) in enumerate(plan.equations)}
    out, done = np.zeros_like(C), list[int]()
    for t in plan.causal:
        sources = into.get(t, ())
        for u in done:
            exogenous = not sources and u not in into
            out[t, u] = out[u, t] = C[t, u] if exogenous else sum(inner.b[at[s, t]] * out[s, u] for s in sources)
        out[t, t] = sum(inner.b[at[s, t]] * out[s, t] for s in sources) + 1.0 - r2.get(t, 0.0)
        done.append(t)
    out[range(m), range(m)] = 1.0
    return out
