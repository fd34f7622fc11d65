"""The pages that the build of the site computes: numbers that agree, calls that get what they should, names that exist.

Tolerances are those of the tests against each program: lavaan's default stop leaves 5e-5, plspm's 6e-7, the others' 1e-10.
"""

import importlib
import re
import sys
from pathlib import Path

import pytest

import csimodels as csi

DOCS = Path(__file__).parent.parent / "docs"
LAVAAN, PLSPM, TIGHT = 1e-4, 2e-6, 1e-8


@pytest.fixture
def maker(monkeypatch):
    """Import a module of the site's folder."""
    monkeypatch.syspath_prepend(str(DOCS))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).parent == DOCS:
            del sys.modules[name]


def off(cell):
    count, largest = cell.split(": ")
    return int(count), float(largest)


def test_agreement_holds(maker):
    agreement = maker("agreement")
    rows = list(agreement.lavaan_rows())
    assert len(rows) == len(agreement.LAVAAN)
    for title, _, *cells in rows:
        counts, largest = zip(*map(off, cells), strict=True)
        assert min(counts) >= 12 and max(largest) < LAVAAN, title
    for title, program, *cells in agreement.pls_rows():
        assert max(off(cell)[1] for cell in cells) < (PLSPM if "plspm" in program else TIGHT), (title, program)
    for title, program, cell in agreement.other_rows():
        assert off(cell)[1] < TIGHT, (title, program)


def test_the_agreement_page_has_every_table_and_only_theirs_from_files(maker):
    agreement = maker("agreement")
    text = agreement.page()
    assert "{{" not in text and text.count("| --- |") == 7
    for program in ("lavaan", "seminr 2.3.4", "cSEM", "plspm 0.5.1", "semPLS 1.0-10"):
        assert program in text
    errors = [line.split("|")[2:4] for line in text[text.index("## Bootstrap") :].splitlines() if "->" in line]
    assert len(errors) == 12
    assert all(abs(float(a) / float(b) - 1) < 0.15 for a, b in errors)


def test_bad_input_gets_an_answer_each(maker):
    source = (DOCS / "bad_input.txt").read_text(encoding="utf-8")
    text = maker("bad_input").page(source)
    calls = source.count("```python") - 1
    found = re.findall(r"^> \*\*(\w+)\*\*", text, re.MULTILINE)
    assert calls >= 35 and len(found) >= calls
    assert all(issubclass(getattr(csi, name), (csi.CSIError, csi.CSIWarning)) for name in found)
    assert {"DataError", "ScaleError", "SpecError", "ModelSyntaxError", "OptionError", "CatalogError", "IdentificationError"} <= set(found)


SAID = {
    "A column of the model is not there": "DataError** `data.missing_column`",
    "Words instead of numbers": "DataError** `data.not_numeric`",
    'A code for "don\'t know" among the answers': "ScaleError** `scale.looks_like_a_code`",
    "An answer beyond the scale": "ScaleError** `scale.out_of_range`",
    "Five-point answers read on the ten-point scale": "ScaleWarning**",
    "Everybody gave the same answer": "DataError** `data.no_variation`",
    "A heading stands twice": "DataError** `data.duplicate_header`",
    "Too few rows": "DataError** `data.too_few_rows`",
    "Rows with a missing answer are left out": "DataWarning**",
    "A weight that cannot be one": "DataError** `weights.negative`",
    "A name that the catalog does not have": "CatalogError** `catalog.unknown_model`",
    "lavaan text with a slip": "ModelSyntaxError** `syntax.unreadable`",
    "A scale upside down": "ScaleError** `scale.malformed`",
    "What the estimator cannot identify": "IdentificationError** `identification.under_identified`",
    "The index needs scales": "ScaleError** `index.no_scale`",
    "A solution that should not be read is returned": "ImproperSolutionWarning**",
    "A bootstrap of very few rows": "ConvergenceWarning**",
    "One of five firms cannot be fitted": "ConvergenceWarning**",
    "An item that runs the other way": "IndexWarning**",
}


def test_bad_input_gets_what_its_heading_says(maker):
    text = maker("bad_input").page((DOCS / "bad_input.txt").read_text(encoding="utf-8"))
    for heading, answer in SAID.items():
        after = text[text.index(f"\n{heading}") :]
        assert after[after.index("\n> **") :].startswith(f"\n> **{answer}"), heading


def test_a_call_that_gets_nothing_stops_the_build(maker):
    with pytest.raises(RuntimeError, match="nothing is wrong"):
        maker("bad_input").page("```python\nx = 1\n```\n\n```python\nx + 1\n```\n")


def test_the_national_page_has_every_national_model(maker):
    national = maker("national")
    text = national.page((DOCS / "national_indices.txt").read_text(encoding="utf-8"))
    assert "{{" not in text
    models = [*national.national(), *national.national("composite_index")]
    assert len(models) == 18 and all(f"models/{spec.name}.md" in text for spec in models)
    assert "satisfaction → complaints (- in ACSI, + here)" in text
    rules = [float(line.split("|")[2]) for line in national.rules().splitlines()[2:]]
    assert rules[4] > rules[3] > rules[5]  # times ten, equal weights, top boxes


def test_every_public_name_is_in_the_reference():
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    whole = [module for module in re.findall(r"automodule:: csimodels\.(\w+)", text)]
    assert whole == ["errors"]
    listed = {*csi.errors.__all__, "__version__"}
    assert not [name for name in csi.__all__ if name not in listed and not re.search(rf"\b{name}\b", text)]


def test_every_page_has_a_place():
    named = " ".join(
        (DOCS / folder / "index.md").read_text(encoding="utf-8") for folder in ("tutorial", "howto", "reference", "explanation")
    )
    pages = [*DOCS.glob("*.md"), *(DOCS / "howto").glob("*.md"), *(DOCS.parent / "notebooks").glob("*.ipynb")]
    assert not [page.stem for page in pages if page.stem != "index" and not re.search(rf"(^|/|\s){page.stem}\s", named)]
