"""Response surface: statsmodels run by hand, known surfaces and their geometry, resamples in a loop, coverage of a1 to a5."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

import csimodels as csi
from csimodels.analyses.quadratic import RIVALS, features
from csimodels.analyses.surface import response_surface

mpl.use("Agg")
SIDES = {"expectation": "e", "perception": "p", "scale": (1, 7)}
TRUE = np.array([0.5, -0.3, -0.10, 0.15, -0.08])
TERMS = ["Intercept", "P", "E", "I(P ** 2)", "I(P * E)", "I(E ** 2)"]


def survey(n=500, seed=1, b=TRUE, noise=0.8):
    """Return answers on 1 to 7 and an outcome that is a known surface about the midpoint 4."""
    rng = np.random.default_rng(seed)
    e, p = rng.integers(1, 8, n), rng.integers(1, 8, n)
    E, P, age = e - 4.0, p - 4.0, rng.normal(40, 10, n)
    y = 5 + np.column_stack([P, E, P**2, P * E, E**2]) @ b + 0.01 * age + noise * rng.normal(size=n)
    return pd.DataFrame({"e": e, "p": p, "E": E, "P": P, "age": age, "sat": y})


@pytest.fixture(scope="module")
def df():
    return survey()


@pytest.fixture(scope="module")
def found(df):
    return response_surface(df, "sat", **SIDES, n_boot=300)


def by_hand(df, more="", cov_type="nonrobust"):
    return smf.ols(f"sat ~ P + E + I(P**2) + I(P*E) + I(E**2){more}", df).fit(cov_type=cov_type, use_t=True)


@pytest.mark.parametrize("cov_type", ["nonrobust", "HC3"])
@pytest.mark.parametrize("controls", [(), ("age",)])
def test_coefficients_and_features_are_those_of_statsmodels(df, cov_type, controls):
    own = response_surface(df, "sat", **SIDES, controls=controls, cov_type=cov_type, n_boot=2, level=0.9)
    fit = by_hand(df, " + I(age - age.mean())" if controls else "", cov_type)
    table = own.coefficients
    for column, values in {"est": fit.params, "se": fit.bse, "t": fit.tvalues, "pvalue": fit.pvalues}.items():
        np.testing.assert_allclose(table[column], values, rtol=1e-7, err_msg=column)
    np.testing.assert_allclose(table[["ci_lower", "ci_upper"]], fit.conf_int(0.1), rtol=1e-7)
    b, V = fit.params[TERMS[1:]].to_numpy(), fit.cov_params().loc[TERMS[1:], TERMS[1:]].to_numpy()
    weights = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1], [1, -1, 0, 0, 0], [0, 0, 1, -1, 1], [0, 0, 1, 0, -1]])
    np.testing.assert_allclose(own.surface["est"], weights @ b, rtol=1e-7)
    np.testing.assert_allclose(own.surface["se"], np.sqrt(np.diag(weights @ V @ weights.T)), rtol=1e-7)


FORMULAS = {
    "expectation only": "E",
    "perception only": "P",
    "difference P - E": "I(P - E)",
    "squared difference": "I((P - E)**2)",
    "difference and its square": "I(P - E) + I((P - E)**2)",
    "plane (E and P)": "P + E",
    "curved expectation only": "E + I(E**2)",
    "curved perception only": "P + I(P**2)",
}


@pytest.mark.parametrize("name", FORMULAS)
def test_rivals_are_nested_regressions(df, found, name):
    assert list(FORMULAS) == list(RIVALS)
    rival = smf.ols(f"sat ~ {FORMULAS[name]}", df).fit()
    f, p, lost = by_hand(df).compare_f_test(rival)
    row = found.models.set_index("model").loc[name]
    expected = [rival.df_model + 1, rival.rsquared, rival.rsquared_adj, rival.aic, f, lost, by_hand(df).df_resid, p]
    np.testing.assert_allclose(row.to_numpy(dtype=float), expected, rtol=1e-7, atol=1e-14)


def test_robust_rivals_are_wald_tests(df):
    own = response_surface(df, "sat", **SIDES, cov_type="HC3", n_boot=2).models.set_index("model").loc["difference P - E"]
    test = by_hand(df, cov_type="HC3").f_test("P + E = 0, I(P ** 2) = 0, I(P * E) = 0, I(E ** 2) = 0")
    assert own["f"] == pytest.approx(float(test.fvalue), rel=1e-7)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2, 2).filter(lambda v: abs(v) > 1e-2), min_size=5, max_size=5))
def test_surface_is_flat_at_its_stationary_point_and_symmetric_about_its_axes(values):
    b = np.array(values)
    H = np.array([[2 * b[4], b[3]], [b[3], 2 * b[2]]])
    if abs(np.linalg.det(H)) < 1e-3:
        return
    e0, p0, i1, s1, i2, s2 = features(b)
    np.testing.assert_allclose(H @ [e0, p0] + [b[1], b[0]], 0, atol=1e-7)
    bends = np.linalg.eigvalsh(H)
    for slope, intercept, bend in ((s1, i1, bends[1]), (s2, i2, bends[0])):
        axis = np.array([1, slope]) / np.hypot(1, slope)
        np.testing.assert_allclose(H @ axis, bend * axis, atol=1e-6 * (1 + abs(bend)))
        assert intercept + slope * e0 == pytest.approx(p0, rel=1e-6, abs=1e-6)


def test_known_hill_is_found():
    hill = np.array([0.4, 0.2, -0.3, 0.1, -0.2])
    own = response_surface(survey(20_000, b=hill, noise=0.1), "sat", **SIDES, n_boot=100)
    where = np.linalg.solve([[2 * hill[4], hill[3]], [hill[3], 2 * hill[2]]], -hill[[1, 0]])
    row = own.stationary.iloc[0]
    np.testing.assert_allclose([row["e"], row["p"]], where, atol=0.02)
    np.testing.assert_allclose([row["expectation"], row["perception"]], where + 4, atol=0.02)
    assert (row["kind"], row["on_scale"]) == ("maximum", True)
    assert own.predict(row["expectation"], row["perception"]) == pytest.approx(
        own.predict(*np.meshgrid(*[np.linspace(1, 7, 301)] * 2)).max(), abs=1e-3
    )
    assert (own.geometry["ci_lower"] < own.geometry["est"]).all()
    assert (own.geometry["est"] < own.geometry["ci_upper"]).all()


@pytest.mark.parametrize(("b", "kind"), [([0, 0, 0.2, 0.05, 0.2], "minimum"), ([0, 0, 0.2, 0.9, 0.2], "saddle")])
def test_kind_of_the_stationary_point(b, kind):
    assert response_surface(survey(b=np.array(b), noise=0.1), "sat", **SIDES, n_boot=2).stationary["kind"].item() == kind


def test_limits_of_the_geometry_are_those_of_a_loop_over_resamples(df):
    from csimodels.resample import Rows, bootstrap_stack, units_of

    draws = 60
    own = response_surface(df, "sat", **SIDES, n_boot=draws, seed=5).geometry
    X = np.column_stack([df["P"], df["E"], df["P"] ** 2, df["P"] * df["E"], df["E"] ** 2, df["sat"]])
    cov = bootstrap_stack(Rows(X), units_of(len(df), None, None), np.random.default_rng(5), draws).cov
    loop = np.array([features(np.linalg.solve(cov[:5, :5, k], cov[:5, 5, k])) for k in range(draws)])
    np.testing.assert_allclose(own[["ci_lower", "ci_upper"]], np.quantile(loop, [0.025, 0.975], axis=0).T, rtol=1e-6)


def test_a_plane_has_no_turn_and_a_reversed_outcome_turns_every_sign(df, found):
    other = response_surface(df.assign(sat=-df["sat"]), "sat", **SIDES, n_boot=2)
    np.testing.assert_allclose(other.surface["est"], -found.surface["est"], rtol=1e-7)
    np.testing.assert_allclose(other.stationary[["e", "p"]], found.stationary[["e", "p"]], rtol=1e-7)


def test_averaged_columns_and_shifted_scale(df, found):
    moved = df.assign(e1=df["e"] + 9, e2=df["e"] + 11, p1=df["p"] + 10)
    own = response_surface(moved, "sat", expectation=["e1", "e2"], perception="p1", scale=(10, 18), n_boot=2)
    np.testing.assert_allclose(own.coefficients["est"].iloc[1:], found.coefficients["est"].iloc[1:], rtol=1e-6)


def test_agreement_counts_standardised_differences(df, found):
    z = (df["p"] - df["p"].mean()) / df["p"].std() - (df["e"] - df["e"].mean()) / df["e"].std()
    assert found.agreement["n"].tolist() == [(z < -0.5).sum(), (z.abs() <= 0.5).sum(), (z > 0.5).sum()]
    assert sum(n for _, _, n in found.places) == len(df)


def test_rows_left_out_and_thin_zones_are_said(df):
    holes = df.copy()
    holes["p"] = holes["p"].astype(float)
    holes.loc[:6, "p"] = np.nan
    with pytest.warns(csi.DataWarning, match="7 of 500 rows"):
        own = response_surface(holes, "sat", **SIDES, n_boot=2)
    assert (own.left_out, own.n) == (7, 493)
    same = df.assign(p=np.where(np.arange(len(df)) % 20, df["e"], df["p"]))
    with pytest.warns(csi.CSIWarning, match="rests on few"):
        assert response_surface(same, "sat", **SIDES, n_boot=2).warnings


CASES = {
    "surface.column_twice": {"outcome": "p"},
    "surface.no_scale": {"scale": None},
    "surface.scales_differ": {"scale": {"expectation": (1, 7), "perception": (1, 10)}},
    "option.scale": {"scale": {"e": (1, 7)}},
    "option.cov_type": {"cov_type": "HC9"},
    "option.level": {"level": 2},
    "option.n_boot": {"n_boot": 1},
    "surface.exact": {"outcome": "made"},
    "surface.collinear": {"expectation": "two"},
    "surface.one_row_decides": {"controls": ["one"], "cov_type": "HC3"},
    "data.missing_column": {"outcome": "nothing"},
}


@pytest.mark.parametrize("code", CASES)
def test_bad_input_is_refused(df, code):
    one = np.zeros(len(df))
    one[3] = 1.0
    bad = df.assign(made=df["p"] - df["e"], two=np.where(df["e"] > 4, 7, 1), one=one)
    given_ = {"outcome": "sat", **SIDES, "n_boot": 2} | CASES[code]
    with pytest.raises(csi.CSIError) as caught:
        response_surface(bad, given_.pop("outcome"), **given_)
    assert caught.value.code == code
    assert caught.value.hint


def test_too_few_rows_are_refused(df):
    with pytest.raises(csi.DataError, match="too few"):
        response_surface(df.head(40), "sat", **SIDES)


def test_result_can_be_read_and_drawn(df, found):
    text = found.summary().as_text()
    assert "slope along P = E" in text
    assert "centred on its midpoint" in text.replace("\n", " ")
    assert set(found.tables) == {"coefficients", "surface", "models", "stationary", "geometry", "agreement"}
    ax = found.plot()
    assert ax.get_xlim() == (1, 7)
    assert {t.get_text().split(":")[0] for t in ax.get_legend().get_texts()} >= {"P = E"}
    hill = response_surface(survey(b=np.array([0.4, 0.2, -0.3, 0.1, -0.2])), "sat", **SIDES, n_boot=2).plot()
    assert any("stationary point (maximum)" in t.get_text() for t in hill.get_legend().get_texts())
    assert csi.response_surface is response_surface


@pytest.mark.slow
def test_intervals_of_the_surface_cover():
    """2,000 surveys of 300: the share of intervals that hold the truth is inside the 99 % binomial band about .95."""
    weights = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1], [1, -1, 0, 0, 0], [0, 0, 1, -1, 1], [0, 0, 1, 0, -1]])
    truth, rounds = weights @ TRUE, 2000
    held = np.zeros(5)
    for seed in range(rounds):
        table = response_surface(survey(300, seed), "sat", **SIDES, n_boot=2).surface
        held += (table["ci_lower"] <= truth) & (truth <= table["ci_upper"])
    assert (np.abs(held / rounds - 0.95) < 2.576 * np.sqrt(0.95 * 0.05 / rounds)).all()
