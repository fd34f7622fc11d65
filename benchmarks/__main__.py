"""Run every benchmark."""

import os
import platform
from importlib.metadata import version

from threadpoolctl import threadpool_limits

from benchmarks import answers, groups, imports, ml_bootstrap, one_fit, pls_bootstrap, reports
from benchmarks.r_peers import r_version
from benchmarks.race import NOTE, PeerError


def lavaan() -> str:
    """Return lavaan with its version, or that it is not there."""
    try:
        return f"lavaan {r_version('lavaan')}"
    except PeerError as reason:
        return f"lavaan: {reason}"


if __name__ == "__main__":
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pandas", "semopy", "seminr"))
    print(f"Python {platform.python_version()}; {os.cpu_count()} CPUs, one BLAS thread\n{packages}, {lavaan()}\n{NOTE}")
    with threadpool_limits(1, user_api="blas"):
        for benchmark in (pls_bootstrap, ml_bootstrap, groups, one_fit, answers, imports, reports):
            benchmark.run()
