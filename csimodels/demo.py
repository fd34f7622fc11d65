"""The demonstration: the real ECSI mobile-phone survey, then the ACSI demo data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from csimodels.api import fit, fit_acsi
from csimodels.batch import fit_by
from csimodels.catalog import load_model
from csimodels.datasets import load_acsi_demo, load_ecsi_moments

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["run"]


def run(folder: Path) -> None:
    """Fit five models, print their summaries, write a report and a path diagram of each.

    On the moments of the real ECSI survey: the ACSI-shaped model; the whole ECSI model, which maximum likelihood cannot fit properly and
    which says so; the same by partial least squares, as the national indices are estimated. On the demo data that come with the package:
    the ACSI model by both estimators, the second with a bootstrap (its report also in Chinese), and firm by firm.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    survey = load_ecsi_moments()
    acsi_shaped = load_model("ecsi_mobile_2005").without("image")
    _show(
        "ACSI-shaped model, real ECSI mobile-phone survey (250 respondents)",
        fit(acsi_shaped, survey),
        folder / "ecsi_survey",
    )
    _show(
        "Whole ECSI model, same survey: inadmissible under maximum likelihood",
        fit("ecsi_mobile_2005", survey),
        folder / "ecsi_full",
    )
    _show(
        "Whole ECSI model, same survey, by partial least squares",
        fit("ecsi_mobile_2005", survey, estimator="pls"),
        folder / "ecsi_pls",
    )
    demo = load_acsi_demo()
    _show("ACSI model, demo data (5 firms, 4 waves)", fit_acsi(demo), folder / "acsi_demo")
    pls = fit_acsi(demo, estimator="pls")
    _show("ACSI model, demo data, by partial least squares", pls, folder / "acsi_demo_pls")
    _headline("The same with a bootstrap of 5,000 resamples")
    boot = pls.bootstrap(demo, n_boot=5000, seed=1)
    print(boot.summary())
    for name, lang in (("acsi_demo_bootstrap", "en"), ("acsi_demo_bootstrap_zh", "zh")):
        boot.to_html(folder / f"{name}.html", lang=lang)
        print(f"\nwrote {folder / f'{name}.html'}")
    _headline("The same firm by firm")
    firms = fit_by("acsi_1996", demo, by="firm", estimator="pls").index
    print(firms[firms["construct"] == "satisfaction"].round(2).to_string(index=False))


def _headline(title: str) -> None:
    print(f"\n{'=' * len(title)}\n{title}\n{'=' * len(title)}")


def _show(title: str, result: CSIResults, stem: Path) -> None:
    import matplotlib.pyplot as plt

    _headline(title)
    print(result.summary())
    result.to_html(stem.with_suffix(".html"))
    result.plot_paths()
    plt.savefig(stem.with_suffix(".png"), dpi=150)
    plt.close("all")
    print(f"\nwrote {stem.with_suffix('.html')} and {stem.with_suffix('.png')}")
