"""A bootstrap as text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap

__all__ = ["brief_bootstrap", "notebook_bootstrap", "summarise_bootstrap"]


def brief_bootstrap(boot: Bootstrap) -> str:
    """Return the short text of a bootstrap."""
    return f"Bootstrap: {boot.n_boot} resamples"


def notebook_bootstrap(boot: Bootstrap) -> str:
    """Return the HTML block of a bootstrap."""
    return brief_bootstrap(boot)


def summarise_bootstrap(boot: Bootstrap) -> Any:
    """Return the summary of a bootstrap."""
    return brief_bootstrap(boot)
