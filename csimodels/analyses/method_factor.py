"""One factor for all items, and a common factor beside the constructs, by maximum likelihood."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from csimodels import tables
from csimodels.blas import one_thread
from csimodels.errors import OptionError
from csimodels.estimators.estimate import Engine, Estimate, estimate_ml
from csimodels.estimators.matrices import fill, implied, layout, parameters
from csimodels.estimators.ml import minimise
from csimodels.fit_tables import covariance_measures
from csimodels.inference.information import expected_vcov
from csimodels.partable import ParameterTable, Row, expand

if TYPE_CHECKING:
    from csimodels.spec import ModelSpec

__all__ = ["common_factor", "one_factor"]

Array = NDArray[Any]
NAME, START = "common method", 0.05
MEASURES = ["chisq", "df", "cfi", "rmsea", "srmr"]


def one_factor(spec: ModelSpec, S: Array, n: int) -> pd.DataFrame:
    """Return the fit of one factor for all items of the model."""
    p = len(S)
    items = tuple(spec.items)
    rows = [Row(NAME, "=~", item, free=k + 1) for k, item in enumerate(items)]
    rows += [Row(NAME, "~~", NAME, value=1.0)]
    rows += [Row(item, "~~", item, free=p + k + 1) for k, item in enumerate(items)]
    table = ParameterTable(tuple(rows), (NAME,), items, (), True)
    return _fit_row("one factor", estimate_ml(table, S, n, "native", None)[0], n)


def common_factor(result: Any, S: Array) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the fits without and with a common factor, its variance, the paths under both, and what has to be said."""
    n = result.moments.rows
    if any(t.op == "==" for t in result.spec.terms):
        hint = "Fit without constraints, or with equal labels."
        raise OptionError("common_method.constraints", "The model has constraints (==).", variable="model", value="==", hint=hint)
    base = estimate_ml(expand(result.spec, result.options.std_lv), S, n, "native", None)[0]
    more = _with_factor(base, S, n)
    alone = _fit_row("the model", base, n)
    if not (base.converged and more.converged):
        text = "The model with a common factor does not converge: the constructs cannot be told from what all items share."
        return alone, pd.DataFrame(), pd.DataFrame(), [text]
    share = float(more.x[-1])
    said = [] if share > 0 else ["The common factor has no variance: the items share nothing beyond the constructs."]
    models = pd.concat([alone, _fit_row("with a common factor", more, n)], ignore_index=True)
    return models, _variance(base, more, n), _paths(result.spec, base, more), said


def _variance(base: Estimate, more: Estimate, n: int) -> pd.DataFrame:
    """Return the common factor's share of the items' variance with its test."""
    share, drop = float(more.x[-1]), max(n * (base.F - more.F), 0.0)
    p = float(chdtrc(1, drop)) / 2 if share > 0 else 1.0
    loading = float(np.sqrt(share)) if share > 0 else np.nan
    row = {"share": share, "se": float(np.sqrt(more.vcov[-1, -1])), "chisq": drop, "df": 1, "pvalue": p, "loading": loading}
    return pd.DataFrame([row])


def _with_factor(base: Estimate, S: Array, n: int) -> Estimate:
    """Fit the model with a factor that loads on all reflective items by their standard deviations; its variance is free."""
    table, sd = base.table, np.sqrt(np.diagonal(S))
    items = [r.rhs for r in table.rows if r.op == "=~" and r.rhs in table.observed]
    loads = [Row(NAME, "=~", item, value=float(sd[table.observed.index(item)])) for item in dict.fromkeys(items)]
    rows = (*table.rows, *loads, Row(NAME, "~~", NAME, free=table.n_free + 1))
    wide = replace(table, rows=rows, latent=(*table.latent, NAME))
    lay = layout(wide)
    with one_thread():
        found = minimise(lay, S[None], np.append(base.x, START)[None])
        x = found.x[0]
        full = parameters(lay, x[None], S[None])
        Sigma = implied(fill(lay, full)).Sigma[0]
        vcov = expected_vcov(lay, x, S, n)
    parts: dict[str, Any] = {"x": x, "full": full[0], "vcov": vcov, "S": S, "Sigma": Sigma, "n": n, "F": float(found.F[0])}
    return Estimate(wide, **parts, converged=bool(found.converged[0]), engine=Engine("native"))


def _fit_row(name: str, estimate: Estimate, n: int) -> pd.DataFrame:
    """Return the fit of one model as a row."""
    measures = covariance_measures(estimate, n)
    return pd.DataFrame({"model": [name]} | {m: [measures[m]] for m in MEASURES})


def _paths(spec: ModelSpec, base: Estimate, more: Estimate) -> pd.DataFrame:
    """Return the standardised paths without and with the common factor."""
    plain, common = (tables.paths_table(tables.parameter_columns(e), spec) for e in (base, more))
    out = plain[["source", "target", "std"]].copy()
    out["std_common"] = common["std"].to_numpy()
    out["change"] = out["std_common"] - out["std"]
    return out
