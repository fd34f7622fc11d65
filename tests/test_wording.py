"""The Chinese report: every text is Chinese, every number is that of the English one, names lead to the same construct and item."""

import re
import shutil
import subprocess
import sys
import tomllib
import warnings
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import docx
import matplotlib as mpl
import numpy as np
import pytest
from conftest import frame
from docx.oxml.ns import qn

import csimodels as csi
from csimodels.report.wording import heading, named, say, speaking, spoken

mpl.use("Agg")
from matplotlib import pyplot as plt

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NUMBER = re.compile(r"(?<![\w.])[-+\u2212]?\d*\.\d+(?!\w)")
LITERAL = re.compile(
    r"doi:\S+|[\w.]+\([^()]*\)|\w+=\S*|CSI\w*|csimodels|numpy|scipy|pandas|semopy|Python|Fisher|Wishart|Cronbach|Hoelter|Fornell-Larcker|Rubin"
    r"|HTMT|VIF|CFI|TLI|NFI|PNFI|IFI|RNI|RMSEA|SRMR|GFI|AGFI|AIC|BIC|ECVI|AVE|CR|PLSc?|ML\w*|WLS\w*|ULS\w*|DWLS|GLS|ADF|EM|FIML|BCa"
    r"|SERVQUAL|rho_[AC]|d_ULS\w*|delta|theta|success|index\.no_scale"
)
SOURCES = re.compile(r"（[^（）]*(?:19|20)\d\d[^（）]*）|\([^()]*(?:19|20)\d\d[^()]*\)")
ITEMS = [c for c in csi.load_model("acsi_1996").items if c != "complaint"]
TEXT = "Quality =~ PERQ1 + PERQ2 + PERQ3\nSatisfaction =~ CUSA1 + CUSA2 + CUSA3\nSatisfaction ~ Quality"


def survey():
    return csi.load_acsi_demo().iloc[:500]


def with_holes():
    holed, rng = survey().copy(), np.random.default_rng(0)
    holed[ITEMS] = holed[ITEMS].mask(rng.random((len(holed), len(ITEMS))) < 0.03)
    return holed


def moments():
    return csi.moments(survey(), "acsi_1996", weights=np.linspace(0.5, 2, 500))


def halved():
    return survey().assign(**{c: np.ceil(survey()[c] / 2) for c in ITEMS})


CASES = {
    "ml": lambda: csi.fit_acsi(survey()),
    "wishart": lambda: csi.fit_acsi(survey(), likelihood="wishart", std_lv=True, engine="native"),
    **{name: lambda name=name: csi.fit_acsi(survey(), estimator=name) for name in ("mlr", "mlm", "mlf", "gls", "wls", "dwls", "plsc")},
    "pls": lambda: csi.fit_acsi(survey(), estimator="pls", scheme="factorial", modes={"quality": "B"}),
    "probit": lambda: csi.fit_acsi(survey(), estimator="wlsmv", ordinal=["complaint"]),
    "listwise": lambda: csi.fit_acsi(with_holes()),
    "fiml": lambda: csi.fit_acsi(with_holes(), missing="fiml"),
    "two-stage": lambda: csi.fit_acsi(with_holes(), missing="two-stage"),
    "mean": lambda: csi.fit_acsi(with_holes(), missing="mean"),
    "weights": lambda: csi.fit_acsi(survey(), weights=np.linspace(0.5, 2, 500)),
    "weighted": lambda: csi.fit_acsi(moments()),
    "weighted-pls": lambda: csi.fit_acsi(moments(), estimator="pls"),
    "inadmissible": lambda: csi.fit_ecsi(frame("mobi")),
    "unconverged": lambda: csi.fit_ecsi(frame("mobi").iloc[:40]),
    "scale": lambda: csi.fit_acsi(halved()),
    "without": lambda: csi.fit_acsi(survey(), without=["complaints"]),
    "unscaled": lambda: csi.fit(csi.ModelSpec.from_lavaan(TEXT), frame("mobi")),
    "higher": lambda: csi.fit("servqual_hoc", csi.simulate("servqual_hoc", n=400, seed=1), estimator="pls"),
    "composite": lambda: csi.fit("csi_weighted", csi.simulate("csi_weighted", n=300, seed=1)),
}
FITS = {}


def fitted(name):
    if name not in FITS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", csi.CSIWarning)
            FITS[name] = CASES[name]()
    return FITS[name]


def texts_of(text):
    """Return what a page shows or says: texts between tags, and titles and labels; no script, no style, no notes of a spec in English."""
    body = re.sub(r"<(script|style).*?</\1>", "", text[text.index("<body") :], flags=re.DOTALL)
    body = body.split('<p class="note">A scoring rule')[0]
    return [*re.findall(r">([^<>]+)<", body), *re.findall(r'(?:aria-label|title)="([^"]*)"', body)]


def english_in(text, spec):
    """Return words of English that are neither a name of the user's nor a statistic, a package or a source."""
    names = {n for c in spec.constructs for n in (c.name, *c.items)} | {o.name for o in spec.observed} | {spec.name}
    names |= set(re.findall(r"\w+", " ".join(spec.lost)))
    rest = LITERAL.sub(" ", SOURCES.sub(" ", text))
    rest = " ".join(word for word in re.split(r"[\s，。、；：（）()\[\],;:→~]+", rest) if word not in names)
    return re.findall(r"[A-Za-z]{2,}(?: [A-Za-z]+)+|[A-Za-z]{4,}", rest)


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_left_in_english(name):
    result = fitted(name)
    text = result.to_html(lang="zh")
    assert '<html lang="zh-Hans">' in text
    left = {t: found for t in texts_of(text) if (found := english_in(t, result.spec))}
    assert not left


def test_the_bootstrap_speaks_chinese():
    result = fitted("pls")
    boot = result.bootstrap(survey(), n_boot=100, seed=1, exact_fit=True)
    text = boot.to_html(lang="zh")
    assert not {t: found for t in texts_of(text) if (found := english_in(t, result.spec))}
    assert "随机种子" in text and ">1<" in text


def test_the_scan_finds_english(monkeypatch):
    result = fitted("ml")
    assert any(english_in(t, result.spec) for t in texts_of(result.to_html()))
    assert english_in("Structural paths", result.spec) and english_in("估计 Usual cutoff", result.spec)


@pytest.mark.parametrize("name", CASES)
def test_both_languages_hold_the_same_numbers(name):
    result = fitted(name)
    pages = [re.sub(r"<svg.*?</svg>", "", result.to_html(lang=lang), flags=re.DOTALL) for lang in ("en", "zh")]
    tables = [[NUMBER.findall(" ".join(texts_of(f"<body>{t}<"))) for t in re.findall(r"<table.*?</table>", p, re.DOTALL)] for p in pages]
    assert tables[0] == tables[1] and sum(map(len, tables[0])) > 20


def test_constructs_have_their_labels_and_items_their_questions():
    result = fitted("ml")
    text = result.to_html(lang="zh")
    for construct in result.spec.constructs:
        assert construct.label_zh in text
        for item in construct.indicators:
            assert f'<th scope="row" class="l">{item.name}</th><td class="l">{item.stem_zh}</td>' in text
    assert result.spec.title_zh in text
    assert not re.search(r">(satisfaction|quality|expectations)<", text)


def test_names_without_a_label_stay_and_equal_labels_do_not_merge():
    spec = csi.load_model("acsi_1996")
    same = tuple(replace(c, label_zh="同名" if c.name in ("quality", "value") else c.label_zh) for c in spec.constructs)
    with speaking("zh", replace(spec, constructs=same)):
        assert named("quality") == "quality" and named("value") == "value" and named("satisfaction") == "顾客满意"
        assert named("anything") == "anything"
    with speaking("zh", csi.ModelSpec.from_lavaan(TEXT)):
        assert named("Quality") == "Quality"


def exported():
    result, boot = fitted("ml"), fitted("pls").bootstrap(survey(), n_boot=50, seed=1, exact_fit=True)
    models = {"甲": result, "乙": fitted("mlr"), "丙": fitted("inadmissible")}
    return [result, fitted("pls"), fitted("probit"), fitted("higher"), fitted("unscaled"), boot, csi.compare(models)]


def test_exports_are_in_chinese_with_the_same_numbers():
    for source in exported():
        exports = source._exports()
        for make in (exports.paper, exports.apa):
            plain = make()
            with speaking("zh", *exports.specs):
                said = [spoken(block) for block in make()]
            assert [NUMBER.findall(" ".join(sum(b.rows, ()))) for b in plain] == [NUMBER.findall(" ".join(sum(b.rows, ()))) for b in said]
            texts = {t for b in said for t in (b.title, *b.columns, *b.notes, *sum(b.rows, ()))}
            assert not {t for t in texts if all(english_in(t, spec) for spec in exports.specs)}


def test_word_has_numbered_chinese_tables_of_three_lines(tmp_path):
    result = fitted("ml")
    document = docx.Document(result.to_word(tmp_path / "t.docx", lang="zh"))
    texts = [p.text for p in document.paragraphs]
    assert texts[0] == result.spec.title_zh and "表 1" in texts and "题项的因子载荷" in texts
    assert any(t.startswith("注：") for t in texts) and not any(t.startswith(("Table", "Note")) for t in texts)
    paths = next(t for t in document.tables if t.cell(0, 0).text == "自变量" and t.cell(0, 2).text == "β")
    assert [paths.cell(k + 1, 0).text for k in range(len(result.paths))] == [named_zh(result, n) for n in result.paths["source"]]
    rules = re.findall(r'<w:(top|bottom|left|right|insideV) w:val="single"', paths._tbl.xml)
    assert set(rules) == {"top", "bottom"}
    assert document.styles["Normal"].element.rPr.rFonts.get(qn("w:eastAsia")) == "SimSun"


def named_zh(result, name):
    with speaking("zh", result.spec):
        return named(name)


@pytest.mark.skipif(shutil.which("xelatex") is None, reason="no xelatex on this machine")
def test_chinese_latex_compiles_without_a_missing_character(tmp_path):
    for k, source in enumerate(exported()):
        source.to_latex(tmp_path / f"{k}.tex", lang="zh")
        subprocess.run(["xelatex", "-interaction=batchmode", f"{k}.tex"], cwd=tmp_path, capture_output=True, timeout=300, check=True)
        assert "Missing character" not in (tmp_path / f"{k}.log").read_text(encoding="utf-8", errors="replace")


def test_models_that_call_a_construct_differently_keep_its_name():
    comparison = csi.compare({"acsi": fitted("ml"), "ecsi": fitted("inadmissible")})
    text = comparison.to_markdown(lang="zh")
    assert "| complaints |" in text and "| 顾客满意 |" in text  # complaint behaviour, complaint handling
    with pytest.raises(csi.OptionError):
        comparison.to_markdown(lang="fr")


def test_every_picture_of_the_gallery_speaks_chinese(monkeypatch):
    """Of what the pictures say, only names of the gallery's own data stay as they are."""
    docs = Path(__file__).parent.parent / "docs"
    monkeypatch.syspath_prepend(str(docs))
    import gallery_pictures

    text = (docs / "gallery.md").read_text(encoding="utf-8")
    demo, spec = csi.load_acsi_demo(), csi.load_model("acsi_1996")
    ecsi = csi.load_model("ecsi_mobile_2005")
    quoted = re.findall(r'"([^"]*)"', " ".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)))
    given = {*re.findall(r"\w+", " ".join(quoted)), *demo["firm"], *demo["industry"]}
    given |= {
        *ecsi.items,
        *csi.load_model("kcsi_korea").construct_names,
        *("before", "during", "after", "n"),
        "Fieller",
        "Johnson",
        "LMG",
        "Shapley",
        *(re.sub(r"\d", "", n) for n in ecsi.items),
    }
    count = 0
    for file, figure in gallery_pictures.pictures(text):
        model = "ecsi_mobile_2005" if Path(file).stem in ("spec", "htmt", "residuals") else "kcsi_korea" if "composite" in file else spec
        figure.canvas.draw()
        before = texts_in(figure)
        assert csi.translated(figure.axes[0], "zh", model) is figure.axes[0]
        figure.canvas.draw()
        said = texts_in(figure)
        assert len(said) == len(before) and any(map(CHINESE.search, said)), file
        left = {t for t in said if [w for found in english_in(t, spec) for w in found.split() if w not in given]}
        assert not left, file
        plt.close(figure)
        count += 1
    assert count > 30
    sys.modules.pop("gallery_pictures")


def texts_in(figure):
    return [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text()]


def test_a_picture_that_is_translated_keeps_what_it_does_not_know():
    result = fitted("ml")
    before = texts_in(csi.translated(result.plot_index(), "en").figure)
    assert "satisfaction" in before
    said = texts_in(csi.translated(result.plot_index(), "zh").figure)
    assert "satisfaction" in said and "指数（0–100）与 95 % 区间" in said
    assert "顾客满意" in texts_in(csi.translated(result.plot_index(), "zh", result.spec).figure)
    for bad in ({"lang": "fr"}, {"model": "acsi_1997"}):
        with pytest.raises(csi.CSIError):
            csi.translated(result.plot_index(), **bad)


def test_a_label_that_is_translated_stays_as_far_from_its_point():
    result = fitted("ml")
    ax = result.plot_ipma()
    before = [gap(label) for label in ax.texts if isinstance(label, mpl.text.Annotation)]
    csi.translated(ax, "zh", result.spec)
    labels = [label for label in ax.texts if isinstance(label, mpl.text.Annotation)]
    assert len(before) == len(labels) > 2 and all(CHINESE.search(label.get_text()) for label in labels)
    assert [gap(label) for label in labels] == pytest.approx(before, abs=0.5)


def gap(label):
    """Return how far the near side of a label is from its point, across, in points."""
    wide = mpl.text.Text.get_window_extent(label).width * 72 / label.figure.dpi
    return max(abs(label.xyann[0]) - wide / 2, 0.0)


def test_names_in_sentences_become_labels():
    with speaking("zh", csi.load_model("acsi_1996")):
        assert say("Target: value.") == "目标变量：感知价值。"
        assert say("alpha below 0.70: value (0.452), loyalty (0.472); AVE below 0.50: value (0.326).") == (
            "Cronbach α 低于 0.70：感知价值 (0.452)、顾客忠诚 (0.472)；平均方差抽取量 AVE 低于 0.50：感知价值 (0.326)。"
        )
        assert say("The standardised path value ~ quality is 2.192, beyond one.") == "标准化路径感知价值 ~ 感知质量为 2.192，绝对值超过 1。"
        assert say("value for money, quality") == "value for money, quality"
        assert say("") == ""


def test_english_is_as_written_and_the_language_ends_with_its_block():
    spec = csi.load_model("acsi_1996")
    with speaking("zh", spec):
        assert heading("Loadings") == "因子载荷"
        with speaking("en", spec):
            assert heading("Loadings") == "Loadings" and named("quality") == "quality"
        assert heading("Loadings") == "因子载荷"
    assert heading("Loadings") == "Loadings"


def test_an_unknown_language_is_refused():
    for call in (fitted("ml").to_html, fitted("ml").method_paragraph, fitted("composite").to_html):
        with pytest.raises(csi.OptionError) as error:
            call(lang="fr")
        assert "fr" in str(error.value)


def test_the_paragraph_is_one_sentence_after_another():
    text = fitted("ml").method_paragraph(lang="zh")
    assert text.startswith("采用 csimodels") and text.endswith("。") and "。 " not in text
    assert "CFI = " in text and fitted("ml").method_paragraph().startswith("The model")


def test_the_catalogue_has_the_same_slots_on_both_sides():
    texts = tomllib.loads(files("csimodels.report").joinpath("zh.toml").read_text(encoding="utf-8"))
    headings, cells = texts.pop("headings"), texts.pop("cells")
    assert not ({*headings} | {*cells}) & {*texts} and not any("{" in text for text in (*headings, *cells))
    for english, chinese in texts.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese)), english
        assert CHINESE.search(chinese) or re.fullmatch(r"rho_A|Cronbach α|p（RMSEA ≤ 0.05）|[、；，]\s*|.*\{.*\}.*", chinese), english
