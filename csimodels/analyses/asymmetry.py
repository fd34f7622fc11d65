"""Asymmetric disconfirmation: whether an expectation that is missed costs more than one exceeded by as much gains."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from csimodels.analyses.asymmetry_inputs import Asked, Sample, asked_columns, read_sample
from csimodels.analyses.gap_zones import band_table, zone_table
from csimodels.analyses.kinked_slopes import ROBUST, Kinked, fit_kinked, fit_table, lines_of, ratio_table, slopes_table, wald_table
from csimodels.analyses.prospect_value import prospect_fit, prospect_line, prospect_table, require_different_gaps
from csimodels.analyses.reading import Scale
from csimodels.analyses.regressing import Curve, repeated
from csimodels.checks import level as checked_level
from csimodels.errors import OptionError
from csimodels.presented import Presented
from csimodels.resampled import check_resampling

__all__ = ["Asymmetry", "asymmetric_disconfirmation"]

COVARIANCES = ("nonrobust", ROBUST)
POINTS = 101
ASSUMPTIONS = (
    "The kink is at zero, where expectations are just met; it is not looked for in the data. Within gains and within losses the outcome "
    "is taken as a straight line: a smooth curve can look like two slopes.",
    "Slopes are associations among the customers of one moment. They are effects only if the gap leads to the outcome and nothing that is "
    "left out drives both.",
    "Rows are independent; errors are equally large at every gap unless cov_type is HC3.",
    "Answers pile up at the ends of a scale: where the outcome can rise no further, gains look weaker than they are.",
)
DIFFERENCE = (
    "The gap is a difference score: less reliable than its parts where these correlate, pressed together near the ends of the scale, and "
    "related to the outcome also because perception is (Peter, Churchill & Brown 1993). Unreliable gaps flatten both slopes."
)
DIRECT = "The neutral point is the answer at which expectations were just met; another neutral point gives other slopes and another ratio."
PROSPECT = (
    "lambda of the value function is the weight of a loss of one unit of the gap over that of an equal gain; with unequal exponents it "
    "depends on that unit. Exponents of few different gaps are poorly determined."
)


@dataclass(frozen=True, eq=False, repr=False)
class Asymmetry(Presented):
    """Present the slopes of an outcome on gains and on losses.

    Made by :func:`asymmetric_disconfirmation`. A gain is a gap above zero, a loss the size of a gap below zero.

    Attributes
    ----------
    slopes : DataFrame
        One row a coefficient (const, gain, loss, controls): name, est, se, t, df, pvalue, ci_lower, ci_upper. That of loss is expected to
        be negative.
    ratio : DataFrame
        Loss aversion lambda = -b_loss / b_gain, that is ``|b_loss| / b_gain`` where losses lower the outcome, by three methods (delta,
        percentile, Fieller): method, est, se, ci_lower, ci_upper, region, resamples, undefined. region says where lambda lies: "between"
        the limits, "outside" of them, or "everything" is possible. undefined are the resamples without a positive slope of gains, or
        without a solution; percentiles leave them out.
    wald : DataFrame
        One row, the test of b_loss = -b_gain, that is lambda = 1: hypothesis, est (b_gain + b_loss; negative where losses weigh more),
        se, t, df, pvalue, ci_lower, ci_upper.
    fit : DataFrame
        Models symmetric (one line), piecewise (two slopes) and, if asked for, prospect: model, coefficients, r2, r2_adj, aic, against, f,
        df_num, df_den, pvalue.
    zones : DataFrame
        Respondents with a loss, neither, a gain: zone, n, share, ci_lower, ci_upper (of the share), mean_outcome, outcome_ci_lower,
        outcome_ci_upper.
    bands : DataFrame
        The outcome by bands of the gap, adjusted for controls: gap (mean), lowest, highest, n, mean_outcome, ci_lower, ci_upper.
    prospect : DataFrame
        With ``prospect=True`` the value function: name (gain exponent, loss exponent, lambda, gain slope at 1), est, se, ci_lower,
        ci_upper, resamples, undefined. Empty otherwise.
    lines : dict of str to Curve
        Lines to draw, controls at their means (losses, gains, symmetric, prospect): x, est, ci_lower, ci_upper.
    n, left_out, n_boot : int
        Complete rows, rows left out, bootstrap draws.
    cov_type : str
        Kind of errors.
    level : float
        Coverage of the intervals.
    outcome, expectation, perception, disconfirmation : tuple of str
        Columns.
    neutral : float
        What was subtracted from a direct measure; 0 for perception less expectation.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Asymmetric disconfirmation: losses against gains"
    titles: ClassVar[dict[str, str]] = {
        "slopes": "Slopes of gains and losses",
        "ratio": "Loss aversion: ratio of the slopes, -b_loss / b_gain",
        "wald": "Do a gain and an equal loss weigh the same? (lambda = 1)",
        "fit": "Two slopes against one line",
        "zones": "Expectations missed (loss), met (neutral) and exceeded (gain)",
        "bands": "Outcome by gap",
        "prospect": "Value function of prospect theory",
    }
    picture: ClassVar[str] = "asymmetry"

    slopes: pd.DataFrame
    ratio: pd.DataFrame
    wald: pd.DataFrame
    fit: pd.DataFrame
    zones: pd.DataFrame
    bands: pd.DataFrame
    prospect: pd.DataFrame
    lines: dict[str, Curve]
    n: int
    left_out: int
    n_boot: int
    cov_type: str
    level: float
    outcome: tuple[str, ...]
    expectation: tuple[str, ...]
    perception: tuple[str, ...]
    disconfirmation: tuple[str, ...]
    neutral: float
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def asymmetric_disconfirmation(
    data: Any,
    outcome: str | Sequence[str],
    *,
    expectation: str | Sequence[str] | None = None,
    perception: str | Sequence[str] | None = None,
    disconfirmation: str | Sequence[str] | None = None,
    neutral: float | None = None,
    scale: Scale | None = None,
    controls: Sequence[str] = (),
    na_values: Any = None,
    cov_type: str = "nonrobust",
    level: float = 0.95,
    n_boot: int = 2000,
    seed: int = 1,
    prospect: bool = False,
) -> Asymmetry:
    """Compare what missed expectations cost with what exceeded ones gain.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        One row a customer. Never changed.
    outcome : str or sequence of str
        Column, or columns to be averaged, that gains and losses are to explain, e.g. overall satisfaction.
    expectation, perception : str or sequence of str, optional
        Columns on one scale; the gap is the mean perception less the mean expectation.
    disconfirmation : str or sequence of str, optional
        Instead of these a direct measure, such as answers from "much worse" to "much better than expected"; several are averaged.
    neutral : float, optional
        Answer of the direct measure at which expectations are just met; by default the midpoint of the scale.
    scale : tuple, optional
        (lowest, highest) possible answer of the columns that make the gap.
    controls : sequence of str, optional
        Numeric columns to adjust for, as they are.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    cov_type : {"nonrobust", "HC3"}
        Kind of standard errors (HC3: Long & Ervin 2000, doi:10.1080/00031305.2000.10474549).
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    n_boot : int, default 2000
        Bootstrap draws of the ratio. The value function is refitted to at most 200 draws, because each refit is a search of its own.
    seed : int
        Of the draws.
    prospect : bool, default False
        Whether to fit the value function of prospect theory as well.

    Returns
    -------
    Asymmetry
        Tables ``slopes``, ``ratio``, ``wald``, ``fit``, ``zones``, ``bands`` and ``prospect``.

    Raises
    ------
    OptionError
        ``asymmetry.no_gap``, ``asymmetry.two_gaps``, ``asymmetry.half_a_gap`` (what makes the gap); ``asymmetry.column_twice``;
        ``asymmetry.no_neutral``, ``asymmetry.neutral_without_measure``, ``option.neutral``; ``option.cov_type``, ``option.level``,
        ``option.n_boot``, ``option.seed``, ``option.prospect``.
    DataError
        Columns that cannot be read; ``analysis.too_few_rows`` (fewer than 30 complete ones); ``asymmetry.one_sided`` (nobody has gains,
        or losses); ``asymmetry.collinear``; ``asymmetry.exact``; ``asymmetry.one_row_decides``; ``asymmetry.no_exponent``.
    ScaleError
        Answers beyond the scale.

    Warns
    -----
    DataWarning
        Rows left out because an answer is missing.
    CSIWarning
        A side with fewer than 10 % of the respondents; a slope of gains that is not positive (the ratio is undefined) or of losses that
        is not negative; a ratio that many resamples leave undefined; an exponent at a limit of the search.

    Notes
    -----
    With the gap G, OLS of the outcome on gain = max(G, 0) and loss = max(-G, 0) (Anderson & Sullivan 1993, doi:10.1287/mksc.12.2.125;
    Mittal, Ross & Baldasare 1998, doi:10.1177/002224299806200104). One line, b_loss = -b_gain, is nested in it. Limits of the ratio:
    delta method, percentiles of resampled rows, and Fieller (1954, doi:10.1111/j.2517-6161.1954.tb00159.x), which alone stays right when
    the slope of gains is weak. Value function (Tversky & Kahneman 1992, doi:10.1007/BF00122574): v(G) = G^a for gains and
    -lambda (-G)^b for losses, in y = c + s v(G) + controls with a and b between 0.05 and 5, by nonlinear least squares; a = b = 1 is
    the piecewise line.

    Examples
    --------
    >>> import csimodels as csi
    >>> from csimodels.analyses.asymmetry import asymmetric_disconfirmation
    >>> survey = csi.load_acsi_demo()
    >>> columns = {"expectation": "expect_overall", "perception": "qual_overall"}
    >>> found = asymmetric_disconfirmation(survey, "sat_overall", **columns, scale=(1, 10), n_boot=200)
    >>> found.slopes[["name", "est"]].round(2).to_dict("list")
    {'name': ['const', 'gain', 'loss'], 'est': [7.49, 0.09, -0.31]}
    >>> found.ratio[["method", "est", "ci_lower", "ci_upper"]].round(2)
           method   est  ci_lower  ci_upper
    0       delta  3.65      1.66      5.64
    1  percentile  3.65      2.51      6.65
    2     Fieller  3.65      2.28      7.35
    """
    _check_options(cov_type, level, n_boot, seed, prospect)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asked = asked_columns(outcome, expectation, perception, disconfirmation, neutral, scale, controls)
        sample = read_sample(data, asked, na_values)
        if prospect:
            require_different_gaps(sample)
        tables = _analysed(sample, cov_type, level, n_boot, seed)
        if prospect:
            tables |= _with_prospect(sample, tables, level, n_boot, seed)
    facts: dict[str, Any] = {"n_boot": n_boot, "cov_type": cov_type, "level": level, "left_out": sample.left_out}
    columns = {part: getattr(asked, part) for part in ("outcome", "expectation", "perception", "disconfirmation", "neutral")}
    assumed = _assumptions(asked, prospect)
    return Asymmetry(**tables, **facts, **columns, n=len(sample.y), assumptions=assumed, warnings=repeated(caught))


def _check_options(cov_type: Any, level: Any, n_boot: Any, seed: Any, prospect: Any) -> None:
    """Check everything but the columns."""
    if cov_type not in COVARIANCES:
        hint = f"Use one of {COVARIANCES}."
        raise OptionError("option.cov_type", f"cov_type is {cov_type!r}.", variable="cov_type", value=cov_type, hint=hint)
    checked_level(level)
    check_resampling(n_boot, seed)
    if not isinstance(prospect, bool):
        text = f"prospect is {prospect!r}."
        raise OptionError("option.prospect", text, variable="prospect", value=prospect, hint="Use True or False.")


def _analysed(sample: Sample, cov_type: str, level: float, n_boot: int, seed: int) -> dict[str, Any]:
    """Return tables and lines by the name of their field."""
    kinked = fit_kinked(sample, cov_type)
    return {
        "slopes": slopes_table(kinked, level),
        "ratio": ratio_table(kinked, level, n_boot, seed),
        "wald": wald_table(kinked, level),
        "fit": fit_table(kinked),
        "zones": zone_table(sample.gap, sample.y, level),
        "bands": band_table(sample.gap, _adjusted(kinked), level),
        "prospect": pd.DataFrame(),
        "lines": lines_of(kinked, level),
    }


def _adjusted(kinked: Kinked) -> np.ndarray:
    """Return the outcome as it would be if every control were at its mean."""
    controls = kinked.sample.controls
    return np.asarray(kinked.sample.y - (controls - controls.mean(axis=0)) @ kinked.fit.params[3:])


def _with_prospect(sample: Sample, tables: dict[str, Any], level: float, n_boot: int, seed: int) -> dict[str, Any]:
    """Return the table of the value function, and what it adds to the fits and the lines."""
    table, found = prospect_table(sample, level, n_boot, seed)
    fits = pd.concat([tables["fit"], pd.DataFrame([prospect_fit(found)])], ignore_index=True)
    x = np.linspace(sample.gap.min(), sample.gap.max(), POINTS)
    return {"prospect": table, "fit": fits, "lines": tables["lines"] | {"prospect": prospect_line(found, sample, x)}}


def _assumptions(asked: Asked, prospect: bool) -> tuple[str, ...]:
    """Return what the tables shown rest on."""
    return (*ASSUMPTIONS, DIRECT if asked.disconfirmation else DIFFERENCE, *((PROSPECT,) if prospect else ()))
