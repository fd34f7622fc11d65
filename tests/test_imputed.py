"""Multiple imputation: Rubin's rules written out, degenerate cases, and agreement with FIML."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import frame, oracle
from scipy.stats import multivariate_normal, t
from test_missing import SPEC, holed

import csimodels as csi
from csimodels import CSIResults, ModelSpec
from csimodels.estimators.em import saturated_moments
from csimodels.estimators.patterns import sample_of


def completed(data, m=5, seed=1):
    """Proper imputations of normal data: moments of a bootstrap sample, then draws given what was answered."""
    rng = np.random.default_rng(seed)
    values = data.to_numpy(float)
    out = []
    for _ in range(m):
        h1 = saturated_moments(sample_of(values[rng.integers(0, len(values), len(values))]).patterns)
        filled = values.copy()
        for k in np.flatnonzero(np.isnan(values).any(axis=1)):
            o, u = np.isfinite(values[k]), np.isnan(values[k])
            B = h1.cov[np.ix_(u, o)] @ np.linalg.inv(h1.cov[np.ix_(o, o)])
            rest = h1.cov[np.ix_(u, u)] - B @ h1.cov[np.ix_(o, u)]
            filled[k, u] = rng.multivariate_normal(h1.mean[u] + B @ (values[k, o] - h1.mean[o]), rest)
        out.append(pd.DataFrame(filled, columns=data.columns))
    return out


@pytest.fixture(scope="module")
def frames():
    return completed(holed())


@pytest.fixture(scope="module")
def res(frames):
    return csi.fit(SPEC, frames, missing="mi", engine="native")


@pytest.fixture(scope="module")
def single(frames):
    return [csi.fit(SPEC, f, engine="native") for f in frames]


def test_rubins_rules_by_hand(res, single):
    m = len(single)
    est = np.array([s.table["est"] for s in single])
    within = np.mean([s.table["se"] ** 2 for s in single], axis=0)
    among = est.var(axis=0, ddof=1)
    free = res.table["free"].to_numpy() > 0
    total = within + (1 + 1 / m) * among
    riv = (1 + 1 / m) * among / within
    df = (m - 1) * (1 + 1 / riv) ** 2
    fmi = (riv + 2 / (df + 3)) / (1 + riv)
    np.testing.assert_allclose(res.table["est"], est.mean(axis=0), rtol=1e-12)
    for column, expected in {"se": np.sqrt(total), "riv": riv, "df": df, "fmi": fmi}.items():
        np.testing.assert_allclose(res.table[column][free], expected[free], rtol=1e-9)
    expected = 2 * t.sf(np.abs(est.mean(axis=0) / np.sqrt(total)), df)
    np.testing.assert_allclose(res.table["pvalue"][free], expected[free], rtol=1e-8, atol=1e-300)
    half = t.ppf(0.975, df) * np.sqrt(total)
    np.testing.assert_allclose((res.table["ci_upper"] - res.table["est"])[free], half[free], rtol=1e-8)
    assert res.table.loc[~free, ["df", "fmi"]].isna().all().all()


def test_d3_by_log_likelihoods(res, single, frames):
    """The statistic from log-likelihoods of the data sets at their own and at the pooled estimates."""
    m, df = len(single), res.fit_measures["df"]
    n = len(frames[0])

    def loglik(f, Sigma):
        return multivariate_normal(f.mean().to_numpy(), Sigma).logpdf(f.to_numpy()).sum()

    S = [f.cov(ddof=0).to_numpy() for f in frames]
    own = np.mean([2 * (loglik(f, s) - loglik(f, r.estimate.Sigma)) for f, s, r in zip(frames, S, single, strict=True)])
    joint = np.mean([2 * (loglik(f, np.mean(S, axis=0)) - loglik(f, res.estimate.Sigma)) for f in frames])
    r = (m + 1) / (df * (m - 1)) * (own - joint)
    assert res.fit_measures["chisq"] == pytest.approx(joint / (1 + r), rel=1e-7)
    assert res.fit_measures["ntotal"] == n
    assert "aic" not in res.fit_measures


def test_equal_data_sets_are_one(frames):
    one = csi.fit(SPEC, frames[0], engine="native")
    res = csi.fit(SPEC, [frames[0]] * 4, missing="mi", engine="native")
    for column in ("est", "se", "pvalue", "ci_lower", "std", "std_se"):
        np.testing.assert_allclose(res.table[column], one.table[column], rtol=1e-7, atol=1e-10)
    for measure in ("chisq", "df", "cfi", "tli", "rmsea", "srmr", "gfi", "baseline_chisq"):
        assert res.fit_measures[measure] == pytest.approx(one.fit_measures[measure], rel=1e-8)


@pytest.mark.parametrize(
    "options", [{"estimator": "mlr"}, {"estimator": "mlm"}, {"meanstructure": True}, {"estimator": "gls"}, {"estimator": "wls"}]
)
def test_other_estimators_of_equal_data_sets(frames, options):
    one = csi.fit(SPEC, frames[0], engine="native", **options)
    res = csi.fit(SPEC, [frames[0]] * 3, missing="mi", engine="native", **options)
    np.testing.assert_allclose(res.table["se"], one.table["se"], rtol=1e-7)
    for measure in one.fit_measures.index.intersection(res.fit_measures.index):
        assert res.fit_measures[measure] == pytest.approx(one.fit_measures[measure], rel=1e-7), measure


def test_agrees_with_fiml_on_the_same_holes():
    data = holed()
    fiml = csi.fit(SPEC, data, missing="fiml", engine="native")
    res = csi.fit(SPEC, completed(data, m=40), missing="mi", meanstructure=True, engine="native")
    key = ["lhs", "op", "rhs"]
    at = fiml.table[[*key, "est", "se"]].merge(res.table[[*key, "est", "se"]].rename(columns={"est": "est_mi", "se": "se_mi"}), on=key)
    at = at[at["se"] > 0]
    assert (abs(at["est"] - at["est_mi"]) < 0.25 * at["se"]).all()
    np.testing.assert_allclose(at["se_mi"] / at["se"], 1.0, atol=0.12)
    assert res.fit_measures["chisq"] == pytest.approx(fiml.fit_measures["chisq"], abs=3.5)


def test_index_by_rubins_rules(mobi):
    rng = np.random.default_rng(1)
    spec = ModelSpec.from_lavaan(oracle("b14_qvs_ml")["model"], target="Satisfaction", scale=(1, 10))
    sets = [mobi[list(spec.items)].mask(rng.random((250, 10)) < 0.1, 6) for _ in range(3)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        res = csi.fit(spec, sets, missing="mi", engine="native")
        rule = {i: w for i, w in zip(res.weights["indicator"], res.weights["weight"], strict=True)}
        own = [csi.fit(spec, s, engine="native").index_table(rule) for s in sets]
    scores = np.array([o["score"] for o in own])
    total = np.mean([o["se"] ** 2 for o in own], axis=0) + (1 + 1 / 3) * scores.var(axis=0, ddof=1)
    np.testing.assert_allclose(res.index_table(rule)["score"], scores.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(res.index_table(rule)["se"], np.sqrt(total), rtol=1e-9)


def test_ordered_items_and_json():
    rng = np.random.default_rng(3)
    data = frame("mobi").clip(6, 10)
    spec = ModelSpec.from_lavaan("Quality =~ PERQ1 + PERQ3 + PERQ4\nSat =~ CUSA1 + CUSA2 + CUSA3\nSat ~ a*Quality\nb := a^2")
    sets = []
    for _ in range(3):
        other = data[list(spec.items)].copy()
        swap = rng.random(other.shape) < 0.05
        sets.append(other.mask(swap, other.apply(lambda c: rng.permutation(c.to_numpy()))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        res = csi.fit(spec, sets, missing="mi", estimator="wlsmv", ordinal=True)
        again = CSIResults.from_json(res.to_json())
    pd.testing.assert_frame_equal(again.table, res.table)
    pd.testing.assert_series_equal(again.fit_measures, res.fit_measures)
    assert np.isnan(res.table.loc[res.table["op"] == ":=", "fmi"]).all()
    assert {"chisq_scaled", "df", "srmr"} <= set(res.fit_measures.index)
    assert "Rubin" in str(res.summary())


EQUAL = ModelSpec.from_lavaan("f =~ x1 + a*x2 + a*x3\ng =~ x4 + x5 + x6\ng ~ f")
MLMV = {"missing": "mi", "estimator": "mlmv"}
REFUSED = [
    (lambda f: csi.anova(csi.fit(SPEC, f, **MLMV), csi.fit(EQUAL, f, **MLMV)), "anova.scaling"),
    (lambda f: csi.fit(SPEC, f, missing="mi").modification_indices(), "score.no_discrepancy"),
    (lambda f: csi.fit(SPEC, f[0], missing="mi"), "option.imputations"),
    (lambda f: csi.fit(SPEC, f[:1], missing="mi"), "option.imputations"),
    (lambda f: csi.fit(SPEC, [f[0], f[1].iloc[:300]], missing="mi"), "imputations.rows"),
    (lambda f: csi.fit(SPEC, f, missing="mi", estimator="pls"), "option.other_estimator"),
    (lambda f: csi.fit(SPEC, [f[0], holed()], missing="mi"), "imputations.incomplete"),
    (lambda f: csi.fit(SPEC, f, missing="mi").bootstrap(f[0], 10), "bootstrap.estimator"),
]


@pytest.mark.parametrize(("call", "code"), REFUSED)
def test_what_is_refused(frames, call, code):
    with pytest.raises(csi.CSIError) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        call(frames)
    assert caught.value.code == code


def test_categories_that_differ_are_refused(frames):
    cut = [f.apply(lambda c, k=k: pd.cut(c, k, labels=False) * 1.0) for f, k in zip(frames[:2], (3, 4), strict=True)]
    with pytest.raises(csi.DataError) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        csi.fit(SPEC, cut, missing="mi", estimator="wlsmv", ordinal=True)
    assert caught.value.code == "imputations.categories"
