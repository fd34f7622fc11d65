"""Every entry of the catalog: its text forms, its paths, its recovery by every estimator that it admits."""

import json
import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import csimodels as csi
from csimodels.catalog import FOLDER
from csimodels.population import population
from csimodels.simulation import population_moments

# All draws are seeded. Some 900 paths are compared, so that 4.5 standard errors are passed by chance once in 150 runs of new seeds.
MOST_SE = 4.5
N = 4000
# Population moments are exact: what is left is the optimiser's stop.
EXACT = 1e-7
# Rounded answers: the product formula for the attenuation of two rounded items is good to about this much in a path.
ROUNDING = 0.01

NAMES = csi.models().index.tolist()
SPECS = {name: csi.load_model(name) for name in NAMES}
PATH_MODELS = [name for name, spec in SPECS.items() if spec.kind == "path_model"]
COMPOSITES = [name for name in NAMES if name not in PATH_MODELS]
CASES = [(name, estimator) for name in PATH_MODELS for estimator in SPECS[name].estimators]
ASKED = """
scsb_1989 acsi_1996 acsi_pq_sq acsi_gov ncsb_1996 ncsb_2001 ecsi_1999 epsi ecsi_mobile_2005 ecsi_bank swics_1998 hkcsi_2003 jcsi_2009
ccsi_tsinghua tcsi_taiwan ecsi_ecommerce ncsi_korea tmme_turkey csisg ect_oliver1980 ecm_is_2001 edt servqual_hoc servperf
expectation_formation expectation_facets cpv_zeithaml cbh_2000 perval consumption_values kotler_cdv acq_trans_value experiential_value
experience_five value_3d emotion_sat delight_1997 loyalty_phases loyalty_zbp1996 sat_loyalty trust_commitment_1994 trust_sat_loyalty
dissonance recovery_justice journey_stage lifecycle kcsi_korea ukcsi csi_weighted
"""
CODES = {
    "EXPE": "expectations", "QUAL": "quality", "VAL": "value", "SAT": "satisfaction", "COMB": "complaints", "COMH": "complaints",
    "LOY": "loyalty", "IMG": "image", "IMAG": "image", "PERF": "value", "PQ": "product_quality", "SQ": "service_quality",
    "PROC": "process", "INFO": "information", "CSERV": "customer_service", "WEB": "website", "TRUST": "trust", "PRICE": "price",
    "TANG": "tangibles", "REL": "reliability", "RESP": "responsiveness", "ASSU": "assurance", "EMP": "empathy",
    "AFF": "affective_commitment", "CALC": "calculative_commitment", "CHAR": "characteristics", "VOICE": "complaints",
    "DIAL": "dialogue", "REC": "recommendation", "BIMG": "image", "ESQ": "service_quality",
}  # fmt: skip
RENAMED = {"ecsi_bank_plspm": "ecsi_bank", "ecsi_hsu": "ecsi_ecommerce"}
NATIONAL = json.loads((Path(__file__).parent / "oracle" / "json" / "national_paths.json").read_text())


def named_paths(result):
    table = result.paths
    return pd.Series(table["std"].to_numpy(), index=table["target"] + " ~ " + table["source"])


def fitted(spec, data, estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CollinearityWarning)
        return csi.fit(spec, data, estimator=estimator, **({"engine": "native"} if estimator == "ml" else {}))


def standard_errors(result, data, estimator):
    if estimator == "ml":
        rows = result.table[result.table["op"] == "~"]
        return pd.Series(rows["std_se"].to_numpy(), index=rows["lhs"] + " ~ " + rows["rhs"])
    rows = result.bootstrap(data, n_boot=200, seed=1).paths
    return pd.Series(rows["se"].to_numpy(), index=rows["target"] + " ~ " + rows["source"])


def test_everything_asked_for_is_there():
    assert set(ASKED.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_entries_are_complete_in_both_languages(name):
    spec = SPECS[name]
    for text in (spec.title, spec.title_zh, spec.family, spec.citation, spec.notes, spec.target, spec.confidence):
        assert text
    assert spec.origin in ("published", "practice")
    for c in spec.constructs:
        assert c.label and c.label_zh, c.name
        assert "complain" not in c.name or c.meaning in (
            "complaint behaviour",
            "complaint handling",
            "complaint handling as an antecedent",
        )
    for i in spec.indicators:
        assert i.stem and i.stem_zh and i.anchors and i.anchors_zh and i.scale, i.name
        assert re.search(r"[\u4e00-\u9fff]", i.stem_zh) and not re.search(r"[\u4e00-\u9fff]", i.stem), i.name
    assert not spec.doi or re.fullmatch(r"10\.\d{4,9}/\S+", spec.doi)


@pytest.mark.parametrize("name", NAMES)
def test_complaints_have_the_sign_of_their_meaning(name):
    spec = SPECS[name]
    for p in spec.paths:
        meaning = spec.construct(p.target).meaning
        if meaning == "complaint behaviour" and p.source == "satisfaction":
            assert p.sign == "-"
            assert spec.construct(p.target).indicators[0].scale == (0, 1)
        if meaning == "complaint handling":
            assert p.sign == "+"


@pytest.mark.parametrize("name", [n for n in NATIONAL if RENAMED.get(n, n) in NAMES])
def test_national_models_have_the_listed_paths(name):
    spec = SPECS[RENAMED.get(name, name)]
    have = {(p.source, p.target, p.sign) for p in spec.paths}
    have |= {(part, c.name, "+") for c in spec.constructs if c.formed for part in c.items if part in spec.construct_names}
    names = {"LOY": "trust"} if name == "acsi_gov" else {}
    listed = {((names | CODES)[p["from"]], CODES[p["to"]], p["sign"]) for p in NATIONAL[name]["paths"]}
    drivers = {"tangibles", "reliability", "responsiveness", "assurance", "empathy"}
    if name == "ncsb_2001":  # the list has one quality block, the catalog the five drivers
        listed = {(s, t, g) for source, t, g in listed for s in (drivers if source == "quality" else {source})}
    assert have == listed


@pytest.mark.parametrize("name", NAMES)
def test_toml_round_trip(name):
    assert csi.ModelSpec.from_toml(SPECS[name].to_toml()) == SPECS[name]


def recoded(spec):
    """Return the model for answers that are recoded already: lavaan's syntax has no reverse items."""
    return replace(
        spec, constructs=tuple(replace(c, indicators=tuple(replace(i, reverse=False) for i in c.indicators)) for c in spec.constructs)
    )


def sides(table):
    """Return the two sides of each row, in one order for covariances."""
    return [
        " ".join(sorted(ends)) if op == "~~" else " ".join(ends) for op, *ends in zip(table["op"], table["lhs"], table["rhs"], strict=True)
    ]


@pytest.mark.parametrize("name", PATH_MODELS)
def test_lavaan_round_trip_gives_the_same_fit(name):
    spec = recoded(SPECS[name])
    data = population_moments(spec, n=1000)
    text = csi.ModelSpec.from_lavaan(spec.to_lavaan(), target=spec.target, scale={i.name: i.scale for i in spec.indicators})
    estimator = spec.estimators[0]
    a, b = fitted(spec, data, estimator), fitted(text, data, estimator)
    one, two = (r.table.set_index([sides(r.table), "op"])["est"] for r in (a, b))
    assert set(one.index) == set(two.index)
    np.testing.assert_allclose(two[one.index], one, atol=EXACT)
    if estimator == "ml":
        np.testing.assert_allclose(a.fit_measures[["df", "aic", "chisq"]], b.fit_measures[["df", "aic", "chisq"]], atol=EXACT)


@pytest.mark.parametrize("name", PATH_MODELS)
def test_models_that_ml_does_not_identify_say_so(name):
    spec = SPECS[name]
    lone = [c.name for c in spec.constructs if c.formed and sum(p.source == c.name for p in spec.paths) < 2]
    assert ("ml" in spec.estimators) == (not lone)
    higher = any(set(c.items) & set(spec.construct_names) for c in spec.constructs)
    assert ("plsc" in spec.estimators) == (not higher)
    if lone:
        with pytest.raises(csi.IdentificationError, match="pls") as caught:
            csi.fit(spec, population_moments(spec, n=500))
        assert caught.value.variable in lone
        assert lone[0] in spec.notes or spec.construct(lone[0]).label.lower() in spec.notes.lower()
    if higher:
        with pytest.raises(csi.OptionError):
            csi.fit(spec, population_moments(spec, n=500), estimator="plsc")


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_population_moments_give_back_the_truth(name, estimator):
    spec = SPECS[name]
    pop = population(spec)
    at = {n: k for k, n in enumerate(pop.nodes)}
    truth = pd.Series({f"{p.target} ~ {p.source}": pop.Beta[at[p.target], at[p.source]] for p in spec.paths})
    found = named_paths(fitted(spec, population_moments(spec, n=N, integers=False), estimator))
    if estimator == "pls":  # composites of fallible items are not the constructs; signs are
        assert (np.sign(found[truth.index]) == np.sign(truth)).all()
    else:
        np.testing.assert_allclose(found[truth.index], truth, atol=EXACT)


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_unrounded_draws_recover_the_paths(name, estimator):
    spec = SPECS[name]
    data = csi.simulate(spec, n=N, seed=7, integers=False)
    result = fitted(spec, data, estimator)
    assert result.converged
    truth = pd.Series(data.attrs["truth"]["paths"])
    if estimator == "pls":
        truth = named_paths(fitted(spec, population_moments(spec, n=N, integers=False), "pls"))
    off = (named_paths(result)[truth.index] - truth) / standard_errors(result, data, estimator)[truth.index]
    assert off.abs().max() < MOST_SE


@pytest.mark.parametrize("name", PATH_MODELS)
def test_rounding_and_yes_no_answers_change_paths_by_the_stated_amount(name):
    spec = SPECS[name]
    data = csi.simulate(spec, n=N, seed=3)
    stated = named_paths(fitted(spec, population_moments(spec, n=N), "pls"))
    result = fitted(spec, data, "pls")
    allowed = MOST_SE * standard_errors(result, data, "pls")[stated.index] + ROUNDING
    assert ((named_paths(result)[stated.index] - stated).abs() < allowed).all()


def test_attenuation_of_two_rounded_items_is_close_to_the_product():
    """The stated amount rests on r_ij k_i k_j, exact where one of the two is not rounded."""
    data = csi.simulate("acsi_1996", n=400_000, seed=5)
    R = population_moments("acsi_1996", n=1000)
    sd = np.sqrt(np.diagonal(R.cov))
    assert np.abs(np.corrcoef(data.to_numpy(), rowvar=False) - R.cov / np.outer(sd, sd)).max() < 0.012


@pytest.mark.parametrize("name", ["ncsi_korea", "tmme_turkey", "csisg"])
def test_aliases_are_served_by_one_table(name):
    spec, acsi = SPECS[name], SPECS["acsi_1996"]
    assert csi.models().loc[name, "alias_of"] == "acsi_1996"
    assert (spec.constructs, spec.paths, spec.target) == (acsi.constructs, acsi.paths, acsi.target)
    assert spec.name == name and spec.title != acsi.title
    assert not (FOLDER / f"{name}.toml").exists()


@pytest.mark.parametrize("name", PATH_MODELS)
def test_a_file_outside_the_package_works_everywhere(name, tmp_path):
    """The catalog has no privilege: a copy of the file under another name does what the entry does."""
    file = tmp_path / "mine.toml"
    file.write_text(replace(SPECS[name], name="mine").to_toml(), encoding="utf-8")
    data = csi.simulate(file, n=1500, seed=2)
    estimator = SPECS[name].estimators[-1]
    pd.testing.assert_frame_equal(data, csi.simulate(name, n=1500, seed=2))
    one, two = fitted(file, data, estimator), fitted(name, data, estimator)
    pd.testing.assert_frame_equal(one.index, two.index)


def test_coverage_names_what_there_is():
    """Every name in the coverage page is in the catalog or public, and every test that it cites exists."""
    text = (Path(__file__).parent.parent / "docs" / "coverage.md").read_text(encoding="utf-8")
    tests = {name for file in Path(__file__).parent.glob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)}
    rows = [line.split("|")[1:4] for line in text.splitlines() if line.startswith("| ") and "served by" not in line]
    served = {name for _, names, _ in rows for name in re.findall(r"`([\w.]+)`", names)}
    assert {name.split(".")[0] for name in served} <= set(NAMES) | set(csi.__all__)
    assert all(hasattr(csi.ModelSpec, n.split(".")[1]) or hasattr(csi.CSIResults, n.split(".")[1]) for n in served if "." in n)
    cited = {name for *_, proof in rows for name in re.findall(r"`(\w+)`", proof)}
    assert cited <= tests
    assert set(NAMES) <= served, "every entry is in the page"
    assert all(proof.strip() for _, names, proof in rows if "`" in names)


def test_effects_go_on_through_composites():
    """What a facet does to its composite goes on to the outcomes, so that the map has the facets as drivers."""
    data = csi.simulate("experience_five", n=2000, seed=4)
    res = csi.fit("experience_five", data, estimator="pls")
    weights = res.outer_weights[res.outer_weights["construct"] == "experience"].set_index("indicator")["est"]
    effects = res.effects.set_index(["source", "target"])["total"]
    for part in weights.index:
        assert effects[part, "satisfaction"] == pytest.approx(weights[part] * effects["experience", "satisfaction"])
    assert set(weights.index) | {"experience"} == set(res.ipma().index)
    boot = res.bootstrap(data, n_boot=200, seed=1)
    assert boot.effects.set_index(["source", "target"]).loc[("product", "satisfaction"), "total_se"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_has_a_tree_and_questionnaires(name, tmp_path):
    spec = SPECS[name]
    tree = str(spec.tree())
    assert all(i.stem in tree for i in spec.indicators) and all(c.name in tree for c in spec.constructs)
    for lang in ("en", "zh"):
        sheet = spec.questionnaire(lang=lang)
        sheet.to_csv(tmp_path / "q.csv")
        table = pd.read_csv(tmp_path / "q.csv", encoding="utf-8-sig")
        assert set(table["item"]) == set(spec.items) and len(table) == len(spec.items)
        text = sheet.to_markdown()
        for i in spec.indicators:
            stem = i.stem_zh if lang == "zh" else i.stem
            assert stem in set(table["stem"]), i.name
            assert stem.split("(")[0].strip()[:20] in text.replace("\\", ""), i.name
        assert table["reverse"].sum() == sum(i.reverse for i in spec.indicators)
        assert table["source"].notna().all()
    html = spec._repr_html_()
    assert all(c.name in html or c.label in html for c in spec.constructs)
