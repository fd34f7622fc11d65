"""Regressions of expectations on what was expected and perceived before."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.linear_model import WLS

from csimodels.analyses.regressing import Curve, coefficient_table, decided_alone, require_rank
from csimodels.analyses.transitions import Transitions
from csimodels.errors import DataError

__all__ = ["Fits", "adaptation_table", "fit_dynamics", "line_of", "models_table", "places_of"]

Array = NDArray[Any]
CLUSTERS, POINTS, BINS, EXACT = 10, 51, 12, 1e-12
MEMORY, EXPERIENCE = "expectation before", "perception before"
RIVALS = {"memory only": ((0.0, 1.0),), "experience only": ((1.0, 0.0),), "neither": ((1.0, 0.0), (0.0, 1.0))}
ADAPTIVE, FULL = "adaptive expectations", "memory and experience"


class Fits(NamedTuple):
    """The regression on both, that of changes on the gap before, names of the columns of the first, kind of errors, the transitions."""

    full: Any
    change: Any
    names: tuple[str, ...]
    cov_type: str
    data: Transitions


def _effects(t: Transitions, names: list[Any], waves: bool, units: bool) -> tuple[Array, list[str]]:
    """Return constant, dummies of waves after the first, and dummies of units after the first."""
    columns, labels = [np.ones(len(t.now))], ["const"]
    own = np.unique(t.wave)
    if waves:
        columns += [(t.wave == w).astype(float) for w in own[1:]]
        labels += [f"wave {names[int(w)]}" for w in own[1:]]
    if units:
        columns += [(t.unit == u).astype(float) for u in np.unique(t.unit)[1:]]
        labels += [f"unit {int(u) + 1}" for u in np.unique(t.unit)[1:]]
    return np.column_stack(columns), labels


def fit_dynamics(t: Transitions, names: list[Any], *, panel: bool, wave_effects: bool, unit_effects: bool) -> Fits:
    """Fit E_t on E_t-1 and P_t-1, and the change of E on the gap before.

    Errors: clustered by unit for panels and for ten cohorts or more, HC3 for fewer cohorts.

    Raises
    ------
    DataError
        No variation, variables that determine each other, an exact fit, one row that decides a coefficient alone.
    """
    effects, labels = _effects(t, names, wave_effects, unit_effects and not panel)
    X, Z, now, moved = np.column_stack([effects, t.before, t.perceived]), np.column_stack([effects, t.gap]), t.now, t.now - t.before
    if unit_effects and panel:
        X, Z, now, moved = (_within(v, t.unit) for v in (X, Z, now, moved))
    columns = (*labels, MEMORY, EXPERIENCE)
    require_rank(X, columns, "dynamics.collinear")
    clustered = panel or t.units >= CLUSTERS
    if not clustered and decided_alone(X * np.sqrt(t.weight)[:, None]) is not None:
        text, hint = "One transition alone decides a coefficient: its HC3 error does not exist.", "Leave out wave or unit effects."
        raise DataError("dynamics.one_row_decides", text, variable="cohort", value=t.units, hint=hint)
    how: dict[str, Any] = {"cov_type": "cluster", "cov_kwds": {"groups": t.unit}} if clustered else {"cov_type": "HC3"}
    full = WLS(now, X, weights=t.weight).fit(use_t=True, **how)
    if full.ssr <= EXACT * full.centered_tss:
        text = "Expectations are an exact function of those before: they seem to be computed from them."
        raise DataError("dynamics.exact", text, variable="expectation", value=float(full.rsquared), hint="Check the columns.")
    change = WLS(moved, Z, weights=t.weight).fit(use_t=True, **how)
    return Fits(full, change, columns, "cluster" if clustered else "HC3", t)


def _within(values: Array, unit: Array) -> Array:
    """Return values (n, ...) less the mean of their unit plus the mean of all: what dummies of units would do, without the dummies."""
    means = np.zeros((int(unit.max()) + 1, *values.shape[1:]))
    np.add.at(means, unit, values)
    means /= np.bincount(unit).reshape(-1, *(1,) * (values.ndim - 1))
    return np.asarray(values - means[unit] + values.mean(axis=0))


def coefficients_table(fits: Fits, level: float) -> pd.DataFrame:
    """Return the coefficients of memory and experience first, then wave effects; dummies of units are left out."""
    table = coefficient_table(fits.full, fits.names, level, "t")
    order = [len(table) - 2, len(table) - 1, *(k for k in range(len(table) - 2) if not str(table["name"][k]).startswith("unit "))]
    return table.iloc[order].reset_index(drop=True)


def models_table(fits: Fits) -> pd.DataFrame:
    """Return rival models with the Wald tests of what they restrict."""
    full, X = fits.full, np.asarray(fits.full.model.exog)
    rows: list[tuple[Any, ...]] = []
    for name, restricted in RIVALS.items():
        R = np.hstack([np.zeros((len(restricted), X.shape[1] - 2)), np.array(restricted)])
        kept = [k for k in range(X.shape[1]) if not R[:, k].any()]
        own = WLS(full.model.endog, X[:, kept], weights=fits.data.weight).fit()
        rows.append((name, own.rsquared, own.aic, *_wald(full, R)))
    R = np.zeros((1, X.shape[1]))
    R[0, -2:] = 1.0
    explained = 1 - fits.change.ssr / full.centered_tss
    rows.append((ADAPTIVE, explained, fits.change.aic, *_wald(full, R, 1.0)))
    rows.append((FULL, full.rsquared, full.aic, *(np.nan,) * 4))
    return pd.DataFrame(rows, columns=["model", "r2", "aic", "f", "df_num", "df_den", "pvalue"])


def _wald(fit: Any, R: Array, value: float = 0.0) -> tuple[float, int, int, float]:
    test = fit.f_test((R, np.full(len(R), value)))
    return float(np.squeeze(test.fvalue)), int(test.df_num), int(test.df_denom), float(test.pvalue)


def adaptation_table(fits: Fits, level: float) -> pd.DataFrame:
    """Return the share of the gap that expectations close until the next wave (Nerlove 1958), and waves until half of it is closed.

    E_t - E_t-1 = lambda (P_t-1 - E_t-1); half-life log(1/2) / log(1 - lambda), for lambda between 0 and 1.
    """
    table = coefficient_table(fits.change, [*fits.names[:-2], "lambda"], level, "t").iloc[[-1]].reset_index(drop=True)
    rate = float(table["est"].iloc[0])
    return table.assign(half_life=np.log(0.5) / np.log1p(-rate) if 0 < rate < 1 else np.nan)


def _net(fits: Fits) -> tuple[Array, Array]:
    """Return gaps and changes with wave and unit effects taken out, about their means."""
    w, Z = fits.data.weight, np.asarray(fits.change.model.exog)
    root, X, both = np.sqrt(w)[:, None], Z[:, :-1], np.column_stack([Z[:, -1], fits.change.model.endog])
    rest = both - X @ np.linalg.lstsq(X * root, both * root, rcond=None)[0]
    centre = np.average(both, axis=0, weights=w)
    return rest[:, 0] + centre[0], rest[:, 1] + centre[1]


def places_of(fits: Fits, *, panel: bool) -> tuple[tuple[float, float, float], ...]:
    """Return points to draw, gap before, change and weight: each transition of cohorts, means of up to twelve bins of a panel."""
    gap, change = _net(fits)
    w = fits.data.weight
    if not panel:
        return tuple((float(g), float(c), float(n)) for g, c, n in zip(gap, change, w, strict=True))
    edges = np.unique(np.quantile(gap, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, gap, side="right")
    return tuple((float(gap[bins == b].mean()), float(change[bins == b].mean()), float((bins == b).sum())) for b in np.unique(bins))


def line_of(fits: Fits, level: float) -> Curve:
    """Return the line of changes over gaps, waves and units at their means."""
    gap, change = _net(fits)
    w = fits.data.weight
    x = np.linspace(gap.min(), gap.max(), POINTS)
    row = adaptation_table(fits, level).iloc[0]
    middle, height = np.average(gap, weights=w), np.average(change, weights=w)
    lines = [height + float(row[c]) * (x - middle) for c in ("est", "ci_lower", "ci_upper")]
    return Curve(x, lines[0], np.minimum(lines[1], lines[2]), np.maximum(lines[1], lines[2]))
