"""What covariance moments must be before maximum likelihood is tried."""

from __future__ import annotations

import numpy as np

from csimodels.additive import Moments
from csimodels.errors import DataError, IdentificationError, SpecError
from csimodels.estimators.pls_plan import Plan
from csimodels.spec import ModelSpec

__all__ = ["require_ml_data", "require_pls_data", "require_pls_model", "require_two_outcomes"]

SINGULAR = 1e-10
SAME = 1e-12
FEWEST_OUTCOMES = 2


def require_ml_data(m: Moments) -> None:
    """Refuse too few rows, items without variance, identical items and singular covariances, naming the items."""
    p = len(m.items)
    if m.rows <= p:
        raise DataError(
            "data.too_few_rows",
            f"{m.rows} complete rows are too few for {p} items: the covariance matrix is singular.",
            variable="rows",
            value=m.rows,
            hint=f'At least {p + 1} are needed, and some hundreds to be of use; consider missing="mean" or fewer items.',
        )
    _require_variance(m)
    sd = np.sqrt(np.diagonal(m.cov))
    R = m.cov / np.outer(sd, sd)
    _not_identical(R, m.items)
    value, vector = np.linalg.eigh(R)
    if value[0] < SINGULAR:
        inside = [m.items[k] for k in np.flatnonzero(np.abs(vector[:, 0]) > 0.05)]
        raise DataError(
            "data.singular",
            f"The items {', '.join(map(repr, inside[:8]))} are linearly dependent.",
            variable=inside[0],
            value=float(value[0]),
            hint="Leave one of them out: a sum or a copy of other items carries nothing of its own.",
        )


def _require_variance(m: Moments) -> None:
    variance = np.diagonal(m.cov)
    low = int(variance.argmin())
    if variance[low] <= 1e-12 * max(1.0, float(variance.max())):
        raise DataError(
            "data.zero_variance",
            f"Item {m.items[low]!r} does not vary among the rows used.",
            variable=m.items[low],
            value=float(variance[low]),
            hint="Leave it out with without=.",
        )


def _not_identical(R: np.ndarray, items: tuple[str, ...]) -> None:
    size = np.abs(np.tril(R, -1))
    i, j = np.unravel_index(int(size.argmax()), size.shape)
    if size[i, j] > 1 - SAME:
        raise DataError(
            "data.duplicate_items",
            f"Items {items[j]!r} and {items[i]!r} hold the same answers (correlation {R[i, j]:g}).",
            variable=items[i],
            value=items[j],
            hint="Leave one of them out with without=.",
        )


def require_two_outcomes(spec: ModelSpec) -> None:
    """Refuse composites with fewer than two outcomes, and composites that paths lead to.

    A formative construct is identified by two emitted paths (MacCallum & Browne 1993, doi:10.1037/0033-2909.114.3.533).
    """
    for c in spec.constructs:
        if not c.formed:
            continue
        outcomes = [p.target for p in spec.paths if p.source == c.name]
        if len(outcomes) < FEWEST_OUTCOMES:
            raise IdentificationError(
                "identification.formative",
                f"Construct {c.name!r} is formative and has {len(outcomes)} outcome(s): maximum likelihood needs paths to two "
                "constructs to identify it.",
                variable=c.name,
                value=tuple(outcomes),
                hint='Use estimator="pls", declare it reflective, or add a path from it.',
            )
        if any(p.target == c.name for p in spec.paths):
            raise IdentificationError(
                "identification.formative_target",
                f"Construct {c.name!r} is formative and has paths leading to it: under maximum likelihood a composite is made of its "
                "indicators and of nothing else.",
                variable=c.name,
                value=c.items,
                hint='Use estimator="pls", or let the paths lead to its indicators.',
            )


def require_pls_data(m: Moments, plan: Plan) -> None:
    """Refuse items without variance, and fewer rows than the largest regression needs."""
    _require_variance(m)
    largest = max((len(sources) for _, sources in plan.equations), default=0)
    largest = max([largest, *(len(b) for b, mode in zip(plan.blocks, plan.modes, strict=True) if mode == "B")])
    if m.rows < largest + 2:
        raise DataError(
            "data.too_few_rows",
            f"{m.rows} complete rows are too few for a regression on {largest} variables.",
            variable="rows",
            value=m.rows,
            hint=f'At least {largest + 2} are needed, and some hundreds to be of use; consider missing="mean".',
        )


def require_pls_model(spec: ModelSpec, plan: Plan) -> None:
    """Refuse what has no meaning for PLS: constructs without a neighbour, stated values and equalities of paths or loadings."""
    for stage in plan.stages:
        for k, j in enumerate(stage.constructs):
            if not (stage.sources[k] or stage.targets[k]):
                raise SpecError(
                    "pls.no_neighbour",
                    f"Construct {plan.constructs[j]!r} has no path to or from another: PLS finds weights from neighbours.",
                    variable=plan.constructs[j],
                    value=(),
                    hint="Add a path, or leave the construct out with without=.",
                )
    for term in spec.terms:
        if term.op != "~~" and (term.label or (term.value is not None and not (term.op == "=~" and term.value == 1))):
            raise SpecError(
                "pls.constrained",
                f"PLS cannot fix or equate {term.lhs} {term.op} {term.rhs}.",
                variable=f"{term.lhs} {term.op} {term.rhs}",
                value=term.label or term.value,
                hint='Drop the label or value, or use estimator="ml".',
            )
