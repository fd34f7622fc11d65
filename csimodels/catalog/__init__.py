"""The catalog: models by name, one TOML file each, and one table of names that another model serves."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from csimodels.checks import close_to
from csimodels.errors import CatalogError, OptionError
from csimodels.spec import ModelSpec
from csimodels.toml import read_toml

__all__ = ["as_spec", "load_model", "models", "register_model"]

FOLDER = Path(__file__).parent
_registered: dict[str, ModelSpec] = {}


def models() -> pd.DataFrame:
    """List the models that can be loaded by name.

    Returns
    -------
    DataFrame
        Indexed by name, with ``title``, ``family``, ``kind``, ``constructs``, ``items``, ``target``, ``estimators`` (those that the model
        admits), ``confidence``, ``alias_of`` (the model that serves the name, if another) and ``citation``.

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.models().loc["acsi_1996", "items"]
    np.int64(14)
    """
    specs = [load_model(name) for name in _names()]
    table = [
        (s.name, s.title, s.family, s.kind, len(s.constructs), len(s.items), s.target, ", ".join(s.estimators), s.confidence, s.citation)
        for s in specs
    ]
    columns = ["name", "title", "family", "kind", "constructs", "items", "target", "estimators", "confidence", "citation"]
    frame = pd.DataFrame(table, columns=columns).set_index("name")
    frame.insert(8, "alias_of", [_aliases()[s.name]["model"] if s.name in _aliases() else "" for s in specs])
    return frame


def load_model(name: str | os.PathLike[str]) -> ModelSpec:
    """Load a model of the catalog, or one's own from a TOML file.

    Parameters
    ----------
    name : str or os.PathLike
        A name that ``models()`` lists, or the path of a file that ends in .toml.

    Returns
    -------
    ModelSpec

    Raises
    ------
    CatalogError
        No such model; the closest names are given.
    ModelSyntaxError
        No such file, or not a model.

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.load_model("ecsi_mobile_2005").construct("loyalty").items
    ('CUSL1', 'CUSL2', 'CUSL3')
    """
    if _is_file(name):
        return read_toml(name)
    if name in _registered:
        return _registered[name]
    if name not in _names():
        raise CatalogError(
            "catalog.unknown_model",
            f"The catalog has no model {name!r}.",
            variable="name",
            value=name,
            hint=close_to(str(name), _names()),
        )
    return _read(str(name))


def _is_file(name: Any) -> bool:
    return isinstance(name, os.PathLike) or (isinstance(name, str) and name.endswith(".toml"))


def register_model(spec: ModelSpec) -> None:
    """Add a model to the catalog of this session.

    Parameters
    ----------
    spec : ModelSpec
        The model; its name must be free.

    Raises
    ------
    CatalogError
        The name is taken by another model.

    Examples
    --------
    >>> import csimodels as csi
    >>> csi.register_model(csi.ModelSpec.from_lavaan("f =~ a + b + c", name="mine"))
    >>> csi.load_model("mine").items
    ('a', 'b', 'c')
    """
    if spec.name in _names() and load_model(spec.name) != spec:
        raise CatalogError(
            "catalog.name_taken",
            f"The catalog already has another model {spec.name!r}.",
            variable="name",
            value=spec.name,
            hint="Give it another name.",
        )
    _registered[spec.name] = spec


def as_spec(model: Any) -> ModelSpec:
    """Return a spec from a spec, a catalog name, or the path of a TOML file."""
    if isinstance(model, ModelSpec):
        return model
    if isinstance(model, (str, os.PathLike)):
        return load_model(model)
    raise OptionError(
        "option.model",
        f"The model is a {type(model).__name__}.",
        variable="model",
        value=type(model).__name__,
        hint="Give a ModelSpec, a name that models() lists, or the path of a TOML file.",
    )


def _names() -> list[str]:
    files = {f.stem for f in FOLDER.glob("*.toml") if not f.name.startswith("_")}
    return sorted(files | set(_aliases()) | set(_registered))


@cache
def _aliases() -> dict[str, dict[str, str]]:
    """Return what is said of each name that another model serves."""
    table = tomllib.loads((FOLDER / "_aliases.toml").read_text(encoding="utf-8"))
    return {entry["name"]: entry for entry in table["alias"]}


@cache
def _read(name: str) -> ModelSpec:
    alias = _aliases().get(name)
    if alias is None:
        return read_toml(FOLDER / f"{name}.toml")
    served = _read(alias["model"])
    notes = f"{alias.get('notes', '').strip()}\nEstimated as {served.name}, whose notes follow.\n{served.notes}".strip()
    changed: dict[str, Any] = {k: v for k, v in alias.items() if k not in ("model", "notes")}
    return replace(served, **changed, notes=notes)
