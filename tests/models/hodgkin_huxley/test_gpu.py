"""The CUDA kernel, run in numba's simulator of a GPU and compiled to PTX where NVVM is there.

Both need a process of their own: the simulator is chosen before numba.cuda is imported, and a
device function can be compiled without a GPU only by pretending that one is there.
"""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley, step_current
from mechfit.models.hodgkin_huxley.equations import step

SETTINGS = {
    "dt": 0.05,
    "current": step_current(14.0, 13.0, 0.05, (2.0, 12.0)),
    "window": (2.0, 12.0),
}
FINE = {"dt": 0.025, "current": step_current(20.0, 7.0, 0.025, (2.0, 6.0)), "window": (2.0, 6.0)}
THETA = np.tile(HodgkinHuxley.truth, (5, 1)) * np.linspace(0.7, 1.3, 5)[:, None]
THETA[:, 6] = 2.0
SEED, FIRST = 2**40 + 3, 5

SIMULATED = """
import sys
import numpy as np
from numba import cuda
from mechfit.models import HodgkinHuxley
from mechfit.models.hodgkin_huxley import gpu as kernel
from mechfit.models.hodgkin_huxley.equations import step
from mechfit.models.numerics.single import single

given = np.load(sys.argv[1])
f32 = np.float32
device = cuda.jit(device=True)
step_single = single(step, device)

@cuda.jit
def one_step(states, drive, theta, dt, out):
    i = cuda.grid(1)
    if i < len(out):
        new = step_single(tuple(states[i]), drive[i], tuple(theta[i]), dt)
        for k in range(7):
            out[i, k] = new[k]

stepped = np.empty_like(given["states"], f32)
arrays = (given[k].astype(f32) for k in ("states", "drive", "rows"))
one_step[1, len(stepped)](*arrays, f32(0.05), stepped)

kernel.THREADS, kernel.BLOCKS = 2, 1  # simulated threads are slow to start and to switch
model = HodgkinHuxley(dt=0.05, current=given["current"], window=(2.0, 12.0), device="cuda")
x = model.statistics(given["theta"], int(given["seed"]), first=int(given["first"]))
later = model.statistics(given["theta"][4:], int(given["seed"]), first=int(given["first"]) + 4)
fine = HodgkinHuxley(dt=0.025, current=given["fine"], window=(2.0, 6.0), device="cuda")
fine = fine.statistics(given["theta"], int(given["seed"]))
np.savez(sys.argv[2], stepped=stepped, x=x, later=later, fine=fine)
"""

COMPILED = """
import sys
from types import SimpleNamespace
from numba import cuda
from numba.cuda import dispatcher, types as t
from mechfit.models.hodgkin_huxley.gpu import make_kernel

try:
    cuda.compile(lambda x: x, t.float32(t.float32), cc=(9, 0))
except (ImportError, RuntimeError) as error:
    sys.exit("no compiler: " + " ".join(str(error).split()))
dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(9, 0))
scalar, table, key = t.float32, t.Array(t.float32, 2, "C"), t.UniTuple(t.uint32, 2)
bounds, x = t.UniTuple(t.int64, 7), t.Array(t.float64, 2, "C")
clock, rule = t.Tuple((scalar, t.int64)), t.UniTuple(scalar, 7)
current = t.Array(t.float32, 1, "C")
signature = t.void(table, current, clock, scalar, key, t.int64, bounds, rule, x)
kernel = make_kernel().py_func
options = {"device": False, "abi": "numba", "fastmath": True, "cc": (9, 0)}
print(cuda.compile(kernel, signature, **options)[0])
"""


def child(script, *arguments, **environment):
    """Run a script in another process and return it when it is done."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def loops(ptx):
    """The loops of a PTX text: from a label to a branch back to it."""
    for label in re.finditer(r"^(\$\w+):", ptx, re.M):
        branches = [m.start() for m in re.finditer(rf"\s{re.escape(label[1])};", ptx)]
        if max(branches, default=0) > label.start():
            yield ptx[label.start() : max(branches)]


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(1)
    states = rng.random((64, 7))
    states[:, 0] = rng.uniform(-110, 60, 64)
    states[:, 5:] = rng.normal(0, 1e-6, (64, 2))
    rows = HodgkinHuxley.prior.sample(64, seed=1)
    return {"states": states, "drive": rng.normal(5, 5, 64), "rows": rows}


@pytest.fixture(scope="module")
def simulated(given, tmp_path_factory):
    pytest.importorskip("numba_cuda")
    folder = tmp_path_factory.mktemp("cuda")
    np.savez(
        folder / "given.npz",
        **given,
        theta=THETA,
        current=SETTINGS["current"],
        fine=FINE["current"],
        seed=SEED,
        first=FIRST,
    )
    done = child(SIMULATED, folder / "given.npz", folder / "out.npz", NUMBA_ENABLE_CUDASIM="1")
    assert done.returncode == 0, done.stderr
    return np.load(folder / "out.npz")


@pytest.mark.slow
def test_device_step_is_the_step(given, simulated):
    rows = zip(given["states"], given["drive"], given["rows"], strict=True)
    exact = np.array([step(tuple(s), drive, tuple(theta), 0.05) for s, drive, theta in rows])
    np.testing.assert_allclose(simulated["stepped"][:, :5], exact[:, :5], rtol=1e-6, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_kernel_gives_the_statistics_of_the_other_paths(simulated, precision):
    x = HodgkinHuxley(**SETTINGS, precision=precision).statistics(THETA, SEED, first=FIRST)
    assert set(x[:, 0]) == {2, 3}
    np.testing.assert_array_equal(simulated["x"][:, 0], x[:, 0])
    np.testing.assert_allclose(simulated["x"], x, rtol=5e-5)


@pytest.mark.slow
def test_a_step_per_sample(simulated):
    x = HodgkinHuxley(**FINE).statistics(THETA, SEED)
    assert set(x[:, 0]) == {1}
    np.testing.assert_array_equal(simulated["fine"][:, 0], x[:, 0])
    np.testing.assert_allclose(simulated["fine"], x, rtol=5e-5)


@pytest.mark.slow
def test_neighbors_cannot_be_seen(simulated):
    np.testing.assert_array_equal(simulated["later"], simulated["x"][4:])


def test_compiles_for_a_gpu_with_single_precision_in_the_loop():
    pytest.importorskip("numba_cuda")
    done = child(COMPILED)
    if done.stderr.startswith("no compiler"):
        pytest.skip(f"numba-cuda finds {done.stderr:.200}")
    assert done.returncode == 0, done.stderr
    inner = min((loop for loop in loops(done.stdout) if "ex2.approx" in loop), key=len)
    assert inner.count("fma.rn") > 50
    assert ".f64" not in inner
    assert "call" not in inner


def test_settings():
    assert HodgkinHuxley().device == "cpu"
    assert HodgkinHuxley(device="cuda").block > HodgkinHuxley().block
    with pytest.raises(ValueError, match="device is 'gpu', expected 'cpu' or 'cuda'"):
        HodgkinHuxley(device="gpu")
    with pytest.raises(ValueError, match="expected 'float32'"):
        HodgkinHuxley(device="cuda", precision="float64")


def test_says_what_is_missing(monkeypatch):
    model = HodgkinHuxley(device="cuda")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "numba_cuda", None)
        with pytest.raises(ImportError, match=r"pip install 'mechfit\[gpu\]'"):
            model.statistics(model.truth, seed=1)
    pytest.importorskip("numba_cuda")
    monkeypatch.setattr("numba.cuda.is_available", lambda: False)
    with pytest.raises(RuntimeError, match="needs an NVIDIA GPU.*found.*Use device='cpu'"):
        model.statistics(model.truth, seed=1)
