"""Drivers: which part of what explains an outcome goes with each of them, beside the model's own impacts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.driver_inputs import Sample, asked_columns, checked_raise, model_impacts, read_sample
from csimodels.analyses.driver_tables import coefficients_table, conditional_table, dominance_table, model_fit_table, weights_table
from csimodels.analyses.driver_weights import solvable, weights_of
from csimodels.analyses.reading import Scale
from csimodels.analyses.regressing import repeated, require_rank
from csimodels.analyses.what_if import raised, what_if_rows
from csimodels.checks import level as checked_level
from csimodels.errors import CSIWarning, DataError
from csimodels.presented import Presented
from csimodels.resample import Rows, bootstrap_stack, units_of
from csimodels.resampled import check_resampling

__all__ = ["Drivers", "drivers"]

Array = NDArray[Any]
EXACT = 1e-12
ASSUMPTIONS = (
    "None of this is causal by itself: shares say what goes with the outcome among these drivers. A driver that is left out lends its "
    "share to those it correlates with, and one that acts through others is not seen to do so; for that see the model's impacts.",
    "Shapley and relative weights divide the explained variance. They do not say how much the outcome would change if a driver did: for "
    "that see the regression's what-if, and mind that it moves one driver while the others stay.",
    "Relations are straight lines without interactions; rows are independent.",
    "Answers are taken as free of error: drivers that are measured badly look weak.",
)


@dataclass(frozen=True, eq=False, repr=False)
class Drivers(Presented):
    """Present the importance of drivers.

    Made by :func:`drivers`.

    Attributes
    ----------
    weights : DataFrame
        One row a driver, most important first: driver, lmg (Shapley value of R2), lmg_share, lmg_ci_lower, lmg_ci_upper (of the share),
        johnson, johnson_share, johnson_ci_lower, johnson_ci_upper (of the share), rank (by lmg), rank_lower, rank_upper; with a model
        also impact, impact_ci_lower, impact_ci_upper.
    coefficients : DataFrame
        One row a driver: driver, est, se, t, pvalue, pvalue_holm, beta (standardised), beta_ci_lower, beta_ci_upper, correlation, vif.
    dominance : DataFrame
        One row a pair: a, b, complete ("a", "b" or "neither"), conditional, general, reproducibility (share of resamples in which
        complete dominance comes out alike).
    conditional : DataFrame
        What each driver adds on average to subsets of each size: driver, size, increment.
    model_fit : DataFrame
        One row: n, drivers, r2, r2_adj, r2_ci_lower, r2_ci_upper, f, df_num, df_den, pvalue. With controls r2 and f are those of the
        drivers beyond them.
    what_if : DataFrame
        One row a driver that is raised alone: driver, mean, raised (by how much), est (change of the outcome's mean), se, ci_lower,
        ci_upper, capped (the end of the scale left less room).
    vcov : array (k, k)
        Covariance matrix of the coefficients.
    n, left_out, n_boot, n_undefined : int
        Complete rows, rows left out, bootstrap draws, and those without a solution.
    df : float
        Residual degrees of freedom.
    delta, level : float
        Rise of the what-if, coverage of the intervals.
    outcome : tuple of str
        Columns of the outcome.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Drivers of an outcome"
    titles: ClassVar[dict[str, str]] = {
        "weights": "Importance: shares of the explained variance",
        "coefficients": "Coefficients of the regression",
        "dominance": "Dominance of pairs",
        "conditional": "Additions to R2 by the number of other drivers",
        "model_fit": "Regression on all drivers",
        "what_if": "What if one driver rose (regression, not causal by itself)",
    }
    picture: ClassVar[str] = "drivers"

    weights: pd.DataFrame
    coefficients: pd.DataFrame
    dominance: pd.DataFrame
    conditional: pd.DataFrame
    model_fit: pd.DataFrame
    what_if: pd.DataFrame
    vcov: Array
    n: int
    left_out: int
    n_boot: int
    n_undefined: int
    df: float
    delta: float
    level: float
    outcome: tuple[str, ...]
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()

    def what_if_table(self, changes: Mapping[str, float], level: float | None = None) -> pd.DataFrame:
        """Return how the mean of the outcome would change if several drivers did, in the regression.

        Parameters
        ----------
        changes : mapping of driver to float
            Changes, in the unit of the driver.
        level : float, optional
            Coverage; by default that of the analysis.

        Returns
        -------
        DataFrame
            One row a driver and one for all "together": driver, change, est, se, ci_lower, ci_upper.

        Raises
        ------
        OptionError
            An unknown driver, a change that is no finite number, or a level that is not between 0 and 1.

        Examples
        --------
        >>> import csimodels as csi
        >>> found = csi.drivers(csi.load_acsi_demo(), "sat_overall", ["qual_overall", "value_price"], n_boot=50)
        >>> found.what_if_table({"qual_overall": 1, "value_price": 1})["driver"].tolist()
        ['qual_overall', 'value_price', 'together']
        """
        b = self.coefficients.set_index("driver")["est"]
        return what_if_rows(b, self.vcov, changes, self.df, self.level if level is None else checked_level(level))


def drivers(
    data: Any,
    outcome: str | Sequence[str],
    drivers: Sequence[str] | Mapping[str, str | Sequence[str]],
    *,
    scale: Scale | None = None,
    controls: Sequence[str] = (),
    model: Any = None,
    target: str | None = None,
    delta: float = 5,
    na_values: Any = None,
    level: float = 0.95,
    n_boot: int = 2000,
    seed: int = 1,
) -> Drivers:
    """Divide what explains an outcome among its drivers.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        One row a customer. Never changed.
    outcome : str or sequence of str
        Column, or columns to be averaged, to explain.
    drivers : sequence of str, or mapping of driver to column or columns
        Two to fifteen drivers; columns of one driver are averaged.
    scale : tuple, optional
        (lowest, highest) possible answer of outcome and drivers, which then become points from 0 to 100.
    controls : sequence of str, optional
        Numeric columns that are held constant throughout.
    model : CSIResults or Bootstrap, optional
        A fitted model whose impacts are shown beside, for drivers that are named like its constructs.
    target : str, optional
        Construct that the impacts are on; by default the model's target.
    delta : float, default 5
        Rise of a driver, in its unit, for the what-if and the impacts.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    n_boot : int, default 2000
        Bootstrap draws.
    seed : int
        Of the draws.

    Returns
    -------
    Drivers
        Tables ``weights``, ``coefficients``, ``dominance``, ``conditional``, ``model_fit`` and ``what_if``.

    Raises
    ------
    OptionError
        ``drivers.number``, ``drivers.column_twice``, ``drivers.model``, ``option.delta``, ``option.level``, ``option.n_boot``,
        ``option.seed``.
    DataError
        Columns that cannot be read; ``analysis.too_few_rows``, ``drivers.collinear``, ``drivers.exact``, ``drivers.no_resamples``.
    SpecError
        ``drivers.target``.
    ScaleError
        Answers beyond the scale.

    Warns
    -----
    DataWarning
        Rows left out because an answer is missing.
    CSIWarning
        Variance inflation above 10; a driver whose coefficient has the other sign than its correlation, and an interval without zero;
        resamples without a solution.

    Notes
    -----
    lmg: the addition to R2 averaged over all orders of the drivers (Lindeman, Merenda & Gold 1980; Groemping 2007,
    doi:10.1198/000313007X188252), which is the Shapley value and general dominance. johnson: relative weights (Johnson 2000,
    doi:10.1207/S15327906MBR3501_1). Both sum to R2; with controls to what the drivers add to it, as a share of the outcome's whole
    variance. Dominance: Azen & Budescu (2003, doi:10.1037/1082-989X.8.2.129). Intervals are percentiles of resampled rows.

    Examples
    --------
    >>> import csimodels as csi
    >>> columns = ["expect_overall", "qual_overall", "value_price"]
    >>> found = csi.drivers(csi.load_acsi_demo(), "sat_overall", columns, scale=(1, 10), n_boot=100)
    >>> found.weights[["driver", "lmg_share", "johnson_share"]].round(2)
               driver  lmg_share  johnson_share
    0    qual_overall       0.50           0.50
    1     value_price       0.39           0.39
    2  expect_overall       0.11           0.11
    """
    checked_level(level)
    check_resampling(n_boot, seed)
    rise = checked_raise(delta)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asked = asked_columns(outcome, drivers, controls, scale)
        impacts = model_impacts(model, target, rise, tuple(asked.drivers))
        sample = read_sample(data, asked, na_values)
        tables = _analysed(sample, impacts, rise, None if asked.scale is None else 100.0, level, n_boot, seed)
    facts: dict[str, Any] = {"n": len(sample.y), "left_out": sample.left_out, "n_boot": n_boot, "delta": rise, "level": level}
    return Drivers(**tables, **facts, outcome=asked.outcome, warnings=repeated(caught))


def _analysed(
    sample: Sample, impacts: pd.DataFrame | None, delta: float, ceiling: float | None, level: float, n_boot: int, seed: int
) -> dict[str, Any]:
    """Return tables and facts by the name of their field."""
    k, names, fit = len(sample.drivers), list(sample.drivers), _fitted(sample)
    rows = Rows(np.column_stack([sample.X, sample.C, sample.y]))
    cov = np.cov(rows.values.T, ddof=0)[None]
    draws = _drawn(rows, n_boot, seed)
    own, drawn = weights_of(cov, k), weights_of(draws, k)
    V, df = np.asarray(fit.cov_params())[1 : k + 1, 1 : k + 1], float(fit.df_resid)
    slopes = pd.Series(fit.params[1 : k + 1], names)
    return {
        "weights": weights_table(names, own, drawn, impacts, level),
        "coefficients": coefficients_table(names, fit, own, drawn, cov[0], level),
        "dominance": dominance_table(names, cov, draws, own.shapley[0]),
        "conditional": conditional_table(names, cov),
        "model_fit": model_fit_table(sample, fit, own, drawn, level),
        "what_if": raised(slopes, V, sample.X.mean(axis=0), delta, ceiling, df, level),
        "vcov": V,
        "df": df,
        "n_undefined": n_boot - len(draws),
    }


def _drawn(rows: Rows, n_boot: int, seed: int) -> Array:
    """Return covariances of resampled rows; those without a solution are left out and warned of, too many of them refused."""
    drawn = bootstrap_stack(rows, units_of(len(rows.values), None, None), np.random.default_rng(seed), n_boot).cov.transpose(2, 0, 1)
    kept = np.asarray(drawn[solvable(drawn)])
    if len(kept) < 2:
        text = f"{n_boot - len(kept)} of {n_boot} resamples have no solution: drivers are constant or coincide in them."
        raise DataError("drivers.no_resamples", text, variable="n_boot", value=n_boot, hint="Leave out drivers that hardly vary.")
    if len(kept) < n_boot:
        text = f"{n_boot - len(kept)} of {n_boot} resamples have no solution and are left out of the intervals."
        warnings.warn(text, CSIWarning, stacklevel=2)
    return kept


def _fitted(sample: Sample) -> Any:
    """Return the regression on drivers and controls by statsmodels."""
    X = np.column_stack([np.ones_like(sample.y), sample.X, sample.C])
    require_rank(X, ("const", *sample.drivers, *sample.controls), "drivers.collinear")
    fit = OLS(sample.y, X).fit()
    if fit.ssr <= EXACT * fit.centered_tss:
        text = "The outcome is an exact function of the drivers: it seems to be computed from them."
        raise DataError("drivers.exact", text, variable="outcome", value=float(fit.rsquared), hint="Give an outcome that was asked.")
    return fit
