"""Zone of tolerance: against scipy and statsmodels called by hand, answers counted by hand, and data of known zones."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

import csimodels as csi
from csimodels.analyses.zone import zone_of_tolerance

# Everything here is the same arithmetic in another order, so equal but for rounding.
close = pytest.approx
A, D, P = ["a1", "a2", "a3"], ["d1", "d2", "d3"], ["p1", "p2", "p3"]


def survey(n: int = 150, perceived: tuple[float, ...] = (2.0, 5.0, 8.0), seed: int = 1) -> pd.DataFrame:
    """Answers 1-9 with a zone from 3 to 7, that no respondent turns upside down, and perceptions at the given means."""
    rng = np.random.default_rng(seed)
    low, high = 3 + rng.integers(-1, 2, (n, 3)), 7 + rng.integers(-1, 2, (n, 3))
    seen = np.clip(np.array(perceived) + rng.integers(-1, 2, (n, 3)), 1, 9)
    return pd.DataFrame(np.column_stack([low, high, seen]).astype(float), columns=[*A, *D, *P])


@pytest.fixture(scope="module")
def found():
    return zone_of_tolerance(survey(), A, D, P, names=["speed", "manners", "态度"], scale=(1, 9))


def test_known_zones_are_recognised(found):
    assert found.items["place"].tolist() == ["below", "within", "above"]
    assert found.items["name"].tolist() == ["speed", "manners", "态度"]
    main = found.shares.loc[found.shares.groupby("name", sort=False)["share"].idxmax()]
    assert main["zone"].tolist() == ["below", "within", "above"]
    assert found.warnings == ()
    signs = found.measures.assign(sign=np.where(found.measures["pvalue_holm"] < 0.01, np.sign(found.measures["est"]), 0))
    assert signs.pivot(index="name", columns="measure", values="sign").loc[["speed", "manners", "态度"]].to_numpy().tolist() == [
        [-1, -1],
        [1, -1],
        [1, 1],
    ]


def test_items_and_measures_against_scipy(found):
    data = survey()
    for k, name in enumerate(found.items["name"]):
        a, d, p = data[A[k]], data[D[k]], data[P[k]]
        row = found.items.loc[k]
        assert row[["adequate", "desired", "perceived", "width"]].tolist() == close([a.mean(), d.mean(), p.mean(), (d - a).mean()])
        assert row[["msa", "mss"]].tolist() == close([(p - a).mean(), (p - d).mean()])
        low, high = stats.t.interval(0.95, 149, p.mean(), stats.sem(p))
        assert row[["perceived_ci_lower", "perceived_ci_upper"]].tolist() == close([low, high])
        for measure, other in (("msa", a), ("mss", d)):
            line = found.measures[(found.measures["name"] == name) & (found.measures["measure"] == measure)].iloc[0]
            t = stats.ttest_rel(p, other)
            expected = [
                (p - other).mean(),
                (p - other).std(),
                stats.sem(p - other),
                t.statistic,
                149,
                t.pvalue,
                *t.confidence_interval(0.95),
            ]
            assert line[["est", "sd", "se", "t", "df", "pvalue", "ci_lower", "ci_upper"]].tolist() == close(expected)
    for measure in ("msa", "mss"):
        tested = found.measures[found.measures["measure"] == measure]
        assert tested["pvalue_holm"].tolist() == close(multipletests(tested["pvalue"], method="holm")[1])


def test_the_whole_against_scipy(found):
    data = survey()
    a, d, p = (data[side].mean(axis=1) for side in (A, D, P))
    overall = found.overall.set_index("measure")
    for name, values in {"adequate": a, "desired": d, "perceived": p, "width": d - a, "msa": p - a, "mss": p - d}.items():
        low, high = stats.t.interval(0.95, 149, values.mean(), stats.sem(values))
        assert overall.loc[name, ["n", "est", "se", "ci_lower", "ci_upper"]].tolist() == close(
            [150, values.mean(), stats.sem(values), low, high]
        )
    for name, other in (("msa", a), ("mss", d)):
        t = stats.ttest_rel(p, other)
        assert overall.loc[name, ["t", "pvalue"]].tolist() == close([t.statistic, t.pvalue])
    assert overall.loc[["adequate", "desired", "perceived", "width"], "pvalue"].isna().all()
    n = [int((p < a).sum()), int(((p >= a) & (p <= d)).sum()), int((p > d).sum()), 0]
    assert found.overall_shares["n"].tolist() == n


def test_shares_counted_by_hand():
    """Ten respondents of one item: edges are within, and two have their zone upside down."""
    data = {
        "least": [3, 3, 3, 4, 4, 4, 5, 5, 7, 6],
        "hoped": [6, 6, 6, 7, 7, 7, 5, 8, 4, 3],
        "got": [2, 3, 6, 8, 7, 5, 5, 4, 5, 9],
    }
    with pytest.warns(csi.DataWarning, match=r"rows of 'got' \(2\)"):
        found = zone_of_tolerance(data, "least", "hoped", "got")
    assert found.shares.set_index("zone")["n"].to_dict() == {"below": 2, "within": 5, "above": 1, "inconsistent": 2}
    assert found.shares["share"].sum() == close(1)
    for row in found.shares.to_dict("records"):
        assert (row["ci_lower"], row["ci_upper"]) == close(proportion_confint(row["n"], 10, method="wilson"))
    assert found.items["n"].tolist() == [10] and found.items["adequate"][0] == close(4.4)
    assert found.overall_shares["n"].tolist() == found.shares["n"].tolist()


def test_a_zone_upside_down_is_named():
    data = survey()
    with pytest.warns(csi.CSIWarning) as said:
        found = zone_of_tolerance(data, ["a1", "d2"], ["d1", "a2"], ["p1", "p2"])
    assert "on average in 'p2'" in found.warnings[0] and "'p2' (150)" in found.warnings[1]
    assert [str(w.message) for w in said] == list(found.warnings)
    assert found.items["place"].tolist() == ["below", "inconsistent"] and found.items["width"][1] < 0
    assert found.shares[found.shares["name"] == "p2"]["share"].tolist() == [0, 0, 0, 1]


def test_missing_answers_cost_their_item_only():
    data = survey()
    data.loc[:4, "a1"] = np.nan
    data.loc[5:6, "p2"] = 99
    before = data.copy()
    with pytest.warns(csi.DataWarning, match="7 of 150 rows"):
        found = zone_of_tolerance(data, A, D, P, scale=(1, 9), na_values=[99])
    assert found.items["n"].tolist() == [145, 148, 150] and found.overall["n"].tolist() == [143] * 6
    assert (found.n, found.n_complete) == (150, 143)
    assert found.shares.groupby("name")["n"].sum().tolist() == [145, 148, 150] and found.overall_shares["n"].sum() == 143
    pd.testing.assert_frame_equal(data, before)


def test_moving_every_level_moves_no_measure(found):
    moved = zone_of_tolerance(survey() + 10, A, D, P, names=["speed", "manners", "态度"])
    pd.testing.assert_frame_equal(moved.measures, found.measures)
    pd.testing.assert_frame_equal(moved.shares, found.shares)
    assert (moved.items["perceived"] - found.items["perceived"]).tolist() == close([10, 10, 10])


def test_a_level_of_coverage_widens_the_intervals(found):
    wide = zone_of_tolerance(survey(), A, D, P, level=0.99)
    for table in ("measures", "shares"):
        a, b = getattr(wide, table), getattr(found, table)
        assert ((a["ci_upper"] - a["ci_lower"]) > (b["ci_upper"] - b["ci_lower"])).all()


def test_what_a_zone_shows(found):
    text = found.summary().as_text()
    for shown in (text, found.to_html().replace("&#x27;", "'"), found._repr_html_().replace("&#x27;", "'")):
        for title in found.titles.values():
            assert title in shown
        assert "MSA = perceived - adequate" in shown and "态度" in shown
    assert repr(found).startswith("ZoneOfTolerance: Zone of tolerance")
    assert f"{found.items['msa'][0]:.3f}" in text


def test_the_picture_has_bars_from_adequate_to_desired(found):
    ax = found.plot()
    assert [t.get_text() for t in ax.get_yticklabels()][:2] == ["speed", "manners"]
    bars = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]
    assert np.array(bars) == close(found.items[["adequate", "desired"]].to_numpy())
    marks = {float(line.get_xdata()[0]): line.get_marker() for line in ax.lines if line.get_marker() in "vo^X"}
    assert marks == dict(zip(found.items["perceived"], "vo^", strict=True))
    assert len(ax.get_legend().get_texts()) == 4
    with pytest.warns(csi.CSIWarning):
        odd = zone_of_tolerance(survey(), "d1", "a1", "p1")
    from matplotlib import pyplot as plt

    mine = plt.subplots(layout="constrained")[1]
    assert odd.plot(ax=mine) is mine and mine.patches[0].get_linestyle() == "--"
    mine.figure.canvas.draw()
    plt.close("all")


def test_what_a_zone_refuses():
    data = survey()
    flat = data.assign(p1=data["a1"] + 2, p2=data["d2"] - 1)
    opposed = data.assign(p1=data["a1"] + data["d3"], p2=data["a2"] - data["d3"])
    cases = [
        ("zone.unpaired", lambda: zone_of_tolerance(data, A, D, P[:2])),
        ("zone.same_column", lambda: zone_of_tolerance(data, ["a1", "a1"], ["d1", "d2"], ["p1", "p2"])),
        ("zone.same_column", lambda: zone_of_tolerance(data, "a1", "a1", "p1")),
        ("zone.names", lambda: zone_of_tolerance(data, A, D, P, names=["x", "y"])),
        ("zone.names", lambda: zone_of_tolerance(data, A, D, P, names=["x", "y", "y"])),
        ("zone.no_variation", lambda: zone_of_tolerance(flat, "a1", "d1", "p1")),
        ("zone.no_variation", lambda: zone_of_tolerance(flat, "a2", "d2", "p2")),
        ("zone.no_variation", lambda: zone_of_tolerance(opposed, A[:2], D[:2], P[:2])),
        ("analysis.too_few_rows", lambda: zone_of_tolerance(data.head(9), "a1", "d1", "p1")),
        ("option.adequate", lambda: zone_of_tolerance(data, [], [], [])),
        ("option.desired", lambda: zone_of_tolerance(data, "a1", 3, "p1")),
        ("option.names", lambda: zone_of_tolerance(data, "a1", "d1", "p1", names=[4])),
        ("option.level", lambda: zone_of_tolerance(data, "a1", "d1", "p1", level=0)),
        ("scale.malformed", lambda: zone_of_tolerance(data, "a1", "d1", "p1", scale=(9, 1))),
        ("scale.out_of_range", lambda: zone_of_tolerance(data, "a1", "d1", "p1", scale=(1, 7))),
        ("data.missing_column", lambda: zone_of_tolerance(data, "a1", "d1", "q1")),
    ]
    for code, call in cases:
        with pytest.raises(csi.CSIError) as caught:
            call()
        assert caught.value.code == code
        assert caught.value.hint
