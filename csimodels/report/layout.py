"""Where boxes, arrows and labels of a path diagram go: geometry only, in inches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BOX", "Array", "Edge", "bends", "curve", "label_places", "layers", "place"]

Array = NDArray[np.float64]
Edge = tuple[int, int]
BOX = (1.3, 0.6)
COLUMNS, ROW = (1.7, 2.5), 1.0
CLEAR = 0.1
LABEL = 0.22
BENDS = (0.0, 0.12, -0.12, 0.22, -0.22, 0.34, -0.34, 0.5, -0.5)
STEPS = np.linspace(0.0, 1.0, 25)


def layers(n: int, edges: Sequence[Edge]) -> list[int]:
    """Return the layer of each node: the length of the longest path that leads to it."""
    depth = [0] * n
    for _ in range(n):
        for source, target in edges:
            depth[target] = max(depth[target], depth[source] + 1)
    return depth


@lru_cache(maxsize=64)
def place(n: int, edges: tuple[Edge, ...]) -> tuple[tuple[float, float], ...]:
    """Return the centre of each box: layers left to right, heights such that arrows are short and free.

    A descent over a grid of heights, one box at a time, from several starts: the same model gives the same picture.
    """
    layer = layers(n, edges)
    column = float(np.clip(10.0 / max(*layer, 1), *COLUMNS))
    x = column * np.array(layer, dtype=float)
    heights = ROW * np.arange(-2.0, 2.01, 0.5) * max(1.0, _tallest(x) / 4)
    best, best_cost = np.zeros(n), np.inf
    for start in _starts(x, np.array(layer)):
        y, cost = _descend(x, start, heights, edges)
        if cost < best_cost - 1e-9:
            best, best_cost = y, cost
    return tuple((float(a), float(b)) for a, b in zip(x, best, strict=True))


def _tallest(x: Array) -> int:
    return int(np.unique(x, return_counts=True)[1].max())


def _starts(x: Array, column: NDArray[np.int_]) -> list[Array]:
    """Return heights to start from: each layer spread evenly, shifted up and down in turn."""
    rank = np.array([int((x[:k] == x[k]).sum()) for k in range(len(x))])
    size = np.array([int((x == v).sum()) for v in x])
    spread = ROW * ((size - 1) / 2 - rank)
    zigzag = np.array([-0.5, 0.5, -0.5, 0.5])
    wave = np.array([0.0, -1.0, 0.5, 1.0])
    return [spread, *(spread + ROW * shift[column % 4] for shift in (zigzag, wave))]


def _descend(x: Array, y: Array, heights: Array, edges: tuple[Edge, ...]) -> tuple[Array, float]:
    y, cost = y.astype(float).copy(), _cost(x, y, edges)
    for _ in range(6):
        before = cost
        for k in range(len(y)):
            options = np.repeat(y[None], len(heights), axis=0)
            options[:, k] = heights
            costs = [_cost(x, option, edges) for option in options]
            at = int(np.argmin(costs))
            if costs[at] < cost - 1e-9:
                y, cost = options[at], costs[at]
        if cost > before - 1e-9:
            break
    return y, cost


def _cost(x: Array, y: Array, edges: tuple[Edge, ...]) -> float:
    """Return how bad a picture is: boxes on boxes, arrows through boxes, crossings, arrows too short or too long."""
    centre = np.column_stack([x, y])
    gap = np.abs(centre[:, None] - centre[None])
    close = (gap[..., 0] < BOX[0] + 0.2) & (gap[..., 1] < BOX[1] + 0.3)
    height = float(np.ptp(y)) + 0.2 * float(np.abs(y - y.mean()).sum())
    overlap = 1000.0 * float(close.sum() - len(x))
    if not edges:
        return overlap + height
    s, t = np.array(edges).T
    a, b = centre[s], centre[t]
    points = a[:, None] + STEPS[None, :, None] * (b - a)[:, None]
    hit = _inside(points[:, :, None], centre, CLEAR).any(axis=1)
    own = (np.arange(len(x)) == s[:, None]) | (np.arange(len(x)) == t[:, None])
    covered = _inside(points, a[:, None], 0.0) | _inside(points, b[:, None], 0.0)
    visible = (~covered).mean(axis=1) * np.hypot(*(b - a).T)
    short = np.maximum(0.8 - visible, 0.0).sum()
    entangled = 30 * (hit & ~own).sum() + 6 * _crossings(a, b, s, t) + 4 * _bunched(a, b, s, t)
    return float(overlap + entangled + 40 * short + 0.35 * np.abs(b[:, 1] - a[:, 1]).sum() + 0.8 * height)


def _inside(points: Array, centre: Array, clear: float) -> NDArray[np.bool_]:
    gap = np.abs(points - centre)
    return np.asarray((gap[..., 0] < BOX[0] / 2 + clear) & (gap[..., 1] < BOX[1] / 2 + clear))


def _cross(u: Array, v: Array) -> Array:
    """Return the cross product of plane vectors."""
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def _crossings(a: Array, b: Array, s: Any, t: Any) -> float:
    """Return how many pairs of straight arrows cross."""
    d = (b - a)[:, None]
    side = _cross(d, a[None] - a[:, None]) * _cross(d, b[None] - a[:, None])
    apart = (s[:, None] != s) & (s[:, None] != t) & (t[:, None] != s) & (t[:, None] != t)
    return float(((side < -1e-9) & (side.T < -1e-9) & apart).sum() / 2)


def _bunched(a: Array, b: Array, s: Any, t: Any) -> float:
    """Return how many pairs of arrows leave or reach a box in nearly the same direction."""
    u = (b - a) / np.hypot(*(b - a).T)[:, None]
    near = (u @ u.T > 0.985) & ((s[:, None] == s) | (t[:, None] == t))
    return float((near.sum() - len(a)) / 2)


def curve(a: Array, b: Array, bend: float, at: Array = STEPS) -> Array:
    """Return points of matplotlib's arc3 curve (a quadratic Bezier) from a to b, shape (k, 2)."""
    d = b - a
    control = (a + b) / 2 + bend * np.array([d[1], -d[0]])
    w = at[:, None]
    return np.asarray((1 - w) ** 2 * a + 2 * w * (1 - w) * control + w**2 * b)


def bends(centre: Array, edges: Sequence[Edge]) -> list[float]:
    """Return the bend of each arrow: the smallest that keeps it out of the boxes between."""
    out = []
    for s, t in edges:
        others = np.delete(centre, [s, t], axis=0)
        hits = [_inside(curve(centre[s], centre[t], r)[:, None], others, CLEAR).sum() for r in BENDS]
        out.append(BENDS[int(np.argmin(np.array(hits) + 0.01 * np.abs(BENDS)))])
    return out


def label_places(centre: Array, edges: Sequence[Edge], bend: Sequence[float], widths: Sequence[float]) -> Array:
    """Return the centre of each label: on its own arrow, off boxes, other arrows and labels; shape (k, 2)."""
    lines = [_visible(centre, edge, r) for edge, r in zip(edges, bend, strict=True)]
    half = np.array([[w / 2, LABEL / 2] for w in widths]).reshape(-1, 2)
    out = np.zeros((len(edges), 2))
    done: list[int] = []
    for k in sorted(range(len(edges)), key=lambda j: len(lines[j])):
        rest = [line for j, line in enumerate(lines) if j != k]
        others = np.vstack(rest) if rest else np.empty((0, 2))
        cost = 2.0 * np.abs(np.linspace(-1, 1, len(lines[k])))
        cost += 9 * _touching(lines[k], half[k], centre, np.array(BOX) / 2).sum(axis=1)
        cost += np.minimum(_touching(lines[k], half[k], others, np.zeros(2)).sum(axis=1), 6)
        cost += 30 * _touching(lines[k], half[k], out[done], half[done]).sum(axis=1)
        out[k] = lines[k][int(np.argmin(cost))]
        done.append(k)
    return out


def _visible(centre: Array, edge: Edge, bend: float) -> Array:
    """Return the points of an arrow outside the boxes at its ends; its middle if there are none."""
    a, b = centre[edge[0]], centre[edge[1]]
    line = curve(a, b, bend, np.linspace(0, 1, 161))
    free = line[~(_inside(line, a, 0.0) | _inside(line, b, 0.0))]
    return free if len(free) else line[80:81]


def _touching(places: Array, half: Array, centre: Array, size: Array) -> NDArray[np.bool_]:
    """Return which labels at some places would touch which rectangles, shape (places, rectangles)."""
    return np.asarray((np.abs(places[:, None] - centre) < half + size + 0.03).all(axis=2))
