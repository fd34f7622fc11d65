"""Properties that hold whatever the data: rescaling, order, bounds of the index."""

import numpy as np
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st

import csimodels as csi

# Two optima found by different routes agree to the Newton decrement, 1e-18, i.e. to about 1e-8 standard errors.
OPTIMUM = 1e-7

SPEC = csi.load_model("ecsi_mobile_2005").without("image")
MOBI = frame("mobi")
BASE = csi.fit(SPEC, MOBI, engine="native")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=19, max_size=19), st.lists(st.floats(-50, 50), min_size=19, max_size=19))
def test_rescaling_the_items_changes_no_standardised_value(slopes, shifts):
    """Fit, standardised values and the index do not depend on the items' units."""
    items = list(SPEC.items)
    data = MOBI[items] * slopes + shifts
    scale = {i: (a * 1 + b, a * 10 + b) for i, a, b in zip(items, slopes, shifts, strict=True)}
    res = csi.fit(SPEC, data, engine="native", scale=scale)
    np.testing.assert_allclose(res.table["std"], BASE.table["std"], atol=OPTIMUM)
    np.testing.assert_allclose(res.fit_measures[["chisq", "cfi", "srmr"]], BASE.fit_measures[["chisq", "cfi", "srmr"]], rtol=1e-8)
    np.testing.assert_allclose(res.index["score"], BASE.index["score"], atol=1e-5)
    np.testing.assert_allclose(res.impact(), BASE.impact(), atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_columns_and_indicators_does_not_matter(random):
    columns = list(MOBI.columns)
    random.shuffle(columns)
    rows = list(MOBI.index)
    random.shuffle(rows)
    res = csi.fit(SPEC, MOBI.loc[rows, columns], engine="native")
    np.testing.assert_allclose(res.table["est"], BASE.table["est"], atol=OPTIMUM)
    blocks = {c.name: random.sample(list(c.items), len(c.items)) for c in SPEC.constructs}
    other = csi.fit(SPEC.with_items(blocks), MOBI, engine="native")
    assert other.fit_measures["chisq"] == pytest.approx(BASE.fit_measures["chisq"], abs=1e-8)
    np.testing.assert_allclose(other.index["score"], BASE.index["score"], atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.booleans(), min_size=19, max_size=19), st.booleans())
def test_turning_items_round_flips_their_loadings_alone(turned, std_lv):
    """Starting values must not cancel in blocks of mixed sign; under std_lv the first loading is positive, as in lavaan."""
    sign = np.where(turned, -1.0, 1.0)
    text = csi.ModelSpec.from_lavaan(SPEC.to_lavaan())
    res = csi.fit(text, MOBI[list(SPEC.items)] * sign, engine="native", std_lv=std_lv)
    assert res.converged
    assert res.fit_measures["chisq"] == pytest.approx(BASE.fit_measures["chisq"], abs=1e-7)
    np.testing.assert_allclose(res.loadings["std"].abs(), BASE.loadings["std"], atol=OPTIMUM)
    if std_lv:
        assert (res.loadings.groupby("construct").first()["std"] > 0).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=19, max_size=19), st.floats(0, 1))
def test_the_index_lies_between_0_and_100_and_is_linear(weights, share):
    """With non-negative weights the index of any means on the scale lies in [0, 100]; all lowest is 0, all highest is 100."""
    from csimodels.measures.index import IndexWeights, index_scores

    u = np.array(weights).reshape(1, -1) + 1e-3
    w = IndexWeights(u, np.ones(19), np.full(19, 10.0), ("one",), (tuple(range(19)),))
    assert index_scores(w, np.ones(19))[0] == pytest.approx(0.0, abs=1e-9)
    assert index_scores(w, np.full(19, 10.0))[0] == pytest.approx(100.0)
    assert index_scores(w, np.full(19, 1 + 9 * share))[0] == pytest.approx(100 * share, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_both_engines_agree_on_resampled_surveys(seed):
    rows = np.random.default_rng(seed).integers(0, 250, 250)
    spec = SPEC.without("loyalty", "complaints", "expectations")
    data = MOBI.iloc[rows].reset_index(drop=True)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        a, b = csi.fit(spec, data), csi.fit(spec, data, engine="native")
    assert a.converged == b.converged
    if a.converged:
        assert a.fit_measures["chisq"] == pytest.approx(b.fit_measures["chisq"], abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("integers", [False, True])
def test_recovery_and_coverage(integers):
    """Over 1,000 surveys of 250 the 95 % intervals of paths cover the truth (99 % binomial band), with bias under 2 %."""
    spec = csi.load_model("acsi_1996").without("complaints")
    if not integers:
        spec = csi.ModelSpec.from_lavaan(spec.to_lavaan())
    truth = csi.simulate(spec, n=1, seed=0, integers=False).attrs["truth"]["paths"]
    covered, estimates = {k: 0 for k in truth}, {k: [] for k in truth}
    for seed in range(1000):
        res = csi.fit(spec, csi.simulate(spec, n=250, seed=seed, integers=integers), engine="native")
        rows = res.paths.assign(name=res.paths["target"] + " ~ " + res.paths["source"]).set_index("name")
        for k, value in truth.items():
            estimates[k].append(rows.loc[k, "std"])
            covered[k] += abs(rows.loc[k, "std"] - value) <= 1.959964 * rows.loc[k, "std_se"]
    band = 2.576 * np.sqrt(0.95 * 0.05 / 1000)
    for k, value in truth.items():
        assert abs(np.mean(estimates[k]) - value) < max(0.02 * abs(value), 3.3 * np.std(estimates[k]) / np.sqrt(1000)) + (
            0.01 if integers else 0
        )
        if not integers:
            assert abs(covered[k] / 1000 - 0.95) < band + 0.01
