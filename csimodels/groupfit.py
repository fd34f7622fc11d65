"""Fit a model to every group of a stack, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.estimators.matrices import fill, implied, layout, parameters
from csimodels.estimators.ml import minimise_stack
from csimodels.estimators.pls import outer_weights, spd_inverse
from csimodels.estimators.pls_estimate import MAX_ITERATIONS, correlations, state_of
from csimodels.estimators.pls_plan import Plan
from csimodels.estimators.starts import start
from csimodels.inference.information import expected_se
from csimodels.measures.fit_stack import fit_stack
from csimodels.measures.ml_quantities import ml_proper, ml_quantities
from csimodels.measures.pls_fit import pls_fit
from csimodels.measures.pls_quantities import pls_proper, pls_quantities
from csimodels.partable import ParameterTable
from csimodels.refit import Recipe
from csimodels.resample import MomentStack, blocks_of

__all__ = ["GroupFits", "fit_ml_groups", "fit_pls_groups", "unusable"]

Array = NDArray[Any]
SINGULAR = 1e-10


@dataclass(frozen=True, eq=False)
class GroupFits:
    """Hold the fits of groups.

    Attributes
    ----------
    values : dict of arrays (rows, B)
        Quantities by key, NaN for groups without a solution.
    converged, proper, dependent : arrays (B,)
        Whether the estimator converged, whether the solution is admissible, and whether PLS met linearly dependent variables.
    evaluations : array (B,)
        Iterations or evaluations.
    """

    values: dict[str, Array]
    converged: Array
    proper: Array
    dependent: Array
    evaluations: Array


def unusable(stack: MomentStack, rows: Array, needed: int, items: tuple[str, ...], dependent: bool) -> dict[int, str]:
    """Return why a group cannot be fitted, by its number: too few rows, an item that does not vary, linearly dependent items."""
    out = {int(g): f"{rows[g]} complete rows, {needed} needed" for g in np.flatnonzero(rows < needed)}
    p = len(items)
    variance = stack.cov[range(p), range(p)]
    for g in np.flatnonzero((variance <= 1e-12 * np.maximum(1.0, np.nan_to_num(variance.max(axis=0)))).any(axis=0)):
        if int(g) not in out:
            out[int(g)] = f"item {items[int(variance[:, g].argmin())]!r} does not vary"
    if dependent:
        left = np.array([g for g in range(len(rows)) if g not in out], dtype=int)
        with np.errstate(all="ignore"):
            _, lowest = spd_inverse(correlations(stack.cov[..., left])[0])
        for g in left[~(lowest > SINGULAR)]:
            out[int(g)] = "items are linearly dependent"
    return out


def _part(stack: MomentStack, at: Array) -> MomentStack:
    return MomentStack(stack.weight[at], stack.mean[:, at], stack.cov[..., at])


def fit_pls_groups(plan: Plan, recipe: Recipe, stack: MomentStack, rows: Array, tol: float, usable: Array) -> GroupFits:
    """Fit every usable group by PLS."""

    def one(at: Array) -> GroupFits:
        own = _part(stack, at)
        R, sd = correlations(own.cov)
        found = outer_weights(plan, R, None, tol, MAX_ITERATIONS)
        state = state_of(plan, R, found.w)
        values = pls_quantities(recipe.outline, state, own.cov, recipe.metric(own, sd, rows[at]), recipe.rule, recipe.given)
        values |= {f"fit.{name}": value[None] for name, value in pls_fit(plan, state).items()}
        solved = found.converged & ~found.dependent
        return GroupFits(values, solved, pls_proper(recipe.outline, state), found.dependent, found.iterations)

    return _in_blocks(one, usable, len(rows))


def fit_ml_groups(table: ParameterTable, recipe: Recipe, stack: MomentStack, rows: Array, wishart: bool, usable: Array) -> GroupFits:
    """Fit every usable group by ML with the native kernel."""
    lay = layout(table)
    x = [table.observed.index(name) for name in table.fixed_x]

    def one(at: Array) -> GroupFits:
        own = _part(stack, at)
        n = rows[at] - 1.0 if wishart else rows[at].astype(float)
        S = np.moveaxis(own.cov * (rows[at] / n), -1, 0)
        found = minimise_stack(lay, S, start(table, lay, S))
        good = found.converged
        full = parameters(lay, np.where(good[:, None], found.x, np.nan), S)
        full_good, S_good = full[good], S[good]
        kept = _part(own, np.flatnonzero(good))
        metric = recipe.metric(kept, correlations(kept.cov)[1], rows[at][good])
        values = ml_quantities(table, lay, recipe.outline, full_good, kept.cov, metric, recipe.rule, recipe.given)
        values["table.se"] = expected_se(lay, found.x[good], S_good, n[good]).T
        measures = fit_stack(found.F[good], S_good, implied(fill(lay, full_good)).Sigma, n[good], table.n_free, x)
        values |= {f"fit.{name}": value[None] for name, value in measures.items()}
        proper = np.zeros(len(at), dtype=bool)
        proper[good] = ml_proper(table, lay, full_good, paths=True)
        return GroupFits(_spread(values, good), good, proper, np.zeros(len(at), dtype=bool), found.evaluations)

    return _in_blocks(one, usable, len(rows))


def _spread(values: dict[str, Array], good: Array) -> dict[str, Array]:
    """Return quantities of some members among those of all, NaN elsewhere."""
    out = {}
    for key, value in values.items():
        out[key] = np.full((len(value), len(good)), np.nan)
        out[key][:, good] = value
    return out


def _in_blocks(one: Any, usable: Array, members: int) -> GroupFits:
    """Return the fits of usable groups, a block at a time, among all of them."""
    parts = []
    with one_thread():
        for start_, stop in blocks_of(len(usable)):
            parts.append(one(usable[start_:stop]))
    inside = np.zeros(members, dtype=bool)
    inside[usable] = True
    if not parts:
        nothing = np.zeros(members, dtype=bool)
        return GroupFits({}, nothing, nothing, nothing, np.zeros(members, dtype=int))
    values = {key: np.concatenate([part.values[key] for part in parts], axis=1) for key in parts[0].values}
    flags = []
    for name in ("converged", "proper", "dependent", "evaluations"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        flags.append(np.zeros(members, dtype=joined.dtype))
        flags[-1][inside] = joined
    return GroupFits(_spread(values, inside), *flags)
