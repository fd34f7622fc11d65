"""The README's session runs and prints what it says; its table is what the tool prints."""

import doctest
import sys
from pathlib import Path

import matplotlib as mpl

ROOT = Path(__file__).parent.parent


def test_the_session_prints_what_the_readme_says():
    mpl.use("Agg")
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    printed: list[str] = []
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
