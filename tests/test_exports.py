"""What is exported reads back as the tables of the result, and no name becomes a formula, a command or another cell.

Raw numbers are exact in CSV; openpyxl writes at least 15 digits, hence 1e-14. APA numbers are of their own rounding.
"""

import csv
import re
import shutil
import subprocess
import sys
import warnings
import zipfile
from itertools import pairwise

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import frame

import csimodels as csi
from csimodels.report.apa import apa_interval, apa_measure, apa_number, apa_p
from csimodels.report.format import clean, escape_latex, short_names

ATTRIBUTES = ("table", "paths", "loadings", "outer_weights", "effects", "outer_vif", "vif", "f2")
BY_NAME = {"index": "construct", "reliability": "construct", "rsquared": "variable", "fit_measures": "measure"}
MATRICES = {"fornell_larcker": "construct", "htmt": "construct"}
FILES = ["header", "index", "table", "paths", "loadings", "outer_weights", "reliability", "fornell_larcker", "htmt", "cross_loadings"]
FILES += ["outer_vif", "vif", "f2", "effects", "rsquared", "fit_measures"]
FORMULA = '=HYPERLINK("x")'
SPECIAL = "a & b_%$#{}~^\\"
HOSTILE = [FORMULA, SPECIAL, "<script>", "|pipe|", "+1+1", "-2+3", "@SUM(A1)", "*star", "[x]", 'say "a", b', "\\input{x}", "`code` **b**"]
TAB, RETURN, ESCAPE = "\t=1", "\r=1", "c\x1b[31m\u202ed"


VALIDITY = ["Discriminant Validity (Fornell-Larcker)", "Heterotrait-Monotrait Ratios (HTMT)", "Cross-Loadings"]


def quiet(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return csi.fit_acsi(*args, **options)


def ordinal():
    survey = csi.load_acsi_demo().iloc[:500]
    items = [c for c in csi.load_model("acsi_1996").items if c != "complaint"]
    return survey.assign(**{c: np.ceil(survey[c] / 2) for c in items})


def renamed(names, **options):
    items = dict(zip(csi.load_model("acsi_1996").items, names, strict=False))
    return csi.fit_acsi(csi.load_acsi_demo().rename(columns=items), columns=items, **options)


def chain(names, scale=(1, 10), n=300):
    """Fit constructs of given names one behind the other; their items carry the names, too."""
    rng = np.random.default_rng(5)
    data, constructs, before = {}, [], np.zeros(n)
    for name in names:
        before = 0.5 * before + rng.normal(size=n)
        items = [f"{name}{k}" for k in range(3)]
        data |= {i: np.clip(5 + before + 0.7 * rng.normal(size=n), 1, 10) for i in items}
        constructs.append(csi.Construct(name, [csi.Indicator(i, scale=scale) for i in items]))
    spec = csi.ModelSpec("m", constructs, [csi.Path(a, b, "+") for a, b in pairwise(names)], target=names[-1], title=f"Of {names[0]}")
    return csi.fit(spec, pd.DataFrame(data), engine="native")


@pytest.fixture(scope="module")
def results():
    demo = csi.load_acsi_demo()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        bad = csi.fit("ecsi_mobile_2005", frame("mobi"), engine="native")
    return {
        "ml": csi.fit_acsi(demo, engine="native"),
        "pls": csi.fit_acsi(demo, estimator="pls"),
        "wlsmv": quiet(ordinal(), estimator="wlsmv", ordinal=True, scale=(1, 5)),
        "bad": bad,
        "hostile": renamed([*HOSTILE, TAB, RETURN], engine="native"),
        "hostile constructs": chain([*HOSTILE[:8], ESCAPE]),
        "unscaled": chain(["a", "b", "c"], scale=None),
        "withheld": quiet(csi.moments(demo, csi.load_model("acsi_1996"), weights=np.linspace(0.5, 2, len(demo))), engine="native"),
    }


@pytest.fixture(params=["ml", "pls", "wlsmv", "bad", "hostile", "hostile constructs", "unscaled", "withheld"])
def result(request, results):
    return results[request.param]


def expected(result):
    """Return the result's own tables by the name of their file."""
    tables = {name: getattr(result, name) for name in ATTRIBUTES}
    for name, key in BY_NAME.items():
        if name != "index" or result.spec.constructs[0].indicators[0].scale is not None:
            tables[name] = getattr(result, name).rename_axis(key).reset_index()
    for name, key in MATRICES.items():
        tables[name] = getattr(result, name).rename_axis(key).reset_index()
    cross = result.cross_loadings.rename_axis("indicator").reset_index()
    tables["cross_loadings"] = cross if result.options.estimator == "pls" else cross.head(0)
    tables["rsquared"] = tables["rsquared"].set_axis(["variable", "rsquared"], axis=1)
    tables["fit_measures"] = tables["fit_measures"].set_axis(["measure", "value"], axis=1)
    return tables


def inert(text):
    return f"'{text}" if text.startswith(tuple("=+-@\t\r")) else text


def read(file):
    """Return headings and rows of a CSV file as text."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        head, *rows = csv.reader(lines)
    return head, rows


def test_csv_reads_back_exactly_and_holds_no_formula(result, tmp_path):
    files = result.to_csv(tmp_path)
    assert [f.name for f in files] == [f"{name}.csv" for name in FILES]
    assert set(tmp_path.iterdir()) == set(files)
    for name, table in expected(result).items():
        head, rows = read(tmp_path / f"{name}.csv")
        assert head == list(map(inert, table.columns)) and len(rows) == len(table)
        for j, column in enumerate(head):
            back, values = [row[j] for row in rows], table.iloc[:, j]
            if pd.api.types.is_bool_dtype(values):
                assert back == ["" if pd.isna(v) else str(v) for v in values]
            elif pd.api.types.is_numeric_dtype(values):
                np.testing.assert_array_equal([float(v or "nan") for v in back], values.to_numpy(dtype=float), err_msg=column)
            else:
                assert back == [inert(t) for t in values]
    for file in files:
        for cell in (cell for row in read(file)[1] for cell in row):
            assert not cell.startswith(("=", "+", "@", "\t", "\r")) and not re.match(r"-(?!\d|inf)", cell), cell


def test_excel_holds_numbers_as_numbers_and_text_as_text(result, tmp_path):
    file = result.to_excel(tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == FILES
    for name, table in expected(result).items():
        rows = list(book[name].iter_rows(values_only=True))
        assert list(rows[0]) == list(map(clean, table.columns)) and len(rows) == len(table) + 1
        kept = [j for j, column in enumerate(table) if pd.api.types.is_numeric_dtype(table[column])]
        back = pd.DataFrame(rows[1:], columns=range(table.shape[1]))[kept].astype(float)
        np.testing.assert_allclose(back.to_numpy(), table.iloc[:, kept].astype(float).to_numpy(), rtol=1e-14)
    with zipfile.ZipFile(file) as parts:
        assert not [n for n in parts.namelist() if n.startswith("xl/worksheets") and b"<f>" in parts.read(n)]
    for sheet in book:
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} <= {"n", "s", "b"}
        assert all(cell.font.bold for cell in sheet[1])
        assert all(3 <= d.width <= 62 for d in sheet.column_dimensions.values())


def test_hostile_names_in_excel_are_quoted_texts(results, tmp_path):
    sheet = openpyxl.load_workbook(results["hostile"].to_excel(tmp_path / "r.xlsx"))["loadings"]
    cells = {c.value: c for c in sheet["B"]}
    assert set(HOSTILE) <= set(cells)
    assert {name for name, cell in cells.items() if cell.quotePrefix} == {n for n in cells if n[0] in "=+-@"} >= {FORMULA, "=1"}
    assert cells[FORMULA].data_type == "s" and cells[FORMULA].quotePrefix


def latex_tables(text):
    for columns, body in re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", text, flags=re.DOTALL):
        yield len(columns), [line for line in body.strip().splitlines() if not line.endswith("rule")]


def test_latex_is_balanced_and_has_as_many_cells_as_columns(result, tmp_path):
    text = result.to_latex()
    document = result.to_latex(tmp_path / "r.tex")
    assert (tmp_path / "r.tex").read_text(encoding="utf-8") == document and text in document
    assert document.rstrip().endswith(r"\end{document}") and r"\usepackage{booktabs}" in document
    for name in ("center", "tabular"):
        assert document.count(rf"\begin{{{name}}}") == document.count(rf"\end{{{name}}}") > 0
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    rows = [(columns, row) for columns, body in latex_tables(text) for row in body]
    assert len(rows) > 20
    for columns, row in rows:
        assert len(re.findall(r"(?<!\\)&", row)) == columns - 1, row
        assert row.endswith(r" \\") and not row.startswith(("*", "[")), row
    assert not re.search(r"(?<!\\)[%#$_^~]", text)


def test_latex_holds_every_name_and_the_numbers(results):
    text = results["hostile"].to_latex()
    assert all(escape_latex(n) in text for n in short_names(HOSTILE, 24).values() if not n.startswith("*"))
    assert "\n{*}star & " in results["hostile constructs"].to_latex()
    shown = set(re.split(r"[\s&\\]+", results["ml"].to_latex().replace(r"\ensuremath{-}", "-")))
    res = results["ml"]
    assert {f"{v:.3f}" for v in [*res.paths["std"], *res.loadings["se"].dropna(), *res.reliability["rho_c"]]} <= shown
    assert {f"{v:.2f}" for v in res.index["score"]} <= shown


@pytest.mark.parametrize("which", ["ml", "pls", "hostile", "hostile constructs", "bad"])
@pytest.mark.skipif(not any(map(shutil.which, ("pdflatex", "xelatex", "tectonic"))), reason="no LaTeX here")
def test_latex_compiles(results, which, tmp_path):
    results[which].to_latex(tmp_path / "r.tex")
    engine = next(filter(shutil.which, ("pdflatex", "xelatex", "tectonic")))
    options = [] if engine == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
    ran = subprocess.run([engine, *options, "r.tex"], cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    assert (tmp_path / "r.pdf").stat().st_size > 10_000


def test_chinese_names_ask_for_a_font(tmp_path):
    res = chain(["质量", "满意度"])
    text = res.to_latex(tmp_path / "r.tex")
    assert "质量" in text and r"\usepackage[scheme=plain]{ctex}" in text and text.startswith("% ")
    assert "| 质量 |" in res.to_markdown()


def cells_of(line):
    return [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def unmarked(text):
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def markdown_tables(text):
    """Return the tables by their titles."""
    out = {}
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in part.splitlines() if line.startswith("|")]
        if lines:
            out[part.splitlines()[0]] = [cells_of(line) for line in lines]
    return out


def test_markdown_tables_are_rectangular_and_escaped(result, tmp_path):
    text = result.to_markdown(tmp_path / "r.md")
    assert (tmp_path / "r.md").read_text(encoding="utf-8") == text == result.to_markdown()
    assert "<" not in text and not re.search(r"(?<!\\)[*`]", text)
    for title, (head, rule, *rows) in markdown_tables(text).items():
        assert set("".join(rule)) == {":", "-"}, title
        assert rows and all(len(row) == len(head) == len(rule) for row in rows), title


def test_markdown_holds_names_and_numbers(results):
    head, _, *rows = markdown_tables(results["hostile"].to_markdown())["Loadings"]
    res = results["hostile"]
    assert [unmarked(row[1]) for row in rows][:12] == HOSTILE
    np.testing.assert_allclose([float(row[head.index("std")]) for row in rows], res.loadings["std"], atol=5e-4)


def word_tables(file):
    """Return the tables by their captions, the first row of each its headings."""
    document = docx.Document(str(file))
    captions = [after.text for p, after in pairwise(document.paragraphs) if re.fullmatch(r"Table \d+", p.text)]
    rows = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    return document, dict(zip(captions, rows, strict=True))


def value(text):
    return float(text.replace("−", "-").replace("< ", "").replace("> ", "")) if text else np.nan


def column(table, name):
    return [row[table[0].index(name)] for row in table[1:]]


@pytest.mark.parametrize("which", ["ml", "wlsmv", "hostile"])
def test_word_reads_back_as_the_result(results, which, tmp_path):
    res = results[which]
    _, tables = word_tables(res.to_word(tmp_path / "r.docx"))
    paths, items, index = tables["Structural Paths"], tables["Loadings of the Items"], tables["Index of Every Construct (0-100)"]
    assert column(paths, "From") == res.paths["source"].tolist()
    assert column(paths, "β") == [apa_number(v, bounded=True) for v in res.paths["std"]]
    assert column(paths, "p") == [apa_p(v) for v in res.paths["pvalue"]]
    for name, theirs in (("β", "std"), ("b", "est"), ("SE", "se")):
        np.testing.assert_allclose([value(t) for t in column(paths, name)], res.paths[theirs], atol=5.001e-4)
        np.testing.assert_allclose([value(t) for t in column(items, name)], res.loadings[theirs], atol=5.001e-4)
    np.testing.assert_allclose([value(t) for t in column(index, "Index")], res.index["score"], atol=5.001e-3)
    assert column(index, "95% CI") == [apa_interval(a, b, 2) for a, b in zip(res.index["ci_lower"], res.index["ci_upper"], strict=True)]
    fit = dict(tables["Fit of the Model"][1:])
    assert fit["CFI"] == apa_number(res.fit_measures["cfi"], bounded=True)
    assert fit["p"] == apa_p(res.fit_measures["pvalue"]) and fit["df"] == f"{res.fit_measures['df']:.0f}"


def test_word_has_what_pls_has(results, tmp_path):
    res = results["pls"]
    _, tables = word_tables(res.to_word(tmp_path / "r.docx"))
    assert tables["Structural Paths"][0] == ["From", "To", "β", "Expected", "Agrees"]
    assert column(tables["Outer Weights"], "Weight") == [apa_number(v, bounded=True) for v in res.outer_weights["std"]]
    assert column(tables["Reliability and Convergent Validity"], "rho_A") == [apa_number(v, bounded=True) for v in res.reliability["rho_a"]]
    assert column(tables["Direct, Indirect and Total Effects"], "Total") == [apa_number(v, bounded=True) for v in res.effects["total_std"]]


def borders(cell):
    found = cell._tc.tcPr.find(docx.oxml.ns.qn("w:tcBorders"))
    return set() if found is None else {side.tag.rpartition("}")[2] for side in found}


def test_word_tables_are_in_the_style_of_the_apa(result, tmp_path):
    document, _ = word_tables(result.to_word(tmp_path / "r.docx"))
    heads = [(k, p) for k, p in enumerate(document.paragraphs) if re.fullmatch(r"Table \d+", p.text)]
    assert [p.text for _, p in heads] == [f"Table {k}" for k in range(1, len(heads) + 1)]
    assert all(p.runs[0].bold and document.paragraphs[k + 1].runs[0].italic for k, p in heads)
    for table in document.tables:
        first, *inner, last = table.rows
        assert all(borders(c) == {"top", "bottom"} for c in first.cells) and all(borders(c) == {"bottom"} for c in last.cells)
        assert not any(borders(c) for row in inner for c in row.cells)
        assert len({len(row.cells) for row in table.rows}) == 1
    below = [p for p in document.paragraphs if p.text.startswith("Note. ")]
    assert below and all(p.runs[0].italic and not p.runs[1].italic for p in below)


def test_doubts_come_first_everywhere(results, tmp_path):
    bad = results["bad"]
    assert bad.to_latex().index("INADMISSIBLE") < bad.to_latex().index("tabular")
    assert bad.to_markdown().startswith("### INADMISSIBLE")
    document, _ = word_tables(bad.to_word(tmp_path / "r.docx"))
    assert document.paragraphs[1].text.startswith("INADMISSIBLE")
    bad.to_csv(tmp_path)
    header = pd.read_csv(tmp_path / "header.csv")
    assert header["fact"].tolist()[: 1 + len(bad.warnings)] == ["Verdict", *["Warning"] * len(bad.warnings)]


def test_without_scales_the_index_is_empty_and_the_reason_given(results, tmp_path):
    res = results["unscaled"]
    res.to_csv(tmp_path)
    assert pd.read_csv(tmp_path / "index.csv").empty
    assert "No index" in pd.read_csv(tmp_path / "header.csv")["fact"].tolist()
    assert "No index: " in "\n".join(p.text for p in word_tables(res.to_word(tmp_path / "r.docx"))[0].paragraphs)


def test_word_leaves_out_what_is_withheld_or_absent(results, tmp_path):
    _, tables = word_tables(results["withheld"].to_word(tmp_path / "w.docx"))
    assert tables["Structural Paths"][0] == ["From", "To", "β", "b", "Expected", "Agrees"]
    spec = csi.ModelSpec.from_lavaan("f =~ IMAG1 + IMAG2 + IMAG3; g =~ PERV1 + PERV2; h =~ CUEX1 + CUEX2 + CUEX3")
    res = csi.fit(spec, frame("mobi"), engine="native")
    _, tables = word_tables(res.to_word(tmp_path / "m.docx"))
    measured = ["Loadings of the Items", "Reliability and Convergent Validity", *VALIDITY[:2]]
    assert list(tables) == ["Model and Estimation", *measured, "Fit of the Model"]
    assert res.to_latex() and res.to_markdown() and res.to_csv(tmp_path) and res.to_excel(tmp_path / "m.xlsx")


@pytest.mark.parametrize(("form", "suffix"), [("latex", "tex"), ("markdown", "md"), ("csv", ""), ("excel", "xlsx"), ("word", "docx")])
def test_a_missing_folder_is_named(results, tmp_path, form, suffix):
    folder = tmp_path / "nowhere"
    with pytest.raises(csi.ResultFileError) as error:
        getattr(results["ml"], f"to_{form}")(folder / f"r.{suffix}" if suffix else folder)
    assert error.value.code == "file.no_folder" and not folder.exists()


@pytest.mark.parametrize(("form", "package", "extra"), [("excel", "openpyxl", "survey"), ("word", "docx", "word")])
def test_a_missing_package_is_named_with_its_extra(results, tmp_path, monkeypatch, form, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(csi.CSIError, match=package) as error:
        getattr(results["ml"], f"to_{form}")(tmp_path / "r.x")
    assert error.value.code == "file.no_writer" and f"csimodels[{extra}]" in error.value.hint
    assert not list(tmp_path.iterdir())


def test_maketables_finds_what_its_plug_in_format_asks_for(results):
    for res in (results["ml"], results["pls"], results["wlsmv"]):
        table = res.__maketables_coef_table__
        assert {"b", "se", "t", "p", "ci95l", "ci95u"} <= set(table) and table.index.name == "Coefficient"
        np.testing.assert_array_equal(table["b"], res.paths["est"])
        np.testing.assert_array_equal(table["p"], res.paths["pvalue"])
        assert table.index[0] == "expectations -> quality" and res.__maketables_depvar__ == "satisfaction"
        assert res.__maketables_stat__("N") == res.moments.rows and res.__maketables_stat__("csi") == res.csi
        assert res.__maketables_stat__("srmr") == res.fit_measures["srmr"]
        assert res.__maketables_stat__("r2") == res.rsquared["satisfaction"] and res.__maketables_stat__("nothing") is None
        assert set(res.__maketables_default_stat_keys__) <= set(res.__maketables_stat_labels__)
    info = {name: results[name].__maketables_vcov_info__["vcov_type"] for name in ("ml", "pls")}
    assert info == {"ml": "expected information", "pls": "none"}
    assert results["unscaled"].__maketables_stat__("csi") is None


@pytest.mark.parametrize(
    ("number", "digits", "bounded", "text"),
    [
        (0.4264, 3, True, ".426"),
        (-0.4264, 2, True, "−.43"),
        (0.4264, 3, False, "0.426"),
        (1.0, 3, True, "1.000"),
        (0.9996, 3, True, "1.000"),
        (-1.2, 3, True, "−1.200"),
        (0.0, 3, True, ".000"),
        (-0.0004, 3, True, ".000"),
        (-0.0, 2, False, "0.00"),
        (1234.5, 2, False, "1234.50"),
        (np.nan, 3, True, ""),
        (None, 3, True, ""),
        (-np.inf, 3, False, "−∞"),
    ],
)
def test_apa_numbers(number, digits, bounded, text):
    assert apa_number(number, digits, bounded) == text


def test_apa_p_values_intervals_and_measures():
    values = {0.05: ".050", 0.0004: "< .001", 0.001: ".001", 0.0: "< .001", 0.9996: "> .999", 1.0: "> .999", 0.5: ".500", np.nan: ""}
    assert {v: apa_p(v) for v in values} == values and apa_p(None) == ""
    assert apa_interval(-0.5, 0.25, 2, bounded=True) == "[−.50, .25]" and apa_interval(np.nan, 1) == ""
    shown = {"cfi": ".950", "rmsea_ci_upper_scaled": ".950", "pvalue_scaled": ".950", "chisq": "0.95", "d_uls": "0.950", "df": "1"}
    assert {name: apa_measure(name)(0.95) for name in shown} == shown
