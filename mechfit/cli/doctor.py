"""Is this computer ready? Versions, speeds and one run from end to end, a line each."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

import numpy as np
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from mechfit.models import Model

__all__ = ["doctor"]

SLOW = 500
"""Simulations per second below which a computer is told to be slow."""
FREE_GB = 2.0
OPTIONAL = {
    "jupyterlab": "the notebooks (extra book)",
    "ipykernel": "the notebooks (extra book)",
    "zarr": "banks on disk (extra scale)",
    "dask": "clusters (extra scale)",
    "pynwb": "recordings in NWB files (extra nwb)",
}


class Lines:
    """Prints a line for each check, and remembers whether one failed."""

    def __init__(self) -> None:
        self.failed = 0

    def tell(self, mark: str, what: str) -> None:
        """Print one line."""
        self.failed += mark == "FAIL"
        print(f"[{mark:^4}] {what}", flush=True)

    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        """Turn an error within into a line."""
        try:
            yield
        except Exception as error:  # whatever is wrong, the other checks go on
            self.tell("FAIL", f"{what}: {type(error).__name__}: {error}")


def doctor(*, quick: bool = False) -> int:
    """Check this computer and print what is found; return 1 if something has to be mended.

    Args:
        quick: Whether to leave out the run from end to end.
    """
    lines = Lines()
    lines.tell("OK", f"Python {platform.python_version()}, {platform.platform()}")
    versions(lines)
    places(lines)
    speeds(lines)
    if not quick:
        with lines.trying("simulate, fit and check"):
            whole_way(lines)
    done = "Something has to be mended: see FAIL above." if lines.failed else "All is well."
    print(done)
    return int(lines.failed > 0)


def versions(lines: Lines) -> None:
    """Tell which of the required packages are there."""
    try:
        wanted = [Requirement(line) for line in requires("mechfit") or []]
    except PackageNotFoundError:
        lines.tell("FAIL", "mechfit is not installed here: pip install it into this Python")
        return
    found = []
    for need in (r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})):
        try:
            there = version(need.name)
        except PackageNotFoundError:
            there = ""
        found.append(f"{need.name} {there}")
        if not there or not need.specifier.contains(there, prereleases=True):
            mend = f'{sys.executable} -m pip install "{need}"'
            lines.tell("FAIL", f"{need.name} is {there or 'missing'}, needed is {need}: {mend}")
    lines.tell("OK", f"mechfit {version('mechfit')}; {', '.join(found)}")
    for name, purpose in OPTIONAL.items():
        try:
            lines.tell("OK", f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.tell("--", f"{name} is not installed; only {purpose} need it")


def places(lines: Lines) -> None:
    """Tell cores, threads, and whether compiled code can be kept."""
    from mechfit.compile import cache_folder
    from mechfit.simulation.workers import cores

    threads = os.environ.get("OMP_NUM_THREADS", "not set: each kernel takes all cores")
    lines.tell("OK", f"{cores()} of {os.cpu_count()} cores; OMP_NUM_THREADS is {threads}")
    folder = cache_folder()
    with lines.trying(f"compiled code cannot be kept in {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        test = folder / "doctor"
        test.write_text("written")
        test.unlink()
        free = shutil.disk_usage(folder).free / 1e9
        enough = free > FREE_GB
        lines.tell(
            "OK" if enough else "FAIL",
            f"{free:.0f} GB free for {folder}"
            + ("" if enough else f": make room, at least {FREE_GB:g} GB"),
        )


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def speeds(lines: Lines) -> None:
    """Compile and time the simulators."""
    from mechfit.models import HodgkinHuxley, Pyloric
    from mechfit.simulation import simulate

    neuron, circuit = HodgkinHuxley(), Pyloric(duration=2000.0)
    for model, name in ((neuron, "Hodgkin–Huxley neuron"), (circuit, "pyloric circuit")):
        with lines.trying(name):
            first, again = timed(partial(once, model)), timed(partial(once, model))
            lines.tell("OK", f"{name}: compiled and run in {first:.1f} s, then in {again:.2f} s")
    with lines.trying("many simulations"):
        n = 2000
        rate = n / timed(lambda: simulate(neuron, n, seed=1))
        said = f"{rate:.0f} Hodgkin–Huxley simulations per second"
        slow = "; slow: close other programs, or choose smaller numbers in the chapters"
        lines.tell("OK" if rate > SLOW else "--", said + (slow if rate <= SLOW else ""))


def once(model: Model) -> None:
    """Simulate a neuron with and without its trace."""
    theta = model.prior.sample(1, seed=1)
    model.statistics(theta, 1)
    model.simulate(theta, 1)


def whole_way(lines: Lines) -> None:
    """Simulate, fit and check, as every chapter does."""
    from mechfit.inference import Training, check, fit
    from mechfit.models import HodgkinHuxley
    from mechfit.simulation import simulate

    model = HodgkinHuxley()
    start = time.perf_counter()
    posterior = fit(
        simulate(model, 4000, seed=1), model.prior, training=Training(epochs=20), seed=1
    )
    report = check(posterior, model, runs=200, seed=2)
    coverage = report.calibration.coverage(0.9)
    seconds = time.perf_counter() - start
    inside = np.all(np.isfinite(posterior.prior.log_prob(report.calibration.draws[0])))
    said = f"simulated, fitted and checked in {seconds:.0f} s; hasty 90 % regions held "
    said += f"{100 * coverage:.0f} % of 200 truths"
    lines.tell("OK" if inside and coverage > 0.5 else "FAIL", said)
