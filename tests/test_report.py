"""Every rendering says what the tables say, escapes what users name, and begins with what is wrong."""

import csv
import io
import re
import warnings
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import frame
from statsmodels.iolib.summary import Summary

import csimodels as csi
from csimodels.report import fonts
from csimodels.report.blocks import Block
from csimodels.report.format import escape_latex, fixed, number, pvalue, short_names, stars, width
from csimodels.report.html import table
from csimodels.report.layout import BOX, place
from csimodels.report.page import sections

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

VOID = {"meta", "br", "img", "input", "link", "hr"}
HOSTILE = [
    "<script>alert('x')</script>",
    'a" onmouseover="b',
    "50%_a&b#{c}$d$~^\\x",
    "客户满意度",
    "n" * 150 + "1" + "m" * 150,
    "n" * 150 + "2" + "m" * 150,
]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def good():
    return csi.fit(csi.load_model("ecsi_mobile_2005").without("image"), frame("mobi"), engine="native")


@pytest.fixture(scope="module")
def bad():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return csi.fit("ecsi_mobile_2005", frame("mobi"), engine="native")


def chain(names, n=400, weights=None, scale=(1, 10), seed=3):
    """Fit a chain of constructs with a shortcut from the first to each."""
    rng = np.random.default_rng(seed)
    latent, data, constructs = {}, {}, []
    paths = [csi.Path(a, b, "+") for a, b in pairwise(names)] + [csi.Path(names[0], c) for c in names[2:]]
    for name in names:
        latent[name] = sum(0.4 * latent[p.source] for p in paths if p.target == name) + rng.normal(size=n)
        items = [f"{name} item {k}" for k in range(3)]
        data |= {i: np.clip(5 + latent[name] + 0.7 * rng.normal(size=n), 1, 10) for i in items}
        constructs.append(csi.Construct(name, [csi.Indicator(i, scale=scale) for i in items]))
    spec = csi.ModelSpec("m", constructs, paths, target=names[-1], title=f"A title with {names[0]}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = pd.DataFrame(data) if weights is None else csi.moments(data, spec, weights=weights)
        return csi.fit(spec, given, engine="native")


@pytest.fixture(scope="module")
def hostile():
    return chain(HOSTILE)


@pytest.fixture(scope="module")
def weighted():
    return chain(["quality", "value", "satisfaction"], weights=np.linspace(0.5, 2, 400))


@pytest.fixture(scope="module")
def unscaled():
    return chain(["quality", "value", "satisfaction"], scale=None)


class Checker(HTMLParser):
    """Collect tags and attributes; fail on a tag that does not close."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.seen if name == tag]


def parsed(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert not checker.open
    return checker


def renderings(result):
    summary = result.summary()
    return {
        "repr": repr(result),
        "notebook": result._repr_html_(),
        "page": result.to_html(),
        "text": summary.as_text(),
        "html": summary.as_html(),
        "latex": summary.as_latex(),
        "csv": summary.as_csv(),
    }


def numbers_of(result):
    """Return what the summary must contain, as text made from the result's own tables."""
    paths = result.paths
    yield from (number(v) for c in ("est", "se", "z", "ci_lower", "ci_upper", "std") for v in paths[c])
    yield from map(pvalue, paths["pvalue"])
    yield from (number(v) for c in ("est", "se", "std") for v in result.loadings[c].dropna())
    yield from map(number, result.reliability["rho_c"])
    yield from (number(v) for v in result.effects["total"])
    yield from (number(result.rsquared[n]) for n in result.spec.construct_names if n in result.rsquared)
    yield from (number(result.fit_measures[m]) for m in ("chisq", "cfi", "tli", "rmsea", "srmr", "aic", "bic"))
    yield from (fixed(v) for c in ("score", "ci_lower") for v in result.index[c])


@pytest.mark.parametrize("form", ["text", "html", "latex", "csv"])
def test_summary_holds_the_numbers_of_the_tables(good, form):
    summary = good.summary()
    assert isinstance(summary, Summary)
    shown = set(re.split(r"(?:[\s<>&,]|lt;|\\textless\{\})+", renderings(good)[form]))
    assert not {n for n in numbers_of(good) if n.lstrip("<") not in shown}


def test_csv_of_the_summary_reads_back(good):
    rows = list(csv.reader(io.StringIO(good.summary().as_csv())))
    at = rows.index(["Structural paths"])
    head, body = rows[at + 1], rows[at + 2 : at + 2 + len(good.paths)]
    shown = pd.DataFrame(body, columns=head)
    assert shown["from"].tolist() == good.paths["source"].tolist()
    assert shown["to"].tolist() == good.paths["target"].tolist()
    np.testing.assert_allclose(shown["std"].astype(float), good.paths["std"], atol=5e-4)


def test_text_tables_share_one_width_and_extra_text_is_kept(good):
    summary = good.summary()
    rules = {len(line) for line in summary.as_text().splitlines() if line and set(line) <= {"=", "-"}}
    assert len(rules) == 1
    summary.add_extra_txt(["50 % <b>"])
    assert "50 % <b>" in str(summary)
    assert "50 % &lt;b&gt;" in summary.as_html()
    assert r"50 \% \textless{}b\textgreater{}" in summary.as_latex()


def test_repr_is_short_and_to_the_point(good):
    lines = repr(good).splitlines()
    fit = good.fit_measures
    assert len(lines) <= 6 and max(map(len, lines)) <= 90
    for part in (
        f"n = {good.moments.rows}",
        f"chi2({fit['df']:.0f}) = {number(fit['chisq'])}",
        f"CFI {number(fit['cfi'])}",
        f"RMSEA {number(fit['rmsea'])}",
    ):
        assert part in repr(good)
    assert f"index of satisfaction: {number(good.csi, 1)}" in repr(good)
    assert good.spec.title in repr(good)


def test_header_says_what_ran(good):
    text = good.summary().as_text()
    for part in (
        "Maximum likelihood (divisor n)",
        "native Fisher scoring",
        "Published national indices",
        csi.__version__,
        "construct image",
    ):
        assert part in text.replace("\n  ", " ")
    assert f"Free parameters {good.fit_measures['npar']:.0f}" in re.sub(r" +", " ", text)


def test_inadmissible_solutions_shout_first_everywhere(bad):
    for form, text in renderings(bad).items():
        said = re.sub(r"\s+", " ", text)
        for word in ("Estimator", "0.001", "Structural", "Maximum likelihood"):
            assert said.index("INADMISSIBLE SOLUTION") < said.find(word) or word not in said, (form, word)
        assert "nearly collinear" in said, form
    for ax in (bad.plot_paths(), bad.plot_index()):
        assert "INADMISSIBLE" in ax.get_title()
    assert parsed(bad.to_html()).all("section")[0]["id"] == "warnings"


def test_good_solutions_do_not_shout(good):
    assert not any("INADMISSIBLE" in text or "CONVERGED:" in text for text in renderings(good).values())
    assert "warnings" not in [key for key, _, _ in sections(good)]


def test_hostile_names_are_escaped_in_html(hostile):
    for form in ("notebook", "page", "html"):
        text = renderings(hostile)[form]
        page = parsed(text)
        assert text.count("<script") == 2 * ('id="whatif-data"' in text)
        assert not [tag for tag, attrs in page.seen if any(name.startswith("on") for name in attrs)]
        heads = {a.get("title", "") for a in page.all("th")}
        assert {name for name in HOSTILE if len(name) > 200} <= heads, form
        assert HOSTILE[0] in "".join(page.text) and HOSTILE[1] in "".join(page.text)


def test_hostile_names_are_escaped_in_latex(hostile):
    text = hostile.summary().as_latex()
    body = re.sub(r"\\(begin|end)\{(center|tabular)\}(\{[lr]+\})?|\\(textbf|footnotesize|par)\b|\\\\(\[1ex\])?| & ", " ", text)
    assert escape_latex("50%_a&b#{c}$d$~^\\x") == r"50\%\_a\&b\#\{c\}\$d\$\textasciitilde{}\textasciicircum{}\textbackslash{}x"
    assert not re.search(r"(?<!\\)[%_&#$^~]", body)
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}")


def test_long_names_stay_distinguishable_in_text(hostile):
    text = hostile.summary().as_text()
    short = short_names(HOSTILE, 24)
    assert len(set(short.values())) == len(HOSTILE)
    assert all(s in text and width(s) <= 24 for s in short.values())
    assert max(width(line) for line in text.splitlines()) < 160
    assert "客户满意度" in text


def test_names_with_line_breaks_stay_on_one_line():
    result = chain(["a\nb", "c\x1b[31m\u202e", "d"])
    text = result.summary().as_text()
    assert "\x1b" not in text and "\u202e" not in text and "a b" in text
    parsed(result.to_html())
    result.plot_paths().figure.canvas.draw()


def test_page_is_well_formed_and_self_contained(good, bad, weighted):
    for result in (good, bad, weighted):
        text = result.to_html()
        page = parsed(text)
        assert text.startswith('<!doctype html>\n<html lang="en">')
        assert [key for key, _, _ in sections(result)] == [a["id"] for a in page.all("section")]
        assert all("src" not in attrs for attrs in page.all("script"))
        assert len(page.all("script")) == 2 * ("whatif-data" in text)
        assert not page.all("link") and not page.all("img") and not page.all("iframe")
        for tag, attrs in page.seen:
            for name, value in attrs.items():
                local = (
                    name.startswith("xmlns")
                    or name not in ("src", "href", "xlink:href", "data", "style")
                    or not value
                    or "http" not in value
                )
                assert local, (tag, name, value)
        assert "@import" not in text and "url(http" not in text
        ids = [attrs["id"] for _, attrs in page.seen if "id" in attrs]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_reads_back_as_the_tables_of_the_result(good, lang):
    text = good.to_html(lang=lang)

    def read(key):
        return pd.read_html(io.StringIO(text), attrs={"id": f"csi-{key}"})[0]

    read_paths, paths = read("paths"), good.paths
    for at, column in enumerate(["std", "est", "se", "z", "pvalue", "ci_lower", "ci_upper"], 2):
        numbers = [float(str(v).lstrip("<")) for v in read_paths.iloc[:, at]]
        np.testing.assert_allclose(numbers, paths[column].clip(lower=0.001) if column == "pvalue" else paths[column], atol=5.1e-4)
    loadings = read("loadings")
    assert loadings.iloc[:, 1].tolist() == good.loadings["indicator"].tolist()
    np.testing.assert_allclose(loadings.iloc[:, 2], good.loadings["std"], atol=5.1e-4)
    np.testing.assert_allclose(loadings.iloc[:, 3], good.loadings["est"], atol=5.1e-4)
    np.testing.assert_allclose(read("index").iloc[:, 1:5], good.index[["score", "se", "ci_lower", "ci_upper"]], atol=5.1e-3)
    np.testing.assert_allclose(read("effects").iloc[:, 6], good.effects["total"], atol=5.1e-4)
    values = [float(str(v).lstrip("<")) for v in read("fit").iloc[:, 1]]
    assert values[:3] == pytest.approx(good.fit_measures[["chisq", "df", "pvalue"]].clip(lower=0.001).tolist(), abs=5.1e-4)


def test_tables_have_captions_and_scopes(good):
    for text in (good.to_html(), good._repr_html_(), good.summary().as_html()):
        for found in re.findall(r"<table.*?</table>", text, flags=re.DOTALL):
            assert found.count("<caption>") == 1
            assert re.search(r'<th scope="col"', found) and re.search(r'<th scope="(row|rowgroup)"', found)
            assert all("scope" in a for a in parsed(found).all("th"))


def test_row_spans_fill_the_loadings_table(good):
    from csimodels.report.content import loadings

    page = parsed(table(loadings(good)))
    spans = [int(a.get("rowspan", 1)) for a in page.all("th") if a["scope"] == "rowgroup" or "rowspan" in a]
    single = [c for c in good.spec.constructs if len(c.items) == 1]
    assert sum(spans) + len(single) == len(good.loadings)


def test_figures_of_the_page_are_valid_svg(hostile):
    found = re.findall(r"<figure.*?(<svg.*?</svg>)", hostile.to_html(), flags=re.DOTALL)
    assert len(found) == 2
    for svg in found:
        root = ET.fromstring(svg)
        texts = " ".join(t for e in root.iter("{http://www.w3.org/2000/svg}text") for t in e.itertext())
        assert "客户满意度" in texts
        assert "<script" not in svg


def test_page_is_written_and_a_missing_folder_is_named(good, tmp_path):
    text = good.to_html(tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == text == good.to_html(str(tmp_path / "r.html"))
    with pytest.raises(csi.CSIError) as error:
        good.to_html(tmp_path / "nowhere" / "r.html")
    assert error.value.code == "file.no_folder"


def test_weights_leave_blanks_and_say_so(weighted):
    for form, text in renderings(weighted).items():
        assert "withheld" in text, form
        assert not re.search(r"\bnan\b", text, flags=re.IGNORECASE), form
    rows = list(csv.reader(io.StringIO(weighted.summary().as_csv())))
    at = rows.index(["Structural paths"])
    shown = pd.DataFrame(rows[at + 2 : at + 5], columns=rows[at + 1])
    assert (shown[["se", "z", "p"]] == "").all().all()
    assert "no p-values" in " ".join(t.get_text() for t in weighted.plot_paths().texts)
    assert "withheld" in weighted.plot_index().get_xlabel()


def test_without_scales_the_reason_is_given(unscaled):
    assert "index: none" in repr(unscaled)
    for form, text in renderings(unscaled).items():
        assert form == "repr" or "No index:" in text
    assert "indexplot" not in [key for key, _, _ in sections(unscaled)]
    with pytest.raises(csi.ScaleError):
        unscaled.plot_index()


def arrows_of(ax):
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


@pytest.mark.parametrize("which", ["good", "bad", "hostile", "weighted"])
def test_diagram_draws_every_path(which, request):
    result = request.getfixturevalue(which)
    ax = result.plot_paths()
    arrows, paths = arrows_of(ax), result.paths
    assert len(arrows) == len(paths)
    assert len([p for p in ax.patches if isinstance(p, FancyBboxPatch)]) == len(result.spec.constructs)
    assert [a.get_linestyle() == "--" for a in arrows] == [not p < 0.05 for p in paths["pvalue"]]
    texts = [t.get_text() for t in ax.texts]
    assert all(fixed(v) + stars(p) in texts for v, p in zip(paths["std"], paths["pvalue"], strict=True))
    explained = [n for n in result.spec.construct_names if n in result.rsquared]
    assert sum("R²" in t for t in texts) == len(explained)
    assert all(any(f"R² = {fixed(result.rsquared[n])}" in t for t in texts) for n in explained)
    ax.figure.canvas.draw()


def test_labels_stay_off_boxes_and_other_labels(good):
    ax = good.plot_paths()
    ax.figure.canvas.draw()
    marks = {fixed(v) + stars(p) for v, p in zip(good.paths["std"], good.paths["pvalue"], strict=True)}
    labels = [t.get_window_extent() for t in ax.texts if t.get_text() in marks]
    boxes = [p.get_window_extent() for p in ax.patches if isinstance(p, FancyBboxPatch)]
    assert len(labels) == len(good.paths)
    assert not [1 for k, a in enumerate(labels) for b in [*labels[:k], *boxes] if a.overlaps(b)]
    inside = [t.get_window_extent() for t in ax.texts if "R²" in t.get_text()]
    assert all(any(b.x0 <= t.x0 and t.x1 <= b.x1 for b in boxes) for t in inside)


@pytest.mark.parametrize("n", [2, 3, 6, 10])
def test_boxes_run_left_to_right_and_do_not_overlap(n):
    rng = np.random.default_rng(n)
    edges = tuple((a, b) for b in range(1, n) for a in range(b) if a == b - 1 or rng.random() < 0.3)
    centre = np.array(place(n, edges))
    assert all(centre[s, 0] < centre[t, 0] for s, t in edges)
    gap = np.abs(centre[:, None] - centre[None]) + 10 * np.eye(n)[..., None]
    assert ((gap[..., 0] > BOX[0]) | (gap[..., 1] > BOX[1])).all()


def test_measurement_model_without_paths_is_drawn():
    spec = csi.ModelSpec.from_lavaan("f =~ IMAG1 + IMAG2 + IMAG3; g =~ PERV1 + PERV2; h =~ CUEX1 + CUEX2 + CUEX3")
    result = csi.fit(spec, frame("mobi"), engine="native")
    assert not arrows_of(result.plot_paths())
    parsed(result.to_html())
    assert "Loadings" in result.summary().as_text()


def test_drawing_into_given_axes(good):
    fig, axes = plt.subplots(1, 2, figsize=(7, 3))
    assert good.plot_paths(ax=axes[0]) is axes[0]
    assert good.plot_index(ax=axes[1]) is axes[1]
    assert max(t.get_fontsize() for t in axes[0].texts) < 8
    assert plt.get_fignums() == [fig.number]


def test_characters_without_a_font_do_not_warn(hostile, monkeypatch):
    monkeypatch.setattr(fonts, "families", lambda: ["DejaVu Sans"])
    fonts._covered.cache_clear()
    try:
        ax = hostile.plot_paths()
        ax.figure.canvas.draw()
        assert any("□" in t.get_text() for t in ax.texts)
        assert "客户满意度" in hostile.to_html().split("<figure")[1]
    finally:
        fonts._covered.cache_clear()


def test_index_plot_shows_every_construct(good):
    ax = good.plot_index(level=0.9)
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert names == list(good.index.index)
    assert ax.get_xlim() == (0, 100) and "90 %" in ax.get_xlabel()
    assert [t.get_text() for t in ax.texts] == [number(v, 1) for v in good.index["score"]]
    assert [t.get_weight() for t in ax.get_yticklabels()].count("bold") == 1
    intervals = good.index_table(level=0.9)
    drawn = [s[:, 0] for c in ax.collections for s in c.get_segments() if s[0, 0] > 0]
    np.testing.assert_allclose(drawn, intervals[["ci_lower", "ci_upper"]])
    with pytest.raises(csi.OptionError):
        good.plot_index(level=95)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.23456, "1.235"),
        (-0.0, "0.000"),
        (-1e-17, "0.000"),
        (0.0002, "2.0e-04"),
        (np.nan, ""),
        (np.inf, "inf"),
        (1.5e9, "1.5e+09"),
        (None, ""),
    ],
)
def test_numbers_as_text(value, text):
    assert number(value) == text


def test_rendering_does_not_change_the_result_or_import_pyplot_state(good):
    before = good.table.copy()
    renderings(good)
    pd.testing.assert_frame_equal(good.table, before)
    assert plt.get_fignums() == []


def test_block_without_rows_shows_its_notes():
    block = Block("index", "Index", ("construct",), (), notes=("No index: <b>",))
    assert table(block) == '<p><strong>Index</strong></p><p class="note">No index: &lt;b&gt;</p>'
