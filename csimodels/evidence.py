"""What a fit is given: moments, and the rows behind them where there are rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.additive import Moments
from csimodels.codes import read_codes
from csimodels.errors import DataError, DataWarning, OptionError
from csimodels.estimators.em import Saturated, saturated_moments
from csimodels.estimators.patterns import sample_of
from csimodels.options import INCOMPLETE, Options
from csimodels.spec import ModelSpec
from csimodels.survey import complete_rows, fingerprint, read_answers, read_weights, rows_with_answers, say_what_went

__all__ = ["Evidence", "gathered"]

Array = NDArray[Any]
FEWEST = 2


class Evidence(NamedTuple):
    """Hold the data of a fit, reverse items not yet recoded.

    Attributes
    ----------
    moments : Moments
        Of the rows used; after EM where answers are missing and the fit keeps such rows.
    rows : array (n, p) or None
        The rows, NaN where an answer is missing; None where moments were given.
    weights : array (n,) or None
        Weights that sum to the number of rows.
    clusters, strata : arrays (n,) or None
        Codes of groups that were sampled together, and of those within which was sampled.
    digest : str
        Checksum of the answers.
    h1 : Saturated or None
        The saturated model of incomplete rows.
    """

    moments: Moments
    rows: Array | None = None
    weights: Array | None = None
    clusters: Array | None = None
    strata: Array | None = None
    digest: str = ""
    h1: Saturated | None = None


def gathered(data: Any, spec: ModelSpec, options: Options, weights: Any, na_values: Any, clusters: Any, strata: Any) -> Evidence:
    """Read what is fitted; rows left out and answers replaced are warned of."""
    if isinstance(data, Moments):
        given = {"weights": weights, "na_values": na_values, "clusters": clusters, "strata": strata}
        given["missing"] = None if options.missing == "listwise" else options.missing
        for name, value in given.items():
            if value is not None:
                raise OptionError(
                    "option.moments_are_final",
                    f"{name}= has no meaning for moments.",
                    variable=name,
                    value=value,
                    hint="Give it to moments() when they are computed.",
                )
        return Evidence(data.select(spec.items))
    _require_model(spec, clusters, strata)
    block = read_answers(data, spec, na_values)
    w = read_weights(data, weights, block)
    if options.missing in INCOMPLETE:
        values, own, usable = rows_with_answers(block, w, _needed(spec))
        imputed = 0
    else:
        values, own, usable, imputed = complete_rows(block, options.missing, w)
    say_what_went(usable, imputed)
    inside, within = [
        None if c is None else read_codes(data, c, len(usable), name)[usable] for name, c in (("clusters", clusters), ("strata", strata))
    ]
    _require_nested(inside, within)
    dropped, scaled = int((~usable).sum()), None if own is None or np.ptp(own) <= 1e-12 * own.max() else own * (len(own) / own.sum())
    if options.missing not in INCOMPLETE:
        found = Moments.from_rows(values, block.items, own, dropped, imputed)
        return Evidence(replace(found, points=spec.scoring is not None), values, scaled, inside, within, fingerprint(block))
    _require_coverage(values, block.items, options.missing)
    h1 = saturated_moments(sample_of(values, scaled).patterns)
    total = (float(len(values)),) * 2 if own is None else (float(own.sum()), float(own @ own))
    found = Moments(tuple(block.items), len(values), *total, h1.mean, h1.cov, dropped)
    return Evidence(found, values, scaled, inside, within, fingerprint(block), h1)


def _needed(spec: ModelSpec) -> list[int]:
    """Return observed exogenous variables, by position: rows without them say nothing of the model given them."""
    sources, targets = {p.source for p in spec.paths}, {p.target for p in spec.paths}
    exogenous = {o.name for o in spec.observed} & (sources - targets)
    return [k for k, name in enumerate(spec.items) if name in exogenous]


def _require_model(spec: ModelSpec, clusters: Any, strata: Any) -> None:
    """Refuse sampling designs for a composite index, whose errors do not know them."""
    for name, value in (("clusters", clusters), ("strata", strata)):
        if spec.scoring is not None and value is not None:
            text = f"The error of the composite index {spec.name!r} does not know {name}=."
            raise OptionError("option.composite", text, variable=name, value=type(value).__name__, hint="Leave it out.")


def _require_coverage(values: Array, items: Sequence[str], missing: str) -> None:
    """Refuse, under FIML warn of, pairs of items that nobody answered both of: the saturated model does not know their covariance."""
    seen = np.isfinite(values).astype(float)
    i, j = np.nonzero(np.tril(seen.T @ seen == 0, -1))
    if not i.size:
        return
    a, b = items[int(j[0])], items[int(i[0])]
    text = f"Nobody answered both {a!r} and {b!r} ({i.size} such pairs): their covariance is not known."
    if missing != "fiml":
        raise DataError("data.no_coverage", text, variable=b, value=a, hint='Use missing="fiml", or leave out one of them: without=[item].')
    more = "Degrees of freedom count it all the same; robust fit and the errors of the index are withheld."
    warnings.warn(f"{text} {more}", DataWarning, stacklevel=2)


def _require_nested(clusters: Array | None, strata: Array | None) -> None:
    """Refuse clusters that lie in two strata, and too few of them."""
    if clusters is not None and strata is not None:
        pairs = np.unique(np.column_stack([clusters, strata]), axis=0)
        if len(pairs) > len(np.unique(clusters)):
            text = "A cluster has rows in two strata."
            raise DataError("clusters.across_strata", text, variable="clusters", value=len(pairs), hint="Clusters must lie within strata.")
    if strata is not None:
        _require_replicates(strata, clusters)
    if clusters is not None and len(np.unique(clusters)) < 2:
        text = "There is only one cluster: no error can be known."
        raise DataError("clusters.too_few", text, variable="clusters", value=1, hint="Leave out clusters=.")


def _require_replicates(strata: Array, clusters: Array | None) -> None:
    """Refuse a stratum with a single row, or a single cluster: how much it varies cannot be known."""
    units = np.unique(np.column_stack([strata, np.arange(len(strata)) if clusters is None else clusters]), axis=0)
    counts = np.unique(units[:, 0], return_counts=True)[1]
    lonely = int((counts < FEWEST).sum())
    if lonely:
        what = "row" if clusters is None else "cluster"
        text = f"{lonely} of {len(counts)} strata have a single {what}: how much they vary cannot be known."
        raise DataError("strata.single", text, variable="strata", value=lonely, hint="Merge them with other strata.")
