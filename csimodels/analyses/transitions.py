"""From one wave to the next: expectations and perceptions of the same customers, or of cohorts, side by side with those before."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.errors import DataError, DataWarning

__all__ = ["Transitions", "cells_of", "reliability_of", "transitions_of"]

Array = NDArray[Any]


class Transitions(NamedTuple):
    """Units in a wave and the one before, all (m,): expectation now, expectation and perception before, unit, wave, weight."""

    now: Array
    before: Array
    perceived: Array
    unit: Array
    wave: Array
    weight: Array

    @property
    def gap(self) -> Array:
        """Perception less expectation in the wave before."""
        return np.asarray(self.perceived - self.before)

    @property
    def units(self) -> int:
        """Number of units."""
        return len(np.unique(self.unit))


def cells_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means by cohort and wave (Deaton 1985, doi:10.1016/0304-4076(85)90134-4).

    Parameters
    ----------
    rows : DataFrame
        unit (the cohort), wave (its number), expectation, perception, one row a respondent.

    Returns
    -------
    DataFrame
        unit, wave, expectation, perception (means), n, and var_expectation, var_perception: sampling variances of the means.
    """
    groups = rows.groupby(["unit", "wave"], sort=True)
    cells = groups[["expectation", "perception"]].mean()
    spread = groups[["expectation", "perception"]].var(ddof=1).div(groups.size(), axis=0).add_prefix("var_")
    return pd.concat([cells, groups.size().rename("n"), spread], axis=1).reset_index()


def reliability_of(cells: pd.DataFrame) -> pd.DataFrame:
    """Return how much of the variance of cohort means, differences between waves taken out, is not sampling error.

    Returns
    -------
    DataFrame
        Rows expectation and perception: name, variance (between cohorts), sampling_variance (mean), reliability (not below zero).
    """
    rows = []
    for name in ("expectation", "perception"):
        own = cells[name] - cells.groupby("wave")[name].transform("mean")
        degrees = len(cells) - cells["wave"].nunique()
        between, error = float((own**2).sum() / degrees), float(cells[f"var_{name}"].mean())
        rows.append((name, between, error, max(0.0, 1 - error / between) if between > 0 else np.nan))
    return pd.DataFrame(rows, columns=["name", "variance", "sampling_variance", "reliability"])


def transitions_of(rows: pd.DataFrame, waves: Sequence[Any], least: int) -> Transitions:
    """Return units that were there in a wave and in the one before.

    Parameters
    ----------
    rows : DataFrame
        unit, wave (its number), expectation, perception, and n where they are means.
    waves : sequence
        Names of the waves.
    least : int
        Fewest transitions.

    Raises
    ------
    DataError
        A unit twice in a wave, or too few transitions.

    Warns
    -----
    DataWarning
        Units that were never there in two waves running.
    """
    twice = rows.duplicated(["unit", "wave"])
    if twice.any():
        row = rows[twice].iloc[0]
        text = f"{row['unit']!r} has several rows in the wave {waves[int(row['wave'])]!r}."
        hint = "Give one row a unit and wave, or say cohort= for groups of respondents."
        raise DataError("dynamics.duplicate", text, variable=str(row["unit"]), value=waves[int(row["wave"])], hint=hint)
    earlier = rows.assign(wave=rows["wave"] + 1)
    both = rows.merge(earlier, on=["unit", "wave"], suffixes=("", "_before"), validate="one_to_one").sort_values(["wave", "unit"])
    if len(both) < least:
        text = f"{len(both)} units with answers in two waves running are too few."
        hint = f"At least {least} transitions are needed; check the column of units and the order of waves."
        raise DataError("analysis.too_few_rows", text, variable="rows", value=len(both), hint=hint)
    lost = rows["unit"].nunique() - both["unit"].nunique()
    if lost:
        warnings.warn(f"{lost} of {rows['unit'].nunique()} units have no two waves running and are left out.", DataWarning, stacklevel=3)
    weight = both["n"].to_numpy(dtype=float) if "n" in both else np.ones(len(both))
    now, before, perceived = (both[c].to_numpy(dtype=float) for c in ("expectation", "expectation_before", "perception_before"))
    return Transitions(now, before, perceived, pd.factorize(both["unit"])[0], both["wave"].to_numpy(), weight)
