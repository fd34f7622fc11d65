"""An outcome as a quadratic surface over expectation and perception: what is restricted, where it turns, how it runs along two lines."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.regressing import coefficient_table, decided_alone, require_rank
from csimodels.analyses.slope_ratios import bootstrap_slopes
from csimodels.analyses.surface_inputs import Asked, Sample, design
from csimodels.errors import DataError

__all__ = ["Surface", "axes_table", "coefficients_table", "features", "fit_surface", "models_table", "stationary_table", "surface_table"]

Array = NDArray[np.float64]
ROBUST, EXACT = "HC3", 1e-12
TERMS = ("p", "e", "p2", "pe", "e2")
FEATURES = (
    ("a1", "slope along P = E at the midpoint", (1, 1, 0, 0, 0)),
    ("a2", "curvature along P = E", (0, 0, 1, 1, 1)),
    ("a3", "slope along P = -E at the midpoint, where P rises and E falls", (1, -1, 0, 0, 0)),
    ("a4", "curvature along P = -E", (0, 0, 1, -1, 1)),
    ("a5", "P2 - E2: whether the ridge runs along P = E (0) or turns away", (0, 0, 1, 0, -1)),
)
# Restrictions R b = 0 on (p, e, p2, pe, e2).
RIVALS: dict[str, tuple[tuple[int, ...], ...]] = {
    "expectation only": ((1, 0, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1)),
    "perception only": ((0, 1, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1)),
    "difference P - E": ((1, 1, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1)),
    "squared difference": ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, -1), (0, 0, 2, 1, 0)),
    "difference and its square": ((1, 1, 0, 0, 0), (0, 0, 1, 0, -1), (0, 0, 2, 1, 0)),
    "plane (E and P)": ((0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1)),
    "curved expectation only": ((1, 0, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0)),
    "curved perception only": ((0, 1, 0, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1)),
}
FULL = "quadratic surface"
SHAPES = ("e", "p", "first_intercept", "first_slope", "second_intercept", "second_slope")


class Surface(NamedTuple):
    """The fit by statsmodels, names of its columns, and the sample."""

    fit: Any
    names: tuple[str, ...]
    sample: Sample


def fit_surface(sample: Sample, cov_type: str) -> Surface:
    """Fit the outcome on p, e, p^2, pe, e^2 and controls.

    Raises
    ------
    DataError
        Variables that determine each other (fewer than three different answers among them), an outcome without error, one row that
        decides a coefficient alone.
    """
    names = ("const", *TERMS, *sample.names)
    X = np.column_stack([np.ones_like(sample.y), design(sample)])
    require_rank(X, names, "surface.collinear")
    if cov_type == ROBUST and decided_alone(X) is not None:
        text, hint = f"One row alone decides a coefficient: its {ROBUST} error does not exist.", 'Leave the row out, or say "nonrobust".'
        raise DataError("surface.one_row_decides", text, variable="cov_type", value=decided_alone(X), hint=hint)
    fit = OLS(sample.y, X).fit(cov_type=cov_type, use_t=True)
    if fit.ssr <= EXACT * fit.centered_tss:
        text = "The outcome is an exact function of expectation, perception and controls: it seems to be computed from them."
        raise DataError("surface.exact", text, variable="outcome", value=float(fit.rsquared), hint="Give an outcome that was asked.")
    return Surface(fit, names, sample)


def coefficients_table(s: Surface, level: float) -> pd.DataFrame:
    """Return the coefficients."""
    table = coefficient_table(s.fit, s.names, level, "t")
    table.insert(4, "df", int(s.fit.df_resid))
    return table


def _restriction(s: Surface, rows: tuple[tuple[int, ...], ...]) -> Array:
    """Return restrictions on the five terms as restrictions on all coefficients."""
    return np.hstack([np.zeros((len(rows), 1)), np.array(rows, dtype=float), np.zeros((len(rows), len(s.sample.names)))])


def surface_table(s: Surface, level: float) -> pd.DataFrame:
    """Return a1 to a5 (Edwards & Parry 1993, doi:10.2307/256822; a5: Humberg et al. 2019, doi:10.1177/1948550618757600)."""
    tested = s.fit.t_test(_restriction(s, tuple(weights for _, _, weights in FEATURES)))
    lower, upper = np.asarray(tested.conf_int(alpha=1 - level)).T
    columns = {"name": [name for name, _, _ in FEATURES], "est": tested.effect, "se": tested.sd.ravel(), "t": tested.tvalue.ravel()}
    columns |= {"df": int(s.fit.df_resid), "pvalue": tested.pvalue, "ci_lower": lower, "ci_upper": upper}
    return pd.DataFrame(columns | {"meaning": [meaning for _, meaning, _ in FEATURES]})


def models_table(s: Surface) -> pd.DataFrame:
    """Return rival models, each with the F test of what it restricts in the surface; with HC3 errors the test is a robust Wald test."""
    rows: list[tuple[Any, ...]] = []
    X, y = np.asarray(s.fit.model.exog), s.sample.y
    for name, restricted in RIVALS.items():
        R = _restriction(s, restricted)
        test = s.fit.f_test(R)
        own = OLS(y, X @ _null_space(R)).fit()
        count, f = X.shape[1] - len(R), float(np.squeeze(test.fvalue))
        rows.append((name, count, own.rsquared, own.rsquared_adj, own.aic, f, int(test.df_num), int(test.df_denom), float(test.pvalue)))
    blank = (np.nan,) * 4
    rows.append((FULL, X.shape[1], s.fit.rsquared, s.fit.rsquared_adj, s.fit.aic, *blank))
    return pd.DataFrame(rows, columns=["model", "coefficients", "r2", "r2_adj", "aic", "f", "df_num", "df_den", "pvalue"])


def _null_space(R: Array) -> Array:
    """Return a basis of the coefficients that a restriction allows, its first column the constant."""
    free = np.linalg.svd(R[:, 1:])[2][len(R) :].T
    out = np.zeros((R.shape[1], 1 + free.shape[1]))
    out[0, 0], out[1:, 1:] = 1.0, free
    return out


def features(b: Array) -> Array:
    """Return where a surface turns, and its principal axes as lines p = intercept + slope e.

    Edwards & Parry (1993, doi:10.2307/256822), with x = e, y = p and H the matrix of second derivatives: the stationary point solves
    gradient = 0; the first axis is the direction in which the surface curves upwards most.

    Parameters
    ----------
    b : array (..., 5)
        Coefficients of p, e, p^2, pe, e^2.

    Returns
    -------
    array (..., 6)
        e and p of the stationary point, intercept and slope of the first and of the second axis; NaN where there is none.
    """
    p, e, p2, pe, e2 = np.moveaxis(b, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        det = 4 * e2 * p2 - pe**2
        e0, p0 = (p * pe - 2 * e * p2) / det, (e * pe - 2 * p * e2) / det
        root = np.hypot(e2 - p2, pe)
        first, second = (p2 - e2 + root) / pe, (p2 - e2 - root) / pe
        found = np.stack([e0, p0, p0 - first * e0, first, p0 - second * e0, second], axis=-1)
    return np.asarray(np.where(np.isfinite(found), found, np.nan))


def stationary_table(s: Surface, asked: Asked) -> pd.DataFrame:
    """Return the stationary point, what it is, and whether customers can be there."""
    b = np.asarray(s.fit.params[1:6])
    e0, p0 = features(b)[:2]
    bends = np.linalg.eigvalsh(np.array([[2 * b[4], b[3]], [b[3], 2 * b[2]]]))
    kind = "maximum" if bends[1] < 0 else "minimum" if bends[0] > 0 else "saddle"
    half = (asked.scale[1] - asked.scale[0]) / 2
    inside = bool(abs(e0) <= half and abs(p0) <= half)
    row = {"e": e0, "p": p0, "expectation": e0 + asked.midpoint, "perception": p0 + asked.midpoint, "kind": kind, "on_scale": inside}
    return pd.DataFrame([row])


def axes_table(s: Surface, level: float, n_boot: int, seed: int) -> pd.DataFrame:
    """Return stationary point and principal axes with percentile limits; resamples without one are counted and left out."""
    X = design(s.sample)
    drawn = features(bootstrap_slopes(s.sample.y, X, n_boot, seed)[:, :5])
    lost = np.isnan(drawn).sum(axis=0)
    usable = lost < n_boot - 1
    limits = np.full((2, len(SHAPES)), np.nan)
    limits[:, usable] = np.nanquantile(drawn[:, usable], [(1 - level) / 2, (1 + level) / 2], axis=0)
    est = features(np.asarray(s.fit.params[1:6]))
    return pd.DataFrame({"name": SHAPES, "est": est, "ci_lower": limits[0], "ci_upper": limits[1], "resamples": n_boot, "undefined": lost})
