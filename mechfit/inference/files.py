"""Files: written beside their place and moved there when complete, so none is ever half there."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np

__all__ = ["suffixed", "write", "write_arrays"]


def suffixed(path: str | os.PathLike, suffix: str) -> Path:
    """Append a suffix, whatever dots the name has."""
    return Path(f"{path}{suffix}")


def write(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.partial")
    draft.write_bytes(content)
    draft.replace(path)


def write_arrays(path: Path, **arrays: object) -> None:
    """Write arrays to a compressed npz file in the same way."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write(path, file.getvalue())
