"""Price tolerance: the rule against a plainly written one, its order and bounds, and every way to misuse it."""

import math
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import csimodels as csi
from csimodels.prices import price_tolerance

EXACT = 1e-12
percent = st.floats(0, 60, allow_subnormal=False)
repurchase = st.integers(1, 10)
caps = st.floats(1, 50)
scales = st.tuples(st.floats(-100, 100), st.floats(0.1, 100)).map(lambda t: (t[0], t[0] + t[1]))
respondents = st.lists(st.tuples(repurchase | st.none(), percent | st.none()), min_size=1, max_size=30)


def quiet(*args, **options) -> pd.Series:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.DataWarning)
        return price_tolerance(*args, **options)


def branches(people, likely=6):
    """Return the three columns as a questionnaire with skips leaves them."""
    repeat = [r for r, _ in people]
    up = [p if r is not None and r >= likely else None for r, p in people]
    down = [p if r is not None and r < likely else None for r, p in people]
    return repeat, up, down


def plainly(people, likely, cap, scale):
    out = []
    for repeat, p in people:
        if repeat is None or p is None:
            out.append(math.nan)
            continue
        r = min(p, cap) if repeat >= likely else -min(p, cap)
        out.append(scale[0] + (scale[1] - scale[0]) * (r + cap) / (2 * cap))
    return out


@given(respondents, st.integers(2, 10), caps, scales)
def test_rule_bounds_and_missing_values(people, likely, cap, scale):
    got = quiet(*branches(people, likely), likely=likely, cap=cap, scale=scale)
    np.testing.assert_allclose(got, plainly(people, likely, cap, scale), rtol=0, atol=1e-9)
    assert got.dropna().between(*scale).all()
    middle = sum(scale) / 2
    for value, (repeat, p) in zip(got, people, strict=True):
        if repeat is None or p is None:
            assert math.isnan(value)
        else:
            assert value >= middle - 1e-9 if repeat >= likely else value <= middle + 1e-9


@given(repurchase, percent, percent, caps)
def test_more_rise_borne_is_more_and_more_fall_needed_is_less(repeat, p, q, cap):
    assume(p <= q)
    low, high = quiet(*branches([(repeat, p), (repeat, q)]), cap=cap)
    assert low <= high if repeat >= 6 else low >= high
    if q <= cap and q - p > 1e-6:
        assert low != high


@given(respondents, st.randoms(use_true_random=False))
def test_respondents_do_not_depend_on_each_other_or_on_their_order(people, random):
    order = list(range(len(people)))
    random.shuffle(order)
    straight, turned = quiet(*branches(people)), quiet(*branches([people[k] for k in order]))
    np.testing.assert_array_equal(straight.to_numpy()[order], turned.to_numpy())
    alone = [quiet(*branches([person]))[0] for person in people]
    np.testing.assert_array_equal(straight, alone)


@given(respondents, caps, scales)
def test_the_scale_is_only_a_ruler(people, cap, scale):
    unit, other = (quiet(*branches(people), cap=cap, scale=s) for s in ((0, 1), scale))
    np.testing.assert_allclose(other, scale[0] + (scale[1] - scale[0]) * unit, rtol=0, atol=1e-9)


def test_ends_and_middle():
    got = price_tolerance([6, 10, 5, 1, 7], up=[25, 0, None, None, 10], down=[None, None, 0, 25, None])
    np.testing.assert_allclose(got, [10, 5.5, 5.5, 1, 7.3], atol=EXACT)
    assert got.name == "price_tolerance"
    assert got.dtype == float


def test_another_scale_of_the_likelihood():
    got = price_tolerance([0, 4, 3], [None, 5, None], [5, None, 2], likely=4, cap=10, scale=(0, 100), repurchase_scale=(0, 4))
    np.testing.assert_allclose(got, [25, 75, 40], atol=EXACT)


COLUMNS = ([9, 3, None], [20.0, None, None], [None, 5.0, None])


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        lambda v: np.array(v, dtype=float),
        lambda v: pd.Series(v, dtype="Float64"),
        lambda v: pd.array(v, dtype="Float64"),
        pl.Series,
        pa.array,
        lambda v: pd.Series(v, dtype=object),
    ],
)
def test_any_column_is_read(kind):
    columns = [kind(v) for v in COLUMNS]
    np.testing.assert_allclose(price_tolerance(*columns), [9.1, 4.6, np.nan], atol=EXACT)


def test_labels_of_a_series_are_kept_and_nothing_is_changed():
    df = pd.DataFrame(dict(zip("rud", COLUMNS, strict=True)), index=["x", "y", "z"], dtype=float)
    before = df.copy()
    got = price_tolerance(df["r"], df["u"], df["d"])
    assert got.index.tolist() == ["x", "y", "z"]
    pd.testing.assert_frame_equal(df, before)
    assert price_tolerance(df["r"].to_numpy(), df["u"], df["d"].tolist()).equals(got)
    assert df.assign(price_tolerance=got)["price_tolerance"].notna().sum() == 2


def test_nobody_and_nobody_in_a_branch():
    assert price_tolerance([], [], []).empty
    np.testing.assert_allclose(price_tolerance([7, 8], [5, 10], [np.nan, np.nan]), [6.4, 7.3], atol=EXACT)


def test_zero_in_the_other_branch_is_empty():
    """Some files hold zero where a question was skipped."""
    got = price_tolerance([7, 2], [10, 0], [0, 10])
    np.testing.assert_allclose(got, [7.3, 3.7], atol=EXACT)
    with pytest.warns(csi.DataWarning, match="1 of 2 respondents did not answer"):
        assert math.isnan(price_tolerance([7, 2], [None, 0], [0, 10])[0])


def test_percentages_above_the_cap_are_limited_and_counted():
    with pytest.warns(csi.DataWarning, match=r"2 of 4 percentages are above the cap of 25") as caught:
        got = price_tolerance([9, 9, 2, 2], [26, 25, None, None], [None, None, 98, 5])
    np.testing.assert_allclose(got, [10, 10, 1, 4.6], atol=EXACT)
    assert [w.filename for w in caught] == [__file__]


def test_branches_left_unanswered_are_counted():
    with pytest.warns(csi.DataWarning, match=r"2 of 3 respondents did not answer"):
        got = price_tolerance([9, 2, 9, None], [None, None, 5, 5], [None, None, None, 5])
    assert got.isna().tolist() == [True, True, False, True]


CASES = [
    (csi.DataError, "price.not_a_column", "down", "0 dimensions", lambda: price_tolerance([7], [5], None)),
    (csi.DataError, "price.not_a_column", "up", "2 dimensions", lambda: price_tolerance([7], [[5]], [None])),
    (csi.DataError, "price.length", "up", "2 values", lambda: price_tolerance([7, 8, 9], [5, 6], [None] * 3)),
    (
        csi.DataError,
        "price.labels",
        "up",
        "repurchase",
        lambda: price_tolerance(pd.Series([7, 8]), pd.Series([5, 6], index=[1, 0]), [None] * 2),
    ),
    (csi.DataError, "data.not_numeric", "up", "'much'", lambda: price_tolerance([7], ["much"], [None])),
    (csi.ScaleError, "scale.out_of_range", "repurchase", "98", lambda: price_tolerance([98, 7], [5, 5], [None] * 2)),
    (csi.ScaleError, "scale.out_of_range", "repurchase", "0", lambda: price_tolerance([0], [None], [5])),
    (csi.DataError, "price.bad_percentage", "down", "-10", lambda: price_tolerance([2], [None], [-10])),
    (csi.DataError, "price.bad_percentage", "up", "inf", lambda: price_tolerance([9], [np.inf], [None])),
    (csi.DataError, "price.wrong_branch", "down", "'y'", lambda: price_tolerance(pd.Series([9, 9], ["x", "y"]), [5, None], [None, 5])),
    (csi.DataError, "price.wrong_branch", "up", "1 row", lambda: price_tolerance([2, 2], [None, 5], [5, 5])),
    (csi.OptionError, "option.likely", "likely", "60", lambda: price_tolerance([9], [5], [None], likely=60)),
    (csi.OptionError, "option.likely", "likely", "'6'", lambda: price_tolerance([9], [5], [None], likely="6")),
    (csi.OptionError, "option.cap", "cap", "0", lambda: price_tolerance([9], [5], [None], cap=0)),
    (csi.OptionError, "option.cap", "cap", "True", lambda: price_tolerance([9], [5], [None], cap=True)),
    (csi.ScaleError, "scale.malformed", "price_tolerance", "(10, 1)", lambda: price_tolerance([9], [5], [None], scale=(10, 1))),
    (csi.ScaleError, "scale.malformed", "repurchase", "", lambda: price_tolerance([9], [5], [None], repurchase_scale=None)),
]


@pytest.mark.parametrize(("kind", "code", "variable", "named", "call"), CASES, ids=[f"{c[1]}-{c[2]}" for c in CASES])
def test_misuse_is_named(kind, code, variable, named, call):
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert (type(error), error.code, error.variable) == (kind, code, variable)
    assert error.hint
    assert named in str(error)
    assert variable.split("_")[0] in str(error)


def test_the_item_enters_the_model():
    df = csi.load_acsi_demo()
    rng = np.random.default_rng(3)
    likely = df["repurchase"] >= 6
    size = pd.Series(rng.integers(0, 26, len(df)), index=df.index, dtype=float)
    item = price_tolerance(df["repurchase"], size.where(likely), size.where(~likely))
    res = csi.fit_acsi(df.assign(price_tolerance=item), estimator="pls")
    assert res.converged
    assert 0 < res.index.loc["loyalty", "score"] < 100
