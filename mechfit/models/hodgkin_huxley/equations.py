r"""Hodgkin–Huxley: one compartment, four currents, eight unknown parameters.

    C dV/dt = g_l (E_l - V) + g_Na m^3 h (E_Na - V) + g_K n^4 (E_K - V) + g_M p (E_K - V)
              + I(t) + sigma eta(t)

with the channels of Pospischil et al. (2008), doi:10.1007/s00422-008-0263-8. The scheme is that of
Gonçalves, Lueckmann, Deistler et al. (2020), doi:10.7554/eLife.56261: at fixed gates, V relaxes
exactly towards V_inf = (sum of g E + I + sigma r / sqrt(dt)) / (sum of g); then the gates relax at
the *new* V.

A gate x opens at the rate alpha(V) and closes at the rate beta(V), dx/dt = alpha (1 - x) - beta x.
At constant V the solution is

    x(t + dt) = x_inf + (x(t) - x_inf) exp(-dt / tau),
    x_inf = alpha / (alpha + beta),    tau = 1 / (alpha + beta),

and one step of it is the exponential Euler method.

Units: mV, ms, µA/cm², mS/cm², C = 1 µF/cm². Taught in ``book/models/hodgkin-huxley.md``.
"""

from math import exp, expm1

import numpy as np
from numba.extending import register_jitable

__all__ = ["gating"]

E_NA = 53.0
E_K = -107.0
EXP_1_4, EXP_3, EXP_13_4, EXP_8 = exp(1.0 / 4.0), exp(3.0), exp(13.0 / 4.0), exp(8.0)


@register_jitable
def linoid(z: float) -> float:
    """Return z / (exp(z) - 1), with its limit 1 - z/2 near 0."""
    return linoid_from(z, exp(z))


@register_jitable
def linoid_from(z: float, exp_z: float) -> float:
    """The same from exp(z); near 0 its series, whose next term is z^8 / 1209600."""
    w = z * z
    series = 1.0 - z / 2.0 + w * (1.0 / 12.0 - w * (1.0 / 720.0 - w / 30240.0))
    return series if w < 0.04 else z / (exp_z - 1.0)


@register_jitable
def steady(alpha: float, beta: float) -> float:
    """Steady state of a gate with the rates alpha and beta (1/ms)."""
    return alpha / (alpha + beta)


@register_jitable
def relax(x: float, x_inf: float, rate: float, dt: float) -> float:
    """Move x towards x_inf for dt (ms) at the given rate (1/ms), exactly."""
    return x + (x - x_inf) * expm1(-dt * rate)


@register_jitable
def relax_with_rest(
    x: float, rest: float, x_inf: float, rate: float, dt: float
) -> tuple[float, float]:
    """The same with compensated summation: `rest` carries the rounding error."""
    dx = (x - x_inf) * expm1(-dt * rate) + rest
    moved = x + dx
    return moved, dx - (moved - x)


@register_jitable
def rates(u: float) -> tuple:
    """Opening and closing rates (1/ms) of the gates m, h and n at u = V - V_T."""
    return rates_from(u, fall(u))


@register_jitable
def fall(u: float) -> float:
    """exp(-u/40), of which most rates are powers; below u = -200 mV they no longer change."""
    return exp(-max(u, -200.0) / 40.0)


@register_jitable
def rates_from(u: float, f: float) -> tuple:
    """The rates from u and f = `fall` (u): two exponentials for six rates."""
    f2 = f * f
    f4 = f2 * f2
    f8 = f4 * f4
    low = EXP_8 * f8
    return (
        1.28 * linoid_from(-(u - 13.0) / 4.0, EXP_13_4 * (f8 * f2)),
        1.4 * low * linoid_from(-(u - 40.0) / 5.0, low),
        0.128 * exp(-(u - 17.0) / 18.0),
        4.0 / (1.0 + low),
        0.16 * linoid_from(-(u - 15.0) / 5.0, EXP_3 * f8),
        0.5 * EXP_1_4 * f,
    )


@register_jitable
def slow_gate(v: float, tau_max: float) -> tuple[float, float]:
    """Steady state and rate 1/tau (1/ms) of the slow potassium gate; they depend on V itself."""
    return slow_gate_from(exp(-(v + 35.0) / 20.0), tau_max)


@register_jitable
def slow_gate_from(e: float, tau_max: float) -> tuple[float, float]:
    """The same from e = exp(-(V + 35 mV) / 20 mV)."""
    return 1.0 / (1.0 + e * e), (3.3 / e + e) / tau_max


@register_jitable
def rest(v: float, v_t: float) -> tuple[float, float, float, float]:
    """Gates m, h, n, p at steady state."""
    open_m, close_m, open_h, close_h, open_n, close_n = rates(v - v_t)
    p, _ = slow_gate(v, 1.0)
    return steady(open_m, close_m), steady(open_h, close_h), steady(open_n, close_n), p


def gating(voltage: np.ndarray, theta: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Steady state and time constant of every gate.

    Args:
        voltage: Voltages (n,) in mV at which a voltage clamp would hold the membrane.
        theta: Parameters (8,); the gates depend on −V_T and τ_max.

    Returns:
        For each of m, h, n, p: fraction open (n,) and time constant (n,) in ms.

    Example:
        >>> theta = np.array([50, 5, 0.1, 0.07, 600, 60, 0.1, 70.0])
        >>> m, _ = gating(np.array([-100.0, 0.0]), theta)["m"]
        >>> m.round(2)
        array([0.  , 0.99])
    """
    pairs = np.array([rates(v + theta[5]) for v in voltage]).T.reshape(3, 2, -1)
    out = {name: (a / (a + b), 1 / (a + b)) for name, (a, b) in zip("mhn", pairs, strict=True)}
    p_inf, rate = np.array([slow_gate(v, theta[4]) for v in voltage]).T
    return out | {"p": (p_inf, 1 / rate)}


@register_jitable
def step(state: tuple, drive: float, theta: tuple, dt: float) -> tuple:
    """One step of V, gates, rounding errors of V and p; drive in µA/cm²."""
    v, m, h, n, p, rest_v, rest_p = state
    g_Na, g_K, g_l, g_M, tau_max, minus_v_t, _, minus_e_l = theta
    sodium = g_Na * m**3 * h
    potassium = g_K * n**4 + g_M * p
    g = sodium + potassium + g_l
    v_inf = (sodium * E_NA + potassium * E_K - g_l * minus_e_l + drive) / g
    v, rest_v = relax_with_rest(v, rest_v, v_inf, g, dt)

    open_m, close_m, open_h, close_h, open_n, close_n = rates(v + minus_v_t)
    m = relax(m, steady(open_m, close_m), open_m + close_m, dt)
    h = relax(h, steady(open_h, close_h), open_h + close_h, dt)
    n = relax(n, steady(open_n, close_n), open_n + close_n, dt)
    p_inf, rate = slow_gate(v, tau_max)
    p, rest_p = relax_with_rest(p, rest_p, p_inf, rate, dt)
    return v, m, h, n, p, rest_v, rest_p
