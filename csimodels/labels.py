"""Names as pandas columns and indexes, made once: turning text into pandas costs more than a small matrix inversion."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd

__all__ = ["text_column", "text_index"]


@lru_cache(maxsize=1024)
def text_column(values: tuple[str, ...]) -> Any:
    """Return texts as a pandas array of pandas' own text type."""
    return pd.Series(list(values), dtype=None if values else object).array


@lru_cache(maxsize=1024)
def text_index(values: tuple[str, ...], name: str | None = None) -> pd.Index[str]:
    """Return texts as an index."""
    return pd.Index(list(values), name=name)
