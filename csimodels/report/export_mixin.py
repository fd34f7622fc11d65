"""What a result writes for papers and spreadsheets, and what the maketables package asks of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from csimodels.report.exporting import Exporting

if TYPE_CHECKING:
    import pandas as pd

    from csimodels.report.exporting import Exports
    from csimodels.results import CSIResults

__all__ = ["Exported"]


class Exported(Exporting):
    """Say what a result has to write, and answer the maketables package."""

    def _exports(self) -> Exports:
        from csimodels.report.apa_tables import apa_blocks
        from csimodels.report.content import warned
        from csimodels.report.export_frames import export_frames
        from csimodels.report.exporting import Exports
        from csimodels.report.header import model_title
        from csimodels.report.page import page
        from csimodels.report.paper import paper_blocks

        res = cast("CSIResults", self)
        return Exports(
            [res.spec],
            partial(model_title, res),
            partial(page, res),
            partial(paper_blocks, res),
            lambda: [*warned(res), *apa_blocks(res)],
            partial(export_frames, res),
        )

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Structural paths for ``maketables.ETable``: b, se, t, p, ci95l, ci95u, std."""
        from csimodels.report.export_maketables import coefficients

        return coefficients(cast("CSIResults", self))

    def __maketables_stat__(self, key: str) -> Any:
        """Return a statistic for ``maketables.ETable``: N, csi, r2, estimator or a fit measure, None for what there is not."""
        from csimodels.report.export_maketables import statistic

        return statistic(cast("CSIResults", self), key)

    @property
    def __maketables_depvar__(self) -> str:
        """Heading of the column: the target, or the model where there is none."""
        spec = cast("CSIResults", self).spec
        return spec.target or spec.name

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        """Where the standard errors are from."""
        from csimodels.report.export_maketables import errors_from

        return errors_from(cast("CSIResults", self))

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        """Labels of the statistics."""
        from csimodels.report.export_maketables import STAT_LABELS

        return STAT_LABELS

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        """Statistics that are shown unless others are asked for."""
        from csimodels.report.export_maketables import default_stats

        return default_stats(cast("CSIResults", self))
