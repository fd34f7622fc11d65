"""The tables of a report, one function each: result in, block out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csimodels.errors import CSIError
from csimodels.kinds import index_kind
from csimodels.report.blocks import Block, Format, from_frame, matrix
from csimodels.report.format import count, fixed, number, pvalue
from csimodels.report.header import WEIGHTED_PLS, WITHHELD, facts, index_or_reason, is_pls, model_title, verdict

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = [
    "FIT",
    "agrees",
    "covariances",
    "effects",
    "explained",
    "fit",
    "header",
    "impact",
    "in_order",
    "index",
    "index_shares",
    "limits",
    "loadings",
    "measure_format",
    "paths",
    "rsquared",
    "share_note",
    "warned",
    "weights",
    "with_shares",
]

NAMES = ["construct", "indicator"]
TESTS = {"se": "se", "z": "z", "pvalue": "p"}
IMPACT_NOTE = "Index points of the construct at the top for 5 more index points of the construct at the left."
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
    "srmr_saturated": "SRMR, saturated",
    "d_uls": "d_ULS",
    "d_uls_saturated": "d_ULS, saturated",
    "gfi": "GFI",
    "agfi": "AGFI",
    "logl": "Log-likelihood",
    "unrestricted_logl": "Unrestricted log-lik.",
    "aic": "AIC",
    "bic": "BIC",
    "bic2": "BIC, sample-adjusted",
    "cn_05": "Hoelter's N, p = .05",
    "cn_01": "Hoelter's N, p = .01",
    "ecvi": "ECVI",
    "npar": "Free parameters",
    "ntotal": "n",
    "fmin": "Fmin",
    "chisq_scaled": "Chi-square, scaled",
    "df_scaled": "df, scaled",
    "pvalue_scaled": "p(chi-square), scaled",
    "chisq_scaling_factor": "Scaling factor",
    "chisq_shift": "Shift",
    "baseline_chisq_scaled": "Baseline chi-square, scaled",
    "baseline_df_scaled": "Baseline df, scaled",
    "baseline_pvalue_scaled": "p(baseline), scaled",
    "baseline_chisq_scaling_factor": "Baseline scaling factor",
    "cfi_scaled": "CFI, scaled",
    "tli_scaled": "TLI, scaled",
    "rmsea_scaled": "RMSEA, scaled",
    "rmsea_ci_lower_scaled": "RMSEA 90 % lower, scaled",
    "rmsea_ci_upper_scaled": "RMSEA 90 % upper, scaled",
    "rmsea_pvalue_scaled": "p(RMSEA <= 0.05), scaled",
    "cfi_robust": "CFI, robust",
    "tli_robust": "TLI, robust",
    "rmsea_robust": "RMSEA, robust",
    "rmsea_ci_lower_robust": "RMSEA 90 % lower, robust",
    "rmsea_ci_upper_robust": "RMSEA 90 % upper, robust",
    "rmsea_pvalue_robust": "p(RMSEA <= 0.05), robust",
}
LIKELIHOOD = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
ROBUST = ("chisq_scaled", "df_scaled", "pvalue_scaled", "cfi_robust", "tli_robust", "rmsea_robust")
BRIEF = (*LIKELIHOOD, *ROBUST, "srmr", "srmr_saturated", "d_uls", "d_uls_saturated", "aic", "bic")
COUNTS = ("df", "baseline_df", "npar", "ntotal", "baseline_df_scaled")
SATURATED = "Saturated: with constructs that correlate freely, so that only the measurement model is judged."


def limits(level: float = 0.95) -> dict[str, str]:
    """Return the columns of an interval with their headings."""
    return {"ci_lower": f"[{(1 - level) / 2:.4g}", "ci_upper": f"{(1 + level) / 2:.4g}]"}


def _withheld(result: CSIResults) -> tuple[str, ...]:
    """Return what is to be said where a likelihood is missing; PLS has none to miss."""
    return (WITHHELD,) if result.withheld else ()


def _inferred(result: CSIResults) -> dict[str, str]:
    """Return the columns that follow a standardised estimate; PLS has no other estimate and no errors."""
    return {} if is_pls(result) else {"est": "estimate", **TESTS, **limits()}


def warned(result: CSIResults) -> list[Block]:
    """Return the warnings as a block without rows; no block where there are none."""
    title = verdict(result)
    if not title and not result.warnings:
        return []
    return [Block("warnings", title or "Warnings", (), (), 0, result.warnings)]


def header(result: CSIResults) -> Block:
    """Return the facts of the fit under the name of the model."""
    return Block("header", model_title(result), ("fact", "value"), tuple(facts(result))[1:], align="ll", names_at="none")


def index(result: CSIResults) -> Block:
    """Return the 0-100 index, or a line that says why there is none."""
    table, reason = index_or_reason(result)
    title = "Index (0-100)"
    if table is None:
        return Block("index", title, ("construct",), (), notes=(f"No index: {reason}",))
    columns = {"construct": "construct", "score": "index", "se": "se", **limits()}
    notes = [] if result.spec.target is None else [f"Target: {result.spec.target}."]
    if table["se"].notna().any():
        notes.append("Standard errors take the index weights as fixed.")
    elif is_pls(result):
        columns, notes = {"construct": "construct", "score": "index"}, [*notes, WEIGHTED_PLS]
    formats: dict[str, Format] = dict.fromkeys(("score", "ci_lower", "ci_upper"), fixed)
    frame = table.rename_axis("construct").reset_index()
    return from_frame("index", title, frame, columns, formats, notes=(*notes, *shares(result), *_withheld(result)))


def shares(result: CSIResults) -> list[str]:
    """Return a sentence on constructs whose index is a share of respondents."""
    names = [c.name for c in result.spec.constructs if index_kind(c) != "index"]
    return [f"A share of respondents in per cent, not a mean answer: {', '.join(names)}."] if names else []


def paths(result: CSIResults) -> Block:
    """Return the structural paths with hypothesised signs."""
    columns = {"source": "from", "target": "to", "std": "std", **_inferred(result)}
    columns |= {"expected_sign": "expected", "sign_agrees": "agrees"}
    formats: dict[str, Format] = {"expected_sign": str, "sign_agrees": agrees}
    notes = ["expected: hypothesised sign (? where theory is open)."]
    return from_frame("paths", "Structural paths", result.paths, columns, formats, 2, (*notes, *_withheld(result)))


def agrees(value: Any) -> str:
    """Return whether a sign is as expected; blank where theory is open."""
    return "" if pd.isna(value) else "yes" if value else "NO"


def index_shares(result: CSIResults) -> pd.DataFrame:
    """Return construct, indicator and share of the 0-100 index; no rows where there is no index."""
    try:
        return result.weights[[*NAMES, "share"]]
    except CSIError:
        return pd.DataFrame(columns=[*NAMES, "share"])


def with_shares(outer: pd.DataFrame, shares: pd.DataFrame, constructs: Sequence[str]) -> pd.DataFrame:
    """Return the rows of both tables by construct; the index of a construct of higher order is made of other items than its weights."""
    keys = dict.fromkeys([*zip(outer["construct"], outer["indicator"], strict=True), *zip(*(shares[n] for n in NAMES), strict=True)])
    rows = pd.MultiIndex.from_tuples(sorted(keys, key=lambda key: constructs.index(key[0])), names=NAMES)
    return pd.concat([t.set_index(NAMES).reindex(rows) for t in (outer, shares)], axis=1).reset_index()


def weights(result: CSIResults) -> Block | None:
    """Return the outer weights of PLS with the items' shares of the index and their collinearity."""
    if not is_pls(result):
        return None
    rows = result.table[result.table["op"] == "<~"].rename(columns={"lhs": "construct", "rhs": "indicator"})
    outer = rows[[*NAMES, "std"]].merge(result.outer_vif, on=NAMES, how="left")
    frame = with_shares(outer, index_shares(result), result.spec.construct_names)
    columns = {"construct": "construct", "indicator": "item", "std": "weight", "share": "share", "vif": "VIF"}
    kept = {c: head for c, head in columns.items() if c != "share" or frame["share"].notna().any()}
    return replace(from_frame("weights", "Outer weights", frame, kept, stubs=2, notes=(share_note(frame),)), grouped=True)


def share_note(frame: pd.DataFrame) -> str:
    """Return what weights and shares are, as far as a table has them."""
    note = "weight: of standardised items."
    if frame["share"].notna().any():
        note += " share: of the 0-100 index, on raw answers."
    return note + (" A construct of higher order has weights of its parts and shares of their items." if frame["std"].isna().any() else "")


def loadings(result: CSIResults) -> Block:
    """Return the loadings, after maximum likelihood with the items' explained variance."""
    frame = result.loadings.assign(rsquared=result.loadings["indicator"].map(result.rsquared))
    columns = {"construct": "construct", "indicator": "item", "std": "std", **_inferred(result)}
    columns |= {} if is_pls(result) else {"rsquared": "R²"}
    block = from_frame("loadings", "Loadings", frame, columns, stubs=2, notes=_withheld(result))
    return replace(block, grouped=True)


def effects(result: CSIResults) -> Block:
    """Return direct, indirect and total effects."""
    frame = result.effects.copy()
    for part in ("direct", "indirect"):
        absent = frame[part].abs().lt(1e-10) & frame[f"{part}_se"].isna()
        frame.loc[absent, part] = np.nan
    columns = {"source": "from", "target": "to"}
    for part in ("direct", "indirect", "total"):
        columns |= {part: part} if is_pls(result) else {part: part, f"{part}_se": "se"}
    columns |= {} if is_pls(result) else {"total_std": "total, std"}
    return from_frame("effects", "Direct, indirect and total effects", frame, columns, stubs=2, notes=_withheld(result))


def impact(result: CSIResults) -> Block:
    """Return what five more index points of a driver bring each target."""
    title = "Impacts on the index"
    try:
        table = result.impact()
    except CSIError as error:
        return Block("impact", title, ("driver",), (), notes=(f"No impacts: {error}",))
    return matrix("impact", title, table.where(table.abs() > 1e-10), "driver", (IMPACT_NOTE,))


def explained(result: CSIResults) -> list[str]:
    """Return what the paths explain, in the order of the model."""
    inside = set(result.paths["target"]) | set(result.spec.construct_names)
    return [name for name in result.rsquared.index if name in inside]


def rsquared(result: CSIResults) -> Block:
    """Return the explained variance of what the paths explain, after PLS also adjusted."""
    frame = result.rsquared[explained(result)].rename_axis("construct").reset_index(name="rsquared")
    columns = {"construct": "construct", "rsquared": "R²"}
    if is_pls(result):
        columns["adjusted"] = "adjusted"
        frame = frame.assign(adjusted=frame["construct"].map(result.rsquared_adj))
    return from_frame("rsquared", "Variance explained by the paths", frame, columns)


def fit(result: CSIResults, brief: bool = False) -> Block:
    """Return the fit measures that there are; a measure without a label here goes by its own name."""
    measures = result.fit_measures.dropna()
    if brief:
        measures = measures[[m for m in BRIEF if m in measures]]
    rows = tuple((FIT.get(m, m), measure_format(m)(measures[m])) for m in in_order(map(str, measures.index)))
    notes = (SATURATED,) if is_pls(result) else _withheld(result)
    return Block("fit", "Fit measures", ("measure", "value"), rows, notes=notes, names_at="none")


def in_order(measures: Iterable[str]) -> list[str]:
    """Return the names of fit measures in the order of a report."""
    given = [m for m in measures if m != "rmsea_ci_level"]
    return [m for m in FIT if m in given] + [m for m in given if m not in FIT]


def measure_format(name: str) -> Format:
    """Return how a fit measure is printed."""
    return pvalue if name.endswith("pvalue") else count if name in COUNTS else number


def covariances(result: CSIResults) -> Block | None:
    """Return variances, covariances and whatever else is neither weight, loading nor path; PLS has nothing else."""
    if is_pls(result):
        return None
    rows = result.table[~result.table["op"].isin(["=~", "~"])]
    columns = {"lhs": "of", "rhs": "with", "std": "std", "est": "estimate", **TESTS}
    notes = ("Residual where the model explains the variable.", *_withheld(result))
    return from_frame("covariances", "Variances and covariances", rows, columns, stubs=2, notes=notes)
