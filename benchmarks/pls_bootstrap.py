"""The PLS bootstrap of the real ECSI survey, end to end, beside seminr and openpls."""

import seminr

import csimodels as csi
from benchmarks import floors, memory
from benchmarks.peers import openpls_seconds, seminr_fit
from benchmarks.r_peers import seminr_seconds
from benchmarks.race import Side, clocked, race
from csimodels.bootstrapped import Bootstrap

RESAMPLES, FASTER = 5000, 100


def tables(boot: Bootstrap) -> None:
    """Compute weights, loadings, paths, indices, effects, HTMT and explained variance with their intervals."""
    _ = boot.table, boot.index, boot.effects, boot.htmt, boot.rsquared


def run() -> None:
    """Print the race, then the memory."""
    spec, data = csi.load_model("ecsi_mobile_2005"), csi.load_mobi()
    values, theirs = data[list(spec.items)].to_numpy(), seminr_fit(spec, data)

    def whole() -> None:
        tables(csi.fit("ecsi_mobile_2005", data, estimator="pls").bootstrap(data, n_boot=RESAMPLES, seed=1))

    ours = Side("csimodels, fit + bootstrap + tables", clocked(whole), RESAMPLES)
    others = [
        Side("seminr (Python), bootstrap_model", clocked(lambda: seminr.bootstrap_model(theirs, nboot=40, seed=1)), 40, FASTER),
        Side("seminr (R), bootstrap_model", lambda: seminr_seconds(spec, data, 40), 40, FASTER),
        Side("openpls, LongBootstrap", lambda: openpls_seconds(spec, data, 2), 2, FASTER),
        Side("floor: draw rows, sum products", clocked(lambda: floors.resampled_moments(values, RESAMPLES)), RESAMPLES, floor=True),
    ]
    race("PLS bootstrap, ECSI survey (250 x 24), every table with intervals", "resamples", ours, others)
    memory.run()
