"""Values of survey files: codes into NaN, numerals and answers in words into numbers, everything counted."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from csimodels.checks import close_to
from csimodels.errors import DataError, OptionError

__all__ = ["Answers", "coded", "codes_by_column", "converted", "folded", "without_codes"]

Answers = Mapping[str, float] | Mapping[str, Mapping[str, float]]
Ranges = Mapping[str, Sequence[tuple[Any, Any]]]
BLANKS = ("na", "nan", "#n/a", "n/a", "null")
Counts = dict[str, dict[str, int]]


def folded(text: Any) -> str:
    """Return text as it is compared: full width made half, case and outer blanks dropped."""
    return unicodedata.normalize("NFKC", str(text)).strip().casefold()


def coded(value: Any) -> str:
    """Return a code as text, whole numbers without a point and with all their digits."""
    return f"{value:.15g}" if isinstance(value, (int, float, np.number)) else str(value)


def codes_by_column(given: Any, columns: list[str], declared: Ranges) -> dict[str, list[tuple[Any, Any]]]:
    """Return what means "no answer" as closed ranges by column: what the file declares, then what the user says."""
    out = {c: list(declared.get(c, ())) for c in columns}
    if given is None:
        return out
    by_column = given if isinstance(given, Mapping) else dict.fromkeys(columns or [""], given)
    for column, codes in by_column.items():
        _require_codes(codes)
        if isinstance(given, Mapping):
            _require_column(column, columns, "na_values")
        if column in out:
            out[column] += [(code, code) for code in codes] + [(n, n) for n in map(_numeral, codes) if n is not None]
    return out


def _require_codes(codes: Any) -> None:
    """Refuse codes that are not a list of texts and numbers."""
    plain = isinstance(codes, Sequence) and not isinstance(codes, str)
    if plain and all(isinstance(c, (str, int, float, np.number)) and c == c for c in codes):  # noqa: PLR0124 - NaN is unlike itself
        return
    hint = "Give a list of numbers or texts, e.g. [98, 99], or a mapping of column to list."
    raise OptionError("option.na_values", f"na_values has {codes!r}.", variable="na_values", value=codes, hint=hint)


def _numeral(code: Any) -> float | None:
    """Return the number that a code in text stands for, as it has to be found in columns of numbers too."""
    number = pd.to_numeric(folded(code), errors="coerce") if isinstance(code, str) else np.nan
    return None if np.isnan(number) else float(number)


def _require_column(name: Any, columns: Sequence[str], option: str) -> None:
    if name not in columns:
        text = f"{option} names the column {name!r}, which the file does not have."
        raise OptionError(f"option.{option}_column", text, variable=option, value=name, hint=close_to(str(name), columns))


def without_codes(frame: pd.DataFrame, codes: Mapping[str, Sequence[tuple[Any, Any]]]) -> tuple[pd.DataFrame, Counts]:
    """Return a frame whose codes are NaN, and how many there were by column and code."""
    out, counts = {}, {}
    for column in frame.columns:
        values = frame[column]
        hit = _hits(values, codes.get(column, ()))
        if hit.any():
            found = values[hit].astype(object).map(coded).value_counts()
            counts[column] = {str(code): int(n) for code, n in found.sort_index().items()}
            values = values.where(~hit)
        if isinstance(values.dtype, pd.CategoricalDtype):
            # a code is no step of the scale, even where nobody gave it
            words = values.cat.categories
            values = values.cat.remove_categories(words[_hits(words.to_series(), codes.get(column, ()))])
        out[column] = values
    return pd.DataFrame(out), counts


def _hits(values: pd.Series, ranges: Sequence[tuple[Any, Any]]) -> Any:
    """Return which values are codes."""
    hit = np.zeros(len(values), dtype=bool)
    texts = None if pd.api.types.is_numeric_dtype(values.dtype) else values.astype(object).map(folded, na_action="ignore")
    numbers = pd.to_numeric(values if texts is None else texts, errors="coerce").astype(object).to_numpy(dtype=float, na_value=np.nan)
    for low, high in ranges:
        if isinstance(low, str):
            hit |= np.zeros(len(values), dtype=bool) if texts is None else (texts == folded(low)).to_numpy(dtype=bool)
        else:
            with np.errstate(invalid="ignore"):
                hit |= (numbers >= low) & (numbers <= high)
    return hit


def converted(frame: pd.DataFrame, answers: Answers | None) -> tuple[pd.DataFrame, dict[str, dict[str, float]], Counts]:
    """Return a frame whose numerals, ordered categories and answers in words are numbers, which words became which, and blanks in words."""
    shared, own = _mappings(answers, list(frame.columns))
    out: dict[str, pd.Series] = {}
    mapped: dict[str, dict[str, float]] = {}
    blanks: Counts = {}
    for column in frame.columns:
        values = frame[column]
        rule = own.get(column, shared)
        if column not in own and isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
            mapped[column] = {str(c): float(k) for k, c in enumerate(values.cat.categories, start=1)}
            out[column] = values.cat.codes.astype(float).where(values.cat.codes >= 0) + 1
        elif pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
            out[column] = values
        else:
            out[column], used = _from_text(column, values, rule, column in own)
            if used:
                mapped[column] = used
            if pd.api.types.is_numeric_dtype(out[column].dtype):
                blank = values[values.astype(object).map(folded, na_action="ignore").isin(BLANKS)].astype(object).value_counts()
                blanks |= {column: {str(text): int(n) for text, n in blank.items()}} if len(blank) else {}
    return pd.DataFrame(out), mapped, blanks


def _mappings(answers: Any, columns: list[str]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the mapping of words for all columns, and those of single columns."""
    if answers is None:
        return {}, {}
    if not isinstance(answers, Mapping) or not answers:
        hint = 'Give a mapping, e.g. {"agree": 4}, or a mapping of column to such a mapping.'
        raise OptionError("option.answers", f"answers is {answers!r}.", variable="answers", value=answers, hint=hint)
    if not isinstance(next(iter(answers.values())), Mapping):
        return _numbers(answers), {}
    for column in answers:
        _require_column(column, columns, "answers")
    return {}, {column: _numbers(words) for column, words in answers.items()}


def _numbers(words: Mapping[str, Any]) -> dict[str, float]:
    out: dict[str, float] = {}
    for word, value in words.items():
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
            text = f"The answer {word!r} is {value!r}."
            raise OptionError("option.answers", text, variable="answers", value=value, hint="Give a number for every text.")
        if out.setdefault(folded(word), float(value)) != value:
            text = f"The answer {word!r} is {value!r}, and {out[folded(word)]!r} in other letters."
            raise OptionError("option.answers", text, variable="answers", value=value, hint="Case and full width make no difference.")
    return out


def _from_text(column: str, values: pd.Series, rule: Mapping[str, float], named: bool) -> tuple[pd.Series, dict[str, float]]:
    """Return a text column as numbers where it holds numerals alone, or words that the rule covers; else as it is."""
    words = values.astype(object).map(folded, na_action="ignore")
    words = words.where(~words.isin(("", *BLANKS)))
    there = words.dropna().unique().tolist()
    numbers = pd.to_numeric(pd.Series(there, dtype=object), errors="coerce")
    known = {w: float(n) for w, n in zip(there, numbers, strict=True) if pd.notna(n)} | {w: rule[w] for w in there if w in rule}
    used = {original: rule[folded(original)] for original in dict.fromkeys(map(str, values.dropna())) if folded(original) in rule}
    lacking = [w for w in there if w not in known]
    if lacking and not (named or used):
        # SPSS pads what was left empty with blanks
        empty = values.astype(object).map(folded, na_action="ignore") == ""
        return values.where(~empty) if empty.any() else values, {}
    if lacking:
        first = lacking[0]
        count = int((words == first).sum())
        raise DataError(
            "file.answer_unmapped",
            f"Column {column!r} holds {first!r} ({count} times), which the answers do not map to a number.",
            variable=column,
            value=first,
            hint="Add it to answers=, or to na_values= if it means no answer.",
        )
    return words.map(known).astype(float), used
