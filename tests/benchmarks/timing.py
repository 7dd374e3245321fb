"""Speeds: every candidate once, then every candidate again, and the best of each.

On one core the seconds are those of the processor, on all cores those of the clock: what else the
machine does meanwhile costs little in the first, and hurts all alike in the second.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Self

import psutil

ROUNDS = 5


class Candidate(NamedTuple):
    """Makes so many simulations when called, and returns the seconds they took."""

    seconds: Callable[[], float]
    simulations: int


def gpu() -> str | None:
    """Name of this machine's GPU, if it has one that numba can use."""
    if not find_spec("numba_cuda"):
        return None
    from numba import cuda

    if not cuda.is_available():
        return None
    name = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else name


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and what it starts, on one core where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def peer(python: str, script: str, name: str) -> Iterator[Callable[..., list]]:
    """Ask a peer, in its own environment, line by line, on the core that it was started on.

    `script` is beside this file and is given the name of the peer; it reads a JSON object a line
    and answers with a JSON list.
    """

    def ask(**line: object) -> list:
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"{name} has died; its own words are above"
        return json.loads(answer)

    command = [python, str(Path(__file__).with_name(script)), name]
    with one_core():
        pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, **pipe)
    with process:  # leaving closes its input, which ends it
        yield ask


class Timer:
    """The `seconds` of a `with` block; by default those of the processor."""

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self.clock = clock

    def __enter__(self) -> Self:
        self.start = self.clock()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = self.clock() - self.start


def processor_seconds() -> float:
    """Seconds that this process and those it has started have computed."""
    here = psutil.Process()
    times = [p.cpu_times() for p in (here, *here.children(recursive=True))]
    return sum(t.user + t.system for t in times)


def on_one_core(call: Callable[[], object], simulations: int) -> Candidate:
    """Time a call that computes in its own thread."""

    def seconds() -> float:
        with one_core(), Timer(time.thread_time) as timer:
            call()
        return timer.seconds

    return Candidate(seconds, simulations)


def on_all_cores(call: Callable[[], object], simulations: int) -> Candidate:
    """Time a call that may use whatever there is."""

    def seconds() -> float:
        with Timer(time.perf_counter) as timer:
            call()
        return timer.seconds

    return Candidate(seconds, simulations)


def speeds(candidates: dict[str, Candidate]) -> dict[str, float]:
    """Best simulations per second of each, after a first round that compiles."""
    rounds = [{name: c.seconds() for name, c in candidates.items()} for _ in range(ROUNDS + 1)]
    return {
        name: c.simulations / min(seconds[name] for seconds in rounds[1:])
        for name, c in candidates.items()
    }
