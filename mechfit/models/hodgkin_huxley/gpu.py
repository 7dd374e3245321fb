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
    DETECTED,
    TARGETS,
    accumulate,
    add_powers,
    count_peak,
    plan,
    write_statistics,
)
from mechfit.models.numerics.gpu import compiler, kernels
from mechfit.models.numerics.noise import normal_pair
from mechfit.models.numerics.single import single

__all__ = ["neuron_statistics"]

THREADS = 64
BLOCKS = 128
"""The smallest grid; numba warns of smaller ones. Superfluous threads do nothing."""
f32, f64, u32 = np.float32, np.float64, np.uint32


def simulate_one(theta, current, dt, v_init, key, number, bounds, gap, total, out):
    """Write the statistics (7,) of theta (8,); `total` (3, 5) is work space in float64."""
    scale = theta[6] / sqrt(dt)
    values = theta[0], theta[1], theta[2], theta[3], theta[4], theta[5], scale, theta[7]
    m, h, n, p = rest(v_init, -theta[5])
    state = (v_init, m, h, n, p, 0.0, 0.0)
    peaks = (v_init, v_init, -1e9, 0.0)
    for target in range(3):
        for k in range(5):
            total[target, k] = 0.0
    total[0, 0], total[0, 1] = 1.0, v_init
    for part in range(len(TARGETS)):
        detect = 1.0 if part >= DETECTED else 0.0
        for start in range(bounds[part], bounds[part + 1], BLOCK):
            stop = min(start + BLOCK, bounds[part + 1])
            pivot, sums = state[0], (0.0, 0.0, 0.0, 0.0)
            for i in range(start, stop):
                if i & 1 or i == start:
                    first, second = normal_pair(key[0], key[1], number, u32((i - 1) >> 1))
                noise = first if i & 1 else second
                state = step(state, current[i - 1] + scale * noise, values, dt)
                sums = add_powers(sums, state[0] - pivot)
                peaks = count_peak(peaks, state[0], f32(i), gap, detect)
            if TARGETS[part] >= 0:
                s = (pivot, sums[0], sums[1], sums[2], sums[3])
                accumulate(total[TARGETS[part]], f32(stop - start), s)
    write_statistics(total, peaks[3], out)


def make_kernel() -> Callable:
    """Declare the kernel; it is compiled at its first launch."""
    global cuda  # where numba's simulator of a GPU looks for it
    cuda = compiler()
    one = single(simulate_one, cuda.jit(device=True, fastmath=True))

    @cuda.jit(fastmath=True)
    def kernel(theta, current, dt, v_init, key, first, bounds, gap, out):
        row = cuda.grid(1)
        if row < theta.shape[0]:
            total = cuda.local.array((3, 5), f64)
            number = u32(first + row)
            one(theta[row], current, dt, v_init, key, number, bounds, gap, total, out[row])

    return kernel


def neuron_statistics(
    theta: np.ndarray,
    current: np.ndarray,
    dt: np.float32,
    v_init: np.float32,
    key: tuple,
    first: int,
    marks: tuple,
    out: np.ndarray,
) -> None:
    """Write the statistics (n, 7) of theta (n, 8); arguments as in `statistics_lanes`."""
    kernel = kernels(make_kernel)
    bounds, gap = plan(marks, current.size, float(dt))
    grid = max(-(-len(theta) // THREADS), BLOCKS)
    x = cuda.device_array_like(out)
    arrays = cuda.to_device(theta), cuda.to_device(current)
    kernel[grid, THREADS](*arrays, dt, v_init, key, first, bounds, f32(gap), x)
    x.copy_to_host(out)
