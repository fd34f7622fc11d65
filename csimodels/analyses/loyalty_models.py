"""Regressions of loyalty on satisfaction: straight, quadratic, with switching costs and their product; how they compare."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from csimodels.analyses.regressing import Curve, decided_alone, require_rank
from csimodels.errors import DataError

__all__ = ["BY_LEVERAGE", "Model", "Sample", "additive", "curve", "fitted", "moderated", "quadratic", "straight"]

Array = NDArray[np.float64]
BY_LEVERAGE = ("HC2", "HC3")


class Sample(NamedTuple):
    """Complete rows: loyalty, satisfaction, switching costs (or None), controls with their names, and how many rows were left out."""

    y: Array
    x: Array
    w: Array | None
    controls: Array
    names: tuple[str, ...]
    left_out: int


class Model(NamedTuple):
    """A fitted regression: its name, the fit by statsmodels, the names of its columns."""

    name: str
    fit: Any
    names: tuple[str, ...]


def fitted(name: str, sample: Sample, terms: dict[str, Array], cov_type: str) -> Model:
    """Fit loyalty on a constant, some terms and the controls."""
    X = np.column_stack([np.ones_like(sample.y), *terms.values(), sample.controls])
    names = ("const", *terms, *sample.names)
    require_rank(X, names, "loyalty.collinear")
    if cov_type in BY_LEVERAGE and decided_alone(X) is not None:
        text = f"One row alone decides a coefficient of the {name} model: its {cov_type} error does not exist."
        hint = 'Leave out the control that singles it out, or say cov_type="HC1".'
        raise DataError("loyalty.one_row_decides", text, variable=name, value=decided_alone(X), hint=hint)
    return Model(name, OLS(sample.y, X).fit(cov_type=cov_type, use_t=True), names)


def straight(sample: Sample, cov_type: str) -> Model:
    """Fit a straight line."""
    return fitted("linear", sample, {"satisfaction": sample.x}, cov_type)


def quadratic(sample: Sample, cov_type: str) -> Model:
    """Fit a parabola about the mean of satisfaction."""
    x = sample.x - sample.x.mean()
    return fitted("quadratic", sample, {"satisfaction (c)": x, "satisfaction² (c)": x**2}, cov_type)


def additive(sample: Sample, cov_type: str) -> Model:
    """Fit satisfaction and switching costs beside each other."""
    assert sample.w is not None
    return fitted("additive", sample, {"satisfaction": sample.x, "switching costs": sample.w}, cov_type)


def moderated(sample: Sample, cov_type: str) -> Model:
    """Fit satisfaction, switching costs and their product about the means."""
    assert sample.w is not None
    x, w = sample.x - sample.x.mean(), sample.w - sample.w.mean()
    terms = {"satisfaction (c)": x, "switching costs (c)": w, "satisfaction (c) x switching costs (c)": x * w}
    return fitted("moderated", sample, terms, cov_type)


def curve(model: Model, x: Array, design: Array, sample: Sample, level: float) -> Curve:
    """Return the mean of loyalty with its limits at rows of a design without controls, which are held at their means."""
    at = np.column_stack([design, np.tile(sample.controls.mean(axis=0), (len(x), 1))])
    found = model.fit.get_prediction(at)
    lower, upper = np.asarray(found.conf_int(alpha=1 - level)).T
    return Curve(x, np.asarray(found.predicted_mean), lower, upper)
