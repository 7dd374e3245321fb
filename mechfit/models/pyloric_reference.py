"""The pyloric circuit in double precision: the loop that the fast paths are held against.

Formulas stand where a fast path reads a table; nothing is reordered. See
`mechfit.models.pyloric_step` for the equations.
"""

from __future__ import annotations

import math

import numpy as np

from mechfit.compile import compiled
from mechfit.models.pyloric_step import (
    AREA,
    CA_REST,
    COLD,
    SYNAPSES,
    TAU_CA,
    V_FIRST,
    neuron_step,
    opening,
    steady_states,
    synapse_step,
    time_constants,
)

__all__ = ["Q10", "circuit", "factors"]

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


def circuit(
    theta: np.ndarray,
    noise: np.ndarray,
    *,
    dt: float = 0.025,
    kelvin: float = COLD,
    q10: dict[str, tuple[float, ...]] = Q10,
) -> np.ndarray:
    """Simulate one circuit and keep its whole state.

    Args:
        theta: 24 membrane conductances in mS/cm², neuron by neuron, and the natural logarithms of
            seven synaptic conductances in mS.
        noise: Noise current (3, samples) in µA; its first column is not used.
        dt: Step in ms.
        kelvin: Temperature in K.
        q10: Factors over 10 K, see `Q10`.

    Returns:
        States (samples, 46): for each neuron V (mV), [Ca] (µM) and eleven gates, then the seven
        synapses.
    """
    scale = factors(kelvin, q10)
    membrane = np.asarray(theta[:24], float).reshape(3, 8) * AREA * scale["membrane"]
    synaptic = np.exp(np.asarray(theta[24:], float)) * scale["synapses"]
    return run(
        membrane,
        synaptic,
        np.asarray(noise, float),
        scale["gates"],
        scale["closing"],
        (dt, kelvin, math.exp(-dt * scale["calcium"][0] / TAU_CA)),
    )


@compiled
def run(membrane, synaptic, noise, faster, closing, clock):
    """Advance all samples; returns states (samples, 46)."""
    samples, dt = noise.shape[1], clock[0]
    states = np.zeros((samples, 46))
    for j in range(3):
        states[0, 13 * j] = V_FIRST
        states[0, 13 * j + 1] = CA_REST
    for i in range(1, samples):
        old, new = states[i - 1], states[i]
        total, driven = np.zeros(3), np.zeros(3)
        for k in range(7):
            after = SYNAPSES[k][1]
            g = synaptic[k] * old[39 + k]
            total[after] += g
            driven[after] += g * SYNAPSES[k][2]
        for j in range(3):
            s = old[13 * j : 13 * j + 13]
            steady, tau, decay = steady_states(s[0]), time_constants(s[0]), np.empty(11)
            for x in range(11):
                decay[x] = math.exp(-dt * faster[x] / tau[x])
            state = (
                *(s[0], s[1], s[2], s[3], s[4], s[5], s[6]),
                *(s[7], s[8], s[9], s[10], s[11], s[12]),
            )
            moved = neuron_step(
                state, steady, decay, membrane[j], (total[j], driven[j]), noise[j, i], clock
            )
            for x in range(13):
                new[13 * j + x] = moved[x]
        for k in range(7):
            s_inf = opening(old[13 * SYNAPSES[k][0]])
            new[39 + k] = synapse_step(old[39 + k], s_inf, SYNAPSES[k][3] / closing[k], dt)
    return states
