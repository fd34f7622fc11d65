"""Item descriptions against pandas, and Mardia's tests against the sum over all pairs of rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import csimodels as csi
from csimodels import describe
from csimodels.describe import mardia

TIGHT = {"rel": 1e-9}
COLUMNS = ["construct", "n", "mean", "sd", "skew", "kurtosis", "pct_missing", "floor", "ceiling", "min", "max"]
COLUMNS += ["scale_lo", "scale_hi"]


@pytest.fixture(scope="module")
def survey():
    return csi.simulate("acsi_1996", 400, 1, missing=0.05)


def test_every_column_against_pandas(survey):
    table = csi.describe_items("acsi_1996", survey)
    assert list(table.columns) == COLUMNS
    assert list(table.index) == list(csi.load_model("acsi_1996").items)
    assert table.index.name == "item"
    for item, row in table.iterrows():
        x = survey[item]
        assert row["n"] == x.count()
        for name, value in (("mean", x.mean()), ("sd", x.std()), ("skew", x.skew()), ("kurtosis", x.kurt())):
            assert row[name] == pytest.approx(value, **TIGHT), (item, name)
        assert row["pct_missing"] == pytest.approx(100 * x.isna().mean())
        lo, hi = (0, 1) if item == "complaint" else (1, 10)
        assert (row["scale_lo"], row["scale_hi"], row["min"], row["max"]) == (lo, hi, x.min(), x.max())
        assert row["floor"] == pytest.approx(100 * (x.dropna() == lo).mean())
        assert row["ceiling"] == pytest.approx(100 * (x.dropna() == hi).mean())
    assert table.loc["complaint", "construct"] == "complaints"


def brute_force(rows):
    n, p = rows.shape
    centred = rows - rows.mean(axis=0)
    G = centred @ np.linalg.inv(centred.T @ centred / n) @ centred.T
    b1, b2 = (G**3).mean(), (np.diagonal(G) ** 2).mean()
    chisq, df = n * b1 / 6, p * (p + 1) * (p + 2) / 6
    z = (b2 - p * (p + 2)) / np.sqrt(8 * p * (p + 2) / n)
    return [b1, chisq, df, stats.chi2.sf(chisq, df), b2, z, 2 * stats.norm.sf(abs(z))]


@pytest.mark.parametrize("chunk", [10, 2_000_000])
@pytest.mark.parametrize(("n", "p"), [(60, 1), (80, 3), (500, 8)])
def test_mardia_against_all_pairs(monkeypatch, chunk, n, p):
    monkeypatch.setattr(describe, "CHUNK", chunk)
    rng = np.random.default_rng(p)
    rows = rng.exponential(size=(n, p)) @ rng.normal(size=(p, p)) * 1000 + 5e5
    got = mardia(rows)
    assert (got["n"], got["p"]) == (n, p)
    np.testing.assert_allclose([got[k] for k in describe.MARDIA], brute_force(rows), rtol=1e-6, atol=1e-300)


def test_mardia_uses_complete_rows(survey):
    got = csi.describe_items("acsi_1996", survey).attrs["mardia"]
    complete = survey.dropna().to_numpy(dtype=float)
    assert got["n"] == len(complete) < len(survey)
    np.testing.assert_allclose([got[k] for k in describe.MARDIA], brute_force(complete), rtol=1e-8)
    assert all(type(v) in (int, float) for v in got.values())


def test_mardia_accepts_normal_rows():
    rows = np.random.default_rng(3).normal(size=(20_000, 5))
    got = mardia(rows)
    assert min(got["skewness_pvalue"], got["kurtosis_pvalue"]) > 0.01


@pytest.mark.parametrize("rows", [np.ones((20, 3)), np.arange(6.0).reshape(2, 3), np.repeat(np.eye(9)[:, :1], 2, axis=1)])
def test_mardia_of_singular_rows_is_nan(rows):
    got = mardia(rows)
    assert got["n"] == len(rows)
    assert np.isnan([got[k] for k in describe.MARDIA]).all()


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "dict", "array"])
def test_any_container(survey, kind):
    if kind == "polars":
        data = pytest.importorskip("polars").from_pandas(survey)
    elif kind == "pyarrow":
        data = pytest.importorskip("pyarrow").Table.from_pandas(survey)
    else:
        data = survey.to_numpy() if kind == "array" else {c: survey[c].to_numpy() for c in survey}
    table = csi.describe_items("acsi_1996", data)
    expected = csi.describe_items("acsi_1996", survey)
    pd.testing.assert_frame_equal(table, expected)
    assert table.attrs["mardia"] == pytest.approx(expected.attrs["mardia"])


def test_adapts_the_model_to_the_survey(survey):
    other = survey.rename(columns={"sat_overall": "Q1"}).drop(columns="complaint")
    other.loc[:9, "Q1"] = 98
    table = csi.describe_items(
        "acsi_1996",
        other,
        columns={"sat_overall": "Q1"},
        items={"loyalty": ["repurchase"]},
        without=["complaints"],
        scale={"Q1": (0, 10)},
        na_values=[98],
    )
    assert "price_tolerance" not in table.index
    assert "complaint" not in table.index
    assert table.loc["Q1", ["construct", "scale_lo", "max"]].tolist() == ["satisfaction", 0, 10]
    assert table.loc["Q1", "n"] == other["Q1"].iloc[10:].count()


def test_reverse_items_are_described_as_given():
    f = csi.Construct("f", [csi.Indicator("a", (1, 7)), csi.Indicator("b", (1, 7), reverse=True), csi.Indicator("c", (1, 7))])
    spec = csi.ModelSpec("one", [f])
    df = csi.simulate(spec, 300, 1, means=80)
    assert csi.describe_items(spec, df).loc["b", "mean"] == pytest.approx(df["b"].mean())


def test_items_without_scale_have_no_floor():
    spec = csi.ModelSpec.from_lavaan("f =~ a + b + c; f ~ x")
    table = csi.describe_items(spec, csi.simulate(spec, 100, 1))
    assert table[["floor", "ceiling", "scale_lo", "scale_hi"]].isna().to_numpy().all()
    assert table.loc["x", "construct"] == ""


def test_data_are_left_alone(survey):
    before = survey.copy()
    csi.describe_items("acsi_1996", survey, na_values=[10])
    pd.testing.assert_frame_equal(survey, before)


def test_bad_input_is_named(survey):
    with pytest.raises(csi.DataError) as caught:
        csi.describe_items("acsi_1996", survey.drop(columns="sat_ideal"))
    assert (caught.value.code, caught.value.variable) == ("data.missing_column", "sat_ideal")
    with pytest.raises(csi.ScaleError) as caught:
        csi.describe_items("acsi_1996", survey, scale=(1, 5))
    assert caught.value.code == "scale.out_of_range"
    with pytest.raises(csi.CatalogError):
        csi.describe_items("acsi", survey)
