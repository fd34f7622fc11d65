"""Where the labels of points go: beside their points and off everything else; geometry only, in points of a page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LED", "Array", "beside_points"]

Array = NDArray[np.float64]
ANGLES = np.linspace(0.0, 2 * np.pi, 16, endpoint=False)
GAPS = (2.0, 9.0, 18.0, 30.0, 45.0, 65.0)
MARK, LED = 5.0, 10.0
ROUNDS = 4


def beside_points(points: Array, sizes: Array, low: Array, high: Array, taken: Array) -> Array:
    """Return the centre of each label, shape (n, 2).

    Each label in turn takes the cheapest of its places, given where the others are; a few rounds are enough.

    Parameters
    ----------
    points : array (n, 2)
        What is labelled.
    sizes : array (n, 2)
        Widths and heights of the labels.
    low, high : array (2,)
        Corners of the room.
    taken : array (k, 5)
        Centres and half sizes of what else is drawn, and how much it matters.
    """
    centres = np.full_like(points, np.inf)
    offers = [_offers(point, size / 2) for point, size in zip(points, sizes, strict=True)]
    alone = [
        _cost(offer, size / 2, points, low, high, taken) + _misleading(offer, size / 2, points, k)
        for k, (offer, size) in enumerate(zip(offers, sizes, strict=True))
    ]
    for _ in range(ROUNDS):
        for k in np.argsort(-sizes[:, 0], kind="stable"):
            others = np.arange(len(points)) != k
            overlap = _overlap(offers[k], sizes[k] / 2, centres[others], sizes[others] / 2)
            centres[k] = offers[k][int(np.argmin(alone[k] + overlap.sum(axis=1)))]
    return centres


def _offers(point: Array, half: Array) -> Array:
    """Return places around a point, the nearest first."""
    direction = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
    return np.vstack([point + direction * (half + MARK + gap) for gap in GAPS])


def _cost(offers: Array, half: Array, points: Array, low: Array, high: Array, taken: Array) -> Array:
    """Return how bad places are whatever the other labels do: far away, on points, on other things, outside the room."""
    ring = np.repeat(np.arange(len(GAPS)), len(ANGLES))
    left = np.tile(0.2 * (np.cos(ANGLES) < -0.1), len(GAPS))
    on_points = _overlap(offers, half, points, np.full((len(points), 2), MARK)).sum(axis=1)
    on_others = _overlap(offers, half, taken[:, :2], taken[:, 2:4]) @ taken[:, 4]
    outside = np.maximum(low - (offers - half), 0).sum(axis=1) + np.maximum(offers + half - high, 0).sum(axis=1)
    return np.asarray(ring + left + on_points + on_others + 5.0 * outside)


def _misleading(offers: Array, half: Array, points: Array, own: int) -> Array:
    """Return by how much places are nearer to another point than to their own, or near it where a line leads to their own."""
    away = np.hypot(*np.moveaxis(np.maximum(np.abs(offers[:, None] - points) - half, 0.0), 2, 0))
    others = np.delete(away, own, axis=1).min(axis=1, initial=np.inf)
    return np.asarray(2.0 * np.maximum(np.minimum(away[:, own], LED) + 3.0 - others, 0.0))


def _overlap(offers: Array, half: Array, centres: Array, halves: Array) -> Array:
    """Return how deep rectangles at some places are in others, and four where they touch, (places, rectangles)."""
    depth = half + halves - np.abs(offers[:, None] - centres)
    return np.asarray(np.where((depth > 0).all(axis=2), 4.0 + depth.min(axis=2), 0.0))
