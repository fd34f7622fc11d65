"""Starting values in closed form: block loadings, disattenuated construct covariances, least-squares paths."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.matrices import BETA, LAMBDA, PSI, Layout, layout
from csimodels.partable import ParameterTable, Row

__all__ = ["start"]

Array = NDArray[Any]
SHARES = (0.1, 0.95)
RIDGE = 0.05
LOWEST = 0.1
LEAST = 0.1
HIGHER = 0.7


class _Plan(NamedTuple):
    """Positions.

    ``blocks``: structural variable, its items, its marker item (-1 without) and the marker's value. ``higher``: construct of higher order,
    its lower constructs, its marker (-1 without) and the marker's value; the lowest order first. ``formed``: the same of composites and
    their parts. ``equations``: target and sources.
    ``same`` (p, p) joins items of one block, ``first`` (p,) is each item's first companion; ``item`` and ``block`` pair the items of
    blocks of two or more with their construct, ``alone`` and ``alone_block`` the others.
    """

    blocks: tuple[tuple[int, tuple[int, ...], int, float], ...]
    higher: tuple[tuple[int, tuple[int, ...], int, float], ...]
    formed: tuple[tuple[int, tuple[int, ...], int, float], ...]
    equations: tuple[tuple[int, tuple[int, ...]], ...]
    same: Array
    first: Array
    item: Array
    block: Array
    alone: Array
    alone_block: Array


@lru_cache(maxsize=256)
def _plan(table: ParameterTable) -> _Plan:
    lay = layout(table)
    column = {name: k for k, name in enumerate(table.observed)}
    place = {name: k for k, name in enumerate(lay.structural)}
    blocks, higher, formed = [], [], []
    for j, name in enumerate(lay.structural):
        rows = [r for r in table.rows if r.op == "=~" and r.lhs == name]
        lower = [r for r in rows if r.rhs in table.latent]
        items = [r for r in rows if r.rhs in column]
        if lower:
            higher.append((j, tuple(place[r.rhs] for r in lower), *_marker(lower)))
        parts = [r for r in table.rows if r.op == "<~" and r.lhs == name]
        if parts:
            formed.append((j, tuple(place[r.rhs] for r in parts), *_marker(parts)))
        blocks.append((j, tuple(column[r.rhs] for r in items) if name in table.latent else (column[name],), *_marker(items)))
    at = lay.at[BETA]
    into: dict[int, list[int]] = {}
    for i, j in zip(lay.row[at].tolist(), lay.col[at].tolist(), strict=True):
        into.setdefault(i, []).append(j)
    equations = tuple((i, tuple(into[i])) for i in range(lay.m) if i in into)
    return _Plan(tuple(blocks), _lowest_first(higher), _lowest_first(formed), equations, *_companions(blocks, lay.p))


def _companions(blocks: list[tuple[int, tuple[int, ...], int, float]], p: int) -> tuple[Array, ...]:
    """Return which items share a block, each item's first companion, and the pairs of items and constructs."""
    same, first = np.zeros((p, p)), np.arange(p)
    shared = [(i, j) for j, items, _, _ in blocks if len(items) > 1 for i in items]
    alone = [(items[0], j) for j, items, _, _ in blocks if len(items) == 1]
    for _, items, _, _ in blocks:
        if len(items) > 1:
            same[np.ix_(items, items)] = 1.0
            first[list(items)] = items[0]
    columns = [np.array([pair[side] for pair in group], dtype=int) for group in (shared, alone) for side in (0, 1)]
    return (same, first, *columns)


def _marker(rows: list[Row]) -> tuple[int, float]:
    at = next((k for k, r in enumerate(rows) if not r.free and r.value), -1)
    return at, rows[at].value if at >= 0 else 1.0


def _lowest_first(
    higher: list[tuple[int, tuple[int, ...], int, float]],
) -> tuple[tuple[int, tuple[int, ...], int, float], ...]:
    done: set[int] = set()
    out: list[tuple[int, tuple[int, ...], int, float]] = []
    waiting = {h[0]: h for h in higher}
    while waiting:
        ready = [j for j, h in waiting.items() if not set(h[1]) & (waiting.keys() - done)]
        out += [waiting.pop(j) for j in ready]
        done |= set(ready)
    return tuple(out)


def start(table: ParameterTable, lay: Layout, S: Array) -> Array:
    """Return starting values of the free parameters, shape (B, q).

    Each block's standardised loadings come from its correlations by the centroid method (Thurstone 1935), kept between .1 and .95 in
    size; construct correlations are disattenuated correlations of unit-weighted blocks, shrunk by a ridge; paths are their least-squares
    regressions.
    """
    plan = _plan(table)
    sd = np.sqrt(np.diagonal(S, axis1=-2, axis2=-1))
    R = S / (sd[:, :, None] * sd[:, None, :])
    L = _unit_loadings(plan, lay, R)
    beta, psi = _regressions(plan, _construct_correlations(_with_higher(plan, L), R))
    Lambda = L * sd[:, :, None]
    scale = _latent_scale(table, plan, Lambda, beta, psi)
    return _gathered(lay, S, Lambda, beta, psi, scale)


def _unit_loadings(plan: _Plan, lay: Layout, R: Array) -> Array:
    """Return standardised loadings (B, p, m) on constructs of unit variance; zero for constructs of higher order."""
    L = np.zeros((R.shape[0], lay.p, lay.m))
    if plan.item.size:
        L[:, plan.item, plan.block] = _centroids(plan, R)[:, plan.item]
    L[:, plan.alone, plan.alone_block] = 1.0
    return L


def _centroids(plan: _Plan, R: Array) -> Array:
    """Return each item's loading r_i+ / sqrt(r_++ (k - 1) / k) over its block's reflected correlations, the first one positive."""
    inside = R * plan.same
    sign = np.where(R[:, np.arange(R.shape[-1]), plan.first] < 0, -1.0, 1.0)
    for _ in range(2):
        sign = np.where((inside @ sign[..., None])[..., 0] < 0, -1.0, 1.0)
    sign = sign * sign[:, plan.first]
    total = sign * (inside @ sign[..., None])[..., 0] - 1.0
    k = plan.same.sum(axis=-1)
    size = total / np.sqrt(np.maximum((total @ plan.same) * (k - 1) / np.maximum(k, 1.0), 1e-2))
    out: Array = sign * np.clip(size, *SHARES)
    return out


def _with_higher(plan: _Plan, L: Array) -> Array:
    """Let a construct of higher order, or a composite, be measured by the items of its parts."""
    out = L.copy()
    for j, lower, _, _ in (*plan.higher, *plan.formed):
        out[:, :, j] += HIGHER * out[:, :, lower].sum(axis=-1)
    return out


def _construct_correlations(L: Array, R: Array) -> Array:
    """Return correlations of the blocks' regression-weighted sums, corrected for unreliability and shrunk towards zero."""
    square = (L**2).sum(axis=1)
    W = L / np.where(square > 0, square, 1.0)[:, None, :]
    C = np.clip(W.swapaxes(-1, -2) @ R @ W, -0.95, 0.95) * (1 - RIDGE)
    at = np.arange(C.shape[-1])
    C[:, at, at] = 1.0
    lowest = np.linalg.eigvalsh(C).min(axis=-1, initial=1.0)
    more = np.where(lowest < LOWEST, (LOWEST - lowest) / np.maximum(1 - lowest, LOWEST), 0.0)[:, None, None]
    out: Array = C * (1 - more) + more * np.eye(C.shape[-1])
    return out


def _regressions(plan: _Plan, C: Array) -> tuple[Array, Array]:
    """Return least-squares paths (B, m, m) and residual covariances (B, m, m) of standardised constructs."""
    beta, psi = np.zeros_like(C), C.copy()
    for i, sources in plan.equations:
        inner = C[:, sources][:, :, sources]
        b = np.linalg.solve(inner, C[:, sources, i][..., None])[..., 0]
        beta[:, i, sources] = b
        psi[:, i, :] = psi[:, :, i] = 0.0
        psi[:, i, i] = np.maximum(1.0 - (b * C[:, sources, i]).sum(axis=-1), LEAST)
    return beta, psi


def _latent_scale(table: ParameterTable, plan: _Plan, Lambda: Array, beta: Array, psi: Array) -> Array:
    """Return each construct's standard deviation in the metric of the model's identification, shape (B, m)."""
    scale = np.ones(psi.shape[:2])
    for j, items, marker, value in plan.blocks:
        if j >= len(table.latent):
            scale[:, j] = Lambda[:, items[0], j]
        elif marker >= 0:
            scale[:, j] = Lambda[:, items[marker], j] / value
        elif table.std_lv:
            scale[:, j] = 1.0 / np.sqrt(psi[:, j, j])
    for j, lower, marker, value in plan.higher:
        if marker >= 0:
            scale[:, j] = beta[:, lower[marker], j] * scale[:, lower[marker]] / value
    for j, parts, marker, value in plan.formed:
        if marker >= 0:
            weight = beta[:, j, parts[marker]]
            scale[:, j] = value * scale[:, parts[marker]] / np.where(np.abs(weight) < LEAST, np.copysign(LEAST, weight), weight)
    return np.where(np.abs(scale) < 1e-3, 1.0, scale)


def _gathered(lay: Layout, S: Array, Lambda: Array, beta: Array, psi: Array, scale: Array) -> Array:
    """Put the matrices, rescaled, into the vector of free parameters."""
    full = np.zeros((S.shape[0], lay.matrix.size))
    row, col = lay.row, lay.col
    at = lay.at[LAMBDA]
    full[:, at] = Lambda[:, row[at], col[at]] / scale[:, col[at]]
    at = lay.at[BETA]
    full[:, at] = beta[:, row[at], col[at]] * scale[:, row[at]] / scale[:, col[at]]
    at = lay.at[PSI]
    full[:, at] = psi[:, row[at], col[at]] * scale[:, row[at]] * scale[:, col[at]]
    at = lay.at[3]
    error = np.diagonal(S, axis1=-2, axis2=-1) - (Lambda**2).sum(axis=-1)
    full[:, at] = np.where(row[at] == col[at], np.maximum(error, 0.05 * np.diagonal(S, axis1=-2, axis2=-1))[:, row[at]], 0.0)
    x = np.zeros((S.shape[0], lay.q))
    free = np.flatnonzero(lay.free)
    x[:, lay.free[free] - 1] = full[:, free]
    return x
