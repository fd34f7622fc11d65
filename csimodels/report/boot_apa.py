"""The tables of a bootstrap with numbers and headings as the APA prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.report import boot_content, content
from csimodels.report.apa import apa_measure, apa_number, apa_p
from csimodels.report.apa_tables import (
    BLOCK,
    BOUNDED,
    EXPECTED,
    LABELS,
    PATH,
    POINTS,
    cross_loaded,
    fornell_larcker,
    table_of,
    with_interval,
)
from csimodels.report.blocks import Block, Format
from csimodels.report.header import index_or_reason, is_pls

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap

__all__ = ["apa_bootstrap"]

SYMBOLS = {boot_content.RAW: "β with its interval; SE and p belong to b."}
IMPACT = {"driver": "From", "target": "To", "impact": "Impact", "se": "SE", "pvalue": "p"}


def apa_bootstrap(boot: Bootstrap) -> list[Block]:
    """Return the tables of a paper in its order, without the warnings; where there is no index, a block without rows that says why."""
    header = replace(boot_content.header(boot), title="Model and Bootstrap", columns=("Fact", "Value"))
    made = [header, _index(boot), _weights(boot), _loadings(boot), _reliability(boot), fornell_larcker(boot.result)]
    made += [_htmt(boot), cross_loaded(boot.result), _paths(boot), _rsquared(boot), _f2(boot)]
    made += [_effects(boot, "indirect"), _effects(boot, "total"), _impact(boot), _exact_fit(boot)]
    return [b for b in made if b is not None and (b.rows or b.key == "index")]


def _with_interval(boot: Bootstrap, columns: Mapping[str, str]) -> dict[str, str]:
    return {**columns, "interval": f"{100 * boot.level:g}% CI"}


def _estimates(boot: Bootstrap) -> tuple[str, dict[str, str]]:
    """Return the part of the limits that are shown, and the columns; after PLS all estimates are standardised."""
    if is_pls(boot.result):
        return "", _with_interval(boot, {"std": "β", "se": "SE", "pvalue": "p"})
    return "std_", {**_with_interval(boot, {"std": "β"}), "est": "b", "se": "SE", "pvalue": "p"}


def _estimated(boot: Bootstrap, like: Block, title: str, frame: pd.DataFrame, names: Mapping[str, str], rest: Mapping[str, str]) -> Block:
    part, columns = _estimates(boot)
    like = replace(like, notes=tuple(SYMBOLS.get(note, note) for note in like.notes))
    return table_of(like, title, with_interval(frame, BOUNDED, part), {**names, **columns, **rest})


def _measured(boot: Bootstrap, like: Block, title: str, frame: pd.DataFrame, columns: Mapping[str, str], form: Format = BOUNDED) -> Block:
    """Return a table of a quantity, its last column, with standard error and interval."""
    stubs = len(columns) - 1
    return table_of(like, title, with_interval(frame, form), _with_interval(boot, {**columns, "se": "SE"}), stubs)


def _index(boot: Bootstrap) -> Block:
    like = boot_content.index(boot)
    if not like.rows:
        return like
    notes = tuple(note for note in like.notes if note != boot_content.BIAS)
    frame = boot.index.rename_axis("construct").reset_index()
    return _measured(
        boot, replace(like, notes=notes), "Index of Every Construct (0-100)", frame, {"construct": "Construct", "score": "Index"}, POINTS
    )


def _weights(boot: Bootstrap) -> Block | None:
    like = boot_content.weights(boot)
    if like is None:
        return None
    outer = boot.outer_weights[[*BLOCK, "std", "se", "pvalue", "ci_lower", "ci_upper"]].rename(columns={"std": "weight"})
    shares = content.index_shares(boot.result)
    frame = with_interval(content.with_shares(outer, shares, boot.result.spec.construct_names), BOUNDED)
    columns = _with_interval(boot, {"weight": "Weight", "se": "SE", "pvalue": "p"})
    return table_of(like, "Outer Weights", frame, {**BLOCK, **columns, "share": "Share"})


def _loadings(boot: Bootstrap) -> Block:
    return _estimated(boot, boot_content.loadings(boot), "Loadings of the Items", boot.loadings, BLOCK, {})


def _reliability(boot: Bootstrap) -> Block:
    order = {name: k for k, name in enumerate(boot.result.spec.construct_names)}
    frame = boot.reliability.dropna(subset="se").sort_values("construct", key=lambda c: c.map(order), kind="stable")
    frame = frame.assign(measure=frame["measure"].map(LABELS))
    columns = {"construct": "Construct", "measure": "Measure", "value": "Estimate"}
    return _measured(boot, boot_content.reliability(boot), "Reliability and Convergent Validity", frame, columns)


def _htmt(boot: Bootstrap) -> Block:
    columns = {"construct_a": "Construct", "construct_b": "With", "htmt": "HTMT"}
    return _measured(boot, boot_content.htmt(boot), "Heterotrait-Monotrait Ratios (HTMT)", boot.htmt, columns)


def _paths(boot: Bootstrap) -> Block:
    return _estimated(boot, boot_content.paths(boot), "Structural Paths", boot.paths, PATH, EXPECTED)


def _rsquared(boot: Bootstrap) -> Block:
    frame = boot.rsquared.loc[content.explained(boot.result)].rename_axis("construct").reset_index()
    columns = {"construct": "Construct", "rsquared": "R²"}
    return _measured(boot, boot_content.rsquared(boot), "Variance Explained by the Paths", frame, columns)


def _f2(boot: Bootstrap) -> Block:
    return _measured(boot, boot_content.f2(boot), "Effect Sizes of Paths", boot.f2, PATH | {"f2": "f²"}, apa_number)


def _effects(boot: Bootstrap, part: str) -> Block:
    """Return one kind of standardised effects, rows where there is any."""
    like = boot_content.indirect(boot) if part == "indirect" else boot_content.total(boot)
    frame = boot.effects[boot.effects[f"{part}_std_se"].notna()]
    shown = with_interval(frame, BOUNDED, f"{part}_std_")
    shown = shown.rename(columns={f"{part}_std": "std", f"{part}_std_se": "se", f"{part}_std_pvalue": "pvalue"})
    columns = _with_interval(boot, {"std": "β", "se": "SE", "pvalue": "p"})
    return table_of(like, f"{part.capitalize()} Effects, Standardised", shown, {**PATH, **columns})


def _impact(boot: Bootstrap) -> Block | None:
    if index_or_reason(boot.result)[0] is None:
        return None
    frame = with_interval(boot.impact(), POINTS)
    return table_of(boot_content.impact(boot), "Impacts on the Index", frame, _with_interval(boot, IMPACT))


def _exact_fit(boot: Bootstrap) -> Block | None:
    like = boot_content.exact_fit(boot)
    if like is None or boot.exact_fit is None:
        return None
    rows = []
    for said, row in zip(like.rows, boot.exact_fit.to_dict("records"), strict=True):
        form = apa_measure(str(row["measure"]))
        share = said[4].replace("<0.", "< .") if said[4].startswith("<") else apa_p(row["pvalue"])
        rows.append((said[0], *(form(row[c]) for c in ("value", "q95", "q99")), share, said[5]))
    return replace(like, title="Exact Fit", columns=("Measure", "Value", "95%", "99%", "p", "Failed"), rows=tuple(rows))
