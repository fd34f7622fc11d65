"""Composite indices: scoring rules by hand, standard errors two ways, groups, resamples, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import csimodels as csi
from csimodels.scoring import Scoring

# Sums in another order.
EXACT = 1e-9
COMPOSITES = ["kcsi_korea", "ukcsi", "csi_weighted"]


def item(name, scale=(1, 7), **more):
    return csi.Indicator(name, scale, **more)


def spec(rule="range", **scoring):
    return csi.ModelSpec(
        "composite",
        [csi.Construct("index", ["a", "b", "c"], "formative"), csi.Construct("c", [item("c1"), item("c2", reverse=True)])],
        target="index",
        observed=[item("ia"), item("ib")],
        kind="composite_index",
        scoring=Scoring(rule, **scoring),
    ).with_scale({"a": (1, 10), "b": (0, 10)})


@pytest.fixture
def answers():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({n: rng.integers(1, 8, 60) for n in ("c1", "c2", "ia", "ib")})
    return frame.assign(a=rng.integers(1, 11, 60), b=rng.integers(0, 11, 60)).astype(float)


def points(rule, x, lo, hi, boxes=2):
    return {"range": 100 * (x - lo) / (hi - lo), "of_maximum": 100 * x / hi, "top_box": 100.0 * (x > hi - boxes)}[rule]


@pytest.mark.parametrize("rule", ["range", "of_maximum", "top_box"])
@pytest.mark.parametrize("weights", [None, {"one": {"a": 0.5, "b": 0.3, "c": 0.2}}])
def test_rules_and_weights_by_hand(answers, rule, weights):
    model = spec(rule, weights=weights or {})
    c = (points(rule, answers["c1"], 1, 7) + points(rule, 8 - answers["c2"], 1, 7)) / 2
    parts = np.array([points(rule, answers["a"], 1, 10), points(rule, answers["b"], 0, 10), c])
    w = np.array([0.5, 0.3, 0.2]) if weights else np.ones(3) / 3
    row = w @ parts
    res = csi.fit(model, answers)
    assert res.csi == pytest.approx(row.mean(), abs=EXACT)
    assert res.index.loc["index", "se"] == pytest.approx(row.std(ddof=1) / np.sqrt(60), abs=EXACT)
    assert res.index.loc["c", "score"] == pytest.approx(c.mean(), abs=EXACT)
    np.testing.assert_allclose(res.scores(answers)["index"], row, atol=EXACT)
    assert (res.index["weights"] == "fixed").all()


def test_importance_weights_by_hand(answers):
    """Index and its error by the jackknife, which knows nothing of the delta method."""

    def by_hand(rows):
        score = [points("range", rows["a"], 1, 10).mean(), points("range", rows["b"], 0, 10).mean()]
        w = rows[["ia", "ib"]].mean().to_numpy()
        return (w @ score) / w.sum()

    model = csi.ModelSpec(
        "weighted",
        [csi.Construct("index", [item("a", (1, 10)), item("b", (0, 10))], "formative")],
        target="index",
        observed=[item("ia"), item("ib")],
        kind="composite_index",
        scoring=Scoring(importance={"a": "ia", "b": "ib"}),
    )
    res = csi.fit(model, answers)
    assert res.csi == pytest.approx(by_hand(answers), abs=EXACT)
    left_out = np.array([by_hand(answers.drop(index=k)) for k in answers.index])
    jackknife = np.sqrt(59 / 60 * ((left_out - left_out.mean()) ** 2).sum())
    assert res.index.loc["index", "se"] == pytest.approx(jackknife, rel=0.01)
    assert res.index.loc["index", "weights"] == "importance"
    assert res.index_table("equal").loc["index", "score"] == pytest.approx(by_hand(answers.assign(ia=1.0, ib=1.0)), abs=EXACT)


def test_the_korean_index_by_hand():
    """Three respondents; satisfaction is 0.3 overall + 0.5 element + 0.2 repurchase now, 0.4, 0.4, 0.2 before."""
    model = csi.load_model("kcsi_korea").without("imp_product", "imp_service", "imp_image")
    frame = pd.DataFrame(5.0, index=range(4), columns=list(model.items))
    frame.loc[0] = 7.0
    frame.loc[1, [*model.construct("product").items]] = 6.0
    frame.loc[2, [*model.construct("overall").items, *model.construct("repurchase_intention").items]] = 6.0
    for c in ("service", "image"):
        frame.loc[3, list(model.construct(c).items)] = 4.0
    overall, repurchase, element = 50.0, 50.0, (50.0 + 25.0 + 25.0) / 3
    res = csi.fit(model, frame)
    assert res.csi == pytest.approx(0.3 * overall + 0.5 * element + 0.2 * repurchase)
    assert res.index_table("old").loc["satisfaction", "score"] == pytest.approx(0.4 * overall + 0.4 * element + 0.2 * repurchase)


def test_the_british_index_is_the_mean_times_ten():
    frame = csi.simulate("ukcsi", n=300, seed=4)
    assert csi.fit("ukcsi", frame).csi == pytest.approx(10 * frame.to_numpy().mean())


@pytest.mark.parametrize("name", COMPOSITES)
@pytest.mark.parametrize("integers", [True, False])
def test_simulation_states_the_index(name, integers):
    model = csi.load_model(name)
    means = dict(zip(model.items, np.linspace(66, 74, len(model.items)), strict=True))
    frame = csi.simulate(name, n=40_000, seed=6, integers=integers, means=means, sd=20.0 if integers else 4.0)
    res = csi.fit(name, frame)
    truth = pd.Series(frame.attrs["truth"]["index"])
    assert ((res.index["score"] - truth[res.index.index]) / res.index["se"]).abs().max() < 4
    assert len(truth) == len(model.constructs)


@pytest.mark.parametrize("name", COMPOSITES)
def test_moments_groups_and_resamples(name):
    frame = csi.simulate(name, n=900, seed=8).assign(firm=np.repeat(["x", "y", "z"], 300))
    res = csi.fit(name, frame)
    parts = [csi.moments(part, name) for _, part in frame.groupby("firm")]
    pd.testing.assert_frame_equal(csi.fit(name, sum(parts)).index, res.index)
    groups = csi.fit_by(name, frame, by="firm")
    for firm, part in frame.groupby("firm"):
        own = groups.index[groups.index["firm"] == firm].set_index("construct")
        pd.testing.assert_frame_equal(own[["score", "se"]], csi.fit(name, part).index[["score", "se"]], check_index_type=False)
    boot = res.bootstrap(frame, n_boot=1500, seed=2)
    np.testing.assert_allclose(boot.index["se"], res.index["se"], rtol=0.1)
    np.testing.assert_array_equal(boot.samples, res.bootstrap(frame, n_boot=1500, seed=2).samples)
    assert boot.n_failed == 0
    difference = csi.index_difference(*(csi.fit(name, part) for _, part in list(frame.groupby("firm"))[:2]))
    assert difference.loc["satisfaction", "se"] > res.index.loc["satisfaction", "se"]


def test_missing_answers_are_counted(answers):
    holes = answers.copy()
    holes.loc[:4, "a"] = np.nan
    with pytest.warns(csi.DataWarning, match="5 of 60"):
        listwise = csi.fit(spec("top_box"), holes)
    with pytest.warns(csi.DataWarning, match="5 missing answers"):
        mean = csi.fit(spec("top_box"), holes, missing="mean")
    assert (listwise.moments.rows, listwise.moments.dropped, mean.moments.imputed) == (55, 5, 5)
    # points, not answers, are replaced by their mean: a mean answer is never in the top boxes
    assert mean.weights.set_index("part").loc["a", "points"] == pytest.approx(100 * (holes["a"].dropna() > 8).mean())
    assert listwise.scores(holes)["index"].isna().sum() == 5
    assert mean.scores(holes)["index"].isna().sum() == 0


def test_weighted_rows_withhold_errors(answers):
    w = np.linspace(1, 2, 60)
    res = csi.fit(spec(), answers, weights=w)
    assert res.csi == pytest.approx(np.average(csi.fit(spec(), answers).scores(answers)["index"], weights=w))
    assert res.index["se"].isna().all()
    assert res.bootstrap(answers, n_boot=50, weights=w).index["se"].notna().all()


def test_impact_is_what_a_rise_of_a_part_does(answers):
    model = spec(weights={"one": {"a": 0.5, "b": 0.3, "c": 0.2}}).with_scale({"c1": (1, 9)})
    raised = answers.assign(c1=answers["c1"] + 0.8)  # ten points of c1
    assert csi.fit(model, raised).csi - csi.fit(model, answers).csi == pytest.approx(csi.fit(model, answers).impact(10).loc["c1", "index"])
    assert csi.fit(model, answers).impact(10).loc["c", "index"] == pytest.approx(10 * 0.2)


def test_adapting_keeps_the_rule(answers):
    model = spec(weights={"one": {"a": 0.5, "b": 0.3, "c": 0.2}}, importance={"a": "ia"})
    assert model.without("ia").scoring.importance == ()
    less = model.without("b")
    assert dict(less.scoring.weights[0][1]) == {"a": 0.5, "c": 0.2}
    assert less.lost == ("item b of index",)
    renamed = csi.fit(model, answers.rename(columns={"a": "Q1", "ia": "Q2"}), columns={"a": "Q1", "ia": "Q2"})
    assert renamed.csi == pytest.approx(csi.fit(model, answers).csi)
    assert renamed.spec.scoring.importance == (("Q1", "Q2"),)
    assert csi.ModelSpec.from_toml(model.to_toml()) == model


def test_renderings_hold_the_numbers(answers, tmp_path):
    res = csi.fit(spec(weights={"mine": {"a": 0.5}}), answers)
    shown = f"{res.csi:.3f}"
    assert shown in res.summary().as_text() and shown in res._repr_html_() and shown in res.to_html(tmp_path / "c.html")
    assert f"{res.csi:.1f}" in repr(res)
    assert "mine" in res.summary().as_text()
    assert len(res.plot_index().get_yticklabels()) == 2
    assert (tmp_path / "c.html").read_text(encoding="utf-8").startswith("<!doctype html>")


BAD_SCORING = [
    ("scoring.rule", lambda: Scoring("mean")),
    ("scoring.boxes", lambda: Scoring("top_box", 0)),
    ("scoring.weight", lambda: Scoring(weights={"w": {"a": -1}})),
    ("scoring.unknown_part", lambda: spec(weights={"w": {"z": 1}})),
    ("scoring.unknown_item", lambda: spec(importance={"a": "nobody"})),
    ("spec.bad_kind", lambda: csi.ModelSpec("m", [csi.Construct("a", ["x"])], kind="gap")),
    ("spec.scoring_kind", lambda: csi.ModelSpec("m", [csi.Construct("a", ["x"])], kind="composite_index")),
    (
        "scoring.paths",
        lambda: csi.ModelSpec(
            "m", [csi.Construct("a", ["x"]), csi.Construct("b", ["y"])], [csi.Path("a", "b")], kind="composite_index", scoring=Scoring()
        ),
    ),
]


@pytest.mark.parametrize(("code", "make"), BAD_SCORING, ids=[code for code, _ in BAD_SCORING])
def test_bad_rules_are_named(code, make):
    with pytest.raises(csi.SpecError) as caught:
        make()
    assert caught.value.code == code


def test_what_a_composite_refuses(answers):
    res, top = csi.fit(spec(), answers), spec("top_box")
    raw = csi.Moments.from_cov(answers[list(top.items)].cov(), 60, answers[list(top.items)].mean())
    assert csi.fit(spec(), raw).csi == pytest.approx(res.csi)
    bad = {
        "option.composite": lambda: csi.fit(spec(), answers, estimator="pls"),
        "moments.no_points": lambda: csi.fit(top, raw),
        "moments.points_differ": lambda: csi.moments(answers, top) + raw,
        "option.index_weights": lambda: res.index_table("new"),
        "option.index_weights_item": lambda: res.index_table({"nobody": 1}),
        "option.index_weights_sum": lambda: res.index_table({"a": 0, "b": 0, "c": 0}),
        "option.level": lambda: res.index_table(level=95),
        "option.delta": lambda: res.impact(0),
        "option.n_boot": lambda: res.bootstrap(answers, n_boot=1),
        "bootstrap.other_data": lambda: res.bootstrap(answers.replace(7.0, 6.0), n_boot=9),
        "scores.other_data": lambda: res.scores(answers.iloc[:30]),
        "syntax.composite_index": lambda: spec().to_lavaan(),
        "groups.none_usable": lambda: csi.fit_by(spec(), answers.assign(g=range(60)), by="g"),
        "data.too_few_rows": lambda: csi.fit(spec(), csi.Moments.from_rows(answers[list(spec().items)].to_numpy()[:1], spec().items)),
        "difference.kinds": lambda: csi.index_difference(res, csi.fit_acsi(csi.load_acsi_demo(), engine="native")),
        "difference.same_data": lambda: csi.index_difference(res, res),
        "scale.missing": lambda: csi.fit(csi.ModelSpec("m", [csi.Construct("s", ["a", "b"], "formative")], target="s",
                                                       kind="composite_index", scoring=Scoring()), answers),
    }  # fmt: skip
    for code, call in bad.items():
        with pytest.raises(csi.CSIError) as caught:
            call()
        assert caught.value.code == code, code


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPOSITES)
def test_intervals_cover(name):
    """5,000 surveys of 200: the share of .95 intervals that hold the truth is inside the 99 % band of the binomial."""
    model = csi.load_model(name)
    means = dict(zip(model.items, np.linspace(60, 80, len(model.items)), strict=True))
    surveys = 5000
    frame = csi.simulate(name, n=200 * surveys, seed=11, means=means)
    truth = frame.attrs["truth"]["index"]["satisfaction"]
    table = csi.fit_by(name, frame.assign(survey=np.repeat(np.arange(surveys), 200)), by="survey").index
    own = table[table["construct"] == "satisfaction"]
    hits = ((own["ci_lower"] <= truth) & (truth <= own["ci_upper"])).sum()
    low, high = binom.interval(0.99, surveys, 0.95)
    assert low <= hits <= high


@pytest.mark.parametrize(
    "option",
    [{"clusters": np.arange(300) // 10}, {"strata": np.arange(300) // 100}, {"missing": "fiml"}, {"missing": "mi"}, {"missing": "em"}],
)
def test_options_of_other_models_are_refused_not_ignored(option):
    survey = csi.simulate("kcsi_korea", n=300, seed=1)
    with pytest.raises(csi.OptionError) as caught:
        csi.fit("kcsi_korea", survey, **option)
    assert (caught.value.code, caught.value.variable) == ("option.composite", next(iter(option)))
