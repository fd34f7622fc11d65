"""Mediation: what runs from one construct to another, route by route, with the intervals of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import close_to
from csimodels.checks import level as checked_level
from csimodels.errors import MissingStatisticError, OptionError, SpecError
from csimodels.estimators.estimate import Estimate
from csimodels.inference.information import delta_se, interval, z_test
from csimodels.inference.intervals import spread
from csimodels.measures.standardized import moved_parameters
from csimodels.presented import Presented

__all__ = ["Mediation", "mediation"]

Array = NDArray[Any]
ARROW = " -> "
MOST_ROUTES = 200
ASSUMPTIONS = (
    "An indirect effect is the product of the paths along a route; it is an effect only if the model's arrows are causes and nothing that "
    "is left out drives both ends of an arrow.",
    "Types are those of Zhao, Lynch and Chen (2010): an effect counts where its interval excludes zero, at the stated level, route by "
    "route and without correction for their number.",
    "A share is an indirect effect over the total effect; it means little where direct and indirect effects have opposite signs.",
)


@dataclass(frozen=True, eq=False, repr=False)
class Mediation(Presented):
    """Present the routes from one construct to another.

    Made by :func:`mediation`.

    Attributes
    ----------
    source, target : str
        Ends of the routes.
    routes : DataFrame
        One row a route through other constructs: route, est, se, pvalue, ci_lower, ci_upper, std (standardised), share (of the total
        effect), type (complementary, competitive, indirect-only, direct-only, no effect), significant.
    effects : DataFrame
        Rows direct, indirect (all routes) and total: est, se, pvalue, ci_lower, ci_upper, std, share.
    level : float
        Coverage of the intervals.
    method : str
        Where the intervals are from.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Mediation"
    titles: ClassVar[dict[str, str]] = {"routes": "Routes", "effects": "Effects"}
    picture: ClassVar[str] = "mediation"

    source: str
    target: str
    routes: pd.DataFrame
    effects: pd.DataFrame
    level: float
    method: str
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


class _Spread(NamedTuple):
    """Point estimates, standard errors and limits of some effects, all (r,)."""

    est: Array
    se: Array
    lower: Array
    upper: Array


def mediation(result: Any, source: str, target: str, via: str | Sequence[str] | None = None, *, level: float | None = None) -> Mediation:
    """Split the effect of one construct on another into its routes.

    Parameters
    ----------
    result : Bootstrap or CSIResults
        A bootstrap of any result (``res.bootstrap(df)``), whose intervals are used; or a result of maximum likelihood, with intervals by
        the delta method.
    source, target : str
        Constructs, or observed variables that take part in paths.
    via : str or sequence of str, optional
        One route by its constructs in order, e.g. ``"value"`` or ``["quality", "value"]``; by default every route.
    level : float, optional
        Coverage; by default that of the bootstrap, or 0.95.

    Returns
    -------
    Mediation
        ``routes`` and ``effects``.

    Raises
    ------
    SpecError
        An unknown construct, no route, or a route that the model does not have.
    MissingStatisticError
        A PLS result without a bootstrap, or errors that were withheld.
    OptionError
        Not a result, or a level that is not between 0 and 1.

    Notes
    -----
    Indirect = product of the paths along a route; total = direct + all indirect effects (Bollen 1987, doi:10.2307/271028). Complementary:
    direct and indirect effect exclude zero and agree in sign; competitive: they disagree; indirect-only; direct-only; no effect (Zhao,
    Lynch & Chen 2010, doi:10.1086/651257). Under PLS coefficients are standardised; under maximum likelihood ``est`` is raw and ``std``
    standardised. BCa intervals of a bootstrap are percentile intervals here, because products have no acceleration of their own.

    Examples
    --------
    >>> import csimodels as csi
    >>> df = csi.load_acsi_demo()
    >>> boot = csi.fit_acsi(df, estimator="pls").bootstrap(df, n_boot=200, seed=1)
    >>> csi.mediation(boot, "quality", "satisfaction", via="value").routes["type"].tolist()
    ['complementary']
    """
    fitted = getattr(result, "result", result)
    if not hasattr(fitted, "table") or not hasattr(fitted, "spec"):
        text = f"result is a {type(result).__name__}."
        raise OptionError(
            "mediation.not_a_result", text, variable="result", value=type(result).__name__, hint="Give res or res.bootstrap(df)."
        )
    chosen = checked_level(getattr(result, "level", 0.95) if level is None else level)
    arrows = _arrows(fitted)
    names = [n for pair in arrows for n in pair]
    for name in (source, target):
        if name not in names:
            text = f"{name!r} takes part in no path of the model."
            raise SpecError("mediation.unknown", text, variable="source", value=name, hint=close_to(name, dict.fromkeys(names)))
    routes = _routes(arrows, source, target)
    direct = [r for r in routes if len(r) == 2]
    through = _chosen([r for r in routes if len(r) > 2], source, target, via)
    indirect = [r for r in routes if len(r) > 2]
    sums = [direct, indirect, routes]
    draws = _effects(result, fitted, arrows, through, sums, chosen)
    table = _table(draws, [ARROW.join(r) for r in through] + ["direct", "indirect", "total"])
    return _presented(table, len(through), source, target, chosen, _method(result))


def _arrows(fitted: Any) -> dict[tuple[str, str], int]:
    """Return what carries effects, (source, target) -> row of the parameter table: paths, and constructs in composites."""
    latent = set(fitted.spec.construct_names)
    formed = {c.name for c in fitted.spec.constructs if c.formed}
    rows = zip(fitted.table["lhs"], fitted.table["op"], fitted.table["rhs"], strict=True)
    return {(r, t): k for k, (t, op, r) in enumerate(rows) if op == "~" or (op == "<~" and r in latent and t in formed)}


def _routes(arrows: dict[tuple[str, str], int], source: str, target: str) -> list[tuple[str, ...]]:
    """Return every directed route, the shortest first."""
    found: list[tuple[str, ...]] = []
    waiting: list[tuple[str, ...]] = [(source,)]
    while waiting:
        route = waiting.pop(0)
        for a, b in arrows:
            if a == route[-1]:
                (found if b == target else waiting).append((*route, b))
        if len(found) > MOST_ROUTES:
            text = f"There are more than {MOST_ROUTES} routes from {source!r} to {target!r}."
            raise SpecError("mediation.too_many_routes", text, variable="via", value=None, hint="Say via=.")
    return found


def _chosen(routes: list[tuple[str, ...]], source: str, target: str, via: Any) -> list[tuple[str, ...]]:
    """Return the routes asked for."""
    if not routes:
        text = f"No route leads from {source!r} to {target!r} through other constructs."
        raise SpecError("mediation.no_route", text, variable="target", value=target, hint="Exchange source and target, or add paths.")
    if via is None:
        return routes
    wanted = (source, *((via,) if isinstance(via, str) else tuple(via)), target)
    if wanted not in routes:
        there = "; ".join(ARROW.join(r) for r in routes[:8])
        text = f"The model has no route {ARROW.join(map(str, wanted))}."
        raise SpecError("mediation.route", text, variable="via", value=via, hint=f"Routes are: {there}.")
    return [wanted]


def _effects(
    result: Any, fitted: Any, arrows: dict[tuple[str, str], int], through: list[tuple[str, ...]], sums: list[Any], level: float
) -> tuple[_Spread, Array]:
    """Return the spread of routes, then direct, indirect and total effect, and their standardised values."""
    groups = [*([route] for route in through), *sums]
    std = fitted.table["std"].to_numpy(dtype=float)[None]
    standardised = _sums(std, arrows, groups)[0]
    if hasattr(result, "samples"):
        point = _sums(result.points["table.est"].reshape(1, -1), arrows, groups)[0]
        drawn = _sums(result.samples["table.est"].T, arrows, groups).T
        s = spread(point, drawn, "percentile" if result.ci == "bca" else result.ci, level)
        return _Spread(point, s.se, s.lower, s.upper), standardised
    point = _sums(fitted.table["est"].to_numpy(dtype=float)[None], arrows, groups)[0]
    se = _delta(fitted, arrows, groups)
    return _Spread(point, se, *interval(point, se, level)), standardised


def _sums(values: Array, arrows: dict[tuple[str, str], int], groups: list[Any]) -> Array:
    """Return sums over routes of products of coefficients, shape (B, groups), from the table's rows (B, K)."""
    out = np.zeros((len(values), len(groups)))
    for g, routes in enumerate(groups):
        for route in routes:
            out[:, g] += np.prod([values[:, arrows[step]] for step in pairwise(route)], axis=0)
    return out


def _delta(fitted: Any, arrows: dict[tuple[str, str], int], groups: list[Any]) -> Array:
    """Return delta-method standard errors of sums of products (Sobel 1982, doi:10.2307/270723)."""
    if not isinstance(fitted.estimate, Estimate):
        raise MissingStatisticError(
            "mediation.needs_bootstrap",
            "PLS has no analytic errors of its paths.",
            variable="result",
            value=fitted.options.estimator,
            hint="Give a bootstrap: mediation(res.bootstrap(df), ...).",
        )
    if not np.isfinite(fitted.estimate.vcov).all():
        text = "The fit has no standard errors."
        raise MissingStatisticError("mediation.no_errors", text, variable="result", value=None, hint="Give a bootstrap of it.")
    est = fitted.table["est"].to_numpy(dtype=float)
    J = np.zeros((len(groups), len(est)))
    for g, routes in enumerate(groups):
        for route in routes:
            rows = [arrows[step] for step in pairwise(route)]
            for k in rows:
                J[g, k] += np.prod([est[i] for i in rows if i != k])
    return delta_se(J @ moved_parameters(fitted.estimate.layout), fitted.estimate.vcov)


def _table(draws: tuple[_Spread, Array], names: list[str]) -> pd.DataFrame:
    """Return effects with their tests and shares of the total effect."""
    s, std = draws
    known = np.where(s.se > 0, s.se, np.nan)
    _, p = z_test(s.est, known)
    columns = {"effect": names, "est": s.est, "se": known, "pvalue": p, "ci_lower": s.lower, "ci_upper": s.upper, "std": std}
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(columns | {"share": s.est / s.est[-1]})


def _presented(table: pd.DataFrame, count: int, source: str, target: str, level: float, method: str) -> Mediation:
    """Return routes with their types beside the sums."""
    away = (table["ci_lower"] > 0) | (table["ci_upper"] < 0)
    direct = table.iloc[count]
    kinds = [_type(bool(away[k]), bool(away[count]), float(table["est"][k] * direct["est"])) for k in range(count)]
    routes = table.iloc[:count].rename(columns={"effect": "route"}).assign(type=kinds, significant=away[:count])
    effects = table.iloc[count:].set_index("effect")
    said: tuple[str, ...] = ()
    if "competitive" in kinds:
        said = ("Direct and indirect effects have opposite signs: shares of the total effect are no proportions.",)
    return Mediation(source, target, routes.reset_index(drop=True), effects, level, method, (f"Intervals: {method}.", *ASSUMPTIONS), said)


def _type(indirect: bool, direct: bool, product: float) -> str:
    """Return the type of mediation (Zhao, Lynch & Chen 2010)."""
    if indirect and direct:
        return "complementary" if product > 0 else "competitive"
    return "indirect-only" if indirect else "direct-only" if direct else "no effect"


def _method(result: Any) -> str:
    if not hasattr(result, "samples"):
        return "normal, by the delta method"
    kind = "percentile" if result.ci == "bca" else result.ci
    return f"{kind}, {result.n_boot} resamples of {result.drawn}, seed {result.seed}"
