"""The tables of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report import content
from csimodels.report.blocks import Block
from csimodels.report.format import count, number, stars
from csimodels.report.header import is_pls

if TYPE_CHECKING:
    from csimodels.comparison import Comparison

__all__ = ["compared_blocks"]

PATHS_NOTE = "Standard errors of the standardised paths in parentheses. * p < .05, ** p < .01, *** p < .001."
PLS_NOTE = "PLS has no standard errors and p-values before a bootstrap."
SHORT = {"plsc": "PLSc"}


def compared_blocks(comparison: Comparison) -> list[Block]:
    """Return warnings by model, then paths, index, explained variance and fit side by side."""
    index, se = comparison.index, comparison.index_se
    paths = _pairs(comparison.paths, comparison.paths_se, comparison.pvalues.reindex(comparison.paths.index), 3)
    models = tuple(comparison.results)
    constructs = {name for r in comparison.results.values() for name in (*r.spec.construct_names, *r.paths["target"])}
    explained = comparison.rsquared[[name in constructs for name in comparison.rsquared.index]]
    notes = [PATHS_NOTE] * bool(comparison.paths_se.notna().any(axis=None))
    notes += [PLS_NOTE] * any(map(is_pls, comparison.results.values()))
    return [
        *_warned(comparison),
        Block("sizes", "Models", ("", *models), _sizes(comparison)),
        Block("paths", "Standardised paths", ("path", *models), paths, notes=tuple(notes)),
        Block("index", "Index (0-100)", ("construct", *models), _pairs(index, se, None, 2)),
        Block("rsquared", "Variance explained by the paths", ("construct", *models), _plain(explained)),
        Block("fit", "Fit measures", ("measure", *models), _fit(comparison.fit_measures)),
    ]


def _warned(comparison: Comparison) -> list[Block]:
    """Return one block of warnings for each model that has any."""
    out = []
    for name, result in comparison.results.items():
        out += [Block(b.key, f"{name}: {b.title}", b.columns, b.rows, b.stubs, b.notes) for b in content.warned(result)]
    return out


def _sizes(comparison: Comparison) -> tuple[tuple[str, ...], ...]:
    results = comparison.results.values()
    return (
        ("model", *(r.spec.name for r in results)),
        ("estimator", *(SHORT.get(r.options.estimator, r.options.estimator.upper()) for r in results)),
        ("rows", *(count(r.moments.rows) for r in results)),
        ("converged", *("yes" if r.converged else "NO" for r in results)),
        ("admissible", *("yes" if r.admissible else "NO" for r in results)),
    )


def _pairs(values: pd.DataFrame, se: pd.DataFrame, p: pd.DataFrame | None, digits: int) -> tuple[tuple[str, ...], ...]:
    """Return two lines a row: values with stars, and standard errors in parentheses where there are any."""
    rows: list[tuple[str, ...]] = []
    for k, label in enumerate(values.index):
        marks = [""] * values.shape[1] if p is None else [stars(v) for v in p.iloc[k]]
        rows.append((str(label), *(number(v, digits) + m for v, m in zip(values.iloc[k], marks, strict=True))))
        if se.iloc[k].notna().any():
            rows.append(("", *(f"({number(v)})" if pd.notna(v) else "" for v in se.iloc[k])))
    return tuple(rows)


def _plain(table: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    return tuple((str(label), *map(number, row)) for label, row in zip(table.index, table.to_numpy(), strict=True))


def _fit(measures: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    kept = measures.dropna(how="all")
    order = content.in_order(map(str, kept.index))
    return tuple((content.FIT.get(m, m), *map(content.measure_format(m), kept.loc[m])) for m in order)
