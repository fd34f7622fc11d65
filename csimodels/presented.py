"""What the result of an analysis shows of itself: its tables, its assumptions, its picture."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from csimodels.report.exporting import Exporting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

    from csimodels.report.exporting import Exports

__all__ = ["Presented"]


class Presented(Exporting):
    """Add text, HTML, files and a picture to a dataclass whose fields are tables.

    ``headline`` names the analysis, ``titles`` its tables by field, ``picture`` the module ``csimodels.report.draw_<picture>``; the
    fields ``assumptions`` and ``warnings`` are texts.
    """

    headline: ClassVar[str] = ""
    titles: ClassVar[dict[str, str]] = {}
    picture: ClassVar[str] = ""
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table that is not empty, by the name of its attribute."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in values.items() if isinstance(value, pd.DataFrame) and len(value)}

    def __repr__(self) -> str:
        from csimodels.report.analysed import brief_analysis

        return brief_analysis(self)

    def _repr_html_(self) -> str:
        from csimodels.report.analysed import notebook_analysis

        return notebook_analysis(self)

    def summary(self) -> Summary:
        """Return every table, what was said and what is assumed as a statsmodels Summary.

        Returns
        -------
        statsmodels.iolib.summary.Summary
            Prints as text; ``as_html()``, ``as_latex()`` and ``as_csv()`` give the other formats.
        """
        from csimodels.report.analysed import summarise_analysis

        return summarise_analysis(self)

    def _exports(self) -> Exports:
        from csimodels.report.analysed import analysis_exports

        return analysis_exports(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the analysis.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of fitting size.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from csimodels.report.analysed import draw_analysis

        return draw_analysis(self, ax)
