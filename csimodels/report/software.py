"""What a report was made with, so that somebody else can make it again."""

from __future__ import annotations

import platform
from importlib.metadata import version

from csimodels.report.blocks import Block
from csimodels.report.format import count

__all__ = ["software"]

PACKAGES = ("csimodels", "numpy", "scipy", "pandas", "semopy")


def software(engine: str = "native", seed: int | None = None) -> Block:
    """Return versions and seed.

    Parameters
    ----------
    engine : {"native", "semopy"}
        Whether semopy ran.
    seed : int, optional
        Seed of the random numbers; by default none were drawn.
    """
    used = [name for name in PACKAGES if name != "semopy" or engine == "semopy"]
    drawn = "none: nothing was drawn at random" if seed is None else count(seed)
    rows = (("Seed", drawn), ("Python", platform.python_version()), *((name, version(name)) for name in used))
    return Block("software", "Software and seed", ("fact", "value"), rows, align="ll", names_at="none")
