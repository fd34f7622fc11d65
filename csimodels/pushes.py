"""What-if: by how much a push to each driver's index moves other indices, with the errors of all pushes together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from csimodels.errors import CSIError
from csimodels.estimators.estimate import Estimate
from csimodels.indices import impact_table, index_table, index_weights
from csimodels.tables import effects_derivatives

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap
    from csimodels.results import CSIResults

__all__ = ["Pushes", "bootstrapped_pushes", "pushes_of"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pushes:
    """Hold what a push from outside to some indices does to others.

    Attributes
    ----------
    drivers, targets : tuple of str
        Constructs that are pushed, and those that are watched: the model's target and what follows from it.
    level, outcome : arrays (d,), (t,)
        Their indices now.
    slopes : array (t, d)
        Points of a target for one point of a driver, by the total effects; pushes add up.
    vcov : array (t, d, d) or None
        Covariances of the slopes of each target; None without standard errors. Index weights are taken as fixed.
    """

    drivers: tuple[str, ...]
    targets: tuple[str, ...]
    level: Array
    outcome: Array
    slopes: Array
    vcov: Array | None


def pushes_of(result: CSIResults) -> Pushes | None:
    """Return the pushes of a result, None where there is no index, no target, or nothing that drives it."""
    target = result.spec.target
    if target is None:
        return None
    try:
        w, _ = index_weights(result.spec, result.estimate, result.moments)
        score = index_table(w, result.moments, None, 0.95)["score"]
    except CSIError:
        return None
    impacts = impact_table(result.estimate, w, result.moments, 1.0)
    if target not in impacts:
        return None
    drivers = tuple(c for c in impacts.index if impacts.loc[c, target] != 0)
    after = tuple(c for c in impacts.columns if target in impacts.index and impacts.loc[target, c] != 0)
    targets = (target, *after)
    slopes = impacts.loc[list(drivers), list(targets)].to_numpy().T
    vcov = _vcov(result.estimate, drivers, targets, slopes) if isinstance(result.estimate, Estimate) else None
    return Pushes(drivers, targets, score[list(drivers)].to_numpy(), score[list(targets)].to_numpy(), slopes, vcov)


def _vcov(estimate: Estimate, drivers: tuple[str, ...], targets: tuple[str, ...], slopes: Array) -> Array | None:
    """Return covariances of slopes (t, d, d) from those of the total effects, None where these are not known."""
    if np.isnan(estimate.vcov).any():
        return None
    found = effects_derivatives(estimate)
    at = {pair: k for k, pair in enumerate(zip(found.sources, found.targets, strict=True))}
    out = np.zeros((len(targets), len(drivers), len(drivers)))
    for t, target in enumerate(targets):
        known = [d for d, driver in enumerate(drivers) if (driver, target) in at]
        rows = [at[drivers[d], target] for d in known]
        points = slopes[t, known] / found.total[rows]
        J = found.moved[rows] * points[:, None]
        out[t][np.ix_(known, known)] = J @ estimate.vcov @ J.T
    return out


def bootstrapped_pushes(boot: Bootstrap) -> Pushes | None:
    """Return the pushes of a bootstrap's result with the covariances of its resamples, which know that index weights are estimated."""
    found = pushes_of(boot.result)
    if found is None:
        return None
    rows = {pair: k for k, pair in enumerate(boot.impact(1)[["driver", "target"]].itertuples(index=False, name=None))}
    sampled, vcov = boot.samples["impact.impact"], np.zeros((len(found.targets), len(found.drivers), len(found.drivers)))
    for t, target in enumerate(found.targets):
        known = [d for d, driver in enumerate(found.drivers) if (driver, target) in rows]
        drawn = sampled[[rows[found.drivers[d], target] for d in known]]
        vcov[t][np.ix_(known, known)] = np.cov(drawn)
    return replace(found, vcov=vcov)
