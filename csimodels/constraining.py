"""Maximum likelihood under equality constraints on labelled parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.estimators.constrained import minimise_constrained, null_space
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.fiml import Local, Minimum, evaluate, minimise_patterns
from csimodels.estimators.matrices import Layout, fill, implied, parameters
from csimodels.estimators.patterns import Patterns, Sample
from csimodels.labelled import Functions

__all__ = ["allowed", "minimum", "under_constraints"]

Array = NDArray[Any]


class _Bound(NamedTuple):
    """Constraints of a model at given values of its fixed parameters (K,)."""

    functions: Functions
    full: Array

    def values(self, x: Array) -> Array:
        """Return what has to be zero (r,)."""
        return self.functions.values(x, self.full)

    def jacobian(self, x: Array) -> Array:
        """Return its derivatives (r, q)."""
        return self.functions.jacobian(x, self.full)

    def curvature(self, x: Array, multipliers: Array) -> Array:
        """Return the second derivatives (q, q) of its weighted sum."""
        return self.functions.curvature(x, self.full, multipliers)


def minimum(
    lay: Layout, data: Patterns, start: Array, S: Array, mean: Array, constraints: Functions | None
) -> tuple[Minimum, Array | None]:
    """Return the minimum of the likelihood's discrepancy, and the derivatives of the constraints there (r, q) if there are any."""
    if constraints is None:
        return minimise_patterns(lay, data, start, S, mean), None

    def objective(x: Array, observed: bool) -> Local:
        return evaluate(lay, x, data, S, mean, observed=observed)

    full = parameters(lay, start[None], S[None], mean[None])[0]
    with np.errstate(all="ignore"):
        found = minimise_constrained(objective, _Bound(constraints, full), start)
    return Minimum(found.x, found.F, 0.0, found.converged, found.evaluations), found.jacobian


def under_constraints(estimate: Estimate, sample: Sample, constraints: Functions) -> Estimate:
    """Return the maximum-likelihood solution of covariances under equality constraints, from the one without them."""
    S, mean, lay = sample.patterns.cov[0], sample.patterns.mean[0], estimate.layout
    with one_thread():
        found, J = minimum(lay, sample.patterns, estimate.x, S, mean, constraints)
        full = parameters(lay, found.x[None], S[None])
        Sigma = implied(fill(lay, full)).Sigma[0]
    F = found.F - float(np.linalg.slogdet(S)[1]) - len(S)
    engine = replace(estimate.engine, name="native", why="the model has constraints", evaluations=found.evaluations)
    return replace(estimate, x=found.x, full=full[0], Sigma=Sigma, F=F, converged=found.converged, engine=engine, constraints=J)


def allowed(J: Array | None) -> Array | None:
    """Return a basis of the directions that constraints allow (q, k), None without constraints."""
    return None if J is None else null_space(J)
