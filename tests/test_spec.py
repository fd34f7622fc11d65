"""Specs: lavaan and TOML round trips, expansion by lavaan's rules, adaptation to a survey, the catalog."""

import json
import subprocess
import sys

import pytest
from conftest import frame

import csimodels as csi
from csimodels import Construct, Indicator, ModelSpec, Path
from csimodels.partable import expand

NAMES = ["acsi_1996", "ecsi_1999", "ecsi_mobile_2005", "ncsb_1996", "scsb_1989"]


def rows(text, **options):
    return {(r.lhs, r.op, r.rhs): r for r in expand(ModelSpec.from_lavaan(text), **options).rows}


# --- the catalog


def test_the_catalog_lists_its_models():
    table = csi.models()
    assert set(NAMES) <= set(table.index)
    assert (table["confidence"] != "").all()
    assert (table["citation"] != "").all()


@pytest.mark.parametrize("name", NAMES)
def test_catalog_models_are_complete(name):
    spec = csi.load_model(name)
    assert spec.target == "satisfaction"
    assert all(i.scale and i.stem for i in spec.indicators)
    assert set(spec.construct_names) & {"expectations", "value", "satisfaction", "loyalty"}
    assert {p.sign for p in spec.paths} <= {"+", "-", "?"}


@pytest.mark.parametrize("name", NAMES)
def test_catalog_models_expand_like_their_lavaan_text(name):
    spec = csi.load_model(name)
    again = ModelSpec.from_lavaan(spec.to_lavaan())
    assert expand(again) == expand(spec)


@pytest.mark.parametrize("name", NAMES)
def test_toml_round_trip(name):
    spec = csi.load_model(name)
    assert ModelSpec.from_toml(spec.to_toml()) == spec


def test_complaint_behaviour_and_handling_are_told_apart():
    behaviour = csi.load_model("acsi_1996").construct("complaints")
    handling = csi.load_model("ecsi_mobile_2005").construct("complaints")
    assert behaviour.meaning != handling.meaning
    assert behaviour.indicators[0].scale == (0, 1)
    assert handling.indicators[0].scale == (1, 10)


def test_a_catalog_model_and_its_text_agree_in_estimates(acsi_mobi):
    data = frame("mobi")
    a = csi.fit(acsi_mobi, data, engine="native")
    b = csi.fit(ModelSpec.from_lavaan(acsi_mobi.to_lavaan()), data, engine="native")
    assert b.params.to_dict() == pytest.approx(a.params.to_dict(), abs=1e-10)
    for key in ("df", "aic", "chisq"):
        assert b.fit_measures[key] == pytest.approx(a.fit_measures[key], abs=1e-8)


def test_models_are_registered_and_read_from_files(tmp_path, acsi_mobi):
    file = tmp_path / "mine.toml"
    file.write_text(acsi_mobi.to_toml(), encoding="utf-8")
    assert csi.fit(file, frame("mobi"), engine="native").spec == acsi_mobi
    assert csi.fit(str(file), frame("mobi"), engine="native").spec == acsi_mobi


# --- lavaan syntax


def test_syntax_reads_modifiers_comments_separators_and_continuations():
    spec = ModelSpec.from_lavaan(
        """
        # measurement
        f =~ NA*x1 + a*x2 +     ! continued
             a*x3
        g =~ y1 + 0.5*y2
           + "b c"*y3; f ~~ 1*f
        g ~ -0.25*f
        x1 ~~ x2 + 0*y1
        """
    )
    table = {(r.lhs, r.op, r.rhs): r for r in expand(spec).rows}
    assert table["f", "=~", "x1"].free
    assert table["f", "=~", "x2"].free == table["f", "=~", "x3"].free
    assert (table["g", "=~", "y1"].value, table["g", "=~", "y2"].value) == (1.0, 0.5)
    assert table["g", "=~", "y3"].label == "b c"
    assert (table["f", "~~", "f"].value, table["g", "~", "f"].value) == (1.0, -0.25)
    assert table["x1", "~~", "x2"].free
    assert table["x1", "~~", "y1"].value == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "f =~ x1 + x2 + x3\ng =~ y1 + y2\ng ~ f",
        "f =~ NA*x1 + a*x2 + a*x3\nf ~~ 1.0*f",
        "f =~ x1 + x2 + x3\ny ~ f + z\nz ~~ w",
        "f =~ a + b + c\ng =~ d + e + h\nk =~ i + j + l\ntop =~ f + g + k",
    ],
)
def test_lavaan_round_trip(text):
    spec = ModelSpec.from_lavaan(text)
    assert ModelSpec.from_lavaan(spec.to_lavaan()) == spec


def test_expansion_follows_lavaan():
    table = rows("f =~ x1 + x2\ng =~ y1 + y2\nh =~ z1\nk =~ w1 + w2\nh ~ f + g\nk ~ f\no ~ g + e")
    assert table["f", "=~", "x1"].value == 1.0
    assert table["h", "~~", "h"].free
    assert table["z1", "~~", "z1"].value == 0.0
    assert table["f", "~~", "g"].free
    assert table["h", "~~", "k"].free
    assert table["h", "~~", "o"].free
    assert table["e", "~~", "e"].sample == 1.0
    assert ("e", "~~", "f") not in table


def test_std_lv_fixes_latent_variances_instead_of_loadings():
    table = rows("f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\ng ~ f", std_lv=True)
    assert table["f", "=~", "x1"].free
    assert (table["f", "~~", "f"].value, table["g", "~~", "g"].value) == (1.0, 1.0)


# --- adaptation


def test_with_items_makes_the_model_fit_the_survey():
    spec = csi.load_model("acsi_1996").with_items(
        {
            "satisfaction": ["Q1", "Q2", "Q3", "Q4"],
            "expectations": ["expect_overall", "Q9"],
            "complaints": ["c1", "c2"],
            "value": ["v"],
        }
    )
    assert spec.construct("satisfaction").indicators[0].scale == (1, 10)
    assert spec.construct("expectations").indicators[0].stem
    assert spec.construct("complaints").mode == "reflective"
    assert spec.construct("value").mode == "single"
    assert "item sat_overall of satisfaction" in spec.lost


def test_without_leaves_a_valid_model_and_says_what_it_lost():
    spec = csi.load_model("acsi_1996").without("complaints", "price_tolerance")
    assert "complaints" not in spec.construct_names
    assert spec.construct("loyalty").mode == "single"
    assert any("path satisfaction -> complaints" in text for text in spec.lost)
    assert any("item price_tolerance" in text for text in spec.lost)


def test_without_takes_along_what_is_cut_off_from_the_target():
    spec = ModelSpec(
        "m",
        [Construct("a", ["a1", "a2"]), Construct("b", ["b1", "b2"]), Construct("c", ["c1", "c2"])],
        [Path("a", "b"), Path("b", "c")],
        target="c",
    ).without("b1", "b2")
    assert spec.construct_names == ("c",)


def test_rename_reaches_paths_terms_and_target():
    spec = ModelSpec.from_lavaan("f =~ a + b + c\ng =~ d + e + h\ng ~ f\na ~~ d", target="g").rename({"g": "sat", "a": "Q 1"})
    assert spec.target == "sat"
    assert spec.paths == (Path("f", "sat"),)
    assert spec.terms[0].lhs == "Q 1"


def test_scale_tuple_spares_items_on_another_scale():
    spec = csi.load_model("acsi_1996").with_scale((1, 5))
    assert spec.construct("satisfaction").indicators[0].scale == (1, 5)
    assert spec.construct("complaints").indicators[0].scale == (0, 1)


def test_scale_mapping_takes_items_before_constructs():
    spec = csi.load_model("acsi_1996").with_scale({"sat_ideal": (0, 10), "satisfaction": (1, 5)})
    assert [i.scale for i in spec.construct("satisfaction").indicators] == [(1, 5), (1, 5), (0, 10)]


def test_marks_of_doubt_are_checked_wherever_they_are():
    for make in (lambda: csi.Construct("A", ["a1"], confidence="sure"), lambda: csi.Path("A", "B", confidence="sure")):
        with pytest.raises(csi.SpecError) as caught:
            make()
        assert caught.value.code == "spec.bad_confidence"


def test_specs_are_frozen_and_hashable():
    spec = csi.load_model("acsi_1996")
    assert {spec: 1}[ModelSpec.from_toml(spec.to_toml())] == 1
    with pytest.raises(AttributeError):
        spec.name = "other"
    assert Indicator("a") == Indicator("a")


# --- the package


def test_import_is_light():
    code = (
        "import sys, json, csimodels; heavy = ('semopy', 'matplotlib', 'scipy.stats', 'statsmodels', 'sympy');"
        "first = [m for m in heavy if m in sys.modules]; csimodels.fit; print(json.dumps([first, [m for m in heavy if m in sys.modules]]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(out) == [[], []]


def test_public_names_are_there():
    for name in csi.__all__:
        assert getattr(csi, name) is not None
    with pytest.raises(AttributeError):
        csi.fit_pls  # noqa: B018
