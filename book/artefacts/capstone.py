"""Make the recordings of the capstone: `python book/artefacts/capstone.py SECRET`.

The secret is a seed, which only the solution tells. It chooses a neuron of the prior, the channel
on which a drug acts, and how much of it is left. Three recordings under the usual current step
follow: of the neuron, under the drug, and of the neuron again by an amplifier that saturates.
"""

import sys
from pathlib import Path

import numpy as np

from mechfit.models import HodgkinHuxley
from mechfit.simulation import simulate

FILE = Path(__file__).with_name("capstone.csv")
CHANNELS = ("g_Na", "g_K", "g_leak", "g_M")
LIMIT_MV = -8.0
"""Highest voltage that the broken amplifier tells."""


def neuron(secret: int) -> tuple[np.ndarray, str, float]:
    """Return the parameters (8,) that a secret stands for, the channel, and the share left."""
    model = HodgkinHuxley()
    bank = simulate(model, 200, secret)
    fires = bank.theta[(bank.x[:, 0] >= 8) & (bank.x[:, 0] <= 20)]
    rng = np.random.default_rng(secret)
    return fires[0], CHANNELS[rng.integers(len(CHANNELS))], round(rng.uniform(0.2, 0.6), 2)


def recordings(secret: int) -> np.ndarray:
    """Return time (ms) and the three voltages (mV), shape (samples, 4), to a microvolt."""
    model = HodgkinHuxley()
    theta, channel, left = neuron(secret)
    drugged = theta.copy()
    drugged[model.prior.index(channel)] *= left
    voltage = model.simulate(np.stack([theta, drugged, theta]), secret).voltage[:, 0]
    voltage[2] = np.minimum(voltage[2], LIMIT_MV)
    return np.column_stack([model.time, voltage.T]).round(3)


if __name__ == "__main__":
    made = recordings(int(sys.argv[1]))
    names = "time_ms,a_mV,b_mV,c_mV"
    np.savetxt(FILE, made, "%.3f", ",", header=names, comments="", encoding="utf-8")
    print(f"{FILE.name}: {len(made)} samples")
