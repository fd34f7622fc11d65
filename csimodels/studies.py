"""The published studies that can be repeated: what they fitted, and the numbers they printed, one TOML file each."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from csimodels.checks import close_to
from csimodels.datasets import load_ecsi_moments
from csimodels.errors import CatalogError

__all__ = ["Printed", "Source", "Study", "load_study", "study_data", "study_names"]

FOLDER = Path(__file__).parent / "replications"


class Source(NamedTuple):
    """Who printed numbers: the program they are from, what kind of text they stand in, and where to find it."""

    program: str
    kind: str
    citation: str
    doi: str = ""


class Printed(NamedTuple):
    """Numbers of one quantity in one place, as printed, by term; ``against`` is the second fit where two are correlated."""

    source: str
    fit: str
    quantity: str
    where: str
    values: Mapping[str, str]
    against: str = ""


class Study(NamedTuple):
    """One study: its model (a name of the catalog or lavaan text), data, fits by name with their options, and what was printed."""

    name: str
    title: str
    citation: str
    doi: str
    model: str
    data: str
    notes: tuple[str, ...]
    sources: Mapping[str, Source]
    fits: Mapping[str, Mapping[str, Any]]
    printed: tuple[Printed, ...]


def study_names() -> list[str]:
    """Return the names of the studies."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


@cache
def load_study(name: str) -> Study:
    """Return a study by its name; a name that there is not raises CatalogError."""
    if name not in study_names():
        raise CatalogError(
            "catalog.unknown_replication",
            f"There is no replication {name!r}.",
            variable="name",
            value=name,
            hint=close_to(str(name), study_names()),
        )
    read = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    sources = {key: Source(**given) for key, given in read.pop("sources").items()}
    printed = tuple(Printed(**given) for given in read.pop("printed"))
    return Study(notes=tuple(read.pop("notes")), sources=sources, printed=printed, **read)


def study_data(study: Study) -> Any:
    """Return the data of a study: rows, or moments where they suffice."""
    return DATA[study.data]()


def _semopy_rows(name: str) -> Any:
    """Return rows that semopy ships; its examples hold strings that Python warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from semopy import examples

        return getattr(examples, name).get_data()


DATA: dict[str, Callable[[], Any]] = {
    "ecsi_moments": load_ecsi_moments,
    "political_democracy": lambda: _semopy_rows("political_democracy"),
    "holzinger_swineford": lambda: _semopy_rows("holzinger39"),
}
