"""Every class of bad input has its own code, and its message names the variable, the value and the next step."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import csimodels as csi
from csimodels import Construct, Indicator, ModelSpec, Moments, Path

QVS = "Quality =~ PERQ1 + PERQ3 + PERQ4\nSatisfaction =~ CUSA1 + CUSA2 + CUSA3\nSatisfaction ~ Quality"
A, B = Construct("A", ["a1", "a2", "a3"]), Construct("B", ["b1", "b2", "b3"])
SWAPPED = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
COV = pd.DataFrame(np.eye(3) + 0.3, index=["x", "y", "z"], columns=["x", "y", "z"])


def qvs(**options):
    return csi.fit(ModelSpec.from_lavaan(QVS, target="Satisfaction", scale=(1, 10)), data(), engine="native", **options)


def data(**changes) -> pd.DataFrame:
    return frame("mobi").assign(**changes)


YES_NO = data(CUSA1=(data()["CUSA1"] > 7) * 1.0 + 1, CUSA2=np.ceil(data()["CUSA2"] / 4))


def with_value(column, value):
    df = data()
    df.loc[3, column] = value
    return df


def fit_data(df, **options):
    return csi.fit(ModelSpec.from_lavaan(QVS, target="Satisfaction", scale=(1, 10)), df, engine="native", **options)


def lavaan(text, **options):
    return ModelSpec.from_lavaan(text, **options)


def toml(text):
    return ModelSpec.from_toml(text)


def fitted_json(**changes):
    return json.dumps(json.loads(qvs().to_json()) | changes)


# code, what the message must name (variable and value), call
CASES = [
    # --- the spec
    ("spec.bad_name", ["indicator", "''"], lambda: Indicator("")),
    ("spec.items_not_a_list", ["'A'", "'a1'"], lambda: Construct("A", "a1")),
    ("scale.malformed", ["'a1'", "(5, 1)"], lambda: Indicator("a1", scale=(5, 1))),
    ("spec.bad_na_values", ["'a1'", "'x'"], lambda: Indicator("a1", na_values=("x",))),
    ("spec.reverse_without_scale", ["'a1'"], lambda: Indicator("a1", reverse=True)),
    ("spec.bad_mode", ["'A'", "'sideways'"], lambda: Construct("A", ["a1"], mode="sideways")),
    ("spec.no_indicators", ["'A'"], lambda: Construct("A", [])),
    ("spec.single_with_many", ["'A'", "2"], lambda: Construct("A", ["a1", "a2"], mode="single")),
    ("spec.bad_reliability", ["'A'", "1.5"], lambda: Construct("A", ["a1"], reliability=1.5)),
    ("spec.bad_sign", ["'A'", "'plus'"], lambda: Path("A", "B", "plus")),
    ("spec.self_path", ["'A'"], lambda: Path("A", "A")),
    ("spec.empty", ["'m'"], lambda: ModelSpec("m", [])),
    ("spec.duplicate_construct", ["'A'"], lambda: ModelSpec("m", [A, A])),
    ("spec.indicator_used_twice", ["'a1'", "'C'"], lambda: ModelSpec("m", [A, Construct("C", ["a1", "c2"])])),
    ("spec.name_clash", ["'a1'"], lambda: ModelSpec("m", [Construct("a1", ["a1", "a2"])])),
    ("spec.unknown_in_path", ["'A'", "'C'"], lambda: ModelSpec("m", [A, B], [Path("A", "C")])),
    ("spec.duplicate_path", ["'A'", "'B'"], lambda: ModelSpec("m", [A, B], [Path("A", "B"), Path("A", "B", "+")])),
    ("spec.cycle", ["A -> B -> A"], lambda: ModelSpec("m", [A, B], [Path("A", "B"), Path("B", "A")])),
    ("spec.bad_confidence", ["'m'", "'sure'"], lambda: ModelSpec("m", [A], confidence="sure")),
    ("spec.bad_anchors", ["'a1'", "'low'"], lambda: Indicator("a1", anchors="low")),
    ("spec.bad_origin", ["'dreamt'"], lambda: ModelSpec("m", [A], origin="dreamt")),
    ("spec.bad_estimators", ["'wls'"], lambda: ModelSpec("m", [A], estimators=["wls"])),
    ("spec.unknown_target", ["'C'"], lambda: ModelSpec("m", [A, B], [Path("A", "B")], target="C")),
    (
        "spec.cut_off",
        ["'C'", "'B'"],
        lambda: ModelSpec("m", [A, B, Construct("C", ["c"])], [Path("A", "B")], target="B"),
    ),
    (
        "spec.unknown_name",
        ["'satisfactoin'", "'satisfaction'"],
        lambda: csi.load_model("acsi_1996").without("satisfactoin"),
    ),
    ("spec.without_target", ["'satisfaction'"], lambda: csi.load_model("acsi_1996").without("satisfaction")),
    (
        "spec.rename_clash",
        ["'value_quality'"],
        lambda: csi.load_model("acsi_1996").rename({"value_price": "value_quality"}),
    ),
    ("scale.unknown_item", ["'sat_9'"], lambda: csi.load_model("acsi_1996").with_scale({"sat_9": (1, 5)})),
    # --- lavaan and TOML text
    ("syntax.not_text", ["int"], lambda: lavaan(3)),
    ("syntax.empty", ["no formula"], lambda: lavaan("# nothing")),
    ("syntax.unsupported_operator", ["Line 2", "'<'"], lambda: lavaan("f =~ a + b\na < 3")),
    ("syntax.intercept", ["Line 2", "'a'"], lambda: lavaan("f =~ a + b\na ~ 0")),
    ("syntax.bad_modifier", ["Line 1", "c(1,2)"], lambda: lavaan("f =~ a + c(1,2)*b")),
    ("syntax.unreadable", ["Line 1", "'2b'"], lambda: lavaan("f =~ a + 2b")),
    ("syntax.unwritable_name", ["'a b'"], lambda: ModelSpec("m", [Construct("f", ["a b", "c"])]).to_lavaan()),
    (
        "syntax.reliability_needs_variance",
        ["'a'"],
        lambda: ModelSpec("m", [Construct("f", ["a"], reliability=0.8)]).to_lavaan(),
    ),
    ("toml.invalid", ["not TOML"], lambda: toml("name = \n")),
    ("toml.no_file", ["'absent.toml'"], lambda: toml("absent.toml")),
    ("toml.unknown_key", ["'tytle'", "'title'"], lambda: toml("name = 'm'\ntytle = 'x'\nconstruct = []\n")),
    ("toml.missing_key", ["'construct'"], lambda: toml("name = 'm'\ntarget = 'x'\n")),
    ("toml.not_a_table", ["'A'"], lambda: toml("name = 'm'\nconstruct = ['A']\n")),
    ("catalog.unknown_model", ["'acsi_1997'", "'acsi_1996'"], lambda: csi.load_model("acsi_1997")),
    ("catalog.name_taken", ["'acsi_1996'"], lambda: csi.register_model(ModelSpec("acsi_1996", [A]))),
    # --- data
    (
        "data.missing_column",
        ["'CUSA3'", "columns=", "items=", "without="],
        lambda: fit_data(data().drop(columns="CUSA3")),
    ),
    ("data.not_numeric", ["'CUSA3'", "'good'"], lambda: fit_data(data(CUSA3="good"))),
    ("data.all_missing", ["'CUSA3'"], lambda: fit_data(data(CUSA3=np.nan))),
    ("data.no_variation", ["'CUSA3'", "7"], lambda: fit_data(data(CUSA3=7.0))),
    (
        "data.zero_variance",
        ["'CUSA3'"],
        lambda: fit_data(data(CUSA3=lambda d: np.where(d.index < 5, 3.0, 7.0), CUSA2=lambda d: d.CUSA2.where(d.index >= 5))),
    ),
    ("data.duplicate_header", ["'CUSA1'"], lambda: fit_data(pd.concat([data(), data()[["CUSA1"]]], axis=1))),
    ("data.duplicate_items", ["'CUSA1'", "'CUSA3'"], lambda: fit_data(data(CUSA3=lambda d: d.CUSA1))),
    ("data.singular", ["'CUSA3'"], lambda: fit_data(data(CUSA3=lambda d: (d.CUSA1 + d.CUSA2) / 2))),
    ("data.infinite", ["'CUSA3'", "inf"], lambda: fit_data(with_value("CUSA3", np.inf))),
    ("scale.out_of_range", ["'CUSA3'", "11"], lambda: fit_data(with_value("CUSA3", 11))),
    ("scale.looks_like_a_code", ["'CUSA3'", "99", "na_values"], lambda: fit_data(with_value("CUSA3", 99))),
    ("data.too_few_rows", ["6", "7"], lambda: fit_data(data().sample(6, random_state=1))),
    ("data.no_rows", ["no rows"], lambda: fit_data(data().head(0))),
    (
        "data.no_complete_rows",
        ["complete"],
        lambda: fit_data(data(CUSA1=lambda d: d.CUSA1.where(d.index < 125), CUSA2=lambda d: d.CUSA2.where(d.index >= 125))),
    ),
    ("data.not_a_frame", ["int"], lambda: fit_data(3)),
    ("data.ragged", ["'PERQ3'", "1"], lambda: fit_data({"PERQ1": [1, 2], "PERQ3": [1]})),
    ("data.array_shape", ["(5, 2)", "6"], lambda: fit_data(np.ones((5, 2)))),
    ("data.array_dtype", ["<U1"], lambda: fit_data(np.full((5, 6), "a"))),
    ("weights.unreadable", ["'w'"], lambda: qvs(weights="w")),
    ("weights.length", ["3", "250"], lambda: qvs(weights=[1, 2, 3])),
    ("weights.negative", ["-1"], lambda: qvs(weights=np.r_[-1, np.ones(249)])),
    ("weights.zero", ["zero"], lambda: qvs(weights=np.zeros(250))),
    # --- moments
    ("moments.not_labelled", ["(3, 2)"], lambda: Moments.from_cov(COV.iloc[:, :2], 100)),
    (
        "moments.duplicate_label",
        ["'x'"],
        lambda: Moments.from_cov(COV.set_axis(["x", "x", "z"], axis=0).set_axis(["x", "x", "z"], axis=1), 100),
    ),
    ("moments.not_finite", ["finite"], lambda: Moments.from_cov(COV.where(COV != 0.3), 100)),
    ("moments.not_symmetric", ["'z'", "'x'"], lambda: Moments.from_cov(COV.assign(x=[1.3, 0.3, 0.1]), 100)),
    ("moments.variance", ["'x'", "-"], lambda: Moments.from_cov(COV - 2 * np.diag([1, 0, 0]), 100)),
    ("moments.beyond_one", ["'x'", "'y'", "2.6", "correlation of 2"], lambda: Moments.from_cov(COV + 2.3 * SWAPPED, 100)),
    ("moments.bad_n", ["1"], lambda: Moments.from_cov(COV, 1)),
    ("moments.bad_mean", ["2", "3"], lambda: Moments.from_cov(COV, 100, mean=[1, 2])),
    ("option.divisor", ["'N'"], lambda: Moments.from_cov(COV, 100, divisor="N")),
    (
        "moments.items_differ",
        ["'x'"],
        lambda: Moments.from_cov(COV, 100, mean=[1, 2, 3]) + Moments.from_cov(COV.iloc[::-1, ::-1], 100, mean=[1, 2, 3]),
    ),
    ("moments.no_mean", ["mean="], lambda: Moments.from_cov(COV, 100) + Moments.from_cov(COV, 100)),
    (
        "moments.no_item",
        ["'a'"],
        lambda: csi.fit(lavaan("f =~ a + b + x"), Moments.from_cov(COV, 100), engine="native"),
    ),
    # --- options
    ("option.model", ["int"], lambda: csi.fit(3, data())),
    ("option.estimator", ["'mlx'"], lambda: qvs(estimator="mlx")),
    ("option.engine", ["'lavaan'"], lambda: csi.fit(lavaan(QVS), data(), engine="lavaan")),
    ("option.ordinal", ["'ml'"], lambda: qvs(ordinal=True)),
    ("option.ordinal_model", ["missing='mean'"], lambda: qvs(estimator="wlsmv", ordinal=True, missing="mean")),
    ("data.too_few_rows_wls", ["21 statistics", "20"], lambda: fit_data(data().head(20), estimator="wls")),
    ("data.singular_wls", ["yes/no"], lambda: fit_data(YES_NO, estimator="wls", ordinal=["CUSA2"])),
    ("ordinal.categories", ["'CUSA1'", "250"], lambda: fit_data(data(CUSA1=np.linspace(1, 10, 250)), estimator="wlsmv", ordinal=True)),
    ("strata.single", ["1 of 2 strata", "cluster"], lambda: qvs(strata=np.arange(250) >= 240, clusters=np.arange(250) // 10)),
    ("option.sampling", ["clusters"], lambda: qvs(estimator="gls", clusters=np.arange(250) // 10)),
    ("option.parameterization", ["'phi'"], lambda: qvs(estimator="wlsmv", ordinal=True, parameterization="phi")),
    ("groups.option", ["'mlr'"], lambda: csi.fit_by(lavaan(QVS), data(g=1), by="g", estimator="mlr")),
    ("option.missing", ["'drop'"], lambda: qvs(missing="drop")),
    ("option.likelihood", ["'cauchy'"], lambda: qvs(likelihood="cauchy")),
    ("option.std_lv", ["'yes'"], lambda: qvs(std_lv="yes")),
    ("option.columns", ["['Q1']"], lambda: qvs(columns=["Q1"])),
    ("option.columns_item", ["'CUSA9'", "'CUSA1'"], lambda: qvs(columns={"CUSA9": "Q1"})),
    ("option.without", ["5"], lambda: qvs(without=5)),
    ("option.items", ["['Q1']"], lambda: qvs(items=["Q1"])),
    ("option.na_values", ["'99'"], lambda: qvs(na_values="99")),
    ("option.na_values_item", ["'CUSA9'"], lambda: qvs(na_values={"CUSA9": [99]})),
    (
        "option.moments_are_final",
        ["weights"],
        lambda: csi.fit(lavaan("f =~ x + y + z"), Moments.from_cov(COV, 100), weights="w"),
    ),
    # --- identification
    (
        "identification.under_identified",
        ["'f'"],
        lambda: csi.fit(lavaan("f =~ PERQ1 + PERQ2"), data(), engine="native"),
    ),
    (
        "identification.formative",
        ["'A'"],
        lambda: csi.fit(ModelSpec("m", [Construct("A", ["PERQ1", "PERQ2"], mode="formative")]), data()),
    ),
    (
        "identification.formative_target",
        ["'A'"],
        lambda: csi.fit(
            lavaan("B =~ PERQ1 + PERQ2\nC =~ PERV1 + PERV2\nD =~ CUSA1 + CUSA2\nA <~ IMAG1 + IMAG2\nA ~ B\nC ~ A\nD ~ A"), data()
        ),
    ),
    # --- results
    ("index.no_target", ["target"], lambda: csi.fit(lavaan(QVS), data(), engine="native").csi),
    ("index.no_scale", ["'PERQ1'", "scale="], lambda: csi.fit(lavaan(QVS), data(), engine="native").index),
    (
        "index.no_means",
        ["mean="],
        lambda: csi.fit(lavaan("f =~ x + y + z", scale=(1, 10)), Moments.from_cov(COV, 100), engine="native").index,
    ),
    ("option.index_weights", ["'best'"], lambda: qvs().index_table("best")),
    ("option.index_weights_item", ["'CUSA9'"], lambda: qvs().index_table({"CUSA9": 1.0})),
    (
        "option.index_weights_sum",
        ["'Quality'", "0"],
        lambda: qvs().index_table(dict.fromkeys(["PERQ1", "PERQ3", "PERQ4", "CUSA1", "CUSA2", "CUSA3"], 0.0)),
    ),
    ("option.delta", ["0"], lambda: qvs().impact(delta=0)),
    ("option.level", ["95"], lambda: qvs().conf_int(95)),
    ("option.residuals", ["'big'"], lambda: qvs().residuals("big")),
    ("scores.other_data", ["249", "new_data"], lambda: qvs().scores(data().head(249))),
    ("result.no_semopy_model", ["engine"], lambda: qvs().semopy_model),
    ("result.no_file", ["'absent.json'"], lambda: csi.CSIResults.from_json("absent.json")),
    ("result.not_json", ["JSON"], lambda: csi.CSIResults.from_json("{]")),
    ("result.other_format", ["saved result"], lambda: csi.CSIResults.from_json("{}")),
    ("result.other_version", ["99"], lambda: csi.CSIResults.from_json(fitted_json(version=99))),
    ("result.incomplete", ["n"], lambda: csi.CSIResults.from_json(fitted_json(moments={}))),
    ("file.no_folder", ["nowhere"], lambda: qvs().to_json("nowhere/fit.json")),
    ("compare.empty", ["results"], lambda: csi.compare({})),
    ("compare.not_a_result", ["'ML'"], lambda: csi.compare({"ML": 3})),
]


@pytest.mark.parametrize(("code", "named", "call"), CASES, ids=[c[0] for c in CASES])
@pytest.mark.filterwarnings("ignore::csimodels.errors.CSIWarning")
def test_bad_input_is_named(code, named, call):
    with pytest.raises(csi.CSIError) as caught:
        call()
    error = caught.value
    assert error.code == code
    assert error.variable
    assert error.hint
    for text in named:
        assert text in str(error), str(error)


def test_there_are_at_least_forty_classes_of_bad_input():
    assert len({code for code, _, _ in CASES}) == len(CASES) >= 40


def test_errors_survive_a_process_boundary():
    import pickle

    with pytest.raises(csi.CSIError) as caught:
        csi.load_model("acsi_1997")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.value, str(again)) == (caught.value.code, caught.value.value, str(caught.value))


@pytest.mark.parametrize("dtype", ["string", "category", "object"])
def test_text_columns_are_refused_in_any_dtype(dtype):
    df = data(CUSA3=pd.Series(["good", "bad"] * 125, dtype=dtype))
    with pytest.raises(csi.DataError, match=r"data\.not_numeric"):
        fit_data(df)
