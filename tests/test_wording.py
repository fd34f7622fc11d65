"""The Chinese report: every text is Chinese, every number is that of the English one, names lead to the same construct and item."""

import re
import tomllib
import warnings
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from conftest import frame

import csimodels as csi
from csimodels.report.page import page
from csimodels.report.wording import named, say, speaking

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
    text = page(result, boot, "zh")
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
        assert say("Loadings") == "因子载荷"
        with speaking("en", spec):
            assert say("Loadings") == "Loadings" and named("quality") == "quality"
        assert say("Loadings") == "因子载荷"
    assert say("Loadings") == "Loadings"


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
    for english, chinese in texts.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese)), english
        assert CHINESE.search(chinese) or re.fullmatch(r"rho_A|Cronbach α|p（RMSEA ≤ 0.05）|[、；，]\s*|.*\{.*\}.*", chinese), english
