"""Speed of the pyloric circuit beside a plain compiled loop, in one run.

The yardstick is the reference integrator: a scalar float64 loop of the same scheme, its noise
drawn beforehand and no statistics taken. Ours draws the noise and takes all statistics. The time
to compile counts for nobody.
"""

import os

import numpy as np
from timing import Candidate, gpu, on_all_cores, on_one_core, speeds

from mechfit.models import Pyloric, PyloricActivity
from mechfit.models.pyloric.reference import Setting, circuit
from mechfit.simulation import simulate

PLAIN = "float64 scalar loop, noise given, no statistics"
OURS = "16 lanes of float32, noise and 19 statistics"
HEAD = "pyloric circuit, 11 s at 0.025 ms"


def on_gpu() -> dict[str, Candidate]:
    """What the GPU of this machine does, if it has one."""
    if gpu() is None:
        return {}
    whole, hasty = Pyloric(device="cuda"), Pyloric(device="cuda", patience=3000.0)
    n = whole.block // 2
    theta = whole.prior.sample(n, seed=1)
    return {
        f"19 statistics on {gpu()}": on_all_cores(lambda: whole.statistics(theta, seed=1), n),
        "the same, giving up after 3 s": on_all_cores(lambda: hasty.statistics(theta, seed=1), n),
    }


def test_pyloric_on_one_core_and_all(monkeypatch):
    monkeypatch.setenv("MECHFIT_PROGRESS", "0")
    fast, whole, hasty = Pyloric(), PyloricActivity(), Pyloric(patience=3000.0)
    theta, cores = fast.prior.sample(512, seed=1), os.cpu_count()
    few = theta[:32]
    setting, noise = Setting.of(theta[0]), np.random.default_rng(1).normal(size=(440_000, 3))
    speed = speeds(
        {
            PLAIN: on_one_core(lambda: circuit(setting, 0.001 * noise), 1),
            OURS: on_one_core(lambda: fast.statistics(few, seed=1), 32),
            "the same with 46 statistics": on_one_core(lambda: whole.statistics(few, seed=1), 32),
            "giving up after 3 s without bursts": on_one_core(
                lambda: hasty.statistics(theta, seed=1), 512
            ),
            f"19 statistics by simulate(), on {cores} cores": on_all_cores(
                lambda: simulate(fast, 64 * cores, seed=1), 64 * cores
            ),
        }
        | on_gpu()
    )
    print(f"\n\n{HEAD:48}   ms each  : scalar loop")
    for name, value in speed.items():
        print(f"{name:48}  {1000 / value:8.3g}  {value / speed[PLAIN]:13.1f}")
    assert speed[OURS] > 20 * speed[PLAIN]
