"""What regressions of survey columns share: answers in points, designs that can be fitted, coefficients as tables."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from csimodels.analyses.reading import Scale, Scales, listed
from csimodels.checks import close_to
from csimodels.checks import scale as checked_scale
from csimodels.errors import DataError, OptionError, ScaleError

__all__ = [
    "Curve",
    "averaged",
    "coefficient_table",
    "decided_alone",
    "dependent",
    "effects_table",
    "in_points",
    "listed_or_none",
    "repeated",
    "require_distinct",
    "require_rank",
    "same_unit",
    "scales_of",
]

Array = NDArray[np.float64]
ROUNDING, DIGITS = 1e-8, 10


class Curve(NamedTuple):
    """A line to draw: where, the estimates and their limits, all (m,)."""

    x: Array
    est: Array
    ci_lower: Array
    ci_upper: Array


def listed_or_none(option: str, given: Any) -> tuple[str, ...]:
    """Return columns as a tuple of names; an empty list is none."""
    return () if isinstance(given, Sequence) and not given else listed(option, given)


def require_distinct(code: str, parts: Iterable[tuple[str, tuple[str, ...]]]) -> None:
    """Refuse a column that has two parts."""
    owner: dict[str, str] = {}
    for part, names in parts:
        for name in names:
            if name in owner:
                text = f"Column {name!r} is given twice, in {owner[name]!r} and in {part!r}."
                raise OptionError(code, text, variable=name, value=name, hint="Give each column one part.")
            owner[name] = part


def scales_of(scale: Scales, answers: Sequence[str]) -> dict[str, Scale | None]:
    """Return the theoretical scale of each column of answers; one tuple holds for all of them."""
    if not isinstance(scale, Mapping):
        return {name: checked_scale(scale, name) for name in answers}
    for name in scale:
        if name not in answers:
            text = f"scale names {name!r}, which is none of the answers."
            raise OptionError("option.scale_column", text, variable="scale", value=name, hint=close_to(name, answers))
    return {name: checked_scale(scale.get(name), name) for name in answers}


def same_unit(names: Sequence[str], scales: Mapping[str, Scale | None]) -> bool:
    """Return whether columns that are averaged or compared are points from 0 to 100; a mixture is refused."""
    bare = [name for name in names if scales[name] is None]
    if bare and len(bare) < len(names):
        text = f"Column {bare[0]!r} has no scale, but others that it is averaged or compared with have one."
        raise ScaleError("scale.some_missing", text, variable=bare[0], value=None, hint="Give all of them a scale, or none.")
    return not bare


def in_points(values: Array, names: Sequence[str], scales: Mapping[str, Scale | None]) -> Array:
    """Return answers (n, k) as points, 100 (x - lowest) / (highest - lowest), where they have a scale, and as they are where not."""
    ends = [scales.get(name) or (0.0, 100.0) for name in names]
    low, high = np.array(ends, dtype=float).reshape(-1, 2).T
    return np.asarray(100.0 * (values - low) / (high - low))


def averaged(values: Array, names: Sequence[str], scales: Mapping[str, Scale | None]) -> Array:
    """Return the mean (n,) of a customer's answers in points; rounded, so that equal means are equal numbers at the limit of a band."""
    return np.asarray(np.round(in_points(values, names, scales).mean(axis=1), DIGITS))


def dependent(X: Array) -> int | None:
    """Return the first column of a design (n, p), its first the constant, that is a linear function of those before it."""
    centred = X[:, 1:] - X[:, 1:].mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    flat = spread <= ROUNDING * np.abs(X[:, 1:]).max(axis=0, initial=0.0)
    if flat.any():
        return 1 + int(flat.argmax())
    small = np.abs(np.diag(np.linalg.qr(centred / spread, mode="r"))) < ROUNDING
    return 1 + int(small.argmax()) if small.any() else None


def require_rank(X: Array, names: Sequence[str], code: str) -> None:
    """Refuse a design with a column that the others determine, by its name."""
    k = dependent(X)
    if k is not None:
        text = f"{names[k]!r} does not vary among the complete rows, or is a linear function of the other variables."
        raise DataError(code, text, variable=names[k], value=len(X), hint="Leave it out.")


def decided_alone(X: Array) -> int | None:
    """Return a row that a regression fits whatever its answer, so that no error of it can be known: its leverage is one."""
    leverage = (np.linalg.qr(X)[0] ** 2).sum(axis=1)
    return int(leverage.argmax()) if leverage.max() > 1 - ROUNDING else None


def coefficient_table(fit: Any, names: Sequence[str], level: float, statistic: str) -> pd.DataFrame:
    """Return name, est, se, the statistic, pvalue, ci_lower and ci_upper of a fit by statsmodels."""
    lower, upper = np.asarray(fit.conf_int(1 - level)).T
    columns = {"name": list(names), "est": fit.params, "se": fit.bse, statistic: fit.tvalues, "pvalue": fit.pvalues}
    return pd.DataFrame(columns | {"ci_lower": lower, "ci_upper": upper})


def effects_table(est: Array, se: Array, df: float, level: float) -> pd.DataFrame:
    """Return est, se, t, pvalue, ci_lower and ci_upper of effects (m,) with known errors."""
    half = student.ppf((1 + level) / 2, df) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        t = est / se
    columns = {"est": est, "se": se, "t": t, "pvalue": 2 * student.sf(np.abs(t), df)}
    return pd.DataFrame(columns | {"ci_lower": est - half, "ci_upper": est + half})


def repeated(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """Warn again, of the line that called the caller, and return what was said."""
    for said in caught:
        warnings.warn(str(said.message), said.category, stacklevel=3)
    return tuple(str(said.message) for said in caught)
