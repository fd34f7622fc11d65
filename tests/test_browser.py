"""The report in a browser: sliders, keyboard, colours, print, a screen reader's view, and nothing that a hostile name could do.

Numbers on the page have one decimal, hence 0.051.
"""

from dataclasses import replace

import numpy as np
import pytest
from conftest import frame

import csimodels as csi
from csimodels.pushes import bootstrapped_pushes, pushes_of

Z = 1.959963984540054
HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'
CONTRAST = """
() => {
  const lum = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const paper = lum(style("body").backgroundColor);
  const ratio = (colour) => { const l = lum(colour); return (Math.max(l, paper) + 0.05) / (Math.min(l, paper) + 0.05); };
  return { paper, ink: ratio(style("body").color), link: ratio(style("nav a").color), value: ratio(style(".gauges .value").stroke),
           target: ratio(style(".gauges .target .value").stroke) };
}
"""


@pytest.fixture(scope="module")
def survey():
    return csi.load_acsi_demo().iloc[:600]


@pytest.fixture(scope="module")
def res(survey):
    return csi.fit_acsi(survey, engine="native")


@pytest.fixture(scope="module")
def boot(survey):
    return csi.fit_acsi(survey, estimator="pls").bootstrap(survey, n_boot=200, seed=1)


@pytest.fixture
def opened(chromium, tmp_path):
    """Open pages from disk, and fail at the end where one complained or asked the network for anything."""
    said, asked = [], []
    context = chromium.new_context()

    def open_page(text, **emulated):
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.html"
        file.write_text(text, encoding="utf-8")
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        if emulated:
            tab.emulate_media(**emulated)
        tab.goto(file.as_uri())
        return tab

    yield open_page
    context.close()
    assert not said
    assert all(url.startswith("file:") for url in asked)


def push(tab, values):
    for d, value in enumerate(values):
        tab.locator(f"#push-{d}").fill(str(value))


def shown(tab, name):
    return tab.locator(f"#{name}").inner_text().replace("\u2212", "-").replace("+", "")


def check(tab, found, values):
    change = found.slopes @ values
    for t, outcome in enumerate(found.outcome):
        assert float(shown(tab, f"now-{t}")) == pytest.approx(outcome + change[t], abs=0.051)
        assert float(shown(tab, f"change-{t}")) == pytest.approx(change[t], abs=0.051)
        half = Z * np.sqrt(values @ found.vcov[t] @ values)
        limits = [float(x) for x in shown(tab, f"range-{t}").strip("[]").split(", ")]
        np.testing.assert_allclose(limits, [change[t] - half, change[t] + half], atol=0.051)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_sliders_move_the_numbers(opened, res, lang):
    tab, values = opened(res.to_html(lang=lang)), np.array([2.0, -1.5, 0.0])
    push(tab, values)
    check(tab, pushes_of(res), values)
    tab.locator("#whatif-reset").click()
    assert shown(tab, "change-0") == "0.0" and shown(tab, "pushed-0") == "0.0"


def test_sliders_of_a_bootstrap(opened, boot):
    tab, values = opened(boot.to_html(lang="zh")), np.array([1.0, 3.0, -2.0])
    push(tab, values)
    check(tab, bootstrapped_pushes(boot), values)


def test_the_keyboard_reaches_and_moves_a_slider(opened, res):
    tab = opened(res.to_html())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == "#main"
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.id") == "push-0":
            break
    tab.keyboard.press("ArrowRight")
    assert shown(tab, "pushed-0") == "0.5"
    assert float(shown(tab, "change-0")) == pytest.approx(0.5 * pushes_of(res).slopes[0, 0], abs=0.051)


def test_a_screen_reader_hears_names_and_numbers(opened, res):
    heard = opened(res.to_html()).locator("body").aria_snapshot()
    assert 'slider "expectations (now' in heard
    score = res.index.loc["satisfaction"]
    assert f'img "satisfaction: {score["score"]:.1f} of 100, 95 % interval {score["ci_lower"]:.1f} to {score["ci_upper"]:.1f}"' in heard
    assert 'navigation "Sections"' in heard and 'region "Structural model"' in heard
    assert 'columnheader "std"' in heard and 'rowheader "expectations"' in heard


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(opened, res, scheme):
    found = opened(res.to_html(), color_scheme=scheme).evaluate(CONTRAST)
    assert (found["paper"] < 0.1) == (scheme == "dark")
    assert found["ink"] > 7 and found["link"] > 4.5  # WCAG 2.2, 1.4.6 and 1.4.3
    assert found["value"] > 3 and found["target"] > 3  # WCAG 2.2, 1.4.11


def test_print_hides_what_paper_cannot_do(opened, boot):
    tab = opened(boot.to_html(), media="print", color_scheme="dark")
    assert not tab.locator("#push-0").is_visible() and not tab.locator("nav").is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.set_viewport_size({"width": 688, "height": 1000})  # an A4 page less its margins
    overflow = tab.evaluate(
        "[...document.querySelectorAll('table, figure, ul')].filter(e => e.getBoundingClientRect().right > 689).map(e => e.id)"
    )
    assert overflow == []
    assert tab.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.filterwarnings("ignore::csimodels.errors.CSIWarning")
def test_a_hostile_name_does_nothing(opened, lang):
    spec = csi.load_model("ecsi_mobile_2005").without("image")
    renamed = {"quality": HOSTILE}
    constructs = tuple(replace(c, name=renamed.get(c.name, c.name), label_zh=HOSTILE * (c.name == "value")) for c in spec.constructs)
    paths = tuple(replace(p, source=renamed.get(p.source, p.source), target=renamed.get(p.target, p.target)) for p in spec.paths)
    text = csi.fit(replace(spec, constructs=constructs, paths=paths), frame("mobi"), engine="native").to_html(lang=lang)
    tab = opened(text)
    push(tab, [1.0, 1.0])
    assert "owned" not in tab.title() and tab.locator("img").count() == 0 and tab.locator("script").count() == 2
    assert shown(tab, "pushed-1") == "1.0"


def test_an_injected_script_would_not_run(chromium, res, tmp_path):
    (tmp_path / "r.html").write_text(
        res.to_html().replace("</body>", "<script>document.title = 'owned';</script></body>"), encoding="utf-8"
    )
    tab = chromium.new_page()
    tab.goto((tmp_path / "r.html").as_uri())
    assert tab.title() == res.spec.title
    tab.close()
