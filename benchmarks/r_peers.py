"""The peers written in R, where ``Rscript`` has them: lavaan and seminr. Each script prints the seconds of its bootstrap or fit alone."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import csimodels as csi
from benchmarks.peers import natural_text
from benchmarks.race import PeerError

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")

LAVAAN = """
suppressPackageStartupMessages(library(lavaan))
fit <- suppressWarnings(sem(paste(readLines("model.txt"), collapse = "\\n"), data = read.csv("data.csv")))
took <- system.time(suppressWarnings(bootstrapLavaan(fit, R = {resamples})))
cat(took[["elapsed"]])
"""

LAVAAN_FIT = """
suppressPackageStartupMessages(library(lavaan))
model <- paste(readLines("model.txt"), collapse = "\\n")
data <- read.csv("data.csv")
once <- function() system.time(suppressWarnings(sem(model, data = data, {options})))[["elapsed"]]
invisible(once())
cat(min(replicate({times}, once())))
"""

SEMINR = """
suppressPackageStartupMessages(library(seminr))
source("model.txt")
invisible(capture.output({{
  fit <- suppressMessages(estimate_pls(read.csv("data.csv"), blocks, structure))
  took <- system.time(suppressMessages(bootstrap_model(fit, nboot = {resamples}, cores = 1, seed = 1)))
}}))
cat(took[["elapsed"]])
"""


@cache
def r_version(package: str) -> str:
    """Return the version of an R package."""
    if shutil.which("Rscript") is None:
        raise PeerError("there is no Rscript")
    asked = subprocess.run(
        ["Rscript", "-e", f'cat(as.character(packageVersion("{package}")))'], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise PeerError("R does not have it")
    return asked.stdout.strip()


def lavaan_seconds(spec: csi.ModelSpec, data: pd.DataFrame, resamples: int) -> float:
    """Return the wall time of ``bootstrapLavaan``."""
    r_version("lavaan")
    return _seconds(LAVAAN.format(resamples=resamples), natural_text(spec), data[list(spec.items)])


def lavaan_fit_seconds(model: str, data: pd.DataFrame, options: str, times: int) -> float:
    """Return the wall time of the fastest of a few calls of ``sem``, after one that does not count."""
    r_version("lavaan")
    return _seconds(LAVAAN_FIT.format(options=options, times=times), model, data)


def seminr_seconds(spec: csi.ModelSpec, data: pd.DataFrame, resamples: int) -> float:
    """Return the wall time of R's ``bootstrap_model`` on one core."""
    r_version("seminr")
    blocks = ", ".join(f'composite("{c.name}", c({_quoted(c.items)}))' for c in spec.constructs)
    paths = ", ".join(f'paths("{p.source}", "{p.target}")' for p in spec.paths)
    model = f"blocks <- constructs({blocks})\nstructure <- relationships({paths})\n"
    return _seconds(SEMINR.format(resamples=resamples), model, data[list(spec.items)])


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _seconds(script: str, model: str, data: pd.DataFrame) -> float:
    """Run a script beside model.txt and data.csv; return the number that it prints."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "model.txt").write_text(model)
        data.to_csv(Path(folder) / "data.csv", index=False)
        command, env = ["Rscript", "-e", script], os.environ | ONE_THREAD
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"failed ({done.stderr.strip().splitlines()[-1]})")
    return float(done.stdout)
