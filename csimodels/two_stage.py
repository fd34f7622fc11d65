"""Two-stage estimation under missing answers: the saturated moments by EM, the model by complete-data maximum likelihood on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.constraining import allowed
from csimodels.estimators.em import Saturated
from csimodels.estimators.estimate import Baseline, Estimate
from csimodels.estimators.least_squares import vech
from csimodels.estimators.matrices import fill, implied, layout, parameters
from csimodels.estimators.means import implied_mean
from csimodels.estimators.patterns import Sample, complete_sample
from csimodels.inference.incomplete_fit import SaturatedInformation, moment_derivatives, residual_weight, saturated_information
from csimodels.inference.information import inverted
from csimodels.inference.sandwich import independence_of
from csimodels.inference.scaled import Point, corrected
from csimodels.inferred import degrees_of_freedom, nearest
from csimodels.labelled import Functions
from csimodels.partable import ParameterTable

__all__ = ["estimate_two_stage"]

Array = NDArray[Any]


def estimate_two_stage(
    table: ParameterTable, first: Estimate, sample: Sample, h1: Saturated, robust: bool, constraints: Functions | None = None
) -> Estimate:
    """Fit a model to the saturated moments of incomplete rows (Savalei & Bentler 2009, doi:10.1080/10705510903008238).

    Parameters
    ----------
    table : ParameterTable
        The model with its intercepts.
    first : Estimate
        The solution without means on the saturated moments, whose parameters come first in ``table``.
    sample : Sample
        Patterns and rows.
    h1 : Saturated
        The saturated model.
    robust : bool
        Whether answers may be other than normal: Gamma is then the sandwich (Yuan & Bentler 2000, doi:10.1111/0081-1750.00078).
    constraints : Functions or None
        What has to be zero.
    """
    lay, n = layout(table), sample.patterns.rows
    moments = complete_sample(h1.mean, h1.cov, n)
    with one_thread():
        found, J = nearest(lay, moments.patterns, first, h1, constraints)
        point, df = Point(table, lay, found.x, allowed(J)), degrees_of_freedom(table, J)
        info = saturated_information(table.observed, table.fixed_x, sample, h1.cov, h1.mean, robust)
        vcov = _vcov(point, info, h1, n)
        alone, F_0, df_0 = independence_of(point, moments, h1, True)
        tests = [corrected("satorra.bentler", _trace(own, info, h1), np.nan, k) for own, k in ((point, df), (alone, df_0))]
        full = parameters(lay, found.x[None], h1.cov[None], h1.mean[None])
        imp = implied(fill(lay, full))
        mu = implied_mean(lay, full, imp)[0]
    whole = float(np.linalg.slogdet(h1.cov)[1] + len(h1.cov))
    parts: dict[str, Any] = {"x": found.x, "full": full[0], "vcov": vcov, "S": h1.cov, "Sigma": imp.Sigma[0], "n": n, "F": found.F - whole}
    engine = replace(first.engine, evaluations=first.engine.evaluations + found.evaluations)
    return Estimate(
        table,
        **parts,
        converged=found.converged and h1.converged,
        engine=engine,
        estimator="mlr" if robust else "ml",
        mean=h1.mean,
        mu=mu,
        test=tests[0],
        baseline=Baseline(n * (F_0 - whole), df_0, tests[1]),
        gfi=_gfi(info, h1, imp.Sigma[0], mu),
        constraints=J,
    )


def _vcov(point: Point, info: SaturatedInformation, h1: Saturated, n: float) -> Array:
    """Return the covariance matrix of the free parameters (q, q): A^-1 D' V Gamma V D A^-1 / n with A = D' V D.

    V is the complete-data information of the moments at the saturated ones, as in lavaan.
    """
    VD = info.complete @ (D := moment_derivatives(point, info.kept, h1.cov, h1.mean))
    bread = inverted(D.T @ VD)
    return np.asarray(point.outer(bread @ (VD.T @ info.Gamma @ VD) @ bread) / n)


def _trace(point: Point, info: SaturatedInformation, h1: Saturated) -> float:
    """Return tr(U Gamma), U the complete-data weights of what the model leaves over."""
    U = residual_weight(info.complete, moment_derivatives(point, info.kept, h1.cov, h1.mean))
    return float(np.einsum("ij,ji->", U, info.Gamma))


def _gfi(info: SaturatedInformation, h1: Saturated, Sigma: Array, mu: Array) -> float:
    """Return GFI with the same weights."""
    s, t = (np.concatenate([m, vech(M)])[info.kept] for m, M in ((h1.mean, h1.cov), (mu, Sigma)))
    return float(1 - (s - t) @ info.complete @ (s - t) / (s @ info.complete @ s))
