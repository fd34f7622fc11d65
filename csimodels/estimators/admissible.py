"""Judge whether a solution is proper, in words."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.estimate import Estimate
from csimodels.estimators.matrices import structural_covariance
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.measures.standardized import standardised
from csimodels.measures.structural import structural

__all__ = ["improprieties", "nearly_collinear"]

Array = NDArray[Any]
BEYOND_ONE = 1e-6
COLLINEAR = 0.01


@singledispatch
def improprieties(estimate: Any) -> list[str]:
    """Return what is inadmissible: negative variances, standardised values beyond one, latent covariance not positive definite."""
    table, lay = estimate.table, estimate.layout
    std = standardised(lay, estimate.full[None])[0]
    found = []
    for row, est, value in zip(table.rows, estimate.full, std, strict=True):
        if row.op == "~~" and row.lhs == row.rhs and est < 0:
            found.append(f"The variance of {row.lhs!r} is negative ({est:.4g}).")
        elif row.op in ("=~", "~") and abs(value) > 1 + BEYOND_ONE:
            what = "loading" if row.op == "=~" else "path"
            found.append(f"The standardised {what} {row.lhs} {row.op} {row.rhs} is {value:.3f}, beyond one.")
        elif row.op == "~~" and row.lhs != row.rhs and abs(value) > 1 + BEYOND_ONE:
            found.append(f"The correlation {row.lhs} ~~ {row.rhs} is {value:.3f}, beyond one.")
    smallest = np.linalg.eigvalsh(_latent_covariance(estimate))[0] if table.latent else 1.0
    if smallest < -1e-10:
        found.append(f"The covariance matrix of the constructs is not positive definite (smallest eigenvalue {smallest:.3g}).")
    return found


def _latent_covariance(estimate: Estimate) -> Array:
    m = len(estimate.table.latent)
    out: Array = structural_covariance(estimate.layout, estimate.full[None])[0][:m, :m]
    return out


@singledispatch
def nearly_collinear(estimate: Any) -> list[str]:
    """Return the constructs that are nearly linear functions of each other, strongest first; empty where none are."""
    own = [k for k, name in enumerate(estimate.table.latent) if not _of_constructs(estimate, name)]
    Phi = _latent_covariance(estimate)[np.ix_(own, own)]
    variance = np.diagonal(Phi)
    if len(Phi) < 2 or (variance <= 0).any():
        return []
    sd = np.sqrt(variance)
    value, vector = np.linalg.eigh(Phi / np.outer(sd, sd))
    if value[0] > COLLINEAR:
        return []
    size = np.abs(vector[:, 0])
    return [estimate.table.latent[own[k]] for k in np.argsort(-size) if size[k] > 0.15]


def _of_constructs(estimate: Estimate, name: str) -> bool:
    """Return whether a construct is a composite of constructs, of which it is a linear function by definition."""
    return any(r.op == "<~" and r.lhs == name and r.rhs in estimate.table.latent for r in estimate.table.rows)


@improprieties.register
def _improper_pls(estimate: PLSEstimate) -> list[str]:
    """Return what correction for attenuation pushed out of bounds; nothing without it."""
    plan, state, found = estimate.plan, estimate.state, []
    for j in plan.consistent:
        if state.rho_a[j, 0] < 0 or state.rho_a[j, 0] > 1 + BEYOND_ONE:
            found.append(f"The reliability rho_A of {plan.constructs[j]!r} is {state.rho_a[j, 0]:.3f}, not between zero and one.")
    for (j, i), value in zip(plan.pairs, state.loadings[:, 0], strict=True):
        if abs(value) > 1 + BEYOND_ONE:
            found.append(f"The loading {plan.constructs[j]} =~ {plan.indicator(i)} is {value:.3f}, beyond one.")
    C = state.C[..., 0]
    if not np.isfinite(C).all():
        return found
    for (target, _), r2 in zip(plan.equations, structural(plan, state.C).r2[:, 0], strict=True):
        if r2 > 1 + BEYOND_ONE:
            found.append(f"The explained variance of {plan.constructs[target]!r} is {r2:.3f}, beyond one.")
    smallest = np.linalg.eigvalsh(C)[0]
    if smallest < -1e-10:
        found.append(f"The corrected correlations of the constructs are not positive definite (smallest eigenvalue {smallest:.3g}).")
    return found


@nearly_collinear.register
def _collinear_pls(estimate: PLSEstimate) -> list[str]:
    """Return nothing: variance inflation is in a table of its own."""
    return []
