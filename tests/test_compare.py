"""A comparison holds what its parts hold."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import csimodels as csi
from csimodels.report.format import number, stars


@pytest.fixture(scope="module")
def parts():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec = csi.load_model("ecsi_mobile_2005")
        unscaled = csi.ModelSpec.from_lavaan(
            "satisfaction =~ CUSA1 + CUSA2 + CUSA3; loyalty =~ CUSL1 + CUSL3 + CUSL2; loyalty ~ satisfaction"
        )
        return {
            "short": csi.fit(spec.without("image"), frame("mobi"), engine="native"),
            "full & <b>": csi.fit(spec, frame("mobi"), engine="native"),
            "no scales": csi.fit(unscaled, frame("mobi"), engine="native"),
        }


@pytest.fixture(scope="module")
def both(parts):
    return csi.compare(parts)


@pytest.mark.parametrize("name", ["params", "std_errors", "pvalues", "fit_measures", "rsquared"])
def test_tables_equal_the_parts(both, parts, name):
    table = getattr(both, name)
    assert table.columns.tolist() == list(parts)
    rows = [label for r in parts.values() for label in getattr(r, name).index]
    assert table.index.tolist() == list(dict.fromkeys(rows))
    for model, result in parts.items():
        part = getattr(result, name)
        np.testing.assert_array_equal(table.loc[part.index, model], part)
        assert table[model].drop(part.index).isna().all()
    assert getattr(both, name) is table


def test_index_and_its_se(both, parts):
    for model in ("short", "full & <b>"):
        index = parts[model].index
        np.testing.assert_array_equal(both.index.loc[index.index, model], index["score"])
        np.testing.assert_array_equal(both.index_se.loc[index.index, model], index["se"])
    assert both.index["no scales"].isna().all() and both.index_se["no scales"].isna().all()
    assert list(both.index.index)[-1] == "image"


def test_paths_are_standardised(both, parts):
    for model, result in parts.items():
        for row in result.paths.itertuples():
            assert both.paths.loc[f"{row.target} ~ {row.source}", model] == row.std
            assert both.paths_se.loc[f"{row.target} ~ {row.source}", model] == row.std_se
    assert both.paths.notna().sum().tolist() == [len(r.paths) for r in parts.values()]


def test_summary_prints_estimates_over_standard_errors(both):
    lines = repr(both).splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("loyalty ~ satisfaction"))
    paths, p, se = (
        both.paths.loc["loyalty ~ satisfaction"],
        both.pvalues.loc["loyalty ~ satisfaction"],
        both.paths_se.loc["loyalty ~ satisfaction"],
    )
    assert lines[at].split()[3:] == [number(v) + stars(q) for v, q in zip(paths, p, strict=True)]
    assert lines[at + 1].split() == [f"({number(v)})" for v in se]
    assert lines[0].startswith("full & <b>: INADMISSIBLE SOLUTION")


@pytest.mark.parametrize("form", ["as_text", "as_html", "as_latex", "as_csv"])
def test_summary_in_every_format(both, form):
    text = getattr(both.summary(), form)()
    assert "INADMISSIBLE" in text
    assert number(both.fit_measures.loc["cfi", "short"]) in text
    if form == "as_html":
        assert "<b>" not in text and "full &amp; &lt;b&gt;" in text
    if form == "as_latex":
        assert r"full \& \textless{}b\textgreater{}" in text


def test_html_has_captions_scopes_and_no_script(both):
    html = both._repr_html_()
    tables = re.findall(r"<table.*?</table>", html, flags=re.DOTALL)
    assert len(tables) == 5
    assert all("<caption>" in t and 'scope="col"' in t and 'scope="row"' in t for t in tables)
    assert "<script" not in html and html.index("INADMISSIBLE") < html.index("<table")


@pytest.mark.parametrize("given", [{}, {"a": 1}, [1, 2], None])
def test_bad_input_is_named(given):
    with pytest.raises(csi.OptionError) as error:
        csi.compare(given)
    assert error.value.code == ("compare.empty" if given == {} else "compare.not_a_result")


def test_one_result_is_enough(parts):
    one = csi.compare({"only": parts["short"]})
    pd.testing.assert_series_equal(one.params["only"], parts["short"].params, check_names=False)
