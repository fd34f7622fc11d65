"""The customer journey: against statsmodels, scipy and pandas run by hand, skips treated as skips, and every way to misuse it."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

import csimodels as csi
from csimodels.analyses.journeys import journey

mpl.use("Agg")
STAGES = {"before": ["advert", "website"], "purchase": ["shop", "checkout"], "after": ["delivery", "helpline"]}
USED = {"advert": 0.7, "website": 0.8, "shop": 0.5, "checkout": 0.95, "delivery": 0.9, "helpline": 0.3}


def survey(n=500, seed=1, without_outcome=4):
    """Return ratings with holes where a touchpoint was not used, of customers whose stages form a chain."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=n)
    out = {}
    for names in STAGES.values():
        level = 0.7 * level + 0.7 * rng.normal(size=n)
        for t in names:
            rating = np.clip(np.round(7 + 1.5 * level + rng.normal(size=n)), 1, 10)
            out[t] = np.where(rng.random(n) < USED[t], rating, np.nan)
    out["sat"] = np.clip(np.round(7 + 1.5 * level + rng.normal(size=n)), 1, 10)
    out["sat"][:without_outcome] = np.nan
    return pd.DataFrame(out)


@pytest.fixture(scope="module")
def df():
    return survey()


@pytest.fixture(scope="module")
def found(df):
    with pytest.warns(csi.DataWarning):
        return journey(df, STAGES, "sat", scale=(1, 10))


@pytest.fixture(scope="module")
def points(df):
    return (100 * (df - 1) / 9)[df["sat"].notna()]


def scores(points):
    return pd.DataFrame({s: points[t].mean(axis=1) for s, t in STAGES.items()})


def ols(y, *x):
    return sm.OLS(np.asarray(y), sm.add_constant(np.column_stack(x))).fit(cov_type="HC3", use_t=True)


def holm(p):
    order, out = np.argsort(p), np.empty(len(p))
    out[order] = np.minimum(np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1)), 1)
    return out


def test_touchpoints_are_those_of_their_users(found, points):
    table = found.touchpoints.set_index("touchpoint")
    assert list(table.index) == [t for names in STAGES.values() for t in names]
    for name, row in table.iterrows():
        users, others = points[points[name].notna()], points[points[name].isna()]
        assert name in STAGES[row["stage"]]
        assert row["n"] == len(users)
        by_hand = [len(users) / len(points), users[name].mean(), users[name].std(), users["sat"].mean(), others["sat"].mean()]
        np.testing.assert_allclose(row[["share", "mean", "sd", "outcome_users", "outcome_non_users"]].astype(float), by_hand, rtol=1e-10)
        np.testing.assert_allclose(row["difference"], users["sat"].mean() - others["sat"].mean(), atol=1e-9)
        welch = stats.ttest_ind(users["sat"], others["sat"], equal_var=False)
        np.testing.assert_allclose(row["pvalue_difference"], welch.pvalue, rtol=1e-8)
        fit = ols(users["sat"], users[name])
        slope = [fit.params[1], fit.bse[1], fit.tvalues[1], fit.pvalues[1], *fit.conf_int()[1]]
        np.testing.assert_allclose(row[["est", "se", "t", "pvalue", "ci_lower", "ci_upper"]].astype(float), slope, rtol=1e-8)
        np.testing.assert_allclose(
            row[["impact_5", "impact_5_all"]].astype(float), fit.params[1] * np.array([5, 5 * row["share"]]), rtol=1e-10
        )
        assert row["note"] == ""
    np.testing.assert_allclose(table["pvalue_holm"], holm(table["pvalue"].to_numpy()), rtol=1e-10)


def test_stages_are_means_of_the_touchpoints_used(found, points):
    table = found.stages.set_index("stage")
    assert list(table.index) == list(STAGES)
    for name, score in scores(points).items():
        there = score.notna()
        row = table.loc[name]
        assert (row["n"], row["touchpoints"]) == (there.sum(), 2)
        r = stats.pearsonr(score[there], points["sat"][there])
        by_hand = [there.mean(), score.mean(), score.std(), r.statistic, r.pvalue, *r.confidence_interval(0.95)]
        np.testing.assert_allclose(row[["share", "mean", "sd", "r", "pvalue", "ci_lower", "ci_upper"]].astype(float), by_hand, rtol=1e-10)


def test_chain_is_the_regressions_of_customers_with_every_stage(found, points):
    s = scores(points)
    whole = s.notna().all(axis=1)
    s, y = s[whole], points["sat"][whole]
    fits = [ols(s["purchase"], s["before"]), ols(s["after"], s["purchase"]), ols(y, s)]
    rows = [(f, k) for f in fits for k in range(1, len(f.params))]
    table = found.chain
    assert table["path"].tolist() == [
        "before -> purchase",
        "purchase -> after",
        "before -> outcome",
        "purchase -> outcome",
        "after -> outcome",
    ]
    np.testing.assert_allclose(table["est"], [f.params[k] for f, k in rows], rtol=1e-10)
    np.testing.assert_allclose(table["se"], [f.bse[k] for f, k in rows], rtol=1e-10)
    np.testing.assert_allclose(table["pvalue"], [f.pvalues[k] for f, k in rows], rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(table[["ci_lower", "ci_upper"]], [f.conf_int()[k] for f, k in rows], rtol=1e-8)
    z = (s - s.mean()) / s.std()
    standardised = [ols(z["purchase"], z["before"]), ols(z["after"], z["purchase"]), ols((y - y.mean()) / y.std(), z)]
    np.testing.assert_allclose(table["std"], [v for f in standardised for v in f.params[1:]], rtol=1e-8)
    assert (table["n"] == whole.sum()).all()


def test_total_effects_add_the_routes(found):
    est = found.chain.set_index("path")["est"]
    a, b = est[["before -> purchase", "purchase -> after"]].to_numpy(), est[[f"{s} -> outcome" for s in STAGES]].to_numpy()
    total = [b[0] + a[0] * b[1] + a[0] * a[1] * b[2], b[1] + a[1] * b[2], b[2]]
    np.testing.assert_allclose(found.totals["est"], total, rtol=1e-10)
    np.testing.assert_allclose(found.totals["direct"], b, rtol=1e-10)
    np.testing.assert_allclose(found.totals["indirect"], total - b, atol=1e-12)
    last = found.chain.iloc[-1]
    np.testing.assert_allclose(found.totals[["se", "std"]].iloc[-1], [last["se"], last["std"]], rtol=1e-8)
    half = stats.norm.ppf(0.975) * found.totals["se"]
    np.testing.assert_allclose(found.totals["ci_upper"] - found.totals["est"], half, rtol=1e-10)
    np.testing.assert_allclose(found.totals["pvalue"], 2 * stats.norm.sf(np.abs(found.totals["z"])), rtol=1e-10)


def test_with_two_stages_the_total_effect_is_the_simple_slope(df, points):
    """Exactly so for the estimate; its HC3 error differs from that of the simple regression only by leverages, of order 1/n."""
    two = {s: STAGES[s] for s in ("before", "purchase")}
    with pytest.warns(csi.DataWarning):
        totals = journey(df, two, "sat", scale=(1, 10)).totals
    s = scores(points)[list(two)]
    whole = s.notna().all(axis=1)
    fit = ols(points["sat"][whole], s["before"][whole])
    np.testing.assert_allclose(totals["est"][0], fit.params[1], rtol=1e-10)
    np.testing.assert_allclose(totals["se"][0], fit.bse[1], rtol=0.005)


def test_errors_of_total_effects_are_the_spread_over_resamples(found, points):
    s = scores(points)
    data = np.column_stack([s, points["sat"]])[s.notna().all(axis=1)]
    rng = np.random.default_rng(1)

    def totals(rows):
        one = np.ones(len(rows))
        a = [np.linalg.lstsq(np.column_stack([one, rows[:, k]]), rows[:, k + 1], rcond=None)[0][1] for k in (0, 1)]
        b = np.linalg.lstsq(np.column_stack([one, rows[:, :3]]), rows[:, 3], rcond=None)[0][1:]
        return [b[0] + a[0] * (b[1] + a[1] * b[2]), b[1] + a[1] * b[2], b[2]]

    drawn = np.array([totals(data[rng.integers(0, len(data), len(data))]) for _ in range(1000)])
    np.testing.assert_allclose(found.totals["se"], drawn.std(axis=0), rtol=0.08)


def test_patterns_count_combinations(found, points):
    names = [t for ts in STAGES.values() for t in ts]
    by_hand = points[names].notna().apply(lambda r: " + ".join(r.index[r]) or "(none)", axis=1)
    counts = by_hand.value_counts()
    table = found.patterns
    assert len(table) == 11
    np.testing.assert_array_equal(table["n"][:10], counts.to_numpy()[:10])
    for _, row in table[:10].iterrows():
        assert row["n"] == counts[row["pattern"]]
        assert row["touchpoints"] == row["pattern"].count("+") + 1
        np.testing.assert_allclose(row["outcome"], points["sat"][by_hand == row["pattern"]].mean())
    rest = ~by_hand.isin(table["pattern"])
    assert table["pattern"].iloc[-1] == f"{len(counts) - 10} others"
    assert table["n"].iloc[-1] == rest.sum()
    np.testing.assert_allclose(table["outcome"].iloc[-1], points["sat"][rest].mean())
    assert table["n"].sum() == len(points)
    np.testing.assert_allclose(table["share"].sum(), 1)


def test_who_is_left_out_is_counted_and_said(df, found, points):
    table = found.missing.set_index("where")
    s = scores(points)
    assert table.loc["everything", ["left_out", "kept"]].tolist() == [4, 496]
    assert table.loc["stage after", "left_out"] == s["after"].isna().sum()
    assert table.loc["helpline", "left_out"] == points["helpline"].isna().sum()
    assert table.loc["chain", "kept"] == s.notna().all(axis=1).sum()
    nobody = df.copy()
    nobody.loc[4:6, list(USED)] = np.nan
    with pytest.warns(csi.DataWarning) as caught:
        result = journey(nobody, STAGES, "sat", scale=(1, 10))
    assert {w.filename for w in caught} == {__file__}
    assert result.warnings == tuple(str(w.message) for w in caught)
    assert "4 of 500 customers" in result.warnings[0]
    assert "left out of the chain" in result.warnings[1]
    assert result.missing.set_index("where").loc["all stages", "left_out"] == 3 + points[list(USED)].isna().all(axis=1).sum()
    assert (result.n, result.left_out) == (496, 4)
    assert "(none)" in result.patterns["pattern"].tolist() or "others" in result.patterns["pattern"].iloc[-1]


def test_touchpoints_that_cannot_have_a_slope_say_why(df):
    odd = df.assign(fax=np.nan, chat=np.nan, flat=8.0, alone=np.where(np.arange(500) == 60, 3.0, 9.0))
    odd.loc[10:30, "chat"] = 7.0
    stages = STAGES | {"after": ["delivery", "helpline", "fax", "chat", "flat", "alone"]}
    with pytest.warns(csi.DataWarning):
        result = journey(odd, stages, "sat", scale=(1, 10))
    assert "Touchpoints without a slope: fax (0 users, fewer than 30), chat (21" in result.warnings[1]
    table = result.touchpoints.set_index("touchpoint")
    assert table.loc[["fax", "chat", "flat", "alone"], "note"].tolist() == [
        "0 users, fewer than 30",
        "21 users, fewer than 30",
        "its users all answer alike",
        "one user alone decides it",
    ]
    assert table.loc[["fax", "chat", "flat", "alone"], ["est", "se", "pvalue", "pvalue_holm", "impact_5"]].isna().all(axis=None)
    assert table.loc["fax", "n"] == 0
    assert np.isnan(table.loc["fax", "mean"])
    np.testing.assert_allclose(table.loc["chat", "mean"], 100 * 6 / 9)
    known = table["est"].notna()
    np.testing.assert_allclose(table.loc[known, "pvalue_holm"], holm(table.loc[known, "pvalue"].to_numpy()), rtol=1e-10)
    with pytest.warns(csi.DataWarning):
        few = journey(odd, stages, "sat", scale=(1, 10), min_n=20)
    assert few.touchpoints.set_index("touchpoint").loc["chat", "note"] == "its users all answer alike"


def test_the_chain_passes_over_stages_that_few_reach(df):
    rare = df.assign(repair=np.where(np.arange(500) < 20, 5.0 + np.arange(500) % 3, np.nan))
    with pytest.warns(csi.DataWarning):
        result = journey(rare, STAGES | {"repair": ["repair"]}, "sat", scale=(1, 10))
    assert "The chain passes over stage 'repair': fewer than 30 customers have a score there." in result.warnings
    with pytest.warns(csi.DataWarning):
        plain = journey(df, STAGES, "sat", scale=(1, 10))
    pd.testing.assert_frame_equal(result.chain, plain.chain)
    pd.testing.assert_frame_equal(result.totals, plain.totals)
    assert result.stages["stage"].tolist() == [*STAGES, "repair"]


def test_a_chain_that_cannot_be_estimated_is_said(df):
    full = df.dropna(subset=["sat"]).reset_index(drop=True)
    apart = full.assign(a=np.where(full.index < 200, full["sat"], np.nan), b=np.where(full.index < 200, np.nan, full["sat"]))
    copies = full.assign(a=full["sat"], b=full["sat"])
    alone = full.assign(a=np.where(full.index == 9, 2.0, 8.0))
    rare = full.assign(a=np.where(full.index < 9, full["sat"], np.nan))
    cases = {
        "0 customers have a score in every stage": (apart, {"one": ["a"], "two": ["b"]}),
        "linear function of the others": (copies, {"one": ["a"], "two": ["b"]}),
        "one customer alone decides": (alone, {"one": ["a"]}),
        "no stage has enough customers": (rare, {"one": ["a"]}),
        "outcomes are all alike": (
            full.assign(a=np.where(full["sat"] == full["sat"].mode()[0], full["advert"].fillna(7), np.nan)),
            {"one": ["a"]},
        ),
    }
    for words, (data, stages) in cases.items():
        with pytest.warns(csi.DataWarning) as caught:
            result = journey(data, stages, "sat")
        assert any(words in str(w.message) for w in caught), words
        assert result.chain.empty
        assert result.totals.empty
        assert result.missing.set_index("where").loc["chain", "kept"] == 0
        assert "chain" not in result.tables


def test_a_single_stage_is_a_slope(df, points):
    with pytest.warns(csi.DataWarning):
        result = journey(df, {"before": ["advert", "website"]}, "sat", scale=(1, 10))
    score = points[["advert", "website"]].mean(axis=1)
    fit = ols(points["sat"][score.notna()], score.dropna())
    assert result.chain["path"].tolist() == ["before -> outcome"]
    np.testing.assert_allclose(result.totals[["est", "se"]].iloc[0], [fit.params[1], fit.bse[1]], rtol=1e-8)


def test_a_scale_that_does_not_look_right_is_doubted_once_for_all_touchpoints(df):
    with pytest.warns(csi.CSIWarning) as caught:
        journey(df, STAGES, "sat", scale={t: (1, 100) for t in USED})
    doubts = [str(w.message) for w in caught if issubclass(w.category, csi.ScaleWarning)]
    assert len(doubts) == 1
    assert "'the touchpoints' range from 1 to 10" in doubts[0]


def test_the_scale_is_only_a_ruler(df, found, points):
    with pytest.warns(csi.DataWarning):
        raw = journey(df, STAGES, "sat")
    assert (raw.scaled, raw.outcome_scaled) == (False, False)
    assert "impact_5" not in raw.touchpoints
    np.testing.assert_allclose(raw.touchpoints["est"], found.touchpoints["est"], rtol=1e-8)
    np.testing.assert_allclose(raw.touchpoints["mean"] * 100 / 9 - 100 / 9, found.touchpoints["mean"], rtol=1e-10)
    with pytest.warns(csi.DataWarning):
        mixed = journey(df, STAGES, "sat", scale={t: (1, 10) for t in USED})
    assert (mixed.scaled, mixed.outcome_scaled) == (True, False)
    np.testing.assert_allclose(mixed.touchpoints["est"], found.touchpoints["est"] * 9 / 100, rtol=1e-8)
    assert "impact_5" not in mixed.touchpoints
    np.testing.assert_allclose(mixed.totals["std"], found.totals["std"], rtol=1e-8)


def test_several_columns_make_the_outcome(df, points):
    both = df.assign(like=df["sat"].where(df.index % 5 > 0, 3.0))
    with pytest.warns(csi.DataWarning):
        two, one = (
            journey(both, STAGES, ["sat", "like"]),
            journey(both.assign(m=both[["sat", "like"]].mean(axis=1, skipna=False)), STAGES, "m"),
        )
    pd.testing.assert_frame_equal(two.touchpoints, one.touchpoints)
    assert two.outcome == ("sat", "like")


def test_codes_frames_and_order_of_rows_do_not_matter(df, found):
    before = df.copy()
    coded = df.fillna(88)
    with pytest.warns(csi.DataWarning):
        results = [
            journey(pl.from_pandas(df), STAGES, "sat", scale=(1, 10)),
            journey(df.to_dict("list"), STAGES, "sat", scale=(1, 10)),
            journey(coded, STAGES, "sat", scale=(1, 10), na_values=[88]),
            journey(coded, STAGES, "sat", scale=(1, 10), na_values={c: [88] for c in df}),
        ]
        shuffled = journey(df.sample(frac=1, random_state=1), STAGES, "sat", scale=(1, 10))
    for result in results:
        for name, table in found.tables.items():
            pd.testing.assert_frame_equal(result.tables[name], table)
    np.testing.assert_allclose(shuffled.totals["se"], found.totals["se"], rtol=1e-10)
    np.testing.assert_array_equal(shuffled.patterns["n"], found.patterns["n"])
    pd.testing.assert_frame_equal(df, before)


def test_more_answers_only_touch_their_own_touchpoint(df, found):
    """A skip is a skip: filling one touchpoint leaves the other touchpoints' rows as they were."""
    filled = df.assign(helpline=df["helpline"].fillna(5.0))
    with pytest.warns(csi.DataWarning):
        other = journey(filled, STAGES, "sat", scale=(1, 10)).touchpoints
    same = other["touchpoint"] != "helpline"
    columns = [c for c in other if c != "pvalue_holm"]
    pd.testing.assert_frame_equal(other.loc[same, columns], found.touchpoints.loc[same, columns])
    assert other.loc[~same, "n"].item() == 496
    assert np.isnan(other.loc[~same, "outcome_non_users"].item())
    assert np.isnan(other.loc[~same, "pvalue_difference"].item())


CASES = [
    (csi.OptionError, "option.stages", "stages", lambda d: (d, [["advert"]], "sat"), {}),
    (csi.OptionError, "option.stages", "stages", lambda d: (d, {}, "sat"), {}),
    (csi.OptionError, "option.stages", "stages", lambda d: (d, {1: ["advert"]}, "sat"), {}),
    (csi.OptionError, "option.stages", "stages", lambda d: (d, {"before": []}, "sat"), {}),
    (csi.OptionError, "option.outcome", "outcome", lambda d: (d, STAGES, 3), {}),
    (csi.OptionError, "option.min_n", "min_n", lambda d: (d, STAGES, "sat"), {"min_n": 4}),
    (csi.OptionError, "option.min_n", "min_n", lambda d: (d, STAGES, "sat"), {"min_n": True}),
    (csi.OptionError, "option.level", "level", lambda d: (d, STAGES, "sat"), {"level": 0}),
    (csi.OptionError, "option.scale_column", "scale", lambda d: (d, STAGES, "sat"), {"scale": {"adverts": (1, 10)}}),
    (csi.OptionError, "option.na_values_item", "na_values", lambda d: (d, STAGES, "sat"), {"na_values": {"fax": [1]}}),
    (csi.OptionError, "journey.column_twice", "advert", lambda d: (d, STAGES | {"again": ["advert"]}, "sat"), {}),
    (csi.OptionError, "journey.column_twice", "shop", lambda d: (d, STAGES, "shop"), {}),
    (csi.OptionError, "journey.column_twice", "shop", lambda d: (d, {"outcome": ["advert"], "code": ["shop"], "x": ["shop"]}, "sat"), {}),
    (csi.ScaleError, "scale.some_missing", "website", lambda d: (d, STAGES, "sat"), {"scale": {"advert": (1, 10)}}),
    (csi.ScaleError, "scale.out_of_range", "advert", lambda d: (d, STAGES, "sat"), {"scale": (1, 9)}),
    (csi.ScaleError, "scale.out_of_range", "advert", lambda d: (d.assign(advert=99.0), STAGES, "sat"), {"scale": (1, 10)}),
    (csi.ScaleError, "scale.out_of_range", "advert", lambda d: (d.assign(advert=np.inf), STAGES, "sat"), {}),
    (csi.DataError, "data.infinite", "advert", lambda d: (d.replace({"advert": {10: np.inf}}), STAGES, "sat"), {}),
    (csi.DataError, "data.no_rows", "data", lambda d: (d[:0], STAGES, "sat"), {}),
    (csi.DataError, "data.no_variation", "sat", lambda d: (d.assign(sat=5.0), STAGES, "sat"), {}),
    (csi.DataError, "data.missing_column", "advert", lambda d: (d.drop(columns="advert"), STAGES, "sat"), {}),
    (csi.DataError, "data.not_numeric", "advert", lambda d: (d.assign(advert="good"), STAGES, "sat"), {}),
    (csi.DataError, "analysis.too_few_rows", "sat", lambda d: (d[:25], STAGES, "sat"), {}),
]


@pytest.mark.parametrize(("kind", "code", "variable", "call", "options"), CASES, ids=[f"{c[1]}-{k}" for k, c in enumerate(CASES)])
def test_misuse_is_named(df, kind, code, variable, call, options):
    data, *given = call(df)
    with pytest.raises(kind) as caught:
        journey(data, *given, **options)
    assert (type(caught.value), caught.value.code, caught.value.variable) == (kind, code, variable)
    assert caught.value.hint


def test_everything_is_shown(found):
    text = found.summary().as_text()
    for title in (
        "Stages",
        "Touchpoints",
        "Chain of stages",
        "Effects of stages",
        "Most frequent journeys",
        "Who is left out",
        "warning(s)",
    ):
        assert title in text
    assert list(found.tables) == ["stages", "touchpoints", "chain", "totals", "patterns", "missing"]
    assert repr(found).startswith("Journey: Customer journey")
    assert "helpline" in found._repr_html_()


def kinds(ax):
    return {c.get_label(): c for c in ax.collections if hasattr(c, "get_sizes") and len(c.get_offsets())}


def test_picture_places_every_used_touchpoint(df):
    from matplotlib import pyplot as plt

    odd = df.assign(fax=np.nan, 客服=np.where(np.arange(500) < 20, 6.0 + np.arange(500) % 4, np.nan))
    odd["worse"], odd["noise"] = 11 - odd["sat"].fillna(5), np.random.default_rng(1).integers(1, 11, 500).astype(float)
    stages = STAGES | {"售后": ["fax", "客服", "worse", "noise"]}
    with pytest.warns(csi.DataWarning):
        result = journey(odd, stages, "sat", scale=(1, 10))
    _, ax = plt.subplots(figsize=(11, 6))
    assert result.plot(ax=ax) is ax
    drawn = kinds(ax)
    table = result.touchpoints.set_index("touchpoint")
    assert {k: len(c.get_offsets()) for k, c in drawn.items()} == {
        "better rated, higher outcome": 6,
        "no slope: too few users, or all alike": 1,
        "better rated, lower outcome": 1,
        "no slope established": 1,
    }
    lower = drawn["better rated, lower outcome"].get_offsets()[0]
    np.testing.assert_allclose(lower[1], table.loc["worse", "mean"])
    assert 3 < lower[0] < 3.4
    many, few = (drawn[k].get_sizes() for k in ("no slope established", "no slope: too few users, or all alike"))
    assert many[0] > 3 * few[0]
    assert [t.get_text().splitlines()[0] for t in ax.get_xticklabels()] == list(stages)
    assert "nobody used: fax" in ax.get_title()
    labels = {t.get_text().splitlines()[0]: t.get_text().splitlines()[1] for t in ax.texts}
    assert labels["worse"] == f"100 %, {table.loc['worse', 'impact_5']:+.1f}"
    assert labels["客服"] == f"{100 * table.loc['客服', 'share']:.0f} %"
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])
    plt.close("all")


def test_picture_without_a_scale_shows_slopes(df):
    from matplotlib import pyplot as plt

    with pytest.warns(csi.DataWarning):
        result = journey(df, {"one": ["advert"], "two": ["shop"]}, "sat")
    ax = result.plot()
    assert [t.get_text() for t in ax.texts] == [
        f"{n}\n{100 * s:.0f} %, {e:+.2f}" for n, s, e in result.touchpoints[["touchpoint", "share", "est"]].to_numpy()
    ]
    assert "0-100" not in ax.get_ylabel()
    assert "slope of the outcome" in ax.get_title()
    plt.close("all")
