"""One report: the page of the 24-item ECSI model after its fit, in both languages and from a bootstrap."""

import csimodels as csi
from benchmarks.timing import interleaved, report


def run() -> None:
    """Print how long pages take to write, and how large they are."""
    survey = csi.load_mobi()
    fit = csi.fit_ecsi(survey, estimator="pls")
    boot = fit.bootstrap(survey, n_boot=1000, seed=1)
    contenders = {
        "in English": fit.to_html,
        "in Chinese": lambda: fit.to_html(lang="zh"),
        "of a bootstrap": boot.to_html,
    }
    sizes = ", ".join(f"{name} {len(write().encode()) / 1e3:.0f} kB" for name, write in contenders.items())
    report(f"HTML report of the ECSI model (24 items): {sizes}", interleaved(contenders, rounds=7), "in English")
