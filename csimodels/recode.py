"""Reverse items: lo + hi - x, on moments and on rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.points import moments_as_points
from csimodels.spec import ModelSpec

__all__ = ["recoded_moments", "recoded_rows"]

Array = NDArray[np.float64]


def _reverse(spec: ModelSpec) -> tuple[Array, Array]:
    """Return the slope (1 or -1) and the intercept (0 or lo + hi) of each item's recoding."""
    reverse = np.array([i.reverse for i in spec.indicators])
    total = np.array([sum(i.scale) if i.reverse and i.scale else 0.0 for i in spec.indicators])
    return np.where(reverse, -1.0, 1.0), total


def recoded_moments(m: Moments, spec: ModelSpec) -> Moments:
    """Return the moments of the recoded items; of the points of a composite index."""
    if spec.scoring is not None:
        return moments_as_points(m, spec)
    if not any(i.reverse for i in spec.indicators):
        return m
    slope, total = _reverse(spec)
    mean = None if m.mean is None else total + slope * m.mean
    return replace(m, mean=mean, cov=m.cov * np.outer(slope, slope))


def recoded_rows(values: Array, spec: ModelSpec) -> Array:
    """Return recoded answers; points of a composite index are as they should be."""
    if spec.scoring is not None or not any(i.reverse for i in spec.indicators):
        return values
    slope, total = _reverse(spec)
    return total + slope * values
