"""Simulated surveys: the truth they carry is the truth they were drawn from."""

import json
from math import sqrt

import numpy as np
import pandas as pd
import pytest

import csimodels as csi
from csimodels.population import population

CATALOG = ["acsi_1996", "ecsi_mobile_2005", "ecsi_1999", "ncsb_1996", "scsb_1989"]
EXACT = 1e-6  # of a fit to population moments: what the optimiser leaves
SIGMAS = 4.5  # of one estimate among some hundred, at fixed seeds


def reverse_spec():
    items = [csi.Indicator("s1", (1, 7)), csi.Indicator("s2", (1, 7), reverse=True), csi.Indicator("s3", (1, 7))]
    quality = csi.Construct("quality", [csi.Indicator(f"q{k}", (0, 10)) for k in range(3)])
    return csi.ModelSpec(
        "reverse",
        [quality, csi.Construct("satisfaction", items)],
        [csi.Path("quality", "satisfaction", "+")],
        "satisfaction",
    )


def higher_order():
    return csi.ModelSpec.from_lavaan(
        "a =~ a1 + a2 + a3; b =~ b1 + b2 + b3; c =~ c1 + c2 + c3; h =~ a + b + c; s =~ s1 + s2 + s3; s ~ h",
        scale=(1, 7),
    )


def observed():
    return csi.ModelSpec.from_lavaan("f =~ a + b + c; g =~ d + e + h; f ~ x + y; g ~ f + x; z ~ g", scale=None)


def formative(lower=False):
    if lower:
        parts = [csi.Construct(n, [csi.Indicator(f"{n}{k}", (1, 10)) for k in range(3)]) for n in "ab"]
        first = [*parts, csi.Construct("f", ["a", "b"], mode="formative")]
    else:
        first = [csi.Construct("f", [csi.Indicator(f"x{k}", (1, 10)) for k in range(4)], mode="formative")]
    g = csi.Construct("g", [csi.Indicator(f"y{k}", (1, 10)) for k in range(3)])
    return csi.ModelSpec("composite", [*first, g], [csi.Path("f", "g", "+")], target="g")


def standardised(res):
    table = res.table[res.table["op"].isin(["~", "=~"])]
    names = [f"{a} {op} {b}" for a, op, b in zip(table["lhs"], table["op"], table["rhs"], strict=True)]
    return table.set_axis(names)


def fit_population(spec, n=1000, **options):
    pop = population(spec, **options)
    return csi.fit(spec, csi.Moments.from_cov(pop.cov, n, pop.mean, divisor="n"), engine="native")


@pytest.mark.parametrize("model", [*CATALOG, reverse_spec(), higher_order(), observed()])
def test_population_moments_give_back_the_truth(model):
    for loadings, correlation in ((0.8, 0.3), (0.65, -0.2)):
        truth = csi.simulate(model, 5, 1, loadings=loadings, correlation=correlation, integers=False).attrs["truth"]
        res = fit_population(model, loadings=loadings, correlation=correlation)
        std = standardised(res)["std"]
        for name, value in (truth["paths"] | truth["loadings"]).items():
            assert std[name] == pytest.approx(value, abs=EXACT), name
        for name, value in truth["rsquared"].items():
            assert res.rsquared[name] == pytest.approx(value, abs=EXACT), name
        assert res.fit_measures["chisq"] == pytest.approx(0, abs=EXACT)


@pytest.mark.parametrize("model", ["acsi_1996", "ecsi_mobile_2005", reverse_spec()])
def test_population_index_and_impact(model):
    spread = {"satisfaction": 25}
    means = {"satisfaction": 64, "quality": 81}
    names = csi.load_model(model).items if isinstance(model, str) else model.items
    means[names[-1]] = 40
    loadings = {"quality": 0.7, names[-2]: 0.5}
    options = {"means": means, "sd": spread, "loadings": loadings}
    truth = csi.simulate(model, 5, 1, integers=False, **options).attrs["truth"]
    res = fit_population(model, **options)
    for construct, value in truth["index"].items():
        assert res.index.loc[construct, "score"] == pytest.approx(value, abs=1e-5), construct
    impact = res.impact(delta=5)
    for driver, row in truth["impact"].items():
        for target, points in row.items():
            assert impact.loc[driver, target] == pytest.approx(points, abs=1e-5), (driver, target)


@pytest.mark.parametrize("lower", [False, True])
def test_formative_construct_is_exactly_its_composite(lower):
    spec = formative(lower)
    loadings = {"f": 0.7} if lower else {"x0": 0.5, "x1": 0.6, "x2": 0.7, "x3": 0.8}
    pop = population(spec, loadings=loadings, paths=0.5)
    truth = csi.simulate(spec, 5, 1, loadings=loadings, paths=0.5).attrs["truth"]
    parts = list(spec.construct("f").items)
    R = pop.Phi if lower else pop.correlation
    at = [(pop.nodes if lower else spec.items).index(i) for i in parts]
    w = np.array([truth["weights"][f"f <~ {i}"] for i in parts])
    assert w @ R[np.ix_(at, at)] @ w == pytest.approx(1)
    assert R[np.ix_(at, at)] @ w == pytest.approx([truth["loadings"][f"f =~ {i}"] for i in parts])
    y = (pop.nodes if lower else spec.items).index("g" if lower else "y0")
    assert w @ R[at, y] == pytest.approx(0.5 if lower else 0.5 * 0.8)
    assert np.linalg.eigvalsh(pop.correlation)[0] > 0


def test_same_seed_same_survey():
    a, b, c = (csi.simulate("acsi_1996", 300, seed, missing=0.1) for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(a, b)
    assert a.attrs == b.attrs
    assert not a.equals(c)


def test_longer_survey_begins_with_the_shorter():
    pd.testing.assert_frame_equal(csi.simulate("acsi_1996", 50, 3).iloc[:20], csi.simulate("acsi_1996", 20, 3), check_exact=True)


def test_truth_is_plain_json():
    df = csi.simulate("ecsi_1999", 10, np.int64(1))
    assert json.loads(json.dumps(df.attrs["truth"])) == df.attrs["truth"]


@pytest.mark.parametrize("scale", [(1, 5), (0, 10), (-3, 3), (1, 7), (0, 100)])
def test_whole_numbers_on_any_scale(scale):
    df = csi.simulate("acsi_1996", 3000, 2, scale=scale)
    rating = df.drop(columns="complaint")
    assert set(df.dtypes.astype(str)) == {"int64"}
    assert rating.min().min() >= scale[0]
    assert rating.max().max() <= scale[1]
    assert sorted(df["complaint"].unique()) == [0, 1]
    assert csi.fit("acsi_1996", df, scale=scale, engine="native").admissible


def test_scale_in_steps_that_are_not_whole():
    df = csi.simulate(csi.ModelSpec.from_lavaan("f =~ a + b + c", scale=(0.5, 4)), 2000, 1)
    assert set(np.unique(df)) == {0.5, 1.5, 2.5, 3.5}


def test_unrounded_draws_can_be_fitted_and_others_out_of_scale_cannot():
    frame = csi.simulate("acsi_1996", n=300, seed=1, integers=False)
    assert frame["complaint"].min() < 0 and csi.fit("acsi_1996", frame, engine="native").converged
    frame.attrs.clear()
    with pytest.raises(csi.ScaleError):
        csi.fit("acsi_1996", frame, engine="native")


def test_continuous_answers_pass_the_ends_of_the_scale():
    df = csi.simulate("acsi_1996", 5000, 2, integers=False)
    assert df["qual_overall"].max() > 10
    assert df["complaint"].nunique() == 5000
    assert not np.array_equal(df["qual_overall"], df["qual_overall"].round())


@pytest.mark.parametrize("share", [0.05, 0.15, 0.6])
def test_complaints_are_ones_by_their_share_with_the_expected_sign(share):
    df = csi.simulate("acsi_1996", 40_000, 4, share=share)
    assert df["complaint"].mean() == pytest.approx(share, abs=SIGMAS * sqrt(share * (1 - share) / 40_000))
    assert df.attrs["truth"]["index"]["complaints"] == pytest.approx(100 * share)
    assert df["complaint"].corr(df["sat_overall"]) < -0.1


def test_share_by_item_goes_through_means():
    truth = csi.simulate("scsb_1989", 10, 1, means={"complaint_management": 5}).attrs["truth"]
    assert truth["means"]["complaint_management"] == pytest.approx(0.05)
    assert truth["means"]["complaint_personnel"] == pytest.approx(0.15)


def test_means_spread_and_attenuation_of_the_answers():
    df = csi.simulate(reverse_spec(), 200_000, 5, means={"satisfaction": 85}, sd=25)
    truth = df.attrs["truth"]
    latent = csi.simulate(reverse_spec(), 200_000, 5, means={"satisfaction": 85}, sd=25, integers=False)
    for item in df:
        assert df[item].mean() == pytest.approx(truth["means"][item], abs=SIGMAS * truth["sds"][item] / sqrt(2e5))
        assert df[item].std() == pytest.approx(truth["sds"][item], rel=0.01)
        assert df[item].corr(latent[item]) == pytest.approx(truth["attenuation"][item], abs=0.002)


def test_reverse_items_come_out_reversed():
    df = csi.simulate(reverse_spec(), 2000, 1, means={"satisfaction": 80})
    assert df["s1"].corr(df["s2"]) < -0.4
    assert df["s1"].mean() > 5
    assert df["s2"].mean() < 3
    res = csi.fit(reverse_spec(), df, engine="native")
    assert (res.loadings["std"] > 0.6).all()
    assert res.index.loc["satisfaction", "score"] == pytest.approx(df.attrs["truth"]["index"]["satisfaction"], abs=2)


def test_items_without_scale_are_standard_normal():
    df = csi.simulate(observed(), 20_000, 1)
    assert df.mean().abs().max() < SIGMAS / sqrt(20_000)
    assert df.std().to_numpy() == pytest.approx(1, abs=0.03)
    assert df.attrs["truth"]["index"] == {}


def test_missing_answers():
    df = csi.simulate("acsi_1996", 5000, 1, missing=0.2)
    assert df.isna().to_numpy().mean() == pytest.approx(0.2, abs=0.01)
    full = csi.simulate("acsi_1996", 5000, 1)
    assert full.where(df.notna()).equals(df)


def test_stated_paths_stand_and_the_others_make_room():
    paths = {("quality", "satisfaction"): 0.85}
    truth = csi.simulate("acsi_1996", 5, 1, paths=paths).attrs["truth"]
    assert truth["paths"]["satisfaction ~ quality"] == 0.85
    assert 0 < truth["paths"]["satisfaction ~ value"] < 0.3
    assert max(truth["rsquared"].values()) <= 0.85 + 1e-12
    alone = csi.simulate("acsi_1996", 5, 1, paths=0.2).attrs["truth"]["paths"]
    assert {abs(v) for v in alone.values()} == {0.2}
    assert alone["complaints ~ satisfaction"] == -0.2


@pytest.mark.parametrize("model", CATALOG)
def test_default_paths_have_the_expected_signs(model):
    truth = csi.simulate(model, 5, 1).attrs["truth"]
    for p in csi.load_model(model).paths:
        value = truth["paths"][f"{p.target} ~ {p.source}"]
        assert value < -0.05 if p.sign == "-" else value > 0.05


def test_zeros_of_the_spec_are_zeros_of_the_population():
    spec = csi.ModelSpec.from_lavaan("f =~ a + b + c; g =~ d + e + h; k =~ i + j + l; k ~ 0*f + g; f ~~ 0*g")
    truth = csi.simulate(spec, 5, 1).attrs["truth"]
    assert truth["paths"]["k ~ f"] == 0
    assert truth["correlations"]["f"]["g"] == 0
    assert fit_population(spec).fit_measures["chisq"] == pytest.approx(0, abs=EXACT)


def test_single_item_with_reliability():
    spec = csi.ModelSpec(
        "single",
        [csi.Construct("q", ["a", "b", "c"]), csi.Construct("s", ["d"], reliability=0.81)],
        [csi.Path("q", "s", "+")],
    )
    truth = csi.simulate(spec, 5, 1, paths=0.5).attrs["truth"]
    assert truth["loadings"]["s =~ d"] == pytest.approx(0.9)
    assert standardised(fit_population(spec, paths=0.5))["std"]["s ~ q"] == pytest.approx(0.5, abs=EXACT)


BAD = [
    ({"n": 0}, "simulate.bad_n", "n", 0),
    ({"n": 10.5}, "simulate.bad_n", "n", 10.5),
    ({"n": True}, "simulate.bad_n", "n", True),
    ({"seed": -1}, "simulate.bad_seed", "seed", -1),
    ({"seed": None}, "simulate.bad_seed", "seed", None),
    ({"integers": "yes"}, "simulate.bad_integers", "integers", "yes"),
    ({"loadings": 1.0}, "simulate.bad_loading", "loadings", 1.0),
    ({"loadings": {"sat_overall": -1.5}}, "simulate.bad_loading", "sat_overall", -1.5),
    ({"loadings": {"quality": "high"}}, "simulate.bad_loading", "quality", "high"),
    ({"loadings": 0}, "simulate.bad_loading", "expect_overall", 0),
    ({"loadings": {"qualty": 0.5}}, "simulate.unknown_name", "loadings", "qualty"),
    ({"means": {"Q1": 50}}, "simulate.unknown_name", "means", "Q1"),
    ({"sd": {"Q1": 50}}, "simulate.unknown_name", "sd", "Q1"),
    ({"paths": {("value", "quality"): 0.5}}, "simulate.unknown_name", "paths", ("value", "quality")),
    ({"correlation": {("value", "quality"): 0.5}}, "simulate.unknown_name", "correlation", ("value", "quality")),
    ({"paths": float("nan")}, "simulate.bad_path", "paths", None),
    ({"paths": 0.9}, "simulate.impossible_paths", "value", None),
    ({"paths": {("quality", "satisfaction"): 1.2}}, "simulate.impossible_paths", "satisfaction", None),
    ({"means": 100}, "simulate.bad_mean", "means", 100),
    ({"means": {"complaints": 0}}, "simulate.bad_mean", "complaints", 0),
    ({"sd": 0}, "simulate.bad_sd", "sd", 0),
    ({"share": 1}, "simulate.bad_share", "share", 1),
    ({"correlation": 1}, "simulate.bad_correlation", "correlation", 1),
    ({"missing": 1.0}, "simulate.bad_missing", "missing", 1.0),
    ({"missing": -0.1}, "simulate.bad_missing", "missing", -0.1),
]


@pytest.mark.parametrize(("options", "code", "variable", "value"), BAD)
def test_bad_options_are_named(options, code, variable, value):
    with pytest.raises(csi.OptionError) as caught:
        csi.simulate("acsi_1996", **{"n": 10, "seed": 1} | options)
    error = caught.value
    assert (error.code, error.variable) == (code, variable)
    assert error.hint
    assert code in str(error)
    if value is not None:
        assert error.value == value
        assert repr(value) in str(error) or f"{value:g}" in str(error)


def test_impossible_correlations_and_composites_are_named():
    three = csi.ModelSpec.from_lavaan("f =~ a + b; g =~ c + d; h =~ e + i")
    with pytest.raises(csi.OptionError, match="impossible_correlation"):
        csi.simulate(three, 10, 1, correlation=-0.6)
    crossed = formative()
    crossed = csi.ModelSpec("crossed", crossed.constructs, [*crossed.paths, csi.Path("x0", "g", "+")])
    with pytest.raises(csi.OptionError, match="unsupported"):
        csi.simulate(crossed, 10, 1)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["acsi_1996", "ecsi_mobile_2005", reverse_spec(), higher_order()])
def test_large_continuous_sample_recovers_the_truth(model):
    df = csi.simulate(model, 200_000, 11, integers=False)
    moments = csi.Moments.from_rows(df.to_numpy(), list(df.columns))
    table = standardised(csi.fit(model, moments, engine="native"))
    truth = df.attrs["truth"]["paths"] | df.attrs["truth"]["loadings"]
    for name, value in truth.items():
        se = table.loc[name, "std_se"]
        assert abs(table.loc[name, "std"] - value) <= (SIGMAS * se if se > 0 else EXACT), name


@pytest.mark.slow
def test_large_integer_sample_recovers_loadings_index_and_the_thinner_complaints():
    df = csi.simulate("acsi_1996", 200_000, 12)
    truth, res = df.attrs["truth"], csi.fit_acsi(df, engine="native")
    std = standardised(res)["std"]
    for name, value in truth["loadings"].items():
        item = name.split(" =~ ")[1]
        if item != "complaint":
            assert std[name] == pytest.approx(value * truth["attenuation"][item], abs=0.01), name
    thinner = truth["paths"]["complaints ~ satisfaction"] * truth["attenuation"]["complaint"]
    # Complaints come from the lower tail, where ratings are not clipped: the correlation is a little larger than linear.
    assert std["complaints ~ satisfaction"] == pytest.approx(thinner, abs=0.02)
    for construct, value in truth["index"].items():
        row = res.index.loc[construct]
        assert abs(row["score"] - value) < SIGMAS * row["se"], construct
