"""Properties of PLS: invariances, the sign rule, stages of higher orders, members of a stack, and what it refuses."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st

import csimodels as csi
from csimodels.estimators import pls_estimate
from csimodels.estimators.pls import outer_weights
from csimodels.estimators.pls_estimate import correlations

STOP = 1e-9  # fits here stop when no weight moves by more than 1e-11
MOBI = frame("mobi")
ECSI = csi.load_model("ecsi_mobile_2005")
TIGHT = {"estimator": "pls", "tol": 1e-11}
BASE = csi.fit(ECSI, MOBI, **TIGHT)
MODES = [None, "B", "unit", {"image": "B", "loyalty": "unit"}]


def quiet(call, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return call(*args, **options)


def est(res, op):
    rows = res.table[res.table["op"] == op]
    return {(r.lhs, r.rhs): r.est for r in rows.itertuples()}


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(ECSI.items), st.floats(0.01, 100), st.floats(-50, 50), st.sampled_from(["path", "factorial", "centroid"]))
def test_the_unit_of_an_item_does_not_matter(item, factor, shift, scheme):
    data = MOBI.assign(**{item: factor * MOBI[item] + shift})
    spec = replace(
        ECSI, constructs=tuple(replace(c, indicators=tuple(replace(i, scale=None) for i in c.indicators)) for c in ECSI.constructs)
    )
    own, base = (quiet(csi.fit, spec, d, scheme=scheme, **TIGHT).table["est"] for d in (data, MOBI))
    np.testing.assert_allclose(own, base, atol=STOP)


@pytest.mark.parametrize("modes", MODES, ids=str)
def test_a_reversed_item_changes_its_own_sign_alone(modes):
    data = MOBI.assign(PERQ3=11 - MOBI["PERQ3"])
    own, base = (quiet(csi.fit, ECSI, d, modes=modes, **TIGHT).table for d in (data, MOBI))
    if modes == "unit":
        assert own.set_index(["lhs", "op", "rhs"])["est"][("quality", "<~", "PERQ3")] > 0
        return
    flipped = np.where(own["rhs"] == "PERQ3", -own["est"], own["est"])
    np.testing.assert_allclose(flipped, base["est"], atol=10 * STOP)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_items_and_constructs_does_not_matter(random):
    constructs = list(ECSI.constructs)
    random.shuffle(constructs)
    shuffled = [replace(c, indicators=tuple(random.sample(c.indicators, len(c.indicators)))) for c in constructs]
    paths = random.sample(ECSI.paths, len(ECSI.paths))
    spec = replace(ECSI, constructs=tuple(shuffled), paths=tuple(paths))
    res = csi.fit(spec, MOBI.sample(frac=1, random_state=random.randint(0, 9)), **TIGHT)
    for op in ("<~", "=~", "~"):
        own, base = est(res, op), est(BASE, op)
        assert own.keys() == base.keys()
        for pair, value in own.items():
            assert value == pytest.approx(base[pair], abs=STOP)


@pytest.mark.parametrize("modes", MODES, ids=str)
@pytest.mark.parametrize("scheme", ["path", "factorial", "centroid"])
def test_composites_have_unit_variance_and_paths_are_their_regressions(scheme, modes):
    res = csi.fit(ECSI, MOBI, scheme=scheme, modes=modes, **TIGHT)
    z = (MOBI - MOBI.mean()) / MOBI.std()
    weights = est(res, "<~")
    scores = {c.name: sum(weights[c.name, i] * z[i] for i in c.items) for c in ECSI.constructs}
    for c in ECSI.constructs:
        assert scores[c.name].var() == pytest.approx(1)
        for i in c.items:
            assert est(res, "=~")[c.name, i] == pytest.approx(np.corrcoef(scores[c.name], MOBI[i])[0, 1])
    sources = ["image", "expectations", "quality", "value"]
    X = np.column_stack([scores[s] for s in sources])
    b = np.linalg.lstsq(X, scores["satisfaction"], rcond=None)[0]
    np.testing.assert_allclose([est(res, "~")["satisfaction", s] for s in sources], b, atol=1e-10)
    explained = 1 - ((scores["satisfaction"] - X @ b) ** 2).sum() / (scores["satisfaction"] ** 2).sum()
    assert res.rsquared["satisfaction"] == pytest.approx(explained)


def test_mode_b_weights_are_regressions_of_the_inner_proxy():
    """At the fixed point the weights of a block in mode B are proportional to its regression on the proxy."""
    res = csi.fit(ECSI, MOBI, modes={"value": "B"}, scheme="factorial", **TIGHT)
    z = (MOBI - MOBI.mean()) / MOBI.std()
    weights, C = est(res, "<~"), res.construct_correlations
    neighbours = ["expectations", "quality", "satisfaction"]
    proxy = sum(C.loc["value", n] * sum(weights[n, i] * z[i] for i in ECSI.construct(n).items) for n in neighbours)
    b = np.linalg.lstsq(z[["PERV1", "PERV2"]].to_numpy(), proxy, rcond=None)[0]
    assert weights["value", "PERV1"] / weights["value", "PERV2"] == pytest.approx(b[0] / b[1], abs=1e-7)


@pytest.mark.parametrize(
    ("signs", "expected"), [((1, 1, 1), 1), ((-1, -1, -1), -1), ((1, 1, -1), 1), ((-1, -1, 1), -1)], ids=["same", "all", "one", "two"]
)
def test_most_loadings_of_a_block_are_positive(signs, expected):
    data = MOBI.assign(**{f"CUSA{k + 1}": s * MOBI[f"CUSA{k + 1}"] for k, s in enumerate(signs)})
    text = "value =~ PERV1 + PERV2\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3\nsatisfaction ~ value"
    res = csi.fit(csi.ModelSpec.from_lavaan(text), data, **TIGHT)
    loadings = [est(res, "=~")["satisfaction", f"CUSA{k}"] for k in (1, 2, 3)]
    np.testing.assert_array_equal(np.sign(loadings), expected * np.array(signs))
    assert (np.sign(loadings) > 0).sum() >= 2


@pytest.mark.parametrize("reversed_item", ["PERV1", "PERV2"])
def test_on_a_tie_the_sum_of_the_loadings_is_positive(reversed_item):
    data = MOBI.assign(**{reversed_item: -MOBI[reversed_item]})
    text = "value =~ PERV1 + PERV2\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3\nsatisfaction ~ value"
    loadings = [v for (c, _), v in est(csi.fit(csi.ModelSpec.from_lavaan(text), data, **TIGHT), "=~").items() if c == "value"]
    assert min(loadings) < 0 < sum(loadings)


def test_schemes_agree_between_two_constructs_but_for_scale():
    text = "value =~ PERV1 + PERV2\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3\nsatisfaction ~ value"
    tables = [csi.fit(csi.ModelSpec.from_lavaan(text), MOBI, scheme=s, **TIGHT).table["est"] for s in ("path", "factorial", "centroid")]
    np.testing.assert_allclose(tables[0], tables[1], atol=STOP)
    np.testing.assert_allclose(tables[0], tables[2], atol=STOP)


@pytest.mark.parametrize("modes", [(), (("image", "B"),)], ids=["A", "B"])
def test_a_bad_member_leaves_the_others_of_a_stack_untouched(modes):
    plan = csi.fit(ECSI, MOBI, modes=dict(modes) or None, **TIGHT).estimate.plan
    R = correlations(MOBI[list(ECSI.items)].cov().to_numpy()[..., None])[0]
    stack = np.repeat(R, 5, axis=2)
    stack[..., 1] = np.nan
    stack[:2, :2, 3] = 1.0
    stack[0, :, 3] = stack[1, :, 3]
    stack[:, 0, 3] = stack[:, 1, 3]
    found = outer_weights(plan, stack, None, 1e-11, 300)
    alone = outer_weights(plan, R, None, 1e-11, 300)
    for b in (0, 2, 4):
        np.testing.assert_allclose(found.w[:, b], alone.w[:, 0], atol=1e-14)
    assert not found.converged[1]
    assert found.dependent[3] == bool(modes)
    assert found.converged[3] != bool(modes)


def test_an_unconverged_fit_is_returned_loudly(monkeypatch):
    monkeypatch.setattr(pls_estimate, "MAX_ITERATIONS", 2)
    with pytest.warns(csi.ConvergenceWarning, match="did not converge in 2 evaluations"):
        res = csi.fit(ECSI, MOBI, estimator="pls")
    assert not res.converged
    assert not res.admissible
    assert np.isfinite(res.table["est"]).all()
    assert "NOT CONVERGED" in repr(res)


def test_outer_weights_have_a_table_of_their_own():
    rows = BASE.table[BASE.table["op"] == "<~"]
    np.testing.assert_array_equal(BASE.outer_weights["est"], rows["est"])
    np.testing.assert_array_equal(BASE.outer_weights["indicator"], rows["rhs"])
    assert csi.fit(ECSI.without("image"), MOBI, engine="native").outer_weights.empty


def test_moments_are_enough():
    res = csi.fit(ECSI, csi.moments(MOBI, ECSI), **TIGHT)
    np.testing.assert_allclose(res.table["est"], BASE.table["est"], atol=STOP)
    np.testing.assert_allclose(res.index["se"], BASE.index["se"])


def test_consistent_pls_recovers_what_pls_attenuates():
    """Both estimate the factor model; answers are whole numbers, which costs both the same."""
    survey = csi.simulate("acsi_1996", n=100_000, seed=2)
    plsc, pls, ml = (csi.fit_acsi(survey, estimator=e, **({"engine": "native"} if e == "ml" else {})) for e in ("plsc", "pls", "ml"))
    np.testing.assert_allclose(plsc.paths["std"], ml.paths["std"], atol=0.01)
    assert (pls.paths["std"] - ml.paths["std"]).abs().max() > 0.05
    np.testing.assert_allclose(plsc.loadings["std"], ml.loadings["std"], atol=0.01)


def test_plsc_corrects_the_constructs_that_are_named():
    acsi = ECSI.without("image")
    some = csi.fit(acsi, MOBI, estimator="plsc", consistent=["quality"])
    assert some.options.consistent == ("quality",)
    plain, rho = csi.fit(acsi, MOBI, estimator="pls"), some.reliability.loc["quality", "rho_a"]
    corrected = plain.construct_correlations.loc["quality", "value"] / np.sqrt(rho)
    assert some.construct_correlations.loc["quality", "value"] == pytest.approx(corrected)
    assert some.construct_correlations.loc["loyalty", "value"] == pytest.approx(plain.construct_correlations.loc["loyalty", "value"])
    text = some.summary().as_text()
    assert "quality" in text


THIRD = """
    image =~ IMAG1 + IMAG2 + IMAG3\nvalue =~ PERV1 + PERV2\nquality =~ PERQ1 + PERQ2 + PERQ3
    offer =~ image + value\nworth =~ offer + quality\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3\nsatisfaction ~ worth"""


def test_a_third_order_is_estimated_stage_by_stage():
    """Stage by stage with plain fits on scores: each higher construct is measured by the scores of the stage before."""
    res = csi.fit(csi.ModelSpec.from_lavaan(THIRD, target="satisfaction", scale=(1, 10)), MOBI, **TIGHT)
    z = (MOBI - MOBI.mean()) / MOBI.std()

    def scores(fit, data):
        standard = (data - data.mean()) / data.std()
        return {c: sum(w * standard[i] for (k, i), w in est(fit, "<~").items() if k == c) for c in fit.spec.construct_names}

    blocks = {"image": ["IMAG1", "IMAG2", "IMAG3"], "value": ["PERV1", "PERV2"], "quality": ["PERQ1", "PERQ2", "PERQ3"]}
    sat = "satisfaction =~ CUSA1 + CUSA2 + CUSA3"
    first = csi.ModelSpec.from_lavaan(
        "\n".join(f"{c} =~ {' + '.join(b)}" for c, b in blocks.items()) + f"\n{sat}\nsatisfaction ~ image + value + quality"
    )
    one = csi.fit(first, MOBI, **TIGHT)
    data = z.assign(**{f"s_{c}": s for c, s in scores(one, MOBI).items()})
    second = csi.ModelSpec.from_lavaan(f"offer =~ s_image + s_value\nquality =~ s_quality\n{sat}\nsatisfaction ~ offer + quality")
    two = csi.fit(second, data, **TIGHT)
    data = data.assign(t_offer=scores(two, data)["offer"])
    third = csi.ModelSpec.from_lavaan(f"worth =~ t_offer + s_quality\n{sat}\nsatisfaction ~ worth")
    three = csi.fit(third, data, **TIGHT)
    assert est(res, "~")["satisfaction", "worth"] == pytest.approx(est(three, "~")["satisfaction", "worth"], abs=1e-8)
    assert est(res, "<~")["offer", "image"] == pytest.approx(est(two, "<~")["offer", "s_image"], abs=1e-8)
    assert est(res, "<~")["worth", "offer"] == pytest.approx(est(three, "<~")["worth", "t_offer"], abs=1e-8)
    assert set(res.index.index) >= {"offer", "worth"}
    assert res.effects.query("source == 'worth' and target == 'satisfaction'")["total"].item() == pytest.approx(
        est(res, "~")["satisfaction", "worth"]
    )


def test_formative_text_and_modes_of_higher_orders():
    text = THIRD.replace("offer =~", "offer <~").replace("worth =~ offer + quality", "worth <~ offer + quality")
    spec = csi.ModelSpec.from_lavaan(text)
    assert csi.ModelSpec.from_lavaan(spec.to_lavaan()).constructs == spec.constructs
    by_text, by_option = (
        csi.fit(spec, MOBI, **TIGHT),
        csi.fit(csi.ModelSpec.from_lavaan(THIRD), MOBI, modes={"offer": "B", "worth": "B"}, **TIGHT),
    )
    np.testing.assert_allclose(by_text.table["est"], by_option.table["est"], atol=STOP)
    with pytest.raises(csi.IdentificationError):
        csi.fit(spec, MOBI)


ACSI = csi.load_model("acsi_1996")
HOC = csi.ModelSpec.from_lavaan(THIRD)
COPY = csi.ModelSpec.from_lavaan("value =~ PERV1 + PERV2 + PERV3\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3\nsatisfaction ~ value")


@pytest.mark.parametrize(
    ("model", "data", "options", "code"),
    [
        (ECSI, MOBI, {"scheme": "ring"}, "option.scheme"),
        (ECSI, MOBI, {"modes": "C"}, "option.modes"),
        (ECSI, MOBI, {"modes": {"image": "C"}}, "option.modes"),
        (ECSI, MOBI, {"modes": {"price": "B"}}, "spec.unknown_name"),
        (ECSI, MOBI, {"tol": 0}, "option.tol"),
        (ECSI, MOBI, {"tol": True}, "option.tol"),
        (ECSI, MOBI, {"higher_order": "hybrid"}, "option.higher_order"),
        (HOC, MOBI, {"higher_order": "embedded"}, "option.higher_order_depth"),
        (HOC, MOBI, {"estimator": "plsc"}, "option.plsc_higher_order"),
        (ECSI, MOBI, {"estimator": "plsc", "consistent": ["complaints"]}, "option.consistent"),
        (ECSI, MOBI, {"consistent": ["image"]}, "option.other_estimator"),
        (ECSI, MOBI, {"likelihood": "wishart"}, "option.other_estimator"),
        (ECSI, MOBI, {"estimator": "ml", "scheme": "centroid"}, "option.other_estimator"),
        (ECSI, MOBI.head(5), {}, "data.too_few_rows"),
        (ECSI, MOBI.assign(CUSA1=5.0), {}, "data.no_variation"),
        (COPY, MOBI.assign(PERV3=MOBI["PERV1"] + MOBI["PERV2"]), {"modes": "B"}, "pls.dependent"),
        (csi.ModelSpec.from_lavaan("a =~ CUSA1 + CUSA2"), MOBI, {}, "pls.no_neighbour"),
        (csi.ModelSpec.from_lavaan("a =~ CUSA1 + CUSA2\nb =~ PERV1 + PERV2\nb ~ 0.5*a"), MOBI, {}, "pls.constrained"),
        (csi.ModelSpec.from_lavaan("a =~ x*CUSA1 + x*CUSA2\nb =~ PERV1 + PERV2\nb ~ a"), MOBI, {}, "pls.constrained"),
    ],
)
def test_what_pls_refuses_is_named(model, data, options, code):
    with pytest.raises(csi.CSIError) as caught:
        quiet(csi.fit, model, data, **({"estimator": "pls"} | options))
    assert caught.value.code == code
    assert caught.value.variable
    assert caught.value.hint


@pytest.mark.parametrize("text", ["a <~ 2*CUSA1 + CUSA2\nb =~ PERV1\nb ~ a", "a <~ CUSA1\na =~ CUSA2\nb =~ PERV1\nb ~ a"])
def test_formative_blocks_are_defined_plainly(text):
    with pytest.raises(csi.ModelSyntaxError) as caught:
        csi.ModelSpec.from_lavaan(text)
    assert caught.value.code == "syntax.formative"


def test_what_pls_leaves_out_is_said():
    spec = csi.ModelSpec.from_lavaan("a =~ CUSA1 + CUSA2\nb =~ PERV1 + PERV2\nb ~ a\nCUSA1 ~~ PERV1")
    with pytest.warns(csi.CSIWarning, match="CUSA1 ~~ PERV1"):
        csi.fit(spec, MOBI, estimator="pls")
