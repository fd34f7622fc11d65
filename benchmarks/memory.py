"""Peak memory of a process that does nothing but a PLS bootstrap: ``python -m benchmarks.memory``."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import csimodels as csi
from benchmarks.race import LINE

RESAMPLES, LIMIT = 5000, 500


def peak() -> float:
    """Return the peak of this process in MB.

    On Linux ``ru_maxrss`` counts what the process that started this one held, VmHWM does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    """Print the peaks after the fit, and after bootstrap and tables."""
    data = csi.load_mobi()
    result = csi.fit("ecsi_mobile_2005", data, estimator="pls")
    _ = result.table, result.index
    before = peak()
    boot = result.bootstrap(data, n_boot=RESAMPLES, seed=1)
    _ = boot.table, boot.index, boot.effects, boot.htmt, boot.rsquared
    print(before, peak())


def run() -> None:
    """Print the lines of a fresh process."""
    env = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command, home = [sys.executable, "-m", "benchmarks.memory"], Path(__file__).parents[1]
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    verdict = "met" if after < LIMIT else "NOT met"
    print(LINE.format("peak memory of a fresh process", f"{RESAMPLES:,}", "1", f"{after:.0f} MB", "", f"< {LIMIT} MB", verdict))
    print(LINE.format("  more than after the fit", "", "", f"{after - before:.0f} MB", "", "", "").rstrip())


if __name__ == "__main__":
    main()
