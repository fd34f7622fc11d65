"""Models of ordered answers against lavaan: estimates, errors, standardised values, corrected statistics and robust fit."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import frame, oracle

import csimodels as csi
from csimodels import CSIResults, ModelSpec

# lavaan stops within 1e-6 of the optimum; errors multiply that by derivatives through nearly empty cells (WLS: through the inverse of Gamma).
CLOSE, ERRORS = 2e-5, 1e-4
# The baseline of k1_mixed_wls is linear and solved in closed form here; lavaan's optimiser ends 1e-4 above it.
BASELINE = {"k1_mixed_wls": 2e-4}
FIVE = dict(zip(range(1, 11), [1, 1, 1, 1, 1, 2, 3, 4, 5, 5], strict=True))
SIZES = {"x2": 4, "x4": 3, "x5": 2, "x8": 5, "x9": 2}


def cut4():
    return frame("hs")[[f"x{k}" for k in range(1, 10)]].apply(lambda c: pd.cut(c, 4, labels=False) + 1.0)


def five():
    return frame("mobi").replace(FIVE)


def mixed():
    hs = frame("hs")
    return hs.assign(**{item: pd.cut(hs[item], k, labels=False) + 1.0 for item, k in SIZES.items()})


def two():
    return frame("hs").assign(**mixed()[FEW])


FEW = ["x4", "x9"]
THETA, STD_LV = {"parameterization": "theta"}, {"std_lv": True}
CASES = {f"d8_hs_ordinal4_{e}": (cut4, True, {"estimator": e}) for e in ("wlsmv", "dwls")}
CASES |= {f"b18_qvs_ordinal_{e}": (five, True, {"estimator": e}) for e in ("wlsmv", "wlsm", "ulsmv", "dwls", "wls")}
CASES |= {f"a40_mobi_ordinal_{e}": (five, True, {"estimator": e}) for e in ("wlsmv", "wlsm", "ulsmv", "dwls", "wls")}
CASES |= {"a41_mobi_ordinal_wlsmv_theta": (five, True, THETA)}
CASES |= {f"k1_mixed_{e}": (mixed, list(SIZES), {"estimator": e}) for e in ("wlsmv", "wlsm", "ulsmv", "dwls", "wls", "uls")}
CASES |= {"k1_mixed_wlsmv_theta": (mixed, list(SIZES), THETA), "k1_mixed_wlsmv_stdlv": (mixed, list(SIZES), STD_LV)}
CASES |= {"k1_mixed_wlsmv_theta_stdlv": (mixed, list(SIZES), THETA | STD_LV)}
CASES |= {f"{m}_{p}": (two, FEW, {"parameterization": p}) for m in ("k4_probit",) for p in ("delta", "theta")}
CASES |= {f"k2_equal_{p}": (mixed, list(SIZES), {"parameterization": p}) for p in ("delta", "theta")}


CASES |= {"k8_labels_probit": (mixed, ["x4", "x5", "x9"], {})}
CASES |= {"k5_heywood_delta": (mixed, list(SIZES)[:4], {})}


@pytest.fixture(scope="module")
def fits():
    return {}


def fitted(fits, name):
    if name not in fits:
        read, ordinal, options = CASES[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", csi.CSIWarning)
            fits[name] = csi.fit(
                ModelSpec.from_lavaan(oracle(name)["model"]), read(), ordinal=ordinal, **({"estimator": "wlsmv"} | options)
            )
    return fits[name]


def by_parameter(table):
    rows = {(r["lhs"], r["op"], r["rhs"]): r for r in table.to_dict("records")}
    return rows | {(b, op, a): r for (a, op, b), r in rows.items() if op == "~~"}


@pytest.mark.parametrize("name", CASES)
def test_estimates_and_errors(fits, name):
    res, ref = fitted(fits, name), oracle(name)
    rows, compared = by_parameter(res.table), 0
    assert res.converged
    for p in ref["params"]:
        row = rows.get((p["lhs"], p["op"], p["rhs"] or ""))
        if row is None:
            assert p["est"] == 0, p
            continue
        assert row["est"] == pytest.approx(p["est"], rel=CLOSE, abs=CLOSE), p
        if p.get("se"):
            assert row["se"] == pytest.approx(p["se"], rel=ERRORS), p
            compared += 1
    assert compared >= ref["npar"]


@pytest.mark.parametrize("name", CASES)
def test_standardised_values(fits, name):
    rows, compared = by_parameter(fitted(fits, name).table), 0
    for p in oracle(name)["std_all"]:
        row = rows.get((p["lhs"], p["op"], p["rhs"] or ""))
        if row is not None and p["op"] in ("=~", "~", "~~", "|", ":="):
            assert row["std"] == pytest.approx(p["est.std"], rel=CLOSE, abs=CLOSE), p
            if p["se"]:
                assert row["std_se"] == pytest.approx(p["se"], rel=ERRORS, abs=CLOSE), p
                compared += 1
    assert compared > 10


@pytest.mark.parametrize("name", CASES)
def test_fit_measures(fits, name):
    measures, compared = fitted(fits, name).fit_measures, 0
    for key, value in oracle(name)["fit"].items():
        own = key.replace(".", "_")
        if own in measures and value is not None:
            assert measures[own] == pytest.approx(value, rel=BASELINE.get(name, CLOSE), abs=CLOSE), key
            compared += 1
        if value is None and own.endswith("robust"):
            assert own not in measures, key
    assert compared >= 12
    if name.startswith(("d8", "b18")) and name.endswith("wlsmv"):
        assert {"cfi_robust", "rmsea_robust", "chisq_scaled"} <= set(measures.dropna().index)


def test_single_ordered_item_is_the_probit(fits):
    """A construct with one ordered item is that item; lavaan leaves its variance free beside a fixed one and finds no errors."""
    probit = fitted(fits, "k4_probit_delta")
    model = oracle("k4_probit_delta")["model"].replace("x9 ~", "outcome =~ x9\noutcome ~")
    single = csi.fit(ModelSpec.from_lavaan(model), two(), ordinal=FEW, estimator="wlsmv")
    a, b = by_parameter(probit.table), by_parameter(single.table)
    for source in ("visual", "textual"):
        for column in ("est", "se", "std", "std_se"):
            assert b["outcome", "~", source][column] == pytest.approx(a["x9", "~", source][column], rel=1e-6, abs=1e-9)
    for measure in ("chisq", "chisq_scaled", "df"):
        assert single.fit_measures[measure] == pytest.approx(probit.fit_measures[measure], rel=1e-8)


def test_theta_of_a_heywood_case_says_that_it_does_not_converge():
    """Theta has no solution where the residual behind an item is negative under delta: its loading runs away."""
    with pytest.warns(csi.ConvergenceWarning), warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.DataWarning)
        warnings.simplefilter("ignore", csi.ImproperSolutionWarning)
        spec = ModelSpec.from_lavaan(oracle("k5_heywood_delta")["model"])
        res = csi.fit(spec, mixed(), ordinal=list(SIZES)[:4], estimator="wlsmv", parameterization="theta")
    assert not res.converged


def demo(n=500):
    """Five categories of the demo's items, a binary complaint."""
    survey = csi.load_acsi_demo().iloc[:n]
    items = [c for c in csi.load_model("acsi_1996").items if c != "complaint"]
    return survey.assign(**{c: np.ceil(survey[c] / 2) for c in items})


@pytest.fixture(scope="module")
def acsi():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return {p: csi.fit_acsi(demo(), estimator="wlsmv", ordinal=True, parameterization=p, scale=(1, 5)) for p in ("delta", "theta")}


def test_index_is_of_the_answers_in_either_parameterisation(acsi):
    a, b = acsi["delta"], acsi["theta"]
    pd.testing.assert_frame_equal(a.index, b.index, rtol=1e-6)
    pd.testing.assert_frame_equal(a.impact(), b.impact(), rtol=1e-6)
    pd.testing.assert_frame_equal(a.index_table("standardised"), b.index_table("standardised"), rtol=1e-6)
    means = (demo()[["sat_overall", "sat_confirm", "sat_ideal"]].mean() - 1) / 4 * 100
    shares = a.weights.query("construct == 'satisfaction'")["share"].to_numpy()
    assert a.index["score"]["satisfaction"] == pytest.approx(float(means @ shares), rel=1e-9)


def test_scores_of_respondents_average_to_the_index(acsi):
    scores = acsi["delta"].scores(demo())
    np.testing.assert_allclose(scores.mean().to_numpy(), acsi["delta"].index["score"].to_numpy(), rtol=1e-9)


def test_standardised_values_do_not_depend_on_the_parameterisation(acsi):
    for column in ("std", "std_se"):
        np.testing.assert_allclose(acsi["delta"].paths[column], acsi["theta"].paths[column], rtol=1e-5)
    for column in ("chisq", "chisq_scaled", "cfi_robust", "srmr"):
        assert acsi["delta"].fit_measures[column] == pytest.approx(acsi["theta"].fit_measures[column], rel=1e-6)


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_json_round_trip(acsi, parameterization):
    res = acsi[parameterization]
    again = CSIResults.from_json(res.to_json())
    pd.testing.assert_frame_equal(again.table, res.table)
    pd.testing.assert_frame_equal(again.effects, res.effects)
    pd.testing.assert_frame_equal(again.index, res.index)
    pd.testing.assert_series_equal(again.fit_measures, res.fit_measures)
    assert again.options == res.options


def test_empty_pairs_of_answers_are_said():
    with pytest.warns(csi.DataWarning, match="pairs of answers were given by nobody") as heard:
        res = csi.fit(ModelSpec.from_lavaan(oracle("d8_hs_ordinal4_wlsmv")["model"]), cut4(), ordinal=True, estimator="wlsmv")
    assert heard[0].filename == __file__
    assert any("given by nobody" in text for text in res.warnings)


def test_order_of_rows_and_coding_of_categories_do_not_matter():
    spec, data = ModelSpec.from_lavaan(oracle("b18_qvs_ordinal_wlsmv")["model"]), five()
    coded = data.replace({1: -3.0, 2: 0.5, 3: 10.0, 4: 11.0, 5: 99.0}).sample(frac=1, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        a, b = (csi.fit(spec, d, ordinal=True, estimator="wlsmv") for d in (data, coded))
    np.testing.assert_allclose(a.table["est"], b.table["est"], atol=1e-9)
    np.testing.assert_allclose(a.table["se"].fillna(0), b.table["se"].fillna(0), atol=1e-9)


QVS = "Quality =~ PERQ1 + PERQ3 + PERQ4\nSatisfaction =~ CUSA1 + CUSA2 + CUSA3\nSatisfaction ~ Quality"
IN_PATHS = QVS + "\nCUSL1 ~ 0.5*Satisfaction"
REFUSED = [
    (QVS, {"estimator": "wlsmv"}, "option.ordinal"),
    (QVS, {"estimator": "dwls", "parameterization": "theta"}, "option.ordinal"),
    (QVS, {"estimator": "mlr", "ordinal": ["CUSA1"]}, "option.ordinal"),
    (QVS, {"estimator": "wlsmv", "ordinal": True, "weights": np.arange(1.0, 251.0)}, "option.ordinal_model"),
    (QVS, {"estimator": "wlsmv", "ordinal": True, "clusters": "CUSL1"}, "option.ordinal_model"),
    (QVS + "\nCUSA1 ~ 0*1", {"estimator": "wlsmv", "ordinal": True}, "option.other_estimator"),
    (QVS + "\nSatisfaction ~ a*Quality\na == 1", {"estimator": "wlsmv", "ordinal": True}, "option.ordinal_model"),
    (QVS + "\nSatisfaction ~ CUSL1", {"estimator": "wlsmv", "ordinal": ["CUSA1"]}, "option.ordinal_model"),
    (IN_PATHS, {"estimator": "wlsmv", "ordinal": True}, "option.ordinal_model"),
    ("f =~ CUSA1 + CUSA2\nCUSA1 ~~ e*CUSA1\nCUSA2 ~~ e*CUSA2", {"estimator": "wlsmv", "ordinal": True}, "identification.ordinal"),
]


@pytest.mark.parametrize(("model", "options", "code"), REFUSED)
def test_what_is_not_defined_is_refused(model, options, code):
    with pytest.raises(csi.CSIError) as caught:
        csi.fit(ModelSpec.from_lavaan(model), five(), **options)
    assert caught.value.code == code


def test_moments_alone_are_refused():
    m = csi.moments(five(), ModelSpec.from_lavaan(QVS))
    with pytest.raises(csi.MissingStatisticError):
        csi.fit(ModelSpec.from_lavaan(QVS), m, estimator="wlsmv", ordinal=True)


NESTED = {f"k6_{m}_{e}": e for m in ("paths", "loadings") for e in ("wlsmv", "wlsm", "ulsmv", "mlmv", "mlmvs", "mlm")}
NESTED |= {"k6_paths_wlsmv_theta": "wlsmv", "k6_loadings_mlmv_means": "mlmv"}


@pytest.mark.parametrize("name", NESTED)
def test_differences_of_nested_models(name):
    ref, estimator = oracle(name), NESTED[name]
    continuous = estimator.startswith("mlm")
    options = {"engine": "native"} if continuous else {"ordinal": list(SIZES)}
    options |= THETA if name.endswith("theta") else {"meanstructure": True} if name.endswith("means") else {}
    data = frame("hs") if continuous else mixed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        full, less = (csi.fit(ModelSpec.from_lavaan(ref[m]), data, estimator=estimator, **options) for m in ("full", "less"))
        row = csi.anova(full, less).iloc[1]
        again = csi.anova(*(CSIResults.from_json(r.to_json()) for r in (full, less))).iloc[1]
    assert row["chisq_diff"] == pytest.approx(ref["chisq_diff"], rel=ERRORS)
    assert row["df_diff"] == ref["df_diff"]
    assert row["pvalue"] == pytest.approx(ref["pvalue"], rel=5e-4)
    assert again["chisq_diff"] == pytest.approx(row["chisq_diff"], rel=1e-12)


MODIFIED = {f"k7_modified_{e}": {"estimator": e} for e in ("gls", "uls", "wls", "dwls")}
MODIFIED |= {f"k7_modified_ordinal_{e}": {"estimator": e, "ordinal": list(SIZES)} for e in ("wlsmv", "ulsmv", "wls")}
MODIFIED |= {"k7_modified_ordinal_theta": {"estimator": "wlsmv", "ordinal": list(SIZES)} | THETA}


@pytest.mark.parametrize("name", MODIFIED)
def test_modification_indices(name):
    ref = oracle(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        res = csi.fit(ModelSpec.from_lavaan(ref["model"]), mixed() if "ordinal" in name else frame("hs"), **MODIFIED[name])
    found = by_parameter(res.modification_indices())
    assert len(ref["modindices"]) > 50
    for m in ref["modindices"]:
        row = found[m["lhs"], m["op"], m["rhs"]]
        for own, theirs in {"mi": "mi", "epc": "epc", "epc_std": "sepc.all"}.items():
            assert row[own] == pytest.approx(m[theirs], rel=1e-3, abs=1e-4), (m, own)


def test_the_summary_says_what_was_done(acsi):
    text = " ".join(str(acsi["delta"].summary()).split())
    for part in ("ordered items (WLSMV)", "14 (delta parameterisation)", "lambda / theta within the block"):
        assert part in text, part
