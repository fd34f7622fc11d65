"""The tables of a report, one function each: result in, block out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csimodels.errors import CSIError
from csimodels.report.blocks import Block, Format, from_frame
from csimodels.report.format import count, fixed, number, pvalue
from csimodels.report.header import WITHHELD, facts, index_or_reason, model_title, verdict

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = [
    "covariances",
    "effects",
    "fit",
    "fornell_larcker",
    "header",
    "impact",
    "in_order",
    "index",
    "loadings",
    "measure_format",
    "paths",
    "reliability",
    "rsquared",
    "warned",
]

TESTS = {"se": "se", "z": "z", "pvalue": "p"}
LIMITS = {"ci_lower": "[0.025", "ci_upper": "0.975]"}
FIT = {
    "chisq": "Chi-square",
    "df": "df",
    "pvalue": "p",
    "baseline_chisq": "Baseline chi-square",
    "baseline_df": "Baseline df",
    "baseline_pvalue": "Baseline p",
    "cfi": "CFI",
    "tli": "TLI",
    "nfi": "NFI",
    "pnfi": "PNFI",
    "ifi": "IFI",
    "rni": "RNI",
    "rmsea": "RMSEA",
    "rmsea_ci_lower": "RMSEA 90 % lower",
    "rmsea_ci_upper": "RMSEA 90 % upper",
    "rmsea_pvalue": "p(RMSEA <= 0.05)",
    "srmr": "SRMR",
    "gfi": "GFI",
    "agfi": "AGFI",
    "logl": "Log-likelihood",
    "unrestricted_logl": "Unrestricted log-lik.",
    "aic": "AIC",
    "bic": "BIC",
    "bic2": "BIC, sample-adjusted",
    "npar": "Free parameters",
    "ntotal": "n",
    "fmin": "Fmin",
}
BRIEF = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr", "aic", "bic")
COUNTS = ("df", "baseline_df", "npar", "ntotal")


def _withheld(result: CSIResults) -> tuple[str, ...]:
    return (WITHHELD,) if result.options.weighted else ()


def warned(result: CSIResults) -> list[Block]:
    """Return the warnings as a block without rows; no block where there are none."""
    title = verdict(result)
    if not title and not result.warnings:
        return []
    return [Block("warnings", title or "Warnings", (), (), 0, result.warnings)]


def header(result: CSIResults) -> Block:
    """Return the facts of the fit under the name of the model."""
    return Block("header", model_title(result), ("fact", "value"), tuple(facts(result))[1:], align="ll")


def index(result: CSIResults) -> Block:
    """Return the 0-100 index, or a line that says why there is none."""
    table, reason = index_or_reason(result)
    title = "Index (0-100)"
    if table is None:
        return Block("index", title, ("construct",), (), notes=(f"No index: {reason}",))
    columns = {"construct": "construct", "score": "index", "se": "se", **LIMITS}
    notes = [] if result.spec.target is None else [f"Target: {result.spec.target}."]
    if table["se"].notna().any():
        notes.append("Standard errors take the index weights as fixed.")
    formats: dict[str, Format] = dict.fromkeys(("score", "ci_lower", "ci_upper"), fixed)
    frame = table.rename_axis("construct").reset_index()
    return from_frame("index", title, frame, columns, formats, notes=(*notes, *_withheld(result)))


def paths(result: CSIResults) -> Block:
    """Return the structural paths with hypothesised signs."""
    columns = {"source": "from", "target": "to", "std": "std", "est": "estimate", **TESTS, **LIMITS}
    columns |= {"expected_sign": "expected", "sign_agrees": "agrees"}
    formats: dict[str, Format] = {"expected_sign": str, "sign_agrees": _agrees}
    notes = ["expected: hypothesised sign (? where theory is open)."]
    return from_frame("paths", "Structural paths", result.paths, columns, formats, 2, (*notes, *_withheld(result)))


def _agrees(value: Any) -> str:
    return "" if pd.isna(value) else "yes" if value else "NO"


def loadings(result: CSIResults) -> Block:
    """Return the loadings with the items' explained variance."""
    frame = result.loadings.assign(rsquared=result.loadings["indicator"].map(result.rsquared))
    columns = {"construct": "construct", "indicator": "item", "std": "std", "est": "estimate", **TESTS, **LIMITS}
    columns["rsquared"] = "R²"
    block = from_frame("loadings", "Loadings", frame, columns, stubs=2, notes=_withheld(result))
    return replace(block, grouped=True)


def reliability(result: CSIResults) -> Block:
    """Return the reliability of each block."""
    columns = {"construct": "construct", "items": "items", "alpha": "alpha", "alpha_raw": "alpha (raw)"}
    columns |= {"rho_a": "rho_A", "rho_c": "rho_C", "ave": "AVE"}
    frame = result.reliability.rename_axis("construct").reset_index()
    return from_frame("reliability", "Reliability", frame, columns, {"items": count})


def _matrix(key: str, title: str, table: pd.DataFrame, corner: str, blank_zero: bool, notes: tuple[str, ...]) -> Block:
    """Return a table of numbers with names on both sides."""
    values = table.to_numpy(dtype=float)
    values = np.where(np.abs(values) < 1e-10, np.nan, values) if blank_zero else values
    rows = tuple((str(name), *(number(v) for v in line)) for name, line in zip(table.index, values, strict=True))
    return Block(key, title, (corner, *map(str, table.columns)), rows, notes=notes)


def fornell_larcker(result: CSIResults) -> Block:
    """Return construct correlations below the roots of AVE."""
    note = "Diagonal: root of AVE; below: correlations. Valid where each root exceeds its row and column."
    title = "Discriminant validity (Fornell-Larcker)"
    return _matrix("validity", title, result.fornell_larcker, "construct", False, (note,))


def effects(result: CSIResults) -> Block:
    """Return direct, indirect and total effects."""
    frame = result.effects.copy()
    for part in ("direct", "indirect"):
        absent = frame[part].abs().lt(1e-10) & frame[f"{part}_se"].isna()
        frame.loc[absent, part] = np.nan
    columns = {"source": "from", "target": "to"}
    for part in ("direct", "indirect", "total"):
        columns |= {part: part, f"{part}_se": "se"}
    columns["total_std"] = "total, std"
    return from_frame("effects", "Direct, indirect and total effects", frame, columns, stubs=2, notes=_withheld(result))


def impact(result: CSIResults) -> Block:
    """Return what five more index points of a driver bring each target."""
    title = "Impacts on the index"
    try:
        table = result.impact()
    except CSIError as error:
        return Block("impact", title, ("driver",), (), notes=(f"No impacts: {error}",))
    note = "Index points of the construct at the top for 5 more index points of the construct at the left."
    return _matrix("impact", title, table, "driver", True, (note,))


def rsquared(result: CSIResults) -> Block:
    """Return the explained variance of what the paths explain."""
    explained = set(result.paths["target"]) | set(result.spec.construct_names)
    values = result.rsquared[[name in explained for name in result.rsquared.index]]
    frame = values.rename_axis("construct").reset_index(name="rsquared")
    columns = {"construct": "construct", "rsquared": "R²"}
    return from_frame("rsquared", "Variance explained by the paths", frame, columns)


def fit(result: CSIResults, brief: bool = False) -> Block:
    """Return the fit measures that there are; a measure without a label here goes by its own name."""
    measures = result.fit_measures.dropna()
    if brief:
        measures = measures[[m for m in BRIEF if m in measures]]
    rows = tuple((FIT.get(m, m), measure_format(m)(measures[m])) for m in in_order(map(str, measures.index)))
    return Block("fit", "Fit measures", ("measure", "value"), rows, notes=_withheld(result))


def in_order(measures: Iterable[str]) -> list[str]:
    """Return the names of fit measures in the order of a report."""
    given = [m for m in measures if m != "rmsea_ci_level"]
    return [m for m in FIT if m in given] + [m for m in given if m not in FIT]


def measure_format(name: str) -> Format:
    """Return how a fit measure is printed."""
    return pvalue if name.endswith("pvalue") else count if name in COUNTS else number


def covariances(result: CSIResults) -> Block:
    """Return variances, covariances and whatever else is neither loading nor path."""
    rows = result.table[~result.table["op"].isin(["=~", "~"])]
    columns = {"lhs": "of", "rhs": "with", "std": "std", "est": "estimate", **TESTS}
    notes = ("Residual where the model explains the variable.", *_withheld(result))
    return from_frame("covariances", "Variances and covariances", rows, columns, stubs=2, notes=notes)
