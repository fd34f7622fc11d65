"""Reliability, validity and explained variance of a fitted model, as tables."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.estimators.matrices import fill, implied, structural_covariance
from csimodels.fit_tables import covariance_measures
from csimodels.labels import text_index
from csimodels.measures import reliability
from csimodels.measures.standardized import rsquared
from csimodels.spec import ModelSpec

__all__ = ["construct_correlations", "cross_loadings", "fornell_larcker_table", "measures_of_fit", "reliability_table", "rsquared_series"]

Array = NDArray[Any]


@singledispatch
def rsquared_series(estimate: Any) -> pd.Series:
    """Return explained variance of what the model explains: endogenous structural variables, then indicators."""
    lay, rows = estimate.layout, estimate.table.rows
    inner, outer = (part[0] for part in rsquared(lay, estimate.full[None]))
    targets = {r.lhs for r in rows if r.op == "~"} | {r.rhs for r in rows if r.op == "=~"}
    inside = [k for k, name in enumerate(lay.structural) if name in targets]
    items = [k for k, name in enumerate(estimate.table.observed) if name in targets and name not in lay.structural]
    names = (*(lay.structural[k] for k in inside), *(estimate.table.observed[k] for k in items))
    return pd.Series(np.concatenate([inner[inside], outer[items]]), index=text_index(names), name="rsquared")


@singledispatch
def reliability_table(estimate: Any, spec: ModelSpec, m: Moments, columns: dict[str, Any]) -> pd.DataFrame:
    """Return alpha (standardised), alpha_raw, rho_c, ave and items of each block.

    Alphas are those of wholly observed blocks; a composite has no loadings, hence neither rho_c nor ave.
    """
    loadings = [(lhs, rhs, std) for lhs, op, rhs, std in zip(*(columns[c] for c in ("lhs", "op", "rhs", "std")), strict=True) if op == "=~"]
    of_construct = np.array([lhs == c for c in spec.construct_names for lhs, _, _ in loadings], dtype=float)
    of_construct = of_construct.reshape(len(spec.constructs), len(loadings))
    std = np.array([value for _, _, value in loadings])
    of_items = _membership(spec, m.items)
    count = np.array([len(c.indicators) for c in spec.constructs])
    observed = of_items.sum(axis=1) == count
    values = {
        "alpha": np.where(observed, reliability.alpha(m.cov, of_items), np.nan),
        "alpha_raw": np.where(observed, reliability.alpha_raw(m.cov, of_items), np.nan),
        "rho_c": reliability.composite_reliability(std, of_construct),
        "ave": reliability.average_variance_extracted(std, of_construct),
        "items": count,
    }
    return pd.DataFrame(values, index=text_index(spec.construct_names, "construct"))


def _membership(spec: ModelSpec, items: tuple[str, ...]) -> Array:
    """Return which observed items belong to which construct, ones and zeros (c, p)."""
    at = {name: k for k, name in enumerate(items)}
    M = np.zeros((len(spec.constructs), len(items)))
    for j, c in enumerate(spec.constructs):
        M[j, [at[i] for i in c.items if i in at]] = 1.0
    return M


@singledispatch
def construct_correlations(estimate: Any) -> pd.DataFrame:
    """Return the implied correlations of the constructs."""
    names = list(estimate.table.latent)
    Phi = structural_covariance(estimate.layout, estimate.full[None])[0][: len(names), : len(names)]
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(np.diagonal(Phi))
        return pd.DataFrame(Phi / np.outer(sd, sd), index=names, columns=names)


@singledispatch
def cross_loadings(estimate: Any) -> pd.DataFrame:
    """Return the implied correlations of items with constructs."""
    names, items = list(estimate.table.latent), list(estimate.table.observed)
    imp = implied(fill(estimate.layout, estimate.full[None]))
    with np.errstate(invalid="ignore"):
        sd = np.sqrt(np.diagonal(imp.Phi[0]))[: len(names)]
        values = imp.LPhi[0][:, : len(names)] / (np.sqrt(np.diagonal(imp.Sigma[0]))[:, None] * sd)
    return pd.DataFrame(values, index=items, columns=names)


@singledispatch
def measures_of_fit(estimate: Any, rows: int) -> pd.Series:
    """Return fit measures by lavaan's names."""
    return pd.Series(covariance_measures(estimate, rows), name="fit")


def fornell_larcker_table(correlations: pd.DataFrame, ave: pd.Series) -> pd.DataFrame:
    """Return construct correlations below the roots of AVE."""
    values = reliability.fornell_larcker(correlations.to_numpy(), ave.loc[correlations.index].to_numpy())
    return pd.DataFrame(values, index=correlations.index, columns=correlations.columns)
