"""Write the page that holds our numbers, from fits run in the build, against those of other programs, from their files alone."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from model_pages import written

import csimodels as csi

ORACLE = Path(__file__).parent.parent / "tests" / "oracle"
FIVE = dict(zip(range(1, 11), [1, 1, 1, 1, 1, 2, 3, 4, 5, 5], strict=True))
ACSI, ECSI = "b1_acsi_mobi_ml", "a1_ecsi_mobi_ml"
Pairs = Iterator[tuple[str, float, float]]
Case = tuple[str, str, Mapping[str, Any]]
LAVAAN: Mapping[str, Case] = {
    ACSI: ("ACSI, maximum likelihood", "mobi", {}),
    "b6_acsi_ml_wishart": ("the same, Wishart likelihood", "mobi", {"likelihood": "wishart"}),
    "b6_acsi_ml_stdlv": ("the same, unit latent variances", "mobi", {"std_lv": True}),
    "b8_acsi_equality": ("the same, two equal paths", "mobi", {}),
    "b2_acsi_mobi_mlr": ("ACSI, MLR", "mobi", {"estimator": "mlr"}),
    "b2_acsi_mobi_mlm": ("ACSI, MLM", "mobi", {"estimator": "mlm"}),
    "b6_acsi_mlmv": ("ACSI, MLMV", "mobi", {"estimator": "mlmv"}),
    "b2_acsi_mobi_gls": ("ACSI, GLS", "mobi", {"estimator": "gls"}),
    "b2_acsi_mobi_uls": ("ACSI, ULS", "mobi", {"estimator": "uls"}),
    "b6_acsi_dwls": ("ACSI, DWLS", "mobi", {"estimator": "dwls"}),
    "b14_qvs_ml": ("Quality, value, satisfaction, ML", "mobi", {}),
    "b14_qvs_wls": ("Quality, value, satisfaction, WLS (ADF)", "mobi", {"estimator": "wls"}),
    "b6_acsi_fiml_missing10": ("ACSI, FIML, 10 % missing", "holes", {"missing": "fiml"}),
    "b6_acsi_fiml_mlr_missing10": ("ACSI, FIML with MLR, 10 % missing", "holes", {"missing": "fiml", "estimator": "mlr"}),
    "b6_acsi_twostage_missing10": ("ACSI, two-stage, 10 % missing", "holes", {"missing": "two-stage"}),
    "b18_qvs_ordinal_wlsmv": ("Quality, value, satisfaction, five ordered answers, WLSMV", "five", {"estimator": "wlsmv", "ordinal": True}),
    "a40_mobi_ordinal_wlsmv": ("ECSI measurement, five ordered answers, WLSMV", "five", {"estimator": "wlsmv", "ordinal": True}),
    "d1_politdemoc_ml": ("Political democracy, ML", "political_democracy", {}),
    "d3_politdemoc_mlr": ("Political democracy, MLR", "political_democracy", {"estimator": "mlr"}),
    "d5_hs_ml": ("Holzinger and Swineford, ML", "holzinger39", {}),
    "g3_second_order": ("Second-order factor, ML", "holzinger39", {}),
    "g13_composite_constructs": ("Composite of constructs, ML", "mobi", {}),
}
PLS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "e4_seminr_ecsi_path_A": ("ECSI, path scheme, mode A", ECSI, {}),
    "e10_cSEM_ecsi_path_A": ("ECSI, path scheme, mode A", ECSI, {}),
    "e1_plspm_ecsi_path_A": ("ECSI, path scheme, mode A", ECSI, {}),
    "e3_semPLS_ecsi_pathWeighting_A": ("ECSI, path scheme, mode A", ECSI, {}),
    "e10_cSEM_ecsi_factorial_A": ("ECSI, factorial scheme, mode A", ECSI, {"scheme": "factorial"}),
    "e1_plspm_ecsi_centroid_B": ("ECSI, centroid scheme, mode B", ECSI, {"scheme": "centroid", "modes": "B"}),
    "e4_seminr_ecsi_path_B": ("ECSI, path scheme, mode B", ECSI, {"modes": "B"}),
    "e5_seminr_ecsi_path_PLSc": ("ECSI, consistent PLS", ECSI, {"estimator": "plsc"}),
    "e11_cSEM_ecsi_path_PLSc": ("ECSI, consistent PLS", ECSI, {"estimator": "plsc"}),
    "b4_seminr_acsi_path_A": ("ACSI, path scheme, mode A", ACSI, {}),
}
# rows and columns of their matrices: True where rows are sources, or items
SHAPES = {"seminr": ("path_coef", True, "outer_weights", True), "semPLS": ("path_coefficients", True, "outer_weights", True)}
SHAPES |= {"cSEM": ("path", False, "weights", False), "plspm": ("path_coefs", False, "", True)}


def oracle(name: str) -> dict[str, Any]:
    """Return what another program printed."""
    found: dict[str, Any] = json.loads((ORACLE / "json" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def survey(source: str) -> pd.DataFrame:
    """Return one of the data sets."""
    if source in ("political_democracy", "holzinger39"):
        from semopy import examples

        found: pd.DataFrame = getattr(examples, source).get_data()
        return found
    frame = csi.load_mobi()
    if source == "holes":
        holes = json.loads((ORACLE / "masks" / "mobi_missing10.json").read_text(encoding="utf-8"))["missing_rows_by_column"]
        for column, rows in holes.items():
            frame.loc[frame.index[rows], column] = np.nan
    return frame.replace(FIVE) if source == "five" else frame


def fitted(model: str, source: str, options: Mapping[str, Any]) -> csi.CSIResults:
    """Fit the model of a case in this build."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return csi.fit(csi.ModelSpec.from_lavaan(oracle(model)["model"]), survey(source), **options)


def estimates(res: csi.CSIResults, ref: Mapping[str, Any], ours: str, theirs: str) -> Pairs:
    """Yield parameters that both programs estimate."""
    rows = {(r["lhs"], r["op"], r["rhs"]): r for r in res.table.to_dict("records")}
    rows |= {(b, op, a): r for (a, op, b), r in rows.items() if op == "~~"}
    for p in ref["std_all" if theirs == "est.std" else "params"]:
        row = rows.get((p["lhs"], p["op"], p["rhs"]))
        if p["op"] in ("=~", "~", "~~", "<~") and row is not None and p.get(theirs) and np.isfinite(row[ours]):
            yield f"{p['lhs']} {p['op']} {p['rhs']}", float(row[ours]), float(p[theirs])


def measures(res: csi.CSIResults, ref: Mapping[str, Any]) -> Pairs:
    """Yield fit measures that both programs have."""
    for name, value in ref["fit"].items():
        ours = res.fit_measures.get(name.replace(".", "_"))
        if value is not None and ours is not None and np.isfinite(ours):
            yield name, float(ours), float(value)


def matrix(m: Mapping[str, Any], across: bool) -> dict[tuple[str, str], float]:
    """Return the cells that are not zero by (column, row), or by (row, column) where ``across``."""
    cells = {(c, r): v for r, line in zip(m["rows"], m["values"], strict=True) for c, v in zip(m["cols"], line, strict=True) if v}
    return {(b, a): v for (a, b), v in cells.items()} if across else cells


def pls_pairs(res: csi.CSIResults, ref: Mapping[str, Any], package: str) -> tuple[list[Any], list[Any]]:
    """Return paths and outer weights of both programs."""
    path, by_source, weight, by_item = SHAPES[package]
    paths = matrix(ref[path], by_source)
    theirs = {(r["block"], r["name"]): r["weight"] for r in ref["outer_model"]} if not weight else matrix(ref[weight], not by_item)
    ours = res.paths.set_index(["source", "target"])["std"]
    outer = res.outer_weights.set_index(["construct", "indicator"])["std"]
    return (
        [(" -> ".join(key), float(value), paths[key]) for key, value in ours.items()],
        [(" ".join(key), float(value), theirs[key]) for key, value in outer.items() if key in theirs],
    )


def furthest(pairs: Any) -> tuple[int, float]:
    """Return how many pairs there are, and the largest difference, relative to values beyond one."""
    off = [abs(ours - theirs) / max(1.0, abs(theirs)) for _, ours, theirs in pairs]
    return len(off), max(off, default=float("nan"))


def _cell(pairs: Any) -> str:
    count, off = furthest(pairs)
    return f"{count}: {off:.0e}" if count else ""


def lavaan_rows() -> Iterator[list[str]]:
    """Yield one line a case."""
    for name, (title, source, options) in LAVAAN.items():
        ref, res = oracle(name), fitted(name, source, options)
        compared = [estimates(res, ref, a, b) for a, b in (("est", "est"), ("se", "se"), ("std", "est.std"))]
        yield [title, ref["lavaan_version"], *map(_cell, (*compared, measures(res, ref)))]


def pls_rows() -> Iterator[list[str]]:
    """Yield one line a case."""
    for name, (title, model, options) in PLS.items():
        ref, res = oracle(name), fitted(model, "mobi", {"estimator": "pls", "tol": 1e-12} | options)
        yield [title, ref["package"], *map(_cell, pls_pairs(res, ref, name.split("_")[1]))]


def other_rows() -> Iterator[list[str]]:
    """Yield reliability and validity by psych and semTools, and the chi-square of four models by OpenMx."""
    ref, res = oracle("r1_reliability_semTools_psych"), fitted(ECSI, "mobi", {"estimator": "pls"})
    for title, ours, theirs in (("alpha of standardised items", "alpha", "std.alpha"), ("alpha of raw items", "alpha_raw", "raw_alpha")):
        pairs = [(name, float(res.reliability.loc[name, ours]), a["total"][theirs]) for name, a in ref["psych_alpha"].items()]
        yield [f"{title}, ECSI", f"psych {ref['psych_version']}", _cell(pairs)]
    htmt = {pair: value for pair, value in matrix(ref["htmt_htmt2_false"], False).items() if pair[0] < pair[1]}
    yield ["HTMT, ECSI", f"semTools {ref['semTools_version']}", _cell([(str(k), float(res.htmt.loc[k]), v) for k, v in htmt.items()])]
    for name in (ACSI, "b14_qvs_ml", "d1_politdemoc_ml", "d5_hs_ml"):
        title, source, options = LAVAAN[name]
        ref = oracle(f"x_openmx_{name}")
        ours = float(fitted(name, source, options).fit_measures["chisq"])
        yield [f"chi-square of {title}", f"OpenMx {ref['openmx']}", _cell([(title, ours, ref["chi_reported"])])]


def _number(value: float) -> str:
    """Write counts without decimals, and what six decimals would write as zero by its power of ten."""
    return f"{value:.0f}" if value.is_integer() else f"{value:.6f}" if abs(value) >= 1e-4 else f"{value:.3e}"


def acsi_tables() -> str:
    """Return the ACSI model number by number."""
    ref, res = oracle(ACSI), fitted(ACSI, "mobi", {})
    errors = {name: (a, b) for name, a, b in estimates(res, ref, "se", "se")}
    rows = [
        [f"`{name}`", f"{a:.6f}", f"{b:.6f}", *(f"{x:.6f}" for x in errors[name])]
        for name, a, b in estimates(res, ref, "est", "est")
        if " ~ " in name
    ]
    fit = [[f"`{name}`", _number(a), _number(b)] for name, a, b in measures(res, ref)]
    return "\n\n".join(
        [
            table(["path", "estimate here", "lavaan", "se here", "lavaan"], rows),
            table(["fit measure", "here", "lavaan"], fit),
        ]
    )


def pls_table() -> str:
    """Return the paths of the ECSI model by five programs."""
    names = [name for name, (title, _, _) in PLS.items() if title == "ECSI, path scheme, mode A"]
    res = fitted(ECSI, "mobi", {"estimator": "pls", "tol": 1e-12})
    columns = {oracle(n)["package"]: pls_pairs(res, oracle(n), n.split("_")[1])[0] for n in names}
    ours = {key: value for key, value, _ in next(iter(columns.values()))}
    rows = [
        [key, f"{value:.6f}", *(f"{dict((k, b) for k, _, b in pairs)[key]:.6f}" for pairs in columns.values())]
        for key, value in ours.items()
    ]
    return table(["path", "here", *columns], rows)


def bootstrap_table() -> str:
    """Return standard errors of paths from 2,000 resamples here and 2,000 by seminr."""
    ref, res = oracle("e7_seminr_ecsi_path_A_boot2000"), fitted(ECSI, "mobi", {"estimator": "pls"})
    boot = res.bootstrap(csi.load_mobi(), n_boot=2000, seed=1).paths.set_index(["source", "target"])
    m = ref["bootstrapped_paths"]
    at = m["cols"].index("Bootstrap SD")
    theirs = {tuple(" ".join(row.split()).split(" -> ")): line[at] for row, line in zip(m["rows"], m["values"], strict=True)}
    rows = [[" -> ".join(key), f"{boot.loc[key, 'se']:.4f}", f"{value:.4f}"] for key, value in theirs.items()]
    return table(["path", "se here", f"{ref['package']}, seed {ref['seed']}"], rows)


def table(heads: list[str], rows: list[list[str]], texts: int = 1) -> str:
    """Return a table in Markdown, numbers on the right of some columns of text."""
    lines = [heads, ["---"] * texts + ["---:"] * (len(heads) - texts), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page() -> str:
    """Return the page."""
    text = (Path(__file__).parent / "agreement.txt").read_text(encoding="utf-8")
    parts: dict[str, Callable[[], str]] = {
        "lavaan": lambda: table(
            ["model", "lavaan", "estimates", "standard errors", "standardised", "fit measures"], list(lavaan_rows()), 2
        ),
        "pls": lambda: table(["model", "program", "paths", "outer weights"], list(pls_rows()), 2),
        "others": lambda: table(["numbers", "program", "how many: largest difference"], list(other_rows())),
        "acsi": acsi_tables,
        "ecsi": pls_table,
        "bootstrap": bootstrap_table,
    }
    for name, make in parts.items():
        text = text.replace(f"{{{{{name}}}}}", make())
    return text


def setup_agreement(app: object) -> None:
    """Write the page before the pages are read."""
    written(Path(os.fspath(app.srcdir)) / "agreement.md", page())  # type: ignore[attr-defined]
