"""Files and Chinese pages of analyses: read back, beside the tables that they hold; every analysis of the gallery."""

import ast
import html
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import docx
import matplotlib as mpl
import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import frame
from test_wording import english_in, texts_of

import csimodels as csi
from csimodels.presented import Presented
from csimodels.report.analysis_tables import apa_analysis, worded_blocks
from csimodels.report.format import clean
from csimodels.report.heads import in_words, limits
from csimodels.report.wording import heading, say, speaking

mpl.use("Agg")
from matplotlib import pyplot as plt

ROOT = Path(__file__).parent.parent
TOLERANCE = 0.501e-3  # three decimals are printed
NUMBER = re.compile(r"(?<![\w.])[-\u2212]?(?:\d+\.\d+(?:e[-+]\d+)?|\.\d+|\d+)(?![\w.])")
OWN = {"Fieller", "Johnson", "LMG", "Shapley", "Holm", "Wilcoxon", "Harman", "Little", "Kano", "Brier", "Hosmer", "Lemeshow", "Cochran"}
OWN |= {"Armitage", "Neyman", "Zhao", "Lynch", "and", "Chen", "alpha", "nonrobust", "type", "loss", "gain"}
GIVEN = {"before", "during", "after", "industry", "firm", "again", "got", "quality", "satisfaction", "Retail", "Energy", "Mobile", "ustom"}
GIVEN |= {"Ardvel", "Brimso", "Corvat", "Dulvek", "Eskora"}


@pytest.fixture(scope="module")
def found():
    """Return every analysis that the gallery draws, by a name."""
    made, draw = {}, Presented.plot

    def kept(self, ax=None):
        made[f"{type(self).__name__}{len(made)}"] = self
        return draw(self, ax)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        patch.syspath_prepend(str(ROOT / "docs"))
        patch.setattr(Presented, "plot", kept)
        import gallery_pictures

        for _, figure in gallery_pictures.pictures((ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")):
            plt.close(figure)
    assert len({type(analysis) for analysis in made.values()}) == len(Presented.__subclasses__())
    return made


def whole(table):
    return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()


def same(read, table):
    """Whether a table that was read has the columns and the values of another."""
    assert [*read.columns] == [str(c) for c in table.columns] and len(read) == len(table)
    for k, column in enumerate(table.columns):
        values = table.iloc[:, k]
        if pd.api.types.is_numeric_dtype(values) and values.dtype != bool:
            np.testing.assert_allclose(read.iloc[:, k].astype(float), values.astype(float), rtol=1e-12, err_msg=str(column))
        else:
            given = ["" if pd.isna(v) else str(v) for v in values]
            assert ["" if pd.isna(v) else re.sub(r"^'(?=[-=+@])", "", str(v)) for v in read.iloc[:, k]] == given


def test_spreadsheets_hold_every_table_at_full_precision(found, tmp_path):
    for name, analysis in found.items():
        book = openpyxl.load_workbook(analysis.to_excel(tmp_path / f"{name}.xlsx"))
        folder = tmp_path / name
        folder.mkdir()
        files = {file.stem: file for file in analysis.to_csv(folder)}
        assert [*files] == book.sheetnames == ["header", *analysis.tables]
        header = pd.read_csv(files["header"])
        assert header["value"].tolist()[:1] == [analysis.headline] and {*analysis.assumptions, *analysis.warnings} <= {*header["value"]}
        for table in analysis.tables:
            cells = [*book[table].values]
            same(pd.DataFrame(cells[1:], columns=cells[0]), whole(analysis.tables[table]))
            same(pd.read_csv(files[table], keep_default_na=False, na_values=[""]), whole(analysis.tables[table]))


def numbers_of(text):
    """Return the numbers in a text, in their order."""
    return [value_of(n) for n in NUMBER.findall(html.unescape(text))]


def expected(table):
    """Return the numbers of every row in the order in which they are to be printed: both limits of an interval where the lower one stands."""
    frame = whole(table)
    columns = [str(c) for c in frame.columns]
    upper = {pair.lower: pair.upper for pair in limits(columns)}
    order = [c for column in columns if column not in upper.values() for c in (column, upper.get(column)) if c]
    rows = frame.set_axis(columns, axis=1)[order].itertuples(index=False, name=None)
    return [[x for v in row for x in (numbers_of(v) if isinstance(v, str) else [] if pd.isna(v) else [float(v)])] for row in rows]


def near(printed, value):
    """Whether a number is printed, to three decimals, or as beyond the ends of p-values."""
    ends = (printed == 0.001 and 0 <= value < 0.001) or (printed == 0.999 and 0.999 < value <= 1)
    return abs(printed - value) <= TOLERANCE or ends


def test_documents_print_every_number_in_its_place(found):
    for name, analysis in found.items():
        for blocks in (worded_blocks(analysis), apa_analysis(analysis)):
            shown = [b for b in blocks if b.key in analysis.tables]
            assert [b.key for b in shown] == [*analysis.tables]
            for block in shown:
                table = analysis.tables[block.key]
                wanted = expected(table.drop(columns=table.select_dtypes("bool").columns))
                printed = [numbers_of(" | ".join(row)) for row in block.rows]
                assert [len(row) for row in printed] == [len(row) for row in wanted], (name, block.key)
                pairs = [pair for both in zip(printed, wanted, strict=True) for pair in zip(*both, strict=True)]
                assert not [pair for pair in pairs if not near(*pair)], (name, block.key)


def test_word_and_markdown_hold_the_cells_of_their_blocks(found, tmp_path):
    for name, analysis in found.items():
        document = docx.Document(str(analysis.to_word(tmp_path / f"{name}.docx")))
        word = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
        assert not {clean(cell) for block in apa_analysis(analysis) for row in block.rows for cell in row} - word
        lines = [html.unescape(line).replace("\\", "") for line in analysis.to_markdown().splitlines() if line.startswith("| ")]
        tables = [block for block in worded_blocks(analysis) if block.rows]
        assert len(lines) == sum(len(block.rows) + 2 for block in tables)
        assert {f"| {' | '.join(row)} |" for block in tables for row in block.rows} <= {*lines}


def value_of(text):
    return float(text.replace("\u2212", "-"))


def test_headings_are_words_and_intervals_one_column(found):
    text = found["League13"].to_markdown()
    assert "| firm | n | score | se | 95 % CI | 95 % CI, all at once | rank | rank \\[95 % CI\\] |" in text
    for analysis in found.values():
        for table in analysis.tables.values():
            columns = [str(c) for c in whole(table).columns]
            assert hasattr(analysis, "level") or not limits(columns)
            ends = {end for pair in limits(columns) for end in pair[:2]}
            unknown = {c for c in columns if in_words(c) is None and c not in ends}
            assert unknown <= {*csi.load_model("acsi_1996").items, "firm"}


def test_nothing_is_left_in_english(found):
    spec = csi.load_model("acsi_1996")
    for name, analysis in found.items():
        page = analysis.to_html(lang="zh")
        assert '<html lang="zh-Hans">' in page
        words = {w for text in texts_of(page) for found in english_in(html.unescape(text), spec) for w in re.findall(r"[A-Za-z]+", found)}
        assert words <= OWN | GIVEN, name


def test_both_languages_hold_the_same_numbers(found):
    for name, analysis in found.items():
        tables = [re.sub(r"<svg.*?</svg>|<style.*?</style>", "", analysis.to_html(lang=lang), flags=re.DOTALL) for lang in ("en", "zh")]
        english, chinese = ([re.findall(r"<td[^>]*>([-\[<\d][^<]*)</td>", text)] for text in tables)
        assert english == chinese and english[0], name


def test_names_of_the_user_stay_as_they_are():
    survey = csi.load_acsi_demo().iloc[:500]
    blocks = {"value": ["value_price"], "index": ["qual_overall"], "<b>gain": ["expect_overall"]}
    drivers = csi.drivers(survey, ["sat_overall"], blocks, n_boot=50)
    text = drivers.to_markdown(lang="zh")
    assert "| value |" in text and "| index |" in text and "驱动因素" in text
    assert "<b>gain" not in drivers.to_html(lang="zh") and "&lt;b&gt;gain" in drivers.to_html(lang="zh")
    with speaking("zh"):
        assert say("Target: value.") == "目标变量：value。"
    answers = survey.assign(value=survey["value_price"], wave=np.arange(500) % 4, again=survey["repurchase"] > 7)
    rate = csi.repurchase_rate(answers, "again", ["sat_overall"], controls=["value", "wave"])
    assert re.findall(r"^\| (\w+) \| -?\d\.\d{3} \|", rate.to_markdown(lang="zh").split("逻辑回归")[1], re.MULTILINE)[:4] == [
        "常数项",
        "满意",
        "value",
        "wave",
    ]
    scores = pd.DataFrame({"label": ["Fit", "Trend", "share"], "score": [70.0, 71.0, 72.0], "se": [0.5, 0.5, 0.5]})
    league = csi.league_table(scores)
    assert {"Fit", "Trend", "share"} <= {label.get_text() for label in csi.translated(league.plot(), "zh").get_yticklabels()}
    assert all(f"| {name} |" in league.to_markdown(lang="zh") for name in ("Fit", "Trend", "share"))
    ax = csi.translated(csi.fit_acsi(survey, engine="native").plot_index(), "zh")
    assert "value" in [label.get_text() for label in ax.get_yticklabels()]


def test_a_document_says_what_is_wrong_first_and_what_it_rests_on_last(tmp_path):
    with pytest.warns(csi.CSIWarning, match="unreliable"):
        gaps = csi.gap_analysis(frame("mobi"), ["CUEX1", "CUEX3"], ["PERQ1", "PERQ6"], outcome=["CUSA1"], scale=(1, 10))
    document = docx.Document(str(gaps.to_word(tmp_path / "gap.docx", lang="zh")))
    texts = [p.text for p in document.paragraphs if p.text]
    assert texts[0] == "期望与感知之间的差距" and "警告" in texts[1] and "不可靠" in texts[2]
    assert texts[-1].startswith("注：") and "三角律" in texts[-1]
    with pytest.raises(csi.OptionError):
        gaps.to_word(tmp_path / "gap.docx", lang="fr")
    with pytest.raises(csi.OptionError):
        gaps.to_html(lang="fr")
    with pytest.raises(csi.CSIError):
        gaps.to_latex(tmp_path / "nowhere" / "gap.tex")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_latex_compiles(found, lang, tmp_path):
    engine = shutil.which("xelatex")
    if engine is None or (lang == "zh" and not has_ctex()):
        pytest.skip("no xelatex, or no ctex for Chinese")
    for name in ("GapAnalysis2", "Asymmetry5", "MissingAnswers15"):
        found[name].to_latex(tmp_path / "tables.tex", lang=lang)
        command = [engine, "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=300)
        assert ran.returncode == 0, ran.stdout[-2000:]


def has_ctex():
    finder = shutil.which("kpsewhich")
    return bool(finder and subprocess.run([finder, "ctex.sty"], capture_output=True, check=False).stdout)


def sentences():
    """Yield the sentences of the package's analyses: what they rest on, and literal warnings, slots filled with a number."""
    for file in sorted((ROOT / "csimodels" / "analyses").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.Assign):
                yield from (c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant) and is_sentence(c.value))
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "warn":
                text = filled(call.args[0])
                if text:
                    yield text


def is_sentence(value):
    return isinstance(value, str) and value.endswith(".") and value.count(" ") > 4 and not value.startswith("Give ")


def filled(node):
    if isinstance(node, ast.Constant):
        return node.value
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    values = {"zone": "perception below", "row['name']": "expectation"}
    return "".join(part.value if isinstance(part, ast.Constant) else values.get(ast.unparse(part.value), "7") for part in parts)


def test_the_catalogue_knows_what_analyses_rest_on_and_warn_of():
    texts = [*sentences(), *(t for c in Presented.__subclasses__() for t in (c.headline, *c.titles.values()))]
    with speaking("zh"):
        unknown = [text for text in texts if heading(text) == text]
    assert len(texts) > 150 and not unknown


def test_a_composite_index_is_written_and_read_back(tmp_path):
    result = csi.fit("kcsi_korea", csi.simulate("kcsi_korea", n=300, seed=1))
    book = openpyxl.load_workbook(result.to_excel(tmp_path / "kcsi.xlsx"))
    assert book.sheetnames == ["header", "index", "weights"]
    cells = [*book["index"].values]
    same(pd.DataFrame(cells[1:], columns=cells[0]), result.index.reset_index())
    document = docx.Document(str(result.to_word(tmp_path / "kcsi.docx", lang="zh")))
    rows = {row.cells[0].text: [cell.text for cell in row.cells] for row in document.tables[1].rows}
    row = result.index.loc["satisfaction"]
    assert rows["顾客满意"][1:3] == [f"{row['score']:.2f}", f"{row['se']:.3f}"]
    assert rows["顾客满意"][3] == f"[{row['ci_lower']:.2f}, {row['ci_upper']:.2f}]"
    assert "\\toprule" in result.to_latex() and "| element | product | 1.000 |" in result.to_markdown()


def test_a_hostile_name_does_nothing_in_any_file(tmp_path):
    survey = csi.load_acsi_demo().iloc[:400]
    name = '=cmd|" /C calc"!A0 \\input{x} & % $ # _ ^ ~ <script>alert(1)</script> {y} | `z`'
    drivers = csi.drivers(
        survey.assign(**{name: survey["qual_overall"]}), ["sat_overall"], {name: [name], "=b": ["value_price"]}, n_boot=50
    )
    book = openpyxl.load_workbook(drivers.to_excel(tmp_path / "drivers.xlsx"))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert name in [cell.value for cell in cells] and not [cell for cell in cells if cell.data_type == "f"]
    for file in drivers.to_csv(tmp_path):
        assert not re.search(r'(^|,|")=', file.read_text(encoding="utf-8-sig"), re.MULTILINE)
    for lang in ("en", "zh"):
        assert "<script>alert" not in drivers.to_html(lang=lang) + drivers.to_markdown(lang=lang)
        assert r"\input" not in drivers.to_latex(lang=lang).replace(r"\textbackslash{}input", "")


def test_an_interval_of_another_level_does_not_claim_this_one():
    survey = csi.load_acsi_demo().iloc[:400]
    boot = csi.fit_acsi(survey, estimator="pls").bootstrap(survey, n_boot=100, level=0.8)
    blocks = {"quality": ["qual_overall"], "value": ["value_price"]}
    drivers = csi.drivers(survey, ["sat_overall"], blocks, model=boot, n_boot=50, level=0.9)
    head = drivers.to_markdown().splitlines()[2]
    assert "impact \\[CI\\]" in head and "LMG, share \\[90 % CI\\]" in head and "95" not in head
