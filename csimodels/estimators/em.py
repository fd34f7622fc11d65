"""The saturated model under missing answers: means and covariances by expectation and maximisation over patterns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.blas import one_thread
from csimodels.estimators.fiml import padded_inverse
from csimodels.estimators.patterns import Patterns

__all__ = ["Saturated", "saturated_moments"]

Array = NDArray[Any]
TOLERANCE, MOST = 1e-10, 5000


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
        return Saturated(mean, cov, _discrepancy(mean, cov, data), True, 0)
    with one_thread(), np.errstate(all="ignore"):
        return _climb(mean, cov, data)


def _climb(mean: Array, cov: Array, data: Patterns) -> Saturated:
    """Iterate from starting moments until the moments, measured in standard deviations, stop changing."""
    F = _discrepancy(mean, cov, data)
    for k in range(MOST):
        one = _step(mean, cov, data)
        two = _step(*one, data)
        first, second = (_difference(b, a, cov) for b, a in ((one, (mean, cov)), (two, one)))
        if max(np.abs(part).max() for part in second) < TOLERANCE:
            return Saturated(*two, _discrepancy(*two, data), True, 2 * k + 2)
        bend = [b - a for a, b in zip(first, second, strict=True)]
        norm = [np.sqrt(sum(float((part**2).sum()) for part in parts)) for parts in (first, bend)]
        alpha = -max(1.0, norm[0] / max(norm[1], 1e-300))
        far = _extrapolated((mean, cov), one, two, alpha)
        value = _discrepancy(*far, data)
        mean, cov = _step(*far, data) if value <= F else two
        F = _discrepancy(mean, cov, data)
    return Saturated(mean, cov, F, False, 2 * MOST)


def _step(mean: Array, cov: Array, data: Patterns) -> tuple[Array, Array]:
    """Return the moments after one step of EM."""
    W, _ = padded_inverse(cov, data.seen)
    B = cov @ W
    d = np.where(data.seen, data.mean - mean, 0.0)
    expected = mean + (B @ d[..., None])[..., 0]
    share = data.n / data.rows
    new = share @ expected
    away = expected - new
    rest = cov - B @ cov
    total = B @ data.cov @ B.swapaxes(-1, -2) + away[:, :, None] * away[:, None, :] + rest
    moved = np.tensordot(share, total, axes=1)
    return new, (moved + moved.T) / 2


def _difference(b: tuple[Array, Array], a: tuple[Array, Array], scale: Array) -> tuple[Array, Array]:
    """Return changes of means and covariances in units of standard deviations."""
    sd = np.sqrt(np.diagonal(scale))
    return (b[0] - a[0]) / sd, (b[1] - a[1]) / np.outer(sd, sd)


def _extrapolated(zero: tuple[Array, Array], one: tuple[Array, Array], two: tuple[Array, Array], alpha: float) -> tuple[Array, Array]:
    """Return x0 - 2 alpha r + alpha^2 v with r = x1 - x0 and v = x2 - 2 x1 + x0."""
    mean, cov = (a - 2 * alpha * (b - a) + alpha**2 * (c - 2 * b + a) for a, b, c in zip(zero, one, two, strict=True))
    return mean, cov


def _discrepancy(mean: Array, cov: Array, data: Patterns) -> float:
    """Return F = sum share [log|Sigma| + tr(W T)], infinite where the covariances are not positive definite."""
    W, logdet = padded_inverse(cov, data.seen)
    if not np.isfinite(logdet).all():
        return np.inf
    d = np.where(data.seen, data.mean - mean, 0.0)
    fit = np.einsum("bij,bij->b", W, data.cov) + np.einsum("bi,bij,bj->b", d, W, d)
    return float((data.n / data.rows) @ (logdet + fit))
