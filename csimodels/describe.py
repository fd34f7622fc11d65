"""Describe survey items: location, spread, shape, floors and ceilings, and multivariate normality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from csimodels.adapt import adapted
from csimodels.catalog import as_spec
from csimodels.spec import Indicator, ModelSpec
from csimodels.survey import read_given

__all__ = ["describe_items", "mardia"]

Array = NDArray[np.float64]
CHUNK = 2_000_000
MARDIA = (
    "skewness",
    "skewness_chisq",
    "skewness_df",
    "skewness_pvalue",
    "kurtosis",
    "kurtosis_z",
    "kurtosis_pvalue",
)


def describe_items(
    model: ModelSpec | str,
    data: Any,
    *,
    columns: Mapping[str, str] | None = None,
    items: Mapping[str, Sequence[str | Indicator]] | None = None,
    without: Sequence[str] = (),
    scale: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None,
    na_values: Sequence[float] | Mapping[str, Sequence[float]] | None = None,
) -> pd.DataFrame:
    """Describe the answers to every item of a model.

    Parameters
    ----------
    model : ModelSpec or str
        A spec, a name that ``models()`` lists, or the path of a TOML file.
    data : pandas, polars or pyarrow frame, mapping of arrays, or array (n, p)
        Survey answers, one row a respondent. Never changed.
    columns, items, without, scale, na_values
        Fit the model to the survey, as in :func:`csimodels.fit`.

    Returns
    -------
    DataFrame
        Indexed by item: ``construct``, ``n`` answers, ``mean``, ``sd`` (n - 1), ``skew`` and ``kurtosis`` (G1 and G2,
        zero for a normal variable), ``pct_missing``, ``floor`` and ``ceiling`` (% of answers at the ends of the
        theoretical scale), ``min``, ``max``, ``scale_lo`` and ``scale_hi``. Answers are as given: reverse items are
        not recoded.
        ``attrs["mardia"]`` holds Mardia's multivariate skewness and kurtosis of the complete rows with their tests, NaN
        where the covariance matrix is singular.

    Raises
    ------
    CSIError
        Bad input, as in :func:`csimodels.fit`.

    References
    ----------
    Joanes & Gill 1998, doi:10.1111/1467-9884.00122; Mardia 1970, doi:10.1093/biomet/57.3.519.

    Examples
    --------
    >>> import csimodels as csi
    >>> table = csi.describe_items("acsi_1996", csi.load_acsi_demo())
    >>> table.loc["complaint", ["floor", "ceiling"]].astype(float).round(1).tolist()
    [84.3, 15.7]
    """
    spec = adapted(as_spec(model), without, items, columns, scale)
    values = read_given(data, spec, na_values).values
    owner = {item: c.name for c in spec.constructs for item in c.items}
    table = pd.DataFrame([_described(i, values[:, k]) for k, i in enumerate(spec.indicators)])
    table.insert(0, "construct", [owner.get(item, "") for item in spec.items])
    table.index = pd.Index(spec.items, name="item")
    table.attrs["mardia"] = mardia(values[~np.isnan(values).any(axis=1)])
    return table


def _described(item: Indicator, values: Array) -> dict[str, float]:
    x = values[~np.isnan(values)]
    lo, hi = item.scale or (np.nan, np.nan)
    skew, kurtosis = _shape(x)
    return {
        "n": len(x),
        "mean": x.mean(),
        "sd": x.std(ddof=1),
        "skew": skew,
        "kurtosis": kurtosis,
        "pct_missing": 100 * (1 - len(x) / len(values)),
        "floor": 100 * (x == lo).mean() if item.scale else np.nan,
        "ceiling": 100 * (x == hi).mean() if item.scale else np.nan,
        "min": x.min(),
        "max": x.max(),
        "scale_lo": lo,
        "scale_hi": hi,
    }


def _shape(x: Array) -> tuple[float, float]:
    """Return G1 and G2, the unbiased cumulant ratios of SAS, SPSS and pandas; NaN under three and four answers."""
    n, d = len(x), x - x.mean()
    m2, m3, m4 = (float((d**power).mean()) for power in (2, 3, 4))
    g1, g2 = m3 / m2**1.5, m4 / m2**2 - 3
    skew = g1 * np.sqrt(n * (n - 1)) / (n - 2) if n > 2 else np.nan
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6) if n > 3 else np.nan
    return skew, kurtosis


def mardia(rows: Array) -> dict[str, float]:
    """Return Mardia's multivariate skewness and kurtosis with their tests, covariances with divisor n.

    Parameters
    ----------
    rows : array (n, p)
        Complete rows.
    """
    n, p = rows.shape
    white = _whitened(rows)
    if white is None:
        return {"n": n, "p": p} | dict.fromkeys(MARDIA, float("nan"))
    skewness = float((_third_moments(white) ** 2).sum())
    kurtosis = float(((white**2).sum(axis=1) ** 2).mean())
    chisq, df = n * skewness / 6, p * (p + 1) * (p + 2) // 6
    z = (kurtosis - p * (p + 2)) / float(np.sqrt(8 * p * (p + 2) / n))
    values = (skewness, chisq, df, float(chdtrc(df, chisq)), kurtosis, z, float(2 * ndtr(-abs(z))))
    return {"n": n, "p": p} | dict(zip(MARDIA, values, strict=True))


def _whitened(rows: Array) -> Array | None:
    """Return centred rows with unit covariances, or None where their covariance matrix is singular."""
    n, p = rows.shape
    if n <= p:
        return None
    centred = rows - rows.mean(axis=0)
    sd = centred.std(axis=0)
    if not (sd > 0).all():
        return None
    values, vectors = np.linalg.eigh(centred.T @ centred / n / np.outer(sd, sd))
    if values[0] < 1e-10 * values[-1]:
        return None
    return np.asarray((centred / sd) @ (vectors / np.sqrt(values)))


def _third_moments(white: Array) -> Array:
    """Return the mean of w_a w_b w_c, shape (p, p, p), whose squares sum to the mean of (w_i' w_j)^3 over all pairs."""
    n, p = white.shape
    total: Array = np.zeros((p * p, p))
    step = max(1, CHUNK // (p * p))
    for first in range(0, n, step):
        part = white[first : first + step]
        total += (part[:, :, None] * part[:, None, :]).reshape(len(part), p * p).T @ part
    return np.asarray(total / n)
