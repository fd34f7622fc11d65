"""The what-if panel: its numbers against impacts and effects, its text against hostile names; test_browser.py moves its sliders."""

import json
import re

import numpy as np
import pytest
from conftest import frame, oracle

import csimodels as csi
from csimodels import ModelSpec
from csimodels.pushes import bootstrapped_pushes, pushes_of

ACSI = ModelSpec.from_lavaan(oracle("b1_acsi_mobi_ml")["model"], target="Satisfaction", scale=(1, 10))


@pytest.fixture(scope="module")
def res():
    return csi.fit_acsi(csi.load_acsi_demo().iloc[:1000], engine="native")


def data_of(text):
    return json.loads(re.search(r'id="whatif-data">(.*?)</script>', text, re.S)[1])


def test_slopes_are_impacts_and_errors_those_of_effects(res):
    found, impact = pushes_of(res), res.impact(1)
    assert found.targets == ("satisfaction", "complaints", "loyalty")
    assert found.drivers == ("expectations", "quality", "value")
    np.testing.assert_allclose(found.slopes, impact.loc[list(found.drivers), list(found.targets)].T, rtol=1e-12)
    np.testing.assert_allclose(found.outcome, res.index["score"][list(found.targets)], rtol=1e-12)
    effects = res.effects.set_index(["source", "target"])
    for t, target in enumerate(found.targets):
        for d, driver in enumerate(found.drivers):
            row = effects.loc[(driver, target)]
            expected = abs(found.slopes[t, d] / row["total"]) * row["total_se"]
            assert np.sqrt(found.vcov[t, d, d]) == pytest.approx(expected, rel=1e-8)


def test_covariances_are_those_of_drawn_parameters(res):
    """Pushes together: the delta method against draws of the parameters from their distribution."""
    from dataclasses import replace

    from csimodels.tables import effects_derivatives

    found, e = pushes_of(res), res.estimate
    rng, draws = np.random.default_rng(1), []
    lay = e.layout
    for x in rng.multivariate_normal(e.x, e.vcov / 100, 400):
        full = e.full.copy()
        full[lay.estimated] = x[lay.free[lay.estimated] - 1]
        total = effects_derivatives(replace(e, x=x, full=full))
        at = {pair: total.total[k] for k, pair in enumerate(zip(total.sources, total.targets, strict=True))}
        draws.append([at[d, "satisfaction"] for d in found.drivers])
    base = np.array(
        [
            effects_derivatives(e).total[list(zip(*effects_derivatives(e)[:2], strict=True)).index((d, "satisfaction"))]
            for d in found.drivers
        ]
    )
    points = found.slopes[0] / base
    np.testing.assert_allclose(
        np.cov(np.array(draws).T) * 100 * np.outer(points, points), found.vcov[0], atol=0.15 * np.diag(found.vcov[0]).max()
    )


def test_the_page_holds_the_numbers(res):
    data, found = data_of(res.to_html()), pushes_of(res)
    np.testing.assert_array_equal(data["slopes"], found.slopes)
    np.testing.assert_array_equal(data["vcov"], found.vcov)
    assert data["targets"] == list(found.targets)


def test_pls_has_no_intervals_and_ordered_items_have():
    survey = csi.load_acsi_demo().iloc[:500]
    assert data_of(csi.fit_acsi(survey, estimator="pls").to_html())["vcov"] is None
    probit = csi.fit_acsi(survey, estimator="wlsmv", ordinal=["complaint"])
    assert np.isfinite(data_of(probit.to_html())["vcov"]).all()


@pytest.mark.parametrize("model", ["f =~ CUSA1 + CUSA2 + CUSA3", "Q =~ PERQ1 + PERQ2 + PERQ3\nL =~ CUSL1 + CUSL2 + CUSL3\nL ~ Q"])
def test_no_panel_where_nothing_can_be_pushed(mobi, model):
    text = csi.fit(ModelSpec.from_lavaan(model), mobi, engine="native").to_html()
    assert "whatif-data" not in text


HOSTILE = '</script><script>document.title="owned"</script>'


def hostile():
    parts = {c.name: HOSTILE for c in ACSI.constructs if c.name == "Quality"}
    from dataclasses import replace

    def name(n):
        return parts.get(n, n)

    constructs = tuple(replace(c, name=name(c.name)) for c in ACSI.constructs)
    paths = tuple(replace(p, source=name(p.source), target=name(p.target)) for p in ACSI.paths)
    return csi.fit(replace(ACSI, constructs=constructs, paths=paths), frame("mobi"), engine="native")


@pytest.mark.filterwarnings("ignore::csimodels.errors.CollinearityWarning")
def test_no_name_breaks_out():
    text = hostile().to_html()
    assert HOSTILE not in text
    assert HOSTILE in data_of(text)["drivers"]


def test_a_bootstrap_pushes_with_the_spread_of_its_resamples(res):
    survey = csi.load_acsi_demo().iloc[:1000]
    fit = csi.fit_acsi(survey, estimator="pls")
    boot = fit.bootstrap(survey, n_boot=400, seed=1)
    found, impact = bootstrapped_pushes(boot), boot.impact(1).set_index(["driver", "target"])
    np.testing.assert_array_equal(found.slopes, pushes_of(fit).slopes)
    for t, target in enumerate(found.targets):
        for d, driver in enumerate(found.drivers):
            assert found.slopes[t, d] == pytest.approx(impact.loc[(driver, target), "impact"], rel=1e-9)
            assert np.sqrt(found.vcov[t, d, d]) == pytest.approx(impact.loc[(driver, target), "se"], rel=1e-9)
    np.testing.assert_array_equal(data_of(boot.to_html())["vcov"], found.vcov)


def test_arrows_say_their_estimates_on_hover(res):
    titles = re.findall(r"<title>([^<]* → [^<]*)</title>", res.to_html())
    assert len(titles) == len(res.paths)
    row = res.paths.iloc[0]
    first = next(t for t in titles if t.startswith(f"{row['source']} → {row['target']}:"))
    assert f"standardised {row['std']:.3f}" in first
    assert "expected +, as expected" in first
    assert re.search(r"estimate [\d.]+ \[[\d.]+, [\d.]+\]; p &lt;0.001", first)


@pytest.mark.filterwarnings("ignore::csimodels.errors.CollinearityWarning")
def test_hostile_names_in_titles_are_escaped():
    assert "&lt;/script&gt;&lt;script&gt;document" in hostile().to_html()
