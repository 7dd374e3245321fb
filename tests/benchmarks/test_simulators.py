"""Speed of the Hodgkin–Huxley statistics beside a plain compiled loop and jaxley, in one run.

The yardstick is the reference integrator: a scalar float64 loop of the same scheme, its noise
drawn beforehand and no statistics taken. Ours draws the noise and takes all seven statistics.
jaxley, the differentiable simulator, runs as its users run it: a batch in float32, compiled, all
voltages kept, without noise and statistics, at the batch that suits it best. The time to compile
counts for nobody. With MECHFIT_RECORD=1 the table goes to book/artefacts/speeds.json.
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from artefacts import ARTEFACTS, record
from timing import Candidate, gpu, on_all_cores, on_one_core, one_core, speeds

from mechfit.models import HodgkinHuxley
from mechfit.models.hodgkin_huxley.model import voltage_rows
from mechfit.simulation import simulate

PLAIN = "float64 scalar loop, noise given, voltage only"
OURS = "float32 lanes, with noise and seven statistics"
JAXLEY = "jaxley, float32, batch of {}, voltage only"
HEAD = "Hodgkin–Huxley, 120 ms at 0.01 ms, one core"
BATCHES = (200, 500, 1000)
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


@contextmanager
def jaxley() -> Iterator[Callable[[object], float | list[int]]]:
    """Ask a process that simulates the same neuron with jaxley, on the core it was started on."""

    def ask(line: object) -> float | list[int]:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, "the process with jaxley has died; its own words are above"
        return json.loads(answer)

    command = [sys.executable, str(Path(__file__).with_name("jaxley_neuron.py"))]
    environment = {**os.environ, "XLA_FLAGS": ONE_THREAD, "JAX_PLATFORMS": "cpu"}
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with one_core():
        process = subprocess.Popen(command, env=environment, **pipe)
    with process:  # leaving closes its input, which ends it
        yield ask


def check_same_neuron(counts: list[int]) -> None:
    """Compare the spikes of the neuron to be found and of prior draws, all without noise."""
    model = HodgkinHuxley()
    theta = np.vstack([model.truth, model.prior.sample(len(counts) - 1, seed=1)])
    theta[:, 6] = 0.0
    v = model.simulate(theta, seed=1).voltage[:, 0]
    difference = np.array(counts) - ((v[:, 1:] > -10) & (v[:, :-1] <= -10)).sum(1)
    assert difference[0] == 0
    assert (abs(difference) <= 1).mean() > 0.95


def our_candidates() -> dict[str, Candidate]:
    fast, reference = HodgkinHuxley(), HodgkinHuxley(precision="float64")
    theta = fast.prior.sample(640, seed=1)
    few = theta[:64]
    noise = np.random.default_rng(1).standard_normal((64, fast.current.size))
    voltage = np.empty_like(noise)
    whole = f"the same by simulate(), on all cores ({os.cpu_count()})"
    return {
        PLAIN: on_one_core(
            lambda: voltage_rows(few, fast.current, fast.dt, fast.v_init, noise, voltage), 64
        ),
        "float64 scalar loop, with noise and statistics": on_one_core(
            lambda: reference.statistics(few, seed=1), 64
        ),
        OURS: on_one_core(lambda: fast.statistics(theta, seed=1), 640),
        whole: on_all_cores(lambda: simulate(fast, 4000, seed=1), 4000),
    }


def on_gpu() -> dict[str, Candidate]:
    """What the GPU of this machine does, if it has one."""
    if gpu() is None:
        return {}
    model = HodgkinHuxley(device="cuda")
    theta = model.prior.sample(4 * model.block, seed=1)
    name = f"the same on {gpu()}"
    return {name: on_all_cores(lambda: model.statistics(theta, seed=1), len(theta))}


def processor() -> str:
    """Name of the processor, as the system tells it."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"model name\s*: (.+)", told)
    return found[1] if found else platform.machine()


def keep(speed: dict[str, float]) -> None:
    """Keep what was measured for the book, under the name of this machine."""
    recorded = json.loads((ARTEFACTS / "speeds.json").read_text(encoding="utf-8"))
    rates = {name: round(value) for name, value in speed.items()}
    machine = f"{processor()}, {os.cpu_count()} cores"
    record("speeds", recorded | {machine: {"date": time.strftime("%Y-%m-%d"), "rates": rates}})


def test_hodgkin_huxley_on_one_core(monkeypatch):
    monkeypatch.setenv("MECHFIT_PROGRESS", "0")
    candidates = our_candidates() | on_gpu()
    with jaxley() if find_spec("jaxley") else nullcontext() as ask:
        if ask:
            check_same_neuron(ask("spikes"))
            batches = {JAXLEY.format(n): Candidate(lambda n=n: ask(n), n) for n in BATCHES}
            candidates |= batches
        speed = speeds(candidates)
    theirs = max(speed[name] for name in batches) if ask else None
    speed = {
        name: value for name, value in speed.items() if "jaxley" not in name or value == theirs
    }

    print(f"\n\n{HEAD:48}  simulations/s  : scalar loop  : jaxley")
    for name, value in speed.items():
        ratio = f"{value / theirs:8.2f}" if theirs else f"{'–':>8}"
        print(f"{name:48}  {value:13.0f}  {value / speed[PLAIN]:13.1f}  {ratio}")
    if os.environ.get("MECHFIT_RECORD"):
        keep(speed)
    if not theirs:
        print("jaxley is left out: it is not installed (the extra `bench` has it)")
    assert speed[OURS] > 5 * speed[PLAIN]
    assert not theirs or speed[OURS] > theirs
