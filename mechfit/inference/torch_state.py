"""Torch's state while mechfit computes: the same whatever the caller has set.

Weights are drawn and evaluated in single precision on the CPU, with gradients only where they are
needed. A default of double precision, another default device, automatic casts or a mode without
gradients would make other networks, or none. The number of threads is one: for networks this
small, more threads only wait for each other. Taught in ``book/inference/density-estimators.md``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch

__all__ = ["torch_state"]

LOCK, CALLERS = threading.Lock(), []
"""The default precision belongs to all threads: the first caller sets it, the last restores it."""


@contextmanager
def torch_state(*, grad: bool = False) -> Iterator[None]:
    """Compute with torch's own defaults and one thread, then restore what the caller had set."""
    threads = torch.get_num_threads()
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.set_grad_enabled(grad))
        stack.enter_context(torch.autocast("cpu", enabled=False))
        if torch.get_default_device().type != "cpu":  # a context of a device slows every call
            stack.enter_context(torch.device("cpu"))
        stack.enter_context(np.errstate(all="warn", under="ignore"))
        stack.enter_context(single_precision())
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def single_precision() -> Iterator[None]:
    """Make single precision the default until the last of all threads is done."""
    with LOCK:
        CALLERS.append((torch.get_default_dtype(), torch.get_float32_matmul_precision()))
        set_precision(torch.float32, "highest")
    try:
        yield
    finally:
        with LOCK:
            before = CALLERS[0]
            CALLERS.pop()
            if not CALLERS:
                set_precision(*before)


def set_precision(kind: torch.dtype, products: str) -> None:
    """Set the default type of numbers, and the precision of products of matrices."""
    torch.set_default_dtype(kind)
    if torch.get_float32_matmul_precision() != products:
        torch.set_float32_matmul_precision(products)
