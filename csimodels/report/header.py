"""The facts of a fit: what ran, on what, and whether to believe it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from csimodels import __version__
from csimodels.errors import CSIError
from csimodels.options import LEAST_SQUARES
from csimodels.report.format import count, number, pvalue
from csimodels.report.wording import titled

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["estimator_name", "facts", "fit_line", "index_or_reason", "is_pls", "model_title", "outer_modes", "verdict"]

ESTIMATORS = {
    "ml": "Maximum likelihood",
    "mlf": "Maximum likelihood, first-order errors (MLF)",
    "mlm": "Maximum likelihood, robust (MLM)",
    "mlmv": "Maximum likelihood, robust (MLMV)",
    "mlmvs": "Maximum likelihood, robust (MLMVS)",
    "mlr": "Maximum likelihood, robust (MLR)",
    "gls": "Generalised least squares (GLS)",
    "uls": "Unweighted least squares (ULS)",
    "wls": "Weighted least squares (WLS, ADF)",
    "dwls": "Diagonally weighted least squares (DWLS)",
    "wlsmv": "Diagonally weighted least squares of ordered items (WLSMV)",
    "wlsm": "Diagonally weighted least squares of ordered items (WLSM)",
    "ulsmv": "Unweighted least squares of ordered items (ULSMV)",
    "pls": "Partial least squares",
    "plsc": "Consistent partial least squares (PLSc)",
}
LIKELIHOODS = {"normal": "divisor n", "wishart": "Wishart, divisor n - 1"}
WEIGHT_RULES = {
    "ml": "estimated: lambda / theta within the block, on raw answers. Published national indices use PLS weights, so values differ.",
    "pls": "estimated: PLS outer weights over standard deviations, on raw answers, as the published national indices.",
    "plsc": "estimated: PLS outer weights over standard deviations, on raw answers, as the published national indices.",
}
SCHEMES = {"path": "path weighting scheme", "factorial": "factorial scheme", "centroid": "centroid scheme"}
MISSING = {
    "fiml": "full-information maximum likelihood (FIML)",
    "mi": "multiple imputation, pooled by Rubin's rules",
    "two-stage": "two-stage maximum likelihood, on the saturated moments",
    "em": "moments of the saturated model, by EM",
}
NO_ERRORS = "PLS has no analytic standard errors: call res.bootstrap(df) for standard errors, intervals and p-values."
WEIGHTED_PLS = "Moments are weighted: standard errors are withheld; fit the rows with weights= for them."
WITHHELD = "Moments are weighted: standard errors, p-values and chi-square based fit are withheld; their cells are blank."


def model_title(result: CSIResults) -> str:
    """Return the name that readers know the model by."""
    return titled(result.spec)


def verdict(result: CSIResults) -> str:
    """Return a loud sentence on an unconverged or inadmissible solution, "" for a good one."""
    if not result.converged:
        return "NOT CONVERGED: do not use these estimates."
    return "" if result.admissible else "INADMISSIBLE SOLUTION: read the warnings before these estimates."


def index_or_reason(result: CSIResults, level: float = 0.95) -> tuple[pd.DataFrame | None, str]:
    """Return the index table, or why there is none."""
    try:
        return result.index_table(level=level), ""
    except CSIError as error:
        return None, str(error)


def facts(result: CSIResults) -> list[tuple[str, str]]:
    """Return the header as (label, text) pairs."""
    options = result.options
    pairs = [
        ("Model", model_title(result)),
        ("Left out", "; ".join(result.spec.lost)),
        ("Estimator", estimator_name(result)),
        ("Engine", _engine(result)),
        ("Rows used", count(result.moments.rows)),
        ("Rows dropped", count(result.moments.dropped)),
        ("Answers imputed", count(result.moments.imputed) + (f" (by {options.missing})" if result.moments.imputed else "")),
        ("Row weights", "yes" if options.weighted else "no"),
        ("Latent scale", "" if is_pls(result) else "variances 1" if options.std_lv else "first loadings 1"),
        ("Outer modes", _modes(result) if is_pls(result) else ""),
        ("Corrected", _corrected(result) if is_pls(result) else ""),
        ("Standard errors", NO_ERRORS if is_pls(result) else _errors(result)),
        ("Missing answers", MISSING.get(options.missing, "")),
        ("Mean structure", "yes" if options.meanstructure else ""),
        ("Ordered items", f"{len(options.ordinal)} ({options.parameterization} parameterisation)" if options.ordinal else ""),
        ("Free parameters", count(result.fit_measures["npar"])),
        ("Converged", "yes" if result.converged else "NO"),
        ("Admissible", "yes" if result.admissible else "NO"),
        ("csimodels", __version__),
        ("Index weights", WEIGHT_RULES.get(options.estimator, WEIGHT_RULES["ml"])),
    ]
    return [(label, text) for label, text in pairs if text]


def is_pls(result: CSIResults) -> bool:
    """Return whether partial least squares was used."""
    return result.options.estimator.startswith("pls")


def outer_modes(result: CSIResults) -> dict[str, str]:
    """Return the mode of PLS by construct; empty after maximum likelihood."""
    if not is_pls(result):
        return {}
    plan = result.options.plan(result.spec)
    return {c: m for c, m in zip(plan.constructs, plan.modes, strict=True) if c in result.spec.construct_names}


def _corrected(result: CSIResults) -> str:
    """Return the constructs that PLSc corrected for attenuation."""
    plan = result.options.plan(result.spec)
    return ", ".join(plan.constructs[j] for j in plan.consistent)


def _modes(result: CSIResults) -> str:
    """Return the constructs that are not of mode A, or that all are."""
    modes = outer_modes(result)
    if len(set(modes.values())) == 1:
        return f"{next(iter(modes.values()))} for every block"
    return "A, but " + ", ".join(f"{c} {m}" for c, m in modes.items() if m != "A")


def estimator_name(result: CSIResults) -> str:
    """Return the estimator with what it was told."""
    options = result.options
    name = ESTIMATORS.get(options.estimator, options.estimator.upper())
    if is_pls(result):
        stages = len(options.plan(result.spec).stages)
        return f"{name} ({SCHEMES[options.scheme]}{f', {options.higher_order} two-stage' if stages > 1 else ''})"
    squares = options.ordinal or options.estimator in LEAST_SQUARES
    return f"{name} ({'divisor n - 1' if squares else LIKELIHOODS.get(options.likelihood, options.likelihood)})"


def _errors(result: CSIResults) -> str:
    """Return where the standard errors of a covariance structure are from."""
    options, sampled = result.options, result.mean_vcov is not None and result.options.missing == "listwise"
    if options.estimator == "ml" and sampled and not result.withheld:
        return "sandwich, observed information (rows are weighted, clustered or stratified)"
    words = {"ml": f"{options.information} information", "mlf": "first-order information"}
    words["mlr"] = f"sandwich, {words['ml']}"
    return words.get(options.estimator, "sandwich, expected information" if options.estimator.startswith("mlm") else "")


def _engine(result: CSIResults) -> str:
    engine = result.engine
    if is_pls(result):
        return f"native, {engine.evaluations} iterations; stops when no weight changes by more than {result.options.tol:g}"
    if engine.name == "native":
        why = f"; {engine.why}" if engine.why else ""
        return f"native Fisher scoring ({engine.evaluations} evaluations){why}"
    flag = "success" if engine.success else f"NO success ({engine.message})"
    return (
        f"{engine.name}, then native Fisher scoring; before polishing: chi-square {number(engine.chisq)}, flag: {flag}; "
        f"polishing moved the furthest estimate by {number(engine.polish_length)} se"
    )


def fit_line(result: CSIResults) -> str:
    """Return the fit in one line; nothing where it is withheld."""
    fit = result.fit_measures
    if is_pls(result):
        return f"SRMR {number(fit['srmr'])} (saturated {number(fit['srmr_saturated'])})"
    p = pvalue(fit["pvalue"])
    test = f", p {p.replace('<', '< ') if '<' in p else f'= {p}'}" if p else ""
    limits = f"[{number(fit['rmsea_ci_lower'])}, {number(fit['rmsea_ci_upper'])}]"
    parts = {
        "chisq": f"chi2({count(fit['df'])}) = {number(fit['chisq'])}{test}",
        "cfi": f"CFI {number(fit['cfi'])}",
        "rmsea": f"RMSEA {number(fit['rmsea'])} {limits}",
        "srmr": f"SRMR {number(fit['srmr'])}",
    }
    return ", ".join(text for name, text in parts.items() if pd.notna(fit[name]))
