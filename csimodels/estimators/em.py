"""The saturated model under missing answers: means and covariances by expectation and maximisation over patterns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.estimators.incomplete import padded_inverse
from csimodels.estimators.patterns import Patterns

__all__ = ["Saturated", "saturated_moments"]

Array = NDArray[Any]
TOLERANCE, MOST, CLEAR = 1e-9, 5000, 0.01


class Saturated(NamedTuple):
    """Means (p,), covariances (p, p) and the discrepancy F of the saturated model, whether it converged, and steps taken."""

    mean: Array
    cov: Array
    F: float
    converged: bool
    steps: int


def saturated_moments(data: Patterns) -> Saturated:
    """Return the maximum-likelihood means and covariances of incomplete normal data.

    EM (Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x; Little & Rubin 2019, doi:10.1002/9781119482260), all
    patterns at once: B = Sigma W regresses what is missing on what is seen; squared extrapolation (Varadhan & Roland 2008,
    doi:10.1111/j.1467-9469.2007.00585.x) takes the long steps that EM does not.
    """
    counts = (data.n[:, None] * data.seen).sum(axis=0)
    mean = (data.n[:, None] * data.mean).sum(axis=0) / counts
    around = np.where(data.seen, data.mean - mean, 0.0)
    spread = np.einsum("b,bii->i", data.n, data.cov) + np.einsum("b,bi->i", data.n, around**2)
    cov = np.diag(spread / counts)
    if data.seen.all():
        cov = np.tensordot(data.n / data.rows, data.cov + around[:, :, None] * around[:, None, :], axes=1)
        return Saturated(mean, cov, _step(mean, cov, data)[0], True, 0)
    with one_thread(), np.errstate(all="ignore"):
        return _climb(mean, _of_pairs(cov, around, data), data)


def _of_pairs(cov: Array, around: Array, data: Patterns) -> Array:
    """Return covariances (p, p) of those who answered both items of a pair, or variances alone where these are not positive definite."""
    seen = data.seen.astype(float)
    both = (data.n[:, None] * seen).T @ seen
    sums = np.tensordot(data.n, data.cov, axes=1) + (data.n[:, None] * around).T @ around
    found = np.where(both > 0, sums / np.maximum(both, 1.0), 0.0)
    return found if np.linalg.eigvalsh(found)[0] > CLEAR * np.diagonal(cov).min() else cov


def _climb(mean: Array, cov: Array, data: Patterns) -> Saturated:
    """Iterate from starting moments until the moments, measured in standard deviations, stop changing."""
    F, one = _step(mean, cov, data)
    for k in range(MOST):
        _, two = _step(*one, data)
        first, second = (_difference(b, a, cov) for b, a in ((one, (mean, cov)), (two, one)))
        if max(np.abs(part).max() for part in second) < TOLERANCE:
            return Saturated(*two, _step(*two, data)[0], True, 2 * k + 2)
        bend = [b - a for a, b in zip(first, second, strict=True)]
        norm = [np.sqrt(sum(float((part**2).sum()) for part in parts)) for parts in (first, bend)]
        alpha = -max(1.0, norm[0] / max(norm[1], 1e-300))
        value, after = _step(*_extrapolated((mean, cov), one, two, alpha), data)
        mean, cov = after if value <= F else two
        F, one = _step(mean, cov, data)
    return Saturated(mean, cov, F, False, 2 * MOST)


def _step(mean: Array, cov: Array, data: Patterns) -> tuple[float, tuple[Array, Array]]:
    """Return the discrepancy at moments, and the moments after one step of EM from them."""
    W, logdet = padded_inverse(cov, data.seen)
    d = np.where(data.seen, data.mean - mean, 0.0)
    B = cov @ W
    expected = mean + (B @ d[..., None])[..., 0]
    share = data.n / data.rows
    new = share @ expected
    away = expected - new
    total = B @ data.cov @ B.swapaxes(-1, -2) - B @ cov
    moved = np.tensordot(share, total, axes=1) + (away * share[:, None]).T @ away + cov
    return _discrepancy(W, logdet, d, data), (new, (moved + moved.T) / 2)


def _difference(b: tuple[Array, Array], a: tuple[Array, Array], scale: Array) -> tuple[Array, Array]:
    """Return changes of means and covariances in units of standard deviations."""
    sd = np.sqrt(np.diagonal(scale))
    return (b[0] - a[0]) / sd, (b[1] - a[1]) / np.outer(sd, sd)


def _extrapolated(zero: tuple[Array, Array], one: tuple[Array, Array], two: tuple[Array, Array], alpha: float) -> tuple[Array, Array]:
    """Return x0 - 2 alpha r + alpha^2 v with r = x1 - x0 and v = x2 - 2 x1 + x0."""
    mean, cov = (a - 2 * alpha * (b - a) + alpha**2 * (c - 2 * b + a) for a, b, c in zip(zero, one, two, strict=True))
    return mean, cov


def _discrepancy(W: Array, logdet: Array, d: Array, data: Patterns) -> float:
    """Return F = sum share [log|Sigma| + tr(W T)], infinite where the covariances are not positive definite."""
    if not np.isfinite(logdet).all():
        return np.inf
    fit = np.einsum("bij,bij->b", W, data.cov) + (d[:, None, :] @ W @ d[:, :, None])[:, 0, 0]
    return float((data.n / data.rows) @ (logdet + fit))
