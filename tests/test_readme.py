"""The sessions of the README and of the documentation run and print what they say; the README's table is what the tool prints."""

import doctest
import re
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest

import csimodels as csi

ROOT = Path(__file__).parent.parent


PAGES = ["README.md", "docs/pls_or_covariance.md", "docs/which_estimator.md", "docs/migration.md"]
HEARD = ("docs/howto/own_survey.md",)
PAGES += sorted(f"docs/howto/{file.name}" for file in (ROOT / "docs" / "howto").glob("*.md") if file.stem != "index")


@pytest.mark.parametrize("page", PAGES)
def test_the_session_prints_what_the_page_says(page):
    mpl.use("Agg")
    text = (ROOT / page).read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    printed: list[str] = []
    with warnings.catch_warnings():
        if page in ("docs/which_estimator.md", *HEARD):  # their text speaks of what their fits warn of
            warnings.simplefilter("ignore", csi.CSIWarning)
        runner.run(test, out=printed.append)
    assert runner.summarize(verbose=False).attempted >= 7
    assert not printed, "".join(printed)


def test_the_agreement_table_is_what_the_tool_prints(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import agreement

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for row in agreement.table():
        assert row in text
    sys.modules.pop("agreement")


def test_the_glossary_names_what_there_is():
    """Every name in the last column exists; terms in code with a dot belong to results, specs or the package."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    names = re.findall(r"`(csi|res|ModelSpec)\.(\w+)", text)
    homes = {"csi": csi, "res": csi.CSIResults, "ModelSpec": csi.ModelSpec}
    assert len(names) > 30
    assert not [name for home, name in names if not hasattr(homes[home], name)]
