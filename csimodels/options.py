"""The options of a fit: their checks, and what a result remembers of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from csimodels.checks import known
from csimodels.errors import OptionError
from csimodels.estimators.pls_plan import Plan, plan_of
from csimodels.estimators.preconditions import require_pls_model
from csimodels.spec import ModelSpec

__all__ = [
    "CHOICES",
    "COVARIANCE",
    "INCOMPLETE",
    "LEAST_SQUARES",
    "LIKELIHOOD",
    "ORDERED",
    "Options",
    "check_choices",
    "check_flag",
    "check_suits",
    "frozen_codes",
    "ordered_items",
    "pls_plan",
]

INCOMPLETE = ("fiml", "two-stage", "em")
LIKELIHOOD = ("ml", "mlf", "mlm", "mlmv", "mlmvs", "mlr")
LEAST_SQUARES = ("gls", "uls", "wls", "dwls")
ORDERED = ("wlsmv", "wlsm", "ulsmv", "wls", "dwls", "uls")
COVARIANCE = (*LIKELIHOOD, *LEAST_SQUARES, "wlsmv", "wlsm", "ulsmv")
CHOICES = {
    "estimator": (*COVARIANCE, "pls", "plsc"),
    "engine": ("semopy", "native"),
    "likelihood": ("normal", "wishart"),
    "missing": ("listwise", "mean", "fiml", "two-stage", "mi", "em"),
    "information": ("expected", "observed"),
    "parameterization": ("delta", "theta"),
    "scheme": ("path", "factorial", "centroid"),
    "modes": ("A", "B", "unit"),
    "higher_order": ("disjoint", "embedded"),
}
ONLY_ML = {
    "likelihood": "normal",
    "std_lv": False,
    "information": None,
    "meanstructure": None,
    "ordinal": False,
    "parameterization": "delta",
}
ONLY_PLS = {"scheme": "path", "modes": None, "tol": 1e-7, "higher_order": "disjoint", "consistent": None}


@dataclass(frozen=True)
class Options:
    """How a model was fitted: what its header, its rows' scores and its bootstrap need to know."""

    estimator: str = "ml"
    likelihood: str = "normal"
    std_lv: bool = False
    information: str = "expected"
    meanstructure: bool = False
    ordinal: tuple[str, ...] = ()
    parameterization: str = "delta"
    missing: str = "listwise"
    na_values: Any = None
    weighted: bool = False
    fingerprint: str = ""
    weights: str | None = None
    scheme: str = "path"
    modes: tuple[tuple[str, str], ...] = ()
    tol: float = 1e-7
    higher_order: str = "disjoint"
    consistent: tuple[str, ...] | None = None

    def plan(self, spec: ModelSpec) -> Plan:
        """Return the plan of a PLS fit."""
        return plan_of(spec, self.scheme, self.modes, self.higher_order, self.consistent)


def check_choices(**given: str) -> None:
    """Check options that take one of a few words."""
    for name, value in given.items():
        if value not in CHOICES[name]:
            raise OptionError(
                f"option.{name}",
                f"{name} is {value!r}.",
                variable=name,
                value=value,
                hint=f"Use one of {CHOICES[name]}.",
            )


def check_flag(name: str, value: Any) -> None:
    """Check an option that is true or false."""
    if not isinstance(value, (bool, np.bool_)):
        raise OptionError(f"option.{name}", f"{name} is {value!r}.", variable=name, value=value, hint="Use True or False.")


def check_suits(estimator: str, given: Mapping[str, Any]) -> None:
    """Refuse options that have no meaning for an estimator."""
    foreign = ONLY_PLS if estimator in COVARIANCE else ONLY_ML
    for name, value in given.items():
        if name in foreign and value != foreign[name]:
            raise OptionError(
                "option.other_estimator",
                f"{name}={value!r} has no meaning for the estimator {estimator!r}.",
                variable=name,
                value=value,
                hint="Leave it out, or use another estimator.",
            )
    if estimator == "pls" and given.get("consistent") is not None:
        raise OptionError(
            "option.other_estimator",
            "consistent= has no meaning for plain PLS.",
            variable="consistent",
            value=given["consistent"],
            hint='Use estimator="plsc".',
        )


def covariance_options(
    spec: ModelSpec, estimator: str, missing: str, likelihood: str, information: Any, meanstructure: Any
) -> dict[str, Any]:
    """Return information and mean structure of a covariance structure as they will be, and refuse what does not go together.

    As in lavaan, errors rest on the expected information; under FIML and for "mlr" on the observed one. There are means where they are
    asked for, where the model names intercepts, and under FIML.
    """
    if information is not None:
        check_choices(information=information)
    if meanstructure is not None:
        check_flag("meanstructure", meanstructure)
    named = any(t.op == "~1" for t in spec.terms)
    whole = missing in ("fiml", "two-stage")
    if meanstructure is False and (named or whole):
        why = "the model names intercepts" if named else f"missing={missing!r} estimates the means"
        raise OptionError(
            "option.meanstructure", f"meanstructure is False, but {why}.", variable="meanstructure", value=False, hint="Leave it out."
        )
    means = bool(meanstructure) or named or whole
    likely, robust = 'Use estimator="ml", "mlf" or "mlr".', 'Use estimator="ml" or "mlr".'
    for name, value, hint, clash in (
        ("missing", missing, 'That is for PLS; use missing="fiml" or "two-stage".', missing == "em"),
        ("missing", missing, likely, missing == "fiml" and estimator not in ("ml", "mlf", "mlr")),
        ("missing", missing, robust, missing == "two-stage" and estimator not in ("ml", "mlr")),
        ("information", information, "Leave it out.", information == "expected" and missing == "two-stage"),
        (
            "meanstructure",
            meanstructure,
            "Use an estimator of maximum likelihood, or leave the means out.",
            means and estimator not in LIKELIHOOD,
        ),
        ("likelihood", likelihood, 'Use likelihood="normal".', likelihood == "wishart" and (means or estimator != "ml")),
        ("likelihood", likelihood, 'Use information="expected".', likelihood == "wishart" and information == "observed"),
        ("information", information, robust, information is not None and estimator not in ("ml", "mlr")),
    ):
        if clash:
            text = f"{name}={value!r} does not go together with the estimator {estimator!r}" + (" and missing answers." if whole else ".")
            raise OptionError("option.other_estimator", text, variable=name, value=value, hint=hint)
    usual = "observed" if whole or estimator == "mlr" else "expected"
    return {"information": information or usual, "meanstructure": means}


def ordered_items(spec: ModelSpec, estimator: str, ordinal: Any, parameterization: str, missing: str) -> tuple[str, ...]:
    """Return which items are ordered, checked: all of them, or those that are named.

    Raises
    ------
    OptionError
        Ordered items without an estimator for them, or the reverse; an unknown item; what the estimators do not allow.
    """
    check_choices(parameterization=parameterization)
    names = (
        spec.items if ordinal is True else () if ordinal in (False, None) else (ordinal,) if isinstance(ordinal, str) else tuple(ordinal)
    )
    for name in names:
        known(name, spec.items, "item", spec.name)
    wanted = bool(names)
    if wanted != (estimator in ORDERED) and (wanted or estimator in ("wlsmv", "wlsm", "ulsmv")):
        text = (
            f"The estimator {estimator!r} does not take ordered items." if wanted else f"The estimator {estimator!r} is for ordered items."
        )
        hint = f"With ordinal= use one of {ORDERED}." if wanted else "Say ordinal=True, or ordinal=[items]."
        raise OptionError("option.ordinal", text, variable="ordinal", value=names, hint=hint)
    if not wanted:
        if parameterization != "delta":
            text = f"parameterization={parameterization!r} has no meaning without ordered items."
            hint = "Say ordinal=True, or ordinal=[items], or leave it out."
            raise OptionError("option.ordinal", text, variable="parameterization", value=parameterization, hint=hint)
        return ()
    for what, there, hint in (
        (f"missing={missing!r}", missing not in ("listwise", "mi"), 'Impute, and pool with missing="mi".'),
        ("composites", any(c.formed for c in spec.constructs), 'Use estimator="pls", or "mlr" without ordinal=.'),
        ("intercepts", any(t.op == "~1" for t in spec.terms), "Leave them out: thresholds take their place."),
        ("constraints (==)", any(t.op == "==" for t in spec.terms), "Equal labels make parameters equal."),
    ):
        if there:
            text = f"Models of ordered items cannot have {what}."
            raise OptionError("option.ordinal_model", text, variable="ordinal", value=what, hint=hint)
    return names


def pls_plan(
    spec: ModelSpec, estimator: str, scheme: str, modes: Any, tol: Any, higher_order: str, consistent: Sequence[str] | None
) -> Plan:
    """Return the plan of a model for PLS, all its options checked."""
    check_choices(scheme=scheme, higher_order=higher_order)
    if isinstance(tol, bool) or not isinstance(tol, (int, float, np.number)) or not 0 < tol < 1:
        raise OptionError("option.tol", f"tol is {tol!r}.", variable="tol", value=tol, hint="Give a number between 0 and 1, e.g. 1e-7.")
    pairs = mode_pairs(spec, modes)
    lower = [c.name for c in spec.constructs if set(c.items) & set(spec.construct_names)]
    _require_two_orders(spec, higher_order)
    if estimator == "plsc" and lower:
        raise OptionError(
            "option.plsc_higher_order",
            f"Construct {lower[0]!r} is measured by constructs: consistent PLS is defined here for models of first order.",
            variable="estimator",
            value=lower[0],
            hint='Use estimator="pls", or estimator="ml" for second-order factors.',
        )
    plan = plan_of(spec, scheme, pairs, higher_order, _corrected(spec, estimator, pairs, consistent))
    require_pls_model(spec, plan)
    return plan


def mode_pairs(spec: ModelSpec, modes: Any) -> tuple[tuple[str, str], ...]:
    """Return the stated modes as (construct, mode)."""
    if modes is None:
        return ()
    if not isinstance(modes, Mapping):
        check_choices(modes=modes)
        return tuple((c, modes) for c in spec.construct_names)
    for construct, mode in modes.items():
        known(construct, spec.construct_names, "construct", spec.name)
        check_choices(modes=mode)
    return tuple(sorted(modes.items()))


def _require_two_orders(spec: ModelSpec, higher_order: str) -> None:
    names = set(spec.construct_names)
    higher = {c.name for c in spec.constructs if set(c.items) & names}
    for c in spec.constructs:
        third = set(c.items) & higher
        if third and higher_order == "embedded":
            raise OptionError(
                "option.higher_order_depth",
                f"Construct {c.name!r} is of third order; repeated indicators are defined here for two orders.",
                variable="higher_order",
                value=c.name,
                hint='Use higher_order="disjoint".',
            )


def _corrected(
    spec: ModelSpec, estimator: str, pairs: tuple[tuple[str, str], ...], consistent: Sequence[str] | None
) -> tuple[str, ...] | None:
    """Return the constructs that PLSc corrects: by default reflective blocks of mode A."""
    if estimator != "plsc":
        return None
    modes = dict(pairs)
    able = [c.name for c in spec.constructs if len(c.items) > 1 and modes.get(c.name, "A" if c.mode == "reflective" else "B") == "A"]
    if consistent is None:
        return tuple(able)
    for name in (consistent,) if isinstance(consistent, str) else consistent:
        known(name, spec.construct_names, "construct", spec.name)
        if name not in able:
            raise OptionError(
                "option.consistent",
                f"The reliability of {name!r} is not known to PLSc: it needs two items or more, in mode A.",
                variable="consistent",
                value=name,
                hint=f"Constructs that can be corrected: {able}.",
            )
    return tuple(c for c in able if c in set(consistent))


def frozen_codes(na_values: Any) -> Any:
    """Return "don't know" codes as tuples."""
    if na_values is None or isinstance(na_values, Mapping):
        return None if na_values is None else {k: tuple(v) for k, v in na_values.items()}
    return tuple(na_values)
