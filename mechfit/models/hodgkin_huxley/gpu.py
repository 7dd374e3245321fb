"""Neurons on an NVIDIA GPU: one simulation per thread, in single precision.

A thread does what `lanes` does for one neuron, with the same functions compiled for the GPU: it
draws the noise of the key (seed, simulation, pair), makes a step, adds the powers of v - pivot and
looks for a peak. Neuron and sums live in registers, no trace is stored, and all threads of a warp
read the same sample of the current. Every `BLOCK` samples the sums, in float32, are merged into
float64 totals. exp, log and division are the GPU's own, so results agree within float32. Taught in
``book/beyond/scaling.md``.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np

from mechfit.models.hodgkin_huxley.equations import rest, step
from mechfit.models.hodgkin_huxley.lanes import (
    BLOCK,
    TARGETS,
    accumulate,
    add_powers,
    write_statistics,
)
from mechfit.models.numerics.gpu import compiler, kernels
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single
from mechfit.summaries.spikes import next_spike, unseen

__all__ = ["neuron_statistics"]

THREADS = 64
BLOCKS = 128
"""The smallest grid; numba warns of smaller ones. Superfluous threads do nothing."""
f32, f64, u32 = np.float32, np.float64, np.uint32


def simulate_one(theta, current, clock, v_init, key, number, bounds, rule, total, out):
    """Write the statistics (7,) of theta (8,); `total` (3, 5) is work space in float64."""
    dt, every = clock
    scale = theta[6] / sqrt(dt)
    values = theta[0], theta[1], theta[2], theta[3], theta[4], theta[5], scale, theta[7]
    m, h, n, p = rest(v_init, -theta[5])
    state = (v_init, m, h, n, p, 0.0, 0.0)
    seen = unseen(v_init)
    for target in range(3):
        for k in range(5):
            total[target, k] = 0.0
    total[0, 0], total[0, 1] = 1.0, v_init
    for part in range(len(TARGETS)):
        for start in range(bounds[part], bounds[part + 1], BLOCK):
            stop = min(start + BLOCK, bounds[part + 1])
            pivot, sums = state[0], (0.0, 0.0, 0.0, 0.0)
            for i in range(start, stop):
                injected = current[i - 1]
                for s in range((i - 1) * every, i * every):
                    if s & 1 == 0 or s == (start - 1) * every:
                        first, second = normal_pair(key[0], key[1], number, u32(s >> 1))
                    noise = second if s & 1 else first
                    state = step(state, injected + scale * noise, values, dt)
                sums = add_powers(sums, state[0] - pivot)
                seen = next_spike(seen, state[0], f32(i), rule)
            if TARGETS[part] >= 0:
                block = (pivot, sums[0], sums[1], sums[2], sums[3])
                accumulate(total[TARGETS[part]], f32(stop - start), block)
    write_statistics(total, seen[5], out)


def make_kernel() -> Callable:
    """Declare the kernel; it is compiled at its first launch."""
    global cuda  # where numba's simulator of a GPU looks for it
    cuda = compiler()
    one = single(simulate_one, cuda.jit(device=True, fastmath=True))

    @cuda.jit(fastmath=True)
    def kernel(theta, current, clock, v_init, key, first, bounds, rule, out):
        row = cuda.grid(1)
        if row < theta.shape[0]:
            total = cuda.local.array((3, 5), f64)
            number = u32(first + row)
            one(theta[row], current, clock, v_init, key, number, bounds, rule, total, out[row])

    return kernel


def neuron_statistics(
    theta: np.ndarray,
    current: np.ndarray,
    clock: tuple,
    v_init: np.float32,
    key: tuple,
    first: int,
    bounds: tuple,
    rule: tuple,
    out: np.ndarray,
) -> None:
    """Write the statistics (n, 7) of theta (n, 8); arguments as in `statistics_lanes`."""
    kernel = kernels(make_kernel)
    grid = max(-(-len(theta) // THREADS), BLOCKS)
    x = cuda.device_array_like(out)
    arrays = cuda.to_device(theta), cuda.to_device(current)
    kernel[grid, THREADS](*arrays, clock, v_init, key, first, bounds, rule, x)
    x.copy_to_host(out)
