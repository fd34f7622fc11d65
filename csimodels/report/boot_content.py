"""The tables of a bootstrap, one function each: bootstrap in, block out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from csimodels.errors import CSIError
from csimodels.report import content, validity
from csimodels.report.blocks import Block, Format, from_frame
from csimodels.report.format import count, fixed, number, pvalue, short_names
from csimodels.report.header import estimator_name, index_or_reason, is_pls, model_title

if TYPE_CHECKING:
    from csimodels.bootstrapped import Bootstrap

__all__ = ["KINDS", "TABLES", "exact_fit", "header", "index", "interval_name", "map_interval_name", "paths", "resamples", "warned"]

KINDS = {"percentile": "percentile", "bca": "BCa", "normal": "normal"}
NORMAL = "two-sided, of estimate / se, taken as normal"
BIAS = "bias: mean of the resamples less the estimate."
RAW = "std with its interval; se and p belong to the estimate."
HTMT_NOTE = "Look at the upper limit: below 1, constructs are distinct (Henseler et al. 2015, doi:10.1007/s11747-014-0403-8)."
SMALL: dict[str, Format] = dict.fromkeys(("ci_lower", "ci_upper", "bias"), partial(fixed, digits=3))
EXACT_NOTE = (
    "Quantiles and p of resamples of data that were made to fit the model (Bollen & Stine 1992, doi:10.1177/0049124192021002004): a value "
    "above the quantile speaks against an exact fit."
)


def warned(boot: Bootstrap) -> list[Block]:
    """Return the warnings of the fit and of the resamples as a block without rows; no block where there are none."""
    blocks = content.warned(boot.result)
    if not boot.warnings:
        return blocks
    first = blocks[0] if blocks else Block("warnings", "Warnings", (), (), 0)
    return [replace(first, notes=(*first.notes, *boot.warnings))]


def interval_name(boot: Bootstrap) -> str:
    """Return level and kind of the intervals."""
    return f"{100 * boot.level:g} % {KINDS.get(boot.ci, boot.ci)}"


def map_interval_name(boot: Bootstrap) -> str:
    """Return level and kind of the intervals of the importance-performance map, whose products have no acceleration."""
    return f"{100 * boot.level:g} % {KINDS['percentile' if boot.ci == 'bca' else boot.ci]}"


def resamples(boot: Bootstrap) -> dict[str, str]:
    """Return how many resamples were drawn and what became of them."""
    counts = {"Resamples": boot.n_boot, "Failed, left out": boot.n_failed, "Inadmissible, kept": boot.n_inadmissible}
    return {label: count(n) for label, n in counts.items()}


def header(boot: Bootstrap) -> Block:
    """Return what was drawn and how."""
    result = boot.result
    facts = {
        "Estimator": estimator_name(result),
        "Rows used": count(result.moments.rows),
        "Row weights": "yes" if result.options.weighted else "no",
        **resamples(boot),
        "Drawn": boot.drawn,
        "Seed": count(boot.seed),
        "Intervals": interval_name(boot),
        "p-values": NORMAL,
    }
    return Block("header", f"Bootstrap: {model_title(result)}", ("fact", "value"), tuple(facts.items()), align="ll", names_at="none")


def _limits(boot: Bootstrap, part: str = "") -> dict[str, str]:
    """Return the columns of an interval with their headings; ``part`` is what the columns' names begin with."""
    return {f"{part}{column}": head for column, head in content.limits(boot.level).items()}


def _estimates(boot: Bootstrap) -> dict[str, str]:
    """Return the columns of a row of the parameter table; standardised and raw estimates are the same after PLS."""
    if is_pls(boot.result):
        return {"std": "std", "se": "se", "pvalue": "p", **_limits(boot)}
    return {"std": "std", **_limits(boot, "std_"), "est": "estimate", "se": "se", "pvalue": "p"}


def _notes(boot: Bootstrap) -> tuple[str, ...]:
    return () if is_pls(boot.result) else (RAW,)


def _measured(boot: Bootstrap, value: str) -> dict[str, str]:
    """Return the columns of a quantity that cannot be negative, so that a test against zero says nothing."""
    return {value: value, "se": "se", **_limits(boot), "bias": "bias"}


def index(boot: Bootstrap) -> Block:
    """Return the 0-100 index, or a line that says why there is none."""
    found, reason = index_or_reason(boot.result)
    if found is None:
        return Block("index", "Index (0-100)", ("construct",), (), notes=(f"No index: {reason}",))
    frame = boot.index.rename_axis("construct").reset_index()
    columns = {"construct": "construct", "score": "index", "se": "se", **_limits(boot), "bias": "bias"}
    target = boot.result.spec.target
    notes = ([] if target is None else [f"Target: {target}."]) + [f"Index weights: {frame['weights'].iloc[0]}.", BIAS] * bool(len(frame))
    formats: dict[str, Format] = SMALL | dict.fromkeys(("score", "ci_lower", "ci_upper"), fixed)
    return from_frame("index", "Index (0-100)", frame, columns, formats, notes=[*notes, *content.shares(boot.result)])


def paths(boot: Bootstrap) -> Block:
    """Return the structural paths with hypothesised signs."""
    columns = {"source": "from", "target": "to", **_estimates(boot), "expected_sign": "expected", "sign_agrees": "agrees"}
    formats: dict[str, Format] = {"expected_sign": str, "sign_agrees": content.agrees}
    return from_frame("paths", "Structural paths", boot.paths, columns, formats, 2, _notes(boot))


def weights(boot: Bootstrap) -> Block | None:
    """Return the outer weights of PLS and the items' shares of the index."""
    if not is_pls(boot.result):
        return None
    names = ["construct", "indicator"]
    outer = boot.outer_weights[[*names, "std", "se", "pvalue", "ci_lower", "ci_upper"]]
    shares = _shares(boot)[[*names, "share", "share_ci_lower", "share_ci_upper"]]
    frame = content.with_shares(outer, shares, boot.result.spec.construct_names)
    columns = {"construct": "construct", "indicator": "item", "std": "weight", "se": "se", "pvalue": "p", **_limits(boot)}
    columns |= {"share": "share", **_limits(boot, "share_")} if len(shares) else {}
    block = from_frame("weights", "Outer weights", frame, columns, stubs=2, notes=(content.share_note(frame),))
    return replace(block, grouped=True)


def _shares(boot: Bootstrap) -> pd.DataFrame:
    """Return the items' shares of the index; no rows where there is no index."""
    if index_or_reason(boot.result)[0] is None:
        return pd.DataFrame(columns=["construct", "indicator", "share", "share_ci_lower", "share_ci_upper"])
    return boot.weights.rename(columns={"ci_lower": "share_ci_lower", "ci_upper": "share_ci_upper"})


def loadings(boot: Bootstrap) -> Block:
    """Return the loadings."""
    columns = {"construct": "construct", "indicator": "item", **_estimates(boot)}
    block = from_frame("loadings", "Loadings", boot.loadings, columns, stubs=2, notes=_notes(boot))
    return replace(block, grouped=True)


def indirect(boot: Bootstrap) -> Block:
    """Return the indirect effects."""
    return _effects(boot, "indirect", "Indirect effects, standardised")


def total(boot: Bootstrap) -> Block:
    """Return the total effects."""
    return _effects(boot, "total", "Total effects, standardised")


def _effects(boot: Bootstrap, part: str, title: str) -> Block:
    """Return one kind of standardised effects, rows where there is any."""
    columns = {"source": "from", "target": "to", f"{part}_std": "std"}
    columns |= {f"{part}_std_se": "se", f"{part}_std_pvalue": "p", **_limits(boot, f"{part}_std_")}
    frame = boot.effects[boot.effects[f"{part}_std_se"].notna()]
    return from_frame(part, title, frame, columns, {f"{part}_std_pvalue": pvalue}, 2)


def rsquared(boot: Bootstrap) -> Block:
    """Return the explained variance of what the paths explain."""
    frame = boot.rsquared.loc[content.explained(boot.result)].rename_axis("construct").reset_index()
    columns = {"construct": "construct", **_measured(boot, "rsquared"), "rsquared": "R²"}
    return from_frame("rsquared", "Variance explained by the paths", frame, columns, SMALL)


def f2(boot: Bootstrap) -> Block:
    """Return the effect sizes of paths."""
    columns = {"source": "from", "target": "to", **_measured(boot, "f2"), "f2": "f²"}
    return from_frame("f2", "Effect sizes of paths", boot.f2, columns, SMALL, 2, (validity.EFFECT_SIZES,))


def htmt(boot: Bootstrap) -> Block:
    """Return the heterotrait-monotrait ratios, and the pairs whose interval reaches one."""
    frame = boot.htmt
    columns = {"construct_a": "construct", "construct_b": "with", **_measured(boot, "htmt"), "htmt": "HTMT"}
    short = short_names([*frame["construct_a"], *frame["construct_b"]], 30)
    high = frame[frame["ci_upper"] >= 1]
    pairs = [
        f"{short[a]} and {short[b]} ({number(u)})"
        for a, b, u in zip(high["construct_a"], high["construct_b"], high["ci_upper"], strict=True)
    ]
    said = [f"Upper limit of 1 or more: {', '.join(pairs)}."] if pairs else []
    title = "Heterotrait-monotrait ratios (HTMT)"
    return from_frame("htmt", title, frame, columns, SMALL, 2, (*said, HTMT_NOTE))


def reliability(boot: Bootstrap) -> Block:
    """Return the reliability of each block that has one to estimate, and the names of those that are low."""
    order = {name: k for k, name in enumerate(boot.result.spec.construct_names)}
    frame = boot.reliability.dropna(subset="se").sort_values("construct", key=lambda c: c.map(order), kind="stable")
    columns = {"construct": "construct", "measure": "measure", **_measured(boot, "value")}
    shown = frame.assign(measure=frame["measure"].map(validity.LABELS))
    notes = validity.low_blocks(boot.result.reliability)
    return replace(from_frame("reliability", "Reliability", shown, columns, SMALL, 2, notes), grouped=True, names_at="first")


def impact(boot: Bootstrap) -> Block:
    """Return what five more index points of a driver bring each target."""
    try:
        frame = boot.impact()
    except CSIError as error:
        return Block("impact", "Impacts on the index", ("driver",), (), notes=(f"No impacts: {error}",))
    columns = {"driver": "from", "target": "to", "impact": "impact", "se": "se", "pvalue": "p", **_limits(boot)}
    note = "Index points of the second construct for 5 more index points of the first."
    return from_frame("impact", "Impacts on the index", frame, columns, stubs=2, notes=(note,))


def exact_fit(boot: Bootstrap) -> Block | None:
    """Return the test of exact fit; nothing where it was not asked for."""
    if boot.exact_fit is None:
        return None
    frame = boot.exact_fit
    kept = boot.n_boot - frame["n_failed"]
    shares = [f"<{number(1 / n)}" if p == 0 and n < 1000 else pvalue(p) for p, n in zip(frame["pvalue"], kept, strict=True)]
    shown = frame.assign(measure=[content.FIT.get(m, m) for m in frame["measure"]], share=shares)
    columns = {"measure": "measure", "value": "value", "q95": "95 %", "q99": "99 %", "share": "p", "n_failed": "failed"}
    block = from_frame("exact_fit", "Exact fit", shown, columns, {"n_failed": count, "share": str}, notes=(EXACT_NOTE,))
    return replace(block, names_at="none")


TABLES = (index, paths, weights, loadings, indirect, total, rsquared, f2, htmt, reliability, impact, exact_fit)
