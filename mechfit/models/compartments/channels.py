r"""Channels of a compartment: those of the single-compartment model, or Hodgkin and Huxley's.

Both have sodium, potassium and leak, the first also a slow potassium current,

    i = g_Na m^3 h (V - E_Na) + (g_K n^4 + g_M p) (V - E_K) + g_l (V - E_l),

and differ in the rates of their gates. The first are the functions of
`mechfit.models.hodgkin_huxley.equations`; the second those of the squid's giant axon at 6.3 °C,
with the resting voltage at -65 mV, as in NEURON's ``hh``. Hodgkin & Huxley (1952),
doi:10.1113/jphysiol.1952.sp004764. Taught in ``book/models/compartments.md``.
"""

from dataclasses import dataclass
from math import exp

from numba.extending import register_jitable

from mechfit.models.hodgkin_huxley.equations import (
    E_K,
    E_NA,
    fall,
    linoid,
    rates_from,
    relax,
    slow_gate_from,
    steady,
)
from mechfit.summaries.arguments import number_of

__all__ = ["CORTICAL", "SQUID", "Channels", "cortical_gates", "squid_gates"]


@dataclass(frozen=True)
class Channels:
    """Kinetics and reversal potentials of the channels of a tree.

    Attributes:
        kind: "cortical", those of the single compartment (`HodgkinHuxley`), or "squid".
        E_Na: Reversal potential (mV) of sodium.
        E_K: The same of potassium.
        E_l: The same of the leak.
        V_T: Voltage (mV) that shifts the gates of the cortical channels.
        tau_max: Longest time constant (ms) of their slow gate.
    """

    kind: str = "cortical"
    E_Na: float = E_NA
    E_K: float = E_K
    E_l: float = -70.0
    V_T: float = -60.0
    tau_max: float = 600.0

    def __post_init__(self) -> None:
        if self.kind not in ("cortical", "squid"):
            raise ValueError(f"kind is {self.kind!r}, expected 'cortical' or 'squid'")
        for name in ("E_Na", "E_K", "E_l", "V_T", "tau_max"):
            value = number_of(name, getattr(self, name), positive=name == "tau_max")
            object.__setattr__(self, name, value)

    def constants(self, dt: float) -> tuple[float, ...]:
        """What the compiled loops take: dt, V_T, a factor of the slow gate, tau_max, E_Na, E_K."""
        return dt, self.V_T, exp(-(self.V_T + 35.0) / 20.0), self.tau_max, self.E_Na, self.E_K


CORTICAL = Channels()
SQUID = Channels("squid", E_Na=50.0, E_K=-77.0, E_l=-54.3)


@register_jitable
def relaxed(m: float, h: float, n: float, rates: tuple, dt: float) -> tuple:
    """The gates m, h and n after dt (ms) at fixed rates."""
    open_m, close_m, open_h, close_h, open_n, close_n = rates
    return (
        relax(m, steady(open_m, close_m), open_m + close_m, dt),
        relax(h, steady(open_h, close_h), open_h + close_h, dt),
        relax(n, steady(open_n, close_n), open_n + close_n, dt),
    )


@register_jitable
def cortical_gates(v: float, gates: tuple, c: tuple) -> tuple:
    """The gates m, h, n and p after a step at the voltage v."""
    m, h, n, p = gates
    u = v - c[1]
    f = fall(u)
    m, h, n = relaxed(m, h, n, rates_from(u, f), c[0])
    p_inf, rate = slow_gate_from(f * f * c[2], c[3])
    return m, h, n, relax(p, p_inf, rate, c[0])


@register_jitable
def squid_gates(v: float, gates: tuple, c: tuple) -> tuple:
    """The same for the squid's axon, whose slow gate stays as it is."""
    m, h, n, p = gates
    rates = (
        linoid(-(v + 40.0) / 10.0),
        4.0 * exp(-(v + 65.0) / 18.0),
        0.07 * exp(-(v + 65.0) / 20.0),
        1.0 / (exp(-(v + 35.0) / 10.0) + 1.0),
        0.1 * linoid(-(v + 55.0) / 10.0),
        0.125 * exp(-(v + 65.0) / 80.0),
    )
    m, h, n = relaxed(m, h, n, rates, c[0])
    return m, h, n, p
