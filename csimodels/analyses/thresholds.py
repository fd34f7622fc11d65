"""A kink in the dependence of loyalty on satisfaction: where it is, whether it is, and the slopes at its sides."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.loyalty_models import BY_LEVERAGE, Model, Sample, fitted
from csimodels.analyses.regressing import Curve, decided_alone, effects_table
from csimodels.errors import DataWarning

__all__ = ["Kink", "kink_coefficients", "kink_curve", "kink_slopes", "kink_table", "with_kink"]

Array = NDArray[np.float64]
GRID, TAIL = 399, 0.1


class Kink(NamedTuple):
    """A kink at c.

    The largest F over the search and its bootstrap p, the model given c, the joint covariance of its coefficients and of c, and the F of
    every place searched against c, both (g,).
    """

    c: float
    f: float
    pvalue: float
    model: Model
    cov: Array
    places: Array
    profile: Array


def with_kink(sample: Sample, line: Model, cov_type: str, n_boot: int, seed: int) -> Kink | None:
    """Return the kink that minimises the sum of squares, or None where there is no room for one."""
    grid = _grid(sample.x)
    if grid is None:
        text = "A threshold is not looked for: too few customers lie below or above the possible ones."
        warnings.warn(text, DataWarning, stacklevel=2)
        return None
    X = line.fit.model.exog
    Q = np.linalg.qr(X)[0]
    H = np.maximum(sample.x[:, None] - grid, 0.0)
    H -= Q @ (Q.T @ H)
    size = (H**2).sum(axis=0)
    gain = (sample.y @ H) ** 2 / size
    best = int(gain.argmax())
    c = float(grid[best])
    model = fitted("threshold", sample, {"satisfaction": sample.x, "above threshold": np.maximum(sample.x - c, 0.0)}, cov_type)
    df = len(sample.y) - X.shape[1] - 1
    f = float(gain[best] / (model.fit.ssr / df))
    drawn = np.random.default_rng(seed).standard_normal((n_boot, len(sample.y))) * model.fit.resid
    cov, ratio = _joint(model, sample, c, cov_type)
    profile = (gain[best] - gain) / (model.fit.ssr / df) / ratio
    return Kink(c, f, _pvalue(f, drawn, Q, H, size, df), model, cov, grid, profile)


def _grid(x: Array) -> Array | None:
    """Return possible kinks: between percentiles, and with two different values at either side."""
    there = np.unique(x)
    low, high = max(np.quantile(x, TAIL), there[1]), min(np.quantile(x, 1 - TAIL), there[-2])
    return np.linspace(low, high, GRID + 2)[1:-1] if low < high else None


def _pvalue(f: float, drawn: Array, Q: Array, H: Array, size: Array, df: int) -> float:
    """Return the share of draws (B, n) without a kink whose largest F is as large (multiplier bootstrap; Hansen 2017)."""
    left = (drawn**2).sum(axis=1) - ((drawn @ Q) ** 2).sum(axis=1)
    gain = ((drawn @ H) ** 2 / size).max(axis=1)
    return float((1 + (gain / ((left - gain) / df) >= f).sum()) / (1 + len(drawn)))


def _joint(model: Model, sample: Sample, c: float, cov_type: str) -> tuple[Array, float]:
    """Return the covariance of the coefficients and, last, of minus the change of slope times c (Hansen 2017).

    It is that of the regression on the derivatives of the kinked line; unknown where one row decides a side alone. Beside it, by how much
    the variance of c differs from what it were with even errors.
    """
    Z = np.column_stack([model.fit.model.exog, sample.x > c])
    if cov_type in BY_LEVERAGE and decided_alone(Z) is not None:
        warnings.warn("Errors of the threshold model are left out: one row alone decides a side of it.", DataWarning, stacklevel=2)
        return np.full((Z.shape[1], Z.shape[1]), np.nan), np.nan
    steps = OLS(model.fit.resid, Z)
    cov, even = (np.asarray(steps.fit(cov_type=kind, use_t=True).cov_params()) for kind in (cov_type, "nonrobust"))
    return cov, float(cov[-1, -1] / even[-1, -1])


def _df(kink: Kink) -> float:
    """Return residual degrees of freedom, the place of the kink counted."""
    return float(kink.model.fit.df_resid - 1)


def kink_table(kink: Kink, sample: Sample, level: float) -> pd.DataFrame:
    """Return where the kink is, in one row."""
    se = float(np.sqrt(kink.cov[-1, -1])) / abs(float(kink.model.fit.params[2]))
    lower, upper = _limits(kink, level)
    above = int((sample.x > kink.c).sum())
    place = {"est": kink.c, "se": se, "ci_lower": lower, "ci_upper": upper}
    test = {"f": kink.f, "pvalue": kink.pvalue, "established": kink.pvalue < 1 - level}
    return pd.DataFrame([place | {"n_below": len(sample.x) - above, "n_above": above} | test])


def _limits(kink: Kink, level: float) -> tuple[float, float]:
    """Return the ends of the places whose F against the best is small, within what was searched (Hansen 2017)."""
    most = float(student.ppf((1 + level) / 2, _df(kink))) ** 2
    small = kink.profile <= most
    if not small.any():
        return np.nan, np.nan
    low, high = int(small.argmax()), len(small) - 1 - int(small[::-1].argmax())
    ends = ((low, max(low - 1, 0)), (high, min(high + 1, len(small) - 1)))
    lower, upper = (float(np.interp(most, kink.profile[list(pair)], kink.places[list(pair)])) for pair in ends)
    return lower, upper


def kink_coefficients(kink: Kink, level: float) -> pd.DataFrame:
    """Return the coefficients with errors that know of the search.

    The change of slope has no t: without a kink there is no c either, and t has another law (Davies 1987, doi:10.1093/biomet/74.1.33).
    """
    table = effects_table(kink.model.fit.params, np.sqrt(np.diag(kink.cov)[:-1]), _df(kink), level)
    table.loc[2, ["t", "pvalue"]] = np.nan
    return table.assign(model="threshold", name=list(kink.model.names))


def kink_slopes(kink: Kink, level: float) -> pd.DataFrame:
    """Return the slopes below and above."""
    R = np.zeros((2, len(kink.cov)))
    R[:, 1], R[1, 2] = 1.0, 1.0
    est, se = R[:, :-1] @ kink.model.fit.params, np.sqrt(np.einsum("mi,ij,mj->m", R, kink.cov, R))
    return effects_table(est, se, _df(kink), level).assign(model="threshold", at=["below", "above"], value=kink.c)


def kink_curve(kink: Kink, x: Array, sample: Sample) -> Curve:
    """Return the kinked line, controls at their means; its limits are not known as those of a smooth curve are."""
    design = np.column_stack([np.ones_like(x), x, np.maximum(x - kink.c, 0.0), np.tile(sample.controls.mean(axis=0), (len(x), 1))])
    unknown = np.full_like(x, np.nan)
    return Curve(x, design @ kink.model.fit.params, unknown, unknown)
