"""A spec as a questionnaire: a table of its questions, to be written as Markdown or CSV."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from csimodels.errors import OptionError
from csimodels.report.format import clean
from csimodels.trees import checked_lang, cited, label_of, observed_alone, require_measurable, roots, stem_of, title_of

if TYPE_CHECKING:
    from csimodels.elements import Construct, Indicator
    from csimodels.spec import ModelSpec

__all__ = ["FURTHER", "YES_OR_NO", "Heading", "Questionnaire", "questionnaire_of"]

COLUMNS = (
    "number",
    "construct",
    "item",
    "stem",
    "lowest",
    "highest",
    "lowest_anchor",
    "highest_anchor",
    "reverse",
    "na_values",
    "source",
)
FURTHER = {"en": "Further questions", "zh": "其他问题"}
YES_OR_NO = (0, 1)
NO_AND_YES = {"en": ("no", "yes"), "zh": ("否", "是")}
DEEPEST = 6


class Heading(NamedTuple):
    """A heading of the Markdown: the number of the question that follows it, its level (2 and deeper) and its text."""

    number: int
    level: int
    text: str


@dataclass(frozen=True, eq=False, repr=False)
class Questionnaire:
    """Hold a questionnaire; it prints as Markdown.

    Attributes
    ----------
    title : str
        Title of the model.
    lang : str
        "en" or "zh".
    table : DataFrame
        One row a question: number, construct (its label, empty for observed variables), item, stem, lowest, highest, lowest_anchor,
        highest_anchor, reverse, na_values (codes as text) and source.
    headings : tuple of Heading
        Headings of constructs, those of higher order above their facets.

    Examples
    --------
    >>> import csimodels as csi
    >>> print(csi.load_model("acsi_1996").questionnaire().to_markdown().splitlines()[0])
    # American Customer Satisfaction Index (1996): questionnaire
    """

    title: str
    lang: str
    table: pd.DataFrame
    headings: tuple[Heading, ...]

    def __repr__(self) -> str:
        return self.to_markdown()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the questionnaire as Markdown.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write, in UTF-8.

        Returns
        -------
        str

        Raises
        ------
        ResultFileError
            The folder of the file does not exist.

        Examples
        --------
        >>> import csimodels as csi
        >>> spec = csi.ModelSpec.from_lavaan("satisfaction =~ s1 + s2", scale=(1, 5))
        >>> print(*spec.questionnaire(na_values=()).to_markdown().splitlines()[4:9], sep="|")
        ## satisfaction||1. s1||   1 … 5
        """
        from csimodels.report.questionnaire_markdown import as_markdown

        text = as_markdown(self)
        _write(path, text, "utf-8")
        return text

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the table of questions as CSV.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write, in UTF-8 with a byte order mark: without the mark, spreadsheet programs read Chinese as another encoding.

        Returns
        -------
        str
            The text, without the mark.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.load_model("acsi_1996").questionnaire().to_csv().splitlines()[0][:33]
        'number,construct,item,stem,lowest'
        """
        text = self.table.to_csv(index=False, lineterminator="\n")
        _write(path, text, "utf-8-sig")
        return text


def _write(path: str | os.PathLike[str] | None, text: str, encoding: str) -> None:
    if path is None:
        return
    from csimodels.writing import require_folder

    require_folder(Path(path))
    Path(path).write_text(text, encoding=encoding, newline="\n")


def questionnaire_of(spec: ModelSpec, lang: str, na_values: Any) -> Questionnaire:
    """Return the questionnaire of a spec, in "en" or "zh", with codes for "don't know"."""
    checked_lang(lang)
    given = _checked_codes(na_values)
    require_measurable(spec)
    headings: list[Heading] = []
    rows: list[tuple[Any, ...]] = []
    for level, construct, items in _sections(spec):
        label = label_of(construct, lang) if construct else ""
        source = clean(construct.source) if construct and construct.source else cited(spec)
        headings.append(Heading(len(rows) + 1, min(level, DEEPEST), label or FURTHER[lang]))
        for item in items:
            rows.append((len(rows) + 1, label, *_row(item, given, lang), source))
    return Questionnaire(title_of(spec, lang), lang, pd.DataFrame(rows, columns=list(COLUMNS)), tuple(headings))


def _checked_codes(given: Any) -> tuple[float, ...]:
    """Return codes as floats."""
    try:
        if isinstance(given, (str, bytes)) or not isinstance(given, (Sequence, np.ndarray, set, frozenset)):
            raise TypeError
        found = tuple(float(code) for code in given)
        if not all(map(math.isfinite, found)):
            raise ValueError
    except (TypeError, ValueError):
        hint = "Give a list of numbers, e.g. [98, 99], or () for none."
        raise OptionError("option.na_values", f"na_values is {given!r}.", variable="na_values", value=given, hint=hint) from None
    return found


def _sections(spec: ModelSpec) -> Iterator[tuple[int, Construct | None, list[Indicator]]]:
    """Yield (level of heading, construct, its own questions); a construct's own questions come before those of its facets."""
    for root in roots(spec):
        yield from _under(spec, root, 2)
    alone = observed_alone(spec)
    if alone:
        yield 2, None, alone


def _under(spec: ModelSpec, c: Construct, level: int) -> Iterator[tuple[int, Construct | None, list[Indicator]]]:
    lower = set(spec.construct_names)
    yield level, c, [i for i in c.indicators if i.name not in lower]
    for facet in c.items:
        if facet in lower:
            yield from _under(spec, spec.construct(facet), level + 1)


def _row(item: Indicator, given: tuple[float, ...], lang: str) -> tuple[Any, ...]:
    """Return item, stem, ends of the scale, anchors, reverse and codes."""
    assert item.scale is not None
    ends = [int(end) if end.is_integer() else end for end in item.scale]
    anchors = (item.anchors_zh if lang == "zh" else ()) or item.anchors or (NO_AND_YES[lang] if item.scale == YES_OR_NO else ("", ""))
    codes = ", ".join(_codes(item, given))
    return (item.name, stem_of(item, lang) or item.name, *ends, *map(clean, anchors), item.reverse, codes)


def _codes(item: Indicator, given: tuple[float, ...]) -> list[str]:
    """Return the item's own codes or else the given ones, none of which may be an answer on its scale."""
    assert item.scale is not None
    lo, hi = item.scale
    for code in item.na_values or given:
        if lo <= code <= hi:
            raise OptionError(
                "option.na_values_in_scale",
                f"The code {code:.15g} is an answer on the scale of item {item.name!r}, {lo:.15g} to {hi:.15g}.",
                variable=item.name,
                value=code,
                hint=f"Give other {'na_values to the item itself' if item.na_values else 'na_values'}, e.g. {_beyond(lo, hi)}.",
            )
    return [f"{code:.15g}" for code in dict.fromkeys(item.na_values or given)]


def _beyond(lo: float, hi: float) -> str:
    """Return usual codes that are no answer on a scale."""
    usual = ((98, 99), (998, 999), (9998, 9999), (-2, -1))
    return next((str(list(pair)) for pair in usual if not any(lo <= code <= hi for code in pair)), "two numbers outside that scale")
