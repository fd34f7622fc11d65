"""Survey answers into moments: containers, codes, scales, missing answers, weights; the frame is never changed."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import csimodels as csi
from csimodels import Moments

# Sums in another order differ in the last digits only.
ROUNDING = dict(rtol=1e-9, atol=1e-9)

HOSTILE = ['__import__("os")', "a ~ b; c =~ d", "满意 度", "x" * 300, "1st item", "p1*x2", "", "eta1"]


def same(a: Moments, b: Moments) -> None:
    assert (a.items, a.rows) == (b.items, b.rows)
    for left, right in ((a.weight, b.weight), (a.weight2, b.weight2), (a.mean, b.mean), (a.cov, b.cov)):
        np.testing.assert_allclose(left, right, **ROUNDING)


CONTAINERS = {
    "pandas": lambda df: df,
    "pandas, nullable": lambda df: df.convert_dtypes(),
    "pandas, pyarrow": lambda df: df.convert_dtypes(dtype_backend="pyarrow"),
    "pandas, object": lambda df: df.astype(object),
    "polars": pl.from_pandas,
    "polars, lazy": lambda df: pl.from_pandas(df).lazy(),
    "pyarrow": pa.Table.from_pandas,
    "mapping": lambda df: {c: df[c].to_numpy() for c in df},
    "numeric categories": lambda df: df.astype(int).astype("category"),
    "integers": lambda df: df.astype("int8"),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_container_gives_the_same_moments(kind, mobi, acsi_mobi):
    same(csi.moments(CONTAINERS[kind](mobi), acsi_mobi), csi.moments(mobi, acsi_mobi))


def test_arrays_hold_exactly_the_items(mobi, acsi_mobi):
    same(csi.moments(mobi[list(acsi_mobi.items)].to_numpy(), acsi_mobi), csi.moments(mobi, acsi_mobi))


@pytest.mark.parametrize("kind", ["pandas", "pandas, nullable", "polars", "pyarrow"])
def test_missing_answers_in_every_container(kind, acsi_mobi):
    holes = frame("mobi_missing10")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.DataWarning)
        m = csi.moments(CONTAINERS[kind](holes), acsi_mobi)
    complete = holes[list(acsi_mobi.items)].dropna()
    assert (m.rows, m.dropped) == (len(complete), 250 - len(complete))
    np.testing.assert_allclose(m.cov, complete.cov(ddof=0), **ROUNDING)


def test_dropped_rows_are_counted_and_said():
    spec = csi.load_model("ecsi_mobile_2005").without("image", "quality", "complaints", "loyalty")
    with pytest.warns(csi.DataWarning, match=r"\d+ of 250 rows are left out"):
        res = csi.fit(spec, frame("mobi_missing10"), engine="native")
    assert res.moments.dropped > 0
    assert any("left out" in text for text in res.warnings)


def test_mean_replacement_keeps_every_row(acsi_mobi):
    holes = frame("mobi_missing10")
    with pytest.warns(csi.DataWarning, match="replaced by the item's mean"):
        m = csi.moments(holes, acsi_mobi, missing="mean")
    filled = holes[list(acsi_mobi.items)]
    assert (m.rows, m.imputed) == (250, int(filled.isna().sum().sum()))
    np.testing.assert_allclose(m.cov, filled.fillna(filled.mean()).cov(ddof=0), **ROUNDING)


def test_the_frame_is_never_changed(mobi, acsi_mobi):
    before = mobi.copy(deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        csi.fit(acsi_mobi, mobi, engine="native", na_values=[1], missing="mean", weights=np.ones(250))
    pd.testing.assert_frame_equal(mobi, before)


def test_na_values_become_missing(acsi_mobi):
    coded = frame("mobi")
    coded.loc[:9, "CUSA1"] = 99
    with pytest.warns(csi.DataWarning, match="10 of 250"):
        m = csi.moments(coded, acsi_mobi, na_values=[98, 99])
    assert m.rows == 240
    with pytest.warns(csi.DataWarning):
        assert csi.moments(coded, acsi_mobi, na_values={"CUSA1": [99]}).rows == 240


def test_spec_codes_become_missing():
    spec = csi.ModelSpec("m", [csi.Construct("f", [csi.Indicator(n, (1, 10), na_values=(99,)) for n in ("CUSA1", "CUSA2", "CUSA3")])])
    coded = frame("mobi")
    coded.loc[:4, "CUSA2"] = 99
    with pytest.warns(csi.DataWarning):
        assert csi.moments(coded, spec).rows == 245


# --- names


@pytest.mark.parametrize("engine", ["semopy", "native"])
def test_hostile_column_names_are_inert_and_shown(engine, mobi, acsi_mobi):
    """Whatever reaches semopy is a safe internal name; tables show the user's own."""
    names = dict(zip(acsi_mobi.items, [n for n in HOSTILE if n], strict=False))
    renamed = mobi.rename(columns=names)
    res = csi.fit(acsi_mobi, renamed, columns=names, engine=engine)
    plain = csi.fit(acsi_mobi, mobi, engine=engine)
    np.testing.assert_allclose(res.table["est"], plain.table["est"], rtol=1e-9)
    assert set(names.values()) <= set(res.loadings["indicator"])
    assert res.engine.name == engine
    if engine == "semopy":
        assert all(name.startswith(("x", "eta")) for name in res.semopy_model.vars["all"])


def test_columns_may_be_numbers(mobi, acsi_mobi):
    numbered = mobi[list(acsi_mobi.items)].set_axis(range(19), axis=1)
    columns = {item: str(k) for k, item in enumerate(acsi_mobi.items)}
    assert csi.fit(acsi_mobi, numbered, columns=columns, engine="native").csi == pytest.approx(
        csi.fit(acsi_mobi, mobi, engine="native").csi
    )


# --- scales


def test_a_five_point_survey_read_as_ten_points_is_warned_of():
    df = csi.load_acsi_demo()
    rating = [c for c in csi.load_model("acsi_1996").items if c != "complaint"]
    five = df.assign(**{c: np.ceil(df[c] / 2).clip(1, 5) for c in rating})
    with pytest.warns(csi.ScaleWarning, match=r"1 to 5.*1 to 10.*scale=\(1, 5\)"):
        wrong = csi.fit_acsi(five, engine="native")
    right = csi.fit_acsi(five, engine="native", scale=(1, 5))
    assert right.csi - wrong.csi > 20
    assert not right.warnings


@pytest.mark.parametrize(("top", "guess"), [(5, "1-5"), (7, "1-7")])
def test_answers_that_fit_a_smaller_scale_are_warned_of(top, guess, mobi, acsi_mobi):
    squeezed = mobi.clip(upper=top)
    with pytest.warns(csi.ScaleWarning, match=guess):
        csi.moments(squeezed, acsi_mobi)


def test_zero_to_ten_answers_on_a_hundred_point_scale_are_warned_of(mobi, acsi_mobi):
    with pytest.warns(csi.ScaleWarning, match="0-10"):
        csi.moments(mobi.replace(1.0, 0.0), acsi_mobi.with_scale((0, 100)))


def test_a_full_scale_is_not_warned_of(mobi, acsi_mobi):
    csi.moments(mobi, acsi_mobi)


def test_a_code_within_the_declared_scale_is_not_guessed_at(mobi, acsi_mobi):
    with pytest.raises(csi.ScaleError, match="looks like a code") as caught:
        csi.moments(mobi.replace({"CUSA1": {10.0: 99.0}}), acsi_mobi)
    assert "na_values=[99]" in str(caught.value)


def test_a_likely_code_is_warned_of_where_no_scale_is_declared(mobi, acsi_mobi):
    spec = csi.ModelSpec.from_lavaan(acsi_mobi.to_lavaan())
    mobi.loc[:3, "CUSA1"] = -99
    with pytest.warns(csi.ScaleWarning, match=r"'CUSA1' holds -99.*na_values=\[-99\]"):
        csi.moments(mobi, spec)
    csi.moments(mobi.replace({"CUSA1": {-99.0: 11.0}}), spec)


# --- additivity

ANSWERS = arrays(float, st.tuples(st.integers(12, 30), st.just(3)), elements=st.integers(1, 10).map(float))


@settings(max_examples=40, deadline=None)
@given(ANSWERS, st.integers(0, 10), st.integers(0, 5), st.booleans())
def test_moments_add_exactly_and_associatively(values, cut, more, weighted):
    items = ["x", "y", "z"]
    weights = np.linspace(0.5, 2, len(values)) if weighted else None

    def part(a, b):
        return Moments.from_rows(values[a:b], items, None if weights is None else weights[a:b])

    a, b, c = part(0, cut), part(cut, cut + more), part(cut + more, len(values))
    whole = Moments.from_rows(values, items, weights)
    same(a + (b + c), whole)
    same((a + b) + c, whole)
    same(c + a + b, whole)


def test_moments_survive_large_means(mobi, acsi_mobi):
    values = mobi[list(acsi_mobi.items)].to_numpy()
    a, b = (Moments.from_rows(values[part] + 1e6, acsi_mobi.items) for part in (slice(0, 100), slice(100, 250)))
    np.testing.assert_allclose((a + b).cov, np.cov(values.T, bias=True), rtol=1e-8)


def test_fit_from_partitions_equals_fit_from_the_whole(mobi, acsi_mobi):
    parts = csi.moments(mobi.iloc[:100], acsi_mobi) + csi.moments(mobi.iloc[100:], acsi_mobi)
    a, b = csi.fit(acsi_mobi, parts), csi.fit(acsi_mobi, mobi)
    np.testing.assert_allclose(a.table["est"], b.table["est"], rtol=1e-7)
    assert a.csi == pytest.approx(b.csi, abs=1e-9)


def test_from_cov_takes_divisors_means_and_labels_in_any_order(mobi, acsi_mobi):
    items = list(acsi_mobi.items)
    for divisor, ddof in (("n-1", 1), ("n", 0)):
        cov = mobi[items[::-1]].cov(ddof=ddof)
        res = csi.fit(acsi_mobi, Moments.from_cov(cov, 250, mean=mobi[items].mean(), divisor=divisor), engine="native")
        assert res.csi == pytest.approx(csi.fit(acsi_mobi, mobi, engine="native").csi, abs=1e-9)
        assert res.fit_measures["chisq"] == pytest.approx(csi.fit(acsi_mobi, mobi, engine="native").fit_measures["chisq"], abs=1e-8)


# --- reverse items


def test_reverse_items_are_recoded_in_rows_and_in_moments(mobi, acsi_mobi):
    turned = mobi.assign(CUSA2=11 - mobi["CUSA2"])
    items = [
        csi.Indicator("CUSA1", (1, 10)),
        csi.Indicator("CUSA2", (1, 10), reverse=True),
        csi.Indicator("CUSA3", (1, 10)),
    ]
    spec = acsi_mobi.with_items({"satisfaction": items})
    plain = csi.fit(acsi_mobi, mobi, engine="native")
    for data in (turned, csi.moments(turned, spec)):
        res = csi.fit(spec, data, engine="native")
        np.testing.assert_allclose(res.table["est"], plain.table["est"], rtol=1e-9)
        pd.testing.assert_frame_equal(res.index, plain.index)
    pd.testing.assert_frame_equal(csi.fit(spec, turned, engine="native").scores(turned), plain.scores(mobi))


# --- weights


def test_whole_number_weights_equal_repeated_rows(mobi, acsi_mobi):
    counts = np.arange(250) % 3
    repeated = mobi.loc[mobi.index.repeat(counts)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        weighted = csi.fit(acsi_mobi, mobi, weights=counts, engine="native")
    plain = csi.fit(acsi_mobi, repeated, engine="native")
    np.testing.assert_allclose(weighted.table["est"], plain.table["est"], rtol=1e-6)
    np.testing.assert_allclose(weighted.index["score"], plain.index["score"], rtol=1e-9)


def test_weights_withhold_what_needs_a_sandwich(mobi, acsi_mobi):
    m = csi.moments(mobi, acsi_mobi, weights=np.linspace(1, 2, 250))
    with pytest.warns(csi.CSIWarning, match="withheld"):
        res = csi.fit(acsi_mobi, m)
    assert res.table["se"].isna().all()
    assert res.fit_measures[["chisq", "cfi", "rmsea", "aic"]].isna().all()
    assert np.isfinite(res.fit_measures[["srmr", "gfi"]]).all()
    assert res.index["se"].isna().all()
    assert np.isfinite(res.index["score"]).all()


def test_equal_weights_change_nothing(mobi, acsi_mobi):
    a = csi.fit(acsi_mobi, mobi, weights=np.full(250, 0.4), engine="native")
    b = csi.fit(acsi_mobi, mobi, engine="native")
    np.testing.assert_allclose(a.table["est"], b.table["est"], rtol=1e-8)
    np.testing.assert_allclose(a.table["se"], b.table["se"], rtol=1e-6)
