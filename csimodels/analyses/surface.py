"""Response surface: the outcome as a curved surface over expectation and perception, instead of a function of their difference."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from csimodels.analyses.gap_tests import shares
from csimodels.analyses.quadratic import (
    axes_table,
    coefficients_table,
    fit_surface,
    models_table,
    stationary_table,
    surface_table,
)
from csimodels.analyses.regressing import repeated
from csimodels.analyses.surface_inputs import Asked, Sample, asked_columns, read_sample
from csimodels.checks import level as checked_level
from csimodels.errors import CSIWarning, OptionError
from csimodels.presented import Presented
from csimodels.resampled import check_resampling

__all__ = ["ResponseSurface", "response_surface"]

COVARIANCES = ("nonrobust", "HC3")
APART, FEW = 0.5, 0.1
ASSUMPTIONS = (
    "Expectation and perception are asked on one scale and mean the same there; both are centred on its midpoint, not on their means, so "
    "that P = E and P = -E are lines on the scale.",
    "The surface is quadratic. It is read only where customers are: a stationary point or an axis beyond the answers is extrapolation.",
    "Answers are taken as free of error. Errors flatten the surface, its curvature most of all.",
    "Coefficients are associations among the customers of one moment. They are effects only if nothing that is left out drives both the "
    "answers and the outcome.",
    "a1 to a5 are tested one by one, without correction for their number.",
)


@dataclass(frozen=True, eq=False, repr=False)
class ResponseSurface(Presented):
    """Present a quadratic regression of an outcome on expectation and perception.

    Made by :func:`response_surface`.

    Attributes
    ----------
    coefficients : DataFrame
        One row a coefficient (const, p, e, p2, pe, e2, controls), p and e less the midpoint: name, est, se, t, df, pvalue, ci_lower,
        ci_upper.
    surface : DataFrame
        a1 to a5: name, est, se, t, df, pvalue, ci_lower, ci_upper, meaning.
    models : DataFrame
        Rival models nested in the surface: model, coefficients, r2, r2_adj, aic, f, df_num, df_den, pvalue (of the restriction).
    stationary : DataFrame
        One row, where the surface is flat: e, p (less the midpoint), expectation, perception (as answers), kind (maximum, minimum,
        saddle), on_scale.
    geometry : DataFrame
        Stationary point (e, p) and principal axes p = intercept + slope e with percentile limits: name, est, ci_lower, ci_upper,
        resamples, undefined.
    agreement : DataFrame
        Respondents whose standardised perception is below, near (within half a standard deviation) and above their standardised
        expectation: zone, n, share, ci_lower, ci_upper.
    scale : tuple of float
        Lowest and highest answer of expectation and perception.
    places : tuple of (float, float, int)
        Pairs of answers, expectation and perception, and how many respondents gave them.
    outcome, expectation, perception : tuple of str
        Columns.
    n, left_out, n_boot : int
        Complete rows, rows left out, bootstrap draws.
    cov_type : str
        Kind of errors.
    level : float
        Coverage of the intervals.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Response surface of expectation and perception"
    titles: ClassVar[dict[str, str]] = {
        "coefficients": "Coefficients, expectation and perception less the midpoint of the scale",
        "surface": "The surface along P = E and P = -E",
        "models": "Simpler models, tested against the surface",
        "stationary": "Stationary point",
        "geometry": "Stationary point and principal axes, percentile limits",
        "agreement": "Do expectation and perception differ at all? (half a standard deviation)",
    }
    picture: ClassVar[str] = "surface"

    coefficients: pd.DataFrame
    surface: pd.DataFrame
    models: pd.DataFrame
    stationary: pd.DataFrame
    geometry: pd.DataFrame
    agreement: pd.DataFrame
    scale: tuple[float, float]
    places: tuple[tuple[float, float, int], ...]
    outcome: tuple[str, ...]
    expectation: tuple[str, ...]
    perception: tuple[str, ...]
    n: int
    left_out: int
    n_boot: int
    cov_type: str
    level: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()

    def predict(self, expectation: Any, perception: Any) -> np.ndarray:
        """Return the outcome that the surface expects at some answers, controls at their means.

        Parameters
        ----------
        expectation, perception : array_like
            Answers on the scale, of shapes that broadcast.

        Returns
        -------
        array
            Expected outcomes.

        Examples
        --------
        >>> import csimodels as csi
        >>> survey = csi.load_acsi_demo()
        >>> columns = {"expectation": "expect_overall", "perception": "qual_overall"}
        >>> found = csi.response_surface(survey, "sat_overall", **columns, scale=(1, 10), n_boot=200)
        >>> found.predict(5.5, [5.5, 6.5]).round(2).tolist()
        [5.89, 6.41]
        """
        const, b_p, b_e, b_p2, b_pe, b_e2 = self.coefficients["est"].to_numpy()[:6]
        middle = sum(self.scale) / 2
        e, p = np.asarray(expectation, dtype=float) - middle, np.asarray(perception, dtype=float) - middle
        return np.asarray(const + b_p * p + b_e * e + b_p2 * p**2 + b_pe * p * e + b_e2 * e**2)


def response_surface(
    data: Any,
    outcome: str | Sequence[str],
    *,
    expectation: str | Sequence[str],
    perception: str | Sequence[str],
    scale: Any,
    controls: Sequence[str] = (),
    na_values: Any = None,
    cov_type: str = "nonrobust",
    level: float = 0.95,
    n_boot: int = 2000,
    seed: int = 1,
) -> ResponseSurface:
    """Fit an outcome as a quadratic surface over expectation and perception.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        One row a customer. Never changed.
    outcome : str or sequence of str
        Column, or columns to be averaged, to explain, e.g. overall satisfaction.
    expectation, perception : str or sequence of str
        Column, or columns to be averaged, on one scale.
    scale : tuple, or mapping of "expectation" and "perception" to tuples
        (lowest, highest) possible answer, the same for both; its midpoint is the centre of the surface.
    controls : sequence of str, optional
        Numeric columns to adjust for; they are centred on their means.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    cov_type : {"nonrobust", "HC3"}
        Kind of standard errors.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    n_boot : int, default 2000
        Bootstrap draws of the stationary point and the axes.
    seed : int
        Of the draws.

    Returns
    -------
    ResponseSurface
        Tables ``coefficients``, ``surface``, ``models``, ``stationary``, ``geometry`` and ``agreement``.

    Raises
    ------
    OptionError
        ``surface.column_twice``; ``option.cov_type``, ``option.level``, ``option.n_boot``, ``option.seed``, ``option.scale``.
    DataError
        Columns that cannot be read; ``analysis.too_few_rows`` (fewer than 50 complete ones); ``surface.collinear``, ``surface.exact``,
        ``surface.one_row_decides``.
    ScaleError
        ``surface.no_scale``, ``surface.scales_differ``; answers beyond the scale.

    Warns
    -----
    DataWarning
        Rows left out because an answer is missing.
    CSIWarning
        Fewer than 10 % of the respondents with a perception above, or below, their expectation.

    Notes
    -----
    y = b0 + b1 P + b2 E + b3 P^2 + b4 PE + b5 E^2, both less the midpoint (Edwards & Parry 1993, doi:10.2307/256822; Edwards 2002).
    a1 = b1 + b2 and a2 = b3 + b4 + b5 are slope and curvature along P = E, a3 = b1 - b2 and a4 = b3 - b4 + b5 those along P = -E in the
    direction in which perception exceeds expectation more and more; a5 = b3 - b5 (Humberg, Nestler & Back 2019,
    doi:10.1177/1948550618757600). The difference P - E is the plane b1 = -b2 without curvature; its square is b1 = b2 = 0, b3 = b5,
    b4 = -2 b3. Disconfirmation needs a3 > 0; assimilation to expectations shows as b2 > 0, contrast as b2 < 0 (Brown, Venkatesh & Goyal
    2014, doi:10.25300/MISQ/2014/38.3.05). Zones of agreement: Shanock et al. (2010, doi:10.1007/s10869-010-9183-4).

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.load_acsi_demo()
    >>> columns = {"expectation": "expect_overall", "perception": "qual_overall"}
    >>> found = csi.response_surface(survey, "sat_overall", **columns, scale=(1, 10), n_boot=200)
    >>> found.surface[["name", "est", "se"]].round(3).head(4)
      name    est     se
    0   a1  0.675  0.031
    1   a2  0.008  0.008
    2   a3  0.332  0.032
    3   a4  0.015  0.013
    """
    _check_options(cov_type, level, n_boot, seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asked = asked_columns(outcome, expectation, perception, scale, controls)
        sample = _centred(read_sample(data, asked, na_values))
        tables = _tables(sample, asked, cov_type, level, n_boot, seed)
    columns = {part: getattr(asked, part) for part in ("outcome", "expectation", "perception", "scale")}
    facts: dict[str, Any] = {"n": len(sample.y), "left_out": sample.left_out, "n_boot": n_boot, "cov_type": cov_type, "level": level}
    return ResponseSurface(**tables, **columns, **facts, places=_places(sample, asked), warnings=repeated(caught))


def _check_options(cov_type: Any, level: Any, n_boot: Any, seed: Any) -> None:
    """Check everything but the columns."""
    if cov_type not in COVARIANCES:
        hint = f"Use one of {COVARIANCES}."
        raise OptionError("option.cov_type", f"cov_type is {cov_type!r}.", variable="cov_type", value=cov_type, hint=hint)
    checked_level(level)
    check_resampling(n_boot, seed)


def _centred(sample: Sample) -> Sample:
    """Return the sample with controls less their means, so that the constant is the outcome at the midpoint of an average customer."""
    return sample._replace(controls=sample.controls - sample.controls.mean(axis=0))


def _tables(sample: Sample, asked: Asked, cov_type: str, level: float, n_boot: int, seed: int) -> dict[str, Any]:
    """Return tables by the name of their field."""
    found = fit_surface(sample, cov_type)
    return {
        "coefficients": coefficients_table(found, level),
        "surface": surface_table(found, level),
        "models": models_table(found),
        "stationary": stationary_table(found, asked),
        "geometry": axes_table(found, level, n_boot, seed),
        "agreement": _agreement(sample, level),
    }


def _agreement(sample: Sample, level: float) -> pd.DataFrame:
    """Count respondents whose standardised answers differ by more than half a standard deviation."""
    z = [(side - side.mean()) / side.std(ddof=1) for side in (sample.e, sample.p)]
    apart = z[1] - z[0]
    counts = {"perception below": int((apart < -APART).sum()), "near": 0, "perception above": int((apart > APART).sum())}
    counts["near"] = len(apart) - sum(counts.values())
    for zone in ("perception below", "perception above"):
        if counts[zone] < FEW * len(apart):
            share = f"{counts[zone]} of {len(apart)} respondents ({100 * counts[zone] / len(apart):.1f} %)"
            warnings.warn(f"Only {share} have their {zone} expectation: the surface rests on few there.", CSIWarning, stacklevel=2)
    return shares(counts, level, "zone")


def _places(sample: Sample, asked: Asked) -> tuple[tuple[float, float, int], ...]:
    """Return each pair of answers with the number of those who gave it."""
    pairs, counts = np.unique(np.column_stack([sample.e, sample.p]).round(6) + asked.midpoint, axis=0, return_counts=True)
    return tuple((float(e), float(p), int(n)) for (e, p), n in zip(pairs, counts, strict=True))
