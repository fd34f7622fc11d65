"""Fonts that can print the names at hand, without complaints about those that cannot."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from csimodels.report.format import clean

__all__ = ["faces", "printable", "readers_fonts"]

WANTED = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Microsoft YaHei",
    "PingFang SC",
)
MISSING = "□"
BEYOND_LATIN = 0x250
_elsewhere: ContextVar[bool] = ContextVar("_elsewhere", default=False)


@lru_cache(maxsize=1)
def families() -> list[str]:
    """Return those of the wanted font families that are installed."""
    from matplotlib import font_manager

    logging.getLogger("matplotlib.font_manager").addFilter(_worth_reading)
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in WANTED if name in installed]


def _worth_reading(record: logging.LogRecord) -> bool:
    """Return whether a message of matplotlib is more than that a Chinese font comes in one weight, about which a reader can do nothing."""
    text = record.getMessage()
    return "font weight" not in text or not any(name in text for name in WANTED[1:])


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    """Return the code points that one of the families has, in regular and in bold."""
    from matplotlib import font_manager

    covered: set[int] = set()
    for name in families():
        faces = [font_manager.FontProperties(family=name, weight=w) for w in ("normal", "bold")]
        maps = [font_manager.get_font(font_manager.findfont(face)).get_charmap() for face in faces]
        covered |= set(maps[0]) & set(maps[1])
    return frozenset(covered)


def printable(text: str) -> str:
    """Return text with a box for each character that no installed font has, so that drawing does not warn of it."""
    lines = [clean(line) for line in text.split("\n")]
    if not faces(text) or _elsewhere.get():
        return "\n".join(lines)
    return "\n".join("".join(c if ord(c) in _covered() else MISSING for c in line) for line in lines)


def faces(text: str) -> dict[str, Any]:
    """Return the family argument of a matplotlib text: the user's own font unless the text needs another script."""
    return {} if all(ord(c) < BEYOND_LATIN or c in "≥…" for c in text) else {"family": families()}


@contextmanager
def readers_fonts() -> Iterator[None]:
    """Keep every character, because the reader's fonts and not those installed here will print the text."""
    token = _elsewhere.set(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
            yield
    finally:
        _elsewhere.reset(token)
