"""Write one page for every entry of the catalog, from its TOML file, with its diagram."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

import csimodels as csi
from csimodels.simulation import population_moments

FAMILIES = ("national index", "expectation", "quality", "value", "experience", "emotion", "loyalty", "trust")
LOW = ":::{admonition} Low confidence\n:class: warning\n%s\n:::\n"
N = 1000


def write_pages(folder: Path) -> None:
    """Write ``index.md``, and a page with a diagram for every entry."""
    matplotlib.use("Agg")
    folder.mkdir(exist_ok=True)
    table = csi.models()
    for name in table.index:
        spec = csi.load_model(name)
        if not table.loc[name, "alias_of"]:
            figure = spec.plot().figure
            figure.savefig(folder / f"{name}.svg", bbox_inches="tight")
            matplotlib.pyplot.close(figure)
        written(folder / f"{name}.md", page(spec, table.loc[name, "alias_of"]))
    written(folder / "index.md", index(table))


def written(file: Path, text: str) -> None:
    """Write a page if it has changed, so that a second build reads no page again."""
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


def index(table: pd.DataFrame) -> str:
    """Return the page that lists the models by family."""
    parts = ['# Models\n\nEvery model is loaded by its name, e.g. `csi.load_model("acsi_1996")`; each page is made from the model\'s file.']
    order = table.assign(rank=[FAMILIES.index(f) for f in table["family"]]).sort_values(["rank", "title"])
    for family, rows in groupby(order.itertuples(), key=lambda row: row.family):
        lines = [
            f"## {family.capitalize()}",
            "",
            "| name | model | constructs | items | estimators | confidence |",
            "|---|---|---|---|---|---|",
        ]
        for row in rows:
            served = f" (as {row.alias_of})" if row.alias_of else ""
            cells = [f"[{row.Index}]({row.Index}.md)", f"{row.title}{served}", row.constructs, row.items, row.estimators or "scoring rule"]
            lines.append(f"| {' | '.join(map(str, [*cells, row.confidence]))} |")
        parts.append("\n".join(lines))
    hidden = "\n".join(order.index)
    return "\n\n".join(parts) + f"\n\n```{{toctree}}\n:hidden:\n\n{hidden}\n```\n"


def page(spec: csi.ModelSpec, alias_of: str) -> str:
    """Return the page of one model."""
    if alias_of:
        parts = [_head(spec), _low(spec), f"The same model as [{alias_of}]({alias_of}.md), under its own name.", _notes(spec)]
        return "\n\n".join(filter(None, parts)) + "\n"
    diagram = f"```{{image}} {spec.name}.svg\n:alt: Path diagram of {spec.title}\n:width: 100%\n```"
    body = [_scoring(spec)] if spec.scoring else [_paths(spec), _rounding(spec)]
    parts = [_head(spec), _low(spec), diagram, f"## Notes\n\n{_notes(spec)}", _constructs(spec), _items(spec), *body, _use(spec)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _head(spec: csi.ModelSpec) -> str:
    doi = f" [doi:{spec.doi}](https://doi.org/{spec.doi})" if spec.doi else ""
    facts = [("Name", f"`{spec.name}`"), ("Family", spec.family), ("Origin", spec.origin), ("Index of", spec.target)]
    facts += [("Confidence", f"**{spec.confidence}**"), ("Admissible estimators", ", ".join(spec.estimators) or "none: a scoring rule")]
    rows = "\n".join(f"| {label} | {text} |" for label, text in facts)
    return f"# {spec.title}\n\n{spec.title_zh}\n\n| | |\n|---|---|\n{rows}\n\n{spec.citation}{doi}"


def _low(spec: csi.ModelSpec) -> str:
    """Return what is not sure: the whole model, blocks or paths."""
    doubts = ["The path list of this model is not certain; see the notes."] if spec.confidence == "low" else []
    doubts += [f"The block of `{c.name}`." for c in spec.constructs if c.confidence == "low"]
    doubts += [f"The path `{p.source}` to `{p.target}`." for p in spec.paths if p.confidence == "low"]
    return LOW % "\n".join(f"- {d}" for d in doubts) if doubts else ""


def _notes(spec: csi.ModelSpec) -> str:
    return "\n".join(f"- {line}" for line in spec.notes.strip().splitlines())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _constructs(spec: csi.ModelSpec) -> str:
    head = "## Constructs\n\n| name | label | mode | meaning | confidence |\n|---|---|---|---|---|"
    rows = [
        f"| `{c.name}` | {_cell(c.label)}<br>{_cell(c.label_zh)} | {c.mode} | {_cell(c.meaning)} | {c.confidence or spec.confidence} |"
        for c in spec.constructs
    ]
    return "\n".join([head, *rows])


def _items(spec: csi.ModelSpec) -> str:
    owner = {i: c for c in spec.constructs for i in c.items}
    lines = ["## Items", "", "Stems are paraphrases written from the concept, not the wording of a published questionnaire.", ""]
    lines += ["| construct | item | question | scale | reverse |", "|---|---|---|---|---|"]
    for i in spec.indicators:
        scale = f"{i.scale[0]:g} ({_cell(i.anchors[0])}) to {i.scale[1]:g} ({_cell(i.anchors[1])})"
        whole = owner[i.name].name if i.name in owner else "importance"
        lines.append(f"| {whole} | `{i.name}` | {_cell(i.stem)}<br>{_cell(i.stem_zh)} | {scale} | {'yes' if i.reverse else ''} |")
    parts = [f"`{c.name}` is {'formed by' if c.formed else 'reflected by'} {', '.join(f'`{i}`' for i in c.items)}" for c in _higher(spec)]
    return "\n".join(lines) + (f"\n\nOf higher order: {'; '.join(parts)}." if parts else "")


def _higher(spec: csi.ModelSpec) -> list[csi.Construct]:
    return [c for c in spec.constructs if set(c.items) & set(spec.construct_names)]


def _paths(spec: csi.ModelSpec) -> str:
    head = "## Paths\n\n| from | to | expected sign | confidence |\n|---|---|---|---|"
    rows = [f"| `{p.source}` | `{p.target}` | {p.sign} | {p.confidence or spec.confidence} |" for p in spec.paths]
    return "\n".join([head, *rows])


def _scoring(spec: csi.ModelSpec) -> str:
    s = spec.scoring
    rule = {"range": "100 (x - lo) / (hi - lo)", "of_maximum": "100 x / hi", "top_box": f"100 for one of the top {s.boxes} answers, else 0"}
    lines = [f"## Scoring rule\n\nPoints of an answer x: {rule[s.rule]}."]
    for scheme, weights in s.weights:
        lines.append(f"Weights `{scheme}`: {', '.join(f'{n} {w:g}' for n, w in weights)}.")
    if s.importance:
        lines.append(f"Weighted by mean importance: {', '.join(f'{n} by `{i}`' for n, i in s.importance)}.")
    return "\n\n".join(lines)


def _rounding(spec: csi.ModelSpec) -> str:
    """Return by how much rounded answers change the paths, in a population with the defaults of ``simulate``."""
    lines = []
    for estimator in spec.estimators:
        options = {"engine": "native"} if estimator == "ml" else {}
        exact, rounded = (
            csi.fit(spec, population_moments(spec, N, integers), estimator=estimator, **options).paths for integers in (False, True)
        )
        change = (rounded["std"] - exact["std"]).to_numpy()
        k = int(np.abs(change).argmax())
        lines.append(
            f"| {estimator} | `{exact['source'][k]}` to `{exact['target'][k]}` | {exact['std'][k]:.3f} | {rounded['std'][k]:.3f} |"
        )
    head = (
        "## What rounding to the scale does\n\nAnswers are rounded to the scale, and yes-no questions have two answers. In an unlimited "
        "sample with the defaults of `simulate` (means 70, standard deviations 20 points, 15 % complaints) no standardised path changes by "
        "more than this one:\n\n| estimator | path | unrounded | rounded |\n|---|---|---|---|"
    )
    return "\n".join([head, *lines])


def _use(spec: csi.ModelSpec) -> str:
    estimator = "" if spec.scoring or spec.estimators[0] == "ml" else f', estimator="{spec.estimators[0]}"'
    lines = [
        "## Use",
        "",
        "```python",
        f'spec = csi.load_model("{spec.name}")',
        'spec.questionnaire(lang="zh").to_markdown("questionnaire.md")',
        f'survey = csi.simulate("{spec.name}", n=500, seed=1)',
        f'csi.fit("{spec.name}", survey{estimator}).index',
        "```",
    ]
    syntax = [] if spec.scoring else ["", "In lavaan's syntax:", "", "```text", spec.to_lavaan(), "```"]
    return "\n".join([*lines, *syntax])


def setup_pages(app: object) -> None:
    """Write the pages into the source folder before it is read."""
    write_pages(Path(os.fspath(app.srcdir)) / "models")  # type: ignore[attr-defined]
