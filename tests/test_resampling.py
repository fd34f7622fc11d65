"""Weights on rows into a stack of moments: against plain numpy on the rows themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csimodels.resample import MOST_JACKKNIFED, Rows, blocks_of, bootstrap_stack, group_stack, jackknife_stack, units_of

EXACT = 1e-12  # sums of whole numbers are exact; what is left is the subtraction of the squared means
FAR = 1e-6  # means of a million cost six of sixteen digits in plain numpy itself
WHOLE = np.random.default_rng(1).integers(1, 11, (60, 4)).astype(float)


def by_hand(values, weights=None):
    """Return mean and covariance with divisor the sum of weights."""
    w = np.ones(len(values)) if weights is None else weights
    mean = w @ values / w.sum()
    centred = values - mean
    return mean, (centred.T * w) @ centred / w.sum()


def agree(stack, members, tol=EXACT):
    for b, (values, w) in enumerate(members):
        mean, cov = by_hand(values, w)
        np.testing.assert_allclose(stack.mean[:, b], mean, atol=tol, rtol=tol)
        np.testing.assert_allclose(stack.cov[..., b], cov, atol=tol, rtol=tol)


@pytest.mark.parametrize(
    ("values", "dtype", "tol"),
    [(WHOLE, np.float32, EXACT), (WHOLE + 0.5, np.float64, EXACT), (WHOLE * 1000, np.float64, FAR), (WHOLE + 1e6, np.float32, FAR)],
    ids=["whole", "halves", "large", "far from zero"],
)
def test_moments_of_any_counts_are_those_of_repeated_rows(values, dtype, tol):
    rows = Rows(values)
    assert rows.dtype is dtype
    W = np.random.default_rng(2).multinomial(60, np.full(60, 1 / 60), size=7)
    agree(rows.moments(W.sum(axis=1), rows.sums(W)), [(np.repeat(values, w, axis=0), None) for w in W], tol)


def test_single_precision_is_not_used_where_a_sum_could_overflow_it():
    assert Rows(np.tile(WHOLE * 900, (60, 1))).dtype is np.float64


def test_row_weights_multiply_the_counts():
    w = np.linspace(0.5, 2, 60)
    rng = np.random.default_rng(5)
    stack = bootstrap_stack(Rows(WHOLE, w), units_of(60, None, None), rng, 3)
    again = np.random.default_rng(5).integers(0, 60, size=(3, 60))
    agree(stack, [(WHOLE[draw], w[draw]) for draw in again])
    np.testing.assert_allclose(stack.weight, w[again].sum(axis=1))


def test_large_surveys_are_worked_in_pieces(monkeypatch):
    import csimodels.resample as module

    whole = bootstrap_stack(Rows(WHOLE), units_of(60, None, None), np.random.default_rng(3), 20)
    monkeypatch.setattr(module, "FEATURES_BYTES", 1500)
    pieces = bootstrap_stack(Rows(WHOLE), units_of(60, None, None), np.random.default_rng(3), 20)
    np.testing.assert_allclose(pieces.cov, whole.cov, atol=EXACT)


def test_strata_keep_their_sizes():
    strata = np.repeat([0, 1], [45, 15])
    values = np.column_stack([strata.astype(float), WHOLE[:, 0]])
    stack = bootstrap_stack(Rows(values), units_of(60, strata, None), np.random.default_rng(1), 50)
    np.testing.assert_allclose(stack.mean[0], 15 / 60)
    assert stack.mean[1].std() > 0


def test_clusters_are_drawn_whole():
    cluster = np.repeat(np.arange(20), 3)
    values = cluster[:, None].astype(float) + np.array([0.0, 100.0])
    stack = bootstrap_stack(Rows(values), units_of(60, None, cluster), np.random.default_rng(1), 200)
    spread = stack.mean[0].std(ddof=1)
    assert spread == pytest.approx(np.std(np.arange(20)) / np.sqrt(20), rel=0.2)
    assert spread > 1.4 * values[:, 0].std() / np.sqrt(60)


def test_the_jackknife_leaves_out_each_row_or_cluster():
    rows = Rows(WHOLE, np.linspace(1, 2, 60))
    stack = jackknife_stack(rows, units_of(60, None, None))
    agree(stack, [(np.delete(WHOLE, i, axis=0), np.delete(rows.weights, i)) for i in range(60)], 1e-9)
    cluster = np.repeat(np.arange(12), 5)
    stack = jackknife_stack(Rows(WHOLE), units_of(60, None, cluster))
    agree(stack, [(WHOLE[cluster != c], None) for c in range(12)], 1e-9)


def test_the_jackknife_of_many_rows_leaves_out_sets_of_them():
    values = np.random.default_rng(1).normal(size=(2 * MOST_JACKKNIFED + 1, 2))
    stack = jackknife_stack(Rows(values), units_of(len(values), None, None))
    assert stack.mean.shape[1] == MOST_JACKKNIFED
    left = np.arange(len(values)) % MOST_JACKKNIFED
    agree(stack._replace(mean=stack.mean[:, :3], cov=stack.cov[..., :3]), [(values[left != g], None) for g in range(3)], 1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=60, max_size=60), st.booleans())
def test_groups_are_the_moments_of_their_rows_in_any_order(codes, weighted):
    code = np.array(codes)
    w = np.linspace(1, 3, 60) if weighted else None
    stack, size = group_stack(Rows(WHOLE, w), code, 4)
    np.testing.assert_array_equal(size, np.bincount(code, minlength=4))
    present = [g for g in range(4) if size[g]]
    kept = stack._replace(mean=stack.mean[:, present], cov=stack.cov[..., present])
    agree(kept, [(WHOLE[code == g], None if w is None else w[code == g]) for g in present], 1e-10)
    order = np.random.default_rng(0).permutation(60)
    shuffled, _ = group_stack(Rows(WHOLE[order], None if w is None else w[order]), code[order], 4)
    np.testing.assert_allclose(shuffled.cov[..., present], kept.cov, atol=1e-10)


@pytest.mark.parametrize("members", [1, 999, 1000, 1001, 5000])
def test_blocks_cover_every_member_once(members):
    covered = [k for start, stop in blocks_of(members) for k in range(start, stop)]
    assert covered == list(range(members))
