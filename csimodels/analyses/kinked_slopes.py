"""An outcome regressed on gains and losses: two slopes that meet at zero, their ratio, and what they add to one straight line."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.asymmetry_inputs import Sample
from csimodels.analyses.regressing import Curve, coefficient_table, decided_alone, require_rank
from csimodels.analyses.slope_ratios import BETWEEN, bootstrap_slopes, delta_error, fieller
from csimodels.errors import CSIWarning, DataError

__all__ = ["ROBUST", "Kinked", "fit_kinked", "fit_table", "lines_of", "ratio_table", "slopes_table", "wald_table"]

Array = NDArray[np.float64]
ROBUST, EXACT, POINTS = "HC3", 1e-12, 51
NAMES = ("const", "gain", "loss")


class Kinked(NamedTuple):
    """Both regressions by statsmodels, names of the columns of the kinked one, and the sample."""

    fit: Any
    straight: Any
    names: tuple[str, ...]
    sample: Sample

    @property
    def pair(self) -> tuple[float, float, Array]:
        """Minus the slope of losses, the slope of gains, and the covariance of these two."""
        sign = np.array([-1.0, 1.0])
        cov = np.asarray(self.fit.cov_params())[np.ix_([2, 1], [2, 1])] * np.outer(sign, sign)
        return -float(self.fit.params[2]), float(self.fit.params[1]), cov


def fit_kinked(sample: Sample, cov_type: str) -> Kinked:
    """Fit the outcome on gains, losses and controls, and on the gap and controls.

    Raises
    ------
    DataError
        Variables that determine each other, an outcome without error, one row that decides a slope alone.
    """
    ones, names = np.ones_like(sample.y), (*NAMES, *sample.names)
    X = np.column_stack([ones, sample.gain, sample.loss, sample.controls])
    require_rank(X, names, "asymmetry.collinear")
    if cov_type == ROBUST and decided_alone(X) is not None:
        text = f"One row alone decides a coefficient: its {ROBUST} error does not exist."
        hint = 'Leave out the control that singles it out, or say cov_type="nonrobust".'
        raise DataError("asymmetry.one_row_decides", text, variable="cov_type", value=decided_alone(X), hint=hint)
    fit = OLS(sample.y, X).fit(cov_type=cov_type, use_t=True)
    if fit.ssr <= EXACT * fit.centered_tss:
        text = "The outcome is an exact function of the gap and the controls: it seems to be computed from them."
        raise DataError("asymmetry.exact", text, variable="outcome", value=float(fit.rsquared), hint="Give an outcome that was asked.")
    straight = OLS(sample.y, np.column_stack([ones, sample.gap, sample.controls])).fit(cov_type=cov_type, use_t=True)
    return Kinked(fit, straight, names, sample)


def slopes_table(kinked: Kinked, level: float) -> pd.DataFrame:
    """Return the coefficients."""
    table = coefficient_table(kinked.fit, kinked.names, level, "t")
    table.insert(4, "df", int(kinked.fit.df_resid))
    return table


def wald_table(kinked: Kinked, level: float) -> pd.DataFrame:
    """Return the test that a gain weighs as much as an equal loss."""
    test = kinked.fit.t_test(_equal(kinked))
    low, high = np.asarray(test.conf_int(alpha=1 - level)).ravel()
    row = ("b_loss = -b_gain", test.effect.item(), test.sd.item(), test.tvalue.item(), int(test.df_denom), test.pvalue.item(), low, high)
    return pd.DataFrame([row], columns=["hypothesis", "est", "se", "t", "df", "pvalue", "ci_lower", "ci_upper"])


def _equal(kinked: Kinked) -> Array:
    """Return the restriction b_gain + b_loss = 0 (1, p)."""
    return np.array([[0.0, 1.0, 1.0] + [0.0] * len(kinked.sample.names)])


def ratio_table(kinked: Kinked, level: float, n_boot: int, seed: int) -> pd.DataFrame:
    """Return loss aversion lambda = -b_loss / b_gain with its limits by three methods; its estimate is unknown where b_gain <= 0."""
    loss, gain, cov = kinked.pair
    t = float(student.ppf((1 + level) / 2, kinked.fit.df_resid))
    found = fieller(np.array(loss), np.array(gain), cov, t)
    drawn = _drawn_ratios(kinked, n_boot, seed)
    undefined = int(np.isnan(drawn).sum())
    _say_what_is_odd(loss, gain, undefined / n_boot, level)
    est, se = (loss / gain, float(delta_error(np.array(loss), np.array(gain), cov))) if gain > 0 else (np.nan, np.nan)
    kept = drawn[np.isfinite(drawn)]
    spread, low, high = (kept.std(ddof=1), *np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])) if len(kept) > 1 else (np.nan,) * 3
    rows = [
        ("delta", est, se, est - t * se, est + t * se, BETWEEN, 0, 0),
        ("percentile", est, spread, low, high, BETWEEN, n_boot, undefined),
        ("Fieller", est, np.nan, float(found.lower), float(found.upper), str(found.region), 0, 0),
    ]
    return pd.DataFrame(rows, columns=["method", "est", "se", "ci_lower", "ci_upper", "region", "resamples", "undefined"])


def _drawn_ratios(kinked: Kinked, n_boot: int, seed: int) -> Array:
    """Return the ratio in resamples, NaN where gains have no positive slope."""
    slopes = bootstrap_slopes(kinked.sample.y, kinked.fit.model.exog[:, 1:], n_boot, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(slopes[:, 0] > 0, -slopes[:, 1] / slopes[:, 0], np.nan))


def _say_what_is_odd(loss: float, gain: float, undefined: float, level: float) -> None:
    """Warn of slopes with the wrong sign, and of a ratio that too many resamples leave undefined."""
    if gain <= 0:
        text = f"The slope of gains is {gain:.3g}, not positive: the ratio of the slopes is undefined."
        warnings.warn(text, CSIWarning, stacklevel=2)
    elif undefined > (1 - level) / 2:
        why = f"{100 * undefined:.1f} % of the resamples, which have no positive slope of gains or no solution"
        text = f"The ratio is undefined in {why}: do not rely on its percentiles, see Fieller's limits."
        warnings.warn(text, CSIWarning, stacklevel=2)
    if loss <= 0:
        text = f"The slope of losses is {-loss:.3g}, not negative: losses do not lower the outcome, and the ratio is no loss aversion."
        warnings.warn(text, CSIWarning, stacklevel=2)


def fit_table(kinked: Kinked) -> pd.DataFrame:
    """Return how well both regressions fit, and the F test of the kink: a Wald test with the chosen errors."""
    test = kinked.fit.f_test(_equal(kinked))
    tested = ("symmetric", float(test.fvalue), float(test.df_num), float(test.df_denom), float(test.pvalue))
    rows = [
        (name, int(fit.df_model) + 1, fit.rsquared, fit.rsquared_adj, fit.aic, *last)
        for name, fit, last in (("symmetric", kinked.straight, ("", *(np.nan,) * 4)), ("piecewise", kinked.fit, tested))
    ]
    return pd.DataFrame(rows, columns=["model", "coefficients", "r2", "r2_adj", "aic", "against", "f", "df_num", "df_den", "pvalue"])


def lines_of(kinked: Kinked, level: float) -> dict[str, Curve]:
    """Return the lines to draw, controls at their means."""
    sample = kinked.sample
    low, high = float(sample.gap.min()), float(sample.gap.max())
    ends = {"losses": (low, 0.0), "gains": (0.0, high), "symmetric": (low, high)}
    out = {}
    for name, (start, stop) in ends.items():
        x = np.linspace(start, stop, POINTS)
        terms = [x] if name == "symmetric" else [np.maximum(x, 0.0), np.maximum(-x, 0.0)]
        held = np.tile(sample.controls.mean(axis=0), (POINTS, 1))
        found = (kinked.straight if name == "symmetric" else kinked.fit).get_prediction(np.column_stack([np.ones(POINTS), *terms, held]))
        lower, upper = np.asarray(found.conf_int(alpha=1 - level)).T
        out[name] = Curve(x, np.asarray(found.predicted_mean), lower, upper)
    return out
