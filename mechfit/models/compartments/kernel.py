r"""The loop over steps of a tree, for `LANES` simulations side by side.

With the gates held, all currents are linear in V, so one implicit step solves a linear system, in
nA, whose row of node i is

    (C_i / dt + sum of G + sum of g) V_i - sum of g_ij V_j = C_i / dt V_i(t) + sum of G E + I_i.

Each node but the first has one neighbor before it, its parent p, so that elimination from the last
node to the first leaves no other entries, and a sweep back gives V (Hines 1984,
doi:10.1016/0020-7101(84)90008-4): the cost grows with the number of nodes. With D for what a row
has on its diagonal beyond the g to its parent, and B for its right side,

    f = g / (D + g),    D_p <- D_p + f D,    B_p <- B_p + f B,    then    V = B / (D + g) + f V_p:

nothing is subtracted, so that short compartments, whose g are large, cost no digits. Branch points
have no capacitance and no channels, and are solved with the rest. Then the gates relax at the new
V.

*Backward Euler* is this step. *Crank-Nicolson* solves for the middle of the step, with dt / 2, and
goes on by as much again; its gates live half a step later, which makes it of second order.

The sweep back also moves the gates and writes the rows of the next step, while all is at hand. All
that belongs to a node lies together, a row of lanes for each quantity of `ROWS`.
"""

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from mechfit.compile import compiled, compiled_fast
from mechfit.models.compartments.channels import cortical_gates, squid_gates
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single

__all__ = ["LANES", "ROWS", "draw_single", "run_double", "run_single"]

LANES = 16
ROWS = ("G_Na", "G_K", "G_M", "leak", "capacity", "diagonal", "axial", *"mhnpvxdb")
"""Conductances (µS), G_l E_l (nA), C / dt, C / dt + G_l, g; gates, V, the solution, D and B."""
NAMED = {name: np.uint64(LANES * k) for k, name in enumerate(ROWS)}
G_NA, G_K, G_M, LEAK, CAPACITY, DIAGONAL, AXIAL, M, H, N, P, V, X, D, B = NAMED.values()
SIZE, WIDE = np.uint64(LANES * len(ROWS)), np.uint64(LANES)
u32, u64 = np.uint32, np.uint64
cortical_single, squid_single, noise_single = map(
    single, (cortical_gates, squid_gates, normal_pair)
)


@register_jitable(forceinline=True)
def cortical_fast(v, gates, c):
    """The gates in single precision, as a function that can be handed on."""
    return cortical_single(v, gates, c)


@register_jitable(forceinline=True)
def squid_fast(v, gates, c):
    """The same for the squid's axon."""
    return squid_single(v, gates, c)


@register_jitable
def eliminate(s, parent):
    """Add each node's row to that of its parent, from the last on."""
    for i in range(parent.size - 1, 0, -1):
        o, q = u64(i) * SIZE, u64(parent[i]) * SIZE
        for j in range(WIDE):
            axial, d, b = s[o + AXIAL + j], s[o + D + j], s[o + B + j]
            total = d + axial
            share = axial / total
            s[o + D + j] = share
            s[o + B + j] = b / total
            s[q + D + j] += share * d
            s[q + B + j] += share * b
    for j in range(WIDE):
        s[B + j] /= s[D + j]
        s[D + j] = 0


@register_jitable
def advance(gates, s, parent, compartment, c, beyond):
    """Find V from the first node on, move the gates, and write the rows of the next step.

    `beyond` is how far V goes beyond the solution, as a part of the way to it: 0 or 1.
    """
    for i in range(parent.size):
        o, q = u64(i) * SIZE, u64(parent[i]) * SIZE
        for j in range(WIDE):
            s[o + X + j] = s[o + B + j] + s[o + D + j] * s[q + X + j]
        if compartment[i]:
            for j in range(WIDE):
                x = s[o + X + j]
                v = x + beyond * (x - s[o + V + j])
                m, h, n, p = gates(v, (s[o + M + j], s[o + H + j], s[o + N + j], s[o + P + j]), c)
                sodium = s[o + G_NA + j] * (m * m * m * h)
                potassium = s[o + G_K + j] * ((n * n) * (n * n)) + s[o + G_M + j] * p
                s[o + M + j], s[o + H + j], s[o + N + j], s[o + P + j] = m, h, n, p
                s[o + V + j] = v
                s[o + D + j] = s[o + DIAGONAL + j] + (sodium + potassium)
                b = s[o + CAPACITY + j] * v + s[o + LEAK + j]
                s[o + B + j] = b + (sodium * c[4] + potassium * c[5])
        else:
            for j in range(WIDE):
                x = s[o + X + j]
                s[o + V + j] = x + beyond * (x - s[o + V + j])
                s[o + D + j] = s[o + DIAGONAL + j]
                s[o + B + j] = 0


def sweep(kind, s, parent, compartment, c, beyond):
    """`advance` with the channels of a kind, in the precision of the state."""


@overload(sweep)
def sweep_in_precision(kind, s, parent, compartment, c, beyond):
    """Choose the precision while compiling, so that the other one is not compiled."""

    def in_single(kind, s, parent, compartment, c, beyond):
        if kind == 0:
            advance(cortical_fast, s, parent, compartment, c, beyond)
        else:
            advance(squid_fast, s, parent, compartment, c, beyond)

    def in_double(kind, s, parent, compartment, c, beyond):
        if kind == 0:
            advance(cortical_gates, s, parent, compartment, c, beyond)
        else:
            advance(squid_gates, s, parent, compartment, c, beyond)

    return in_single if s.dtype == types.float32 else in_double


def run(kind, s, parent, compartment, constants, beyond, currents, noise, sites, voltage):
    """Simulate `LANES` trees from a uniform voltage on, with the gates at their steady state.

    Args:
        kind: 0 for cortical channels, 1 for the squid's.
        s: The numbers of all nodes, flat; for each node `ROWS`, for each row the lanes. Rows V, X
            and B hold the voltage at first, the gates and D are 0.
        parent: Parent of each node, 0 for the first.
        compartment: Which nodes are compartments.
        constants: Of the channels, for the first moment and for a step.
        beyond: See `advance`.
        currents: Nodes (k,) and currents (k, steps + 1) in nA that are injected there.
        noise: Currents (steps + 1, LANES) in nA into node 0.
        sites: Nodes to record.
        voltage: Their voltages (sites, steps + 1, LANES) in mV, to be filled.
    """
    nodes, injected = currents
    sweep(kind, s, parent, compartment, constants[0], beyond)
    for t in range(voltage.shape[1]):
        if t > 0:
            for k in range(nodes.size):
                o = u64(nodes[k]) * SIZE + B
                for j in range(WIDE):
                    s[o + j] += injected[k, t - 1]
            for j in range(WIDE):
                s[B + j] += noise[t - 1, j]
            eliminate(s, parent)
            sweep(kind, s, parent, compartment, constants[1], beyond)
        for k in range(sites.size):
            o = u64(sites[k]) * SIZE + V
            for j in range(WIDE):
                voltage[k, t, j] = s[o + j]


@compiled_fast
def draw_single(key, index, scale, out):
    """Write `scale` times the normals (steps, LANES), steps even, of simulations `index`."""
    for i in range(0, out.shape[0], 2):
        for j in range(LANES):
            first, second = noise_single(key[0], key[1], index[j], u32(i >> 1))
            out[i, j], out[i + 1, j] = scale * first, scale * second


run_single, run_double = compiled_fast(run), compiled(run)
