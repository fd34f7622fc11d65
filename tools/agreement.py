"""Print the table of the README: the ACSI-shaped model on the ECSI survey in semopy's own figures, in ours and in lavaan's."""

import json
import logging
import warnings
from pathlib import Path

import csimodels as csi

CASE = json.loads((Path(__file__).parent.parent / "tests" / "oracle" / "json" / "b1_acsi_mobi_ml.json").read_text(encoding="utf-8"))
SHOWN = {
    "chi-square": ("chisq", "chi2", 3),
    "df": ("df", "DoF", 0),
    "CFI": ("cfi", "CFI", 3),
    "TLI": ("tli", "TLI", 3),
    "RMSEA": ("rmsea", "RMSEA", 4),
    "SRMR": ("srmr", None, 4),
    "GFI": ("gfi", "GFI", 3),
    "AGFI": ("agfi", "AGFI", 3),
    "log-likelihood": ("logl", "LogLik", 2),
    "AIC": ("aic", "AIC", 2),
    "BIC": ("bic", "BIC", 2),
}


def semopy_figures() -> dict[str, float]:
    """Return semopy's own statistics of the model, complaints coded as lavaan users code a single item."""
    import semopy

    text = CASE["model"].replace("Complaints =~ CUSCO", "Complaints =~ 1*CUSCO\n CUSCO ~~ 0*CUSCO")
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = semopy.Model(text)
        model.fit(csi.load_mobi())
        return semopy.calc_stats(model).iloc[0].to_dict()


def table() -> list[str]:
    """Return the table's rows in Markdown."""
    theirs = semopy_figures()
    ours = csi.fit(csi.ModelSpec.from_lavaan(CASE["model"]), csi.load_mobi()).fit_measures
    rows = ["| | semopy's own | csimodels | lavaan 0.6-20 |", "|---|---:|---:|---:|"]
    for label, (name, their_name, digits) in SHOWN.items():
        semopy_says = "-" if their_name is None else f"{theirs[their_name]:.{digits}f}"
        rows.append(f"| {label} | {semopy_says} | {ours[name]:.{digits}f} | {CASE['fit'][name]:.{digits}f} |")
    return rows


if __name__ == "__main__":
    print("\n".join(table()))
