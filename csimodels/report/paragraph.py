"""What was done and found, as a paragraph to paste into a paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels import __version__
from csimodels.report.apa import apa_interval, apa_number, apa_p
from csimodels.report.format import count
from csimodels.report.header import ESTIMATORS, index_or_reason, is_pls, model_title
from csimodels.report.wording import gap, say

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["method_paragraph"]

FEW = 4
REFERENCES = {
    "mlr": "Yuan & Bentler, 2000",
    "mlm": "Satorra & Bentler, 1994",
    "mlmv": "Asparouhov & Muthén, 2010",
    "mlmvs": "Satorra & Bentler, 1994",
    "wls": "Browne, 1984",
    "wlsmv": "Muthén, 1984",
    "wlsm": "Muthén, 1984",
    "ulsmv": "Muthén, 1984",
    "pls": "Tenenhaus et al., 2005",
    "plsc": "Dijkstra & Henseler, 2015",
}
MISSING = {
    "fiml": "Missing answers entered by full-information maximum likelihood (Arbuckle, 1996).",
    "two-stage": "Missing answers entered by two-stage estimation (Savalei & Bentler, 2009).",
    "mi": "Imputed data sets were pooled by Rubin's (1987) rules.",
    "em": "Missing answers entered by the moments of the expectation-maximization algorithm.",
    "mean": "Missing answers were replaced by the item's mean.",
}
INDEX = "Indices are weighted means of the items on their theoretical scales, 0 to 100 (Fornell et al., 1996), with the model's weights"


def method_paragraph(result: CSIResults) -> str:
    """Return sentences on model, estimation, fit, explained variance and index, as the APA prints numbers."""
    tell = (_estimated, _missing, _errors, _ordered, _fit, _explained, _index, _reserve)
    return gap().join(say(sentence) for part in tell if (sentence := part(result)))


def _estimated(result: CSIResults) -> str:
    """Return which model was fitted how, to whom."""
    estimator = result.options.estimator
    name = ESTIMATORS[estimator]
    reference = f" ({REFERENCES[estimator]})" if estimator in REFERENCES else ""
    words = (name[0].lower() + name[1:] + reference).replace(") (", "; ")
    model = "The model" if model_title(result) == "lavaan" else f"The model {model_title(result)}"
    return f"{model} was estimated by {words} in csimodels {__version__}, n = {result.moments.rows}."


def _missing(result: CSIResults) -> str:
    """Return what was done about missing answers."""
    dropped = result.moments.dropped
    if result.options.missing == "listwise":
        words = "One row with a missing answer was" if dropped == 1 else f"{dropped} rows with a missing answer were"
        return f"{words} left out." if dropped else ""
    return MISSING[result.options.missing]


def _errors(result: CSIResults) -> str:
    """Return whether rows were weighted or sampled in clusters."""
    if is_pls(result) or result.mean_vcov is None or result.options.missing != "listwise":
        return ""
    return "Standard errors account for weights and clusters by the sandwich estimator."


def _ordered(result: CSIResults) -> str:
    """Return which items were ordered."""
    options = result.options
    if not options.ordinal:
        return ""
    names = ", ".join(options.ordinal) if len(options.ordinal) < FEW else f"{len(options.ordinal)} items"
    return f"Treated as ordered categories ({options.parameterization} parameterization): {names}."


def _fit(result: CSIResults) -> str:
    """Return the fit of the model."""
    fit = result.fit_measures
    if is_pls(result):
        return f"The standardized root mean square residual was {apa_number(fit['srmr'], bounded=True)}."
    if pd.isna(fit["chisq"]):
        return ""
    scaled, robust = "chisq_scaled" in fit, "cfi_robust" in fit
    end, kind = ("_scaled", "scaled ") if scaled else ("", "")
    head = f"{kind}χ²({count(fit['df'])}) = {apa_number(fit[f'chisq{end}'], 2)}{_compared(apa_p(fit[f'pvalue{end}']))}"
    own = "_robust" if robust else ""
    word = "robust " if robust else ""
    labels = {"cfi": "CFI", "tli": "TLI", "rmsea": "RMSEA"}
    parts = [f"{word}{label} = {apa_number(fit[f'{name}{own}'], bounded=True)}" for name, label in labels.items()]
    interval = apa_interval(fit[f"rmsea_ci_lower{own}"], fit[f"rmsea_ci_upper{own}"], bounded=True)
    return f"Fit: {head}, {', '.join(parts)}, 90 % CI {interval}, SRMR = {apa_number(fit['srmr'], bounded=True)}."


def _compared(p: str) -> str:
    """Return a p-value with its sign; nothing for a model without degrees of freedom."""
    return f", p {p if p[0] in '<>' else f'= {p}'}" if p else ""


def _explained(result: CSIResults) -> str:
    """Return the explained variance of the constructs that paths lead to."""
    targets = list(dict.fromkeys(p.target for p in result.spec.paths))
    shares = result.rsquared.reindex(targets).dropna()
    if shares.empty:
        return ""
    return "Explained variance (R²): " + ", ".join(f"{name} {apa_number(x, 2, bounded=True)}" for name, x in shares.items()) + "."


def _index(result: CSIResults) -> str:
    """Return the index of the target with its interval."""
    table, _ = index_or_reason(result)
    if table is None or result.spec.target is None:
        return ""
    row = table.loc[result.spec.target]
    interval = apa_interval(row["ci_lower"], row["ci_upper"], 1)
    return f"{INDEX}; {result.spec.target} was {apa_number(row['score'], 1)}{f', 95 % CI {interval}' if interval else ''}."


def _reserve(result: CSIResults) -> str:
    """Return what must not be left unsaid."""
    if not result.converged:
        return "The estimates did not converge and must not be used."
    return "" if result.admissible else "The solution is inadmissible; its paths are not to be interpreted."
