"""Tracking: changes against index_difference, trends and Cochran's Q by hand, composition by brute force, order of waves, refusals."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import csimodels as csi
from csimodels.analyses.tracker import tracking
from csimodels.analyses.waves import wave_order

mpl.use("Agg")


@pytest.fixture(scope="module")
def survey():
    return csi.load_acsi_demo()


@pytest.fixture(scope="module")
def by_wave(survey):
    return csi.fit_by("acsi_1996", survey, by="wave", estimator="pls")


@pytest.fixture(scope="module")
def by_firm(survey):
    return csi.fit_by("acsi_1996", survey, by=["firm", "wave"], estimator="pls")


def table(scores=((70, 1.0), (72, 1.2), (71, 0.8), (74, 1.1)), waves=("w1", "w2", "w3", "w4")):
    return pd.DataFrame({"wave": waves, "score": [s for s, _ in scores], "se": [e for _, e in scores]})


def mixed(seed=1, waves=3, drift=0.0, shift=0.0):
    """Return scores of two segments by wave: each moves by drift, and the better segment grows by shift rows."""
    rows = []
    for k in range(waves):
        for segment, level, n in (("young", 60.0, 200 - shift * k), ("old", 80.0, 200 + shift * k)):
            rows.append((segment, f"w{k + 1}", int(n), level + drift * k, 15 / np.sqrt(n)))
    return pd.DataFrame(rows, columns=["segment", "wave", "n", "score", "se"])


def test_changes_are_those_of_index_difference(survey, by_wave):
    changes = tracking(by_wave).changes
    waves = sorted(survey["wave"].unique())
    fits = {w: csi.fit_acsi(survey[survey["wave"] == w], estimator="pls") for w in waves}
    assert len(changes) == 6
    for _, row in changes.iterrows():
        own = csi.index_difference(fits[row["to"]], fits[row["from"]]).loc["satisfaction"]
        for column in ("difference", "se", "z", "pvalue", "ci_lower", "ci_upper"):
            assert row[column] == pytest.approx(own[column], rel=1e-6, abs=1e-7)


def test_changes_pair_each_wave_with_the_one_before_and_the_baseline():
    changes = tracking(table()).changes
    assert changes[["comparison", "from", "to"]].apply(tuple, axis=1).tolist() == [
        ("previous", "w1", "w2"),
        ("previous", "w2", "w3"),
        ("previous", "w3", "w4"),
        ("baseline", "w1", "w2"),
        ("baseline", "w1", "w3"),
        ("baseline", "w1", "w4"),
    ]
    np.testing.assert_allclose(changes["difference"], [2, -1, 3, 2, 1, 4])
    np.testing.assert_allclose(changes["se"].iloc[:3] ** 2, [1 + 1.44, 1.44 + 0.64, 0.64 + 1.21])
    p = 2 * stats.norm.sf(np.abs(changes["difference"] / changes["se"]))
    for part in (slice(0, 3), slice(3, 6)):
        ranked = np.argsort(p[part])
        by_hand = np.minimum(1, np.maximum.accumulate((3 - np.arange(3)) * p[part][ranked]))
        np.testing.assert_allclose(changes["pvalue_holm"].to_numpy()[part][ranked], by_hand, rtol=1e-12)


def test_another_baseline_and_another_level():
    found = tracking(table(), baseline="w3", level=0.9)
    base = found.changes[found.changes["comparison"] == "baseline"]
    assert base["to"].tolist() == ["w1", "w2", "w4"]
    np.testing.assert_allclose(base["difference"], [-1, 1, 3])
    half = (found.waves["ci_upper"] - found.waves["ci_lower"]) / 2 / found.waves["se"]
    np.testing.assert_allclose(half, stats.norm.ppf(0.95))


def test_trend_is_weighted_least_squares_with_known_variances():
    rows = table()
    time = np.array([0.0, 1.0, 3.0, 4.5])
    own = tracking(rows, times=dict(zip(rows["wave"], time, strict=True))).trend.iloc[0]
    w = 1 / rows["se"] ** 2
    centre = (w * time).sum() / w.sum()
    spread = (w * (time - centre) ** 2).sum()
    slope = (w * (time - centre) * rows["score"]).sum() / spread
    assert own["slope"] == pytest.approx(slope)
    assert own["se"] == pytest.approx(1 / np.sqrt(spread))
    fit = sm.WLS(rows["score"], sm.add_constant(time), weights=w).fit()
    q = (w * (rows["score"] - fit.fittedvalues) ** 2).sum()
    assert (own["q"], own["df"]) == (pytest.approx(q), 2)
    assert own["q_pvalue"] == pytest.approx(stats.chi2.sf(q, 2))


def test_two_waves_have_a_slope_but_nothing_left_over():
    own = tracking(table().head(2))
    assert own.trend["slope"].item() == pytest.approx(own.changes["difference"].iloc[0])
    assert own.trend["se"].item() == pytest.approx(own.changes["se"].iloc[0])
    assert np.isnan(own.trend["q"].item())


def test_nothing_is_compared_across_a_break():
    own = tracking(table(), breaks=["w3"])
    assert own.waves["series"].tolist() == [1, 1, 2, 2]
    assert own.changes[["from", "to"]].apply(tuple, axis=1).tolist() == [("w1", "w2"), ("w3", "w4")] * 2
    assert own.trend["waves"].tolist() == [2, 2]
    only = tracking(table(), breaks=["w3"], baseline="w1").changes
    assert only[only["comparison"] == "baseline"]["to"].tolist() == ["w2"]


def test_labels_are_followed_apart(by_firm):
    own = tracking(by_firm)
    assert own.labels == ("firm",)
    assert len(own.waves) == 20
    assert len(own.changes) == 30
    one = tracking(by_firm.index[by_firm.index["firm"] == "Brimso"], construct="satisfaction")
    mine = own.changes[own.changes["firm"] == "Brimso"].reset_index(drop=True)
    np.testing.assert_allclose(mine["difference"], one.changes["difference"])
    assert (own.changes["pvalue_holm"] >= own.changes["pvalue"]).all()
    assert own.waves["n"].eq(250).all()


def test_the_order_of_rows_does_not_matter(by_firm):
    whole = by_firm.index[by_firm.index["construct"] == "satisfaction"]
    shuffled = whole.sample(frac=1, random_state=3)
    a, b = tracking(whole), tracking(shuffled)
    key = ["firm", "comparison", "from", "to"]
    pd.testing.assert_frame_equal(a.changes.sort_values(key, ignore_index=True), b.changes.sort_values(key, ignore_index=True))


ORDERS = [
    (["wave 10", "wave 2", "wave 1"], None, ["wave 1", "wave 2", "wave 10"]),
    (["2024Q1", "2023Q4", "2024Q3"], None, ["2023Q4", "2024Q1", "2024Q3"]),
    ([3, 1, 2], None, [1, 2, 3]),
    (["spring", "autumn"], ["spring", "autumn"], ["spring", "autumn"]),
    (pd.Categorical(["late", "early"], ["early", "late"], ordered=True), None, ["early", "late"]),
    (pd.to_datetime(["2024-05-01", "2023-05-01"]), None, [pd.Timestamp("2023-05-01"), pd.Timestamp("2024-05-01")]),
]


@pytest.mark.parametrize(("labels", "order", "expected"), ORDERS)
def test_waves_are_put_in_their_order(labels, order, expected):
    assert wave_order(pd.Series(labels), order, "tracking") == expected


def test_restatements():
    own = tracking(table(), published={"w1": 70.2, "w3": 66.0}).restatements
    np.testing.assert_allclose(own["revision"], [-0.2, 5.0])
    assert own["within_interval"].tolist() == [True, False]


def test_restatements_by_label(by_firm):
    known = pd.DataFrame({"firm": ["Ardvel", "Corvat"], "wave": ["2024Q1", "2024Q4"], "score": [77.0, 80.0]})
    own = tracking(by_firm, published=known).restatements
    assert own["published"].tolist() == [77.0, 80.0]
    assert own["within_interval"].tolist() == [True, False]


@pytest.mark.parametrize("standard", ["pooled", "first", {"young": 3, "old": 1}])
def test_composition_by_brute_force(standard):
    rows = mixed(drift=1.0, shift=50)
    own = tracking(rows, composition="segment", standard=standard)
    shares = {"pooled": 200 - 50 + 0.0, "first": 200.0}
    young = 0.75 if isinstance(standard, dict) else shares[standard] / 400
    for k, row in own.composition.iterrows():
        y, o = 60 + k, 80 + k
        n = np.array([200 - 50 * k, 200 + 50 * k])
        assert row["score"] == pytest.approx((n @ [y, o]) / 400)
        assert row["adjusted"] == pytest.approx(young * y + (1 - young) * o)
        assert row["se"] == pytest.approx(np.sqrt(young**2 * 225 / n[0] + (1 - young) ** 2 * 225 / n[1]))
        assert row["composition"] == pytest.approx(row["score"] - row["adjusted"])
    for _, row in own.decomposition.iterrows():
        assert row["scores"] == pytest.approx(1.0)
        assert row["composition"] == pytest.approx(20 * 50 / 400)
        assert row["difference"] == pytest.approx(row["scores"] + row["composition"])
    np.testing.assert_allclose(own.waves["score"], own.composition["score"])
    assert own.assumptions[-1].startswith("Composition")


def test_only_the_mix_changes():
    own = tracking(mixed(drift=0.0, shift=50), composition="segment")
    assert (own.changes["difference"].abs() > 2).all()
    np.testing.assert_allclose(own.decomposition["scores"], 0, atol=1e-12)
    assert np.ptp(own.composition["adjusted"]) < 1e-9


def test_composition_of_a_fit(by_firm, survey):
    own = tracking(by_firm, composition="firm")
    scores = by_firm.index[by_firm.index["construct"] == "satisfaction"]
    for wave, value in zip(own.composition["wave"], own.composition["adjusted"], strict=True):
        assert value == pytest.approx(scores[scores["wave"] == wave]["score"].mean())


def test_labels_with_one_wave_are_said():
    rows = pd.concat([table().assign(firm="A"), table().head(1).assign(firm="B")])[["firm", "wave", "score", "se"]]
    with pytest.warns(csi.DataWarning, match="one wave.*: B"):
        own = tracking(rows)
    assert set(own.changes["firm"]) == {"A"}
    assert set(own.waves["firm"]) == {"A", "B"}


def test_a_missing_wave_is_passed_over():
    own = tracking(pd.concat([table().assign(firm="A"), table().drop(1).assign(firm="B")])[["firm", "wave", "score", "se"]])
    b = own.changes[(own.changes["firm"] == "B") & (own.changes["comparison"] == "previous")]
    assert b[["from", "to"]].apply(tuple, axis=1).tolist() == [("w1", "w3"), ("w3", "w4")]
    trend = own.trend.set_index("firm").loc["B"]
    assert trend["waves"] == 3


def test_composite_indices_are_tracked_too(survey):
    spec = csi.load_model("csi_weighted")
    data = csi.simulate(spec, 400, seed=1).assign(wave=np.tile(["t1", "t2"], 200))
    own = tracking(csi.fit_by(spec, data, by="wave"))
    assert own.changes["difference"].notna().all()


CASES = {
    "tracking.missing_column": {"wave": "when"},
    "tracking.order": {"order": ["w1", "w2", "w3"]},
    "tracking.baseline": {"baseline": "w9"},
    "tracking.breaks": {"breaks": ["w9"]},
    "tracking.times": {"times": {"w1": 0, "w2": 1, "w3": 1, "w4": 2}},
    "tracking.published": {"published": {"w9": 3.0}},
    "tracking.composition": {"composition": "segment"},
    "option.level": {"level": 0},
    "tracking.one_wave": {"scores": table().head(1)},
    "tracking.wave_missing": {"scores": table(waves=("w1", None, "w3", "w4"))},
    "tracking.order_unknown": {"scores": table(waves=("spring", "summer", "autumn", "winter"))},
    "tracking.duplicate_wave": {"scores": table(waves=("w1", "w1", "w3", "w4"))},
    "tracking.se": {"scores": table(scores=((70, 1.0), (72, 0.0), (71, 0.8), (74, 1.1)))},
    "tracking.score": {"scores": table(scores=((70, 1.0), (np.nan, 1.0), (71, 0.8), (74, 1.1)))},
    "tracking.empty_stratum": {"scores": mixed().drop(1), "composition": "segment"},
    "tracking.standard": {"scores": mixed(), "composition": "segment", "standard": {"young": 1}},
    "option.standard": {"scores": mixed(), "composition": "segment", "standard": "last"},
}


@pytest.mark.parametrize("code", CASES)
def test_bad_input_is_refused(code):
    with pytest.raises(csi.CSIError) as caught:
        tracking(**({"scores": table()} | CASES[code]))
    assert caught.value.code == code
    assert caught.value.hint


MORE = [
    ({"times": [1, 2]}, "tracking.times"),
    ({"published": 3}, "tracking.published"),
    ({"scores": mixed().drop(columns="n"), "composition": "segment"}, "tracking.missing_column"),
    ({"scores": mixed(), "composition": "segment", "standard": {"young": 1, "old": 1, "new": 1}}, "tracking.standard"),
    ({"scores": mixed(), "composition": "segment", "standard": {"young": -1, "old": 1}}, "tracking.standard"),
    ({"order": ["w1", "w2", "w3", "w4", "w4"]}, "tracking.order"),
]


@pytest.mark.parametrize(("given", "code"), MORE)
def test_more_bad_input_is_refused(given, code):
    with pytest.raises(csi.CSIError) as caught:
        tracking(**({"scores": table()} | given))
    assert caught.value.code == code


def test_result_can_be_read_and_drawn(by_firm, by_wave):
    own = tracking(by_wave, breaks=["2024Q3"], published={"2024Q1": 70.0})
    text = own.summary().as_text()
    assert "Restatements" in text
    assert "independent samples" in text
    assert "<table" in own._repr_html_()
    ax = own.plot()
    assert [t.get_text() for t in ax.texts] == ["new series"]
    assert "as published" in [t.get_text() for t in ax.get_legend().get_texts()]
    many = tracking(by_firm).plot()
    assert len(many.get_legend().get_texts()) == 5
    mix = tracking(by_firm, composition="firm").plot()
    assert "same mix in every wave" in [t.get_text() for t in mix.get_legend().get_texts()]
    assert csi.tracking is tracking


@pytest.mark.slow
def test_intervals_of_changes_and_trend_cover():
    """5,000 trackers of four waves with a known trend: shares inside the 99 % binomial band about .95."""
    rng = np.random.default_rng(1)
    rounds, se, truth = 5000, np.array([1.0, 0.8, 1.3, 0.9]), 70 + 0.7 * np.arange(4)
    scores = truth + se * rng.normal(size=(rounds, 4))
    frame = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(rounds), 4),
            "wave": np.tile(["w1", "w2", "w3", "w4"], rounds),
            "score": scores.ravel(),
            "se": np.tile(se, rounds),
        }
    )
    own = tracking(frame)
    steps = own.changes["to"].str[1].astype(int) - own.changes["from"].str[1].astype(int)
    held = (own.changes["ci_lower"] <= 0.7 * steps) & (0.7 * steps <= own.changes["ci_upper"])
    band = 2.576 * np.sqrt(0.95 * 0.05 / rounds)
    for kind, step in itertools.product(("previous", "baseline"), (1, 2, 3)):
        chosen = held[(own.changes["comparison"] == kind) & (steps == step)]
        if len(chosen):
            assert abs(chosen.mean() - 0.95) < band
    assert abs(((own.trend["ci_lower"] <= 0.7) & (own.trend["ci_upper"] >= 0.7)).mean() - 0.95) < band
    assert abs((own.trend["q_pvalue"] < 0.05).mean() - 0.05) < band
