"""Arithmetic on labelled parameters: what ``:=`` and ``==`` are written in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csimodels.errors import ModelSyntaxError

__all__ = ["Expression", "parsed"]

Array = NDArray[Any]
BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}


@dataclass(frozen=True)
class Expression:
    """Hold an expression, e.g. ``a*b + c``.

    Attributes
    ----------
    text : str
        As it was written.
    names : tuple of str
        Labels in it, in order.
    """

    text: str
    names: tuple[str, ...]

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Return the value, from numbers or arrays of any one shape, real or complex, by label."""
        return _value(_tree(self.text), values)


def parsed(text: str) -> Expression:
    """Return an expression, checked.

    Raises
    ------
    ModelSyntaxError
        Anything but labels, numbers, ``+ - * / ^``, parentheses, exp, log and sqrt.
    """
    tree = _tree(text)
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used = [n for n in dict.fromkeys(sorted(names, key=text.index)) if n not in FUNCTIONS]
    _value(tree, dict.fromkeys(used, 1.0))
    return Expression(text, tuple(used))


@lru_cache(maxsize=512)
def _tree(text: str) -> ast.expr:
    """Return the syntax tree of an expression."""
    try:
        return ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except SyntaxError:
        raise _unreadable(text, "cannot be read") from None


def _unreadable(text: str, problem: str) -> ModelSyntaxError:
    hint = "Use labels, numbers, + - * / ^, parentheses, exp(), log() and sqrt()."
    return ModelSyntaxError("syntax.expression", f"The expression {text!r} {problem}.", variable=text, value=text, hint=hint)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """Return the value of a syntax tree."""
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        with np.errstate(all="ignore"):
            return BINARY[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inner = _value(node.operand, values)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and len(node.args) == 1:
        with np.errstate(all="ignore"):
            return FUNCTIONS[node.func.id](_value(node.args[0], values))
    raise _unreadable(ast.unparse(node), "is not understood")
