r"""The loop over steps of a tree, for several simulations side by side.

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
from mechfit.models.numerics.double import double
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single

__all__ = ["LANES", "ROWS", "draw_single", "run_double", "run_single"]

LANES = {np.dtype("f4"): 32, np.dtype("f8"): 8}
"""Simulations side by side: enough to hide how long a division takes, few enough for the cache."""
INLINE = {"forceinline": True}
ROWS = ("G_Na", "G_K", "G_M", "leak", "capacity", "diagonal", "axial", *"mhnpvxdb")
"""Conductances (µS), G_l E_l (nA), C / dt, C / dt + G_l, g; gates, V, the solution, D and B."""
u32, u64 = np.uint32, np.uint64
COUNT = u64(len(ROWS))
G_NA, G_K, G_M, LEAK, CAPACITY, DIAGONAL, AXIAL, M, H, N, P, V, X, D, B = map(
    u64, range(len(ROWS))
)
WIDE_SINGLE, WIDE_DOUBLE = map(u64, LANES.values())
noise_single = single(normal_pair)


def lanes_of(s):
    """Number of lanes, known to the compiler."""


@overload(lanes_of)
def lanes_of_precision(s):
    """Choose it by the type of the numbers."""
    if s.dtype == types.float32:
        return lambda s: WIDE_SINGLE
    return lambda s: WIDE_DOUBLE


def in_either(function):
    """The gates of channels as a function that can be handed on, for either precision."""
    in_single, in_double = single(function), double(function)

    def gates_of(v, gates, c):
        """What a loop calls."""

    @overload(gates_of, jit_options=INLINE)
    def in_precision(v, gates, c):
        """Choose the twin by the type of the voltage."""
        twin = in_single if v == types.float32 else in_double
        return lambda v, gates, c: twin(v, gates, c)

    return gates_of


cortical, squid = map(in_either, (cortical_gates, squid_gates))


@register_jitable
def rows_of(s, i):
    """The numbers of a node."""
    size = lanes_of(s) * COUNT
    return s[u64(i) * size : u64(i + 1) * size]


@register_jitable
def eliminate(s, parent):
    """Add each node's row to that of its parent, from the last on."""
    w = lanes_of(s)
    for i in range(parent.size - 1, 0, -1):
        a, above = rows_of(s, i), rows_of(s, parent[i])
        for j in range(w):
            axial, d, b = a[w * AXIAL + j], a[w * D + j], a[w * B + j]
            total = d + axial
            share = axial / total
            a[w * D + j] = share
            a[w * B + j] = b / total
            above[w * D + j] += share * d
            above[w * B + j] += share * b
    for j in range(w):
        s[w * B + j] /= s[w * D + j]
        s[w * D + j] = 0


@register_jitable
def advance(gates, s, parent, compartment, c, beyond):
    """Find V from the first node on, move the gates, and write the rows of the next step.

    `beyond` is how far V goes beyond the solution, as a part of the way to it: 0 or 1.
    """
    w = lanes_of(s)
    for i in range(parent.size):
        a, above = rows_of(s, i), rows_of(s, parent[i])
        for j in range(w):
            a[w * X + j] = a[w * B + j] + a[w * D + j] * above[w * X + j]
        if compartment[i]:
            for j in range(w):
                v = a[w * X + j] + beyond * (a[w * X + j] - a[w * V + j])
                m, h, n, p = gates(v, (a[w * M + j], a[w * H + j], a[w * N + j], a[w * P + j]), c)
                sodium = a[w * G_NA + j] * (m * m * m * h)
                potassium = a[w * G_K + j] * ((n * n) * (n * n)) + a[w * G_M + j] * p
                a[w * M + j], a[w * H + j], a[w * N + j], a[w * P + j] = m, h, n, p
                a[w * V + j] = v
                a[w * D + j] = a[w * DIAGONAL + j] + (sodium + potassium)
                b = a[w * CAPACITY + j] * v + a[w * LEAK + j]
                a[w * B + j] = b + (sodium * c[4] + potassium * c[5])
        else:
            for j in range(w):
                a[w * V + j] = a[w * X + j] + beyond * (a[w * X + j] - a[w * V + j])
                a[w * D + j] = a[w * DIAGONAL + j]
                a[w * B + j] = 0


@register_jitable
def sweep(kind, s, parent, compartment, c, beyond):
    """`advance` with the channels of a kind."""
    if kind == 0:
        advance(cortical, s, parent, compartment, c, beyond)
    else:
        advance(squid, s, parent, compartment, c, beyond)


def run(kind, s, parent, compartment, constants, beyond, currents, noise, sites, voltage):
    """Simulate trees side by side from a uniform voltage on, with the gates at their steady state.

    Args:
        kind: 0 for cortical channels, 1 for the squid's.
        s: The numbers of all nodes, flat; for each node `ROWS`, for each row the lanes. Rows V, X
            and B hold the voltage at first, the gates and D are 0.
        parent: Parent of each node, 0 for the first.
        compartment: Which nodes are compartments.
        constants: Of the channels, for the first moment and for a step.
        beyond: See `advance`.
        currents: Nodes (k,) and currents (k, steps + 1) in nA that are injected there.
        noise: Currents (steps + 1, lanes) in nA into node 0.
        sites: Nodes to record.
        voltage: Their voltages (sites, steps + 1, lanes) in mV, to be filled.
    """
    nodes, injected = currents
    w = lanes_of(s)
    sweep(kind, s, parent, compartment, constants[0], beyond)
    for t in range(voltage.shape[1]):
        if t > 0:
            for k in range(nodes.size):
                a = rows_of(s, nodes[k])
                for j in range(w):
                    a[w * B + j] += injected[k, t - 1]
            for j in range(w):
                s[w * B + j] += noise[t - 1, j]
            eliminate(s, parent)
            sweep(kind, s, parent, compartment, constants[1], beyond)
        for k in range(sites.size):
            a = rows_of(s, sites[k])
            for j in range(w):
                voltage[k, t, j] = a[w * V + j]


@compiled_fast
def draw_single(key, index, scale, out):
    """Write `scale` times the normals (steps, lanes), steps even, of simulations `index`."""
    for i in range(0, out.shape[0], 2):
        for j in range(WIDE_SINGLE):
            first, second = noise_single(key[0], key[1], index[j], u32(i >> 1))
            out[i, j], out[i + 1, j] = scale * first, scale * second


run_single, run_double = compiled_fast(run), compiled(run)
