"""All groups of a survey in one stack: equal to fits one by one; what cannot be fitted is listed with the reason."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import csimodels as csi

PLS = 1e-6  # both stop when no weight moves by more than 1e-7
ML = 1e-5  # the stack stops at a Newton decrement of 1e-12, single fits at 1e-18; relative to standard errors this is nothing
DEMO = csi.load_acsi_demo()
KINDS = [
    ("pls", {}),
    ("pls", {"scheme": "centroid", "modes": {"quality": "B"}}),
    ("plsc", {}),
    ("ml", {}),
    ("ml", {"likelihood": "wishart", "std_lv": True}),
]
FLOATS = ["est", "se", "pvalue", "ci_lower", "ci_upper", "std"]


def one(estimator, options, rows, **more):
    own = {} if estimator != "ml" else {"engine": "native"}
    return csi.fit_acsi(rows, estimator=estimator, **own, **options, **more)


def part(table, keys, group):
    rows = table[(table[keys] == pd.Series(group)[keys]).all(axis=1)]
    return rows.drop(columns=keys).reset_index(drop=True)


@pytest.fixture(scope="module", params=KINDS, ids=lambda k: f"{k[0]}-{'-'.join(map(str, k[1]))}")
def both(request):
    """Grouped results with the fits one by one."""
    estimator, options = request.param
    keys = ["firm", "wave"]
    rows = DEMO[DEMO["wave"].isin(DEMO["wave"].unique()[:2])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.ImproperSolutionWarning)
        grouped = csi.fit_by("acsi_1996", rows, keys, estimator=estimator, **options)
        single = {g: one(estimator, options, part) for g, part in rows.groupby(keys, sort=False)}
    return grouped, single, keys, PLS if estimator.startswith("pls") else ML


def test_groups_stand_in_order_of_first_appearance(both):
    grouped, single, keys, _ = both
    assert list(grouped.groups[keys].itertuples(index=False, name=None)) == list(single)
    assert grouped.groups["converged"].all()
    assert grouped.failures.empty
    assert list(grouped.groups["rows"]) == [r.moments.rows for r in single.values()]


def test_every_table_equals_that_of_its_own_fit(both):
    grouped, single, keys, tol = both
    for group, res in single.items():
        at = dict(zip(keys, group, strict=True))
        own = part(grouped.table, keys, at)
        assert (own[["lhs", "op", "rhs", "label", "free"]].to_numpy() == res.table[["lhs", "op", "rhs", "label", "free"]].to_numpy()).all()
        np.testing.assert_allclose(own[FLOATS], res.table[FLOATS], atol=tol, rtol=tol)
        index = part(grouped.index, keys, at).set_index("construct")
        columns = ["score", "se", "ci_lower", "ci_upper"]
        np.testing.assert_allclose(index[columns], res.index.loc[index.index, columns], rtol=tol)
        effects = part(grouped.effects, keys, at)
        np.testing.assert_allclose(
            effects[["direct", "indirect", "total"]], res.effects[["direct", "indirect", "total"]], atol=tol, rtol=tol
        )
        rsquared = part(grouped.rsquared, keys, at).set_index("construct")["rsquared"]
        np.testing.assert_allclose(rsquared, res.rsquared[rsquared.index], rtol=tol)
        impact = part(grouped.impact(delta=3), keys, at)
        wide = res.impact(delta=3)
        np.testing.assert_allclose(
            impact["impact"], [wide.loc[d, t] for d, t in zip(impact["driver"], impact["target"], strict=True)], rtol=10 * tol
        )
        reliability = part(grouped.reliability, keys, at).set_index("construct")
        np.testing.assert_allclose(reliability, res.reliability[reliability.columns], rtol=tol)


def test_fit_measures_equal_those_of_its_own_fit(both):
    grouped, single, keys, tol = both
    measures = grouped.fit_measures.drop(columns=keys)
    for row, res in zip(measures.to_dict("records"), single.values(), strict=True):
        for name, value in row.items():
            assert value == pytest.approx(res.fit_measures[name], rel=10 * tol, abs=10 * tol), name


def test_paths_are_the_paths_of_the_table(both):
    grouped, *_ = both
    rows = grouped.table[grouped.table["op"] == "~"]
    np.testing.assert_array_equal(grouped.paths["est"], rows["est"])
    np.testing.assert_array_equal(grouped.paths["target"], rows["lhs"])


@pytest.mark.parametrize("estimator", ["pls", "ml"])
def test_weights_and_missing_answers_by_group(estimator):
    rows = DEMO[["firm", *csi.load_model("acsi_1996").items]].groupby("firm").head(300).reset_index(drop=True)
    rows = rows.assign(w=np.linspace(0.5, 2, len(rows)))
    rows.loc[::7, "value_price"] = np.nan
    with pytest.warns(csi.DataWarning):
        grouped = csi.fit_by("acsi_1996", rows, "firm", estimator=estimator, missing="mean", weights="w")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        for firm, own in rows.groupby("firm", sort=False):
            res = one(estimator, {}, own, missing="mean", weights="w")
            np.testing.assert_allclose(part(grouped.table, ["firm"], {"firm": firm})["est"], res.table["est"], rtol=ML, atol=ML)
            assert grouped.groups.set_index("firm").loc[firm, "imputed"] == res.moments.imputed
    assert grouped.index["se"].isna().all()
    assert grouped.table["se"].isna().all()


@pytest.fixture
def uneven():
    """A good group, a tiny one, one with a constant item, one with a copied item, and rows without a group."""
    rows = DEMO.head(1000).reset_index(drop=True).copy()
    rows["g"] = np.repeat(["good", "tiny", "flat", "copied", None], [400, 8, 200, 200, 192])
    rows["value_price"] = rows["value_price"].where(rows["g"] != "flat", 5)
    rows["value_price"] = rows["value_price"].where(rows["g"] != "copied", rows["value_quality"])
    return rows


@pytest.mark.parametrize(
    ("estimator", "failing"),
    [
        ("ml", {"tiny": "15 needed", "flat": "'value_price' does not vary", "copied": "linearly dependent"}),
        ("pls", {"flat": "'value_price' does not vary"}),
    ],
)
def test_what_cannot_be_fitted_is_listed_with_the_reason(uneven, estimator, failing):
    with pytest.warns(csi.CSIWarning) as said:
        grouped = csi.fit_by("acsi_1996", uneven, "g", estimator=estimator)
    assert set(grouped.failures["g"]) == set(failing)
    for _, row in grouped.failures.iterrows():
        assert failing[row["g"]] in row["reason"]
    assert set(grouped.index["g"]) == set(grouped.groups["g"]) - set(failing)
    words = " ".join(str(w.message) for w in said)
    assert "192 rows have no group" in words
    assert f"{len(failing)} of 4 groups have no solution" in words
    assert grouped.warnings == tuple(str(w.message) for w in said)
    text = repr(grouped)
    assert f"{len(failing)} without a solution" in text
    assert "Groups without a solution" in grouped._repr_html_()


def test_dependent_blocks_of_mode_b_are_named(uneven):
    with pytest.warns(csi.CSIWarning):
        grouped = csi.fit_by("acsi_1996", uneven, "g", estimator="pls", modes={"value": "B"})
    assert "linearly dependent" in grouped.failures.set_index("g").loc["copied", "reason"]


def test_min_rows_leaves_small_groups_out(uneven):
    with pytest.warns(csi.CSIWarning):
        grouped = csi.fit_by("acsi_1996", uneven, "g", estimator="pls", min_rows=100)
    assert grouped.failures.set_index("g").loc["tiny", "reason"] == "8 complete rows, 100 needed"


def test_a_bad_group_leaves_the_others_untouched(uneven):
    with pytest.warns(csi.CSIWarning):
        grouped = csi.fit_by("acsi_1996", uneven, "g")
    alone = csi.fit_by("acsi_1996", uneven[uneven["g"] == "good"], "g")
    np.testing.assert_allclose(part(grouped.table, ["g"], {"g": "good"})["est"], alone.table["est"], rtol=1e-9)


def test_group_names_are_escaped():
    rows = DEMO.head(400).assign(g="<script>alert(1)</script>")
    assert "<script>" not in csi.fit_by("acsi_1996", rows, "g", estimator="pls")._repr_html_()


def test_fit_acsi_and_fit_ecsi_take_by():
    grouped = csi.fit_acsi(DEMO, by=["industry", "firm"], estimator="pls")
    assert grouped.index.columns[:3].tolist() == ["industry", "firm", "construct"]
    mobi = frame("mobi").assign(half=np.arange(250) % 2)
    assert len(csi.fit_ecsi(mobi, by="half", estimator="pls").groups) == 2


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "mapping"])
def test_any_frame_can_be_grouped(kind):
    rows = DEMO.head(2000)
    expected = csi.fit_by("acsi_1996", rows, "firm", estimator="pls").index
    if kind == "polars":
        given = pytest.importorskip("polars").from_pandas(rows)
    elif kind == "pyarrow":
        given = pytest.importorskip("pyarrow").Table.from_pandas(rows)
    else:
        given = {c: rows[c].to_numpy() for c in rows}
    got = csi.fit_by("acsi_1996", given, "firm", estimator="pls").index
    np.testing.assert_allclose(got["score"], expected["score"])
    assert list(got["firm"]) == list(expected["firm"])


def test_a_model_without_scales_has_every_table_but_the_index():
    spec = csi.ModelSpec.from_lavaan("value =~ PERV1 + PERV2\nsatisfaction =~ CUSA1 + CUSA2 + CUSA3\nsatisfaction ~ value")
    grouped = csi.fit_by(spec, frame("mobi").assign(half=np.arange(250) % 2), "half", estimator="pls")
    assert len(grouped.paths) == 2
    for ask in (lambda: grouped.index, grouped.impact):
        with pytest.raises(csi.MissingStatisticError) as caught:
            ask()
        assert caught.value.code == "index.no_scale"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"by": []}, "option.by"),
        ({"by": ["firm", "firm"]}, "option.by"),
        ({"by": 3}, "option.by"),
        ({"by": "company"}, "data.missing_column"),
        ({"min_rows": -1}, "option.min_rows"),
        ({"min_rows": True}, "option.min_rows"),
        ({"engine": "lavaan"}, "option.engine"),
        ({"min_rows": 10**6}, "groups.none_usable"),
        ({"estimator": "ols"}, "option.estimator"),
    ],
)
def test_bad_input(options, code):
    with pytest.raises(csi.CSIError) as caught:
        csi.fit_by("acsi_1996", DEMO, **({"by": "firm"} | options))
    assert caught.value.code == code
    assert caught.value.hint
