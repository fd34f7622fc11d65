"""One fit: semopy alone, our kernel alone, and semopy polished, results included."""

import csimodels as csi
from benchmarks.peers import natural_text, semopy_alone
from benchmarks.timing import interleaved, report


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
