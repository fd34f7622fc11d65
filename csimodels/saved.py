"""Results to JSON and back, without pickle."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from csimodels.additive import Moments
from csimodels.errors import ResultFileError
from csimodels.estimators.estimate import Baseline, Engine, Estimate
from csimodels.estimators.least_squares import Weight
from csimodels.estimators.pls_estimate import PLSEstimate
from csimodels.estimators.pls_plan import Plan
from csimodels.inference.difference import Tangent
from csimodels.inference.incomplete_fit import CompleteFit
from csimodels.inference.rubin import Pooled
from csimodels.inference.scaled import ScaledTest
from csimodels.options import COVARIANCE, Options
from csimodels.partable import ParameterTable, Row
from csimodels.spec import Construct, Indicator, ModelSpec, Path, Term
from csimodels.writing import require_folder

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["Saved"]

FORMAT = "csimodels-result"
FORMAT_VERSION = 1
PARTS = ("test", "baseline", "weight", "complete", "pooled", "tangent")
NESTED: dict[type, tuple[str, ...]] = {Estimate: ("table", "engine", "patterns", *PARTS), PLSEstimate: ("plan",)}


class Saved:
    """Add JSON output and input to a result."""

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the result as JSON, from which it can be read back whole.

        Parameters
        ----------
        path : str or os.PathLike, optional
            File to write.

        Returns
        -------
        str
            The JSON text; semopy's own model and the rows are not in it.

        Raises
        ------
        ResultFileError
            The folder of the file does not exist.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> csi.CSIResults.from_json(res.to_json()).csi == res.csi
        True
        """
        text = json.dumps(_dumped(self), allow_nan=False, ensure_ascii=False)
        if path is not None:
            file = FilePath(path)
            require_folder(file)
            file.write_text(text, encoding="utf-8")
        return text

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> CSIResults:
        """Read a result that ``to_json`` wrote.

        Parameters
        ----------
        source : str or os.PathLike
            JSON text (beginning with a brace) or the path of a file.

        Returns
        -------
        CSIResults

        Raises
        ------
        ResultFileError
            No such file, not JSON, not a result, or of a later format.

        Examples
        --------
        >>> import csimodels as csi
        >>> res = csi.fit_acsi(csi.load_acsi_demo(), engine="native")
        >>> csi.CSIResults.from_json(res.to_json()).table.equals(res.table)
        True
        """
        return _loaded(_read(source))


def _dumped(result: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "spec": asdict(result.spec),
        "moments": _plain(result.moments),
        "estimate": _dumped_estimate(result.estimate),
        "options": _plain(result.options),
        "warnings": list(result.warnings),
        "mean_vcov": None if result.mean_vcov is None else _value(result.mean_vcov),
    }


def _dumped_estimate(estimate: Any) -> dict[str, Any]:
    if isinstance(estimate, PLSEstimate):
        return _plain(estimate)
    parts = {name: _part(getattr(estimate, name)) for name in PARTS}
    return _plain(estimate) | {"table": _plain(estimate.table), "engine": _plain(estimate.engine)} | parts


def _part(part: Any) -> Any:
    """Return a test, a baseline, a weight matrix or the fit of complete rows as plain values."""
    if part is None:
        return None
    if isinstance(part, Baseline):
        return {"chisq": part.chisq, "df": part.df, "test": _part(part.test)}
    values = part._asdict() if isinstance(part, (Weight, CompleteFit, Pooled, Tangent)) else asdict(part)
    return {name: _value(v) for name, v in values.items()}


def _plain(part: Any) -> dict[str, Any]:
    return {f.name: _value(getattr(part, f.name)) for f in fields(part) if f.name not in NESTED.get(type(part), ())}


def _value(v: Any) -> Any:
    """Return a JSON value; NaN becomes null."""
    if isinstance(v, np.ndarray):
        return [_value(x) for x in v.tolist()]
    if isinstance(v, (list, tuple)):
        return [_value(x) for x in v]
    if isinstance(v, dict):
        return {k: _value(x) for k, x in v.items()}
    if isinstance(v, np.generic):
        return _value(v.item())
    return None if isinstance(v, float) and not np.isfinite(v) else v


def _read(source: str | os.PathLike[str]) -> dict[str, Any]:
    text = source if isinstance(source, str) and source.lstrip().startswith("{") else None
    if text is None:
        file = FilePath(source)
        if not file.is_file():
            raise ResultFileError(
                "result.no_file",
                f"There is no file {str(file)!r}.",
                variable="source",
                value=str(file),
                hint="Check the path.",
            )
        text = file.read_text(encoding="utf-8")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ResultFileError(
            "result.not_json",
            f"The text is not JSON: {error}.",
            variable="source",
            value=text[:60],
            hint="Give a file that to_json wrote.",
        ) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ResultFileError(
            "result.other_format",
            "The JSON is not a saved result.",
            variable="format",
            value=data.get("format"),
            hint="Give a file that to_json wrote.",
        )
    if data.get("version") != FORMAT_VERSION:
        raise ResultFileError(
            "result.other_version",
            f"The result has format version {data.get('version')!r}; this release reads {FORMAT_VERSION}.",
            variable="version",
            value=data.get("version"),
            hint="Update csimodels.",
        )
    return data


def _loaded(data: dict[str, Any]) -> CSIResults:
    from csimodels.results import CSIResults

    try:
        options, spec = _options(data["options"]), _spec(data["spec"])
        return CSIResults(
            spec,
            _moments(data["moments"]),
            _estimate(data["estimate"]) if options.estimator in COVARIANCE else _pls_estimate(data["estimate"], options.plan(spec)),
            options,
            tuple(data["warnings"]),
            _optional(data.get("mean_vcov")),
        )
    except (KeyError, TypeError) as error:
        raise ResultFileError(
            "result.incomplete",
            f"The saved result is incomplete: {error}.",
            variable="source",
            value=str(error),
            hint="Save it again with to_json.",
        ) from None


def _options(data: dict[str, Any]) -> Options:
    consistent = data.get("consistent")
    words = {"ordinal": tuple(data.get("ordinal", ()))}
    parts = words | {"na_values": _codes(data["na_values"]), "modes": tuple((c, m) for c, m in data.get("modes", ()))}
    return Options(**(data | parts | {"consistent": consistent and tuple(consistent)}))


def _codes(codes: Any) -> Any:
    return {k: tuple(v) for k, v in codes.items()} if isinstance(codes, dict) else codes and tuple(codes)


def _spec(data: dict[str, Any]) -> ModelSpec:
    constructs = tuple(Construct(**(c | {"indicators": tuple(Indicator(**i) for i in c["indicators"])})) for c in data["constructs"])
    parts = {
        "constructs": constructs,
        "paths": tuple(Path(**p) for p in data["paths"]),
        "observed": tuple(Indicator(**i) for i in data["observed"]),
        "terms": tuple(Term(**t) for t in data["terms"]),
    }
    return ModelSpec(**(data | parts))


def _moments(data: dict[str, Any]) -> Moments:
    mean = None if data["mean"] is None else _array(data["mean"])
    return Moments(**(data | {"items": tuple(data["items"]), "mean": mean, "cov": _array(data["cov"])}))


def _estimate(data: dict[str, Any]) -> Estimate:
    table = data["table"]
    rows = tuple(Row(*_restored(row)) for row in table["rows"])
    names = {k: tuple(table[k]) for k in ("latent", "observed", "fixed_x")}
    arrays = {k: _array(data[k]) for k in ("x", "full", "vcov", "S", "Sigma")}
    engine = Engine(**dict(zip(data["engine"], _restored(data["engine"].values()), strict=True)))
    parts: dict[str, Any] = {k: _optional(data.get(k)) for k in ("mean", "mu", "constraints", "dependent")}
    parts |= {k: _restored_part(k, data.get(k)) for k in PARTS} | {"engine": engine, "ordinal": tuple(data.get("ordinal", ()))}
    return Estimate(**(data | arrays | parts | {"table": ParameterTable(rows=rows, std_lv=table["std_lv"], **names)}))


def _pls_estimate(data: dict[str, Any], plan: Plan) -> PLSEstimate:
    return PLSEstimate(**(data | {"plan": plan, "S": _array(data["S"]), "w": _array(data["w"])}))


def _restored(values: Any) -> list[Any]:
    """Return plain values with null as NaN again."""
    return [np.nan if v is None else v for v in values]


def _optional(values: Any) -> np.ndarray | None:
    return None if values is None else _array(values)


def _restored_part(name: str, data: Any) -> Any:
    """Return a part of an estimate that ``_part`` wrote."""
    if data is None:
        return None
    numbers: dict[str, Any] = {k: np.nan if v is None else v for k, v in data.items()}
    if name == "baseline":
        return Baseline(numbers["chisq"], numbers["df"], _restored_part("test", data["test"]))
    if name == "weight":
        return Weight(_optional(data["full"]), _optional(data["diagonal"]))
    if name == "tangent":
        return Tangent(*(_array(data[k]) for k in Tangent._fields))
    if name == "pooled":
        return Pooled(data["m"], *(_array(data[k]) for k in ("df", "riv", "fmi")))
    return ScaledTest(**numbers) if name == "test" else CompleteFit(**(numbers | {"mean_vcov": _array(data["mean_vcov"])}))


def _array(values: Any) -> np.ndarray:
    return np.array(values, dtype=float)
