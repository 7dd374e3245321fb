r"""Pyloric circuit: one step of three neurons and seven synapses, and their first state.

Each neuron has eight conductances and a calcium concentration,

    C dV/dt = sum_x g_x m_x^p h_x (E_x - V) + sum_s g_s s (E_s - V) + xi(t),
    tau_Ca d[Ca]/dt = -f (I_CaT + I_CaS) - [Ca] + Ca_0,    I_x = g_x m_x^p h_x (V - E_Ca),

with E_Ca = R T / 2F ln(3000 / [Ca]), and gates that relax, tau_x dx/dt = x_inf(V) - x, with the
channels of Prinz, Bucher & Marder (2004), doi:10.1038/nn1352. A graded synapse opens by
s_inf = 1 / (1 + exp((-35 - V_pre) / 5)) with tau_s = tau_k (1 - s_inf). The scheme is that of
Gonçalves, Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261: V, [Ca] and gates relax
exactly for a step while everything else keeps its old value; synapses make an Euler step. Steady
states and time constants are functions of V alone and can be tabulated. Units: mV, ms, mS, µA, µF,
µM.
"""

from math import exp, expm1, log

from numba.extending import register_jitable

AREA = 0.628e-3
"""Membrane area of a neuron (cm²); the capacitance (µF) is that of the authors."""
CAPACITANCE = 0.6283e-3
E_NA, E_K, E_H, E_LEAK = 50.0, -80.0, -20.0, -50.0
CA_REST, CA_PER_CURRENT, TAU_CA = 0.05, 14961.0, 200.0
LOG_CA_OUTSIDE = log(3000.0)
GAS_CONSTANT, FARADAY, COLD = 8314.51, 96485.3415, 283.0
V_FIRST = -50.0
NOTHING = 1e-20
"""Least total conductance (mS), so that none divides by zero."""

E_GLUTAMATE, E_CHOLINERGIC = -70.0, -80.0
SYNAPSES = (
    (0, 1, E_GLUTAMATE, 40.0),
    (0, 1, E_CHOLINERGIC, 100.0),
    (0, 2, E_GLUTAMATE, 40.0),
    (0, 2, E_CHOLINERGIC, 100.0),
    (1, 0, E_GLUTAMATE, 40.0),
    (1, 2, E_GLUTAMATE, 40.0),
    (2, 1, E_GLUTAMATE, 40.0),
)
"""Neuron before, neuron after, reversal potential (mV) and closing time constant (ms)."""


@register_jitable
def sigmoid(v: float, a: float, b: float) -> float:
    """1 / (1 + exp((v + a) / b))."""
    return 1.0 / (1.0 + exp((v + a) / b))


@register_jitable
def steady_states(v: float) -> tuple:
    """Steady states of m for Na, CaT, CaS, A, KCa, Kd, H and of h for Na, CaT, CaS, A.

    That of KCa is to be multiplied by [Ca] / ([Ca] + 3).
    """
    return (
        sigmoid(v, 25.5, -5.29),
        sigmoid(v, 27.1, -7.2),
        sigmoid(v, 33.0, -8.1),
        sigmoid(v, 27.2, -8.7),
        sigmoid(v, 28.3, -12.6),
        sigmoid(v, 12.3, -11.8),
        sigmoid(v, 75.0, 5.5),
        sigmoid(v, 48.9, 5.18),
        sigmoid(v, 32.1, 5.5),
        sigmoid(v, 60.0, 6.2),
        sigmoid(v, 56.9, 4.9),
    )


@register_jitable
def time_constants(v: float) -> tuple:
    """Time constants (ms) of the same gates."""
    return (
        2.64 - 2.52 * sigmoid(v, 120.0, -25.0),
        43.4 - 42.6 * sigmoid(v, 68.1, -20.5),
        2.8 + 14.0 / (exp((v + 27.0) / 10.0) + exp(-(v + 70.0) / 13.0)),
        23.2 - 20.8 * sigmoid(v, 32.9, -15.2),
        180.6 - 150.2 * sigmoid(v, 46.0, -22.7),
        14.4 - 12.8 * sigmoid(v, 28.3, -19.2),
        2.0 / (exp(-14.59 - 0.086 * v) + exp(-1.87 + 0.0701 * v)),
        1.34 * sigmoid(v, 62.9, -10.0) * (1.5 + sigmoid(v, 34.9, 3.6)),
        210.0 - 179.6 * sigmoid(v, 55.0, -16.9),
        120.0 + 300.0 / (exp((v + 55.0) / 9.0) + exp(-(v + 65.0) / 16.0)),
        77.2 - 58.4 * sigmoid(v, 38.9, -26.5),
    )


@register_jitable
def conductances(gates: tuple, g: tuple) -> tuple:
    """Conductances (mS) of Na, Ca, K and H, from maximal ones g (8)."""
    m_na, m_cat, m_cas, m_a, m_kca, m_kd, m_h, h_na, h_cat, h_cas, h_a = gates
    sodium = g[0] * m_na * m_na * m_na * h_na
    calcium = g[1] * m_cat * m_cat * m_cat * h_cat
    calcium += g[2] * m_cas * m_cas * m_cas * h_cas
    potassium = g[3] * m_a * m_a * m_a * h_a
    potassium += g[5] * m_kd * m_kd * m_kd * m_kd
    potassium += g[4] * m_kca * m_kca * m_kca * m_kca
    return sodium, calcium, potassium, g[6] * m_h


@register_jitable
def membrane_step(
    v: float, ca: float, g: tuple, drive: float, clock: tuple
) -> tuple[float, float, float, float]:
    """One step of V and [Ca].

    Args:
        v: Voltage (mV).
        ca: Calcium (µM).
        g: Conductances (mS) of sodium, calcium, potassium, H, leak and all
            synapses, and the sums of g E and of g E² over the synapses.
        drive: Noise current (µA).
        clock: dt (ms), temperature (K), 1 - exp(-dt / tau_Ca).

    Returns:
        Changes of V and of [Ca]; and, before the step, the factor
        [Ca] / ([Ca] + 3) of the steady state of KCa and the power (nW) of
        the ionic currents, the sum of g (V - E)^2.
    """
    sodium, calcium, potassium, h, leak, synapses, driven, squares = g
    dt, kelvin, ca_moved = clock
    rt_2f = GAS_CONSTANT * kelvin / (2.0 * FARADAY)
    e_ca = rt_2f * (LOG_CA_OUTSIDE - log(ca))
    total = max(sodium + calcium + potassium + h + leak + synapses, NOTHING)
    current = sodium * E_NA + calcium * e_ca + potassium * E_K
    current += h * E_H + leak * E_LEAK
    current += driven + drive
    ca_inf = CA_REST - CA_PER_CURRENT * calcium * (v - e_ca)
    change = (v - current / total) * expm1(-dt / CAPACITANCE * total)
    power = synapses * v * v - 2.0 * driven * v + squares
    power += sodium * (v - E_NA) * (v - E_NA)
    power += calcium * (v - e_ca) * (v - e_ca)
    power += potassium * (v - E_K) * (v - E_K)
    power += h * (v - E_H) * (v - E_H)
    power += leak * (v - E_LEAK) * (v - E_LEAK)
    return change, (ca_inf - ca) * ca_moved, ca / (ca + 3.0), power


@register_jitable
def synapse_step(s: float, s_inf: float, tau: float, dt: float) -> float:
    """One Euler step of a synapse whose closing time constant is tau (ms)."""
    tau_s = tau * (1.0 - s_inf)
    return s_inf if dt > tau_s else s + (s_inf - s) * dt / tau_s


@register_jitable
def opening(v: float) -> float:
    """Steady state of a synapse after a neuron at v."""
    return 1.0 / (1.0 + exp((-35.0 - v) / 5.0))
