"""Minimisation under equality constraints: Newton's method on the conditions of Lagrange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.fiml import Local

__all__ = ["Constrained", "Restrictions", "minimise_constrained", "null_space"]

Array = NDArray[Any]
TOLERANCE, FEASIBLE, MOST, SHORTEST = 1e-16, 1e-11, 300, 1e-12


class Restrictions(Protocol):
    """What constraints have to answer at free parameters x (q,)."""

    def values(self, x: Array) -> Array:
        """Return what has to be zero (r,)."""

    def jacobian(self, x: Array) -> Array:
        """Return its derivatives (r, q)."""

    def curvature(self, x: Array, multipliers: Array) -> Array:
        """Return the second derivatives (q, q) of its weighted sum."""


class Constrained(NamedTuple):
    """Where the search ended: x (q,), F, derivatives of the constraints (r, q), whether it converged, evaluations."""

    x: Array
    F: float
    jacobian: Array
    converged: bool
    evaluations: int


def null_space(J: Array) -> Array:
    """Return an orthonormal basis (q, q - rank) of the directions that constraints allow."""
    _, size, Vt = np.linalg.svd(J, full_matrices=True)
    rank = int((size > 1e-9 * size[0]).sum()) if size.size else 0
    return np.asarray(Vt[rank:].T)


def minimise_constrained(objective: Callable[[Array, bool], Local], h: Restrictions, start: Array) -> Constrained:
    """Minimise F subject to h(x) = 0 by sequential quadratic programming (Nocedal & Wright 2006, doi:10.1007/978-0-387-40065-5).

    Parameters
    ----------
    objective : callable
        Value, gradient and Hessian at x; the second argument asks for the observed Hessian.
    h : Restrictions
        Constraints.
    start : array (q,)
        Starting values, which need not satisfy the constraints.
    """
    x, weight, multipliers, near = start, 1.0, np.zeros(len(h.values(start))), False
    local = objective(x, False)
    for k in range(MOST):
        local, values, J = objective(x, near), h.values(x), h.jacobian(x)
        step, multipliers, usable = _step(local.H + (h.curvature(x, multipliers) if near else 0.0), local.g, values, J)
        if not usable and near:
            step, multipliers, _ = _step(objective(x, False).H, local.g, values, J)
        # how far the step descends in directions that the constraints allow, and how far they are off
        size = abs(float(step @ local.H @ step))
        if not np.isfinite(size):
            break
        if size <= TOLERANCE and np.abs(values).max(initial=0.0) <= FEASIBLE:
            return Constrained(x, local.F, J, True, k + 1)
        near = size < 0.3
        weight = max(weight, 2.0 * float(np.abs(multipliers).max(initial=0.0)))
        moved = _along(objective, h, x, step / max(1.0, np.sqrt(size)), local.F, values, weight)
        if moved is None:
            done = size <= np.sqrt(TOLERANCE) and np.abs(values).max(initial=0.0) <= np.sqrt(FEASIBLE)
            return Constrained(x, local.F, J, bool(done), k + 1)
        x = moved
    return Constrained(x, local.F, h.jacobian(x), False, MOST)


def _step(H: Array, g: Array, h: Array, J: Array) -> tuple[Array, Array, bool]:
    """Return the step and the multipliers of the quadratic programme, and whether H is positive definite where steps may go."""
    N = null_space(J)
    inner = N.T @ H @ N
    try:
        np.linalg.cholesky(inner)
        usable = True
    except np.linalg.LinAlgError:
        usable = False
    r = len(J)
    system = np.block([[H, J.T], [J, np.zeros((r, r))]])
    solution = np.linalg.lstsq(system, np.concatenate([-g, -h]), rcond=1e-12)[0]
    return solution[: g.size], solution[g.size :], usable


def _along(
    objective: Callable[[Array, bool], Local], h: Restrictions, x: Array, step: Array, F: float, values: Array, weight: float
) -> Array | None:
    """Return the first point of a shrinking step at which F plus the weighted violation is not larger, None if there is none."""
    merit, length = F + weight * np.abs(values).sum(), 1.0
    while length > SHORTEST:
        there = x + length * step
        value = objective(there, False).F + weight * np.abs(h.values(there)).sum()
        if value <= merit + 1e-13 * max(1.0, abs(merit)):
            return np.asarray(there)
        length /= 2.0
    return None
