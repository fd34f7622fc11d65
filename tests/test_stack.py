"""Stacks of covariance matrices: resamples near a solution, and unrelated groups, against one fit at a time."""

import numpy as np
import pytest
from conftest import frame

import csimodels as csi
from csimodels.estimators import pool
from csimodels.estimators.derivatives import expected_hessian, gradient, pairs
from csimodels.estimators.matrices import THETA, fill, implied, layout, parameters, without_structure
from csimodels.estimators.ml import minimise, minimise_near, minimise_stack
from csimodels.estimators.starts import start
from csimodels.partable import expand

# A resample is done at a Newton decrement of 1e-8, and then takes the step that belongs to it: what is left of F is far below half of
# that, and the distance to the optimum in the metric of the Hessian, squared, below it (1e-3 standard errors at 250 rows).
F_TOL, DISTANCE_TOL = 1e-8, 1e-8
# A last step from a decrement below 1e-10 leaves next to nothing, but on the ridges of this survey more than that figure's square.
TIGHT_TOL = 1e-11
# The same arithmetic is done for a member in any company; on one machine it is the same to the last bit.
SAME = 1e-9

QVS = "Q =~ PERQ1 + PERQ3 + PERQ4 + PERQ6 + PERQ7\nV =~ PERV1 + PERV2\nS =~ CUSA1 + CUSA2 + CUSA3\nV ~ Q\nS ~ Q + V"
MODELS = {
    "qvs": QVS,
    "equal loadings and errors": QVS + "\nS =~ a*CUSA2 + a*CUSA3\nPERQ1 ~~ t*PERQ1\nPERQ3 ~~ t*PERQ3\nPERQ4 ~~ PERQ1",
    "observed exogenous variables": QVS + "\nS ~ CUEX1\nQ ~ CUEX1 + CUEX2",
    "covariances alone": "PERQ1 ~~ PERQ3\nPERQ3 ~~ PERQ4",
}


def resampled(values, members, seed=1):
    rng, n = np.random.default_rng(seed), len(values)
    return np.stack([np.cov(values[rng.integers(0, n, n)].T, bias=True) for _ in range(members)])


def setting(spec, members=40):
    """Return table, layout, whole-sample solution and covariance, and a stack of resamples."""
    table = expand(spec, False)
    lay, values = layout(table), frame("mobi")[list(table.observed)].to_numpy()
    S0 = np.cov(values.T, bias=True)
    whole = minimise(lay, S0[None], start(table, lay, S0[None]))
    assert whole.converged.all()
    return table, lay, whole.x[0], S0, resampled(values, members)


@pytest.fixture
def acsi(acsi_mobi):
    return setting(acsi_mobi)


def model(name):
    return csi.ModelSpec.from_lavaan(MODELS[name])


def squared_distance(lay, S, x, optimum):
    """Return (x - optimum)' H (x - optimum) with the expected Hessian at the optimum."""
    imp = implied(fill(lay, parameters(lay, optimum, S)))
    _, K, _ = gradient(pairs(lay), imp, np.linalg.inv(imp.Sigma), S)
    d = x - optimum
    return np.einsum("bk,bkl,bl->b", d, expected_hessian(pairs(lay), K), d)


def assert_same(found, expected, members=slice(None)):
    """Members of one solution are those of another, NaN for NaN."""
    np.testing.assert_array_equal(found.converged, expected.converged[members])
    np.testing.assert_array_equal(np.isnan(found.x), np.isnan(expected.x[members]))
    good = found.converged
    np.testing.assert_allclose(found.x[good], expected.x[members][good], rtol=SAME, atol=SAME)
    np.testing.assert_allclose(found.F[good], expected.F[members][good], rtol=SAME)
    np.testing.assert_array_equal(found.evaluations[good], expected.evaluations[members][good])


def assert_near(lay, S, x0, found):
    """Converged members stand where a fit of each alone, to the end, stands."""
    alone = [minimise(lay, S[b : b + 1], x0[None], near=True) for b in range(len(S))]
    good = found.converged & np.array([a.converged[0] for a in alone])
    assert good.sum() >= 0.8 * len(S)
    optimum = np.concatenate([a.x for a in alone])[good]
    np.testing.assert_allclose(found.F[good], np.concatenate([a.F for a in alone])[good], atol=F_TOL)
    assert squared_distance(lay, S[good], found.x[good], optimum).max() < DISTANCE_TOL


@pytest.mark.parametrize("name", MODELS)
def test_resamples_equal_a_loop_of_single_fits(name):
    _, lay, x0, S0, S = setting(model(name))
    assert_near(lay, S, x0, minimise_near(lay, S, x0, S0))


def test_resamples_of_the_acsi_model_equal_a_loop_of_single_fits(acsi):
    _, lay, x0, S0, S = acsi
    found = minimise_near(lay, S, x0, S0)
    assert_near(lay, S, x0, found)
    assert found.evaluations.max() <= 25


def test_a_tighter_tolerance_gives_the_optimum_itself(acsi):
    _, lay, x0, S0, S = acsi
    loose, tight = minimise_near(lay, S, x0, S0), minimise_near(lay, S, x0, S0, tol=1e-18, max_evaluations=200)
    good = loose.converged & tight.converged
    alone = minimise(lay, S, np.repeat(x0[None], len(S), axis=0), near=True)
    assert tight.decrement[good].max() <= 1e-18
    assert squared_distance(lay, S[good], tight.x[good], alone.x[good]).max() < TIGHT_TOL


def test_the_whole_sample_stays_at_its_solution(acsi):
    _, lay, x0, S0, _ = acsi
    found = minimise_near(lay, S0[None], x0, S0)
    assert found.converged.all()
    np.testing.assert_allclose(found.x[0], x0, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["qvs", "equal loadings and errors", "observed exogenous variables"])
def test_a_member_does_not_depend_on_its_company(name, monkeypatch):
    _, lay, x0, S0, S = setting(model(name), 60)
    together = minimise_near(lay, S, x0, S0)
    order = np.random.default_rng(2).permutation(len(S))
    assert_same(minimise_near(lay, S[order], x0, S0), together, order)
    assert_same(minimise_near(lay, S[7:8], x0, S0), together, slice(7, 8))
    monkeypatch.setattr(pool, "SLOTS", 5)
    assert_same(minimise_near(lay, S, x0, S0), together)


def improper(S, values):
    """Return covariance matrices that no model can be fitted to: a constant item, a copied item, too few rows, no numbers."""
    constant, copied = S.copy(), S.copy()
    constant[2], constant[:, 2] = 0.0, 0.0
    copied[1], copied[:, 1] = copied[0], copied[:, 0]
    return np.stack([constant, copied, np.cov(values[: len(S) - 2].T, bias=True), np.full_like(S, np.nan)])


def assert_failed(found, members):
    assert not found.converged[members].any()
    assert np.isnan(found.x[members]).all()
    assert np.isinf(found.F[members]).all()


def test_members_without_a_positive_definite_covariance_fail_alone():
    """Without an exception and without a warning: warnings are failures here."""
    table, lay, x0, S0, S = setting(model("qvs"), 20)
    bad = improper(S[0], frame("mobi")[list(table.observed)].to_numpy())
    at = np.array([0, 5, 11, 19])
    mixed = np.insert(S, at, bad, axis=0)
    failed = at + np.arange(4)
    kept = np.setdiff1d(np.arange(len(mixed)), failed)
    starts = np.zeros((len(mixed), lay.q))
    starts[kept] = start(table, lay, S)
    for found, expected in (
        (minimise_near(lay, mixed, x0, S0), minimise_near(lay, S, x0, S0)),
        (minimise_stack(lay, mixed, starts), minimise_stack(lay, S, starts[kept])),
    ):
        assert_failed(found, failed)
        assert_same(type(found)(*(part[kept] for part in found)), expected)
    assert_failed(minimise_near(lay, bad, x0, S0), slice(None))


def test_a_model_without_free_parameters_is_evaluated():
    table = expand(csi.ModelSpec.from_lavaan("PERQ1 ~~ 6*PERQ1\nPERQ3 ~~ 5*PERQ3\nPERQ1 ~~ 0*PERQ3"), False)
    lay, values = layout(table), frame("mobi")[list(table.observed)].to_numpy()
    S = resampled(values, 3)
    assert lay.q == 0
    for found in (minimise_near(lay, S, np.zeros(0), S[0]), minimise_stack(lay, S, np.zeros((3, 0)))):
        Sigma = np.diag(np.where(np.array(table.observed) == "PERQ1", 6.0, 5.0))
        expected = [np.linalg.slogdet(Sigma)[1] + np.trace(s @ np.linalg.inv(Sigma)) - np.linalg.slogdet(s)[1] - 2 for s in S]
        np.testing.assert_allclose(found.F, expected, rtol=1e-12)
        assert found.converged.all()


def test_an_empty_stack_gives_an_empty_solution():
    _, lay, x0, S0, S = setting(model("qvs"), 1)
    assert minimise_near(lay, S[:0], x0, S0).x.shape == (0, lay.q)


@pytest.mark.parametrize("name", MODELS)
def test_groups_equal_a_loop_of_single_fits(name):
    table, lay, _, _, S = setting(model(name), 30)
    first = start(table, lay, S)
    found = minimise_stack(lay, S, first)
    alone = [minimise(lay, S[b : b + 1], first[b : b + 1]) for b in range(len(S))]
    good = found.converged & np.array([a.converged[0] for a in alone])
    assert good.sum() >= 0.8 * len(S)
    optimum = np.concatenate([a.x for a in alone])[good]
    np.testing.assert_allclose(found.F[good], np.concatenate([a.F for a in alone])[good], atol=TIGHT_TOL)
    assert squared_distance(lay, S[good], found.x[good], optimum).max() < TIGHT_TOL


def test_a_start_that_is_not_positive_definite_falls_back_on_one_without_structure():
    table, lay, _, _, S = setting(model("equal loadings and errors"), 4)
    first = start(table, lay, S)
    wild = first.copy()
    covariances = lay.free[(lay.matrix == THETA) & (lay.row != lay.col) & (lay.free > 0)] - 1
    wild[1, covariances] = 1e3
    wild[2] = np.nan
    wild[3] = -np.abs(first[3])
    found = minimise_stack(lay, S, wild)
    plain = minimise_stack(lay, S, without_structure(lay, wild))
    assert found.converged[:2].all()
    np.testing.assert_allclose(found.x[1], plain.x[1], rtol=1e-6, atol=1e-8)
    assert found.evaluations[1] == plain.evaluations[1] + 1
    assert_failed(found, slice(2, None))


def test_a_first_step_that_leads_astray_is_not_taken():
    """Resamples of ten rows more than items are far from the whole sample: members start again from its solution, and fail in peace."""
    table, lay, x0, S0, _ = setting(model("qvs"))
    values, rng = frame("mobi")[list(table.observed)].to_numpy(), np.random.default_rng(3)
    S = np.stack([np.cov(values[rng.choice(250, 20, replace=False)].T, bias=True) for _ in range(40)])
    found = minimise_near(lay, S, x0, S0)
    assert np.isfinite(found.F[np.isfinite(found.x).all(axis=1)]).all()
    good = found.converged
    assert good.any()
    settled = minimise(lay, S[good], found.x[good], near=True)
    np.testing.assert_allclose(found.F[good], settled.F, atol=F_TOL)
