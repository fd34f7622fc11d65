"""Aggregated scores: against sums by hand, plain loops, one step instead of many, and the truth of simulated firms."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import csimodels as csi
from csimodels.analyses.aggregation import aggregate

# The same arithmetic in another order, equal but for rounding.
close = pytest.approx
LEVELS = ["firm", "industry", "sector"]
REVENUE = {"Ardvel": 840, "Brimso": 310, "Corvat": 1250, "Dulvek": 560, "Eskora": 1980}


def firms() -> pd.DataFrame:
    """Two sectors; banks of revenue 60 and 40, insurers 100 and 0, cars 50."""
    rows = [
        ("bank a", "banks", "services", 80.0, 1.0, 60),
        ("bank b", "banks", "services", 70.0, 2.0, 40),
        ("safe", "insurers", "services", 60.0, 0.5, 100),
        ("safer", "insurers", "services", 90.0, 3.0, 0),
        ("wheels", "cars", "goods", 75.0, 1.5, 50),
    ]
    return pd.DataFrame(rows, columns=[*LEVELS, "score", "se", "revenue"])


def many(seed: int = 1, count: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    industry = rng.permutation(np.arange(count) % 9)
    frame = pd.DataFrame({"firm": [f"f{k}" for k in range(count)], "industry": [f"i{k}" for k in industry]})
    values = {"score": rng.uniform(50, 90, count), "se": rng.uniform(0.3, 2, count), "revenue": rng.uniform(1, 9, count)}
    return frame.assign(sector=[f"s{k % 3}" for k in industry], **values)


def rows_of(found, level):
    return found.index[found.index["level"] == level].set_index("label")


@pytest.fixture(scope="module")
def groups():
    return csi.fit_by("acsi_1996", csi.load_acsi_demo(), by=["industry", "firm"], estimator="pls")


def test_a_nation_by_hand():
    """Banks: 0.6 * 80 + 0.4 * 70 = 76, variance 0.36 * 1 + 0.16 * 4 = 1. Insurers: all of the weight is on 60, error 0.5.

    Services: both industries weigh 100: 68, variance 0.25 * (1 + 0.25) = 0.3125. Goods: 75, error 1.5.
    By GDP of 70 and 30: 0.7 * 68 + 0.3 * 75 = 70.1, variance 0.49 * 0.3125 + 0.09 * 2.25 = 0.355625.
    """
    before = firms()
    given = before.copy()
    found = aggregate(given, LEVELS, weight={"firm": "revenue", "sector": {"services": 70, "goods": 30}})
    industries, sectors, total = rows_of(found, "industry"), rows_of(found, "sector"), found.index.iloc[-1]
    assert industries["score"].to_dict() == close({"banks": 76, "insurers": 60, "cars": 75})
    assert industries["se"].to_dict() == close({"banks": 1, "insurers": 0.5, "cars": 1.5})
    assert industries["weight"].to_dict() == {"banks": 100, "insurers": 100, "cars": 50}
    assert industries["share"].to_dict() == {"banks": 0.5, "insurers": 0.5, "cars": 1}
    assert sectors["score"].to_dict() == close({"services": 68, "goods": 75})
    assert sectors["se"].to_dict() == close({"services": 0.3125**0.5, "goods": 1.5})
    assert sectors[["weight", "members"]].to_numpy().tolist() == [[70, 2], [30, 1]]
    assert (total["level"], total["label"], total["parent"], total["members"]) == ("all", "all", "", 2)
    assert (total["score"], total["se"]) == close((70.1, 0.355625**0.5))
    half = stats.norm.ppf(0.975) * 0.355625**0.5
    assert (total["ci_lower"], total["ci_upper"]) == close((70.1 - half, 70.1 + half))
    assert (found.index["coverage"] == 1).all()
    assert rows_of(found, "firm")["share"].tolist() == close([0.6, 0.4, 1, 0, 1])
    pd.testing.assert_frame_equal(given, before)


def test_without_weights_of_their_own_levels_weigh_as_their_members():
    found = aggregate(firms(), LEVELS, weight="revenue")
    assert rows_of(found, "sector")["weight"].to_dict() == {"services": 200, "goods": 50}
    assert found.index.iloc[-1]["score"] == close(0.8 * 68 + 0.2 * 75)


def test_against_plain_loops():
    data = many()
    found = aggregate(data, LEVELS, weight="revenue", level=0.9)
    for name, part in data.groupby("industry"):
        w = part["revenue"] / part["revenue"].sum()
        row = rows_of(found, "industry").loc[name]
        assert (row["score"], row["se"]) == close(((w * part["score"]).sum(), ((w * part["se"]) ** 2).sum() ** 0.5))
        low, high = stats.norm.interval(0.9, row["score"], row["se"])
        assert (row["ci_lower"], row["ci_upper"], row["members"]) == close((low, high, len(part)))
        assert row["parent"] == part["sector"].iloc[0]


def test_levels_add_up():
    """With weights of firms alone, one step from firms to the total gives what three steps give."""
    data = many()
    three, one = aggregate(data, LEVELS, weight="revenue"), aggregate(data, "firm", weight="revenue")
    assert one.index["level"].unique().tolist() == ["firm", "all"]
    assert three.index.iloc[-1][["score", "se"]].tolist() == close(one.index.iloc[-1][["score", "se"]].tolist())
    shares = one.contributions.set_index("label")["share"]
    own = three.contributions[three.contributions["level"] == "firm"].set_index("label")
    assert own["share_of_total"].loc[shares.index].tolist() == close(shares.tolist())


@pytest.mark.parametrize("others", [None, {"i0": (55, 4, 2.0), "s1": (None, 9), "all": (66, 3)}])
def test_contributions_add_up(others):
    found = aggregate(many(), LEVELS, weight="revenue", others=others)
    given = found.contributions
    for level, above in zip(LEVELS, [*LEVELS[1:], "all"], strict=True):
        part = given[given["level"] == level].groupby("parent")
        parents = rows_of(found, above)
        assert part["contribution"].sum().to_dict() == close(parents["score"].loc[list(part.groups)].to_dict())
        assert part["share"].sum().tolist() == close([1.0] * len(parents.drop(index="all others", errors="ignore")))
    ends = given[(given["level"] == "firm") | (given["label"] == "all others")]
    assert ends["share_of_total"].sum() == close(1)
    assert ends["contribution_to_total"].sum() == close(found.index.iloc[-1]["score"])


def test_all_others_with_a_score_are_another_member():
    """Banks with others of weight 100, score 60, error 1: 0.3 * 80 + 0.2 * 70 + 0.5 * 60 = 68, variance 0.09 + 0.16 + 0.25."""
    found = aggregate(firms(), LEVELS, weight="revenue", others={"banks": (60, 100, 1.0)})
    row = rows_of(found, "industry").loc["banks"]
    assert row[["score", "se", "weight", "coverage", "members"]].tolist() == close([68, 0.5**0.5, 200, 1, 2])
    extra = rows_of(found, "firm").loc["all others"]
    assert extra[["parent", "share", "score", "se", "coverage", "members"]].tolist() == ["banks", 0.5, 60, 1, 1, 0]
    known = aggregate(firms(), LEVELS, weight="revenue", others={"banks": (60, 100)})
    assert rows_of(known, "industry").loc["banks", "se"] == close(0.5)
    assert "taken as known" in known.assumptions[-1] and not any("taken as known" in a for a in found.assumptions)
    listed = pd.concat([firms(), pd.DataFrame([("rest", "banks", "services", 60.0, 1.0, 100)], columns=firms().columns)])
    assert found.index.iloc[-1]["score"] == close(aggregate(listed, LEVELS, weight="revenue").index.iloc[-1]["score"])


def test_all_others_without_a_score_are_not_covered():
    """Banks stay at 76 on half of their weight; services are 200 of banks and 100 of insurers, and 2/3 * 1/2 + 1/3 covered."""
    found = aggregate(firms(), LEVELS, weight="revenue", others={"banks": (None, 100)})
    row = rows_of(found, "industry").loc["banks"]
    assert row[["score", "se", "weight", "coverage"]].tolist() == close([76, 1, 200, 0.5])
    extra = rows_of(found, "firm").loc["all others"]
    assert np.isnan(extra["score"]) and extra[["weight", "share", "coverage"]].tolist() == [100, 0, 0]
    services = rows_of(found, "sector").loc["services"]
    assert services[["score", "coverage"]].tolist() == close([2 / 3 * 76 + 60 / 3, 2 / 3])
    total = found.index.iloc[-1]
    assert total["coverage"] == close((300 * 2 / 3 + 50) / 350)
    assert "coverage is the share" in found.assumptions[-1]
    whole = aggregate(firms(), LEVELS, weight="revenue", others={"all": (None, 250)}).index.iloc[-1]
    assert (whole["score"], whole["coverage"]) == close((0.8 * 68 + 0.2 * 75, 0.5))


def test_units_of_weights_do_not_matter():
    data = many()
    a = aggregate(data, LEVELS, weight="revenue", others={"i0": (55, 4)})
    b = aggregate(data.assign(revenue=data["revenue"] * 1e6), LEVELS, weight="revenue", others={"i0": (55, 4e6)})
    columns = ["share", "score", "se", "coverage"]
    assert b.index[columns].to_numpy() == close(a.index[columns].to_numpy())


def test_weights_and_parents_may_come_from_elsewhere():
    data = firms()
    expected = aggregate(data, LEVELS, weight={"firm": "revenue", "sector": {"services": 70, "goods": 30}}).index
    bare = data[["firm", "score", "se"]]
    revenue = data.set_index("firm")["revenue"]
    gdp = data["sector"].map({"services": 70, "goods": 30})
    to_industry = dict(zip(data["firm"], data["industry"], strict=True))
    to_sector = dict(zip(data["industry"], data["sector"], strict=True))
    lookup = data.drop(columns=["score", "se"]).assign(gdp=gdp, note=range(5))
    weight = {"firm": revenue.to_dict(), "sector": {"services": 70, "goods": 30}}
    calls = [
        lambda: aggregate(bare, LEVELS, weight=weight, parents={"industry": to_industry, "sector": to_sector}),
        lambda: aggregate(data.drop(columns="sector"), LEVELS, weight=weight, parents=to_sector),
        lambda: aggregate(bare, LEVELS, weight={"firm": "revenue", "sector": "gdp"}, parents=pd.concat([lookup, lookup])),
        lambda: aggregate(data.drop(columns="sector"), LEVELS, weight=weight, parents=lookup[["industry", "sector", "note"]]),
        lambda: aggregate(data.assign(gdp=gdp), LEVELS, weight={"firm": revenue, "sector": "gdp"}),
    ]
    for call in calls:
        pd.testing.assert_frame_equal(call().index, expected, check_dtype=False)


def test_labels_need_not_be_text():
    data = many().assign(firm=range(40), industry=lambda d: d["industry"].str[1:].astype(int))
    found = aggregate(data, ["firm", "industry"], weight=dict(enumerate(data["revenue"])), others={3: (None, 1.0)})
    assert found.index.iloc[-1]["score"] == close(
        aggregate(many(), ["firm", "industry"], weight="revenue", others={"i3": (None, 1.0)}).index.iloc[-1]["score"]
    )
    assert len(found.summary().as_text()) > 1000


def test_the_demo_survey(groups):
    survey = csi.load_acsi_demo()
    found = aggregate(groups, ["firm", "industry"], weight=survey.groupby("firm")["revenue"].first())
    index = groups.index[groups.index["construct"] == "satisfaction"].set_index("firm")
    w = pd.Series(REVENUE) / sum(REVENUE.values())
    total = found.index.iloc[-1]
    assert (total["score"], total["se"]) == close(((w * index["score"]).sum(), ((w * index["se"]) ** 2).sum() ** 0.5))
    assert found.construct == "satisfaction" and found.warnings == ()
    assert rows_of(found, "industry")["members"].to_dict() == {"Retail": 2, "Energy": 1, "Mobile": 2}
    by_firm = csi.fit_by("acsi_1996", survey, by="firm", estimator="pls")
    looked_up = aggregate(by_firm, ["firm", "industry"], weight="revenue", parents=survey)
    pd.testing.assert_frame_equal(looked_up.index, found.index)
    loyalty = aggregate(groups, ["firm", "industry"], weight=REVENUE, construct="loyalty")
    assert loyalty.index.iloc[-1]["score"] < total["score"]


def test_what_is_said():
    data = firms()
    with pytest.warns(csi.DataWarning, match="2 weights belong to no firm.*'other'"):
        found = aggregate(data, "firm", weight={**dict(zip(data["firm"], data["revenue"], strict=True)), "other": 5, "another": 6})
    assert len(found.warnings) == 1
    with pytest.warns(csi.DataWarning, match="1 of 5 scores have no standard error"):
        found = aggregate(data.assign(se=[np.nan, 2, 0.5, 3, 1.5]), LEVELS, weight="revenue")
    industries = rows_of(found, "industry")
    assert (
        industries["score"]["banks"] == close(76) and np.isnan(industries.loc["banks", ["se", "ci_lower", "ci_upper"]].astype(float)).all()
    )
    assert industries["se"]["cars"] == 1.5 and np.isnan(found.index.iloc[-1]["se"])
    with pytest.warns(csi.DataWarning, match="no standard error"):
        idle = aggregate(data.assign(se=[1, 2, 0.5, np.nan, 1.5]), LEVELS, weight="revenue")
    assert rows_of(idle, "industry")["se"]["insurers"] == close(0.5)


@pytest.mark.slow
def test_coverage():
    """5,000 nations: the interval of the total holds the weighted mean of the true scores."""
    count, data = 5000, many()
    truth, se = data["score"].to_numpy(), data["se"].to_numpy()
    drawn = truth + se * np.random.default_rng(3).standard_normal((count, len(se)))
    first = aggregate(data.assign(score=drawn[0]), LEVELS, weight="revenue").index.iloc[-1]
    w = data["revenue"].to_numpy() / data["revenue"].sum()
    assert first["score"] == close(drawn[0] @ w)
    hits = (np.abs(drawn @ w - truth @ w) <= (first["ci_upper"] - first["ci_lower"]) / 2).mean()
    low, high = stats.binom.ppf([0.005, 0.995], count, 0.95) / count
    assert low <= hits <= high


def test_what_an_aggregate_shows():
    found = aggregate(firms().assign(construct="满意度"), LEVELS, weight="revenue", others={"banks": (None, 100)})
    text = found.summary().as_text()
    for shown in (text, found.to_html().replace("&#x27;", "'"), found._repr_html_().replace("&#x27;", "'")):
        for title in found.titles.values():
            assert title in shown
        assert "Weights are fixed numbers" in shown and "all others" in shown
    assert repr(found).startswith("Aggregate: Aggregated scores")
    assert found.construct == "满意度"


def test_the_picture_is_a_tree():
    found = aggregate(firms(), LEVELS, weight="revenue", others={"banks": (None, 100), "cars": (70, 50)})
    ax = found.plot()
    names = [t.get_text() for t in ax.get_yticklabels()]
    walk = [
        "all",
        "services",
        "banks",
        "bank a",
        "bank b",
        "all others",
        "insurers",
        "safe",
        "safer",
        "goods",
        "cars",
        "wheels",
        "all others",
    ]
    assert [name.strip() for name in names] == walk
    depth = [(len(name) - len(name.lstrip())) // 4 for name in names]
    assert depth == [0, 1, 2, 3, 3, 3, 2, 3, 3, 1, 2, 3, 3]
    marks = [line for line in ax.lines if line.get_marker() in "osD^"]
    at = {int(line.get_ydata()[0]): (line.get_marker(), line.get_xdata()[0], line.get_markerfacecolor()) for line in marks}
    assert [at[k][0] for k in (0, 1, 2, 3)] == ["D", "^", "s", "o"]
    assert [at[k][1] for k in (2, 3, 12)] == close([76, 80, 70])
    assert at[12][2] == "white" and at[11][2] != "white"
    written = [t.get_text() for t in ax.texts][1:]
    assert written[5] == "no score" and written[2] == "76.0  67 % (50 % covered)" and written[3] == "80.0  60 %"


def test_the_picture_in_given_axes(groups):
    from matplotlib import pyplot as plt

    data = firms().replace({"banks": "银行", "bank a": "$x_1$"})
    mine = plt.subplots(figsize=(8, 5), layout="constrained")[1]
    found = aggregate(data, LEVELS, weight="revenue")
    assert found.plot(ax=mine) is mine and mine.get_yticklabels()[3].get_text().strip() == "$x_1$"
    mine.figure.canvas.draw()
    assert "satisfaction" in aggregate(groups, "firm", weight=REVENUE).plot().get_title()
    plt.close("all")


def test_what_an_aggregate_refuses(groups):
    data = firms()
    bare, revenue = data[["firm", "score", "se"]], dict(zip(data["firm"], data["revenue"], strict=True))
    industry = dict(zip(data["firm"], data["industry"], strict=True))
    one = csi.fit_acsi(csi.load_acsi_demo(), estimator="pls")

    def of(frame=data, levels=LEVELS, weight="revenue", **options):
        return lambda: aggregate(frame, levels, weight=weight, **options)

    cases = [
        ("aggregate.missing_weight", of(weight={k: v for k, v in revenue.items() if k != "safe"})),
        ("aggregate.missing_weight", of(weight={"firm": "revenue", "sector": {"goods": 1}})),
        ("aggregate.missing_weight", of(weight="turnover")),
        ("aggregate.weight", of(data.assign(revenue=[60, 40, -1, 1, 1]))),
        ("aggregate.weight", of(data.assign(revenue=[60, 40, np.nan, 1, 1]))),
        ("aggregate.weight", of(weight={**revenue, "safe": None})),
        ("aggregate.weight", of(others={"banks": (None, -1)})),
        ("aggregate.zero_weights", of(data.assign(revenue=[60, 40, 0, 0, 1]))),
        ("aggregate.zero_weights", of(weight={"firm": "revenue", "sector": {"goods": 0, "services": 0}})),
        ("aggregate.weight_varies", of(data.assign(gdp=range(5)), weight={"firm": "revenue", "sector": "gdp"})),
        ("aggregate.weight_varies", of(bare, ["firm"], parents=pd.DataFrame({"firm": [*data["firm"], "safe"], "revenue": range(6)}))),
        ("aggregate.two_parents", of(data.assign(sector=["x", "y", "z", "z", "z"]))),
        ("aggregate.two_parents", of(data.assign(firm=["a", "b", "a", "d", "e"]))),
        ("aggregate.two_parents", of(data.drop(columns="sector"), parents=data.assign(sector=list("xyzzz"))[["industry", "sector"]])),
        ("aggregate.duplicate_label", of(data.assign(firm=["a", "a", "c", "d", "e"]))),
        ("aggregate.label_missing", of(data.assign(industry=["banks", None, "c", "c", "d"]))),
        ("aggregate.missing_level", of(data.drop(columns="sector"))),
        ("aggregate.missing_level", of(bare)),
        ("aggregate.missing_level", of(bare, weight=revenue, parents={"sector": {"banks": "services"}})),
        ("aggregate.missing_level", of(bare, weight=revenue, parents=data[["firm", "industry"]])),
        ("aggregate.missing_column", of(data.drop(columns="se"))),
        ("aggregate.no_parent", of(bare, ["firm", "industry"], revenue, parents={"bank a": "banks"})),
        ("aggregate.no_parent", of(bare, ["firm", "industry"], revenue, parents=data[["firm", "industry"]].head(2))),
        ("aggregate.score", of(data.assign(score=[np.nan, 1, 2, 3, 4]))),
        ("aggregate.se", of(data.assign(se=[-1, 1, 2, 3, 4]))),
        ("aggregate.not_groups", of(one)),
        ("option.parents", of(parents=industry)),
        ("option.parents", of(bare, weight=revenue, parents=industry)),
        ("option.parents", of(bare, weight=revenue, parents=[1])),
        ("option.parents", of(bare, weight=revenue, parents={"firm": {"a": "b"}})),
        ("option.parents", of(bare, weight=revenue, parents=pd.DataFrame({"company": ["bank a"]}))),
        ("option.weight", of(weight=3)),
        ("option.weight", of(weight={})),
        ("option.weight", of(weight={"sector": {"goods": 1, "services": 1}})),
        ("option.weight", of(weight={"firm": "revenue", "country": {"x": 1}})),
        ("option.weight", of(weight=pd.Series([1.0, 2.0], index=["safe", "safe"]))),
        ("option.others", of(others={"bank": (None, 1)})),
        ("option.others", of(data.replace({"services": "banks"}), others={"banks": (None, 1)})),
        ("option.others", of(data.replace({"bank a": "all others"}), others={"banks": (None, 1)})),
        ("option.others", of(others={"banks": 5})),
        ("option.others", of(others={"banks": (1,)})),
        ("option.others", of(others={"banks": ("x", 1)})),
        ("option.others", of(others={"banks": (70, 1, -1)})),
        ("option.others", of(others=[("banks", None, 1)])),
        ("option.levels", of(levels=[])),
        ("option.levels", of(levels=["firm", "all"])),
        ("option.level", of(level=2)),
        ("option.construct", of(groups, ["firm", "industry"], REVENUE, construct="delight")),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code, call in cases:
            with pytest.raises(csi.CSIError) as caught:
                call()
            assert caught.value.code == code
            assert caught.value.hint
    with pytest.raises(csi.DataError, match="'industry', 'sector'"):
        of(bare)()
