r"""Rational-quadratic splines and their gradients, compiled.

One spline has K bins with widths proportional to exp(a_j), heights proportional to exp(b_j) and
slopes exp(c_j) at its knots; equations and symbols are those of ``coupling.py``. With g = dL/df
and h = dL/dlog f', gradients are propagated by hand through N, D and P to s, t, d_0, d_1, from
there to the corners of the bin, and through the knots to the logits. For the inverse, with z such
that f(z) = y, a change of y or of the logits changes z by dz = (dy - df|_z) / f', so that the same
gradient, taken at z, serves it too. One compiled pass takes the place of about eighty operations
of torch on small arrays. Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mechfit.compile import compiled

__all__ = ["LARGEST", "LEAST", "RationalQuadratic"]

LEAST = 1e-3
"""Smallest width and height of a bin, as a fraction of the whole."""

LARGEST = 10.0
"""Largest logit and log-slope, in size, so that the map stays finite for any x."""


@compiled
def spline_forward(z, x0, x1, y0, y1, d0, d1):  # noqa: ANN001, ANN201
    """f(z) and log f'(z) from the corners of z's bin; linear beyond it."""
    if z < x0:
        return y0 + d0 * (z - x0), math.log(d0)
    if z > x1:
        return y1 + d1 * (z - x1), math.log(d1)
    s, t = (y1 - y0) / (x1 - x0), (z - x0) / (x1 - x0)
    u = 1 - t
    below = s + (d0 + d1 - 2 * s) * t * u
    slope = (s / below) ** 2 * (d1 * t * t + 2 * s * t * u + d0 * u * u)
    return y0 + (y1 - y0) * (s * t * t + d0 * t * u) / below, math.log(slope)


@compiled
def spline_inverse(y, x0, x1, y0, y1, d0, d1):  # noqa: ANN001, ANN201
    """The z with f(z) = y: the root in [0, 1] of a quadratic in t, equations 6 to 8."""
    if y < y0:
        return x0 + (y - y0) / d0
    if y > y1:
        return x1 + (y - y1) / d1
    width, height, rise = x1 - x0, y1 - y0, y - y0
    s = height / width
    b = d0 + d1 - 2 * s
    first, second = height * (s - d0) + rise * b, height * d0 - rise * b
    radical = math.sqrt(max(second * second + 4 * first * s * rise, 0.0))
    if second > 0:
        return x0 + width * 2 * s * rise / (second + radical)
    return x0 + width * (radical - second) / (2 * first)


@compiled
def spline_vjp(z, x0, x1, y0, y1, d0, d1, g, h):  # noqa: ANN001, ANN201
    """Vector-Jacobian product: gradients by z and the six corners of g f + h log f'."""
    if z < x0:
        return g * d0, -g * d0, 0.0, g, 0.0, g * (z - x0) + h / d0, 0.0
    if z > x1:
        return g * d1, 0.0, -g * d1, 0.0, g, 0.0, g * (z - x1) + h / d1
    width, height = x1 - x0, y1 - y0
    s, t = height / width, (z - x0) / width
    u = 1 - t
    q, b = t * u, d0 + d1 - 2 * s
    below, p = s + b * q, d1 * t * t + 2 * s * q + d0 * u * u
    part = (s * t * t + d0 * q) / below
    g_n, g_p = g * height / below, h / p
    g_d = -(g_n * part + 2 * h / below)
    g_s = g_n * t * t + g_d * (1 - 2 * q) + 2 * (h / s + g_p * q)
    g_q = g_n * d0 + g_d * b + 2 * g_p * s
    g_t = 2 * g_n * s * t + g_q * (u - t) + 2 * g_p * (d1 * t - d0 * u)
    g_z, g_width = g_t / width, -(g_t * t + g_s * s) / width
    g_height = g_s / width + g * part
    g_d0, g_d1 = (g_n + g_d) * q + g_p * u * u, g_d * q + g_p * t * t
    return g_z, -g_z - g_width, g_width, g - g_height, g_height, g_d0, g_d1


@compiled
def knot(i, below, total, bins, low, high):  # noqa: ANN001, ANN201
    """Place of knot i, from the sum of all sizes and the sum of those below it."""
    return low + (high - low) * (LEAST * i + (1 - LEAST * bins) * below / total)


@compiled
def corners(v, e, low, high, inverse):  # noqa: ANN001, ANN201
    """The bin i of v, the sums that its knots came from, and its corners, with e = exp(logits)."""
    bins = (len(e) + 1) // 3
    first, total, other = inverse * bins, 0.0, 0.0
    for j in range(bins):
        total += e[first + j]
        other += e[bins - first + j]
    i, below = 0, 0.0
    for j in range(bins - 1):
        above = below + e[first + j]
        if v < knot(j + 1, above, total, bins, low, high):
            break
        i, below = j + 1, above
    aside = 0.0
    for j in range(i):
        aside += e[bins - first + j]
    if inverse:
        total, other, below, aside = other, total, aside, below
    x0, y0 = knot(i, below, total, bins, low, high), knot(i, aside, other, bins, low, high)
    x1 = knot(i + 1, below + e[i], total, bins, low, high)
    y1 = knot(i + 1, aside + e[bins + i], other, bins, low, high)
    tails = len(e) < 3 * bins
    d0 = 1.0 if tails and i == 0 else float(e[2 * bins + i - tails])
    d1 = 1.0 if tails and i == bins - 1 else float(e[2 * bins + i + 1 - tails])
    return i, (below, total, aside, other), (x0, x1, y0, y1, d0, d1)


@compiled
def spline_rows(v, e, low, high, inverse, out, log):  # noqa: ANN001, ANN201
    """Fill f(v) or its inverse, and the log-slope of that (n,), for v (n,) and e (n, c)."""
    for r in range(len(v)):
        _, _, bin_ = corners(v[r], e[r], low, high, inverse)
        if inverse:
            out[r] = spline_inverse(v[r], *bin_)
            log[r] = -spline_forward(out[r], *bin_)[1]
        else:
            out[r], log[r] = spline_forward(v[r], *bin_)


@compiled
def vjp_rows(v, e, low, high, inverse, g, h, g_v, g_e):  # noqa: ANN001, ANN201
    """Fill gradients with respect to v (n,) and logits (n, c); g_e holds zeros before."""
    bins = (e.shape[1] + 1) // 3
    free, tails = (1 - LEAST * bins) * (high - low), e.shape[1] < 3 * bins
    for r in range(len(v)):
        i, (below, total, aside, other), bin_ = corners(v[r], e[r], low, high, inverse)
        z, up, log = float(v[r]), float(g[r]), float(h[r])
        if inverse:
            z = spline_inverse(z, *bin_)
            slope = math.exp(spline_forward(z, *bin_)[1])
            up = -(up - log * spline_vjp(z, *bin_, 0.0, 1.0)[0]) / slope
            log = -log
        g_z, g_x0, g_x1, g_y0, g_y1, g_d0, g_d1 = spline_vjp(z, *bin_, up, log)
        g_v[r] = -up if inverse else g_z
        for start, g_low, g_high, under, whole in (
            (0, g_x0, g_x1, below, total),
            (bins, g_y0, g_y1, aside, other),
        ):
            mean = (g_low * under + g_high * (under + e[r, start + i])) / whole
            for j in range(bins):
                size = e[r, start + j] * free / whole
                g_e[r, start + j] = size * (g_low * (j < i) + g_high * (j <= i) - mean)
        at = 2 * bins + i - tails
        if i > 0 or not tails:
            g_e[r, at] = e[r, at] * g_d0
        if i < bins - 1 or not tails:
            g_e[r, at + 1] = e[r, at + 1] * g_d1


class RationalQuadratic(torch.autograd.Function):
    """`mechfit.inference.densities.coupling.spline` on the processor."""

    @staticmethod
    def forward(
        v: Tensor, shape: Tensor, settings: tuple[float, float, bool]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Transform v (..., m) by splines of shape (..., m, c); settings are ends, inverse.

        Returns values and log-slopes (..., m), and what `backward` needs (..., m, c).
        """
        v, e = v.contiguous(), shape.clamp(-LARGEST, LARGEST).exp_().contiguous()
        out, log = torch.empty_like(v), torch.empty_like(v)
        spline_rows(*flat(v, e), *settings, *flat(out, log))
        return out, log, e

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        """Keep what `backward` needs."""
        v, shape, ctx.settings = inputs
        ctx.mark_non_differentiable(output[2])
        ctx.save_for_backward(v, shape, output[2])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor, h: Tensor, _: Tensor) -> tuple[Tensor, Tensor, None]:
        """Gradients of v and shape."""
        v, shape, e = ctx.saved_tensors
        v = v.contiguous()
        g_v, g_e = torch.empty_like(v), torch.zeros_like(e)
        vjp_rows(*flat(v, e), *ctx.settings, *flat(g.contiguous(), h.contiguous(), g_v, g_e))
        return g_v, g_e.mul_(shape.abs() <= LARGEST), None

    @staticmethod
    def vmap(info: Any, dims: tuple, *inputs: Any) -> tuple[tuple[Tensor, ...], int]:
        """The same for many networks at once (``members.py``): their axis is one among others."""
        several = [
            a.expand(info.batch_size, *a.shape) if dim is None else a.movedim(dim, 0)
            for a, dim in zip(inputs[:2], dims, strict=False)
        ]
        return RationalQuadratic.apply(*several, inputs[2]), (0, 0, 0)


def flat(*tensors: Tensor) -> list[np.ndarray]:
    """The numbers of tensors (..., m) in rows (n,), of shapes (..., m, c) in rows (n, c)."""
    m = tensors[0].dim()
    return [t.numpy().reshape(-1, *t.shape[m:]) for t in tensors]
