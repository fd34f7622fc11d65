"""The completely standardised solution and explained variance, on a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.matrices import BETA, LAMBDA, PSI, THETA, Layout, fill, implied

__all__ = ["rsquared", "standardised"]

Array = NDArray[Any]


def standardised(lay: Layout, op: tuple[str, ...], full: Array) -> Array:
    """Return lavaan's ``std.all`` of every parameter, shape (B, K).

    Loadings and paths are scaled by total standard deviations, variances by total variances, covariances by residual standard deviations.

    Parameters
    ----------
    lay : Layout
        Positions of the parameters.
    op : tuple of str
        Operator of each parameter.
    full : array (B, K), real or complex
        Parameters.
    """
    mm = fill(lay, full)
    imp = implied(mm)
    inner, outer = _diagonal(imp.Phi), _diagonal(imp.Sigma)
    inner_sd, outer_sd = _sd(inner), _sd(outer)
    factor = np.ones_like(full)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = lay.at[LAMBDA]
        factor[:, at] = inner_sd[:, lay.col[at]] / outer_sd[:, lay.row[at]]
        at = lay.at[BETA]
        factor[:, at] = inner_sd[:, lay.col[at]] / inner_sd[:, lay.row[at]]
        _scale_variances(lay, factor, PSI, inner, _diagonal(mm.Psi))
        _scale_variances(lay, factor, THETA, outer, _diagonal(mm.Theta))
        return np.where(full == 0, 0.0, full * factor)


def _scale_variances(lay: Layout, factor: Array, which: int, total: Array, residual: Array) -> None:
    """Scale variances by total variances, covariances by residual standard deviations."""
    at = lay.at[which]
    row, col = lay.row[at], lay.col[at]
    sd = _sd(residual)
    factor[:, at] = np.where(row == col, 1 / total[:, row], 1 / (sd[:, row] * sd[:, col]))


def _diagonal(M: Array) -> Array:
    return np.diagonal(M, axis1=-2, axis2=-1)


def _sd(variance: Array) -> Array:
    """Return the root of a variance's size, as lavaan does for negative residual variances; analytic in the variance."""
    out: Array = np.sqrt(variance * np.sign(variance.real))
    return out


def rsquared(lay: Layout, full: Array) -> tuple[Array, Array]:
    """Return 1 - residual / total variance of the structural (B, m) and observed variables (B, p); NaN where there is no residual."""
    mm = fill(lay, full)
    imp = implied(mm)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - _diagonal(mm.Psi) / _diagonal(imp.Phi), 1 - _diagonal(mm.Theta) / _diagonal(imp.Sigma)
