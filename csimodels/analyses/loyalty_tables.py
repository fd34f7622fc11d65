"""Models of loyalty beside each other: how they compare, their slopes and coefficients, and the lines to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.loyalty_models import Model, Sample, curve
from csimodels.analyses.regressing import Curve, coefficient_table
from csimodels.analyses.simple_slopes import curve_slopes, moderated_slopes, spread_of
from csimodels.analyses.thresholds import Kink, kink_coefficients, kink_curve, kink_slopes

__all__ = ["coefficients_by_model", "curves_of", "models_table", "slopes_table"]

Array = NDArray[np.float64]
CURVE_POINTS = 101


def models_table(line: Model, bend: Model, kink: Kink | None, both: tuple[Model, Model] | None) -> pd.DataFrame:
    """Return fit and comparison of every model."""
    whole = (line.fit.fvalue, line.fit.df_model, line.fit.f_pvalue)
    rows = [_row(line, "constant", whole), _row(bend, "linear", _wald(bend, 2))]
    if kink is not None:
        rows.append(_row(kink.model, "linear", (kink.f, np.nan, kink.pvalue), searched=1))
    if both is not None:
        rows += [_row(both[0], "linear", _wald(both[0], 2)), _row(both[1], "additive", _wald(both[1], 3))]
    return pd.DataFrame(rows)


def _wald(model: Model, k: int) -> tuple[float, float, float]:
    """Return F, its df and p of one coefficient."""
    test = model.fit.f_test(np.eye(len(model.names))[[k]])
    return float(np.squeeze(test.fvalue)), 1.0, float(np.squeeze(test.pvalue))


def _row(model: Model, against: str, f: tuple[float, float, float], searched: int = 0) -> dict[str, Any]:
    """Return a row of the table; a parameter found by search counts as one more."""
    fit, n = model.fit, model.fit.nobs
    adjusted = 1 - (1 - fit.rsquared) * (n - 1) / (fit.df_resid - searched)
    sizes = {"r2": fit.rsquared, "r2_adj": adjusted, "aic": fit.aic + 2 * searched, "bic": fit.bic + np.log(n) * searched}
    return {"model": model.name, "against": against, **sizes, "f": f[0], "df": f[1], "pvalue": f[2]}


def slopes_table(
    sample: Sample, line: Model, bend: Model, kink: Kink | None, both: tuple[Model, Model] | None, level: float
) -> pd.DataFrame:
    """Return the slopes of satisfaction in every model."""
    alone = coefficient_table(line.fit, line.names, level, "t").iloc[[1]].drop(columns="name")
    parts = [alone.assign(model="linear", at="everywhere", value=np.nan), curve_slopes(bend, sample, level)]
    parts += [] if kink is None else [kink_slopes(kink, level)]
    parts += [] if both is None else [moderated_slopes(both[1], sample, level)]
    whole = pd.concat(parts, ignore_index=True)
    return whole[["model", "at", "value", *(c for c in whole.columns if c not in ("model", "at", "value"))]]


def coefficients_by_model(models: Sequence[Model], kink: Kink | None, level: float) -> pd.DataFrame:
    """Return the coefficients of every model."""
    parts = [coefficient_table(m.fit, m.names, level, "t").assign(model=m.name) for m in models]
    if kink is not None:
        parts.insert(2, kink_coefficients(kink, level))
    whole = pd.concat(parts, ignore_index=True)
    return whole[["model", *(c for c in whole.columns if c != "model")]]


def curves_of(
    sample: Sample, line: Model, bend: Model, kink: Kink | None, both: tuple[Model, Model] | None, level: float
) -> dict[str, Curve]:
    """Return the lines to draw: every model, or under moderation a line at three levels of switching costs."""
    x = np.linspace(sample.x.min(), sample.x.max(), CURVE_POINTS)
    one, centred, zero = np.ones_like(x), x - sample.x.mean(), np.zeros_like(x)
    if both is not None:
        assert sample.w is not None
        away = {name: w - sample.w.mean() for name, w in spread_of(sample.w)}
        designs = {name: np.column_stack([one, centred, zero + w, centred * w]) for name, w in away.items()}
        return {f"switching costs {name}": curve(both[1], x, design, sample, level) for name, design in designs.items()}
    out = {"linear": curve(line, x, np.column_stack([one, x]), sample, level)}
    out["quadratic"] = curve(bend, x, np.column_stack([one, centred, centred**2]), sample, level)
    return out if kink is None else out | {"threshold": kink_curve(kink, x, sample)}
