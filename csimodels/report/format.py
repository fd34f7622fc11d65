"""Numbers and names as text: the same rounding and the same escaping in every rendering."""

from __future__ import annotations

import html
import math
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import Any

__all__ = ["clean", "count", "escape_html", "escape_latex", "fixed", "number", "pad", "pvalue", "short_names", "stars", "width", "wrap"]

NOTHING = 1e-10
FILLER = "\ue000"
LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "…": r"\ldots{}",
    "–": "--",
    "²": r"\textsuperscript{2}",
    "[": "{[}",
    "]": "{]}",
    **{
        c: rf"\ensuremath{{\{name}}}"
        for c, name in zip("αβθλχ≤≥→", ["alpha", "beta", "theta", "lambda", "chi", "leq", "geq", "rightarrow"], strict=True)
    },
}


def number(value: Any, digits: int = 3) -> str:
    """Return a number as text: blank for NaN, scientific where rounding would leave nothing of it."""
    x = math.nan if value is None else float(value)
    if math.isnan(x):
        return ""
    if abs(x) < NOTHING:
        x = 0.0
    if math.isinf(x) or abs(x) >= 1e7:
        return f"{x:.3g}"
    return f"{x:.1e}" if 0 < abs(x) < 0.5 * 10**-digits else f"{x:.{digits}f}"


def fixed(value: Any, digits: int = 2) -> str:
    """Return a number with a fixed number of decimals, without the minus of a zero; blank for NaN."""
    x = float(value)
    return "" if math.isnan(x) else f"{round(x, digits) + 0.0:.{digits}f}"


def pvalue(value: Any) -> str:
    """Return a p-value as text with three decimals, or "<0.001"."""
    x = float(value)
    if math.isnan(x):
        return ""
    return "<0.001" if x < 0.001 else f"{x:.3f}"


def count(value: Any) -> str:
    """Return a whole number as text."""
    x = float(value)
    return "" if math.isnan(x) else f"{x:.0f}"


def stars(value: Any) -> str:
    """Return the stars of a p-value: * below .05, ** below .01, *** below .001."""
    return "".join("*" for bound in (0.05, 0.01, 0.001) if float(value) < bound)


def clean(text: Any) -> str:
    """Return text on one line, without control or direction-changing characters."""
    return "".join(c if c.isprintable() else " " for c in str(text)).strip()


def width(text: str) -> int:
    """Return how many columns text takes in a terminal; Chinese characters take two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int, right: bool = False) -> str:
    """Return text filled up with spaces to a number of columns."""
    fill = " " * max(columns - width(text), 0)
    return fill + text if right else text + fill


def _fitting(text: str, columns: int) -> str:
    """Return the longest beginning of text that fits."""
    used = 0
    for k, c in enumerate(text):
        used += width(c)
        if used > columns:
            return text[:k]
    return text


def _shortened(name: str, columns: int) -> str:
    if width(name) <= columns:
        return name
    head = columns // 2
    return _fitting(name, head) + "…" + _fitting(name[::-1], columns - 1 - head)[::-1]


def short_names(names: Iterable[str], columns: int) -> dict[str, str]:
    """Return each name cut in the middle to fit, numbered where two would look the same."""
    out: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(map(str, names)):
        short, k = _shortened(clean(name), columns), 1
        while short in taken:
            k += 1
            short = _shortened(clean(name), columns - len(f"~{k}")) + f"~{k}"
        taken.add(short)
        out[name] = short
    return out


def wrap(text: str, columns: int, bullet: str = "") -> list[str]:
    """Return text in lines, the first behind a bullet; a word that is longer than a line is broken."""
    indent = " " * max(len(bullet), 2)
    # textwrap counts characters: a wide one is followed by a filler, which clean() would have taken away
    filled = "".join(c + FILLER * (width(c) - 1) for c in clean(text))
    lines = textwrap.wrap(filled, columns, initial_indent=bullet, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace(FILLER, "") for line in lines]


def escape_html(text: Any) -> str:
    """Return text that is safe between tags and inside quoted attributes."""
    return html.escape(clean(text), quote=True)


def escape_latex(text: Any) -> str:
    """Return text whose special characters LaTeX prints instead of obeying."""
    return "".join(LATEX.get(c, c) for c in clean(text))
