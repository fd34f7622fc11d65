"""How expectations follow experience: expectations of a wave on those of the wave before and on what was perceived then."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from csimodels.analyses.adaptive import adaptation_table, coefficients_table, fit_dynamics, line_of, models_table, places_of
from csimodels.analyses.gap_inputs import common_scale, read_blocks
from csimodels.analyses.reading import complete, listed
from csimodels.analyses.regressing import Curve, repeated, require_distinct
from csimodels.analyses.transitions import cells_of, reliability_of, transitions_of
from csimodels.analyses.waves import wave_order
from csimodels.checks import level as checked_level
from csimodels.codes import read_labels
from csimodels.errors import CSIWarning, OptionError
from csimodels.presented import Presented

__all__ = ["ExpectationDynamics", "expectation_dynamics"]

LEAST_PANEL, LEAST_COHORT, UNRELIABLE = 30, 6, 0.8
ASSUMPTIONS = (
    "Expectations are asked before, or apart from, the experience of the same wave; perceptions of the wave before are earlier in time.",
    "What drives both expectations and perceptions for long, such as a customer's mildness, looks like memory. Unit effects take it out, "
    "but bias the coefficient of memory downwards where waves are few (Nickell 1981, doi:10.2307/1911408).",
    "Adaptive expectations close the share lambda of the gap from one wave to the next, the same share for all and from either side.",
    "Waves are one unit of time apart, however long that is.",
)
PANEL = (
    "Customers who drop out between waves are like those who stay, given what they expected and perceived. Errors are clustered by unit."
)
COHORT = (
    "Cohort means stand for their customers: cohorts keep their members, and means of few respondents carry sampling error, which pulls "
    "coefficients towards zero by about the reliability shown."
)


@dataclass(frozen=True, eq=False, repr=False)
class ExpectationDynamics(Presented):
    """Present how expectations follow experience.

    Made by :func:`expectation_dynamics`.

    Attributes
    ----------
    coefficients : DataFrame
        expectation before, perception before, const, wave effects: name, est, se, t, pvalue, ci_lower, ci_upper.
    adaptation : DataFrame
        One row, lambda: name, est, se, t, pvalue, ci_lower, ci_upper, half_life (waves; NaN unless lambda is between 0 and 1).
    models : DataFrame
        Rival models: model, r2, aic, f, df_num, df_den, pvalue (Wald test of the restriction in the full model).
    levels : DataFrame
        Means by wave: the wave, n, expectation, perception, gap (perception less expectation).
    reliability : DataFrame
        Of cohort means: name, variance, sampling_variance, reliability. Empty for panels.
    places : tuple of (float, float, float)
        Points to draw: gap before, change of expectation, weight.
    line : Curve
        Change of expectation over the gap before: x, est, ci_lower, ci_upper.
    n, units, transitions, left_out : int
        Rows used, units (customers or cohorts), pairs of consecutive waves, rows left out.
    kind : str
        "panel" or "cohort".
    cov_type : str
        "cluster" or "HC3".
    level : float
        Coverage of the intervals.
    order : tuple
        Waves in time.
    assumptions, warnings : tuple of str
        What the analysis rests on, and what was said.
    """

    headline: ClassVar[str] = "Expectation dynamics: how expectations follow experience"
    titles: ClassVar[dict[str, str]] = {
        "coefficients": "Expectation now on expectation and perception in the wave before",
        "adaptation": "Share of the gap that expectations close from wave to wave",
        "models": "Simpler models, tested against memory and experience",
        "levels": "Means by wave",
        "reliability": "Reliability of cohort means",
    }
    picture: ClassVar[str] = "dynamics"

    coefficients: pd.DataFrame
    adaptation: pd.DataFrame
    models: pd.DataFrame
    levels: pd.DataFrame
    reliability: pd.DataFrame
    places: tuple[tuple[float, float, float], ...]
    line: Curve
    n: int
    units: int
    transitions: int
    left_out: int
    kind: str
    cov_type: str
    level: float
    order: tuple[Any, ...]
    assumptions: tuple[str, ...] = ASSUMPTIONS
    warnings: tuple[str, ...] = ()


def expectation_dynamics(
    data: Any,
    *,
    expectation: str | Sequence[str],
    perception: str | Sequence[str],
    wave: str = "wave",
    panel: str | None = None,
    cohort: str | None = None,
    scale: Any = None,
    order: Sequence[Any] | None = None,
    wave_effects: bool = True,
    unit_effects: bool = False,
    na_values: Any = None,
    level: float = 0.95,
) -> ExpectationDynamics:
    """Regress expectations on the expectations and perceptions of the wave before.

    Parameters
    ----------
    data : pandas, polars or pyarrow frame, mapping of arrays
        One row a customer and wave. Never changed.
    expectation, perception : str or sequence of str
        Column, or columns to be averaged, on one scale.
    wave : str, default "wave"
        Column of the waves.
    panel : str, optional
        Column that says who answered, where the same customers answered in several waves.
    cohort : str, optional
        Instead, a column of groups, such as firms or birth cohorts, whose means are followed over independent samples.
    scale : tuple, or mapping of "expectations" and "perceptions" to tuples, optional
        (lowest, highest) possible answer, the same for both.
    order : sequence, optional
        Waves from first to last; by default as in :func:`csimodels.tracking`.
    wave_effects : bool, default True
        Whether waves may differ for all units alike.
    unit_effects : bool, default False
        Whether units may differ for good; needs three waves or more.
    na_values : sequence, or mapping of column to sequence, optional
        Codes that mean "don't know".
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    ExpectationDynamics
        Tables ``coefficients``, ``adaptation``, ``models``, ``levels`` and ``reliability``.

    Raises
    ------
    OptionError
        ``dynamics.units`` (panel and cohort, or neither), ``dynamics.column_twice``, ``dynamics.order``, ``dynamics.order_unknown``,
        ``option.unit_effects``, ``option.wave_effects``, ``option.level``.
    DataError
        Columns that cannot be read; ``dynamics.one_wave``, ``dynamics.wave_missing``, ``dynamics.duplicate`` (a unit twice in a wave),
        ``analysis.too_few_rows`` (fewer than 30 transitions of a panel, 6 of cohorts), ``dynamics.collinear``, ``dynamics.exact``,
        ``dynamics.one_row_decides``.
    ScaleError
        Different scales, or answers beyond them.

    Warns
    -----
    DataWarning
        Rows left out; units without two waves running.
    CSIWarning
        Cohort means with a reliability below .8.

    Notes
    -----
    E_t = c + b_E E_t-1 + b_P P_t-1. Adaptive expectations (Nerlove 1958; for satisfaction Johnson, Anderson & Fornell 1995,
    doi:10.1086/209428) are b_E + b_P = 1, that is E_t - E_t-1 = lambda (P_t-1 - E_t-1). Cohorts: Deaton (1985,
    doi:10.1016/0304-4076(85)90134-4), transitions weighted by the respondents of the later wave.

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.load_acsi_demo()
    >>> columns = {"expectation": "expect_overall", "perception": "qual_overall"}
    >>> found = csi.expectation_dynamics(survey, **columns, cohort="firm", scale=(1, 10))
    >>> found.units, found.transitions, found.cov_type
    (5, 15, 'HC3')
    """
    kind, unit = _units(panel, cohort, wave, expectation, perception)
    for option, value in (("wave_effects", wave_effects), ("unit_effects", unit_effects)):
        if not isinstance(value, bool):
            raise OptionError(f"option.{option}", f"{option} is {value!r}.", variable=option, value=value, hint="Use True or False.")
    checked = checked_level(level)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows, names, left_out = _read(
            data, listed("expectation", expectation), listed("perception", perception), scale, na_values, unit, wave, order
        )
        tables, facts = _analysed(rows, names, kind, wave, wave_effects, unit_effects, checked)
    facts |= {"n": len(rows), "left_out": left_out, "kind": kind, "level": checked, "order": tuple(names)}
    assumed = (*ASSUMPTIONS, PANEL if kind == "panel" else COHORT)
    return ExpectationDynamics(**tables, **facts, assumptions=assumed, warnings=repeated(caught))


def _units(panel: Any, cohort: Any, wave: Any, expectation: Any, perception: Any) -> tuple[str, str]:
    """Return what is followed, customers or cohorts, and the column that names them."""
    given = {kind: name for kind, name in (("panel", panel), ("cohort", cohort)) if name is not None}
    if len(given) != 1:
        text = "Both panel= and cohort= are given." if given else "Nothing says whose expectations are followed."
        hint = "Say panel= for customers who answered several times, or cohort= for groups of different customers."
        raise OptionError("dynamics.units", text, variable="panel", value=tuple(given), hint=hint)
    kind, unit = next(iter(given.items()))
    parts = (("expectation", listed("expectation", expectation)), ("perception", listed("perception", perception)))
    require_distinct("dynamics.column_twice", (*parts, (kind, listed(kind, unit)), ("wave", listed("wave", wave))))
    return kind, str(unit)


def _read(
    data: Any, e: tuple[str, ...], p: tuple[str, ...], scale: Any, na_values: Any, unit: str, wave: str, order: Any
) -> tuple[pd.DataFrame, list[Any], int]:
    """Return complete rows as unit, wave (its number), expectation and perception; names of the waves; rows left out."""
    names = wave_order(read_labels(data, wave), order, "dynamics")
    columns = read_blocks(data, {"expectation and perception": ((*e, *p), common_scale(scale))}, na_values)
    labels = read_labels(data, unit)
    unknown = labels.isna().to_numpy()
    columns = columns._replace(values=np.where(unknown[:, None], np.nan, columns.values))
    values, usable = complete(columns, 1, "the dynamics of expectations")
    place = read_labels(data, wave).map({w: k for k, w in enumerate(names)}).to_numpy(dtype=int)
    left, right = values[:, : len(e)].mean(axis=1), values[:, len(e) :].mean(axis=1)
    rows = {"unit": labels[usable].to_numpy(), "wave": place[usable], "expectation": left, "perception": right}
    return pd.DataFrame(rows), names, int((~usable).sum())


def _analysed(
    rows: pd.DataFrame, names: list[Any], kind: str, wave: str, wave_effects: bool, unit_effects: bool, level: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return tables, and what else there is to say."""
    panel = kind == "panel"
    cells = rows if panel else cells_of(rows)
    t = transitions_of(cells, names, LEAST_PANEL if panel else LEAST_COHORT)
    fits = fit_dynamics(t, names, panel=panel, wave_effects=wave_effects, unit_effects=unit_effects)
    means = rows.groupby("wave")[["expectation", "perception"]].mean()
    levels = means.assign(gap=means["perception"] - means["expectation"]).reset_index(drop=True)
    levels.insert(0, "n", rows.groupby("wave").size().to_numpy())
    levels.insert(0, wave, [names[int(k)] for k in means.index])
    tables = {
        "coefficients": coefficients_table(fits, level),
        "adaptation": adaptation_table(fits, level),
        "models": models_table(fits),
        "levels": levels,
        "reliability": pd.DataFrame() if panel else _reliability(cells),
    }
    drawn: dict[str, Any] = {"places": places_of(fits, panel=panel), "line": line_of(fits, level)}
    return tables, drawn | {"units": t.units, "transitions": len(t.now), "cov_type": fits.cov_type}


def _reliability(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the reliability of cohort means, and warn where it is low."""
    table = reliability_of(cells)
    low = table[~(table["reliability"] >= UNRELIABLE)]
    for _, row in low.iterrows():
        text = f"Cohort means of the {row['name']} have a reliability of {row['reliability']:.2f}: coefficients are pulled towards zero."
        warnings.warn(text, CSIWarning, stacklevel=2)
    return table
