"""The repurchase rate: against statsmodels and scipy run by hand, pairs counted one by one, and every way to misuse it."""

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.diagnostic_gen import test_chisquare_binning as chisquare_binning

import csimodels as csi
from csimodels.analyses.behaviour import repurchase_rate
from csimodels.analyses.regressing import averaged, in_points
from csimodels.analyses.repurchase_bands import band_edges, band_table
from csimodels.analyses.repurchase_fit import auc, hosmer_lemeshow, separating

mpl.use("Agg")
CLOSE = {"rtol": 1e-8, "atol": 1e-10}
ITEMS = ["s1", "s2", "s3"]


def survey(n=400, seed=1, slope=0.05):
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    answers = {s: np.clip(np.round(6.5 + 1.8 * mood + rng.normal(size=n)), 1, 10) for s in ITEMS}
    points = 100 * (np.mean(list(answers.values()), axis=0) - 1) / 9
    age = rng.integers(18, 80, n)
    p = 1 / (1 + np.exp(3.0 - slope * points - 0.01 * (age - 45)))
    return pd.DataFrame(answers | {"age": age, "again": (rng.random(n) < p).astype(int)})


@pytest.fixture(scope="module")
def df():
    return survey()


@pytest.fixture(scope="module")
def found(df):
    return repurchase_rate(df, "again", ITEMS, scale=(1, 10), controls=["age"])


@pytest.fixture(scope="module")
def by_hand(df):
    points = 100 * (df[ITEMS].mean(axis=1) - 1) / 9
    X = sm.add_constant(np.column_stack([points, df["age"]]))
    return points.to_numpy(), sm.Logit(df["again"], X).fit(disp=0)


def test_coefficients_are_those_of_statsmodels(found, by_hand):
    _, fit = by_hand
    table = found.coefficients
    assert table["name"].tolist() == ["const", "satisfaction", "age"]
    for column, values in {"est": fit.params, "se": fit.bse, "z": fit.tvalues, "pvalue": fit.pvalues}.items():
        np.testing.assert_allclose(table[column], values, rtol=1e-6)
    np.testing.assert_allclose(table[["ci_lower", "ci_upper"]], fit.conf_int(), rtol=1e-6)
    np.testing.assert_allclose(table[["odds_ratio_ci_lower", "odds_ratio_ci_upper"]], np.exp(fit.conf_int()), rtol=1e-6)
    np.testing.assert_allclose(table["odds_ratio"], np.exp(fit.params), rtol=1e-6)


def test_marginal_effect_is_the_mean_slope_of_the_probability_with_the_delta_method(found, by_hand):
    _, fit = by_hand
    X, b = fit.model.exog, np.asarray(fit.params)

    def effect(b):
        p = 1 / (1 + np.exp(-X @ b))
        return np.mean(p * (1 - p)) * b[1]

    step = 1e-5 * np.maximum(np.abs(b), 1e-3)
    gradient = np.array([(effect(b + e) - effect(b - e)) / (2 * e.sum()) for e in np.diag(step)])
    se = np.sqrt(gradient @ np.asarray(fit.cov_params()) @ gradient)
    table = found.effect
    assert table["change"].tolist() == ["1 point", "5 points"]
    np.testing.assert_allclose(table["est"], effect(b) * np.array([1, 5]), rtol=1e-6)
    np.testing.assert_allclose(table["se"], se * np.array([1, 5]), rtol=1e-5)
    np.testing.assert_allclose(table["ci_upper"] - table["est"], stats.norm.ppf(0.975) * table["se"], rtol=1e-10)
    np.testing.assert_allclose(table["pvalue"], 2 * stats.norm.sf(effect(b) / se), rtol=1e-3)


def test_effects_without_a_scale_are_of_a_unit_and_of_a_standard_deviation(df):
    table = repurchase_rate(df, "again", ITEMS).effect
    assert table["change"].tolist() == ["1 unit", "1 standard deviation"]
    np.testing.assert_allclose(table["size"], [1, df[ITEMS].mean(axis=1).std()])
    np.testing.assert_allclose(table["est"][1] / table["est"][0], table["size"][1])


def test_bands_are_counts_with_intervals_of_scipy(found, df, by_hand):
    points, fit = by_hand
    band = pd.cut(np.round(points, 10), [0, 60, 75, 100], include_lowest=True)
    groups = df.assign(p=fit.predict(), x=points).groupby(band, observed=False)
    table = found.bands
    assert table["band"].tolist() == ["[0, 60]", "(60, 75]", "(75, 100]"]
    np.testing.assert_array_equal(table["n"], groups.size())
    np.testing.assert_array_equal(table["repurchases"], groups["again"].sum())
    np.testing.assert_allclose(table["rate"], groups["again"].mean(), **CLOSE)
    np.testing.assert_allclose(table["predicted"], groups["p"].mean(), rtol=1e-6)
    np.testing.assert_allclose(table["mean_satisfaction"], groups["x"].mean(), **CLOSE)
    for _, row in table.iterrows():
        wilson = stats.binomtest(row["repurchases"], row["n"]).proportion_ci(method="wilson")
        np.testing.assert_allclose([row["ci_lower"], row["ci_upper"]], [wilson.low, wilson.high], **CLOSE)
    assert table["n"].sum() == found.n == 400
    assert table["repurchases"].sum() == found.events == df["again"].sum()


def test_trend_is_the_correlation_of_band_and_behaviour(found, df, by_hand):
    """Armitage's z is r sqrt(N) up to the factor sqrt((N - 1) / N) of the exact variance under fixed margins, which is used."""
    band = np.searchsorted([60, 75], np.round(by_hand[0], 10), side="left")
    r = stats.pearsonr(band, df["again"]).statistic
    row = found.tests.set_index("test").loc["Cochran-Armitage"]
    np.testing.assert_allclose(row["statistic"], r * np.sqrt(len(df) - 1), **CLOSE)
    np.testing.assert_allclose(row["pvalue"], 2 * stats.norm.sf(abs(row["statistic"])), rtol=1e-8)
    assert np.isnan(row["df"])


def test_fit_and_likelihood_ratio_are_those_of_statsmodels(found, df, by_hand):
    _, fit = by_hand
    row = found.fit.iloc[0]
    assert (row["n"], row["events"]) == (400, df["again"].sum())
    np.testing.assert_allclose(row["pseudo_r2"], 1 - fit.llf / fit.llnull, rtol=1e-8)
    np.testing.assert_allclose(row["brier"], np.mean((df["again"] - fit.predict()) ** 2), rtol=1e-6)
    ratio = found.tests.set_index("test").loc["likelihood ratio"]
    np.testing.assert_allclose([ratio["statistic"], ratio["df"]], [2 * (fit.llf - fit.llnull), 2], rtol=1e-8)
    np.testing.assert_allclose(ratio["pvalue"], stats.chi2.sf(2 * (fit.llf - fit.llnull), 2), rtol=1e-6)


def test_area_under_the_curve_counts_pairs(found, df, by_hand):
    p, y = np.round(by_hand[1].predict(), 12), df["again"].to_numpy()
    more = np.sign(p[y == 1][:, None] - p[y == 0])
    np.testing.assert_allclose(found.fit["auc"][0], ((more + 1) / 2).mean(), rtol=1e-10)


def test_error_of_the_area_is_that_of_the_published_example():
    """Hanley & McNeil (1982): 51 abnormal and 58 normal images rated on five points, W = 0.893, SE = 0.032."""
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    rating = np.repeat(np.tile(np.arange(5.0), 2), [*normal, *abnormal])
    y = np.repeat([0.0, 1.0], [58, 51])
    area = auc(y, rating, 0.95)
    assert (round(area.est, 3), round(area.se, 3)) == (0.893, 0.032)
    assert area.upper - area.est == pytest.approx(stats.norm.ppf(0.975) * area.se)
    assert auc(y, y, 0.95)[:2] == (1.0, 0.0)
    assert auc(np.array([0.0, 0, 1, 1]), np.array([1.0, 3, 2, 4]), 0.95).upper == 1.0


def test_hosmer_lemeshow_is_that_of_statsmodels_when_groups_are_equal():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.95, 300)
    y = (rng.random(300) < p).astype(float)
    p *= y.sum() / p.sum()
    hand = chisquare_binning(np.column_stack([1 - y, y]), np.column_stack([1 - p, p]), sort_var=p, bins=10)
    np.testing.assert_allclose(hosmer_lemeshow(y, p), (hand.statistic, 8, hand.pvalue), rtol=1e-10)


def test_hosmer_lemeshow_keeps_equal_predictions_together():
    p, y = np.repeat([0.1, 0.3, 0.6], [50, 30, 20]), np.zeros(100)
    y[:7], y[50:60], y[80:90] = 1, 1, 1
    p = p * y.sum() / p.sum()
    observed, expected = np.array([7, 10, 10]), np.array([p[:50].sum(), p[50:80].sum(), p[80:].sum()])
    n = np.array([50, 30, 20])
    hand = ((observed - expected) ** 2 / expected + (observed - expected) ** 2 / (n - expected)).sum()
    order = np.random.default_rng(1).permutation(100)
    for rows in (np.arange(100), order):
        statistic, df, pvalue = hosmer_lemeshow(y[rows], p[rows])
        assert (statistic, df) == (pytest.approx(hand), 1)
        assert pvalue == pytest.approx(stats.chi2.sf(hand, 1))


def test_hosmer_lemeshow_without_enough_groups_is_said(df):
    two = df.assign(s=(df["s1"] > 6).astype(float))
    with pytest.warns(csi.DataWarning, match=r"2 group\(s\)") as caught:
        found = repurchase_rate(two, "again", "s")
    assert [w.filename for w in caught] == [__file__]
    assert found.tests.set_index("test").loc["Hosmer-Lemeshow"].isna().all()
    assert found.warnings == (str(caught[0].message),)
    assert found.bands["n"].tolist() == [(two["s"] == 0).sum(), (two["s"] == 1).sum()]


def test_known_slopes_are_found():
    table = repurchase_rate(survey(20_000, seed=5), "again", ITEMS, scale=(1, 10), controls=["age"]).coefficients.set_index("name")
    for name, truth in {"const": -3.0 - 0.45, "satisfaction": 0.05, "age": 0.01}.items():
        assert abs(table.loc[name, "est"] - truth) < 4 * table.loc[name, "se"]
    assert table.loc["satisfaction", "est"] > 20 * table.loc["satisfaction", "se"]


def test_curve_is_the_prediction_with_controls_at_their_means(found, df, by_hand):
    _, fit = by_hand
    at = np.column_stack([np.ones(101), found.curve.x, np.full(101, df["age"].mean())])
    logit, se = at @ fit.params, np.sqrt(np.diag(at @ np.asarray(fit.cov_params()) @ at.T))
    np.testing.assert_allclose(found.curve.est, 1 / (1 + np.exp(-logit)), rtol=1e-6)
    np.testing.assert_allclose(found.curve.ci_lower, 1 / (1 + np.exp(-logit + stats.norm.ppf(0.975) * se)), rtol=1e-6)
    assert (found.curve.ci_lower < found.curve.est).all()
    assert (found.curve.est < found.curve.ci_upper).all()


def test_bands_include_their_upper_limits_and_empty_ones_stay():
    x, y = np.array([0.0, 60, 60, 75, 75.1, 100]), np.array([0.0, 1, 0, 1, 1, 1])
    table = band_table(x, y, y / 2, band_edges((0, 60, 75, 90, 95, 100), True, x), 0.95)
    assert table["n"].tolist() == [3, 1, 1, 0, 1]
    assert table["rate"].tolist()[:3] == [pytest.approx(1 / 3), 1, 1]
    assert table.loc[3, ["rate", "ci_lower", "predicted", "mean_satisfaction"]].isna().all()


def test_a_mean_of_answers_lies_on_the_limit_that_it_equals():
    """Four answers of 1 to 10 whose points sum to 300 are at 75 exactly, though the points themselves are no binary fractions."""
    answers = np.array([[10, 10, 7, 4], [8, 8, 8, 7], [7, 10, 7, 7], [8, 9, 10, 4], [9, 9, 9, 4]], dtype=float)
    scales = dict.fromkeys("abcd", (1.0, 10.0))
    assert (in_points(answers, "abcd", scales).mean(axis=1) != 75).any()
    x = averaged(answers, "abcd", scales)
    assert (x == 75).all()
    assert band_table(x, x * 0, x * 0, band_edges(None, True, x), 0.95)["n"].tolist() == [0, 5, 0]


@pytest.mark.parametrize(
    "values", [[1, 2, 3, 4, 5, 6, 7, 8], [1, 10, 10, 10, 10, 10], [1, 5, 10, 10, 10, 10, 10, 10, 10], [0, 0, 0, 0, 0, 1]]
)
def test_quartiles_leave_nobody_out_and_make_two_bands_at_least(values):
    x = np.array(values, dtype=float)
    table = band_table(x, x > 5, x * 0, band_edges(None, False, x), 0.95)
    assert table["n"].sum() == len(x)
    assert (table["n"] > 0).sum() >= 2
    assert (table["n"] > 0).all()


def test_trend_over_one_filled_band_is_unknown(df):
    found = repurchase_rate(df, "again", ITEMS, scale=(1, 10), bands=(-300, -200, -100, 100))
    assert found.tests.set_index("test").loc["Cochran-Armitage", ["statistic", "pvalue"]].isna().all()


def test_rows_with_missing_answers_are_left_out_said_and_counted(df):
    holes = df.astype(float)
    holes.loc[[3, 5], "s2"], holes.loc[7, "again"] = np.nan, np.nan
    with pytest.warns(csi.DataWarning, match="3 of 400 rows") as caught:
        found = repurchase_rate(holes, "again", ITEMS, scale=(1, 10))
    assert [w.filename for w in caught] == [__file__]
    whole = repurchase_rate(holes.dropna(), "again", ITEMS, scale=(1, 10))
    pd.testing.assert_frame_equal(found.coefficients, whole.coefficients)
    assert (found.left_out, found.n, whole.left_out) == (3, 397, 0)
    assert found.warnings == (str(caught[0].message),)


def test_data_are_read_from_any_frame_and_never_changed(df, found):
    before = df.copy()
    for given in (pl.from_pandas(df), df.to_dict("list"), df.assign(again=df["again"] == 1)):
        other = repurchase_rate(given, "again", ITEMS, scale=(1, 10), controls=["age"])
        pd.testing.assert_frame_equal(other.coefficients, found.coefficients)
    pd.testing.assert_frame_equal(df, before)


def test_codes_for_no_answer_are_missing(df):
    coded, holes = df.copy(), df.astype(float)
    coded.loc[[1, 2], "s1"], holes.loc[[1, 2], "s1"] = 99, np.nan
    with pytest.warns(csi.DataWarning, match="2 of 400"):
        one = repurchase_rate(coded, "again", ITEMS, scale=(1, 10), na_values=[99])
    with pytest.warns(csi.DataWarning, match="2 of 400"):
        two = repurchase_rate(holes, "again", ITEMS, scale=(1, 10))
    pd.testing.assert_frame_equal(one.bands, two.bands)


def test_the_unit_of_satisfaction_is_only_a_ruler(df, found):
    raw = repurchase_rate(df, "again", ITEMS, controls=["age"])
    np.testing.assert_allclose(raw.coefficients["est"][1], found.coefficients["est"][1] * 100 / 9, rtol=1e-6)
    np.testing.assert_allclose(raw.fit.to_numpy(dtype=float), found.fit.to_numpy(dtype=float), rtol=1e-6)
    turned = repurchase_rate(df.assign(again=1 - df["again"]), "again", ITEMS, scale=(1, 10), controls=["age"])
    np.testing.assert_allclose(turned.coefficients["est"], -found.coefficients["est"], rtol=1e-5)
    np.testing.assert_allclose(turned.fit["auc"], found.fit["auc"], rtol=1e-10)


def test_separation_is_found_exactly_where_it_is():
    x = np.arange(20.0)
    X = np.column_stack([np.ones(20), x])
    names = ("const", "x")
    assert separating(X, (x > 9).astype(float), names) == "x"
    tie = (x > 9).astype(float)
    x_tie = np.where(x == 10, 9.0, x)
    assert separating(np.column_stack([np.ones(20), x_tie]), tie, names) == "x"
    crossing = tie.copy()
    crossing[[9, 10]] = 1, 0
    assert separating(X, crossing, names) is None
    both = np.column_stack([np.ones(20), x % 5, x + 0.01 * (x % 3)])
    assert separating(both, tie, ("const", "noise", "level")) == "level"


def test_few_events_a_variable_are_said(df):
    rng = np.random.default_rng(2)
    few = df[:60].assign(a=rng.normal(size=60), b=rng.normal(size=60), again=rng.permutation(np.repeat([0, 1], [47, 13])))
    with pytest.warns(csi.DataWarning, match="13 rows of the rarer kind for 3 variables"):
        repurchase_rate(few, "again", ITEMS, scale=(1, 10), controls=["a", "b"])


CASES = [
    (csi.DataError, "behaviour.not_binary", "again", 2.0, lambda d: (d.assign(again=d["again"] * 2), "again", ITEMS), {}),
    (csi.DataError, "behaviour.too_few_events", "again", 9, lambda d: (d.assign(again=np.arange(400) < 9), "again", ITEMS), {}),
    (csi.DataError, "behaviour.too_few_events", "again", 4, lambda d: (d.assign(again=np.arange(400) >= 4), "again", ITEMS), {}),
    (csi.DataError, "behaviour.separated", "satisfaction", 400, lambda d: (d.assign(again=d["s1"] > 6), "again", "s1"), {}),
    (
        csi.DataError,
        "behaviour.separated",
        "vip",
        400,
        lambda d: (d.assign(vip=(np.arange(400) < 30), again=np.where(np.arange(400) < 30, 1, d["again"])), "again", ITEMS),
        {"controls": ["vip"]},
    ),
    (
        csi.DataError,
        "behaviour.collinear",
        "twin",
        400,
        lambda d: (d.assign(twin=2 * d["age"] + 1), "again", ITEMS),
        {"controls": ["age", "twin"]},
    ),
    (csi.DataError, "behaviour.outside_bands", "bands", None, lambda d: (d, "again", ITEMS), {"bands": (3, 5, 10)}),
    (csi.OptionError, "behaviour.column_twice", "s1", "s1", lambda d: (d, "again", ITEMS), {"controls": ["s1"]}),
    (csi.OptionError, "option.bands", "bands", (0, 100), lambda d: (d, "again", ITEMS), {"bands": (0, 100)}),
    (csi.OptionError, "option.bands", "bands", (0, 50, 50), lambda d: (d, "again", ITEMS), {"bands": (0, 50, 50)}),
    (csi.OptionError, "option.bands", "bands", "abc", lambda d: (d, "again", ITEMS), {"bands": "abc"}),
    (csi.OptionError, "option.bands", "bands", (0, True, 5, 7), lambda d: (d, "again", ITEMS), {"bands": (0, True, 5, 7)}),
    (csi.OptionError, "option.bands", "bands", (0, 5, np.inf), lambda d: (d, "again", ITEMS), {"bands": (0, 5, np.inf)}),
    (csi.OptionError, "option.level", "level", 95, lambda d: (d, "again", ITEMS), {"level": 95}),
    (csi.OptionError, "option.satisfaction", "satisfaction", [], lambda d: (d, "again", []), {}),
    (csi.OptionError, "option.controls", "controls", 3, lambda d: (d, "again", ITEMS), {"controls": 3}),
    (csi.OptionError, "option.behaviour", "behaviour", None, lambda d: (d, None, ITEMS), {}),
    (csi.OptionError, "option.scale_column", "scale", "s9", lambda d: (d, "again", ITEMS), {"scale": {"s9": (1, 10)}}),
    (csi.ScaleError, "scale.some_missing", "s2", None, lambda d: (d, "again", ITEMS), {"scale": {"s1": (1, 10)}}),
    (csi.ScaleError, "scale.out_of_range", "s1", None, lambda d: (d, "again", ITEMS), {"scale": (1, 9)}),
    (csi.ScaleError, "scale.malformed", "s1", (10, 1), lambda d: (d, "again", ITEMS), {"scale": (10, 1)}),
    (csi.DataError, "data.missing_column", "nope", ("nope",), lambda d: (d, "nope", ITEMS), {}),
    (csi.DataError, "analysis.too_few_rows", "rows", 12, lambda d: (d[:12], "again", ITEMS), {}),
]


@pytest.mark.parametrize(("kind", "code", "variable", "value", "call", "options"), CASES, ids=[f"{c[1]}-{k}" for k, c in enumerate(CASES)])
def test_misuse_is_named(df, kind, code, variable, value, call, options):
    data, *given = call(df)
    with pytest.raises(kind) as caught:
        repurchase_rate(data, *given, **options)
    assert (type(caught.value), caught.value.code, caught.value.variable) == (kind, code, variable)
    assert value is None or caught.value.value == value
    assert caught.value.hint


def test_a_control_that_is_constant_among_complete_rows_is_named(df):
    flat = df.astype(float).assign(c=np.where(np.arange(400) < 5, 1.0, 0.0))
    flat.loc[:4, "s1"] = np.nan
    with pytest.raises(csi.DataError, match="'c' does not vary") as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        repurchase_rate(flat, "again", ITEMS, controls=["c"])
    assert caught.value.code == "behaviour.collinear"


def test_everything_is_shown(found):
    text = found.summary().as_text()
    for title in ("Rate by band", "Logistic regression", "Average marginal effect", "Hosmer-Lemeshow", "What this rests on"):
        assert title in text
    assert "(75, 100]" in text
    assert list(found.tables) == ["bands", "coefficients", "effect", "fit", "tests"]
    assert repr(found).startswith("RepurchaseRate: Repurchase rate by satisfaction")
    assert "odds_ratio" in found._repr_html_()


def test_picture_shows_rates_curve_and_names(df):
    from matplotlib import pyplot as plt

    renamed = df.rename(columns={"again": "再次购买"})
    result = repurchase_rate(renamed, "再次购买", ITEMS, scale=(1, 10), bands=(0, 20, 60, 75, 99.9, 100))
    _, ax = plt.subplots()
    assert result.plot(ax=ax) is ax
    np.testing.assert_allclose(ax.lines[0].get_ydata(), result.curve.est)
    shown = result.bands[result.bands["n"] > 0]
    assert [t.get_text() for t in ax.texts] == [f"{100 * r:.0f} %, n = {n}" for r, n in zip(shown["rate"], shown["n"], strict=True)]
    assert ax.get_title() == "再次购买 by satisfaction"
    assert "0-100" in ax.get_xlabel()
    assert "controls" not in ax.get_legend().get_texts()[0].get_text()
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])
    plt.close("all")
