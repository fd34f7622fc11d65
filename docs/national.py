"""Write the page on how the national indices differ, its tables from the catalog and from fits run in the build."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from agreement import table
from model_pages import written

import csimodels as csi

SHARED = ("image", "expectations", "quality", "value", "satisfaction", "complaints", "loyalty")
PARTS = {"product_quality", "service_quality"}
N = 4000
RULES = {"range": "mean of 100 (x - lo) / (hi - lo)", "of_maximum": "mean of 100 x / hi", "top_box": "share of the top answers, weighted"}


def national(kind: str = "path_model") -> list[csi.ModelSpec]:
    """Return the national models of a kind, names that another model serves left out."""
    listed = csi.models()
    rows = listed[(listed["family"] == "national index") & (listed["kind"] == kind) & (listed["alias_of"] == "")]
    return [csi.load_model(name) for name in rows.index]


def everyone() -> list[csi.ModelSpec]:
    """Return path models and scoring rules."""
    return [*national(), *national("composite_index")]


def _link(name: str) -> str:
    return f"[{name}](models/{name}.md)"


def constructs() -> str:
    """Return which construct is in which model."""
    rows = []
    for spec in everyone():
        names = set(spec.construct_names)
        cells = {name: "●" if name in names else "" for name in SHARED}
        if names & PARTS:
            parts = "two parts" if names >= PARTS else "service"
            cells["quality"] = f"● of {parts}" if "quality" in names else parts
        others = [c.label.lower() for c in spec.constructs if c.name not in {*SHARED, *PARTS}]
        rows.append([_link(spec.name), *cells.values(), ", ".join(others)])
    return table(["model", *SHARED, "others"], rows).replace("---:", ":---:", len(SHARED)).replace("---: |\n", "--- |\n")


def paths() -> str:
    """Return what each model has and lacks beside ACSI's paths, among constructs that both have."""
    base = {(p.source, p.target): p.sign for p in csi.load_model("acsi_1996").paths}
    rows = []
    for spec in national():
        own = {(p.source, p.target): p.sign for p in spec.paths}
        names = set(spec.construct_names)
        more = [_arrow(*pair) for pair in own if pair not in base]
        less = [_arrow(*pair) for pair in base if pair not in own and set(pair) <= names]
        turned = [f"{_arrow(*pair)} ({base[pair]} in ACSI, {own[pair]} here)" for pair in own if pair in base and own[pair] != base[pair]]
        rows.append([_link(spec.name), *("; ".join(part) for part in (more, less, turned)), spec.confidence])
    return table(["model", "paths that ACSI has not", "ACSI's that it has not", "other sign", "how sure"], rows).replace("---:", "---")


def _arrow(source: str, target: str) -> str:
    return f"{source.replace('_', ' ')} → {target.replace('_', ' ')}"


def complaints() -> str:
    """Return what each model means by complaints."""
    rows = []
    for spec in everyone():
        found = [c for c in spec.constructs if c.name == "complaints"]
        if found:
            into = [f"{_arrow(p.source, p.target)} {p.sign}" for p in spec.paths if "complaints" in (p.source, p.target)]
            rows.append([_link(spec.name), found[0].meaning, "; ".join(into)])
    return table(["model", "complaints are", "paths with their signs"], rows).replace("---:", "---")


def rules() -> str:
    """Return one survey's satisfaction index by different rules."""
    survey = csi.simulate("acsi_1996", n=N, seed=1)
    block = [i.name for c in csi.load_model("acsi_1996").constructs if c.name == "satisfaction" for i in c.indicators]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        fits = {name: csi.fit_acsi(survey, estimator=name) for name in ("pls", "plsc", "ml")}
    answers = survey[block]
    rows = [[f'ACSI\'s rule, weights by `estimator="{name}"`', f"{fit.csi:.1f}"] for name, fit in fits.items()]
    rows += [
        ["equal weights, 100 (mean - 1) / 9", f"{100 * (answers.to_numpy().mean() - 1) / 9:.1f}"],
        ["mean answer times ten (as UKCSI)", f"{10 * answers.to_numpy().mean():.1f}"],
        ["share of answers of 9 and 10 (as KCSI's top boxes)", f"{100 * (answers >= 9).to_numpy().mean():.1f}"],
    ]
    return table(["rule, on the same answers", "satisfaction"], rows)


def scales() -> str:
    """Return scales and items of each model, and how its index is estimated, as the notes of the model say."""
    rows = []
    for spec in everyone():
        ends = pd.Series([f"{i.scale[0]:g}-{i.scale[1]:g}" for i in spec.indicators]).value_counts()
        rows.append([_link(spec.name), ", ".join(f"{k} × {e}" for e, k in ends.items()), _estimation(spec)])
    return table(["model", "items × scale", "how the index is estimated, from the notes of the model"], rows).replace("---:", "---")


def _estimation(spec: csi.ModelSpec) -> str:
    """Return the rule of a scoring rule, or what the notes say of partial least squares."""
    if spec.scoring:
        return RULES[spec.scoring.rule]
    said = [s for s in re.split(r"(?<=[.;])\s+", spec.notes) if re.search(r"partial least squares", s, re.IGNORECASE)]
    return said[0].rstrip(";.") if said else "not said in our sources"


def direct() -> str:
    """Return the direct and the total effect of expectations on satisfaction in the ECSI survey."""
    effects = csi.fit_ecsi(csi.load_ecsi_moments(), estimator="pls").effects.set_index(["source", "target"])
    row = effects.loc[("expectations", "satisfaction")]
    return f"{row['direct_std']:.2f}, their total effect {row['total_std']:.2f}"


def sources() -> str:
    """Return where each list of constructs and paths is from, and how sure we are of it."""
    listed = csi.models()
    rows = []
    for name, row in listed[listed["family"] == "national index"].iterrows():
        spec = csi.load_model(name)
        doubts = [line for line in spec.notes.splitlines() if line.startswith(("Sure:", "Less sure", "Not sure"))]
        if row["alias_of"]:
            doubts = [f"Served by {_link(row['alias_of'])}."]
        doi = f" [doi:{spec.doi}](https://doi.org/{spec.doi})" if spec.doi else ""
        rows.append([f"{_link(name)}<br>**{spec.confidence}**", spec.citation + doi, " ".join(doubts)])
    return table(["model, how sure", "source", "what is sure, what less"], rows).replace("---:", "---")


def page(text: str) -> str:
    """Return the page with its tables."""
    parts: dict[str, Callable[[], str]] = {f.__name__: f for f in (constructs, paths, complaints, rules, scales, direct, sources)}
    for name, make in parts.items():
        text = text.replace(f"{{{{{name}}}}}", make())
    return text


def setup_national(app: object) -> None:
    """Write the page before the pages are read."""
    source = Path(os.fspath(app.srcdir))  # type: ignore[attr-defined]
    written(source / "national_indices.md", page((source / "national_indices.txt").read_text(encoding="utf-8")))
