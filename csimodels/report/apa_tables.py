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

__all__ = ["apa_blocks"]

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
        ("std", "rsquared", "direct_std", "indirect_std", "total_std", "alpha", "alpha_raw", "rho_a", "rho_c", "ave", "weight", "share"),
        BOUNDED,
    ),
    **dict.fromkeys(("est", "se", "direct", "direct_se", "indirect", "indirect_se", "total", "total_se", "vif"), apa_number),
    **dict.fromkeys(("score", "z"), POINTS),
    "pvalue": apa_p,
    "items": count,
    "interval": str,
    "expected_sign": lambda sign: SIGNS.get(sign, str(sign)),
    "sign_agrees": lambda value: content.agrees(value).lower(),
}


def apa_blocks(result: CSIResults) -> list[Block]:
    """Return the tables of a paper in its order, without the warnings; where there is no index, a block without rows that says why."""
    made = [_index(result), _weights(result), _loadings(result), _reliability(result), _paths(result), _rsquared(result)]
    header = replace(content.header(result), title="Model and Estimation", columns=("Fact", "Value"))
    shown = [b for b in (header, *made, _effects(result), _fit(result)) if b is not None and (b.rows or b.key == "index")]
    return [replace(b, notes=tuple(NO_CELLS if note == WITHHELD else note for note in b.notes)) for b in shown]


def _table(like: Block, title: str, frame: pd.DataFrame, columns: Mapping[str, str], stubs: int = 2) -> Block:
    """Return columns of a frame that hold anything, with the key and the notes of a block of the report."""
    kept = {c: head for k, (c, head) in enumerate(columns.items()) if c in frame and (k < stubs or frame[c].notna().any())}
    return replace(from_frame(like.key, title, frame, kept, FORMATS, stubs, like.notes), grouped=like.grouped)


def _with_interval(frame: pd.DataFrame, form: Format) -> pd.DataFrame:
    """Return a frame with its limits in one column, missing where no row has any."""
    digits = 2 if form is POINTS else 3
    texts = [apa_interval(a, b, digits) for a, b in zip(frame["ci_lower"], frame["ci_upper"], strict=True)]
    return frame.assign(interval=texts if any(texts) else None)


def _index(result: CSIResults) -> Block:
    like = content.index(result)
    frame, _ = index_or_reason(result)
    if frame is None:
        return like
    rows = _with_interval(frame.rename_axis("construct").reset_index(), POINTS)
    columns = {"construct": "Construct", "score": "Index", "se": "SE", "interval": "95% CI"}
    return _table(like, "Index of Every Construct (0-100)", rows, columns, 1)


def _weights(result: CSIResults) -> Block | None:
    like = content.weights(result)
    if like is None:
        return None
    shares = content.with_shares(
        result.outer_weights[[*BLOCK, "std"]].rename(columns={"std": "weight"}).merge(result.outer_vif, on=list(BLOCK), how="left"),
        content.index_shares(result),
        result.spec.construct_names,
    )
    return _table(like, "Outer Weights", shares, BLOCK | {"weight": "Weight", "share": "Share", "vif": "VIF"})


def _loadings(result: CSIResults) -> Block:
    frame = _with_interval(result.loadings, apa_number)
    explained = {} if is_pls(result) else {"rsquared": "R²"}
    frame = frame.assign(rsquared=frame["indicator"].map(result.rsquared))
    return _table(content.loadings(result), "Loadings of the Items", frame, BLOCK | _estimates(result) | explained)


def _estimates(result: CSIResults) -> dict[str, str]:
    """Return the columns of estimates; PLS has none but the standardised ones."""
    return {"std": "β"} if is_pls(result) else ESTIMATES


def _reliability(result: CSIResults) -> Block:
    frame = result.reliability.rename_axis("construct").reset_index()
    return _table(validity.reliability(result), "Reliability and Convergent Validity", frame, {"construct": "Construct"} | LABELS, 1)


def _paths(result: CSIResults) -> Block:
    frame = _with_interval(result.paths, apa_number)
    return _table(content.paths(result), "Structural Paths", frame, PATH | _estimates(result) | EXPECTED)


def _rsquared(result: CSIResults) -> Block:
    frame = result.rsquared[content.explained(result)].rename_axis("construct").reset_index(name="rsquared")
    return _table(content.rsquared(result), "Variance Explained by the Paths", frame, {"construct": "Construct", "rsquared": "R²"}, 1)


def _effects(result: CSIResults) -> Block:
    """Return the effects, after PLS standardised; a part that there is none of is blank."""
    frame, kind = result.effects.copy(), "_std" if is_pls(result) else ""
    for part in ("direct", "indirect"):
        frame[f"{part}{kind}"] = frame[f"{part}{kind}"].mask(frame[part].abs().lt(1e-10) & frame[f"{part}_se"].isna())
    columns = dict(PATH)
    for part in ("direct", "indirect", "total"):
        columns |= {f"{part}{kind}": part.capitalize(), f"{part}_se": "SE"}
    columns |= {} if kind else {"total_std": "Total β"}
    return _table(content.effects(result), "Direct, Indirect and Total Effects", frame, columns)


def _fit(result: CSIResults) -> Block:
    like, measures = content.fit(result), result.fit_measures.dropna()
    names = content.in_order(map(str, measures.index))
    rows = tuple((content.FIT.get(name, name), apa_measure(name)(measures[name])) for name in names)
    return replace(like, title="Fit of the Model", columns=("Measure", "Value"), rows=rows)
