"""The bootstrap of a result: every member equals a fit to its own rows; intervals against numpy, scipy and lavaan."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import frame, oracle
from scipy import stats

import csimodels as csi
from csimodels.inference.intervals import acceleration, spread

PLS = 2e-6  # both stop when no weight moves by more than 1e-7, from different starts
ML = 2e-4  # a resample stops at a Newton decrement of 1e-8: a ten-thousandth of a standard error
CLOSED = 0.05  # 2,000 resamples know a standard error within 3 %
MOBI = frame("mobi")
ECSI = csi.load_model("ecsi_mobile_2005")
ACSI = ECSI.without("image")
OFFER = csi.ModelSpec.from_lavaan(
    """image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5\nvalue =~ PERV1 + PERV2\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3
    loyalty =~ CUSL1 + CUSL2 + CUSL3\noffer =~ image + value\nsatisfaction ~ offer\nloyalty ~ satisfaction""",
    target="satisfaction",
    scale=(1, 10),
)
CORE = csi.ModelSpec.from_lavaan(
    """quality =~ PERQ1 + PERQ2 + PERQ3\nvalue =~ PERV1 + PERV2\nloyalty =~ CUSL1 + CUSL2 + CUSL3
    value ~ quality\nloyalty ~ quality + value""",
    target="loyalty",
    scale=(1, 10),
)
FORMED = csi.ModelSpec.from_lavaan(
    OFFER.to_lavaan().replace("offer =~", "offer <~") + "\nloyalty ~ offer", target="satisfaction", scale=(1, 10)
)
MADE = csi.ModelSpec.from_lavaan(
    """image <~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5\nquality =~ PERQ1 + PERQ3 + PERQ4\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3
    quality ~ image\nsatisfaction ~ quality + image""",
    target="satisfaction",
    scale=(1, 10),
)
KINDS = {
    "path": (ECSI, {"estimator": "pls"}, PLS),
    "centroid, mixed modes": (ECSI, {"estimator": "pls", "scheme": "centroid", "modes": {"image": "B", "quality": "unit"}}, PLS),
    "PLSc": (CORE, {"estimator": "plsc"}, PLS),
    "higher order": (OFFER, {"estimator": "pls"}, PLS),
    "embedded": (OFFER, {"estimator": "pls", "higher_order": "embedded"}, PLS),
    "composite of constructs": (FORMED, {"estimator": "pls"}, PLS),
    "embedded composite": (FORMED, {"estimator": "pls", "higher_order": "embedded"}, PLS),
    "ML, composite of items": (MADE, {}, ML),
    "ML, composite of constructs": (FORMED.without("CUSL2"), {}, ML),
    "ML": (CORE, {"engine": "native"}, ML),
    "ML, Wishart": (CORE, {"engine": "native", "likelihood": "wishart", "std_lv": True}, ML),
}


def quiet(call, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return call(*args, **options)


def tables(res):
    """Return what a result says, under the names of a bootstrap's samples."""
    parts = ["direct", "indirect", "total"] + (["direct_std", "indirect_std", "total_std"] if res.options.estimator == "ml" else [])
    out = {"table.est": res.table["est"], "rsquared.rsquared": res.rsquared, "f2.f2": res.f2["f2"], "index.score": res.index["score"]}
    out |= {f"effects.{p}": res.effects[p] for p in parts}
    out |= {f"reliability.{m}": res.reliability[m] for m in res.reliability.columns.drop("items")}
    out["weights.share"] = res.weights["share"]
    if res.options.estimator == "ml":
        out["table.std"] = res.table["std"]
    return {key: value.to_numpy(dtype=float) for key, value in out.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_equals_a_fit_to_its_rows(kind):
    spec, options, tol = KINDS[kind]
    boot = quiet(quiet(csi.fit, spec, MOBI, **options).bootstrap, MOBI, n_boot=6, seed=4)
    assert boot.n_failed == 0
    draws = np.random.default_rng(4).spawn(1)[0].integers(0, 250, size=(6, 250))
    for b, draw in enumerate(draws):
        res = quiet(csi.fit, spec, MOBI.iloc[draw].reset_index(drop=True), **options)
        for key, value in tables(res).items():
            np.testing.assert_allclose(boot.samples[key][:, b], value, atol=tol, rtol=tol, err_msg=key)
        impact = res.impact(1)
        pairs = zip(boot.impact()["driver"], boot.impact()["target"], strict=True)
        np.testing.assert_allclose(boot.samples["impact.impact"][:, b], [impact.loc[d, t] for d, t in pairs], atol=tol, rtol=tol)
        htmt = [res.htmt.loc[a, c] for a, c in zip(boot.htmt["construct_a"], boot.htmt["construct_b"], strict=True)]
        np.testing.assert_allclose(boot.samples["htmt.htmt"][:, b], htmt, atol=tol)


@pytest.mark.parametrize("kind", KINDS)
def test_the_points_are_the_tables_of_the_result(kind):
    spec, options, _ = KINDS[kind]
    res = quiet(csi.fit, spec, MOBI, **options)
    boot = quiet(res.bootstrap, MOBI, n_boot=10)
    for key, value in tables(res).items():
        np.testing.assert_allclose(boot.points[key], value, atol=1e-9, err_msg=key)
    for level in ("construct", "indicator"):
        plain, own = res.ipma(level=level).reset_index(), boot.ipma(level=level)
        np.testing.assert_allclose(own[["importance", "performance"]], plain[["importance", "performance"]], atol=1e-9)
        assert list(own["construct"]) == list(plain["construct"])


@pytest.fixture(scope="module")
def boot():
    return csi.fit(ECSI, MOBI, estimator="pls").bootstrap(MOBI, n_boot=2000, seed=1)


def test_percentile_intervals_are_quantiles(boot):
    lower, upper = np.quantile(boot.samples["table.est"], [0.025, 0.975], axis=1)
    known = boot.table["se"].notna()
    np.testing.assert_allclose(boot.table.loc[known, ["ci_lower", "ci_upper"]], np.column_stack([lower, upper])[known], atol=1e-12)
    np.testing.assert_allclose(boot.table.loc[known, "se"], boot.samples["table.est"].std(axis=1, ddof=1)[known])
    assert boot.table.loc[~known, "rhs"].unique().tolist() == ["CUSCO"]


def test_normal_intervals_are_centred_less_the_bias():
    est, samples = np.array([1.0]), np.random.default_rng(1).normal(1.2, 0.5, (1, 4000))
    s = spread(est, samples, "normal", 0.9)
    centre, half = 2.0 - samples.mean(), stats.norm.ppf(0.95) * samples.std(ddof=1)
    np.testing.assert_allclose([s.lower[0], s.upper[0]], [centre - half, centre + half])


def test_bca_equals_scipy_given_the_same_draws():
    """scipy's percentile of its BCa levels, from the same resamples and the same jackknife."""
    x = np.random.default_rng(1).exponential(size=80)
    reference = stats.bootstrap((x,), np.mean, n_resamples=3000, method="BCa", rng=np.random.default_rng(2))
    jack = np.array([np.delete(x, i).mean() for i in range(80)])[None]
    own = spread(np.array([x.mean()]), reference.bootstrap_distribution[None], "bca", 0.95, acceleration(jack))
    np.testing.assert_allclose([own.lower[0], own.upper[0]], reference.confidence_interval, rtol=1e-3)


def test_bca_moves_the_limits_of_a_skewed_quantity(boot):
    bca = boot.result.bootstrap(MOBI, n_boot=2000, seed=1, ci="bca")
    np.testing.assert_array_equal(bca.samples["f2.f2"], boot.samples["f2.f2"])
    assert bca.accelerations["f2.f2"].max() > 0.01
    assert (bca.f2["ci_lower"] - boot.f2["ci_lower"]).abs().max() > 1e-3


def test_the_same_seed_gives_the_same_numbers_for_any_number_of_threads():
    res = csi.fit(ECSI, MOBI, estimator="pls")
    one, two, other = (res.bootstrap(MOBI, n_boot=2500, seed=s, n_jobs=j) for s, j in ((7, 1), (7, 2), (8, 1)))
    for key in one.samples:
        np.testing.assert_array_equal(one.samples[key], two.samples[key])
    assert (one.samples["index.score"] != other.samples["index.score"]).any()


def test_equal_weights_give_the_closed_form_error_of_the_index(boot):
    again = boot.result.bootstrap(MOBI, n_boot=2000, seed=1, index_weights="equal")
    np.testing.assert_allclose(again.index["se"], boot.result.index_table("equal")["se"], rtol=CLOSED)
    assert set(again.index["weights"]) == {"fixed"}
    assert set(boot.index["weights"]) == {"re-estimated"}
    stated = boot.result.bootstrap(MOBI, n_boot=50, index_weights=dict.fromkeys(ECSI.items, 1.0))
    np.testing.assert_allclose(stated.index["score"], again.index["score"])


def test_weighted_fits_get_standard_errors():
    w = np.linspace(0.5, 2, 250)
    data = MOBI.assign(w=w)
    res = quiet(csi.fit, CORE, data, weights="w", engine="native")
    free = res.table["free"] > 0
    column = quiet(res.bootstrap, data, n_boot=300)
    array = quiet(res.bootstrap, MOBI, n_boot=300, weights=w)
    np.testing.assert_array_equal(column.table["se"], array.table["se"])
    assert column.table.loc[free, "se"].notna().all()
    loadings = free & (res.table["op"] == "=~")
    np.testing.assert_allclose(res.table.loc[loadings, "se"], column.table.loc[loadings, "se"], rtol=0.3)
    equal = quiet(res.bootstrap, data, n_boot=1000, index_weights="equal").index["se"]
    np.testing.assert_allclose(res.index_table("equal")["se"], equal, rtol=0.1)


def test_clusters_and_strata_reach_the_draws(boot):
    res = boot.result
    rows = MOBI.assign(shop=np.arange(250) // 5, wave=np.arange(250) // 125)
    assert res.bootstrap(rows, n_boot=20, clusters="shop", strata="wave").drawn == "clusters within strata"
    twice = pd.concat([MOBI, MOBI], ignore_index=True)
    doubled = csi.fit(ECSI, twice, estimator="pls")
    pairs = doubled.bootstrap(twice, n_boot=1000, clusters=np.tile(np.arange(250), 2)).index["se"]
    np.testing.assert_allclose(pairs, boot.index["se"], rtol=0.12)
    assert (doubled.bootstrap(twice, n_boot=1000).index["se"] < 0.85 * pairs).all()


def test_resamples_that_fail_are_counted_and_left_out():
    res = csi.fit(ACSI, MOBI, engine="native")
    with pytest.warns(csi.CSIWarning) as said:
        boot = res.bootstrap(MOBI, n_boot=400, seed=1)
    assert 0 < boot.n_failed < 60
    assert 0 < boot.n_inadmissible < 120
    assert boot.samples["table.est"].shape[1] == 400 - boot.n_failed
    assert np.isfinite(boot.samples["table.est"]).all()
    words = " ".join(str(w.message) for w in said)
    assert f"{boot.n_failed} of 400 resamples" in words
    assert f"{boot.n_inadmissible} of 400 resamples" in words
    assert boot.warnings == tuple(str(w.message) for w in said)


def test_a_resample_without_variance_fails_alone():
    rows = MOBI.head(30).copy()
    rows["CUSCO"] = np.where(np.arange(30) < 2, 1.0, 10.0)
    res = quiet(csi.fit, ECSI, rows, estimator="pls")
    boot = quiet(res.bootstrap, rows, n_boot=500, seed=1)
    draws = np.random.default_rng(1).spawn(1)[0].integers(0, 30, size=(500, 30))
    constant = (rows.to_numpy()[draws].std(axis=1) == 0).any(axis=1).sum()
    assert constant > 20
    assert boot.n_failed >= constant
    assert np.isfinite(boot.samples["table.est"]).all()


def test_bollen_stine_against_lavaan():
    """lavaan's p is .0102 of 300; 1,000 of ours lie within the 99.9 % band of both."""
    ref = oracle("b9_acsi_bollen_stine300")["tests"]["bollen.stine"]
    table = quiet(csi.fit(ACSI, MOBI, engine="native").bootstrap, MOBI, n_boot=1000, seed=1, exact_fit=True).exact_fit.set_index("measure")
    assert table.loc["chisq", "value"] == pytest.approx(ref["stat"], rel=1e-5)
    assert abs(table.loc["chisq", "pvalue"] - ref["pvalue"]) < 3.3 * np.sqrt(ref["pvalue"] * (1 / 300 + 1 / 1000))


def test_fit_quantiles_tell_a_true_model_from_a_false_one():
    survey = csi.simulate("acsi_1996", n=600, seed=3)
    right = csi.fit_acsi(survey, estimator="plsc").bootstrap(survey, n_boot=300, exact_fit=True).exact_fit.set_index("measure")
    assert (right["value"] < right["q99"]).all()
    assert (right["pvalue"] > 0.005).all()
    swapped = csi.load_model("acsi_1996").with_items(
        {"expectations": ["expect_overall", "qual_custom", "expect_reliab"], "quality": ["qual_overall", "expect_custom", "qual_reliab"]}
    )
    wrong = quiet(lambda: csi.fit(swapped, survey, estimator="plsc").bootstrap(survey, n_boot=300, exact_fit=True).exact_fit)
    assert (wrong["value"] > wrong["q99"]).all()


@pytest.mark.parametrize("kind", ["path", "PLSc", "higher order", "centroid, mixed modes"])
def test_pls_results_survive_json_and_pickle(kind):
    spec, options, _ = KINDS[kind]
    res = csi.fit(spec, MOBI, **options)
    for again in (csi.CSIResults.from_json(res.to_json()), pickle.loads(pickle.dumps(res))):
        pd.testing.assert_frame_equal(again.table, res.table)
        pd.testing.assert_frame_equal(again.index, res.index)
        pd.testing.assert_series_equal(again.fit_measures, res.fit_measures)
        assert again.options == res.options
        one, two = (quiet(r.bootstrap, MOBI, n_boot=20) for r in (again, res))
        np.testing.assert_array_equal(one.table["se"], two.table["se"])


RES = csi.fit(ECSI, MOBI, estimator="pls")
MEANS = csi.fit(CORE, csi.moments(MOBI, CORE), estimator="pls")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: RES.bootstrap(MOBI.head(249)), "bootstrap.other_data"),
        (lambda: MEANS.bootstrap(MOBI), "bootstrap.other_data"),
        (lambda: RES.bootstrap(MOBI, weights=np.arange(1.0, 251)), "bootstrap.other_weights"),
        (lambda: RES.bootstrap(MOBI, n_boot=1), "option.n_boot"),
        (lambda: RES.bootstrap(MOBI, n_boot=2.5), "option.n_boot"),
        (lambda: RES.bootstrap(MOBI, seed=-1), "option.seed"),
        (lambda: RES.bootstrap(MOBI, ci="studentised"), "option.ci"),
        (lambda: RES.bootstrap(MOBI, n_jobs=0), "option.n_jobs"),
        (lambda: RES.bootstrap(MOBI, level=95), "option.level"),
        (lambda: RES.bootstrap(MOBI, strata="region"), "data.missing_column"),
        (lambda: RES.bootstrap(MOBI, strata=[1, 2]), "strata.length"),
        (lambda: RES.bootstrap(MOBI, clusters=[None] * 250), "clusters.missing"),
        (lambda: RES.bootstrap(MOBI, clusters=np.zeros(250)), "clusters.too_few"),
        (lambda: RES.bootstrap(MOBI, clusters=np.arange(250) % 9, strata=np.arange(250) % 2), "clusters.across_strata"),
        (lambda: RES.bootstrap(MOBI, index_weights="loud"), "option.index_weights"),
        (lambda: RES.bootstrap(MOBI, n_boot=9).ipma(level="people"), "option.ipma_level"),
        (lambda: RES.bootstrap(MOBI, n_boot=9).ipma("profit"), "spec.unknown_name"),
        (lambda: RES.bootstrap(MOBI, n_boot=9).impact(0), "option.delta"),
        (RES.vcov, "pls.no_vcov"),
        (lambda: RES.residuals("normalized"), "option.residuals"),
        (lambda: csi.fit(CORE, MOBI, engine="native").f2_refit(), "result.not_pls"),
    ],
)
def test_bad_input_is_named(call, code):
    with pytest.raises(csi.CSIError) as caught:
        quiet(call)
    assert caught.value.code == code
    assert caught.value.hint
    assert caught.value.variable


def test_weights_of_a_weighted_fit_are_asked_for():
    res = quiet(csi.fit, CORE, MOBI, weights=np.linspace(1, 2, 250), estimator="pls")
    with pytest.raises(csi.CSIError) as caught:
        res.bootstrap(MOBI)
    assert caught.value.code == "bootstrap.no_weights"


def test_nothing_left_to_report_is_an_error():
    rows = MOBI.head(27)
    res = quiet(csi.fit, ECSI, rows, engine="native")
    with pytest.raises(csi.EstimationError) as caught:
        quiet(res.bootstrap, rows, n_boot=5)
    assert caught.value.code == "bootstrap.all_failed"


def test_data_that_cannot_be_made_to_fit_are_named():
    rows = MOBI.head(20)
    res = quiet(csi.fit, ECSI, rows, estimator="pls")
    with pytest.raises(csi.EstimationError) as caught:
        quiet(res.bootstrap, rows, n_boot=20, exact_fit=True)
    assert caught.value.code == "bootstrap.no_exact_fit"
