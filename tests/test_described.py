"""What a spec shows of itself: its tree, its questionnaire, its picture, and how it prints."""

import io
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import csimodels as csi
from csimodels import Construct, Indicator, ModelSpec, Path
from csimodels.report import fonts
from csimodels.report.diagram import NEGATIVE
from csimodels.report.questionnaire_markdown import _code, _escaped
from csimodels.report.spec_diagram import _fitted
from csimodels.scoring import Scoring

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def small(**changes):
    """Two constructs and a yes/no item: anchors, a reverse item, own codes, a source of its own, both languages."""
    quality = Construct(
        "quality",
        [
            Indicator("q1", (1, 5), stem="Food * quality", stem_zh="菜品质量", anchors=("poor", "good"), anchors_zh=("差", "好")),
            Indicator("q2", (1, 5), reverse=True, stem="Waiting | time", anchors=("short", "long")),
        ],
        label="Perceived quality",
        label_zh="感知质量",
    )
    satisfaction = Construct("satisfaction", [Indicator("s1", (0, 2.5))], label="Satisfaction", source="Own work")
    voice = Construct("voice", [Indicator("c1", (0, 1), stem="Has complained", na_values=(9,))], meaning="complaint behaviour")
    parts = {
        "target": "satisfaction",
        "title": "Mini model",
        "title_zh": "小模型",
        "citation": "Author (2020). A title.",
        "doi": "10.1/x",
        "confidence": "high",
        "notes": "Some notes.",
    }
    paths = [Path("quality", "satisfaction", "+"), Path("satisfaction", "voice", "-"), Path("quality", "voice", "?", "medium")]
    return ModelSpec("mini", [quality, satisfaction, voice], paths, **(parts | changes))


def layered(mode="formative"):
    """Three orders: the whole has two facets and an item of its own, one facet has facets again."""
    blocks = [
        Construct("whole", ["service", "goods", Indicator("w1", (1, 7))], mode=mode),
        Construct("service", ["speed", "staff"]),
        Construct("speed", [Indicator("a1", (1, 7)), Indicator("a2", (1, 7))]),
        Construct("staff", [Indicator("b1", (1, 7))]),
        Construct("goods", [Indicator("g1", (-3, 3)), Indicator("g2", (-3, 3))]),
        Construct("satisfaction", [Indicator("s1", (1, 7)), Indicator("s2", (1, 7))]),
    ]
    return ModelSpec("layered", blocks, [Path("whole", "satisfaction", "+")], target="satisfaction")


def scoring_rule(scoring):
    """A composite index of two parts and an item on importance."""
    blocks = [
        Construct("overall", [Indicator("o1", (1, 7))], label="Overall"),
        Construct("element", [Indicator("e1", (1, 7)), Indicator("e2", (1, 7))]),
        Construct("index", ["overall", "element"], mode="formative"),
    ]
    asked = [Indicator("i1", (1, 7), stem="Importance")]
    return ModelSpec("rule", blocks, target="index", kind="composite_index", scoring=scoring, observed=asked)


WEIGHTED = Scoring("top_box", 2, {"now": {"overall": 0.3, "element": 0.7}, "old": {"overall": 0.5}}, {"element": "i1"})


# --- the tree


def test_tree_of_a_small_spec():
    tree = small().tree()
    assert str(tree) == repr(tree) == tree.text
    assert tree.text.splitlines() == [
        "mini: Mini model, target satisfaction",
        "├─ quality: Perceived quality (reflective)",
        "│  ├─ q1: Food * quality, 1-5",
        "│  └─ q2: Waiting | time, 1-5 (reverse)",
        "├─ satisfaction: Satisfaction (single, target)",
        "│  └─ s1: 0-2.5",
        "└─ voice: complaint behaviour (single)",
        "   └─ c1: Has complained, 0-1",
    ]
    assert tree.rows[0] == (1, "index", "mini", "Mini model, target satisfaction")
    assert tree.rows[3] == (3, "item", "q2", "Waiting | time, 1-5 (reverse)")
    assert len(tree.rows) == 8


def test_tree_in_chinese_falls_back_to_english_and_to_the_name():
    assert small().tree("zh").text.splitlines() == [
        "mini：小模型，目标变量 satisfaction",
        "├─ quality：感知质量（反映型）",
        "│  ├─ q1：菜品质量，1-5",
        "│  └─ q2：Waiting | time，1-5（反向）",
        "├─ satisfaction：Satisfaction（单题，目标变量）",
        "│  └─ s1：0-2.5",
        "└─ voice：complaint behaviour（单题）",
        "   └─ c1：Has complained，0-1",
    ]


def test_tree_puts_facets_below_their_parents_at_any_depth():
    tree = layered().tree()
    assert tree.text.splitlines() == [
        "layered: target satisfaction",
        "├─ whole: formative",
        "│  ├─ service: reflective",
        "│  │  ├─ speed: reflective",
        "│  │  │  ├─ a1: 1-7",
        "│  │  │  └─ a2: 1-7",
        "│  │  └─ staff: single",
        "│  │     └─ b1: 1-7",
        "│  ├─ goods: reflective",
        "│  │  ├─ g1: -3 to 3",
        "│  │  └─ g2: -3 to 3",
        "│  └─ w1: 1-7",
        "└─ satisfaction: reflective, target",
        "   ├─ s1: 1-7",
        "   └─ s2: 1-7",
    ]
    kinds = {name: (depth, kind) for depth, kind, name, _ in tree.rows}
    assert kinds["whole"] == (2, "construct")
    assert kinds["speed"] == (4, "facet")
    assert kinds["a1"] == (5, "item")


def test_tree_of_lavaan_text_shows_observed_variables():
    spec = ModelSpec.from_lavaan("f =~ a + b; f ~ x; y ~ f", scale=(1, 5))
    assert spec.tree().text.splitlines()[-3:] == ["└─ observed variables", "   ├─ x: 1-5", "   └─ y: 1-5"]
    assert spec.tree("zh").text.splitlines()[-3] == "└─ 观测变量"
    alone = ModelSpec.from_lavaan("y ~ x", scale=(1, 5))
    assert alone.tree().rows == (
        (1, "index", "lavaan", ""),
        (2, "group", "observed variables", ""),
        (3, "item", "y", "1-5"),
        (3, "item", "x", "1-5"),
    )


def test_tree_of_a_composite_index_shows_rule_and_weights():
    assert scoring_rule(WEIGHTED).tree().text.splitlines() == [
        "rule: target index, composite index: share of answers in the top 2 boxes, %; weights: now (default) or old, times mean importance",
        "├─ index: target",
        "│  ├─ overall: Overall (weight: 0.3 now, 0.5 old)",
        "│  │  └─ o1: 1-7",
        "│  └─ element: weight: 0.7 now, 1 old, times mean of i1",
        "│     ├─ e1: 1-7",
        "│     └─ e2: 1-7",
        "└─ observed variables",
        "   └─ i1: Importance, 1-7",
    ]


@pytest.mark.parametrize(
    ("scoring", "english", "chinese"),
    [
        (Scoring(), "points 100 (x - lo) / (hi - lo); weights: equal", "得分 100 (x - lo) / (hi - lo)；权重：相等"),
        (
            Scoring("of_maximum", weights={"own": {"e1": 2}}),
            "(the mean answer times ten on a 1-10 scale); weights: own",
            "得分 100 x / hi；权重：own",
        ),
        (
            Scoring("top_box", 3, importance={"e1": "i1"}),
            "top 3 boxes, %; weights: equal, times mean importance",
            "最高3档答案的比例（%）；权重：相等，再乘以重要性均值",
        ),
    ],
)
def test_rules_in_words(scoring, english, chinese):
    spec = scoring_rule(scoring)
    assert spec.tree().rows[0].what.endswith(english)
    assert spec.tree("zh").rows[0].what.endswith(chinese)
    item = next(row.what for row in spec.tree().rows if row.name == "e1")
    assert item == {"range": "1-7", "of_maximum": "1-7 (weight: 2)", "top_box": "1-7 (weight: mean of i1)"}[scoring.rule]


@pytest.mark.parametrize("form", ["tree", "questionnaire"])
def test_an_item_without_a_scale_cannot_be_asked(form):
    spec = ModelSpec("m", [Construct("quality", [Indicator("q1", (1, 5)), Indicator("service")])])
    with pytest.raises(csi.SpecError, match=r"Item 'service' of construct 'quality'.*scale=.*define the construct") as error:
        getattr(spec, form)()
    assert (error.value.code, error.value.variable) == ("tree.unmeasurable", "service")
    with pytest.raises(csi.SpecError, match="Item 'x' has no"):
        getattr(ModelSpec.from_lavaan("f =~ a + b; f ~ x", scale={"f": (1, 5)}), form)()


@pytest.mark.parametrize("form", ["tree", "questionnaire", "plot"])
@pytest.mark.parametrize("lang", ["de", "EN", None, ["en"]])
def test_unknown_languages_are_refused(form, lang):
    with pytest.raises(csi.OptionError) as error:
        getattr(small(), form)(lang=lang)
    assert error.value.code == "option.lang"


# --- the questionnaire

ENGLISH = """\
# Mini model: questionnaire

Please answer each question with one number on its scale. The words in brackets say what the lowest and the highest number mean. If you do not know, or do not wish to answer, give a code that is printed behind the scale.

## Perceived quality

1. Food \\* quality

   1 (poor) … 5 (good); 98, 99 = don't know / no answer

2. Waiting \\| time

   1 (short) … 5 (long) (reverse: a high answer means less); 98, 99 = don't know / no answer

## Satisfaction

3. s1

   0 … 2.5; 98, 99 = don't know / no answer

## voice

4. Has complained

   0 (no) / 1 (yes); 9 = don't know / no answer

## About this questionnaire

Sources of the questions:

- Perceived quality, voice: Author (2020). A title. doi:10.1/x
- Satisfaction: Own work

The questions are paraphrases written from the concept; they are not the published wording. Questions that only repeat the name of their item have still to be written.

Columns of the data file, in the order of the questions: `q1` (1), `q2` (2), `s1` (3), `c1` (4). Answers to reverse questions are entered as they were given; the model recodes them. To read the answers, pass the codes: `na_values=[98, 99, 9]`.
"""

CHINESE = """\
# 小模型：问卷

请对每道题在其量表上选择一个数字作答。括号中的文字说明最低分和最高分的含义。如果不知道或不愿回答，请填写量表后面所列的代码。

## 感知质量

1. 菜品质量

   1（差） … 5（好）；98、99 = 不知道/不回答

2. Waiting \\| time

   1（short） … 5（long）（反向题：分数越高表示程度越低）；98、99 = 不知道/不回答

## Satisfaction

3. s1

   0 … 2.5；98、99 = 不知道/不回答

## voice

4. Has complained

   0（否） / 1（是）；9 = 不知道/不回答

## 关于本问卷

题目来源：

- 感知质量、voice：Author (2020). A title. doi:10.1/x
- Satisfaction：Own work

题目是根据概念改写的表述，并非已发表量表的原文。只列出变量名的题目尚待编写。

数据文件的各列（按题目顺序）：`q1` (1)、`q2` (2)、`s1` (3)、`c1` (4)。反向题按原始答案录入，由模型转换。读取答案时请给出代码：`na_values=[98, 99, 9]`。
"""


@pytest.mark.parametrize(("lang", "text"), [("en", ENGLISH), ("zh", CHINESE)])
def test_markdown_of_a_small_spec(lang, text, tmp_path):
    asked = small().questionnaire(lang)
    assert asked.to_markdown(tmp_path / "q.md") == text
    assert (tmp_path / "q.md").read_bytes().decode("utf-8") == text
    assert repr(asked) == asked._repr_markdown_() == text


def test_table_and_csv_of_a_small_spec(tmp_path):
    asked = small().questionnaire("zh")
    text = asked.to_csv(tmp_path / "q.csv")
    assert text.splitlines() == [
        "number,construct,item,stem,lowest,highest,lowest_anchor,highest_anchor,reverse,na_values,source",
        '1,感知质量,q1,菜品质量,1,5.0,差,好,False,"98, 99",Author (2020). A title. doi:10.1/x',
        '2,感知质量,q2,Waiting | time,1,5.0,short,long,True,"98, 99",Author (2020). A title. doi:10.1/x',
        '3,Satisfaction,s1,s1,0,2.5,,,False,"98, 99",Own work',
        "4,voice,c1,Has complained,0,1.0,否,是,False,9,Author (2020). A title. doi:10.1/x",
    ]
    assert (tmp_path / "q.csv").read_bytes() == b"\xef\xbb\xbf" + text.encode("utf-8")
    again = pd.read_csv(tmp_path / "q.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(again, asked.table)
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(asked.to_csv()), keep_default_na=False), asked.table)


@pytest.mark.parametrize("write", ["to_markdown", "to_csv"])
def test_a_missing_folder_is_named(write, tmp_path):
    with pytest.raises(csi.ResultFileError) as error:
        getattr(small().questionnaire(), write)(tmp_path / "nowhere" / "q")
    assert error.value.code == "file.no_folder"


def test_whole_numbers_stay_whole():
    table = csi.load_model("acsi_1996").questionnaire().table
    assert table["lowest"].tolist() == [1] * 11 + [0] + [1] * 2
    assert table["highest"].dtype == table["number"].dtype == np.int64
    assert table["reverse"].dtype == bool


def test_facets_stand_under_their_parents_and_own_items_first():
    asked = layered().questionnaire()
    assert asked.table["item"].tolist() == ["w1", "a1", "a2", "b1", "g1", "g2", "s1", "s2"]
    headings = [line for line in asked.to_markdown().splitlines() if line.startswith("#")]
    assert headings == [
        "# layered: questionnaire",
        "## whole",
        "### service",
        "#### speed",
        "#### staff",
        "### goods",
        "## satisfaction",
        "## About this questionnaire",
    ]
    text = asked.to_markdown()
    assert text.index("## whole") < text.index("1. w1") < text.index("### service") < text.index("2. a1")


def test_items_on_importance_are_asked_last():
    asked = scoring_rule(WEIGHTED).questionnaire()
    assert asked.table.iloc[-1][["construct", "item", "stem"]].tolist() == ["", "i1", "Importance"]
    assert "## Further questions\n\n4. Importance\n" in asked.to_markdown()
    assert "## 其他问题\n\n4. Importance\n" in scoring_rule(WEIGHTED).questionnaire("zh").to_markdown()


def test_a_code_on_the_scale_is_refused():
    wide = ModelSpec("m", [Construct("f", [Indicator("a", (1, 10)), Indicator("b", (0, 100))])])
    with pytest.raises(csi.OptionError, match=r"code 98 .* item 'b', 0 to 100\. Give other na_values, e\.g\. \[998, 999\]") as error:
        wide.questionnaire()
    assert (error.value.code, error.value.variable, error.value.value) == ("option.na_values_in_scale", "b", 98)
    assert set(wide.questionnaire(na_values=[998, -1]).table["na_values"]) == {"998, -1"}
    own = ModelSpec("m", [Construct("f", [Indicator("a", (1, 10), na_values=(10,))])])
    with pytest.raises(csi.OptionError, match=r"code 10 .*'a'.*to the item itself, e\.g\. \[98, 99\]"):
        own.questionnaire()
    endless = ModelSpec("m", [Construct("f", [Indicator("a", (-1e6, 1e6))])])
    with pytest.raises(csi.OptionError, match=r"-1000000 to 1000000.*two numbers outside that scale"):
        endless.questionnaire()


@pytest.mark.parametrize("given", [98, "98", None, ["x"], [float("nan")], {"q1": [98]}])
def test_codes_that_are_no_list_of_numbers_are_refused(given):
    with pytest.raises(csi.OptionError) as error:
        small().questionnaire(na_values=given)
    assert (error.value.code, error.value.variable) == ("option.na_values", "na_values")


def test_codes_of_items_and_given_ones():
    asked = small().questionnaire(na_values=())
    assert asked.table["na_values"].tolist() == ["", "", "", "9"]
    assert "   1 (poor) … 5 (good)\n" in asked.to_markdown()
    assert "`na_values=[9]`" in asked.to_markdown()
    none = ModelSpec("m", [Construct("f", [Indicator("a", (1, 10))])]).questionnaire(na_values=())
    assert "na_values" not in none.to_markdown() and "If you do not know" not in none.to_markdown()
    assert small().questionnaire(na_values=np.array([999999999, 999999999])).table["na_values"][0] == "999999999"


def test_codes_are_passed_by_item_where_one_is_an_answer_to_another():
    block = [Indicator("a", (1, 10)), Indicator("b", (0, 100), na_values=(998,)), Indicator("c", (1, 10), na_values=(99,))]
    spec = ModelSpec("m", [Construct("f", block)])
    passed = re.search(r"`na_values=(\{.*\})`", spec.questionnaire(na_values=[98]).to_markdown())
    assert passed and passed[1] == "{'a': [98], 'b': [998], 'c': [99]}"
    rows = pd.DataFrame({"a": [1, 98, 3, 5], "b": [98, 50, 998, 40], "c": [99, 4, 2, 6]}, dtype=float)
    read = csi.describe_items(spec, rows, na_values={"a": [98], "b": [998], "c": [99]})
    assert read["n"].tolist() == [3, 3, 3]
    assert read.loc["b", "max"] == 98


def test_questionnaire_of_lavaan_text_has_names_for_questions():
    text = ModelSpec.from_lavaan("f =~ a_1 + b", scale=(1, 5)).questionnaire().to_markdown()
    assert "1. a\\_1\n\n   1 … 5; 98, 99 = don't know / no answer\n" in text
    assert "have still to be written" in text
    assert "paraphrases" not in text and "Source" not in text and "words in brackets" not in text


def test_sources():
    one = csi.load_model("acsi_1996").questionnaire().to_markdown()
    assert one.count("doi:10.1177/002224299606000403") == 1 and "Source of the questions: Fornell" in one
    named = small(citation="Author (2020), doi:10.1/x").questionnaire().table["source"]
    assert named[0] == "Author (2020), doi:10.1/x"
    blank = small(citation="", doi="").questionnaire().to_markdown()
    assert "Sources of the questions:\n\n- Satisfaction: Own work\n\nThe" in blank


def test_every_model_of_the_catalog_can_be_asked_in_both_languages():
    for name in csi.models().index:
        spec = csi.load_model(name)
        for lang in ("en", "zh"):
            asked = spec.questionnaire(lang)
            assert sorted(asked.table["item"]) == sorted(spec.items), name
            assert sorted(row.name for row in spec.tree(lang).rows if row.kind == "item") == sorted(spec.items), name
            assert asked.to_markdown().count("98, 99 =") + asked.to_markdown().count("98、99 =") == len(spec.items), name


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b*c|d", r"a\_b\*c\|d"),
        ("<b> [x] `y` $z$ ~q~", r"\<b\> \[x\] \`y\` \$z\$ \~q\~"),
        ("back\\slash", r"back\\slash"),
        ("R&D but &amp; too", r"R&D but \&amp; too"),
        ("- no list", r"\- no list"),
        ("# no heading", r"\# no heading"),
        ("3. no list", r"3\. no list"),
        ("2.5 stars - fine, 1-10 (percent)!", r"2\.5 stars - fine, 1-10 (percent)!"),
        ("two\nlines", "two lines"),
    ],
)
def test_markdown_is_escaped(text, escaped):
    assert _escaped(text) == escaped


def test_code_outdoes_the_backticks_that_it_holds():
    assert _code("q1") == "`q1`"
    assert _code("a``b") == "``` a``b ```"


# --- the picture


def boxes_of(ax):
    return [p for p in ax.patches if isinstance(p, FancyBboxPatch)]


def arrows_of(ax):
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def open_heads(ax):
    return [type(a.get_arrowstyle()).__name__ != "CurveFilledB" for a in arrows_of(ax)]


def texts_of(ax):
    return [t.get_text() for t in ax.texts]


def signs_of(ax):
    return [t for t in ax.texts if t.get_text() in {"+", "−", "?"}]


def test_every_construct_has_a_box_and_every_path_its_sign():
    spec = small()
    ax = spec.plot()
    assert len(boxes_of(ax)) == 3
    assert [t.get_text() for t in signs_of(ax)] == ["+", "−", "?"]
    assert [a.get_linestyle() for a in arrows_of(ax)] == ["-", "-", ":"]
    assert [to_hex(a.get_edgecolor()) == NEGATIVE.lower() for a in arrows_of(ax)] == [False, True, False]
    assert [b.get_linewidth() for b in boxes_of(ax)].index(max(b.get_linewidth() for b in boxes_of(ax))) == 1
    assert {"Perceived\nquality", "Satisfaction", "voice"} <= set(texts_of(ax))
    assert texts_of(ax).count("2 items") == 1 and texts_of(ax).count("single item") == 2
    assert ax.get_title() == "Mini model"
    assert "Dotted" in texts_of(ax)[-1] and "Dashed" not in texts_of(ax)[-1] and "Thin" not in texts_of(ax)[-1]


@pytest.mark.parametrize(
    ("model", "path", "style"),
    [
        ("high", "", "-"),
        ("high", "medium", ":"),
        ("exact", "high", ":"),
        ("medium", "", "-"),
        ("medium", "high", "-"),
        ("low", "", ":"),
        ("", "medium", "-"),
        ("", "low", ":"),
    ],
)
def test_doubtful_paths_are_dotted(model, path, style):
    spec = ModelSpec("m", [Construct("f", ["a", "b"]), Construct("g", ["c"])], [Path("f", "g", "+", path)], confidence=model)
    ax = spec.plot()
    assert [a.get_linestyle() for a in arrows_of(ax)] == [style]
    assert ("Dotted" in texts_of(ax)[-1]) == (style == ":")


def test_open_signs_are_dashed():
    ax = csi.load_model("acsi_1996").plot()
    spec = csi.load_model("acsi_1996")
    assert [a.get_linestyle() == "--" for a in arrows_of(ax)] == [p.sign == "?" for p in spec.paths]
    assert "Dashed: the sign is open." in texts_of(ax)[-1].replace("\n", " ")


@pytest.mark.parametrize(("mode", "whole"), [("formative", "3 parts form it"), ("reflective", "3 parts")])
def test_parts_are_joined_by_thin_arrows(mode, whole):
    ax = layered(mode).plot()
    assert len(boxes_of(ax)) == 6
    assert open_heads(ax) == [False, True, True, True, True]
    assert whole in texts_of(ax) and "2 parts" in texts_of(ax)
    assert len(signs_of(ax)) == 1
    assert "Thin with open heads" in texts_of(ax)[-1].replace("\n", " ")
    centre = dict(zip(["whole", "service", "speed", "staff", "goods"], [b.get_x() for b in boxes_of(ax)], strict=False))
    assert (centre["goods"] < centre["whole"]) == (mode == "formative")
    assert centre["service"] < centre["speed"]


def test_formative_blocks_and_single_parts_are_marked():
    blocks = [Construct("f", ["a", "b"], mode="formative"), Construct("g", ["f"]), Construct("h", ["c"], mode="formative")]
    spec = ModelSpec("m", blocks, [Path("g", "h")])
    assert {"2 items form it", "single part", "single item"} <= set(texts_of(spec.plot()))
    assert {fonts.printable(text) for text in ("由2题构成", "单个维度", "单题")} <= set(texts_of(spec.plot(lang="zh")))


def test_parts_of_a_composite_index_lead_to_the_whole():
    spec = scoring_rule(WEIGHTED)
    ax = spec.plot()
    assert open_heads(ax) == [True, True] and not signs_of(ax)
    x = [b.get_x() for b in boxes_of(ax)]
    assert x[2] > max(x[:2])
    assert texts_of(csi.load_model("csi_weighted").plot()) == ["Customer\nsatisfaction", "8 items form it"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["acsi_1996", "ecsi_1999", "perval", "ect_oliver1980", "ncsb_2001"])
def test_labels_stay_in_their_boxes_and_signs_off_them(name, lang):
    spec = csi.load_model(name)
    ax = spec.plot(lang=lang)
    ax.figure.canvas.draw()
    boxes = [b.get_window_extent() for b in boxes_of(ax)]
    signs = [t.get_window_extent() for t in signs_of(ax)]
    assert len(boxes) == len(spec.constructs) and len(signs) == len(spec.paths)
    assert not [1 for k, a in enumerate(signs) for b in [*signs[:k], *boxes] if a.overlaps(b)]
    inside = [t.get_window_extent() for t in ax.texts[: 2 * len(boxes)]]
    for k, box in enumerate(boxes):
        label, number = inside[2 * k : 2 * k + 2]
        assert box.x0 <= label.x0 and label.x1 <= box.x1 and box.y0 <= number.y0 and label.y1 <= box.y1
        assert number.y1 <= label.y0 + 1
    note = ax.texts[-1].get_window_extent()
    assert ax.texts[-1].get_text() and note.y1 < min(b.y0 for b in boxes) and note.x1 < ax.get_window_extent().x1


def test_chinese_labels_are_printed_as_far_as_fonts_go():
    ax = small().plot(lang="zh")
    assert fonts.printable("感知质量") in texts_of(ax)
    assert ax.get_title() == fonts.printable("小模型")
    assert fonts.printable("箭头上为理论预期的符号。") in texts_of(ax)[-1]
    assert "Satisfaction" in texts_of(ax)
    ax.figure.canvas.draw()


@pytest.mark.parametrize(
    ("label", "lines", "size"),
    [
        ("Perceived value", ["Perceived value"], 9.5),
        ("Customer satisfaction", ["Customer", "satisfaction"], 9.5),
        ("behavioural_intention", ["behavioural_", "intention"], 9.5),
        ("Quality and performance value", ["Quality and", "performance value"], 8.0),
        ("Expected reasonableness of price", ["Expected", "reasonableness of", "price"], 8.0),
        ("对所作选择的满意度", ["对所作选择", "的满意度"], 9.5),
        ("期望不一致（高分表示好于预期）", ["期望不一致（高分", "表示好于预期）"], 8.0),
        ("one two three four five six seven eight nine ten eleven", ["one two three four", "five six seven", "eight nin…n eleven"], 8.0),
        ("n" * 60, ["n" * 15, "n" * 15, "n" * 9 + "…" + "n" * 8], 8.0),
    ],
)
def test_labels_are_broken_into_lines(label, lines, size):
    found, letters = _fitted(label)
    assert (found, letters) == (lines, size)


def test_a_spec_is_drawn_into_given_axes():
    fig, axes = plt.subplots(1, 2, figsize=(7, 3))
    assert small().plot(ax=axes[0]) is axes[0]
    assert max(t.get_fontsize() for t in axes[0].texts) < 8
    assert plt.get_fignums() == [fig.number]


def test_observed_variables_are_drawn_square():
    ax = ModelSpec.from_lavaan("f =~ a + b; f ~ x; y ~ f").plot()
    shapes = [type(b.get_boxstyle()).__name__ for b in boxes_of(ax)]
    assert shapes == ["Round", "Square", "Square"]
    assert [t.get_text() for t in signs_of(ax)] == ["?", "?"]
    only = ModelSpec("m", [], observed=[Indicator("x"), Indicator("y")]).plot()
    assert texts_of(only) == ["x", "y"]


# --- how it prints


def test_short_text():
    assert repr(small()).splitlines() == [
        "ModelSpec mini: Mini model",
        "path model, confidence high, 3 constructs, 4 items, 3 paths, target satisfaction",
        "constructs:",
        "- quality: q1, q2",
        "- satisfaction (single): s1",
        "- voice (single): c1",
        "paths:",
        "- quality -> satisfaction (+)",
        "- satisfaction -> voice (-)",
        "- quality -> voice (?, medium)",
    ]


def test_short_text_says_what_was_left_out_and_what_is_not_default():
    spec = ModelSpec.from_lavaan("f =~ a + NA*b + 2*c; f ~~ 1*f; g =~ d + e; g ~ k*f + x; a ~~ b").without("e")
    assert repr(spec).splitlines() == [
        "ModelSpec lavaan",
        "path model, 2 constructs, 5 items, 2 paths, no target",
        "constructs:",
        "- f: a, b, c",
        "- g (single): d",
        "observed variables:",
        "- x",
        "paths:",
        "- f -> g (?)",
        "- x -> g (?)",
        "terms:",
        "- f =~ NA*b",
        "- f =~ 2*c",
        "- f ~~ 1*f",
        "- g ~ k*f",
        "- a ~~ b",
        "left out:",
        "- item e of g",
    ]


def test_short_text_of_a_composite_index():
    assert repr(scoring_rule(WEIGHTED)).splitlines() == [
        "ModelSpec rule",
        "composite index, 3 constructs, 4 items, target index",
        "rule: share of answers in the top 2 boxes, %; weights: now (default) or old, times mean",
        "  importance",
        "constructs:",
        "- overall (single): o1",
        "- element: e1, e2",
        "- index (formative): overall (weight: 0.3 now, 0.5 old), element (weight: 0.7 now, 1",
        "  old, times mean of i1)",
        "observed variables:",
        "- i1",
    ]


def parsed(spec):
    return ET.fromstring(re.sub(r"<style>.*?</style>", "", spec._repr_html_(), flags=re.DOTALL))


def cells(root, table):
    rows = root.find(f".//table[@id='csi-{table}']").iter("tr")
    return [["".join(cell.itertext()) for cell in row] for row in rows]


def test_html_shows_constructs_items_paths_notes_and_citation():
    root = parsed(small())
    assert cells(root, "spec-constructs") == [
        ["construct", "label", "meaning", "mode", "item", "question", "scale"],
        ["quality", "Perceived quality", "", "reflective", "q1", "Food * quality", "1-5"],
        ["", "", "", "q2", "Waiting | time", "1-5 (reverse)"],
        ["satisfaction", "Satisfaction", "", "single", "s1", "", "0-2.5"],
        ["voice", "", "complaint behaviour", "single", "c1", "Has complained", "0-1"],
    ]
    assert cells(root, "spec-paths") == [
        ["from", "to", "expected sign", "confidence"],
        ["quality", "satisfaction", "+", "high"],
        ["satisfaction", "voice", "−", "high"],
        ["quality", "voice", "?", "medium"],
    ]
    said = ["".join(p.itertext()) for p in root.iter("p")]
    assert said[:2] == ["Mini model", "mini: path model, confidence high, 3 constructs, 4 items, 3 paths, target satisfaction"]
    assert said[2:] == ["Notes", "Some notes.", "Citation", "Author (2020). A title. doi:10.1/x"]


def test_html_of_lavaan_text_and_of_a_reduced_model():
    spec = ModelSpec.from_lavaan("f =~ a + b; g =~ c + d; g ~ f + x; a ~~ b").without("d")
    root = parsed(spec)
    assert cells(root, "spec-constructs")[-1] == ["observed variables", "", "", "", "x", "", ""]
    said = ["".join(p.itertext()) for p in root.iter("p")]
    assert said == ["lavaan", "lavaan: path model, 2 constructs, 4 items, 2 paths, no target", "Terms", "a ~~ b", "Left out", "item d of g"]


def test_html_of_a_composite_index():
    root = parsed(scoring_rule(WEIGHTED))
    table = cells(root, "spec-constructs")
    assert table[0][-1] == "weight"
    assert table[4] == ["index", "", "", "", "overall", "construct", "", "0.3 now, 0.5 old"]
    assert table[5][-1] == "0.7 now, 1 old, times mean of i1"
    assert root.find(".//table[@id='csi-spec-paths']") is None
    assert any("top 2 boxes" in "".join(p.itertext()) for p in root.iter("p"))


def test_hostile_names_are_escaped_everywhere():
    bad = "<script>alert('x')</script>"
    blocks = [
        Construct(bad, [Indicator("a<b", (1, 5), stem=bad), Indicator("$x_1$", (1, 5))], label=bad, meaning=bad),
        Construct("g", ["<i>"]),
    ]
    spec = ModelSpec("<m>", blocks, [Path(bad, "g", "+")], title=bad, notes=bad, citation=bad).with_scale((1, 5))
    assert "<script>" not in spec._repr_html_() and "<i>" not in spec._repr_html_()
    root = parsed(spec)
    assert cells(root, "spec-constructs")[1][5] == bad
    asked = spec.questionnaire().to_markdown()
    assert "<script>" not in asked.replace("\\<script\\>", "")
    assert "\n2. \\$x\\_1\\$\n" in asked
    spec.plot().figure.canvas.draw()
    assert "".join(texts_of(spec.plot())[0].split("\n")).startswith("<script>")


def test_a_line_break_in_a_name_breaks_no_line():
    spec = ModelSpec("m", [Construct("two\nlines", [Indicator("a\nb", (1, 5), stem="s\nt")])], target="two\nlines")
    assert spec.tree().text.splitlines() == ["m: target two lines", "└─ two lines: single, target", "   └─ a b: s t, 1-5"]
    assert "1. s t\n" in spec.questionnaire().to_markdown()
    assert "- two lines (single): a b" in repr(spec).splitlines()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_model_of_the_catalog_prints(lang):
    for name in csi.models().index:
        spec = csi.load_model(name)
        assert all(f"- {p.source} -> {p.target} ({p.sign}" in repr(spec) for p in spec.paths), name
        assert len(cells(parsed(spec), "spec-constructs")) == 1 + sum(len(c.items) for c in spec.constructs) + len(spec.observed), name
        labels = {c.label_zh if lang == "zh" else c.label for c in spec.constructs} - {""}
        assert all(label in spec.tree(lang).text for label in labels), name


def test_printing_leaves_equality_and_hash_alone():
    assert small() == small() and hash(small()) == hash(small())
    assert small() != small(title="Other")
