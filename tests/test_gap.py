"""Gap analysis: against scipy and statsmodels called by hand, a SERVQUAL score in plain arithmetic, and data of known gaps."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.api import OLS, add_constant
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

import csimodels as csi
from csimodels.analyses.gap import gap_analysis
from csimodels.analyses.gap_tests import contrasts, holm, mean_interval

# Everything here is the same arithmetic in another order, so equal but for rounding.
close = pytest.approx
E, P = ["e1", "e2", "e3"], ["p1", "p2", "p3"]
DIMENSIONS = ({"staff": ["e1", "e2"], "place": ["e3"]}, {"staff": ["p1", "p2"], "place": ["p3"]})


def survey(n: int = 120, seed: int = 1, gap: float = -0.8) -> pd.DataFrame:
    """Answers 1-7: perceptions lie ``gap`` below expectations; the outcome depends on perceptions and, against them, on expectations."""
    rng = np.random.default_rng(seed)
    hope, service = rng.normal(0, 0.8, (2, n, 1))
    e = np.clip(np.round(5 + hope + rng.normal(0, 0.6, (n, 3))), 1, 7)
    p = np.clip(np.round(5 + gap + service + rng.normal(0, 0.6, (n, 3))), 1, 7)
    y = np.clip(np.round(6 + 1.5 * service[:, 0] - 0.5 * hope[:, 0] + rng.normal(0, 0.7, (2, n))), 1, 10)
    return pd.DataFrame(np.column_stack([e, p, y.T]), columns=[*E, *P, "y1", "y2"])


def quietly(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return gap_analysis(*args, **kwargs)


@pytest.fixture(scope="module")
def found():
    return quietly(survey(), *DIMENSIONS, outcome=["y1", "y2"], weights={"staff": 30, "place": 10}, scale=(1, 7), band=0.5)


def test_servqual_by_hand():
    """Three respondents and two dimensions, every one of the three four times.

    Reliability gaps: (5+6)/2 - (7+6)/2 = -1; (4+4)/2 - (6+7)/2 = -2.5; (6+6)/2 - (5+6)/2 = 0.5; mean -1.
    Empathy gaps: 6 - 5 = 1; 3 - 5 = -2; 7 - 6 = 1; mean 0. Score: (-1 + 0) / 2 = -0.5; with 75 and 25 points: -0.75.
    """
    answers = pd.DataFrame(
        {"r1e": [7, 6, 5], "r2e": [6, 7, 6], "r1p": [5, 4, 6], "r2p": [6, 4, 6], "me": [5, 5, 6], "mp": [6, 3, 7]}, dtype=float
    )
    data = pd.concat([answers] * 4, ignore_index=True)
    sides = ({"reliability": ["r1e", "r2e"], "empathy": ["me"]}, {"reliability": ["r1p", "r2p"], "empathy": ["mp"]})
    found = quietly(data, *sides, weights={"empathy": 25, "reliability": 75}, scale=(1, 7))
    assert found.items["gap"].tolist() == close([(-2 - 2 + 1) / 3, (0 - 3 + 0) / 3, 0])
    assert found.dimensions["gap"].tolist() == close([-1, 0])
    assert found.dimensions["weight"].tolist() == close([0.75, 0.25])
    assert found.overall.set_index("score")["est"].to_dict() == close({"unweighted": -0.5, "weighted": -0.75})
    # Weighted totals are -0.5, -2.375, 0.625 in each four: squares of their distances from -0.75 add up to 4.59375.
    assert found.overall["se"][1] == close((4 * 4.59375 / 11 / 12) ** 0.5)
    assert found.overall["t"][1] == close(-0.75 / (4 * 4.59375 / 11 / 12) ** 0.5)
    assert found.zones["n"].tolist() == [8, 0, 4]


def test_items_against_scipy(found):
    data, items = survey(), found.items
    for k, (e, p) in enumerate(zip(E, P, strict=True)):
        t, w = stats.ttest_rel(data[p], data[e]), stats.wilcoxon(data[p] - data[e])
        low, high = t.confidence_interval(0.95)
        row = items.loc[k]
        assert (row["expectation"], row["perception"], row["n"], row["df"]) == (e, p, 120, 119)
        assert row[["mean_e", "mean_p"]].tolist() == close([data[e].mean(), data[p].mean()])
        assert row[["t", "pvalue", "ci_lower", "ci_upper"]].tolist() == close([t.statistic, t.pvalue, low, high])
        assert row[["wilcoxon", "pvalue_wilcoxon"]].tolist() == close([w.statistic, w.pvalue])
        assert row["d_z"] == close((data[p] - data[e]).mean() / (data[p] - data[e]).std())
        assert row["se"] == close(stats.sem(data[p] - data[e]))
    for p in ("pvalue", "pvalue_wilcoxon"):
        assert items[f"{p}_holm"].tolist() == close(multipletests(items[p], method="holm")[1])


def test_dimensions_and_the_whole_against_scipy(found):
    data = survey()
    staff, place = data[["p1", "p2"]].mean(axis=1) - data[["e1", "e2"]].mean(axis=1), data["p3"] - data["e3"]
    for k, gap in enumerate((staff, place)):
        t = stats.ttest_1samp(gap, 0)
        assert found.dimensions.loc[k, ["gap", "sd", "t", "pvalue"]].tolist() == close([gap.mean(), gap.std(), t.statistic, t.pvalue])
        assert found.dimensions.loc[k, "pvalue_wilcoxon"] == close(stats.wilcoxon(gap).pvalue)
    assert found.dimensions["pairs"].tolist() == [2, 1]
    for row, total in zip(found.overall.to_dict("records"), ((staff + place) / 2, 0.75 * staff + 0.25 * place), strict=True):
        t = stats.ttest_1samp(total, 0)
        assert (row["est"], row["t"], row["df"]) == close((total.mean(), t.statistic, 119))
        assert (row["ci_lower"], row["ci_upper"]) == close(tuple(t.confidence_interval(0.95)))


def test_reliability_is_that_of_the_difference(found):
    data = survey()
    e, p = data[["e1", "e2"]], data[["p1", "p2"]]

    def alpha(items):
        return 2 * (1 - items.var().sum() / items.sum(axis=1).var())

    s_e, s_p, r = e.mean(axis=1).std(), p.mean(axis=1).std(), np.corrcoef(e.mean(axis=1), p.mean(axis=1))[0, 1]
    top = s_e**2 * alpha(e) + s_p**2 * alpha(p) - 2 * r * s_e * s_p
    expected = [2, alpha(e), alpha(p), r, s_e, s_p, top / (s_e**2 + s_p**2 - 2 * r * s_e * s_p)]
    assert found.reliability.iloc[0, 1:].astype(float).tolist() == close(expected)
    assert found.reliability.loc[1, ["alpha_e", "alpha_p", "reliability"]].isna().all()
    assert any("reliability of its difference is unknown: 'place'" in text for text in found.assumptions)


def test_the_reliability_is_the_true_share_of_the_variance():
    """Tau-equivalent parts with uncorrelated errors, 40,000 rows: the variance of true differences over that of observed ones."""
    rng = np.random.default_rng(3)
    true = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 40_000)
    answers = np.repeat(true, 4, axis=1) + rng.normal(0, 0.5, (40_000, 8))
    data = {f"c{k}": column for k, column in enumerate(answers.T)}
    table = gap_analysis(data, [f"c{k}" for k in range(4)], [f"c{k}" for k in range(4, 8)]).reliability
    # var(P - E) = 1; the error of a mean of four has the variance 1/16 on either side. Standard error of the estimate: about 0.001.
    assert table["reliability"][0] == close(1 / (1 + 2 / 16), abs=0.005)


def test_unreliable_differences_are_shouted():
    rng = np.random.default_rng(5)
    shared = rng.normal(0, 1, (200, 1))
    e, p = (5 + shared + rng.normal(0, 0.5, (200, 3)) for _ in range(2))
    data = dict(zip([*E, *P], np.column_stack([e, p]).T, strict=True))
    with pytest.warns(csi.CSIWarning, match=r"unreliable \(below 0.70\) in 'all pairs'"):
        found = gap_analysis(data, E, P)
    assert len(found.warnings) == 1 and found.reliability["reliability"][0] < 0.7
    assert found.reliability["alpha_e"][0] > 0.7


def scores(data):
    e = 0.75 * data[["e1", "e2"]].mean(axis=1) + 0.25 * data["e3"]
    p = 0.75 * data[["p1", "p2"]].mean(axis=1) + 0.25 * data["p3"]
    return pd.DataFrame({"e": e, "p": p, "y": data[["y1", "y2"]].mean(axis=1)})


def test_zones_and_their_outcome(found):
    s = scores(survey())
    gap = s["p"] - s["e"]
    zone = np.select([gap < -0.5 - 1e-12, gap > 0.5 + 1e-12], ["below", "above"], "met")
    for row in found.zones.to_dict("records"):
        y = s["y"][zone == row["zone"]]
        assert (row["n"], row["share"], row["n_outcome"]) == (len(y), close(len(y) / 120), len(y))
        assert (row["ci_lower"], row["ci_upper"]) == close(proportion_confint(len(y), 120, method="wilson"))
        low, high = stats.t.interval(0.95, len(y) - 1, y.mean(), stats.sem(y))
        assert (row["mean_outcome"], row["outcome_ci_lower"], row["outcome_ci_upper"]) == close((y.mean(), low, high))
    for row in found.contrasts.to_dict("records"):
        a, b = (s["y"][zone == row[side]] for side in ("zone_a", "zone_b"))
        t = stats.ttest_ind(a, b, equal_var=False)
        assert (row["est"], row["t"], row["df"], row["pvalue"]) == close((a.mean() - b.mean(), t.statistic, t.df, t.pvalue))
        assert (row["ci_lower"], row["ci_upper"]) == close(tuple(t.confidence_interval(0.95)))
        assert row["se"] == close(row["est"] / row["t"])
    assert found.contrasts["pvalue_holm"].tolist() == close(multipletests(found.contrasts["pvalue"], method="holm")[1])


def test_the_edge_of_the_band_is_met():
    """Means of three answers whose gap is 1/3 in other orders of summation."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.integers(3, 6, (60, 3)).astype(float), columns=E)
    data[P] = data[E].to_numpy()
    data.loc[:29, "p1"] += 1
    data.loc[30:44, "p2"] -= 1
    data.loc[45:, "p3"] += 2
    table = quietly(data, E, P, band=1 / 3).zones
    assert table["n"].tolist() == [0, 45, 15]
    assert quietly(data, E, P).zones["n"].tolist() == [15, 0, 45]


def test_thin_zones_are_left_without_intervals():
    groups = {"a": np.array([3.0]), "b": np.array([1.0, 2.0, 4.0]), "c": np.array([]), "d": np.array([2.0, 2.0])}
    table = contrasts(groups, 0.95, "zone")
    known = table[table["pvalue"].notna()]
    assert known[["zone_a", "zone_b"]].to_numpy().tolist() == [["b", "d"]]
    assert known["pvalue_holm"].tolist() == close(known["pvalue"].tolist())
    assert mean_interval(groups["a"], 0.95)[0] == 3 and np.isnan(mean_interval(groups["a"], 0.95)[1:]).all()
    assert np.isnan(mean_interval(groups["c"], 0.95)).all() and np.isnan(holm(np.array([np.nan]))).all()


def test_rivals_against_statsmodels(found):
    s = scores(survey())
    designs = {"perception only": s[["p"]], "gap only": (s["p"] - s["e"]).rename("g"), "expectation and perception": s[["e", "p"]]}
    fits = {name: OLS(s["y"], add_constant(x)).fit() for name, x in designs.items()}
    full = fits["expectation and perception"]
    for row in found.rivals.to_dict("records"):
        fit = fits[row["model"]]
        assert (row["coefficients"], row["n"]) == (len(fit.params), 120)
        assert (row["r2"], row["r2_adj"], row["aic"]) == close((fit.rsquared, fit.rsquared_adj, fit.aic))
        if fit is not full:
            f = (fit.ssr - full.ssr) / (full.ssr / 117)
            assert (row["f"], row["df_num"], row["df_den"], row["pvalue"]) == close((f, 1, 117, stats.f.sf(f, 1, 117)))
    assert np.isnan(found.rivals["f"][2])


def test_the_triangle_law_by_wald(found):
    s = scores(survey())
    fit = OLS(s["y"], add_constant(s[["e", "p"]])).fit()
    assert found.triangle["est"].tolist() == close([fit.params["p"], fit.params["e"]])
    assert found.triangle["se"].tolist() == close([fit.bse["p"], fit.bse["e"]])
    for k, (R, q) in enumerate((([[0, 1, 1]], [0]), ([[0, 0, 1], [0, 1, 0]], [1, -1]))):
        off = np.array(R) @ fit.params.to_numpy() - q
        wald = off @ np.linalg.solve(np.array(R) @ fit.cov_params().to_numpy() @ np.array(R).T, off) / len(q)
        row = found.triangle_tests.loc[k]
        assert row[["f", "df_num", "df_den", "pvalue"]].tolist() == close([wald, len(q), 117, stats.f.sf(wald, len(q), 117)])
    assert found.triangle_tests["pvalue_holm"].tolist() == close(multipletests(found.triangle_tests["pvalue"], method="holm")[1])
    # One predictor P - E is the restriction b_p = -b_e, so both tests of it are one.
    assert found.triangle_tests["f"][0] == close(found.rivals["f"][1])


@pytest.mark.parametrize(("b_p", "b_e", "law"), [(1.0, -1.0, (False, False)), (0.5, -0.5, (False, True)), (0.9, 0.1, (True, True))])
def test_known_laws_are_recognised(b_p, b_e, law):
    rng = np.random.default_rng(11)
    e, p = rng.normal(5, 1, (2, 3000))
    found = gap_analysis({"e": e, "p": p, "s": b_p * p + b_e * e + rng.normal(0, 1, 3000)}, "e", "p", outcome="s")
    assert tuple(found.triangle_tests["pvalue_holm"] < 0.001) == law
    assert found.triangle["est"].tolist() == close([b_p, b_e], abs=0.08)
    best = found.rivals.set_index("model")["aic"]
    assert (best["gap only"] < best["perception only"]) == (not law[0])


@pytest.mark.parametrize(("gap", "sign"), [(-0.8, -1), (0.0, 0), (0.7, 1)])
def test_known_gaps_give_the_true_conclusion(gap, sign):
    data = survey(1500, seed=4, gap=gap)
    found = quietly(data, E, P, scale=(1, 7))
    decided = np.where(found.items["pvalue_holm"] < 0.01, np.sign(found.items["gap"]), 0)
    assert (decided == sign).all()
    assert (found.items["ci_lower"] < gap + 0.1).all() and (found.items["ci_upper"] > gap - 0.1).all()


@pytest.mark.slow
def test_intervals_of_the_score_cover():
    """5,000 surveys of 30: the t interval of the mean over two dimensions covers the gap -0.5, inside the 99 % band of 0.95."""
    rng = np.random.default_rng(8)
    e = 5 + rng.normal(0, 1, (5000, 30, 2))
    p = 4.5 + 0.5 * (e - 5) + rng.normal(0, 1, (5000, 30, 2))
    total = (p - e).mean(axis=2)
    se = total.std(axis=1, ddof=1) / 30**0.5
    covered = np.abs(total.mean(axis=1) + 0.5) < stats.t.ppf(0.975, 29) * se
    for k in range(3):
        table = gap_analysis(
            {"e1": e[k, :, 0], "e2": e[k, :, 1], "p1": p[k, :, 0], "p2": p[k, :, 1]}, {"a": "e1", "b": "e2"}, {"a": "p1", "b": "p2"}
        )
        assert table.overall["se"][0] == close(se[k])
        assert (table.overall["ci_lower"][0] < -0.5 < table.overall["ci_upper"][0]) == covered[k]
    assert abs(covered.mean() - 0.95) < 2.576 * (0.95 * 0.05 / 5000) ** 0.5


def test_missing_answers_cost_their_pair_only():
    data = survey()
    data.loc[:9, "e1"] = np.nan
    data.loc[10:14, "y1"] = 99
    before = data.copy()
    with pytest.warns(csi.DataWarning) as said:
        found = gap_analysis(data, E, P, outcome=["y1", "y2"], na_values=[99])
    assert found.items["n"].tolist() == [110, 120, 120] and found.dimensions["n"].tolist() == [110]
    assert (found.n, found.n_complete, found.n_outcome) == (120, 110, 105)
    assert found.zones["n"].sum() == 110 and found.zones["n_outcome"].sum() == 105 and found.rivals["n"].tolist() == [105] * 3
    assert [str(w.message) for w in said] == list(found.warnings)
    assert "10 of 120 rows" in found.warnings[0] and "5 of 110 rows" in found.warnings[-1]
    pd.testing.assert_frame_equal(data, before)


def test_exchanging_the_sides_turns_every_sign():
    one, other = quietly(survey(), E, P), quietly(survey(), P, E)
    for table in ("items", "dimensions"):
        a, b = getattr(one, table), getattr(other, table)
        assert a["gap"].tolist() == close((-b["gap"]).tolist())
        assert a["ci_lower"].tolist() == close((-b["ci_upper"]).tolist())
        assert a["pvalue_wilcoxon"].tolist() == close(b["pvalue_wilcoxon"].tolist())
    assert one.zones["n"].tolist() == other.zones["n"].tolist()[::-1]
    assert one.reliability["reliability"].tolist() == close(other.reliability["reliability"].tolist())


def test_weights_are_shares_and_without_an_outcome_there_is_no_model(found):
    data = survey()
    hundred = quietly(data, *DIMENSIONS, weights={"place": 25, "staff": 75})
    assert hundred.overall["est"].tolist() == close(found.overall["est"].tolist())
    plain = quietly(data, *DIMENSIONS)
    assert plain.overall["score"].tolist() == ["unweighted"] and plain.dimensions["weight"].tolist() == [0.5, 0.5]
    assert set(plain.tables) == {"overall", "dimensions", "items", "reliability", "zones"}
    assert not any("triangle" in text or "Weights" in text for text in plain.assumptions)
    assert quietly(data, *DIMENSIONS, weights={"place": 0, "staff": 9}).overall["est"][1] == close(hundred.dimensions["gap"][0])


def test_expectations_at_one_end_of_the_scale_are_no_wrong_scale():
    rng = np.random.default_rng(1)
    data = {"e": rng.integers(1, 4, 50), "p": rng.integers(1, 8, 50)}
    assert gap_analysis(data, "e", "p", scale=(1, 7)).warnings == ()
    with pytest.warns(csi.ScaleWarning, match="the paired columns"):
        gap_analysis({"e": data["e"], "p": data["e"][::-1]}, "e", "p", scale=(1, 7))


def test_what_a_gap_analysis_shows(found):
    text = found.summary().as_text()
    for shown in (text, found.to_html().replace("&#x27;", "'"), found._repr_html_().replace("&#x27;", "'")):
        for title in found.titles.values():
            assert title in shown
        assert "triangle law" in shown and "Weights of dimensions are fixed" in shown
    assert repr(found).startswith("GapAnalysis: Gaps between expectations and perceptions")
    assert f"{found.overall['est'][1]:.3f}" in text


def test_the_picture_has_a_row_a_dimension_and_a_row_an_item(found):
    ax = found.plot()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["staff", "p1", "p2", "place"]
    written = [t.get_text() for t in ax.texts]
    row = found.items.loc[1]
    assert f"{row['gap']:.2f} [{row['ci_lower']:.2f}, {row['ci_upper']:.2f}]" in written
    joins = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 1.5]
    assert joins[1].get_xdata() == close(found.items.loc[0, ["mean_e", "mean_p"]].tolist())
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["expectation (E)", "perception (P)", "falls short", "exceeds"]
    assert ax.get_title() == found.headline


def test_the_picture_of_a_single_pair_and_of_chinese_names():
    data = survey().rename(columns={"p1": "服务态度"})
    ax = gap_analysis(data, "e1", "服务态度").plot()
    assert len(ax.get_yticklabels()) == 1
    from matplotlib import pyplot as plt

    mine = plt.subplots(layout="constrained")[1]
    assert quietly(data, E, ["服务态度", "p2", "p3"]).plot(ax=mine) is mine and len(mine.get_yticklabels()) == 4
    mine.figure.canvas.draw()
    plt.close("all")


def test_what_a_gap_analysis_refuses():
    data = survey()
    same = data.assign(p1=data["e1"] + 1, p2=data["e2"] * 2)
    opposed = data.assign(p1=data["e1"] + data["y1"], p2=data["e2"] - data["y1"])
    computed = data.assign(y1=data["p1"] - data["e1"])
    cancel = data.assign(y2=20 - data["y1"])
    dims = {"a": ["e1", "e2"], "b": "e3"}, {"a": ["p1", "p2"], "b": "p3"}
    cases = [
        ("gap.unpaired", lambda: gap_analysis(data, E, P[:2])),
        ("gap.unpaired", lambda: gap_analysis(data, dims[0], {"a": ["p1", "p2"]})),
        ("gap.unpaired", lambda: gap_analysis(data, {"a": "e1"}, {"a": "p1", "b": "p2"})),
        ("gap.unpaired", lambda: gap_analysis(data, dims[0], P)),
        ("gap.pair_twice", lambda: gap_analysis(data, ["e1", "e1"], ["p1", "p1"])),
        ("gap.pair_twice", lambda: gap_analysis(data, ["e1", "e2"], ["p1", "p1"])),
        ("gap.same_column", lambda: gap_analysis(data, ["e1", "e2"], ["e1", "p2"])),
        ("gap.no_variation", lambda: gap_analysis(same, "e1", "p1")),
        ("gap.no_variation", lambda: gap_analysis(opposed, ["e1", "e2"], ["p1", "p2"])),
        ("gap.no_variation", lambda: gap_analysis(opposed, {"a": "e1", "b": "e2"}, {"a": "p1", "b": "p2"})),
        ("gap.no_variation", lambda: gap_analysis(cancel, "e1", "p1", outcome=["y1", "y2"])),
        ("gap.collinear", lambda: gap_analysis(same, "e2", "p2", outcome="y1")),
        ("gap.outcome_exact", lambda: gap_analysis(computed, "e1", "p1", outcome="y1")),
        ("gap.outcome_in_pairs", lambda: gap_analysis(data, "e1", "p1", outcome=["y1", "p1"])),
        ("analysis.too_few_rows", lambda: gap_analysis(data.head(9), "e1", "p1")),
        ("gap.band", lambda: gap_analysis(data, "e1", "p1", band=-0.1)),
        ("gap.band", lambda: gap_analysis(data, "e1", "p1", band=3, scale=(1, 7))),
        ("gap.band", lambda: gap_analysis(data, "e1", "p1", band=10)),
        ("gap.band", lambda: gap_analysis(data, "e1", "p1", band="wide")),
        ("gap.band", lambda: gap_analysis(data, "e1", "p1", band=float("nan"))),
        ("gap.scales_differ", lambda: gap_analysis(data, "e1", "p1", scale={"expectations": (1, 7), "perceptions": (1, 10)})),
        ("option.scale", lambda: gap_analysis(data, "e1", "p1", scale={"expectations": (1, 7)})),
        ("scale.malformed", lambda: gap_analysis(data, "e1", "p1", scale=(7, 1))),
        ("scale.out_of_range", lambda: gap_analysis(data, "e1", "p1", scale=(2, 6))),
        ("gap.weights_missing", lambda: gap_analysis(data, *dims, weights={"a": 100})),
        ("gap.weights_unknown", lambda: gap_analysis(data, *dims, weights={"a": 50, "b": 25, "c": 25})),
        ("gap.weights_negative", lambda: gap_analysis(data, *dims, weights={"a": 150, "b": -50})),
        ("gap.weights_zero", lambda: gap_analysis(data, *dims, weights={"a": 0, "b": 0})),
        ("option.weights", lambda: gap_analysis(data, *dims, weights=[50, 50])),
        ("option.weights", lambda: gap_analysis(data, *dims, weights={"a": "many", "b": 1})),
        ("option.weights", lambda: gap_analysis(data, *dims, weights={"a": float("inf"), "b": 1})),
        ("option.expectations", lambda: gap_analysis(data, [], [])),
        ("option.perceptions", lambda: gap_analysis(data, "e1", 7)),
        ("option.expectations", lambda: gap_analysis(data, {}, P)),
        ("option.outcome", lambda: gap_analysis(data, "e1", "p1", outcome=3)),
        ("option.level", lambda: gap_analysis(data, "e1", "p1", level=95)),
        ("data.missing_column", lambda: gap_analysis(data, "e1", "p9")),
    ]
    for code, call in cases:
        with warnings.catch_warnings(), pytest.raises(csi.CSIError) as caught:
            warnings.simplefilter("ignore", csi.CSIWarning)
            call()
        assert caught.value.code == code
        assert caught.value.hint
    both = {"expectations": (1, 7), "perceptions": (1, 7)}
    assert gap_analysis(data, "e1", "p1", scale=both).n == 120
