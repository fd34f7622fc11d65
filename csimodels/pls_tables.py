"""Tables of a PLS solution: the same names and columns as those of a covariance-based one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.errors import OptionError
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.estimators.pls_plan import Plan
from csimodels.labels import text_index
from csimodels.measures.outline import outline_of
from csimodels.measures.pls_fit import implied_items, pls_fit
from csimodels.measures.pls_quantities import effect_quantities, pls_quantities
from csimodels.measures.structural import arrows_of, structural
from csimodels.quality import construct_correlations, cross_loadings, measures_of_fit, reliability_table, rsquared_series
from csimodels.residuals import residuals
from csimodels.spec import ModelSpec
from csimodels.tables import effects_table, framed, parameter_columns

__all__ = ["pls_rows"]

Array = NDArray[Any]


def pls_rows(plan: Plan) -> list[tuple[str, str, str, bool]]:
    """Return lhs, op, rhs and whether estimated, of outer weights, loadings and paths."""
    names = [(plan.constructs[j], plan.indicator(i), len(plan.blocks[j]) > 1) for j, i in plan.pairs[: plan.shown]]
    rows = [(c, op, i, free) for op in ("<~", "=~") for c, i, free in names]
    return rows + [(plan.constructs[t], "~", plan.constructs[s], True) for s, t in plan.paths]


@parameter_columns.register
def _parameter_columns(estimate: PLSEstimate) -> dict[str, Any]:
    """Return outer weights, loadings and paths, all standardised; standard errors are unknown until bootstrapped."""
    plan, state = estimate.plan, estimate.state
    lhs, op, rhs, free = zip(*pls_rows(plan), strict=True)
    est = np.concatenate([state.w[: plan.shown, 0], state.loadings[: plan.shown, 0], structural(plan, state.C).b[:, 0]])
    unknown = np.full(len(est), np.nan)
    return {
        "lhs": lhs,
        "op": op,
        "rhs": rhs,
        "group": np.ones(len(est), dtype=int),
        "label": ("",) * len(est),
        "free": np.where(free, np.cumsum(free), 0),
        "est": est,
        **{name: unknown for name in ("se", "z", "pvalue", "ci_lower", "ci_upper")},
        "std": est,
        "std_se": unknown,
    }


@effects_table.register
def _effects_table(estimate: PLSEstimate) -> pd.DataFrame:
    """Return direct, indirect and total effects; they are standardised."""
    plan = estimate.plan
    outline = outline_of(plan, {})
    values = effect_quantities(outline, arrows_of(plan, estimate.state.C, structural(plan, estimate.state.C).b))
    out: dict[str, Any] = {
        "source": tuple(plan.constructs[s] for s, _ in outline.effects),
        "target": tuple(plan.constructs[t] for _, t in outline.effects),
    }
    unknown = np.full(len(outline.effects), np.nan)
    for suffix in ("", "_std"):
        for name in ("direct", "indirect", "total"):
            out |= {f"{name}{suffix}": values[f"effects.{name}"][:, 0], f"{name}{suffix}_se": unknown}
    return framed(out)


@rsquared_series.register
def _rsquared_series(estimate: PLSEstimate) -> pd.Series:
    """Return explained variance of endogenous constructs."""
    plan = estimate.plan
    names = tuple(plan.constructs[t] for t, _ in plan.equations)
    return pd.Series(structural(plan, estimate.state.C).r2[:, 0], index=text_index(names), name="rsquared")


@reliability_table.register
def _reliability_table(estimate: PLSEstimate, spec: ModelSpec, m: Moments, columns: dict[str, Any]) -> pd.DataFrame:
    """Return alpha (standardised), alpha_raw, rho_a, rho_c, ave and the number of indicators of each block."""
    plan = estimate.plan
    values = pls_quantities(outline_of(plan, {}), estimate.state, m.cov[..., None], None)
    names = ("alpha", "alpha_raw", "rho_a", "rho_c", "ave")
    table = pd.DataFrame({n: values[f"reliability.{n}"][:, 0] for n in names}, index=text_index(spec.construct_names, "construct"))
    return table.assign(items=[len(block) for block in plan.blocks[: plan.latent]])


@construct_correlations.register
def _construct_correlations(estimate: PLSEstimate) -> pd.DataFrame:
    names = list(estimate.plan.constructs[: estimate.plan.latent])
    k = len(names)
    return pd.DataFrame(estimate.state.C[:k, :k, 0], index=names, columns=names)


@cross_loadings.register
def _cross_loadings(estimate: PLSEstimate) -> pd.DataFrame:
    plan = estimate.plan
    values = estimate.state.comp.X[:, : plan.latent, 0]
    return pd.DataFrame(values, index=list(plan.items), columns=list(plan.constructs[: plan.latent]))


@measures_of_fit.register
def _measures_of_fit(estimate: PLSEstimate, rows: int) -> pd.Series:
    """Return SRMR and d_ULS of the estimated and of the saturated model."""
    values = {name: float(value[0]) for name, value in pls_fit(estimate.plan, estimate.state).items()}
    return pd.Series(values | {"npar": float(estimate_count(estimate.plan)), "ntotal": float(rows)}, name="fit")


def estimate_count(plan: Plan) -> int:
    """Return the number of weights and paths that are estimated."""
    return sum(len(b) for b in plan.blocks if len(b) > 1) + len(plan.paths)


@residuals.register
def _residuals(estimate: PLSEstimate, kind: str = "cor") -> Array:
    """Return residual correlations (p, p), or covariances for "raw"; PLS has no sampling variances of them."""
    if kind not in ("raw", "cor", "cor.bentler"):
        raise OptionError(
            "option.residuals", f"kind is {kind!r}.", variable="kind", value=kind, hint='After PLS use "cor", "cor.bentler" or "raw".'
        )
    left = (estimate.state.R - implied_items(estimate.plan, estimate.state))[..., 0]
    sd = np.sqrt(np.diagonal(estimate.S))
    out: Array = left * np.outer(sd, sd) if kind == "raw" else left
    return out
