"""Tables as pure functions of an estimate."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.estimators.estimate import Estimate
from csimodels.inference.information import delta_se, interval, t_interval, t_test, z_test
from csimodels.labels import text_column
from csimodels.measures.effects import effect_pairs, effects, effects_jacobian
from csimodels.measures.standardized import dependent_jacobian, standardised_jacobian
from csimodels.spec import ModelSpec

__all__ = [
    "EffectDerivatives",
    "effects_derivatives",
    "effects_table",
    "framed",
    "measurement_table",
    "operators",
    "parameter_columns",
    "paths_table",
]

Array = NDArray[Any]
ROUNDING = 1e-12
EFFECTS = ("direct", "indirect", "total", "direct_std", "indirect_std", "total_std")
ESTIMATES = ["est", "se", "z", "pvalue", "ci_lower", "ci_upper", "std", "std_se"]


def operators(estimate: Estimate) -> tuple[str, ...]:
    """Return the operator of each parameter."""
    return tuple(r.op for r in estimate.table.rows)


def parameter_se(estimate: Estimate) -> Array:
    """Return the standard error of each parameter, shape (K,), NaN where fixed."""
    return _spread(estimate, np.sqrt(np.maximum(np.diagonal(estimate.vcov), 0.0)) if estimate.vcov.size else np.empty(0))


@singledispatch
def parameter_columns(estimate: Any) -> dict[str, Any]:
    """Return the parameter table column by column, in lavaan's names; texts are tuples."""
    rows, op = estimate.table.rows, operators(estimate)
    se = parameter_se(estimate)
    df = _degrees(estimate)
    z, p = z_test(estimate.full, se) if df is None else t_test(estimate.full, se, df)
    lower, upper = interval(estimate.full, se) if df is None else t_interval(estimate.full, se, df)
    if estimate.dependent is None:
        std, J = standardised_jacobian(estimate.layout, estimate.full)
    else:
        std, J = dependent_jacobian(estimate.layout, estimate.full, estimate.dependent)
    std_se = delta_se(J, estimate.vcov)
    std_se[std_se < ROUNDING] = 0.0
    return {
        "lhs": tuple(r.lhs for r in rows),
        "op": op,
        "rhs": tuple(r.rhs for r in rows),
        "group": np.ones(len(rows), dtype=int),
        "label": tuple(r.label for r in rows),
        "free": estimate.table.free,
        "est": estimate.full,
        "se": se,
        "z": z,
        "pvalue": p,
        "ci_lower": lower,
        "ci_upper": upper,
        "std": std,
        "std_se": std_se,
    } | _imputation(estimate)


def _degrees(estimate: Estimate) -> Array | None:
    """Return degrees of freedom of t of every parameter (K,) after multiple imputation, None otherwise."""
    return None if estimate.pooled is None else _spread(estimate, estimate.pooled.df)


def _imputation(estimate: Estimate) -> dict[str, Array]:
    """Return the columns that multiple imputation adds: df, riv, fmi."""
    info = estimate.pooled
    return {} if info is None else {name: _spread(estimate, getattr(info, name)) for name in ("df", "riv", "fmi")}


def _spread(estimate: Estimate, values: Array) -> Array:
    """Return values of free parameters (q,) for every parameter (K,), NaN where fixed."""
    free = estimate.table.free
    out = np.full(free.size, np.nan)
    out[free > 0] = values[free[free > 0] - 1]
    return out


def framed(columns: dict[str, Any]) -> pd.DataFrame:
    """Return columns as a frame, tuples of text through cached pandas arrays."""
    return pd.DataFrame({name: text_column(c) if isinstance(c, tuple) else c for name, c in columns.items()})


def _where(columns: dict[str, Any], op: str) -> tuple[list[int], tuple[str, ...], tuple[str, ...]]:
    """Return the positions of an operator's rows with their left and right sides."""
    at = [k for k, o in enumerate(columns["op"]) if o == op]
    return at, tuple(columns["lhs"][k] for k in at), tuple(columns["rhs"][k] for k in at)


def paths_table(columns: dict[str, Any], spec: ModelSpec) -> pd.DataFrame:
    """Return structural paths with their hypothesised and estimated signs."""
    at, target, source = _where(columns, "~")
    sign = {(p.source, p.target): p.sign for p in spec.paths}
    expected = tuple(sign.get((s, t), "?") for s, t in zip(source, target, strict=True))
    estimated = tuple("-" if est < 0 else "+" for est in columns["est"][at])
    agrees = [None if e == "?" else e == g for e, g in zip(expected, estimated, strict=True)]
    signs = {"expected_sign": expected, "estimated_sign": estimated, "sign_agrees": pd.array(agrees, dtype="boolean")}
    return framed({"source": source, "target": target} | {c: columns[c][at] for c in ESTIMATES} | signs)


def measurement_table(columns: dict[str, Any], op: str) -> pd.DataFrame:
    """Return loadings (=~) or outer weights (<~) by construct and indicator."""
    at, construct, indicator = _where(columns, op)
    return framed({"construct": construct, "indicator": indicator} | {c: columns[c][at] for c in ESTIMATES})


class EffectDerivatives(NamedTuple):
    """Total effects (r,) by source and target, and their derivatives (r, q) by the free parameters."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    total: Array
    moved: Array


def effects_derivatives(estimate: Estimate) -> EffectDerivatives:
    """Return the raw total effects of every connected pair with their derivatives."""
    lay, op, full = estimate.layout, operators(estimate), estimate.full
    pairs = effect_pairs(lay, op)
    total = effects(lay, op, full[None], pairs)[0].reshape(6, -1)[2]
    J = _effects_jacobian(estimate, pairs).reshape(6, total.size, -1)[2]
    sources, targets = (tuple(lay.structural[k] for k in side) for side in (pairs.source, pairs.target))
    return EffectDerivatives(sources, targets, total, J)


def _effects_jacobian(estimate: Estimate, pairs: Any) -> Array:
    """Return the derivatives (6 r, q) of the effects."""
    if estimate.dependent is not None:
        return _dependent_effects(estimate, pairs)
    return effects_jacobian(estimate.layout, operators(estimate), estimate.full, pairs)


def _dependent_effects(estimate: Estimate, pairs: Any) -> Array:
    """Return the derivatives (6 r, q) of the effects where parameters that are not free depend on the free ones, by complex steps."""
    step, full = 1e-20, estimate.full
    assert estimate.dependent is not None
    many = effects(estimate.layout, operators(estimate), full + 1j * step * np.eye(full.size), pairs)
    out: Array = np.nan_to_num(many.reshape(full.size, -1).imag.T / step) @ estimate.dependent
    return out


@singledispatch
def effects_table(estimate: Any) -> pd.DataFrame:
    """Return direct, indirect and total effects of every connected pair, with delta-method standard errors (Sobel 1982)."""
    lay, op, full = estimate.layout, operators(estimate), estimate.full
    pairs = effect_pairs(lay, op)
    parts = effects(lay, op, full[None], pairs)[0].reshape(6, -1)
    se = delta_se(_effects_jacobian(estimate, pairs), estimate.vcov).reshape(6, -1)
    out: dict[str, Any] = {
        "source": tuple(lay.structural[k] for k in pairs.source),
        "target": tuple(lay.structural[k] for k in pairs.target),
    }
    for name, est, error in zip(EFFECTS, parts, se, strict=True):
        out |= {name: est, f"{name}_se": np.where(error > ROUNDING, error, np.nan)}
    return framed(out)
