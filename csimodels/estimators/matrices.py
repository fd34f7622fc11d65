"""From parameter vectors to Lambda, Beta, Psi, Theta and the implied covariance, on a stack."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.partable import ParameterTable

__all__ = [
    "Implied",
    "Layout",
    "ModelMatrices",
    "fill",
    "implied",
    "layout",
    "parameters",
    "structural_covariance",
    "without_structure",
]

Array = NDArray[Any]
LAMBDA, BETA, PSI, THETA, NU, ALPHA, TAU, SCALE = range(8)


class ModelMatrices(NamedTuple):
    """Stacked model matrices: Lambda (B, p, m), Beta (B, m, m), Psi (B, m, m), Theta (B, p, p)."""

    Lambda: Array
    Beta: Array
    Psi: Array
    Theta: Array


class Implied(NamedTuple):
    """Stacked implied moments.

    A = (I - Beta)^-1 (B, m, m), LA = Lambda A (B, p, m), Phi = A Psi A' (B, m, m), LPhi = Lambda Phi (B, p, m), Sigma (B, p, p).
    """

    A: Array
    LA: Array
    Phi: Array
    LPhi: Array
    Sigma: Array


@dataclass(frozen=True, eq=False)
class Layout:
    """Where every parameter of a table sits.

    Attributes
    ----------
    p, m, q : int
        Observed variables, structural variables, free parameters.
    latent : int
        Number of constructs, which come first among the structural variables.
    structural : tuple of str
        Constructs, then observed variables that take part in the structural model (as latent variables measured without error).
    matrix, row, col : arrays (K,)
        Matrix number (Lambda, Beta, Psi, Theta, then the vectors nu and alpha of intercepts, thresholds and scales) and position.
    free : array (K,)
        Free-parameter number, 0 where fixed.
    value, sample : arrays (K,)
        Fixed value; multiple of the sample covariance (NaN where neither applies).
    sample_row, sample_col : arrays (K,)
        Observed variables whose sample covariance, or mean, a parameter is tied to.
    base : ModelMatrices
        Matrices with the fixed values in place, without stack axis.
    at : tuple of arrays
        Parameters that sit in each matrix.
    fixed : array (K,)
        Fixed values, 0 where a parameter is free or tied to the sample.
    estimated, tied, tied_mean : arrays
        Positions of the free parameters, of those tied to sample covariances, and of those tied to sample means.
    flat : array (N,)
        The four base matrices, one after the other.
    slot, source : arrays
        Where in ``flat`` a parameter goes, mirrored entries of symmetric matrices included, and which parameter that is.
    """

    p: int
    m: int
    q: int
    latent: int
    structural: tuple[str, ...]
    matrix: Array
    row: Array
    col: Array
    free: Array
    value: Array
    sample: Array
    sample_row: Array
    sample_col: Array
    base: ModelMatrices
    at: tuple[Array, ...]
    fixed: Array
    estimated: Array
    tied: Array
    tied_mean: Array
    flat: Array
    slot: Array
    source: Array


@lru_cache(maxsize=256)
def _cached(rows: tuple[Any, ...], latent: tuple[str, ...], observed: tuple[str, ...]) -> Layout:
    structural = latent + _structural_observed(rows, latent, observed)
    place = {name: k for k, name in enumerate(structural)}
    column = {name: k for k, name in enumerate(observed)}
    where = [_position(r.lhs, r.op, r.rhs, place, column) for r in rows]
    matrix, row, col = (np.array(v, dtype=int) for v in zip(*where, strict=True))
    value = np.array([r.value for r in rows], dtype=float)
    free = np.array([r.free for r in rows], dtype=int)
    sample = np.array([r.sample for r in rows], dtype=float)
    fixed = np.where((free == 0) & np.isfinite(value), value, 0.0)
    base = _base(len(observed), len(structural), matrix, row, col, fixed)
    mirrored = np.flatnonzero((matrix == PSI) | (matrix == THETA))
    for name in structural[len(latent) :]:
        base.Lambda[column[name], place[name]] = 1.0
    return Layout(
        p=len(observed),
        m=len(structural),
        q=int(free.max(initial=0)),
        latent=len(latent),
        structural=structural,
        matrix=matrix,
        row=row,
        col=col,
        free=free,
        value=value,
        sample=sample,
        sample_row=np.array([column.get(r.lhs, 0) for r in rows]),
        sample_col=np.array([column.get(r.rhs, 0) for r in rows]),
        base=base,
        at=tuple(np.flatnonzero(matrix == which) for which in range(8)),
        fixed=fixed,
        estimated=np.flatnonzero(free),
        tied=np.flatnonzero(np.isfinite(sample) & (matrix < NU)),
        tied_mean=np.flatnonzero(np.isfinite(sample) & ((matrix == NU) | (matrix == ALPHA))),
        flat=np.concatenate([part.ravel() for part in base]),
        slot=np.concatenate(
            [_slots(base, *(v[matrix < NU] for v in (matrix, row, col))), _slots(base, *(v[mirrored] for v in (matrix, col, row)))]
        ),
        source=np.concatenate([np.flatnonzero(matrix < NU), mirrored]),
    )


def _slots(base: ModelMatrices, matrix: Array, row: Array, col: Array) -> Array:
    """Return positions in the four matrices laid out one after the other."""
    offset = np.cumsum([0, *(part.size for part in base)])[:4]
    width = np.array([part.shape[1] for part in base])
    out: Array = offset[matrix] + row * width[matrix] + col
    return out


def layout(table: ParameterTable) -> Layout:
    """Return the layout of a parameter table, computed once per table."""
    return _cached(table.rows, table.latent, table.observed)


def _structural_observed(rows: tuple[Any, ...], latent: tuple[str, ...], observed: tuple[str, ...]) -> tuple[str, ...]:
    """Return observed variables in paths, or in a covariance with a structural variable."""
    inside = set(latent) | {n for r in rows if r.op in ("~", "<~") for n in (r.lhs, r.rhs)}
    while True:
        new = {n for r in rows if r.op == "~~" and len({r.lhs, r.rhs} & inside) == 1 and r.lhs != r.rhs for n in (r.lhs, r.rhs)} - inside
        if not new:
            return tuple(n for n in observed if n in inside)
        inside |= new


def _position(lhs: str, op: str, rhs: str, place: dict[str, int], column: dict[str, int]) -> tuple[int, int, int]:
    if op == "=~":
        return (BETA, place[rhs], place[lhs]) if rhs in place else (LAMBDA, column[rhs], place[lhs])
    if op in ("~", "<~"):
        return BETA, place[lhs], place[rhs]
    if op in ("|", "~*~"):
        return (TAU if op == "|" else SCALE), column[lhs], 0
    if op == "~1":
        return (ALPHA, place[lhs], 0) if lhs in place else (NU, column[lhs], 0)
    if lhs in place:
        return PSI, place[lhs], place[rhs]
    return THETA, column[lhs], column[rhs]


def _base(p: int, m: int, matrix: Array, row: Array, col: Array, value: Array) -> ModelMatrices:
    out = ModelMatrices(np.zeros((p, m)), np.zeros((m, m)), np.zeros((m, m)), np.zeros((p, p)))
    for k in range(4):
        at = matrix == k
        out[k][row[at], col[at]] = value[at]
        if k >= PSI:
            out[k][col[at], row[at]] = value[at]
    return out


def parameters(lay: Layout, x: Array, S: Array, mean: Array | None = None) -> Array:
    """Return every parameter, fixed ones included, shape (B, K), from free ones (B, q), sample covariances (B, p, p) and means (B, p)."""
    full = np.empty((x.shape[0], lay.free.size), dtype=x.dtype)
    full[:] = lay.fixed
    if lay.tied.size:
        full[:, lay.tied] = lay.sample[lay.tied] * S[:, lay.sample_row[lay.tied], lay.sample_col[lay.tied]]
    if lay.tied_mean.size and mean is not None:
        full[:, lay.tied_mean] = lay.sample[lay.tied_mean] * mean[:, lay.sample_row[lay.tied_mean]]
    full[:, lay.estimated] = x[:, lay.free[lay.estimated] - 1]
    return full


def fill(lay: Layout, full: Array) -> ModelMatrices:
    """Put parameter vectors (B, K) into the model matrices, views of one buffer."""
    B, p, m = full.shape[0], lay.p, lay.m
    buffer = np.empty((B, lay.flat.size), dtype=full.dtype)
    buffer[:] = lay.flat
    buffer[:, lay.slot] = full[:, lay.source]
    a, b, c = p * m, p * m + m * m, p * m + 2 * m * m
    return ModelMatrices(
        buffer[:, :a].reshape(B, p, m), buffer[:, a:b].reshape(B, m, m), buffer[:, b:c].reshape(B, m, m), buffer[:, c:].reshape(B, p, p)
    )


def without_structure(lay: Layout, x: Array) -> Array:
    """Return free parameters (B, q) with paths and covariances at zero."""
    zero = (lay.matrix == BETA) | (((lay.matrix == PSI) | (lay.matrix == THETA)) & (lay.row != lay.col))
    out = x.copy()
    out[:, lay.free[zero & (lay.free > 0)] - 1] = 0.0
    return out


def structural_covariance(lay: Layout, full: Array) -> Array:
    """Return Phi = A Psi A' alone, shape (B, m, m)."""
    mm = fill(lay, full)
    A = _total_paths(mm.Beta)
    return A @ mm.Psi @ A.swapaxes(-1, -2)


def implied(mm: ModelMatrices) -> Implied:
    """Return Sigma = Lambda A Psi A' Lambda' + Theta with its factors (Bollen 1989, doi:10.1002/9781118619179)."""
    A = _total_paths(mm.Beta)
    Phi = A @ mm.Psi @ A.swapaxes(-1, -2)
    LPhi = mm.Lambda @ Phi
    return Implied(A, mm.Lambda @ A, Phi, LPhi, LPhi @ mm.Lambda.swapaxes(-1, -2) + mm.Theta)


def _total_paths(Beta: Array) -> Array:
    """Return A = (I - Beta)^-1 = (I + Beta)(I + Beta^2)(I + Beta^4)...: a product that ends, since paths form no cycle."""
    m = Beta.shape[-1]
    A, power = np.eye(m) + Beta, Beta
    for _ in range((m - 1).bit_length() - 1):
        power = power @ power
        A = A + A @ power
    return A
