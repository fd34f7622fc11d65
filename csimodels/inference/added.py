"""Parameters that a model does not have: what freeing each of them would change, by its score and the information."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.constrained import null_space
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.fiml import Local, evaluate
from csimodels.estimators.matrices import Layout, fill, layout
from csimodels.estimators.patterns import Patterns, complete_sample
from csimodels.inference.added_squares import covariance_part, of_covariances, of_ordered, search_table
from csimodels.measures.standardized import standardised_values
from csimodels.partable import ParameterTable, Row

__all__ = ["Added", "candidates", "expected_changes", "extended", "released", "scores_of_added"]

Array = NDArray[Any]
SINGULAR = 1e-10


class Added(NamedTuple):
    """Score tests of parameters, one at a time (k,): statistic, expected change, and the same for all of them: score, information."""

    mi: Array
    epc: Array
    score: Array
    information: Array


def candidates(table: ParameterTable, ordinal: tuple[str, ...] = ()) -> list[Row]:
    """Return parameters that could be freed: cross-loadings, residual covariances, covariances of constructs, paths among constructs.

    Ordered items, named by ``ordinal``, have residuals although their variance is no parameter.
    """
    known = {_key(r.lhs, r.op, r.rhs) for r in table.rows if r.free or r.value != 0.0 or np.isfinite(r.sample)}
    formed = {r.lhs for r in table.rows if r.op == "<~"}
    items = [n for n in table.observed if n not in {m for r in table.rows if r.op in ("~", "<~") for m in (r.lhs, r.rhs)}]
    single = {r.lhs for r in table.rows if r.op == "~~" and r.lhs == r.rhs and not r.free and r.lhs in table.observed}
    single -= set(ordinal)
    latent = [n for n in table.latent if n not in formed]
    wanted = [(c, "=~", i) for c in latent for i in items]
    wanted += [(a, "~~", b) for a, b in combinations([n for n in table.observed if n in items], 2)]
    wanted += [(a, "~~", b) for a, b in combinations(latent, 2)]
    wanted += [(a, "~", b) for a in latent for b in latent if a != b]
    rows = [Row(*w, value=0.0) for w in wanted if _key(*w) not in known]
    return [r for r in rows if r.op != "~~" or not {r.lhs, r.rhs} & single]


def _key(lhs: str, op: str, rhs: str) -> tuple[str, str, str]:
    return (lhs, op, rhs) if op != "~~" or lhs <= rhs else (rhs, op, lhs)


def extended(table: ParameterTable, rows: list[Row]) -> ParameterTable:
    """Return a table with more free parameters after its own; those it holds fixed are freed where they stand."""
    at = {_key(r.lhs, r.op, r.rhs): k for k, r in enumerate(table.rows)}
    out, q = list(table.rows), table.n_free
    for row in rows:
        q += 1
        k = at.get(_key(row.lhs, row.op, row.rhs))
        if k is None:
            out.append(row._replace(free=q, value=np.nan))
        else:
            out[k] = out[k]._replace(free=q, value=np.nan, sample=np.nan)
    return replace(table, rows=tuple(out))


def scores_of_added(estimate: Estimate, rows: list[Row], theta: bool = False) -> Added:
    """Return score tests of parameters that are fixed now (Sorbom 1989, doi:10.1007/BF02294623).

    With the score s of a parameter and its information given the free ones, I_kk - I_kx I_xx^-1 I_xk, the statistic is s^2 over that
    information and the expected change s over it; ``theta`` is the parameterisation of ordered items.
    """
    local, q = _ordered(estimate, rows, theta) if estimate.ordinal else _continuous(estimate, rows)
    s, I = -0.5 * estimate.n * local.g, 0.5 * estimate.n * local.H  # noqa: E741 - the field's letter
    own = I[:q, :q]
    N = np.eye(q) if estimate.constraints is None else null_space(estimate.constraints)
    gain = I[q:, :q] @ N @ np.linalg.pinv(N.T @ own @ N, hermitian=True) @ N.T
    rest = I[q:, q:] - gain @ I[:q, q:]
    size = np.diagonal(rest)
    # lavaan's gradient of least squares is smaller by (n - 1) / n than its information knows
    shrunk = 1.0 if estimate.weight is None else estimate.n / (estimate.n + 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        usable = size > SINGULAR * np.maximum(np.diagonal(I)[q:], 1e-300)
        epc = np.where(usable, shrunk * s[q:] / size, np.nan)
    return Added(np.where(usable, s[q:] * epc, np.nan), epc, s[q:] * np.sqrt(shrunk), rest)


def _continuous(estimate: Estimate, rows: list[Row]) -> tuple[Local, int]:
    """Return gradient and information with parameters added, and the number of those before."""
    lay = layout(extended(estimate.table, rows))
    fixed = {_key(r.lhs, r.op, r.rhs): v for r, v in zip(estimate.table.rows, estimate.full, strict=True)}
    x = np.concatenate([estimate.x, [fixed.get(_key(r.lhs, r.op, r.rhs), 0.0) for r in rows]])
    return _local(estimate, lay, x), estimate.table.n_free


def _ordered(estimate: Estimate, rows: list[Row], theta: bool) -> tuple[Local, int]:
    """Return the same of a model of ordered items, as its search sees it."""
    base = covariance_part(estimate)
    table, scaled = search_table(base, extended(base, rows), estimate.ordinal, theta)
    known = {_key(r.lhs, r.op, r.rhs): v for r, v in zip(estimate.table.rows, estimate.full, strict=True)}
    x = np.zeros(table.n_free)
    for r in table.rows:
        if r.free:
            x[r.free - 1] = known.get(_key(r.lhs, r.op, r.rhs), 0.0)
    return of_ordered(estimate, table, scaled, x), table.n_free - len(rows)


def released(estimate: Estimate, labels: list[str], constrained: bool) -> tuple[float, int]:
    """Return the score statistic s' I^-1 s, and its df, of the model in which some labels, or also the constraints, are released."""
    q, first, rows = estimate.table.n_free, set(), []
    for r in estimate.table.rows:
        loose = r.free and r.label in labels and r.label in first
        q += bool(loose)
        rows.append(r._replace(free=q) if loose else r)
        first |= {r.label}
    lay = layout(replace(estimate.table, rows=tuple(rows)))
    x = np.zeros(q)
    for r, v in zip(rows, estimate.full, strict=True):
        if r.free:
            x[r.free - 1] = v
    local = _local(estimate, lay, x)
    s, I = -0.5 * estimate.n * local.g, 0.5 * estimate.n * local.H  # noqa: E741 - the field's letter
    if estimate.constraints is not None and constrained:
        J = np.hstack([estimate.constraints, np.zeros((len(estimate.constraints), q - estimate.table.n_free))])
        N = null_space(J)
        s, I = N.T @ s, N.T @ I @ N  # noqa: E741 - the field's letter
    kept = estimate.table.n_free if estimate.constraints is None else null_space(estimate.constraints).shape[1]
    return float(s @ np.linalg.pinv(I, hermitian=True) @ s), len(s) - kept


def _local(estimate: Estimate, lay: Layout, x: Array) -> Local:
    """Return gradient and expected information of the discrepancy, that of the likelihood as lavaan takes it also under FIML."""
    if estimate.weight is not None:
        return of_covariances(estimate, lay, x)
    mean = np.zeros(len(estimate.S)) if estimate.mean is None else estimate.mean
    data: Patterns = complete_sample(mean, estimate.S, estimate.n).patterns if estimate.patterns is None else estimate.patterns
    return evaluate(lay, x, data, estimate.S, mean, observed=False)


def expected_changes(estimate: Estimate, rows: list[Row], epc: Array) -> Array:
    """Return expected changes as standardised values (k,)."""
    table = extended(estimate.table, rows)
    lay = layout(table)
    place = {r.free: k for k, r in enumerate(table.rows) if r.free > estimate.table.n_free}
    full = np.zeros(len(table.rows))
    own = {_key(r.lhs, r.op, r.rhs): v for r, v in zip(estimate.table.rows, estimate.full, strict=True)}
    for k, r in enumerate(table.rows):
        full[k] = own.get(_key(r.lhs, r.op, r.rhs), 0.0)
    matrices = fill(lay, full[None])
    at = [place[estimate.table.n_free + 1 + k] for k in range(len(rows))]
    changed = full.copy()
    changed[at] = np.nan_to_num(epc)
    return np.where(np.isfinite(epc), standardised_values(lay, changed[None], matrices)[0][at], np.nan)
