"""Scores with standard errors by label: out of the fits of groups, or out of a frame."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.checks import close_to
from csimodels.errors import DataError, DataWarning, OptionError
from csimodels.frames import as_frame, read_column

__all__ = ["ScoreTable", "joined", "read_scores", "require_columns"]

Array = NDArray[np.float64]
AFTER_LABELS = ("construct", "n", "score", "se")


class ScoreTable(NamedTuple):
    """Scores as read: a frame of one row a label with score and se as floats, its label columns, the construct ("" if unnamed)."""

    frame: pd.DataFrame
    labels: tuple[str, ...]
    construct: str


def read_scores(scores: Any, construct: str | None, code: str) -> ScoreTable:
    """Read scores by label.

    Parameters
    ----------
    scores : GroupedResults, CompositeGroups, or frame
        Label columns are those before the first of construct, n, score and se.
    construct : str, optional
        Which construct; by default the model's target, or the only one.
    code : str
        Beginning of the codes of errors.

    Raises
    ------
    DataError, OptionError
        Not scores of groups, a column or construct that is missing, scores that are not finite.

    Warns
    -----
    DataWarning
        Groups without a score.
    """
    target = None
    if isinstance(getattr(scores, "index", None), pd.DataFrame) and hasattr(scores, "spec"):
        frame, target = _of_groups(scores, code), scores.spec.target
    else:
        frame = _plain(scores)
    require_columns(frame, ("score", "se"), f"{code}.missing_column")
    numbers = {c: read_column(frame, c) for c in ("n", "score", "se") if c in frame.columns}
    names = frame.columns.tolist()
    labels = tuple(names[: min(names.index(c) for c in AFTER_LABELS if c in names)])
    frame, name = _of_construct(frame.assign(**numbers), construct, target)
    frame = frame.reset_index(drop=True)
    _require_scores(frame, labels, code)
    if "n" in frame.columns and (frame["n"] % 1 == 0).all():
        frame["n"] = frame["n"].astype(int)
    return ScoreTable(frame, labels, name)


def joined(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the labels of each row as one text."""
    return [" / ".join(map(str, row)) for row in frame[list(columns)].itertuples(index=False)]


def require_columns(frame: pd.DataFrame, names: Sequence[str], code: str) -> None:
    """Refuse a frame that lacks columns, all of which are named."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        text = f"The scores have no column {', '.join(map(repr, missing))}."
        raise DataError(code, text, variable=missing[0], value=tuple(missing), hint=close_to(missing[0], frame.columns))


def _of_groups(scores: Any, code: str) -> pd.DataFrame:
    """Return the index of all groups with their rows as n, and warn of groups without one."""
    table: pd.DataFrame = scores.index
    if "construct" not in table.columns:
        text = f"scores is a {type(scores).__name__}: the scores of one group."
        raise OptionError(f"{code}.not_groups", text, variable="scores", value=type(scores).__name__, hint="Give what fit_by() returns.")
    keys = list(table.columns[: table.columns.get_loc("construct")])
    if len(scores.failures):
        names = ", ".join(joined(scores.failures, keys)[:5])
        warnings.warn(f"{len(scores.failures)} groups have no solution and no score, first of all: {names}.", DataWarning, stacklevel=4)
    rows = scores.groups[[*keys, "rows"]].rename(columns={"rows": "n"})
    whole = table.merge(rows, on=keys, how="left", validate="many_to_one")
    return whole[[*keys, "construct", "n", "score", "se"]]


def _plain(scores: Any) -> pd.DataFrame:
    """Return any frame as pandas' own."""
    if isinstance(scores, pd.DataFrame):
        return scores.reset_index(drop=True)
    frame = as_frame(scores)
    return pd.DataFrame({name: frame[name].to_list() for name in frame.columns})


def _of_construct(frame: pd.DataFrame, construct: str | None, target: str | None) -> tuple[pd.DataFrame, str]:
    """Return the rows of one construct and its name."""
    names = [str(c) for c in frame["construct"].unique()] if "construct" in frame.columns else []
    wanted = construct if construct is not None else target if target is not None else names[0] if len(names) == 1 else None
    if not names and wanted is None:
        return frame, ""
    if wanted not in names:
        text = f"construct is {wanted!r}, but the scores have no such construct." if wanted else "The scores are of several constructs."
        raise OptionError("option.construct", text, variable="construct", value=wanted, hint=close_to(str(wanted), names))
    return frame[frame["construct"] == wanted], str(wanted)


def _require_scores(frame: pd.DataFrame, labels: Sequence[str], code: str) -> None:
    """Refuse scores that are not numbers."""
    bad = np.flatnonzero(~np.isfinite(frame["score"].to_numpy()))
    if bad.size:
        row = frame.iloc[bad[0]]
        who = ", ".join(str(row[c]) for c in labels) or f"row {bad[0]}"
        text = f"The score of {who} is {row['score']}."
        raise DataError(f"{code}.score", text, variable=who, value=float(row["score"]), hint="Leave it out, or give its score.")
