"""League tables: against closed forms, scipy's studentized range, statsmodels, plain loops, and the truth of simulated leagues."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

import csimodels as csi
from csimodels.analyses import ranks
from csimodels.analyses.league import league_table
from csimodels.analyses.ranks import comparison, largest_differences, pairwise_z, rank_intervals, sidak_critical

# The same arithmetic in another order, equal but for rounding; critical values out of n_sim draws are as far off as quantiles are.
close = pytest.approx
Z = stats.norm.ppf(0.975)


def league_of(count: int = 8, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    score, se = 70 + rng.normal(0, 2.5, count), rng.uniform(0.4, 1.6, count)
    return pd.DataFrame({"firm": [f"firm {k}" for k in range(count)], "n": 250, "score": score, "se": se})


@pytest.fixture(scope="module")
def groups():
    return csi.fit_by("acsi_1996", csi.load_acsi_demo(), by=["industry", "firm"], estimator="pls")


@pytest.fixture(scope="module")
def found():
    return league_table(league_of())


def plain_ranks(score, se, critical):
    """Count, label by label, who is significantly better and who significantly worse."""
    lower, upper = [], []
    for j in range(len(score)):
        others = [k for k in range(len(score)) if k != j]
        apart = {k: (score[j] - score[k]) / (se[j] ** 2 + se[k] ** 2) ** 0.5 for k in others}
        lower.append(1 + sum(z < -critical for z in apart.values()))
        upper.append(len(score) - sum(z > critical for z in apart.values()))
    return lower, upper


@pytest.mark.parametrize("count", [1, 2, 7, 40])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_simultaneous_critical_value_solves_the_product(count, level):
    assert (2 * stats.norm.cdf(sidak_critical(count, level)) - 1) ** count == close(level)


@pytest.mark.parametrize("count", [3, 5, 12])
def test_equal_errors_give_the_studentized_range(count):
    """The standard error of the 95 % quantile of 20,000 draws is about 0.013."""
    limits = comparison(np.full(count, 1.7), 0.95, 20000, 1)
    assert limits.pairs == close(stats.studentized_range.ppf(0.95, count, np.inf) / 2**0.5, abs=0.05)


def test_unequal_errors_against_another_simulation():
    """Each label's own value is that of the maximum over K - 1 comparisons with it (Dunnett's, for unequal errors)."""
    se = np.array([0.2, 1.0, 3.0, 0.7])
    limits = comparison(se, 0.9, 40000, 1)
    draws = stats.norm.rvs(scale=se, size=(40000, 4), random_state=7)
    size = np.array([[abs(draws[:, j] - draws[:, k]) / np.hypot(se[j], se[k]) for k in range(4) if k != j] for j in range(4)])
    assert limits.pairs == close(np.quantile(size.max(axis=(0, 1)), 0.9), abs=0.04)
    assert limits.labels == close(np.quantile(size.max(axis=1), 0.9, axis=1), abs=0.04)
    assert (limits.labels < limits.pairs).all()


def test_blocks_do_not_change_the_draws(monkeypatch):
    se = np.array([0.5, 1.0, 0.8])
    whole = largest_differences(se, 1000, 3)
    monkeypatch.setattr(ranks, "BLOCK", 9 * 7)
    assert (largest_differences(se, 1000, 3) == whole).all()
    assert not (largest_differences(se, 1000, 4) == whole).any()


@pytest.mark.parametrize("seed", range(20))
def test_rank_intervals_against_plain_loops(seed):
    rng = np.random.default_rng(seed)
    score, se = rng.normal(0, 2, (3, 6)), rng.uniform(0.3, 1.5, 6)
    lower, upper = rank_intervals(pairwise_z(score, se), 1.3)
    for k in range(3):
        assert (lower[k].tolist(), upper[k].tolist()) == plain_ranks(score[k], se, 1.3)
    own = rng.uniform(0.5, 2.5, 6)
    lower, upper = rank_intervals(pairwise_z(score[0], se), own)
    each = [plain_ranks(score[0], se, c) for c in own]
    assert lower.tolist() == [each[j][0][j] for j in range(6)] and upper.tolist() == [each[j][1][j] for j in range(6)]


def test_a_league_by_hand():
    """Errors of 0.3 and 0.4 make differences of error 0.5: 5 apart is ten errors, 0.5 apart is one."""
    scores = pd.DataFrame({"firm": ["low", "top", "second"], "score": [65.0, 70.5, 70.0], "se": [0.3, 0.3, 0.4]})
    found = league_table(scores)
    assert found.league["firm"].tolist() == ["top", "second", "low"]
    assert found.league["rank"].tolist() == [1, 2, 3]
    assert found.league["rank_lower"].tolist() == [1, 1, 3] and found.league["rank_upper"].tolist() == [2, 2, 3]
    assert found.league["gap_to_best"].tolist() == close([0, 0.5, 5.5])
    assert found.league["significant_vs_best"].tolist() == [False, False, True]
    assert found.pairs[["a", "b"]].to_numpy().tolist() == [["top", "second"], ["top", "low"], ["second", "low"]]
    assert found.pairs["se"].tolist() == close([0.5, 0.18**0.5, 0.5])
    assert found.pairs["z"].tolist() == close([1, 5.5 / 0.18**0.5, 10])
    assert (found.league["ci_lower"][0], found.league["ci_upper"][0]) == close((70.5 - Z * 0.3, 70.5 + Z * 0.3))
    wide = stats.norm.ppf((1 + 0.95 ** (1 / 3)) / 2)
    assert (found.league["ci_lower_sim"][1], found.league["ci_upper_sim"][1]) == close((70 - wide * 0.4, 70 + wide * 0.4))
    assert "n" not in found.league.columns


def test_tables_agree_with_each_other(found):
    """Who is better in a pair's interval is who bounds the ranks, with one critical value for everything."""
    league, pairs = found.league.set_index("firm"), found.pairs
    own = league_of().set_index("firm").loc[league.index]
    c = found.critical_values["pairs"][0]
    assert list(map(list, plain_ranks(own["score"].to_numpy(), own["se"].to_numpy(), c))) == [
        league["rank_lower"].tolist(),
        league["rank_upper"].tolist(),
    ]
    beaten = pairs[pairs["ci_lower"] > 0]
    assert 0 < len(beaten) < len(pairs) == 28
    assert (league["rank_lower"] == 1 + beaten["b"].value_counts().reindex(league.index, fill_value=0)).all()
    assert (league["rank_upper"] == 8 - beaten["a"].value_counts().reindex(league.index, fill_value=0)).all()
    best = beaten.loc[beaten["a"] == league.index[0], "b"]
    assert league.index[league["significant_vs_best"]].tolist() == best.tolist()
    assert (league["rank_lower"] <= league["rank"]).all() and (league["rank"] <= league["rank_upper"]).all()
    assert (league["rank_lower"] <= league["rank_lower_marginal"]).all() and (league["rank_upper_marginal"] <= league["rank_upper"]).all()
    assert league["n"].tolist() == [250] * 8
    assert pairs["ci_upper"].tolist() == close((pairs["difference"] + c * pairs["se"]).tolist())
    assert found.critical_values["scores"][0] == close(sidak_critical(8, 0.95))


@pytest.mark.parametrize("method", ["holm", "bonferroni"])
def test_p_values_against_statsmodels(method, found):
    pairs = league_table(league_of(), method=method).pairs
    own = league_of().set_index("firm")
    p = [2 * stats.norm.sf(abs(r.difference) / np.hypot(own["se"][r.a], own["se"][r.b])) for r in pairs.itertuples()]
    assert pairs["pvalue"].tolist() == close(p)
    assert pairs["pvalue_adjusted"].tolist() == close(multipletests(p, method=method)[1])
    # The method adjusts p-values and nothing else.
    pd.testing.assert_frame_equal(pairs.drop(columns="pvalue_adjusted"), found.pairs.drop(columns="pvalue_adjusted"))


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_tukey_p_values_agree_with_the_intervals(level):
    for seed in range(5):
        pairs = league_table(league_of(seed=seed), level=level, method="tukey", n_sim=2000).pairs
        assert ((pairs["pvalue_adjusted"] <= 1 - level + 1e-12) == (pairs["ci_lower"] > 0)).all()
        assert (pairs["pvalue_adjusted"] >= pairs["pvalue"] - 0.02).all()


def test_tukey_p_values_against_the_studentized_range():
    """Out of 20,000 draws a p-value p has the standard error sqrt(p (1 - p) / 20,000), at most 0.0036."""
    pairs = league_table(league_of().assign(se=1.0), method="tukey").pairs
    exact = stats.studentized_range.sf(2**0.5 * pairs["z"], 8, np.inf)
    assert pairs["pvalue_adjusted"].to_numpy() == close(exact, abs=0.015)


@pytest.mark.parametrize("method", ["holm", "tukey", "bonferroni"])
@pytest.mark.parametrize(("gap", "sure"), [(1.95, False), (1.97, True)])
def test_two_labels_are_the_z_test(method, gap, sure):
    scores = pd.DataFrame({"firm": ["a", "b"], "score": [70.0, 70.0 + gap], "se": [0.6, 0.8]})
    found = league_table(scores, method=method)
    row = found.pairs.iloc[0]
    assert (row["a"], row["b"]) == ("b", "a")
    assert (row["z"], row["pvalue"]) == close((gap, 2 * stats.norm.sf(gap)))
    assert row["pvalue_adjusted"] == close(row["pvalue"])
    assert (row["ci_lower"], row["ci_upper"]) == close((gap - Z, gap + Z))
    for kind in ("", "_marginal"):
        assert found.league[f"rank_upper{kind}"].tolist() == ([1, 2] if sure else [2, 2])
        assert found.league[f"rank_lower{kind}"].tolist() == ([1, 2] if sure else [1, 1])
    assert found.league["significant_vs_best"].tolist() == [False, sure]


def test_ties_share_the_better_rank():
    scores = pd.DataFrame({"firm": list("abcd"), "score": [60.0, 70, 70, 50], "se": [0.1] * 4})
    league = league_table(scores).league
    assert league["firm"].tolist() == ["b", "c", "a", "d"]
    assert league["rank"].tolist() == [1, 1, 3, 4]
    assert league["rank_upper"].tolist() == [2, 2, 3, 4] and league["rank_lower"].tolist() == [1, 1, 3, 4]
    assert not league["significant_vs_best"][1]


def test_units_order_and_seed(found):
    """Points or tenths of points, rows in any order: the same ranks; the seed moves the critical value and the same seed does not."""
    scores = league_of()
    tenths = league_table(scores.assign(score=10 * scores["score"], se=10 * scores["se"]))
    shuffled = league_table(scores.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled.league, found.league)
    pd.testing.assert_frame_equal(shuffled.pairs, found.pairs)
    ranked = [c for c in found.league.columns if c.startswith(("rank", "sig"))]
    pd.testing.assert_frame_equal(tenths.league[ranked], found.league[ranked])
    assert tenths.pairs["z"].tolist() == close(found.pairs["z"].tolist())
    assert league_table(scores, seed=2).critical_values["pairs"][0] != found.critical_values["pairs"][0]
    wide = league_table(scores, level=0.99)
    assert (wide.critical_values > found.critical_values).loc[0, ["scores", "pairs"]].all()
    assert (wide.league["rank_lower"] <= found.league["rank_lower"]).all()


def test_within_a_group_is_the_group_alone():
    scores = league_of(9).assign(industry=["x", "y", "x"] * 3)[["industry", "firm", "score", "se"]]
    before = scores.copy()
    found = league_table(scores, within="industry", method="tukey")
    assert found.critical_values[["industry", "labels"]].to_numpy().tolist() == [["x", 6], ["y", 3]]
    for name in "xy":
        alone = league_table(scores.loc[scores["industry"] == name, ["firm", "score", "se"]], method="tukey")
        for table in ("league", "pairs"):
            both = getattr(found, table)
            part = both[both["industry"] == name].drop(columns="industry").reset_index(drop=True)
            pd.testing.assert_frame_equal(part, getattr(alone, table))
    assert found.league["rank"].tolist() == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    assert any("ranked by itself" in text for text in found.assumptions)
    pd.testing.assert_frame_equal(scores, before)


def test_the_demo_survey(groups):
    found = league_table(groups)
    index = groups.index_table(0.95)
    own = index[index["construct"] == "satisfaction"].set_index("firm").loc[found.league["firm"]]
    assert found.construct == "satisfaction" and found.labels == ("industry", "firm")
    for column in ("score", "se", "ci_lower", "ci_upper"):
        assert found.league[column].tolist() == close(own[column].tolist())
    assert found.league["n"].tolist() == [1000] * 5
    assert found.pairs["a"][0] == "Retail / Ardvel"
    assert league_table(groups, construct="loyalty").construct == "loyalty"
    with pytest.warns(csi.DataWarning, match="one label.*Energy"):
        inside = league_table(groups, within="industry")
    single = inside.league[inside.league["industry"] == "Energy"].iloc[0]
    assert (single["rank"], single["rank_lower"], single["rank_upper"]) == (1, 1, 1)
    assert single["ci_lower_sim"] == close(single["ci_lower"])
    assert inside.pairs["industry"].tolist() == ["Retail", "Mobile"] and len(inside.warnings) == 1
    frame = groups.index.loc[groups.index["construct"] == "satisfaction"].drop(columns=["industry"])
    assert league_table(frame).league["rank_upper"].tolist() == found.league["rank_upper"].tolist()


def test_other_containers():
    polars = pytest.importorskip("polars")
    scores = league_of(4)
    expected = league_table(scores).league
    for given in (polars.DataFrame(scores.to_dict("list")), scores.to_dict("list")):
        pd.testing.assert_frame_equal(league_table(given).league, expected)
    survey = csi.simulate("kcsi_korea", n=300, seed=1).assign(firm=["a", "b", "c"] * 100)
    found = league_table(csi.fit_by("kcsi_korea", survey, by="firm"))
    assert found.league["n"].tolist() == [100, 100, 100] and found.construct == csi.load_model("kcsi_korea").target


def test_groups_without_a_score_are_said():
    survey = csi.load_acsi_demo()
    survey.loc[:2, "firm"] = "Tiny"
    with pytest.warns(csi.CSIWarning):
        groups = csi.fit_by("acsi_1996", survey, by="firm", estimator="pls")
    with pytest.warns(csi.DataWarning, match="1 groups have no solution.*Tiny"):
        found = league_table(groups)
    assert "Tiny" in found.warnings[0] and len(found.league) == 5


def band(count, level):
    """Return the 99 % binomial band of a coverage."""
    return stats.binom.ppf([0.005, 0.995], count, level) / count


@pytest.mark.slow
@pytest.mark.parametrize("truth", [np.zeros(7), np.array([0, 0, 0.8, 1.6, 1.6, 2.4, 6]), np.arange(7) * 8.0])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_joint_coverage(truth, level):
    """5,000 leagues of seven labels with unequal errors. Where all are equal no difference may be significant, so ranks are all covered
    exactly with the level; elsewhere with more."""
    count, se = 5000, np.array([0.3, 0.5, 0.5, 0.8, 1.0, 1.5, 2.0])
    score = truth + se * np.random.default_rng(5).standard_normal((count, 7))
    limits, z = comparison(se, level, 40000, 1), pairwise_z(score, se)
    true_rank = stats.rankdata(-truth, method="min")
    lower, upper = rank_intervals(z, limits.pairs)
    covered = (lower <= true_rank) & (true_rank <= upper)
    joint = covered.all(axis=1).mean()
    own_lower, own_upper = rank_intervals(z, limits.labels)
    marginal = ((own_lower <= true_rank) & (true_rank <= own_upper)).mean(axis=0)
    inside = (np.abs(score - truth) <= sidak_critical(7, level) * se).all(axis=1).mean()
    low, high = band(count, level)
    assert joint >= low and (marginal >= low).all()
    assert low <= inside <= high
    if not truth.any():
        assert joint <= high


@pytest.mark.slow
def test_joint_coverage_of_differences():
    """All pairs' intervals hold at once with exactly the level, whatever the truth."""
    count, se, truth = 5000, np.array([0.3, 0.5, 0.5, 0.8, 2.0]), np.array([0, 1, 2, 3, 9.0])
    score = truth + se * np.random.default_rng(6).standard_normal((count, 5))
    off = np.abs(pairwise_z(score - truth, se)).max(axis=(1, 2))
    low, high = band(count, 0.95)
    assert low <= (off <= comparison(se, 0.95, 40000, 1).pairs).mean() <= high


def test_what_a_league_shows(found):
    text = found.summary().as_text()
    for shown in (text, found.to_html(), found._repr_html_()):
        for title in found.titles.values():
            assert title in shown
        assert "Equal scores share the better rank" in shown
    assert repr(found).startswith("League: League table")
    assert f"{found.league['score'][0]:.3f}" in text and "rank_upper_marginal" in text
    assert "Holm" in found.assumptions[-1] and not any("Holm" in a for a in league_table(league_of(), method="tukey").assumptions)


def test_the_picture_of_a_league(found):
    ax = found.plot()
    league = found.league
    assert [t.get_text() for t in ax.get_yticklabels()] == league["firm"].tolist()
    marks = [(line.get_marker(), line.get_xdata()[0]) for line in ax.lines if line.get_marker() in "oD"]
    assert marks == [("D" if below else "o", score) for below, score in zip(league["significant_vs_best"], league["score"], strict=True)]
    spans = np.array([line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2])
    assert spans[::2] == close(league[["ci_lower_sim", "ci_upper_sim"]].to_numpy())
    assert spans[1::2] == close(league[["ci_lower", "ci_upper"]].to_numpy())
    written = [t.get_text() for t in ax.texts]
    assert len(written) == 9
    for text, row in zip(written[1:], league.itertuples(), strict=True):
        assert text == f"{row.score:.1f}  {row.rank} [{row.rank_lower}-{row.rank_upper}]"


def test_the_picture_of_groups_in_given_axes():
    from matplotlib import pyplot as plt

    scores = league_of(4).assign(industry=["服务业", "$x_1$"] * 2, construct="满意度")[["industry", "firm", "construct", "score", "se"]]
    found = league_table(scores, within="industry")
    mine = plt.subplots(figsize=(8, 5), layout="constrained")[1]
    assert found.plot(ax=mine) is mine
    names = [t.get_text() for t in mine.get_yticklabels()]
    assert len(names) == 6 and names[3] == "$x_1$" and names[1:3] == ["firm 0", "firm 2"]
    assert mine.get_title().startswith("League table: ")
    mine.figure.canvas.draw()
    plt.close("all")


def test_what_a_league_refuses(groups):
    scores = league_of(4)
    several = scores.assign(construct=["x", "x", "y", "y"])[["firm", "construct", "score", "se"]]
    two = scores.assign(industry=list("wxyz"))[["industry", "firm", "score", "se"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        weighted = csi.fit_by("acsi_1996", csi.load_acsi_demo().assign(w=[1, 2] * 2500), by="firm", estimator="pls", weights="w")
    one = csi.fit_acsi(csi.load_acsi_demo(), estimator="pls")
    cases = [
        ("league.one_label", lambda: league_table(scores.head(1))),
        ("league.one_label", lambda: league_table(two, within="industry")),
        ("league.se", lambda: league_table(scores.assign(se=[1, 1, np.nan, 1]))),
        ("league.se", lambda: league_table(scores.assign(se=[1, 1, 0, 1]))),
        ("league.se", lambda: league_table(scores.assign(se=[1, 1, np.inf, 1]))),
        ("league.se", lambda: league_table(weighted)),
        ("league.score", lambda: league_table(scores.assign(score=[1, 1, np.nan, 1]))),
        ("league.duplicate_label", lambda: league_table(scores.assign(firm=list("abca")))),
        ("league.label_missing", lambda: league_table(scores.assign(firm=["a", None, "b", "c"]))),
        ("league.no_labels", lambda: league_table(scores[["score", "firm", "se"]])),
        ("league.missing_column", lambda: league_table(scores[["firm", "score"]])),
        ("league.not_groups", lambda: league_table(one)),
        ("league.within_unknown", lambda: league_table(scores, within="firm")),
        ("league.within_unknown", lambda: league_table(scores, within="sector")),
        ("option.within", lambda: league_table(scores, within=[])),
        ("option.method", lambda: league_table(scores, method="fdr_bh")),
        ("option.method", lambda: league_table(scores, method=None)),
        ("option.n_sim", lambda: league_table(scores, n_sim=999)),
        ("option.n_sim", lambda: league_table(scores, n_sim=2000.0)),
        ("option.n_sim", lambda: league_table(scores, n_sim=1000, level=0.9999)),
        ("option.seed", lambda: league_table(scores, seed=-1)),
        ("option.level", lambda: league_table(scores, level=95)),
        ("option.construct", lambda: league_table(groups, construct="satisfied")),
        ("option.construct", lambda: league_table(scores, construct="satisfaction")),
        ("option.construct", lambda: league_table(several)),
        ("data.not_a_frame", lambda: league_table([70, 71])),
        ("data.duplicate_header", lambda: league_table(pd.concat([scores, scores[["se"]]], axis=1))),
    ]
    for code, call in cases:
        with pytest.raises(csi.CSIError) as caught:
            call()
        assert caught.value.code == code
        assert caught.value.hint
    with pytest.raises(csi.DataError, match="bootstrap"):
        league_table(weighted)
