"""What has to be said about a solution: convergence, admissibility, collinearity, withheld statistics."""

from __future__ import annotations

import numpy as np

from csimodels.additive import Moments
from csimodels.errors import CollinearityWarning, ConvergenceWarning, CSIWarning, ImproperSolutionWarning, IndexWarning
from csimodels.estimators.admissible import improprieties, nearly_collinear
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.indices import index_weights
from csimodels.spec import ModelSpec

__all__ = ["judgements"]


def judgements(spec: ModelSpec, moments: Moments, estimate: Estimate | PLSEstimate) -> list[tuple[type[CSIWarning], str]]:
    """Return what has to be said about a solution."""
    said: list[tuple[type[CSIWarning], str]] = []
    if estimate.engine.why and estimate.engine.why.startswith("semopy"):
        said.append((ConvergenceWarning, f"The native kernel took over: {estimate.engine.why}."))
    if not estimate.converged:
        said.append(
            (
                ConvergenceWarning,
                f"The estimator did not converge in {estimate.engine.evaluations} evaluations; do not use these estimates.",
            )
        )
    problems = improprieties(estimate)
    if problems:
        said.append((ImproperSolutionWarning, "The solution is inadmissible. " + " ".join(problems)))
    collinear = nearly_collinear(estimate)
    if collinear:
        said.append((CollinearityWarning, _collinear_sentence(collinear)))
    if moments.weighted and isinstance(estimate, Estimate) and np.isnan(estimate.vcov).all():
        said.append(
            (
                CSIWarning,
                "The moments are weighted: standard errors and chi-square based fit are withheld, because they need the rows.",
            )
        )
    if isinstance(estimate, PLSEstimate):
        said += [(CSIWarning, note) for note in _not_used(spec)]
    if moments.mean is not None and all(i.scale for i in spec.indicators):
        said += [(IndexWarning, note) for note in index_weights(spec, estimate, moments)[1]]
    return said


def _not_used(spec: ModelSpec) -> list[str]:
    """Return what PLS leaves out of a model: variances and covariances that are stated."""
    left = [f"{t.lhs} ~~ {t.rhs}" for t in spec.terms if t.op == "~~" and t.lhs != t.rhs]
    known = [c.name for c in spec.constructs if c.reliability not in (None, 1.0)]
    out = [f"PLS has no covariances of residuals; it leaves out {', '.join(left)}."] if left else []
    return out + ([f"PLS takes single items as they are; it leaves out the stated reliability of {', '.join(known)}."] if known else [])


def _collinear_sentence(constructs: list[str]) -> str:
    return (
        f"The constructs {', '.join(constructs)} are nearly collinear, so that the optimum is flat: paths among them, and their "
        "standard errors, are not to be trusted, while fit and implied covariances are. Remedy: estimate this model by partial least "
        "squares (PLS), as the national indices do, or merge or leave out constructs."
    )
