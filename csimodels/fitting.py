"""From a checked model and its data to an estimate: which estimator runs on what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.constraining import under_constraints
from csimodels.errors import DataError, MissingStatisticError, OptionError
from csimodels.estimators.em import Saturated, saturated_moments
from csimodels.estimators.estimate import Engine, Estimate, estimate_ml
from csimodels.estimators.ordinal import scaled_items
from csimodels.estimators.patterns import Sample, complete_sample, sample_of
from csimodels.estimators.pls_estimate import PLSEstimate, estimate_pls
from csimodels.estimators.preconditions import require_ml_data, require_pls_data
from csimodels.evidence import Evidence
from csimodels.inferred import estimate_normal, estimate_squares, with_inference
from csimodels.labelled import constraints_of
from csimodels.options import LEAST_SQUARES
from csimodels.ordered import estimate_ordinal
from csimodels.partable import ParameterTable, expand
from csimodels.preparation import Prepared
from csimodels.recode import recoded_moments, recoded_rows
from csimodels.two_stage import estimate_two_stage

__all__ = ["estimated"]

Array = NDArray[Any]
MOST_CATEGORIES = 50
NEEDS_ROWS = ("mlf", "mlm", "mlmv", "mlmvs", "mlr", "wls", "dwls", "wlsmv", "wlsm", "ulsmv")


def estimated(ready: Prepared, e: Evidence) -> tuple[Estimate | PLSEstimate, Any, Moments]:
    """Return the estimate, semopy's own model if it ran, and the recoded moments."""
    if ready.plan is not None:
        require_pls_data(e.moments, ready.plan)
        moments = recoded_moments(e.moments, ready.spec)
        return estimate_pls(ready.plan, moments.cov, moments.rows, ready.options.tol), None, moments
    require_ml_data(e.moments)
    _require_rows(ready.options.estimator, e)
    _require_likelihood(ready)
    moments = recoded_moments(e.moments, ready.spec)
    estimator = ready.options.estimator
    if ready.options.ordinal:
        return _ordered(ready, e), None, moments
    if estimator in LEAST_SQUARES:
        return _least_squares(ready, e, moments), None, moments
    first, model = _plain(ready, e, moments)
    if ready.options.meanstructure:
        return _with_means(ready, e, moments, first), model, moments
    kind, constraints = _inference(ready, e), constraints_of(ready.spec, first.table)
    if constraints is not None:
        first, model = under_constraints(first, _complete(ready, e, moments), constraints), None
    if kind == ("ml", "expected") and constraints is None:
        return (replace(first, vcov=np.full_like(first.vcov, np.nan)) if moments.weighted else first), model, moments
    return with_inference(first, _complete(ready, e, moments), *kind), model, moments


def _require_likelihood(ready: Prepared) -> None:
    """Refuse constraints where they are not defined: under least squares and the Wishart likelihood."""
    constrained = any(t.op == "==" for t in ready.spec.terms)
    if constrained and (ready.options.estimator in LEAST_SQUARES or ready.options.likelihood == "wishart"):
        raise OptionError(
            "option.constraints",
            "Constraints (==) are for maximum likelihood with the normal likelihood.",
            variable="estimator",
            value=ready.options.estimator,
            hint='Use equal labels for equal parameters, or estimator="ml".',
        )


def _require_rows(estimator: str, e: Evidence) -> None:
    """Refuse moments where casewise statistics are needed."""
    if e.rows is None and estimator in NEEDS_ROWS:
        raise MissingStatisticError(
            "moments.no_rows",
            f"The estimator {estimator!r} needs the rows: fourth moments or casewise scores are not in these moments.",
            variable="data",
            value=estimator,
            hint='Give the survey itself, or use estimator="ml", "gls" or "uls".',
        )


def _inference(ready: Prepared, e: Evidence) -> tuple[str, str]:
    """Return whose errors are taken and from which information; those of weighted or clustered rows are the sandwich's, as in lavaan."""
    estimator, information = ready.options.estimator, ready.options.information
    sampled = e.weights is not None or e.clusters is not None or e.strata is not None
    return ("mlr", "observed") if estimator == "ml" and sampled else (estimator, information)


def _plain(ready: Prepared, e: Evidence, moments: Moments) -> tuple[Estimate, Any]:
    """Return the maximum-likelihood solution of the covariances without means, and semopy's own model."""
    n = moments.rows - 1 if ready.options.likelihood == "wishart" else moments.rows
    whole = e.rows is not None and e.h1 is None and not moments.weighted
    own = recoded_rows(e.rows, ready.spec) if whole and e.rows is not None else None
    engine = ready.engine if e.h1 is None else "native"
    return estimate_ml(expand(ready.spec, ready.options.std_lv), moments.cov * (moments.rows / n), n, engine, own)


def _complete(ready: Prepared, e: Evidence, moments: Moments) -> Sample:
    """Return complete data as one pattern."""
    mean = np.zeros(len(moments.items)) if moments.mean is None else moments.mean
    rows = None if e.rows is None else recoded_rows(e.rows, ready.spec)
    sample = complete_sample(mean, moments.cov, moments.rows, rows, e.weights)
    return sample._replace(clusters=e.clusters, strata=e.strata)


def _with_means(ready: Prepared, e: Evidence, moments: Moments, first: Estimate) -> Estimate:
    """Fit the model with its intercepts, to complete or to incomplete rows."""
    if moments.mean is None:
        raise MissingStatisticError(
            "moments.no_mean",
            "A mean structure needs the items' means, which these moments do not hold.",
            variable="mean",
            value=None,
            hint="Give mean= to Moments.from_cov, or leave out meanstructure=.",
        )
    if e.h1 is None or e.rows is None:
        sample = _complete(ready, e, moments)
        h1 = saturated_moments(sample.patterns)
    else:
        sample = sample_of(recoded_rows(e.rows, ready.spec), e.weights)._replace(clusters=e.clusters, strata=e.strata)
        h1 = Saturated(moments.mean, moments.cov, e.h1.F, e.h1.converged, e.h1.steps)
    table = expand(ready.spec, ready.options.std_lv, True)
    constraints = constraints_of(ready.spec, table)
    if ready.options.missing == "two-stage":
        return estimate_two_stage(table, first, sample, h1, _inference(ready, e)[0] == "mlr", constraints)
    estimate = estimate_normal(table, first, sample, h1, *_inference(ready, e), constraints, ready.options.missing != "fiml")
    return replace(estimate, vcov=np.full_like(estimate.vcov, np.nan)) if moments.weighted and e.rows is None else estimate


def _ordered(ready: Prepared, e: Evidence) -> Estimate:
    """Fit ordered answers by least squares on polychoric correlations."""
    table = expand(ready.spec, ready.options.std_lv)
    sampled = e.weights is not None or e.clusters is not None or e.strata is not None
    if e.rows is None or table.fixed_x or sampled:
        what = "moments" if e.rows is None else "weights, clusters or strata" if sampled else f"the observed covariate {table.fixed_x[0]!r}"
        hint = "Give the rows; covariates and sampling designs need a likelihood."
        raise OptionError("option.ordinal_model", f"Models of ordered items cannot have {what}.", variable="ordinal", value=what, hint=hint)
    theta = ready.options.parameterization == "theta"
    _require_unrestricted(table, ready.options.ordinal, theta)
    rows = recoded_rows(e.rows, ready.spec)
    _require_categories(rows, table.observed, ready.options.ordinal)
    return estimate_ordinal(table, rows, ready.options.ordinal, ready.options.estimator, theta, Engine("native"))


def _require_categories(rows: Array, observed: tuple[str, ...], ordinal: tuple[str, ...]) -> None:
    """Refuse ordered items with so many different answers that they are measurements."""
    for k, name in enumerate(observed):
        if name in ordinal and (count := len(np.unique(rows[:, k]))) > MOST_CATEGORIES:
            text = f"Item {name!r} has {count} different answers: it is no ordered item of a few categories."
            hint = "Name the ordered items, ordinal=[items]; the others are continuous."
            raise DataError("ordinal.categories", text, variable=name, value=count, hint=hint)


def _require_unrestricted(table: ParameterTable, ordinal: tuple[str, ...], theta: bool) -> None:
    """Refuse equal labels and stated values under delta where ordered items in paths change the scale of parameters."""
    moved = {o for o, s in zip(table.observed, scaled_items(table, ordinal, theta), strict=True) if s}
    moved |= {r.lhs for r in table.rows if r.op == "=~" and r.rhs in moved}
    free = [r.free for r in table.rows]
    for r in table.rows:
        tied = free.count(r.free) > 1 if r.free else r.op in ("=~", "~") and r.value not in (0.0, 1.0)
        if tied and not theta and {r.lhs, r.rhs} & moved:
            item = min({r.lhs, r.rhs} & moved)
            text = f"Equal labels and stated values are not defined under delta for ordered items in paths, as {item!r} is."
            raise OptionError("option.ordinal_model", text, variable=item, value="delta", hint='Use parameterization="theta".')


def _least_squares(ready: Prepared, e: Evidence, moments: Moments) -> Estimate:
    """Fit by least squares, from the maximum-likelihood solution."""
    if moments.weighted or e.clusters is not None or e.strata is not None:
        what = "weights" if moments.weighted else "clusters" if e.clusters is not None else "strata"
        text = f"Least squares has no errors under {what}: its weights know nothing of how rows were sampled."
        raise OptionError("option.sampling", text, variable=what, value=ready.options.estimator, hint='Use estimator="mlr".')
    table = expand(ready.spec, ready.options.std_lv, fixed=False)
    first, _ = estimate_ml(expand(ready.spec, ready.options.std_lv), moments.cov, moments.rows, "native", None)
    why = "least squares runs on the kernel alone" if ready.engine == "semopy" else ""
    return estimate_squares(table, first, _complete(ready, e, moments), ready.options.estimator, Engine("native", why))
