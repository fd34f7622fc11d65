"""Interleaved timing: each round runs every contender a few times, so that drift of the machine hits all alike."""

import statistics
import time
from collections.abc import Callable, Mapping

REPEATS = 5


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of a run in each round by contender, after a run that does not count."""
    for run in contenders.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            for _ in range(REPEATS):
                run()
            times[name].append((time.perf_counter() - start) / REPEATS * 1e3)
    return times


def report(title: str, times: Mapping[str, list[float]], reference: str) -> None:
    """Print medians, minima, and the median of the round-by-round ratios to the reference."""
    print(f"\n{title}\n{'':44s} {'median':>9s} {'min':>9s}   ratio to the first")
    for name, values in times.items():
        ratio = statistics.median(v / r for v, r in zip(values, times[reference], strict=True))
        words = f"{1 / ratio:.2f} x faster" if ratio < 1 else f"{ratio:.2f} x as long"
        print(f"{name:44s} {statistics.median(values):6.2f} ms {min(values):6.2f} ms   {words if name != reference else ''}")
