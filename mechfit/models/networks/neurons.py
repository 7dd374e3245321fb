r"""Integrate-and-fire neurons: how the voltage goes from one step to the next.

    tau dV/dt = drive - V + I,     V >= threshold: a spike, V = reset for the time t_ref

The drive is the voltage at rest, or what a constant current adds to it. A spike that arrives moves

- V at once (`DeltaNeurons`);
- a current, I = g_e + g_i, in mV (`CurrentNeurons`);
- a conductance, I = g_e (E_e - V) + g_i (E_i - V), in units of the leak (`ConductanceNeurons`);

and g_e, g_i decay with tau_e, tau_i. The steps of the first two are exact. That of the third is
the exponential Euler method with each conductance replaced by its mean over the step,

    g_x (1 - exp(-dt/tau_x)) tau_x / dt,

which is of second order. With the total conductance G in units of the leak, x = G dt/tau, and
p = (exp(x) - 1) / x, it takes V to (V + dt/tau (drive + g_e E_e + g_i E_i) p) / (1 + x p), because
1 + x p = exp(x). Brette et al. (2007), doi:10.1007/s10827-007-0038-6.
"""

from dataclasses import dataclass, fields
from math import exp, expm1
from typing import ClassVar

import numpy as np
from numba.extending import register_jitable
from scipy.special import exprel

from mechfit.models.numerics.single import twin_of
from mechfit.summaries.arguments import number_of

__all__ = [
    "ConductanceNeurons",
    "CurrentNeurons",
    "DeltaNeurons",
    "conductance_step",
    "current_step",
    "delta_step",
]

f32 = np.float32
FINEST = 5
"""Steps that the shortest time constant must have."""


@register_jitable
def delta_step(v: float, drive: float, c: tuple) -> float:
    """Voltage after a step without input; `c` as `DeltaNeurons.constants` returns it."""
    return drive + (v - drive) * c[0]


@register_jitable
def current_step(v: float, g_e: float, g_i: float, drive: float, c: tuple) -> float:
    """Voltage after a step; `c` as `CurrentNeurons.constants` returns it."""
    return drive + (v - drive) * c[0] + g_e * c[3] + g_i * c[4]


@register_jitable
def conductance_step(v: float, g_e: float, g_i: float, drive: float, c: tuple) -> float:
    """Voltage after a step; `c` as `ConductanceNeurons.constants` returns it."""
    e, i = g_e * c[3], g_i * c[4]
    x = c[0] * (1.0 + e + i)
    p = growth(x)
    return (v + c[0] * (drive + e * c[5] + i * c[6]) * p) / (1.0 + x * p)


@register_jitable
def growth(x: float) -> float:
    """(exp(x) - 1) / x, for x above 0."""
    return expm1(x) / x


@twin_of(growth)
def growth_single(x: f32) -> f32:
    """The same by its series, for x of about 0.1: right to 1e-7 below 0.5, never below 1."""
    q = f32(1 / 5040) * x + f32(1 / 720)
    q = q * x + f32(1 / 120)
    q = q * x + f32(1 / 24)
    q = q * x + f32(1 / 6)
    return (q * x + f32(0.5)) * x + f32(1.0)


@dataclass(frozen=True)
class DeltaNeurons:
    """Neurons whose voltage jumps by the weight (mV) when a spike arrives.

    Attributes:
        tau: Time constant of the membrane (ms).
        threshold: Voltage (mV) at which a neuron spikes.
        reset: Voltage (mV) after a spike.
        t_ref: Time (ms) after a spike in which the neuron stays there and loses its input.
        rest: Voltage (mV) at rest.
    """

    KIND: ClassVar[int] = 0
    tau: float = 20.0
    threshold: float = 20.0
    reset: float = 10.0
    t_ref: float = 2.0
    rest: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            number_of(field.name, getattr(self, field.name), positive=field.name.startswith("tau"))
        if self.t_ref < 0 or self.reset >= self.threshold:
            raise ValueError(
                f"t_ref is {self.t_ref} ms and reset {self.reset} mV, expected at least 0 ms and "
                f"less than the threshold of {self.threshold} mV"
            )

    def constants(self, dt: float) -> tuple[float, ...]:
        """Numbers that a step of dt (ms) takes; ValueError if dt is too coarse for tau."""
        return exp(-dt / self.fine(dt).tau), 1.0, 1.0, 0.0, 0.0, 0.0, 0.0

    def fine(self, dt: float) -> "DeltaNeurons":
        """These neurons, if each time constant has some steps of dt (ms)."""
        taus = {f.name: getattr(self, f.name) for f in fields(self) if f.name.startswith("tau")}
        name = min(taus, key=taus.get)
        if taus[name] < FINEST * dt:
            raise ValueError(
                f"dt is {dt:g} ms, too coarse for {name} of {taus[name]:g} ms: expected at most "
                f"{taus[name] / FINEST:g} ms"
            )
        return self


@dataclass(frozen=True)
class CurrentNeurons(DeltaNeurons):
    """Neurons in which a spike adds its weight (mV) to a current.

    Attributes:
        tau_e: Time constant (ms) of excitatory synapses.
        tau_i: Time constant (ms) of inhibitory synapses.
    """

    KIND: ClassVar[int] = 1
    threshold: float = -50.0
    reset: float = -60.0
    t_ref: float = 5.0
    rest: float = -49.0
    tau_e: float = 5.0
    tau_i: float = 10.0

    def constants(self, dt: float) -> tuple[float, ...]:
        """Numbers that a step of dt (ms) takes; ValueError if dt is too coarse for a tau."""
        tau, taus = self.fine(dt).tau, (self.tau_e, self.tau_i)
        decay = exp(-dt / tau)
        gains = (dt / tau * decay * exprel(dt / tau - dt / tau_x) for tau_x in taus)
        return (decay, *(exp(-dt / tau_x) for tau_x in taus), *map(float, gains), 0.0, 0.0)


@dataclass(frozen=True)
class ConductanceNeurons(CurrentNeurons):
    """Neurons in which a spike adds its weight (in units of the leak) to a conductance.

    Attributes:
        E_e: Reversal potential (mV) of excitatory synapses.
        E_i: Reversal potential (mV) of inhibitory synapses.
    """

    KIND: ClassVar[int] = 2
    rest: float = -60.0
    E_e: float = 0.0
    E_i: float = -80.0

    def constants(self, dt: float) -> tuple[float, ...]:
        """Numbers that a step of dt (ms) takes; ValueError if dt is too coarse for a tau."""
        rate, taus = dt / self.fine(dt).tau, (self.tau_e, self.tau_i)
        decays, means = zip(*((exp(-dt / t), exprel(-dt / t)) for t in taus), strict=True)
        return (rate, *decays, *map(float, means), self.E_e, self.E_i)
