"""The tables that measurement is judged by: reliability, validity, collinearity and effect size, with the usual cutoffs beneath."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csimodels.report.blocks import Block, from_frame, matrix
from csimodels.report.format import count, number, short_names
from csimodels.report.header import is_pls

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = [
    "EFFECT_SIZES",
    "LABELS",
    "collinearity",
    "cross_loadings",
    "fornell_larcker",
    "htmt",
    "low_blocks",
    "reliability",
    "with_cutoffs",
]

LABELS = {"alpha": "alpha", "alpha_raw": "alpha (raw)", "rho_a": "rho_A", "rho_c": "rho_C", "ave": "AVE"}
BOUNDS = {"alpha": 0.70, "rho_c": 0.70, "ave": 0.50}
HAIR = "Hair et al. 2019, doi:10.1108/EBR-11-2018-0203"
EFFECT_SIZES = "Usual cutoffs: f² 0.02 small, 0.15 medium, 0.35 large (Cohen 1988)."
CUTOFFS = {
    "weights": f"Usual cutoffs: VIF < 5, better < 3 ({HAIR}).",
    "loadings": f"Usual cutoff: standardised loading >= 0.708 ({HAIR}).",
    "reliability": (
        f"Usual cutoffs: alpha, rho_A and rho_C >= 0.70 (Nunnally & Bernstein 1994; {HAIR}); AVE >= 0.50 (Fornell & Larcker 1981, "
        "doi:10.1177/002224378101800104)."
    ),
    "htmt": "Usual cutoffs: HTMT < 0.85, or < 0.90 where concepts are alike (Henseler et al. 2015, doi:10.1007/s11747-014-0403-8).",
    "collinearity": f"Usual cutoffs: VIF < 5, better < 3 ({HAIR}).",
    "fit": "Usual cutoff: SRMR < 0.08 (Hu & Bentler 1999, doi:10.1080/10705519909540118).",
}


def with_cutoffs(block: Block) -> Block:
    """Return a block with the usual cutoffs beneath, where there are any for what it shows."""
    cutoff = CUTOFFS.get(block.key, "") if block.rows else ""
    return replace(block, notes=(*block.notes, cutoff)) if cutoff and ("VIF" in block.columns or "VIF" not in cutoff) else block


def reliability(result: CSIResults) -> Block:
    """Return the reliability of each block, and the names of those that are low."""
    columns = {"construct": "construct", "items": "items", **LABELS}
    frame = result.reliability.rename_axis("construct").reset_index()
    return from_frame("reliability", "Reliability", frame, columns, {"items": count}, notes=low_blocks(result.reliability))


def low_blocks(table: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence that names the blocks below a bound; none where there are no such blocks."""
    short = short_names(map(str, table.index), 30)
    parts = []
    for measure, bound in BOUNDS.items():
        low = table[measure][table[measure] < bound]
        names = ", ".join(f"{short[str(name)]} ({number(value)})" for name, value in low.items())
        parts += [f"{LABELS[measure]} below {bound:.2f}: {names}"] if names else []
    return ("; ".join(parts) + ".",) if parts else ()


def fornell_larcker(result: CSIResults) -> Block:
    """Return construct correlations below the roots of AVE."""
    note = "Diagonal: root of AVE; below: correlations. Valid where each root exceeds its row and column."
    return matrix("validity", "Discriminant validity (Fornell-Larcker)", result.fornell_larcker, "construct", (note,))


def htmt(result: CSIResults) -> Block | None:
    """Return heterotrait-monotrait ratios below the diagonal; nothing for a single construct."""
    if len(result.spec.constructs) < 2:
        return None
    table = result.htmt
    below = table.where(np.tril(np.ones(table.shape, dtype=bool)))
    notes = ["Blank between a construct and those that it is made of."] if _of_higher_order(result) else []
    return matrix("htmt", "Heterotrait-monotrait ratios (HTMT)", below, "construct", notes)


def _of_higher_order(result: CSIResults) -> bool:
    return bool(result.loadings["indicator"].isin(result.spec.construct_names).any())


def cross_loadings(result: CSIResults) -> Block | None:
    """Return correlations of every item with every PLS composite, in brackets those with its own."""
    if not is_pls(result):
        return None
    own = set(zip(result.loadings["indicator"], result.loadings["construct"], strict=True))
    table = result.cross_loadings
    rows = tuple(
        (str(item), *(f"[{number(v)}]" if (item, c) in own else number(v) for c, v in zip(table.columns, line, strict=True)))
        for item, line in zip(table.index, table.to_numpy(), strict=True)
    )
    note = "In brackets: the item's own construct."
    return Block("cross_loadings", "Cross-loadings", ("item", *map(str, table.columns)), rows, notes=(note,), names_at="both")


def collinearity(result: CSIResults) -> Block | None:
    """Return the collinearity of the sources of each construct and the effect size of each path; nothing without paths."""
    if result.paths.empty:
        return None
    frame = result.f2.merge(result.vif, on=["source", "target"])
    columns = {"source": "from", "target": "to", "vif": "VIF", "f2": "f²"}
    return from_frame("collinearity", "Collinearity and effect size of paths", frame, columns, stubs=2, notes=(EFFECT_SIZES,))
