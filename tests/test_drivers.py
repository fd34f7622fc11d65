"""Drivers: brute-force Shapley values, Johnson's weights written out, dominance by all subsets, statsmodels by hand, resamples in a loop."""

import tracemalloc
from itertools import combinations, permutations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

import csimodels as csi
from csimodels.analyses.driver_weights import complete_dominance, subset_r2, weights_of
from csimodels.analyses.drivers import drivers
from csimodels.resample import Rows, bootstrap_stack, units_of

mpl.use("Agg")
NAMES = ["a", "b", "c", "d"]
QUICK = {"n_boot": 50}


def survey(n=300, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)) @ np.array([[1, 0.5, 0.2, 0], [0, 1, 0.4, 0.1], [0, 0, 1, 0.6], [0, 0, 0, 1]]) + 5
    age = rng.normal(40, 10, n) + 2 * X[:, 0]
    y = X @ [0.5, 0.3, 0.2, 0.1] + 0.03 * age + rng.normal(size=n)
    return pd.DataFrame(X, columns=NAMES).assign(age=age, y=y)


@pytest.fixture(scope="module")
def df():
    return survey()


@pytest.fixture(scope="module")
def found(df):
    return drivers(df, "y", NAMES, n_boot=200)


def r2_of(df, names, controls=()):
    X = df[[*names, *controls]]
    return sm.OLS(df["y"], sm.add_constant(X)).fit().rsquared if X.shape[1] else 0.0


@pytest.mark.parametrize("controls", [(), ("age",)])
def test_lmg_is_brute_force_shapley(df, controls):
    own = drivers(df, "y", NAMES, controls=controls, **QUICK).weights.set_index("driver")["lmg"]
    total = dict.fromkeys(NAMES, 0.0)
    orders = list(permutations(NAMES))
    for order in orders:
        for k, name in enumerate(order):
            total[name] += r2_of(df, order[: k + 1], controls) - r2_of(df, order[:k], controls)
    for name in NAMES:
        assert own[name] == pytest.approx(total[name] / len(orders), rel=1e-9)
    assert own.sum() == pytest.approx(r2_of(df, NAMES, controls) - r2_of(df, [], controls), rel=1e-10)


def test_johnson_weights_by_eigen_decomposition(df, found):
    R = df[[*NAMES, "y"]].corr().to_numpy()
    values, V = np.linalg.eigh(R[:4, :4])
    L = V @ np.diag(np.sqrt(values)) @ V.T
    beta = np.linalg.inv(L) @ R[:4, 4]
    own = found.weights.set_index("driver").loc[NAMES]
    np.testing.assert_allclose(own["johnson"], (L**2) @ beta**2, rtol=1e-9)
    np.testing.assert_allclose(own["johnson_share"].sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(own["johnson"].sum(), r2_of(df, NAMES), rtol=1e-9)


def test_johnson_weights_with_controls_are_those_of_residuals(df):
    own = drivers(df, "y", NAMES, controls=["age"], **QUICK).weights.set_index("driver").loc[NAMES, "johnson"]
    rest = df[[*NAMES, "y"]].apply(lambda c: sm.OLS(c, sm.add_constant(df["age"])).fit().resid)
    partial = drivers(rest, "y", NAMES, **QUICK).weights.set_index("driver").loc[NAMES, "johnson"]
    np.testing.assert_allclose(own, partial * rest["y"].var() / df["y"].var(), rtol=1e-8)


def test_subsets_are_regressions(df):
    cov = df[[*NAMES, "y"]].cov(ddof=0).to_numpy()[None]
    r2 = subset_r2(cov, cov[:, -1, -1])[0]
    for size in range(5):
        for inside in combinations(range(4), size):
            at = tuple(int(k in inside) for k in range(4))
            assert r2[at] == pytest.approx(r2_of(df, [NAMES[k] for k in inside]), abs=1e-12)


def test_dominance_by_all_subsets(df, found):
    table = found.dominance.set_index(["a", "b"])
    for a, b in combinations(NAMES, 2):
        others = [n for n in NAMES if n not in (a, b)]
        sets = [list(s) for size in range(3) for s in combinations(others, size)]
        gains = np.array([r2_of(df, [*s, a]) - r2_of(df, [*s, b]) for s in sets])
        complete = "a" if (gains > 0).all() else "b" if (gains < 0).all() else "neither"
        assert table.loc[(a, b), "complete"] == complete
        by_size = [np.mean([g for g, s in zip(gains, sets, strict=True) if len(s) == size]) for size in range(3)]
        own = found.conditional.pivot(index="driver", columns="size", values="increment")
        assert own.loc[a, 0] == pytest.approx(r2_of(df, [a]))
        assert own.loc[a, 3] == pytest.approx(r2_of(df, NAMES) - r2_of(df, [n for n in NAMES if n != a]))
        signs = set(np.sign(by_size))
        assert table.loc[(a, b), "conditional"] == ("a" if signs == {1} else "b" if signs == {-1} else "neither")
    shares = found.weights.set_index("driver")["lmg"]
    for (a, b), row in table.iterrows():
        assert row["general"] == ("a" if shares[a] > shares[b] else "b")


def test_regression_is_that_of_statsmodels(df):
    own = drivers(df, "y", NAMES, controls=["age"], **QUICK)
    fit = sm.OLS(df["y"], sm.add_constant(df[[*NAMES, "age"]])).fit()
    table = own.coefficients.set_index("driver")
    for column, values in {"est": fit.params, "se": fit.bse, "t": fit.tvalues, "pvalue": fit.pvalues}.items():
        np.testing.assert_allclose(table.loc[NAMES, column], values[NAMES], rtol=1e-8)
    np.testing.assert_allclose(table["pvalue_holm"], multipletests(fit.pvalues[NAMES], method="holm")[1], rtol=1e-8)
    np.testing.assert_allclose(table["beta"], fit.params[NAMES] * df[NAMES].std() / df["y"].std(), rtol=1e-8)
    np.testing.assert_allclose(table["correlation"], df[NAMES].corrwith(df["y"]), rtol=1e-9)
    X = df[[*NAMES, "age"]]
    vif = [1 / (1 - sm.OLS(X[n], sm.add_constant(X.drop(columns=n))).fit().rsquared) for n in NAMES]
    np.testing.assert_allclose(table["vif"], vif, rtol=1e-8)
    f, p, lost = fit.compare_f_test(sm.OLS(df["y"], sm.add_constant(df["age"])).fit())
    row = own.model_fit.iloc[0]
    np.testing.assert_allclose([row["f"], row["pvalue"], row["df_num"]], [f, p, lost], rtol=1e-8)


def test_resamples_are_those_of_a_loop(df):
    draws = 40
    own = drivers(df, "y", NAMES, n_boot=draws, seed=3).weights.set_index("driver").loc[NAMES]
    rows = Rows(df[[*NAMES, "y"]].to_numpy())
    cov = bootstrap_stack(rows, units_of(len(df), None, None), np.random.default_rng(3), draws).cov.transpose(2, 0, 1)
    loop = [weights_of(cov[k : k + 1], 4) for k in range(draws)]
    shares = np.array([w.shapley[0] / w.r2[0] for w in loop])
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(own[["lmg_ci_lower", "lmg_ci_upper"]], np.column_stack([low, high]), rtol=1e-9)
    again = complete_dominance(cov, 4)
    first = complete_dominance(df[[*NAMES, "y"]].cov().to_numpy()[None], 4)
    table = drivers(df, "y", NAMES, n_boot=draws, seed=3).dominance
    np.testing.assert_allclose(table["reproducibility"], (again == first).mean(axis=0))


def test_independent_drivers_have_their_squared_correlations():
    q, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(100, 4)) - 0.0)
    q = q - q.mean(axis=0)
    q, _ = np.linalg.qr(q)
    frame = pd.DataFrame(q[:, :2], columns=["a", "b"])
    frame["y"] = 2 * frame["a"] + frame["b"] + q[:, 2]
    own = drivers(frame, "y", ["a", "b"], **QUICK).weights.set_index("driver")
    expected = frame[["a", "b"]].corrwith(frame["y"]) ** 2
    np.testing.assert_allclose(own.loc[["a", "b"], "lmg"], expected, rtol=1e-8)
    np.testing.assert_allclose(own.loc[["a", "b"], "johnson"], expected, rtol=1e-8)


@pytest.mark.parametrize("order", list(permutations(NAMES))[::7])
def test_the_order_of_drivers_does_not_matter(df, found, order):
    own = drivers(df, "y", list(order), n_boot=200).weights.set_index("driver")
    other = found.weights.set_index("driver")
    np.testing.assert_allclose(
        own.loc[NAMES, ["lmg", "johnson", "lmg_ci_lower"]], other.loc[NAMES, ["lmg", "johnson", "lmg_ci_lower"]], rtol=1e-7
    )
    assert own.index.tolist() == other.index.tolist()


def test_points_and_averages():
    demo = csi.load_acsi_demo()
    blocks = {"quality": ["qual_overall", "qual_custom"], "value": "value_price"}
    own = drivers(demo, "sat_overall", blocks, scale=(1, 10), **QUICK)
    points = pd.DataFrame({"quality": demo[["qual_overall", "qual_custom"]].mean(axis=1), "value": demo["value_price"]}).sub(1) * 100 / 9
    fit = sm.OLS((demo["sat_overall"] - 1) * 100 / 9, sm.add_constant(points)).fit()
    np.testing.assert_allclose(own.coefficients["est"], fit.params[["quality", "value"]], rtol=1e-7)
    np.testing.assert_allclose(own.what_if["mean"], points.mean(), rtol=1e-9)


def test_what_if_is_a_linear_combination(df, found):
    fit = sm.OLS(df["y"], sm.add_constant(df[NAMES])).fit()
    own = found.what_if_table({"a": 2, "c": -1}, level=0.9)
    test = fit.t_test([[0, 2, 0, 0, 0], [0, 0, 0, -1, 0], [0, 2, 0, -1, 0]])
    np.testing.assert_allclose(own["est"], test.effect, rtol=1e-8)
    np.testing.assert_allclose(own["se"], test.sd.ravel(), rtol=1e-8)
    np.testing.assert_allclose(own[["ci_lower", "ci_upper"]], test.conf_int(0.1), rtol=1e-8)
    np.testing.assert_allclose(found.what_if["est"], 5 * fit.params[NAMES], rtol=1e-8)
    assert not found.what_if["capped"].any()


def test_a_driver_rises_no_further_than_its_scale():
    rng = np.random.default_rng(1)
    full = pd.DataFrame({"a": rng.choice([9, 10], 200, p=[0.1, 0.9]), "b": rng.integers(1, 11, 200)})
    full["y"] = (full["a"] + full["b"] + rng.integers(-1, 2, 200)).clip(2, 20) / 2
    own = drivers(full, "y", ["a", "b"], scale=(1, 10), delta=5, **QUICK).what_if.set_index("driver")
    assert own.loc["a", "capped"]
    assert own.loc["a", "raised"] == pytest.approx(100 - own.loc["a", "mean"])
    assert own.loc["b", "raised"] == 5


def test_impacts_of_a_model_stand_beside():
    demo = csi.load_acsi_demo()
    blocks = {
        "quality": ["qual_overall", "qual_custom", "qual_reliab"],
        "value": ["value_price", "value_quality"],
        "luck": ["expect_reliab"],
    }
    fit = csi.fit_acsi(demo, estimator="pls")
    own = drivers(demo, ["sat_overall"], blocks, model=fit, delta=3, **QUICK).weights.set_index("driver")
    assert own.loc["quality", "impact"] == pytest.approx(fit.impact(3).loc["quality", "satisfaction"])
    assert np.isnan(own.loc["luck", "impact"])
    boot = fit.bootstrap(demo, n_boot=50)
    more = drivers(demo, ["sat_overall"], blocks, model=boot, target="loyalty", **QUICK).weights.set_index("driver")
    row = boot.impact(5).query("driver == 'value' and target == 'loyalty'").iloc[0]
    assert more.loc["value", "impact_ci_lower"] == pytest.approx(row["ci_lower"])


def test_signs_that_turn_and_near_copies_are_said(df):
    copy = df.assign(e=df["a"] + np.random.default_rng(1).normal(0, 0.05, len(df)))
    with pytest.warns(csi.CSIWarning, match="variance inflation"):
        assert drivers(copy, "y", ["a", "e"], **QUICK).warnings
    rng = np.random.default_rng(2)
    a = rng.normal(size=500)
    turned = pd.DataFrame({"a": a, "b": a + 0.5 * rng.normal(size=500)})
    turned["y"] = 2 * turned["a"] - 0.5 * turned["b"] + rng.normal(size=500)
    with pytest.warns(csi.CSIWarning, match="other sign"):
        drivers(turned, "y", ["a", "b"], **QUICK)


@pytest.mark.parametrize("controls", [(), ("rare",)])
def test_resamples_without_a_solution_are_counted(df, controls):
    """One row alone makes a column vary; a resample without it has no solution."""
    rare = df.assign(rare=np.eye(len(df))[0])
    names = ["a", "b"] if controls else ["a", "b", "rare"]
    drawn = np.random.default_rng(1).integers(0, 300, size=(200, 300))
    lost = (~(drawn == 0).any(axis=1)).sum()
    with pytest.warns(csi.CSIWarning, match=f"^{lost} of 200 resamples have no solution"):
        own = drivers(rare, "y", names, controls=controls, n_boot=200)
    assert own.n_undefined == lost > 0
    assert own.weights.notna().all(axis=None)


def test_a_bootstrap_without_solutions_is_refused(df):
    rare = df.assign(rare=np.eye(len(df))[0])
    seed = next(s for s in range(100) if not (np.random.default_rng(s).integers(0, 300, size=(2, 300)) == 0).any())
    with pytest.raises(csi.DataError) as caught:
        drivers(rare, "y", ["a", "rare"], n_boot=2, seed=seed)
    assert (caught.value.code, caught.value.value) == ("drivers.no_resamples", 2)


def test_blocks_stay_small():
    cov = np.repeat(np.cov(np.random.default_rng(1).normal(size=(16, 200)))[None], 130, axis=0)
    tracemalloc.start()
    weights_of(cov, 15)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6


def test_rows_left_out_are_said(df):
    holes = df.copy()
    holes.loc[:4, "a"] = np.nan
    with pytest.warns(csi.DataWarning, match="5 of 300 rows"):
        assert drivers(holes, "y", NAMES, **QUICK).left_out == 5


CASES = {
    "drivers.number": {"drivers": ["a"]},
    "drivers.column_twice": {"drivers": ["a", "y"]},
    "drivers.collinear": {"drivers": ["a", "b", "sum"]},
    "drivers.exact": {"outcome": "sum"},
    "drivers.model": {"model": 3},
    "option.delta": {"delta": 0},
    "option.level": {"level": 1.5},
    "option.n_boot": {"n_boot": 0},
    "data.missing_column": {"drivers": ["a", "z"]},
    "option.drivers": {"drivers": {1: "a", "1": "b", "c": "c"}},
}


@pytest.mark.parametrize("code", CASES)
def test_bad_input_is_refused(df, code):
    given = {"outcome": "y", "drivers": ["a", "b"], **QUICK} | CASES[code]
    with pytest.raises(csi.CSIError) as caught:
        drivers(df.assign(sum=df["a"] + df["b"]), **given)
    assert caught.value.code == code
    assert caught.value.hint


def test_more_bad_input_is_refused(df, found):
    with pytest.raises(csi.OptionError, match="16 drivers"):
        drivers(df, "y", {f"d{k}": "a" for k in range(16)})
    with pytest.raises(csi.DataError, match="too few"):
        drivers(df.head(20), "y", ["a", "b"])
    fit = csi.fit_acsi(csi.load_acsi_demo(), estimator="pls")
    with pytest.raises(csi.SpecError) as caught:
        drivers(df, "y", ["a", "b"], model=fit, target="bliss")
    assert caught.value.code == "drivers.target"
    for changes, code in (({"z": 1}, "drivers.unknown"), ({"a": "x"}, "drivers.changes"), ({}, "drivers.changes")):
        with pytest.raises(csi.OptionError) as caught:
            found.what_if_table(changes)
        assert caught.value.code == code


def test_fifteen_drivers_at_once():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 15)) + rng.normal(size=(400, 1))
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(15)]).assign(y=X.sum(axis=1) + 3 * rng.normal(size=400))
    own = drivers(frame, "y", [f"x{k}" for k in range(15)], n_boot=3)
    assert own.weights["lmg"].sum() == pytest.approx(own.model_fit["r2"].item())


def test_result_can_be_read_and_drawn(found):
    text = found.summary().as_text()
    assert "None of this is causal by itself" in text.replace("\n", " ")
    ax = found.plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == found.weights["driver"].tolist()
    demo = csi.load_acsi_demo()
    fit = csi.fit_acsi(demo, estimator="pls")
    other = drivers(demo, "sat_overall", {"quality": "qual_overall", "value": "value_price"}, model=fit, **QUICK).plot()
    assert any("impact" in t.get_text() for t in other.get_legend().get_texts())
    assert csi.drivers is drivers


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The coefficient of")
def test_shares_of_the_population_are_inside_the_intervals():
    """500 surveys of 300: percentile intervals of Shapley shares hold the population's in more than 91 %, nominal 95 %."""
    R = 0.4 * np.ones((4, 4)) + 0.6 * np.eye(4)
    b = np.array([0.5, 0.3, 0.2, 0.1])
    cov = np.zeros((5, 5))
    cov[:4, :4], cov[:4, 4], cov[4, :4] = R, R @ b, R @ b
    cov[4, 4] = b @ R @ b + 1
    truth = weights_of(cov[None], 4)
    share, held, rounds = truth.shapley[0] / truth.r2[0], np.zeros(4), 500
    for seed in range(rounds):
        rows = np.random.default_rng(seed).multivariate_normal(np.zeros(5), cov, 300)
        frame = pd.DataFrame(rows, columns=[*NAMES, "y"])
        own = drivers(frame, "y", NAMES, n_boot=300).weights.set_index("driver").loc[NAMES]
        held += (own["lmg_ci_lower"] <= share) & (share <= own["lmg_ci_upper"])
    assert (held / rounds > 0.91).all()
    assert stats.binomtest(int(held.sum()), 4 * rounds, 0.95).proportion_estimate < 0.985
