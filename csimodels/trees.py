"""A spec as a tree: the index, its constructs, their facets, and questionnaire items as leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from csimodels.errors import OptionError, SpecError
from csimodels.report.format import clean
from csimodels.report.rules import rule_in_words

if TYPE_CHECKING:
    from csimodels.elements import Construct, Indicator, Scale
    from csimodels.spec import ModelSpec

__all__ = [
    "Branch",
    "Tree",
    "checked_lang",
    "cited",
    "label_of",
    "observed_alone",
    "parts_weighted",
    "require_measurable",
    "roots",
    "scale_text",
    "scored",
    "stem_of",
    "title_of",
    "tree_of",
]

WORDS = {
    "en": {
        "colon": ": ",
        "comma": ", ",
        "marks": " ({})",
        "target": "target {}",
        "is_target": "target",
        "reflective": "reflective",
        "formative": "formative",
        "single": "single",
        "reverse": "reverse",
        "observed": "observed variables",
        "composite": "composite index: {}",
        "rule": "{}; weights: {}",
        "equal": "equal",
        "default": "{} (default)",
        "importance": "times mean importance",
        "or": " or ",
        "weight": "weight: {}",
        "mean": "mean of {}",
        "times": ", times {}",
    },
    "zh": {
        "colon": "：",
        "comma": "，",
        "marks": "（{}）",
        "target": "目标变量 {}",
        "is_target": "目标变量",
        "reflective": "反映型",
        "formative": "形成型",
        "single": "单题",
        "reverse": "反向",
        "observed": "观测变量",
        "composite": "合成指数：{}",
        "rule": "{}；权重：{}",
        "equal": "相等",
        "default": "{}（默认）",
        "importance": "再乘以重要性均值",
        "or": "或",
        "weight": "权重：{}",
        "mean": "{} 的均值",
        "times": "，乘以 {}",
    },
}
RULES_ZH = {"range": "得分 100 (x - lo) / (hi - lo)", "of_maximum": "得分 100 x / hi"}


class Branch(NamedTuple):
    """One line of a tree: how deep it is, "index", "construct", "facet", "item" or "group", its name, and what it is."""

    depth: int
    kind: str
    name: str
    what: str


@dataclass(frozen=True, repr=False)
class Tree:
    """Hold a spec as a tree; it prints as one.

    Attributes
    ----------
    text : str
        The tree drawn with lines.
    rows : tuple of Branch
        (depth, kind, name, what) from top to bottom; the index has depth 1.
    """

    text: str
    rows: tuple[Branch, ...]

    def __repr__(self) -> str:
        return self.text


def checked_lang(lang: Any) -> str:
    """Return a language, checked to be one that the catalog is written in."""
    if not isinstance(lang, str) or lang not in WORDS:
        hint = f"Use one of {tuple(WORDS)}."
        raise OptionError("option.lang", f"lang is {lang!r}.", variable="lang", value=lang, hint=hint)
    return lang


def title_of(spec: ModelSpec, lang: str) -> str:
    """Return the title in a language, else in English, else the name."""
    return clean((spec.title_zh if lang == "zh" else "") or spec.title or spec.name)


def cited(spec: ModelSpec) -> str:
    """Return where the model is from, with its DOI."""
    doi = f"doi:{clean(spec.doi)}" if spec.doi and spec.doi not in spec.citation else ""
    return f"{clean(spec.citation)} {doi}".strip()


def label_of(construct: Construct, lang: str) -> str:
    """Return the label in a language, else in English, else the name."""
    return clean((construct.label_zh if lang == "zh" else "") or construct.label or construct.name)


def stem_of(item: Indicator, lang: str) -> str:
    """Return the stem in a language, else in English, else nothing."""
    return clean((item.stem_zh if lang == "zh" else "") or item.stem)


def scale_text(scale: Scale) -> str:
    """Return a scale as "1-10"; with a word between its ends where a dash would be read as a minus."""
    lo, hi = scale
    return f"{lo:.15g}-{hi:.15g}" if lo >= 0 else f"{lo:.15g} to {hi:.15g}"


def roots(spec: ModelSpec) -> list[Construct]:
    """Return the constructs that are not parts of another one."""
    parts = {i for c in spec.constructs for i in c.items}
    return [c for c in spec.constructs if c.name not in parts]


def observed_alone(spec: ModelSpec) -> list[Indicator]:
    """Return items that belong to no construct: structural variables, and those that ask for importance."""
    parts = {i for c in spec.constructs for i in c.items}
    return [i for i in spec.indicators if i.name not in parts]


def require_measurable(spec: ModelSpec) -> None:
    """Refuse a spec with an item that nobody can put into a questionnaire, for want of a scale."""
    owner = {i: c.name for c in spec.constructs for i in c.items}
    for item in spec.indicators:
        if item.scale is None:
            place = f" of construct {owner[item.name]!r}" if item.name in owner else ""
            raise SpecError(
                "tree.unmeasurable",
                f"Item {item.name!r}{place} has no theoretical scale, so that nobody can ask it.",
                variable=item.name,
                value=owner.get(item.name),
                hint="Declare scale=(lowest, highest), or define the construct of that name with its items.",
            )


def scored(spec: ModelSpec, lang: str = "en") -> str:
    """Return the rule and the sets of weights of a composite index in words."""
    scoring, words = spec.scoring, WORDS[lang]
    assert scoring is not None
    rule = rule_in_words(scoring.rule, scoring.boxes)
    if lang == "zh":
        rule = RULES_ZH.get(scoring.rule, f"给出最高{scoring.boxes}档答案的比例（%）")
    first, *others = scoring.schemes or (words["equal"],)
    named = words["or"].join([words["default"].format(first) if others else first, *others])
    return words["rule"].format(rule, named + (words["comma"] + words["importance"] if scoring.importance else ""))


def parts_weighted(spec: ModelSpec, lang: str = "en") -> dict[str, str]:
    """Return in words the weight of each part that has a stated one or that an item asks the importance of."""
    if spec.scoring is None:
        return {}
    asked, words = dict(spec.scoring.importance), WORDS[lang]
    said = {}
    for part, stated in _stated(spec).items():
        mean = words["mean"].format(asked[part]) if part in asked else ""
        if stated or mean:
            text = stated + words["times"].format(mean) if stated and mean else stated or mean
            said[part] = clean(text)
    return said


def _stated(spec: ModelSpec) -> dict[str, str]:
    """Return the stated weights of each part, set by set; a part beside a weighted one counts one if it is not named."""
    assert spec.scoring is not None
    sets = [(scheme, dict(given)) for scheme, given in spec.scoring.weights]
    out = {}
    for c in spec.constructs:
        own = [(scheme, given) for scheme, given in sets if set(c.items) & set(given)]
        for part in c.items:
            out[part] = ", ".join(f"{given.get(part, 1.0):g}" + (f" {scheme}" if len(sets) > 1 else "") for scheme, given in own)
    return out


def tree_of(spec: ModelSpec, lang: str) -> Tree:
    """Return the tree of a spec, in "en" or "zh"."""
    words = WORDS[checked_lang(lang)]
    require_measurable(spec)
    rows = [Branch(1, "index", clean(spec.name), _index(spec, lang))]
    rows += [row for c in roots(spec) for row in _construct(spec, c, 2, lang)]
    alone = observed_alone(spec)
    rows += [Branch(2, "group", words["observed"], "")] if alone else []
    rows += [_item(i, 3, "", lang) for i in alone]
    return Tree("\n".join(_drawn(rows, words["colon"])), tuple(rows))


def _index(spec: ModelSpec, lang: str) -> str:
    words = WORDS[lang]
    title = title_of(spec, lang)
    target = words["target"].format(clean(spec.target)) if spec.target is not None else ""
    rule = words["composite"].format(scored(spec, lang)) if spec.scoring is not None else ""
    return words["comma"].join(part for part in ("" if title == clean(spec.name) else title, target, rule) if part)


def _construct(spec: ModelSpec, c: Construct, depth: int, lang: str) -> Iterator[Branch]:
    """Yield a construct, then its parts."""
    words, lower = WORDS[lang], set(spec.construct_names)
    weights = {part: words["weight"].format(text) for part, text in parts_weighted(spec, lang).items()}
    label = label_of(c, lang)
    texts = [text for text in ("" if label == clean(c.name) else label, clean(c.meaning)) if text]
    # A composite index is a weighted mean whatever its blocks are called, so that a mode would mislead there.
    marks = [words[c.mode] if spec.scoring is None else "", words["is_target"] if c.name == spec.target else "", weights.get(c.name, "")]
    what = _marked(words["comma"].join(texts), marks, lang)
    yield Branch(depth, "construct" if depth == 2 else "facet", clean(c.name), what)
    for part in c.indicators:
        if part.name in lower:
            yield from _construct(spec, spec.construct(part.name), depth + 1, lang)
        else:
            yield _item(part, depth + 1, weights.get(part.name, ""), lang)


def _item(item: Indicator, depth: int, weight: str, lang: str) -> Branch:
    assert item.scale is not None
    words, stem = WORDS[lang], stem_of(item, lang)
    text = words["comma"].join([*([stem] if stem else []), scale_text(item.scale)])
    return Branch(depth, "item", clean(item.name), _marked(text, [words["reverse"] if item.reverse else "", weight], lang))


def _marked(text: str, marks: list[str], lang: str) -> str:
    """Return a text with marks in brackets behind it."""
    said = WORDS[lang]["comma"].join(mark for mark in marks if mark)
    return text + WORDS[lang]["marks"].format(said) if said and text else text or said


def _drawn(rows: list[Branch], colon: str) -> Iterator[str]:
    """Return the lines of the text; built from below, where it is known which branches go on."""
    lines: list[str] = []
    later: set[int] = set()
    for row in reversed(rows):
        trunk = "".join("│  " if depth in later else "   " for depth in range(2, row.depth))
        fork = "" if row.depth == 1 else "├─ " if row.depth in later else "└─ "
        later = {depth for depth in later if depth < row.depth} | {row.depth}
        lines.append(trunk + fork + (f"{row.name}{colon}{row.what}" if row.what else row.name))
    return reversed(lines)
