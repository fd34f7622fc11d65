"""Fit one model by partial least squares."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.errors import EstimationError
from csimodels.estimators.estimate import Engine
from csimodels.estimators.pls import Composites, composites, outer_weights
from csimodels.estimators.pls_plan import Plan
from csimodels.estimators.plsc import (
    corrected_correlations,
    corrected_loadings,
    indicator_correlations,
    indicator_loadings,
    rho_a,
)

__all__ = ["PLSEstimate", "PLSState", "correlations", "estimate_pls", "state_of"]

Array = NDArray[Any]
MAX_ITERATIONS = 300


@dataclass(frozen=True, eq=False)
class PLSState:
    """Hold what weights make of a stack of correlations; the stack is the last axis.

    Attributes
    ----------
    R : array (p, p, B)
        Correlations of the items.
    w, loadings : arrays (pairs, B)
        Outer weights; loadings, corrected under PLSc.
    comp : Composites
        Items' weights, their correlations with the composites, the composites' correlations.
    C : array (m, m, B)
        Correlations of the constructs, corrected under PLSc.
    indicators : array (pairs, pairs, B)
        Correlations of the indicators.
    rho_a : array (m, B)
        Reliability of the composites.
    """

    R: Array
    w: Array
    loadings: Array
    comp: Composites
    C: Array
    indicators: Array
    rho_a: Array


def correlations(S: Array) -> tuple[Array, Array]:
    """Return correlations (p, p, B) and standard deviations (p, B) of covariances (p, p, B); NaN where an item does not vary."""
    p = len(S)
    variance = S[range(p), range(p)]
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(np.where(variance > 0, variance, np.nan))
        R = S / sd[:, None]
        R /= sd
    R[range(p), range(p)] = np.where(variance > 0, 1.0, np.nan)
    return R, sd


def state_of(plan: Plan, R: Array, w: Array) -> PLSState:
    """Return composites, loadings, correlations and reliabilities of weights (pairs, B)."""
    comp = composites(plan, R, w)
    indicators = indicator_correlations(plan, R, comp)
    reliability = rho_a(plan, indicators, w)
    loadings, C = indicator_loadings(plan, comp), comp.C
    if plan.consistent:
        loadings = corrected_loadings(plan, loadings, w, reliability)
        C = corrected_correlations(plan, C, reliability)
    return PLSState(R, w, loadings, comp, C, indicators, reliability)


@dataclass(frozen=True, eq=False)
class PLSEstimate:
    """Hold a PLS solution.

    Attributes
    ----------
    plan : Plan
        The model.
    S : array (p, p)
        Covariances of the recoded items, divisor n.
    n : float
        Rows.
    w : array (pairs,)
        Outer weights of standardised indicators.
    iterations : int
        Iterations used.
    tol : float
        Largest change of a weight at which the iterations stopped.
    converged : bool
        Whether the weights stood still.
    """

    plan: Plan = field(repr=False)
    S: Array
    n: float
    w: Array
    iterations: int
    tol: float
    converged: bool

    @cached_property
    def state(self) -> PLSState:
        """Everything that follows from the weights, as a stack of one."""
        return state_of(self.plan, correlations(self.S[..., None])[0], self.w[:, None])

    @property
    def engine(self) -> Engine:
        """What ran."""
        return Engine("native", evaluations=self.iterations)


def estimate_pls(plan: Plan, S: Array, n: float, tol: float) -> PLSEstimate:
    """Fit a model by PLS.

    Parameters
    ----------
    plan : Plan
        The model.
    S : array (p, p)
        Covariances of the recoded items.
    n : float
        Rows.
    tol : float
        Largest change of a weight at which the iterations stop.
    """
    R, _ = correlations(S[..., None])
    with one_thread():
        found = outer_weights(plan, R, None, tol, MAX_ITERATIONS)
    if found.dependent[0]:
        raise EstimationError(
            "pls.dependent",
            "Items of a block of mode B, or the predecessors of a construct, are linearly dependent.",
            variable="modes",
            value=dict(zip(plan.constructs, plan.modes, strict=True)),
            hint='Estimate the block by mode "A", or leave one of the dependent items out with without=.',
        )
    return PLSEstimate(plan, S, n, found.w[:, 0], int(found.iterations[0]), tol, bool(found.converged[0]))
