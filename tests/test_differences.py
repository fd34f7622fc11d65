"""Differences of indices: against two-sample bootstraps and simulation; what must not be compared is refused."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from scipy.special import bdtr, ndtri

import csimodels as csi
from csimodels import Construct, Indicator, ModelSpec, Moments, Path
from csimodels.differences import index_difference
from csimodels.population import population

EXACT = 1e-10
COLUMNS = ["a", "b", "difference", "se", "z", "pvalue", "ci_lower", "ci_upper", "weights"]
ITEMS = {"quality": 3, "satisfaction": 3}
MEANS = {"quality1": 66, "quality2": 70, "quality3": 74, "satisfaction1": 72, "satisfaction2": 68, "satisfaction3": 64}


@cache
def firm(number: int, **options):
    df = csi.load_acsi_demo()
    rows = df[df["firm"] == df["firm"].unique()[number]]
    return csi.fit_acsi(rows, **({"estimator": "pls"} | options)), rows


@cache
def boot(number: int, **options):
    res, rows = firm(number)
    return res.bootstrap(rows, **({"n_boot": 2000, "seed": 1} | options))


def mini(meaning: str = "", mode: str = "reflective", names=("quality", "satisfaction")) -> ModelSpec:
    blocks = [[Indicator(f"{c}{k}", scale=(1, 10)) for k in (1, 2, 3)] for c in ("quality", "satisfaction")]
    first = Construct(names[0], blocks[0], mode=mode, meaning=meaning)
    return ModelSpec("mini", [first, Construct(names[1], blocks[1])], [Path(*names, "+")], target=names[1])


def survey(n: int, seed: int, level: float = 0.0) -> pd.DataFrame:
    return csi.simulate(mini(), n, seed, means={item: mean + level for item, mean in MEANS.items()})


def fitted(n=150, seed=1, spec=None, estimator="pls", **options):
    return csi.fit(spec or mini(), survey(n, seed), estimator=estimator, **options)


def test_results_by_the_closed_form():
    (a, _), (b, _) = firm(0), firm(1)
    table = index_difference(a, b, level=0.9)
    assert table.columns.tolist() == COLUMNS
    assert table.index.tolist() == list(a.spec.construct_names)
    assert table.index.name == "construct"
    difference = a.index["score"] - b.index["score"]
    se = np.sqrt(a.index["se"] ** 2 + b.index["se"] ** 2)
    half = ndtri(0.95) * se
    want = pd.DataFrame(
        {"difference": difference, "se": se, "z": difference / se, "ci_lower": difference - half, "ci_upper": difference + half}
    )
    pd.testing.assert_frame_equal(table[want.columns.tolist()], want, atol=EXACT)
    assert table["weights"].unique().tolist() == ["fixed"]
    assert table["pvalue"].between(0, 1).all()


@pytest.mark.parametrize("compared", [lambda: (firm(0)[0], firm(1)[0]), lambda: (boot(0), boot(1))])
def test_exchanging_the_sides_turns_the_sign(compared):
    a, b = compared()
    there, back = index_difference(a, b), index_difference(b, a)
    np.testing.assert_allclose(there["difference"], -back["difference"], atol=EXACT)
    np.testing.assert_allclose(there[["se", "pvalue"]], back[["se", "pvalue"]], atol=EXACT)
    np.testing.assert_allclose(there["ci_lower"], -back["ci_upper"], atol=0.1 * there["se"].max())


def test_fixed_weights_against_a_two_sample_bootstrap():
    """Rows of both samples drawn again, weights kept: the differences of mean scores."""
    (a, rows_a), (b, rows_b) = firm(0), firm(1)
    rng = np.random.default_rng(5)
    means = []
    for res, rows in ((a, rows_a), (b, rows_b)):
        scores = res.scores(rows).to_numpy()
        counts = rng.multinomial(len(scores), np.full(len(scores), 1 / len(scores)), size=20_000)
        means.append(counts @ scores / len(scores))
    drawn = means[0] - means[1]
    table = index_difference(a, b)
    np.testing.assert_allclose(table["se"], drawn.std(axis=0), rtol=0.02)
    np.testing.assert_allclose(table[["ci_lower", "ci_upper"]].T, np.quantile(drawn, [0.025, 0.975], axis=0), atol=0.1)


def test_bootstraps_agree_with_the_closed_form_where_weights_are_given():
    closed = index_difference(firm(0)[0], firm(1)[0], constructs=["complaints"])
    drawn = index_difference(boot(0), boot(1), constructs=["complaints"])
    np.testing.assert_allclose(drawn["difference"], closed["difference"], atol=EXACT)
    np.testing.assert_allclose(drawn["se"], closed["se"], rtol=0.04)
    np.testing.assert_allclose(drawn[["ci_lower", "ci_upper"]], closed[["ci_lower", "ci_upper"]], atol=0.15 * closed["se"].max())


def test_bootstraps_know_that_weights_are_estimated():
    a, b = boot(0), boot(1, n_boot=1500, seed=2)
    table = index_difference(a, b)
    np.testing.assert_allclose(table["se"], np.hypot(a.index["se"], b.index["se"]), rtol=1e-12)
    np.testing.assert_allclose(table["difference"], a.index["score"] - b.index["score"], atol=EXACT)
    assert table["weights"].unique().tolist() == ["re-estimated"]
    closed = index_difference(firm(0)[0], firm(1)[0])
    np.testing.assert_allclose(table["se"], closed["se"], rtol=0.12)
    middle, half = table[["ci_lower", "ci_upper"]].mean(axis=1), (table["ci_upper"] - table["ci_lower"]) / 2
    np.testing.assert_allclose(middle, table["difference"], atol=0.15 * table["se"].max())
    np.testing.assert_allclose(half, ndtri(0.975) * table["se"], rtol=0.06)
    assert (index_difference(a, b, level=0.5)["ci_upper"] < table["ci_upper"]).all()


def test_all_pairs_of_members_say_the_same():
    a, b = boot(0), boot(1)
    table = index_difference(a, b)
    for k, (lower, upper) in enumerate(zip(table["ci_lower"], table["ci_upper"], strict=True)):
        every = np.subtract.outer(a.samples["index.score"][k], b.samples["index.score"][k])
        np.testing.assert_allclose([lower, upper], np.quantile(every, [0.025, 0.975]), atol=0.15 * table["se"].iloc[k])


def test_kinds_of_interval():
    normal = [boot(k, ci="normal") for k in (0, 1)]
    table = index_difference(*normal)
    bias = normal[0].index["bias"] - normal[1].index["bias"]
    half = ndtri(0.975) * table["se"]
    np.testing.assert_allclose(table["ci_lower"], table["difference"] - bias - half, atol=EXACT)
    np.testing.assert_allclose(table["ci_upper"], table["difference"] - bias + half, atol=EXACT)
    quantiles = index_difference(boot(0), boot(1))
    pd.testing.assert_frame_equal(index_difference(boot(0, ci="bca"), boot(1, ci="bca")), quantiles)
    pd.testing.assert_frame_equal(index_difference(boot(0, ci="bca"), normal[1]), quantiles)


def test_members_of_one_seed_are_not_paired_in_order():
    """Both samples are sorted alike, so that draws of the same row numbers move together."""
    sides = []
    for number in (0, 1):
        rows = firm(number)[1]
        res = csi.fit_acsi(rows.sort_values("sat_overall").head(200), estimator="pls")
        sides.append(res.bootstrap(rows.sort_values("sat_overall").head(200), n_boot=2000, seed=1))
    a, b = sides
    k = a.index.index.get_loc("satisfaction")
    in_order = (a.samples["index.score"][k] - b.samples["index.score"][k]).std()
    row = index_difference(a, b).loc["satisfaction"]
    assert in_order < 0.8 * row["se"]
    assert (row["ci_upper"] - row["ci_lower"]) / 2 == pytest.approx(ndtri(0.975) * row["se"], rel=0.06)


def test_maximum_likelihood_and_moments():
    a, b = (csi.fit(mini(), survey(150, seed), engine="native") for seed in (1, 2))
    again = index_difference(*(csi.fit(mini(), csi.moments(survey(150, seed), mini()), engine="native") for seed in (1, 2)))
    pd.testing.assert_frame_equal(index_difference(a, b), again)
    by_pls = index_difference(fitted(seed=1), fitted(seed=2, estimator="plsc"))
    assert by_pls["se"].notna().all()


def test_other_scales_are_the_same_index():
    """A 1-10 and a 0-100 questionnaire: the index does not care."""
    wide = 100 * (survey(150, 2) - 1) / 9
    a = fitted(seed=1)
    b = csi.fit(mini().with_scale((0, 100)), wide, estimator="pls")
    np.testing.assert_allclose(index_difference(a, b).iloc[:, :-1], index_difference(a, fitted(seed=2)).iloc[:, :-1], atol=1e-6)


def test_a_block_may_be_longer_in_one_survey():
    """One item in a, three in b: no mode in a, and a question of content whether it is the same construct."""
    a, b = fitted(seed=1, items={"satisfaction": ["satisfaction1"]}), fitted(seed=2)
    assert index_difference(a, b)["se"].notna().all()
    assert index_difference(a, b, constructs=[]).empty


def test_weighted_results_have_no_error_and_their_bootstraps_have():
    weights = np.linspace(0.5, 1.5, 150)
    a, b = fitted(seed=1, weights=weights), fitted(seed=2)
    assert index_difference(a, b)[["difference", "se"]].notna().all(axis=None)
    moments = csi.fit(a.spec, csi.moments(survey(150, 1), a.spec, weights=weights), estimator=a.options.estimator)
    table = index_difference(moments, b)
    assert table["difference"].notna().all()
    assert table[["se", "z", "pvalue", "ci_lower", "ci_upper"]].isna().all(axis=None)
    drawn = index_difference(a.bootstrap(survey(150, 1), n_boot=100, weights=weights), b.bootstrap(survey(150, 2), n_boot=100))
    assert drawn[["se", "z", "pvalue", "ci_lower", "ci_upper"]].notna().all(axis=None)


def test_chosen_constructs_come_in_the_order_of_a():
    a, b = firm(0)[0], firm(1)[0]
    table = index_difference(a, b, constructs=["satisfaction", "quality"])
    pd.testing.assert_frame_equal(table, index_difference(a, b).loc[["quality", "satisfaction"]])
    short = firm(1, without=("complaints",))[0]
    assert index_difference(short, a).index.tolist() == list(short.spec.construct_names)
    assert index_difference(a, short).index.tolist() == list(short.spec.construct_names)


def test_complaint_behaviour_is_not_complaint_handling():
    handling = csi.fit("ecsi_mobile_2005", frame("mobi"), estimator="pls")
    acsi = firm(0)[0]
    with pytest.raises(csi.CSIError, match=r"'complaint behaviour' in a and 'complaint handling' in b") as caught:
        index_difference(acsi, handling)
    assert (caught.value.code, caught.value.variable) == ("difference.meanings", "complaints")
    rest = [c for c in acsi.spec.construct_names if c != "complaints"]
    assert str(rest) in caught.value.hint
    assert index_difference(acsi, handling, constructs=rest).index.tolist() == rest


def equal(res, seed, rule="equal"):
    return res.bootstrap(survey(150, seed), n_boot=20, index_weights=rule)


STATED = dict(zip(MEANS, (1.0, 2.0, 3.0, 1.0, 2.0, 3.0), strict=True))


def plain(res, seed):
    return res.bootstrap(survey(150, seed), n_boot=20)


CASES = [
    ("difference.not_a_result", ["b", "int"], lambda: index_difference(fitted(), 3)),
    ("difference.mixed", ["Bootstrap", "CSIResults"], lambda: index_difference(plain(fitted(), 1), fitted(seed=2))),
    ("difference.mixed", ["Bootstrap", "CSIResults"], lambda: index_difference(fitted(seed=2), plain(fitted(), 1))),
    (
        "difference.nothing_in_common",
        ["quality", "performance"],
        lambda: index_difference(fitted(), fitted(seed=2, spec=mini(names=("performance", "pleasure")))),
    ),
    ("difference.construct", ["'qualty'", "'quality'"], lambda: index_difference(fitted(), fitted(seed=2), constructs=["qualty"])),
    ("difference.construct", ["'x'"], lambda: index_difference(fitted(), fitted(seed=2), constructs="x")),
    ("difference.meanings", ["'product'", "nothing"], lambda: index_difference(fitted(spec=mini("product")), fitted(seed=2))),
    (
        "difference.estimators",
        ["maximum likelihood", "PLS"],
        lambda: index_difference(fitted(estimator="ml", engine="native"), fitted(seed=2)),
    ),
    ("difference.estimators", ["mode A", "mode B"], lambda: index_difference(fitted(), fitted(seed=2, modes="B"))),
    ("difference.estimators", ["'quality'", "mode B"], lambda: index_difference(fitted(), fitted(seed=2, spec=mini(mode="formative")))),
    ("difference.weight_rules", ["equal", "estimated"], lambda: index_difference(equal(fitted(), 1), plain(fitted(seed=2), 2))),
    ("difference.weight_rules", ["stated", "equal"], lambda: index_difference(equal(fitted(), 1, STATED), equal(fitted(seed=2), 2))),
    ("difference.same_data", ["150"], lambda: index_difference(fitted(), fitted())),
    ("difference.same_data", ["150"], lambda: index_difference(plain(fitted(), 1), plain(fitted(scheme="factorial"), 1))),
    ("difference.same_data", ["rows"], lambda: index_difference(firm(0)[0], firm(0, without=("complaints",))[0])),
    (
        "difference.same_data",
        ["150"],
        lambda: index_difference(fitted(), csi.fit(mini(), survey(150, 1).iloc[::-1], estimator="pls")),
    ),
    ("option.level", ["95"], lambda: index_difference(fitted(), fitted(seed=2), level=95)),
    ("index.no_scale", ["scale="], lambda: index_difference(*(fitted(seed=s, spec=ModelSpec.from_lavaan(TEXT)) for s in (1, 2)))),
]
TEXT = "quality =~ quality1 + quality2 + quality3; satisfaction =~ satisfaction1 + satisfaction2; satisfaction ~ quality"


@pytest.mark.parametrize(("code", "named", "call"), CASES, ids=[f"{k}-{c[0]}" for k, c in enumerate(CASES)])
def test_what_must_not_be_compared_is_named(code, named, call):
    with pytest.raises(csi.CSIError) as caught:
        call()
    error = caught.value
    assert error.code == code
    assert error.variable
    assert error.hint
    for text in named:
        assert text in str(error), str(error)


def test_the_same_stated_weights_are_compared():
    table = index_difference(equal(fitted(), 1, STATED), equal(fitted(seed=2), 2, STATED))
    want = [fitted(seed=s).index_table(STATED)["score"] for s in (1, 2)]
    np.testing.assert_allclose(table["difference"], want[0] - want[1], atol=EXACT)
    assert index_difference(equal(fitted(), 1), equal(fitted(seed=2), 2))["se"].notna().all()


# ---- coverage ----

LEVEL = 0.95


def drawn_fits(rng, pops, n):
    """Return a sample and its fit of each population."""
    out = []
    for pop in pops:
        rows = pd.DataFrame(rng.multivariate_normal(pop.mean, pop.cov, size=n, method="cholesky"), columns=list(MEANS))
        out.append((rows, csi.fit(pop.spec, rows, estimator="pls")))
    return out


def populations():
    """Return two populations without rounding or limits, and the difference of their indices under their own PLS weights."""
    spec = mini().with_scale((-100, 200))
    offsets = dict(zip(MEANS, (-1.0, 0.0, 1.0, 1.0, 0.0, -1.0), strict=True))
    options = ({"loadings": 0.75, "sd": 3.0}, {"loadings": {"quality": 0.85, "satisfaction": 0.65}, "sd": 3.6})
    pops = [
        population(spec, means={k: 50 + shift + v for k, v in offsets.items()}, **o) for o, shift in zip(options, (0.0, 0.7), strict=True)
    ]
    truth = [csi.fit(spec, Moments.from_cov(p.cov, 10_000, p.mean, divisor="n"), estimator="pls", tol=1e-12).index["score"] for p in pops]
    return pops, truth[0] - truth[1]


def band(replications: int) -> tuple[float, float]:
    """Return the central 99 % of the binomial share of intervals that cover."""
    tail = bdtr(np.arange(replications + 1), replications, LEVEL)
    return np.searchsorted(tail, 0.005) / replications, np.searchsorted(tail, 0.995) / replications


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::csimodels.errors.ScaleWarning")
@pytest.mark.parametrize(("kind", "replications"), [("fixed", 1000), ("percentile", 1000), ("normal", 300)])
def test_intervals_cover(kind, replications):
    """Item means differ within a block, so that weights matter to the index; fixed ones cost about a point of coverage here."""
    pops, truth = populations()
    rng = np.random.default_rng(11)
    covered = np.zeros(len(truth))
    for _ in range(replications):
        sides = drawn_fits(rng, pops, 200)
        if kind != "fixed":
            sides = [(rows, res.bootstrap(rows, n_boot=300, ci=kind)) for rows, res in sides]
        table = index_difference(*(side for _, side in sides), level=LEVEL)
        covered += (table["ci_lower"] <= truth) & (truth <= table["ci_upper"])
    low, high = band(replications)
    assert ((covered / replications > low - 0.01) & (covered / replications < high + 0.01)).all(), covered / replications
