"""The paragraph to paste into a paper: it says what was done, and its numbers are those of the tables."""

import re
import warnings

import pytest
from test_imputed import completed
from test_missing import SPEC, holed

import csimodels as csi

SURVEY = csi.load_acsi_demo()
FIRM = SURVEY[SURVEY["firm"] == "Brimso"]


def with_holes():
    data = FIRM.astype({"sat_ideal": float})
    data.iloc[::11, data.columns.get_loc("sat_ideal")] = float("nan")
    return data


CASES = {
    "plain": (FIRM, {}, ["by maximum likelihood in csimodels", "n = 1000", "CFI = .", "R²"]),
    "robust": (FIRM, {"estimator": "mlr"}, ["robust (MLR; Yuan & Bentler, 2000)", "scaled χ²", "robust CFI", "robust RMSEA"]),
    "listwise": (with_holes(), {}, ["91 rows with a missing answer were left out", "n = 909"]),
    "fiml": (with_holes(), {"missing": "fiml"}, ["full-information maximum likelihood (Arbuckle, 1996)"]),
    "two-stage": (with_holes(), {"missing": "two-stage"}, ["two-stage estimation (Savalei & Bentler, 2009)"]),
    "probit": (FIRM, {"estimator": "wlsmv", "ordinal": ["complaint"]}, ["ordered categories (delta parameterization): complaint."]),
    "clusters": (FIRM, {"clusters": "price_tolerance"}, ["weights and clusters by the sandwich"]),
    "pls": (FIRM, {"estimator": "pls"}, ["partial least squares (Tenenhaus et al., 2005)", "root mean square residual was ."]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_says_what_was_done(name):
    data, options, parts = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        res = csi.fit_acsi(data, **options)
    text = res.method_paragraph()
    for part in parts:
        assert part in text, part
    assert f"satisfaction was {res.csi:.1f}" in text
    assert not re.search(r"\b0\.\d", text.replace(csi.__version__, "")), "no zero before the point of what is bounded by one"


def test_numbers_are_those_of_the_tables():
    res = csi.fit_acsi(FIRM, engine="native")
    fit, text = res.fit_measures, res.method_paragraph()
    chisq, p = re.search(r"χ²\(69\) = ([\d.]+), p = (\.\d+)", text).groups()
    assert float(chisq) == pytest.approx(fit["chisq"], abs=0.0051)
    assert float(p) == pytest.approx(fit["pvalue"], abs=0.00051)
    limits = re.search(r"90 % CI \[(\.\d+), (\.\d+)\]", text).groups()
    assert [float(x) for x in limits] == pytest.approx([fit["rmsea_ci_lower"], fit["rmsea_ci_upper"]], abs=0.00051)
    for name in ("quality", "value", "satisfaction", "complaints", "loyalty"):
        assert float(re.search(rf"{name} (\.\d\d)", text)[1]) == pytest.approx(res.rsquared[name], abs=0.0051)


def test_imputed_data_sets_are_said():
    text = csi.fit(SPEC, completed(holed()), missing="mi").method_paragraph()
    assert "Rubin's (1987) rules" in text
    assert text.startswith("The model was estimated")
    assert "Indices" not in text


@pytest.mark.filterwarnings("ignore::csimodels.errors.CSIWarning")
def test_an_inadmissible_solution_is_said(mobi):
    assert "inadmissible" in csi.fit_ecsi(mobi, engine="native").method_paragraph()


def test_the_page_has_it_escaped():
    res = csi.fit_acsi(FIRM.rename(columns={"complaint": "<b>"}), columns={"complaint": "<b>"}, estimator="wlsmv", ordinal=["<b>"])
    page = res.to_html()
    assert "ordered categories (delta parameterization): &lt;b&gt;." in page
