"""Expectation dynamics: known panels, statsmodels run by hand, dummies against demeaning, cohorts, refusals."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import csimodels as csi
from csimodels.analyses.dynamics import expectation_dynamics

mpl.use("Agg")
SIDES = {"expectation": "e", "perception": "p"}


def panel(n=300, waves=4, rate=0.3, noise=0.5, seed=1):
    """Return a panel whose expectations close a known share of the gap from wave to wave."""
    rng = np.random.default_rng(seed)
    e, rows = 5 + rng.normal(size=n), []
    for t in range(waves):
        p = 5.5 + rng.normal(size=n)
        rows.append(pd.DataFrame({"who": np.arange(n), "wave": f"w{t + 1}", "e": e, "p": p}))
        e = e + rate * (p - e) + noise * rng.normal(size=n)
    return pd.concat(rows, ignore_index=True)


def cohorts(groups=20, waves=4, size=60, rate=0.4, seed=1):
    """Return independent customers of cohorts whose mean expectations adapt to mean perceptions."""
    rng = np.random.default_rng(seed)
    e, rows = 5 + rng.normal(size=groups), []
    for t in range(waves):
        p = 5 + 1.5 * rng.normal(size=groups)
        rows += [
            pd.DataFrame({"firm": f"f{g}", "wave": t, "e": e[g] + rng.normal(size=size), "p": p[g] + rng.normal(size=size)})
            for g in range(groups)
        ]
        e = e + rate * (p - e)
    return pd.concat(rows, ignore_index=True)


def lagged(df, unit="who"):
    ordered = df.sort_values([unit, "wave"]).copy()
    for c in ("e", "p"):
        ordered[f"{c}1"] = ordered.groupby(unit)[c].shift()
    return ordered.dropna().assign(change=lambda d: d["e"] - d["e1"], gap=lambda d: d["p1"] - d["e1"])


@pytest.fixture(scope="module")
def df():
    return panel()


@pytest.fixture(scope="module")
def found(df):
    return expectation_dynamics(df, **SIDES, panel="who")


def test_panel_is_clustered_least_squares(df, found):
    rows = lagged(df)
    fit = smf.ols("e ~ e1 + p1 + C(wave)", rows).fit(cov_type="cluster", cov_kwds={"groups": rows["who"]}, use_t=True)
    own = found.coefficients.set_index("name")
    for mine, theirs in {"expectation before": "e1", "perception before": "p1", "const": "Intercept", "wave w3": "C(wave)[T.w3]"}.items():
        expected = [fit.params[theirs], fit.bse[theirs], fit.pvalues[theirs], *fit.conf_int().loc[theirs]]
        np.testing.assert_allclose(
            own.loc[mine, ["est", "se", "pvalue", "ci_lower", "ci_upper"]].astype(float), expected, rtol=1e-7, atol=1e-12
        )
    assert (found.transitions, found.units, found.cov_type) == (900, 300, "cluster")


def test_rate_of_adaptation(df, found):
    rows = lagged(df)
    fit = smf.ols("change ~ gap + C(wave)", rows).fit(cov_type="cluster", cov_kwds={"groups": rows["who"]}, use_t=True)
    row = found.adaptation.iloc[0]
    np.testing.assert_allclose([row["est"], row["se"]], [fit.params["gap"], fit.bse["gap"]], rtol=1e-7)
    assert row["ci_lower"] < 0.3 < row["ci_upper"]
    assert row["half_life"] == pytest.approx(np.log(0.5) / np.log(1 - row["est"]))


def test_rivals_are_wald_tests(df, found):
    rows = lagged(df)
    fit = smf.ols("e ~ e1 + p1 + C(wave)", rows).fit(cov_type="cluster", cov_kwds={"groups": rows["who"]}, use_t=True)
    tests = {"memory only": "p1 = 0", "experience only": "e1 = 0", "neither": "e1 = 0, p1 = 0", "adaptive expectations": "e1 + p1 = 1"}
    own = found.models.set_index("model")
    for name, restriction in tests.items():
        test = fit.f_test(restriction)
        np.testing.assert_allclose(own.loc[name, "f"], float(test.fvalue), rtol=1e-6)
        np.testing.assert_allclose(own.loc[name, "pvalue"], float(test.pvalue), rtol=1e-6, atol=1e-12)
    assert own.loc["adaptive expectations", "pvalue"] > 0.01
    assert own.loc["memory only", "pvalue"] < 1e-6
    assert own.loc["memory and experience", "r2"] == pytest.approx(fit.rsquared)
    assert own.loc["memory only", "r2"] == pytest.approx(smf.ols("e ~ e1 + C(wave)", rows).fit().rsquared)


def test_unit_effects_are_dummies(df):
    small = df[df["who"] < 40]
    own = expectation_dynamics(small, **SIDES, panel="who", unit_effects=True).coefficients.set_index("name")
    fit = smf.ols("e ~ e1 + p1 + C(wave) + C(who)", lagged(small)).fit()
    np.testing.assert_allclose(own.loc[["expectation before", "perception before"], "est"], fit.params[["e1", "p1"]], rtol=1e-8)
    firms = cohorts(groups=12)
    mean = firms.groupby(["firm", "wave"], as_index=False)[["e", "p"]].mean()
    other = expectation_dynamics(firms, **SIDES, cohort="firm", unit_effects=True)
    fit = smf.ols("e ~ e1 + p1 + C(wave) + C(firm)", lagged(mean, "firm")).fit()
    own = other.coefficients.set_index("name")
    np.testing.assert_allclose(own.loc[["expectation before", "perception before"], "est"], fit.params[["e1", "p1"]], rtol=1e-8)
    assert not own.index.str.startswith("unit").any()


def test_cohort_means_are_weighted_by_respondents():
    df = cohorts(groups=8).sample(frac=0.8, random_state=1)
    own = expectation_dynamics(df, **SIDES, cohort="firm", wave_effects=False)
    cells = df.groupby(["firm", "wave"]).agg(e=("e", "mean"), p=("p", "mean"), n=("e", "size")).reset_index()
    rows = lagged(cells, "firm")
    fit = smf.wls("e ~ e1 + p1", rows, weights=rows["n"]).fit(cov_type="HC3", use_t=True)
    table = own.coefficients.set_index("name")
    np.testing.assert_allclose(table.loc[["expectation before", "perception before"], "est"], fit.params[["e1", "p1"]], rtol=1e-8)
    np.testing.assert_allclose(table.loc[["expectation before", "perception before"], "se"], fit.bse[["e1", "p1"]], rtol=1e-8)
    assert own.cov_type == "HC3"
    assert expectation_dynamics(cohorts(groups=10), **SIDES, cohort="firm").cov_type == "cluster"


def test_reliability_of_cohort_means():
    df = cohorts(groups=400, waves=2, size=20)
    own = expectation_dynamics(df, **SIDES, cohort="firm").reliability.set_index("name")["reliability"]
    assert own["perception"] == pytest.approx(2.25 / (2.25 + 1 / 20), abs=0.02)
    with pytest.warns(csi.CSIWarning, match="reliability"):
        few = expectation_dynamics(cohorts(groups=30, size=2), **SIDES, cohort="firm")
    assert few.warnings


def test_levels_and_scale(df, found):
    np.testing.assert_allclose(found.levels["expectation"], df.groupby("wave")["e"].mean())
    np.testing.assert_allclose(found.levels["gap"], df.groupby("wave")["p"].mean() - df.groupby("wave")["e"].mean())
    assert found.levels["wave"].tolist() == ["w1", "w2", "w3", "w4"]


def test_rows_and_units_left_out_are_said(df):
    holes = df.copy()
    holes.loc[[0, 1], "e"] = np.nan
    with pytest.warns(csi.DataWarning, match="2 of 1200 rows"):
        assert expectation_dynamics(holes, **SIDES, panel="who").left_out == 2
    once = df[(df["who"] >= 5) | (df["wave"] == "w2")]
    with pytest.warns(csi.DataWarning, match="5 of 300 units"):
        assert expectation_dynamics(once, **SIDES, panel="who").units == 295


def test_only_consecutive_waves_are_paired(df):
    own = expectation_dynamics(df[df["wave"] != "w3"], **SIDES, panel="who", order=None)
    assert own.transitions == 600
    gap = df[~((df["wave"] == "w3") & (df["who"] < 100))]
    assert expectation_dynamics(gap, **SIDES, panel="who").transitions == 300 + 200 + 200


CASES = {
    "dynamics.units": {"panel": None},
    "dynamics.column_twice": {"perception": "e"},
    "dynamics.one_wave": {"wave": "same"},
    "dynamics.wave_missing": {"wave": "holes"},
    "dynamics.order": {"order": ["w1", "w2"]},
    "dynamics.order_unknown": {"wave": "season"},
    "dynamics.duplicate": {"panel": "half"},
    "analysis.too_few_rows": {"panel": "unique"},
    "dynamics.exact": {"expectation": "fixed"},
    "dynamics.collinear": {"perception": "twin"},
    "option.unit_effects": {"unit_effects": 1},
    "option.wave_effects": {"wave_effects": None},
    "option.level": {"level": 1},
    "gap.scales_differ": {"scale": {"expectations": (1, 7), "perceptions": (1, 10)}},
    "data.missing_column": {"panel": "nobody"},
}


@pytest.mark.parametrize("code", CASES)
def test_bad_input_is_refused(df, code):
    bad = df.assign(
        same="w1", holes=df["wave"].where(df["who"] > 0), half=df["who"] // 2, unique=np.arange(len(df)), fixed=df["who"] / 50.0
    )
    bad = bad.assign(season=df["wave"].map({"w1": "spring", "w2": "summer", "w3": "autumn", "w4": "winter"}), twin=df["e"] * 2 + 1)
    with pytest.raises(csi.CSIError) as caught:
        expectation_dynamics(bad, **(SIDES | {"panel": "who"} | CASES[code]))
    assert caught.value.code == code
    assert caught.value.hint


def test_panel_and_cohort_together_are_refused(df):
    with pytest.raises(csi.OptionError, match="Both"):
        expectation_dynamics(df, **SIDES, panel="who", cohort="wave")


def test_one_cohort_that_decides_alone_is_refused():
    with pytest.raises(csi.DataError) as caught:
        expectation_dynamics(cohorts(groups=3, waves=3), **SIDES, cohort="firm", unit_effects=True, wave_effects=True)
    assert caught.value.code in ("dynamics.one_row_decides", "dynamics.exact")


def test_result_can_be_read_and_drawn(found):
    text = found.summary().as_text()
    assert "lambda" in text
    assert "Nickell" in text
    ax = found.plot()
    assert any("λ = " in t.get_text() for t in ax.get_legend().get_texts())
    assert 2 <= len(found.places) <= 12
    assert sum(n for _, _, n in found.places) == found.transitions
    assert csi.expectation_dynamics is expectation_dynamics


@pytest.mark.slow
def test_interval_of_the_rate_covers():
    """1,000 panels of 150 customers: the share of intervals that hold the true rate is inside the 99 % band about .95."""
    rounds, held = 1000, 0
    for seed in range(rounds):
        row = expectation_dynamics(panel(150, 3, seed=seed), **SIDES, panel="who").adaptation.iloc[0]
        held += row["ci_lower"] <= 0.3 <= row["ci_upper"]
    assert abs(held / rounds - 0.95) < 2.576 * np.sqrt(0.95 * 0.05 / rounds) + 0.005
