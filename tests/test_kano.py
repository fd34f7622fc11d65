"""Penalty-reward contrasts: against statsmodels and a plain loop with the same draws, the formulas written out, known classes recovered."""

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

import csimodels as csi
from csimodels.analyses.kano import penalty_reward

mpl.use("Agg")
# (penalty, reward): a must-be, a one-dimensional, an attractive, an indifferent and a reversed attribute
TRUTH = {"hygiene": (-1.0, 0.1), "price": (-0.6, 0.6), "charm": (-0.1, 1.0), "colour": (0.0, 0.0), "noise": (0.7, -0.5)}
NAMES = list(TRUTH)
QUICK = {"scale": (1, 7), "n_boot": 50}


def survey(n=600, seed=1, names=NAMES, noise=0.6):
    """Return ratings 1-7 that go together, and an outcome made of penalties up to 3 and rewards from 5 on."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=(n, 1))
    ratings = np.clip(np.round(4 + 0.8 * mood + 1.5 * rng.normal(size=(n, len(names)))), 1, 7)
    penalty, reward = np.array([TRUTH[name] for name in names]).T
    y = 5 + (ratings <= 3) @ penalty + (ratings >= 5) @ reward + noise * rng.normal(size=n)
    return pd.DataFrame(ratings, columns=names).assign(sat=y)


def quiet(*args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return penalty_reward(*args, **options)


@pytest.fixture(scope="module")
def df():
    return survey()


@pytest.fixture(scope="module")
def found(df):
    return quiet(df, "sat", NAMES, scale=(1, 7))


def dummies(df, names=NAMES, low=3, high=5):
    return np.column_stack([part for name in names for part in (df[name] <= low, df[name] >= high)]).astype(float)


def test_coefficients_are_those_of_statsmodels(df, found):
    fit = sm.OLS(df["sat"].to_numpy(), sm.add_constant(dummies(df))).fit()
    table = found.coefficients
    assert table["name"].tolist() == [name for name in NAMES for _ in range(2)]
    assert table["effect"].tolist() == ["penalty", "reward"] * 5
    wanted = {"est": fit.params, "se": fit.bse, "t": fit.tvalues, "pvalue": fit.pvalues}
    for column, values in wanted.items():
        np.testing.assert_allclose(table[column], values[1:], rtol=1e-8)
    np.testing.assert_allclose(table[["ci_lower", "ci_upper"]], fit.conf_int()[1:], rtol=1e-8)
    np.testing.assert_allclose(table["pvalue_holm"], multipletests(fit.pvalues[1:], method="holm")[1], rtol=1e-8)
    row = found.fit.iloc[0]
    by_hand = [600, 11, fit.rsquared, fit.rsquared_adj, fit.aic, fit.fvalue, 10, 589, fit.f_pvalue]
    np.testing.assert_allclose(row.astype(float), by_hand, rtol=1e-8, atol=1e-300)
    assert (table["df"] == 589).all()


def test_asymmetry_and_range_are_what_the_formulas_say(found):
    table, effects = found.attributes, found.coefficients
    for k, row in table.iterrows():
        p, r = effects["est"][2 * k], effects["est"][2 * k + 1]
        whole = abs(p) + abs(r)
        wanted = [p, r, whole, r / whole, abs(p) / whole, (r - abs(p)) / whole]
        np.testing.assert_allclose(row[["penalty", "reward", "range", "sgp", "dgp", "ia"]].astype(float), wanted, rtol=1e-10)
    assert table["ia"].between(-1, 1).all()


def test_intervals_are_those_of_a_plain_loop_with_the_same_draws(df):
    result = quiet(df, "sat", NAMES, scale=(1, 7), n_boot=300, seed=4, level=0.9)
    D, y, n = dummies(df), df["sat"].to_numpy(), len(df)
    rows = np.random.default_rng(4).integers(0, n, size=(300, n))
    loop = np.array([np.linalg.lstsq(np.column_stack([np.ones(n), D[r]]), y[r], rcond=None)[0][1:] for r in rows])
    penalty, reward = np.abs(loop[:, ::2]), loop[:, 1::2]
    whole = penalty + np.abs(reward)
    for name, values in (("ia", (reward - penalty) / whole), ("range", whole)):
        limits = np.quantile(values, [0.05, 0.95], axis=0).T
        np.testing.assert_allclose(result.attributes[[f"{name}_ci_lower", f"{name}_ci_upper"]], limits, rtol=1e-6, atol=1e-8)
    assert (result.n_boot, result.n_undefined, result.level) == (300, 0, 0.9)


def test_known_classes_are_recovered():
    result = quiet(survey(8000, seed=2), "sat", NAMES, scale=(1, 7))
    table = result.attributes.set_index("name")
    assert table["class"].to_dict() == {
        "hygiene": "basic",
        "price": "hybrid",
        "charm": "excitement",
        "colour": "indifferent",
        "noise": "unexpected",
    }
    truth = {"hygiene": -0.9 / 1.1, "price": 0.0, "charm": 0.9 / 1.1}
    for name, ia in truth.items():
        assert table.loc[name, "ia_ci_lower"] < ia < table.loc[name, "ia_ci_upper"]
        assert table.loc[name, "established"]
    assert table.loc["noise", "mark"] == "penalty not negative, reward not positive"
    effects = result.coefficients
    assert (np.abs(effects["est"] - np.ravel(list(TRUTH.values()))) < 4 * effects["se"]).all()


def test_classes_follow_threshold_significance_and_sign(found):
    table, p = found.attributes, found.coefficients["pvalue_holm"].to_numpy().reshape(-1, 2)
    for k, row in table.iterrows():
        significant, wrong = p[k] < 0.05, np.array([row["penalty"] >= 0, row["reward"] <= 0])
        side = "basic" if row["ia"] < -0.1 else "excitement" if row["ia"] > 0.1 else "hybrid"
        wanted = "indifferent" if not significant.any() else "unexpected" if (significant & wrong).any() else side
        assert row["class"] == wanted
        limits = row[["ia_ci_lower", "ia_ci_upper"]].astype(float)
        assert row["established"] == ((limits < -0.1).all() or (limits > 0.1).all() or (limits.abs() <= 0.1).all())
        assert ("penalty" in row["mark"], "reward" in row["mark"]) == tuple(wrong)


def test_a_threshold_moves_attributes_between_classes(df):
    wide = quiet(df, "sat", ["hygiene", "price", "charm"], **QUICK, threshold=0.99)
    none = quiet(df, "sat", ["hygiene", "price", "charm"], **QUICK, threshold=0)
    assert set(wide.attributes["class"]) == {"hybrid"}
    assert set(none.attributes["class"]) == {"basic", "excitement"}
    assert wide.threshold == 0.99


def test_turning_ratings_and_outcome_round_turns_the_asymmetry(df):
    """With 8 - rating and -y low and high change places: penalty becomes minus the reward."""
    names = ["hygiene", "price", "charm"]
    one = penalty_reward(df, "sat", names, **QUICK).attributes
    turned = df.assign(sat=-df["sat"], **{name: 8 - df[name] for name in names})
    two = penalty_reward(turned, "sat", names, **QUICK).attributes
    np.testing.assert_allclose(two["penalty"], -one["reward"], rtol=1e-8)
    np.testing.assert_allclose(two[["range", "ia"]], one[["range", "ia"]] * [1, -1], rtol=1e-8)
    # of price no resample has a wrong sign, for which the formulas are not symmetric
    np.testing.assert_allclose(
        two.loc[1, ["ia_ci_lower", "ia_ci_upper"]].astype(float), -one.loc[1, ["ia_ci_upper", "ia_ci_lower"]].astype(float), rtol=1e-6
    )
    stretched = penalty_reward(df.assign(sat=50 - 3 + 7 * df["sat"]), "sat", names, **QUICK).attributes
    np.testing.assert_allclose(stretched[["range", "ia"]], one[["range", "ia"]] * [7, 1], rtol=1e-6)


@pytest.mark.parametrize(("scale", "low", "high"), [((1, 7), 3, 5), ((1, 10), 4, 7), ((1, 5), 7 / 3, 11 / 3), ((0, 100), 100 / 3, 200 / 3)])
def test_cutoffs_are_thirds_of_the_scale(scale, low, high):
    rng = np.random.default_rng(1)
    a = rng.integers(scale[0], scale[1] + 1, 300)
    df = pd.DataFrame({"a": a, "sat": a + rng.normal(size=300)})
    row = penalty_reward(df, "sat", "a", scale=scale, n_boot=20).cutoffs.iloc[0]
    np.testing.assert_allclose(row[["lowest", "highest", "low_up_to", "high_from"]].astype(float), [*scale, low, high])
    counts = [(a <= low + 1e-9).sum(), (a >= high - 1e-9).sum()]
    assert [row["n_low"], row["n_high"], row["n_middle"]] == [*counts, 300 - sum(counts)]


def test_cutoffs_and_scales_may_differ_by_attribute(df):
    mixed = df.assign(charm=10 * df["charm"])
    result = penalty_reward(
        mixed, "sat", ["hygiene", "charm"], scale={"hygiene": (1, 7), "charm": (0, 100)}, low={"hygiene": 2}, high={"hygiene": 6}, n_boot=20
    )
    assert result.cutoffs["low_up_to"].round(2).tolist() == [2.0, 33.33]
    assert result.cutoffs["high_from"].round(2).tolist() == [6.0, 66.67]
    D = np.column_stack([df["hygiene"] <= 2, df["hygiene"] >= 6, df["charm"] <= 3, df["charm"] >= 7]).astype(float)
    fit = sm.OLS(df["sat"].to_numpy(), sm.add_constant(D)).fit()
    np.testing.assert_allclose(result.coefficients["est"], fit.params[1:], rtol=1e-8)
    one = penalty_reward(df, "sat", "charm", **QUICK, low=2, high=6).cutoffs
    assert one[["low_up_to", "high_from"]].to_numpy().tolist() == [[2, 6]]


def test_several_outcomes_are_averaged(df):
    more = df.assign(again=np.random.default_rng(1).normal(size=len(df)))
    both = penalty_reward(more, ["sat", "again"], "charm", **QUICK)
    mean = penalty_reward(more.assign(mean=(more["sat"] + more["again"]) / 2), "mean", "charm", **QUICK)
    np.testing.assert_allclose(both.attributes["ia"], mean.attributes["ia"], rtol=1e-9)
    assert both.outcome == ("sat", "again")


def test_wrong_signs_are_said(df):
    with pytest.warns(csi.CSIWarning, match="'noise' \\(penalty not negative, reward not positive\\)") as caught:
        result = penalty_reward(df, "sat", ["charm", "noise"], **QUICK)
    assert [w.filename for w in caught] == [__file__]
    assert result.warnings == (str(caught[0].message),)
    assert result.attributes["mark"].tolist() == ["", "penalty not negative, reward not positive"]


def test_rows_left_out_are_said_counted_and_stored(df):
    holes = df.copy()
    holes.loc[[1, 2], "charm"] = np.nan
    holes.loc[3, "hygiene"] = 9
    with pytest.warns(csi.DataWarning, match="3 of 600 rows") as caught:
        result = penalty_reward(holes, "sat", ["hygiene", "charm"], na_values=[9], **QUICK)
    assert (result.n, result.left_out, result.warnings) == (597, 3, (str(caught[0].message),))
    assert result.cutoffs[["n_low", "n_middle", "n_high"]].sum(axis=1).tolist() == [597, 597]


def test_resamples_without_a_solution_are_counted():
    """One row tells the low ratings of two attributes apart, another the high ones; a resample without either has no solution."""
    base = np.repeat([2.0, 4.0, 6.0], 40)
    twin = base.copy()
    twin[[0, 119]] = [4.0, 4.0]
    df = pd.DataFrame({"a": base, "b": twin, "sat": base + np.random.default_rng(1).normal(size=120)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = penalty_reward(df, "sat", ["a", "b"], scale=(1, 7), n_boot=200)
    drawn = np.random.default_rng(1).integers(0, 120, size=(200, 120))
    lost = ~((drawn == 0).any(axis=1) & (drawn == 119).any(axis=1))
    assert result.n_undefined == lost.sum() > 0
    assert [w.category for w in caught if str(w.message).startswith(f"{lost.sum()} of 200 resamples have no solution")] == [csi.CSIWarning]
    assert result.attributes[["ia_ci_lower", "ia_ci_upper"]].notna().all(axis=None)


def test_data_are_read_from_any_frame_and_never_changed(df, found):
    before = df.copy()
    other = quiet(pl.from_pandas(df), "sat", NAMES, scale=(1, 7))
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(other.tables[name], table)
    pd.testing.assert_frame_equal(df, before)
    seeded = quiet(df, "sat", NAMES, scale=(1, 7), seed=2).attributes
    assert (seeded["range_ci_lower"] != found.attributes["range_ci_lower"]).all()
    pd.testing.assert_series_equal(seeded["ia"], found.attributes["ia"])


def squeezed(d, name, kept):
    """Return ratings of one attribute with all outside of some values replaced by the first of these."""
    return d.assign(**{name: np.where(d[name].isin(kept), d[name], kept[0])})


CASES = [
    (csi.OptionError, "option.attributes", "attributes", lambda d: (d, "sat", []), {}),
    (csi.OptionError, "option.outcome", "outcome", lambda d: (d, None, "charm"), {}),
    (csi.OptionError, "kano.column_twice", "charm", lambda d: (d, "charm", ["charm"]), {}),
    (csi.OptionError, "kano.unknown_attribute", "scale", lambda d: (d, "sat", "charm"), {"scale": {"charms": (1, 7)}}),
    (csi.OptionError, "kano.unknown_attribute", "low", lambda d: (d, "sat", "charm"), {"low": {"sat": 2}}),
    (csi.OptionError, "kano.cutoffs", "charm", lambda d: (d, "sat", "charm"), {"low": 5, "high": 5}),
    (csi.OptionError, "kano.cutoffs", "charm", lambda d: (d, "sat", "charm"), {"low": 0}),
    (csi.OptionError, "kano.cutoffs", "charm", lambda d: (d, "sat", "charm"), {"high": 8}),
    (csi.OptionError, "option.low", "charm", lambda d: (d, "sat", "charm"), {"low": "2"}),
    (csi.OptionError, "option.high", "charm", lambda d: (d, "sat", "charm"), {"high": float("nan")}),
    (csi.OptionError, "option.threshold", "threshold", lambda d: (d, "sat", "charm"), {"threshold": 1}),
    (csi.OptionError, "option.level", "level", lambda d: (d, "sat", "charm"), {"level": 2}),
    (csi.OptionError, "option.n_boot", "n_boot", lambda d: (d, "sat", "charm"), {"n_boot": 1}),
    (csi.OptionError, "option.seed", "seed", lambda d: (d, "sat", "charm"), {"seed": 0.5}),
    (csi.ScaleError, "kano.no_scale", "charm", lambda d: (d, "sat", "charm"), {"scale": None}),
    (csi.ScaleError, "kano.no_scale", "price", lambda d: (d, "sat", ["charm", "price"]), {"scale": {"charm": (1, 7)}}),
    (csi.ScaleError, "scale.malformed", "charm", lambda d: (d, "sat", "charm"), {"scale": (7, 1)}),
    (csi.ScaleError, "scale.out_of_range", "charm", lambda d: (d, "sat", "charm"), {"scale": (1, 6)}),
    (csi.DataError, "data.missing_column", "charms", lambda d: (d, "sat", "charms"), {}),
    (csi.DataError, "analysis.too_few_rows", "rows", lambda d: (d[:29], "sat", "charm"), {}),
    (csi.DataError, "kano.few_answers", "charm", lambda d: (squeezed(d, "charm", [4, 5, 6, 7]), "sat", ["price", "charm"]), {}),
    (csi.DataError, "kano.few_answers", "price", lambda d: (squeezed(d, "price", [1, 2, 7]), "sat", ["price", "charm"]), {}),
    (csi.DataError, "kano.collinear", "twin (low)", lambda d: (d.assign(twin=d["charm"]), "sat", ["charm", "twin"]), {}),
    (csi.DataError, "kano.exact", "outcome", lambda d: (d.assign(sat=d["charm"] >= 5), "sat", "charm"), {}),
]


@pytest.mark.parametrize(("kind", "code", "variable", "call", "options"), CASES, ids=[c[1] for c in CASES])
def test_misuse_is_named(df, kind, code, variable, call, options):
    data, *given = call(df)
    with pytest.raises(kind) as caught:
        penalty_reward(data, *given, **(QUICK | options))
    assert (type(caught.value), caught.value.code, caught.value.variable) == (kind, code, variable)
    assert caught.value.hint


def test_all_thin_groups_are_named(df):
    thin = squeezed(squeezed(df, "charm", [4, 5, 6, 7]), "price", [4, 1, 2, 3])
    thin.loc[:3, "charm"] = 2
    with pytest.raises(csi.DataError, match=r"'price' \(0 high\), 'charm' \(4 low\)"):
        penalty_reward(thin, "sat", ["hygiene", "price", "charm"], **QUICK)


def test_a_bootstrap_without_solutions_is_refused():
    """As above, with a seed of which both draws miss one of the two rows."""
    base = np.repeat([2.0, 4.0, 6.0], 40)
    twin = base.copy()
    twin[[0, 119]] = [4.0, 4.0]
    df = pd.DataFrame({"a": base, "b": twin, "sat": base + np.random.default_rng(1).normal(size=120)})
    both = [np.random.default_rng(s).integers(0, 120, size=(2, 120)) for s in range(50)]
    seed = next(s for s, d in enumerate(both) if not ((d == 0).any(axis=1) & (d == 119).any(axis=1)).any())
    with pytest.raises(csi.DataError) as caught:
        penalty_reward(df, "sat", ["a", "b"], scale=(1, 7), n_boot=2, seed=seed)
    assert (caught.value.code, caught.value.variable, caught.value.value) == ("kano.no_resamples", "n_boot", 2)


def test_everything_is_shown(found):
    text = found.summary().as_text()
    for title in (
        "Impact asymmetry",
        "Penalties of low",
        "What counts as low and high",
        "Regression on all",
        "What this rests on",
        "hygiene",
    ):
        assert title in text
    assert list(found.tables) == ["attributes", "coefficients", "cutoffs", "fit"]
    assert repr(found).startswith("PenaltyReward: Penalty-reward contrast analysis")
    assert "unexpected" in found._repr_html_()


def test_picture_places_attributes_and_names_regions(found):
    from matplotlib import pyplot as plt

    _, ax = plt.subplots(figsize=(8, 6), layout="constrained")
    assert found.plot(ax=ax) is ax
    table = found.attributes
    points = np.vstack([c.get_offsets() for c in ax.collections if isinstance(c, mpl.collections.PathCollection)])
    np.testing.assert_allclose(np.sort(points, axis=0), np.sort(table[["range", "ia"]].to_numpy(), axis=0))
    assert {t.get_text() for t in ax.texts} == {*NAMES, "basic", "hybrid", "excitement"}
    assert sorted(line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--") == [-0.1, 0.1]
    said = [t.get_text() for t in ax.get_legend().get_texts()]
    assert said[-1] == "hollow: a wrong sign"
    assert len(said) == len(set(table["class"])) + 1
    plt.close("all")


def test_labels_do_not_overlap():
    from matplotlib import pyplot as plt

    names = [
        "等候时间",
        "staff friendliness",
        "parking $x$ <b>",
        "menu",
        "checkout",
        "hygiene",
        "opening hours",
        "a very long name of an attribute",
    ]
    rng = np.random.default_rng(5)
    ratings = rng.integers(1, 8, size=(800, 8))
    y = (ratings <= 3) @ -rng.uniform(0.3, 0.5, 8) + (ratings >= 5) @ rng.uniform(0.3, 0.5, 8) + 0.5 * rng.normal(size=800)
    ax = penalty_reward(pd.DataFrame(ratings, columns=names).assign(sat=y), "sat", names, **QUICK).plot()
    ax.figure.canvas.draw()
    renderer = ax.figure.canvas.get_renderer()
    boxes = [mpl.text.Text.get_window_extent(t, renderer) for t in ax.texts]
    assert len(boxes) == 8 + 3
    assert not [(a, b) for a in range(len(boxes)) for b in range(a) if boxes[a].overlaps(boxes[b])]
    plt.close("all")


def test_a_threshold_of_zero_leaves_no_hybrid_region(df):
    from matplotlib import pyplot as plt

    ax = penalty_reward(df, "sat", ["hygiene", "charm"], **QUICK, threshold=0).plot()
    assert {t.get_text() for t in ax.texts} == {"hygiene", "charm", "basic", "excitement"}
    plt.close("all")
