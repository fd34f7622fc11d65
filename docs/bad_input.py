"""Run every call of the page on bad input, and write beneath each what it got."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

from model_pages import written

import csimodels as csi

CALL = re.compile(r"^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def page(text: str) -> str:
    """Return the page with the answers; the first block is what all calls start from."""
    blocks = list(CALL.finditer(text))
    names: dict[str, Any] = {}
    exec(blocks[0]["code"], names)
    parts, at = [text[: blocks[0].end()]], blocks[0].end()
    for block in blocks[1:]:
        parts += [text[at : block.end()], "\n\n", answer(block["code"], dict(names))]
        at = block.end()
    return "".join([*parts, text[at:]])


def answer(code: str, names: dict[str, Any]) -> str:
    """Return the error or the warnings of a call as a quotation; a call that gets neither fails the build."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            exec(code, names)
        except csi.CSIError as error:
            return _quoted(type(error).__name__, str(error), error.code)
    heard = [_quoted(w.category.__name__, str(w.message)) for w in said if issubclass(w.category, csi.CSIWarning)]
    if not heard:
        raise RuntimeError(f"nothing is wrong with\n{code}")
    return "\n>\n".join(heard)


def _quoted(kind: str, text: str, code: str = "") -> str:
    """Return class, message and code."""
    plain = text.removesuffix(f" [{code}]") if code else text
    marked = re.sub(r"([\\`*_<>|~\[\]])", r"\\\1", plain)
    return f"> **{kind}**{f' `{code}`' if code else ''}: {marked}"


def setup_bad_input(app: object) -> None:
    """Write the page before the pages are read."""
    source = Path(os.fspath(app.srcdir))  # type: ignore[attr-defined]
    written(source / "bad_input.md", page((source / "bad_input.txt").read_text(encoding="utf-8")))
