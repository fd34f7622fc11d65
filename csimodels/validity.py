"""Discriminant validity, collinearity and effect sizes of a fitted model, as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.pls_estimate import PLSEstimate, correlations, estimate_pls
from csimodels.estimators.pls_plan import Plan
from csimodels.labels import text_column
from csimodels.measures.ml_quantities import ml_construct_correlations, own_indicators
from csimodels.measures.structural import adjusted, structural
from csimodels.measures.validity import htmt, outer_vif
from csimodels.outlines import outline_for
from csimodels.spec import ModelSpec

__all__ = ["adjusted_rsquared", "f2_refit_table", "f2_table", "htmt_table", "outer_vif_table", "vif_table"]

Array = NDArray[Any]
AnyEstimate = Estimate | PLSEstimate


def htmt_table(spec: ModelSpec, estimate: AnyEstimate, m: Moments) -> pd.DataFrame:
    """Return heterotrait-monotrait ratios, symmetric, NaN on the diagonal and between a construct and its parts."""
    outline = outline_for(spec, estimate)
    names = list(outline.plan.constructs[: outline.plan.latent])
    values = np.full((len(names), len(names)), np.nan)
    ratios = htmt(_indicators(outline.plan, estimate, m), outline.plan.slices, outline.rivals)[:, 0]
    for (a, b), ratio in zip(outline.rivals, ratios, strict=True):
        values[a, b] = values[b, a] = ratio
    return pd.DataFrame(values, index=names, columns=names)


def _indicators(plan: Plan, estimate: AnyEstimate, m: Moments) -> Array:
    """Return the correlations of the indicators (pairs, pairs, 1)."""
    if isinstance(estimate, PLSEstimate):
        return estimate.state.indicators
    return own_indicators(plan, correlations(m.cov[..., None])[0])


def _construct_stack(spec: ModelSpec, estimate: AnyEstimate) -> Array:
    """Return the correlations of constructs and observed structural variables (m, m, 1)."""
    if isinstance(estimate, PLSEstimate):
        return estimate.state.C
    return ml_construct_correlations(estimate.layout, outline_for(spec, estimate), estimate.full[None])


def _path_frame(plan: Plan, name: str, values: Array) -> pd.DataFrame:
    source = tuple(plan.constructs[s] for s, _ in plan.paths)
    target = tuple(plan.constructs[t] for _, t in plan.paths)
    return pd.DataFrame({"source": text_column(source), "target": text_column(target), name: values})


def f2_table(spec: ModelSpec, estimate: AnyEstimate) -> pd.DataFrame:
    """Return f2 = (R2 - R2 without the source) / (1 - R2) of every path, constructs held as they are."""
    plan = outline_for(spec, estimate).plan
    return _path_frame(plan, "f2", structural(plan, _construct_stack(spec, estimate)).f2[:, 0])


def f2_refit_table(spec: ModelSpec, estimate: PLSEstimate, plans: list[Plan]) -> pd.DataFrame:
    """Return f2 with PLS estimated again without each path in turn; ``plans`` are those of the models without one path."""
    plan, values = estimate.plan, []
    inner = structural(plan, estimate.state.C)
    equation = {t: k for k, (t, _) in enumerate(plan.equations)}
    for (_, target), less in zip(plan.paths, plans, strict=True):
        r2 = inner.r2[equation[target], 0]
        again = estimate_pls(less, estimate.S, estimate.n, estimate.tol)
        left = {t: k for k, (t, _) in enumerate(less.equations)}
        without = structural(less, again.state.C).r2[left[target], 0] if target in left else 0.0
        values.append((r2 - without) / (1.0 - r2))
    return _path_frame(plan, "f2", np.array(values))


def vif_table(spec: ModelSpec, estimate: AnyEstimate) -> pd.DataFrame:
    """Return the variance inflation of every source among the sources of its target; one where it is alone."""
    plan = outline_for(spec, estimate).plan
    return _path_frame(plan, "vif", structural(plan, _construct_stack(spec, estimate)).vif[:, 0])


def outer_vif_table(spec: ModelSpec, estimate: AnyEstimate, m: Moments) -> pd.DataFrame:
    """Return the variance inflation of every indicator within its block."""
    plan = outline_for(spec, estimate).plan
    values = outer_vif(_indicators(plan, estimate, m), plan.slices)[: plan.shown, 0]
    construct = tuple(plan.constructs[j] for j, _ in plan.pairs[: plan.shown])
    indicator = tuple(plan.indicator(i) for _, i in plan.pairs[: plan.shown])
    return pd.DataFrame({"construct": text_column(construct), "indicator": text_column(indicator), "vif": values})


def adjusted_rsquared(spec: ModelSpec, estimate: AnyEstimate, rsquared: pd.Series, rows: int) -> pd.Series:
    """Return 1 - (1 - R2)(n - 1) / (n - k - 1) of what the paths explain."""
    plan = outline_for(spec, estimate).plan
    names = [plan.constructs[t] for t, _ in plan.equations]
    k = np.array([len(sources) for _, sources in plan.equations], dtype=float)
    return pd.Series(adjusted(rsquared[names].to_numpy(), rows, k), index=rsquared[names].index, name="rsquared_adj")
