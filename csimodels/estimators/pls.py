"""Partial least squares path modelling on a stack of correlation matrices (Wold 1982; Lohmoeller 1989).

In these arrays the stack is the **last** axis: blocks do not overlap, so that most products are sums over one block's few items, and a
sum over a contiguous stack costs a seventh of a batch of small matrix products.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.pls_plan import Plan, Stage

__all__ = ["Composites", "Weights", "composites", "outer_weights", "regress", "spd_inverse"]

Array = NDArray[Any]
DEPENDENT = 1e-10
COMPACT_BELOW = 0.6


class Weights(NamedTuple):
    """Result of the algorithm.

    w (pairs, B) outer weights of standardised indicators, in the order of ``plan.pairs``, scaled to unit construct variance;
    iterations (B,) of all stages together; converged (B,); dependent (B,), whether a block of mode B, or the predecessors of a construct,
    are linearly dependent.
    """

    w: Array
    iterations: Array
    converged: Array
    dependent: Array


class Composites(NamedTuple):
    """What weights make of correlations.

    W (p, m, B) weights of the items; X (p, m, B) correlations of items with constructs; C (m, m, B) correlations of constructs.
    """

    W: Array
    X: Array
    C: Array


def spd_inverse(A: Array) -> tuple[Array, Array]:
    """Return the inverses of positive definite matrices (k, k, B) and their smallest pivots (B,), by Gauss-Jordan elimination.

    The pivots of a correlation matrix are 1 - R2 of each variable given those before it.
    """
    k = len(A)
    M, lowest = A.copy(), np.full(A.shape[-1], np.inf)
    for j in range(k):
        pivot = M[j, j].copy()
        np.minimum(lowest, pivot, out=lowest)
        M[j, j] = 1.0
        M[j] /= pivot
        for i in range(k):
            if i != j:
                factor = M[i, j].copy()
                M[i, j] = 0.0
                M[i] -= factor * M[j]
    return M, lowest


def regress(C: Array, target: int, sources: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return coefficients (k, B), the diagonal (k, B) of the inverse of the sources' correlations, and its smallest pivot (B,)."""
    k, B = len(sources), C.shape[-1]
    if k == 1:
        return C[list(sources), target], np.ones((1, B)), np.ones(B)
    inverse, lowest = spd_inverse(C[np.ix_(sources, sources)])
    r = C[list(sources), target]
    b = np.einsum("ijb,jb->ib", inverse, r)
    return b, inverse[range(k), range(k)], lowest


def outer_weights(plan: Plan, R: Array, start: Array | None, tol: float, max_iterations: int) -> Weights:
    """Return the outer weights of every member of a stack.

    Parameters
    ----------
    plan : Plan
        The model.
    R : array (p, p, B)
        Correlations of the items; members with NaN do not converge.
    start : array (pairs,) or None
        Weights to start from, by default equal ones.
    tol : float
        Largest change of any weight at which a member is done.
    max_iterations : int
        Iterations of a stage after which a member is given up.
    """
    B, p = R.shape[-1], len(plan.items)
    w = np.full((len(plan.pairs), B), np.nan)
    iterations, converged, dependent = np.zeros(B, dtype=int), np.ones(B, dtype=bool), np.zeros(B, dtype=bool)
    scores: dict[int, Array] = {}
    for stage in plan.stages:
        plain = stage.columns == tuple(range(p))
        T = None if plain else _columns(plan, stage, scores, B)
        own = R if T is None else _transformed(R, T)
        first = np.ones(len(stage.columns)) if start is None else _started(plan, stage, start)
        v, steps, done, bad = _iterate(plan.scheme, stage, own, first, tol, max_iterations)
        iterations, converged, dependent = iterations + steps, converged & done, dependent | bad
        for j, block in zip(stage.constructs, stage.blocks, strict=True):
            if len(plan.stages) > 1:
                scores[j] = _score(v, block, T, p)
            if tuple(stage.columns[i] for i in block) == plan.blocks[j]:
                w[plan.slices[j]] = v[block[0] : block[-1] + 1]
    return Weights(w, iterations, converged, dependent)


def _columns(plan: Plan, stage: Stage, scores: dict[int, Array], B: int) -> Array:
    """Return the items' weights (p, columns, B) of a stage's columns: an item alone, or the score of an earlier stage."""
    p = len(plan.items)
    T = np.zeros((p, len(stage.columns), B))
    for k, number in enumerate(stage.columns):
        if number < p:
            T[number, k] = 1.0
        else:
            T[:, k] = scores[number - p]
    return T


def _transformed(R: Array, T: Array) -> Array:
    """Return T' R T, member by member."""
    out: Array = np.einsum("ikb,ilb->klb", T, np.einsum("ijb,jlb->ilb", R, T))
    return out


def _started(plan: Plan, stage: Stage, start: Array) -> Array:
    """Return starting weights of a stage's columns: those given where a block is the construct's own, else one."""
    first = np.ones(len(stage.columns))
    for j, block in zip(stage.constructs, stage.blocks, strict=True):
        if tuple(stage.columns[i] for i in block) == plan.blocks[j]:
            first[list(block)] = start[plan.slices[j]]
    return first


def _score(v: Array, block: tuple[int, ...], T: Array | None, p: int) -> Array:
    """Return a score's weights on the items, shape (p, B)."""
    if T is not None:
        own: Array = np.einsum("pkb,kb->pb", T[:, list(block)], v[list(block)])
        return own
    out = np.zeros((p, v.shape[-1]))
    out[list(block)] = v[list(block)]
    return out


def _iterate(scheme: str, stage: Stage, R: Array, first: Array, tol: float, max_iterations: int) -> tuple[Array, Array, Array, Array]:
    """Run the algorithm until every member's weights stand still; return weights, iterations, which converged, which are dependent."""
    B = R.shape[-1]
    inverses, lowest = _mode_b(stage, R)
    dependent = ~(lowest > DEPENDENT)
    out, iterations, converged = np.full((len(first), B), np.nan), np.full(B, max_iterations), np.zeros(B, dtype=bool)
    alive = np.flatnonzero(np.isfinite(R.sum(axis=(0, 1))) & ~dependent)
    own, inverses = R[..., alive], {j: V[..., alive] for j, V in inverses.items()}
    w, X, C = _normalised(stage, own, np.repeat(first[:, None], alive.size, axis=1))
    for step in range(1, max_iterations + 1):
        if not alive.size:
            break
        new, X, C, weakest = _step(scheme, stage, own, inverses, X, C, w)
        change = np.abs(new - w).max(axis=0)
        bad = ~(weakest > DEPENDENT) | ~np.isfinite(change)
        done = (change < tol) & ~converged[alive] & ~bad
        w = new
        if done.any():
            at = alive[done]
            out[:, at], iterations[at], converged[at] = (w * _signs(stage, X, w))[:, done], step, True
        dependent[alive[bad]], iterations[alive[bad]] = True, step
        keep = ~converged[alive] & ~bad
        if keep.sum() < COMPACT_BELOW * alive.size:
            alive, own, w, X, C = alive[keep], own[..., keep], w[:, keep], X[..., keep], C[..., keep]
            inverses = {j: V[..., keep] for j, V in inverses.items()}
    left = ~converged[alive] & ~dependent[alive]
    out[:, alive[left]] = (w * _signs(stage, X, w))[:, left]
    return out, iterations, converged, dependent


def _mode_b(stage: Stage, R: Array) -> tuple[dict[int, Array], Array]:
    """Return the inverse correlations of the blocks of mode B and the smallest pivot of any."""
    lowest, inverses = np.full(R.shape[-1], np.inf), {}
    for j, block in enumerate(stage.blocks):
        if stage.modes[j] == "B" and len(block) > 1:
            with np.errstate(all="ignore"):
                inverses[j], pivot = spd_inverse(R[np.ix_(block, block)])
            lowest = np.fmin(lowest, np.where(np.isfinite(pivot), pivot, -np.inf))
    return inverses, lowest


def _normalised(stage: Stage, R: Array, w: Array) -> tuple[Array, Array, Array]:
    """Return weights scaled to unit construct variance, X = R W (columns, m, B) and C = W' R W (m, m, B)."""
    m = len(stage.blocks)
    X = np.empty((len(w), m, w.shape[-1]))
    C = np.empty((m, m, w.shape[-1]))
    for j, block in enumerate(stage.blocks):
        inside = slice(block[0], block[-1] + 1)
        x = np.einsum("ikb,kb->ib", R[:, inside], w[inside])
        with np.errstate(all="ignore"):
            scale = 1.0 / np.sqrt((w[inside] * x[inside]).sum(axis=0))
        w[inside] *= scale
        np.multiply(x, scale, out=X[:, j])
    for j, block in enumerate(stage.blocks):
        inside = slice(block[0], block[-1] + 1)
        np.einsum("kb,kmb->mb", w[inside], X[inside], out=C[j])
    return w, X, C


def _step(
    scheme: str, stage: Stage, R: Array, inverses: dict[int, Array], X: Array, C: Array, w: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the next weights with their X and C, and the smallest pivot among predecessors (B,)."""
    new, lowest = np.empty_like(w), np.ones(w.shape[-1])
    for j, block in enumerate(stage.blocks):
        inside = slice(block[0], block[-1] + 1)
        if stage.modes[j] == "unit" or len(block) == 1:
            new[inside] = w[inside]
            continue
        neighbours, e, weakest = _inner(scheme, stage, C, j)
        np.minimum(lowest, weakest, out=lowest)
        z = X[inside, neighbours[0]] * e[0]
        for k in range(1, len(neighbours)):
            z += X[inside, neighbours[k]] * e[k]
        new[inside] = np.einsum("ikb,kb->ib", inverses[j], z) if j in inverses else z
    return *_normalised(stage, R, new), lowest


def _inner(scheme: str, stage: Stage, C: Array, j: int) -> tuple[tuple[int, ...], Array, Array]:
    """Return a construct's neighbours, their inner weights (k, B) and the smallest pivot of its predecessors.

    Centroid: signs of correlations; factorial: correlations; path: regression on predecessors, correlations with successors
    (Tenenhaus, Esposito Vinzi, Chatelin & Lauro 2005, doi:10.1016/j.csda.2004.03.005).
    """
    before, after = stage.sources[j], stage.targets[j]
    neighbours = before + after
    lowest = np.ones(C.shape[-1])
    if scheme == "path" and len(before) > 1:
        with np.errstate(all="ignore"):
            b, _, lowest = regress(C, j, before)
        return neighbours, np.concatenate([b, C[list(after), j]]), lowest
    e = C[list(neighbours), j]
    return neighbours, np.sign(e) if scheme == "centroid" else e, lowest


def _signs(stage: Stage, X: Array, w: Array) -> Array:
    """Return 1 or -1 for every weight, such that most loadings of each block are positive, on a tie their sum."""
    signs = np.ones_like(w)
    for j, block in enumerate(stage.blocks):
        inside = slice(block[0], block[-1] + 1)
        loading = X[inside, j]
        votes = np.sign(loading).sum(axis=0)
        flip = (votes < 0) | ((votes == 0) & (loading.sum(axis=0) < 0))
        signs[inside] = np.where(flip, -1.0, 1.0)
    return signs


def composites(plan: Plan, R: Array, w: Array) -> Composites:
    """Return the items' weights of every construct with the correlations they make."""
    p, m, B = len(plan.items), len(plan.constructs), w.shape[-1]
    W, X, C = np.zeros((p, m, B)), np.empty((p, m, B)), np.empty((m, m, B))
    inside = [np.array(_leaves(plan, j)) for j in range(m)]
    for j in plan.lowest_first:
        for number, weight in zip(plan.blocks[j], w[plan.slices[j]], strict=True):
            if number < p:
                W[number, j] += weight
            else:
                W[inside[number - p], j] += weight * W[inside[number - p], number - p]
    for j, at in enumerate(inside):
        own = R[:, at[0] : at[-1] + 1] if at[-1] - at[0] + 1 == at.size else R[:, at]
        np.einsum("ikb,kb->ib", own, W[at, j], out=X[:, j])
    for j, at in enumerate(inside):
        np.einsum("kb,kmb->mb", W[at, j], X[at], out=C[j])
    return Composites(W, X, C)


def _leaves(plan: Plan, j: int) -> tuple[int, ...]:
    """Return the items below a construct, in order."""
    p = len(plan.items)
    return tuple(sorted(i for n in plan.blocks[j] for i in (_leaves(plan, n - p) if n >= p else (n,))))
