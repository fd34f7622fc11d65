"""PLS estimates, effects, indices, higher-order constructs and bootstraps against seminr, cSEM, plspm, semPLS and lavaan."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from conftest import frame, oracle

import csimodels as csi
from csimodels import ModelSpec

# seminr, cSEM and semPLS stopped at changes of 1e-10 or less: they agree with each other, and with plain matrix algebra, to 1e-10.
TIGHT = 1e-8
# plspm stops when the squared changes of the weights sum to less than 1e-10, which leaves up to 6e-7 in mode B.
PLSPM = 2e-6
# What the library's own default stop (1e-7) may leave.
DEFAULT_STOP = 1e-6
# Resampling error of two standard errors from 2,000 and from 500 samples; packages differ by 2-7 % among each other.
SE_2000, SE_500 = 0.15, 0.20
# Percentile limits, in widths of the reference's interval: four resampling errors of a normal quantile.
LIMITS = 0.15
# A standard error more than HEAVY times the one that the percentile interval suggests rests on a few wild samples, and the limits lie
# where samples are few: still far from where they would be if improper samples were dropped.
HEAVY, LIMITS_HEAVY = 1.15, 0.45

ECSI, ACSI = "a1_ecsi_mobi_ml", "b1_acsi_mobi_ml"
SCHEMES = ("path", "factorial", "centroid")
CASES = {
    **{f"e1_plspm_ecsi_{s}_{m}": (ECSI, {"scheme": s, "modes": m}) for s in SCHEMES for m in "AB"},
    "e1_plspm_ecsi_path_ImageB_restA": (ECSI, {"modes": {"Image": "B"}}),
    "b3_plspm_acsi_path_A": (ACSI, {}),
    "b3_plspm_acsi_centroid_A": (ACSI, {"scheme": "centroid"}),
    "e3_semPLS_ecsi_pathWeighting_A": (ECSI, {}),
    "e3_semPLS_ecsi_factorial_A": (ECSI, {"scheme": "factorial"}),
    "e3_semPLS_ecsi_centroid_A": (ECSI, {"scheme": "centroid"}),
    "e4_seminr_ecsi_path_A": (ECSI, {}),
    "e4_seminr_ecsi_factorial_A": (ECSI, {"scheme": "factorial"}),
    "e4_seminr_ecsi_path_B": (ECSI, {"modes": "B"}),
    "e4_seminr_ecsi_path_ImageB_restA": (ECSI, {"modes": {"Image": "B"}}),
    "e5_seminr_ecsi_path_PLSc": (ECSI, {"estimator": "plsc"}),
    "b4_seminr_acsi_path_A": (ACSI, {}),
    "b4_seminr_acsi_path_PLSc": (ACSI, {"estimator": "plsc"}),
    **{f"e10_cSEM_ecsi_{s}_{m}": (ECSI, {"scheme": s, "modes": m}) for s in SCHEMES for m in "AB"},
    **{f"e11_cSEM_ecsi_{s}_PLSc": (ECSI, {"scheme": s, "estimator": "plsc"}) for s in SCHEMES},
    "b5_cSEM_acsi_path_A": (ACSI, {}),
    "b5_cSEM_acsi_path_PLSc": (ACSI, {"estimator": "plsc"}),
    "e12_cSEM_ecsi_unit": (ECSI, {"modes": "unit"}),
}
ESTIMATES = ("weights", "loadings", "paths", "rsquared", "rsquared_adj", "direct", "indirect", "total")
LACKING = {
    "plspm": ("rsquared_adj",),
    "semPLS": ("rsquared_adj", "direct", "indirect"),
    "seminr": ("direct",),
    "e12_cSEM_ecsi_unit": ("direct", "indirect", "total"),
}


def package(name):
    return name.split("_")[1]


PAIRS = [(n, q) for n in CASES for q in ESTIMATES if q not in LACKING.get(package(n), ()) + LACKING.get(n, ())]


def matrix(m) -> pd.DataFrame:
    columns = m["cols"] if isinstance(m["cols"], list) else [m["cols"]]
    return pd.DataFrame(m["values"], index=m["rows"], columns=columns, dtype=float)


def cells(frame: pd.DataFrame) -> dict:
    """Return the cells of a matrix that are neither zero nor missing, by (column, row)."""
    return {(c, r): v for c, column in frame.items() for r, v in column.items() if v and np.isfinite(v)}


def turned(frame: pd.DataFrame) -> dict:
    """Return the cells by (row, column)."""
    return cells(frame.T)


def named(rows, value) -> dict:
    """Return the effects that cSEM lists as ``target ~ source``, by (source, target)."""
    return {tuple(reversed(r["Name"].split(" ~ "))): r[value] for r in rows}


def from_plspm(ref):
    outer, inner, effects = ref["outer_model"], ref["inner_summary"], ref["effects"]
    out = {
        "weights": {(r["block"], r["name"]): r["weight"] for r in outer},
        "loadings": {(r["block"], r["name"]): r["loading"] for r in outer},
        "paths": turned(matrix(ref["path_coefs"])),
        "rsquared": {c: v for c, v in zip(inner["lv"], inner["R2"], strict=True) if v},
    }
    for part in ("direct", "indirect", "total"):
        out[part] = {tuple(r["relationships"].split(" -> ")): r[part] for r in effects if r[part]}
    return out


def from_sempls(ref):
    return {
        "weights": cells(matrix(ref["outer_weights"])),
        "loadings": cells(matrix(ref["outer_loadings"])),
        "paths": cells(matrix(ref["path_coefficients"])),
        "rsquared": matrix(ref["rsquared"]).iloc[:, 0].dropna().to_dict(),
        "total": turned(matrix(ref["total_effects"])),
    }


def from_seminr(ref):
    return {
        "weights": cells(matrix(ref["outer_weights"])),
        "loadings": cells(matrix(ref["outer_loadings"])),
        "paths": cells(matrix(ref["path_coef"])),
        "rsquared": matrix(ref["rSquared"]).loc["Rsq"].to_dict(),
        "rsquared_adj": matrix(ref["rSquared"]).loc["AdjRsq"].to_dict(),
        "indirect": turned(matrix(ref["total_indirect_effects"])),
        "total": turned(matrix(ref["total_effects"])),
    }


def from_csem(ref):
    out = {
        "weights": turned(matrix(ref["weights"])),
        "loadings": turned(matrix(ref["loadings"])),
        "paths": turned(matrix(ref["path"])),
        "rsquared": ref["R2"],
        "rsquared_adj": ref["R2adj"],
    }
    if "effects" in ref:
        out |= {part: named(ref["effects"][part], "Estimate") for part in ("direct", "indirect", "total")}
    return out


READERS = {"plspm": from_plspm, "semPLS": from_sempls, "seminr": from_seminr, "cSEM": from_csem}


@cache
def reference(name):
    return READERS[package(name)](oracle(name))


@cache
def fitted(model, scale=None, tol=1e-12, **options):
    """Fit a model of the oracle on mobi; options are hashable, modes a tuple of pairs where they are a mapping."""
    modes = options.get("modes")
    options |= {"modes": dict(modes)} if isinstance(modes, tuple) else {}
    spec = ModelSpec.from_lavaan(oracle(model)["model"], scale=scale)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return csi.fit(spec, frame("mobi"), **{"estimator": "pls", "tol": tol} | options)


def result(name, **more):
    model, options = CASES[name]
    return fitted(model, **{k: tuple(v.items()) if isinstance(v, dict) else v for k, v in options.items()}, **more)


def ours(res, quantity) -> dict:
    """Return what the library says, under the keys that the readers give."""
    if quantity in ("rsquared", "rsquared_adj"):
        return getattr(res, quantity).to_dict()
    if quantity in ("direct", "indirect", "total"):
        return {(r["source"], r["target"]): r[quantity] for r in res.effects.to_dict("records")}
    op = {"weights": "<~", "loadings": "=~", "paths": "~"}[quantity]
    return {(r["lhs"], r["rhs"]): r["est"] for r in res.table.to_dict("records") if r["op"] == op}


def compare(got, want, tol):
    """Every key of the reference must be there and agree."""
    assert want
    missing = set(want) - set(got)
    assert not missing, f"not in the result: {sorted(missing)}"
    off = {k: (float(got[k]), v) for k, v in want.items() if not abs(float(got[k]) - v) <= tol * max(1.0, abs(v))}
    assert not off, f"ours against the reference: {off}"


@pytest.mark.parametrize(("name", "quantity"), PAIRS)
def test_estimates(name, quantity):
    got, want = ours(result(name), quantity), reference(name)[quantity]
    compare(got, want, PLSPM if package(name) == "plspm" else TIGHT)
    assert all(abs(got[k]) < TIGHT for k in set(got) - set(want))
    if quantity not in ("direct", "indirect"):
        assert set(got) == set(want)


@pytest.mark.parametrize("name", [n for n in CASES if package(n) == "seminr"])
def test_default_stop(name):
    compare(ours(result(name, tol=1e-7), "weights"), reference(name)["weights"], DEFAULT_STOP)


@pytest.mark.parametrize("name", [n for n in CASES if package(n) == "cSEM"])
def test_improper_where_csem_says_so(name):
    """cSEM's verify(): after correction the correlations of the seven ECSI constructs are not positive definite, those of the ACSI are."""
    res = result(name)
    assert res.converged
    assert res.admissible is not any(oracle(name)["status"].values())


def test_the_improper_correction_is_said_aloud():
    spec = ModelSpec.from_lavaan(oracle(ECSI)["model"])
    with pytest.warns(csi.ImproperSolutionWarning, match="positive definite"):
        res = csi.fit(spec, frame("mobi"), estimator="plsc")
    assert any("positive definite" in said for said in res.warnings)


def test_standard_errors_are_unknown_before_a_bootstrap():
    table = result("e4_seminr_ecsi_path_A").table
    assert table[["se", "ci_lower", "ci_upper"]].isna().all(axis=None)
    assert table["est"].notna().all()


@pytest.mark.parametrize("name", ["e4_seminr_ecsi_path_A", "e4_seminr_ecsi_path_B", "b4_seminr_acsi_path_A"])
def test_weights_do_not_depend_on_the_scale_of_answers(name):
    model, options = CASES[name]
    stretched = frame("mobi") * np.linspace(0.5, 7, 24) + 3
    res = csi.fit(ModelSpec.from_lavaan(oracle(model)["model"]), stretched, **{"estimator": "pls", "tol": 1e-12} | options)
    compare(ours(res, "weights"), reference(name)["weights"], TIGHT)


@pytest.mark.parametrize("name", [n for n in CASES if package(n) == "plspm"])
def test_index_by_plspm_rescale(name):
    """plspm's rescale() weights raw answers as if they were standardised: the rule "standardised"."""
    score = result(name, scale=(1, 10)).index_table("standardised")["score"]
    compare(score.to_dict(), {c: 100 * (v - 1) / 9 for c, v in oracle(name)["scores_rescaled_mean"].items()}, 100 * PLSPM)


@pytest.mark.parametrize("name", ["e4_seminr_ecsi_path_A", "e4_seminr_ecsi_factorial_A", "b4_seminr_acsi_path_A"])
def test_index_and_impact_from_seminr_weights(name):
    """Fornell's rule: weights over standard deviations; a standard deviation of construct j is worth 100 / (9 sum u) index points."""
    data, weights = frame("mobi"), matrix(oracle(name)["outer_weights"])
    items = list(weights.index)
    u = weights.div(data[items].std(), axis=0)
    points = 100 / (9 * u.sum())
    res = result(name, scale=(1, 10))
    compare(res.index["score"].to_dict(), (u.mul(data[items].mean() - 1, axis=0).sum() * points).to_dict(), TIGHT)
    impact = res.impact(delta=5)
    total = reference(name)["total"]
    got = {(s, t): impact.loc[s, t] for s, t in total}
    compare(got, {(s, t): 5 * v * points[t] / points[s] for (s, t), v in total.items()}, TIGHT)


# ---- higher-order constructs ----

HIGHER = """
 Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Loyalty =~ CUSL1 + CUSL2 + CUSL3
 Offer =~ Image + Value
 Satisfaction ~ Offer
 Loyalty ~ Satisfaction
"""
E9 = "e9_seminr_higher_order_two_stage"


@cache
def higher(**options):
    return csi.fit(ModelSpec.from_lavaan(HIGHER), frame("mobi"), estimator="pls", tol=1e-12, **options)


@pytest.mark.parametrize("quantity", ["weights", "loadings", "paths", "rsquared", "rsquared_adj"])
def test_disjoint_two_stage(quantity):
    """Stage one: Image and Value take Offer's place. Stage two: their scores measure Offer, the others keep their items."""
    ref = oracle(E9)
    want = {
        "weights": cells(matrix(ref["outer_weights"])),
        "loadings": cells(matrix(ref["outer_loadings"])),
        "paths": cells(matrix(ref["path_coef"])),
        "rsquared": matrix(ref["rSquared"]).loc["Rsq"].to_dict(),
        "rsquared_adj": matrix(ref["rSquared"]).loc["AdjRsq"].to_dict(),
    }[quantity]
    got = ours(higher(), quantity)
    compare(got, want, TIGHT)
    assert set(got) == set(want)


def plain_mode_a(Z, blocks, edges):
    """Return the scores of mode A with path weighting, written plainly on standardised data."""
    Y = {c: Z[b].sum(axis=1) for c, b in blocks.items()}
    for _ in range(50):
        Y = {c: (y - y.mean()) / y.std() for c, y in Y.items()}
        new = {}
        for c, block in blocks.items():
            before, after = [s for s, t in edges if t == c], [t for s, t in edges if s == c]
            inner = sum((np.corrcoef(Y[c], Y[t])[0, 1] * Y[t] for t in after), 0 * Y[c])
            if before:
                X = np.column_stack([Y[s] for s in before])
                inner = inner + X @ np.linalg.lstsq(X, Y[c], rcond=None)[0]
            new[c] = Z[block] @ (Z[block].T @ inner)
        Y = new
    return pd.DataFrame({c: (y - y.mean()) / y.std() for c, y in Y.items()})


def test_embedded_two_stage():
    """Stage one: Offer repeats the items of its dimensions and leads to them. Stage two: scores measure everything."""
    data = frame("mobi")
    Z = (data - data.mean()) / data.std()
    blocks = {c.name: list(c.items) for c in ModelSpec.from_lavaan(HIGHER).constructs}
    blocks["Offer"] = blocks["Image"] + blocks["Value"]
    first = plain_mode_a(Z, blocks, [("Offer", "Satisfaction"), ("Satisfaction", "Loyalty"), ("Offer", "Image"), ("Offer", "Value")])
    second = plain_mode_a(
        first,
        {"Offer": ["Image", "Value"], "Satisfaction": ["Satisfaction"], "Loyalty": ["Loyalty"]},
        [("Offer", "Satisfaction"), ("Satisfaction", "Loyalty")],
    ).corr()
    want = {
        ("Satisfaction", "Offer"): second.loc["Offer", "Satisfaction"],
        ("Loyalty", "Satisfaction"): second.loc["Satisfaction", "Loyalty"],
    }
    compare(ours(higher(higher_order="embedded"), "paths"), want, TIGHT)
    disjoint = ours(higher(), "paths")
    assert abs(disjoint["Satisfaction", "Offer"] - want["Satisfaction", "Offer"]) > 1e-3


# ---- bootstrap ----

PLS_BOOT, PLSC_BOOT, CSEM_BOOT, LAVAAN_BOOT = (
    "e7_seminr_ecsi_path_A_boot2000",
    "e7_seminr_ecsi_path_PLSc_boot1000",
    "e13_cSEM_ecsi_path_A_boot500",
    "b9_acsi_bootstrap500",
)


@cache
def bootstrapped(estimator):
    res = fitted(ACSI, estimator="ml", tol=1e-7) if estimator == "ml" else fitted(ECSI, estimator=estimator, tol=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        return res.bootstrap(frame("mobi"), n_boot=2000, seed=1)


def spread(rows) -> pd.DataFrame:
    """Return est, se, lower and upper by the pair that seminr writes ``source  ->  target``, items before constructs."""
    table = matrix(rows)
    table.columns = ["est", "mean", "se", "t", "lower", "upper"]
    table.index = [tuple(part.strip() for part in pair.split("->")) for pair in table.index]
    return table[table["upper"] - table["lower"] > 1e-9]


def resampled(boot, part) -> dict:
    """Return est, se, ci_lower, ci_upper (effects: est and se) under seminr's pairs."""
    if part == "total_paths":
        return {(r["source"], r["target"]): {"est": r["total"], "se": r["total_se"]} for r in boot.effects.to_dict("records")}
    if part == "HTMT":
        return {(r["construct_a"], r["construct_b"]): r | {"est": r["htmt"]} for r in boot.htmt.to_dict("records")}
    op = {"paths": "~", "weights": "<~", "loadings": "=~"}[part]
    return {(r["rhs"], r["lhs"]): r for r in boot.table.to_dict("records") if r["op"] == op}


def heavy(se, lower, upper):
    return se > HEAVY * (upper - lower) / 3.92


PARTS = ("paths", "weights", "loadings", "HTMT", "total_paths")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("estimator", "case"), [("pls", PLS_BOOT), ("plsc", PLSC_BOOT)])
def test_bootstrap_against_seminr(estimator, case, part):
    """Corrected paths explode where a sample's correlations are hardly positive definite: their se mean nothing, their limits do."""
    got, compared = resampled(bootstrapped(estimator), part), 0
    for pair, ref in spread(oracle(case)[f"bootstrapped_{part}"]).iterrows():
        own = got[pair] if pair in got else got[pair[::-1]]
        assert own["est"] == pytest.approx(ref["est"], abs=DEFAULT_STOP * 10), pair
        wild = heavy(ref["se"], ref["lower"], ref["upper"])
        if not wild:
            assert own["se"] == pytest.approx(ref["se"], rel=SE_2000), pair
            compared += 1
        if part != "total_paths":
            width = (LIMITS_HEAVY if wild else LIMITS) * (ref["upper"] - ref["lower"])
            assert abs(own["ci_lower"] - ref["lower"]) < width, pair
            assert abs(own["ci_upper"] - ref["upper"]) < width, pair
    assert compared >= (3 if estimator == "plsc" else 12)


@pytest.mark.parametrize("part", ["path", "total"])
def test_bootstrap_against_csem(part):
    ref = oracle(CSEM_BOOT)[part]
    got = resampled(bootstrapped("pls"), "paths" if part == "path" else "total_paths")
    limits = matrix(ref["CI_percentile"])
    assert len(ref["sd"]) == (12 if part == "path" else 21)
    for name, se in ref["sd"].items():
        target, source = name.split(" ~ ")
        own, (lower, upper) = got[source, target], limits[name]
        assert own["se"] == pytest.approx(se, rel=SE_500), name
        if part == "path":
            assert abs(own["ci_lower"] - lower) < LIMITS * (upper - lower), name
            assert abs(own["ci_upper"] - upper) < LIMITS * (upper - lower), name


@pytest.mark.slow
def test_ml_bootstrap_against_lavaan():
    """Parameters around the nearly collinear Expectation and Quality have heavy tails: their se are left out."""
    got = {(r["lhs"], r["op"], r["rhs"]): r for r in bootstrapped("ml").table.to_dict("records")}
    compared = 0
    for ref in oracle(LAVAAN_BOOT)["perc"]:
        key, se, lower, upper = (ref["lhs"], ref["op"], ref["rhs"]), ref["se"], ref["ci.lower"], ref["ci.upper"]
        if ref["op"] == ":=" or not se or heavy(se, lower, upper):
            continue
        assert got[key]["se"] == pytest.approx(se, rel=SE_500), key
        assert abs(got[key]["ci_lower"] - lower) < LIMITS * (upper - lower), key
        assert abs(got[key]["ci_upper"] - upper) < LIMITS * (upper - lower), key
        compared += 1
    assert compared >= 35


@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "source", "target"), [("tot_e_s", "Expectation", "Satisfaction"), ("tot_s_l", "Satisfaction", "Loyalty")]
)
def test_ml_bootstrap_of_effects_against_lavaan(label, source, target):
    ref = next(r for r in oracle(LAVAAN_BOOT)["perc"] if r["lhs"] == label)
    effects = bootstrapped("ml").effects.set_index(["source", "target"])
    assert effects.loc[(source, target), "total_se"] == pytest.approx(ref["se"], rel=SE_500)


@pytest.mark.parametrize("estimator", ["pls", "plsc"])
def test_one_seed_one_answer(estimator):
    res = fitted(ACSI, estimator=estimator, tol=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", csi.CSIWarning)
        a, b, c = (res.bootstrap(frame("mobi"), n_boot=60, seed=s).table["se"] for s in (3, 3, 4))
    pd.testing.assert_series_equal(a, b)
    assert not np.allclose(a, c, equal_nan=True)
