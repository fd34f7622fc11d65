"""Tables of an analysis of drivers: importance, coefficients, dominance, fit."""

from __future__ import annotations

import warnings
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests

from csimodels.analyses.driver_inputs import Sample
from csimodels.analyses.driver_weights import Weights, complete_dominance, increments, partialled, subset_r2
from csimodels.errors import CSIWarning

__all__ = ["coefficients_table", "conditional_table", "dominance_table", "model_fit_table", "weights_table"]

Array = NDArray[Any]
HIGH_VIF = 10.0
SIDES = {1: "a", -1: "b", 0: "neither"}


def weights_table(names: list[str], own: Weights, drawn: Weights, impacts: pd.DataFrame | None, level: float) -> pd.DataFrame:
    """Return the importance of each driver, most important first."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    table = pd.DataFrame({"driver": names})
    for name, value, draws in (("lmg", own.shapley[0], drawn.shapley), ("johnson", own.johnson[0], drawn.johnson)):
        low, high = np.quantile(draws / drawn.r2[:, None], tails, axis=0)
        table = table.assign(**{name: value, f"{name}_share": value / own.r2[0], f"{name}_ci_lower": low, f"{name}_ci_upper": high})
    ranks = np.quantile(rankdata(-drawn.shapley, axis=1, method="min"), tails, axis=0, method="closest_observation").astype(int)
    table = table.assign(rank=rankdata(-own.shapley[0], method="min").astype(int), rank_lower=ranks[0], rank_upper=ranks[1])
    whole = table if impacts is None else pd.concat([table, impacts], axis=1)
    return whole.sort_values("lmg", ascending=False, kind="stable").reset_index(drop=True)


def coefficients_table(names: list[str], fit: Any, own: Weights, drawn: Weights, cov: Array, level: float) -> pd.DataFrame:
    """Return the coefficients, raw and standardised; drivers that can hardly be told apart, and signs that turn, are warned of."""
    k, sd = len(names), np.sqrt(np.diagonal(cov))
    R = cov / np.outer(sd, sd)
    low, high = np.quantile(drawn.beta, [(1 - level) / 2, (1 + level) / 2], axis=0)
    inside = slice(1, k + 1)
    columns = {"driver": names, "est": fit.params[inside], "se": fit.bse[inside], "t": fit.tvalues[inside], "pvalue": fit.pvalues[inside]}
    columns["pvalue_holm"] = multipletests(fit.pvalues[inside], method="holm")[1]
    columns |= {"beta": own.beta[0], "beta_ci_lower": low, "beta_ci_upper": high, "correlation": R[:k, -1]}
    table = pd.DataFrame(columns).assign(vif=np.diagonal(np.linalg.inv(R[:-1, :-1]))[:k])
    for _, row in table.iterrows():
        if row["vif"] > HIGH_VIF:
            text = f"The driver {row['driver']!r} is nearly a linear function of the others (variance inflation {row['vif']:.1f})."
            warnings.warn(text, CSIWarning, stacklevel=2)
        if row["beta"] * row["correlation"] < 0 and row["beta_ci_lower"] * row["beta_ci_upper"] > 0:
            text = f"The coefficient of {row['driver']!r} ({row['beta']:.3f}) has the other sign than its correlation"
            text += f" ({row['correlation']:.3f}): its share is not that of a positive effect."
            warnings.warn(text, CSIWarning, stacklevel=2)
    return table


def dominance_table(names: list[str], cov: Array, draws: Array, general: Array) -> pd.DataFrame:
    """Return dominance of every pair in its three forms."""
    k = len(names)
    own, again = complete_dominance(cov, k)[0], complete_dominance(draws, k)
    by_size = increments(subset_r2(partialled(cov, k), cov[:, -1, -1]))[0]
    rows = []
    for pair, (a, b) in enumerate(combinations(range(k), 2)):
        gain = by_size[a] - by_size[b]
        conditional = 1 if (gain > 0).all() else -1 if (gain < 0).all() else 0
        kinds = [SIDES[int(s)] for s in (own[pair], conditional, np.sign(general[a] - general[b]))]
        rows.append((names[a], names[b], *kinds, float((again[:, pair] == own[pair]).mean())))
    return pd.DataFrame(rows, columns=["a", "b", "complete", "conditional", "general", "reproducibility"])


def conditional_table(names: list[str], cov: Array) -> pd.DataFrame:
    """Return what drivers add to subsets of each size."""
    k = len(names)
    by_size = increments(subset_r2(partialled(cov, k), cov[:, -1, -1]))[0]
    return pd.DataFrame({"driver": np.repeat(names, k), "size": np.tile(np.arange(k), k), "increment": by_size.ravel()})


def model_fit_table(sample: Sample, fit: Any, own: Weights, drawn: Weights, level: float) -> pd.DataFrame:
    """Return the fit of the regression, of the drivers beyond the controls."""
    less = OLS(sample.y, np.column_stack([np.ones_like(sample.y), sample.C])).fit()
    f, p, df = fit.compare_f_test(less)
    low, high = np.quantile(drawn.r2, [(1 - level) / 2, (1 + level) / 2])
    row = {"n": len(sample.y), "drivers": len(sample.drivers), "r2": own.r2[0], "r2_adj": fit.rsquared_adj - less.rsquared_adj}
    row |= {"r2_ci_lower": low, "r2_ci_upper": high, "f": f, "df_num": int(df), "df_den": int(fit.df_resid), "pvalue": p}
    return pd.DataFrame([row])
