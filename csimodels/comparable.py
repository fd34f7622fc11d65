"""Checks that two indices may be compared: one quantity, two samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.bootstrapped import Bootstrap
from csimodels.checks import close_to
from csimodels.composite_results import CompositeResults
from csimodels.errors import CSIError, OptionError
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.results import CSIResults

__all__ = ["chosen", "require_comparable", "require_same_rule", "results_of"]

Array = NDArray[Any]
FEWEST_COMMON = 3


def results_of(a: Any, b: Any) -> tuple[CSIResults, CSIResults]:
    """Return the results behind both sides, which must be of one kind."""
    for name, side in (("a", a), ("b", b)):
        if not isinstance(side, (CSIResults, CompositeResults, Bootstrap)):
            raise OptionError(
                "difference.not_a_result",
                f"{name} is a {type(side).__name__}, neither a result nor a bootstrap.",
                variable=name,
                value=type(side).__name__,
                hint="Give two results of fit(), or two of res.bootstrap(df).",
            )
    if isinstance(a, CompositeResults) != isinstance(b, CompositeResults):
        raise OptionError(
            "difference.kinds",
            f"a is a {type(a).__name__} and b a {type(b).__name__}: a rule's index and a path model's are different quantities.",
            variable="b",
            value=type(b).__name__,
            hint="Fit both to models of one kind.",
        )
    if isinstance(a, Bootstrap) != isinstance(b, Bootstrap):
        raise OptionError(
            "difference.mixed",
            f"a is a {type(a).__name__} and b a {type(b).__name__}: one error takes the index weights as fixed, the other does not.",
            variable="b",
            value=type(b).__name__,
            hint="Bootstrap both, or neither.",
        )
    one, two = (side.result if isinstance(side, Bootstrap) else side for side in (a, b))
    return one, two


def chosen(a: list[str], b: list[str], constructs: Sequence[str] | None) -> list[str]:
    """Return the constructs to compare, in the order of a."""
    common = [name for name in a if name in set(b)]
    if not common:
        raise OptionError(
            "difference.nothing_in_common",
            f"The models have no construct in common: {a} and {b}.",
            variable="constructs",
            value=(tuple(a), tuple(b)),
            hint="Give both models the same names of constructs.",
        )
    if constructs is None:
        return common
    asked = [constructs] if isinstance(constructs, str) else list(constructs)
    for name in asked:
        if name not in common:
            raise OptionError(
                "difference.construct",
                f"constructs names {name!r}, of which not both models have an index.",
                variable="constructs",
                value=name,
                hint=close_to(str(name), common),
            )
    return [name for name in common if name in asked]


def require_comparable(a: CSIResults, b: CSIResults, names: list[str]) -> None:
    """Refuse constructs of different meanings or weights, and samples that are one."""
    _require_same_meanings(a, b, names)
    _require_same_weighting(a, b, names)
    _require_other_sample(a, b)


def _require_same_meanings(a: CSIResults, b: CSIResults, names: list[str]) -> None:
    """Refuse to compare things that share no more than a name."""
    for name in names:
        meanings = [side.spec.construct(name).meaning for side in (a, b)]
        if meanings[0] != meanings[1]:
            said = [repr(meaning) if meaning else "nothing that is stated" for meaning in meanings]
            raise CSIError(
                "difference.meanings",
                f"{name!r} means {said[0]} in a and {said[1]} in b.",
                variable=name,
                value=tuple(meanings),
                hint=f"Leave it out with constructs={[n for n in names if n != name]}, or give both the same Construct.meaning.",
            )


def _require_same_weighting(a: CSIResults, b: CSIResults, names: list[str]) -> None:
    for name in names:
        one, two = _weightings(a, b, name)
        if one != two:
            raise OptionError(
                "difference.estimators",
                f"The index of {name!r} has weights by {one} in a and by {two} in b: they are different quantities.",
                variable=name,
                value=(one, two),
                hint="Fit both with the same estimator= and modes=.",
            )


def _weightings(a: CSIResults, b: CSIResults, name: str) -> list[str]:
    """Return what makes the weights of both indices: PLS and consistent PLS share them, and a single item has no mode."""
    blocks = []
    for side in (a, b):
        if isinstance(side, CompositeResults):
            blocks.append((f"the rule of {side.spec.scoring}", "", 1))
        elif isinstance(side.estimate, PLSEstimate):
            plan = side.estimate.plan
            j = plan.constructs.index(name)
            blocks.append(("PLS", plan.modes[j], len(plan.blocks[j])))
        else:
            blocks.append(("maximum likelihood", "", 1))
    have_modes = all(size > 1 for _, _, size in blocks)
    return [f"{estimator} in mode {mode}" if have_modes else estimator for estimator, mode, _ in blocks]


def require_same_rule(a: Bootstrap, b: Bootstrap) -> None:
    """Refuse bootstraps of indices under different weight rules."""
    if a.index_weights != b.index_weights:
        one, two = ("stated" if rule == "given" else rule for rule in (a.index_weights, b.index_weights))
        raise OptionError(
            "difference.weight_rules",
            f"a was bootstrapped with {one} index_weights, b with {two} ones.",
            variable="index_weights",
            value=(a.index_weights, b.index_weights),
            hint="Bootstrap both with the same index_weights=.",
        )


def _require_other_sample(a: CSIResults, b: CSIResults) -> None:
    digest = a.options.fingerprint
    if (digest and digest == b.options.fingerprint) or _same_moments(a, b):
        raise OptionError(
            "difference.same_data",
            f"a and b were fitted to the same {a.moments.rows} rows: they are not independent samples.",
            variable="b",
            value=a.moments.rows,
            hint="Give results of different respondents; to set two models of one sample side by side use compare().",
        )


def _same_moments(a: CSIResults, b: CSIResults) -> bool:
    """Return whether the items that both have say that it is one sample, in whatever order and with whatever other items."""
    common = [item for item in a.moments.items if item in set(b.moments.items)]
    if a.moments.rows != b.moments.rows or len(common) < FEWEST_COMMON:
        return False
    one, two = (_moments_of(side, common) for side in (a, b))
    return bool(np.allclose(one, two, rtol=1e-9, atol=1e-12))


def _moments_of(result: CSIResults, items: list[str]) -> Array:
    """Return means above covariances of some items."""
    at = [result.moments.items.index(item) for item in items]
    mean = result.moments.mean
    assert mean is not None, "there is an index"
    return np.vstack([mean[at], result.moments.cov[np.ix_(at, at)]])
