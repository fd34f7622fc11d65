"""Functions of labelled parameters: their values and derivatives at free parameters."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csimodels.checks import close_to
from csimodels.errors import ModelSyntaxError
from csimodels.expressions import Expression, parsed
from csimodels.partable import ParameterTable
from csimodels.spec import ModelSpec

__all__ = ["Functions", "constraints_of", "definitions_of", "evaluated", "functions"]

Array = NDArray[Any]
STEP = 1e-20
CURVE = 1e-6


class Functions(NamedTuple):
    """Expressions, the row of the table that each label names first, and the free parameter there (-1 where fixed)."""

    expressions: tuple[Expression, ...]
    rows: dict[str, int]
    free: dict[str, int]

    def values(self, x: Array, full: Array) -> Array:
        """Return the functions (r,) at free parameters (q,), real or complex; fixed ones are taken from all parameters (K,)."""
        given = {n: x[self.free[n]] if self.free[n] >= 0 else full[k] for n, k in self.rows.items()}
        return np.array([e(given) for e in self.expressions])

    def jacobian(self, x: Array, full: Array) -> Array:
        """Return their derivatives (r, q) by complex steps."""
        out = np.zeros((len(self.expressions), x.size))
        for k in {k for k in self.free.values() if k >= 0}:
            moved = x.astype(complex)
            moved[k] += 1j * STEP
            out[:, k] = self.values(moved, full).imag / STEP
        return out

    def curvature(self, x: Array, full: Array, multipliers: Array) -> Array:
        """Return the second derivatives (q, q) of their sum weighted by multipliers (r,), by central differences of exact ones."""
        out = np.zeros((x.size, x.size))
        for k in {k for k in self.free.values() if k >= 0}:
            step = CURVE * max(1.0, abs(x[k]))
            ends = []
            for sign in (1.0, -1.0):
                moved = x.copy()
                moved[k] += sign * step
                ends.append(multipliers @ self.jacobian(moved, full))
            out[k] = (ends[0] - ends[1]) / (2 * step)
        return (out + out.T) / 2


def functions(texts: Sequence[str], table: ParameterTable, known: Sequence[str] = ()) -> Functions:
    """Return functions of a table's labels.

    Raises
    ------
    ModelSyntaxError
        An expression that cannot be read, or a label that no parameter has.
    """
    expressions = tuple(parsed(text) for text in texts)
    rows: dict[str, int] = {}
    for k, row in enumerate(table.rows):
        if row.label:
            rows.setdefault(row.label, k)
    for e in expressions:
        for name in e.names:
            if name not in rows:
                text = f"{e.text!r} names {name!r}, which is the label of no parameter."
                raise ModelSyntaxError("syntax.unknown_label", text, variable=name, value=name, hint=close_to(name, [*rows, *known]))
    used = {n: rows[n] for e in expressions for n in e.names}
    return Functions(expressions, used, {n: table.rows[k].free - 1 for n, k in used.items()})


def definitions_of(spec: ModelSpec, table: ParameterTable) -> tuple[tuple[str, ...], Functions]:
    """Return names and functions of a model's ``:=``; a definition may use those before it."""
    done: dict[str, str] = {}
    for t in spec.terms:
        if t.op == ":=":
            done[t.lhs] = _substituted(t.rhs, done)
    return tuple(done), functions(tuple(done.values()), table, tuple(done))


def constraints_of(spec: ModelSpec, table: ParameterTable) -> Functions | None:
    """Return what a model's ``==`` set to zero, None without any."""
    done: dict[str, str] = {}
    for t in spec.terms:
        if t.op == ":=":
            done[t.lhs] = _substituted(t.rhs, done)
    texts = tuple(f"({_substituted(t.lhs, done)}) - ({_substituted(t.rhs, done)})" for t in spec.terms if t.op == "==")
    return functions(texts, table, tuple(done)) if texts else None


def _substituted(text: str, done: dict[str, str]) -> str:
    """Return an expression with the names of definitions replaced by what they stand for."""
    if not any(name in parsed(text).names for name in done):
        return text

    class Replace(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return ast.parse(done[node.id].replace("^", "**"), mode="eval").body if node.id in done else node

    return ast.unparse(Replace().visit(ast.parse(text.replace("^", "**"), mode="eval")))


def evaluated(f: Functions, values: Array) -> Array:
    """Return the functions of a stack of parameters (K, members), shape (r, members)."""
    given = {n: values[k] for n, k in f.rows.items()}
    return np.array([np.broadcast_to(e(given), values.shape[1:]) for e in f.expressions]).reshape(len(f.expressions), *values.shape[1:])
