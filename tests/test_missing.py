"""What is missing, Little's test, common-method checks: by hand, by other routes, and on data of known truth."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import oracle
from matplotlib import pyplot as plt
from scipy.stats import binom, chi2

import csimodels as csi
from csimodels import ModelSpec
from csimodels.estimators.em import saturated_moments
from csimodels.estimators.patterns import sample_of

ITEMS = [f"x{k}" for k in range(1, 7)]
LOADINGS = np.array([0.9, 0.7, 0.4, 0.4, 0.7, 0.9])
SPEC = ModelSpec.from_lavaan("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f")


def survey(n=400, seed=1, method=0.0):
    """Two constructs with three items each; ``method`` is the share of the items' variance that all have in common besides."""
    rng = np.random.default_rng(seed)
    f = rng.normal(size=n)
    g = 0.5 * f + rng.normal(size=n) * np.sqrt(0.75)
    both = np.column_stack([f, f, f, g, g, g])
    x = LOADINGS * both + rng.normal(size=(n, 6)) * np.sqrt(1 - LOADINGS**2)
    shared = rng.normal(size=(n, 1))
    return pd.DataFrame(np.sqrt(1 - method) * x + np.sqrt(method) * shared, columns=ITEMS)


def holed(seed=2, at_random=True):
    data = survey(seed=seed)
    rng = np.random.default_rng(seed + 1000)
    chance = 0.25 if at_random else 1 / (1 + np.exp(1.5 - 1.5 * data["x1"]))
    for item in ("x2", "x5"):
        data.loc[rng.random(len(data)) < chance, item] = np.nan
    return data


def little_by_hand(data):
    """d2 of Little (1988), one pattern after the other."""
    values = data.to_numpy()
    h1 = saturated_moments(sample_of(values).patterns)
    S, seen = h1.cov * len(values) / (len(values) - 1), np.isfinite(values)
    total, count = 0.0, 0
    for pattern in np.unique(seen, axis=0):
        own = values[(seen == pattern).all(axis=1)][:, pattern]
        d = own.mean(axis=0) - h1.mean[pattern]
        total += len(own) * d @ np.linalg.solve(S[np.ix_(pattern, pattern)], d)
        count += int(pattern.sum())
    df = count - values.shape[1]
    return total, df, chi2.sf(total, df)


def test_little_by_hand():
    data = holed()
    row = csi.missing_answers(SPEC, data).mcar.iloc[0]
    np.testing.assert_allclose(row[["chisq", "df", "pvalue"]].to_numpy(float), little_by_hand(data), rtol=1e-8)
    assert row["patterns"] == 4


def test_little_tells_random_holes_from_others():
    pvalues = [csi.missing_answers(SPEC, holed(seed)).mcar["pvalue"].iloc[0] for seed in range(200)]
    low, high = binom.ppf([0.0005, 0.9995], 200, 0.05)
    assert low <= sum(p < 0.05 for p in pvalues) <= high
    assert csi.missing_answers(SPEC, holed(at_random=False)).mcar["pvalue"].iloc[0] < 1e-6


def test_tables_count_what_is_there():
    data = holed()
    found = csi.missing_answers(SPEC, data)
    np.testing.assert_array_equal(found.items["missing"], data.isna().sum())
    assert found.coverage.loc["x2", "x5"] == pytest.approx((data["x2"].notna() & data["x5"].notna()).mean())
    assert found.patterns["rows"].sum() == len(data) == found.n
    assert found.patterns["rows"].is_monotonic_decreasing
    assert set(found.patterns["missing"]) == {"", "x2", "x5", "x2, x5"}


def test_complete_rows_have_no_test_and_empty_rows_are_counted():
    data = survey()
    data.loc[3] = np.nan
    with pytest.warns(csi.DataWarning, match="1 rows have no answer"):
        found = csi.missing_answers(SPEC, data)
    assert (len(found.mcar), found.empty, found.n) == (0, 1, len(data) - 1)
    assert "Little's test of missing" not in str(found.summary())


def test_pairs_that_hardly_anybody_answered_are_said():
    data = survey()
    data.loc[:199, "x2"], data.loc[220:, "x5"] = np.nan, np.nan
    with pytest.warns(csi.DataWarning, match="of 1 pairs, e.g. 'x5' and 'x2'") as heard:
        found = csi.missing_answers(SPEC, data)
    assert [str(w.message) for w in heard] == list(found.warnings)
    assert heard[0].filename == __file__


def test_an_item_without_answers_is_named():
    with pytest.raises(csi.DataError, match="x2"):
        csi.missing_answers(SPEC, survey().assign(x2=np.nan))


def test_harman_and_collinearity_by_hand():
    data = survey()
    res = csi.fit(SPEC, data, engine="native")
    found = csi.common_method(res)
    values = np.linalg.eigvalsh(np.corrcoef(data.to_numpy().T))[::-1]
    np.testing.assert_allclose(found.eigenvalues["eigenvalue"], values, rtol=1e-10)
    r = res.construct_correlations.loc["f", "g"]
    np.testing.assert_allclose(found.collinearity["vif"], 1 / (1 - r**2), rtol=1e-8)
    single = csi.fit(ModelSpec.from_lavaan("f =~ " + " + ".join(ITEMS)), data, std_lv=True, engine="native")
    row = found.models.set_index("model").loc["one factor"]
    for measure in ("chisq", "df", "cfi", "rmsea", "srmr"):
        assert row[measure] == pytest.approx(single.fit_measures[measure], rel=1e-7)
    for measure in ("chisq", "df", "cfi", "rmsea"):
        assert found.models.set_index("model").loc["the model", measure] == pytest.approx(res.fit_measures[measure], rel=1e-7)


def test_a_known_common_factor_is_found():
    found = csi.common_method(csi.fit(SPEC, survey(20_000, method=0.2), engine="native"))
    row = found.common_factor.iloc[0]
    assert abs(row["share"] - 0.2) < 3 * row["se"] < 0.1
    assert row["pvalue"] < 1e-4
    paths = found.paths.iloc[0]
    assert abs(paths["std_common"] - 0.5) < 0.05 < abs(paths["std"] - 0.5)


def test_without_a_common_factor_none_is_found():
    rejected = 0
    for seed in range(200):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", csi.CSIWarning)
            table = csi.common_method(csi.fit(SPEC, survey(seed=seed), engine="native")).common_factor
        rejected += len(table) > 0 and table["pvalue"].iloc[0] < 0.05
    low, high = binom.ppf([0.0005, 0.9995], 200, 0.05)
    assert low <= rejected <= high


def test_scales_of_items_do_not_matter():
    data = survey(method=0.2)
    a = csi.common_method(csi.fit(SPEC, data, engine="native"))
    b = csi.common_method(csi.fit(SPEC, data * [1, 5, 0.2, 3, 10, 1], engine="native"))
    np.testing.assert_allclose(a.common_factor, b.common_factor, rtol=1e-6)


def test_pls_and_ordered_items_have_checks_too(mobi):
    acsi = ModelSpec.from_lavaan(oracle("b1_acsi_mobi_ml")["model"])
    pls = csi.common_method(csi.fit(acsi, mobi, estimator="pls"))
    assert (pls.collinearity["limit"] == 3.3).all()
    assert len(pls.models) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        ordered = csi.fit(SPEC, np.sign(survey()).astype(float), estimator="wlsmv", ordinal=True)
    assert csi.common_method(ordered).eigenvalues["eigenvalue"].sum() == pytest.approx(6)


def test_what_cannot_be_told_apart_is_said(mobi):
    res = csi.fit(ModelSpec.from_lavaan(oracle("b14_qvs_ml")["model"]), mobi, engine="native")
    found = csi.common_method(res)
    assert found.common_factor.empty
    assert any("cannot be told" in text for text in found.warnings)
    ax = found.plot()
    assert ax.get_xlabel()
    plt.close(ax.figure)


def test_constraints_leave_the_other_checks():
    spec = ModelSpec.from_lavaan("f =~ x1 + a*x2 + b*x3\ng =~ x4 + x5 + x6\ng ~ f\na == b")
    found = csi.common_method(csi.fit(spec, survey(), engine="native"))
    assert found.models.empty
    assert any("constraints" in text for text in found.warnings)


def test_pictures():
    ax = csi.missing_answers(SPEC, holed()).plot()
    assert ax.get_title().startswith("Missing answers of 400 rows")
    plt.close(ax.figure)


def test_other_things_have_no_checks():
    with pytest.raises(csi.OptionError) as caught:
        csi.common_method(survey())
    assert caught.value.code == "common_method.not_a_result"


def never_together():
    data = survey()
    data.loc[:199, "x1"], data.loc[200:, "x2"] = np.nan, np.nan
    return data


@pytest.mark.parametrize("options", [{"missing": "two-stage"}, {"missing": "em", "estimator": "pls"}])
def test_items_that_nobody_answered_together_are_refused(options):
    with pytest.raises(csi.DataError) as caught:
        csi.fit(SPEC, never_together(), **options)
    assert caught.value.code == "data.no_coverage"
    assert "'x1' and 'x2'" in str(caught.value)


def test_fiml_says_what_it_does_not_know():
    spec = ModelSpec.from_lavaan("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f", target="g", scale=(-10, 10))
    with pytest.warns(csi.DataWarning, match="Nobody answered both 'x1' and 'x2'"):
        res = csi.fit(spec, never_together(), missing="fiml", engine="native")
    assert res.converged
    assert res.index["se"].isna().all()
    assert "cfi_robust" not in res.fit_measures
