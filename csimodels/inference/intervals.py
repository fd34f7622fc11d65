"""Bootstrap intervals of many quantities at once: samples are (rows, B)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = ["Spread", "acceleration", "spread"]

Array = NDArray[Any]
CONSTANT = 1e-12
HEAVY = 2.5


class Spread(NamedTuple):
    """Standard errors, bias, interval limits, and whether a few members make up the standard error; all (rows,)."""

    se: Array
    bias: Array
    lower: Array
    upper: Array
    heavy: Array


def spread(est: Array, samples: Array, kind: str, level: float, accelerate: Array | None = None) -> Spread:
    """Return the spread of bootstrap samples.

    "percentile": quantiles; "bca": quantiles at levels corrected for bias and acceleration (Efron 1987,
    doi:10.1080/01621459.1987.10478410); "normal": estimate - bias -+ z se (Davison & Hinkley 1997, doi:10.1017/CBO9780511802843).
    """
    complete = np.isfinite(samples).all(axis=1)
    if not complete.all():
        return _row_by_row(est, samples, kind, level, accelerate)
    ordered = np.sort(samples, axis=1)
    mean = ordered.mean(axis=1)
    se = ordered.std(axis=1, ddof=1) if ordered.shape[1] > 1 else np.full(len(est), np.nan)
    se = np.where(se > CONSTANT * np.maximum(1.0, np.abs(mean)), se, np.nan)
    tail = np.array([(1.0 - level) / 2, (1.0 + level) / 2])
    if kind == "normal":
        half = ndtri(tail[1]) * se
        lower, upper = 2 * est - mean - half, 2 * est - mean + half
    else:
        levels = np.repeat(tail[:, None], len(est), axis=1) if kind == "percentile" else _corrected(est, ordered, tail, accelerate)
        lower, upper = _quantile(ordered, levels[0]), _quantile(ordered, levels[1])
    middle = _quantile(ordered, np.full(len(est), ndtr(1.0))) - _quantile(ordered, np.full(len(est), ndtr(-1.0)))
    known = np.isfinite(se)
    with np.errstate(invalid="ignore"):
        heavy = known & (se > HEAVY * middle / 2)
    return Spread(se, mean - est, np.where(known, lower, np.nan), np.where(known, upper, np.nan), heavy)


def _row_by_row(est: Array, samples: Array, kind: str, level: float, accelerate: Array | None) -> Spread:
    """Return the spread of rows some of whose members are undefined, each over the members that it has."""
    parts = []
    for k, row in enumerate(samples):
        own = row[np.isfinite(row)]
        if own.size < 2:
            parts.append(Spread(*(np.array([np.nan]),) * 4, np.array([False])))
        else:
            a = None if accelerate is None else accelerate[k : k + 1]
            parts.append(spread(est[k : k + 1], own[None], kind, level, a))
    if not parts:
        return Spread(*(np.empty(0),) * 4, np.empty(0, dtype=bool))
    return Spread(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _quantile(ordered: Array, levels: Array) -> Array:
    """Return quantiles of sorted rows by linear interpolation, a level for each row."""
    B = ordered.shape[1]
    at = np.clip(np.nan_to_num(levels, nan=0.5), 0.0, 1.0) * (B - 1)
    below = np.floor(at).astype(int)
    row = np.arange(len(ordered))
    low, high = ordered[row, below], ordered[row, np.minimum(below + 1, B - 1)]
    out: Array = low + (at - below) * (high - low)
    return out


def _corrected(est: Array, ordered: Array, tail: Array, accelerate: Array | None) -> Array:
    """Return BCa levels (2, rows)."""
    B = ordered.shape[1]
    below = (ordered < est[:, None]).sum(axis=1) + 0.5 * (ordered == est[:, None]).sum(axis=1)
    z0 = ndtri(np.clip(below / B, 0.5 / B, 1 - 0.5 / B))
    a = np.zeros(len(est)) if accelerate is None else np.nan_to_num(accelerate)
    shifted = z0 + ndtri(tail)[:, None]
    out: Array = ndtr(z0 + shifted / (1.0 - a * shifted))
    return out


def acceleration(jackknifed: Array) -> Array:
    """Return sum d^3 / (6 (sum d^2)^1.5) of the jackknife's deviations d (rows, units) (Efron 1987)."""
    d = np.nanmean(jackknifed, axis=1, keepdims=True) - jackknifed
    with np.errstate(all="ignore"):
        out: Array = np.nansum(d**3, axis=1) / (6.0 * np.nansum(d**2, axis=1) ** 1.5)
    return out
