"""How the mean of an outcome would change with its drivers, in a regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from csimodels.checks import close_to
from csimodels.errors import OptionError

__all__ = ["raised", "what_if_rows"]

Array = NDArray[Any]
TOGETHER = "together"


def raised(b: pd.Series, vcov: Array, mean: Array, delta: float, ceiling: float | None, df: float, level: float) -> pd.DataFrame:
    """Return the change of the outcome's mean if one driver rose alone, by delta or as far as the scale goes.

    Parameters
    ----------
    b, vcov : Series (k,), array (k, k)
        Coefficients of the drivers and their covariance matrix.
    mean : array (k,)
        Means of the drivers.
    delta : float
        Rise.
    ceiling : float or None
        Highest possible value of a driver.
    df, level : float
        Residual degrees of freedom, coverage.
    """
    room = np.full(len(mean), np.inf) if ceiling is None else np.maximum(ceiling - mean, 0.0)
    rise = np.minimum(delta, room)
    est, se = b.to_numpy() * rise, np.sqrt(np.diagonal(vcov)) * rise
    half = student.ppf((1 + level) / 2, df) * se
    columns = {"driver": list(b.index), "mean": mean, "raised": rise, "est": est, "se": se, "ci_lower": est - half, "ci_upper": est + half}
    return pd.DataFrame(columns | {"capped": rise < delta})


def what_if_rows(b: pd.Series, vcov: Array, changes: Any, df: float, level: float) -> pd.DataFrame:
    """Return the change of the outcome's mean for changes of drivers, each and together.

    Raises
    ------
    OptionError
        Not a mapping, an unknown driver, or a change that is no finite number.
    """
    if not isinstance(changes, Mapping) or not changes:
        hint = 'Give {driver: change}, e.g. {"quality": 5}.'
        raise OptionError("drivers.changes", f"changes is {changes!r}.", variable="changes", value=changes, hint=hint)
    for name, change in changes.items():
        if name not in b.index:
            text, hint = f"There is no driver {name!r}.", close_to(str(name), b.index)
            raise OptionError("drivers.unknown", text, variable="changes", value=name, hint=hint)
        if isinstance(change, bool) or not isinstance(change, (int, float, np.number)) or not np.isfinite(change):
            text = f"The change of {name!r} is {change!r}."
            raise OptionError("drivers.changes", text, variable=name, value=change, hint="Give a finite number.")
    names, size = list(changes), np.array([float(v) for v in changes.values()])
    moves = np.vstack([np.diag(size), size])
    at = b.index.get_indexer(pd.Index(names))
    est, V = moves @ b.to_numpy()[at], vcov[np.ix_(at, at)]
    se = np.sqrt(np.einsum("ij,jk,ik->i", moves, V, moves))
    half = student.ppf((1 + level) / 2, df) * se
    columns = {"driver": [*names, TOGETHER], "change": [*size, np.nan], "est": est, "se": se}
    return pd.DataFrame(columns | {"ci_lower": est - half, "ci_upper": est + half})
