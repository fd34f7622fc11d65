"""The index row by row, and the index of a 0/1 item: a share."""

from functools import cache

import numpy as np
import pytest
from conftest import frame

import csimodels as csi
from csimodels import Construct, Indicator, ModelSpec
from csimodels.kinds import index_kind

EXACT = 1e-9
HIGHER = """
 Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Loyalty =~ CUSL1 + CUSL2 + CUSL3
 Offer =~ Image + Value
 Satisfaction ~ Offer
 Loyalty ~ Satisfaction
"""
ESTIMATORS = [{"estimator": "pls"}, {"estimator": "plsc"}, {"estimator": "ml", "engine": "native"}]


@cache
def demo(estimator, **options):
    return csi.fit_acsi(csi.load_acsi_demo(), estimator=estimator, **options)


def higher(**options):
    return csi.fit(ModelSpec.from_lavaan(HIGHER, target="Satisfaction", scale=(1, 10)), frame("mobi"), estimator="pls", **options)


# ---- complaint behaviour ----


@pytest.mark.parametrize("options", ESTIMATORS, ids=lambda o: o["estimator"])
def test_complaint_behaviour_is_the_percentage_of_complainers(options):
    complaint = csi.load_acsi_demo()["complaint"]
    n, share = len(complaint), complaint.mean()
    row = demo(**options).index.loc["complaints"]
    assert row["score"] == pytest.approx(100 * share, abs=EXACT)
    assert row["se"] == pytest.approx(100 * complaint.std(ddof=1) / np.sqrt(n), abs=EXACT)
    assert row["se"] == pytest.approx(100 * np.sqrt(share * (1 - share) / (n - 1)), abs=EXACT)


@pytest.mark.parametrize("rule", ["equal", "standardised"])
def test_no_weight_rule_changes_a_share(rule):
    assert demo("pls").index_table(rule).loc["complaints", "score"] == pytest.approx(
        demo("pls").index.loc["complaints", "score"], abs=EXACT
    )


@pytest.mark.parametrize("estimator", ["pls", "ml"])
def test_a_reverse_item_counts_the_zeros(estimator):
    df = csi.load_acsi_demo()
    turned = Indicator("content", scale=(0, 1), reverse=True)
    spec = csi.load_model("acsi_1996").with_items({"complaints": [turned]})
    res = csi.fit(spec, df.assign(content=1 - df["complaint"]), estimator=estimator, **({"engine": "native"} if estimator == "ml" else {}))
    assert res.index.loc["complaints", "score"] == pytest.approx(100 * df["complaint"].mean(), abs=EXACT)


@pytest.mark.parametrize("name", csi.models().index)
def test_shares_in_the_catalog_are_complaint_behaviour(name):
    spec = csi.load_model(name)
    shares = {c.name for c in spec.constructs if index_kind(c) == "share, %"}
    assert shares == {c.name for c in spec.constructs if c.meaning == "complaint behaviour" and len(c.items) == 1}


@pytest.mark.parametrize(
    ("construct", "kind"),
    [
        (Construct("complaints", [Indicator("complaint", scale=(0, 1))]), "share, %"),
        (Construct("complaints", [Indicator("handling", scale=(1, 10))]), "index"),
        (Construct("complaints", [Indicator(f"c{k}", scale=(0, 1)) for k in range(3)]), "index"),
        (Construct("complaints", [Indicator("complaint")]), "index"),
    ],
)
def test_a_share_is_one_yes_no_item(construct, kind):
    assert index_kind(construct) == kind


# ---- respondents ----


@pytest.mark.parametrize("rule", ["estimated", "equal", "standardised"])
@pytest.mark.parametrize("options", ESTIMATORS, ids=lambda o: o["estimator"])
def test_respondents_scores_average_to_the_index(options, rule):
    df = csi.load_acsi_demo()
    table, scores = demo(**options).index_table(rule), demo(**options).scores(df, weights=rule)
    assert scores.columns.tolist() == table.index.tolist()
    assert scores.index.equals(df.index)
    np.testing.assert_allclose(scores.mean(), table["score"], atol=EXACT)
    np.testing.assert_allclose(scores.std(ddof=1) / np.sqrt(len(df)), table["se"], atol=EXACT)
    if not any("negative weight" in text for text in demo(**options).warnings):
        assert scores.min().min() >= -EXACT
        assert scores.max().max() <= 100 + EXACT


def test_a_respondents_score_is_the_rule_written_plainly():
    df, res = csi.load_acsi_demo(), demo("pls")
    outer = res.table[res.table["op"] == "<~"]
    block = outer[outer["lhs"] == "satisfaction"]
    items = block["rhs"].tolist()
    u = block["est"].to_numpy() / df[items].std(ddof=1).to_numpy()
    np.testing.assert_allclose(res.scores(df)["satisfaction"], 100 * ((df[items] - 1) / 9) @ u / u.sum(), atol=1e-7)


@pytest.mark.parametrize("higher_order", ["disjoint", "embedded"])
def test_constructs_of_higher_order(higher_order):
    """A composite of composites is a composite of their items: its scores are a weighted mean of its parts'."""
    df, res = frame("mobi"), higher(higher_order=higher_order)
    scores = res.scores(df)
    assert scores.columns.tolist() == res.index.index.tolist()
    assert "Offer" in scores
    np.testing.assert_allclose(scores.mean(), res.index["score"], atol=EXACT)
    np.testing.assert_allclose(scores.std(ddof=1) / np.sqrt(len(df)), res.index["se"], atol=EXACT)
    shares, residual, _, _ = np.linalg.lstsq(scores[["Image", "Value"]].to_numpy(), scores["Offer"].to_numpy(), rcond=None)
    assert residual.max() < EXACT
    assert shares.sum() == pytest.approx(1, abs=EXACT)


def test_rows_left_out_have_no_score_and_means_fill_the_others():
    holes = frame("mobi_missing10")
    spec = ModelSpec.from_lavaan(HIGHER.replace(" + CUSL2", ""), target="Satisfaction", scale=(1, 10))
    used = holes[list(spec.items)].notna().all(axis=1)
    with pytest.warns(csi.DataWarning):
        dropped = csi.fit(spec, holes, estimator="pls")
    scores = dropped.scores(holes)
    assert scores.notna().all(axis=1).equals(used)
    np.testing.assert_allclose(scores.mean(), dropped.index["score"], atol=EXACT)
    with pytest.warns(csi.DataWarning):
        filled = csi.fit(spec, holes, estimator="pls", missing="mean")
    scores = filled.scores(holes)
    assert scores.notna().all(axis=None)
    np.testing.assert_allclose(scores.mean(), filled.index["score"], atol=EXACT)
