"""Penalties and rewards into impact asymmetry, range of impact and classes of attributes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.gap_tests import holm
from csimodels.analyses.regressing import coefficient_table
from csimodels.errors import CSIWarning

__all__ = ["Impact", "attribute_table", "effect_table", "fit_table", "impact"]

Array = NDArray[np.float64]
EFFECTS = ("penalty", "reward")
BASIC, HYBRID, EXCITEMENT, INDIFFERENT, UNEXPECTED = "basic", "hybrid", "excitement", "indifferent", "unexpected"


class Impact(NamedTuple):
    """Range of impact, satisfaction- and dissatisfaction-generating potential, and impact asymmetry; arrays of one shape."""

    range: Array
    sgp: Array
    dgp: Array
    ia: Array


def impact(penalty: Array, reward: Array) -> Impact:
    """Return what penalties and rewards make (Mikulić & Prebežac 2008, doi:10.1108/09604520810920068)."""
    whole = np.abs(penalty) + np.abs(reward)
    sgp, dgp = reward / whole, np.abs(penalty) / whole
    return Impact(whole, sgp, dgp, sgp - dgp)


def effect_table(fit: Any, names: Sequence[str], level: float) -> pd.DataFrame:
    """Return the coefficients of a fit on dummies low, high, low, high, ...; p-values adjusted by Holm over all of them."""
    table = coefficient_table(fit, ["const", *np.repeat(names, 2)], level, "t").iloc[1:].reset_index(drop=True)
    table.insert(1, "effect", EFFECTS * len(names))
    table.insert(5, "df", int(fit.df_resid))
    table.insert(7, "pvalue_holm", holm(table["pvalue"].to_numpy(dtype=float)))
    return table


def attribute_table(effects: pd.DataFrame, drawn: Array, level: float, threshold: float) -> pd.DataFrame:
    """Return impact, percentile limits from resampled coefficients (B, 2k), class and mark of each attribute; wrong signs are warned of."""
    (penalty, reward), p = effects["est"].to_numpy().reshape(-1, 2).T, effects["pvalue_holm"].to_numpy().reshape(-1, 2)
    found, again = impact(penalty, reward), impact(drawn[:, ::2], drawn[:, 1::2])
    ends = [(1 - level) / 2, (1 + level) / 2]
    (ia_low, ia_high), (range_low, range_high) = (np.quantile(part, ends, axis=0) for part in (again.ia, again.range))
    wrong = np.column_stack([penalty >= 0, reward <= 0])
    columns: dict[str, Any] = {"class": _classes(found.ia, p < 1 - level, wrong, threshold), "penalty": penalty, "reward": reward}
    columns |= found._asdict() | {"ia_ci_lower": ia_low, "ia_ci_upper": ia_high, "range_ci_lower": range_low, "range_ci_upper": range_high}
    columns |= {"established": _regions(ia_low, threshold) == _regions(ia_high, threshold), "mark": [_mark(*row) for row in wrong]}
    table = pd.DataFrame({"name": effects["name"].iloc[::2].tolist(), **columns})
    _say_what_is_odd(table)
    return table


def _classes(ia: Array, significant: NDArray[np.bool_], wrong: NDArray[np.bool_], threshold: float) -> NDArray[np.str_]:
    """Return the class of each attribute (k,) from its asymmetry and the significance and wrong signs (k, 2) of its coefficients."""
    expected = np.where((significant & wrong).any(axis=1), UNEXPECTED, _regions(ia, threshold))
    return np.where(significant.any(axis=1), expected, INDIFFERENT)


def _regions(ia: Array, threshold: float) -> NDArray[np.str_]:
    """Return the region in which an asymmetry lies."""
    return np.where(ia < -threshold, BASIC, np.where(ia > threshold, EXCITEMENT, HYBRID))


def _mark(penalty: bool, reward: bool) -> str:
    """Return which coefficients have the wrong sign, in words."""
    return ", ".join(text for said, text in ((penalty, "penalty not negative"), (reward, "reward not positive")) if said)


def _say_what_is_odd(table: pd.DataFrame) -> None:
    """Warn of attributes with a wrong sign."""
    odd = table[table["mark"] != ""]
    if len(odd):
        named = "; ".join(f"{name!r} ({mark})" for name, mark in zip(odd["name"], odd["mark"], strict=True))
        text = (
            f"Low ratings that do not lower the outcome, or high ones that do not raise it: {named}. Their asymmetry is hard to interpret."
        )
        warnings.warn(text, CSIWarning, stacklevel=2)


def fit_table(fit: Any) -> pd.DataFrame:
    """Return how well the regression fits, in one row."""
    row = (int(fit.nobs), len(fit.params), fit.rsquared, fit.rsquared_adj, fit.aic, fit.fvalue, int(fit.df_model), int(fit.df_resid))
    columns = ["n", "coefficients", "r2", "r2_adj", "aic", "f", "df_num", "df_den", "pvalue"]
    return pd.DataFrame([(*row, float(fit.f_pvalue))], columns=columns)
