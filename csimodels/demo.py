"""The demonstration: the real ECSI mobile-phone survey, then the ACSI demo data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from csimodels.api import fit, fit_acsi
from csimodels.catalog import load_model
from csimodels.datasets import load_acsi_demo, load_ecsi_moments

if TYPE_CHECKING:
    from csimodels.results import CSIResults

__all__ = ["run"]


def run(folder: Path) -> None:
    """Fit three models, print their summaries, write a report and a path diagram of each.

    The first is the ACSI-shaped model on the moments of the real ECSI survey; the second the whole ECSI model on the same survey, which
    maximum likelihood cannot fit properly and which says so; the third the ACSI model on the demo data that come with the package.
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
    _show("ACSI model, demo data (5 firms, 4 waves)", fit_acsi(load_acsi_demo()), folder / "acsi_demo")


def _show(title: str, result: CSIResults, stem: Path) -> None:
    import matplotlib.pyplot as plt

    print(f"\n{'=' * len(title)}\n{title}\n{'=' * len(title)}")
    print(result.summary())
    result.to_html(stem.with_suffix(".html"))
    result.plot_paths()
    plt.savefig(stem.with_suffix(".png"), dpi=150)
    plt.close("all")
    print(f"\nwrote {stem.with_suffix('.html')} and {stem.with_suffix('.png')}")
