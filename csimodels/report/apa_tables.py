"""The tables of a paper with numbers and headings as the APA prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report import content, validity
from csimodels.report.apa import apa_interval, apa_measure, apa_number, apa_p
from csimodels.report.blocks import Block, Format, from_frame
from csimodels.report.format import count
from csimodels.report.header import WITHHELD, index_or_reason, is_pls

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = [
    "BLOCK",
    "BOUNDED",
    "EXPECTED",
    "LABELS",
    "PATH",
    "POINTS",
    "apa_blocks",
    "cross_loaded",
    "fornell_larcker",
    "table_of",
    "with_interval",
]

PATH = {"source": "From", "target": "To"}
BLOCK = {"construct": "Construct", "indicator": "Item"}
ESTIMATES = {"std": "β", "est": "b", "se": "SE", "z": "z", "pvalue": "p", "interval": "95% CI"}
LABELS = {"items": "Items", "alpha": "α", "alpha_raw": "α (raw)", "rho_a": "rho_A", "rho_c": "rho_C", "ave": "AVE"}
EXPECTED = {"expected_sign": "Expected", "sign_agrees": "Agrees"}
BOUNDED: Format = partial(apa_number, bounded=True)
POINTS: Format = partial(apa_number, digits=2)
NO_CELLS = WITHHELD.partition(";")[0] + "."  # columns that are wholly blank are left out
SIGNS = {"-": "−"}
FORMATS: dict[str, Format] = {
    **dict.fromkeys(
        (
            "std",
            "rsquared",
            "direct_std",
            "indirect_std",
            "total_std",
            "alpha",
            "alpha_raw",
            "rho_a",
            "rho_c",
            "ave",
            "weight",
            "share",
            "htmt",
            "value",
        ),
        BOUNDED,
    ),
    **dict.fromkeys(("est", "se", "direct", "direct_se", "indirect", "indirect_se", "total", "total_se", "vif", "f2"), apa_number),
    **dict.fromkeys(("score", "z", "impact"), POINTS),
    "pvalue": apa_p,
    "items": count,
    "interval": str,
    "expected_sign": lambda sign: SIGNS.get(sign, str(sign)),
    "sign_agrees": lambda value: content.agrees(value).lower(),
}


def apa_blocks(result: CSIResults) -> list[Block]:
    """Return the tables of a paper in its order, without the warnings; where there is no index, a block without rows that says why."""
    header = replace(content.header(result), title="Model and Estimation", columns=("Fact", "Value"))
    made = [header, *(make(result) for make in MAKERS)]
    shown = [b for b in made if b is not None and (b.rows or b.key == "index")]
    return [replace(b, notes=tuple(NO_CELLS if note == WITHHELD else note for note in b.notes)) for b in shown]


def table_of(like: Block, title: str, frame: pd.DataFrame, columns: Mapping[str, str], stubs: int = 2) -> Block:
    """Return columns of a frame that hold anything, with the key and the notes of a block of the report."""
    kept = {c: head for k, (c, head) in enumerate(columns.items()) if c in frame and (k < stubs or frame[c].notna().any())}
    return replace(from_frame(like.key, title, frame, kept, FORMATS, stubs, like.notes), grouped=like.grouped)


def with_interval(frame: pd.DataFrame, form: Format, part: str = "") -> pd.DataFrame:
    """Return a frame with its limits in one column, missing where no row has any; ``part`` is what their names begin with."""
    digits = 2 if form is POINTS else 3
    limits = zip(frame[f"{part}ci_lower"], frame[f"{part}ci_upper"], strict=True)
    texts = [apa_interval(a, b, digits, bounded=form is BOUNDED) for a, b in limits]
    return frame.assign(interval=texts if any(texts) else None)


def _index(result: CSIResults) -> Block:
    like = content.index(result)
    frame, _ = index_or_reason(result)
    if frame is None:
        return like
    rows = with_interval(frame.rename_axis("construct").reset_index(), POINTS)
    columns = {"construct": "Construct", "score": "Index", "se": "SE", "interval": "95% CI"}
    return table_of(like, "Index of Every Construct (0-100)", rows, columns, 1)


def _weights(result: CSIResults) -> Block | None:
    like = content.weights(result)
    if like is None:
        return None
    shares = content.with_shares(
        result.outer_weights[[*BLOCK, "std"]].rename(columns={"std": "weight"}).merge(result.outer_vif, on=list(BLOCK), how="left"),
        content.index_shares(result),
        result.spec.construct_names,
    )
    return table_of(like, "Outer Weights", shares, BLOCK | {"weight": "Weight", "share": "Share", "vif": "VIF"})


def _loadings(result: CSIResults) -> Block:
    frame = with_interval(result.loadings, apa_number)
    explained = {} if is_pls(result) else {"rsquared": "R²"}
    frame = frame.assign(rsquared=frame["indicator"].map(result.rsquared))
    return table_of(content.loadings(result), "Loadings of the Items", frame, BLOCK | _estimates(result) | explained)


def _estimates(result: CSIResults) -> dict[str, str]:
    """Return the columns of estimates; PLS has none but the standardised ones."""
    return {"std": "β"} if is_pls(result) else ESTIMATES


def _reliability(result: CSIResults) -> Block:
    frame = result.reliability.rename_axis("construct").reset_index()
    return table_of(validity.reliability(result), "Reliability and Convergent Validity", frame, {"construct": "Construct"} | LABELS, 1)


def fornell_larcker(result: CSIResults) -> Block:
    """Return construct correlations below the roots of AVE."""
    return _reprinted(validity.fornell_larcker(result), "Discriminant Validity (Fornell-Larcker)", result.fornell_larcker)


def _htmt(result: CSIResults) -> Block | None:
    like = validity.htmt(result)
    return None if like is None else _reprinted(like, "Heterotrait-Monotrait Ratios (HTMT)", result.htmt)


def cross_loaded(result: CSIResults) -> Block | None:
    """Return correlations of every item with every PLS composite."""
    like = validity.cross_loadings(result)
    return None if like is None else _reprinted(like, "Cross-Loadings", result.cross_loadings)


def _reprinted(like: Block, title: str, frame: pd.DataFrame) -> Block:
    """Return a matrix of the report with its numbers as the APA prints them; blanks and brackets stay where they are."""
    lines = zip(like.rows, frame.to_numpy(dtype=float), strict=True)
    rows = tuple((row[0], *(_again(cell, v) for cell, v in zip(row[1:], values, strict=True))) for row, values in lines)
    return replace(like, title=title, columns=(like.columns[0].capitalize(), *like.columns[1:]), rows=rows)


def _again(cell: str, value: float) -> str:
    return cell.replace(cell.strip("[]"), BOUNDED(value)) if cell else ""


def _collinearity(result: CSIResults) -> Block | None:
    like = validity.collinearity(result)
    if like is None:
        return None
    frame = result.f2.merge(result.vif, on=["source", "target"])
    return table_of(like, "Collinearity and Effect Size of Paths", frame, PATH | {"vif": "VIF", "f2": "f²"})


def _paths(result: CSIResults) -> Block:
    frame = with_interval(result.paths, apa_number)
    return table_of(content.paths(result), "Structural Paths", frame, PATH | _estimates(result) | EXPECTED)


def _rsquared(result: CSIResults) -> Block:
    frame = result.rsquared[content.explained(result)].rename_axis("construct").reset_index(name="rsquared")
    return table_of(content.rsquared(result), "Variance Explained by the Paths", frame, {"construct": "Construct", "rsquared": "R²"}, 1)


def _effects(result: CSIResults) -> Block:
    """Return the effects, after PLS standardised; a part that there is none of is blank."""
    frame, kind = result.effects.copy(), "_std" if is_pls(result) else ""
    for part in ("direct", "indirect"):
        frame[f"{part}{kind}"] = frame[f"{part}{kind}"].mask(frame[part].abs().lt(1e-10) & frame[f"{part}_se"].isna())
    columns = dict(PATH)
    for part in ("direct", "indirect", "total"):
        columns |= {f"{part}{kind}": part.capitalize(), f"{part}_se": "SE"}
    columns |= {} if kind else {"total_std": "Total β"}
    return table_of(content.effects(result), "Direct, Indirect and Total Effects", frame, columns)


def _fit(result: CSIResults) -> Block:
    like, measures = content.fit(result), result.fit_measures.dropna()
    names = content.in_order(map(str, measures.index))
    rows = tuple((content.FIT.get(name, name), apa_measure(name)(measures[name])) for name in names)
    return replace(like, title="Fit of the Model", columns=("Measure", "Value"), rows=rows)


MAKERS = (
    _index,
    _weights,
    _loadings,
    _reliability,
    fornell_larcker,
    _htmt,
    cross_loaded,
    _collinearity,
    _paths,
    _rsquared,
    _effects,
    _fit,
)
