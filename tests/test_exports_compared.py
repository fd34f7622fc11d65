"""What comparisons and bootstraps write reads back as their own tables, fits the page, and no name becomes a formula or a command.

Raw numbers are exact in CSV; openpyxl writes at least 15 digits, hence 1e-14. APA numbers are of their own rounding.
"""

import re
import shutil
import subprocess
import warnings
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import frame
from test_exports import HOSTILE, chain, column, inert, latex_tables, markdown_tables, read, unmarked, value, word_tables

import csimodels as csi
from csimodels.report.apa import apa_interval, apa_number, apa_p
from csimodels.report.blocks import Block
from csimodels.report.export_word import PAGE
from csimodels.report.format import clean
from csimodels.report.paged import paged

COMPARED = ["header", "params", "std_errors", "pvalues", "paths", "paths_se", "index", "index_se", "rsquared", "fit_measures"]
BOOTED = ["header", "index", "table", "paths", "loadings", "outer_weights", "weights", "reliability", "htmt", "f2", "effects", "rsquared"]
BOOTED += ["impact", "exact_fit"]
KEYS = {"paths": "path", "paths_se": "path", "index": "construct", "index_se": "construct", "rsquared": "variable"}
KEYS |= {"params": "parameter", "std_errors": "parameter", "pvalues": "parameter", "fit_measures": "measure"}


@pytest.fixture(scope="module")
def written():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return made()


def made():
    demo, mobi = csi.load_acsi_demo(), frame("mobi")
    ml, few = csi.fit_acsi(demo, engine="native"), csi.fit_acsi(demo, engine="native", without=["complaints"])
    return {
        "three": csi.compare({"All": ml, "Fewer": few, "PLS": csi.fit_acsi(demo, estimator="pls")}),
        "bad": csi.compare({"good": ml, "bad": csi.fit("ecsi_mobile_2005", mobi, engine="native")}),
        "hostile": csi.compare(dict.fromkeys(HOSTILE, chain(HOSTILE[:8]))),
        "many": csi.compare({f"wave {k} of a long name": ml for k in range(20)}),
        "boot pls": csi.fit("ecsi_mobile_2005", mobi, estimator="pls").bootstrap(mobi, n_boot=200, seed=1),
        "boot ml": csi.fit_acsi(demo[:400], engine="native").bootstrap(demo[:400], n_boot=200, seed=1, exact_fit=True),
        "boot hostile": booted(HOSTILE[:8]),
        "boot unscaled": booted(["a", "b", "c"], scale=None),
    }


def booted(names, scale=(1, 10)):
    """Bootstrap PLS of constructs of given names one behind the other."""
    rng = np.random.default_rng(7)
    data = {f"{name}{k}": np.clip(5 + rng.normal(size=120), 1, 10) for name in names for k in range(2)}
    blocks = [csi.Construct(n, [csi.Indicator(f"{n}{k}", scale=scale) for k in range(2)]) for n in names]
    spec = csi.ModelSpec("m", blocks, [csi.Path(a, names[-1], "+") for a in names[:-1]], target=names[-1])
    rows = pd.DataFrame(data)
    return csi.fit(spec, rows, estimator="pls").bootstrap(rows, n_boot=100, seed=1)


@pytest.fixture(params=["three", "bad", "hostile", "many", "boot pls", "boot ml", "boot hostile", "boot unscaled"])
def thing(request, written):
    return written[request.param]


def expected(thing):
    """Return the own tables by the name of their file."""
    if isinstance(thing, csi.Bootstrap):
        tables = {
            name: getattr(thing, name) for name in ("table", "paths", "loadings", "outer_weights", "reliability", "htmt", "f2", "effects")
        }
        return tables | {"rsquared": thing.rsquared.rename_axis("variable").reset_index()}
    return {name: getattr(thing, name).rename_axis(key).reset_index() for name, key in KEYS.items()}


def test_csv_reads_back_exactly_and_holds_no_formula(thing, tmp_path):
    files = thing.to_csv(tmp_path)
    assert [f.stem for f in files] == (BOOTED if isinstance(thing, csi.Bootstrap) else COMPARED)
    for name, table in expected(thing).items():
        head, rows = read(tmp_path / f"{name}.csv")
        assert head == list(map(inert, table.columns)) and len(rows) == len(table)
        for j, heading in enumerate(table):
            values, back = table.iloc[:, j], [row[j] for row in rows]
            if pd.api.types.is_float_dtype(values):
                np.testing.assert_array_equal([float(v or "nan") for v in back], values.to_numpy(dtype=float), err_msg=heading)
            elif pd.api.types.is_string_dtype(values):
                assert back == [inert(t) for t in values]
    for file in files:
        head, rows = read(file)
        for cell in (cell for row in [head, *rows] for cell in row):
            assert not cell.startswith(("=", "+", "@", "\t", "\r")) and not re.match(r"-(?!\d|inf)", cell), cell


def test_excel_holds_numbers_as_numbers_and_text_as_text(thing, tmp_path):
    file = thing.to_excel(tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == (BOOTED if isinstance(thing, csi.Bootstrap) else COMPARED)
    for name, table in expected(thing).items():
        head, *rows = book[name].iter_rows(values_only=True)
        assert list(head) == list(map(clean, table.columns)) and len(rows) == len(table)
        kept = [j for j, heading in enumerate(table) if pd.api.types.is_float_dtype(table[heading])]
        back = np.array([[row[j] for j in kept] for row in rows], dtype=float).reshape(len(rows), len(kept))
        np.testing.assert_allclose(back, table.iloc[:, kept].to_numpy(dtype=float), rtol=1e-14)
    with zipfile.ZipFile(file) as parts:
        assert not [n for n in parts.namelist() if n.startswith("xl/worksheets") and b"<f>" in parts.read(n)]
    for sheet in book:
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} <= {"n", "s", "b"}
        assert sheet.print_title_rows == "$1:$1" and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert {cell.number_format for cell in cells if isinstance(cell.value, float)} <= {"0.000"}


def test_latex_is_balanced_and_has_as_many_cells_as_columns(thing, tmp_path):
    text, document = thing.to_latex(), thing.to_latex(tmp_path / "r.tex")
    assert text in document and document == (tmp_path / "r.tex").read_text(encoding="utf-8")
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}") and text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") > 3
    for columns, body in latex_tables(text):
        assert 1 < len(body) <= 51
        for row in body:
            assert len(re.findall(r"(?<!\\)&", row)) == columns - 1 and row.endswith(r" \\"), row
            assert not row.startswith(("*", "[")) and not re.search(r"& -\d[\d.]*\*{0,3} [&\\]", row), row
    assert not re.search(r"(?<!\\)[%#$_^~]", text)


def test_markdown_tables_are_rectangular_and_escaped(thing, tmp_path):
    text = thing.to_markdown(tmp_path / "r.md")
    assert (tmp_path / "r.md").read_text(encoding="utf-8") == text
    assert "<" not in text and not re.search(r"(?<!\\)[`]", text)
    tables = markdown_tables(text)
    assert len(tables) > 3
    for title, (head, rule, *rows) in tables.items():
        assert rows and all(len(row) == len(head) == len(rule) for row in rows), title


def test_markdown_heads_columns_with_the_models(written):
    head, _, *rows = markdown_tables(written["hostile"].to_markdown())["Standardised paths"]
    assert [unmarked(cell) for cell in head[1:]] == HOSTILE
    both = written["hostile"]
    assert [unmarked(row[0]) for row in rows[::2]] == both.paths.index.tolist()
    stripped = [[float(unmarked(cell).strip("*")) for cell in row[1:]] for row in rows[::2]]
    np.testing.assert_allclose(stripped, both.paths, atol=5.001e-4)


def test_word_has_estimates_with_errors_beneath(written, tmp_path):
    both = written["three"]
    document, tables = word_tables(both.to_word(tmp_path / "r.docx"))
    assert document.paragraphs[0].text == "Comparison of 3 models"
    head, *rows = tables["Standardised Paths"]
    assert head == ["Path", "All", "Fewer", "PLS"] and [row[0] for row in rows[::2]] == both.paths.index.tolist()
    for k, name in enumerate(both.paths.columns, 1):
        kept = both.paths[name].map(lambda v: apa_number(v, bounded=True)).tolist()
        assert [row[k].rstrip("*") for row in rows[::2]] == kept
        assert [row[k] for row in rows[1::2]] == [f"({apa_number(v)})" if pd.notna(v) else "" for v in both.paths_se[name]]
    starred = {row[0]: row[1] for row in rows[::2]}
    assert starred["complaints ~ satisfaction"] == f"{apa_number(both.paths.loc['complaints ~ satisfaction', 'All'], bounded=True)}***"
    scores = [row[1] for row in tables["Index of Every Construct (0-100)"][1::2]]
    assert scores == [apa_number(v, 2) for v in both.index["All"]]
    fit = {row[0]: row[1:] for row in tables["Fit of the Models"][1:]}
    assert fit["CFI"] == [*(apa_number(v, bounded=True) for v in both.fit_measures.loc["cfi"])]


def test_doubts_about_a_model_come_first(written, tmp_path):
    bad = written["bad"]
    document, _ = word_tables(bad.to_word(tmp_path / "r.docx"))
    assert document.paragraphs[1].text.startswith("bad: INADMISSIBLE")
    assert bad.to_latex().index("bad: INADMISSIBLE") < bad.to_latex().index("tabular") and bad.to_markdown().startswith("### bad")
    bad.to_csv(tmp_path)
    header = pd.read_csv(tmp_path / "header.csv")
    assert header.loc[header["fact"] == "Verdict", "model"].tolist() == ["bad"]


@pytest.mark.parametrize("which", ["many", "hostile", "boot pls", "boot ml"])
def test_word_tables_fit_the_page_and_repeat_their_head(written, which, tmp_path):
    document, _ = word_tables(written[which].to_word(tmp_path / "r.docx"))
    for table in document.tables:
        assert sum(cell.width.cm for cell in table.rows[0].cells) < PAGE + 0.01
        assert "w:tblHeader" in table.rows[0]._tr.xml and all("w:cantSplit" in row._tr.xml for row in table.rows)


def test_many_models_are_numbered_and_named_beneath(written, tmp_path):
    many = written["many"]
    names = [f"({k}) {name}" for k, name in enumerate(many.results, 1)]
    document, _ = word_tables(many.to_word(tmp_path / "r.docx"))
    notes = [p.text for p in document.paragraphs if p.text.startswith("Note. (1)")]
    assert len(notes) == 5 and all(f"Note. {'; '.join(names)}." == note[: len(note)] or "; ".join(names) in note for note in notes)
    heads = [cell.text for t in document.tables if t.rows[0].cells[0].text == "Path" for cell in t.rows[0].cells[1:]]
    assert heads == [f"({k})" for k in range(1, 21)]
    assert "(continued)" in many.to_latex() and "(20)" in many.to_latex()


def test_word_of_a_bootstrap_reads_back(written, tmp_path):
    boot = written["boot pls"]
    _, tables = word_tables(boot.to_word(tmp_path / "r.docx"))
    paths, htmt = tables["Structural Paths"], tables["Heterotrait-Monotrait Ratios (HTMT)"]
    assert paths[0] == ["From", "To", "β", "SE", "p", "95% CI", "Expected", "Agrees"]
    assert column(paths, "β") == [apa_number(v, bounded=True) for v in boot.paths["std"]]
    assert column(paths, "p") == [apa_p(v) for v in boot.paths["pvalue"]]
    limits = zip(boot.paths["ci_lower"], boot.paths["ci_upper"], strict=True)
    assert column(paths, "95% CI") == [apa_interval(a, b, bounded=True) for a, b in limits]
    assert column(htmt, "HTMT") == [apa_number(v, bounded=True) for v in boot.htmt["htmt"]]
    np.testing.assert_allclose([value(t) for t in column(htmt, "SE")], boot.htmt["se"], atol=5.001e-4)
    shown = boot.effects[boot.effects["indirect_std_se"].notna()]
    assert column(tables["Indirect Effects, Standardised"], "β") == [apa_number(v, bounded=True) for v in shown["indirect_std"]]
    assert column(tables["Impacts on the Index"], "Impact") == [apa_number(v, 2) for v in boot.impact()["impact"]]
    assert {"Discriminant Validity (Fornell-Larcker)", "Cross-Loadings", "Outer Weights"} <= set(tables)


def test_word_of_a_bootstrap_after_maximum_likelihood(written, tmp_path):
    boot = written["boot ml"]
    _, tables = word_tables(boot.to_word(tmp_path / "r.docx"))
    assert tables["Structural Paths"][0] == ["From", "To", "β", "95% CI", "b", "SE", "p", "Expected", "Agrees"]
    limits = zip(boot.paths["std_ci_lower"], boot.paths["std_ci_upper"], strict=True)
    assert column(tables["Structural Paths"], "95% CI") == [apa_interval(a, b, bounded=True) for a, b in limits]
    assert len(tables["Exact Fit"]) == len(boot.exact_fit) + 1
    assert "Outer Weights" not in tables and "Cross-Loadings" not in tables


def test_without_scales_a_bootstrap_says_why_there_is_no_index(written, tmp_path):
    boot = written["boot unscaled"]
    boot.to_csv(tmp_path)
    assert all(pd.read_csv(tmp_path / f"{name}.csv").empty for name in ("index", "weights", "impact", "exact_fit"))
    assert "No index" in pd.read_csv(tmp_path / "header.csv")["fact"].tolist()
    document, tables = word_tables(boot.to_word(tmp_path / "r.docx"))
    assert "No index: " in "\n".join(p.text for p in document.paragraphs) and "Impacts on the Index" not in tables


@pytest.mark.parametrize("which", ["three", "hostile", "many", "boot pls", "boot hostile"])
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex here")
def test_latex_compiles_and_no_table_overflows_the_page(written, which, tmp_path):
    assert "Overfull \\hbox" not in compiled("pdflatex", written[which], tmp_path)


@pytest.mark.skipif(not shutil.which("xelatex"), reason="no xelatex here")
def test_chinese_names_compile(tmp_path):
    folder = subprocess.run(["kpsewhich", "ctex.sty"], capture_output=True, text=True, check=False)
    if not folder.stdout:
        pytest.skip("no ctex here")
    result = chain(["质量", "满意度", "=忠诚"])
    assert "Missing character" not in compiled("xelatex", csi.compare({"模型一": result, "模型二": result}), tmp_path)


def compiled(engine, thing, folder):
    """Return what an engine says of the document."""
    thing.to_latex(folder / "r.tex")
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "r.tex"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    return (folder / "r.log").read_text(errors="replace")


def test_constructs_named_like_columns_are_written(tmp_path):
    result = chain(["construct", "measure", "indicator"])
    result.to_csv(tmp_path)
    assert read(tmp_path / "htmt.csv")[0] == ["construct", "construct", "measure", "indicator"]
    csi.compare({"construct": result, "path": result}).to_csv(tmp_path)
    assert read(tmp_path / "index.csv")[0] == ["construct", "construct", "path"]
    rows = list(openpyxl.load_workbook(result.to_excel(tmp_path / "r.xlsx"))["htmt"].iter_rows(values_only=True))
    np.testing.assert_allclose(rows[2][1], result.htmt.iloc[1, 0], rtol=1e-14)


def block(rows, columns, names_at="both"):
    heads = ("name", *(f"model {k}" for k in range(columns)))
    cells = tuple((f"row {k}" if k % 2 == 0 else "", *(f"{k}.{j}" for j in range(columns))) for k in range(rows))
    return Block("b", "Title", heads, cells, notes=("Note.",), names_at=names_at)


def counted(part):
    return 10.0 * len(part.columns)


def test_paged_leaves_alone_what_fits():
    assert paged(block(4, 3), counted, 40, {}, 10) == [block(4, 3)]


def test_paged_keeps_every_cell_once_and_rows_with_their_errors():
    whole = block(9, 7)
    parts = paged(whole, counted, 40, {}, 4)
    assert all(len(part.columns) <= 4 and len(part.rows) <= 4 for part in parts)
    assert all(part.rows[0][0] for part in parts)
    assert sorted(c for part in parts for row in part.rows for c in row[1:]) == sorted(c for row in whole.rows for c in row[1:])
    assert [part.title for part in parts] == ["Title", *["Title (continued)"] * (len(parts) - 1)]
    assert not any(part.notes for part in parts[:-1]) and parts[-1].notes[-1] == "Note."
    assert parts[-1].notes[0] == "; ".join(f"({k + 1}) model {k}" for k in range(7)) + "."


def test_paged_does_not_number_headings_that_are_no_names():
    parts = paged(block(2, 7, names_at="rows"), counted, 40, {}, 10)
    assert [h for part in parts for h in part.columns[1:]] == [f"model {k}" for k in range(7)]


def test_a_title_too_long_for_a_property_is_written(tmp_path):
    result = chain(["a" * 300, "b"])
    document, _ = word_tables(result.to_word(tmp_path / "r.docx"))
    assert len(document.core_properties.title) == 255


@pytest.mark.parametrize("form", ["latex", "markdown", "csv", "excel", "word"])
def test_a_missing_folder_is_named(written, tmp_path, form):
    for thing in (written["three"], written["boot pls"]):
        with pytest.raises(csi.ResultFileError) as error:
            getattr(thing, f"to_{form}")(tmp_path / "nowhere" / "r.x")
        assert error.value.code == "file.no_folder"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["three", "bad", "hostile"])
def test_the_page_of_a_comparison_holds_its_tables(written, name):
    comparison = written[name]
    pages = {lang: comparison.to_html(lang=lang) for lang in ("en", "zh")}
    for page in pages.values():
        found = {cell.rstrip("*") for cell in re.findall(r"<td[^>]*>([^<]*)</td>", page)}
        paths = comparison.paths.to_numpy().ravel()
        assert {f"{v:.3f}" for v in paths[np.isfinite(paths)]} <= found
        assert "<script>alert" not in page and "Content-Security-Policy" in page
    assert ("INADMISSIBLE" in pages["en"]) == (name == "bad") == ("不适当解" in pages["zh"])
    assert "标准化路径" in pages["zh"] and "Standardised paths" not in pages["zh"]
