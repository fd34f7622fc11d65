"""The tables of a result at full precision, by the names of files and sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report.header import facts, index_or_reason, is_pls, verdict

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["export_frames", "header_facts", "with_names"]

INDEX = ["construct", "score", "se", "ci_lower", "ci_upper", "weights"]


def export_frames(result: CSIResults) -> dict[str, pd.DataFrame]:
    """Return every table by name, names of rows as a first column; a table that a fit does not have is empty but for its headings."""
    index, _ = index_or_reason(result)
    cross = with_names(result.cross_loadings, "indicator")
    return {
        "header": pd.DataFrame(header_facts(result), columns=["fact", "value"]),
        "index": pd.DataFrame(columns=INDEX) if index is None else with_names(index, "construct"),
        "table": result.table,
        "paths": result.paths,
        "loadings": result.loadings,
        "outer_weights": result.outer_weights,
        "reliability": with_names(result.reliability, "construct"),
        "fornell_larcker": with_names(result.fornell_larcker, "construct"),
        "htmt": with_names(result.htmt, "construct"),
        "cross_loadings": cross if is_pls(result) else cross.head(0),
        "outer_vif": result.outer_vif,
        "vif": result.vif,
        "f2": result.f2,
        "effects": result.effects,
        "rsquared": result.rsquared.rename_axis("variable").reset_index(name="rsquared"),
        "fit_measures": result.fit_measures.rename_axis("measure").reset_index(name="value"),
    }


def header_facts(result: CSIResults) -> list[tuple[str, str]]:
    """Return what is wrong and what was done as pairs of fact and value."""
    _, reason = index_or_reason(result)
    said = [("Verdict", verdict(result)), *(("Warning", w) for w in result.warnings), *facts(result), ("No index", reason)]
    return [pair for pair in said if pair[1]]


def with_names(frame: pd.DataFrame, heading: str) -> pd.DataFrame:
    """Return a frame with the names of its rows as a first column; a construct may have that column's name."""
    return frame.rename_axis(heading).reset_index(allow_duplicates=True)
