"""Local identification, judged at a generic point so that it is a property of the model, not of the data."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.errors import IdentificationError
from csimodels.estimators.derivatives import pairs, sigma_jacobian
from csimodels.estimators.matrices import BETA, LAMBDA, NU, Layout, fill, implied, layout, parameters
from csimodels.estimators.means import mean_jacobian
from csimodels.partable import ParameterTable

__all__ = ["require_identified"]

Array = NDArray[Any]
RANK_TOLERANCE = 1e-9


@lru_cache(maxsize=256)
def _deficient(table: ParameterTable) -> tuple[int, ...]:
    """Return the free parameters in the null space of d(mu, Sigma)/dx at a generic point (Bekker, Merckens & Wansbeek 1994)."""
    lay = layout(table)
    full = parameters(lay, generic_point(lay)[None], np.eye(lay.p)[None], np.ones((1, lay.p)))
    imp = implied(fill(lay, full))
    lower = np.tril_indices(lay.p)
    J = np.vstack([mean_jacobian(lay, full, imp)[0], sigma_jacobian(pairs(lay), imp)[0][:, lower[0], lower[1]].T])
    J = J / np.maximum(np.linalg.norm(J, axis=0), 1e-300)
    _, size, Vt = np.linalg.svd(np.linalg.qr(J, mode="r"), full_matrices=True)
    rank = int((size > RANK_TOLERANCE * size[0]).sum())
    if rank == lay.q:
        return ()
    loads = np.abs(Vt[rank:]).max(axis=0)
    return tuple(int(k) for k in np.flatnonzero(loads > 0.1 * loads.max()))


def generic_point(lay: Layout) -> Array:
    """Return parameter values without special relations among them, shape (q,)."""
    rng = np.random.default_rng(20051)
    x = np.zeros(lay.q)
    for k in np.flatnonzero(lay.free):
        if lay.matrix[k] >= NU:
            value = rng.uniform(0.5, 1.5)
        elif lay.matrix[k] == LAMBDA:
            value = rng.uniform(0.6, 1.4)
        elif lay.matrix[k] == BETA:
            value = rng.uniform(0.2, 0.6)
        else:
            value = rng.uniform(0.7, 1.3) if lay.row[k] == lay.col[k] else rng.uniform(0.05, 0.2)
        x[lay.free[k] - 1] = value
    return x


def require_identified(table: ParameterTable) -> None:
    """Refuse a model with more parameters than moments, or with directions the moments do not see, naming the construct."""
    p, q = len(table.observed), table.n_free
    px, means = len(table.fixed_x), any(r.op == "~1" for r in table.rows)
    moments = p * (p + 1) // 2 - px * (px + 1) // 2 + (p - px) * means
    loose = _deficient(table) if q else ()
    if not loose:
        return
    rows = [r for r in table.rows if r.free and r.free - 1 in loose]
    construct = _construct_of(table, rows)
    names = ", ".join(f"{r.lhs} {r.op} {r.rhs}" for r in rows[:6])
    raise IdentificationError(
        "identification.under_identified",
        f"The {'means and covariances' if means else 'covariances'} do not identify construct {construct!r}: {names} can move together "
        f"without changing the model ({q} parameters, {moments} moments).",
        variable=construct,
        value=tuple(f"{r.lhs} {r.op} {r.rhs}" for r in rows),
        hint="Add indicators, fix a parameter, give a single item a reliability, or drop a path.",
    )


def _construct_of(table: ParameterTable, rows: list[Any]) -> str:
    """Return the construct that most of some parameters concern."""
    counts = dict.fromkeys(table.latent, 0)
    owner = {r.rhs: r.lhs for r in table.rows if r.op == "=~"}
    for row in rows:
        for name in {row.lhs, row.rhs}:
            if name in counts:
                counts[name] += 1 + (row.op != "~~" or row.lhs == row.rhs)
            elif owner.get(name) in counts:
                counts[owner[name]] += 1
    return max(counts, key=lambda c: counts[c]) if counts else rows[0].lhs
