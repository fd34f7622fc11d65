"""What ``import csimodels`` costs beyond ``import pandas``, and which heavy modules it loads."""

import statistics
import subprocess
import sys
import time

HEAVY = ("semopy", "matplotlib", "scipy.stats", "statsmodels", "sympy")


def seconds(code: str) -> float:
    """Return the wall time of a fresh interpreter."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def run(rounds: int = 9) -> None:
    """Print medians of interleaved runs."""
    pairs = [(seconds("import pandas"), seconds("import pandas, csimodels")) for _ in range(rounds)]
    base, both = (statistics.median(side) for side in zip(*pairs, strict=True))
    extra = statistics.median(b - a for a, b in pairs)
    code = f"import sys, csimodels; print([m for m in {HEAVY} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    print(f"\nImport\nimport pandas {base:.3f} s, with csimodels {both:.3f} s: {extra:.3f} s more; heavy modules loaded: {loaded}")
