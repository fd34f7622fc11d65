"""Which rows the tables of a fitted model have."""

from __future__ import annotations

from csimodels.estimators.estimate import Estimate
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.estimators.pls_plan import Plan, plan_of
from csimodels.indices import members
from csimodels.measures.outline import Outline, outline_of
from csimodels.spec import ModelSpec

__all__ = ["outline_for", "plan_for"]


def plan_for(spec: ModelSpec, estimate: Estimate | PLSEstimate) -> Plan:
    """Return blocks and equations of a model, whatever estimated it."""
    return estimate.plan if isinstance(estimate, PLSEstimate) else plan_of(spec, "path", (), "disjoint")


def outline_for(spec: ModelSpec, estimate: Estimate | PLSEstimate) -> Outline:
    """Return the rows of every table of a fitted model."""
    plan = plan_for(spec, estimate)
    return outline_of(plan, {plan.constructs.index(c): items for c, items in members(estimate, spec).items()})
