"""Compile numerical loops once, and again whenever their source changes.

numba keeps machine code on disk, but it looks only at the file of the function itself: after an
edit in an imported file the old result comes back. The cache folder here carries a hash of every
source file in the rooms of simulators, so an edit anywhere among them starts a fresh folder; a
kernel elsewhere calls nothing beyond its own file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numba
from platformdirs import user_cache_path

__all__ = ["FAST", "compiled", "compiled_fast", "source_digest"]

FAST = {"contract", "afn", "arcp", "nsz"}
"""Fast math that keeps NaN and infinity, and the order of sums."""
ROOMS = ("summaries", "models", "simulation")


@cache
def source_digest() -> str:
    """Hash of every source file that a kernel can reach."""
    package = Path(__file__).parent
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(f for room in ROOMS for f in (package / room).rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Folder for compiled code, named after the source it was made from."""
    return user_cache_path("mechfit") / f"kernels-{source_digest()}"


def compiled(function: Callable) -> Callable:
    """Compile a loop over scalars and arrays to machine code that runs without the GIL."""
    return _compile(function, fastmath=False)


def compiled_fast(function: Callable) -> Callable:
    """The same for single precision, with the liberties of `FAST`."""
    return _compile(function, fastmath=FAST)


def _compile(function: Callable, **options: object) -> Callable:
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        return numba.njit(function, nogil=True, cache=True, error_model="numpy", **options)
    finally:
        numba.config.CACHE_DIR = before
