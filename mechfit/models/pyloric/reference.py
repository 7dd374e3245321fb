"""The pyloric circuit in double precision: the loop that the fast paths are held against.

Formulas stand where a fast path reads a table; nothing is reordered. See
`mechfit.models.pyloric.equations` for the equations.

An ionic current g (E - V) turns g (V - E)^2 of electrical power into heat, which pumps have to
make good for. The step tells the power of all currents of a neuron together; asked with all
conductances but one at 0 it tells that of one, and the nine sum to the whole. Energies per area of
membrane as in Deistler, Macke & Gonçalves (2022), doi:10.1073/pnas.2207632119. Taught in
``book/robustness/energy.md``.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

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
"""How many times larger, or faster, each becomes over 10 K; gates in the order of the step."""


def factors(kelvin: float, q10: dict[str, tuple[float, ...]] = Q10) -> dict[str, np.ndarray]:
    """Factors of conductances and rates at a temperature in K; all are 1 at 283 K."""
    return {name: np.array(values) ** ((kelvin - COLD) / 10) for name, values in q10.items()}


@dataclass(frozen=True)
class Setting:
    """What one circuit is made of, at its temperature.

    Attributes:
        membrane: Conductances of the neurons (3, 8) in mS.
        synaptic: Conductances of the synapses (7,) in mS.
        faster: How many times faster each gate is than at 283 K (11,).
        closing: The same of each synapse (7,).
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
        """Take 24 conductances in mS/cm², neuron by neuron, and seven as logarithms of mS.

        Parameters (n, 31) make a setting of n circuits, with conductances (n, 3, 8) and (n, 7).
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


@compiled
def advance(membrane, synaptic, faster, closing, clock, noise, state, voltage, power):
    """Advance the state (46,) in place by all samples but the first; write voltages and powers."""
    dt, old = clock[0], np.empty(46)
    total, driven, squares = np.empty((3, 3))
    for i in range(1, noise.shape[0]):
        old[:] = state
        total[:], driven[:], squares[:] = 0.0, 0.0, 0.0
        for k in range(7):
            after = SYNAPSES[k][1]
            g = synaptic[k] * old[39 + k]
            total[after] += g
            driven[after] += g * SYNAPSES[k][2]
            squares[after] += g * SYNAPSES[k][2] ** 2
        for j in range(3):
            s, v, ca, g = (
                state[13 * j + 2 : 13 * j + 13],
                old[13 * j],
                old[13 * j + 1],
                membrane[j],
            )
            gates = (*(s[0], s[1], s[2], s[3], s[4], s[5]), *(s[6], s[7], s[8], s[9], s[10]))
            open_now = (*conductances(gates, g), g[7], total[j], driven[j], squares[j])
            dv, dca, share, spent = membrane_step(v, ca, open_now, noise[i, j], clock)
            steady, tau = steady_states(old[13 * j]), time_constants(old[13 * j])
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
