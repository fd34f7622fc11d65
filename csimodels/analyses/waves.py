"""Waves in their order in time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from csimodels.checks import close_to
from csimodels.errors import DataError, OptionError

__all__ = ["checked_waves", "wave_order"]

NUMBERS = re.compile(r"(\d+)")


def wave_order(labels: pd.Series, order: Sequence[Any] | None, code: str) -> list[Any]:
    """Return the waves from the first to the last.

    Numbers, dates and ordered categories are sorted; texts by the numbers in them ("wave 2" before "wave 10").

    Parameters
    ----------
    labels : Series
        Wave of each row.
    order : sequence, optional
        Waves as the caller orders them.
    code : str
        Beginning of the codes of errors.

    Raises
    ------
    OptionError
        An order that misses a wave, names one twice or an unknown one; texts without numbers and no order.
    DataError
        Fewer than two waves, or rows without one.
    """
    if labels.isna().any():
        lost = int(labels.isna().sum())
        text, hint = f"{lost} rows have no wave.", "Leave them out, or say their wave."
        raise DataError(f"{code}.wave_missing", text, variable=str(labels.name), value=lost, hint=hint)
    seen = list(pd.unique(labels))
    if len(seen) < 2:
        text, hint = f"There is one wave: {seen[0]!r}." if seen else "There is no wave.", "Changes need two waves or more."
        raise DataError(f"{code}.one_wave", text, variable=str(labels.name), value=len(seen), hint=hint)
    return _sorted(labels, seen, code) if order is None else checked_waves("order", order, seen, code, complete=True)


def checked_waves(option: str, given: Any, seen: Sequence[Any], code: str, *, complete: bool = False) -> list[Any]:
    """Return waves that an option names, all of them known and different; with ``complete`` every wave has to be there."""
    names = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    for name in names:
        if name not in seen or names.count(name) > 1:
            said = "which is no wave" if name not in seen else "twice"
            text, hint = f"{option} names {name!r}, {said}.", close_to(str(name), [str(w) for w in seen])
            raise OptionError(f"{code}.{option}", text, variable=option, value=name, hint=hint)
    missing = [w for w in seen if w not in names]
    if complete and missing:
        text = f"{option} misses the wave {missing[0]!r}."
        raise OptionError(f"{code}.{option}", text, variable=option, value=missing[0], hint="Name every wave once.")
    return names


def _sorted(labels: pd.Series, seen: list[Any], code: str) -> list[Any]:
    """Return waves sorted by what they are."""
    if isinstance(labels.dtype, pd.CategoricalDtype) and labels.dtype.ordered:
        return [w for w in labels.dtype.categories if w in seen]
    if not any(isinstance(w, str) for w in seen):
        return sorted(seen)
    texts = [str(w) for w in seen]
    without = [t for t in texts if not NUMBERS.search(t)]
    if without:
        text = f"The order in time of waves such as {without[0]!r} is unknown."
        raise OptionError(f"{code}.order_unknown", text, variable="order", value=without[0], hint="Say order=[first, ..., last].")
    return sorted(seen, key=lambda w: [int(part) if part.isdigit() else part for part in NUMBERS.split(str(w))])
