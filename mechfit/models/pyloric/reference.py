"""The pyloric circuit in double precision: the reference of the fast paths.

Formulas stand where a fast path reads a table; nothing is reordered. See
`mechfit.models.pyloric.equations` for the equations.

An ionic current g (E - V) turns the electrical power g (V - E)^2 into heat, which pumps have to
restore. The step computes the power of all currents of a neuron together; with all conductances
but one at 0 it gives that of one current, and the nine add up to the whole. Energies per area of
membrane as in Deistler, Macke & Gonçalves (2022), doi:10.1073/pnas.2207632119. Taught in
``book/robustness/energy.md``.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numba.extending import register_jitable

from mechfit.compile import compiled
from mechfit.models.pyloric.equations import (
    AREA,
    CA_REST,
    COLD,
    SYNAPSES,
    TAU_CA,
    V_FIRST,
    conductances,
    membrane_step,
    opening,
    steady_states,
    synapse_step,
    time_constants,
)

__all__ = ["Q10", "Setting", "circuit", "factors", "spending"]

VOLTAGES, CALCIUM = [0, 13, 26], [1, 14, 27]
KCA = 4

Q10 = {
    "membrane": (1.5,) * 8,
    "synapses": (1.5,) * 7,
    "gates": (2.4, 2.4, 2.0, 2.4, 1.6, 2.4, 2.4, 2.8, 2.8, 2.8, 2.8),
    "calcium": (2.0,),
    "closing": (1.7,) * 7,
}
"""Factors of conductances, rates of gates, of calcium and of synapses, over 10 K."""


def factors(kelvin: float, q10: dict[str, tuple[float, ...]] = Q10) -> dict[str, np.ndarray]:
    """Factors of conductances and rates at a temperature in K, all 1 at 283 K."""
    return {name: np.array(values) ** ((kelvin - COLD) / 10) for name, values in q10.items()}


@dataclass(frozen=True)
class Setting:
    """Conductances and rates of a circuit at its temperature.

    Attributes:
        membrane: Conductances of the neurons (3, 8) in mS.
        synaptic: Conductances of the synapses (7,) in mS.
        faster: Factors of the rates of the gates (11,) over those at 283 K.
        closing: The same of the synapses (7,).
        clock: dt (ms), temperature (K), and 1 - exp(-dt / tau_Ca).
    """

    membrane: np.ndarray
    synaptic: np.ndarray
    faster: np.ndarray
    closing: np.ndarray
    clock: tuple[float, float, float]

    @classmethod
    def of(
        cls,
        theta: np.ndarray,
        dt: float = 0.025,
        kelvin: float = COLD,
        q10: dict[str, tuple[float, ...]] = Q10,
    ) -> Self:
        """Convert theta (..., 31): 24 conductances in mS/cm², seven as logarithms of mS.

        Parameters (n, 31) give n circuits, with conductances (n, 3, 8) and (n, 7).
        """
        scale = factors(kelvin, q10)
        theta = np.asarray(theta, float)
        return cls(
            theta[..., :24].reshape(*theta.shape[:-1], 3, 8) * AREA * scale["membrane"],
            np.exp(theta[..., 24:]) * scale["synapses"],
            scale["gates"],
            scale["closing"],
            (dt, kelvin, -math.expm1(-dt * scale["calcium"][0] / TAU_CA)),
        )


def circuit(setting: Setting, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Simulate one circuit.

    Args:
        setting: The circuit.
        noise: Noise current (samples, 3) in µA; its first row is not used.

    Returns:
        Voltages (3, samples) in mV, and the powers (3, samples) in nW that the currents spent
        on the way to them.
    """
    voltage, power = np.zeros((2, *noise.shape[::-1]))
    state = start()
    voltage[:, 0] = state[VOLTAGES]
    advance(*vars(setting).values(), noise, state, voltage, power)
    return voltage, power


def start() -> np.ndarray:
    """The first state (46,): V (mV), [Ca] (µM) and eleven gates of each neuron, seven synapses."""
    state = np.zeros(46)
    state[VOLTAGES], state[CALCIUM] = V_FIRST, CA_REST
    return state


@register_jitable
def gates_of(state, j):
    """The gates (11) of neuron j, as a tuple."""
    s = state[13 * j + 2 : 13 * j + 13]
    return s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10]


@register_jitable
def synaptic_input(synaptic, state, j):
    """Sums over the synapses onto neuron j of g, g E and g E^2."""
    total, driven, squares = 0.0, 0.0, 0.0
    for k in range(7):
        if SYNAPSES[k][1] == j:
            g = synaptic[k] * state[39 + k]
            total += g
            driven += g * SYNAPSES[k][2]
            squares += g * SYNAPSES[k][2] ** 2
    return total, driven, squares


@compiled
def advance(membrane, synaptic, faster, closing, clock, noise, state, voltage, power):
    """Advance the state (46,) in place by all samples but the first; write voltages and powers."""
    dt, old = clock[0], np.empty(46)
    for i in range(1, noise.shape[0]):
        old[:] = state
        for j in range(3):
            s, v, ca = state[13 * j + 2 : 13 * j + 13], old[13 * j], old[13 * j + 1]
            ionic = (*conductances(gates_of(old, j), membrane[j]), membrane[j, 7])
            open_now = (*ionic, *synaptic_input(synaptic, old, j))
            dv, dca, share, spent = membrane_step(v, ca, open_now, noise[i, j], clock)
            steady, tau = steady_states(v), time_constants(v)
            for x in range(11):
                to = steady[x] * share if x == KCA else steady[x]
                s[x] = to + (s[x] - to) * math.exp(-dt * faster[x] / tau[x])
            state[13 * j], state[13 * j + 1], voltage[j, i] = v + dv, ca + dca, v + dv
            power[j, i] = spent
        for k in range(7):
            s_inf = opening(old[13 * SYNAPSES[k][0]])
            tau_k = SYNAPSES[k][3] / closing[k]
            state[39 + k] = synapse_step(old[39 + k], s_inf, tau_k, dt)


def spending(setting: Setting, noise: np.ndarray, first: int) -> np.ndarray:
    """Mean powers (3, 9) in nW/cm² of eight currents, and all synapses, of each neuron.

    Args:
        setting: The circuit.
        noise: Noise current (samples, 3) in µA; its first row is not used.
        first: Sample from which powers count.
    """
    total = np.zeros((3, 9))
    sum_spending(*vars(setting).values(), noise, first, start(), total)
    return total / (len(noise) - first) / AREA


@compiled
def sum_spending(membrane, synaptic, faster, closing, clock, noise, first, state, total):
    """Add up the powers (3, 9) in nW of each current in the samples from the first on."""
    alone, (voltage, power) = np.empty(8), np.empty((2, 3, 2))
    for i in range(1, noise.shape[0]):
        for j in range(3 if i >= first else 0):
            v, ca, gates = state[13 * j], state[13 * j + 1], gates_of(state, j)
            for x in range(8):
                alone[:] = 0.0
                alone[x] = membrane[j, x]
                open_now = (*conductances(gates, alone), alone[7], 0.0, 0.0, 0.0)
                total[j, x] += membrane_step(v, ca, open_now, 0.0, clock)[3]
            synapses = (0.0, 0.0, 0.0, 0.0, 0.0, *synaptic_input(synaptic, state, j))
            total[j, 8] += membrane_step(v, ca, synapses, 0.0, clock)[3]
        two = noise[i - 1 : i + 1]
        advance(membrane, synaptic, faster, closing, clock, two, state, voltage, power)
