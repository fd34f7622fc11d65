"""From the options of a fit to a checked model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from csimodels.adapt import adapted
from csimodels.catalog import as_spec
from csimodels.composites import require_plain_options
from csimodels.errors import OptionError
from csimodels.estimators.pls_plan import Plan
from csimodels.estimators.preconditions import require_two_outcomes
from csimodels.inference.identification import require_identified
from csimodels.options import (
    COVARIANCE,
    ONLY_ML,
    ONLY_PLS,
    Options,
    check_choices,
    check_flag,
    check_suits,
    covariance_options,
    frozen_codes,
    mode_pairs,
    ordered_items,
    pls_plan,
)
from csimodels.partable import expand
from csimodels.spec import Indicator, ModelSpec

__all__ = ["Prepared", "prepared"]

USUAL = {"estimator": "ml", "engine": "semopy", "missing": "listwise", **ONLY_ML, **ONLY_PLS}


@dataclass(frozen=True)
class Prepared:
    """Hold a model as it will be fitted: the adapted spec, the plan of PLS or None, options without facts of the data, engine."""

    spec: ModelSpec
    plan: Plan | None
    options: Options
    engine: str


def prepared(
    model: ModelSpec | str,
    *,
    estimator: str = "ml",
    engine: str = "semopy",
    columns: Mapping[str, str] | None = None,
    items: Mapping[str, Sequence[str | Indicator]] | None = None,
    without: Sequence[str] = (),
    scale: Any = None,
    na_values: Any = None,
    missing: str = "listwise",
    weights: Any = None,
    likelihood: str = "normal",
    std_lv: bool = False,
    information: str | None = None,
    meanstructure: bool | None = None,
    ordinal: Any = False,
    parameterization: str = "delta",
    scheme: str = "path",
    modes: Any = None,
    tol: float = 1e-7,
    higher_order: str = "disjoint",
    consistent: Sequence[str] | None = None,
) -> Prepared:
    """Return a model with its options, all checked before any data are read; the options are those of ``fit``."""
    check_choices(estimator=estimator, engine=engine, likelihood=likelihood, missing=missing)
    check_flag("std_lv", std_lv)
    given = {
        "likelihood": likelihood,
        "std_lv": std_lv,
        "information": information,
        "meanstructure": meanstructure,
        "ordinal": ordinal,
        "parameterization": parameterization,
        "scheme": scheme,
        "modes": modes,
        "tol": tol,
    }
    check_suits(estimator, given | {"higher_order": higher_order, "consistent": consistent})
    spec = adapted(as_spec(model), without, items, columns, scale)
    if spec.scoring is not None:
        unusual = given | {"estimator": estimator, "engine": engine, "higher_order": higher_order, "consistent": consistent}
        unusual["missing"] = "listwise" if missing == "mean" else missing
        require_plain_options(spec.name, unusual, USUAL)
        own = weights if isinstance(weights, str) else None
        return Prepared(spec, None, Options("composite", missing=missing, na_values=frozen_codes(na_values), weights=own), "native")
    plan, inference = None, {}
    if estimator in COVARIANCE:
        inference = covariance_options(spec, estimator, missing, likelihood, information, meanstructure)
        inference["ordinal"] = ordered_items(spec, estimator, ordinal, parameterization, missing)
        inference["parameterization"] = parameterization
        require_two_outcomes(spec)
        require_identified(expand(spec, std_lv))
        if inference["meanstructure"]:
            require_identified(expand(spec, std_lv, True))
    else:
        if missing in ("fiml", "two-stage", "mi"):
            text = f"PLS has neither a likelihood nor analytic errors: missing={missing!r} has no meaning for it."
            hint = 'Use missing="em", "mean" or "listwise".'
            raise OptionError("option.other_estimator", text, variable="missing", value=missing, hint=hint)
        plan = pls_plan(spec, estimator, scheme, modes, tol, higher_order, consistent)
    options = Options(
        estimator=estimator,
        likelihood=likelihood,
        std_lv=std_lv,
        missing=missing,
        na_values=frozen_codes(na_values),
        weights=weights if isinstance(weights, str) else None,
        scheme=scheme,
        modes=mode_pairs(spec, modes),
        tol=tol,
        higher_order=higher_order,
        consistent=None if plan is None or not plan.consistent else tuple(plan.constructs[j] for j in plan.consistent),
        **inference,
    )
    return Prepared(spec, plan, options, engine)
