"""Answers into points of a composite index: 0-100 by its scoring rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from csimodels.errors import MissingStatisticError, ScaleError

if TYPE_CHECKING:
    from csimodels.additive import Moments
    from csimodels.spec import ModelSpec

__all__ = ["as_points", "linear_points", "moments_as_points"]

Array = NDArray[np.float64]


def _scored(spec: ModelSpec) -> Array:
    """Return which items are given points: all but those that ask how important something is."""
    assert spec.scoring is not None
    asked = {item for _, item in spec.scoring.importance}
    return np.array([i.name not in asked for i in spec.indicators])


def _ends(spec: ModelSpec) -> Array:
    """Return lowest and highest answers (2, p)."""
    for i in spec.indicators:
        if i.scale is None:
            text = f"Item {i.name!r} has no theoretical scale, without which its answers have no points."
            raise ScaleError("scale.missing", text, variable=i.name, value=None, hint="Say scale=(lowest, highest).")
    return np.array([i.scale for i in spec.indicators], dtype=float).T


def linear_points(spec: ModelSpec) -> tuple[Array, Array]:
    """Return intercepts and slopes (p,) of points in answers under the rules "range" and "of_maximum"."""
    assert spec.scoring is not None
    lo, hi = _ends(spec)
    reverse = np.array([i.reverse for i in spec.indicators])
    slope = 100 / hi if spec.scoring.rule == "of_maximum" else 100 / (hi - lo)
    start = np.zeros(len(lo)) if spec.scoring.rule == "of_maximum" else -slope * lo
    start, slope = np.where(reverse, start + slope * (lo + hi), start), np.where(reverse, -slope, slope)
    scored = _scored(spec)
    return np.where(scored, start, 0.0), np.where(scored, slope, 1.0)


def as_points(values: Array, spec: ModelSpec) -> Array:
    """Return points of answers (n, p), missing ones kept; importance as it was given."""
    assert spec.scoring is not None
    if spec.scoring.rule != "top_box":
        start, slope = linear_points(spec)
        return start + slope * values
    lo, hi = _ends(spec)
    reverse = np.array([i.reverse for i in spec.indicators])
    recoded = np.where(reverse, lo + hi - values, values)
    top = np.where(np.isnan(recoded), np.nan, 100.0 * (recoded > hi - spec.scoring.boxes))
    return np.where(_scored(spec), top, values)


def moments_as_points(m: Moments, spec: ModelSpec) -> Moments:
    """Return moments of points; a share of top answers cannot be had from means of answers."""
    assert spec.scoring is not None
    if m.points:
        return m
    if spec.scoring.rule == "top_box":
        raise MissingStatisticError(
            "moments.no_points",
            f"The index {spec.name!r} counts answers in the top {spec.scoring.boxes} boxes, which means and covariances of answers "
            "do not hold.",
            variable="data",
            value=spec.scoring.rule,
            hint="Compute the moments with moments(data, this spec), or give the rows.",
        )
    start, slope = linear_points(spec)
    mean = None if m.mean is None else start + slope * m.mean
    return replace(m, mean=mean, cov=m.cov * np.outer(slope, slope), points=True)
