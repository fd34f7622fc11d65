"""What expectations and perceptions say of an outcome: rival regressions, and the triangle law S = P - E."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.gap_tests import contrasts, holm, mean_interval, shares
from csimodels.errors import DataError

__all__ = ["outcome_models", "zone_names", "zone_tables"]

Array = NDArray[Any]
BELOW, MET, ABOVE = "below", "met", "above"
EXACT = 1e-10
NOTHING = 1e-9
RIVALS = {"perception only": ("perception",), "gap only": ("gap",), "expectation and perception": ("expectation", "perception")}
LAWS = {"b_p = -b_e": "perception = -expectation", "b_p = 1 and b_e = -1": "perception = 1, expectation = -1"}


def outcome_models(e: Array, p: Array, y: Array, level: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Regress an outcome on expectation and perception, on either part of the law, and test what the law restricts.

    Parameters
    ----------
    e, p, y : array (n,)
        Respondents' expectation, perception and outcome.
    level : float
        Coverage of the intervals.

    Returns
    -------
    tuple of DataFrame
        Rivals, coefficients and tests of :class:`~csimodels.analyses.gap.GapAnalysis`.

    Raises
    ------
    DataError
        Expectation and perception are collinear, or the outcome is an exact linear function of them.
    """
    parts = pd.DataFrame({"const": 1.0, "expectation": e, "perception": p, "gap": p - e})
    if np.linalg.matrix_rank(np.column_stack([e - e.mean(), p - p.mean()])) < 2:
        text = "Perceptions are an exact linear function of expectations."
        raise DataError("gap.collinear", text, variable="perceptions", value=None, hint="Leave out outcome=.")
    fits = {name: OLS(y, parts[["const", *terms]]).fit() for name, terms in RIVALS.items()}
    full = fits["expectation and perception"]
    if full.ssr < EXACT * full.centered_tss:
        text = "The outcome is an exact linear function of expectations and perceptions: it seems to be computed from them."
        raise DataError("gap.outcome_exact", text, variable="outcome", value=float(full.rsquared), hint="Give an outcome that was asked.")
    return _rivals(fits, full), _coefficients(full, level), _laws(full)


def _rivals(fits: dict[str, Any], full: Any) -> pd.DataFrame:
    """Return the fit of each model, and F tests of the restricted ones against both parts."""
    rows = []
    for name, fit in fits.items():
        f, p, df = (np.nan,) * 3 if fit is full else full.compare_f_test(fit)
        size = (len(RIVALS[name]) + 1, int(fit.nobs))
        rows.append((name, *size, fit.rsquared, fit.rsquared_adj, fit.aic, f, df, np.nan if fit is full else full.df_resid, p))
    columns = ["model", "coefficients", "n", "r2", "r2_adj", "aic", "f", "df_num", "df_den", "pvalue"]
    return pd.DataFrame(rows, columns=columns)


def _coefficients(full: Any, level: float) -> pd.DataFrame:
    """Return b_p and b_e of S on both parts."""
    limits = full.conf_int(alpha=1 - level)
    rows = [
        (symbol, full.params[term], full.bse[term], full.tvalues[term], int(full.df_resid), full.pvalues[term], *limits.loc[term])
        for symbol, term in (("b_p", "perception"), ("b_e", "expectation"))
    ]
    return pd.DataFrame(rows, columns=["coefficient", "est", "se", "t", "df", "pvalue", "ci_lower", "ci_upper"])


def _laws(full: Any) -> pd.DataFrame:
    """Return Wald tests of what S = P - E restricts."""
    tested = [full.f_test(restriction) for restriction in LAWS.values()]
    p = np.array([float(t.pvalue) for t in tested])
    columns = {"f": [float(np.squeeze(t.fvalue)) for t in tested], "df_num": [int(t.df_num) for t in tested]}
    return pd.DataFrame({"restriction": list(LAWS), **columns, "df_den": int(full.df_resid), "pvalue": p, "pvalue_holm": holm(p)})


def zone_names(gap: Array, band: float) -> Array:
    """Return which expectation is missed, met or exceeded: met where the gap is within the band."""
    return np.where(gap < -band - NOTHING, BELOW, np.where(gap > band + NOTHING, ABOVE, MET))


def zone_tables(zone: Array, level: float, asked: Array | None, y: Array | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return shares of the zones, with the outcome's means, and the contrasts of these.

    Parameters
    ----------
    zone : array of str (n,)
        Zone of each respondent.
    level : float
        Coverage of the intervals.
    asked : array of bool (n,), optional
        Who has an outcome.
    y : array (number of those,), optional
        The outcome.
    """
    order = (BELOW, MET, ABOVE)
    table = shares({z: int((zone == z).sum()) for z in order}, level, "zone")
    if asked is None or y is None:
        return table, pd.DataFrame()
    groups = {z: y[zone[asked] == z] for z in order}
    means = [(len(groups[z]), *mean_interval(groups[z], level)) for z in order]
    columns = ["n_outcome", "mean_outcome", "outcome_ci_lower", "outcome_ci_upper"]
    return pd.concat([table, pd.DataFrame(means, columns=columns)], axis=1), contrasts(groups, level, "zone")
