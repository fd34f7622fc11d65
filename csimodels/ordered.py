"""Models of ordered answers: polychoric correlations, weighted least squares, thresholds, corrected statistics."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.errors import DataWarning, IdentificationError
from csimodels.estimators.estimate import Baseline, Engine, Estimate
from csimodels.estimators.least_squares import Weight, full_weight, lower, normal_weight
from csimodels.estimators.matrices import Layout, fill, implied, layout, parameters
from csimodels.estimators.ml import minimise
from csimodels.estimators.ordinal import (
    Fitted,
    Statistics,
    fit_correlations,
    internal_table,
    markers_of,
    rescaled,
    rescaled_jacobian,
    scaled_items,
    standard_deviations,
    statistics_of,
)
from csimodels.estimators.ordinal_moments import OrdinalMoments, ordinal_moments
from csimodels.estimators.starts import start
from csimodels.inference.difference import tangent_of
from csimodels.inference.incomplete_fit import CompleteFit
from csimodels.inference.scaled import ScaledTest, corrected
from csimodels.partable import ParameterTable, Row

__all__ = ["estimate_ordinal"]

Array = NDArray[Any]
METHODS = {"wlsmv": "scaled.shifted", "ulsmv": "scaled.shifted", "wlsm": "satorra.bentler"}
STEP = 1e-20
RANK = 1e-9


class _Whole(NamedTuple):
    """Hold every parameter.

    x (q,) free ones, vcov (q, q), the table they stand in, full (K,) all of them, dependent (K, q) derivatives of all by the free ones.
    """

    x: Array
    vcov: Array
    table: ParameterTable
    full: Array
    dependent: Array


def estimate_ordinal(table: ParameterTable, rows: Array, ordinal: tuple[str, ...], estimator: str, theta: bool, engine: Engine) -> Estimate:
    """Fit a model to ordered answers by least squares on polychoric correlations (Muthen 1984, doi:10.1007/BF02294210).

    Parameters
    ----------
    table : ParameterTable
        The model of the variables behind the items.
    rows : array (n, p)
        Complete answers, recoded.
    ordinal : tuple of str
        Which items are ordered.
    estimator : str
        "wlsmv", "wlsm" and "dwls" weigh by the diagonal of the asymptotic covariances, "wls" by all of them, "ulsmv" and "uls" not at all.
    theta : bool
        Whether residual variances behind the items are one, or else their total variances (delta).
    engine : Engine
        What ran.
    """
    mask = np.isin(table.observed, ordinal)
    with one_thread("scipy"):
        moments = ordinal_moments(rows, mask, table.observed)
        _say_sparse(moments, table.observed)
        scaled = scaled_items(table, ordinal, theta)
        t, inner = statistics_of(moments, scaled), internal_table(table, ordinal, scaled)
        lay, W = layout(inner), _weight(t, estimator, moments)
        found = fit_correlations(lay, t, W, _start(table, inner, moments))
        _require_identified(inner, found)
        whole = _gathered(inner, lay, t, moments, W, found, estimator, theta)
        n = moments.n
        test, base = _tests(t, W, found, estimator, n)
        Sigma = _correlations(lay, found.x, t)
        tangent = tangent_of(found.D, W @ found.D, t.Gamma) if test is not None else None
        complete = _complete_fit(t, found, W, Sigma, moments, rows) if test is not None and mask.all() else None
    F = float(found.residual @ (W @ found.residual))
    ran = replace(engine, evaluations=found.evaluations)
    parts: dict[str, Any] = {
        "x": whole.x,
        "full": whole.full,
        "vcov": whole.vcov,
        "S": moments.covariance,
        "Sigma": Sigma,
        "n": float(n - 1),
    }
    parts |= {"F": F, "converged": found.converged, "engine": ran, "estimator": estimator, "test": test, "baseline": base}
    parts |= {"complete": complete, "tangent": tangent, "dependent": whole.dependent, "weight": W}
    return Estimate(whole.table, **parts, ordinal=ordinal, gfi=_gfi(moments, W, F, estimator))


def _say_sparse(m: OrdinalMoments, items: tuple[str, ...]) -> None:
    """Warn of pairs of answers that nobody gave, which make polychoric correlations unsteady, and of correlations at their limit."""
    if m.zero_cells:
        pairs = ", ".join(f"{items[a]} and {items[b]}" for a, b in m.empty_pairs[:3])
        more = f" and {len(m.empty_pairs) - 3} more pairs" if len(m.empty_pairs) > 3 else ""
        text = f"{m.zero_cells} pairs of answers were given by nobody: {pairs}{more}. Merge rare answers if results depend on them."
        warnings.warn(text, DataWarning, stacklevel=2)
    if len(m.at_limit):
        a, b = m.at_limit[0]
        text = f"{len(m.at_limit)} polychoric correlations are at their limit, e.g. of {items[a]!r} with {items[b]!r}."
        warnings.warn(text, DataWarning, stacklevel=2)


def _weight(t: Statistics, estimator: str, m: OrdinalMoments) -> Weight:
    """Return the weight of the covariance statistics; a full one needs that of all statistics to exist."""
    assert m.gamma is not None
    if estimator == "wls":
        full_weight(m.gamma, m.n)
        return Weight(np.linalg.inv(t.Gamma), None)
    return Weight(None, np.ones(len(t.s)) if estimator in ("uls", "ulsmv") else 1.0 / np.diagonal(t.Gamma))


def _start(table: ParameterTable, inner: ParameterTable, m: OrdinalMoments) -> Array:
    """Return starting values in the theta parameterisation: the solution on the correlations, divided by residual standard deviations."""
    lay, R = layout(table), m.covariance
    value, vector = np.linalg.eigh(R)
    proper = (vector * np.maximum(value, 0.05)) @ vector.T
    own = minimise(lay, proper[None], start(table, lay, proper[None]), tol=1e-6, max_evaluations=60).x[0]
    own = own if np.isfinite(own).all() else start(table, lay, proper[None])[0]
    known = {(r.lhs, r.op, r.rhs): own[r.free - 1] for r in table.rows if r.free}
    x = np.zeros(inner.n_free)
    for r in inner.rows:
        if r.free:
            x[r.free - 1] = known[r.lhs, r.op, r.rhs]
    return x


def _require_identified(table: ParameterTable, found: Fitted) -> None:
    """Refuse a model with parameters that the correlations do not see."""
    size = np.linalg.norm(found.D, axis=0)
    _, value, Vt = np.linalg.svd(found.D / np.maximum(size, 1e-300), full_matrices=True)
    rank = int((value > RANK * value[0]).sum()) if value.size else 0
    if rank < found.D.shape[1]:
        loose = int(np.abs(Vt[rank:]).max(axis=0).argmax()) + 1
        row = next(r for r in table.rows if r.free == loose)
        text = f"The correlations of the ordered items do not identify {row.lhs} {row.op} {row.rhs}."
        hint = "Add indicators, fix a parameter, or drop a path."
        raise IdentificationError("identification.ordinal", text, variable=row.lhs, value=f"{row.lhs} {row.op} {row.rhs}", hint=hint)


def _correlations(lay: Layout, x: Array, t: Statistics) -> Array:
    """Return the implied covariances (p, p), ordered items standardised."""
    Sigma = implied(fill(lay, parameters(lay, x[None], np.zeros((1, lay.p, lay.p))))).Sigma[0]
    d = np.where(t.scaled, 1 / np.sqrt(np.where(t.scaled, np.diagonal(Sigma), 1.0)), 1.0)
    out: Array = Sigma * np.outer(d, d)
    out[t.ordinal, t.ordinal] = 1.0
    return out


def _gathered(
    inner: ParameterTable, lay: Layout, t: Statistics, m: OrdinalMoments, W: Weight, found: Fitted, estimator: str, theta: bool
) -> _Whole:
    """Return all free parameters, thresholds and means among them, in the parameterisation asked for, with their covariances."""
    markers, q, first = markers_of(inner), lay.q, len(m.statistics) - len(t.s)
    own, V = _first_order(t, m, W, found, estimator)
    values = parameters(lay, found.x[None], np.zeros((1, lay.p, lay.p)))[0] if theta else rescaled(lay, markers, found.x[None], t)[0]
    J = np.zeros((len(values), q))
    if theta:
        J[lay.estimated, lay.free[lay.estimated] - 1] = 1.0
    else:
        J = rescaled_jacobian(lay, markers, found.x, t)
    items = _items(m, inner.observed)
    sd = standard_deviations(lay, found.x[None], t)[0] if theta else np.ones(lay.p)
    moved = standard_deviations(lay, found.x + 1j * STEP * np.eye(q), t).imag.T / STEP if theta else np.zeros((lay.p, q))
    scale, sign = sd[[k for k, _ in items]], np.array([1.0 if name else -1.0 for _, name in items])
    free = [k for k, r in enumerate(inner.rows) if r.free]
    keep = [free[[inner.rows[k].free for k in free].index(f)] for f in range(1, q + 1)]
    outer = np.zeros((q + first, q + first))
    outer[:q, :q] = J[keep]
    outer[q:, :q] = own[:, None] * sign[:, None] * moved[[k for k, _ in items]]
    outer[q:, q:] = np.diag(scale * sign)
    x = np.concatenate([values[keep], own * scale * sign])
    table, full = _shown(inner, values, items, x[q:], m, 1.0 / standard_deviations(lay, found.x[None], t)[0] if theta else np.ones(lay.p))
    dependent = np.zeros((len(full), q + first))
    dependent[: len(values), :q] = J @ np.linalg.inv(J[keep])
    dependent[len(values) + np.arange(first), q + np.arange(first)] = 1.0
    return _Whole(x, outer @ V @ outer.T / (m.n - 1), table, full, dependent)


def _items(m: OrdinalMoments, observed: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the item of each statistic of first order, and the name of the threshold, empty for a mean."""
    out: list[tuple[int, str]] = []
    for k, size in enumerate(m.categories):
        out += [(k, f"t{c}") for c in range(1, size)] if size else [(k, "")]
    return out


def _first_order(t: Statistics, m: OrdinalMoments, W: Weight, found: Fitted, estimator: str) -> tuple[Array, Array]:
    """Return thresholds and negative means (a,), and n times the covariances of the model's parameters and these.

    They are saturated: full weights move them by what the correlations leave over, other weights leave them as they are.
    """
    assert m.gamma is not None
    a, q = len(m.statistics) - len(t.s), found.D.shape[1]
    WD = W @ found.D
    H = np.linalg.solve(found.D.T @ WD, WD.T)
    K = m.gamma[:a, a:] @ np.linalg.inv(t.Gamma) if estimator == "wls" else np.zeros((a, len(t.s)))
    own = m.statistics[:a] - K @ found.residual
    if estimator in ("dwls", "uls"):
        weight = np.ones(a) if estimator == "uls" else 1.0 / np.diagonal(m.gamma)[:a]
        V = np.zeros((q + a, q + a))
        V[:q, :q], V[q:, q:] = np.linalg.inv(found.D.T @ WD), np.diag(1.0 / weight)
        return own, V
    G = np.zeros((q + a, a + len(t.s)))
    G[:q, a:], G[q:, :a], G[q:, a:] = H, np.eye(a), -K @ (np.eye(len(t.s)) - found.D @ H)
    return own, np.asarray(G @ m.gamma @ G.T)


def _shown(
    inner: ParameterTable, values: Array, items: list[tuple[int, str]], first: Array, m: OrdinalMoments, scales: Array
) -> tuple[ParameterTable, Array]:
    """Return the table that is shown, with thresholds, means and scales, and every parameter (K,)."""
    rows, full, q = list(inner.rows), list(values), inner.n_free
    for k, ((item, name), value) in enumerate(zip(items, first, strict=True)):
        rows.append(Row(inner.observed[item], "|" if name else "~1", name, free=q + k + 1))
        full.append(value)
    for k, size in enumerate(m.categories):
        if size:
            rows += [Row(inner.observed[k], "~1", "", value=0.0), Row(inner.observed[k], "~*~", inner.observed[k], value=float(scales[k]))]
            full += [0.0, float(scales[k])]
    for name in inner.latent:
        rows.append(Row(name, "~1", "", value=0.0))
        full.append(0.0)
    fixed = [r if r.free or r.op in ("~1", "~*~") else r._replace(value=float(v)) for r, v in zip(rows, full, strict=True)]
    return replace(inner, rows=tuple(fixed)), np.array(full)


def _tests(t: Statistics, W: Weight, found: Fitted, estimator: str, n: int) -> tuple[ScaledTest | None, Baseline]:
    """Return the correction of the statistic, and the independence model with its own."""
    free = np.eye(len(t.s))[:, t.row == t.col]
    rest = t.s.copy()
    rest[t.row == t.col] = 0.0
    if estimator == "wls" and free.size:
        rest = t.s - free @ np.linalg.solve(free.T @ (W @ free), free.T @ (W @ t.s))
    chisq, df = (n - 1) * float(rest @ (W @ rest)), len(t.s) - free.shape[1]
    if estimator not in METHODS:
        return None, Baseline(chisq, df)
    tests = [corrected(METHODS[estimator], *_traces(t, W, D), len(t.s) - D.shape[1]) for D in (found.D, free)]
    return tests[0], Baseline(chisq, df, tests[1])


def _traces(t: Statistics, W: Weight, D: Array) -> tuple[float, float]:
    """Return tr(U Gamma) and tr((U Gamma)^2) with U = W - W D (D' W D)^-1 D' W."""
    WD = W @ D
    UG = W @ t.Gamma
    if D.size:
        UG = UG - WD @ np.linalg.solve(D.T @ WD, WD.T @ t.Gamma)
    return float(np.trace(UG)), float(np.einsum("ij,ji->", UG, UG))


def _complete_fit(t: Statistics, found: Fitted, W: Weight, Sigma: Array, m: OrdinalMoments, rows: Array) -> CompleteFit | None:
    """Return what robust fit measures are made of: normal theory on the correlations at this solution (Savalei 2021).

    None where the correlations are not positive definite (doi:10.1080/00273171.2020.1717922).
    """
    R, p = m.covariance, len(Sigma)
    if np.linalg.eigvalsh(R)[0] < np.sqrt(np.finfo(float).eps) or np.linalg.eigvalsh(Sigma)[0] <= 0:
        return None
    i, j = lower(p)
    place = {(int(a), int(b)): k for k, (a, b) in enumerate(zip(i, j, strict=True))}
    order = [place[int(a), int(b)] for a, b in zip(t.row, t.col, strict=True)]
    inverse = np.linalg.inv(Sigma)
    V = normal_weight(inverse)[np.ix_(order, order)]
    WD = W @ found.D
    rest = np.eye(len(t.s)) - found.D @ np.linalg.solve(found.D.T @ WD, WD.T)
    trace = float(np.einsum("ij,ji->", rest.T @ V @ rest, t.Gamma))
    F = np.linalg.slogdet(Sigma)[1] - np.linalg.slogdet(R)[1] + np.einsum("ij,ji->", inverse, R) - p
    df, df_0 = len(t.s) - found.D.shape[1], len(t.s)
    F_0 = -float(np.linalg.slogdet(R)[1])
    c, c_0 = trace / df if df else np.nan, float(np.trace(t.Gamma)) / df_0
    spread = np.cov(rows.T, ddof=0) / (len(rows) - 1)
    return CompleteFit(float(m.n * F), c, m.n * F_0, c_0, np.nan, np.atleast_2d(spread))


def _gfi(m: OrdinalMoments, W: Weight, F: float, estimator: str) -> float:
    """Return the weighted goodness of fit of all statistics, thresholds among them."""
    assert m.gamma is not None
    if estimator == "wls":
        total = float(m.statistics @ np.linalg.solve(m.gamma, m.statistics))
    else:
        weight = np.ones(len(m.statistics)) if estimator in ("uls", "ulsmv") else 1.0 / np.diagonal(m.gamma)
        total = float(weight @ m.statistics**2)
    return 1.0 - F / total
