"""Limits of the options of a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from csimodels.checks import close_to
from csimodels.errors import OptionError

__all__ = ["by_item", "by_pair", "number", "unknown"]

Pair = tuple[str, str]
LIMITS = {
    "loadings": ("simulate.bad_loading", -1.0, 1.0, "Give standardised loadings between -1 and 1, both excluded."),
    "paths": ("simulate.bad_path", -np.inf, np.inf, "Give finite standardised paths."),
    "means": ("simulate.bad_mean", 0.0, 100.0, "Give means between 0 and 100 points of the theoretical scale."),
    "sd": ("simulate.bad_sd", 0.0, np.inf, "Give a positive number of points on the 0-100 scale, e.g. 20."),
    "share": ("simulate.bad_share", 0.0, 1.0, "Give a share between 0 and 1, both excluded, e.g. 0.15."),
    "correlation": ("simulate.bad_correlation", -1.0, 1.0, "Give a correlation between -1 and 1, both excluded."),
    "missing": ("simulate.bad_missing", np.nextafter(0, -1), 1.0, "Give a share from 0 to below 1."),
}


def number(option: str, owner: str, value: Any) -> float:
    """Return an option's value as a float within its limits."""
    code, low, high, hint = LIMITS[option]
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not low < value < high:
        of = "" if owner == option else f" of {owner!r}"
        raise OptionError(code, f"{option}{of} is {value!r}.", variable=owner, value=value, hint=hint)
    return float(value)


def unknown(option: str, name: Any, known: Any) -> OptionError:
    """Return the error for a name that the model does not have."""
    text = f"{option} names {name!r}, which the model does not have."
    return OptionError("simulate.unknown_name", text, variable=option, value=name, hint=close_to(str(name), known))


def by_item(option: str, given: Any, default: dict[str, float], blocks: Mapping[str, tuple[str, ...]], own: set[str]) -> dict[str, float]:
    """Return a number for every item, from one that leaves the items in ``own`` alone or from a mapping."""
    if not isinstance(given, Mapping):
        value = number(option, option, given)
        return {item: old if item in own else value for item, old in default.items()}
    out = dict(default)
    for name in sorted(given, key=lambda key: key not in blocks):
        if name not in blocks and name not in default:
            raise unknown(option, name, (*blocks, *default))
        out |= dict.fromkeys(blocks.get(name, (name,)), number(option, name, given[name]))
    return out


def by_pair(option: str, given: Mapping[Pair, float], pairs: list[Pair]) -> dict[Pair, float]:
    """Return a number for some of the model's pairs."""
    for pair in given:
        if pair not in pairs:
            raise unknown(option, pair, pairs)
    return {pair: number(option, str(pair), value) for pair, value in given.items()}
