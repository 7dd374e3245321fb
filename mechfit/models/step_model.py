"""A model of a step function of numbers, many parameter sets side by side.

A step is written once, as scalar Python beside its equations,

    state(t + dt) = step(state(t), theta, I(t), r, dt),    r ~ N(0, 1),

with a noise r from the key (seed, first + i) of simulation i. Its twin, in single precision with
polynomials for exp, expm1 and log, is inlined into a loop over `LANES` parameter sets, which the
compiler turns into vector instructions; in double precision the same loop makes the traces. See
`mechfit.models.numerics.single`. Taught in ``book/beyond/your-own-model.md``.
"""

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from types import FunctionType

import numba
import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import ArrayLike

from mechfit.compile import FAST
from mechfit.models.inputs import whole
from mechfit.models.model import CurrentClamp, Model, TraceModel, Traces
from mechfit.models.numerics.double import double
from mechfit.models.numerics.noise import given_or_drawn, key_of, normal_pair
from mechfit.models.numerics.single import inlined, single
from mechfit.models.prior import Prior
from mechfit.summaries.arguments import array_of, number_of
from mechfit.summaries.spikes import THRESHOLD
from mechfit.summaries.voltage import check_window, seven

__all__ = ["StepModel"]

LANES = 32
LOCK = threading.Lock()
f32, u32 = np.float32, np.uint32
normal_single = single(normal_pair)


@cache
def columns(n: int) -> tuple[Callable, Callable]:
    """Read entry j of each of n arrays as a tuple, and write one there.

    Text is the only way to a tuple whose length numba knows, and without a loop in the inner loop.
    """
    made = {}
    exec(
        f"def read(a, j):\n return ({''.join(f'a[{k}][j], ' for k in range(n))})\n"
        "def write(a, j, x):\n " + "; ".join(f"a[{k}][j] = x[{k}]" for k in range(n)),
        made,
    )
    return inlined(made["read"]), inlined(made["write"])


@cache
def loop(step: Callable, states: int, parameters: int, precision: str) -> Callable:
    """Compile the loop over samples, steps and lanes around a step."""
    (read, write), (values, _) = columns(states), columns(parameters)
    twin = (single if precision == "float32" else double)(step)
    kind = np.dtype(precision)

    @numba.njit(nogil=True, error_model="numpy", fastmath=FAST)
    def run(state, theta, current, dt, every, key, index, noise, out):
        buffer = np.empty((2, LANES), kind)
        first, second = buffer[0], buffer[1]
        for j in range(LANES):
            out[j, 0] = state[0][j]
        for i in range(1, out.shape[1]):
            injected = current[i - 1]
            for s in range((i - 1) * every, i * every):
                if noise is None:
                    if s % 2 == 0:
                        for j in range(LANES):
                            first[j], second[j] = normal_single(
                                key[0], key[1], index[j], u32(s >> 1)
                            )
                    r = buffer[s % 2]
                else:
                    r = noise[s]
                for j in range(LANES):
                    write(state, j, twin(read(state, j), values(theta, j), injected, r[j], dt))
            for j in range(LANES):
                out[j, i] = state[0][j]

    return run


class StepModel(CurrentClamp, TraceModel):
    """A neuron of your own step, at a speed near that of the built-in models.

    The step is a function ``step(state, theta, current, noise, dt) -> state`` of numbers and
    tuples of them: the state, of which the first number is the voltage (mV), the d parameters, the
    current (µA/cm²), a standard normal number and dt (ms). It calls functions written in the same
    way, and those of `math`, best ``from math import exp, expm1, log, sqrt``. Numbers that it
    reads from elsewhere are fixed when it is first compiled.

    Args:
        step: The step; everything it returns may depend on everything it gets.
        prior: Prior over the d parameters.
        initial: The first state (s,), or a function theta_i (d,) -> state (s,).
        dt: Sampling interval (ms) of the current and of the voltage.
        current: Injected current (time,) in µA/cm², held from sample to sample; its length sets
            the number of samples.
        window: Onset and end (ms) of the step; the statistics are taken inside and before it.
        every: Number of equal steps from one sample to the next.
        precision: Of the statistics: "float32", fast, or "float64", the reference. Traces are
            always made in float64.
        threshold: Voltage (mV) above which a local maximum is a spike.
        summary: Statistics of your own, a function of voltages (n, time), `dt`, `window` and
            `threshold`, such as `voltage_statistics`, which returns x (n, k).
        names: Their names and units; by default those of the seven.

    Raises:
        TypeError: The step has another signature, or is not a function of numbers alone.
        ValueError: It returns a state of another length, or one that is not finite.

    Example:
        >>> def leak(state, theta, current, noise, dt):
        ...     return (state[0] + dt * (theta[0] * (-70 - state[0]) + current),)
        >>> prior = Prior.uniform(["g_leak"], [0.1], [1.0], units=["mS/cm²"])
        >>> how = {"dt": 0.1, "current": np.ones(1000), "window": (20.0, 80.0)}
        >>> model = StepModel(leak, prior, [-70.0], **how)
        >>> model.simulate([0.5], seed=1).voltage[0, 0, -1].round(2)
        np.float64(-68.0)
    """

    run_in_process, block = False, Model.block

    def __init__(
        self,
        step: Callable,
        prior: Prior,
        initial: Sequence[float] | Callable[[np.ndarray], Sequence[float]],
        *,
        dt: float,
        current: ArrayLike,
        window: tuple[float, float],
        every: int = 1,
        precision: str = "float32",
        threshold: float = THRESHOLD,
        summary: Callable = seven,
        names: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            getattr(step, "py_func", step), prior, number_of("dt", dt), window, threshold
        )
        if names is not None:
            self.statistic_names, self.statistic_units = tuple(names), tuple(names.values())
        if precision not in ("float32", "float64"):
            raise ValueError(f"precision is {precision!r}, expected 'float32' or 'float64'")
        self.initial, self.precision, self.summary = initial, precision, summary
        self.every = whole(every, "every", 1)
        self.current = array_of("current", current, "(time,)").copy()
        check_window(self.window, self.dt, self.current.size)
        self.states = self._try(prior.from_unit(np.full(len(prior), 0.5))[0])

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Simulate theta (n, d) in float64 and keep the voltages (n, 1, time).

        `noise` are standard normals (n, steps) or (steps,), `every` for each sample but the last.
        """
        theta = self.prior.check(theta)
        steps = self.every * (self.current.size - 1)
        noise = given_or_drawn(noise, seed, first, (len(theta), steps))
        voltage = np.empty((len(theta), self.current.size))
        for start in range(0, len(theta), LANES):
            rows = slice(start, start + LANES)
            voltage[rows] = self._run(theta[rows], float, seed, first + start, noise[rows])
        return Traces(voltage[:, None], self.time)

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce voltages (n, 1, time) to the k statistics (n, k), NaN where undefined."""
        if traces.voltage.shape[1:] != (1, self.current.size):
            raise ValueError(
                f"traces have shape {traces.voltage.shape}, expected (n, 1, {self.current.size})"
            )
        rows = np.ascontiguousarray(traces.voltage[:, 0])
        found = self.summary(rows, self.dt, self.window, self.threshold)
        x = array_of("what summary returned", found, "(n, k)", finite=False)
        if x.shape != (len(rows), len(self.statistic_names)):
            raise ValueError(
                f"summary returned shape {x.shape} for {len(rows)} voltages, expected a row for "
                f"each, with {', '.join(self.statistic_names)}"
            )
        return x

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the k statistics (n, k), NaN where undefined."""
        theta = self.prior.check(theta)
        x = np.empty((len(theta), len(self.statistic_names)))
        for start in range(0, len(theta), LANES):
            rows = slice(start, start + LANES)
            if self.precision == "float64":
                traces = self.simulate(theta[rows], seed, first=first + start)
            else:
                voltage = self._run(theta[rows], f32, seed, first + start, None)
                traces = Traces(voltage[:, None].astype(float), self.time)
            x[rows] = self.summarize(traces)
        return x

    def _run(
        self, theta: np.ndarray, kind: type, seed: int, first: int, noise: np.ndarray | None
    ) -> np.ndarray:
        """Voltages (n, time) of at most `LANES` parameter sets, in the given precision."""
        rows = np.minimum(np.arange(LANES), len(theta) - 1)
        state, values = (
            tuple(np.ascontiguousarray(table[rows].T, kind))
            for table in (self._initial(theta), theta)
        )
        noise = None if noise is None else np.ascontiguousarray(noise[rows].T)
        index, out = (first + rows).astype(u32), np.empty((LANES, self.current.size), kind)
        inputs = self.current.astype(kind), kind(self.dt / self.every), self.every, key_of(seed)
        with LOCK:
            run = loop(self.f, self.states, len(self.prior), np.dtype(kind).name)
        try:
            # of several threads one compiles
            with nullcontext() if run.signatures else LOCK:
                run(state, values, *inputs, index, noise, out)
        except NumbaError as error:
            raise TypeError(
                "numba cannot compile step; expected numbers, tuples of them, and functions of "
                f"math or written like step. It says: {error}"
            ) from None
        return out[: len(theta)]

    def _try(self, theta: np.ndarray) -> int:
        """Number of states; a step in plain Python, whose errors tell more than a compiler's."""
        if not isinstance(self.f, FunctionType):
            raise TypeError(f"step is of type {type(self.f).__name__}, expected a function")
        signature = inspect.signature(self.f)
        try:
            signature.bind(*range(5))
        except TypeError:
            raise TypeError(
                f"step takes {signature}, expected (state, theta, current, noise, dt)"
            ) from None
        state, dt = tuple(self._initial(theta)[0].tolist()), self.dt / self.every
        after = self.f(state, tuple(theta[0].tolist()), float(self.current[0]), 0.0, dt)
        if not isinstance(after, tuple) or len(after) != len(state):
            raise ValueError(
                f"step returned {after!r}, expected a tuple of {len(state)} numbers, as many as "
                "the initial state has"
            )
        array_of("what step returned", after, "(s,)")
        return len(state)

    def _initial(self, theta: np.ndarray) -> np.ndarray:
        """First states (n, s) of theta (n, d)."""
        if callable(self.initial):
            rows = [self.initial(row.copy()) for row in theta]
            return array_of("what initial returned", rows, "(n, s)")
        return np.tile(array_of("initial", self.initial, "(s,)"), (len(theta), 1))
