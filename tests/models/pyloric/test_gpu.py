"""The circuit's CUDA kernels: in numba's simulator of a GPU, and on one where there is one.

The simulator needs a process of its own: it is chosen before numba.cuda is imported.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechfit.models import Pyloric, PyloricActivity
from mechfit.models.numerics.noise import normals
from mechfit.models.pyloric.gpu import check_pace
from mechfit.models.pyloric.reference import Setting, advance, start
from mechfit.models.pyloric.spike_state import (
    NOTHING_YET,
    RING,
    Limits,
    close,
    slide,
    smooth,
    update_spike_state,
)
from mechfit.summaries.bursts import bursts, crossings, smoothed, spike_samples

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "pyloric.npz")
SHORT = {"duration": 6.0, "burn_in": 2.0, "noise_std": 0.01}
THETA, SEED, FIRST = GOLDEN["theta"][[0, 3]], 2**40 + 3, 5
DT, FILES = 0.025, ("given.npz", "out.npz")

SIMULATED = """
import sys
import numpy as np
from numba import cuda
from mechfit.models import Pyloric
from mechfit.models.pyloric import gpu, gpu_kernels

given = np.load(sys.argv[1])
for module in (gpu, gpu_kernels):
    module.CIRCUITS, module.THREADS = 2, 6  # simulated threads are slow to start
kept = []
launch = gpu.Batch.launch
def noting(batch, *arguments):
    launch(batch, *arguments)
    kept.append(batch.state[0].copy_to_host())
gpu.Batch.launch = noting
short = {"duration": 6.0, "burn_in": 2.0, "noise_std": 0.01, "device": "cuda"}
model = Pyloric(**short)
x = model.statistics(given["theta"], int(given["seed"]), first=int(given["first"]))
later = Pyloric(**short, patience=1.0, burst_threshold=-1e6)
two = later.statistics(given["theta"], int(given["seed"]), first=int(given["first"]))
np.savez(sys.argv[2], x=x, two=two, kept=kept)
"""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    pytest.importorskip("numba_cuda")
    folder = tmp_path_factory.mktemp("cuda")
    np.savez(folder / "given.npz", theta=THETA, seed=SEED, first=FIRST)
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            SIMULATED,
            folder / "given.npz",
            folder / "out.npz",
        ],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return np.load(folder / "out.npz")


@pytest.mark.slow
def test_the_state_is_that_of_the_reference(simulated):
    model = Pyloric(**SHORT)
    floats = simulated["kept"][0]
    for row, theta in enumerate(THETA):
        noise = 0.01 * normals(SEED, FIRST + row, 3 * model.samples).reshape(-1, 3)
        state, trace = start(), np.zeros((2, 3, model.samples))
        advance(*vars(Setting.of(theta)).values(), noise, state, *trace)
        columns = slice(3 * row, 3 * row + 3)
        membrane = state[:39].reshape(3, 13)
        np.testing.assert_allclose(floats[0, columns], membrane[:, 0], atol=1e-3)
        np.testing.assert_allclose(floats[1, columns], membrane[:, 1], rtol=1e-5)
        np.testing.assert_allclose(floats[6:17, columns].T, membrane[:, 2:], atol=2e-6)
        np.testing.assert_allclose(floats[4, columns], state[[39, 43, 45]], atol=1e-6)
        np.testing.assert_allclose(floats[5, columns][0], state[40], atol=1e-6)


@pytest.mark.slow
def test_a_launch_can_go_on_where_the_last_one_stopped(simulated):
    whole, first, rest = simulated["kept"]
    assert (first != whole).any()
    np.testing.assert_array_equal(rest, whole)
    assert np.isnan(simulated["x"][:, :-1]).all()


limits = Limits.of(DT, 50.0)
integers = tuple(np.int32(value) for value in limits)


def streamed(v):
    """Bursts, crossings and the last spike of voltages (time,), updated sample by sample."""
    zero, none = np.int32(0), np.int32(NOTHING_YET)
    sums, state = (zero, zero, zero), (zero, zero, none, none, zero, zero, zero)
    samples = [zero] * RING
    found, changes = np.zeros((50, 2), np.int32), np.zeros(500, np.int32)
    for now, new in enumerate((v * limits.scale).astype(np.int32)):
        old = samples[(now - 2 * limits.half - 1) % RING]
        samples[now % RING] = new
        with np.errstate(over="ignore"):
            sums = slide(sums, new, old, np.int32(limits.half))
            seen = smooth(sums, np.int32(limits.center))
        if now < 2 * limits.half + 2:
            state = (seen, state[0], *state[2:])
        else:
            middle = np.int32(now - limits.half)
            state = update_spike_state(state, middle, seen, integers, found, changes)
    bursts = close(state[2], state[3], state[4], limits.shortest, found)
    return found[:bursts], changes[: state[6]], state[3]


@given(st.integers(0, 2**32 - 1))
@pytest.mark.slow
def test_updated_events_are_those_of_the_whole_trace(seed):
    rng = np.random.default_rng(seed)
    corners = rng.choice([-65.0, -35.0, 20.0, 50.0], 60)
    v = np.interp(np.arange(9000) * DT, np.cumsum(rng.exponential(4.0, 60)), corners)
    v[:40], v[-40:] = -65.0, -65.0  # at the ends the filter of the statistics extrapolates
    seen = smoothed(v, DT)
    found, changes, last = streamed(v)
    spikes = spike_samples(seen)
    np.testing.assert_allclose(found, bursts(spikes, DT, 50.0), atol=1)
    if len(spikes):
        assert abs(last - spikes[-1]) <= 1
    if not (abs(abs(np.diff(crossings(seen))) < 3)).any():
        np.testing.assert_allclose(changes, crossings(seen), atol=1)


def test_sums_that_slide_for_long_do_not_drift():
    rng = np.random.default_rng(1)
    v = rng.uniform(-140.0, 140.0, 3000)
    q = (v * limits.scale).astype(np.int32)
    zero = np.int32(0)
    sums, half = (zero, zero, zero), np.int32(limits.half)
    n = 2 * limits.half + 1
    with np.errstate(over="ignore"):
        for now, new in enumerate(q):
            sums = slide(sums, new, q[now - n] if now >= n else zero, half)
        seen = smooth(sums, np.int32(limits.center))
    d = (2 * limits.half + 3) * (4 * limits.half**2 - 1) // 3
    exact = smoothed(v, DT)[len(v) - 1 - limits.half]
    assert seen / (d * limits.scale) == pytest.approx(exact, abs=1 / limits.scale)


def test_says_what_it_cannot_do():
    with pytest.raises(ValueError, match="expected 'cpu' or 'cuda'"):
        Pyloric(device="gpu")
    with pytest.raises(ValueError, match="expected 'float32'"):
        Pyloric(device="cuda", precision="float64")
    with pytest.raises(ValueError, match="device is 'cuda', expected 'cpu'"):
        PyloricActivity(device="cuda")
    with pytest.raises(ValueError, match="at which voltages are smoothed over 51 samples"):
        Limits.of(0.01, 50.0)
    with pytest.raises(ValueError, match="take a shorter step"):
        check_pace(Setting.of(THETA, 1.0))
    check_pace(Setting.of(THETA, DT, 304.0))
    assert Pyloric(device="cuda").block > Pyloric().block


def on_gpu():
    """Whether this machine has a GPU that numba can use."""
    pytest.importorskip("numba_cuda")
    from numba import cuda

    return cuda.is_available()


def test_golden_sets_on_a_gpu():
    if not on_gpu():
        pytest.skip("no GPU here")
    for kelvin in (283.0, 299.0):
        x = Pyloric(0.0, kelvin, device="cuda").statistics(GOLDEN["theta"], 1)
        exact = Pyloric(0.0, kelvin, precision="float64").statistics(GOLDEN["theta"], 1)
        np.testing.assert_allclose(x, exact, rtol=0.01)


def test_prior_draws_on_a_gpu_are_as_often_defined():
    if not on_gpu():
        pytest.skip("no GPU here")
    theta = Pyloric.prior.sample(512, 3)
    x = Pyloric(device="cuda").statistics(theta, 1)
    lanes = Pyloric().statistics(theta, 1)
    assert (np.isfinite(x).all(1) == np.isfinite(lanes).all(1)).mean() >= 0.97
    hasty = Pyloric(device="cuda", patience=3000.0).statistics(theta, 1)
    kept = np.isfinite(hasty[:, 1])
    np.testing.assert_array_equal(hasty[kept], x[kept])
