"""The talk's neuron in jaxley, in a process of its own: `python jaxley_neuron.py`.

jax takes its threads when it starts, so whoever starts this process decides about them. It reads
lines from standard input. For a number n it simulates the first n draws of the prior, without
noise, keeps all voltages, and answers with the seconds of the processor that this took; for
`spikes` it answers with the spike counts of the neuron to be found and of the first draws.
"""

import json
import sys

import jax
import jax.numpy as jnp
import jaxley as jx
import numpy as np
from jaxley.channels import K, Km, Leak, Na
from timing import Timer

from mechfit.models import HodgkinHuxley

# theta in jaxley's names and units (S/cm², mV with sign); the noise, column 6, stays out
NAMES = ["Na_gNa", "K_gK", "Leak_gLeak", "Km_gKm", "Km_taumax", "vt", "Leak_eLeak"]
COLUMNS = [0, 1, 2, 3, 4, 5, 7]
UNITS = np.array([1e-3, 1e-3, 1e-3, 1e-3, 1.0, -1.0, -1.0])
DT, DURATION = 0.01, 120.0
CHECKED = 200


def neuron() -> jx.Compartment:
    """A cylinder with the area of the talk's sphere, its channels, its current of 0.5 nA."""
    cell = jx.Compartment()
    for channel in (Na(), K(), Km(), Leak()):
        cell.insert(channel)
    fixed = {"radius": 35.0, "length": 70.0, "capacitance": 1.0, "eNa": 53.0, "eK": -107.0}
    for name, value in {**fixed, "v": -70.0, "vt": -60.0}.items():
        cell.set(name, value)
    cell.init_states()
    cell.stimulate(jx.step_current(10.0, 100.0, 0.5, DT, DURATION), verbose=False)
    cell.record("v", verbose=False)
    cell.to_jax()
    return cell


def main() -> None:
    cell = neuron()

    def voltage(values: jax.Array) -> jax.Array:
        changes = None
        for i, name in enumerate(NAMES):
            changes = cell.data_set(name, values[i], changes)
        return jx.integrate(cell, param_state=changes, delta_t=DT, t_max=DURATION)[0]

    simulate = jax.jit(jax.vmap(voltage))
    model = HodgkinHuxley()
    theta = np.vstack([model.truth, model.prior.sample(1000, seed=1)])
    values = jnp.asarray(theta[:, COLUMNS] * UNITS, jnp.float32)
    for line in sys.stdin:
        if line == "spikes\n":
            v = np.asarray(simulate(values[: CHECKED + 1]))
            counts = ((v[:, 1:] > -10) & (v[:, :-1] <= -10)).sum(1)
            print(json.dumps(counts.tolist()), flush=True)
        else:
            batch = values[1 : int(line) + 1].block_until_ready()
            with Timer() as timer:
                simulate(batch).block_until_ready()
            print(timer.seconds, flush=True)


if __name__ == "__main__":
    main()
