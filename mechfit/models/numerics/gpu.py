"""GPU: numba's CUDA compiler, or an error that says which package or driver is missing."""

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

__all__ = ["check_device", "compiler", "kernels"]


def check_device(device: str, precision: str, devices: tuple[str, ...] = ("cpu", "cuda")) -> None:
    """Raise ValueError unless statistics can be computed with this precision on this device."""
    if precision not in ("float32", "float64"):
        raise ValueError(f"precision is {precision!r}, expected 'float32' or 'float64'")
    if device not in devices:
        raise ValueError(f"device is {device!r}, expected {' or '.join(map(repr, devices))}")
    if device == "cuda" and precision == "float64":
        raise ValueError(
            "precision is 'float64' with device 'cuda', expected 'float32': the reference runs on "
            "the CPU alone, so that it is the same everywhere"
        )


def compiler() -> ModuleType:
    """Return `numba.cuda`, or say which package it needs."""
    try:
        import numba_cuda  # noqa: F401
        from numba import cuda
    except ImportError as error:
        raise ImportError(
            "device 'cuda' needs the package numba-cuda: pip install 'mechfit[gpu]'"
        ) from error
    return cuda


@cache
def kernels(make: Callable[[], Any]) -> Any:
    """Return the kernels that `make` declares; raise an error if this machine has no GPU."""
    made, cuda = make(), compiler()
    if not cuda.is_available():
        raise RuntimeError(
            "device 'cuda' needs an NVIDIA GPU, its driver and the CUDA compiler, found: "
            f"{' '.join((cuda.cuda_error() or 'a driver, no compiler').split())} "
            "Use device='cpu', or install NVIDIA's driver and: pip install 'mechfit[gpu]'"
        )
    return made
