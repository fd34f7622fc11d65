"""What the maketables package asks of a result: coefficients and statistics by its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from csimodels.report.content import FIT
from csimodels.report.header import ESTIMATORS, facts, index_or_reason, is_pls

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["STAT_LABELS", "coefficients", "default_stats", "errors_from", "statistic"]

COLUMNS = {"est": "b", "se": "se", "z": "t", "pvalue": "p", "ci_lower": "ci95l", "ci_upper": "ci95u", "std": "std"}
STAT_LABELS = {"N": "n", "csi": "Index of the target (0-100)", "r2": "R² of the target", "estimator": "Estimator"} | FIT
COMMON = ["N", "csi", "r2"]


def coefficients(result: CSIResults) -> pd.DataFrame:
    """Return the structural paths by name, e.g. ``"satisfaction -> loyalty"``; LaTeX would take a tilde for a space."""
    paths = result.paths
    names = [f"{source} -> {target}" for source, target in zip(paths["source"], paths["target"], strict=True)]
    return paths[list(COLUMNS)].rename(columns=COLUMNS).set_axis(pd.Index(names, name="Coefficient"))


def statistic(result: CSIResults, key: str) -> Any:
    """Return a statistic by its key: N, csi, r2, estimator, or a fit measure; None for what there is not."""
    target = result.spec.target or ""
    if key == "N":
        return int(result.moments.rows)
    if key == "estimator":
        return ESTIMATORS.get(result.options.estimator, result.options.estimator)
    if key == "r2":
        return float(result.rsquared[target]) if target in result.rsquared else None
    if key == "csi":
        table, _ = index_or_reason(result)
        return None if table is None or not target else float(table["score"][target])
    return float(result.fit_measures[key]) if key in result.fit_measures else None


def default_stats(result: CSIResults) -> list[str]:
    """Return the statistics that are shown unless others are asked for."""
    return [*COMMON, "srmr"] if is_pls(result) else [*COMMON, "chisq", "df", "cfi", "rmsea", "srmr"]


def errors_from(result: CSIResults) -> dict[str, Any]:
    """Return where the standard errors are from."""
    return {"vcov_type": "none" if is_pls(result) else dict(facts(result)).get("Standard errors", ""), "clustervar": None}
