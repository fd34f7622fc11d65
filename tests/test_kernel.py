"""The native kernel against finite differences of a plainly written likelihood, and against semopy unpolished."""

import warnings

import numpy as np
import pytest
from conftest import frame

import csimodels as csi
from csimodels.estimators.derivatives import expected_hessian, gradient, observed_hessian, pairs, sigma_jacobian
from csimodels.estimators.matrices import fill, implied, layout, parameters
from csimodels.estimators.ml import discrepancy, log_determinant, minimise
from csimodels.estimators.semopy_engine import semopy_text
from csimodels.estimators.starts import start
from csimodels.inference.identification import generic_point
from csimodels.measures.effects import effect_pairs, effects, effects_jacobian
from csimodels.measures.standardized import standardised, standardised_jacobian
from csimodels.partable import expand

# Central differences of a function of order one with step 1e-5 carry errors of about 1e-10 (first) and 1e-6 (second derivatives).
GRADIENT_TOL, HESSIAN_TOL = 1e-7, 1e-4
# semopy at ftol = 1e-12 stops about 1e-5 from the optimum.
SEMOPY_TOL = 1e-4

QVS = "Q =~ PERQ1 + PERQ3 + PERQ4 + PERQ6 + PERQ7\nV =~ PERV1 + PERV2\nS =~ CUSA1 + CUSA2 + CUSA3\nV ~ Q\nS ~ Q + V"
MODELS = {
    "qvs": QVS,
    "qvs, equal loadings and errors": QVS + "\nS =~ a*CUSA2 + a*CUSA3\nPERQ1 ~~ t*PERQ1\nPERQ3 ~~ t*PERQ3\nPERQ4 ~~ PERQ1",
    "observed exogenous variable": QVS + "\nS ~ CUEX1\nQ ~ CUEX1 + CUEX2",
    "observed outcomes": QVS + "\nCUSL1 ~ S\nCUSL3 ~ S + V",
    "second order": "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\ng =~ visual + textual + speed",
    "indicator regressed on a covariate": "visual =~ x1 + x2 + x3\nvisual ~ x4\nx2 ~ x4",
    "single items": QVS + "\nC =~ CUSCO\nC ~ S\nL =~ CUSL1 + CUSL3\nL ~ C + S",
}


def survey(text):
    return frame("hs" if "x1" in text else "mobi")


def setting(text, std_lv=False):
    spec = csi.ModelSpec.from_lavaan(text)
    table = expand(spec, std_lv)
    S = np.cov(survey(text)[list(spec.items)].to_numpy().T, bias=True)[None]
    return spec, table, layout(table), S


def complex_steps(function, x, step=1e-30):
    """Exact derivatives of an analytic function (Squire & Trapp 1998, doi:10.1137/S003614459631241X)."""
    return function(x + 1j * step * np.eye(x.size)).imag.T / step


def plain_discrepancy(lay, x, S):
    """Joreskog's F, written without any of the kernel's algebra."""
    mm = fill(lay, parameters(lay, x[None], S))
    Lambda, Beta, Psi, Theta = (part[0] for part in mm)
    A = np.linalg.inv(np.eye(len(Beta)) - Beta)
    Sigma = Lambda @ A @ Psi @ A.T @ Lambda.T + Theta
    return np.linalg.slogdet(Sigma)[1] + np.trace(S[0] @ np.linalg.inv(Sigma)) - np.linalg.slogdet(S[0])[1] - len(S[0])


def differences(function, x, step=1e-5):
    return np.array([(function(x + step * e) - function(x - step * e)) / (2 * step) for e in np.eye(x.size)])


@pytest.mark.parametrize("std_lv", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_derivatives_equal_finite_differences(name, std_lv):
    _, _, lay, S = setting(MODELS[name], std_lv)
    S = S / np.diagonal(S[0]).mean()
    x = generic_point(lay)
    info = pairs(lay)

    def parts(x):
        imp = implied(fill(lay, parameters(lay, x[None], S)))
        g, K, K_G = gradient(info, imp, np.linalg.inv(imp.Sigma), S)
        return imp, g[0], K, K_G

    imp, g, K, K_G = parts(x)
    np.testing.assert_allclose(g, differences(lambda y: plain_discrepancy(lay, y, S), x), atol=GRADIENT_TOL * max(1, np.abs(g).max()))
    H = observed_hessian(info, imp, K, K_G)[0]
    np.testing.assert_allclose(H, differences(lambda y: parts(y)[1], x), atol=HESSIAN_TOL * np.abs(H).max())
    J = sigma_jacobian(info, imp)[0]
    np.testing.assert_allclose(J, differences(lambda y: parts(y)[0].Sigma[0], x), atol=1e-6)
    W = np.linalg.inv(imp.Sigma[0])
    plain = np.einsum("kij,jr,lrs,si->kl", J, W, J, W)
    np.testing.assert_allclose(expected_hessian(info, K)[0], plain, atol=1e-9 * np.abs(plain).max())


@pytest.mark.parametrize("name", MODELS)
def test_kernel_equals_unpolished_semopy(name):
    """Default equals native proves nothing, since the default is polished: semopy alone, at a tight tolerance, must agree."""
    import semopy

    spec, table, lay, _S = setting(MODELS[name])
    native = csi.fit(spec, survey(MODELS[name]), engine="native")
    data = survey(MODELS[name])[list(spec.items)].set_axis([f"x{k}" for k in range(1, lay.p + 1)], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = semopy.Model(semopy_text(table, tuple(native.estimate.full.tolist())))
        result = model.fit(data, options={"ftol": 1e-12, "maxiter": 5000})
        se = model.inspect()
    active = [k for k, p in model.parameters.items() if p.active]
    est = np.array([model.param_vals[active.index(f"p{k}")] for k in range(1, lay.q + 1)])
    own_se = np.sqrt(np.diagonal(native.estimate.vcov))
    np.testing.assert_allclose(est, native.estimate.x, atol=SEMOPY_TOL, rtol=SEMOPY_TOL)
    assert native.fit_measures["chisq"] <= len(data) * result.fun + 1e-6
    theirs = np.sqrt(np.diagonal(model.calc_fim(inverse=True)[1]))[[active.index(f"p{k}") for k in range(1, lay.q + 1)]]
    np.testing.assert_allclose(theirs, own_se, rtol=SEMOPY_TOL)
    assert len(se) >= lay.q


def test_stack_equals_loop():
    """A stack of covariance matrices gives each member what it gets alone, failures included."""
    _, table, lay, _ = setting(QVS)
    rng = np.random.default_rng(4)
    values = frame("mobi")[list(table.observed)].to_numpy()
    S = np.stack([np.cov(values[rng.integers(0, 250, 250)].T, bias=True) for _ in range(12)])
    together = minimise(lay, S, start(table, lay, S))
    for b in range(len(S)):
        alone = minimise(lay, S[b : b + 1], start(table, lay, S[b : b + 1]))
        assert together.converged[b] == alone.converged[0]
        np.testing.assert_allclose(together.x[b], alone.x[0], rtol=1e-6, atol=1e-8)


def test_positive_definiteness_is_not_judged_by_a_determinant():
    """Two negative eigenvalues leave the determinant positive; the discrepancy must still be infinite."""
    Sigma = np.stack([np.diag([-1.0, -1.0, 2.0]), np.eye(3)])
    S = np.stack([np.eye(3)] * 2)
    F, _ = discrepancy(Sigma, S, log_determinant(S))
    assert np.isinf(F[0])
    assert F[1] == pytest.approx(0.0)


@pytest.mark.parametrize("text", [MODELS["qvs"], MODELS["single items"], MODELS["second order"]])
def test_kernel_finds_the_same_optimum_from_other_starts(text):
    _, table, lay, S = setting(text)
    usual = minimise(lay, S, start(table, lay, S))
    rng = np.random.default_rng(1)
    other = start(table, lay, S) * rng.uniform(0.8, 1.25, (1, lay.q))
    np.testing.assert_allclose(minimise(lay, S, other).F, usual.F, atol=1e-12)
    assert usual.converged.all()


@pytest.mark.parametrize("std_lv", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_derivatives_of_the_standardised_solution_equal_complex_steps(name, std_lv):
    _, _, lay, S = setting(MODELS[name], std_lv)
    x = generic_point(lay)
    std, J = standardised_jacobian(lay, parameters(lay, x[None], S)[0])
    np.testing.assert_allclose(std, standardised(lay, parameters(lay, x[None], S))[0], rtol=1e-12)
    steps = complex_steps(lambda y: standardised(lay, parameters(lay, y, S)), x)
    np.testing.assert_allclose(J, np.where(np.isfinite(steps), steps, J), atol=1e-10)


@pytest.mark.parametrize("std_lv", [False, True])
@pytest.mark.parametrize("name", [n for n in MODELS if n != "second order"])
def test_derivatives_of_the_effects_equal_complex_steps(name, std_lv):
    _, table, lay, S = setting(MODELS[name], std_lv)
    op, x = tuple(r.op for r in table.rows), generic_point(lay)
    found = effect_pairs(lay, op)
    J = effects_jacobian(lay, op, parameters(lay, x[None], S)[0], found)
    np.testing.assert_allclose(J, complex_steps(lambda y: effects(lay, op, parameters(lay, y, S), found), x), atol=1e-10)
