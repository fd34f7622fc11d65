"""The path diagram of a spec: constructs in boxes, expected signs on arrows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from csimodels.report.diagram import (
    LETTER,
    LINE,
    MARGIN,
    NEGATIVE,
    QUIET,
    draw_arrow,
    draw_box,
    draw_label,
    draw_name,
    draw_note,
    letter_scale,
    picture,
)
from csimodels.report.fonts import faces, printable
from csimodels.report.format import short_names, width, wrap
from csimodels.report.layout import Array, Edge, label_places
from csimodels.trees import label_of, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

    from csimodels.elements import Construct, Path
    from csimodels.spec import ModelSpec

__all__ = ["draw_spec", "spec_size"]

SIGN_WIDTH = 0.2
# Columns, lines and size of letters: first as large as in other diagrams, then smaller.
SIZES = ((15, 2, 9.5), (18, 3, 8.0))
# How far above the middle of a box a label of one, two or three lines stands, and how far below it the number of items, inches.
RAISED, SUNK = (0.07, 0.085, 0.085), (0.12, 0.185, 0.2)
SIGNS = {"+": "+", "-": "−", "?": "?"}
SURENESS = ("low", "medium", "high", "exact")
WORDS = {
    "en": {
        "one_item": "single item",
        "items": "{} items",
        "items_form": "{} items form it",
        "one_part": "single part",
        "parts": "{} parts",
        "parts_form": "{} parts form it",
        "signs": "Signs that theory expects.",
        "open": "Dashed: the sign is open.",
        "unsure": "Dotted: less certain that the model has the path.",
        "joined": "Thin with open heads: a construct of higher order and its parts.",
        "space": " ",
    },
    "zh": {
        "one_item": "单题",
        "items": "{}题",
        "items_form": "由{}题构成",
        "one_part": "单个维度",
        "parts": "{}个维度",
        "parts_form": "由{}个维度构成",
        "signs": "箭头上为理论预期的符号。",
        "open": "虚线：符号未定。",
        "unsure": "点线：该路径是否属于模型不太确定。",
        "joined": "细线空心箭头：高阶构念与其维度。",
        "space": "",
    },
}


@dataclass(frozen=True)
class Plan:
    """Hold a diagram before it is drawn.

    Attributes
    ----------
    nodes : list of str (n,)
        Names in boxes.
    paths : tuple of Path (k,)
        Paths; the first k arrows.
    edges : list of Edge (k + m,)
        Ends of the arrows; the last m join constructs of higher order with their parts.
    centre : array (n, 2)
        Centres of the boxes, inches.
    bend : list of float (k + m,)
        Curvature of each arrow.
    low, high : array (2,)
        Corners of the picture.
    """

    nodes: list[str]
    paths: tuple[Path, ...]
    edges: list[Edge]
    centre: Array
    bend: list[float]
    low: Array
    high: Array


def _plan(spec: ModelSpec) -> Plan:
    """Return where everything goes: constructs and observed variables with paths, or all items where there is neither."""
    ends = [name for p in spec.paths for name in (p.source, p.target)]
    nodes = list(dict.fromkeys([*spec.construct_names, *ends])) or list(spec.items)
    at = {name: k for k, name in enumerate(nodes)}
    arrows = [(p.source, p.target) for p in spec.paths] + _memberships(spec)
    edges = [(at[a], at[b]) for a, b in arrows]
    return Plan(nodes, spec.paths, edges, *picture(len(nodes), edges))


def _memberships(spec: ModelSpec) -> list[tuple[str, str]]:
    """Return what joins constructs of higher order with their parts: towards what reflects them, from what forms them."""
    pairs = [(c, part) for c in spec.constructs for part in c.items if part in spec.construct_names]
    return [(part, c.name) if _composed(spec, c) else (c.name, part) for c, part in pairs]


def _composed(spec: ModelSpec, c: Construct) -> bool:
    """Return whether its parts make a construct up, as they always do in a composite index."""
    return c.mode == "formative" or spec.scoring is not None


def spec_size(spec: ModelSpec) -> tuple[float, float]:
    """Return a figure size in inches at which letters fit their boxes."""
    plan = _plan(spec)
    wide, tall = plan.high - plan.low
    return float(wide) + 0.1, float(tall) + 0.4


def draw_spec(spec: ModelSpec, ax: Axes, lang: str) -> Axes:
    """Draw the path diagram of a spec.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    ax : Axes
        Where to draw; letters shrink with it.
    lang : {"en", "zh"}
        Language of labels and note.
    """
    plan = _plan(spec)
    left, bottom, right, top = map(float, (*plan.low, *plan.high))
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.axis("off")
    title = printable(short_names([title_of(spec, lang)], 70)[title_of(spec, lang)])
    ax.set_title(title, fontsize=11, fontdict=faces(title), parse_math=False)
    scale = letter_scale(ax, right - left, top - bottom)
    boxes = _draw_boxes(spec, ax, plan, scale, lang)
    _draw_arrows(spec, ax, plan, boxes, scale)
    note = _note(spec, plan, lang, (right - left - 2 * MARGIN) / LETTER * 1.25)
    if note:
        draw_note(ax, plan.low, note, scale)
    return ax


def _draw_boxes(spec: ModelSpec, ax: Axes, plan: Plan, scale: float, lang: str) -> list[FancyBboxPatch]:
    """Draw a box for each construct, with the number of its items, and for each observed variable."""
    blocks = {c.name: c for c in spec.constructs}
    labels = {name: label_of(blocks[name], lang) if name in blocks else name for name in plan.nodes}
    boxes: list[FancyBboxPatch] = []
    for name, at in zip(plan.nodes, plan.centre, strict=True):
        boxes.append(draw_box(ax, len(boxes), at, scale, name in blocks, name == spec.target))
        lines, size = _fitted(labels[name])
        raised = RAISED[len(lines) - 1] if name in blocks else 0.0
        draw_name(ax, at + np.array([0.0, raised]), "\n".join(lines), size * scale, name == spec.target)
        if name in blocks:
            draw_name(ax, at - np.array([0.0, SUNK[len(lines) - 1]]), _measured(spec, blocks[name], lang), 8.0 * scale)
    return boxes


def _fitted(label: str) -> tuple[list[str], float]:
    """Return a label in lines that fit a box, and the size of its letters; what does not fit at all is cut."""
    for columns, most, size in SIZES:
        lines = _broken(label, columns)
        if len(lines) <= most:
            return lines, size
    rest = " ".join(lines[most - 1 :])
    return [*lines[: most - 1], short_names([rest], columns)[rest]], size


def _broken(label: str, columns: int) -> list[str]:
    """Return a label in lines, broken behind blanks and marks; a word that is too long in pieces of equal length."""
    lines = [""]
    for word in re.findall(r"[^ _.\-/]*[ _.\-/]|[^ _.\-/]+", label):
        for piece in _pieces(word, columns):
            if lines[-1] and width((lines[-1] + piece).rstrip()) > columns:
                lines.append("")
            lines[-1] += piece
    return [line.strip() for line in lines]


def _pieces(word: str, columns: int) -> list[str]:
    for count in range(1, len(word) + 1):
        size = -(-len(word) // count)
        pieces = [word[k : k + size] for k in range(0, len(word), size)]
        if max(width(piece.rstrip()) for piece in pieces) <= columns:
            break
    return pieces


def _measured(spec: ModelSpec, c: Construct, lang: str) -> str:
    """Return how many items or parts a construct has, and whether they form it."""
    kind = "part" if set(c.items) & set(spec.construct_names) else "item"
    if len(c.items) == 1:
        return WORDS[lang][f"one_{kind}"]
    return WORDS[lang][f"{kind}s_form" if _composed(spec, c) else f"{kind}s"].format(len(c.items))


def _unsure(spec: ModelSpec, path: Path) -> bool:
    """Return whether it is doubtful that the model has a path: its confidence is low, or lower than that of the model."""
    own = path.confidence or spec.confidence
    return own == "low" or (own in SURENESS and spec.confidence in SURENESS and SURENESS.index(own) < SURENESS.index(spec.confidence))


def _draw_arrows(spec: ModelSpec, ax: Axes, plan: Plan, boxes: list[FancyBboxPatch], scale: float) -> None:
    """Draw paths with their signs, and thin arrows between constructs of higher order and their parts."""
    signs = [SIGNS[p.sign] for p in plan.paths]
    widths = [SIGN_WIDTH] * len(signs) + [0.0] * (len(plan.edges) - len(signs))
    places = label_places(plan.centre, plan.edges, plan.bend, widths)
    for k, (s, t) in enumerate(plan.edges):
        path = plan.paths[k] if k < len(plan.paths) else None
        style = _path_style(spec, path) if path else {"linestyle": "-", "color": QUIET}
        ends, joined = (plan.centre[s], plan.centre[t]), (boxes[s], boxes[t])
        draw_arrow(ax, ends, joined, plan.bend[k], scale, path is not None, linewidth=(1.5 if path else 1.0) * scale, **style)
        if path:
            draw_label(ax, places[k], signs[k], 9.5 * scale, ringed=True)


def _path_style(spec: ModelSpec, path: Path) -> dict[str, str]:
    line = ":" if _unsure(spec, path) else "--" if path.sign == "?" else "-"
    return {"linestyle": line, "color": NEGATIVE if path.sign == "-" else LINE}


def _note(spec: ModelSpec, plan: Plan, lang: str, columns: float) -> list[str]:
    """Return what the arrows say, in lines of a width in columns."""
    unsure = [_unsure(spec, p) for p in plan.paths]
    said = {
        "signs": bool(plan.paths),
        "open": any(p.sign == "?" and not doubted for p, doubted in zip(plan.paths, unsure, strict=True)),
        "unsure": any(unsure),
        "joined": len(plan.edges) > len(plan.paths),
    }
    text = WORDS[lang]["space"].join(WORDS[lang][key] for key, holds in said.items() if holds)
    # Chinese has no spaces to break lines at, and each character takes two columns.
    return wrap(text, int(columns * len(text) / width(text))) if text else []
