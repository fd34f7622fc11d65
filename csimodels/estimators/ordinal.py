"""Least squares on polychoric and polyserial correlations: WLSMV and its relatives.

Under theta the residual variance behind an ordinal item is one, and correlations are compared after standardisation. Under delta its
variance is one: a residual variance is what the model leaves over, also below zero. Ordinal items in paths of their own are
estimated as under theta, since their residual variance reaches other variables; delta is then a change of scale.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

from csimodels.estimators.derivatives import pairs, sigma_jacobian
from csimodels.estimators.least_squares import Weight
from csimodels.estimators.matrices import BETA, LAMBDA, PSI, THETA, Implied, Layout, fill, implied, layout, parameters
from csimodels.estimators.ordinal_moments import OrdinalMoments
from csimodels.estimators.pool import pseudo_inverse
from csimodels.partable import ParameterTable

__all__ = [
    "Fitted",
    "Statistics",
    "correlation_jacobian",
    "fit_correlations",
    "internal_table",
    "markers_of",
    "positions",
    "rescaled",
    "rescaled_jacobian",
    "scaled_items",
    "standard_deviations",
    "statistics_of",
]

Array = NDArray[Any]
TOLERANCE, MOST, SHORTEST, STEP = 1e-20, 400, 1e-12, 1e-20
DAMPED = (0.0, 1e-3, 1e-2, 0.1, 1.0, 10.0, 1e3)


class Statistics(NamedTuple):
    """Covariance statistics of some variables (r,) with their weight, and which they are.

    s (r,): variances of continuous variables, then covariances below the diagonal; row, col (r,): their variables; Gamma (r, r); ordinal
    (p,): which variables are seen in categories; scaled (p,): which are standardised before they are compared.
    """

    s: Array
    row: Array
    col: Array
    Gamma: Array
    ordinal: Array
    scaled: Array


class Fitted(NamedTuple):
    """Where the search ended: x (q,), F, residuals (r,), derivatives (r, q), whether it converged, evaluations."""

    x: Array
    F: float
    residual: Array
    D: Array
    converged: bool
    evaluations: int


def statistics_of(m: OrdinalMoments, scaled: Array) -> Statistics:
    """Return the covariance part of ordinal moments, with the variables (p,) that are standardised before they are compared."""
    assert m.gamma is not None
    ordinal = m.categories > 0
    first = len(m.thresholds) + int((~ordinal).sum())
    row, col = positions(ordinal)
    return Statistics(m.statistics[first:], row, col, m.gamma[first:, first:], ordinal, scaled)


def positions(ordinal: Array) -> tuple[Array, Array]:
    """Return rows and columns (r,) of the covariance statistics: variances of continuous variables, then covariances."""
    continuous = np.flatnonzero(~ordinal)
    i, j = np.triu_indices(len(ordinal), 1)
    return np.concatenate([continuous, j]), np.concatenate([continuous, i])


def _single(table: ParameterTable, ordinal: tuple[str, ...]) -> dict[str, str]:
    """Return the constructs with one indicator, an ordinal one, and that item."""
    blocks: dict[str, list[str]] = {}
    for r in table.rows:
        if r.op == "=~":
            blocks.setdefault(r.lhs, []).append(r.rhs)
    return {c: block[0] for c, block in blocks.items() if len(block) == 1 and block[0] in ordinal}


def scaled_items(table: ParameterTable, ordinal: tuple[str, ...], theta: bool) -> Array:
    """Return which items (p,) are standardised in the search: under delta those in paths, alone or as the only item of a construct."""
    paths = {*layout(table).structural, *_single(table, ordinal).values()}
    return np.array([o in ordinal and (theta or o in paths) for o in table.observed])


def internal_table(table: ParameterTable, ordinal: tuple[str, ...], scaled: Array) -> ParameterTable:
    """Return the table of the search: residual variances one of scaled items, zero of other ordinal ones, of which they are what is left.

    Those of single items are their construct's.
    """
    single, unit = _single(table, ordinal), {o for o, s in zip(table.observed, scaled, strict=True) if s}
    unit -= set(single.values())
    rows = []
    for r in table.rows:
        own = r.op == "~~" and r.lhs == r.rhs
        if own and r.lhs in ordinal:
            r = r._replace(free=0, value=1.0 if r.lhs in unit else 0.0, sample=np.nan)  # noqa: PLW2901
        elif own and r.lhs in single:
            r = r._replace(free=0, value=1.0)  # noqa: PLW2901
        rows.append(r)
    number = {f: k + 1 for k, f in enumerate(sorted({r.free for r in rows if r.free}))}
    return replace(table, rows=tuple(r._replace(free=number.get(r.free, 0)) for r in rows))


def _scales(imp: Implied, scaled: Array) -> Array:
    """Return what standardises each variable (B, p): one over its standard deviation if it is scaled, else one."""
    variance = np.diagonal(imp.Sigma, axis1=-2, axis2=-1)
    return np.where(scaled, 1.0 / np.sqrt(np.where(scaled, variance, 1.0)), 1.0)


def correlation_jacobian(lay: Layout, x: Array, t: Statistics) -> tuple[Array, Array]:
    """Return the implied statistics (r,) and their derivatives (r, q).

    d rho_ij = d_i d_j dSigma_ij - rho_ij (d_i^2 dSigma_ii + d_j^2 dSigma_jj) / 2, the last two for scaled variables only.
    """
    imp = implied(fill(lay, parameters(lay, x[None], np.zeros((1, lay.p, lay.p)))))
    d, J = _scales(imp, t.scaled)[0], sigma_jacobian(pairs(lay), imp)[0]
    value = imp.Sigma[0][t.row, t.col] * d[t.row] * d[t.col]
    moved = J[:, t.row, t.col] * (d[t.row] * d[t.col])
    own = np.diagonal(J, axis1=1, axis2=2) * np.where(t.scaled, d**2, 0.0)
    return value, (moved - value * (own[:, t.row] + own[:, t.col]) / 2.0).T


def fit_correlations(lay: Layout, t: Statistics, W: Weight, start: Array) -> Fitted:
    """Minimise (s - sigma)' W (s - sigma) from starting values (q,) by damped Gauss-Newton steps (Marquardt 1963, doi:10.1137/0111030)."""
    x = start
    with np.errstate(all="ignore"):
        value, D = correlation_jacobian(lay, x, t)
        r = t.s - value
        F = float(r @ (W @ r))
        for k in range(MOST):
            H, g = D.T @ (W @ D), D.T @ (W @ r)
            size = float(g @ _inverse(H) @ g)
            if not np.isfinite(size) or size <= TOLERANCE * max(F, 1e-12) or size <= TOLERANCE:
                return Fitted(x, F, r, D, bool(np.isfinite(size)), k + 1)
            found = _improved(lay, t, W, x, F, H, g)
            if found is None:
                return Fitted(x, F, r, D, size <= 1e-10 * max(F, 1e-6), k + 1)
            x, F = found
            value, D = correlation_jacobian(lay, x, t)
            r = t.s - value
    return Fitted(x, F, r, D, False, MOST)


def _improved(lay: Layout, t: Statistics, W: Weight, x: Array, F: float, H: Array, g: Array) -> tuple[Array, float] | None:
    """Return the best point of a few damped steps that lowers F, None if none does."""
    best = None
    for damping in DAMPED:
        there = x + _inverse(H + damping * np.diag(np.diagonal(H))) @ g
        r = t.s - _implied_statistics(lay, there, t)
        own = float(r @ (W @ r))
        if np.isfinite(own) and own < F and (best is None or own < best[1]):
            best = there, own
        if best is not None and damping >= DAMPED[1]:
            break
    return best


def _implied_statistics(lay: Layout, x: Array, t: Statistics) -> Array:
    """Return the implied statistics (r,) alone."""
    imp = implied(fill(lay, parameters(lay, x[None], np.zeros((1, lay.p, lay.p)))))
    d = _scales(imp, t.scaled)[0]
    return np.asarray(imp.Sigma[0][t.row, t.col] * d[t.row] * d[t.col])


def _inverse(H: Array) -> Array:
    """Return the inverse of a symmetric matrix (q, q), its pseudo-inverse where it is not positive definite."""
    root, failed = dpotrf(H, lower=1)
    if failed:
        return pseudo_inverse(H)
    half, _ = dpotri(root, lower=1)
    return np.asarray(np.tril(half) + np.tril(half, -1).T)


def standard_deviations(lay: Layout, x: Array, t: Statistics) -> Array:
    """Return standard deviations of the variables behind ordinal items (B, p), one for continuous items, from solutions x (B, q)."""
    return 1.0 / _scales(implied(fill(lay, parameters(lay, x, np.zeros((len(x), lay.p, lay.p))))), t.scaled)


def rescaled(lay: Layout, markers: Array, x: Array, t: Statistics) -> Array:
    """Return every parameter (B, K) on the delta scale, where ordinal items have variance one, from solutions x (B, q), real or complex.

    Scaled item i is divided by its standard deviation, construct j by that of its marker if it has one; the residual variances of ordinal
    items that are not scaled are what is left of one.
    """
    full = parameters(lay, x, np.zeros((len(x), lay.p, lay.p)))
    imp = implied(fill(lay, full))
    d = _scales(imp, t.scaled)
    m = np.where(markers >= 0, d[:, np.maximum(markers, 0)], 1.0)
    out = full.copy()
    for which, left, right in ((LAMBDA, d, 1.0 / m), (BETA, m, 1.0 / m), (PSI, m, m), (THETA, d, d)):
        at = lay.at[which]
        out[:, at] = full[:, at] * left[:, lay.row[at]] * right[:, lay.col[at]]
    left_over = lay.at[THETA][np.isin(lay.row[lay.at[THETA]], np.flatnonzero(t.ordinal & ~t.scaled))]
    left_over = left_over[lay.row[left_over] == lay.col[left_over]]
    out[:, left_over] = 1.0 - np.diagonal(imp.Sigma, axis1=-2, axis2=-1)[:, lay.row[left_over]]
    return out


def rescaled_jacobian(lay: Layout, markers: Array, x: Array, t: Statistics) -> Array:
    """Return the derivatives (K, q) of the parameters on the delta scale by complex steps."""
    moved = x + 1j * STEP * np.eye(lay.q)
    return np.asarray(rescaled(lay, markers, moved, t).imag.T / STEP)


def markers_of(table: ParameterTable) -> Array:
    """Return the item that each structural variable takes its scale from (m,), -1 where its variance is fixed at one."""
    lay = layout(table)
    out = np.full(lay.m, -1)
    out[lay.latent :] = [table.observed.index(name) for name in lay.structural[lay.latent :]]
    for r in table.rows:
        if r.op == "=~" and not r.free and r.value == 1.0 and r.rhs in table.observed and out[lay.structural.index(r.lhs)] < 0:
            out[lay.structural.index(r.lhs)] = table.observed.index(r.rhs)
    return out
