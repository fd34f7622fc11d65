"""Slopes of satisfaction at chosen places: along a parabola, at levels of a moderator, and where they stop to differ from zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from csimodels.analyses.loyalty_models import Model, Sample

__all__ = ["curve_slopes", "johnson_neyman", "moderated_slopes", "returns", "spread_of", "turning_point"]

Array = NDArray[np.float64]


def spread_of(values: Array) -> list[tuple[str, float]]:
    """Return mean - 1 sd, mean and mean + 1 sd, with their names."""
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    return [("mean - 1 sd", mean - sd), ("mean", mean), ("mean + 1 sd", mean + sd)]


def _slopes(model: Model, R: Array, what: str, places: list[tuple[str, float]], level: float) -> pd.DataFrame:
    """Return linear combinations R (3, p) of coefficients at three places."""
    test = model.fit.t_test(R)
    lower, upper = np.asarray(test.conf_int(alpha=1 - level)).T
    at = {"model": model.name, "at": [f"{what} {name}" for name, _ in places], "value": [value for _, value in places]}
    columns = {"est": test.effect, "se": test.sd.ravel(), "t": test.tvalue.ravel(), "pvalue": test.pvalue.ravel()}
    return pd.DataFrame(at | columns | {"ci_lower": lower, "ci_upper": upper})


def curve_slopes(bend: Model, sample: Sample, level: float) -> pd.DataFrame:
    """Return the slopes b1 + 2 b2 (x - mean) of the parabola."""
    places = spread_of(sample.x)
    R = np.zeros((len(places), len(bend.names)))
    R[:, 1], R[:, 2] = 1.0, [2 * (x - sample.x.mean()) for _, x in places]
    return _slopes(bend, R, "satisfaction", places, level)


def moderated_slopes(model: Model, sample: Sample, level: float) -> pd.DataFrame:
    """Return the slopes b1 + b3 (w - mean) at levels of switching costs."""
    assert sample.w is not None
    places = spread_of(sample.w)
    R = np.zeros((len(places), len(model.names)))
    R[:, 1], R[:, 3] = 1.0, [w - sample.w.mean() for _, w in places]
    return _slopes(model, R, "switching costs", places, level)


def returns(bend: Model, level: float) -> str:
    """Return the kind of returns that the curvature shows at a level."""
    if not bend.fit.pvalues[2] < 1 - level:
        return "not established"
    return "increasing" if bend.fit.params[2] > 0 else "decreasing"


def turning_point(bend: Model, sample: Sample, level: float) -> pd.DataFrame:
    """Return where the parabola turns, mean - b1 / (2 b2), with errors by the delta method."""
    b1, b2 = bend.fit.params[1:3]
    gradient = np.array([-1 / (2 * b2), b1 / (2 * b2**2)])
    se = float(np.sqrt(gradient @ np.asarray(bend.fit.cov_params())[1:3, 1:3] @ gradient))
    half = float(student.ppf((1 + level) / 2, bend.fit.df_resid)) * se
    place = float(sample.x.mean() - b1 / (2 * b2))
    kind, inside = "minimum" if b2 > 0 else "maximum", bool(sample.x.min() <= place <= sample.x.max())
    return pd.DataFrame([{"est": place, "se": se, "ci_lower": place - half, "ci_upper": place + half, "kind": kind, "inside_data": inside}])


def johnson_neyman(model: Model, sample: Sample, level: float) -> tuple[pd.DataFrame, str]:
    """Return bounds of switching costs at which the interval of the slope touches zero, and the region in words.

    They are the roots of (b1 + b3 w)^2 = t^2 (v11 + 2 w v13 + w^2 v33) (Bauer & Curran 2005, doi:10.1207/s15327906mbr4003_5).
    """
    assert sample.w is not None
    (b1, b3), v = model.fit.params[[1, 3]], np.asarray(model.fit.cov_params())[np.ix_([1, 3], [1, 3])]
    t2 = float(student.ppf((1 + level) / 2, model.fit.df_resid)) ** 2
    a, b, c = b3**2 - t2 * v[1, 1], 2 * (b1 * b3 - t2 * v[0, 1]), b1**2 - t2 * v[0, 0]
    w, mean = sample.w, float(sample.w.mean())
    differs = a * (w - mean) ** 2 + b * (w - mean) + c > 0
    counted = f"; so for {int(differs.sum())} of {len(w)} customers."
    start = f"At {100 * level:g} % the slope of satisfaction differs from zero "
    if b**2 < 4 * a * c:
        return pd.DataFrame(), f"{start}at no value of switching costs."
    roots = mean + np.sort((-b + np.array([-1.0, 1.0]) * np.sqrt(b**2 - 4 * a * c)) / (2 * a))
    inside, below = (roots >= w.min()) & (roots <= w.max()), [float((w < r).mean()) for r in roots]
    low, high = (f"{r:.4g}" for r in roots)
    where = f"below {low} and above {high}" if a > 0 else f"between {low} and {high}"
    table = pd.DataFrame({"value": roots, "inside_data": inside, "share_below": below})
    return table, f"{start}where switching costs are {where}{counted}"
