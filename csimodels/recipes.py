"""What to compute again of a fitted model on other moments."""

from __future__ import annotations

import numpy as np

from csimodels.additive import Moments
from csimodels.errors import CSIError
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.indices import Rule, members, require_means, scales, stated_weights
from csimodels.outlines import outline_for
from csimodels.refit import Recipe
from csimodels.spec import ModelSpec

__all__ = ["recipe_for"]


def recipe_for(spec: ModelSpec, estimate: Estimate | PLSEstimate, moments: Moments, rule: Rule = "estimated") -> Recipe:
    """Return the recipe of a fitted model; without scales or means it has no index."""
    outline = outline_for(spec, estimate)
    blocks = members(estimate, spec)
    stated = stated_weights(spec, blocks, rule)
    given = {outline.plan.constructs.index(c): np.asarray(w) for c, w in stated.items()}
    try:
        require_means(moments)
        lo_hi = scales(spec)
    except CSIError:
        lo_hi = None
    factor = 1.0 if isinstance(estimate, PLSEstimate) else moments.rows / estimate.n
    return Recipe(outline, lo_hi, rule if isinstance(rule, str) else "given", given, factor)
