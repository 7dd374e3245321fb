r"""Pyloric energy: what each current of each neuron spends.

An ionic current g (E - V) turns g (V - E)^2 of electrical power into heat, which pumps have to
make good for. The step tells the power of all currents of a neuron together; asked with all
conductances but one at 0 it tells that of one, and the nine sum to the whole. Energies per area of
membrane as in Deistler, Macke & Gonçalves (2022), doi:10.1073/pnas.2207632119. Taught in
``book/robustness/energy.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.compile import compiled
from mechfit.models.pyloric_reference import Setting, advance, start
from mechfit.models.pyloric_step import AREA, SYNAPSES, conductances, membrane_step

__all__ = ["spending"]


def spending(setting: Setting, noise: np.ndarray, first: int) -> np.ndarray:
    """Mean powers (3, 9) in nW/cm² of eight currents, and all synapses, of each neuron.

    Args:
        setting: The circuit.
        noise: Noise current (samples, 3) in µA; its first row is not used.
        first: Sample from which powers count.
    """
    total = np.zeros((3, 9))
    sum_powers(*vars(setting).values(), noise, first, start(), total)
    return total / (len(noise) - first) / AREA


@compiled
def sum_powers(membrane, synaptic, faster, closing, clock, noise, first, state, total):
    """Add up the powers (3, 9) in nW of the samples from the first on."""
    voltage, power = np.empty((2, 3, 2))
    for i in range(1, noise.shape[0]):
        if i >= first:
            add_powers(membrane, synaptic, clock, state, total)
        two = noise[i - 1 : i + 1]
        advance(membrane, synaptic, faster, closing, clock, two, state, voltage, power)


@compiled
def add_powers(membrane, synaptic, clock, state, total):
    """Add the powers (3, 9) that are spent in a state (46,)."""
    alone = np.empty(8)
    for j in range(3):
        v, ca, s = state[13 * j], state[13 * j + 1], state[13 * j + 2 : 13 * j + 13]
        gates = (*(s[0], s[1], s[2], s[3], s[4], s[5]), *(s[6], s[7], s[8], s[9], s[10]))
        for x in range(8):
            alone[:] = 0.0
            alone[x] = membrane[j, x]
            open_now = (*conductances(gates, alone), alone[7], 0.0, 0.0, 0.0)
            total[j, x] += membrane_step(v, ca, open_now, 0.0, clock)[3]
        g_all, driven, squares = 0.0, 0.0, 0.0
        for k in range(7):
            if SYNAPSES[k][1] == j:
                g = synaptic[k] * state[39 + k]
                g_all += g
                driven += g * SYNAPSES[k][2]
                squares += g * SYNAPSES[k][2] ** 2
        closed = (0.0, 0.0, 0.0, 0.0, 0.0, g_all, driven, squares)
        total[j, 8] += membrane_step(v, ca, closed, 0.0, clock)[3]
