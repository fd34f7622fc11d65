"""A rolling pool of minimisations of the ML discrepancy: few members of a stack at a time, each replaced as it finishes.

A slot's arrays stay in the processor's cache, and a member's arithmetic does not depend on its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv, dpotrf, dpotri

from csimodels.estimators.derivatives import Pairs, Workspace, expected_hessian, gradient, hessian, pairs
from csimodels.estimators.matrices import Layout, fill, implied, parameters

__all__ = ["Route", "Solution", "discrepancy", "log_determinant", "pivots", "pseudo_inverse", "run"]

Array = NDArray[Any]
# slots, and pairs of parameters in all of them: with more the arrays would leave the processor's cache
SLOTS, FEWEST, PAIRS = 48, 8, 100_000
NEWTON_BELOW = 0.3
STEP_CAP = 1.0
RISE = 1e-12
SHORTEST = 1e-12
LAST_STEP = 1e-10
ROUNDING = 1e-18
SINGULAR = 1e-12


class Solution(NamedTuple):
    """Result of a minimisation on a stack.

    x (B, q) free parameters; F (B,) discrepancy; decrement (B,) Newton decrement g' H^-1 g, after a last Newton step its square, which
    bounds what is left; converged (B,); evaluations (B,). A member without a positive definite sample or implied covariance has NaN in x
    and an infinite F.
    """

    x: Array
    F: Array
    decrement: Array
    converged: Array
    evaluations: Array


class Route(NamedTuple):
    """Where the members go.

    first (B, q) is tried first and taken if F is at most ``bound`` (B,) there, else fallback (B, q); ``near`` says whether a Newton step
    is due at once; a member is done at a decrement of ``tol`` and given up after ``most`` evaluations.
    """

    first: Array
    bound: Array
    fallback: Array
    near: bool
    tol: float
    most: int


class _Local(NamedTuple):
    """Derivatives where the slots stand: g (n, q); K and K_G (n, p + 2m, p + 2m); A and Phi (n, m, m)."""

    g: Array
    K: Array
    K_G: Array
    A: Array
    Phi: Array


@dataclass
class _Slots:
    """State of the members under way: where they stand, the step before them, and how far along it they may go."""

    member: Array
    S: Array
    logdet: Array
    x: Array
    F: Array
    local: _Local
    step: Array
    alpha: Array
    decrement: Array
    newton: Array
    last: Array
    evaluations: Array


def discrepancy(Sigma: Array, S: Array, logdet_S: Array) -> tuple[Array, Array]:
    """Return F = log|Sigma| + tr(S Sigma^-1) - log|S| - p and Sigma^-1; F is infinite where Sigma is not positive definite.

    Positive definiteness is judged by Cholesky, never by a determinant's sign.
    """
    pivot, inverse = _factored(Sigma)
    for root in inverse:
        dpotri(root.T, lower=0, overwrite_c=1)
    B, p, _ = Sigma.shape
    inverse = inverse.reshape(B, p * p).take(_mirror(p), axis=1).reshape(B, p, p)
    F = _log_product(pivot) + np.einsum("bij,bij->b", inverse, S) - logdet_S - p
    F[~np.isfinite(F)] = np.inf
    return F, inverse


def log_determinant(M: Array) -> Array:
    """Return log|M| (B,), infinite where a matrix is not positive definite."""
    return _log_product(pivots(M))


def pivots(M: Array) -> Array:
    """Return the squared diagonal of Cholesky's factor (B, p), NaN where a matrix is not positive definite."""
    return _factored(M)[0]


def _factored(M: Array) -> tuple[Array, Array]:
    """Return the pivots (B, p) and Cholesky's factors, the lower triangles of (B, p, p)."""
    root = np.array(M, order="C")
    failed = [dpotrf(part.T, lower=0, clean=0, overwrite_a=1)[1] != 0 for part in root]
    pivot = np.diagonal(root, axis1=-2, axis2=-1) ** 2
    pivot[np.array(failed, dtype=bool)] = np.nan
    return pivot, root


def _log_product(pivot: Array) -> Array:
    out: Array = np.log(pivot).sum(axis=-1)
    out[~np.isfinite(out)] = np.inf
    return out


@lru_cache(maxsize=256)
def _mirror(p: int) -> Array:
    """Return where the lower triangle of a (p, p) matrix holds each entry (p * p,)."""
    i, j = np.indices((p, p))
    out: Array = (np.maximum(i, j) * p + np.minimum(i, j)).ravel()
    return out


def run(lay: Layout, S: Array, logdet_S: Array, route: Route) -> Solution:
    """Minimise the discrepancy of every member (B,) whose log|S| is finite."""
    B, q = route.first.shape
    found = Solution(np.full((B, q), np.nan), np.full(B, np.inf), np.full(B, np.inf), np.zeros(B, dtype=bool), np.zeros(B, dtype=int))
    waiting = np.flatnonzero(np.isfinite(logdet_S))
    info, work = pairs(lay), Workspace()
    at = _empty(lay, min(waiting.size, SLOTS, max(FEWEST, PAIRS // max(info.weight.size, 1))))
    done = np.ones(at.member.size, dtype=bool)
    with np.errstate(all="ignore"):
        waiting = _refill(at, done, waiting, S, logdet_S, route)
        while at.member.size:
            done = _round(lay, info, at, route, work)
            if done.any():
                _record(found, at, done, route)
                waiting = _refill(at, done, waiting, S, logdet_S, route)
    return found


def _empty(lay: Layout, n: int) -> _Slots:
    """Return n slots without members."""
    p, m, q, wide = lay.p, lay.m, lay.q, lay.p + 2 * lay.m
    return _Slots(
        member=np.zeros(n, dtype=int),
        S=np.zeros((n, p, p)),
        logdet=np.zeros(n),
        x=np.zeros((n, q)),
        F=np.zeros(n),
        local=_Local(*(np.zeros((n, *shape)) for shape in ((q,), (wide, wide), (wide, wide), (m, m), (m, m)))),
        step=np.zeros((n, q)),
        alpha=np.ones(n),
        decrement=np.zeros(n),
        newton=np.zeros(n, dtype=bool),
        last=np.zeros(n, dtype=bool),
        evaluations=np.zeros(n, dtype=int),
    )


def _refill(at: _Slots, done: Array, waiting: Array, S: Array, logdet_S: Array, route: Route) -> Array:
    """Put waiting members into the slots that are done, drop the slots left over, and return who still waits."""
    free = np.flatnonzero(done)
    member = waiting[: free.size]
    slot = free[: member.size]
    at.member[slot], at.S[slot], at.logdet[slot] = member, S[member], logdet_S[member]
    at.x[slot], at.F[slot] = route.fallback[member], route.bound[member]
    at.step[slot] = route.first[member] - route.fallback[member]
    at.alpha[slot], at.evaluations[slot], at.last[slot] = 1.0, 0, False
    at.decrement[slot] = 0.0 if route.near else STEP_CAP
    if slot.size < free.size:
        stay = np.ones(done.size, dtype=bool)
        stay[free[slot.size :]] = False
        _keep(at, stay)
    return waiting[slot.size :]


def _keep(at: _Slots, stay: Array) -> None:
    """Drop the slots that do not stay."""
    for field in fields(at):
        value = getattr(at, field.name)
        setattr(at, field.name, _Local(*(part[stay] for part in value)) if field.name == "local" else value[stay])


def _record(found: Solution, at: _Slots, done: Array, route: Route) -> None:
    """Write down the members that are done."""
    member, F, decrement = at.member[done], at.F[done], at.decrement[done]
    found.x[member] = np.where(np.isfinite(F)[:, None], at.x[done], np.nan)
    found.F[member], found.decrement[member], found.evaluations[member] = F, decrement, at.evaluations[done]
    found.converged[member] = np.isfinite(F) & (decrement <= max(route.tol, LAST_STEP))


def _round(lay: Layout, info: Pairs, at: _Slots, route: Route, work: Workspace) -> Array:
    """Evaluate every slot at the end of its step, aim anew, and return which slots are done."""
    length = at.alpha * np.minimum(1.0, STEP_CAP / np.sqrt(np.maximum(at.decrement, 1e-300)))
    x = at.x + length[:, None] * at.step
    imp = implied(fill(lay, parameters(lay, x, at.S)))
    F, inverse = discrepancy(imp.Sigma, at.S, at.logdet)
    better = np.isfinite(F) & (at.F + RISE * np.maximum(1.0, np.abs(at.F)) >= F)
    done = _judge(at, x, F, better)
    if not done.all():
        new = _Local(*gradient(info, imp, inverse, at.S), imp.A, imp.Phi)
        at.local = new if better.all() else _merged(new, at.local, np.flatnonzero(~better))
        _aim(info, at, route, done, work)
    return done


def _merged(new: _Local, old: _Local, stayed: Array) -> _Local:
    """Return new derivatives with the old ones of the slots that stayed where they were."""
    for moved, kept in zip(new, old, strict=True):
        moved[stayed] = kept[stayed]
    return new


def _judge(at: _Slots, x: Array, F: Array, better: Array) -> Array:
    """Move the slots that are better off, shorten the steps of the others, and return which are done."""
    at.evaluations += 1
    at.newton = better & (at.decrement < NEWTON_BELOW)
    settled: Array = better & at.last
    at.decrement[settled] **= 2
    if better.all():
        at.x, at.F, at.alpha = x, F, np.minimum(1.0, 2.0 * at.alpha)
        return settled
    back = ~better & (at.evaluations == 1)
    lost = ~better & ~back & np.isinf(at.F)
    at.x[better], at.F[better] = x[better], F[better]
    at.F[back], at.step[back] = np.inf, 0.0
    at.alpha = np.where(better | back, np.minimum(1.0, 2.0 * at.alpha), at.alpha / 2.0)
    settled |= lost | (at.alpha <= SHORTEST)
    return settled


def _aim(info: Pairs, at: _Slots, route: Route, done: Array, work: Workspace) -> None:
    """Give the slots that go on a new step; those at their optimum, or out of evaluations, are done."""
    going = ~done & np.isfinite(at.F)
    if not going.any():
        return
    go: slice | Array = slice(None) if going.all() else np.flatnonzero(going)
    local = _Local(*(part[go] for part in at.local))
    step, exact = _steps(info, local, at.newton[go], work)
    size = np.maximum(-(step * local.g).sum(axis=-1), 0.0)
    last = exact & (size <= max(route.tol, LAST_STEP)) & (size > ROUNDING)
    at.step[go], at.decrement[go], at.last[go] = step, size, last
    done[go] = ((size <= route.tol) & ~last) | (at.evaluations[go] >= route.most)


def _steps(info: Pairs, local: _Local, newton: Array, work: Workspace) -> tuple[Array, Array]:
    """Return Newton (or scoring) steps (n, q), and which used the observed Hessian; it must be positive definite to be used."""
    step, solved = _solved(hessian(info, local.A, local.Phi, local.K, local.K_G, newton, work), local.g)
    if not solved.all():
        bad = np.flatnonzero(~solved)
        H = expected_hessian(info, local.K[bad], work)
        step[bad], usable = _solved(H.copy(), local.g[bad])
        for b, M in zip(bad[~usable], H[~usable], strict=True):
            step[b] = -pseudo_inverse(M) @ local.g[b]
    return step, newton & solved


def _solved(H: Array, g: Array) -> tuple[Array, Array]:
    """Return -H^-1 g (n, q) and which H (n, q, q), destroyed here, are positive definite."""
    step = np.negative(g, order="C")
    if not step.size:  # nothing is free, and LAPACK refuses matrices without rows
        return step, np.ones(len(g), dtype=bool)
    failed = [dposv(M.T, s, lower=1, overwrite_a=1, overwrite_b=1)[2] for M, s in zip(H, step, strict=True)]
    return step, (np.array(failed) == 0) & np.isfinite(step).all(axis=-1)


def pseudo_inverse(H: Array) -> Array:
    """Return the pseudo-inverse of one Hessian (q, q), judged at unit diagonal; NaN where H is not finite."""
    if not np.isfinite(H).all():
        return np.full_like(H, np.nan)
    d = 1.0 / np.sqrt(np.maximum(np.abs(np.diagonal(H)), 1e-300))
    scale = d[:, None] * d
    out: Array = np.linalg.pinv(H * scale, rcond=SINGULAR, hermitian=True) * scale
    return out
