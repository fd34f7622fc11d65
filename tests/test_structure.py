"""The layout: numbers never import presentation, and modules stay small."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "csimodels"
NUMBERS = [
    *PACKAGE.glob("estimators/*.py"),
    *PACKAGE.glob("measures/*.py"),
    *PACKAGE.glob("inference/*.py"),
    *(PACKAGE / f"{name}.py" for name in ("additive", "survey", "resample", "refit", "recipes", "bootstrapping", "grouping", "groupfit")),
]


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("file", NUMBERS, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_numbers_do_not_import_presentation(file):
    assert not [m for m in imported(file) if m.startswith(("matplotlib", "csimodels.report", "csimodels.results", "statsmodels"))]


def test_analyses_do_not_import_presentation():
    forbidden = ("matplotlib", "csimodels.report", "csimodels.results")
    assert not [f.name for f in PACKAGE.glob("analyses/*.py") if any(m.startswith(forbidden) for m in imported(f))]


def test_only_analyses_import_scipy_stats():
    """It takes a second to import; analyses are imported when they are used."""
    others = [f for f in PACKAGE.rglob("*.py") if f.parent.name != "analyses"]
    assert not [f.name for f in others if any(m.startswith("scipy.stats") for m in imported(f))]


def test_report_computes_no_statistic():
    forbidden = ("csimodels.measures", "csimodels.inference", "csimodels.estimators", "scipy")
    assert not [f.name for f in PACKAGE.glob("report/*.py") if any(m.startswith(forbidden) for m in imported(f))]


def test_modules_stay_small():
    assert not {f.name: n for f in PACKAGE.rglob("*.py") if (n := len(f.read_text(encoding="utf-8").splitlines())) > 300}
