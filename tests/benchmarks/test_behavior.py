"""Speed and error of simulated decisions beside a plain walk, speed of likelihood and posterior.

The plain walk, Euler-Maruyama, looks at its bounds once every millisecond, as simulators of
reaction times commonly do; it is compiled and draws the same kind of noise. Its times are late.
"""

from math import sqrt

import numpy as np
from artefacts import ARTEFACTS
from decision_posteriors import OBSERVED, in_logs, observations, padded
from timing import on_one_core, speeds

from mechfit.compile import compiled
from mechfit.inference import load
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


def test_speed_of_posteriors():
    """1,000 draws for each of 100 observations of 100 trials, by the book's network."""
    posterior = load(ARTEFACTS / "decisions")
    x = padded(in_logs(observations().x), posterior)
    found = speeds(
        {
            "at once": on_one_core(lambda: posterior.sample_batched(1000, 1, x=x), OBSERVED),
            "one by one": on_one_core(
                lambda: [posterior.sample(1000, 1, x=row) for row in x], OBSERVED
            ),
        }
    )
    print("\n\nposteriors of 100 trials on one core, a second of the processor")
    for name, speed in found.items():
        print(f"{name:12} {speed:8.1f}")
    assert min(found.values()) > OBSERVED / 10
