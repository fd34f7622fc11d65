"""Races: each round runs every side once, so that drift of the machine hits all alike; ratios are medians over rounds."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

LINE = "{:38s} {:>9s} {:>4s} {:>11s} {:>14s} {:>10s}  {}"
NOTE = """\
~ marks seconds scaled up in proportion from fewer units; a peer's start-up and first fit do not
count. Ratios are medians over rounds in which every side runs once. A floor is the bare drawing and
linear algebra that cannot be avoided."""


class PeerError(RuntimeError):
    """A peer that cannot run here, with the reason."""


class Side(NamedTuple):
    """One side of a race.

    seconds() runs it once and returns the wall time of ``units`` resamples or groups; target is how many times as long as ours it should
    take at least; a floor is what no implementation can do without.
    """

    name: str
    seconds: Callable[[], float]
    units: int
    target: float | None = None
    floor: bool = False


def clocked(run: Callable[[], object]) -> Callable[[], float]:
    """Return a function that runs another and returns its wall time."""

    def seconds() -> float:
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    return seconds


def race(title: str, unit: str, ours: Side, others: Sequence[Side], rounds: int = 7) -> None:
    """Run all sides and print a table; a peer that cannot run is named with the reason."""
    there, absent = _warmed((ours, *others))
    times: dict[str, list[float]] = {side.name: [] for side in there}
    for _ in range(rounds):
        for side in there:
            times[side.name].append(side.seconds() * ours.units / side.units)
    print(f"\n{title}")
    print(LINE.format("", unit, "runs", "median", "ratio", "target", "").rstrip())
    for side in there:
        print(_line(side, ours, times).rstrip())
    for line in absent:
        print(line)


def _warmed(sides: Sequence[Side]) -> tuple[list[Side], list[str]]:
    """Run every side once, uncounted; return those that ran and a line on each of the others."""
    there, absent = [], []
    for side in sides:
        try:
            side.seconds()
            there.append(side)
        except PeerError as reason:
            absent.append(f"{side.name}: {reason}, left out")
    return there, absent


def _line(side: Side, ours: Side, times: dict[str, list[float]]) -> str:
    """Return the line of one side."""
    own = times[side.name]
    scaled = "~" if side.units < ours.units else ""
    ratio = statistics.median(t / o for t, o in zip(own, times[ours.name], strict=True))
    words = "" if side is ours else f"1/{1 / ratio:.1f} of ours" if side.floor else f"{ratio:.1f} x ours"
    target, verdict = "", ""
    if side.target is not None:
        target, verdict = f">= {side.target:g} x", "met" if ratio >= side.target else "NOT met"
    return LINE.format(side.name, f"{side.units:,}", str(len(own)), f"{scaled}{statistics.median(own):.3f} s", words, target, verdict)
