"""Bring the notebooks, which live where readers of the repository look for them, into the site."""

from __future__ import annotations

import os
from pathlib import Path

from model_pages import written


def setup_notebooks(app: object) -> None:
    """Copy every notebook with the output that it is committed with; a test runs them."""
    source = Path(os.fspath(app.srcdir))  # type: ignore[attr-defined]
    for notebook in sorted((source.parent / "notebooks").glob("*.ipynb")):
        written(source / "tutorial" / notebook.name, notebook.read_text(encoding="utf-8"))
