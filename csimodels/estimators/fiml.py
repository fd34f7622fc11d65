"""Normal-theory likelihood with means and missing answers: its value, gradient and Hessian by pattern, and its minimum.

Patterns are a stack: where an answer is missing, the rows and columns of Sigma are those of the identity, and those of its inverse zero.
All patterns share Z = [I, Lambda A, Lambda Phi], so that their gradients add up inside Z' G Z.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.estimators.derivatives import Pairs, curvature, pairs
from csimodels.estimators.incomplete import padded_inverse
from csimodels.estimators.matrices import Implied, Layout, fill, implied, parameters
from csimodels.estimators.means import has_means, implied_mean, mean_curvature, mean_jacobian
from csimodels.estimators.patterns import Patterns
from csimodels.estimators.pool import pseudo_inverse
from csimodels.estimators.pooled import pooled_hessian

__all__ = ["Local", "Minimum", "columns", "evaluate", "loglik", "minimise_patterns"]

Array = NDArray[Any]
LAST, SMALL, MOST, SHORTEST, NEWTON_BELOW = 1e-9, 1e-8, 200, 1e-10, 0.3
LOG_2PI = float(np.log(2 * np.pi))


class Local(NamedTuple):
    """The discrepancy at a point: F, gradient (q,), expected or observed Hessian (q, q) of F = -2 log-likelihood / rows but a constant."""

    F: float
    g: Array
    H: Array


class Minimum(NamedTuple):
    """Where the search ended: x (q,), F, its Newton decrement, whether it converged, evaluations."""

    x: Array
    F: float
    decrement: float
    converged: bool
    evaluations: int


def columns(imp: Implied) -> Array:
    """Return Z = [I, Lambda A, Lambda Phi] (p, p + 2m) of one solution."""
    return np.concatenate([np.eye(imp.LA.shape[1]), imp.LA[0], imp.LPhi[0]], axis=1)


class _State(NamedTuple):
    """What value and derivatives share: imp, full, W (B, p, p), log-determinants (B,), deviations of means (B, p), shares (B,)."""

    imp: Implied
    full: Array
    W: Array
    logdet: Array
    d: Array
    share: Array


def _state(lay: Layout, x: Array, data: Patterns, S: Array, mean: Array) -> _State:
    """Evaluate the implied moments and compare them with each pattern's."""
    full = parameters(lay, x[None], S[None], mean[None])
    imp = implied(fill(lay, full))
    W, logdet = padded_inverse(imp.Sigma[0], data.seen)
    mu = implied_mean(lay, full, imp)[0] if has_means(lay) else mean
    return _State(imp, full, W, logdet, np.where(data.seen, data.mean - mu, 0.0), data.n / data.rows)


def _value(s: _State, data: Patterns) -> float:
    """Return F = sum share [log|Sigma| + tr(W T)], T = S + d d'."""
    if not np.isfinite(s.logdet).all():
        return np.inf
    quadratic = (s.d[:, None, :] @ s.W @ s.d[:, :, None])[:, 0, 0]
    return float(s.share @ (s.logdet + np.einsum("bij,bij->b", s.W, data.cov) + quadratic))


def loglik(F: float, data: Patterns) -> float:
    """Return the log-likelihood at a discrepancy."""
    return -0.5 * (data.rows * F + LOG_2PI * float((data.n * data.seen.sum(axis=1)).sum()))


def evaluate(lay: Layout, x: Array, data: Patterns, S: Array, mean: Array, *, observed: bool) -> Local:
    """Return the discrepancy with its derivatives.

    Parameters
    ----------
    lay : Layout
        Positions of the parameters; without intercepts the means are saturated.
    x : array (q,)
        Free parameters.
    data : Patterns
        Moments by pattern.
    S, mean : arrays (p, p), (p,)
        Moments that fixed exogenous variables are tied to; ``mean`` also stands for saturated means.
    observed : bool
        Whether the Hessian is the observed or the expected one.
    """
    s = _state(lay, x, data, S, mean)
    info, Z = pairs(lay), columns(s.imp)
    T = data.cov + s.d[:, :, None] * s.d[:, None, :]
    WZ = s.W @ Z
    G = s.W @ (s.imp.Sigma - T) @ s.W
    K_G = Z.T @ np.tensordot(s.share, G, axes=1) @ Z
    g = 2.0 * info.c * K_G[info.u, info.v]
    g = g if info.to is None else g @ info.to
    H = _covariance_hessian(info, s, Z, WZ, G, observed)
    if has_means(lay):
        J = mean_jacobian(lay, s.full, s.imp)[0]
        Wd = s.share @ (s.W @ s.d[:, :, None])[:, :, 0]
        g = g - 2.0 * J.T @ Wd
        H = H + 2.0 * J.T @ np.tensordot(s.share, s.W, axes=1) @ J
        if observed:
            cross = _cross(info, s, Z, WZ, J)
            H = H + cross + cross.T - 2.0 * mean_curvature(lay, x, S, mean, Wd)
    return Local(_value(s, data), g, H)


def _covariance_hessian(info: Pairs, s: _State, Z: Array, WZ: Array, G: Array, observed: bool) -> Array:
    """Return the part of the Hessian that comes from Sigma (q, q)."""
    pooled = pooled_hessian(info, Z.T @ WZ, Z.T @ G @ Z if observed else None, s.share)
    return pooled + curvature(info, s.imp, (Z.T @ np.tensordot(s.share, G, axes=1) @ Z)[None])[0] if observed else pooled


def _cross(info: Pairs, s: _State, Z: Array, WZ: Array, J: Array) -> Array:
    """Return 2 Dmu_k' W dSigma_l W d (q, q), summed over patterns."""
    Zd = (s.W @ s.d[:, :, None])[:, :, 0] @ Z
    X = (WZ.reshape(len(WZ), -1).T @ (s.share[:, None] * Zd)).reshape(*WZ.shape[1:], -1)
    moved = 2.0 * info.c * (X[:, info.u, info.v] + X[:, info.v, info.u])
    return np.asarray(J.T @ (moved if info.to is None else moved @ info.to))


def minimise_patterns(lay: Layout, data: Patterns, start: Array, S: Array, mean: Array) -> Minimum:
    """Minimise the discrepancy from starting values (q,) by Newton steps, shortened where they do not lower it, else by scoring.

    The observed Hessian is used at the start and once the decrement g' H^-1 g is below 0.3, as long as it is positive definite. A Newton
    step of decrement 1e-9 ends the search: what is left after it is the square of that.
    """
    with one_thread("scipy"), np.errstate(all="ignore"):
        x, F = start, _value(_state(lay, start, data, S, mean), data)
        size = 0.0
        for k in range(MOST):
            local = evaluate(lay, x, data, S, mean, observed=size < NEWTON_BELOW)
            step, newton = _step(lay, x, data, S, mean, local, size < NEWTON_BELOW)
            size = float(-(step @ local.g))
            if not np.isfinite(F) or not np.isfinite(size):
                return Minimum(x, F, size, False, k + 1)
            x, F, moved = _along(lay, x, F, step / max(1.0, np.sqrt(size)), data, S, mean)
            if not moved or (newton and size <= LAST):
                return Minimum(x, F, size, size <= SMALL, k + 1)
    return Minimum(x, F, size, False, MOST)


def _step(lay: Layout, x: Array, data: Patterns, S: Array, mean: Array, local: Local, newton: bool) -> tuple[Array, bool]:
    """Return -H^-1 g, with the expected Hessian where the observed one is not positive definite, and which was used."""
    if newton:
        try:
            np.linalg.cholesky(local.H)
            return -np.linalg.solve(local.H, local.g), True
        except np.linalg.LinAlgError:
            local = evaluate(lay, x, data, S, mean, observed=False)
    return -pseudo_inverse(local.H) @ local.g, False


def _along(lay: Layout, x: Array, F: float, step: Array, data: Patterns, S: Array, mean: Array) -> tuple[Array, float, bool]:
    """Return the first point of a shrinking step that is not worse, its F, and whether there was one."""
    length = 1.0
    while length > SHORTEST:
        there = x + length * step
        value = _value(_state(lay, there, data, S, mean), data)
        if value <= F + 1e-13 * max(1.0, abs(F)):
            return there, value, True
        length /= 2.0
    return x, F, False
