"""A questionnaire as Markdown: how to answer, the questions by construct, their sources, and how to read the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from csimodels.questionnaire import FURTHER, YES_OR_NO
from csimodels.report.format import clean

if TYPE_CHECKING:
    import pandas as pd

    from csimodels.questionnaire import Questionnaire

__all__ = ["as_markdown"]

WORDS = {
    "en": {
        "title": "{}: questionnaire",
        "answer": "Please answer each question with one number on its scale.",
        "anchors": "The words in brackets say what the lowest and the highest number mean.",
        "codes": "If you do not know, or do not wish to answer, give a code that is printed behind the scale.",
        "anchor": "{} ({})",
        "reverse": " (reverse: a high answer means less)",
        "code": "; {} = don't know / no answer",
        "about": "About this questionnaire",
        "source": "Source of the questions: {}",
        "sources": "Sources of the questions:",
        "by_block": "- {}: {}",
        "paraphrase": "The questions are paraphrases written from the concept; they are not the published wording.",
        "unwritten": "Questions that only repeat the name of their item have still to be written.",
        "columns": "Columns of the data file, in the order of the questions: {}.",
        "reversed": "Answers to reverse questions are entered as they were given; the model recodes them.",
        "read": "To read the answers, pass the codes: {}.",
        "comma": ", ",
        "space": " ",
    },
    "zh": {
        "title": "{}：问卷",
        "answer": "请对每道题在其量表上选择一个数字作答。",
        "anchors": "括号中的文字说明最低分和最高分的含义。",
        "codes": "如果不知道或不愿回答，请填写量表后面所列的代码。",
        "anchor": "{}（{}）",
        "reverse": "（反向题：分数越高表示程度越低）",
        "code": "；{} = 不知道/不回答",
        "about": "关于本问卷",
        "source": "题目来源：{}",
        "sources": "题目来源：",
        "by_block": "- {}：{}",
        "paraphrase": "题目是根据概念改写的表述，并非已发表量表的原文。",
        "unwritten": "只列出变量名的题目尚待编写。",
        "columns": "数据文件的各列（按题目顺序）：{}。",
        "reversed": "反向题按原始答案录入，由模型转换。",
        "read": "读取答案时请给出代码：{}。",
        "comma": "、",
        "space": "",
    },
}


def as_markdown(q: Questionnaire) -> str:
    """Return a questionnaire as Markdown."""
    return "\n\n".join([*_opening(q), *_questions(q), *_closing(q)]) + "\n"


def _opening(q: Questionnaire) -> Iterator[str]:
    """Yield the title and how to answer."""
    words, table = WORDS[q.lang], q.table
    yield f"# {words['title'].format(_escaped(q.title))}"
    said = {"answer": True, "anchors": (table["lowest_anchor"] != "").any(), "codes": (table["na_values"] != "").any()}
    yield words["space"].join(words[key] for key, holds in said.items() if holds)


def _questions(q: Questionnaire) -> Iterator[str]:
    """Yield headings and numbered questions, each with its scale in a paragraph of its own."""
    headings = list(q.headings)
    for row in q.table.itertuples(index=False):
        while headings and headings[0].number == row.number:
            heading = headings.pop(0)
            yield f"{'#' * heading.level} {_escaped(heading.text)}"
        mark = f"{row.number}. "
        yield f"{mark}{_escaped(str(row.stem))}\n\n{' ' * len(mark)}{_scale(row, WORDS[q.lang])}"


def _scale(row: Any, words: dict[str, str]) -> str:
    """Return the answers that there are: the ends of the scale, or both answers, and the codes."""
    anchored = ((row.lowest, row.lowest_anchor), (row.highest, row.highest_anchor))
    ends = [words["anchor"].format(f"{end:.15g}", _escaped(anchor)) if anchor else f"{end:.15g}" for end, anchor in anchored]
    answers = (" / " if (row.lowest, row.highest) == YES_OR_NO else " … ").join(ends)
    codes = words["code"].format(words["comma"].join(row.na_values.split(", "))) if row.na_values else ""
    return answers + (words["reverse"] if row.reverse else "") + codes


def _closing(q: Questionnaire) -> Iterator[str]:
    """Yield where the questions are from, and how to read the answers."""
    words, table = WORDS[q.lang], q.table
    unwritten = table["stem"] == table["item"]
    yield f"## {words['about']}"
    yield from _sources(q)
    said = {"paraphrase": not unwritten.all(), "unwritten": unwritten.any()}
    yield words["space"].join(words[key] for key, holds in said.items() if holds)
    named = words["comma"].join(f"{_code(clean(item))} ({number})" for item, number in zip(table["item"], table["number"], strict=True))
    reading = [words["columns"].format(named)]
    reading += [words["reversed"]] if table["reverse"].any() else []
    reading += [words["read"].format(_code(f"na_values={_passed(table)}"))] if (table["na_values"] != "").any() else []
    yield words["space"].join(reading)


def _sources(q: Questionnaire) -> Iterator[str]:
    """Yield the source of all questions, or a list by construct where there are several."""
    words, table = WORDS[q.lang], q.table
    if table["source"].nunique() == 1:
        source = str(table["source"].iloc[0])
        yield from [words["source"].format(_escaped(source))] if source else []
        return
    yield words["sources"]
    blocks = table[table["source"] != ""].groupby("source", sort=False)["construct"].unique()
    named = ((words["comma"].join(block or FURTHER[q.lang] for block in found), str(source)) for source, found in blocks.items())
    yield "\n".join(words["by_block"].format(_escaped(found), _escaped(source)) for found, source in named)


def _passed(table: pd.DataFrame) -> str:
    """Return codes as they are passed to a fit: one list, or by item where a code of one item is an answer to another."""
    by_item = {item: text.split(", ") for item, text in zip(table["item"], table["na_values"], strict=True) if text}
    every = list(dict.fromkeys(code for own in by_item.values() for code in own))
    ends = zip(table["lowest"], table["highest"], strict=True)
    if any(lo <= float(code) <= hi for lo, hi in ends for code in every):
        return "{" + ", ".join(f"{item!r}: [{', '.join(own)}]" for item, own in by_item.items()) + "}"
    return f"[{', '.join(every)}]"


def _escaped(text: str) -> str:
    """Return text that Markdown prints as it is: no emphasis, table, link, formula or tag, and no list or heading at its beginning."""
    marked = re.sub(r"([\\`*_|<>\[\]#~$]|&(?=#?\w+;)|^[-+])", r"\\\1", clean(text))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", marked)


def _code(text: str) -> str:
    """Return text in the typeface of code, behind more backticks than it holds."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"
