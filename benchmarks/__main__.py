"""Run every benchmark."""

import os
import platform
from importlib.metadata import version

from benchmarks import imports, one_fit, stacks

if __name__ == "__main__":
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pandas", "semopy"))
    print(f"Python {platform.python_version()}, {packages}; {os.cpu_count()} CPUs, one BLAS thread")
    one_fit.run()
    stacks.run()
    imports.run()
