"""Factor scores and their errors against lavaan, by hand, and by what they must do."""

import numpy as np
import pandas as pd
import pytest
from conftest import frame, oracle
from test_inference import with_grades, with_grades_and_holes

import csimodels as csi
from csimodels import ModelSpec

# lavaan stops up to 1e-5 from the optimum, and scores are in units of the answers.
CLOSE = 2e-5
CASES = {
    "j2_scores": (with_grades, {}),
    "j2_scores_means": (with_grades, {}),
    "j2_scores_fiml": (with_grades_and_holes, {"missing": "fiml"}),
    "j2_scores_mimic": (with_grades, {}),
    "j2_scores_mimic_means": (with_grades, {"meanstructure": True}),
    "j2_scores_single": (with_grades, {}),
}


@pytest.mark.parametrize("method", ["regression", "bartlett"])
@pytest.mark.parametrize("name", CASES)
def test_lavaan(name, method):
    read, options = CASES[name]
    ref = oracle(name)[method]
    data = read()
    res = csi.fit(ModelSpec.from_lavaan(oracle(name)["model"]), data, engine="native", **options)
    found = res.factor_scores(data, method, se=True)
    expected = np.array(ref["scores"], dtype=float)
    np.testing.assert_allclose(found[ref["constructs"]].to_numpy()[: len(expected)], expected, atol=CLOSE)
    errors = np.array(ref["se"], dtype=float)
    own = found[[f"{c}_se" for c in ref["constructs"]]].to_numpy()[: len(expected)]
    known = np.isfinite(np.broadcast_to(errors, own.shape))
    np.testing.assert_allclose(own[known], np.broadcast_to(errors, own.shape)[known], atol=CLOSE)
    assert np.isfinite(own).all() or name == "j2_scores_fiml"


@pytest.mark.parametrize("name", ["b1_acsi_mobi_ml", "d1_politdemoc_ml", "d5_hs_ml"])
def test_lavaan_of_the_large_models(name):
    ref = oracle(name)
    data = frame({"b1": "mobi", "d1": "politdemoc", "d5": "hs"}[name[:2]])
    res = csi.fit(ModelSpec.from_lavaan(ref["model"]), data, engine="native")
    for method in ("regression", "bartlett"):
        theirs = ref[f"fscores_{method}_first10"]
        found = res.factor_scores(data, method)[theirs["cols"]].to_numpy()[:10]
        np.testing.assert_allclose(found, np.array(theirs["values"]), atol=2e-4)


THREE = oracle("j2_scores")["model"]


@pytest.fixture(scope="module")
def res():
    return csi.fit(ModelSpec.from_lavaan(THREE), frame("hs"), engine="native")


def test_bartlett_by_the_textbook(res):
    """(Lambda' Theta^-1 Lambda)^-1 Lambda' Theta^-1 (y - mean), written out."""
    loads = res.table.query("op == '=~'").pivot(index="rhs", columns="lhs", values="est").fillna(0.0)
    errors = res.table.query("op == '~~' and lhs == rhs").set_index("lhs")["est"][loads.index]
    L, T = loads.to_numpy(), np.diag(1 / errors.to_numpy())
    y = frame("hs")[loads.index]
    rule = np.linalg.solve(L.T @ T @ L, L.T @ T)
    expected = (y - y.mean()).to_numpy() @ rule.T
    found = res.factor_scores(frame("hs"), "bartlett", se=True)
    np.testing.assert_allclose(found[list(loads.columns)], expected, atol=1e-9)
    np.testing.assert_allclose(found[[f"{c}_se" for c in loads.columns]].iloc[0], np.sqrt(np.diag(np.linalg.inv(L.T @ T @ L))), rtol=1e-9)


def test_regression_scores_vary_as_the_model_says(res):
    """Their covariances plus those of their errors are the model's covariances where the sample's moments are the implied ones."""
    spec = ModelSpec.from_lavaan(THREE)
    rng = np.random.default_rng(1)
    root = np.linalg.cholesky(res.estimate.Sigma)
    z = rng.normal(size=(400, 9))
    z = (z - z.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T, ddof=0))).T
    exact = pd.DataFrame(z @ root.T, columns=list(spec.items))
    fit = csi.fit(spec, exact, engine="native")
    found = fit.factor_scores(exact, se=True)
    names = list(fit.estimate.table.latent)
    spread = found[names].var(ddof=0) + found[[f"{c}_se" for c in names]].iloc[0].to_numpy() ** 2
    A = np.linalg.inv(np.eye(3) - _paths(fit, names))
    Phi = np.diag(A @ np.diag(_disturbances(fit, names)) @ A.T)
    np.testing.assert_allclose(spread, Phi, rtol=1e-6)


def _paths(fit, names):
    B = np.zeros((3, 3))
    for r in fit.table.query("op == '~'").to_dict("records"):
        B[names.index(r["lhs"]), names.index(r["rhs"])] = r["est"]
    return B


def _disturbances(fit, names):
    own = fit.table.query("op == '~~' and lhs == rhs").set_index("lhs")["est"]
    return [own[c] for c in names]


def test_complete_rows_have_the_same_scores_after_fiml():
    data = frame("hs")
    spec = ModelSpec.from_lavaan(THREE)
    a = csi.fit(spec, data, engine="native").factor_scores(data, se=True)
    b = csi.fit(spec, data, missing="fiml", engine="native").factor_scores(data, se=True)
    np.testing.assert_allclose(a, b, atol=1e-8)


def test_dropped_rows_have_none_and_the_index_is_kept(res):
    holes = frame("hs").astype({"x1": float})
    holes.loc[holes.index[3], "x1"] = np.nan
    holes.index = [f"r{k}" for k in range(len(holes))]
    with pytest.warns(csi.DataWarning):
        fit = csi.fit(ModelSpec.from_lavaan(THREE), holes, engine="native")
    found = fit.factor_scores(holes)
    assert found.index.tolist() == holes.index.tolist()
    assert found.loc["r3"].isna().all()
    assert found.drop("r3").notna().all().all()


def test_composites_are_what_they_are_made_of():
    """A construct that its items form has no error; its score is their weighted sum."""
    text = "Image <~ IMAG1 + IMAG2 + IMAG3\nSat =~ CUSA1 + CUSA2 + CUSA3\nLoy =~ CUSL1 + CUSL3\nSat ~ Image\nLoy ~ Image + Sat"
    data = frame("mobi")
    fit = csi.fit(ModelSpec.from_lavaan(text), data, engine="native")
    weights = fit.table.query("op == '<~'").set_index("rhs")["est"]
    found = fit.factor_scores(data, se=True)
    np.testing.assert_allclose(
        found["Image"] - found["Image"].mean(), (data[weights.index] - data[weights.index].mean()) @ weights, atol=1e-8
    )
    assert found["Image_se"].max() < 1e-4
    assert fit.factor_scores(data, "bartlett")["Image"].isna().all()


def test_other_rows_need_a_word(res):
    with pytest.raises(csi.DataError) as caught:
        res.factor_scores(frame("hs").iloc[:50])
    assert caught.value.code == "scores.other_data"
    assert len(res.factor_scores(frame("hs").iloc[:50], new_data=True)) == 50


def test_what_has_no_factor_scores():
    with pytest.raises(csi.OptionError):
        csi.fit(ModelSpec.from_lavaan(THREE), frame("hs"), engine="native").factor_scores(frame("hs"), "thomson")
    pls = csi.fit_acsi(csi.load_acsi_demo().iloc[:300], estimator="pls")
    with pytest.raises(csi.MissingStatisticError) as caught:
        pls.factor_scores(csi.load_acsi_demo().iloc[:300])
    assert caught.value.code == "scores.no_factors"
