"""Satisfaction-index structural equation models: specs, estimates, fit, the 0-100 index."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from csimodels import errors

__version__ = "0.1.0"

_HOME = {
    "Bootstrap": "bootstrapped",
    "ColumnMatch": "matches",
    "CompositeBootstrap": "composite_samples",
    "CompositeGroups": "composite_samples",
    "CompositeResults": "composite_results",
    "CSIResults": "results",
    "Construct": "elements",
    "GroupedResults": "grouped",
    "Indicator": "elements",
    "ModelSpec": "spec",
    "Moments": "additive",
    "Path": "elements",
    "Questionnaire": "questionnaire",
    "Replication": "replication",
    "Scoring": "scoring",
    "Term": "elements",
    "aggregate": "analyses.aggregation",
    "anova": "nested",
    "asymmetric_disconfirmation": "analyses.asymmetry",
    "common_method": "analyses.common_method",
    "compare": "comparison",
    "describe_items": "describe",
    "drivers": "analyses.drivers",
    "expectation_dynamics": "analyses.dynamics",
    "fit": "api",
    "fit_acsi": "api",
    "fit_by": "batch",
    "fit_ecsi": "api",
    "gap_analysis": "analyses.gap",
    "index_difference": "differences",
    "journey": "analyses.journeys",
    "league_table": "analyses.league",
    "load_acsi_demo": "datasets",
    "load_ecsi_moments": "datasets",
    "load_mobi": "datasets",
    "load_model": "catalog",
    "match_columns": "matches",
    "mediation": "analyses.mediating",
    "missing_answers": "analyses.missing",
    "models": "catalog",
    "moments": "survey",
    "penalty_reward": "analyses.kano",
    "price_tolerance": "prices",
    "read_survey": "fieldfiles",
    "register_model": "catalog",
    "replicate": "replication",
    "replications": "replication",
    "repurchase_rate": "analyses.behaviour",
    "response_surface": "analyses.surface",
    "satisfaction_loyalty": "analyses.loyalty",
    "simulate": "simulation",
    "survey_notes": "noted",
    "tracking": "analyses.tracker",
    "translated": "report.translated",
    "zone_of_tolerance": "analyses.zone",
}
_HOME |= dict.fromkeys(errors.__all__, "errors")

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604 - every key of _HOME is a string


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562), so that ``import csimodels`` stays light."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
