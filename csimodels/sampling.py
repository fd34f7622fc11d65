"""How item means vary from sample to sample: under weights, clusters, strata and missing answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.estimators.patterns import sample_of
from csimodels.evidence import Evidence
from csimodels.inference.incomplete_fit import saturated_information
from csimodels.inference.scores import sampled_products
from csimodels.recode import recoded_moments, recoded_rows
from csimodels.spec import ModelSpec

__all__ = ["mean_covariance"]

Array = NDArray[Any]


def mean_covariance(e: Evidence, spec: ModelSpec) -> Array | None:
    """Return the covariance matrix of the recoded items' means (p, p), None where it is that of the items over their number.

    Complete rows: linearisation, sums of w (x - mean) by cluster within strata (Binder 1983, doi:10.2307/1402588). Incomplete rows: the
    inverse observed information of the saturated model.
    """
    if e.rows is None or not (e.moments.weighted or e.clusters is not None or e.strata is not None or e.h1 is not None):
        return None
    rows = recoded_rows(e.rows, spec)
    if e.h1 is not None:
        sample = sample_of(rows, e.weights)
        if sample.patterns.seen.all():
            return None
        moments = recoded_moments(e.moments, spec)
        assert moments.mean is not None
        h1 = saturated_information(tuple(spec.items), (), sample, moments.cov, moments.mean, e.moments.weighted)
        return h1.mean_vcov(moments.cov, sample.patterns.rows)
    return _linearised(rows, e)


def _linearised(rows: Array, e: Evidence) -> Array:
    """Return the covariance matrix of weighted means of complete rows."""
    w = np.ones(len(rows)) if e.weights is None else e.weights
    mean = w @ rows / w.sum()
    return np.asarray(sampled_products((rows - mean) * w[:, None], e.clusters, e.strata) / w.sum() ** 2)
