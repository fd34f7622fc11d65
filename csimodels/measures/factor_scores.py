"""Factor scores of respondents, also of those with missing answers, and their standard errors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.incomplete import padded_inverse
from csimodels.estimators.matrices import Implied, Layout, ModelMatrices, fill, implied
from csimodels.estimators.means import has_means, implied_mean, intercepts
from csimodels.estimators.patterns import distinct

__all__ = ["METHODS", "factor_scores"]

Array = NDArray[Any]
METHODS = ("regression", "bartlett")
NOTHING = 1e-10


class _Rule(NamedTuple):
    """Hold how constructs follow from deviations of answers: slopes (m, p) and error covariances (m, m); NaN where they do not."""

    slopes: Array
    error: Array


def factor_scores(lay: Layout, full: Array, mean: Array, values: Array, method: str) -> tuple[Array, Array]:
    """Return scores of the structural variables (n, m) and their standard errors (n, m), NaN for rows without any answer.

    Regression: E(eta | y) with error Phi - Phi Lambda' Sigma^-1 Lambda Phi (Thurstone 1935). Bartlett: (Lambda' Sigma^-1 Lambda)^-1
    Lambda' Sigma^-1 (y - mu), unbiased given eta, with error (Lambda' Sigma^-1 Lambda)^-1 - Phi, which is (Lambda' Theta^-1 Lambda)^-1 and
    stands where items have no error variance (Bartlett 1937, doi:10.1111/j.2044-8295.1937.tb00863.x).

    Parameters
    ----------
    lay, full : Layout, array (K,)
        The model and all its parameters.
    mean : array (p,)
        Sample means, for models without a mean structure.
    values : array (n, p)
        Answers, NaN where missing.
    method : {"regression", "bartlett"}
        Which scores.
    """
    mm = fill(lay, full[None])
    imp = implied(mm)
    level = _levels(lay, full, imp, mm, mean)
    mu = implied_mean(lay, full[None], imp)[0] if has_means(lay) else mean
    seen = np.isfinite(values)
    patterns, code = distinct(seen)
    W, _ = padded_inverse(imp.Sigma[0], patterns)
    scores, errors = np.full((len(values), lay.m), np.nan), np.full((len(values), lay.m), np.nan)
    for k, pattern in enumerate(patterns):
        rows = np.flatnonzero(code == k)
        if pattern.any():
            rule = (_regression if method == "regression" else _bartlett)(mm.Lambda[0], imp.Phi[0], W[k])
            scores[rows] = level + np.where(pattern, values[rows] - mu, 0.0) @ rule.slopes.T
            own = np.diagonal(rule.error)
            errors[rows] = np.sqrt(np.where(own < NOTHING * np.diagonal(imp.Phi[0]), 0.0, own))
    return scores, errors


def _levels(lay: Layout, full: Array, imp: Implied, mm: ModelMatrices, mean: Array) -> Array:
    """Return the expectations of the structural variables (m,): what observed ones in paths give to constructs without intercepts."""
    if has_means(lay):
        return np.asarray((imp.A @ intercepts(lay, full[None])[1][..., None])[0, :, 0])
    own = np.linalg.lstsq(mm.Lambda[0][:, lay.latent :], mean, rcond=None)[0] if lay.m > lay.latent else np.empty(0)
    Beta = mm.Beta[0][: lay.latent]
    inner = np.linalg.solve(np.eye(lay.latent) - Beta[:, : lay.latent], Beta[:, lay.latent :] @ own)
    return np.concatenate([inner, own])


def _regression(Lambda: Array, Phi: Array, W: Array) -> _Rule:
    """Return the regression of constructs on what was answered."""
    slopes = Phi @ Lambda.T @ W
    return _Rule(slopes, Phi - slopes @ Lambda @ Phi)


def _bartlett(Lambda: Array, Phi: Array, W: Array) -> _Rule:
    """Return Bartlett's rule; constructs none of whose own items was answered have none."""
    seen = np.diagonal(W) > 0
    known = np.flatnonzero((Lambda[seen] != 0).any(axis=0))
    own = Lambda[:, known]
    inverse = np.linalg.inv(own.T @ W @ own)
    slopes, error = np.full(Lambda.T.shape, np.nan), np.full(Phi.shape, np.nan)
    slopes[known] = inverse @ own.T @ W
    error[np.ix_(known, known)] = inverse - Phi[np.ix_(known, known)]
    return _Rule(slopes, error)
