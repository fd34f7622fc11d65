"""Draw survey answers from a model whose truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from csimodels.additive import Moments
from csimodels.catalog import as_spec
from csimodels.composites import composite_plan
from csimodels.errors import OptionError
from csimodels.limits import number
from csimodels.measures.composite import composite_scores
from csimodels.population import DELTA, MEAN, SD, Population, as_given, population, weights_of
from csimodels.spec import Construct, Indicator, ModelSpec

__all__ = ["cuts", "population_moments", "simulate"]

Array = NDArray[np.float64]


def simulate(
    model: ModelSpec | str,
    n: int,
    seed: int,
    *,
    loadings: float | Mapping[str, float] = 0.8,
    paths: float | Mapping[tuple[str, str], float] | None = None,
    means: float | Mapping[str, float] = MEAN,
    sd: float | Mapping[str, float] = SD,
    share: float = 0.15,
    correlation: float | Mapping[tuple[str, str], float] = 0.3,
    scale: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None,
    integers: bool = True,
    missing: float = 0.0,
) -> pd.DataFrame:
    """Draw a survey from a model with known parameters.

    Parameters
    ----------
    model : ModelSpec or str
        A spec, a name that ``models()`` lists, or the path of a TOML file.
    n : int
        Respondents.
    seed : int
        Seed of ``numpy.random.default_rng``; a longer survey begins with the shorter one of the same seed.
    loadings : float, or mapping of construct or item to float
        Standardised loadings; a construct's name stands for its whole block. A number leaves single items alone, which
        have the root of their reliability, or 1. In a formative block these are the correlations with the composite.
    paths : float, or mapping of (source, target) to float, optional
        Standardised paths; a number takes the expected sign. What is not named gets a moderate size with the expected
        sign, less where the explained variance would pass 0.85.
    means : float, or mapping of construct or item to float
        Means in points of the theoretical scale, 0-100. A number leaves 0/1 items alone.
    sd : float, or mapping of construct or item to float
        Standard deviations in the same points. 0/1 items have that of their share.
    share : float
        Share of ones in items with the scale (0, 1), unless ``means`` names them.
    correlation : float, or mapping of (construct, construct) to float
        Correlations of exogenous constructs, and of exogenous observed variables, among themselves.
    scale : tuple, or mapping of item or construct to tuple, optional
        Theoretical (lowest, highest) answer where it is not the spec's.
    integers : bool
        Round and clip to the theoretical scale, 0/1 items by a threshold (probit); otherwise normal answers without
        limits, which ``fit`` accepts from such a frame.
    missing : float
        Share of answers that are missing completely at random.

    Returns
    -------
    DataFrame
        One column an item. ``attrs["truth"]`` is a plain dict: standardised ``paths`` and ``loadings`` (and ``weights``
        of formative blocks) under the names of ``params``, ``correlations`` and ``rsquared`` of the structural
        variables, the ``index`` of each construct and the ``impact`` of 5 points on the 0-100 scale, and ``means``,
        ``sds`` and ``attenuation`` of the answers.

    Raises
    ------
    OptionError
        A number out of its range, an unknown name, or paths that explain more than all of a variance.

    Notes
    -----
    Loadings and paths hold for the normal variables behind the answers. Rounding, clipping and above all 0/1 answers
    multiply an item's correlations by its ``attenuation`` (0.65 for 15 % of ones). Items without a scale are standard
    normal. The residuals of a formative block cancel under its weights, so that the construct is exactly the composite; a
    composite whose parts have paths of their own is their standardised sum.
    Of the spec's fixed values only zeros are imposed.

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.simulate("acsi_1996", n=200, seed=1, paths={("quality", "satisfaction"): 0.5})
    >>> survey.shape, survey.attrs["truth"]["paths"]["satisfaction ~ quality"]
    ((200, 14), 0.5)
    """
    spec = as_spec(model) if scale is None else as_spec(model).with_scale(scale)
    for name, value, least in (("n", n, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            hint = f"Give a whole number, at least {least}."
            raise OptionError(f"simulate.bad_{name}", f"{name} is {value!r}.", variable=name, value=value, hint=hint)
    if not isinstance(integers, (bool, np.bool_)):
        text = f"integers is {integers!r}."
        raise OptionError("simulate.bad_integers", text, variable="integers", value=integers, hint="Use True or False.")
    rate = number("missing", "missing", missing)
    pop = population(spec, loadings=loadings, paths=paths, means=means, sd=sd, share=share, correlation=correlation)
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, len(spec.items))) @ np.linalg.cholesky(pop.correlation).T
    rows = zip(spec.indicators, z.T, pop.centre, pop.spread, strict=True)
    frame = pd.DataFrame({i.name: _answers(i, column, centre, spread, integers) for i, column, centre, spread in rows})
    if rate:
        frame = frame.mask(rng.random(frame.shape) < rate)
    drawn = {"model": spec.name, "n": int(n), "seed": int(seed), "integers": bool(integers)}
    frame.attrs["truth"] = drawn | _truth(pop, integers)
    return frame


def population_moments(model: ModelSpec | str, n: int, integers: bool = True, **options: Any) -> Moments:
    """Return the moments of infinitely many answers, as if they were those of n rows; the options are those of ``simulate``.

    Correlations of rounded and 0/1 answers are those of the normal variables times both attenuations.
    """
    pop = population(model, **options)
    metric = zip(pop.spec.indicators, pop.centre, pop.spread, strict=True)
    mean, sd, kept = np.array([_marginal(*item, integers) for item in metric]).T
    sign = np.where([i.reverse for i in pop.spec.indicators], -1.0, 1.0)
    R = pop.correlation * np.outer(kept, kept)
    np.fill_diagonal(R, 1.0)
    given = [as_given(i, m) for i, m in zip(pop.spec.indicators, mean, strict=True)]
    items = list(pop.spec.items)
    return Moments.from_cov(pd.DataFrame(R * np.outer(sd * sign, sd * sign), index=items, columns=items), n, given, "n")


def cuts(item: Indicator, centre: float, spread: float) -> Array | None:
    """Return the standard normal values between one answer and the next; None for an item without a scale."""
    if item.scale is None:
        return None
    if item.scale == (0.0, 1.0):
        return np.array([-ndtri(centre)])
    lo, hi = item.scale
    return np.asarray((lo + 0.5 + np.arange(np.floor(hi - lo)) - centre) / spread)


def _answers(item: Indicator, z: Array, centre: float, spread: float, integers: bool) -> Any:
    at = cuts(item, centre, spread) if integers else None
    if at is None or item.scale is None:
        return as_given(item, centre + spread * z)
    answers = as_given(item, item.scale[0] + np.searchsorted(at, z))
    return answers.astype(int) if all(end.is_integer() for end in item.scale) else answers


def _marginal(item: Indicator, centre: float, spread: float, integers: bool) -> tuple[float, float, float]:
    """Return mean and standard deviation of the answers and their correlation with the normal variable behind them."""
    at = cuts(item, centre, spread) if integers else None
    if at is None or item.scale is None:
        return centre, spread, 1.0
    above = ndtr(-at)
    mean = above.sum()
    sd = np.sqrt(((2 * np.arange(len(at)) + 1) * above).sum() - mean**2)
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    return float(item.scale[0] + mean), float(sd), float(density.sum() / sd)


def _truth(pop: Population, integers: bool) -> dict[str, Any]:
    spec, at = pop.spec, {name: k for k, name in enumerate(pop.nodes)}
    metric = zip(spec.indicators, pop.centre, pop.spread, strict=True)
    mean, sd, kept = np.array([_marginal(*item, integers) for item in metric]).T
    given = [as_given(i, m) for i, m in zip(spec.indicators, mean, strict=True)]
    weights: dict[str, float] = {}
    for c in spec.constructs:
        if c.mode == "formative":
            weights |= _named([f"{c.name} <~ {i}" for i in c.items], weights_of(pop, c))
    return {
        "paths": {f"{p.target} ~ {p.source}": float(pop.Beta[at[p.target], at[p.source]]) for p in spec.paths},
        "loadings": {f"{c.name} =~ {i}": pop.loadings[i] for c in spec.constructs for i in c.items},
        "weights": weights,
        "correlations": {name: _named(pop.nodes, pop.Phi[k]) for name, k in at.items()},
        "rsquared": {name: float(1 - pop.Psi[k, k]) for name, k in at.items() if pop.Beta[k].any()},
        **(_index_truth(pop, mean, sd, kept) if spec.scoring is None else {"index": _scored_truth(pop, mean, integers), "impact": {}}),
        "means": _named(spec.items, given),
        "sds": _named(spec.items, sd),
        "attenuation": _named(spec.items, kept),
    }


def _scored_truth(pop: Population, mean: Array, integers: bool) -> dict[str, float]:
    """Return the indices of a composite under its first set of weights; ``mean`` (p,) are the means of recoded answers."""
    scoring, points = pop.spec.scoring, mean.copy()
    assert scoring is not None
    asked = {item for _, item in scoring.importance}
    for k, (item, centre, spread) in enumerate(zip(pop.spec.indicators, pop.centre, pop.spread, strict=True)):
        lo, hi = item.scale or (0.0, 1.0)
        if item.name in asked:
            continue
        if scoring.rule == "top_box":
            at = cuts(item, centre, spread) if integers else None
            beyond = (hi - scoring.boxes - centre) / spread if at is None else at[int(hi - scoring.boxes - lo)]
            points[k] = 100 * ndtr(-beyond)
        else:
            points[k] = 100 * mean[k] / hi if scoring.rule == "of_maximum" else 100 * (mean[k] - lo) / (hi - lo)
    plan = composite_plan(pop.spec)
    return _named(plan.constructs, composite_scores(plan, points[:, None])[0][:, 0])


def _named(names: Iterable[str], values: Iterable[Any]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _index_truth(pop: Population, mean: Array, sd: Array, kept: Array) -> dict[str, Any]:
    """Return the index of every construct with scales, and the points of each target for 5 points of each driver."""
    at = {i.name: k for k, i in enumerate(pop.spec.indicators) if i.scale}
    index: dict[str, float] = {}
    unit: dict[str, float] = {}
    for c in pop.spec.constructs:
        if set(c.items) <= set(at):
            k = [at[i] for i in c.items]
            lo, hi = np.array([pop.spec.indicators[j].scale for j in k], dtype=float).T
            slope = np.array([pop.loadings[i] for i in c.items]) * kept[k] * sd[k]
            u = _index_weights(pop, c, slope, sd[k])
            index[c.name] = float(100 * u @ (mean[k] - lo) / (u @ (hi - lo)))
            unit[c.name] = float(100 * u @ slope / (u @ (hi - lo)))
    effect = np.linalg.inv(np.eye(len(pop.nodes)) - pop.Beta)
    total = {(a, b): float(effect[k, j]) for j, a in enumerate(pop.nodes) for k, b in enumerate(pop.nodes)}
    impact = {a: {b: DELTA * total[a, b] * unit[b] / unit[a] for b in unit if b != a} for a in unit}
    impact = {a: {b: points for b, points in row.items() if points} for a, row in impact.items()}
    return {"index": index, "impact": {a: row for a, row in impact.items() if row}}


def _index_weights(pop: Population, c: Construct, slope: Array, sd: Array) -> Array:
    """Return raw-metric weights: lambda / theta, those of a composite, or 1 for a single item."""
    if len(sd) == 1:
        return np.ones(1)
    return weights_of(pop, c) / sd if c.mode == "formative" else slope / (sd**2 - slope**2)
