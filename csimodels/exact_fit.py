"""Bootstrap quantiles of fit measures under the model: data are first made to fit it (Bollen & Stine 1992)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.bootstrapping import Drawn, resampled
from csimodels.errors import EstimationError
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.measures.pls_fit import implied_items
from csimodels.refit import Recipe
from csimodels.resample import Rows, Units

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["exact_fit_table"]

Array = NDArray[Any]
SINGULAR = 1e-12
QUANTILES = {"q95": 0.95, "q99": 0.99}


def exact_fit_table(result: CSIResults, recipe: Recipe, rows: Rows, units: Units, n_boot: int, seed: int, n_jobs: int) -> pd.DataFrame:
    """Return measure, value, q95, q99, pvalue and n_failed: how large a measure becomes by chance alone if the model is true."""
    parts = []
    for names, S, Sigma in _nulls(result):
        drawn = resampled(result.estimate, replace(recipe, fit_only=True), rows, units, n_boot, seed, n_jobs, transformation(S, Sigma))
        parts += [_row(result, name, drawn) for name in names]
    return pd.DataFrame(parts, columns=["measure", "value", *QUANTILES, "pvalue", "n_failed"])


def _row(result: CSIResults, name: str, drawn: Drawn) -> tuple[Any, ...]:
    value, sample = float(result.fit_measures[name]), drawn.samples[f"fit.{name}"][0]
    quantiles = [float(np.quantile(sample, q)) if sample.size else np.nan for q in QUANTILES.values()]
    known = sample.size and np.isfinite(value)
    return name, value, *quantiles, float((sample >= value).mean()) if known else np.nan, drawn.n_failed


def _nulls(result: CSIResults) -> list[tuple[tuple[str, ...], Array, Array]]:
    """Return measures with the sample's and the model's covariances under which they are judged."""
    estimate = result.estimate
    if not isinstance(estimate, PLSEstimate):
        return [(("chisq", "srmr"), estimate.S, estimate.Sigma)]
    sd = np.sqrt(np.diagonal(estimate.S))
    scale = np.outer(sd, sd)
    out: list[tuple[tuple[str, ...], Array, Array]] = []
    for suffix, saturated in (("", False), ("_saturated", True)):
        implied = implied_items(estimate.plan, estimate.state, saturated)[..., 0]
        out.append(((f"srmr{suffix}", f"d_uls{suffix}"), estimate.S, implied * scale))
    return out


def transformation(S: Array, Sigma: Array) -> Array:
    """Return A with A S A' = Sigma, the product of symmetric roots Sigma^1/2 S^-1/2."""
    values, vectors = np.linalg.eigh(Sigma)
    own, axes = np.linalg.eigh(S)
    if values[0] <= SINGULAR * values[-1] or own[0] <= SINGULAR * own[-1]:
        raise EstimationError(
            "bootstrap.no_exact_fit",
            "The covariances of the items, or those that the model implies, are singular, so that data cannot be made to fit it.",
            variable="exact_fit",
            value=float(min(values[0], own[0])),
            hint="Leave exact_fit out: there are too few rows, items are dependent, or the solution is inadmissible.",
        )
    out: Array = (vectors * np.sqrt(values)) @ vectors.T @ (axes / np.sqrt(own)) @ axes.T
    return out
