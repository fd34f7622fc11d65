"""Normal-theory maximum likelihood by Fisher scoring, then Newton, on a stack of covariance matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.estimators.derivatives import gradient, observed_hessian, pairs, sigma_jacobian
from csimodels.estimators.matrices import Layout, fill, implied, parameters, without_structure
from csimodels.estimators.pool import Route, Solution, discrepancy, log_determinant, pivots, pseudo_inverse, run

__all__ = ["Solution", "discrepancy", "log_determinant", "minimise", "minimise_near", "minimise_stack"]

Array = NDArray[Any]
LEAST = 1e-12


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
    route = Route(start, np.full(len(S), np.inf), start, near, tol, max_evaluations)
    with one_thread("scipy"):
        return run(lay, S, log_determinant(S), route)


def minimise_near(lay: Layout, S: Array, x0: Array, S0: Array, tol: float = 1e-8, max_evaluations: int = 25) -> Solution:
    """Minimise the ML discrepancy of resamples, from the solution of the sample they were drawn from.

    Parameters
    ----------
    lay : Layout
        Positions of the parameters.
    S : array (B, p, p)
        Covariance matrices of the resamples; where one is not positive definite, that member fails alone.
    x0 : array (q,)
        Solution of the whole sample.
    S0 : array (p, p)
        Covariance matrix of the whole sample.
    tol : float
        Newton decrement at which a member is done.
    max_evaluations : int
        Evaluations after which a member is given up.

    Returns
    -------
    Solution
    """
    with one_thread("scipy"), np.errstate(all="ignore"):
        logdet_S = _proper_log_determinant(S)
        first, bound = _first_step(lay, S, logdet_S, x0, S0)
        return run(lay, S, logdet_S, Route(first, bound, np.repeat(x0[None], len(S), axis=0), False, tol, max_evaluations))


def minimise_stack(lay: Layout, S: Array, start: Array, tol: float = 1e-12, max_evaluations: int = 100) -> Solution:
    """Minimise the ML discrepancy of unrelated groups.

    Parameters
    ----------
    lay : Layout
        Positions of the parameters.
    S : array (B, p, p)
        Covariance matrices of the groups; where one is not positive definite, that member fails alone.
    start : array (B, q)
        Starting values; where their implied covariance is not positive definite, paths and covariances start at zero.
    tol : float
        Newton decrement at which a member is done.
    max_evaluations : int
        Evaluations after which a member is given up.

    Returns
    -------
    Solution
    """
    route = Route(start, np.full(len(S), np.inf), without_structure(lay, start), False, tol, max_evaluations)
    with one_thread("scipy"), np.errstate(all="ignore"):
        return run(lay, S, _proper_log_determinant(S), route)


def _proper_log_determinant(S: Array) -> Array:
    """Return log|S| (B,), infinite where an item does not vary or is a linear function of others."""
    share, variance = pivots(S), np.diagonal(S, axis1=-2, axis2=-1)
    varies = variance > LEAST * np.maximum(1.0, variance.max(axis=-1, keepdims=True))
    proper = (varies & (share > LEAST * variance)).all(axis=-1)
    return np.where(proper, np.log(share).sum(axis=-1), np.inf)


def _first_step(lay: Layout, S: Array, logdet_S: Array, x0: Array, S0: Array) -> tuple[Array, Array]:
    """Return x0 - H^-1 g (B, q), with the whole sample's Hessian at x0, and F at x0 (B,): there the gradient is linear in S."""
    info, whole = pairs(lay), implied(fill(lay, parameters(lay, x0[None], S0[None])))
    _, inverse = discrepancy(whole.Sigma, S0[None], np.zeros(1))
    _, K, K_G = gradient(info, whole, inverse, S0[None])
    H = observed_hessian(info, whole, K, K_G)[0]
    J = (inverse @ sigma_jacobian(info, whole)[0] @ inverse).reshape(lay.q, lay.p**2)
    Sigma = whole.Sigma
    if lay.tied.size:
        Sigma = implied(fill(lay, parameters(lay, np.repeat(x0[None], len(S), axis=0), S))).Sigma
    bound, _ = discrepancy(Sigma, S, logdet_S)
    # a product for each member: the rounding of one for all would depend on how many there are
    g = (Sigma - S).reshape(len(S), 1, lay.p**2) @ J.T
    return x0 - (g @ pseudo_inverse(H))[:, 0], bound
