"""Writing files into folders that exist."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from csimodels.errors import ResultFileError

__all__ = ["require_folder", "written"]


def require_folder(file: Path) -> None:
    """Refuse to write into a folder that does not exist."""
    if not file.parent.is_dir():
        raise ResultFileError(
            "file.no_folder",
            f"There is no folder {str(file.parent)!r}.",
            variable="path",
            value=str(file),
            hint="Make the folder first.",
        )


def written(path: str | os.PathLike[str] | None, make: Callable[[], str]) -> str:
    """Return a text, and write it where there is a path; a folder that does not exist is refused before the text is made."""
    if path is None:
        return make()
    require_folder(Path(path))
    text = make()
    Path(path).write_text(text, encoding="utf-8")
    return text
