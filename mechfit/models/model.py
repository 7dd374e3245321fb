"""Model: parameters in, traces or summary statistics out.

A mechanistic model is a prior over parameters theta and a simulator that draws traces from
p(traces | theta). Summary statistics reduce the traces to x, so that the model defines the
likelihood p(x | theta) implicitly. Simulation i of a call draws its noise from the key
(seed, first + i) and from nothing else. Taught in ``book/models/hodgkin-huxley.md``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mechfit.models.inputs import named, numbers, whole
from mechfit.models.prior import Prior
from mechfit.summaries.spikes import THRESHOLD
from mechfit.summaries.voltage import STATISTIC_NAMES, STATISTIC_UNITS, voltage_statistics

__all__ = ["Model", "Traces"]


@dataclass(frozen=True)
class Traces:
    """Simulated or recorded voltages.

    Attributes:
        voltage: (n, channels, time) in mV.
        time: (time,) in ms.
    """

    voltage: np.ndarray
    time: np.ndarray

    def __post_init__(self) -> None:
        if self.voltage.ndim != 3 or self.time.shape != self.voltage.shape[2:]:
            raise ValueError(
                f"voltage has shape {self.voltage.shape} and time {self.time.shape}, "
                "expected (n, channels, time) and (time,)"
            )

    def __len__(self) -> int:
        return len(self.voltage)


class CurrentClamp:
    """What models of a voltage under an injected current share.

    Attributes:
        dt: Sampling interval (ms) of the current and of the voltage.
        current: Injected current (time,) in µA/cm².
    """

    dt: float
    current: np.ndarray

    @property
    def time(self) -> np.ndarray:
        """Times of the samples (time,) in ms."""
        return self.dt * np.arange(self.current.size)


class Model(ABC):
    """A simulator with its prior and its summary statistics.

    Subclasses set `prior`, `statistic_names`, `statistic_units` and define `statistics`; those
    that have traces also define `simulate` and `summarize`.

    Attributes:
        prior: Prior over the d parameters.
        statistic_names: Names of the k statistics.
        statistic_units: Their units, "" where there is none.
        block: Number of simulations that are computed, and stored in a bank, together.
        single_batch: Whether a block is one call of `statistics`, as a GPU needs it.
        run_in_process: Whether `statistics` holds the interpreter's lock or may fail; then
            simulations run in separate processes, one call each.
        time_limit: Seconds that a simulation in a separate process may take, or None.
    """

    prior: Prior
    statistic_names: tuple[str, ...]
    statistic_units: tuple[str, ...]
    block: int = 2048
    single_batch: bool = False
    run_in_process: bool = False
    time_limit: float | None = None

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Simulate theta (n, d) and keep the traces.

        Args:
            theta: Parameters (n, d); a (d,) vector is one row.
            seed: Seed of the noise, below 2**64.
            first: Number of the first simulation; simulation i has the key (seed, first + i).
            noise: Standard normals to use instead of drawing them.

        Raises:
            TypeError: The model has statistics alone.
        """
        raise TypeError(f"{type(self).__name__} has no traces, use statistics()")

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce traces to statistics x (n, k)."""
        raise TypeError(f"{type(self).__name__} has no traces, use statistics()")

    @abstractmethod
    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, d) and return the statistics x (n, k) without keeping traces."""

    @staticmethod
    def from_function(
        f: Callable[[np.ndarray, np.random.Generator], np.ndarray],
        prior: Prior,
        statistic_names: Sequence[str],
        statistic_units: Sequence[str] | None = None,
        *,
        block: int = 32,
        time_limit: float | None = None,
    ) -> "Model":
        """Make a model of any Python function f(theta_i (d,), rng) -> x_i (k,).

        `mechfit.simulation.simulate` runs it in separate processes; a simulation that raises,
        returns NaN or the wrong shape, takes too long or kills its process is marked invalid.

        Args:
            f: The simulator; all its randomness comes from the generator `rng`.
            prior: Prior over the d parameters.
            statistic_names: Names of the k numbers that `f` returns.
            statistic_units: Their units.
            block: Number of simulations that are computed, and stored in a bank, together.
            time_limit: Seconds that one simulation may take; no limit by default.

        Example:
            >>> prior = Prior.uniform(["a"], [0.0], [1.0])
            >>> model = Model.from_function(lambda theta, rng: theta + rng.normal(), prior, ["x"])
            >>> model.statistics(np.array([0.5]), seed=1).shape
            (1, 1)
        """
        model = FunctionModel(f, prior, statistic_names, statistic_units)
        model.limit(block, time_limit)
        return model

    @staticmethod
    def from_traces(
        f: Callable[[np.ndarray, np.random.Generator], np.ndarray],
        prior: Prior,
        dt: float,
        window: tuple[float, float],
        *,
        threshold: float = THRESHOLD,
        block: int = 32,
        time_limit: float | None = None,
    ) -> "Model":
        """Make a model of any Python function f(theta_i (d,), rng) -> voltage (time,) in mV.

        As `from_function`, and it keeps the traces: they can be drawn, compared with a recording
        and moved by sliders. Its statistics are the seven of `voltage_statistics`.

        Args:
            f: The simulator; all its randomness comes from the generator `rng`.
            prior: Prior over the d parameters.
            dt: Sampling interval (ms) of the voltage that `f` returns.
            window: Onset and end (ms) of the stimulus.
            threshold: Voltage (mV) above which a local maximum is a spike.
            block: Number of simulations that are computed, and stored in a bank, together.
            time_limit: Seconds that one simulation may take; no limit by default.

        Example:
            >>> prior = Prior.uniform(["E_l"], [-80.0], [-60.0], units=["mV"])
            >>> def neuron(theta, rng):
            ...     return theta[0] + rng.normal(size=200)
            >>> model = Model.from_traces(neuron, prior, dt=0.1, window=(5.0, 15.0))
            >>> model.simulate([-70.0], seed=1).voltage.shape, model.statistic_names[0]
            ((1, 1, 200), 'spike_count')
        """
        model = TraceModel(f, prior, dt, window, threshold)
        model.limit(block, time_limit)
        return model


class FunctionModel(Model):
    """A model of a Python function that returns statistics."""

    run_in_process = True

    def __init__(
        self, f: Callable, prior: Prior, names: Sequence[str], units: Sequence[str] | None
    ) -> None:
        if not callable(f) or not isinstance(prior, Prior):
            raise TypeError(
                f"f and prior are of types {type(f).__name__} and {type(prior).__name__}, "
                "expected a function and a Prior"
            )
        if isinstance(names, str) or isinstance(units, str):
            raise TypeError(
                f"statistic_names and units are {names!r} and {units!r}, expected sequences"
            )
        names, units = tuple(map(str, names)), tuple(map(str, units or ()))
        if not names or len(set(names)) < len(names):
            raise ValueError(
                f"statistic_names is {names}, expected at least one name, and none twice"
            )
        if units and len(units) != len(names):
            raise ValueError(f"got {len(units)} units, expected {len(names)}")
        self.f, self.prior, self.statistic_names = f, prior, names
        self.statistic_units = units or ("",) * len(names)

    def limit(self, block: int, time_limit: float | None) -> None:
        """Set how many simulations are computed together, and how long each may take (s)."""
        block = whole(block, "block", 0)
        if block < 1 or (time_limit is not None and not 0 < time_limit < np.inf):
            raise ValueError(
                f"block is {block} and time_limit {time_limit}, expected at least 1 and above 0 s"
            )
        self.block, self.time_limit = block, time_limit and float(time_limit)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Call the function for each row, a copy, with its own random generator."""
        theta, names = self.prior.check(theta), self.statistic_names
        x = np.empty((len(theta), len(names)))
        for i, row in enumerate(theta):
            found = self.f(row.copy(), np.random.default_rng([seed, first + i]))
            try:
                out = named(found, names, "what the function returned")
            except (TypeError, ValueError) as error:
                raise ValueError(f"could not convert {type(found).__name__}: {error}") from error
            if len(names) == 1 and out.ndim == 0:
                out = out[None]
            if out.shape != x.shape[1:]:
                raise ValueError(
                    f"the function returned shape {out.shape}, expected {x.shape[1:]} "
                    f"for the statistics {', '.join(names)}"
                )
            x[i] = out
        return x


class TraceModel(FunctionModel):
    """A model of a Python function that returns a voltage."""

    def __init__(
        self, f: Callable, prior: Prior, dt: float, window: tuple[float, float], threshold: float
    ) -> None:
        super().__init__(f, prior, STATISTIC_NAMES, STATISTIC_UNITS)
        if not (0 < dt < np.inf and 0 < window[0] < window[1]):
            raise ValueError(
                f"dt is {dt} and window {window} ms, expected dt above 0 and 0 < onset < end"
            )
        self.dt, self.window, self.threshold = float(dt), tuple(map(float, window)), threshold

    def simulate(
        self, theta: np.ndarray, seed: int, *, first: int = 0, noise: np.ndarray | None = None
    ) -> Traces:
        """Call the function for each row; its traces must be of one length."""
        if noise is not None:
            raise TypeError("noise was given, but a function draws its own from `rng`")
        theta, rows = self.prior.check(theta), []
        for i, row in enumerate(theta):
            found = self.f(row.copy(), np.random.default_rng([seed, first + i]))
            rows.append(np.asarray(numbers(found, "what the function returned")))
            if rows[i].ndim != 1 or rows[i].shape != rows[0].shape:
                raise ValueError(
                    f"the function returned shape {rows[i].shape}, expected a voltage (time,), "
                    f"as long as the others, {rows[0].shape}"
                )
        voltage = np.stack(rows)[:, None] if rows else np.empty((0, 1, 2))
        return Traces(voltage, self.dt * np.arange(voltage.shape[2]))

    def summarize(self, traces: Traces) -> np.ndarray:
        """Reduce traces to the seven statistics x (n, 7)."""
        return voltage_statistics(traces.voltage[:, 0], self.dt, self.window, self.threshold)

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate and reduce each row."""
        return self.summarize(self.simulate(theta, seed, first=first))
