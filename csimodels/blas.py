"""One BLAS thread for small matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["one_thread"]


@cache
def _controller(libraries: frozenset[str]) -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def one_thread(*libraries: str) -> Iterator[None]:
    """Run a block under one BLAS thread; name the libraries that were imported since the last look."""
    with _controller(frozenset(libraries)).limit(limits=1, user_api="blas"):
        yield
