"""Heat maps, loadings and resamples say what the tables say: as many cells, the same numbers, marks exactly beyond the limits."""

import sys
import warnings
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import frame

import csimodels as csi
from csimodels.report.draw_cross_loadings import draw_cross_loadings
from csimodels.report.draw_loadings import draw_loadings
from csimodels.report.format import fixed, number, short_names, width
from csimodels.report.heat import CERTAIN, DOUBTFUL

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

HEATS = ("plot_htmt", "plot_residuals", "plot_cross_loadings")
METHODS = (*HEATS, "plot_loadings")
FITS = ("ml", "pls", "wlsmv", "ecsi")


def _fitted(which):
    df = csi.load_acsi_demo()
    if which == "ecsi":
        return csi.fit("ecsi_mobile_2005", frame("mobi"), engine="native")
    if which == "wlsmv":
        return csi.fit_acsi(df.iloc[:500], estimator="wlsmv", ordinal=["complaint"])
    return csi.fit_acsi(df, **({"engine": "native"} if which == "ml" else {"estimator": which}))


@pytest.fixture(scope="module")
def fits():
    """Well-behaved solutions by three estimators, and an inadmissible one of a survey whose constructs are close together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {which: _fitted(which) for which in FITS}


@pytest.fixture(scope="module")
def boot(fits):
    return fits["pls"].bootstrap(csi.load_acsi_demo(), n_boot=200, seed=1)


def named(names, items=3, n=300, mixed=False):
    """Fit a chain of constructs with the given names; ``mixed`` lists the items of all constructs in turn."""
    rng = np.random.default_rng(5)
    score, data, constructs = rng.normal(size=n), {}, []
    for name in names:
        score = 0.6 * score + rng.normal(size=n)
        block = [f"{name} {k}" for k in range(items)]
        data |= {i: score + rng.normal(size=n) for i in block}
        constructs.append(csi.Construct(name, block))
    paths = [csi.Path(a, b) for a, b in pairwise(names)]
    spec = csi.ModelSpec("m", constructs, paths, target=names[-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return csi.fit(spec, pd.DataFrame(data), engine="native")


def cells(ax):
    """Return what a heat map writes: {(row, column): text}."""
    return {(round(t.get_position()[1]), round(t.get_position()[0])): t for t in ax.texts if t.get_ha() == "center"}


def colours(ax):
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    return np.ma.filled(mesh.get_array(), np.nan)


def frames(ax, line):
    """Return the cells that have a frame of the given kind."""
    solid = line["linestyle"] == "-"
    boxes = [p for p in ax.patches if isinstance(p, Rectangle) and (p.get_linestyle() in ("-", "solid")) == solid]
    return {(round(p.get_y() + p.get_height() / 2), round(p.get_x() + p.get_width() / 2)) for p in boxes}


def where(mask):
    return {tuple(map(int, at)) for at in np.argwhere(mask)}


def lower(table, diagonal=False):
    return np.where(np.tri(len(table), k=0 if diagonal else -1, dtype=bool), table.to_numpy(dtype=float), np.nan)


def row_names(ax):
    return [t.get_text() for t in ax.get_yticklabels()]


@pytest.mark.parametrize("which", FITS)
@pytest.mark.parametrize("method", METHODS)
def test_given_axes_are_returned_and_nothing_else_is_drawn(fits, which, method):
    before = plt.get_fignums()
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    assert getattr(fits[which], method)(ax=axes[1]) is axes[1]
    assert not axes[0].has_data()
    assert plt.get_fignums() == [*before, figure.number]
    assert ("INADMISSIBLE" in axes[1].get_title()) == (which == "ecsi")
    assert fits[which].spec.title in axes[1].get_title()
    figure.canvas.draw()


def check_cells(ax, values):
    """Check that every number of a table has a cell of its own that says it."""
    np.testing.assert_allclose(colours(ax), values)
    assert {at: t.get_text() for at, t in cells(ax).items()} == {at: fixed(values[at]) for at in where(np.isfinite(values))}


@pytest.mark.parametrize("which", FITS)
def test_ratios_above_the_limits_are_framed(fits, which):
    table = fits[which].htmt
    ax, values = fits[which].plot_htmt(), lower(table)
    assert row_names(ax) == [t.get_text() for t in ax.get_xticklabels()] == list(table.index)
    check_cells(ax, values)
    assert len(cells(ax)) == len(table) * (len(table) - 1) / 2
    assert frames(ax, CERTAIN) == where(values > 0.9)
    assert frames(ax, DOUBTFUL) == where((values > 0.85) & (values <= 0.9))
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["above 0.85", "above 0.90"]
    assert {at for at, t in cells(ax).items() if t.get_weight() == "bold"} == where(values > 0.85)
    assert which != "ecsi" or (frames(ax, CERTAIN) and frames(ax, DOUBTFUL))


@pytest.mark.parametrize("which", FITS)
@pytest.mark.parametrize("kind", ["cor", "cor.bentler", "raw", "normalized", "standardized"])
def test_residuals_beyond_the_limit_are_framed(fits, which, kind):
    if which in ("pls", "wlsmv") and kind in ("normalized", "standardized"):
        with pytest.raises(csi.OptionError):
            fits[which].plot_residuals(kind)
        return
    table = fits[which].residuals(kind)
    ax, values = fits[which].plot_residuals(kind), lower(table, diagonal=kind != "cor")
    assert row_names(ax) == [t.get_text() for t in ax.get_xticklabels()] == list(table.index)
    check_cells(ax, values)
    limit = {"raw": np.inf, "cor": 0.1, "cor.bentler": 0.1}.get(kind, 1.96)
    assert frames(ax, CERTAIN) == where(np.abs(values) > limit) and not frames(ax, DOUBTFUL)
    assert (ax.get_legend() is None) == (kind == "raw")
    low, high = next(c for c in ax.collections if isinstance(c, QuadMesh)).get_clim()
    assert low == -high and high >= np.nanmax(np.abs(values))
    assert which != "ecsi" or kind == "raw" or frames(ax, CERTAIN)


@pytest.mark.parametrize("which", FITS)
def test_lines_part_the_items_of_constructs(fits, which):
    spec = fits[which].spec
    ax = fits[which].plot_residuals()
    names = [t for t in ax.texts if t.get_ha() != "center"]
    assert [t.get_text() for t in names] == list(spec.construct_names)
    sizes = np.array([len(c.items) for c in spec.constructs])
    ends = np.cumsum(sizes)
    np.testing.assert_allclose([t.get_position()[1] for t in names], ends - sizes / 2 - 0.5)
    lines = [s for c in ax.collections if not isinstance(c, QuadMesh) for s in c.get_segments()]
    np.testing.assert_allclose(sorted(s[0, 1] for s in lines if s[0, 1] == s[1, 1]), ends[:-1] - 0.5)
    np.testing.assert_allclose(sorted(s[0, 0] for s in lines if s[0, 0] == s[1, 0]), ends[:-1] - 0.5)


@pytest.mark.parametrize("which", FITS)
def test_cross_loadings_frame_the_own_construct(fits, which):
    result = fits[which]
    table, ax = result.cross_loadings, result.plot_cross_loadings()
    assert row_names(ax) == list(table.index)
    assert [t.get_text() for t in ax.get_xticklabels()] == list(table.columns)
    check_cells(ax, table.to_numpy())
    own = np.array([[item in c.items for c in result.spec.constructs] for item in table.index])
    assert frames(ax, CERTAIN) == where(own)
    size = np.abs(table.to_numpy())
    above = ~own & (size > np.where(own, size, 0).max(axis=1, keepdims=True))
    assert frames(ax, DOUBTFUL) == where(above)
    assert ("dashed" in ax.get_xlabel()) == above.any()


def test_an_item_closer_to_another_construct_is_dashed(fits):
    table = fits["ml"].cross_loadings.copy()
    table.loc["expect_reliab", ["value", "loyalty"]] = [0.7, -0.66]
    ax = draw_cross_loadings(fits["ml"], table, plt.subplots()[1])
    assert frames(ax, DOUBTFUL) == {(2, list(table.columns).index(name)) for name in ("value", "loyalty")}
    assert "dashed: above the own construct" in ax.get_xlabel()
    check_cells(ax, table.to_numpy())


@pytest.mark.parametrize("which", FITS)
def test_loadings_have_the_values_and_intervals_of_the_table(fits, which):
    result = fits[which]
    table, ax = result.loadings, result.plot_loadings(level=0.9)
    assert [t.get_text() for t in ax.texts] == [fixed(v) for v in table["std"]]
    heads = [t.get_text() for t in ax.get_yticklabels() if t.get_weight() == "bold"]
    assert heads == list(dict.fromkeys(table["construct"]))
    assert [t.get_text() for t in ax.get_yticklabels() if t.get_weight() != "bold"] == list(table["indicator"])
    half = 1.6448536269514722 * table["std_se"]
    known = table["std_se"] > 0
    drawn = [s[:, 0] for c in ax.collections for s in c.get_segments()]
    expected = np.column_stack([table["std"] - half, table["std"] + half])[known]
    np.testing.assert_allclose(np.array(drawn).reshape(-1, 2), expected, rtol=1e-9)
    assert ("90 % interval" in ax.get_xlabel()) == bool(known.any()) == (which != "pls")


@pytest.mark.parametrize("which", FITS)
def test_marks_of_loadings_change_at_the_guides(fits, which):
    result = fits[which]
    ax = result.plot_loadings()
    dots = [line for line in ax.lines if line.get_linestyle() == "None" and line.get_marker() in ("o", "X")]
    kinds = ["cross" if d.get_marker() == "X" else "ring" if d.get_markerfacecolor() == "white" else "disc" for d in dots]
    std = result.loadings["std"].abs()
    assert kinds == ["disc" if v >= 0.7 else "ring" if v >= 0.5 else "cross" for v in std]
    np.testing.assert_allclose([d.get_xdata()[0] for d in dots], result.loadings["std"])
    guides = {line.get_xdata()[0] for line in ax.lines if line.get_linestyle() in (":", "--")}
    assert {0.5, 0.7} <= guides
    assert which != "ecsi" or set(kinds) == {"disc", "ring", "cross"}


def test_a_negative_loading_has_guides_on_its_side():
    rng = np.random.default_rng(4)
    f = rng.normal(size=300)
    data = pd.DataFrame({f"x{k}": sign * f + 0.8 * rng.normal(size=300) for k, sign in enumerate((1, 1, 1, -1))})
    result = csi.fit(csi.ModelSpec.from_lavaan("f =~ x0 + x1 + x2 + x3"), data, engine="native")
    ax = result.plot_loadings()
    assert {-0.5, -0.7, 0.5, 0.7} <= {line.get_xdata()[0] for line in ax.lines if line.get_linestyle() in (":", "--")}
    assert ax.get_xlim()[0] < result.loadings["std"].min()
    assert "No two constructs" in " ".join(t.get_text() for t in result.plot_htmt().texts)


@pytest.mark.parametrize("method", METHODS)
def test_chinese_and_long_names_are_drawn_within_the_figure(method):
    names = ["客户满意度", "感知质量" * 12, "quality_of_the_" * 9 + "a", "quality_of_the_" * 9 + "b"]
    result = named(names)
    ax = getattr(result, method)()
    figure = ax.figure
    figure.canvas.draw()
    written = row_names(ax)
    assert len(set(written)) == len(written)
    assert max(map(width, written)) <= 28
    assert any(short_names(names, 24)[names[0]] in text for text in written) or any("□" in text for text in written)
    box, page = ax.get_tightbbox(), figure.bbox
    assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1


@pytest.mark.parametrize("method", HEATS)
@pytest.mark.parametrize("size", [None, (4, 3)])
def test_values_stay_within_their_cells(method, size):
    result = named([f"construct_{k}" for k in range(8)])
    ax = getattr(result, method)(ax=None if size is None else plt.subplots(figsize=size, layout="constrained")[1])
    ax.figure.canvas.draw()
    wide, high = np.abs(np.diff(ax.transData.transform([(0, 0), (1, 1)]), axis=0))[0]
    boxes = [t.get_window_extent() for t in cells(ax).values()]
    assert len(boxes) in (28, 276, 192)
    assert all(b.width <= 1.02 * wide for b in boxes)
    assert all(b.height <= 1.25 * high for b in boxes)
    legend = ax.get_legend()
    if legend is not None and size is None:
        shape = legend.get_window_extent()
        assert not [b for b in boxes if b.overlaps(shape)]


def solid_and_dashed(ax):
    solid = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "-"]
    return solid, [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"]


@pytest.mark.parametrize("construct", [None, "loyalty"])
def test_resamples_of_an_index(boot, construct):
    given = plt.subplots()[1]
    ax = boot.plot_distribution(construct, ax=given)
    assert ax is given
    row = boot.index.loc[construct or "satisfaction"]
    assert solid_and_dashed(ax) == ([row["score"]], [row["ci_lower"], row["ci_upper"]])
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    low, high = (number(row[c], 1) for c in ("ci_lower", "ci_upper"))
    assert labels == [f"estimate {number(row['score'], 1)}", f"95 % percentile interval {low} to {high}"]
    assert (construct or "satisfaction") in ax.get_xlabel()


@pytest.mark.parametrize("column", ["std", "est"])
@pytest.mark.parametrize("which", ["pls", "ml"])
def test_resamples_of_a_path(fits, boot, which, column):
    boot = boot if which == "pls" else fits["ml"].bootstrap(csi.load_acsi_demo(), n_boot=50, seed=1)
    paths = boot.paths
    for source, target in zip(paths["source"], paths["target"], strict=True):
        ax = boot.plot_distribution(source=source, target=target, column=column)
        row = paths[(paths["source"] == source) & (paths["target"] == target)].iloc[0]
        limits = ["std_ci_lower", "std_ci_upper"] if column == "std" else ["ci_lower", "ci_upper"]
        assert solid_and_dashed(ax) == ([row[column]], row[limits].tolist())
        counts = [p.get_height() for p in ax.patches if isinstance(p, Rectangle) and p.get_linewidth() == 0.7]
        assert sum(counts) == boot.n_boot - boot.n_failed
        assert source in ax.get_xlabel() and target in ax.get_xlabel()
        assert ax.get_xlabel().startswith("Standardised") == (column == "std")
        plt.close("all")


def test_resamples_of_a_loading_have_their_interval(boot):
    ax = boot.plot_loadings()
    table = boot.loadings
    assert [t.get_text() for t in ax.texts] == [fixed(v) for v in table["std"]]
    expected = table.loc[table["std_ci_upper"] > table["std_ci_lower"], ["std_ci_lower", "std_ci_upper"]]
    np.testing.assert_allclose([s[:, 0] for c in ax.collections for s in c.get_segments()], expected)
    assert "95 % percentile interval" in ax.get_xlabel()


@pytest.mark.parametrize(
    "error, code, arguments",
    [
        (csi.OptionError, "option.column", {"column": "z"}),
        (csi.OptionError, "option.quantity", {"source": "quality"}),
        (csi.OptionError, "option.quantity", {"target": "quality"}),
        (csi.OptionError, "option.quantity", {"construct": "value", "source": "quality", "target": "satisfaction"}),
        (csi.SpecError, "spec.unknown_name", {"construct": "qualty"}),
        (csi.SpecError, "spec.unknown_name", {"source": "quality", "target": "joy"}),
        (csi.SpecError, "spec.no_such_path", {"source": "loyalty", "target": "quality"}),
    ],
)
def test_bad_names_of_quantities_are_named(boot, error, code, arguments):
    with pytest.raises(error) as raised:
        boot.plot_distribution(**arguments)
    assert raised.value.code == code and raised.value.hint
    assert not plt.get_fignums()


def test_bad_options_are_named(fits):
    for which, kind in (("ml", "correlation"), ("pls", "standardized"), ("wlsmv", None)):
        with pytest.raises(csi.OptionError) as raised:
            fits[which].plot_residuals(kind)
        assert raised.value.code == "option.residuals"
    for level in (95, 0, True, "0.9"):
        with pytest.raises(csi.OptionError) as raised:
            fits["ml"].plot_loadings(level=level)
        assert raised.value.code == "option.level"
    assert not plt.get_fignums()


def test_the_gallery_shows_every_picture():
    """Every public method that draws is on the page, and every code block belongs to it."""
    docs = Path(__file__).parent.parent / "docs"
    page = (docs / "gallery.md").read_text(encoding="utf-8")
    drawn = {n for cls in (csi.CSIResults, csi.Bootstrap, csi.CompositeResults) for n in dir(cls) if n.startswith("plot")}
    assert not {name for name in drawn if f".{name}(" not in page}
    package = Path(csi.__file__).parent
    painters = {f.stem.removeprefix("draw_") for f in (package / "report").glob("draw_*.py") if "\ndef draw(" in f.read_text("utf-8")}
    assert not {name for name in painters if f"_build/gallery/{name}.svg" not in page}


def test_the_pictures_of_a_page_are_what_its_calls_return(tmp_path, monkeypatch):
    docs = Path(__file__).parent.parent / "docs"
    monkeypatch.syspath_prepend(str(docs))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    from gallery_pictures import write_pictures

    (tmp_path / "gallery.md").write_text(
        '```python\nimport csimodels as csi\n```\n\n```python\nax = csi.load_model("acsi_1996").plot()\n```\n\n```{image} made/a.svg\n:alt: a\n```\n',
        encoding="utf-8",
    )
    write_pictures(tmp_path)
    assert "<svg" in (tmp_path / "made" / "a.svg").read_text(encoding="utf-8")


def test_what_has_no_number_is_left_out(fits):
    table = fits["ml"].loadings[["construct", "indicator", "std"]].assign(ci_lower=np.nan, ci_upper=np.nan)
    table.loc[2, "std"] = np.nan
    ax = draw_loadings(fits["ml"], table, plt.subplots()[1])
    assert [t.get_text() for t in ax.texts] == [fixed(v) for v in table["std"].dropna()]
    assert len(row_names(ax)) == len(table) + table["construct"].nunique()
    ax = draw_loadings(fits["ml"], table.assign(std=np.nan), plt.subplots()[1])
    assert [t.get_text() for t in ax.texts] == ["No construct has standardised loadings."]
