"""Speed and error of simulated decisions beside a plain walk, and speed of their likelihood.

The plain walk, Euler-Maruyama, looks at its bounds once every millisecond, as simulators of
reaction times commonly do; it is compiled and draws the same kind of noise. Its times are late.
"""

from math import sqrt

import numpy as np
from timing import on_one_core, speeds

from mechfit.compile import compiled
from mechfit.models import DriftDiffusion, decision_log_likelihood, decision_moments
from mechfit.models.numerics.noise import key_of, normal_pair

THETA = np.array([1.0, 1.4, 0.45, 0.3])
TRIALS = 40_000


@compiled
def walk(theta, key, dt, x):
    v, a, w, t_0 = theta
    for j in range(len(x)):
        y, steps = w * a, 0
        z = normal_pair(key[0], key[1], np.uint32(j), np.uint32(0))
        while 0 < y < a:
            if steps % 2 == 0:
                z = normal_pair(key[0], key[1], np.uint32(j), np.uint32(steps // 2))
            y += v * dt + sqrt(dt) * z[steps % 2]
            steps += 1
        x[j, 0], x[j, 1] = y >= a, t_0 + steps * dt


def test_speed():
    model, plain = DriftDiffusion(TRIALS), np.empty((TRIALS, 2))
    theta, trials = model.prior.sample(1000, 1), plain[:100]
    ours = model.statistics(THETA, 1)[0].reshape(-1, 2)
    found = speeds(
        {
            "mechfit, trials": on_one_core(lambda: model.statistics(THETA, 1), TRIALS),
            "plain walk of 1 ms, trials": on_one_core(
                lambda: walk(THETA, key_of(1), 1e-3, plain), TRIALS
            ),
            "likelihood, trials": on_one_core(
                lambda: decision_log_likelihood(trials, theta), 100_000
            ),
        }
    )
    _, exact = decision_moments(THETA)
    print("\n\ndrift-diffusion on one core, a second of the processor")
    for name, speed in found.items():
        print(f"{name:28} {speed:12,.0f}")
    for name, x in (("mechfit", ours), ("plain walk", plain)):
        late = 1000 * (x[:, 1] - exact)
        error = late.std() / np.sqrt(TRIALS)
        print(f"{name} is late by {late.mean():.1f} ± {error:.1f} ms")
    assert found["mechfit, trials"] > 10 * found["plain walk of 1 ms, trials"]
    assert found["likelihood, trials"] > 2e6
