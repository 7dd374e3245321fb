"""GPU: numba's CUDA compiler, or an error that says which package or driver is missing."""

from __future__ import annotations

from types import ModuleType

__all__ = ["compiler", "demand_gpu"]


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


def demand_gpu(cuda: ModuleType) -> None:
    """Say why this machine cannot run a kernel, if it cannot."""
    if not cuda.is_available():
        raise RuntimeError(
            "device 'cuda' needs an NVIDIA GPU, its driver and the CUDA compiler, found: "
            f"{' '.join((cuda.cuda_error() or 'a driver, no compiler').split())} "
            "Use device='cpu', or install NVIDIA's driver and: pip install 'mechfit[gpu]'"
        )
