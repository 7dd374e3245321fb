"""Two current steps into a tree, and the statistics of the response at three sites.

A test current tells the passive tree, then a drive makes it spike. With k = s (soma), p (trunk)
and d (tuft), W the samples of the drive, both ends included, and t1 the first upcrossing of
-10 mV in W at the soma:

- rest, and with ΔV_k the mean of V_k over the last 5 ms of the test less that over the 5 ms before
  it, R_in = ΔV_s / I, att_k = ΔV_k / ΔV_s; tau, when V_s has come 1 - 1/e of ΔV_s;
- n_k, the upcrossings in W; latency = t1 less the onset of the drive;
- from t1 - 5 ms to t1 + 10 ms, or in all of W without t1: peak_k above rest, and delay_k, by which
  the maximum at k comes later than that at the soma;
- mean and std of V_s in W.

All are finite: tau and latency are the lengths of their steps where nothing was found. Taught in
``book/models/compartments.md``.
"""

from dataclasses import dataclass
from math import e, sqrt

import numpy as np

from mechfit.compile import compiled
from mechfit.models.stimuli import step_current
from mechfit.summaries.arguments import number_of, window_of

__all__ = ["SITE_STATISTICS", "Protocol", "write_site_statistics"]

SITE_STATISTICS = {"rest": "mV", "R_in": "MΩ", "att_p": "", "att_d": "", "tau": "ms"}
SITE_STATISTICS |= dict.fromkeys(("n_s", "n_p", "n_d"), "")
SITE_STATISTICS |= dict.fromkeys(("latency", "delay_p", "delay_d"), "ms")
SITE_STATISTICS |= dict.fromkeys(("peak_s", "peak_p", "peak_d", "mean", "std"), "mV")
MEAN_MS, BEFORE_MS, AFTER_MS, THRESHOLD = 5.0, 5.0, 10.0, -10.0


@dataclass(frozen=True)
class Protocol:
    """Two current steps, each into one node.

    Attributes:
        test: Current (nA) of the test, not 0.
        drive: Current (nA) of the drive.
        test_window: Onset and end (ms) of the test; 5 ms or more before it are at rest.
        window: Onset and end (ms) of the drive, after the test.
        duration: Length (ms) of a simulation.
        test_node: Node that the test enters.
        drive_node: Node that the drive enters.

    Example:
        >>> {node: current[[0, 20, 70]] for node, current in Protocol().currents(1.0).items()}
        {0: array([ 0. , -0.1,  0.6])}
    """

    test: float = -0.1
    drive: float = 0.6
    test_window: tuple[float, float] = (10.0, 50.0)
    window: tuple[float, float] = (60.0, 140.0)
    duration: float = 150.0
    test_node: int = 0
    drive_node: int = 0

    def __post_init__(self) -> None:
        for name in ("test", "drive"):
            object.__setattr__(self, name, number_of(name, getattr(self, name)))
        length = number_of("duration", self.duration, positive=True)
        first, second = window_of(self.test_window), window_of(self.window)
        if not self.test:
            raise ValueError("test is 0 nA, expected a current, by which R_in is divided")
        if not (MEAN_MS <= first[0] <= first[1] - MEAN_MS and first[1] <= second[0]) or (
            second[1] > length
        ):
            raise ValueError(
                f"test_window is {first}, window {second} and duration {length:g} ms, expected a "
                f"test of at least {MEAN_MS:g} ms after {MEAN_MS:g} ms or later, and the drive "
                "after it, to its end"
            )
        vars(self).update(test_window=first, window=second, duration=length)

    def currents(self, dt: float) -> dict[int, np.ndarray]:
        """Injected currents (time,) in nA by node."""
        test = step_current(self.test, self.duration, dt, self.test_window)
        drive = step_current(self.drive, self.duration, dt, self.window)
        if self.test_node == self.drive_node:
            return {self.test_node: test + drive}
        return {self.test_node: test, self.drive_node: drive}

    def marks(self, dt: float) -> tuple[int, ...]:
        """Samples: length of a mean, onset and end of test and drive, before and after a spike."""
        times = (MEAN_MS, *self.test_window, *self.window, BEFORE_MS, AFTER_MS)
        return tuple(round(t / dt) for t in times)


@compiled
def mean_of(v, start, stop):
    """Mean over a range of samples."""
    total = 0.0
    for i in range(start, stop):
        total += v[i]
    return total / (stop - start)


@compiled
def upcrossings(v, first, last, out):
    """Write the number of upcrossings between two samples to `out`; return the first one, or 0."""
    count, found = 0, 0
    for i in range(first + 1, last + 1):
        if v[i - 1] <= THRESHOLD < v[i]:
            count += 1
            if count == 1:
                found = i
    out[0] = count
    return found


@compiled
def write_site_statistics(voltage, dt, test, marks, out):
    """Write the 16 statistics of voltages (3, time) at soma, trunk and tuft to `out` (16,)."""
    length, on, off, first, last, before, after = marks
    v = voltage[0]
    rest, change = np.empty(3), np.empty(3)
    for k in range(3):
        rest[k] = mean_of(voltage[k], on - length, on)
        change[k] = mean_of(voltage[k], off - length, off) - rest[k]
    out[0], out[1] = rest[0], change[0] / test
    out[2], out[3] = change[1] / change[0], change[2] / change[0]
    reach, sign, i = (1 - 1 / e) * change[0], np.sign(test), on
    while i < off and sign * (v[i] - rest[0]) < sign * reach:
        i += 1
    out[4] = (i - on) * dt
    spike = upcrossings(v, first, last, out[5:6])
    for k in range(1, 3):
        upcrossings(voltage[k], first, last, out[5 + k : 6 + k])
    out[8] = ((spike if spike else last) - first) * dt
    start, stop = first, last + 1
    if spike:
        start, stop = max(spike - before, start), min(spike + after, stop)
    top = np.empty(3, np.int64)
    for k in range(3):
        top[k] = start + np.argmax(voltage[k, start:stop])
        out[11 + k] = voltage[k, top[k]] - rest[k]
    out[9], out[10] = (top[1] - top[0]) * dt, (top[2] - top[0]) * dt
    out[14] = mean_of(v, first, last)
    total = 0.0
    for i in range(first, last):
        total += (v[i] - out[14]) ** 2
    out[15] = sqrt(total / (last - first))
