"""Judge whether a solution is proper, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.estimate import Estimate
from csimodels.estimators.matrices import structural_covariance
from csimodels.measures.standardized import standardised

__all__ = ["improprieties", "nearly_collinear"]

Array = NDArray[Any]
BEYOND_ONE = 1e-6
COLLINEAR = 0.01


def improprieties(estimate: Estimate) -> list[str]:
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


def nearly_collinear(estimate: Estimate) -> list[str]:
    """Return the constructs that are nearly linear functions of each other, strongest first; empty where none are."""
    Phi = _latent_covariance(estimate)
    variance = np.diagonal(Phi)
    if len(Phi) < 2 or (variance <= 0).any():
        return []
    sd = np.sqrt(variance)
    value, vector = np.linalg.eigh(Phi / np.outer(sd, sd))
    if value[0] > COLLINEAR:
        return []
    size = np.abs(vector[:, 0])
    return [estimate.table.latent[k] for k in np.argsort(-size) if size[k] > 0.15]
