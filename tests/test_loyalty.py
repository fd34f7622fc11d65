"""Loyalty by satisfaction: against statsmodels run by hand, bounds against a fine grid, kinks against a plain search, shapes recovered."""

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

import csimodels as csi
from csimodels.analyses.loyalty import satisfaction_loyalty

mpl.use("Agg")
QUICK = {"n_boot": 50}


def survey(n=300, seed=1, b=(0.6, 0.0), kink=None, product=0.0, noise=12.0):
    """Return satisfaction and switching costs on 0-100, age, and a loyalty of known shape."""
    rng = np.random.default_rng(seed)
    x, w, age = rng.uniform(0, 100, n), rng.uniform(0, 100, n), rng.integers(18, 80, n).astype(float)
    y = 20 + b[0] * x + b[1] * (x - 50) ** 2 + 0.1 * age + product * (x - 50) * (w - 50)
    y += 0 if kink is None else kink[1] * np.maximum(x - kink[0], 0)
    return pd.DataFrame({"sat": x, "sw": w, "age": age, "loy": y + noise * (0.5 + x / 100) * rng.normal(size=n)})


@pytest.fixture(scope="module")
def df():
    return survey(b=(0.6, -0.004), product=-0.004)


@pytest.fixture(scope="module")
def found(df):
    return satisfaction_loyalty(df, "loy", "sat", switching_costs="sw", controls=["age"])


def hand(df, *columns, cov_type="HC3"):
    X = np.column_stack([np.ones(len(df)), *columns, df["age"]])
    return sm.OLS(df["loy"].to_numpy(), X).fit(cov_type=cov_type, use_t=True)


def fits(df):
    x, w = df["sat"] - df["sat"].mean(), df["sw"] - df["sw"].mean()
    return {
        "linear": hand(df, df["sat"]),
        "quadratic": hand(df, x, x**2),
        "additive": hand(df, df["sat"], df["sw"]),
        "moderated": hand(df, x, w, x * w),
    }


def test_coefficients_are_those_of_statsmodels(df, found):
    for model, fit in fits(df).items():
        table = found.coefficients[found.coefficients["model"] == model]
        for column, values in {"est": fit.params, "se": fit.bse, "t": fit.tvalues, "pvalue": fit.pvalues}.items():
            np.testing.assert_allclose(table[column], values, rtol=1e-7, atol=1e-12)
        np.testing.assert_allclose(table[["ci_lower", "ci_upper"]], fit.conf_int(), rtol=1e-6, atol=1e-9)
        assert table["name"].iloc[[0, -1]].tolist() == ["const", "age"]


def test_models_are_compared_by_their_fit_and_by_wald_tests(df, found):
    by_hand, table = fits(df), found.models.set_index("model")
    assert table["against"].to_dict() == {
        "linear": "constant",
        "quadratic": "linear",
        "threshold": "linear",
        "additive": "linear",
        "moderated": "additive",
    }
    for model, fit in by_hand.items():
        row = table.loc[model, ["r2", "r2_adj", "aic", "bic"]].to_numpy(dtype=float)
        np.testing.assert_allclose(row, [fit.rsquared, fit.rsquared_adj, fit.aic, fit.bic], rtol=1e-10)
    for model, k in {"quadratic": 2, "additive": 2, "moderated": 3}.items():
        fit = by_hand[model]
        np.testing.assert_allclose(
            table.loc[model, ["f", "df", "pvalue"]].astype(float), [fit.tvalues[k] ** 2, 1, fit.pvalues[k]], rtol=1e-6
        )
    np.testing.assert_allclose(table.loc["linear", "f"], by_hand["linear"].fvalue, rtol=1e-8)
    plain = satisfaction_loyalty(df, "loy", "sat", controls=["age"], cov_type="nonrobust", **QUICK).models.set_index("model")
    ssr = [hand(df, *c, cov_type="nonrobust").ssr for c in ((df["sat"],), (df["sat"], df["sat"] ** 2))]
    np.testing.assert_allclose(plain.loc["quadratic", "f"], (ssr[0] - ssr[1]) / (ssr[1] / (len(df) - 4)), rtol=1e-6)


def test_slopes_of_the_parabola_are_differences_of_its_values(df, found):
    fit = fits(df)["quadratic"]
    table = found.slopes[found.slopes["model"] == "quadratic"]
    mean, sd = df["sat"].mean(), df["sat"].std()
    np.testing.assert_allclose(table["value"], [mean - sd, mean, mean + sd])
    for value, est, se in table[["value", "est", "se"]].to_numpy():
        at = np.array([[0, step, step**2, 0] for step in (value - mean + 1e-4, value - mean - 1e-4)])
        row = (at[0] - at[1]) / 2e-4
        np.testing.assert_allclose([est, se], [row @ fit.params, np.sqrt(row @ fit.cov_params() @ row)], rtol=1e-6)


def test_simple_slopes_are_those_of_a_moderator_moved_to_that_value(df, found):
    """The slope of x at w0 is its coefficient when w - w0 is in the product (Aiken & West 1991)."""
    table = found.slopes[found.slopes["model"] == "moderated"]
    assert table["at"].tolist() == [f"switching costs {p}" for p in ("mean - 1 sd", "mean", "mean + 1 sd")]
    for _, row in table.iterrows():
        moved = df["sw"] - row["value"]
        fit = hand(df, df["sat"], moved, df["sat"] * moved)
        np.testing.assert_allclose([row["est"], row["se"], row["pvalue"]], [fit.params[1], fit.bse[1], fit.pvalues[1]], rtol=1e-6)
        np.testing.assert_allclose(row[["ci_lower", "ci_upper"]].astype(float), fit.conf_int()[1], rtol=1e-6)


def test_turning_point_is_where_the_parabola_turns(df, found):
    """Its error is the delta method's: a numerical gradient of the place in the coefficients of the raw square."""
    fit = hand(df, df["sat"], df["sat"] ** 2)
    b, cov = fit.params[1:3], np.asarray(fit.cov_params())[1:3, 1:3]
    step = 1e-6 * np.abs(b)
    gradient = np.array([(-(b + e)[0] / (2 * (b + e)[1]) + (b - e)[0] / (2 * (b - e)[1])) / (2 * e.sum()) for e in np.diag(step)])
    row = found.turning_point.iloc[0]
    np.testing.assert_allclose([row["est"], row["se"]], [-b[0] / (2 * b[1]), np.sqrt(gradient @ cov @ gradient)], rtol=1e-5)
    np.testing.assert_allclose(row["ci_upper"] - row["est"], stats.t.ppf(0.975, 296) * row["se"])
    assert row["kind"] == "maximum"
    assert row["inside_data"] == (df["sat"].min() <= row["est"] <= df["sat"].max())


MODERATIONS = {
    "outside": {"seed": 1, "product": -0.01},
    "both inside": {"seed": 3, "product": 0.02, "b": (0.0, 0.0)},
    "between": {"seed": 9, "product": 0.0005, "b": (0.2, 0.0)},
    "nowhere": {"seed": 4, "product": 0.0, "b": (0.0, 0.0)},
}


@pytest.mark.parametrize("case", MODERATIONS)
def test_johnson_neyman_bounds_are_where_a_fine_grid_changes_its_mind(case):
    df = survey(**MODERATIONS[case])
    found = satisfaction_loyalty(df, "loy", "sat", switching_costs="sw", controls=["age"], **QUICK)
    fit = fits(df)["moderated"]
    wide = np.linspace(-3000, 3000, 600_001)
    R = np.zeros((len(wide), 5))
    R[:, 1], R[:, 3] = 1, wide - df["sw"].mean()
    slope, se = R @ fit.params, np.sqrt(np.einsum("mi,ij,mj->m", R, fit.cov_params(), R))
    differs = np.abs(slope) > stats.t.ppf(0.975, fit.df_resid) * se
    changes = wide[1:][np.diff(differs.astype(int)) != 0]
    if case == "nowhere":
        assert not differs.any()
        assert found.johnson_neyman.empty
        assert "at no value" in found.region
        return
    table = found.johnson_neyman
    np.testing.assert_allclose(table["value"], changes, atol=0.011)
    assert table["inside_data"].tolist() == [df["sw"].min() <= c <= df["sw"].max() for c in changes]
    np.testing.assert_allclose(table["share_below"], [(df["sw"] < c).mean() for c in table["value"]])
    outside = differs[0]
    assert ("below" in found.region) == outside
    assert ("between" in found.region) == (not outside)
    inside = ((df["sw"] < table["value"][0]) | (df["sw"] > table["value"][1])) == outside
    assert f"for {inside.sum()} of 300 customers" in found.region


def test_the_cases_of_moderation_cover_inside_and_outside():
    seen = [satisfaction_loyalty(survey(**MODERATIONS[c]), "loy", "sat", switching_costs="sw", **QUICK) for c in ("both inside", "between")]
    assert seen[0].johnson_neyman["inside_data"].all()
    assert not seen[1].johnson_neyman["inside_data"].all()
    assert ["below" in s.region for s in seen] == [True, False]


def test_threshold_is_the_place_of_least_squares_of_a_plain_search():
    df = survey(b=(0.2, 0.0), kink=(60, 0.9))
    found = satisfaction_loyalty(df, "loy", "sat", controls=["age"], n_boot=99)
    grid = np.linspace(*np.quantile(df["sat"], [0.1, 0.9]), 401)[1:-1]
    ssr = [hand(df, df["sat"], np.maximum(df["sat"] - c, 0)).ssr for c in grid]
    row, best = found.threshold.iloc[0], int(np.argmin(ssr))
    np.testing.assert_allclose(row["est"], grid[best])
    f = (hand(df, df["sat"]).ssr - ssr[best]) / (ssr[best] / (len(df) - 4))
    np.testing.assert_allclose(row["f"], f, rtol=1e-8)
    np.testing.assert_allclose(
        found.models.set_index("model").loc["threshold", ["f", "pvalue"]].astype(float), [f, row["pvalue"]], rtol=1e-8
    )
    assert (row["n_below"], row["n_above"]) == ((df["sat"] <= row["est"]).sum(), (df["sat"] > row["est"]).sum())
    assert row["pvalue"] == 0.01
    assert row["established"]


def test_errors_of_the_threshold_are_those_of_the_joint_sandwich():
    """Plainly written HC0 sandwich on the derivatives of a + b1 x + b2 max(x - c, 0) + b3 age in (a, b1, b2, b3, c)."""
    df = survey(b=(0.2, 0.0), kink=(60, 0.9))
    found = satisfaction_loyalty(df, "loy", "sat", controls=["age"], cov_type="HC0", **QUICK)
    c = found.threshold["est"][0]
    fit = hand(df, df["sat"], np.maximum(df["sat"] - c, 0))
    D = np.column_stack([fit.model.exog, -fit.params[2] * (df["sat"] > c)])
    e = fit.resid - D @ np.linalg.lstsq(D, fit.resid, rcond=None)[0]
    bread = np.linalg.inv(D.T @ D)
    cov = bread @ (D.T * e**2) @ D @ bread
    table = found.coefficients[found.coefficients["model"] == "threshold"]
    np.testing.assert_allclose(table["est"], fit.params, rtol=1e-8)
    np.testing.assert_allclose(table["se"], np.sqrt(np.diag(cov))[:4], rtol=1e-6)
    np.testing.assert_allclose(found.threshold["se"][0], np.sqrt(cov[4, 4]), rtol=1e-6)
    assert np.isnan(table.set_index("name").loc["above threshold", ["t", "pvalue"]].astype(float)).all()
    slopes = found.slopes[found.slopes["model"] == "threshold"].set_index("at")
    np.testing.assert_allclose(slopes["est"], [fit.params[1], fit.params[1] + fit.params[2]], rtol=1e-8)
    np.testing.assert_allclose(slopes["se"], np.sqrt([cov[1, 1], cov[1, 1] + cov[2, 2] + 2 * cov[1, 2]]), rtol=1e-6)
    models = found.models.set_index("model").loc["threshold"]
    n = len(df)
    np.testing.assert_allclose([models["aic"] - fit.aic, models["bic"] - fit.bic], [2, np.log(n)], rtol=1e-8)
    np.testing.assert_allclose(models["r2_adj"], 1 - (1 - fit.rsquared) * (n - 1) / (n - 5), rtol=1e-10)


def test_known_shapes_are_recovered():
    bent = satisfaction_loyalty(survey(4000, b=(0.5, 0.01)), "loy", "sat", controls=["age"], **QUICK)
    flat = satisfaction_loyalty(survey(4000, b=(0.5, -0.01)), "loy", "sat", controls=["age"], **QUICK)
    assert (bent.returns, flat.returns) == ("increasing", "decreasing")
    for result, truth, kind in ((bent, 25, "minimum"), (flat, 75, "maximum")):
        row = result.turning_point.iloc[0]
        assert abs(row["est"] - truth) < 4 * row["se"] < 8
        assert (row["kind"], row["inside_data"]) == (kind, True)
    kinked = satisfaction_loyalty(survey(4000, b=(0.2, 0.0), kink=(60, 0.8)), "loy", "sat", controls=["age"], n_boot=200)
    row, slopes = kinked.threshold.iloc[0], kinked.slopes.set_index("at")
    assert abs(row["est"] - 60) < 4 * row["se"] < 8
    assert abs(slopes.loc["below", "est"] - 0.2) < 4 * slopes.loc["below", "se"]
    assert abs(slopes.loc["above", "est"] - 1.0) < 4 * slopes.loc["above", "se"]
    assert row["pvalue"] == 1 / 201
    costly = satisfaction_loyalty(survey(4000, b=(0.5, 0.0), product=-0.01), "loy", "sat", switching_costs="sw", controls=["age"], **QUICK)
    at = costly.slopes[costly.slopes["model"] == "moderated"]
    assert (np.abs(at["est"] - (0.5 - 0.01 * (at["value"] - 50))) < 4 * at["se"]).all()
    straight = satisfaction_loyalty(survey(4000, seed=2), "loy", "sat", controls=["age"], **QUICK)
    assert straight.returns == "not established"
    assert not straight.threshold["established"][0]


def test_limits_of_the_threshold_are_where_the_sum_of_squares_has_risen_enough():
    """With even errors assumed: F(c) against the best place is t squared at the limits, between places searched by a straight line."""
    df = survey(b=(0.2, 0.0), kink=(60, 0.9))
    row = satisfaction_loyalty(df, "loy", "sat", controls=["age"], cov_type="nonrobust", **QUICK).threshold.iloc[0]
    ssr = [hand(df, df["sat"], np.maximum(df["sat"] - c, 0)).ssr for c in (row["ci_lower"], row["est"], row["ci_upper"])]
    f = (np.array(ssr) - ssr[1]) / (ssr[1] / (len(df) - 5))
    np.testing.assert_allclose(f[[0, 2]], stats.t.ppf(0.975, len(df) - 5) ** 2, rtol=0.02)
    assert row["ci_lower"] < row["est"] < row["ci_upper"]
    robust = satisfaction_loyalty(df, "loy", "sat", controls=["age"], **QUICK).threshold.iloc[0]
    assert robust["est"] == row["est"]
    assert robust["ci_lower"] != row["ci_lower"]
    none = satisfaction_loyalty(survey(seed=6), "loy", "sat", **QUICK).threshold.iloc[0]
    assert np.quantile(df["sat"], 0.05) < none["ci_lower"] < none["ci_upper"] < np.quantile(df["sat"], 0.95)


@pytest.mark.slow
def test_threshold_test_keeps_its_level_and_its_intervals_cover():
    """1,000 samples with uneven errors: the level inside its 99 % binomial band; large-sample 95 % intervals cover 90 to 97 %."""
    from csimodels.analyses.loyalty_models import Sample, straight
    from csimodels.analyses.thresholds import kink_slopes, kink_table, with_kink

    def kink(seed, shape):
        df = survey(400, seed=seed, **shape)
        sample = Sample(df["loy"].to_numpy(), df["sat"].to_numpy(), None, df[["age"]].to_numpy(), ("age",), 0)
        return with_kink(sample, straight(sample, "HC3"), "HC3", 199, seed), sample

    runs = 1000
    rejected = sum(kink(seed, {})[0].pvalue <= 0.05 for seed in range(runs))
    low, high = stats.binom.ppf([0.005, 0.995], runs, 0.05)
    assert low <= rejected <= high
    hits = np.zeros(3)
    for seed in range(runs):
        k, sample = kink(seed, {"b": (0.2, 0.0), "kink": (55, 1.5)})
        place, slopes = kink_table(k, sample, 0.95), kink_slopes(k, 0.95)
        hits[0] += place["ci_lower"][0] <= 55 <= place["ci_upper"][0]
        hits[1:] += [slopes["ci_lower"][i] <= t <= slopes["ci_upper"][i] for i, t in enumerate((0.2, 1.7))]
    assert (hits >= 900).all(), hits
    assert (hits <= 970).all(), hits


def test_same_seed_same_numbers(df):
    one, two, other = (satisfaction_loyalty(df, "loy", "sat", n_boot=99, seed=s).threshold for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(one.drop(columns=["pvalue", "established"]), other.drop(columns=["pvalue", "established"]))


def test_answers_are_averaged_and_put_on_points():
    rng = np.random.default_rng(6)
    mood = rng.normal(size=200)
    df = pd.DataFrame({c: np.clip(np.round(6 + 2 * mood + rng.normal(size=200)), 1, 10) for c in ("a", "b", "l", "m")})
    df["w"] = rng.integers(1, 8, 200).astype(float)
    scale = {c: (1, 10) for c in ("a", "b", "l", "m")} | {"w": (1, 7)}
    points = satisfaction_loyalty(df, ["l", "m"], ["a", "b"], switching_costs="w", scale=scale, **QUICK)
    assert points.scaled == (True, True, True)
    hand_made = pd.DataFrame({"x": (df["a"] + df["b"] - 2) / 0.18, "y": (df["l"] + df["m"] - 2) / 0.18, "w": (df["w"] - 1) / 0.06})
    plain = satisfaction_loyalty(hand_made, "y", "x", switching_costs="w", **QUICK)
    assert plain.scaled == (False, False, False)
    np.testing.assert_allclose(points.coefficients["est"], plain.coefficients["est"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(points.cloud, hand_made[["x", "y"]], atol=1e-9)
    raw = satisfaction_loyalty(df, ["l", "m"], ["a", "b"], **QUICK)
    np.testing.assert_allclose(raw.models["f"], points.models["f"][:3], rtol=1e-6)


def test_curves_are_the_models_at_the_means_of_the_controls(df):
    plain = satisfaction_loyalty(df, "loy", "sat", controls=["age"], **QUICK)
    assert list(plain.curves) == ["linear", "quadratic", "threshold"]
    x, mean, age = plain.curves["linear"].x, df["sat"].mean(), df["age"].mean()
    fit = fits(df)["quadratic"]
    at = np.column_stack([np.ones(101), x - mean, (x - mean) ** 2, np.full(101, age)])
    np.testing.assert_allclose(plain.curves["quadratic"].est, at @ fit.params, rtol=1e-8)
    half = stats.t.ppf(0.975, 296) * np.sqrt(np.einsum("mi,ij,mj->m", at, fit.cov_params(), at))
    np.testing.assert_allclose(plain.curves["quadratic"].ci_upper - plain.curves["quadratic"].est, half, rtol=1e-6)
    kink = plain.curves["threshold"].est
    slopes = plain.slopes.set_index("at")["est"]
    np.testing.assert_allclose([np.diff(kink)[0], np.diff(kink)[-1]], slopes[["below", "above"]] * np.diff(x)[0], rtol=1e-6)
    three = satisfaction_loyalty(df, "loy", "sat", switching_costs="sw", controls=["age"], **QUICK)
    rise = [(c.est[-1] - c.est[0]) / (c.x[-1] - c.x[0]) for c in three.curves.values()]
    np.testing.assert_allclose(rise, three.slopes.loc[three.slopes["model"] == "moderated", "est"], rtol=1e-8)


def test_rows_left_out_are_said_counted_and_stored(df):
    holes = df.copy()
    holes.loc[[2, 9], "sw"] = np.nan
    with pytest.warns(csi.DataWarning, match="2 of 300 rows") as caught:
        found = satisfaction_loyalty(holes, "loy", "sat", switching_costs="sw", **QUICK)
    assert [w.filename for w in caught] == [__file__]
    assert (found.n, found.left_out, found.warnings) == (298, 2, (str(caught[0].message),))
    assert satisfaction_loyalty(holes, "loy", "sat", **QUICK).n == 300


def test_a_threshold_without_room_is_said():
    rng = np.random.default_rng(8)
    x = np.array([1.0, 2, 3] + [9] * 50 + [10] * 447)
    df = pd.DataFrame({"sat": x, "loy": x + rng.normal(size=500)})
    with pytest.warns(csi.DataWarning, match="threshold is not looked for"):
        found = satisfaction_loyalty(df, "loy", "sat", **QUICK)
    assert found.threshold.empty
    assert found.models["model"].tolist() == ["linear", "quadratic"]
    assert list(found.curves) == ["linear", "quadratic"]
    assert "threshold" not in found.slopes["model"].tolist()


def test_a_side_of_a_threshold_that_one_row_decides_has_no_errors():
    rng = np.random.default_rng(8)
    x = np.concatenate([[1.0], np.full(99, 2.0), rng.integers(3, 9, 200)])
    df = pd.DataFrame({"sat": x, "loy": np.maximum(x - 2.4, 0) * 5 + rng.normal(size=300)})
    with pytest.warns(csi.DataWarning, match="one row alone decides a side"):
        found = satisfaction_loyalty(df, "loy", "sat", **QUICK)
    assert found.threshold["est"][0] < 3
    assert np.isnan(found.threshold["se"][0])
    assert found.slopes.loc[found.slopes["model"] == "threshold", "se"].isna().all()
    assert satisfaction_loyalty(df, "loy", "sat", cov_type="HC1", **QUICK).threshold["se"][0] > 0


def test_data_are_read_from_any_frame_and_never_changed(df, found):
    before = df.copy()
    other = satisfaction_loyalty(pl.from_pandas(df), "loy", "sat", switching_costs="sw", controls=["age"])
    pd.testing.assert_frame_equal(other.coefficients, found.coefficients)
    shuffled = satisfaction_loyalty(df.sample(frac=1, random_state=1), "loy", "sat", switching_costs="sw", controls=["age"], **QUICK)
    np.testing.assert_allclose(shuffled.coefficients["est"], found.coefficients["est"], rtol=1e-8, atol=1e-10)
    pd.testing.assert_frame_equal(df, before)


CASES = [
    (csi.OptionError, "option.cov_type", "cov_type", lambda d: (d, "loy", "sat"), {"cov_type": "HC9"}),
    (csi.OptionError, "option.level", "level", lambda d: (d, "loy", "sat"), {"level": 1}),
    (csi.OptionError, "option.n_boot", "n_boot", lambda d: (d, "loy", "sat"), {"n_boot": 0}),
    (csi.OptionError, "option.seed", "seed", lambda d: (d, "loy", "sat"), {"seed": -1}),
    (csi.OptionError, "option.loyalty", "loyalty", lambda d: (d, [], "sat"), {}),
    (csi.OptionError, "option.satisfaction", "satisfaction", lambda d: (d, "loy", None), {}),
    (csi.OptionError, "option.switching_costs", "switching_costs", lambda d: (d, "loy", "sat"), {"switching_costs": ["sw", "sw"]}),
    (csi.OptionError, "option.controls", "controls", lambda d: (d, "loy", "sat"), {"controls": 5}),
    (csi.OptionError, "option.scale_column", "scale", lambda d: (d, "loy", "sat"), {"scale": {"age": (0, 100)}}),
    (csi.OptionError, "loyalty.column_twice", "sat", lambda d: (d, "loy", "sat"), {"controls": ["sat"]}),
    (csi.ScaleError, "scale.some_missing", "sw", lambda d: (d, "loy", ["sat", "sw"]), {"scale": {"sat": (0, 100)}}),
    (csi.ScaleError, "scale.out_of_range", "sat", lambda d: (d, "loy", "sat"), {"scale": {"sat": (0, 50)}}),
    (csi.DataError, "loyalty.too_few_values", "sat", lambda d: (d.assign(sat=d["sat"] // 34), "loy", "sat"), {}),
    (csi.DataError, "loyalty.collinear", "twin", lambda d: (d.assign(twin=3 - d["sat"]), "loy", "sat"), {"controls": ["twin"]}),
    (csi.DataError, "loyalty.exact", "loyalty", lambda d: (d.assign(loy=3 + 2 * d["sat"]), "loy", "sat"), {}),
    (
        csi.DataError,
        "loyalty.one_row_decides",
        "linear",
        lambda d: (d.assign(one=np.arange(300) == 7), "loy", "sat"),
        {"controls": ["one"]},
    ),
    (csi.DataError, "data.missing_column", "lay", lambda d: (d, "lay", "sat"), {}),
    (csi.DataError, "analysis.too_few_rows", "rows", lambda d: (d[:29], "loy", "sat"), {}),
]


@pytest.mark.parametrize(("kind", "code", "variable", "call", "options"), CASES, ids=[c[1] for c in CASES])
def test_misuse_is_named(df, kind, code, variable, call, options):
    data, *given = call(df)
    with pytest.raises(kind) as caught:
        satisfaction_loyalty(data, *given, **options)
    assert (type(caught.value), caught.value.code, caught.value.variable) == (kind, code, variable)
    assert caught.value.hint


def test_a_row_that_decides_alone_is_no_obstacle_to_other_errors(df):
    found = satisfaction_loyalty(df.assign(one=np.arange(300) == 7), "loy", "sat", controls=["one"], cov_type="HC1", **QUICK)
    assert found.coefficients.loc[found.coefficients["model"] == "linear", "se"].notna().all()


def test_everything_is_shown(found):
    text = found.summary().as_text()
    for title in (
        "Models",
        "Slopes of satisfaction",
        "Turning point",
        "Threshold",
        "Johnson-Neyman bounds",
        "Coefficients",
        "What this rests on",
    ):
        assert title in text
    assert list(found.tables) == ["models", "slopes", "turning_point", "threshold", "johnson_neyman", "coefficients"]
    assert repr(found).startswith("SatisfactionLoyalty: Loyalty by satisfaction")
    assert "moderated" in found._repr_html_()
    assert "switching costs" in found.region


def test_picture_shows_lines_cloud_and_threshold():
    from matplotlib import pyplot as plt

    df = survey(b=(0.2, 0.0), kink=(60, 0.9))
    for options, names in (({}, ["linear", "quadratic", "threshold"]), ({"switching_costs": "sw"}, ["mean - 1 sd", "mean", "mean + 1 sd"])):
        result = satisfaction_loyalty(df.round(-1), "loy", "sat", **options, n_boot=99)
        _, ax = plt.subplots()
        assert result.plot(ax=ax) is ax
        assert [line.get_label().removeprefix("switching costs ") for line in ax.lines[:3]] == names
        assert len({line.get_linestyle() for line in ax.lines[:3]}) == 3
        np.testing.assert_allclose(ax.lines[0].get_ydata(), next(iter(result.curves.values())).est)
        assert len(ax.collections[0].get_offsets()) == len(np.unique(result.cloud, axis=0))
        assert ("switching costs" in ax.get_title()) == bool(options)
        if not options:
            assert ax.lines[3].get_label() == f"threshold: {result.threshold['est'][0]:.1f}"
            assert ax.lines[3].get_markerfacecolor() != "white"
        plt.close("all")
    weak = satisfaction_loyalty(survey(120, seed=5), "loy", "sat", n_boot=99)
    assert not weak.threshold["established"][0]
    assert weak.plot().lines[3].get_markerfacecolor() == "white"
    plt.close("all")


def test_a_large_cloud_is_drawn_point_by_point():
    from matplotlib import pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = satisfaction_loyalty(survey(900), "loy", "sat", **QUICK).plot()
    assert len(ax.collections[0].get_offsets()) == 900
    assert len(set(ax.collections[0].get_sizes())) == 1
    plt.close("all")
