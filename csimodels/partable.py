"""The parameter table: a spec expanded by the rules of lavaan's ``sem()``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from csimodels.spec import ModelSpec, Term

__all__ = ["ParameterTable", "Row", "expand"]


class Row(NamedTuple):
    """One parameter.

    ``free`` is 0 for fixed parameters, else 1..q (equal numbers are equal parameters). A fixed parameter has ``value``, or is fixed at
    ``sample`` times the sample covariance of its variables (``fixed.x`` and known reliabilities).
    """

    lhs: str
    op: str
    rhs: str
    label: str = ""
    free: int = 0
    value: float = np.nan
    sample: float = np.nan


@dataclass(frozen=True)
class ParameterTable:
    """Parameters in the order of every estimate vector.

    Attributes
    ----------
    rows : tuple of Row
        K parameters, fixed ones included.
    latent : tuple of str
        Constructs.
    observed : tuple of str
        p observed variables, in the order of the moments.
    fixed_x : tuple of str
        Observed exogenous variables, whose covariances stay at the sample's.
    std_lv : bool
        Whether latent variances, not first loadings, are fixed at one.
    """

    rows: tuple[Row, ...]
    latent: tuple[str, ...]
    observed: tuple[str, ...]
    fixed_x: tuple[str, ...]
    std_lv: bool

    @property
    def free(self) -> np.ndarray:
        """Free-parameter numbers, shape (K,), 0 where fixed."""
        return np.array([r.free for r in self.rows])

    @property
    def n_free(self) -> int:
        """Number q of distinct free parameters."""
        return max((r.free for r in self.rows), default=0)


@lru_cache(maxsize=256)
def expand(spec: ModelSpec, std_lv: bool = False, means: bool = False, fixed: bool = True) -> ParameterTable:
    """Expand a spec into its parameter table by lavaan's defaults (Rosseel 2012, doi:10.18637/jss.v048.i02).

    With ``means`` observed variables have free intercepts, exogenous ones their sample means, and constructs an intercept of zero.
    Unless ``fixed``, moments of observed exogenous variables are parameters too, as lavaan has it under least squares.
    """
    roles = _Roles(spec)
    fixed_x = roles.fixed_x if fixed else ()
    rows: dict[tuple[str, str, str], Row] = {}
    for row in (*_loadings(spec, std_lv), *_paths(spec), *_variances(spec, fixed_x, std_lv), *_covariances(roles, fixed_x)):
        rows[_key(row.lhs, row.op, row.rhs)] = row
    for row in _intercepts(spec, fixed_x) if means else ():
        rows[_key(row.lhs, row.op, row.rhs)] = row
    for term in spec.terms:
        if term.op in (":=", "==") or (term.op == "~1" and not means):
            continue
        key = _key(term.lhs, term.op, term.rhs)
        rows[key] = _applied(rows.get(key, Row(term.lhs, term.op, term.rhs, free=1)), term)
    return ParameterTable(_numbered(list(rows.values())), spec.construct_names, spec.items, fixed_x, std_lv)


def _key(lhs: str, op: str, rhs: str) -> tuple[str, str, str]:
    return (lhs, op, rhs) if op != "~~" or lhs <= rhs else (rhs, op, lhs)


class _Roles:
    """Which variables are exogenous and which are pure outcomes."""

    def __init__(self, spec: ModelSpec) -> None:
        latent, sources, targets = (
            set(spec.construct_names),
            {p.source for p in spec.paths},
            {p.target for p in spec.paths},
        )
        formed = {c.name for c in spec.constructs if c.formed}
        sources |= {i for c in spec.constructs if c.formed for i in c.items}
        measured = {i for c in spec.constructs if not c.formed for i in c.items}
        in_covariance = {n for t in spec.terms if t.op in ("~~", "~1") for n in (t.lhs, t.rhs)}
        self.exogenous = tuple(c for c in spec.construct_names if c not in targets | measured | formed)
        outcomes = [n for n in (*spec.construct_names, *spec.items) if n in targets - sources]
        lower = {i for c in spec.constructs for i in c.items if i in latent} | formed
        self.outcomes = tuple(n for n in outcomes if n not in lower | (measured - latent))
        self.fixed_x = tuple(i for i in spec.items if i in sources - targets - measured - in_covariance)


def _loadings(spec: ModelSpec, std_lv: bool) -> Iterator[Row]:
    """Yield loadings, and the weights of composites, whose first one is fixed at one under any identification."""
    for c in spec.constructs:
        op = "<~" if c.formed else "=~"
        for k, item in enumerate(c.items):
            marker = k == 0 and (c.formed or not std_lv)
            yield Row(c.name, op, item, value=1.0) if marker else Row(c.name, op, item, free=1)


def _paths(spec: ModelSpec) -> Iterator[Row]:
    for p in spec.paths:
        yield Row(p.target, "~", p.source, free=1)


def _variances(spec: ModelSpec, fixed_x: tuple[str, ...], std_lv: bool) -> Iterator[Row]:
    alone = {c.items[0]: c for c in spec.constructs if len(c.indicators) == 1}
    for name in spec.items:
        if name in fixed_x:
            yield Row(name, "~~", name, sample=1.0)
        elif name in alone:
            reliability = alone[name].reliability
            yield (Row(name, "~~", name, value=0.0) if reliability is None else Row(name, "~~", name, sample=1.0 - reliability))
        else:
            yield Row(name, "~~", name, free=1)
    formed = {c.name for c in spec.constructs if c.formed}
    for name in spec.construct_names:
        if name in alone or name in formed:
            yield Row(name, "~~", name, value=0.0)
        else:
            yield Row(name, "~~", name, value=1.0) if std_lv else Row(name, "~~", name, free=1)


def _covariances(roles: _Roles, fixed_x: tuple[str, ...]) -> Iterator[Row]:
    for group in (roles.exogenous, roles.outcomes):
        for a, b in combinations(group, 2):
            yield Row(a, "~~", b, free=1)
    for a, b in combinations(roles.fixed_x, 2):
        yield Row(a, "~~", b, sample=1.0) if fixed_x else Row(a, "~~", b, free=1)


def _intercepts(spec: ModelSpec, fixed_x: tuple[str, ...]) -> Iterator[Row]:
    for name in spec.items:
        yield Row(name, "~1", "", sample=1.0) if name in fixed_x else Row(name, "~1", "", free=1)
    for name in spec.construct_names:
        yield Row(name, "~1", "", value=0.0)


def _applied(row: Row, term: Term) -> Row:
    """Apply one departure from the defaults."""
    if term.value is not None:
        return row._replace(free=0, value=term.value, sample=np.nan, label=term.label)
    if term.free:
        return row._replace(free=1, value=np.nan, sample=np.nan, label=term.label)
    return row._replace(label=term.label)


def _numbered(rows: list[Row]) -> tuple[Row, ...]:
    """Give each free parameter its number; equal labels share one."""
    by_label: dict[str, int] = {}
    out, q = [], 0
    for row in rows:
        if row.free and row.label in by_label:
            number = by_label[row.label]
        elif row.free:
            q += 1
            number = q
            if row.label:
                by_label[row.label] = number
        else:
            number = 0
        out.append(row._replace(free=number))
    return tuple(out)
