r"""Truncated logistic: a place and a width within an interval, for flows whose ends must stay.

A shift or a scaling would move the ends of an interval. The distribution function of a logistic of
location m and scale s that is truncated to (-1, 1), itself scaled to (-1, 1), does not,

    f(z) = 2 (S(t) - S(a)) / (S(b) - S(a)) - 1,  t, a, b = (z - m) / s, (-1 - m) / s, (1 - m) / s,
    f'(z) = 2 S(t) S(-t) / (s (S(b) - S(a))),      S(t) = 1 / (1 + exp(-t)),

and its slope is finite and positive everywhere, for any m. A large s leaves z as it is; a small
one makes of uniform noise a peak of width s at m, or at the end that m is beyond. With
S(b) - S(a) = S(b) S(-a) (1 - exp(a - b)) nothing cancels. Taught in
``book/inference/density-estimators.md``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

__all__ = ["scale_of", "truncated_logistic"]

NARROWEST, WIDEST = math.log(1e-5), math.log(50.0)
"""Range of log s."""
LEAST = 1e-30


def truncated_logistic(
    z: Tensor, m: Tensor, log_s: Tensor, *, inverse: bool = False
) -> tuple[Tensor, Tensor]:
    """Apply f, or its inverse, to numbers between -1 and 1.

    Args:
        z: Numbers (..., d).
        m: Locations, any numbers (..., d).
        log_s: Logarithms of the scales (..., d).
        inverse: Solve f(y) = z for y instead.

    Returns:
        f(z) and log f'(z), or the inverse function and its log-slope, each (..., d).
    """
    log_s = log_s.clamp(NARROWEST, WIDEST)
    s = log_s.exp()
    a, b, fall = (-1 - m) / s, (1 - m) / s, (-2 / s).expm1()
    log_part = math.log(2) - log_s - logsigmoid(b) - logsigmoid(-a) - (-fall).log()
    if inverse:
        log_u, log_v = ((0.5 * (1 + sign * z)).clamp(min=LEAST).log() for sign in (1, -1))
        above = torch.logaddexp(logsigmoid(b) + log_u, logsigmoid(a) + log_v)
        below = torch.logaddexp(logsigmoid(-b) + log_u, logsigmoid(-a) + log_v)
        t = above - below
        return (m + s * t).clamp(-1, 1), -(log_part + logsigmoid(t) + logsigmoid(-t))
    t = (z - m) / s
    share = (logsigmoid(t) - logsigmoid(b)).exp() * (-(z + 1) / s).expm1() / fall
    return 2 * share - 1, log_part + logsigmoid(t) + logsigmoid(-t)


def scale_of(std: Tensor) -> Tensor:
    """Scale s of a peak of standard deviation `std`, infinite at that of the uniform."""
    return std * (math.sqrt(3) / math.pi) / (1 - 3 * std**2).clamp(min=0.01).sqrt()
