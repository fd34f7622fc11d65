"""Asymmetric disconfirmation: against statsmodels run by hand, Fieller's closed formula, plain loops with the same draws, known slopes."""

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

import csimodels as csi
from csimodels.analyses.asymmetry import asymmetric_disconfirmation
from csimodels.analyses.slope_ratios import bootstrap_slopes, delta_error, fieller

mpl.use("Agg")
QUICK = {"n_boot": 50}
SIDES = {"expectation": "e", "perception": "p"}
DIRECT = {"disconfirmation": "d", "scale": (1, 7)}


def survey(n=400, seed=1, gain=0.4, loss=-0.8, noise=1.0):
    """Return expectation, perception, their direct comparison d (neutral 4), age, and an outcome with known slopes."""
    rng = np.random.default_rng(seed)
    e, p, age = rng.integers(1, 8, n), rng.integers(1, 8, n), rng.integers(18, 80, n).astype(float)
    d = rng.integers(1, 8, n)
    error = noise * rng.normal(size=n)
    y, z = (5 + gain * np.maximum(g, 0) + loss * np.maximum(-g, 0) + 0.02 * age + error for g in (p - e, d - 4))
    return pd.DataFrame({"e": e, "p": p, "d": d, "age": age, "sat": y, "sat_d": z})


@pytest.fixture(scope="module")
def df():
    return survey()


@pytest.fixture(scope="module")
def found(df):
    return asymmetric_disconfirmation(df, "sat", **SIDES, scale=(1, 7), controls=["age"])


def by_hand(df, cov_type="nonrobust", outcome="sat"):
    gap = df["p"] - df["e"]
    X = np.column_stack([np.ones(len(df)), np.maximum(gap, 0), np.maximum(-gap, 0), df["age"]])
    return sm.OLS(df[outcome].to_numpy(), X).fit(cov_type=cov_type, use_t=True)


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC3"])
def test_slopes_are_those_of_statsmodels(df, cov_type):
    fit = by_hand(df, cov_type)
    table = asymmetric_disconfirmation(df, "sat", **SIDES, controls=["age"], cov_type=cov_type, **QUICK).slopes
    assert table["name"].tolist() == ["const", "gain", "loss", "age"]
    for column, values in {"est": fit.params, "se": fit.bse, "t": fit.tvalues, "pvalue": fit.pvalues, "df": fit.df_resid}.items():
        np.testing.assert_allclose(table[column], values, rtol=1e-9)
    np.testing.assert_allclose(table[["ci_lower", "ci_upper"]], fit.conf_int(), rtol=1e-9)


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC3"])
def test_wald_test_is_the_t_of_the_loss_beside_the_gap(df, cov_type):
    """b_gain gain + b_loss loss = b_gain gap + (b_gain + b_loss) loss: the sum is a coefficient of the second design."""
    gap = df["p"] - df["e"]
    X = np.column_stack([np.ones(len(df)), gap, np.maximum(-gap, 0), df["age"]])
    fit = sm.OLS(df["sat"], X).fit(cov_type=cov_type, use_t=True)
    result = asymmetric_disconfirmation(df, "sat", **SIDES, controls=["age"], cov_type=cov_type, level=0.9, **QUICK)
    row = result.wald.iloc[0]
    wanted = [fit.params.iloc[2], fit.bse.iloc[2], fit.tvalues.iloc[2], fit.df_resid, fit.pvalues.iloc[2], *fit.conf_int(0.1).iloc[2]]
    np.testing.assert_allclose(row[["est", "se", "t", "df", "pvalue", "ci_lower", "ci_upper"]].astype(float), wanted, rtol=1e-8)
    np.testing.assert_allclose(result.fit.loc[1, ["f", "pvalue"]].astype(float), [fit.tvalues.iloc[2] ** 2, fit.pvalues.iloc[2]], rtol=1e-8)


def test_kink_is_compared_with_one_line(df, found):
    full = by_hand(df)
    line = sm.OLS(df["sat"], np.column_stack([np.ones(len(df)), df["p"] - df["e"], df["age"]])).fit()
    table = found.fit.set_index("model")
    assert table.index.tolist() == ["symmetric", "piecewise"]
    for name, fit in (("symmetric", line), ("piecewise", full)):
        row = table.loc[name, ["coefficients", "r2", "r2_adj", "aic"]].astype(float)
        np.testing.assert_allclose(row, [len(fit.params), fit.rsquared, fit.rsquared_adj, fit.aic], rtol=1e-10)
    f, p, df_num = full.compare_f_test(line)
    np.testing.assert_allclose(
        table.loc["piecewise", ["f", "df_num", "df_den", "pvalue"]].astype(float), [f, df_num, full.df_resid, p], rtol=1e-7
    )
    assert table["against"].tolist() == ["", "symmetric"]


def closed(a, b, cov, t):
    """Fieller's limits as printed: with g = t^2 v_b / b^2 below one."""
    (va, vab), (_, vb) = cov
    g, r = t**2 * vb / b**2, a / b
    half = t / b * np.sqrt(va - 2 * r * vab + r**2 * vb - g * (va - vab**2 / vb))
    return np.array([r - g * vab / vb - half, r - g * vab / vb + half]) / (1 - g)


def test_ratio_is_the_quotient_with_delta_and_fieller_limits(df, found):
    fit = by_hand(df)
    a, b = -fit.params[2], fit.params[1]
    sign = np.array([-1, 1])
    cov = fit.cov_params()[np.ix_([2, 1], [2, 1])] * np.outer(sign, sign)
    step = np.array([1e-6, 1e-6])
    gradient = [((a + step[0]) / b - (a - step[0]) / b) / 2e-6, (a / (b + step[1]) - a / (b - step[1])) / 2e-6]
    table, t = found.ratio.set_index("method"), stats.t.ppf(0.975, fit.df_resid)
    np.testing.assert_allclose(table["est"], a / b, rtol=1e-10)
    assert a / b == abs(fit.params[2]) / fit.params[1]
    se = np.sqrt(gradient @ cov @ gradient)
    np.testing.assert_allclose(
        table.loc["delta", ["se", "ci_lower", "ci_upper"]].astype(float), [se, a / b - t * se, a / b + t * se], rtol=1e-6
    )
    np.testing.assert_allclose(table.loc["Fieller", ["ci_lower", "ci_upper"]].astype(float), closed(a, b, cov, t), rtol=1e-8)
    assert table["region"].tolist() == ["between"] * 3


@pytest.mark.parametrize(
    ("a", "b", "va", "vb", "vab", "region"),
    [
        (1.0, 0.8, 0.02, 0.03, 0.01, "between"),
        (-0.4, 0.9, 0.05, 0.02, -0.01, "between"),
        (2.0, 0.2, 0.05, 0.04, 0.01, "outside"),
        (1.5, -0.1, 0.05, 0.04, -0.02, "outside"),
        (0.1, 0.1, 0.05, 0.04, 0.0, "everything"),
    ],
)
def test_fieller_keeps_the_ratios_that_a_test_does_not_reject(a, b, va, vb, vab, region):
    cov, t = np.array([[va, vab], [vab, vb]]), 1.96
    found = fieller(np.array(a), np.array(b), cov, t)
    assert found.region == region
    grid = np.linspace(-300, 300, 600_001)
    kept = np.abs(a - grid * b) <= t * np.sqrt(va - 2 * grid * vab + grid**2 * vb)
    inside = (grid >= found.lower) & (grid <= found.upper)
    near = np.abs(np.subtract.outer(grid, [found.lower, found.upper])).min(axis=1) < 0.002
    np.testing.assert_array_equal(kept[~near], inside[~near] if region != "outside" else ~inside[~near])
    assert kept.all() == (region == "everything")
    if region == "between":
        np.testing.assert_allclose([found.lower, found.upper], closed(a, b, cov, t), rtol=1e-10)


def test_bootstrap_is_a_plain_loop_with_the_same_draws(df, found):
    gap = (df["p"] - df["e"]).to_numpy()
    X = np.column_stack([np.maximum(gap, 0), np.maximum(-gap, 0), df["age"]])
    y, n = df["sat"].to_numpy(), len(df)
    rows = np.random.default_rng(1).integers(0, n, size=(2000, n))
    loop = np.array([np.linalg.lstsq(np.column_stack([np.ones(n), X[r]]), y[r], rcond=None)[0][1:] for r in rows])
    np.testing.assert_allclose(bootstrap_slopes(y, X, 2000, 1), loop, rtol=1e-7, atol=1e-9)
    ratio = -loop[:, 1] / loop[:, 0]
    row = found.ratio.set_index("method").loc["percentile"]
    wanted = [ratio.std(ddof=1), *np.quantile(ratio, [0.025, 0.975])]
    np.testing.assert_allclose(row[["se", "ci_lower", "ci_upper"]].astype(float), wanted, rtol=1e-6)
    assert (row["resamples"], row["undefined"]) == (2000, 0)


def test_a_resample_without_a_variable_has_no_slopes():
    rng = np.random.default_rng(3)
    X, y = np.column_stack([np.arange(12.0), np.arange(12) == 5]), rng.normal(size=12)
    rows = np.random.default_rng(7).integers(0, 12, size=(300, 12))
    slopes = bootstrap_slopes(y, X, 300, 7)
    np.testing.assert_array_equal(np.isnan(slopes).all(axis=1), ~(rows == 5).any(axis=1))
    assert 0 < np.isnan(slopes[:, 0]).sum() < 300
    whole = np.flatnonzero(~np.isnan(slopes[:, 0]))[:20]
    loop = [np.linalg.lstsq(np.column_stack([np.ones(12), X[rows[k]]]), y[rows[k]], rcond=None)[0][1:] for k in whole]
    np.testing.assert_allclose(slopes[whole], loop, rtol=1e-7, atol=1e-9)


def test_resamples_without_a_positive_gain_are_counted():
    weak = survey(120, gain=0.12, seed=2, noise=1.5)
    with pytest.warns(csi.CSIWarning, match=r"undefined in \d+\.\d % of the resamples"):
        result = asymmetric_disconfirmation(weak, "sat", **SIDES, n_boot=400)
    gap = (weak["p"] - weak["e"]).to_numpy()
    slopes = bootstrap_slopes(weak["sat"].to_numpy(), np.column_stack([np.maximum(gap, 0), np.maximum(-gap, 0)]), 400, 1)
    row = result.ratio.set_index("method").loc["percentile"]
    assert row["undefined"] == (slopes[:, 0] <= 0).sum() > 10
    kept = slopes[slopes[:, 0] > 0]
    np.testing.assert_allclose(row["ci_upper"], np.quantile(-kept[:, 1] / kept[:, 0], 0.975))
    assert result.ratio["region"].tolist() == ["between", "between", "outside"]


def test_a_ratio_without_a_gain_is_undefined():
    with pytest.warns(csi.CSIWarning, match="not positive: the ratio of the slopes is undefined"):
        result = asymmetric_disconfirmation(survey(gain=-0.3), "sat", **SIDES, **QUICK)
    assert result.ratio["est"].isna().all()
    assert result.ratio.loc[0, ["se", "ci_lower", "ci_upper"]].isna().all()
    assert "λ undefined" in result.plot().get_title()
    mpl.pyplot.close("all")


def test_losses_that_do_not_lower_the_outcome_are_said():
    with pytest.warns(csi.CSIWarning, match="losses do not lower the outcome"):
        result = asymmetric_disconfirmation(survey(loss=0.3), "sat", **SIDES, **QUICK)
    assert (result.ratio["est"] < 0).all()


def test_known_loss_aversion_is_recovered():
    big = survey(20_000, seed=3)
    result = asymmetric_disconfirmation(big, "sat", **SIDES, controls=["age"], **QUICK)
    slopes = result.slopes.set_index("name")
    for name, truth in (("gain", 0.4), ("loss", -0.8), ("age", 0.02)):
        assert abs(slopes.loc[name, "est"] - truth) < 4 * slopes.loc[name, "se"]
    row = result.ratio.iloc[0]
    assert abs(row["est"] - 2) < 4 * row["se"] < 0.4
    assert result.wald["pvalue"][0] < 1e-10
    even = asymmetric_disconfirmation(survey(20_000, seed=4, gain=0.5, loss=-0.5), "sat", **SIDES, **QUICK)
    assert even.wald["pvalue"][0] > 0.01
    assert even.ratio["ci_lower"].iloc[2] < 1 < even.ratio["ci_upper"].iloc[2]


@pytest.mark.slow
def test_limits_of_the_ratio_cover():
    """5,000 samples of a design with strong gains (t near 12): Fieller, delta and percentile inside the 99 % binomial band."""
    runs, n, rng = 5000, 600, np.random.default_rng(11)
    gap = rng.integers(-3, 4, n)
    X = np.column_stack([np.ones(n), np.maximum(gap, 0), np.maximum(-gap, 0)])
    y = X @ [5, 0.5, -1.0] + rng.normal(size=(runs, n))
    inverse = np.linalg.inv(X.T @ X)
    b = y @ X @ inverse
    s2 = ((y - b @ X.T) ** 2).sum(axis=1) / (n - 3)
    sign = np.array([-1.0, 1.0])
    cov = s2[:, None, None] * inverse[np.ix_([2, 1], [2, 1])] * np.outer(sign, sign)
    t = stats.t.ppf(0.975, n - 3)
    limits = fieller(-b[:, 2], b[:, 1], cov, t)
    half = t * delta_error(-b[:, 2], b[:, 1], cov)
    W = np.random.default_rng(12).multinomial(n, np.full(n, 1 / n), size=999).astype(float)
    bread = np.linalg.inv(np.einsum("bn,ni,nj->bij", W, X, X, optimize=True))
    drawn = np.array([np.einsum("bij,bj->bi", bread, W @ (X * one[:, None])) for one in y])
    low, high = np.quantile(-drawn[..., 2] / drawn[..., 1], [0.025, 0.975], axis=1)
    hits = {
        "Fieller": (limits.lower <= 2) & (limits.upper >= 2),
        "delta": np.abs(-b[:, 2] / b[:, 1] - 2) <= half,
        "percentile": (low <= 2) & (high >= 2),
    }
    assert (limits.region == "between").all()
    least, most = stats.binom.ppf([0.005, 0.995], runs, 0.95)
    assert {name: int(h.sum()) for name, h in hits.items() if not least <= h.sum() <= most} == {}


def test_a_direct_measure_is_a_gap_from_its_neutral_point(df):
    direct = asymmetric_disconfirmation(df, "sat_d", **DIRECT, **QUICK)
    said = asymmetric_disconfirmation(df, "sat_d", disconfirmation="d", neutral=4, **QUICK)
    gap = asymmetric_disconfirmation(df.assign(p=df["d"] + df["e"] - 4), "sat_d", **SIDES, **QUICK)
    pd.testing.assert_frame_equal(direct.slopes, said.slopes)
    pd.testing.assert_frame_equal(direct.slopes, gap.slopes)
    assert (direct.neutral, gap.neutral, direct.disconfirmation) == (4.0, 0.0, ("d",))
    moved = asymmetric_disconfirmation(df, "sat_d", disconfirmation="d", neutral=3, scale=(1, 7), **QUICK)
    assert moved.zones["n"].tolist() == [(df["d"] < 3).sum(), (df["d"] == 3).sum(), (df["d"] > 3).sum()]
    assert [d.assumptions[-1].startswith("The neutral point") for d in (direct, gap)] == [True, False]


def test_several_columns_are_averaged(df):
    rng = np.random.default_rng(5)
    more = df.assign(**{c: rng.integers(1, 8, len(df)) for c in ("e2", "e3", "p2", "sat2")})
    lists = asymmetric_disconfirmation(more, ["sat", "sat2"], expectation=["e", "e2", "e3"], perception=["p", "p2"], **QUICK)
    means = pd.DataFrame(
        {"e": more[["e", "e2", "e3"]].mean(axis=1), "p": more[["p", "p2"]].mean(axis=1), "sat": more[["sat", "sat2"]].mean(axis=1)}
    )
    np.testing.assert_allclose(lists.slopes["est"], asymmetric_disconfirmation(means, "sat", **SIDES, **QUICK).slopes["est"], rtol=1e-9)
    sums = 2 * more[["e", "e2", "e3"]].sum(axis=1) - 3 * more[["p", "p2"]].sum(axis=1)
    assert lists.zones["n"].tolist() == [(sums > 0).sum(), (sums == 0).sum(), (sums < 0).sum()]


def test_turning_gap_and_outcome_round_turns_the_ratio_over(df):
    """With -y and -gap gains and losses change places, so that lambda becomes 1 / lambda and its Fieller limits with it."""
    one = asymmetric_disconfirmation(df, "sat_d", **DIRECT, **QUICK)
    two = asymmetric_disconfirmation(df.assign(d=8 - df["d"], sat_d=-df["sat_d"]), "sat_d", **DIRECT, **QUICK)
    a, b = one.ratio.iloc[2], two.ratio.iloc[2]
    np.testing.assert_allclose([b["est"], b["ci_lower"], b["ci_upper"]], [1 / a["est"], 1 / a["ci_upper"], 1 / a["ci_lower"]], rtol=1e-8)
    np.testing.assert_allclose(one.fit["f"][1], two.fit["f"][1], rtol=1e-8)
    other = asymmetric_disconfirmation(df.assign(sat_d=100 + 11 * df["sat_d"]), "sat_d", **DIRECT, **QUICK)
    numbers = ["est", "se", "ci_lower", "ci_upper"]
    np.testing.assert_allclose(other.ratio[numbers], one.ratio[numbers], rtol=1e-6)


def test_zones_are_means_by_sign(df, found):
    side = np.sign(df["p"] - df["e"])
    table = found.zones
    assert table["zone"].tolist() == ["loss", "neutral", "gain"]
    groups = [df.loc[side == s, "sat"] for s in (-1, 0, 1)]
    assert table["n"].tolist() == [len(g) for g in groups]
    np.testing.assert_allclose(table["share"], [len(g) / len(df) for g in groups])
    np.testing.assert_allclose(table["mean_outcome"], [g.mean() for g in groups])
    half = [stats.t.ppf(0.975, len(g) - 1) * stats.sem(g) for g in groups]
    np.testing.assert_allclose(table["outcome_ci_upper"] - table["mean_outcome"], half)


def test_bands_are_adjusted_means_that_do_not_cross_zero(df, found):
    fit, gap = by_hand(df), df["p"] - df["e"]
    adjusted = df["sat"] - fit.params[3] * (df["age"] - df["age"].mean())
    table = found.bands
    assert table["n"].sum() == len(df)
    assert (table["lowest"] * table["highest"] >= 0).all()
    for _, row in table.iterrows():
        own = adjusted[(gap >= row["lowest"]) & (gap <= row["highest"])]
        assert len(own) == row["n"] >= 10
        np.testing.assert_allclose(
            [row["mean_outcome"], row["ci_lower"]], [own.mean(), own.mean() - stats.t.ppf(0.975, len(own) - 1) * stats.sem(own)]
        )
    np.testing.assert_allclose((table["gap"] * table["n"]).sum(), gap.sum())


def test_bands_of_many_and_of_few_gaps():
    fine = survey(900).assign(p=lambda d: d["p"] + np.random.default_rng(1).uniform(-0.4, 0.4, 900))
    table = asymmetric_disconfirmation(fine, "sat", **SIDES, **QUICK).bands
    sides = np.sign(table["gap"])
    assert 6 <= (sides < 0).sum() <= 9 >= (sides > 0).sum() >= 6
    assert table["n"].min() >= 10
    tail = pd.DataFrame({"d": [1] * 3 + [2] * 30 + [3] * 30 + [4] * 20 + [5] * 12 + [6] * 12 + [7] * 9})
    tail["sat"] = tail["d"] + np.random.default_rng(2).normal(size=len(tail))
    bands = asymmetric_disconfirmation(tail, "sat", **DIRECT, **QUICK).bands
    assert bands[["lowest", "highest", "n"]].to_numpy().tolist() == [[-3, -2, 33], [-1, -1, 30], [0, 0, 20], [1, 1, 12], [2, 3, 21]]
    few = asymmetric_disconfirmation(tail[(tail["d"] > 3) | (tail.index < 8)], "sat", **DIRECT, **QUICK).bands
    assert few.loc[0, ["lowest", "highest", "n"]].tolist() == [-3, -2, 8]


def powers(a, b, gap):
    return np.where(gap >= 0, np.maximum(gap, 0) ** a, 0), np.where(gap < 0, np.maximum(-gap, 0) ** b, 0)


def prospect_data(n, seed=1, noise=0.3):
    rng = np.random.default_rng(seed)
    gap = rng.uniform(-4, 4, n)
    up, down = powers(0.8, 0.6, gap)
    return pd.DataFrame({"d": gap + 4, "age": rng.normal(size=n), "sat": 5 + 0.9 * (up - 2 * down) + noise * rng.normal(size=n)})


def plain_fit(gap, age, y, start):
    """All parameters at once, without separating the linear ones."""

    def left(b):
        up, down = powers(b[3], b[4], gap)
        return b[0] + b[1] * (up - b[2] * down) + b[5] * age - y

    limits = ([-np.inf] * 3 + [0.05, 0.05, -np.inf], [np.inf] * 3 + [5, 5, np.inf])
    b = optimize.least_squares(left, start, bounds=limits, xtol=1e-12, ftol=1e-12, gtol=1e-12).x
    return np.array([b[3], b[4], b[2], b[1]]), float((left(b) ** 2).sum())


def test_value_function_is_that_of_a_plain_nonlinear_fit():
    df = prospect_data(300)
    gap, age, y = df["d"] - 4, df["age"].to_numpy(), df["sat"].to_numpy()
    options = {"disconfirmation": "d", "neutral": 4, "controls": ["age"], "prospect": True}
    result = asymmetric_disconfirmation(df, "sat", **options, n_boot=8)
    plain, ssr = plain_fit(gap.to_numpy(), age, y, [5, 0.9, 2, 0.8, 0.6, 0])
    table = result.prospect.set_index("name")
    assert table.index.tolist() == ["gain exponent", "loss exponent", "lambda", "gain slope at 1"]
    np.testing.assert_allclose(table["est"], plain, rtol=2e-4)
    row = result.fit.set_index("model").loc["prospect"]
    n, k = 300, 6
    np.testing.assert_allclose(row["r2"], 1 - ssr / ((y - y.mean()) ** 2).sum(), rtol=1e-7)
    np.testing.assert_allclose(row["r2_adj"], 1 - (1 - row["r2"]) * (n - 1) / (n - k), rtol=1e-10)
    np.testing.assert_allclose(row["aic"], n * (np.log(2 * np.pi * ssr / n) + 1) + 2 * k, rtol=1e-7)
    assert row["r2"] > result.fit["r2"][1]
    rows = np.random.default_rng(1).integers(0, n, size=(8, n))
    loop = np.array([plain_fit(gap.to_numpy()[r], age[r], y[r], [5, 0.9, 2, 0.8, 0.6, 0])[0] for r in rows])
    np.testing.assert_allclose(table["se"], loop.std(axis=0, ddof=1), rtol=5e-3)
    np.testing.assert_allclose(table[["ci_lower", "ci_upper"]].T, np.quantile(loop, [0.025, 0.975], axis=0), rtol=5e-3)
    assert (table["resamples"].iloc[0], table["undefined"].sum()) == (8, 0)
    curve = result.lines["prospect"]
    up, down = powers(*table["est"].iloc[:2], curve.x)
    shape = table.loc["gain slope at 1", "est"] * (up - table.loc["lambda", "est"] * down)
    np.testing.assert_allclose(np.ptp(curve.est - shape), 0, atol=1e-8)


def test_known_value_function_is_recovered():
    result = asymmetric_disconfirmation(prospect_data(5000, seed=2), "sat", disconfirmation="d", neutral=4, prospect=True, n_boot=40)
    table = result.prospect
    assert (np.abs(table["est"] - [0.8, 0.6, 2.0, 0.9]) < 4 * table["se"]).all()
    assert (table["se"] < 0.2).all()
    straight = asymmetric_disconfirmation(survey(5000), "sat_d", **DIRECT, controls=["age"], prospect=True, n_boot=40).prospect
    assert (np.abs(straight["est"] - [1, 1, 2, 0.4]) < 4 * straight["se"]).all()


def test_the_value_function_is_refitted_at_most_200_times_and_says_what_it_cannot_know():
    df = survey(60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (asymmetric_disconfirmation(df, "sat_d", **DIRECT, prospect=True, n_boot=250).prospect["resamples"] == 200).all()
        falling = asymmetric_disconfirmation(survey(gain=-0.4), "sat_d", **DIRECT, prospect=True, n_boot=5).prospect.set_index("name")
    assert falling.loc["lambda", ["est", "se", "ci_lower"]].isna().all()
    assert falling.loc["lambda", "undefined"] == 5
    gap = np.tile([-3, -2, -1, 0, 1, 2, 3], 40)
    step = pd.DataFrame({"d": gap + 4, "sat": 5 + 1.0 * (gap > 0) - np.maximum(-gap, 0) + 0.2 * np.random.default_rng(1).normal(size=280)})
    with pytest.warns(csi.CSIWarning, match="The exponent of gains ends at 0.05, a limit of the search"):
        asymmetric_disconfirmation(step, "sat", **DIRECT, prospect=True, n_boot=5)


def test_a_thin_side_is_said(df):
    few = pd.concat([df[df["d"] >= 4], df[df["d"] < 4][:12]])
    with pytest.warns(csi.CSIWarning, match=rf"Only 12 of {len(few)} respondents \(\d\.\d %\) have losses") as caught:
        result = asymmetric_disconfirmation(few, "sat_d", **DIRECT, **QUICK)
    assert [w.filename for w in caught] == [__file__]
    assert result.warnings == (str(caught[0].message),)


def test_rows_left_out_are_said_counted_and_stored(df):
    holes = df.astype(float)
    holes.loc[[3, 8], "p"] = np.nan
    holes.loc[5, "sat"] = 99
    with pytest.warns(csi.DataWarning, match="3 of 400 rows") as caught:
        result = asymmetric_disconfirmation(holes, "sat", **SIDES, na_values={"sat": [99]}, **QUICK)
    assert (result.n, result.left_out, result.warnings) == (397, 3, (str(caught[0].message),))


def test_data_are_read_from_any_frame_and_never_changed(df, found):
    before = df.copy()
    other = asymmetric_disconfirmation(pl.from_pandas(df), "sat", **SIDES, scale=(1, 7), controls=["age"])
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(other.tables[name], table)
    pd.testing.assert_frame_equal(df, before)
    seeded = asymmetric_disconfirmation(df, "sat", **SIDES, controls=["age"], seed=2).ratio
    assert (seeded.loc[1, ["ci_lower", "ci_upper"]] != found.ratio.loc[1, ["ci_lower", "ci_upper"]]).all()
    pd.testing.assert_frame_equal(seeded.drop(1), found.ratio.drop(1))


CASES = [
    (csi.OptionError, "asymmetry.no_gap", "expectation", lambda d: d, {"expectation": None, "perception": None}),
    (csi.OptionError, "asymmetry.two_gaps", "disconfirmation", lambda d: d, {"disconfirmation": "d"}),
    (csi.OptionError, "asymmetry.half_a_gap", "perception", lambda d: d, {"perception": None}),
    (csi.OptionError, "asymmetry.half_a_gap", "expectation", lambda d: d, {"expectation": None}),
    (csi.OptionError, "asymmetry.column_twice", "p", lambda d: d, {"controls": ["p"]}),
    (csi.OptionError, "asymmetry.no_neutral", "neutral", lambda d: d, {"expectation": None, "perception": None, "disconfirmation": "d"}),
    (csi.OptionError, "asymmetry.neutral_without_measure", "neutral", lambda d: d, {"neutral": 4}),
    (csi.OptionError, "option.neutral", "neutral", lambda d: d, {"expectation": None, "perception": None, **DIRECT, "neutral": 7}),
    (csi.OptionError, "option.neutral", "neutral", lambda d: d, {"expectation": None, "perception": None, **DIRECT, "neutral": "4"}),
    (
        csi.OptionError,
        "option.neutral",
        "neutral",
        lambda d: d,
        {"expectation": None, "perception": None, **DIRECT, "neutral": float("nan")},
    ),
    (csi.OptionError, "option.expectation", "expectation", lambda d: d, {"expectation": []}),
    (csi.OptionError, "option.controls", "controls", lambda d: d, {"controls": 5}),
    (csi.OptionError, "option.cov_type", "cov_type", lambda d: d, {"cov_type": "HC9"}),
    (csi.OptionError, "option.level", "level", lambda d: d, {"level": 0}),
    (csi.OptionError, "option.n_boot", "n_boot", lambda d: d, {"n_boot": 1}),
    (csi.OptionError, "option.seed", "seed", lambda d: d, {"seed": -1}),
    (csi.OptionError, "option.prospect", "prospect", lambda d: d, {"prospect": "yes"}),
    (csi.ScaleError, "scale.malformed", "scale", lambda d: d, {"scale": (7, 1)}),
    (csi.ScaleError, "scale.out_of_range", "e", lambda d: d, {"scale": (1, 5)}),
    (csi.DataError, "data.missing_column", "q", lambda d: d, {"perception": "q"}),
    (csi.DataError, "analysis.too_few_rows", "rows", lambda d: d[:29], {}),
    (csi.DataError, "asymmetry.one_sided", "losses", lambda d: d[d["p"] >= d["e"]], {}),
    (csi.DataError, "asymmetry.one_sided", "gains", lambda d: d[d["p"] <= d["e"]], {}),
    (csi.DataError, "asymmetry.collinear", "twin", lambda d: d.assign(twin=2 * (d["p"] - d["e"])), {"controls": ["twin"]}),
    (csi.DataError, "asymmetry.exact", "outcome", lambda d: d.assign(sat=d["p"] - d["e"]), {}),
    (
        csi.DataError,
        "asymmetry.one_row_decides",
        "cov_type",
        lambda d: d.assign(one=np.arange(400) == 7),
        {"controls": ["one"], "cov_type": "HC3"},
    ),
    (csi.DataError, "asymmetry.no_exponent", "gains", lambda d: d.assign(p=np.minimum(d["p"], d["e"] + 1)), {"prospect": True}),
]


@pytest.mark.parametrize(("kind", "code", "variable", "change", "options"), CASES, ids=[c[1] for c in CASES])
def test_misuse_is_named(df, kind, code, variable, change, options):
    with pytest.raises(kind) as caught:
        asymmetric_disconfirmation(change(df), "sat", **({**SIDES, **QUICK} | options))
    assert (type(caught.value), caught.value.code, caught.value.variable) == (kind, code, variable)
    assert caught.value.hint


def test_a_row_that_decides_alone_leaves_plain_errors_but_not_every_resample(df):
    """A resample without that row has no solution, which happens in (1 - 1/n)^n of them."""
    with pytest.warns(csi.CSIWarning, match="no positive slope of gains or no solution"):
        result = asymmetric_disconfirmation(df.assign(one=np.arange(400) == 7), "sat", **SIDES, controls=["one"], n_boot=400)
    assert result.slopes["se"].notna().all()
    drawn = np.random.default_rng(1).integers(0, 400, size=(400, 400))
    assert result.ratio["undefined"][1] == (~(drawn == 7).any(axis=1)).sum()


def test_everything_is_shown(df, found):
    text = found.summary().as_text()
    for title in ("Slopes of gains and losses", "Loss aversion", "weigh the same", "Two slopes", "Outcome by gap", "What this rests on"):
        assert title in text
    assert "Value function" not in text
    assert list(found.tables) == ["slopes", "ratio", "wald", "fit", "zones", "bands"]
    assert repr(found).startswith("Asymmetry: Asymmetric disconfirmation")
    assert "Fieller" in found._repr_html_()
    both = asymmetric_disconfirmation(df, "sat_d", **DIRECT, prospect=True, n_boot=5)
    assert list(both.tables)[-1] == "prospect"
    assert "loss exponent" in both.summary().as_text()
    assert found.n_boot == 2000


def test_picture_shows_means_slopes_and_the_symmetric_line(df, found):
    from matplotlib import pyplot as plt

    _, ax = plt.subplots()
    assert found.plot(ax=ax) is ax
    drawn = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    slopes = found.slopes.set_index("name")["est"]
    loss, gain, line = (
        f"losses: {-slopes['loss']:.2f} per point of the gap",
        f"gains: {slopes['gain']:.2f} per point of the gap",
        "one line (symmetric)",
    )
    assert list(drawn) == [loss, gain, line]
    assert [drawn[k].get_linestyle() for k in (loss, gain, line)] == ["-", "-", "--"]
    for label, slope in ((loss, -slopes["loss"]), (gain, slopes["gain"])):
        x, y = drawn[label].get_data()
        np.testing.assert_allclose(np.diff(y) / np.diff(x), slope, rtol=1e-6)
    np.testing.assert_allclose(drawn[loss].get_ydata()[-1], drawn[gain].get_ydata()[0])
    np.testing.assert_allclose(drawn[gain].get_ydata()[0], slopes["const"] + slopes["age"] * df["age"].mean())
    points = next(c for c in ax.collections if len(c.get_offsets()) == len(found.bands) and c.get_label().startswith("mean"))
    np.testing.assert_allclose(points.get_offsets(), found.bands[["gap", "mean_outcome"]])
    assert f"λ = {found.ratio['est'][0]:.2f}" in ax.get_title()
    assert "controls at their means" in ax.get_ylabel()
    direct = asymmetric_disconfirmation(df.rename(columns={"sat_d": "满意度"}), "满意度", **DIRECT, prospect=True, n_boot=5).plot()
    assert "neutral point" in direct.get_xlabel()
    assert any(line.get_linestyle() == ":" for line in direct.lines)
    direct.figure.canvas.draw()
    plt.close("all")
