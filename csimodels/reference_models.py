"""The two models that every fit is compared with: independence and saturation."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

from csimodels.partable import ParameterTable, Row

__all__ = ["independence", "saturated"]


@lru_cache(maxsize=64)
def independence(observed: tuple[str, ...], fixed_x: tuple[str, ...], means: bool, together: tuple[str, ...] = ()) -> ParameterTable:
    """Return the table of uncorrelated variables.

    As in lavaan, exogenous observed ones keep their sample covariances, or with ``together`` have free ones.
    """
    return _table(observed, fixed_x, means, tuple(combinations(together, 2)))


@lru_cache(maxsize=64)
def saturated(observed: tuple[str, ...], fixed_x: tuple[str, ...], means: bool) -> ParameterTable:
    """Return the table of variables that are all correlated."""
    return _table(observed, fixed_x, means, tuple(combinations(observed, 2)))


def _table(observed: tuple[str, ...], fixed_x: tuple[str, ...], means: bool, covaried: tuple[tuple[str, str], ...]) -> ParameterTable:
    """Return variances, covariances and intercepts, those of exogenous variables tied to the sample's."""
    pairs = [(name, name) for name in observed] + [pair for pair in covaried if not set(pair) <= set(fixed_x)]
    rows = [Row(a, "~~", b, sample=1.0) if a == b and a in fixed_x else Row(a, "~~", b, free=1) for a, b in pairs]
    rows += [Row(a, "~~", b, sample=1.0) for a, b in combinations(fixed_x, 2)]
    if means:
        rows += [Row(name, "~1", "", sample=1.0) if name in fixed_x else Row(name, "~1", "", free=1) for name in observed]
    numbered, free = [], 0
    for row in rows:
        free += row.free
        numbered.append(row._replace(free=free if row.free else 0))
    return ParameterTable(tuple(numbered), (), observed, fixed_x, False)
