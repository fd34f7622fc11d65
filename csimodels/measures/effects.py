"""Direct, indirect and total effects, on a stack."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.matrices import BETA, Layout, fill, implied, structural_covariance
from csimodels.measures.standardized import moved_parameters, variance_derivatives

__all__ = ["effect_pairs", "effects", "effects_jacobian", "path_matrix", "total_effects"]

Array = NDArray[Any]


def _arrows(lay: Layout, op: tuple[str, ...]) -> Array:
    """Return the parameters that carry effects: paths, and the weights of constructs in composites."""
    ops = np.array(op)
    return np.flatnonzero((lay.matrix == BETA) & ((ops == "~") | ((ops == "<~") & (lay.col < lay.latent))))


def path_matrix(lay: Layout, op: tuple[str, ...], full: Array) -> Array:
    """Return what carries effects (B, m, m): Beta without loadings of higher order."""
    paths = _arrows(lay, op)
    B = np.zeros((full.shape[0], lay.m, lay.m), dtype=full.dtype)
    B[:, lay.row[paths], lay.col[paths]] = full[:, paths]
    return B


def total_effects(B: Array) -> Array:
    """Return (I - B)^-1 - I (Bollen 1987, doi:10.2307/271028), exactly zero where no directed path leads."""
    eye = np.eye(B.shape[-1])
    return np.where(_connected(B[:1] != 0), np.linalg.inv(eye - B) - eye, 0.0)


def _connected(pattern: Array) -> Array:
    """Return which pairs a directed path connects; halved steps keep the sum of all paths finite."""
    eye = np.eye(pattern.shape[-1])
    out: Array = np.linalg.inv(eye - 0.5 * pattern) - eye > 1e-9
    return out


class EffectPairs(NamedTuple):
    """Positions of connected pairs: target (r,), source (r,)."""

    target: Array
    source: Array


def effect_pairs(lay: Layout, op: tuple[str, ...]) -> EffectPairs:
    """Return every pair that a directed path connects, sources first in the order of the model."""
    pattern = path_matrix(lay, op, np.ones((1, lay.matrix.size)))
    source, target = np.nonzero(_connected(pattern != 0)[0].T)
    return EffectPairs(target, source)


def effects(lay: Layout, op: tuple[str, ...], full: Array, pairs: EffectPairs) -> Array:
    """Return direct, indirect, total, and standardised direct, indirect, total effects of connected pairs, shape (B, 6 r)."""
    target, source = pairs
    direct = path_matrix(lay, op, full)
    total = np.linalg.inv(np.eye(lay.m) - direct)
    raw = [direct[:, target, source], total[:, target, source] - direct[:, target, source], total[:, target, source]]
    variance = np.diagonal(structural_covariance(lay, full), axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(variance[:, source] / variance[:, target])
    return np.concatenate(raw + [part * scale for part in raw], axis=1)


def effects_jacobian(lay: Layout, op: tuple[str, ...], full: Array, pairs: EffectPairs) -> Array:
    """Return the derivatives of ``effects`` of one solution by the free parameters, shape (6 r, q).

    A path from b to a moves the total effect of s on t by T_ta T_bs, T = (I - B)^-1 (Sobel 1982, doi:10.2307/270723).
    """
    target, source = pairs
    paths = _arrows(lay, op)
    row, col = lay.row[paths], lay.col[paths]
    moved = moved_parameters(lay)
    T = np.linalg.inv(np.eye(lay.m) - path_matrix(lay, op, full[None])[0])
    total = (T[target][:, row] * T[col][:, source].T) @ moved[paths]
    direct = ((target[:, None] == row) & (source[:, None] == col)) @ moved[paths]
    imp = implied(fill(lay, full[None]))
    variance = np.diagonal(imp.Phi[0])
    values = effects(lay, op, full[None], pairs)[0].reshape(6, -1)[3:]
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = variance_derivatives(lay, imp, moved)[: lay.m] / variance[:, None]
        scale = np.sqrt(variance[source] / variance[target])[:, None]
    stretch = 0.5 * (relative[source] - relative[target])
    raw = [direct, total - direct, total]
    return np.concatenate(raw + [d * scale + value[:, None] * stretch for d, value in zip(raw, values, strict=True)])
