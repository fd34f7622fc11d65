"""lavaan model syntax, in and out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from csimodels.errors import ModelSyntaxError
from csimodels.expressions import parsed
from csimodels.spec import Construct, Indicator, ModelSpec, Path, Term

OPERATOR = re.compile(r"<~|=~|~\*~|~~|:=|==|~|<|>|\||%")
MEASUREMENT, RELATIONS = ("=~", "<~"), (":=", "==")
NAME = re.compile(r"[^\W\d][\w.]*\Z")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\Z")
QUOTED = re.compile(r"""(?:label\()?(["'])(?P<label>[^"']+)\1\)?\Z""")


class Line(NamedTuple):
    """One formula: its first line number and its text, continuation lines joined."""

    number: int
    text: str


def parse(text: str, name: str = "lavaan", target: str | None = None) -> ModelSpec:
    """Read lavaan syntax into a spec."""
    if not isinstance(text, str):
        raise ModelSyntaxError(
            "syntax.not_text",
            f"The model text is a {type(text).__name__}.",
            variable="text",
            value=text,
            hint="Give a string of lavaan syntax.",
        )
    terms: dict[tuple[str, str, str], Term] = {}
    for line in formulas(text):
        for term in read_formula(line):
            key = (term.lhs, term.op, term.rhs)
            terms[key] = _merged(terms[key], term) if key in terms else term
    if not terms:
        raise ModelSyntaxError(
            "syntax.empty",
            "The model text holds no formula.",
            variable="text",
            value=text,
            hint="Write e.g. 'f =~ x1 + x2 + x3'.",
        )
    return _spec(list(terms.values()), name, target)


def formulas(text: str) -> list[Line]:
    """Split text into formulas; a line without operator continues the one before."""
    out: list[Line] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        for part in re.split(r"[#!]", raw, maxsplit=1)[0].split(";"):
            piece = part.strip()
            if not piece:
                continue
            if out and not OPERATOR.search(piece):
                out[-1] = Line(out[-1].number, f"{out[-1].text} {piece}")
            else:
                out.append(Line(number, piece))
    return out


def read_formula(line: Line) -> Iterator[Term]:
    """Yield the terms of one formula."""
    found = OPERATOR.search(line.text)
    if found is None:
        raise _unreadable(line, line.text, "has no operator", "Use =~, <~, ~ or ~~.")
    op, left, right = found.group(), line.text[: found.start()], line.text[found.end() :]
    if op in (":=", "=="):
        yield _relation(line, left.strip(), op, right.strip())
        return
    if op not in ("=~", "<~", "~", "~~"):
        raise ModelSyntaxError(
            "syntax.unsupported_operator",
            f"Line {line.number}: operator {op!r} in {line.text!r} is not supported.",
            variable=f"line {line.number}",
            value=op,
            hint="Supported are =~, <~, ~, ~~, := and ==.",
        )
    second = OPERATOR.search(right)
    if second:
        raise _unreadable(line, second.group(), "has a second operator", "Write one formula per line or separate them by ';'.")
    for lhs in left.split("+"):
        for item in right.split("+"):
            yield _term(line, _name(line, lhs.strip()), op, item.strip())


def _relation(line: Line, left: str, op: str, right: str) -> Term:
    """Return a definition or a constraint, its expressions checked."""
    try:
        parsed(right)
        names = (left,) if op == ":=" else parsed(left).names
    except ModelSyntaxError as error:
        raise _unreadable(line, error.value, "has an expression that is not understood", error.hint) from None
    tight = "".join(right.split())
    return Term(_name(line, left) if op == ":=" and names else "".join(left.split()), op, tight)


def _term(line: Line, lhs: str, op: str, item: str) -> Term:
    *modifiers, last = [part.strip() for part in item.split("*")]
    if op == "~" and last in ("0", "-1"):
        hint = "Write '0*1' for an intercept of zero, '1' for one that is estimated."
        text = f"Line {line.number}: intercept {lhs!r} ~ {last} is not understood."
        raise ModelSyntaxError("syntax.intercept", text, variable=f"line {line.number}", value=last, hint=hint)
    if op == "~" and last == "1":
        term = Term(lhs, "~1", "", free=not modifiers)
    else:
        term = Term(lhs, op, _name(line, last), free=op == "~~" and not modifiers)
    for modifier in modifiers:
        term = _merged(term, _modified(line, term, modifier))
    return term


def _modified(line: Line, term: Term, modifier: str) -> Term:
    if modifier == "NA":
        return Term(term.lhs, term.op, term.rhs, free=True)
    if NUMBER.match(modifier):
        return Term(term.lhs, term.op, term.rhs, value=float(modifier))
    quoted = QUOTED.match(modifier)
    label = quoted.group("label") if quoted else modifier
    if not quoted and not NAME.match(label):
        raise ModelSyntaxError(
            "syntax.bad_modifier",
            f"Line {line.number}: modifier {modifier!r} before {term.rhs!r} is not supported.",
            variable=f"line {line.number}",
            value=modifier,
            hint="Use a number, NA or a label.",
        )
    return Term(term.lhs, term.op, term.rhs, free=term.op in ("~~", "~1"), label=label)


def _merged(a: Term, b: Term) -> Term:
    """Combine two mentions of one parameter, as lavaan does."""
    value = b.value if b.value is not None else (None if b.free and b.label == "" else a.value)
    free = (a.free or b.free) and value is None
    return Term(a.lhs, a.op, a.rhs, value=value, free=free, label=b.label or a.label)


def _name(line: Line, text: str) -> str:
    if not NAME.match(text):
        raise _unreadable(
            line,
            text,
            f"has {text!r} where a variable name belongs",
            "Names are letters, digits, '_' and '.', not starting with a digit.",
        )
    return text


def _unreadable(line: Line, token: str, problem: str, hint: str) -> ModelSyntaxError:
    return ModelSyntaxError(
        "syntax.unreadable",
        f"Line {line.number}: {line.text!r} {problem}.",
        variable=f"line {line.number}",
        value=token,
        hint=hint,
    )


def _spec(terms: list[Term], name: str, target: str | None) -> ModelSpec:
    blocks: dict[str, list[str]] = {}
    for t in terms:
        if t.op in MEASUREMENT:
            blocks.setdefault(t.lhs, []).append(t.rhs)
    formative = _formative(terms)
    measured = {*blocks, *(i for items in blocks.values() for i in items)}
    own = [t for t in terms if t.op not in RELATIONS]
    others = dict.fromkeys(n for t in own for n in (t.lhs, t.rhs) if n and n not in measured)
    return ModelSpec(
        name,
        tuple(Construct(c, tuple(map(Indicator, items)), "formative" if c in formative else "") for c, items in blocks.items()),
        tuple(Path(t.rhs, t.lhs) for t in terms if t.op == "~"),
        target=target,
        observed=tuple(Indicator(n) for n in others),
        terms=tuple(t for t in terms if t.op in ("~~", "~1", *RELATIONS) or (t.op != "<~" and (t.free or t.label or t.value is not None))),
    )


def _formative(terms: list[Term]) -> set[str]:
    """Return the constructs defined by ``<~``, whose weights are neither fixed nor labelled; the first may say that it is one."""
    made = [t for t in terms if t.op == "<~"]
    for k, t in enumerate(made):
        other = any(o.op == "=~" and o.lhs == t.lhs for o in terms)
        marker = t.value == 1.0 and t.lhs not in {o.lhs for o in made[:k]}
        if other or t.free or t.label or (t.value is not None and not marker):
            raise ModelSyntaxError(
                "syntax.formative",
                f"{t.lhs!r} has both =~ and <~." if other else f"The weight {t.lhs} <~ {t.rhs} has a modifier.",
                variable=f"{t.lhs} <~ {t.rhs}",
                value=t.label or t.value,
                hint="Define a composite by <~ alone, without modifiers.",
            )
    return {t.lhs for t in made}


def write(spec: ModelSpec, variances: Mapping[str, float] | None = None) -> str:
    """Write a spec as lavaan syntax."""
    for name in (*spec.construct_names, *spec.items):
        if not NAME.match(name):
            raise ModelSyntaxError(
                "syntax.unwritable_name",
                f"{name!r} cannot be a name in lavaan syntax.",
                variable=name,
                value=name,
                hint="Rename it first with rename().",
            )
    prefix = {(t.lhs, t.op, t.rhs): _prefix(t) for t in spec.terms}
    if spec.scoring is not None:
        raise ModelSyntaxError(
            "syntax.composite_index",
            f"Model {spec.name!r} is a composite index: a scoring rule, which lavaan has no syntax for.",
            variable="kind",
            value=spec.kind,
            hint="Write it with to_toml().",
        )
    prefix |= {(c.name, "<~", c.items[0]): "1*" for c in spec.constructs if c.formed}
    lines = [_formula(c.name, "<~" if c.mode == "formative" else "=~", c.items, prefix) for c in spec.constructs]
    for target in dict.fromkeys(p.target for p in spec.paths):
        lines.append(_formula(target, "~", tuple(p.source for p in spec.paths if p.target == target), prefix))
    lines += [f"{t.lhs} ~~ {_prefix(t)}{t.rhs}" for t in spec.terms if t.op == "~~"]
    lines += [f"{t.lhs} ~ {_prefix(t)}1" for t in spec.terms if t.op == "~1"]
    lines += [f"{t.lhs} {t.op} {t.rhs}" for t in spec.terms if t.op in RELATIONS]
    lines += [_error_variance(c, variances or {}) for c in spec.constructs if c.reliability is not None]
    return "\n".join(lines)


def _prefix(t: Term) -> str:
    value = "" if t.value is None else f"{float(t.value)!r}*"
    freed = "NA*" if t.free and t.op != "~~" and not (t.op == "~1" and t.label) else ""
    if not t.label:
        return value + freed
    label = t.label if NAME.match(t.label) else f'"{t.label}"'
    return f"{value}{freed}{label}*"


def _formula(lhs: str, op: str, names: tuple[str, ...], prefix: dict[tuple[str, str, str], str]) -> str:
    return f"{lhs} {op} " + " + ".join(prefix.get((lhs, op, n), "") + n for n in names)


def _error_variance(c: Construct, variances: Mapping[str, float]) -> str:
    item = c.items[0]
    if item not in variances:
        raise ModelSyntaxError(
            "syntax.reliability_needs_variance",
            f"The reliability of {item!r} becomes an error variance only with its sample variance.",
            variable=item,
            value=c.reliability,
            hint=f"Call to_lavaan(variances={{{item!r}: ...}}).",
        )
    assert c.reliability is not None
    return f"{item} ~~ {float((1 - c.reliability) * variances[item])!r}*{item}"
