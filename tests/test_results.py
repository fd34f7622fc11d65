"""What a result says: indices, impacts, scores, effects, options, engines, persistence."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import frame, oracle
from test_vs_lavaan import close

import csimodels as csi
from csimodels import Construct, ModelSpec, Moments

# The same numbers by other arithmetic.
ROUNDING = 1e-9
# lavaan's g cases were polished; its delta-method se are exact, those of std values differentiated numerically.
TIGHT = 2e-6


def native(spec, data, **options):
    return csi.fit(spec, data, engine="native", **options)


@pytest.fixture
def res(acsi_mobi):
    return native(acsi_mobi, frame("mobi"))


# --- index, impact, scores: written out by hand from the definition


def block(res, construct):
    rows = res.loadings[res.loadings["construct"] == construct]
    items = rows["indicator"].tolist()
    theta = [res.table.query("op == '~~' and lhs == rhs and lhs == @i")["est"].iloc[0] for i in items]
    weight = np.ones(1) if len(items) == 1 else rows["est"].to_numpy() / np.array(theta)
    return items, weight, rows["est"].to_numpy()


def test_index_is_the_scoring_rule(res, mobi):
    for construct, row in res.index.iterrows():
        items, u, _ = block(res, construct)
        per_person = 100 * (mobi[items].to_numpy() - 1) @ u / (9 * u.sum())
        assert row["score"] == pytest.approx(per_person.mean(), abs=ROUNDING)
        assert row["se"] == pytest.approx(per_person.std(ddof=1) / np.sqrt(250), abs=ROUNDING)
        assert row["ci_lower"] == pytest.approx(row["score"] - 1.959963985 * row["se"], abs=1e-6)
    assert res.csi == res.index.loc["satisfaction", "score"]
    assert set(res.index["weights"]) == {"fixed"}


def test_scores_are_the_respondents_indices(res, mobi):
    scores = res.scores(mobi)
    np.testing.assert_allclose(scores.mean(), res.index["score"], atol=ROUNDING)
    np.testing.assert_allclose(scores.sem(), res.index["se"], atol=ROUNDING)


def test_scores_keep_index_and_order_and_leave_dropped_rows_empty(acsi_mobi):
    spec = acsi_mobi.without("quality", "complaints", "loyalty")
    holes = frame("mobi_missing10").set_index(pd.Index([f"r{k}" for k in range(250)]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        res = native(spec, holes)
        scores = res.scores(holes)
    assert scores.index.equals(holes.index)
    complete = holes[list(spec.items)].notna().all(axis=1)
    assert scores.notna().all(axis=1).equals(complete)


@pytest.mark.filterwarnings("ignore::csimodels.errors.CSIWarning")
@pytest.mark.parametrize("missing", ["listwise", "mean"])
def test_scores_know_the_fitted_frame_under_weights_and_missing_answers(missing, acsi_mobi):
    """Rows without weight are recognised and scored; replaced answers get the fitted means, also in new data."""
    spec = acsi_mobi.without("quality", "complaints", "loyalty")
    holes, w = frame("mobi_missing10"), np.arange(250) % 3
    res = native(spec, holes, weights=w, missing=missing)
    scores = res.scores(holes)
    used = scores.notna().all(axis=1).to_numpy() & (w > 0)
    assert used.sum() == res.moments.rows
    np.testing.assert_allclose((scores[used].mul(w[used], axis=0).sum() / w[used].sum()), res.index["score"], atol=ROUNDING)
    np.testing.assert_allclose(res.scores(holes.tail(40), new_data=True), scores.tail(40), equal_nan=True)


def test_scores_of_another_frame_only_when_asked(res, mobi):
    other = mobi.sample(40, random_state=1)
    with pytest.raises(csi.DataError, match="new_data=True"):
        res.scores(other)
    np.testing.assert_allclose(res.scores(other, new_data=True), res.scores(mobi).loc[other.index], atol=ROUNDING)


def test_impact_is_the_total_effect_between_indices(res):
    unit = {}
    for construct in res.index.index:
        _, u, loading = block(res, construct)
        unit[construct] = 100 * (u @ loading) / (9 * u.sum())
    impact = res.impact(delta=5)
    for row in res.effects.to_dict("records"):
        want = 5 * row["total"] * unit[row["target"]] / unit[row["source"]]
        assert impact.loc[row["source"], row["target"]] == pytest.approx(want, rel=1e-9)
    np.testing.assert_allclose(res.impact(delta=1) * 5, impact)


def test_weight_rules(res, mobi):
    equal = res.index_table("equal")
    assert equal.loc["satisfaction", "score"] == pytest.approx(100 * (mobi[["CUSA1", "CUSA2", "CUSA3"]].mean().mean() - 1) / 9)
    items, u, _ = block(res, "satisfaction")
    std = u * mobi[items].std().to_numpy()
    want = 100 * ((mobi[items].mean() - 1) @ std) / (9 * std.sum())
    assert res.index_table("standardised").loc["satisfaction", "score"] == pytest.approx(want)
    same = res.index_table(dict(zip(res.weights["indicator"], res.weights["weight"], strict=True)))
    np.testing.assert_allclose(same["score"], res.index["score"])
    assert res.index_table(level=0.5).loc["value", "ci_upper"] < res.index.loc["value", "ci_upper"]
    assert not np.allclose(res.impact(weights="equal"), res.impact())
    assert not np.allclose(res.scores(mobi, weights="equal"), res.scores(mobi))


def test_weights_table(res):
    shares = res.weights.groupby("construct")["share"].sum()
    np.testing.assert_allclose(shares, 1.0)


def test_negative_variance_gives_equal_weights_and_says_so():
    spec = ModelSpec.from_lavaan("F =~ y1 + y2 + y3", target="F", scale=(1, 10))
    cov = oracle("g6_heywood")["input_cov"]
    S = pd.DataFrame(cov["values"], index=cov["rows"], columns=cov["cols"], dtype=float)
    with pytest.warns(csi.ImproperSolutionWarning, match="negative"), pytest.warns(csi.IndexWarning, match="equal weights"):
        res = native(spec, Moments.from_cov(S, 200, mean=[5, 6, 7]))
    assert res.csi == pytest.approx(100 * (6 - 1) / 9)
    assert not res.admissible
    assert res.converged


def test_index_scales_may_differ_within_a_block(acsi_mobi, mobi):
    mixed = mobi.assign(CUSA2=(mobi["CUSA2"] - 1) / 9)
    res = native(acsi_mobi, mixed, scale={"CUSA2": (0, 1)})
    assert res.csi == pytest.approx(native(acsi_mobi, mobi).csi, abs=1e-7)


# --- effects


G8 = {
    "ind_quality_satisfaction": ("quality", "satisfaction", "indirect"),
    "tot_quality_satisfaction": ("quality", "satisfaction", "total"),
    "ind_expectation_satisfaction": ("expectations", "satisfaction", "indirect"),
    "tot_expectation_satisfaction": ("expectations", "satisfaction", "total"),
    "ind_satisfaction_loyalty": ("satisfaction", "loyalty", "indirect"),
    "tot_satisfaction_loyalty": ("satisfaction", "loyalty", "total"),
    "tot_quality_loyalty": ("quality", "loyalty", "total"),
    "tot_expectation_loyalty": ("expectations", "loyalty", "total"),
}


@pytest.mark.parametrize("name", G8)
def test_effects_and_their_standard_errors_equal_lavaan(res, name):
    ref = oracle("g8_effects")
    source, target, kind = G8[name]
    row = res.effects.set_index(["source", "target"]).loc[(source, target)]
    raw = next(p for p in ref["params"] if p["lhs"] == name)
    std = next(p for p in ref["std_all"] if p["lhs"] == name)
    close(row[kind], raw["est"], TIGHT, name)
    close(row[f"{kind}_se"], raw["se"], TIGHT, f"{name} se")
    close(row[f"{kind}_std"], std["est.std"], TIGHT, f"{name} std")
    close(row[f"{kind}_std_se"], std["se"], 1e-5, f"{name} std se")


def test_direct_effects_are_the_paths(res):
    both = res.paths.merge(res.effects, on=["source", "target"])
    np.testing.assert_allclose(both["est"], both["direct"])
    np.testing.assert_allclose(both["se"], both["direct_se"])


# --- signs


def test_paths_hold_hypothesised_and_estimated_signs():
    res = native("acsi_1996", csi.load_acsi_demo())
    signs = res.paths.set_index(["source", "target"])
    assert signs.loc[("satisfaction", "complaints"), "expected_sign"] == "-"
    assert signs.loc[("satisfaction", "complaints"), "estimated_sign"] == "-"
    assert signs["sign_agrees"].dropna().all()
    assert signs.loc[("complaints", "loyalty"), "sign_agrees"] is pd.NA


# --- options: each keyword changes the result


def changed(a, b):
    return not np.allclose(a.table["est"], b.table["est"])


@pytest.mark.filterwarnings("ignore::csimodels.errors.CSIWarning")
def test_every_option_changes_the_result(acsi_mobi, mobi, res):
    assert changed(native(acsi_mobi, mobi, likelihood="wishart"), res)
    assert changed(native(acsi_mobi, mobi, std_lv=True), res)
    assert len(native(acsi_mobi, mobi, without=["complaints"]).table) < len(res.table)
    assert len(native(acsi_mobi, mobi, items={"quality": ["PERQ1", "PERQ2", "PERQ3"]}).table) < len(res.table)
    assert native(acsi_mobi, mobi, scale=(0, 10)).csi != res.csi
    assert csi.fit(acsi_mobi, mobi).engine.name != res.engine.name
    renamed = native(acsi_mobi, mobi.rename(columns={"CUSA1": "Q5"}), columns={"CUSA1": "Q5"})
    assert "Q5" in set(renamed.loadings["indicator"])
    assert changed(native(acsi_mobi, mobi, weights=np.linspace(1, 3, 250)), res)
    assert changed(native(acsi_mobi, mobi, na_values=[1]), res)
    holes = frame("mobi_missing10")
    small = acsi_mobi.without("quality", "complaints", "loyalty")
    assert changed(native(small, holes, missing="mean"), native(small, holes))


def test_without_takes_one_name_or_several(acsi_mobi, mobi):
    assert native(acsi_mobi, mobi, without="complaints").spec == native(acsi_mobi, mobi, without=["complaints"]).spec


def test_scale_may_name_the_users_columns(acsi_mobi, mobi):
    data = mobi.rename(columns={"CUSA1": "Q5"})
    a = native(acsi_mobi, data, columns={"CUSA1": "Q5"}, scale={"Q5": (0, 10)})
    b = native(acsi_mobi, mobi, scale={"CUSA1": (0, 10)})
    assert a.csi == pytest.approx(b.csi)


def test_std_lv_is_the_same_model(acsi_mobi, mobi, res):
    other = csi.fit(acsi_mobi, mobi, std_lv=True)
    assert other.fit_measures["chisq"] == pytest.approx(res.fit_measures["chisq"], abs=1e-8)
    np.testing.assert_allclose(other.loadings["std"], res.loadings["std"], atol=1e-8)
    assert other.csi == pytest.approx(res.csi, abs=1e-8)
    pd.testing.assert_frame_equal(other.impact(), res.impact(), atol=1e-7)


# --- single items with a known reliability


def test_reliability_of_a_single_item_sets_its_error_variance(acsi_mobi, mobi):
    spec = acsi_mobi.without("complaints").with_items({"loyalty": ["CUSL3"]})
    known = ModelSpec(
        "m",
        [c if c.name != "loyalty" else Construct("loyalty", c.indicators, reliability=0.8) for c in spec.constructs],
        spec.paths,
        "satisfaction",
    )
    res = native(known, mobi)
    error = res.table.query("lhs == 'CUSL3' and rhs == 'CUSL3'").iloc[0]
    assert error["est"] == pytest.approx(0.2 * mobi["CUSL3"].var(ddof=0))
    assert error["free"] == 0
    text = known.to_lavaan({"CUSL3": mobi["CUSL3"].var(ddof=0)})
    assert native(ModelSpec.from_lavaan(text), mobi).fit_measures["chisq"] == pytest.approx(res.fit_measures["chisq"], abs=1e-8)
    assert csi.fit(known, mobi).fit_measures["chisq"] == pytest.approx(res.fit_measures["chisq"], abs=1e-8)


# --- engines


def test_engines_say_what_ran(acsi_mobi, mobi):
    polished = csi.fit(acsi_mobi, mobi)
    assert polished.engine.name == "semopy"
    assert polished.engine.success
    assert polished.engine.chisq > polished.fit_measures["chisq"]
    assert 0 < polished.engine.polish_length < 0.1
    assert polished.semopy_model.n_samples == 250
    other = csi.fit(acsi_mobi, mobi, std_lv=True)
    assert other.engine.name == "native"
    assert "marker" in other.engine.why


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        ("S =~ CUSA1 + CUSA2 + CUSA3\nV =~ PERV1 + PERV2\nS ~ V\nCUSL1 ~ V", "native"),
        ("S =~ CUSA1 + CUSA2 + CUSA3\nV =~ PERV1 + PERV2\nC =~ CUSCO\nS ~ V\nC ~ V", "semopy"),
        ("S =~ CUSA1 + CUSA2 + CUSA3\nC =~ CUSCO\nL =~ CUSL3\nS ~ C + L", "semopy"),
    ],
)
def test_covariances_of_outcomes_and_single_items(text, engine, mobi):
    """What semopy has no place for goes to the kernel without a warning; both engines agree on the rest."""
    spec = ModelSpec.from_lavaan(text)
    res, other = csi.fit(spec, mobi), native(spec, mobi)
    assert res.engine.name == engine
    assert bool(res.engine.why) == (engine == "native")
    assert not res.warnings
    np.testing.assert_allclose(res.table["est"], other.table["est"], atol=1e-7)


def test_a_failure_of_semopy_is_reported(acsi_mobi, mobi, monkeypatch):
    import semopy

    def broken(*_, **__):
        raise RuntimeError("no luck")

    monkeypatch.setattr(semopy.Model, "fit", broken)
    with pytest.warns(csi.ConvergenceWarning, match="RuntimeError: no luck"):
        res = csi.fit(acsi_mobi, mobi)
    assert res.engine.name == "native"
    assert res.fit_measures["chisq"] == pytest.approx(native(acsi_mobi, mobi).fit_measures["chisq"], abs=1e-8)


@pytest.mark.filterwarnings("ignore::csimodels.errors.ImproperSolutionWarning", "ignore::csimodels.errors.CollinearityWarning")
def test_non_convergence_is_shouted():
    """Thirty-seven complete rows for nineteen items: lavaan does not converge either."""
    with pytest.warns(csi.ConvergenceWarning, match="did not converge"), pytest.warns(csi.DataWarning):
        res = native(ModelSpec.from_lavaan(oracle("b1_acsi_mobi_ml")["model"]), frame("mobi_missing10"))
    assert not res.converged
    assert not res.admissible
    assert any("did not converge" in text for text in res.warnings)


@pytest.mark.parametrize("engine", ["native", "semopy"])
@pytest.mark.parametrize("name", ["acsi_1996", "ecsi_1999", "ecsi_mobile_2005", "ncsb_1996", "scsb_1989"])
def test_every_catalog_model_converges(name, engine):
    data = csi.simulate(name, n=600, seed=3)
    res = csi.fit(name, data, engine=engine)
    assert res.converged
    assert res.admissible
    assert not res.warnings


# --- identification


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("f =~ PERQ1 + PERQ2", "f"),
        ("f =~ PERQ1 + PERQ2 + PERQ3\ng =~ NA*CUSA1 + CUSA2 + CUSA3\ng ~ f", "g"),
        ("f =~ PERQ1 + PERQ2 + PERQ3\ng =~ CUSA1\nCUSA1 ~~ NA*CUSA1\ng ~ f", "g"),
    ],
)
def test_unidentified_models_name_the_construct(text, construct):
    with pytest.raises(csi.IdentificationError) as caught:
        native(ModelSpec.from_lavaan(text), frame("mobi"))
    assert caught.value.variable == construct


def test_a_model_without_free_parameters_is_tested(mobi):
    fixed = "F =~ 1*CUSA1 + 1*CUSA2 + 1*CUSA3; F ~~ 1*F; CUSA1 ~~ 2*CUSA1; CUSA2 ~~ 2*CUSA2; CUSA3 ~~ 2*CUSA3"
    res = csi.fit(ModelSpec.from_lavaan(fixed), mobi)
    assert res.fit_measures["df"] == 6
    assert res.fit_measures["chisq"] > 100
    assert res.converged
    assert "F" in str(res.summary())


@pytest.mark.filterwarnings("ignore::csimodels.errors.CSIWarning")
@pytest.mark.parametrize(
    "text",
    [
        "CUSA1 ~ PERQ1 + PERV1; CUSL1 ~ CUSA1",
        "CUSA1 ~~ CUSA2; CUSA1 ~~ CUSA3",
        "a =~ PERQ1 + PERQ2 + PERQ3; b =~ PERV1 + PERV2; c =~ CUSA1 + CUSA2; g =~ a + b + c",
    ],
)
def test_every_table_of_unusual_models(text, mobi):
    """No constructs at all, and constructs of higher order: every table and rendering exists."""
    res = native(ModelSpec.from_lavaan(text), mobi)
    assert len(res.summary().as_text()) > 1000
    assert len(res.to_html()) > 5000
    assert len(res.reliability) == len(res.spec.constructs)


# --- persistence


def test_json_and_pickle_round_trips(res, tmp_path):
    file = tmp_path / "fit.json"
    res.to_json(file)
    for again in (csi.CSIResults.from_json(file), csi.CSIResults.from_json(res.to_json()), pickle.loads(pickle.dumps(res))):
        assert again.spec == res.spec
        assert again.options == res.options
        assert again.warnings == res.warnings
        for name in ("table", "index", "effects", "paths", "reliability", "weights"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(res, name))
        pd.testing.assert_series_equal(again.fit_measures, res.fit_measures)
        assert again.scores(frame("mobi")).equals(res.scores(frame("mobi")))


def test_json_keeps_what_was_said(mobi):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        bad = csi.fit("ecsi_mobile_2005", mobi, na_values={"CUSA1": [98]})
    again = csi.CSIResults.from_json(bad.to_json())
    assert again.warnings == bad.warnings
    assert not again.admissible
    assert again.engine == bad.engine
    assert again.options.na_values == {"CUSA1": (98,)}


def test_results_are_immutable(res):
    with pytest.raises(AttributeError):
        res.spec = None


# --- surface


def test_params_are_named_like_statsmodels(res):
    assert res.params["satisfaction ~ quality"] == res.paths.set_index(["source", "target"]).loc[("quality", "satisfaction"), "est"]
    assert list(res.params.index) == list(res.std_errors.index) == list(res.pvalues.index) == list(res.conf_int().index)
    table = res.table[res.table["free"] > 0]
    np.testing.assert_allclose(res.conf_int()["lower"], table["ci_lower"])
    assert (res.conf_int(0.5)["lower"] > res.conf_int()["lower"]).all()
    np.testing.assert_allclose(np.sqrt(np.diag(res.vcov())), res.std_errors)


def test_reliability_and_fornell_larcker(res, mobi):
    row = res.reliability.loc["satisfaction"]
    S = mobi[["CUSA1", "CUSA2", "CUSA3"]]
    assert row["alpha_raw"] == pytest.approx(1.5 * (1 - S.var().sum() / S.cov().to_numpy().sum()))
    assert row["alpha"] == pytest.approx(1.5 * (1 - 3 / S.corr().to_numpy().sum()))
    std = res.loadings.query("construct == 'satisfaction'")["std"]
    assert row["ave"] == pytest.approx((std**2).mean())
    assert row["rho_c"] == pytest.approx(std.sum() ** 2 / (std.sum() ** 2 + (1 - std**2).sum()))
    assert np.isnan(res.reliability.loc["complaints", "alpha"])
    F = res.fornell_larcker
    np.testing.assert_allclose(np.diag(F), np.sqrt(res.reliability["ave"]))
    assert F.loc["quality", "expectations"] == pytest.approx(res.paths.query("target == 'quality'")["std"].iloc[0])
    assert F.isna().to_numpy()[np.triu_indices(6, 1)].all()


def test_moments_without_means_leave_everything_but_the_index(acsi_mobi, mobi):
    res = native(acsi_mobi, Moments.from_cov(mobi[list(acsi_mobi.items)].cov(), 250))
    assert np.isfinite(res.fit_measures["chisq"])
    assert np.isfinite(res.impact().to_numpy()).all()
    with pytest.raises(csi.MissingStatisticError, match="means"):
        _ = res.index
