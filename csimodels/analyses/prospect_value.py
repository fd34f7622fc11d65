"""The value function of prospect theory, fitted to an outcome by nonlinear least squares."""

from __future__ import annotations

import itertools
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.asymmetry_inputs import Sample
from csimodels.analyses.regressing import Curve
from csimodels.errors import CSIWarning, DataError

__all__ = ["MOST_REFITS", "Prospect", "fit_prospect", "prospect_fit", "prospect_line", "prospect_table", "require_different_gaps"]

Array = NDArray[np.float64]
MOST_REFITS = 200
LOWEST, HIGHEST, NEAR = 0.05, 5.0, 1e-3
STARTS = (0.3, 0.6, 1.0, 1.5, 2.5)
NAMES = ("gain exponent", "loss exponent", "lambda", "gain slope at 1")


class Prospect(NamedTuple):
    """Exponents of gains and losses (2,), and the regression by statsmodels on the powers that they give."""

    exponents: Array
    fit: Any

    @property
    def parameters(self) -> Array:
        """Exponents, lambda and the slope of gains at 1 (4,); lambda is unknown where that slope is not positive."""
        gain, loss = self.fit.params[1:3]
        return np.array([*self.exponents, -loss / gain if gain > 0 else np.nan, gain])


def fit_prospect(sample: Sample, start: Array | None = None) -> Prospect:
    """Fit y = c + s v(G) + controls with v(G) = G^a for gains and -lambda (-G)^b for losses.

    Given the exponents the rest is linear, so that the search is among the two exponents only (variable projection: Golub & Pereyra 1973,
    doi:10.1137/0710036). Without a start the best place of a coarse grid is one.
    """
    place = start if start is not None else np.array(min(itertools.product(STARTS, STARTS), key=lambda p: _sum_of_squares(p, sample)))
    found = least_squares(_residuals, place, bounds=(LOWEST, HIGHEST), args=(sample,), x_scale=1.0)
    return Prospect(np.asarray(found.x), OLS(sample.y, _design(found.x, sample)).fit())


def _design(exponents: Any, sample: Sample) -> Array:
    """Return the constant, powers of gains and of losses, and the controls."""
    a, b = exponents
    return np.column_stack([np.ones_like(sample.y), sample.gain**a, sample.loss**b, sample.controls])


def _residuals(exponents: Any, sample: Sample) -> Array:
    """Return what least squares leave over, given the exponents."""
    Q = np.linalg.qr(_design(exponents, sample))[0]
    return np.asarray(sample.y - Q @ (Q.T @ sample.y))


def _sum_of_squares(exponents: Any, sample: Sample) -> float:
    return float((_residuals(exponents, sample) ** 2).sum())


def require_different_gaps(sample: Sample) -> None:
    """Refuse a side on which all gaps are equal, because any power fits them alike."""
    for side, size in (("gains", sample.gain), ("losses", sample.loss)):
        if len(np.unique(size[size > 0])) < 2:
            text = f"All {side} are equal: no exponent can be told from another."
            raise DataError("asymmetry.no_exponent", text, variable=side, value=float(size.max()), hint="Leave out prospect=True.")


def prospect_table(sample: Sample, level: float, n_boot: int, seed: int) -> tuple[pd.DataFrame, Prospect]:
    """Return the parameters with errors and percentile limits from refits to rows drawn with replacement, and the fit itself.

    A refit is a search of its own, so these go one by one, and there are at most 200 of them. A refit without a positive slope of gains
    leaves lambda undefined; the limits of lambda are those of the others.
    """
    found = fit_prospect(sample)
    _say_if_at_bound(found.exponents)
    n, refits = len(sample.y), min(n_boot, MOST_REFITS)
    rows = np.random.default_rng(seed).integers(0, n, size=(refits, n))
    drawn = np.array([fit_prospect(_drawn(sample, r), found.exponents).parameters for r in rows])
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0) if _some(drawn) else np.full((2, len(NAMES)), np.nan)
    table = pd.DataFrame({"name": NAMES, "est": found.parameters, "se": _spread(drawn), "ci_lower": low, "ci_upper": high})
    return table.assign(resamples=refits, undefined=np.isnan(drawn).sum(axis=0)), found


def _drawn(sample: Sample, rows: NDArray[np.int_]) -> Sample:
    return sample._replace(y=sample.y[rows], gap=sample.gap[rows], controls=sample.controls[rows])


def _some(drawn: Array) -> bool:
    """Return whether every parameter is known in two refits or more."""
    return bool((np.isfinite(drawn).sum(axis=0) > 1).all())


def _spread(drawn: Array) -> Array:
    return np.asarray(np.nanstd(drawn, axis=0, ddof=1)) if _some(drawn) else np.full(len(NAMES), np.nan)


def _say_if_at_bound(exponents: Array) -> None:
    for side, exponent in zip(("gains", "losses"), exponents, strict=True):
        if min(exponent - LOWEST, HIGHEST - exponent) < NEAR:
            text = f"The exponent of {side} ends at {exponent:.2f}, a limit of the search: the data do not determine it."
            warnings.warn(text, CSIWarning, stacklevel=2)


def prospect_fit(found: Prospect) -> dict[str, Any]:
    """Return the row of the value function in the table of fits; the two exponents count as coefficients."""
    fit, count = found.fit, int(found.fit.df_model) + 3
    adjusted = 1 - (1 - fit.rsquared) * (fit.nobs - 1) / (fit.nobs - count)
    unknown = dict.fromkeys(("f", "df_num", "df_den", "pvalue"), np.nan)
    return {
        "model": "prospect",
        "coefficients": count,
        "r2": fit.rsquared,
        "r2_adj": adjusted,
        "aic": fit.aic + 4,
        "against": "",
        **unknown,
    }


def prospect_line(found: Prospect, sample: Sample, x: Array) -> Curve:
    """Return the fitted value function at gaps, controls at their means; limits are not computed."""
    held = np.tile(sample.controls.mean(axis=0), (len(x), 1))
    at = Sample(np.zeros_like(x), x, held, sample.names, 0)
    unknown = np.full_like(x, np.nan)
    return Curve(x, np.asarray(_design(found.exponents, at) @ found.fit.params), unknown, unknown)
