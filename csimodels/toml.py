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
from csimodels.spec import Construct, Indicator, ModelSpec, Path, Scoring, Term

TEXTS = ("title", "title_zh", "kind", "family", "origin", "citation", "doi", "confidence", "notes")
DEFAULTS = ("scale", "anchors", "anchors_zh", "na_values")
MODEL_KEYS = ("name", *TEXTS, "target", "estimators", *DEFAULTS, "construct", "path", "observed", "term", "scoring")
CONSTRUCT_TEXTS = ("mode", "reliability", "meaning", "label", "label_zh", "source", "confidence")
CONSTRUCT_KEYS = ("name", *CONSTRUCT_TEXTS, *DEFAULTS, "items")
ITEM_KEYS = ("name", "stem", "stem_zh", "reverse", *DEFAULTS)
PATH_KEYS = ("from", "to", "sign", "confidence")
TERM_KEYS = ("lhs", "op", "rhs", "value", "free", "label")
SCORING_KEYS = ("rule", "boxes", "weights", "importance")
Defaults = Mapping[str, Any]


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
    default = _of(data, DEFAULTS)
    return ModelSpec(
        name=data["name"],
        constructs=tuple(_construct(c, default, where) for c in data["construct"]),
        paths=tuple(_path(p, where) for p in data.get("path", ())),
        target=data.get("target"),
        observed=tuple(_item(i, default, where) for i in data.get("observed", ())),
        terms=tuple(_term(t, where) for t in data.get("term", ())),
        estimators=tuple(data.get("estimators", ())),
        scoring=_scoring(data["scoring"], where) if "scoring" in data else None,
        **_of(data, TEXTS),
    )


def _of(data: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {k: data[k] for k in keys if k in data}


def _construct(data: Mapping[str, Any], default: Defaults, where: str) -> Construct:
    _keys(data, CONSTRUCT_KEYS, ("name", "items"), f"[[construct]] of {where}")
    inside = {**default, **_of(data, DEFAULTS)}
    return Construct(data["name"], tuple(_item(i, inside, where) for i in data["items"]), **_of(data, CONSTRUCT_TEXTS))


def _item(data: Mapping[str, Any] | str, default: Defaults, where: str) -> Indicator:
    """Return an item, with the defaults of its construct or model; a bare name may be that of a construct."""
    if isinstance(data, str):
        return Indicator(data, **default)
    _keys(data, ITEM_KEYS, ("name",), f"an item of {where}")
    return Indicator(**{**default, **data})


def _path(data: Mapping[str, Any], where: str) -> Path:
    _keys(data, PATH_KEYS, ("from", "to"), f"[[path]] of {where}")
    return Path(data["from"], data["to"], data.get("sign", "?"), data.get("confidence", ""))


def _term(data: Mapping[str, Any], where: str) -> Term:
    intercept = isinstance(data, Mapping) and data.get("op") == "~1"
    _keys(data, TERM_KEYS, ("lhs", "op") if intercept else ("lhs", "op", "rhs"), f"[[term]] of {where}")
    return Term(**({"rhs": ""} | dict(data)))


def _scoring(data: Mapping[str, Any], where: str) -> Scoring:
    _keys(data, SCORING_KEYS, ("rule",), f"[scoring] of {where}")
    return Scoring(**dict(data))


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
    data["estimators"] = list(spec.estimators)
    data["construct"] = [_construct_table(c) for c in spec.constructs]
    data["path"] = [_filled({"from": p.source, "to": p.target, "sign": p.sign, "confidence": p.confidence}) for p in spec.paths]
    data["observed"] = [_item_table(i) for i in spec.observed]
    data["term"] = [_filled({k: getattr(t, k) for k in TERM_KEYS}) for t in spec.terms]
    if spec.scoring is not None:
        data["scoring"] = _scoring_table(spec.scoring)
    return tomli_w.dumps({k: v for k, v in data.items() if v != []})


def _construct_table(c: Construct) -> dict[str, Any]:
    """Return a construct as a table; what all its items have in common is written once."""
    table = _filled({k: getattr(c, k) for k in ("name", *CONSTRUCT_TEXTS)})
    items = [_item_table(i) for i in c.indicators]
    common = {k: items[0][k] for k in DEFAULTS if k in items[0] and all(i.get(k) == items[0][k] for i in items)}
    return table | common | {"items": [{k: v for k, v in i.items() if k not in common} for i in items]}


def _item_table(i: Indicator) -> dict[str, Any]:
    texts = {k: getattr(i, k) for k in ("name", "stem", "stem_zh", "reverse")}
    return _filled(texts | {k: list(getattr(i, k) or ()) for k in DEFAULTS})


def _scoring_table(s: Scoring) -> dict[str, Any]:
    weights = {scheme: dict(given) for scheme, given in s.weights}
    return _filled({"rule": s.rule, "boxes": s.boxes, "weights": weights, "importance": dict(s.importance)})


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in table.items() if v is not None and v is not False and v not in ("", [], {})}
