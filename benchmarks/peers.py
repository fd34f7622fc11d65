"""The peers written in Python: semopy, seminr and openpls."""

import warnings
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

import pandas as pd
import seminr
import semopy

import csimodels as csi
from benchmarks.race import PeerError, clocked
from csimodels.blas import one_thread


def natural_text(spec: csi.ModelSpec) -> str:
    """Return the model as a semopy user writes it, single items as observed variables."""
    single = {c.name: c.items[0] for c in spec.constructs if len(c.items) == 1}
    lines = [line for line in spec.to_lavaan().splitlines() if line.split(" ", 1)[0] not in single or "=~" not in line]
    return "\n".join(" ".join(single.get(word, word) for word in line.split(" ")) for line in lines)


def semopy_alone(text: str, data: pd.DataFrame) -> float:
    """Fit a fresh semopy model at its default tolerance under one BLAS thread."""
    with one_thread("semopy"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(semopy.Model(text).fit(data).fun)


def semopy_loop(text: str, samples: Iterable[pd.DataFrame]) -> None:
    """Fit a fresh semopy model to every sample."""
    for sample in samples:
        semopy_alone(text, sample)


def seminr_fit(spec: csi.ModelSpec, data: pd.DataFrame) -> Any:
    """Fit by seminr with its default options: path weighting, blocks in mode A."""
    blocks = seminr.constructs(*(seminr.composite(c.name, list(c.items)) for c in spec.constructs))
    return seminr.estimate_pls(data, blocks, seminr.relationships(*(seminr.paths(p.source, p.target) for p in spec.paths)))


def seminr_loop(spec: csi.ModelSpec, samples: Iterable[pd.DataFrame]) -> None:
    """Fit seminr's model to every sample."""
    for sample in samples:
        seminr_fit(spec, sample)


def openpls_seconds(spec: csi.ModelSpec, data: pd.DataFrame, resamples: int) -> float:
    """Return the wall time of openpls' serial bootstrap in the path scheme."""
    if find_spec("openpls") is None:
        raise PeerError("not installed")
    from openpls.config import MV, Config, Structure
    from openpls.long_bootstrap import LongBootstrap
    from openpls.mode import Mode
    from openpls.scheme import Scheme

    structure = Structure()
    for path in spec.paths:
        structure.add_path([path.source], [path.target])
    config = Config(structure.path())
    for construct in spec.constructs:
        config.add_lv(construct.name, Mode.A, *map(MV, construct.items))
    return clocked(lambda: LongBootstrap(data, config, Scheme.PATH, iterations=resamples))()
