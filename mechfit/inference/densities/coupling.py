r"""Spline coupling flow: neural spline flows in far fewer operations than nflows takes.

A layer mixes the d numbers, z -> W z + b(x), leaves the first half z_a unchanged and transforms
each number z_j of the rest by an increasing function f, piecewise a ratio of quadratics. Between
knots (x_0, y_0) and (x_1, y_1) with slopes d_0 and d_1, s = (y_1 - y_0) / (x_1 - x_0) and
t = (z_j - x_0) / (x_1 - x_0), Durkan, Bekasov, Murray & Papamakarios (2019), arXiv:1906.04032,
equations 4 and 5, have

    f  = y_0 + (y_1 - y_0) N / D,    N = s t^2 + d_0 t(1-t),    D = s + (d_0 + d_1 - 2s) t(1-t),
    f' = s^2 P / D^2,                P = d_1 t^2 + 2s t(1-t) + d_0 (1-t)^2,

and f is the identity outside the outer knots. A network of z_a and x gives knots and slopes. All
that depends on x alone is computed once for all layers and for all z that share an x. As z_a is
unchanged, one pass inverts a layer; log |det| is the sum of log f' and log |det W|. Numbers in a
box, whose ends have to stay, cannot be mixed or shifted; ``box.py`` does that first. Taught in
``book/inference/density-estimators.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mechfit.inference.densities.box import Box
from mechfit.inference.densities.nflows_transforms import Transform
from mechfit.inference.densities.rational_quadratic import LARGEST, LEAST, RationalQuadratic

__all__ = ["SplineCoupling", "spline"]


def spline(
    z: Tensor, shape: Tensor, ends: tuple[float, float], *, inverse: bool = False
) -> tuple[Tensor, Tensor]:
    """Transform every number of z by its own rational-quadratic spline.

    Args:
        z: Numbers (..., m).
        shape: Logits of K widths and K heights, then log-slopes, (..., m, 3K + 1); or
            (..., m, 3K - 1), where the outer slopes are 1.
        ends: Outer knots, the same on both axes.
        inverse: Solve f(y) = z for y instead.

    Returns:
        f(z) and log f'(z), or the inverse function and its log-slope, each (..., m).
    """
    if z.device.type == "cpu":
        return RationalQuadratic.apply(z, shape.expand(*z.shape, -1), (*ends, inverse))[:2]
    return spline_by_tensors(z, shape, ends, inverse=inverse)


def spline_by_tensors(
    z: Tensor, shape: Tensor, ends: tuple[float, float], *, inverse: bool
) -> tuple[Tensor, Tensor]:
    """The same in operations of torch, for GPUs."""
    bins, (low, high) = (shape.shape[-1] + 1) // 3, ends
    like = {"dtype": z.dtype, "device": z.device}
    floor = torch.linspace(low, low + LEAST * bins * (high - low), bins + 1, **like)
    up_to = torch.ones(bins + 1, bins, **like).tril(-1)
    free = (1 - LEAST * bins) * (high - low)
    sizes, slopes = shape.clamp(-LARGEST, LARGEST).exp().tensor_split([2 * bins], -1)
    if slopes.shape[-1] < bins:
        slopes = functional.pad(slopes, (1, 1), value=1.0)
    sums = functional.linear(sizes.unflatten(-1, (2, bins)).contiguous(), up_to)
    knots = torch.addcdiv(floor, sums, sums[..., -1:], value=free)
    left = (z.detach()[..., None] >= knots.detach()[..., int(inverse), 1:-1]).sum(-1)
    corners = torch.stack([left, left + 1], -1)[..., None, :].expand(*knots.shape[:-2], 3, 2)
    table = torch.cat([knots, slopes[..., None, :]], -2).gather(-1, corners)
    x0, x1, y0, y1, d0, d1 = table.flatten(-2).unbind(-1)
    width, height = x1 - x0, y1 - y0
    s, start, end = height / width, *((y0, y1) if inverse else (x0, x1))
    beyond = (z - start).clamp(max=0) + (z - end).clamp(min=0)
    b = d0 + d1 - 2 * s
    if inverse:
        rise = z - beyond - y0
        first, second = height * (s - d0) + rise * b, height * d0 - rise * b
        radical = (second * second + 4 * first * s * rise).clamp(min=0).sqrt()
        t = torch.where(
            second > 0, 2 * s * rise / (second + radical), (radical - second) / (2 * first)
        )
    else:
        t = (z - beyond - x0) / width
    u = 1 - t
    below = s + b * t * u
    slope = (s / below) ** 2 * (d1 * t * t + 2 * s * t * u + d0 * u * u)
    if inverse:
        return x0 + t * width + beyond / slope, -slope.log()
    return y0 + height * (s * t * t + d0 * t * u) / below + slope * beyond, slope.log()


class SplineCoupling(Transform):
    """All layers, between parameters z (..., d) and noise, given features x (..., k).

    Each has a network of width `hidden` and splines with `bins` bins from -bound to bound. The
    numbers of which `box` (d,) is true, between -1 and 1, pass a `Box` first, and then stay within
    the splines' ends, where their slopes are free; they are permuted but not mixed.
    """

    def __init__(
        self,
        d: int,
        k: int,
        layers: int,
        hidden: int,
        bins: int,
        bound: float,
        box: Sequence[bool],
    ) -> None:
        super().__init__()
        self.halves, self.layers, self.ends = [d // 2, d - d // 2], layers, (-bound, bound)
        inside = torch.tensor([float(b) for b in box])
        self.free = not all(box)
        self.box = Box(inside, k, bound) if any(box) else None
        self.outputs = 3 * bins + (1 if self.box else -1)
        self.given = [hidden, d if self.free else 0]
        self.sizes = [layers * sum(self.given), self.box.outputs if self.box else 0]
        widths = [k, hidden, hidden, sum(self.sizes)]
        linear = [nn.Linear(a, b) for a, b in zip(widths, widths[1:], strict=False)]
        self.embed = nn.Sequential(linear[0], nn.SiLU(), linear[1], nn.SiLU(), linear[2])

        def weights(rows: int, columns: int, gain: float) -> nn.Parameter:
            start = torch.randn(layers, rows, columns)
            return nn.Parameter(gain * start / max(columns, 1) ** 0.5)

        self.first = weights(hidden, d // 2, 1.0)
        self.second = weights(hidden, hidden, 1.0)
        self.second_bias = nn.Parameter(torch.zeros(layers, hidden))
        outputs = self.halves[1] * self.outputs
        self.last = weights(outputs, hidden, 0.1)
        self.last_bias = nn.Parameter(torch.zeros(layers, outputs))
        self.register_buffer("order", torch.eye(d)[orders(d, layers)])
        if self.free:
            self.mixing = nn.Parameter(torch.zeros(layers, d, d))
        if self.box:  # which numbers are, before the first layer and in each after its order
            rows = [inside]
            for matrix in self.order:
                rows.append(matrix @ rows[-1])
            self.register_buffer("inside", torch.stack(rows))
            outer = torch.zeros(self.outputs)
            outer[[2 * bins, -1]] = 1.0
            self.register_buffer("outer", outer, persistent=False)

    def forward(self, inputs: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return noise (..., d) and log |det| (...,)."""
        z, logs = inputs, []
        matrices, log_det = self._mixing()
        networks, place = self._networks(context)
        if self.box:
            z, log = self.box(z, self.box.place(context, place))
            logs.append(log)
        for matrix, shift, *network in zip(matrices, *networks, strict=True):
            z = functional.linear(z, matrix)
            kept, moved = (z + shift if self.free else z).split(self.halves, -1)
            moved, log = spline(moved, self._shape(kept, *network), self.ends)
            z = torch.cat([kept, moved], -1)
            logs.append(log)
        return z, torch.cat(logs, -1).sum(-1) + log_det

    def inverse(self, inputs: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return parameters (..., d) and log |det| (...,) of the inverse."""
        states, logs = zip(*self._inverse_layers(inputs, context), strict=True)
        return states[-1], torch.cat(logs, -1).sum(-1) - self._mixing()[1]

    def stages(self, noise: Tensor, context: Tensor) -> Tensor:
        """States (layers + 1, ..., d) from noise to parameters, permutations undone."""
        states = [noise, *(z for z, _ in self._inverse_layers(noise, context))]
        places = [torch.eye(sum(self.halves)).to(noise)]
        for matrix in self.order:
            places.append(matrix @ places[-1])
        return torch.stack([z @ p for z, p in zip(states, reversed(places), strict=True)])

    def _inverse_layers(self, z: Tensor, context: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the state (..., d) and the log-slopes of the inverse, from the last layer on."""
        networks, place = self._networks(context)
        layers = list(zip(self._mixing()[0], *networks, strict=True))
        for i, (matrix, shift, *network) in reversed(list(enumerate(layers))):
            kept, moved = z.split(self.halves, -1)
            moved, log = spline(moved, self._shape(kept, *network), self.ends, inverse=True)
            z = torch.cat([kept, moved], -1)
            z = torch.linalg.solve(matrix.mT, z - shift, left=False) if self.free else z @ matrix
            if i == 0 and self.box:
                z, at_last = self.box.inverse(z, self.box.place(context, place))
                log = torch.cat([log, at_last], -1)
            yield z, log

    def _mixing(self) -> tuple[Tensor, Tensor | float]:
        """Matrices W = P L U (layers, d, d), and the sum of log |det W|."""
        if not self.free:
            return self.order, 0.0
        mixing = self.mixing
        if self.box:
            mixing = mixing * ((1 - self.inside[:-1, :, None]) * (1 - self.inside[:-1, None]))
        log_diagonal = mixing.diagonal(0, 1, 2)
        lower = mixing.tril(-1) + torch.eye(sum(self.halves)).to(mixing)
        upper = mixing.triu(1) + torch.diag_embed(log_diagonal.exp())
        return self.order @ lower @ upper, log_diagonal.sum()

    def _networks(self, context: Tensor) -> tuple[list[Sequence[Tensor]], Tensor]:
        """For every layer: the shift b (..., d), the part of x (..., H) and weights; the place."""
        given, place = self.embed(context).split(self.sizes, -1)
        added, shifts = given.unflatten(-1, (self.layers, -1)).split(self.given, -1)
        last, last_bias = self.last, self.last_bias
        if self.box and self.free:
            shifts = shifts * (1 - self.inside[1:])
            moved = self.inside[1:, self.halves[0] :, None]
            free = (1 - (1 - moved) * self.outer).flatten(1)
            last, last_bias = last * free[..., None], last_bias * free
        weights = (self.first, self.second, self.second_bias, last, last_bias)
        return [shifts.unbind(-2), added.unbind(-2), *(w.unbind() for w in weights)], place

    def _shape(self, kept: Tensor, given: Tensor, *weights: Tensor) -> Tensor:
        """Shapes of the splines (..., m, outputs), by a network of z_a and x."""
        first, second, second_bias, last, last_bias = weights
        h = functional.silu(functional.linear(kept, first) + given)
        h = functional.silu(functional.linear(h, second, second_bias))
        return functional.linear(h, last, last_bias).unflatten(-1, (self.halves[1], -1))


def orders(d: int, layers: int) -> Tensor:
    """Orders (layers, d) of d numbers, of which the second half is transformed.

    Layers come in pairs, an order and its reverse, so that both halves are transformed. The pairs
    split the numbers by one binary digit after the other of random labels, so that log2(d) pairs
    part any two numbers.
    """
    labels, places, found = torch.randperm(d), torch.arange(d), []
    for layer in range(layers):
        if layer % 2:
            order = torch.arange(d).flip(0)
        else:
            shuffled = torch.randperm(d)
            digit = labels[shuffled] >> (layer // 2 % max(1, (d - 1).bit_length())) & 1
            order = places.argsort()[shuffled[digit.argsort(stable=True)]]
        found.append(order)
        places = places[order]
    return torch.stack(found)
