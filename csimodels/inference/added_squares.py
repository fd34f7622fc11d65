"""Scores and information of least squares, for parameters that a model does not have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.estimate import Estimate
from csimodels.estimators.fiml import Local
from csimodels.estimators.least_squares import delta, vech
from csimodels.estimators.matrices import Layout, fill, implied, layout, parameters
from csimodels.estimators.ordinal import Statistics, correlation_jacobian, internal_table, positions, scaled_items
from csimodels.partable import ParameterTable

__all__ = ["covariance_part", "of_covariances", "of_ordered", "search_table"]

Array = NDArray[Any]


def of_covariances(estimate: Estimate, lay: Layout, x: Array) -> Local:
    """Return value, gradient and expected Hessian of (s - sigma)' W (s - sigma) for continuous items."""
    S, W = estimate.S, estimate.weight
    assert W is not None
    rest = vech(S - implied(fill(lay, parameters(lay, x[None], S[None]))).Sigma[0])
    D = delta(lay, x, S)
    return Local(float(rest @ (W @ rest)), -2.0 * D.T @ (W @ rest), 2.0 * D.T @ (W @ D))


def covariance_part(estimate: Estimate) -> ParameterTable:
    """Return the table of an ordinal model without thresholds, means and scales."""
    rows = tuple(r for r in estimate.table.rows if r.op not in ("|", "~1", "~*~"))
    return replace(estimate.table, rows=rows)


def search_table(base: ParameterTable, wide: ParameterTable, ordinal: tuple[str, ...], theta: bool) -> tuple[ParameterTable, Array]:
    """Return a wider model as the search sees it, and which items (p,) it standardises, as in the model itself."""
    scaled = scaled_items(base, ordinal, theta)
    return internal_table(wide, ordinal, scaled), scaled


def of_ordered(estimate: Estimate, table: ParameterTable, scaled: Array, x: Array) -> Local:
    """Return the same of correlations of what lies behind ordered items."""
    W, ordinal = estimate.weight, np.isin(table.observed, estimate.ordinal)
    assert W is not None
    row, col = positions(ordinal)
    s = estimate.S[row, col]
    value, D = correlation_jacobian(layout(table), x, Statistics(s, row, col, np.empty((0, 0)), ordinal, scaled))
    rest = s - value
    return Local(float(rest @ (W @ rest)), -2.0 * D.T @ (W @ rest), 2.0 * D.T @ (W @ D))
