"""Bands of satisfaction: their limits, the rate in each, and the trend over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.contingency_tables import Table
from statsmodels.stats.proportion import proportion_confint

from csimodels.errors import DataError, OptionError

__all__ = ["band_edges", "band_table", "checked_bands", "trend"]

Array = NDArray[np.float64]
POINT_BANDS = (0.0, 60.0, 75.0, 100.0)


def checked_bands(bands: Any) -> tuple[float, ...] | None:
    """Return the limits of bands, checked to be three or more increasing numbers."""
    if bands is None:
        return None
    given = tuple(bands) if isinstance(bands, Sequence) and not isinstance(bands, str) else ()
    numbers = [float(b) for b in given if isinstance(b, (int, float, np.number)) and not isinstance(b, bool)]
    if len(numbers) < max(len(given), 3) or not np.isfinite(numbers).all() or (np.diff(numbers) <= 0).any():
        hint = "Give three or more increasing numbers, e.g. (0, 60, 75, 100)."
        raise OptionError("option.bands", f"bands is {bands!r}.", variable="bands", value=bands, hint=hint)
    return tuple(numbers)


def band_edges(bands: tuple[float, ...] | None, scaled: bool, x: Array) -> tuple[Array, tuple[float, float]]:
    """Return the inner limits of the bands and their outer ends; every value lies between these."""
    limits = POINT_BANDS if bands is None and scaled else bands
    if limits is None:
        return _quartiles(x), (float(x.min()), float(x.max()))
    outside = x[(x < limits[0]) | (x > limits[-1])]
    if outside.size:
        text = f"{outside.size} customers are in no band: the first has {outside[0]:g}; bands go from {limits[0]:g} to {limits[-1]:g}."
        raise DataError("behaviour.outside_bands", text, variable="bands", value=float(outside[0]), hint="Widen the outer limits.")
    return np.array(limits[1:-1]), (limits[0], limits[-1])


def _quartiles(x: Array) -> Array:
    """Return quartiles below the highest value; where more than three quarters have that value, the next lower one."""
    cuts = np.unique(np.quantile(x, [0.25, 0.5, 0.75], method="inverted_cdf"))
    below = cuts[cuts < x.max()]
    return below if below.size else np.array([x[x < x.max()].max()])


def band_table(x: Array, y: Array, p: Array, edges: tuple[Array, tuple[float, float]], level: float) -> pd.DataFrame:
    """Return rates with Wilson intervals by band, empty bands too."""
    inner, (low, high) = edges
    band, bands = np.searchsorted(inner, x, side="left"), len(inner) + 1
    lower, upper = np.array([low, *inner]), np.array([*inner, high])
    n, events, predicted, level_of = (np.bincount(band, w, minlength=bands) for w in (np.ones_like(x), y, p, x))
    known = np.where(n > 0, n, np.nan)
    limits = [_wilson(int(k), int(m), level) for k, m in zip(events, n, strict=True)]
    names = [f"{'(' if k else '['}{a:g}, {b:g}]" for k, (a, b) in enumerate(zip(lower, upper, strict=True))]
    columns = {"band": names, "lower": lower, "upper": upper, "n": n.astype(int), "repurchases": events.astype(int), "rate": events / known}
    ends = {"ci_lower": [a for a, _ in limits], "ci_upper": [b for _, b in limits]}
    return pd.DataFrame(columns | ends | {"predicted": predicted / known, "mean_satisfaction": level_of / known})


def _wilson(events: int, n: int, level: float) -> tuple[float, float]:
    """Return Wilson's limits of a rate; an empty band has none."""
    low, high = proportion_confint(events, n, 1 - level, method="wilson") if n else (np.nan, np.nan)
    return float(low), float(high)


def trend(bands: pd.DataFrame) -> tuple[float, float, float]:
    """Return z, no degrees of freedom and p of a trend over the bands, with scores 0, 1, 2, ... (Armitage 1955, doi:10.2307/3001775)."""
    if (bands["n"] > 0).sum() < 2:
        return np.nan, np.nan, np.nan
    counts = np.column_stack([bands["n"] - bands["repurchases"], bands["repurchases"]])
    found = Table(counts, shift_zeros=False).test_ordinal_association()
    return float(found.zscore), np.nan, float(found.pvalue)
