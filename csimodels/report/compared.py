"""The tables of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from csimodels.report import content
from csimodels.report.apa import apa_measure, apa_number
from csimodels.report.blocks import Block, Format, names_in
from csimodels.report.export_frames import header_facts, with_names
from csimodels.report.format import count, number, short_names, stars
from csimodels.report.header import is_pls
from csimodels.report.html import table
from csimodels.report.paged import paged
from csimodels.report.summary import summarise_blocks
from csimodels.report.template import document
from csimodels.report.text import natural_width
from csimodels.report.wording import say, spoken

if TYPE_CHECKING:
    from csimodels.comparison import Comparison

__all__ = ["NAME_COLUMNS", "apa_compared", "brief_comparison", "compared_blocks", "compared_frames", "compared_page", "compared_title"]

PATHS_NOTE = "Standard errors of the standardised paths in parentheses. * p < .05, ** p < .01, *** p < .001."
PLS_NOTE = "PLS has no standard errors and p-values before a bootstrap."
SHORT = {"plsc": "PLSc"}
NAME_COLUMNS, TERMINAL = 44, 100
ROWS = {
    "parameter": ("params", "std_errors", "pvalues"),
    "path": ("paths", "paths_se"),
    "construct": ("index", "index_se"),
    "variable": ("rsquared",),
    "measure": ("fit_measures",),
}
Rows = tuple[tuple[str, ...], ...]


class Style(NamedTuple):
    """How numbers are printed: standardised values, standard errors, index points and fit measures by name."""

    bounded: Format
    error: Format
    points: Format
    measure: Callable[[str], Format]


PLAIN = Style(number, number, partial(number, digits=2), content.measure_format)
APA = Style(partial(apa_number, bounded=True), apa_number, partial(apa_number, digits=2), apa_measure)
TITLES = {"sizes": "Models and Estimation", "paths": "Standardised Paths", "index": "Index of Every Construct (0-100)"}
TITLES |= {"rsquared": "Variance Explained by the Paths", "fit": "Fit of the Models"}


def compared_blocks(comparison: Comparison, style: Style = PLAIN) -> list[Block]:
    """Return warnings by model, then paths, index, explained variance and fit side by side."""
    index, se = comparison.index, comparison.index_se
    p = comparison.pvalues.reindex(comparison.paths.index)
    paths = _pairs(comparison.paths, comparison.paths_se, p, style.bounded, style.error)
    constructs = {name for r in comparison.results.values() for name in (*r.spec.construct_names, *r.paths["target"])}
    explained = comparison.rsquared[[name in constructs for name in comparison.rsquared.index]]
    notes = [PATHS_NOTE] * bool(comparison.paths_se.notna().any(axis=None))
    notes += [PLS_NOTE] * any(map(is_pls, comparison.results.values()))
    beside = partial(_beside, tuple(comparison.results))
    return [
        *_warned(comparison),
        beside("sizes", "Models", "", _sizes(comparison)),
        beside("paths", "Standardised paths", "path", paths, notes),
        beside("index", "Index (0-100)", "construct", _pairs(index, se, None, style.points, style.error)),
        beside("rsquared", "Variance explained by the paths", "construct", _plain(explained, style.bounded)),
        beside("fit", "Fit measures", "measure", _fit(comparison.fit_measures, style.measure)),
    ]


def compared_title(comparison: Comparison) -> str:
    """Return how many models stand side by side."""
    count = len(comparison.results)
    return say(f"Comparison of {count} model{'' if count == 1 else 's'}")


def compared_page(comparison: Comparison) -> str:
    """Return one self-contained page: warnings, then the tables side by side."""
    warned, blocks = _warned(comparison), compared_blocks(comparison)
    said, tables = ("".join(table(spoken(b)) for b in part) for part in (warned, blocks[len(warned) :]))
    return document(compared_title(comparison), [("warnings", "Warnings", said), ("tables", "Tables", tables)])


def brief_comparison(comparison: Comparison) -> str:
    """Return the tables as text that fits a terminal, also where there are many models."""
    blocks = compared_blocks(comparison)
    short = short_names(names_in(blocks), NAME_COLUMNS)
    parts = [part for b in blocks for part in paged(b, partial(natural_width, short=short), TERMINAL, short)]
    return str(summarise_blocks(parts, NAME_COLUMNS).as_text())


def apa_compared(comparison: Comparison) -> list[Block]:
    """Return the tables with numbers and headings as the APA prints them; those without rows are left out, warnings are not."""
    blocks = [b for b in compared_blocks(comparison, APA) if b.rows or b.notes]
    return [
        replace(b, title=TITLES.get(b.key, b.title), columns=(*(c.capitalize() for c in b.columns[:1]), *b.columns[1:])) for b in blocks
    ]


def compared_frames(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Return every table by name at full precision, names of rows as a first column; the header says of each model what it is."""
    said = [(name, *pair) for name, result in comparison.results.items() for pair in header_facts(result)]
    tables = {name: with_names(getattr(comparison, name), heading) for heading, names in ROWS.items() for name in names}
    return {"header": pd.DataFrame(said, columns=["model", "fact", "value"]), **tables}


def _beside(models: tuple[str, ...], key: str, title: str, corner: str, rows: Rows, notes: Sequence[str] = ()) -> Block:
    """Return a table with one column a model."""
    names_at = "columns" if key in ("sizes", "fit") else "both"
    return Block(key, title, (corner, *models), rows, notes=tuple(notes), names_at=names_at)


def _warned(comparison: Comparison) -> list[Block]:
    """Return one block of warnings for each model that has any."""
    out = []
    for name, result in comparison.results.items():
        out += [replace(b, title=f"{name}: {b.title}") for b in content.warned(result)]
    return out


def _sizes(comparison: Comparison) -> Rows:
    results = comparison.results.values()
    return (
        ("model", *(r.spec.name for r in results)),
        ("estimator", *(SHORT.get(r.options.estimator, r.options.estimator.upper()) for r in results)),
        ("rows", *(count(r.moments.rows) for r in results)),
        ("converged", *("yes" if r.converged else "NO" for r in results)),
        ("admissible", *("yes" if r.admissible else "NO" for r in results)),
    )


def _pairs(values: pd.DataFrame, se: pd.DataFrame, p: pd.DataFrame | None, form: Format, error: Format) -> Rows:
    """Return two lines a row: values with stars, and standard errors in parentheses where there are any."""
    rows: list[tuple[str, ...]] = []
    for k, label in enumerate(values.index):
        marks = [""] * values.shape[1] if p is None else [stars(v) for v in p.iloc[k]]
        rows.append((str(label), *(form(v) + m for v, m in zip(values.iloc[k], marks, strict=True))))
        if se.iloc[k].notna().any():
            rows.append(("", *(f"({error(v)})" if pd.notna(v) else "" for v in se.iloc[k])))
    return tuple(rows)


def _plain(table: pd.DataFrame, form: Format) -> Rows:
    return tuple((str(label), *map(form, row)) for label, row in zip(table.index, table.to_numpy(), strict=True))


def _fit(measures: pd.DataFrame, measure: Callable[[str], Format]) -> Rows:
    kept = measures.dropna(how="all")
    return tuple((content.FIT.get(m, m), *map(measure(m), kept.loc[m])) for m in content.in_order(map(str, kept.index)))
