r"""A neuron under a fluctuating current: what its spikes tell, beside its response to a step.

First the neuron gets the step of `HodgkinHuxley`, then, in a recording of its own, a current

    I(t) = mean + std u(t),    u an Ornstein-Uhlenbeck process of time constant tau,

drawn anew for each group of `LANES` simulations, which are made side by side. Its statistics are

    x = (seven of the step, those of the spikes under the current),

among them mean and standard deviation of the current that was drawn: a posterior learned from them
is amortized over currents of this kind. The voltage is kept every 0.1 ms, integrated in steps of
0.02 ms. Taught in ``book/models/mechanism-or-statistics.md``.
"""

import numpy as np
from numpy.typing import ArrayLike

from mechfit.models.hodgkin_huxley.lanes import LANES, plan, statistics_lanes
from mechfit.models.hodgkin_huxley.model import PRIOR, HodgkinHuxley
from mechfit.models.inputs import check_possible
from mechfit.models.model import Model
from mechfit.models.numerics.noise import key_of
from mechfit.models.stimuli import ornstein_uhlenbeck_current
from mechfit.summaries.arguments import array_of, number_of
from mechfit.summaries.driven import DRIVEN, driven_statistics
from mechfit.summaries.spikes import THRESHOLD, rule_of, spikes_of
from mechfit.summaries.voltage import STATISTIC_NAMES, STATISTIC_UNITS

__all__ = ["DrivenNeuron"]

DT, STEPS = 0.1, 5
"""Interval (ms) between samples, and steps in it."""
f32 = np.float32


class DrivenNeuron(Model):
    """The neuron of `HodgkinHuxley` under a step, then under a current that fluctuates.

    The columns of theta are those of `HodgkinHuxley`; the statistics are its seven, with the
    prefix `step_`, and those of `mechfit.summaries.driven_statistics`.

    Args:
        duration: Length (ms) of the recording under the fluctuating current.
        mean: Mean of the current (µA/cm²).
        std: Its standard deviation (µA/cm²).
        tau: Its time constant (ms).

    Example:
        >>> model = DrivenNeuron(duration=1000.0)
        >>> spikes = model.spikes(model.truth, model.current(seed=1), seed=1)[0]
        >>> len(spikes)
        18
    """

    prior = PRIOR
    truth = HodgkinHuxley.truth
    block = 256
    statistic_names = (*(f"step_{name}" for name in STATISTIC_NAMES), *DRIVEN)
    statistic_units = (*STATISTIC_UNITS, *DRIVEN.values())

    def __init__(
        self,
        duration: float = 60_000.0,
        mean: float = 2.0,
        std: float = 1.5,
        tau: float = 5.0,
    ) -> None:
        self.duration = number_of("duration", duration, positive=True)
        self.mean, self.std = number_of("mean", mean), number_of("std", std)
        self.tau = number_of("tau", tau, positive=True)
        self.step = HodgkinHuxley()
        if len(self.current(0)) < 1000:
            raise ValueError(f"duration is {duration} ms, expected at least 100 ms")

    def current(self, seed: int, group: int = 0) -> np.ndarray:
        """The current (time,) in µA/cm² of a group of simulations, one number every 0.1 ms."""
        kind, always = (self.mean, self.std, self.tau), (0.0, np.inf)
        drawn = _apart(seed, 1, group)
        return ornstein_uhlenbeck_current(*kind, self.duration, DT, always, seed=drawn)

    def spikes(
        self, theta: ArrayLike, current: ArrayLike, seed: int, *, first: int = 0
    ) -> list[np.ndarray]:
        """Spike times (ms) of each row of theta (n, 8) under a current (time,).

        Args:
            theta: Parameters, also outside the prior, such as blocked conductances of 0.
            current: Current in µA/cm², one number every 0.1 ms.
            seed: Seed of the noise, below 2**64.
            first: Number of the first row; row i has the noise of the key (seed, first + i).
        """
        theta = self.prior.check(theta)
        least = np.where(np.arange(8) == 4, 1e-9, [0.0] * 5 + [-np.inf, 0.0, -np.inf])
        expected = "conductances and noise of at least 0 and tau_max above 0"
        check_possible(theta, theta >= least, self.prior.names, expected)
        current = array_of("current", current, "(time,)").astype(f32)
        window = 10 * DT, DT * (len(current) - 1)
        parts, rule = plan(DT, window, THRESHOLD, len(current))
        everywhere = rule_of(DT, -np.inf, np.inf, THRESHOLD)
        clock, v_init = (f32(DT / STEPS), STEPS), f32(self.step.v_init)
        voltage, found = np.empty((LANES, len(current)), f32), []
        for start in range(0, len(theta), LANES):
            some = theta[start : start + LANES].astype(f32)
            how = clock, v_init, key_of(seed), first + start, parts, rule
            statistics_lanes(some, current, *how, np.empty((len(some), 7)), voltage)
            found += [DT * spikes_of(row, everywhere) for row in voltage[: len(some)]]
        return found

    def observation(self, step: ArrayLike, spikes: ArrayLike, current: ArrayLike) -> np.ndarray:
        """Return x_o (26,) of the seven statistics of a step, and of spikes under a current."""
        return np.r_[array_of("step", step, "(7,)"), driven_statistics(spikes, current, DT)]

    def statistics(self, theta: np.ndarray, seed: int, *, first: int = 0) -> np.ndarray:
        """Simulate theta (n, 8) and return the statistics (n, 26), NaN where undefined."""
        theta = self.prior.check(theta)
        x = np.empty((len(theta), len(self.statistic_names)))
        step, noise = self.step.statistics(theta, seed, first=first), _apart(seed, 2)
        start = 0
        while start < len(theta):
            group = (first + start) // LANES
            rows = range(start, min((group + 1) * LANES - first, len(theta)))
            current = self.current(seed, group)
            trains = self.spikes(theta[rows], current, noise, first=first + start)
            for row, spikes in zip(rows, trains, strict=True):
                x[row] = self.observation(step[row], spikes, current)
            start = rows.stop
        return x


def _apart(*words: int) -> int:
    """A seed of its own for one purpose of a seed."""
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])
