"""Mediation: products of paths against lavaan's defined parameters, the bootstrap's own draws, and the typology."""

import numpy as np
import pytest
from conftest import frame, oracle

import csimodels as csi
from csimodels import mediation

# The oracle is lavaan at its default stop.
LOOSE = 1e-4


@pytest.fixture(scope="module")
def mobi():
    return frame("mobi")


@pytest.fixture(scope="module")
def boot(mobi):
    return csi.fit_ecsi(mobi, estimator="pls").bootstrap(mobi, n_boot=500, seed=1)


def test_against_lavaans_defined_parameters(mobi):
    ref = oracle("b6_acsi_ml_defined")
    defined = {p["lhs"]: p for p in ref["params"] if p["op"] == ":="}
    model = "\n".join(line for line in ref["model"].splitlines() if ":=" not in line)
    res = csi.fit(csi.ModelSpec.from_lavaan(model, target="Satisfaction"), mobi)
    want = [
        (mediation(res, "Quality", "Satisfaction", "Value").routes.iloc[0], defined["ind_q_s"]),
        (mediation(res, "Quality", "Satisfaction").effects.loc["total"], defined["tot_q_s"]),
        (mediation(res, "Expectation", "Satisfaction").effects.loc["total"], defined["tot_e_s"]),
        (mediation(res, "Quality", "Loyalty").effects.loc["total"], defined["tot_q_l"]),
    ]
    for got, ref in want:
        for ours, theirs in (("est", "est"), ("se", "se"), ("pvalue", "pvalue"), ("ci_lower", "ci.lower"), ("ci_upper", "ci.upper")):
            assert got[ours] == pytest.approx(ref[theirs], abs=LOOSE, rel=LOOSE), ours


def test_the_published_share_of_value_between_quality_and_satisfaction(boot):
    """ECSI mobile: .5583 x .1948 = .1087 of a total of .6208."""
    found = mediation(boot, "quality", "satisfaction", via="value")
    assert found.routes["est"][0] == pytest.approx(0.55830438 * 0.19476510, abs=1e-6)
    assert found.effects.loc["total", "est"] == pytest.approx(0.62076216, abs=1e-6)
    assert found.routes["share"][0] == pytest.approx(0.1087 / 0.6208, abs=1e-3)
    assert found.routes["type"][0] == "complementary"


def test_routes_add_up_to_the_effects_of_the_result(boot):
    effects = boot.result.effects.set_index(["source", "target"])
    for source, target in (("expectations", "satisfaction"), ("image", "loyalty"), ("expectations", "loyalty")):
        found = mediation(boot, source, target)
        own = effects.loc[(source, target)]
        assert found.effects["est"].tolist() == pytest.approx(own[["direct", "indirect", "total"]].tolist())
        assert found.routes["est"].sum() == pytest.approx(own["indirect"])
        assert found.routes["share"].sum() + found.effects.loc["direct", "share"] == pytest.approx(1)


def test_intervals_are_those_of_the_resamples(boot):
    paths = {f"{t} ~ {s}": k for k, (t, op, s) in enumerate(zip(*(boot.table[c] for c in ("lhs", "op", "rhs")), strict=True)) if op == "~"}
    draws = boot.samples["table.est"]
    product = draws[paths["value ~ quality"]] * draws[paths["satisfaction ~ value"]]
    route = mediation(boot, "quality", "satisfaction", ["value"]).routes.iloc[0]
    assert route["se"] == pytest.approx(product.std(ddof=1))
    assert [route["ci_lower"], route["ci_upper"]] == pytest.approx(np.quantile(product, [0.025, 0.975]).tolist())
    wide = mediation(boot, "quality", "satisfaction", "value", level=0.99).routes.iloc[0]
    assert wide["ci_lower"] < route["ci_lower"] and wide["ci_upper"] > route["ci_upper"]


@pytest.mark.parametrize(
    ("paths", "kind"),
    [
        ({("x", "m"): 0.5, ("m", "y"): 0.5, ("x", "y"): 0.3}, "complementary"),
        ({("x", "m"): 0.5, ("m", "y"): 0.6, ("x", "y"): -0.4}, "competitive"),
        ({("x", "m"): 0.5, ("m", "y"): 0.5, ("x", "y"): 0.0}, "indirect-only"),
        ({("x", "m"): 0.0, ("m", "y"): 0.5, ("x", "y"): 0.5}, "direct-only"),
        ({("x", "m"): 0.5, ("m", "y"): 0.0, ("x", "y"): 0.0}, "no effect"),
    ],
)
def test_the_typology_on_data_of_known_truth(paths, kind):
    spec = csi.ModelSpec.from_lavaan("x =~ a1+a2+a3; m =~ b1+b2+b3; y =~ c1+c2+c3; m ~ x; y ~ m + x", target="y", scale=(1, 10))
    found = mediation(csi.fit(spec, csi.simulate(spec, n=2000, seed=4, paths=paths), engine="native"), "x", "y")
    assert found.routes["type"].tolist() == [kind]
    assert bool(found.warnings) == (kind == "competitive")


def test_effects_through_composites_are_routes():
    data = csi.simulate("experience_five", n=800, seed=4)
    boot = csi.fit("experience_five", data, estimator="pls").bootstrap(data, n_boot=100, seed=1)
    found = mediation(boot, "staff", "loyalty")
    assert found.routes["route"].tolist() == ["staff -> experience -> satisfaction -> loyalty"]
    effects = boot.result.effects.set_index(["source", "target"])
    assert found.effects.loc["total", "est"] == pytest.approx(effects.loc[("staff", "loyalty"), "total"])


def test_what_a_mediation_shows(boot):
    found = mediation(boot, "expectations", "loyalty")
    text = found.summary().as_text()
    for shown in (text, found._repr_html_().replace("&gt;", ">"), found.to_html().replace("&gt;", ">")):
        assert "expectations -> satisfaction -> loyalty" in shown and "Zhao" in shown
    assert "Mediation" in repr(found)
    ax = found.plot()
    assert len(ax.get_yticklabels()) == len(found.routes) + 3
    assert ax.get_title() == "From expectations to loyalty"


def test_what_a_mediation_refuses(mobi, boot):
    pls = csi.fit_ecsi(mobi, estimator="pls")
    with pytest.warns(csi.CSIWarning, match="withheld"):
        spec = csi.load_model("ecsi_mobile_2005").without("image")
        weighted = csi.fit(spec, csi.moments(mobi, spec, weights=np.linspace(1, 2, 250)), engine="native")
    bad = {
        "mediation.not_a_result": lambda: mediation(3, "quality", "satisfaction"),
        "mediation.unknown": lambda: mediation(boot, "qualty", "satisfaction"),
        "mediation.no_route": lambda: mediation(boot, "satisfaction", "quality"),
        "mediation.route": lambda: mediation(boot, "quality", "satisfaction", "image"),
        "mediation.needs_bootstrap": lambda: mediation(pls, "quality", "satisfaction"),
        "mediation.no_errors": lambda: mediation(weighted, "quality", "satisfaction"),
        "option.level": lambda: mediation(boot, "quality", "satisfaction", level=95),
    }
    for code, call in bad.items():
        with pytest.raises(csi.CSIError) as caught:
            call()
        assert caught.value.code == code
