"""TOML, the file format of the catalog, in and out."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import tomli_w

from csimodels.checks import close_to
from csimodels.errors import ModelSyntaxError
from csimodels.spec import Construct, Indicator, ModelSpec, Path, Term

MODEL_KEYS = (
    "name",
    "title",
    "kind",
    "target",
    "citation",
    "doi",
    "confidence",
    "notes",
    "scale",
    "construct",
    "path",
    "observed",
    "term",
)
CONSTRUCT_KEYS = ("name", "label", "meaning", "mode", "reliability", "items")
ITEM_KEYS = ("name", "stem", "scale", "reverse", "na_values")
PATH_KEYS = ("from", "to", "sign")
TERM_KEYS = ("lhs", "op", "rhs", "value", "free", "label")
TEXTS = ("title", "kind", "citation", "doi", "confidence", "notes")


def read_toml(source: str | os.PathLike[str]) -> ModelSpec:
    """Read a spec from TOML text or from a file."""
    where, text = _text(source)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelSyntaxError(
            "toml.invalid", f"{where} is not TOML: {error}.", variable=where, value=str(error), hint="Mend that line."
        ) from None
    return _spec(data, where)


def _text(source: str | os.PathLike[str]) -> tuple[str, str]:
    if isinstance(source, str) and "\n" in source:
        return "the text", source
    file = FilePath(source)
    if not file.is_file():
        raise ModelSyntaxError(
            "toml.no_file",
            f"There is no file {str(file)!r}.",
            variable="source",
            value=str(file),
            hint="Check the path.",
        )
    return str(file), file.read_text(encoding="utf-8")


def _spec(data: Mapping[str, Any], where: str) -> ModelSpec:
    _keys(data, MODEL_KEYS, ("name", "construct"), where)
    default = data.get("scale")
    return ModelSpec(
        name=data["name"],
        constructs=tuple(_construct(c, default, where) for c in data["construct"]),
        paths=tuple(_path(p, where) for p in data.get("path", ())),
        target=data.get("target"),
        observed=tuple(_item(i, default, where) for i in data.get("observed", ())),
        terms=tuple(_term(t, where) for t in data.get("term", ())),
        **{k: data[k] for k in TEXTS if k in data},
    )


def _construct(data: Mapping[str, Any], default: Any, where: str) -> Construct:
    _keys(data, CONSTRUCT_KEYS, ("name", "items"), f"[[construct]] of {where}")
    plain = {k: data[k] for k in ("mode", "reliability", "meaning", "label") if k in data}
    return Construct(data["name"], tuple(_item(i, default, where) for i in data["items"]), **plain)


def _item(data: Mapping[str, Any] | str, default: Any, where: str) -> Indicator:
    if isinstance(data, str):
        return Indicator(data, scale=default)
    _keys(data, ITEM_KEYS, ("name",), f"an item of {where}")
    scale = data.get("scale", default)
    return Indicator(data["name"], scale, bool(data.get("reverse", False)), data.get("stem", ""), tuple(data.get("na_values", ())))


def _path(data: Mapping[str, Any], where: str) -> Path:
    _keys(data, PATH_KEYS, ("from", "to"), f"[[path]] of {where}")
    return Path(data["from"], data["to"], data.get("sign", "?"))


def _term(data: Mapping[str, Any], where: str) -> Term:
    _keys(data, TERM_KEYS, ("lhs", "op", "rhs"), f"[[term]] of {where}")
    return Term(**dict(data))


def _keys(data: Any, allowed: tuple[str, ...], required: tuple[str, ...], where: str) -> None:
    if not isinstance(data, Mapping):
        raise ModelSyntaxError(
            "toml.not_a_table",
            f"{where} holds {data!r} where a table belongs.",
            variable=where,
            value=data,
            hint=f"Keys: {allowed}.",
        )
    for key in data:
        if key not in allowed:
            raise ModelSyntaxError(
                "toml.unknown_key",
                f"{where} has an unknown key {key!r}.",
                variable=where,
                value=key,
                hint=close_to(key, allowed),
            )
    for key in required:
        if key not in data:
            raise ModelSyntaxError("toml.missing_key", f"{where} has no key {key!r}.", variable=where, value=key, hint="Add it.")


def write_toml(spec: ModelSpec) -> str:
    """Write a spec as TOML."""
    data: dict[str, Any] = {"name": spec.name}
    data |= {k: getattr(spec, k) for k in TEXTS if getattr(spec, k)}
    if spec.target is not None:
        data["target"] = spec.target
    data["construct"] = [_construct_table(c) for c in spec.constructs]
    data["path"] = [{"from": p.source, "to": p.target, "sign": p.sign} for p in spec.paths]
    data["observed"] = [_item_table(i) for i in spec.observed]
    data["term"] = [_filled({k: getattr(t, k) for k in TERM_KEYS}) for t in spec.terms]
    return tomli_w.dumps({k: v for k, v in data.items() if v != []})


def _construct_table(c: Construct) -> dict[str, Any]:
    table = _filled({k: getattr(c, k) for k in ("name", "label", "meaning", "mode", "reliability")})
    return table | {"items": [_item_table(i) for i in c.indicators]}


def _item_table(i: Indicator) -> dict[str, Any]:
    return _filled(
        {
            "name": i.name,
            "stem": i.stem,
            "scale": i.scale and list(i.scale),
            "reverse": i.reverse,
            "na_values": list(i.na_values),
        }
    )


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in table.items() if v is not None and v is not False and v not in ("", [])}
