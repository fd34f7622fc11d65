"""Who belongs to whom, and with which weight: read and checked before scores are aggregated."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csimodels.analyses.reading import listed
from csimodels.analyses.score_tables import require_columns
from csimodels.checks import close_to
from csimodels.errors import DataError, DataWarning, OptionError
from csimodels.frames import read_column

__all__ = [
    "OTHERS",
    "TOTAL",
    "Other",
    "checked_levels",
    "others_of",
    "parents_by_level",
    "weight_columns",
    "weights_by_level",
    "with_parents",
]

TOTAL, OTHERS = "all", "all others"
Pairs = Mapping[Any, Any]


class Other(NamedTuple):
    """Members of a parent that were not surveyed, together: their score (NaN if unknown), weight and standard error."""

    score: float
    weight: float
    se: float


def checked_levels(levels: Any) -> tuple[str, ...]:
    """Return levels from the finest to the coarsest."""
    names = listed("levels", levels)
    if TOTAL in names:
        hint = "It comes last by itself: leave it out, or rename the column."
        raise OptionError("option.levels", f"levels names {TOTAL!r}, the total.", variable="levels", value=levels, hint=hint)
    return names


def with_parents(frame: pd.DataFrame, levels: Sequence[str], parents: Any, weights: Sequence[str]) -> pd.DataFrame:
    """Return the scores with a column for every level, those that are missing, and columns of weights, looked up in ``parents``."""
    missing = [name for name in levels if name not in frame.columns]
    if isinstance(parents, pd.DataFrame):
        return _merged(frame, levels, parents, weights)
    if parents is not None:
        maps = _parent_maps(parents, missing, levels)
        for name in (n for n in missing if n in maps):
            below = levels[levels.index(name) - 1]
            require_columns(frame, (below,), "aggregate.missing_level")
            frame = frame.assign(**{name: _looked_up(frame[below], maps[name], below, name)})
    require_columns(frame, levels, "aggregate.missing_level")
    return frame


def _parent_maps(parents: Any, missing: Sequence[str], levels: Sequence[str]) -> Mapping[str, Pairs]:
    """Return maps of label to parent by the parents' level."""
    if isinstance(parents, Mapping) and parents:
        if all(isinstance(v, Mapping) for v in parents.values()):
            if set(parents) <= set(missing) - {levels[0]}:
                return parents
        elif len(missing) == 1 and missing[0] != levels[0]:
            return {missing[0]: parents}
    text = f"parents does not say the parents that the scores lack: {', '.join(map(repr, missing)) or 'there are none'}."
    hint = 'Give {label: parent} for one level, {"industry": {firm: industry}, "sector": {industry: sector}} for several, or a frame.'
    raise OptionError("option.parents", text, variable="parents", value=parents, hint=hint)


def _merged(frame: pd.DataFrame, levels: Sequence[str], lookup: pd.DataFrame, weights: Sequence[str]) -> pd.DataFrame:
    """Return the scores with levels and weights of a lookup that they lack, found by the finest level that both have."""
    shared = [name for name in levels if name in frame.columns and name in lookup.columns]
    if not shared:
        text = "parents has no level in common with the scores."
        raise OptionError("option.parents", text, variable="parents", value=tuple(lookup.columns), hint=f"Give it a column {levels[0]!r}.")
    key = shared[0]
    require_columns(pd.DataFrame(columns=[*frame.columns, *lookup.columns]), levels, "aggregate.missing_level")
    found = {}
    for name in (n for n in (*levels, *weights) if n in lookup.columns and n not in frame.columns):
        code = "aggregate.two_parents" if name in levels else "aggregate.weight_varies"
        found[name] = _looked_up(frame[key], _one_to_one(lookup, key, name, code), key, name)
    return frame.assign(**found)


def _one_to_one(table: pd.DataFrame, label: str, value: str, code: str = "aggregate.two_parents") -> Pairs:
    """Return a map of label to value; a label with two values is refused."""
    pairs = table[[label, value]].drop_duplicates()
    twice = pairs[label][pairs[label].duplicated()]
    if len(twice):
        who = twice.iloc[0]
        found = pairs.loc[pairs[label] == who, value].tolist()
        text, hint = f"{label} {who!r} has {value} {found[0]!r} and {found[1]!r}.", "Give each label one, or two names to two labels."
        raise DataError(code, text, variable=str(who), value=tuple(found), hint=hint)
    return dict(zip(pairs[label].tolist(), pairs[value].tolist(), strict=True))


def _looked_up(labels: pd.Series, pairs: Pairs, below: str, name: str) -> list[Any]:
    """Return the value of each label."""
    for label in labels:
        if label not in pairs:
            text = f"parents has no {name} for {below} {label!r}."
            raise DataError("aggregate.no_parent", text, variable=str(label), value=label, hint=close_to(label, pairs))
    return [pairs[label] for label in labels]


def parents_by_level(frame: pd.DataFrame, levels: Sequence[str]) -> list[Pairs]:
    """Return for every level the parent of each of its labels; those of the last are parts of the total."""
    for name in levels:
        absent = int(frame[name].isna().sum())
        if absent:
            text = f"{absent} rows have no {name}."
            raise DataError("aggregate.label_missing", text, variable=name, value=absent, hint="Give them one, or leave them out.")
    tree = [_one_to_one(frame, below, above) for below, above in itertools.pairwise(levels)]
    twice = frame[levels[0]].duplicated()
    if twice.any():
        who = frame.loc[twice, levels[0]].iloc[0]
        text, hint = f"{levels[0]} {who!r} has several scores.", "Give one row a label, e.g. of one wave."
        raise DataError("aggregate.duplicate_label", text, variable=str(who), value=who, hint=hint)
    return [*tree, dict.fromkeys(frame[levels[-1]].tolist(), TOTAL)]


def weight_columns(weight: Any) -> tuple[str, ...]:
    """Return the columns that weights are asked of."""
    given = [weight, *weight.values()] if isinstance(weight, Mapping) else [weight]
    return tuple(name for name in given if isinstance(name, str))


def weights_by_level(weight: Any, frame: pd.DataFrame, levels: Sequence[str]) -> dict[str, Pairs]:
    """Return the weights that are given, label to weight by level; the finest level has them always."""
    several = isinstance(weight, Mapping) and any(isinstance(v, (Mapping, str, pd.Series)) for v in weight.values())
    given = {name: _as_mapping(value) for name, value in (weight if several else {levels[0]: weight}).items()}
    wrong = [name for name in given if name not in levels]
    if wrong or levels[0] not in given or not all(isinstance(v, (str, Mapping)) and v for v in given.values()):
        text = f"weight names {wrong[0]!r}, which is no level." if wrong else f"weight gives no weights to level {levels[0]!r}."
        hint = f'Give a column, {{label: weight}}, or {{"{levels[0]}": one of these, ...}}.'
        raise OptionError("option.weight", text, variable="weight", value=weight, hint=hint)
    return {name: _checked_weights(_weights_of(given[name], frame, name), name, frame[name].unique()) for name in levels if name in given}


def _as_mapping(given: Any) -> Any:
    """Return a series of different labels as a mapping, and anything else as it is."""
    return given.to_dict() if isinstance(given, pd.Series) and given.index.is_unique else given


def _weights_of(given: Any, frame: pd.DataFrame, name: str) -> Pairs:
    """Return weights by label out of a mapping or a column."""
    if not isinstance(given, str):
        return dict(given)
    require_columns(frame, (given,), "aggregate.missing_weight")
    return _one_to_one(pd.DataFrame({name: frame[name], given: read_column(frame, given)}), name, given, "aggregate.weight_varies")


def _checked_weights(pairs: Pairs, name: str, labels: Iterable[Any]) -> Pairs:
    """Return the weight of each label as a number; labels that have no score are said."""
    out = {}
    for label in labels:
        if label not in pairs:
            text = f"{name} {label!r} has no weight."
            raise DataError("aggregate.missing_weight", text, variable=str(label), value=None, hint=close_to(label, pairs))
        out[label] = _checked_weight(pairs[label], f"{name} {label!r}")
    unused = [repr(label) for label in pairs if label not in out]
    if unused:
        text = f"{len(unused)} weights belong to no {name} with a score and are left out: {', '.join(unused[:5])}; see others=."
        warnings.warn(text, DataWarning, stacklevel=4)
    return out


def _checked_weight(value: Any, who: str) -> float:
    """Return a weight of zero or more."""
    number = _number(value)
    if not (np.isfinite(number) and number >= 0):
        text, hint = f"The weight of {who} is {value!r}.", "Give a number, zero or more."
        raise DataError("aggregate.weight", text, variable=who, value=value, hint=hint)
    return number


def _number(value: Any) -> float:
    """Return a number as a float, and anything else as NaN."""
    return float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else np.nan


def others_of(given: Any, tree: Sequence[Pairs]) -> dict[tuple[int, Any], Other]:
    """Return members that were not surveyed by the level of the members and their parent."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        hint = 'Give {industry: (score or None, weight)}, e.g. {"Mobile": (None, 400)}, and a standard error as third if known.'
        raise OptionError("option.others", f"others is {given!r}.", variable="others", value=given, hint=hint)
    out = {}
    for parent, value in given.items():
        at = [k for k, pairs in enumerate(tree) if parent in pairs.values()]
        if len(at) != 1:
            known = dict.fromkeys(str(p) for pairs in tree for p in pairs.values())
            text = f"others names {parent!r}, which is {'a label of several levels' if at else 'no parent'}."
            raise OptionError("option.others", text, variable="others", value=parent, hint=close_to(parent, known))
        if OTHERS in tree[at[0]]:
            hint = "Rename it, or leave others= out."
            raise OptionError("option.others", f"A label is called {OTHERS!r} already.", variable="others", value=OTHERS, hint=hint)
        out[at[0], parent] = _other(parent, value)
    return out


def _other(parent: Any, value: Any) -> Other:
    """Return the score, weight and error of members that were not surveyed."""
    parts = tuple(value) if isinstance(value, (tuple, list)) else ()
    score = _number(parts[0]) if parts else np.nan
    se = _number(parts[2]) if len(parts) == 3 else 0.0
    if len(parts) not in (2, 3) or (parts[0] is not None and not np.isfinite(score)) or not (np.isfinite(se) and se >= 0):
        hint = "Give (score or None, weight), or (score, weight, se)."
        raise OptionError("option.others", f"others of {parent!r} are {value!r}.", variable="others", value=value, hint=hint)
    return Other(score, _checked_weight(parts[1], f"all others of {parent!r}"), se)
