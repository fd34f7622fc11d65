"""Published studies repeated: our fits, and every number that was printed beside ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from csimodels.api import fit
from csimodels.results import CSIResults
from csimodels.spec import ModelSpec
from csimodels.studies import Printed, Study, load_study, study_data, study_names

__all__ = ["Replication", "replicate", "replications"]

# Printed decimals are not exact in binary: a difference of half a unit must not fail by the last bit.
SLACK = 1e-9
COLUMNS = ["source", "program", "where", "fit", "quantity", "term", "published", "ours", "difference", "decimals", "agrees"]


@dataclass(frozen=True, eq=False, repr=False)
class Replication:
    """Present a study that was repeated.

    Made by :func:`replicate`.

    Attributes
    ----------
    name, title, citation, doi : str
        The study.
    results : dict of str to CSIResults
        Our fits by name.
    sources : DataFrame
        Who printed numbers, indexed by the names in ``table``: program, kind ("publication", "documentation", "program output" that
        others distribute, or "program run" made for this library), citation, doi.
    table : DataFrame
        One row a printed number: source, program, where (table, page or file), fit (a name in ``results``), quantity, term (as in lavaan
        text), published, ours, difference (ours less published), decimals (printed), agrees (within half a unit of the last of them).
    notes : tuple of str
        What disagrees and why, and what could not be traced and was left out.

    Examples
    --------
    >>> import csimodels as csi
    >>> again = csi.replicate("holzinger_swineford")
    >>> again.disagreements[["term", "published", "ours"]].round(4).to_numpy().tolist()
    [['visual =~ x2', 0.553, 0.5535]]
    """

    name: str
    title: str
    citation: str
    doi: str
    results: dict[str, CSIResults]
    sources: pd.DataFrame
    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """How many printed numbers agree, by source, place and quantity, with the largest difference."""
        made = self.table.assign(size=self.table["difference"].abs()).groupby(["source", "program", "where", "quantity"], sort=False)
        counts = made.agg(numbers=("agrees", "size"), agree=("agrees", "sum"), largest_difference=("size", "max"))
        return counts.reset_index()

    @property
    def disagreements(self) -> pd.DataFrame:
        """The rows of ``table`` that do not agree."""
        return self.table[~self.table["agrees"]].reset_index(drop=True)

    def __repr__(self) -> str:
        from csimodels.report.replicated import brief_replication

        return brief_replication(self)

    def _repr_html_(self) -> str:
        from csimodels.report.replicated import notebook_replication

        return notebook_replication(self)


def replications() -> pd.DataFrame:
    """List the published studies that can be repeated.

    Returns
    -------
    DataFrame
        Indexed by name, with ``title``, ``citation``, ``doi``, ``programs`` (whose numbers there are), ``quantities`` (what is compared)
        and ``numbers`` (how many).

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.replications()["programs"].to_dict()["ecsi_mobile_2005"]
    "SmartPLS 2.0.M3, semPLS 1.0-10, R (the article's own code)"
    """
    rows = [_listed(load_study(name)) for name in study_names()]
    return pd.DataFrame(rows, columns=["name", "title", "citation", "doi", "programs", "quantities", "numbers"]).set_index("name")


def _listed(study: Study) -> tuple[Any, ...]:
    programs = ", ".join(source.program for source in study.sources.values())
    quantities = ", ".join(dict.fromkeys(p.quantity for p in study.printed))
    return study.name, study.title, study.citation, study.doi, programs, quantities, sum(len(p.values) for p in study.printed)


def replicate(name: str, data: Any = None) -> Replication:
    """Repeat a published study and put its printed numbers beside ours.

    Parameters
    ----------
    name : str
        A name that ``replications()`` lists.
    data : frame or Moments, optional
        The study's data where you have them yourself, as ``fit`` takes them; by default those that csimodels or semopy ship.

    Returns
    -------
    Replication
        ``table`` with every printed number beside ours, ``agreement``, ``disagreements``, ``results``, ``notes``.

    Raises
    ------
    CatalogError
        No such study; the closest names are given.
    CSIError
        The data do not have the items of the study.

    Notes
    -----
    Nothing about agreement is stored: every number is computed when this is called. A number agrees if it is within half a unit of the
    last printed decimal. The correlation of composites of two fits with weights w and v of standardised items is w'Rv; of composites of
    PLS with those of unit weights it is the composite equivalence index (Ronkko et al. 2023, doi:10.1108/EJM-02-2021-0099).

    Examples
    --------
    >>> import csimodels as csi
    >>> again = csi.replicate("ecsi_mobile_2005")
    >>> smartpls = again.table[again.table["source"] == "smartpls"]
    >>> len(smartpls), bool(smartpls["agrees"].all())
    (243, True)
    >>> again.results["path"].paths.loc[0, "std"].round(8)
    np.float64(0.50491393)
    """
    study = load_study(name)
    given = study_data(study) if data is None else data
    results = {label: _fitted(study, label, given) for label in study.fits}
    rows = [row for printed in study.printed for row in _compared(study, printed, results)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    sources = pd.DataFrame(list(study.sources.values()), index=pd.Index(list(study.sources), name="source"))
    return Replication(study.name, study.title, study.citation, study.doi, results, sources, table, study.notes)


def _fitted(study: Study, label: str, data: Any) -> CSIResults:
    """Return one fit of a study; a fit may have a model of its own."""
    options = dict(study.fits[label])
    model = options.pop("model", study.model)
    return fit(ModelSpec.from_lavaan(model, name=f"{study.name} ({label})") if "=~" in model else model, data, **options)


def _compared(study: Study, printed: Printed, results: Mapping[str, CSIResults]) -> list[tuple[Any, ...]]:
    """Return one row for each printed number."""
    one = results[printed.fit]
    ours = QUANTITIES[printed.quantity](one, results[printed.against] if printed.against else one)
    head = (printed.source, study.sources[printed.source].program, printed.where, printed.fit, printed.quantity)
    return [(*head, term, *_beside(text, float(ours[term]))) for term, text in printed.values.items()]


def _beside(text: str, ours: float) -> tuple[float, float, float, int, bool]:
    """Return published, ours, difference, printed decimals, and whether ours is within half a unit of the last of them."""
    published, decimals = float(text), len(text.partition(".")[2])
    difference = ours - published
    return published, ours, difference, decimals, abs(difference) <= 0.5 * 10.0**-decimals * (1 + SLACK)


def _parameters(column: str, result: CSIResults, _: CSIResults) -> pd.Series:
    """Return one column of the parameter table by terms like ``"loyalty ~ image"``."""
    t = result.table
    return pd.Series(t[column].to_numpy(), index=[f"{a} {op} {b}" for a, op, b in zip(t["lhs"], t["op"], t["rhs"], strict=True)])


def _total_effects(result: CSIResults, _: CSIResults) -> pd.Series:
    e = result.effects
    return pd.Series(e["total_std"].to_numpy(), index=[f"{t} ~ {s}" for s, t in zip(e["source"], e["target"], strict=True)])


def _reliability(column: str, result: CSIResults, _: CSIResults) -> pd.Series:
    return pd.Series(result.reliability[column])


def _composite_correlations(one: CSIResults, other: CSIResults) -> pd.Series:
    """Return correlations of the composites of one fit with those of another, w'Rv (Ronkko et al. 2023, doi:10.1108/EJM-02-2021-0099)."""
    w, v = _weights(one), _weights(other)
    items = w.index.union(v.index)
    held = one.moments if len(one.moments.items) >= len(other.moments.items) else other.moments
    sd = np.sqrt(np.diagonal(held.cov))
    R = pd.DataFrame(held.cov / np.outer(sd, sd), index=list(held.items), columns=list(held.items)).loc[items, items]
    C = w.reindex(items, fill_value=0.0).T @ R @ v.reindex(items, fill_value=0.0)
    return pd.Series({f"{a} ~~ {b}": C.loc[a, b] for a in C.index for b in C.columns})


def _weights(result: CSIResults) -> pd.DataFrame:
    """Return outer weights of standardised items (items x constructs)."""
    return result.outer_weights.pivot(index="indicator", columns="construct", values="std").fillna(0.0)


QUANTITIES: dict[str, Callable[[CSIResults, CSIResults], pd.Series]] = {
    "path": partial(_parameters, "std"),
    "weight": partial(_parameters, "std"),
    "loading": partial(_parameters, "std"),
    "total effect": _total_effects,
    "R2": lambda result, _: result.rsquared,
    "rho_c": partial(_reliability, "rho_c"),
    "AVE": partial(_reliability, "ave"),
    "composite correlation": _composite_correlations,
    "estimate": partial(_parameters, "est"),
    "standard error": partial(_parameters, "se"),
    "standardised estimate": partial(_parameters, "std"),
    "fit measure": lambda result, _: result.fit_measures,
}
