"""Draw the pictures of the README."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

import csimodels as csi

FOLDER = Path(__file__).parent.parent / "docs" / "images"

if __name__ == "__main__":
    result = csi.fit_acsi(csi.load_acsi_demo())
    result.plot_paths()
    plt.savefig(FOLDER / "acsi_demo_paths.png", dpi=120)
    plt.close("all")
    result.plot_index()
    plt.savefig(FOLDER / "acsi_demo_index.png", dpi=120, bbox_inches="tight")
