"""Defined quantities (``:=``): rows below the parameters, with errors by the delta method, and in every resample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.estimate import Estimate
from csimodels.inference.information import delta_se, interval, z_test
from csimodels.labelled import Functions, definitions_of, evaluated
from csimodels.measures.standardized import dependent_jacobian, moved_parameters, standardised_jacobian
from csimodels.spec import ModelSpec

__all__ = ["with_defined_draws", "with_definitions"]

Array = NDArray[Any]
STEP = 1e-20
DRAWN = ("table.est", "table.std")


def with_definitions(columns: dict[str, Any], spec: ModelSpec, estimate: Any) -> dict[str, Any]:
    """Return the columns of a parameter table with a row for each definition below: lhs name, op ``:=``, rhs expression.

    The standardised value is the expression of the standardised parameters, as in lavaan.
    """
    if not isinstance(estimate, Estimate) or not any(t.op == ":=" for t in spec.terms):
        return columns
    names, f = definitions_of(spec, estimate.table)
    lay, full, moved = estimate.layout, estimate.full, estimate.dependent
    std, J_std = standardised_jacobian(lay, full) if moved is None else dependent_jacobian(lay, full, moved)
    est, se = _with_error(f, full, moved_parameters(lay) if moved is None else moved, estimate.vcov)
    std_est, std_se = _with_error(f, std, J_std, estimate.vcov)
    z, p = z_test(est, se)
    lower, upper = interval(est, se)
    texts = {"lhs": names, "op": (":=",) * len(names), "rhs": tuple(t.rhs for t in spec.terms if t.op == ":="), "label": names}
    values = {"est": est, "se": se, "z": z, "pvalue": p, "ci_lower": lower, "ci_upper": upper, "std": std_est, "std_se": std_se}
    values |= {"group": np.ones(len(names), dtype=int), "free": np.zeros(len(names), dtype=int)}
    return {
        c: (*v, *texts[c]) if c in texts else np.concatenate([v, values.get(c, np.full(len(names), np.nan))]) for c, v in columns.items()
    }


def _with_error(f: Functions, values: Array, J: Array, vcov: Array) -> tuple[Array, Array]:
    """Return functions of parameters (K,) and their delta-method errors, from the parameters' derivatives (K, q)."""
    at = [f.rows[n] for n in f.rows]
    slopes = np.zeros((len(f.expressions), len(at)))
    for k, row in enumerate(at):
        moved = values.astype(complex)
        moved[row] += 1j * STEP
        slopes[:, k] = evaluated(f, moved).imag / STEP
    return evaluated(f, values).real, delta_se(slopes @ J[at], vcov)


def with_defined_draws(quantities: dict[str, Array], spec: ModelSpec, estimate: Any) -> dict[str, Array]:
    """Return quantities of resamples, or of the sample, with the definitions below the parameters of each."""
    if not isinstance(estimate, Estimate) or not any(t.op == ":=" for t in spec.terms):
        return quantities
    _, f = definitions_of(spec, estimate.table)
    more = {k: np.concatenate([quantities[k], evaluated(f, quantities[k])]) for k in DRAWN if k in quantities}
    return quantities | more
