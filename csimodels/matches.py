"""Which column of a survey holds which item of a model: a proposal, to be looked through before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csimodels.catalog import as_spec
from csimodels.checks import close_to
from csimodels.errors import DataError, OptionError
from csimodels.fieldvalues import folded
from csimodels.frames import as_frame
from csimodels.spec import Indicator, ModelSpec

__all__ = ["ColumnMatch", "match_columns"]

Array = NDArray[np.float64]
SAME, SAME_LETTERS, SAME_QUESTION, MOST_SIMILAR = 100.0, 99.0, 98.0, 95.0
SURE, APART = 80.0, 5.0
QUESTION = 20
FIRST_CHINESE = "\u2e80"


@dataclass(frozen=True, eq=False, repr=False)
class ColumnMatch:
    """Present a proposal of columns for the items of a model.

    Made by :func:`match_columns`. Nothing is fitted: ``fit`` takes the proposal only when it is given as ``columns=match.columns``.

    Attributes
    ----------
    model : str
        Name of the model.
    table : DataFrame
        One row an item: item, construct, stem, column ("" for none), label of the column, score (0-100), by (what the score rests on),
        runner_up and its score, and doubtful (a score below 80, or a runner-up within 5 points of one that is similar only).
    unused : tuple of str
        Columns that serve no item.

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.load_acsi_demo().rename(columns={"sat_overall": "SAT.OVERALL"})
    >>> csi.match_columns("acsi_1996", survey).columns["sat_overall"]
    'SAT.OVERALL'
    """

    model: str
    table: pd.DataFrame
    unused: tuple[str, ...]

    @cached_property
    def columns(self) -> dict[str, str]:
        """Item -> column of every item that has one, as ``fit`` takes it."""
        rows = self.table[self.table["column"] != ""]
        return dict(zip(rows["item"], rows["column"], strict=True))

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Items without a column."""
        return tuple(self.table.loc[self.table["column"] == "", "item"])

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Items whose column should be looked at."""
        return tuple(self.table.loc[self.table["doubtful"], "item"])

    def with_columns(self, columns: Mapping[str, str | None]) -> ColumnMatch:
        """Replace proposals by choices of one's own.

        Parameters
        ----------
        columns : mapping of item to column
            Your column for an item; None for an item that the survey does not have. A column taken from another item leaves that without.

        Returns
        -------
        ColumnMatch

        Raises
        ------
        OptionError
            An unknown item or column, or one column for two items.

        Examples
        --------
        >>> import csimodels as csi
        >>> match = csi.match_columns("acsi_1996", csi.load_acsi_demo())
        >>> match.with_columns({"complaint": None}).unmatched
        ('complaint',)
        """
        known = [*self.columns.values(), *self.unused]
        rows = {str(row["item"]): row for row in self.table.to_dict("records")}
        chosen = [c for c in columns.values() if c]
        for item, column in columns.items():
            if item not in rows:
                raise _unknown("item", item, list(rows))
            if column and column not in known:
                raise _unknown("column", column, known)
            if column and chosen.count(column) > 1:
                text = f"The column {column!r} is given to two items."
                raise OptionError("match.column_twice", text, variable="columns", value=column, hint="One column holds one item.")
        for item, row in rows.items():
            if item in columns:
                own = columns[item] or ""
                row |= {"column": own, "label": "", "by": "you", "score": SAME if own else 0.0, "doubtful": False}
            elif row["column"] in chosen:
                row |= {"column": "", "label": "", "by": "", "score": 0.0, "doubtful": False}
        table = pd.DataFrame(list(rows.values()))
        taken = set(table["column"])
        return replace(self, table=table, unused=tuple(c for c in known if c not in taken))

    def __repr__(self) -> str:
        from csimodels.report.matches import match_text

        return match_text(self)

    def _repr_html_(self) -> str:
        from csimodels.report.matches import match_html

        return match_html(self)


def _unknown(what: str, value: Any, pool: list[str]) -> OptionError:
    return OptionError(f"match.{what}", f"There is no {what} {value!r}.", variable=what, value=value, hint=close_to(str(value), pool))


def match_columns(model: ModelSpec | str, data: Any, *, labels: Mapping[str, str] | None = None, least: float = 60.0) -> ColumnMatch:
    """Propose a column of a survey for every item of a model.

    Parameters
    ----------
    model : ModelSpec or str
        A spec, a name that ``models()`` lists, or the path of a TOML file.
    data : pandas, polars or pyarrow frame, or mapping of arrays
        The survey; only names and labels of its columns are read.
    labels : mapping of column to text, optional
        Questions behind the columns; by default those that ``read_survey`` found.
    least : float
        Lowest score (0-100) of a proposal.

    Returns
    -------
    ColumnMatch
        Shows itself, doubtful proposals marked; its ``columns`` are what ``fit`` takes.

    Raises
    ------
    DataError
        Not a frame, or two columns of one name.
    OptionError
        ``least`` is not between 0 and 100, or labels of columns that are not there.

    Notes
    -----
    Names that are equal score 100, equal but for case and punctuation 99, equal questions 98. Otherwise the score is the larger similarity
    of names, or of the question with the stem in English or Chinese (normalised indel distance, at most 95). Every column serves one item
    at most: first as many as can go by their names, then such that the sum of scores is largest (Kuhn 1955, doi:10.1002/nav.3800020109).

    Examples
    --------
    >>> import csimodels as csi
    >>> survey = csi.load_acsi_demo().drop(columns="complaint")
    >>> csi.match_columns("acsi_1996", survey).unmatched
    ('complaint',)
    """
    from scipy.optimize import linear_sum_assignment

    spec = as_spec(model)
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 <= least <= 100:
        raise OptionError("option.least", f"least is {least!r}.", variable="least", value=least, hint="Give a score from 0 to 100.")
    names = _names(data)
    texts = _labels(data, labels, names)
    scores, by_question = _scores(spec.indicators, names, texts)
    # a name that is the same is worth more than any number of similar ones
    worth = np.where(scores >= SAME_LETTERS, scores + SAME * len(scores), scores)
    rows, at = linear_sum_assignment(-np.where(scores >= least, worth, 0.0))
    place = {int(i): int(j) for i, j in zip(rows, at, strict=True) if scores[i, j] >= least}
    owner = {i: c.name for c in spec.constructs for i in c.items}
    table = pd.DataFrame([_row(i, item, place.get(i), scores[i], by_question[i], names, texts) for i, item in enumerate(spec.indicators)])
    table.insert(1, "construct", [owner.get(i, "") for i in spec.items])
    used = set(table["column"])
    return ColumnMatch(spec.name, table, tuple(n for n in names if n not in used))


def _names(data: Any) -> list[str]:
    """Return the names of the columns, each once."""
    columns = data.columns if isinstance(data, pd.DataFrame) else as_frame(data).columns
    names = [str(c) for c in columns]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        text = f"Two columns are called {twice!r}."
        raise DataError("data.duplicate_header", text, variable=twice, value=twice, hint="Rename or drop one of them.")
    return names


def _labels(data: Any, given: Mapping[str, str] | None, names: list[str]) -> list[str]:
    found = getattr(data, "attrs", {}).get("survey", {}).get("labels", {}) if given is None else given
    for column in given or {}:
        if column not in names:
            raise _unknown("column", column, names)
    return [str(found.get(n, "")) for n in names]


def _scores(items: tuple[Indicator, ...], names: list[str], texts: list[str]) -> tuple[Array, NDArray[np.bool_]]:
    """Return the score of every item and column, and whether it rests on the question rather than the name."""
    from rapidfuzz import fuzz, process

    def similar(a: list[str], b: list[str], scorer: Any) -> Array:
        score = np.asarray(process.cdist(a, b, scorer=scorer, dtype=np.float64))
        return np.where(np.outer([not t for t in a], np.ones(len(b))) + np.outer(np.ones(len(a)), [not t for t in b]) > 0, 0.0, score)

    own = [folded(i.name).replace("_", " ") for i in items]
    heads, asked = [folded(n).replace("_", " ").replace(".", " ") for n in names], [folded(t) for t in texts]
    asked = [t or (h if _is_question(h) else "") for t, h in zip(asked, heads, strict=True)]
    by_name = similar(own, heads, fuzz.token_sort_ratio)
    english, chinese = [folded(i.stem) for i in items], [folded(i.stem_zh) for i in items]
    question = np.maximum(similar(english, asked, fuzz.token_sort_ratio), similar(chinese, asked, fuzz.ratio))
    score = np.where(question >= SAME, SAME_QUESTION, np.minimum(np.maximum(by_name, question), MOST_SIMILAR))
    letters = np.array([[_letters(i.name) == _letters(n) for n in names] for i in items], dtype=bool)
    score = np.where(letters, SAME_LETTERS, score)
    same = np.array([[i.name == n for n in names] for i in items], dtype=bool)
    return np.where(same, SAME, score), (question > by_name) & ~letters


def _is_question(header: str) -> bool:
    """Return whether a header is long enough for a question; a Chinese character says as much as two letters or more."""
    return sum(2 if c >= FIRST_CHINESE else 1 for c in header) >= QUESTION


def _letters(text: str) -> str:
    return "".join(c for c in folded(text) if c.isalnum())


def _row(
    i: int, item: Indicator, j: int | None, scores: Array, by_question: NDArray[np.bool_], names: list[str], texts: list[str]
) -> dict[str, Any]:
    """Return what is said of one item."""
    others = [k for k in np.argsort(-scores, kind="stable").tolist() if k != j]
    second = others[0] if others else None
    score = 0.0 if j is None else float(scores[j])
    rival = 0.0 if second is None else float(scores[second])
    by = "" if j is None else _by(score, bool(by_question[j]))
    return {
        "item": item.name,
        "stem": item.stem or item.stem_zh,
        "column": "" if j is None else names[j],
        "label": "" if j is None else texts[j],
        "score": round(score, 1),
        "by": by,
        "runner_up": "" if second is None else names[second],
        "runner_up_score": round(rival, 1),
        "doubtful": j is not None and (score < SURE or (score <= MOST_SIMILAR and rival > score - APART)),
    }


def _by(score: float, question: bool) -> str:
    if score >= SAME:
        return "name"
    if score >= SAME_LETTERS:
        return "name but for case and punctuation"
    if score >= SAME_QUESTION:
        return "question"
    return "similar question" if question else "similar name"
