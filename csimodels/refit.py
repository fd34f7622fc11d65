"""Fit a model again on a stack of moments, and return every quantity of every member."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.matrices import fill, implied, parameters
from csimodels.estimators.ml import Solution, minimise_near, minimise_stack
from csimodels.estimators.pls import outer_weights
from csimodels.estimators.pls_estimate import MAX_ITERATIONS, PLSEstimate, correlations, state_of
from csimodels.estimators.starts import start
from csimodels.measures.fit import srmr_stack
from csimodels.measures.ml_quantities import ml_proper, ml_quantities
from csimodels.measures.outline import Outline
from csimodels.measures.pls_fit import pls_fit
from csimodels.measures.pls_quantities import pls_proper, pls_quantities
from csimodels.measures.quantities import Metric
from csimodels.resample import MomentStack

__all__ = ["Recipe", "Refitted", "ml_refitted", "original", "refit", "stack_of"]

Array = NDArray[Any]
SECOND_TRY = 25


@dataclass(frozen=True, eq=False)
class Recipe:
    """Say what to compute of every member.

    Attributes
    ----------
    outline : Outline
        Rows of the tables.
    scales : tuple of arrays (p,) or None
        Lowest and highest theoretical answers; without them there is no index.
    rule : {"estimated", "equal", "standardised", "given"}
        Index weights.
    given : dict of construct number to array
        Stated index weights.
    factor : float
        What turns covariances with divisor n into the likelihood's.
    fit_only : bool
        Compute fit measures and nothing else.
    """

    outline: Outline
    scales: tuple[Array, Array] | None
    rule: str = "estimated"
    given: dict[int, Array] = field(default_factory=dict)
    factor: float = 1.0
    fit_only: bool = False

    def metric(self, stack: MomentStack, sd: Array, rows: Array | None = None) -> Metric | None:
        """Return means, standard deviations and scales, where there are scales; with rows, what standard errors need."""
        return None if self.scales is None else Metric(stack.mean, sd, *self.scales, rows, None if rows is None else stack.cov)


class Refitted(NamedTuple):
    """Quantities (rows, B) by key; ok (B,) whether a member converged; proper (B,) whether its solution is admissible; evaluations (B,)."""

    values: dict[str, Array]
    ok: Array
    proper: Array
    evaluations: Array


@singledispatch
def refit(estimate: Any, recipe: Recipe, stack: MomentStack) -> Refitted:
    """Fit again on every member of a stack, starting from the estimate."""
    raise TypeError(type(estimate).__name__)


@refit.register
def _again_pls(estimate: PLSEstimate, recipe: Recipe, stack: MomentStack) -> Refitted:
    plan = estimate.plan
    R, sd = correlations(stack.cov)
    found = outer_weights(plan, R, estimate.w, estimate.tol, MAX_ITERATIONS)
    state = state_of(plan, R, found.w)
    if recipe.fit_only:
        fit = {f"fit.{name}": value[None] for name, value in pls_fit(plan, state).items()}
        return Refitted(fit, found.converged & ~found.dependent, pls_proper(recipe.outline, state), found.iterations)
    values = pls_quantities(recipe.outline, state, stack.cov, recipe.metric(stack, sd), recipe.rule, recipe.given)
    ok = found.converged & ~found.dependent & np.isfinite(values["table.est"]).all(axis=0)
    return Refitted(values, ok, pls_proper(recipe.outline, state), found.iterations)


@refit.register
def _again_ml(estimate: Estimate, recipe: Recipe, stack: MomentStack) -> Refitted:
    S = np.moveaxis(stack.cov, -1, 0) * recipe.factor
    return ml_refitted(estimate, recipe, stack, S, _minimised(estimate, S))


def _minimised(estimate: Estimate, S: Array) -> Solution:
    """Return solutions found from the estimate; members that do not converge from there get a second try from values of their own."""
    found = minimise_near(estimate.layout, S, estimate.x, estimate.S)
    left = np.flatnonzero(~found.converged & np.isfinite(found.F))
    if left.size:
        again = minimise_stack(estimate.layout, S[left], start(estimate.table, estimate.layout, S[left]), 1e-8, SECOND_TRY)
        better = again.converged
        for old, new in zip(found, again, strict=True):
            old[left[better]] = new[better]
    return found


def ml_refitted(estimate: Estimate, recipe: Recipe, stack: MomentStack, S: Array, found: Solution) -> Refitted:
    """Return the quantities of solutions found on a stack; members that did not converge are not computed."""
    lay, table = estimate.layout, estimate.table
    good = np.flatnonzero(found.converged)
    full = parameters(lay, found.x[good], S[good])
    if recipe.fit_only:
        fit = np.stack([estimate.n * found.F, np.full(len(S), np.nan)])
        fit[1, good] = srmr_stack(S[good], implied(fill(lay, full)).Sigma)
        return Refitted({"fit.chisq": fit[:1], "fit.srmr": fit[1:]}, found.converged, found.converged, found.evaluations)
    own = MomentStack(stack.weight[good], stack.mean[:, good], stack.cov[..., good])
    metric = recipe.metric(own, np.sqrt(np.einsum("iib->ib", own.cov)))
    values = ml_quantities(table, lay, recipe.outline, full, own.cov, metric, recipe.rule, recipe.given)
    spread = {}
    for key, value in values.items():
        spread[key] = np.full((len(value), len(found.converged)), np.nan)
        spread[key][:, good] = value
    proper = np.zeros(len(found.converged), dtype=bool)
    proper[good] = ml_proper(table, lay, full, paths=False)
    return Refitted(spread, found.converged, proper, found.evaluations)


@singledispatch
def original(estimate: Any, recipe: Recipe, moments: Moments) -> dict[str, Array]:
    """Return every quantity of the fit itself (rows,)."""
    raise TypeError(type(estimate).__name__)


@original.register
def _original_pls(estimate: PLSEstimate, recipe: Recipe, moments: Moments) -> dict[str, Array]:
    stack = stack_of(moments)
    metric = recipe.metric(stack, correlations(stack.cov)[1])
    values = pls_quantities(recipe.outline, estimate.state, stack.cov, metric, recipe.rule, recipe.given)
    return {key: value[:, 0] for key, value in values.items()}


@original.register
def _original_ml(estimate: Estimate, recipe: Recipe, moments: Moments) -> dict[str, Array]:
    stack = stack_of(moments)
    metric = recipe.metric(stack, correlations(stack.cov)[1])
    full = estimate.full[None]
    values = ml_quantities(estimate.table, estimate.layout, recipe.outline, full, stack.cov, metric, recipe.rule, recipe.given)
    return {key: value[:, 0] for key, value in values.items()}


def stack_of(moments: Moments) -> MomentStack:
    """Return moments as a stack of one."""
    mean = np.full(len(moments.items), np.nan) if moments.mean is None else moments.mean
    return MomentStack(np.array([moments.weight]), mean[:, None], moments.cov[..., None])
