"""Residual covariances and correlations, as lavaan names them."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.errors import OptionError
from csimodels.estimators.derivatives import pairs, sigma_jacobian
from csimodels.estimators.estimate import Estimate
from csimodels.estimators.matrices import fill, implied

__all__ = ["residuals"]

Array = NDArray[Any]
ZERO = 1e-10
KINDS = ("raw", "cor", "cor.bentler", "normalized", "standardized")


@singledispatch
def residuals(estimate: Any, kind: str = "cor") -> Array:
    """Return residuals (p, p): "raw", "cor" (Bollen), "cor.bentler", "normalized" or "standardized" (Joreskog & Sorbom 1981)."""
    if kind not in KINDS:
        raise OptionError("option.residuals", f"kind is {kind!r}.", variable="kind", value=kind, hint=f"Use one of {KINDS}.")
    S, Sigma = estimate.S, estimate.Sigma
    raw: Array = S - Sigma
    if kind == "raw":
        return raw
    if kind == "cor":
        return _correlation(S) - _correlation(Sigma)
    if kind == "cor.bentler":
        sd = np.sqrt(np.diagonal(S))
        bentler: Array = raw / np.outer(sd, sd)
        return bentler
    _require_normal_theory(estimate, kind)
    variance = _sampling_variance(estimate) if kind == "standardized" else np.outer(np.diagonal(S), np.diagonal(S)) + S**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > ZERO * np.abs(S).max() ** 2, raw / np.sqrt(np.maximum(variance, 0) / estimate.n), 0.0)


def _require_normal_theory(estimate: Estimate, kind: str) -> None:
    """Refuse residuals over their errors where these are not those of normal theory: robust, incomplete, ordered, least squares."""
    other = estimate.weight is not None or estimate.patterns is not None or estimate.test is not None or estimate.pooled is not None
    if other or estimate.estimator != "ml":
        text = f"kind is {kind!r}: its errors are those of maximum likelihood of complete normal answers, which this fit is not."
        raise OptionError("option.residuals", text, variable="kind", value=kind, hint='Use "cor", or fit with estimator="ml".')


def _correlation(M: Array) -> Array:
    sd = np.sqrt(np.diagonal(M))
    return M / np.outer(sd, sd)


def _sampling_variance(estimate: Estimate) -> Array:
    """Return n times the variance of each residual, diag(Q Gamma Q') with Q = I - Delta (Delta' W Delta)^-1 Delta' W.

    Gamma is the normal-theory covariance of the sample covariances, W its inverse at the implied ones (Browne 1984,
    doi:10.1111/j.2044-8317.1984.tb00789.x).
    """
    lay, p = estimate.layout, len(estimate.S)
    lower = np.tril_indices(p)
    imp = implied(fill(lay, estimate.full[None]))
    Delta = sigma_jacobian(pairs(lay), imp)[0][:, lower[0], lower[1]].T
    gain = Delta @ (estimate.n * estimate.vcov) @ np.linalg.solve(_gamma(estimate.Sigma, lower), Delta).T
    Q = np.eye(len(Delta)) - gain
    out = np.zeros((p, p))
    out[lower] = np.einsum("ij,jk,ik->i", Q, _gamma(estimate.S, lower), Q, optimize=True)
    return out + np.tril(out, -1).T


def _gamma(M: Array, lower: tuple[Array, Array]) -> Array:
    """Return the normal-theory covariances of the lower triangle of a covariance matrix."""
    i, j = lower
    out: Array = M[np.ix_(i, i)] * M[np.ix_(j, j)] + M[np.ix_(i, j)] * M[np.ix_(j, i)]
    return out
