"""One fit: semopy alone, our kernel alone, and semopy polished, results included."""

import warnings

import pandas as pd
import semopy

import csimodels as csi
from benchmarks.timing import interleaved, report
from csimodels.blas import one_thread


def natural_text(spec: csi.ModelSpec) -> str:
    """Return the model as a semopy user writes it, single items as observed variables."""
    single = {c.name: c.items[0] for c in spec.constructs if len(c.items) == 1}
    lines = [line for line in spec.to_lavaan().splitlines() if line.split(" ", 1)[0] not in single or "=~" not in line]
    return "\n".join(" ".join(single.get(word, word) for word in line.split(" ")) for line in lines)


def semopy_alone(text: str, data: pd.DataFrame) -> float:
    """Fit a fresh semopy model at its default tolerance under one BLAS thread."""
    with one_thread("semopy"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(semopy.Model(text).fit(data).fun)


def asked_for(result: csi.CSIResults) -> None:
    """Compute what a researcher asks for first: the parameter table, fit measures and the index."""
    _ = result.table, result.fit_measures, result.index


def everything(result: csi.CSIResults) -> None:
    """Compute every table of the summary."""
    asked_for(result)
    _ = result.paths, result.loadings, result.effects, result.rsquared, result.reliability


def run() -> None:
    """Print one table for the real ECSI survey and one for the ACSI demo data."""
    surveys = {
        "ACSI-shaped model, real ECSI survey (250 x 19)": (csi.load_model("ecsi_mobile_2005").without("image"), csi.load_mobi()),
        "ACSI model, demo data (5000 x 14)": (csi.load_model("acsi_1996"), csi.load_acsi_demo()),
    }
    for title, (spec, data) in surveys.items():
        contenders = {
            "semopy alone": lambda s=spec, d=data: semopy_alone(natural_text(s), d),
            "native, table + fit measures + index": lambda s=spec, d=data: asked_for(csi.fit(s, d, engine="native")),
            "native, every table": lambda s=spec, d=data: everything(csi.fit(s, d, engine="native")),
            "default, table + fit measures + index": lambda s=spec, d=data: asked_for(csi.fit(s, d)),
            "default, every table": lambda s=spec, d=data: everything(csi.fit(s, d)),
        }
        report(title, interleaved(contenders, rounds=15), "semopy alone")
