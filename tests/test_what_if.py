"""The what-if panel: its numbers against impacts and effects, its script in a browser, its text against hostile names."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from conftest import frame, oracle

import csimodels as csi
from csimodels import ModelSpec
from csimodels.pushes import pushes_of

BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
ACSI = ModelSpec.from_lavaan(oracle("b1_acsi_mobi_ml")["model"], target="Satisfaction", scale=(1, 10))


@pytest.fixture(scope="module")
def res():
    return csi.fit_acsi(csi.load_acsi_demo().iloc[:1000], engine="native")


def data_of(page):
    return json.loads(re.search(r'id="whatif-data">(.*?)</script>', page, re.S)[1])


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
    page = csi.fit(ModelSpec.from_lavaan(model), mobi, engine="native").to_html()
    assert "whatif-data" not in page


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
    page = hostile().to_html()
    assert HOSTILE not in page
    assert HOSTILE in data_of(page)["drivers"]


def browsed(page, tmp_path, script):
    """Return the page's DOM after a script has run in a headless browser."""
    file = tmp_path / "page.html"
    file.write_text(page.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom", file.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


MOVE = """
window.addEventListener("error", function (e) { document.title = "error " + e.message; });
[2, -1.5].forEach(function (x, d) {
  var s = document.getElementById("push-" + d); s.value = x; s.dispatchEvent(new Event("input"));
});
"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_sliders_move_the_numbers(res, tmp_path):
    found = pushes_of(res)
    dom = browsed(res.to_html(), tmp_path, MOVE)
    push = np.array([2.0, -1.5, 0.0])
    assert "error" not in re.search(r"<title>(.*?)</title>", dom)[1]
    for t in range(3):
        change = found.slopes[t] @ push
        half = 1.959963984540054 * np.sqrt(push @ found.vcov[t] @ push)
        now = re.search(rf'id="now-{t}">(.*?)<', dom)[1]
        assert float(now) == pytest.approx(found.outcome[t] + change, abs=0.051)
        shown = re.search(rf'id="range-{t}">\[(.*?), (.*?)\]<', dom)
        limits = [float(x.replace("\u2212", "-").replace("+", "")) for x in shown.groups()]
        np.testing.assert_allclose(limits, [change - half, change + half], atol=0.051)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::csimodels.errors.CollinearityWarning")
def test_a_hostile_name_does_nothing_in_a_browser(tmp_path):
    dom = browsed(hostile().to_html(), tmp_path, MOVE)
    assert "owned" not in re.search(r"<title>(.*?)</title>", dom)[1]
    assert "error" not in re.search(r"<title>(.*?)</title>", dom)[1]
    assert re.search(r'id="change-0">[^0]', dom)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_back_to_zero(res, tmp_path):
    dom = browsed(res.to_html(), tmp_path, MOVE + 'document.getElementById("whatif-reset").click();')
    assert re.search(r'id="change-0">0\.0<', dom)
    assert re.search(r'id="pushed-0"[^>]*>0\.0<', dom)


def test_arrows_say_their_estimates_on_hover(res):
    page = res.to_html()
    titles = re.findall(r"<title>([^<]* → [^<]*)</title>", page)
    assert len(titles) == len(res.paths)
    row = res.paths.iloc[0]
    first = next(t for t in titles if t.startswith(f"{row['source']} → {row['target']}:"))
    assert f"standardised {row['std']:.3f}" in first
    assert "expected +, as expected" in first
    assert re.search(r"estimate [\d.]+ \[[\d.]+, [\d.]+\]; p &lt;0.001", first)


@pytest.mark.filterwarnings("ignore::csimodels.errors.CollinearityWarning")
def test_hostile_names_in_titles_are_escaped():
    assert "&lt;/script&gt;&lt;script&gt;document" in hostile().to_html()
