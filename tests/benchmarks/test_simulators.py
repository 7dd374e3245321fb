"""Speed of the Hodgkin–Huxley statistics against a plain compiled loop, on one core, in one run.

The yardstick is the reference integrator: a scalar float64 loop of the same scheme, its noise
drawn beforehand and no statistics taken. Ours draws the noise and takes all seven statistics.
"""

import time

import numpy as np

from mechfit.models import HodgkinHuxley
from mechfit.models.hodgkin_huxley import voltage_rows

ROUNDS = 5


def rate(call, simulations):
    """Best simulations per second over a few rounds, after a first call that compiles."""
    call()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return simulations / min(seconds)


def test_hodgkin_huxley_on_one_core():
    model = HodgkinHuxley()
    theta = model.prior.sample(640, seed=1)
    few = theta[:64]
    noise = np.random.default_rng(1).standard_normal((64, model.current.size))
    voltage = np.empty_like(noise)

    ours = rate(lambda: model.statistics(theta, seed=1), 640)
    plain = rate(
        lambda: voltage_rows(few, model.current, model.dt, model.v_init, noise, voltage), 64
    )
    reference = HodgkinHuxley(precision="float64")
    scalar = rate(lambda: reference.statistics(few, seed=1), 64)
    print("\nHodgkin–Huxley, 120 ms at 0.01 ms, one core      simulations/s   ratio")
    for name, speed in {
        "float32 lanes, with noise and seven statistics": ours,
        "float64 scalar loop, noise given, voltage only": plain,
        "float64 scalar loop, with noise and statistics": scalar,
    }.items():
        print(f"{name}   {speed:13.0f}   {speed / plain:5.1f}")
    assert ours > 5 * plain
