r"""Energy of the currents of the pyloric circuit.

A current spends the power g (V - E)^2 per area of membrane (`mechfit.models.pyloric.reference`);
the sum over currents and neurons is what a circuit spends in a second. Taught in
``book/robustness/energy.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.models import Pyloric
from mechfit.models.pyloric.reference import spending
from mechfit.simulation import map_cores

__all__ = ["SPENDERS", "energy_by_current"]

SPENDERS = "Na", "CaT", "CaS", "A", "KCa", "Kd", "H", "leak", "synapses"
NJ_PER_UJ = 1000.0


def energy_by_current(model: Pyloric, theta: np.ndarray, seed: int) -> np.ndarray:
    """Compute the energy that each current of simulated circuits spends.

    Args:
        model: The circuit with its noise, temperature, duration and burn-in; always computed in
            double precision.
        theta: Circuits (n, 31).
        seed: Seed of the noise.

    Returns:
        Energies (n, 3, 9) in µJ/cm² per second, of AB/PD, LP and PY, of the currents `SPENDERS`.
    """
    theta = model.prior.check(theta)

    def one(i: int) -> np.ndarray:
        noise = model.noise(seed, i)
        return spending(model.setting(theta[i]), noise, model.burn_in_samples) / NJ_PER_UJ

    found = map_cores(one, range(len(theta)), " circuits")
    return np.array(found).reshape(-1, 3, len(SPENDERS))
