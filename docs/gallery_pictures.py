"""Run the calls of the gallery and write the pictures that it shows."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib

PARTS = re.compile(r"^```python\n(?P<code>.*?)^```$|^```\{image\} (?P<file>\S+)$", re.MULTILINE | re.DOTALL)


def pictures(text: str) -> Iterator[tuple[str, Any]]:
    """Run the page's Python from top to bottom; yield the file of each image with the figure of the last ``ax``."""
    names: dict[str, Any] = {}
    for part in PARTS.finditer(text):
        if part["file"]:
            yield part["file"], names.pop("ax").figure
        else:
            exec(part["code"], names)


def write_pictures(source: Path) -> None:
    """Write every picture of ``gallery.md`` to the file that it names, beneath the source folder."""
    matplotlib.use("Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file, figure in pictures((source / "gallery.md").read_text(encoding="utf-8")):
            (source / file).parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(source / file, bbox_inches="tight")
            matplotlib.pyplot.close(figure)


def setup_pictures(app: object) -> None:
    """Write the pictures before the pages are read."""
    write_pictures(Path(os.fspath(app.srcdir)))  # type: ignore[attr-defined]
