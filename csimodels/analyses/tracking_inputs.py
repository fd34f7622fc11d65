"""What a tracker is given: columns, series between breaks, times, published scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.analyses.score_tables import ScoreTable, joined
from csimodels.checks import close_to
from csimodels.errors import DataError, OptionError

__all__ = ["check_rows", "published_scores", "series_of", "times_of", "wave_column"]


def wave_column(read: ScoreTable, wave: Any, composition: Any) -> tuple[str, ...]:
    """Return the label columns besides wave and strata, which have to be there."""
    if wave not in read.labels:
        text, hint = f"The scores have no label column {wave!r}.", close_to(str(wave), read.labels)
        raise DataError("tracking.missing_column", text, variable=str(wave), value=read.labels, hint=hint)
    if composition is not None and (composition not in read.labels or composition == wave):
        others = [c for c in read.labels if c != wave]
        text, hint = f"composition is {composition!r}, which is no label column of strata.", close_to(str(composition), others)
        raise OptionError("tracking.composition", text, variable="composition", value=composition, hint=hint)
    return tuple(c for c in read.labels if c not in (wave, composition))


def check_rows(read: ScoreTable, keys: Sequence[str]) -> None:
    """Refuse several scores of one label and wave, and errors that cannot be."""
    names = pd.Series(joined(read.frame, keys), dtype=object)
    if names.duplicated().any():
        twice = names[names.duplicated()].iloc[0]
        text, hint = f"{twice!r} has several scores.", "Give each label one score a wave."
        raise DataError("tracking.duplicate_wave", text, variable=twice, value=twice, hint=hint)
    se = read.frame["se"].to_numpy()
    bad = np.flatnonzero(~(np.isfinite(se) & (se > 0)))
    if bad.size:
        text = f"The standard error of {names[bad[0]]} is {se[bad[0]]}."
        hint = "Fits with weights withhold standard errors: bootstrap them and give a frame of label, wave, score and se."
        raise DataError("tracking.se", text, variable=names[bad[0]], value=float(se[bad[0]]), hint=hint)


def series_of(waves: pd.Series, order: Sequence[Any], breaks: Sequence[Any]) -> NDArray[np.int64]:
    """Return the number of the series that each wave is in, from 1; a break begins a new one."""
    starts = sorted(order.index(b) for b in breaks)
    places = [order.index(w) for w in waves]
    return 1 + np.searchsorted(starts, places, side="right")


def times_of(times: Any, order: Sequence[Any]) -> list[float]:
    """Return when each wave was.

    Raises
    ------
    OptionError
        A wave that is missing or unknown, or times that do not rise.
    """
    if times is None:
        return [float(k) for k in range(len(order))]
    if not isinstance(times, Mapping) or set(times) != set(order):
        hint = "Give {wave: time} for every wave."
        raise OptionError("tracking.times", f"times is {times!r}.", variable="times", value=times, hint=hint)
    found = [float(times[w]) for w in order]
    if not (np.isfinite(found).all() and (np.diff(found) > 0).all()):
        hint = "Times have to rise with the order of the waves."
        raise OptionError("tracking.times", f"times is {dict(times)!r}.", variable="times", value=dict(times), hint=hint)
    return found


def published_scores(published: Any, waves: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return scores as published: the keys and a column ``published``.

    Raises
    ------
    OptionError
        Not a mapping or frame of such scores, waves or labels that are unknown, a mapping where there are labels.
    """
    if isinstance(published, Mapping) and len(keys) == 1:
        frame = pd.DataFrame({keys[0]: list(published), "published": [float(v) for v in published.values()]})
    elif isinstance(published, pd.DataFrame) and {*keys, "score"} <= set(published.columns):
        frame = published[[*keys, "score"]].rename(columns={"score": "published"})
    else:
        what = "a frame with the columns " + ", ".join([*keys, "score"])
        hint = f"Give {what}." if len(keys) > 1 else f"Give {{wave: score}}, or {what}."
        text = f"published is a {type(published).__name__} without what is needed."
        raise OptionError("tracking.published", text, variable="published", value=type(published).__name__, hint=hint)
    known = set(joined(waves, keys))
    strange = [name for name in joined(frame, keys) if name not in known]
    if strange:
        text, hint = f"published names {strange[0]!r}, which has no score.", close_to(strange[0], sorted(known))
        raise OptionError("tracking.published", text, variable="published", value=strange[0], hint=hint)
    return frame
