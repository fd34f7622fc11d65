"""Reliability, validity and explained variance of a fitted model, as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.matrices import structural_covariance
from csimodels.labels import text_index
from csimodels.measures import reliability
from csimodels.measures.standardized import rsquared
from csimodels.spec import ModelSpec

__all__ = ["fornell_larcker_table", "reliability_table", "rsquared_series"]

Array = NDArray[Any]


def rsquared_series(estimate: Estimate) -> pd.Series:
    """Return explained variance of what the model explains: endogenous structural variables, then indicators."""
    lay, rows = estimate.layout, estimate.table.rows
    inner, outer = (part[0] for part in rsquared(lay, estimate.full[None]))
    targets = {r.lhs for r in rows if r.op == "~"} | {r.rhs for r in rows if r.op == "=~"}
    inside = [k for k, name in enumerate(lay.structural) if name in targets]
    items = [k for k, name in enumerate(estimate.table.observed) if name in targets and name not in lay.structural]
    names = (*(lay.structural[k] for k in inside), *(estimate.table.observed[k] for k in items))
    return pd.Series(np.concatenate([inner[inside], outer[items]]), index=text_index(names), name="rsquared")


def reliability_table(spec: ModelSpec, m: Moments, columns: dict[str, Any]) -> pd.DataFrame:
    """Return alpha (standardised), alpha_raw, rho_c, ave and items of each block; alphas only of wholly observed blocks."""
    loadings = [(lhs, rhs, std) for lhs, op, rhs, std in zip(*(columns[c] for c in ("lhs", "op", "rhs", "std")), strict=True) if op == "=~"]
    of_construct = np.array([lhs == c for c in spec.construct_names for lhs, _, _ in loadings], dtype=float)
    of_construct = of_construct.reshape(len(spec.constructs), len(loadings))
    std = np.array([value for _, _, value in loadings])
    of_items = _membership(spec, m.items)
    observed = of_items.sum(axis=1) == of_construct.sum(axis=1)
    values = {
        "alpha": np.where(observed, reliability.alpha(m.cov, of_items), np.nan),
        "alpha_raw": np.where(observed, reliability.alpha_raw(m.cov, of_items), np.nan),
        "rho_c": reliability.composite_reliability(std, of_construct),
        "ave": reliability.average_variance_extracted(std, of_construct),
        "items": of_construct.sum(axis=1).astype(int),
    }
    return pd.DataFrame(values, index=text_index(spec.construct_names, "construct"))


def _membership(spec: ModelSpec, items: tuple[str, ...]) -> Array:
    """Return which observed items belong to which construct, ones and zeros (c, p)."""
    at = {name: k for k, name in enumerate(items)}
    M = np.zeros((len(spec.constructs), len(items)))
    for j, c in enumerate(spec.constructs):
        M[j, [at[i] for i in c.items if i in at]] = 1.0
    return M


def fornell_larcker_table(spec: ModelSpec, estimate: Estimate, ave: pd.Series) -> pd.DataFrame:
    """Return construct correlations below the roots of AVE."""
    names = list(spec.construct_names)
    Phi = structural_covariance(estimate.layout, estimate.full[None])[0][: len(names), : len(names)]
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(np.diagonal(Phi))
    values = reliability.fornell_larcker(Phi / np.outer(sd, sd), ave.loc[names].to_numpy())
    return pd.DataFrame(values, index=names, columns=names)
