"""What is shown of PLS results and of bootstraps: complete, plain about what fails, escaped, and drawn legibly."""

import csv
import io
import re
import warnings
from functools import cache
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import frame

import csimodels as csi
from csimodels.report.blocks import Block, numbered
from csimodels.report.format import fixed, number, pvalue, stars
from csimodels.report.labels import beside_points
from csimodels.report.page import sections

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch

HOC = """
Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Value =~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Loyalty =~ CUSL1 + CUSL2 + CUSL3
Offer =~ Image + Value
Satisfaction ~ Offer
Loyalty ~ Satisfaction
"""
HOSTILE = ["<script>alert('x')</script>", 'a" onmouseover="b', "50%_a&b#{c}$d$~^\\x", "客户满意度", "n" * 150 + "1", "n" * 150 + "2"]
CUTOFFS = ("0.708", "Nunnally", "10.1108/EBR-11-2018-0203", "10.1007/s11747-014-0403-8", "Cohen 1988", "10.1080/10705519909540118")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def quietly(make, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(*args, **options)


def hostile_data(scale):
    """Return a chain of constructs with names that break what does not escape, and answers."""
    rng, latent, data, constructs = np.random.default_rng(3), {}, {}, []
    paths = [csi.Path(a, b, "+") for a, b in pairwise(HOSTILE)]
    for k, name in enumerate(HOSTILE):
        latent[name] = rng.normal(size=300) + (0.6 * latent[HOSTILE[k - 1]] if k else 0)
        items = [f"{name} item {j}" for j in range(3)]
        data |= {i: np.clip(5 + latent[name] + 0.7 * rng.normal(size=300), 1, 10) for i in items}
        constructs.append(csi.Construct(name, [csi.Indicator(i, scale=scale) for i in items]))
    spec = csi.ModelSpec("m", constructs, paths, target=HOSTILE[-1], title=f"A title with {HOSTILE[0]}")
    return spec, pd.DataFrame(data)


def fitted(kind):
    """Return a result and its data."""
    mobi = frame("mobi")
    hoc = csi.ModelSpec.from_lavaan(HOC, target="Satisfaction", scale=(1, 10))
    hostile, answers = hostile_data(None if kind == "unscaled" else (1, 10))
    row_weights = np.linspace(0.5, 2, len(mobi))
    model, data, options = {
        "pls": ("ecsi_mobile_2005", mobi, {}),
        "plsc": ("ecsi_mobile_2005", mobi, {"estimator": "plsc"}),
        "modes": ("ecsi_mobile_2005", mobi, {"modes": {"image": "B", "quality": "unit"}, "scheme": "centroid"}),
        "weighted": ("ecsi_mobile_2005", mobi, {"weights": row_weights}),
        "hoc": (hoc, mobi, {}),
        "embedded": (hoc, mobi, {"higher_order": "embedded"}),
        "formed": (hoc, mobi, {"modes": {"Offer": "B"}}),
        "hostile": (hostile, answers, {}),
        "unscaled": (hostile, answers, {}),
        "ml": (csi.load_model("ecsi_mobile_2005").without("image"), mobi, {"estimator": "ml", "engine": "native"}),
    }[kind]
    return quietly(csi.fit, model, data, **{"estimator": "pls", **options}), data, options.get("weights")


KINDS = ("pls", "plsc", "modes", "weighted", "hoc", "embedded", "formed", "hostile", "unscaled", "ml")
PLS = KINDS[:-1]


@pytest.fixture(scope="module")
def results():
    return {kind: fitted(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def boots(results):
    return {
        kind: quietly(res.bootstrap, data, n_boot=60, seed=1, weights=weights, level=0.9, exact_fit=kind in ("pls", "hoc", "ml"))
        for kind, (res, data, weights) in results.items()
    }


@cache
def renderings(shown):
    summary = shown.summary()
    page = {"page": shown.to_html()} if hasattr(shown, "to_html") else {}
    return page | {
        "repr": repr(shown),
        "notebook": shown._repr_html_(),
        "text": summary.as_text(),
        "html": summary.as_html(),
        "latex": summary.as_latex(),
        "csv": summary.as_csv(),
    }


def words(text):
    return re.sub(r"\s+", " ", text)


def block(shown, title):
    """Return a table of the summary, read back from CSV."""
    rows = list(csv.reader(io.StringIO(shown.summary().as_csv())))
    at = rows.index([title])
    head = rows[at + 1]
    end = next((k for k in range(at + 2, len(rows)) if len(rows[k]) != len(head)), len(rows))
    return pd.DataFrame(rows[at + 2 : end], columns=head)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("which", ["results", "boots"])
def test_no_rendering_prints_nan(kind, which, results, boots):
    shown = results[kind][0] if which == "results" else boots[kind]
    for form, text in renderings(shown).items():
        assert not re.search(r"\b(nan|NaN|NAN|None|inf)\b", text), (kind, form)


@pytest.mark.parametrize("kind", PLS)
def test_summary_names_the_call_for_standard_errors_and_has_no_empty_columns(kind, results):
    result = results[kind][0]
    for form, text in renderings(result).items():
        assert form == "repr" or "res.bootstrap(df" in text.replace(r"\_", "_"), form
    for title in ("Structural paths", "Loadings", "Outer weights"):
        table = block(result, title)
        assert not {"se", "z", "p", "estimate"} & set(table.columns)
        assert all((table[column] != "").any() for column in table if column != "agrees")
    assert "Variances and covariances" not in words(result.summary().as_text())


@pytest.mark.parametrize("kind", PLS)
def test_summary_is_in_the_order_of_a_paper(kind, results):
    text = results[kind][0].summary().as_text()
    titles = ["Estimator", "Index (0-100)", "Structural paths", "Outer weights", "Loadings", "Reliability", "Fornell-Larcker"]
    titles += ["(HTMT)", "Cross-loadings", "Collinearity", "Variance explained", "Direct, indirect", "Fit measures"]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)


def test_summary_holds_the_numbers_of_the_tables(results):
    result = results["pls"][0]
    shown = set(re.split(r"[\s\[\]]+", result.summary().as_text()))
    numbers = [
        *result.paths["std"],
        *result.table["est"],
        *result.weights["share"],
        *result.reliability[["alpha", "rho_a", "rho_c", "ave"]].to_numpy().ravel(),
        *result.cross_loadings.to_numpy().ravel(),
        *result.htmt.stack(),
        *result.outer_vif["vif"],
        *result.vif["vif"],
        *result.f2["f2"],
        *result.rsquared_adj,
        *result.effects["total"],
        *result.fit_measures[["srmr", "srmr_saturated", "d_uls", "d_uls_saturated"]],
    ]
    assert not {number(v) for v in numbers if pd.notna(v)} - shown


def test_header_says_how_pls_ran(results):
    said = words(results["modes"][0].summary().as_text())
    assert "centroid scheme" in said and "A, but image B, quality unit" in said
    assert f"{results['modes'][0].engine.evaluations} iterations; stops when no weight changes by more than 1e-07" in said
    assert "disjoint two-stage" in words(results["hoc"][0].summary().as_text())
    assert "Corrected: image, expectations" in words(results["plsc"][0].summary().as_text())


@pytest.mark.parametrize("form", ["text", "html", "page"])
def test_cutoffs_are_notes_with_sources(form, results):
    rendering = re.sub(r'<section id="questions".*?</section>', "", renderings(results["pls"][0])[form], flags=re.DOTALL)
    text = words(rendering).replace("&amp;", "&").replace("&lt;", "<")
    assert all(source in text for source in CUTOFFS)
    assert text.count("Usual cutoff") == 7
    assert not re.search(r"\b(poor|good|acceptable|fails?|passed|valid!)\b", text)


def test_blocks_that_fail_are_named(results):
    result = results["pls"][0]
    said = words(result.summary().as_text())
    alpha, ave = result.reliability["alpha"], result.reliability["ave"]
    assert f"alpha below 0.70: expectations ({number(alpha['expectations'])}), loyalty ({number(alpha['loyalty'])})" in said
    assert f"AVE below 0.50: image ({number(ave['image'])}), expectations ({number(ave['expectations'])})" in said
    assert "rho_C below" not in said
    assert "below 0.70" not in words(results["hostile"][0].summary().as_text())
    for text in (result._repr_html_(), result.to_html()):
        assert "alpha below 0.70: expectations (0.452)" in text


def test_cross_loadings_mark_the_own_construct(results):
    for kind in ("pls", "hoc"):
        result = results[kind][0]
        table = block(result, "Cross-loadings").set_index("item")
        own = {(r.indicator, r.construct) for r in result.loadings.itertuples() if r.indicator in table.index}
        marked = {(i, c) for i in table.index for c in table if table.loc[i, c].startswith("[")}
        assert marked == own


def test_weights_and_shares_of_higher_order_constructs_stand_side_by_side(results):
    table = block(results["hoc"][0], "Outer weights")
    offer = table[table["construct"] == "Offer"].set_index("item")
    assert (offer.loc[["Image", "Value"], "share"] == "").all() and (offer.loc[["Image", "Value"], "weight"] != "").all()
    assert (offer.loc["IMAG1":"PERV2", "weight"] == "").all()
    assert abs(offer.loc["IMAG1":"PERV2", "share"].astype(float).sum() - 1) < 0.005
    assert "share" not in block(results["unscaled"][0], "Outer weights")


def test_weighted_rows_are_told_of_in_words_that_fit_pls(results):
    rows = results["weighted"][0]
    assert "withheld" not in words(rows.summary().as_text())
    assert rows.index["se"].notna().all()
    moments = csi.moments(frame("mobi"), rows.spec, weights=results["weighted"][2])
    text = words(quietly(csi.fit, rows.spec, moments, estimator="pls").summary().as_text())
    assert "fit the rows with weights=" in text and "chi-square" not in text


def test_ml_page_has_validity_and_its_summary_stays_short(results):
    result = results["ml"][0]
    page, text = result.to_html(), result.summary().as_text()
    for title in ("Heterotrait-monotrait", "Collinearity and effect size", "f²"):
        assert title in page and title not in text
    assert "Outer weights" not in page and "Usual cutoff" not in text
    assert number(result.htmt.loc["loyalty", "satisfaction"]) in page


def test_pages_of_odd_models_are_made():
    hs = frame("hs")
    for model in (
        "x1 ~~ x2; x3 ~~ x3",
        "x1 ~ x2 + x3; x4 ~ x1",
        "f =~ x1 + x2 + x3",
        "f =~ x1 + x2 + x3; g =~ x4 + x5 + x6; f ~ x7; x8 ~ f",
    ):
        result = csi.fit(csi.ModelSpec.from_lavaan(model), hs, engine="native")
        assert "Fit measures" in result.to_html() and "Fit measures" in result.summary().as_text()


@pytest.mark.parametrize("which", ["results", "boots"])
def test_hostile_names_are_escaped(which, results, boots):
    shown = results["hostile"][0] if which == "results" else boots["hostile"]
    for form, text in renderings(shown).items():
        if form in ("notebook", "page", "html"):
            assert text.count("<script") == 2 * ('id="whatif-data"' in text)
            assert "&lt;script&gt;" in text
            assert not re.search(r'<[^>]* onmouseover="', re.sub(r'title="[^"]*"', "", text)), form
        if form == "latex":
            body = re.sub(r"\\(begin|end)\{(center|tabular)\}(\{[lr]+\})?|\\\\(\[1ex\])?| & ", " ", text)
            assert not re.search(r"(?<!\\)[%_&#$^~]", body)
            assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_wide_matrices_are_numbered_in_print_and_named_in_html(results):
    summary = results["hostile"][0].summary()
    text = summary.as_text()
    assert "(1)" in text and "(4) 客户满意度" in text
    assert max(map(len, text.splitlines())) < 130
    assert "(4)" not in summary.as_html()
    given = Block("m", "M", ("of", "a", "b"), (("a", "1", "2"),), notes=("n",))
    assert numbered(given, {"b": "B"}) == Block("m", "M", ("of", "(1)", "(2)"), (("a", "1", "2"),), notes=("(1) a; (2) B.", "n"))


@pytest.mark.parametrize("kind", KINDS)
def test_bootstrap_says_what_became_of_the_resamples(kind, boots):
    boot = boots[kind]
    brief = words(repr(boot))
    assert f"60 resamples, {boot.n_failed} failed (left out), {boot.n_inadmissible} inadmissible (kept); seed 1" in brief
    facts = dict(block(boot, f"Bootstrap: {boot.result.spec.title or boot.result.spec.name}").itertuples(index=False))
    assert facts["Resamples"] == "60" and facts["Seed"] == "1" and facts["Intervals"] == "90 % percentile"
    assert facts["Failed, left out"] == str(boot.n_failed) and facts["Inadmissible, kept"] == str(boot.n_inadmissible)


def test_bootstrap_warnings_come_first(boots):
    boot = boots["plsc"]
    assert boot.warnings and boot.result.warnings
    for form, text in renderings(boot).items():
        said = words(text)
        assert said.index("INADMISSIBLE SOLUTION") < said.index("Bootstrap:"), form
        assert "resamples" in said and "positive definite" in said


def test_bootstrap_tables_hold_the_numbers(boots):
    boot = boots["pls"]
    shown = set(re.split(r"\s+", boot.summary().as_text()))
    for table in (boot.paths, boot.outer_weights, boot.loadings, boot.f2, boot.htmt, boot.impact()):
        assert not {fixed(v, 3) for c in ("ci_lower", "ci_upper") for v in table[c].dropna()} - shown
        assert not {number(v) for v in table["se"].dropna()} - shown
    assert not {pvalue(p) for p in boot.paths["pvalue"]} - shown
    assert not {fixed(v) for v in boot.index["ci_lower"]} - shown
    assert not {number(v) for v in boot.effects["total_std"]} - shown
    indirect = block(boot, "Indirect effects, standardised")
    assert len(indirect) == boot.effects["indirect_se"].notna().sum()
    assert list(indirect.columns) == ["from", "to", "std", "se", "p", "[0.05", "0.95]"]


def test_bootstrap_of_maximum_likelihood_keeps_both_scales_apart(boots):
    boot = boots["ml"]
    paths = block(boot, "Structural paths")
    assert paths["std"].tolist() == [number(v) for v in boot.paths["std"]]
    assert paths["[0.05"].tolist() == [number(v) for v in boot.paths["std_ci_lower"]]
    assert paths["estimate"].tolist() == [number(v) for v in boot.paths["est"]]
    assert "Outer weights" not in boot.summary().as_text()


def test_bootstrap_htmt_names_pairs_that_reach_one(boots):
    boot = boots["pls"]
    said = words(boot.summary().as_text())
    high = boot.htmt[boot.htmt["ci_upper"] >= 1]
    assert len(high) and all(f"{r.construct_a} and {r.construct_b} ({number(r.ci_upper)})" in said for r in high.itertuples())
    assert "Upper limit of 1 or more" not in words(boots["hostile"].summary().as_text())


def test_exact_fit_never_claims_a_smaller_p_than_the_resamples_can_show(boots):
    table = block(boots["pls"], "Exact fit")
    assert table["measure"].tolist() == ["SRMR", "d_ULS", "SRMR, saturated", "d_ULS, saturated"]
    assert "<0.001" not in table["p"].tolist() and f"<{number(1 / 60)}" in table["p"].tolist()
    assert "Exact fit" in boots["pls"]._repr_html_()
    assert "Exact fit" not in boots["plsc"].summary().as_text()


def test_bootstrap_without_scales_gives_the_reason(boots):
    text = words(boots["unscaled"].summary().as_text())
    assert "No index:" in text and "No impacts:" in text and "share" not in text
    assert "index: none" in repr(boots["unscaled"])


def test_ml_and_pls_side_by_side(results):
    both = csi.compare({"ML": results["ml"][0], "PLS": results["pls"][0]})
    text = both.summary().as_text()
    assert "PLS has no standard errors" in text and "d_uls" not in text
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert lines["Chi-square"].split()[1:] == [number(results["ml"][0].fit_measures["chisq"])]
    assert lines["estimator"].split()[1:] == ["ML", "PLS"]
    assert number(results["pls"][0].fit_measures["d_uls"]) in lines["d_ULS"]
    assert "nan" not in text
    only = csi.compare({"PLS": results["pls"][0]}).summary().as_text()
    assert "in parentheses" not in only


def arrows_of(ax):
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def heads(ax):
    return ["-|>" if type(a.get_arrowstyle()).__name__ == "CurveFilledB" else "->" for a in arrows_of(ax)]


@pytest.mark.parametrize("kind", ["pls", "plsc", "hoc", "formed", "hostile"])
def test_path_diagram_without_and_with_p_values(kind, results, boots):
    result, boot = results[kind][0], boots[kind]
    bare, inferred = result.plot_paths(), boot.plot_paths()
    said = [" ".join(t.get_text() for t in ax.texts).replace("\n", " ") for ax in (bare, inferred)]
    assert "PLS has no p-values before a bootstrap" in said[0] and "***" not in said[0]
    assert {a.get_linestyle() for a in arrows_of(bare)} == {"--"}
    assert "before a bootstrap" not in said[1]
    dashed = [a.get_linestyle() == "--" for a in arrows_of(inferred)]
    assert dashed[: len(boot.paths)] == [not p < 0.05 for p in boot.paths["pvalue"]]
    assert all(fixed(v) + stars(p) in said[1] for v, p in zip(boot.paths["std"], boot.paths["pvalue"], strict=True))
    inferred.figure.canvas.draw()


@pytest.mark.parametrize(("kind", "op"), [("hoc", "=~"), ("formed", "<~")])
def test_parts_of_a_higher_order_construct_are_drawn_apart_from_paths(kind, op, results):
    result = results[kind][0]
    ax = result.plot_paths()
    assert heads(ax) == ["-|>"] * 2 + ["->"] * 2
    rows = result.table[(result.table["op"] == op) & (result.table["lhs"] == "Offer")]
    texts = [t.get_text() for t in ax.texts]
    assert all(fixed(v) in texts for v in rows["std"])
    assert "open heads" in " ".join(texts).replace("\n", " ")
    boxes = {t.get_text().split("\n")[0]: t.get_position()[0] for t in ax.texts}
    assert (boxes["Image"] < boxes["Offer"]) == (kind == "formed")


@pytest.mark.parametrize("kind", ["pls", "hoc", "modes", "hostile", "ml"])
def test_index_plot_with_bootstrap_intervals(kind, boots):
    boot = boots[kind]
    ax = boot.plot_index()
    assert len(ax.get_yticklabels()) == len(boot.index) and "90 % percentile interval" in ax.get_xlabel()
    drawn = [s[:, 0] for c in ax.collections for s in c.get_segments() if s[0, 0] > 0]
    np.testing.assert_allclose(drawn, boot.index[["ci_lower", "ci_upper"]])
    assert [line.get_marker() for line in ax.lines].count("D") == 1


@pytest.mark.parametrize("kind", ["pls", "weighted", "hoc", "ml", "hostile"])
def test_weights_plot_shows_every_item_under_its_construct(kind, results, boots):
    result, boot = results[kind][0], boots[kind]
    table = result.weights
    for ax in (result.plot_weights(), boot.plot_weights()):
        labels = ax.get_yticklabels()
        assert len(labels) == len(table) + table["construct"].nunique()
        assert [t.get_weight() for t in labels].count("bold") == table["construct"].nunique()
        assert [t.get_text() for t in ax.texts] == [fixed(v) for v in table["share"]]
        assert "equal shares" in ax.get_xlabel()
        hatched = [p for p in ax.patches if p.get_hatch()]
        assert len(hatched) == (table["construct"] == result.spec.target).sum()
    assert "90 % percentile" in ax.get_xlabel()


def labels_of(ax):
    return [t for t in ax.texts if isinstance(t, mpl.text.Annotation)]


@pytest.mark.parametrize("kind", ["pls", "hoc", "hostile", "ml"])
@pytest.mark.parametrize("level", ["construct", "indicator"])
def test_map_labels_every_point_without_overlap(kind, level, results, boots):
    result, boot = results[kind][0], boots[kind]
    table = result.ipma(level=level)
    for ax in (result.plot_ipma(level=level), boot.plot_ipma(level=level)):
        labels = labels_of(ax)
        assert len(labels) == len(table)
        ax.figure.canvas.draw()
        boxes = [mpl.text.Text.get_window_extent(t) for t in labels]
        room = ax.get_tightbbox()
        assert not [1 for k, a in enumerate(boxes) for b in boxes[:k] if a.overlaps(b)]
        assert all(room.x0 - 1 <= b.x0 and b.x1 <= room.x1 + 1 for b in boxes)
        points = np.array([t.xy for t in labels])
        np.testing.assert_allclose(points, table[["importance", "performance"]])
        means = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--" and line.get_xdata()[0] == line.get_xdata()[-1]]
        np.testing.assert_allclose(means[:1], table["importance"].mean())
    assert "90 % percentile intervals" in ax.get_xlabel()
    marks = {line.get_marker() for line in ax.lines if line.get_marker() not in ("None", "|", "_", "")}
    assert len(marks) == (table["construct"].nunique() if level == "indicator" else 1)


def test_map_of_what_nothing_drives_and_of_unknown_targets(results, boots):
    for shown in (results["pls"][0], boots["pls"]):
        assert "No construct drives image." in [t.get_text() for t in shown.plot_ipma("image").texts]
        assert "loyalty's index" in shown.plot_ipma("loyalty").get_xlabel()
        with pytest.raises(csi.SpecError):
            shown.plot_ipma("nobody")
        with pytest.raises(csi.OptionError):
            shown.plot_ipma(level="item")


def test_drawing_into_given_axes(results, boots):
    fig, axes = plt.subplots(2, 2, figsize=(9, 7))
    for shown in (results["pls"][0], boots["pls"]):
        for ax, draw in zip(axes.ravel(), (shown.plot_ipma, shown.plot_weights, shown.plot_index, shown.plot_paths), strict=True):
            assert draw(ax=ax) is ax
    assert plt.get_fignums() == [fig.number]
    assert (
        max(t.get_fontsize() for t in axes[0, 1].get_yticklabels())
        < 8
        < results["pls"][0].plot_weights().get_yticklabels()[0].get_fontsize()
    )


@pytest.mark.parametrize("kind", ["pls", "hoc", "unscaled", "ml"])
def test_page_has_the_pictures_that_the_model_allows(kind, results):
    keys = [key for key, _, _ in sections(results[kind][0])]
    scaled, pls = kind != "unscaled", kind != "ml"
    page = results[kind][0].to_html()
    assert "diagram" in keys and ("map" in keys) == ('class="gauges"' in page) == scaled
    assert ('id="weightsplot-' in page) == (scaled and pls)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and plt.get_fignums() == []


def test_labels_keep_off_points_and_each_other():
    rng = np.random.default_rng(1)
    points = 100 + 150 * rng.random((20, 2))
    sizes = np.column_stack([rng.uniform(20, 60, 20), np.full(20, 10.0)])
    centres = beside_points(points, sizes, np.zeros(2), np.full(2, 400.0), np.empty((0, 5)))
    gap = np.abs(centres[:, None] - centres) - (sizes[:, None] + sizes) / 2
    assert ((gap.max(axis=2) >= -1e-9) | np.eye(20, dtype=bool)).all()
    assert ((np.abs(centres[:, None] - points) - sizes[:, None] / 2).max(axis=2) >= 0).all()
    assert (centres - sizes / 2 >= 0).all() and (centres + sizes / 2 <= 400).all()


def test_cutoffs_stand_beneath_what_they_judge(results, boots):
    cutoff = "VIF &lt; 5"
    assert cutoff in results["pls"][0].to_html().split('id="csi-weights"')[1].split("<table")[0]
    assert cutoff not in boots["pls"].to_html().split('id="csi-weights"')[1].split("<table")[0]
