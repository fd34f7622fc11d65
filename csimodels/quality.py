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
from csimodels.spec import Construct, ModelSpec

__all__ = ["fornell_larcker_table", "reliability_table", "rsquared_series"]

Array = NDArray[Any]


def rsquared_series(estimate: Estimate) -> pd.Series:
    """Return explained variance of what the model explains: endogenous structural variables, then indicators."""
    lay, rows = estimate.layout, estimate.table.rows
    inner, outer = (part[0] for part in rsquared(lay, estimate.full[None]))
    targets = {r.lhs for r in rows if r.op == "~"} | {r.rhs for r in rows if r.op == "=~"}
    values = {name: inner[k] for k, name in enumerate(lay.structural) if name in targets}
    values |= {name: outer[k] for k, name in enumerate(estimate.table.observed) if name in targets and name not in lay.structural}
    return pd.Series(values, name="rsquared", dtype=float)


def reliability_table(spec: ModelSpec, m: Moments, columns: dict[str, Any]) -> pd.DataFrame:
    """Return alpha (standardised), alpha_raw, rho_c, ave and items of each block."""
    at = {name: k for k, name in enumerate(m.items)}
    std: dict[str, list[float]] = {c.name: [] for c in spec.constructs}
    for lhs, op, value in zip(columns["lhs"], columns["op"], columns["std"], strict=True):
        if op == "=~":
            std[lhs].append(value)
    rows = [_block_reliability(m, [at[i] for i in c.items if i in at], c, np.array(std[c.name])) for c in spec.constructs]
    values = dict(zip(("alpha", "alpha_raw", "rho_c", "ave"), np.array(rows).T, strict=True))
    items = {"items": [len(c.items) for c in spec.constructs]}
    return pd.DataFrame(values | items, index=text_index(spec.construct_names, "construct"))


def _block_reliability(m: Moments, inside: list[int], c: Construct, std: Array) -> tuple[float, float, float, float]:
    """Return alpha, raw alpha, composite reliability and AVE of one block; alphas only of wholly observed blocks."""
    S = m.cov[inside][:, inside]
    alphas = (reliability.alpha(S), reliability.alpha_raw(S)) if len(inside) == len(c.items) else (np.nan, np.nan)
    return (*alphas, reliability.composite_reliability(std), reliability.average_variance_extracted(std))


def fornell_larcker_table(spec: ModelSpec, estimate: Estimate, ave: pd.Series) -> pd.DataFrame:
    """Return construct correlations below the roots of AVE."""
    names = list(spec.construct_names)
    Phi = structural_covariance(estimate.layout, estimate.full[None])[0][: len(names), : len(names)]
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(np.diagonal(Phi))
    values = reliability.fornell_larcker(Phi / np.outer(sd, sd), ave.loc[names].to_numpy())
    return pd.DataFrame(values, index=names, columns=names)
