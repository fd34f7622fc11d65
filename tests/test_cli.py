"""The command line: what it prints and writes, and one line with exit code 2 on bad input."""

import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import csimodels as csi
from csimodels.cli import main

ACSI = csi.load_model("acsi_1996")
FAST = ["--engine", "native"]


@pytest.fixture
def survey(tmp_path):
    """The demo survey as a user's file: one column has another name."""
    file = tmp_path / "survey.csv"
    csi.load_acsi_demo().rename(columns={"sat_overall": "Q5"}).head(800).to_csv(file, index=False)
    return file


def test_models_lists_the_catalog(capsys):
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in csi.models().index)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_fit_prints_and_writes(survey, tmp_path, capsys, suffix):
    file = survey
    if suffix == "parquet":
        file = tmp_path / "survey.parquet"
        pd.read_csv(survey).to_parquet(file)
    page, saved = tmp_path / "report.html", tmp_path / "out.json"
    arguments = ["fit", str(file), "--model", "acsi_1996", "--map", "sat_overall=Q5", "--scale", "1", "10", "--estimator", "ml"]
    assert main([*arguments, *FAST, "--html", str(page), "--json", str(saved)]) == 0
    printed = capsys.readouterr().out
    again = csi.CSIResults.from_json(saved)
    expected = csi.fit_acsi(pd.read_csv(survey), columns={"sat_overall": "Q5"}, engine="native")
    pd.testing.assert_frame_equal(again.table, expected.table)
    assert f"{expected.fit_measures['chisq']:.3f}" in printed
    assert "Q5" in printed
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_every_option_reaches_the_fit(survey, tmp_path, capsys):
    data = pd.read_csv(survey).assign(w=np.linspace(1, 2, 800))
    data.loc[:9, "value_price"] = 99
    data.to_csv(survey, index=False)
    saved = tmp_path / "out.json"
    options = ["--map", "sat_overall=Q5", "--without", "complaints", "--na-values", "98", "99", "--missing", "mean", "--weights", "w"]
    assert main(["fit", str(survey), *options, "--scale", "0", "10", "--json", str(saved), *FAST]) == 0
    res = csi.CSIResults.from_json(saved)
    assert "complaints" not in res.spec.construct_names
    assert (res.moments.rows, res.moments.imputed) == (800, 10)
    assert res.options.weighted
    assert res.spec.construct("value").indicators[0].scale == (0, 10)
    assert "10 missing answers are replaced" in " ".join(capsys.readouterr().out.split())


def test_default_engine_is_semopy(survey, capsys):
    assert main(["fit", str(survey), "--map", "sat_overall=Q5"]) == 0
    assert "semopy" in capsys.readouterr().out


def bad(*arguments):
    return lambda survey: ["fit", str(survey), "--map", "sat_overall=Q5", *FAST, *arguments]


BAD = {
    "file.not_found": lambda _: ["fit", "absent.csv"],
    "file.unknown_type": lambda survey: ["fit", str(survey.rename(survey.with_suffix(".docx")))],
    "file.unreadable": lambda survey: ["fit", str(broken(survey))],
    "catalog.unknown_model": bad("--model", "acsi"),
    "toml.no_file": bad("--model", "absent.toml"),
    "data.missing_column": lambda survey: ["fit", str(survey)],
    "file.encoding": lambda survey: ["fit", str(unknown_bytes(survey))],
    "cli.pair": bad("--map", "sat_ideal"),
    "cli.answers": bad("--answers", "agree=four"),
    "option.lang": lambda _: ["questionnaire", "acsi_1996", "--lang", "fr"],
    "cli.json": lambda survey: ["fit", str(korean(survey)), "--model", "kcsi_korea", "--json", str(survey.with_suffix(".json"))],
    "option.columns_item": bad("--map", "sat_worst=Q5"),
    "option.estimator": bad("--estimator", "bayes"),
    "option.missing": bad("--missing", "never"),
    "scale.out_of_range": bad("--scale", "2", "10"),
    "scale.malformed": bad("--scale", "10", "1"),
    "spec.unknown_name": bad("--without", "complain"),
    "file.no_folder": bad("--html", "nowhere/report.html"),
}


def broken(survey):
    survey.write_bytes(b'a,b\n"1,2\n')
    return survey


def unknown_bytes(survey):
    survey.write_bytes(b"a,b\n1,2\n\xff")
    return survey


def korean(survey):
    csi.simulate("kcsi_korea", n=60, seed=1).to_csv(survey, index=False)
    return survey


def test_match_proposes_and_says_how_to_accept(survey, capsys):
    assert main(["match", str(survey)]) == 0
    out = capsys.readouterr().out
    assert "13 of 14 items have a column" in out or '--map "sat_overall=Q5"' in out


def test_the_line_that_match_prints_can_be_pasted(survey, tmp_path, capsys):
    renamed = {"sat_overall": "Sat. Overall", "complaint": "COMPLAINT"}
    csi.load_acsi_demo().rename(columns=renamed).head(800).to_csv(survey, index=False)
    assert main(["match", str(survey), "--model", "acsi_1996"]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    arguments = shlex.split(line[line.index("--map") :])
    assert arguments == ["--map", *(f"{item}={column}" for item, column in renamed.items())]
    assert main(["fit", str(survey), *arguments, *FAST, "--json", str(tmp_path / "a.json")]) == 0
    expected = csi.fit_acsi(csi.load_acsi_demo().head(800), engine="native")
    assert csi.CSIResults.from_json(tmp_path / "a.json").csi == pytest.approx(expected.csi, abs=1e-9)


@pytest.fixture
def workbook(tmp_path):
    """Two sheets, of which the second has the number 0 for a name."""
    file = tmp_path / "survey.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"income": [1]}).to_excel(book, sheet_name="notes", index=False)
        pd.DataFrame({"sat_overall": [1]}).to_excel(book, sheet_name="0", index=False)
    return file


@pytest.mark.parametrize(("sheet", "found"), [("0", 1), ("1", 1), ("notes", 0)])
def test_sheets_go_by_name_then_by_number(workbook, capsys, sheet, found):
    assert main(["match", str(workbook), "--sheet", sheet]) == 0
    assert f"{found} of 14 items" in capsys.readouterr().out


@pytest.mark.parametrize("sheet", ["2", "answers"])
def test_unknown_sheets_are_named(workbook, capsys, sheet):
    assert main(["match", str(workbook), "--sheet", sheet]) == 2
    assert "[file.no_sheet]" in capsys.readouterr().err


def test_a_guessed_encoding_is_said(tmp_path, capsys):
    file = tmp_path / "survey.csv"
    file.write_bytes("满意,sat_overall\n8,7\n".encode("gb18030"))
    assert main(["match", str(file)]) == 0
    printed = capsys.readouterr()
    assert "GB 18030" in printed.err and "满意" in printed.out


@pytest.mark.parametrize(("lang", "text"), [("en", "Customer expectations"), ("zh", "顾客期望")])
def test_questionnaires_are_printed_and_written(lang, text, tmp_path, capsys):
    assert main(["questionnaire", "acsi_1996", "--lang", lang]) == 0
    assert text in capsys.readouterr().out
    assert main(["questionnaire", "acsi_1996", "--lang", lang, "--csv", str(tmp_path / "q.csv")]) == 0
    assert text in (tmp_path / "q.csv").read_text(encoding="utf-8-sig")


def test_composite_indices_from_the_command_line(survey, tmp_path, capsys):
    assert main(["fit", str(korean(survey)), "--model", "kcsi_korea", "--bootstrap", "50", "--html", str(tmp_path / "k.html")]) == 0
    out = capsys.readouterr().out
    assert "Composite index" in out and "50 resamples" in out
    assert "Composite index" in (tmp_path / "k.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", BAD)
def test_bad_input_gets_one_line_and_exit_code_two(code, survey, capsys):
    assert main(BAD[code](survey)) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert complaint.startswith("csimodels: ")
    assert f"[{code}]" in complaint


@pytest.mark.parametrize("arguments", [[], ["fit"], ["paint"], ["fit", "a.csv", "--scale", "1"], ["fit", "a.csv", "--colour", "red"]])
def test_misused_arguments_get_one_line_and_exit_code_two(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_module_runs():
    out = subprocess.run([sys.executable, "-m", "csimodels", "--help"], capture_output=True, text=True, check=True).stdout
    assert "models" in out
    assert "demo" in out


def test_demo_writes_reports_and_says_what_is_inadmissible(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "out")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    expected = {
        f"{stem}.{kind}" for stem in ("ecsi_survey", "ecsi_full", "ecsi_pls", "acsi_demo", "acsi_demo_pls") for kind in ("html", "png")
    }
    expected |= {"acsi_demo_bootstrap.html", "acsi_demo_bootstrap_zh.html"}
    assert {f.name for f in (tmp_path / "out").iterdir()} == expected
    assert "inadmissible" in printed
    assert "298.887" in printed
    reference = csi.fit(csi.load_model("ecsi_mobile_2005").without("image"), frame("mobi"), engine="native")
    assert f"{reference.csi:.2f}" in printed
    assert "72.45" in printed
    assert "5,000" in printed
    firms = csi.fit_acsi(csi.load_acsi_demo(), by="firm", estimator="pls").index
    assert all(name in printed for name in firms["firm"].unique())


@pytest.mark.parametrize(
    ("more", "options"),
    [
        (["--estimator", "wlsmv", "--ordinal", "complaint"], {"estimator": "wlsmv", "ordinal": ["complaint"]}),
        (["--estimator", "mlr", "--missing", "fiml"], {"estimator": "mlr", "missing": "fiml"}),
        (["--clusters", "price_tolerance"], {"clusters": "price_tolerance"}),
    ],
)
def test_inference_from_the_command_line(survey, capsys, more, options):
    assert main(["fit", str(survey), "--map", "sat_overall=Q5", *more]) == 0
    res = csi.fit_acsi(pd.read_csv(survey), columns={"sat_overall": "Q5"}, **options)
    assert f"{res.csi:.2f}" in capsys.readouterr().out
    assert res.paths["se"].notna().all()


@pytest.mark.parametrize(("lang", "heading"), [("en", "Discriminant validity"), ("zh", "区别效度")])
def test_the_report_of_a_bootstrap_in_a_language(survey, tmp_path, capsys, lang, heading):
    page = tmp_path / "r.html"
    arguments = ["fit", str(survey), "--map", "sat_overall=Q5", "--estimator", "pls", "--bootstrap", "50", "--seed", "3"]
    assert main([*arguments, "--html", str(page), "--lang", lang]) == 0
    text = page.read_text(encoding="utf-8")
    boot = csi.fit_acsi(pd.read_csv(survey), columns={"sat_overall": "Q5"}, estimator="pls").bootstrap(
        pd.read_csv(survey), n_boot=50, seed=3
    )
    assert heading in text and f"<td>{boot.index.loc['satisfaction', 'ci_lower']:.2f}</td>" in text
    assert str(page) in capsys.readouterr().out


@pytest.mark.parametrize("estimator", ["pls", "plsc"])
def test_pls_and_the_bootstrap_from_the_command_line(survey, capsys, estimator):
    arguments = ["fit", str(survey), "--map", "sat_overall=Q5", "--estimator", estimator, "--scheme", "factorial"]
    assert main([*arguments, "--bootstrap", "50", "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    res = csi.fit_acsi(pd.read_csv(survey), columns={"sat_overall": "Q5"}, estimator=estimator, scheme="factorial")
    boot = res.bootstrap(pd.read_csv(survey), n_boot=50, seed=3)
    assert f"{boot.index.loc['satisfaction', 'ci_lower']:.2f}" in printed
    assert "factorial" in printed
