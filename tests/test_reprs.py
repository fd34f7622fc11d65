"""What a terminal and a notebook show by themselves: every kind of object, nothing wider than a hundred columns, no name that acts."""

import time
import warnings
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import tqdm.auto

import csimodels as csi
from csimodels import progress
from csimodels.report.format import width, wrap

COLUMNS = 100
SCRIPT = "<script>alert(1)</script>"
SHOWN = ["spec", "moments", "no means", "ml", "pls", "bootstrap", "groups", "comparison", "composite", "composite bootstrap"]
SHOWN += ["composite groups", "match", "chinese", "many models"]


def chinese():
    """Return a model of Chinese names with its answers."""
    rng = np.random.default_rng(2)
    names = ["质量感知", "顾客满意度", "顾客忠诚度"]
    common = rng.normal(size=300)
    answers = {f"{name}第{k}题": np.clip(5 + common + rng.normal(size=300), 1, 10) for name in names for k in range(3)}
    blocks = [csi.Construct(n, [csi.Indicator(f"{n}第{k}题", scale=(1, 10)) for k in range(3)]) for n in names]
    paths = [csi.Path(names[0], names[1], "+"), csi.Path(names[1], names[2], "+")]
    return csi.ModelSpec("m", blocks, paths, target=names[1], title="顾客满意度指数模型" * 8), pd.DataFrame(answers)


@pytest.fixture(scope="module")
def objects():
    demo = csi.load_acsi_demo()
    spec = csi.load_model("acsi_1996")
    ml, pls = csi.fit_acsi(demo, engine="native"), csi.fit_acsi(demo, estimator="pls")
    korea = csi.simulate("kcsi_korea", n=300, seed=1)
    composite = csi.fit("kcsi_korea", korea)
    zh, answers = chinese()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        in_chinese = csi.fit(zh, answers, engine="native")
    cov = pd.DataFrame([[4.0, 1.0], [1.0, 9.0]], index=["a", "b"], columns=["a", "b"])
    return {
        "spec": spec,
        "moments": csi.moments(demo, spec),
        "no means": csi.Moments.from_cov(cov, 100, divisor="n"),
        "ml": ml,
        "pls": pls,
        "bootstrap": pls.bootstrap(demo, n_boot=100, seed=1),
        "groups": csi.fit_acsi(demo, by="firm", estimator="pls"),
        "comparison": csi.compare({"ML": ml, "PLS": pls}),
        "composite": composite,
        "composite bootstrap": composite.bootstrap(korea, n_boot=100, seed=1),
        "composite groups": csi.fit_by("kcsi_korea", korea.assign(firm=["a", "b", "c"] * 100), by="firm"),
        "match": csi.match_columns("acsi_1996", demo.rename(columns={"sat_overall": "SAT.Overall", "value_price": "price for value"})),
        "chinese": in_chinese,
        "many models": csi.compare({f"模型{k}": ml for k in range(12)}),
    }


class Balanced(HTMLParser):
    """Collect tags, and fail where one is closed that is not open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.words = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("name", SHOWN)
def test_a_terminal_shows_everything_within_a_hundred_columns(objects, name):
    text = repr(objects[name])
    assert text and max(map(width, text.splitlines())) <= COLUMNS
    assert not text.startswith("<")


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_shows_everything_as_styled_html(objects, name):
    html = objects[name]._repr_html_()
    page = Balanced(html)
    assert html.startswith('<div class="csimodels">') and page.seen.count("style") == 1
    assert "table" in page.seen and "script" not in page.seen and "pre" not in page.seen


def test_moments_show_rows_means_and_deviations(objects):
    moments = objects["moments"]
    words = Balanced(moments._repr_html_()).words
    assert {"Rows used", "5000", "item", "mean", "SD"} <= set(words)
    np.testing.assert_allclose(moments.table["mean"], moments.mean)
    demo = csi.load_acsi_demo()
    np.testing.assert_allclose(moments.table["sd"], demo[list(moments.table["item"])].std(ddof=0))
    assert f"{moments.table['sd'].iloc[0]:.3f}" in words and f"{moments.table['mean'].iloc[0]:.3f}" in words


def test_moments_without_means_say_what_that_costs(objects):
    published = objects["no means"]
    words = Balanced(published._repr_html_()).words
    assert "Without means there is no 0-100 index." in words and "mean" not in words
    assert published.table["mean"].isna().all() and published.table["sd"].tolist() == [2.0, 3.0]


def test_hostile_names_are_inert_in_a_notebook():
    moments = csi.Moments.from_rows(np.random.default_rng(1).normal(size=(20, 2)), [SCRIPT, 'x" onmouseover="y'])
    page = Balanced(moments._repr_html_())
    assert "script" not in page.seen and SCRIPT in page.words
    survey = csi.simulate("kcsi_korea", n=90, seed=1).assign(**{SCRIPT: [SCRIPT, "b", "c"] * 30})
    groups = csi.fit_by("kcsi_korea", survey, by=SCRIPT)
    page = Balanced(groups._repr_html_())
    assert "script" not in page.seen and page.words.count(SCRIPT) == 2


def test_groups_show_sentences_one_below_the_other(objects):
    words = Balanced(objects["groups"]._repr_html_()).words
    text = " ".join(repr(objects["groups"]).split())
    assert all(" ".join(w.split()) in text for w in words[1:4])
    assert words[1].startswith("GroupedResults: acsi_1996 by firm") and words[2].startswith("5 groups")


def test_composite_groups_show_the_first_ten_and_those_without_an_index():
    korea = csi.simulate("kcsi_korea", n=1201, seed=1)
    with pytest.warns(csi.ConvergenceWarning, match="1 of 13 groups"):
        groups = csi.fit_by("kcsi_korea", korea.assign(firm=[f"firm {k % 12}" for k in range(1200)] + ["few"]), by="firm")
    words = Balanced(groups._repr_html_()).words
    assert "The first 10 of 12." in words and "Groups without an index" in words and "few" in words
    row = groups.index[groups.index["construct"] == groups.spec.target].iloc[0]
    assert f"{row['score']:.2f}" in words and f"{row['score']:.2f}" in repr(groups)


def test_composite_bootstrap_shows_its_table(objects):
    boot = objects["composite bootstrap"]
    score = f"{boot.index['score'].iloc[0]:.3f}"
    assert score in repr(boot) and score in boot._repr_html_() and "100 resamples" in repr(boot)


def test_many_models_are_numbered_in_a_terminal(objects):
    text = repr(objects["many models"])
    assert "(12) 模型11." in text and "Standardised paths (continued)" in text
    assert repr(objects["comparison"]) == objects["comparison"].summary().as_text()


def test_a_match_cuts_questions_and_says_so(objects):
    lines = repr(objects["match"]).splitlines()
    assert any("…" in line for line in lines) and any("SAT.Overall" in line for line in lines)


@pytest.mark.parametrize("columns", [20, 21, 40])
def test_wrapped_chinese_text_keeps_to_the_columns(columns):
    text = "模型一：顾客满意度指数 model with English words，以及顾客忠诚度的中文说明" * 2
    lines = wrap(text, columns, "- ")
    assert max(map(width, lines)) <= columns + 1
    assert "".join(lines).replace(" ", "").removeprefix("-") == text.replace(" ", "")


def slowly(blocks):
    for block in blocks:
        time.sleep(0.15)
        yield block


def test_a_long_job_shows_its_progress_on_the_error_stream(monkeypatch, capsys):
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    assert list(progress.shown(slowly([3, 3, 4]), 10, int)) == [3, 3, 4]
    out, err = capsys.readouterr()
    assert out == "" and "6/10" in err and "resamples" in err


@pytest.mark.parametrize("kind", ["pls", "composite"])
def test_bootstraps_have_a_bar_once_they_take_long(monkeypatch, objects, kind):
    bars = []

    class Bar:
        n = 0

        def __init__(self, total, **options):
            self.total = total
            bars.append(self)

        def update(self, more):
            self.n += more

        def close(self):
            self.closed = True

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    rows = csi.load_acsi_demo() if kind == "pls" else csi.simulate("kcsi_korea", n=300, seed=1)
    objects[kind].bootstrap(rows, n_boot=2001, seed=1)
    assert not bars
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    objects[kind].bootstrap(rows, n_boot=2001, seed=1)
    assert len(bars) == 1 and bars[0].n == bars[0].total == 2001 and bars[0].closed
