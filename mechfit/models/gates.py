"""Gates: how ion channels open and close.

A gate x opens at the rate alpha(V) and closes at the rate beta(V), dx/dt = alpha (1 - x) - beta x.
While V stands still the solution is exact,

    x(t + dt) = x_inf + (x(t) - x_inf) exp(-dt / tau),
    x_inf = alpha / (alpha + beta),    tau = 1 / (alpha + beta),

and one step of it is the exponential Euler method. Taught in ``book/models/hodgkin-huxley.md``.
"""

from __future__ import annotations

from math import expm1

from numba.extending import register_jitable

__all__: list[str] = []


@register_jitable
def linoid(z: float) -> float:
    """Return z / (exp(z) - 1), with its limit 1 - z/2 near 0."""
    return 1.0 - z / 2.0 if abs(z) < 1e-4 else z / expm1(z)


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
    """The same, carrying in `rest` what rounding would lose of a small step."""
    dx = (x - x_inf) * expm1(-dt * rate) + rest
    moved = x + dx
    return moved, dx - (moved - x)
