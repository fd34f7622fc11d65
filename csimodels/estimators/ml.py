"""Normal-theory maximum likelihood by Fisher scoring, then Newton, on a stack of covariance matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.derivatives import Pairs, expected_hessian, gradient, observed_hessian, pairs
from csimodels.estimators.matrices import Implied, Layout, fill, implied, parameters

__all__ = ["Solution", "discrepancy", "minimise"]

Array = NDArray[Any]
NEWTON_BELOW = 0.3
STEP_CAP = 1.0
RISE = 1e-12
LAST_STEP = 1e-10


class Solution(NamedTuple):
    """Result of a minimisation on a stack.

    x (B, q) free parameters; F (B,) discrepancy; decrement (B,) Newton decrement g' H^-1 g, after a last Newton step from below 1e-10 its
    square, which bounds what is left; converged (B,); evaluations (B,).
    """

    x: Array
    F: Array
    decrement: Array
    converged: Array
    evaluations: Array


@dataclass
class _Point:
    """Where each member stands: parameters, discrepancy, and what the derivatives need."""

    x: Array
    F: Array
    inverse: Array
    imp: Implied


def discrepancy(Sigma: Array, S: Array, logdet_S: Array) -> tuple[Array, Array]:
    """Return F = log|Sigma| + tr(S Sigma^-1) - log|S| - p and Sigma^-1; F is infinite where Sigma is not positive definite."""
    ok, root = cholesky(Sigma)
    if not ok.all():
        F, inverse = np.full(len(Sigma), np.inf), np.zeros_like(Sigma)
        if ok.any():
            F[ok], inverse[ok] = discrepancy(Sigma[ok], S[ok], logdet_S[ok])
        return F, inverse
    half = np.linalg.inv(root)
    inverse = half.swapaxes(-1, -2) @ half
    logdet = 2.0 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(-1)
    return logdet + (inverse * S).sum((-1, -2)) - logdet_S - S.shape[-1], inverse


def cholesky(M: Array) -> tuple[Array, Array]:
    """Return which members are positive definite and their Cholesky factors; never judged by a determinant's sign."""
    try:
        return np.ones(M.shape[0], dtype=bool), np.linalg.cholesky(M)
    except np.linalg.LinAlgError:
        if M.shape[0] == 1:
            return np.zeros(1, dtype=bool), np.zeros_like(M)
    ok, root = np.zeros(M.shape[0], dtype=bool), np.zeros_like(M)
    for b in range(M.shape[0]):
        ok[b], root[b] = (part[0] for part in cholesky(M[b : b + 1]))
    return ok, root


def log_determinant(S: Array) -> Array:
    """Return log|S| of positive definite matrices."""
    out: Array = 2.0 * np.log(np.diagonal(np.linalg.cholesky(S), axis1=-2, axis2=-1)).sum(-1)
    return out


def minimise(lay: Layout, S: Array, start: Array, tol: float = 1e-18, max_evaluations: int = 500, near: bool = False) -> Solution:
    """Minimise the ML discrepancy for every member of a stack.

    Parameters
    ----------
    lay : Layout
        Positions of the parameters.
    S : array (B, p, p)
        Sample covariance matrices.
    start : array (B, q)
        Starting values whose implied covariance is positive definite.
    tol : float
        Newton decrement at which a member is done.
    max_evaluations : int
        Evaluations after which a member is given up.
    near : bool
        Whether the start is near enough to the optimum for a Newton step at once.

    Returns
    -------
    Solution
    """
    info, logdet_S = pairs(lay), log_determinant(S)
    at = _evaluate(lay, start.copy(), S, logdet_S)
    B = S.shape[0]
    decrement, evaluations = np.full(B, np.inf), np.ones(B, dtype=int)
    alpha, newton = np.ones(B), np.full(B, near)
    active = np.flatnonzero(np.isfinite(at.F))
    while active.size:
        step, size, exact = _direction(info, at, S, active, newton[active])
        decrement[active] = size
        go = (size > tol) & (evaluations[active] < max_evaluations)
        active, step, last = active[go], step[go], (exact & (size <= LAST_STEP))[go]
        if not active.size:
            break
        length = alpha[active] * np.minimum(1.0, STEP_CAP / np.sqrt(np.maximum(decrement[active], 1e-300)))
        trial = _evaluate(lay, at.x[active] + length[:, None] * step, S[active], logdet_S[active])
        evaluations[active] += 1
        better = at.F[active] + RISE * np.maximum(1.0, np.abs(at.F[active])) >= trial.F
        at = _moved(at, trial, active, better)
        alpha[active] = np.where(better, np.minimum(1.0, 4.0 * alpha[active]), alpha[active] / 4.0)
        newton[active] = better & (decrement[active] < NEWTON_BELOW)
        decrement[active] = np.where(better & last, decrement[active] ** 2, decrement[active])
        active = active[(alpha[active] > 1e-12) & ~(better & last)]
    return Solution(at.x, at.F, decrement, decrement <= np.maximum(tol, 1e-10), evaluations)


def _evaluate(lay: Layout, x: Array, S: Array, logdet_S: Array) -> _Point:
    imp = implied(fill(lay, parameters(lay, x, S)))
    F, inverse = discrepancy(imp.Sigma, S, logdet_S)
    return _Point(x, F, inverse, imp)


def _moved(at: _Point, trial: _Point, active: Array, better: Array) -> _Point:
    """Return where the members stand after those whose trial is better have moved."""
    if better.all() and active.size == at.F.size:
        return trial
    to = active[better]
    at.x[to], at.F[to], at.inverse[to] = trial.x[better], trial.F[better], trial.inverse[better]
    for old, new in zip(at.imp, trial.imp, strict=True):
        old[to] = new[better]
    return at


def _direction(info: Pairs, at: _Point, S: Array, active: Array, newton: Array) -> tuple[Array, Array, Array]:
    """Return the scoring (or Newton) step of the active members, its decrement, and which used the exact Hessian."""
    whole = active.size == at.F.size
    inverse, imp, own = (at.inverse, at.imp, S) if whole else (at.inverse[active], Implied(*(part[active] for part in at.imp)), S[active])
    g, K, K_G = gradient(info, imp, inverse, own)
    exact = np.zeros(active.size, dtype=bool)
    if newton.all():
        H = observed_hessian(info, imp, K, K_G)
        exact, _ = cholesky(H)
        if not exact.all():
            H[~exact] = expected_hessian(info, K[~exact])
    else:
        H = expected_hessian(info, K)
        if newton.any():
            observed = observed_hessian(info, Implied(*(part[newton] for part in imp)), K[newton], K_G[newton])
            usable, _ = cholesky(observed)
            exact[np.flatnonzero(newton)[usable]] = True
            H[exact] = observed[usable]
    step = -_solve(H, g)
    return step, np.maximum(-(step * g).sum(-1), 0.0), exact


def _solve(H: Array, g: Array) -> Array:
    """Solve H x = g after scaling H to unit diagonal, by the pseudo-inverse where it is singular."""
    d = 1.0 / np.sqrt(np.maximum(np.diagonal(H, axis1=-2, axis2=-1), 1e-300))
    scaled = H * d[:, :, None] * d[:, None, :]
    try:
        out: Array = d * np.linalg.solve(scaled, (d * g)[..., None])[..., 0]
    except np.linalg.LinAlgError:
        out = d * (np.linalg.pinv(scaled, rcond=1e-12, hermitian=True) @ (d * g)[..., None])[..., 0]
    return out
