"""What moments show of themselves in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from csimodels.additive import Moments

__all__ = ["ShownMoments"]


class ShownMoments:
    """Add a notebook's block to moments."""

    def _repr_html_(self) -> str:
        from csimodels.report.moments import notebook_moments

        return notebook_moments(cast("Moments", self))
