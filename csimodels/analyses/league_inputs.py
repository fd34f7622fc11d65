"""What a league table is asked for, and the rows that it can rank: checked before any arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from csimodels.analyses.ranks import METHODS, order_statistic
from csimodels.analyses.reading import listed
from csimodels.analyses.score_tables import ScoreTable, joined
from csimodels.checks import close_to
from csimodels.checks import level as checked_level
from csimodels.errors import DataError, OptionError

__all__ = ["LeagueOptions", "check_rows", "checked_options", "checked_within"]

FEWEST_DRAWS = 1000


@dataclass(frozen=True)
class LeagueOptions:
    """How to compare."""

    level: float
    method: str
    n_sim: int
    seed: int


def checked_options(level: Any, method: Any, n_sim: Any, seed: Any) -> LeagueOptions:
    """Return how to compare, checked."""
    return LeagueOptions(checked_level(level), _checked_method(method), _checked_draws(n_sim, level), _checked_seed(seed))


def _checked_method(method: Any) -> str:
    """Check how p-values are to be adjusted."""
    if method not in METHODS:
        raise OptionError("option.method", f"method is {method!r}.", variable="method", value=method, hint=f"Use one of {METHODS}.")
    return str(method)


def _checked_draws(n_sim: Any, level: float) -> int:
    """Check that draws are enough for the level."""
    whole = isinstance(n_sim, (int, np.integer)) and not isinstance(n_sim, bool)
    if not whole or n_sim < FEWEST_DRAWS or order_statistic(int(n_sim), level) > n_sim:
        hint = f"Give a whole number of at least {FEWEST_DRAWS}, and more for a level near 1."
        raise OptionError("option.n_sim", f"n_sim is {n_sim!r}.", variable="n_sim", value=n_sim, hint=hint)
    return int(n_sim)


def _checked_seed(seed: Any) -> int:
    """Check a seed."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise OptionError("option.seed", f"seed is {seed!r}.", variable="seed", value=seed, hint="Give a whole number, zero or more.")
    return int(seed)


def checked_within(within: Any, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns inside which to rank."""
    names = () if within is None else listed("within", within)
    for name in names:
        if name not in labels or set(names) == set(labels):
            left = f"No label column is left to rank inside {', '.join(names)}."
            text = left if name in labels else f"Column {name!r} is no label column."
            raise OptionError("league.within_unknown", text, variable="within", value=name, hint=close_to(name, labels))
    return names


def check_rows(read: ScoreTable) -> None:
    """Refuse labels that are none, and errors that cannot be."""
    frame, labels = read.frame, list(read.labels)
    if not labels:
        text = "There is no column before the scores that says whose they are."
        raise DataError("league.no_labels", text, variable="scores", value=tuple(frame.columns), hint="Put the label columns first.")
    unnamed = frame[labels].isna().any(axis=1)
    if unnamed.any():
        text = f"{int(unnamed.sum())} rows have no label."
        raise DataError("league.label_missing", text, variable=labels[0], value=int(unnamed.sum()), hint="Leave them out.")
    names = pd.Series(joined(frame, labels), dtype=object)
    if names.duplicated().any():
        twice = names[names.duplicated()].iloc[0]
        text, hint = f"{twice!r} has several scores.", 'Give a label one row; waves are ranked apart by within="wave".'
        raise DataError("league.duplicate_label", text, variable=twice, value=twice, hint=hint)
    se = frame["se"].to_numpy()
    bad = np.flatnonzero(~(np.isfinite(se) & (se > 0)))
    if bad.size:
        text = f"The standard error of {names[bad[0]]} is {se[bad[0]]}."
        hint = "Fits with weights withhold standard errors: bootstrap them and give a frame of label, score and se."
        raise DataError("league.se", text, variable=names[bad[0]], value=float(se[bad[0]]), hint=hint)
