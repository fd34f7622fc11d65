"""The reader's language: texts as written in English, or what the catalogue of another language says instead of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from csimodels.report.blocks import Block
from csimodels.report.format import clean
from csimodels.trees import checked_lang, label_of, title_of

if TYPE_CHECKING:
    from csimodels.spec import ModelSpec

__all__ = ["cell", "gap", "heading", "language", "named", "say", "speaking", "spoken", "titled"]

SLOT = re.compile(r"\{(\w+)\}")
SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z])")
COMMAS = re.compile(r", |; ")
PARAMETER = re.compile(r"(\S+)( =~ | ~~ | ~ )(\S+)")
LOOSE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


class Catalogue(NamedTuple):
    """Texts of a language by the English ones; as expressions where they have slots, the longest first; headings and cells apart."""

    exact: dict[str, str]
    patterns: list[tuple[re.Pattern[str], str]]
    headings: dict[str, str]
    cells: dict[str, str]


@dataclass(frozen=True)
class Wording:
    """Hold a language, with what it calls the constructs of a model."""

    lang: str
    names: Mapping[str, str]


_wording: ContextVar[Wording | None] = ContextVar("_wording", default=None)


@lru_cache
def catalogue(lang: str) -> Catalogue:
    """Return the texts of a language."""
    texts: dict[str, Any] = tomllib.loads(files("csimodels.report").joinpath(f"{lang}.toml").read_text(encoding="utf-8"))
    headings, cells = texts.pop("headings"), texts.pop("cells")
    slotted = sorted((key for key in texts if SLOT.search(key)), key=lambda key: -len(SLOT.sub("", key)))
    return Catalogue(texts, [(_expression(key), texts[key]) for key in slotted], headings, cells)


def _expression(template: str) -> re.Pattern[str]:
    """Return what a text with slots looks like when they are filled."""
    parts = SLOT.split(template)
    return re.compile("".join(f"(?P<{part}>.+?)" if k % 2 else re.escape(part) for k, part in enumerate(parts)), re.DOTALL)


@contextmanager
def speaking(lang: str, *specs: ModelSpec) -> Iterator[None]:
    """Let renderings within speak a language about models.

    Raises
    ------
    OptionError
        Unknown language.
    """
    checked_lang(lang)
    token = _wording.set(None if lang == "en" else Wording(lang, _labels(specs, lang)))
    try:
        yield
    finally:
        _wording.reset(token)


def _labels(specs: Sequence[ModelSpec], lang: str) -> dict[str, str]:
    """Return the labels of constructs; names stay where two would be called the same, or one differently in two models."""
    labelled = [(c, clean(label_of(c, lang))) for spec in specs for c in spec.constructs if c.label_zh]
    pairs = {(c.name, label) for c, label in labelled}
    names, labels = [name for name, _ in pairs], [*(label for _, label in pairs), *(item for spec in specs for item in {*spec.items})]
    own = {name: label for name, label in sorted(pairs) if labels.count(label) == 1 and names.count(name) == 1}
    english = {clean(c.label): label for c, label in labelled if c.label and own.get(c.name) == label}
    titles = {titled_in(spec, "en"): titled_in(spec, lang) for spec in specs if spec.title_zh}
    return titles | english | own


def language() -> str:
    """Return the code of the language that is spoken."""
    wording = _wording.get()
    return "en" if wording is None else wording.lang


def gap() -> str:
    """Return what stands between two sentences."""
    return " " if _wording.get() is None else ""


def named(name: str) -> str:
    """Return what the reader's language calls a construct, also in the name of a parameter; other names as they are."""
    wording = _wording.get()
    if wording is None or name in wording.names:
        return name if wording is None else wording.names[name]
    ends = PARAMETER.fullmatch(name)
    return name if ends is None else "".join(wording.names.get(part, part) for part in ends.groups())


def titled(spec: ModelSpec) -> str:
    """Return the title of a model, its name where it has none."""
    return titled_in(spec, language())


def titled_in(spec: ModelSpec, lang: str) -> str:
    """Return the title of a model in a language."""
    return clean(title_of(spec, lang))


def heading(text: str) -> str:
    """Return what stands above a section, a table or a column in the reader's language."""
    wording = _wording.get()
    return text if wording is None else catalogue(wording.lang).headings.get(text) or say(text)


def cell(text: str) -> str:
    """Return what a cell says in the reader's language, where it may also hold a name of the user's."""
    wording = _wording.get()
    return text if wording is None else catalogue(wording.lang).cells.get(text) or say(text)


def say(text: str) -> str:
    """Return a text in the reader's language: whole, by its template, as a list, or sentence by sentence; else unchanged."""
    wording = _wording.get()
    if wording is None or not text:
        return text
    found = _found(text, wording) or _listed(text, wording, _known)
    if found is None:
        parts = SENTENCES.split(text)
        found = "".join(_found(part, wording) or f"{part} " for part in parts).strip() if len(parts) > 1 else text
    return found


def _found(text: str, wording: Wording) -> str | None:
    """Return what a catalogue has for a text, None if nothing."""
    known = catalogue(wording.lang)
    if text in known.exact:
        return known.exact[text]
    for pattern, answer in known.patterns:
        match = pattern.fullmatch(text)
        if match:
            values = {slot: _value(value, wording) for slot, value in match.groupdict().items()}
            return LOOSE.sub("", SLOT.sub(lambda slot, values=values: values[slot[1]], answer))  # type: ignore[misc]
    return None


def _value(text: str, wording: Wording) -> str:
    """Return what fills a slot: the label of a name, a list of them, a phrase of the catalogue, or the text as it is."""
    return _known(text, wording) or _listed(text, wording, _begun) or _begun(text, wording) or text


def _known(text: str, wording: Wording) -> str | None:
    """Return the label of a name or what the catalogue has."""
    return wording.names.get(text) or _found_apart(text, wording)


def _found_apart(text: str, wording: Wording) -> str | None:
    """Return what the catalogue has for a text that is no list."""
    return None if len(COMMAS.split(text)) > 1 and text not in catalogue(wording.lang).exact else _found(text, wording)


def _begun(text: str, wording: Wording) -> str | None:
    """Return a text that is known, or that begins with the name of a construct, as parameters do."""
    first, space, rest = text.partition(" ")
    found = _known(text, wording) or _found(text, wording)
    if found is not None or first not in wording.names:
        return found
    return named(text) if PARAMETER.fullmatch(text) else wording.names[first] + space + rest


def _listed(text: str, wording: Wording, member: Callable[[str, Wording], str | None]) -> str | None:
    """Return a list with the marks of the language, None unless every member is known."""
    parts, marks = COMMAS.split(text), COMMAS.findall(text)
    said = [member(part, wording) for part in parts]
    if not marks or None in said:
        return None
    return "".join(str(part) + (catalogue(wording.lang).exact[mark] if mark else "") for part, mark in zip(said, [*marks, ""], strict=True))


def spoken(block: Block) -> Block:
    """Return a block in the reader's language; of names only those of constructs change."""
    wording = _wording.get()
    if wording is None:
        return block
    names = {"none": 0, "columns": 0, "first": 1}.get(block.names_at, block.stubs)
    if block.names_at == "said":
        return replace(block, title=heading(block.title), notes=tuple(map(say, block.notes)))
    heads = named if block.headed else heading
    columns = (*map(heading, block.columns[: block.stubs]), *map(heads, block.columns[block.stubs :]))
    rows = tuple((*map(named, row[:names]), *map(say, row[names:])) for row in block.rows)
    return replace(block, title=heading(block.title), columns=columns, rows=rows, notes=tuple(map(say, block.notes)))
