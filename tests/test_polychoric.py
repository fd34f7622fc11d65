"""Thresholds, polychoric and polyserial correlations and their asymptotic covariances: against lavaan and plainly written likelihoods."""

import numpy as np
import pandas as pd
import pytest
from conftest import frame, oracle
from scipy.optimize import minimize_scalar
from scipy.special import ndtr
from scipy.stats import multivariate_normal

import csimodels as csi
from csimodels.estimators.bivariate import normal_cdf2, normal_pdf2, tables
from csimodels.estimators.ordinal_moments import ordinal_moments
from csimodels.estimators.polychoric import LIMIT, margins, pair_scores, polychoric, polyserial, serial_scores, threshold_scores

# lavaan's nlminb stops within about 3e-8 of the optimum of a correlation; what has a closed form agrees to rounding.
ESTIMATES = 1e-6
# Gamma multiplies the error of the correlations by derivatives of order ten where cells are nearly empty.
GAMMA = 1e-4
# Central differences with step 1e-5 of log probabilities.
DIFFERENCES = 1e-7
STEP = 1e-5

HS = [f"x{k}" for k in range(1, 10)]
FIVE = dict(zip(range(1, 11), [1, 1, 1, 1, 1, 2, 3, 4, 5, 5], strict=True))


def bins(column, k):
    return pd.cut(column, k, labels=False) + 1.0


def hs_mixed(case):
    return frame("hs")[HS].assign(
        **{item: lambda d, i=item, k=k: bins(d[i], k) for item, k in {"x2": 4, "x4": 3, "x5": 2, "x8": 5}.items()}
    )


READ = {
    "polychoric_hs4": lambda case: frame("hs")[HS].apply(bins, k=4),
    "polychoric_mobi5": lambda case: frame("mobi")[case["items"]].replace(FIVE),
    "polychoric_mixed": hs_mixed,
    "polychoric_binary": lambda case: pd.DataFrame(case["data"]),
}


def estimated(name):
    case = oracle(name)
    rows = READ[name](case)[case["items"]]
    return case, ordinal_moments(rows.to_numpy(float), rows.columns.isin(case["ordered"]), case["items"])


def simulated(n=300, seed=1, slope=1.0, sizes=(2, 5, 3, 4)):
    """Ordinal columns of these sizes and as many continuous ones, all on one factor."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 2 * len(sizes))) + slope * rng.normal(size=(n, 1))
    for k, size in enumerate(sizes):
        z[:, k] = np.digitize(z[:, k], np.linspace(-1, 1, size - 1) if size > 2 else [0.3])
    return z, np.arange(2 * len(sizes)) < len(sizes)


@pytest.mark.parametrize("name", READ)
def test_lavaan(name):
    case, found = estimated(name)
    assert (list(found.names), found.n) == (case["names"], case["nobs"])
    np.testing.assert_allclose(found.statistics, case["statistics"], rtol=ESTIMATES, atol=1e-9)
    np.testing.assert_allclose(found.covariance, case["covariance"], rtol=ESTIMATES, atol=1e-9)
    np.testing.assert_allclose(found.thresholds, case["thresholds"], rtol=ESTIMATES, atol=1e-9)
    items = np.array(case["items"])
    assert items[found.empty_pairs].tolist() == case["empty_pairs"]
    assert found.at_limit.size == 0
    # relative to the standard errors: the covariances of unrelated statistics are near zero
    upper, size = np.array(case["gamma_vech"]), np.sqrt(np.diag(found.gamma))
    rows, columns = np.triu_indices(len(size))
    np.testing.assert_allclose(
        (found.gamma / np.outer(size, size))[rows, columns], upper / (size[rows] * size[columns]), atol=GAMMA, rtol=0
    )
    np.testing.assert_allclose(np.diag(found.gamma), upper[rows == columns], rtol=GAMMA)


@pytest.mark.parametrize("r", [-0.99, -0.5, 0.0, 0.2, 0.9, 0.999])
def test_bivariate_normal(r):
    points = np.random.default_rng(2).normal(size=(60, 2)) * 1.5
    points = np.vstack([points, [[0, 0], [0, 1], [-1, 0], [0, -2], [1, 1], [-2, 2], [1e-9, -1e-9], [2, 2.0001]]])
    plain = multivariate_normal([0, 0], [[1, r], [r, 1]])
    np.testing.assert_allclose(normal_cdf2(*points.T, r), [plain.cdf(point) for point in points], atol=1e-14, rtol=0)
    np.testing.assert_allclose(normal_pdf2(*points.T, r), plain.pdf(points), atol=1e-12, rtol=1e-9)


def test_infinite_limits():
    h, k = np.array([np.inf, -np.inf, np.inf, 0.5, -np.inf]), np.array([np.inf, 1.0, 0.5, np.inf, np.inf])
    np.testing.assert_allclose(normal_cdf2(h, k, 0.4), [1, 0, ndtr(0.5), ndtr(0.5), 0], atol=1e-15)
    assert not normal_pdf2(h, k, 0.4).any()


@pytest.mark.parametrize("seed", range(4))
def test_polychoric_maximises_the_likelihood(seed):
    values, ordinal = simulated(40, seed, slope=3.0)
    m = margins(values, ordinal, "abcdefgh")
    first, second = np.triu_indices(m.sizes.size, 1)
    counts = tables(m.codes, 5, first, second)
    found = polychoric(counts, m.tau[first], m.tau[second])
    for pair, r in enumerate(found):
        best = minimize_scalar(
            lambda x, k=pair: -plain(m, counts[k], first[k], second[k], x),
            bounds=(-LIMIT, LIMIT),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert r == pytest.approx(best.x, abs=2e-6), pair


def plain(m, counts, first, second, r):
    """The log-likelihood of a table, each cell by four calls."""
    edges = [np.concatenate([[-np.inf], m.tau[k, : m.sizes[k] - 1], [np.inf]]) for k in (first, second)]
    F = np.array([[normal_cdf2(h, k, r) for k in edges[1]] for h in edges[0]])
    P = F[1:, 1:] - F[1:, :-1] - F[:-1, 1:] + F[:-1, :-1]
    return (counts[: P.shape[0], : P.shape[1]] * np.log(np.maximum(P, 1e-300))).sum()


@pytest.mark.parametrize("slope", [0.3, 3.0])
def test_polyserial_maximises_the_likelihood(slope):
    values, ordinal = simulated(60, 5, slope)
    # an answer that contradicts a high correlation counts as any other
    values[0] = np.where(ordinal, values.max(axis=0), values.min(axis=0))
    m = margins(values, ordinal, "abcdefgh")
    for column in range(m.sizes.size):
        found = polyserial(m.z, m.codes, m.tau, np.array([0]), np.array([column]))[0]
        best = minimize_scalar(
            lambda r, k=column: -plain_serial(m, k, m.tau[k], r, m.z[:, 0]).sum(),
            bounds=(-LIMIT, LIMIT),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert found == pytest.approx(best.x, abs=2e-6)


def plain_serial(m, column, tau, r, z):
    """The log-likelihood of rows, given standardised values."""
    ends, codes = np.concatenate([[-np.inf], tau, [np.inf]]), m.codes[:, column]
    upper, lower = (ends[codes + 1] - r * z) / np.sqrt(1 - r * r), (ends[codes] - r * z) / np.sqrt(1 - r * r)
    # the smaller tails: near one, a difference of probabilities would be rounding error
    return np.log(np.where(lower > 0, ndtr(-lower) - ndtr(-upper), ndtr(upper) - ndtr(lower)))


def central(function, at):
    """Central differences by each element of a vector."""
    steps = STEP * np.eye(len(at))
    return np.array([(function(at + step) - function(at - step)) / (2 * STEP) for step in steps])


def test_scores_of_ordinal_pairs():
    values, ordinal = simulated(sizes=(4, 5))
    m = margins(values, ordinal, "abcd")
    counts, r = tables(m.codes, 5, np.array([0]), np.array([1])), np.array([0.37])

    def log_cells(x):
        F = np.array([[normal_cdf2(h, k, x[0]) for k in [-np.inf, *x[4:], np.inf]] for h in [-np.inf, *x[1:4], np.inf]])
        return np.log(np.diff(np.diff(F, axis=0), axis=1))

    scores = pair_scores(counts, m.tau[:1], m.tau[1:], r)
    slopes = central(log_cells, np.concatenate([r, m.tau[0, :3], m.tau[1]]))
    np.testing.assert_allclose(scores.table[0, :4], slopes[0], rtol=DIFFERENCES, atol=DIFFERENCES)
    products = (counts[0, :4] * slopes[0] * slopes).sum(axis=(1, 2))
    np.testing.assert_allclose(scores.cross_first[0, :3], products[1:4], rtol=DIFFERENCES, atol=1e-5)
    np.testing.assert_allclose(scores.cross_second[0], products[4:], rtol=DIFFERENCES, atol=1e-5)


def test_scores_of_thresholds():
    tau = np.array([-0.8, 0.1, 1.3])
    slopes = central(lambda x: np.log(np.diff(ndtr(x), prepend=0.0, append=1.0)), tau)
    np.testing.assert_allclose(threshold_scores(tau[None])[0], slopes.T, atol=DIFFERENCES)


def test_scores_of_polyserial_pairs():
    values, ordinal = simulated(sizes=(4,))
    m = margins(values, ordinal, "ab")
    r = np.array([0.37])

    def log_density(x):
        # correlation, mean, log variance and thresholds
        z = (m.z[:, 0] - x[1]) / np.exp(x[2] / 2)
        return plain_serial(m, 0, x[3:], x[0], z) - z**2 / 2 - x[2] / 2

    slopes = central(log_density, np.concatenate([r, [0.0, 0.0], m.tau[0]]))
    scores = serial_scores(m.z, m.codes, m.tau, r)
    np.testing.assert_allclose(scores.score[:, 0], slopes[0], rtol=DIFFERENCES, atol=DIFFERENCES)
    found = np.concatenate([scores.cross_mean, scores.cross_variance, scores.cross_threshold[0]])
    np.testing.assert_allclose(found, slopes[1:] @ slopes[0], rtol=DIFFERENCES, atol=1e-5)


def test_tetrachoric():
    # cut at the medians, the share of a quadrant is 1/4 + asin(r) / 2 pi (Sheppard 1899)
    counts = np.array([[[37.0, 13.0], [13.0, 37.0]]])
    assert polychoric(counts, np.zeros((1, 1)), np.zeros((1, 1)))[0] == pytest.approx(np.sin(2 * np.pi * 0.12), abs=1e-10)
    rng, truth = np.random.default_rng(3), 0.6
    y = rng.multivariate_normal([0, 0], [[1, truth], [truth, 1]], size=400_000) > [0.5, -0.9]
    found = ordinal_moments(y.astype(float), np.ones(2, bool))
    np.testing.assert_allclose(found.thresholds, [0.5, -0.9], atol=4 * np.sqrt(np.diag(found.gamma)[:2].max() / found.n))
    assert found.covariance[0, 1] == pytest.approx(truth, abs=4 * np.sqrt(found.gamma[2, 2] / found.n))
    assert np.sqrt(found.gamma[2, 2] / found.n) < 0.004


def test_standard_errors_are_those_of_samples():
    runs = [ordinal_moments(*simulated(400, seed, sizes=(3, 2))) for seed in range(300)]
    spread = np.std([run.statistics for run in runs], axis=0)
    claimed = np.sqrt(np.mean([np.diag(run.gamma) for run in runs], axis=0) / 400)
    # the standard deviation of 300 samples is off by 4 per cent
    np.testing.assert_allclose(spread / claimed, 1.0, atol=0.15)


def test_labels_do_not_matter():
    values, ordinal = simulated()
    relabelled = np.where(ordinal, np.array([2.0, 4, 9, 10, 77])[np.where(ordinal, values, 0).astype(int)], values)
    one, other = ordinal_moments(values, ordinal), ordinal_moments(relabelled, ordinal)
    np.testing.assert_array_equal(one.statistics, other.statistics)
    np.testing.assert_array_equal(one.gamma, other.gamma)
    assert one.categories.tolist() == [2, 5, 3, 4, 0, 0, 0, 0]


def test_a_reversed_item_flips_the_sign():
    values, ordinal = simulated()
    sign = np.array([1, -1, 1, 1, 1, -1, 1, 1])
    one, other = ordinal_moments(values, ordinal), ordinal_moments(values * sign, ordinal)
    np.testing.assert_allclose(other.covariance, one.covariance * np.outer(sign, sign), atol=1e-12)
    reverse = [other.names.index(name) for name in ("y2|t4", "y2|t3", "y2|t2", "y2|t1")]
    where = [one.names.index(f"y2|t{k}") for k in range(1, 5)]
    np.testing.assert_allclose(one.gamma[np.ix_(where, where)], other.gamma[np.ix_(reverse, reverse)], atol=1e-9)


def test_gamma_does_not_depend_on_blocks_of_rows_or_units():
    values, ordinal = simulated()
    many = np.tile(values, (20, 1))
    one, other = ordinal_moments(values, ordinal), ordinal_moments(np.where(ordinal, many, 1e5 * many), ordinal)
    unit = np.array(
        [1e5 ** sum(not ordinal[int(y[1]) - 1] for y in name.split("|")[0].replace("~1", "").split("~~")) for name in one.names]
    )
    np.testing.assert_allclose(other.statistics / unit, one.statistics, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.gamma / np.outer(unit, unit), one.gamma, rtol=1e-8, atol=1e-8)
    assert ordinal_moments(values, ordinal, with_gamma=False).gamma is None


def test_perfect_agreement_is_cut_and_reported():
    values, ordinal = simulated()
    values[:, 2], values[:, 3] = values[:, 1], -values[:, 1]
    found = ordinal_moments(values, ordinal)
    assert found.at_limit.tolist() == [[1, 2], [1, 3], [2, 3]]
    np.testing.assert_allclose(found.covariance[[1, 1, 2], [2, 3, 3]], [LIMIT, -LIMIT, -LIMIT], rtol=1e-12)
    assert found.zero_cells >= 60
    assert np.isfinite(found.gamma).all()


def test_only_one_kind_of_variable():
    values, ordinal = simulated()
    whole = ordinal_moments(values, ordinal)
    for kind in (ordinal, ~ordinal):
        part = ordinal_moments(values[:, kind], ordinal[kind], [f"y{k + 1}" for k in np.flatnonzero(kind)])
        where = [whole.names.index(name) for name in part.names]
        np.testing.assert_allclose(part.statistics, whole.statistics[where], rtol=1e-12)
        np.testing.assert_allclose(part.gamma, whole.gamma[np.ix_(where, where)], rtol=1e-9, atol=1e-12)


def test_a_constant_item_is_named():
    values, ordinal = simulated()
    values[:, 2] = 3
    with pytest.raises(csi.DataError, match="'y3' are 3") as caught:
        ordinal_moments(values, ordinal)
    assert (caught.value.code, caught.value.variable) == ("data.constant", "y3")
