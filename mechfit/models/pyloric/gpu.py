"""Circuits on an NVIDIA GPU: they are simulated in batches, and their statistics taken there.

The kernels (``gpu_kernels.py``) advance the circuits of a batch from one sample to another and
leave their state on the GPU; between two launches the circuits without bursts are left out. Then
one thread per circuit computes the statistics from its bursts and crossings. A batch is as large
as the GPU's memory allows. Taught in ``book/geometry/pyloric-circuit.md``.
"""

from threading import Lock

import numpy as np

from mechfit.models.numerics.gpu import compiler, kernels
from mechfit.models.pyloric.equations import CA_REST, SYNAPSES, V_FIRST, time_constants
from mechfit.models.pyloric.gpu_kernels import CIRCUITS, GATES, THREADS, make_kernels
from mechfit.models.pyloric.reference import Setting
from mechfit.models.pyloric.spike_state import NOTHING_YET, RING, Limits
from mechfit.summaries.triphasic import TRIPHASIC

__all__ = ["circuit_statistics"]

FLOATS, INTS = 6 + 2 * GATES, 10
MOST, FINISHERS = 2048, 64
"""Crossings of a neuron that are kept; circuits of a block that takes statistics."""
f32, i32 = np.float32, np.int32
LOCK = Lock()


def circuit_statistics(
    setting: Setting,
    std: float,
    key: tuple,
    first: int,
    window: tuple[int, int],
    threshold: float,
    deadline: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate n circuits.

    Args:
        setting: The circuits, with conductances (n, 3, 8) and (n, 7).
        std: Standard deviation of the noise (µA).
        key: Two words of the seed.
        first: Number of the first simulation.
        window: First sample of the statistics, and number of samples.
        threshold: Longest duration (ms) of a burst that is dropped.
        deadline: Samples of the window within which each neuron must have begun a burst, or the
            circuit is simulated no further. None simulates all to the end.

    Returns:
        The statistics (n, 19), NaN for those that were not simulated to the end, and whether each
        circuit crossed the plateau's threshold so often (n,) that its plateaus are not known.
    """
    programs, cuda = kernels(make_kernels), compiler()
    limits = Limits.of(setting.clock[0], threshold)
    check_pace(setting)
    bursts = (window[1] - window[0]) // (limits.silence + max(limits.shortest, 0)) + 2
    of_circuit = 3 * 4 * (FLOATS + INTS + RING + 11 + 2 * bursts + MOST)
    x, crossed = np.full((len(setting.membrane), len(TRIPHASIC)), np.nan), []
    with LOCK:
        free = cuda.current_context().get_memory_info()[0]
        batch = int(min(len(x), 0.8 * free // of_circuit))
        for k in range(0, len(x), batch):
            part = slice(k, k + batch)
            some = Batch(programs, coupled(setting, part), bursts, limits, window)
            scaled_dt = tuple(f32(setting.clock[0] * q) for q in setting.faster)
            closing, clock = cuda.to_device(closing_steps(setting)), tuple(map(f32, setting.clock))
            fixed = scaled_dt, closing, clock, f32(std), key, first + k
            crossed.append(some.write(x[part], fixed, setting.clock[0], deadline))
    return x, np.concatenate(crossed) > MOST


class Batch:
    """Circuits that are on the GPU together."""

    def __init__(
        self, programs: tuple, g: np.ndarray, bursts: int, limits: Limits, window: tuple[int, int]
    ) -> None:
        self.run, self.finish = programs
        self.cuda = cuda = compiler()
        self.columns = g.shape[1]
        self.limits, self.window = tuple(i32(value) for value in limits), window
        floats, ints = np.zeros((FLOATS, self.columns), f32), np.zeros((INTS, self.columns), i32)
        floats[0], floats[1] = V_FIRST, CA_REST
        ints[5:7] = NOTHING_YET
        ring = np.zeros((RING, self.columns), i32)
        self.g, self.state = cuda.to_device(g), [cuda.to_device(a) for a in (floats, ints, ring)]
        shapes = (self.columns, bursts, 2), (self.columns, MOST)
        self.kept = tuple(cuda.device_array(shape, i32) for shape in shapes)

    def write(self, x: np.ndarray, fixed: tuple, dt: float, deadline: int | None) -> np.ndarray:
        """Simulate, write the statistics (n, 19) and return the numbers of crossings (n,)."""
        (start, stop), begin, rows = self.window, 1, np.arange(len(x))
        if deadline is not None:
            half, shortest = self.limits[0], self.limits[6]
            begin = min(start + deadline + 2 + int(half), stop)
            self.launch(rows, fixed, 1, begin)
            integers = self.state[1].copy_to_host()
            bursting = (integers[7] > 0) | (integers[6] - integers[5] > shortest)
            rows = np.flatnonzero(bursting.reshape(-1, 3).all(1))
        if len(rows):
            self.launch(rows, fixed, begin, stop)
            out, rows = self.cuda.to_device(x), self.cuda.to_device(rows)
            self.finish[-(-len(rows) // FINISHERS), FINISHERS](
                rows, self.limits, self.state[1], *self.kept, dt, out
            )
            out.copy_to_host(x)
        return self.state[1].copy_to_host()[9].reshape(-1, 3).max(1)

    def launch(self, rows: np.ndarray, fixed: tuple, begin: int, end: int) -> None:
        """Advance the circuits `rows` from one sample to another."""
        span = begin, end, self.window[0]
        which = self.cuda.to_device(rows)
        self.run[-(-len(rows) // CIRCUITS), THREADS](
            self.g, *fixed, which, span, self.limits, *self.state, *self.kept
        )


def check_pace(setting: Setting) -> None:
    """Refuse steps longer than a time constant of a gate other than those of sodium."""
    dt, slow = setting.clock[0], np.array([x for x in range(GATES) if x not in (0, 7)])
    tau = np.array([time_constants(v) for v in np.arange(-130.0, 61.0)])[:, slow]
    pace = (dt * setting.faster[slow] / tau).max()
    if pace > 1:
        raise ValueError(
            f"a step of {dt} ms is {pace:.2g} time constants of a gate, expected at most 1 with "
            "device 'cuda'; take a shorter step, or device 'cpu'"
        )


def closing_steps(setting: Setting) -> np.ndarray:
    """A step over the closing time constants: glutamate of AB/PD, LP, PY; AB/PD's other."""
    synapses = [0, 4, 6, 1]
    tau = np.array([SYNAPSES[s][3] for s in synapses]) / setting.closing[synapses]
    return (setting.clock[0] / tau).astype(f32)


def coupled(setting: Setting, part: slice = slice(None)) -> np.ndarray:
    """Conductances (11, 3 n) in mS of each neuron.

    Eight of the membrane; the synapses from the two others, glutamatergic; and the cholinergic one
    from AB/PD.
    """
    ab_lp, pd_lp, ab_py, pd_py, lp_pd, lp_py, py_lp = setting.synaptic[part].T
    none = np.zeros(len(ab_lp))
    synapses = [[lp_pd, none, none], [ab_lp, py_lp, pd_lp], [ab_py, lp_py, pd_py]]
    g = np.concatenate([setting.membrane[part], np.array(synapses).transpose(2, 0, 1)], 2)
    return np.ascontiguousarray(g.reshape(-1, 11).T, f32)
