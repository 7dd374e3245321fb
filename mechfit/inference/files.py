"""Files: written beside their place and moved there when complete, so none is ever half there."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import numpy as np

__all__ = ["plain", "suffixed", "to_json", "write", "write_arrays"]


def suffixed(path: str | os.PathLike, suffix: str) -> Path:
    """Append a suffix, whatever dots the name has."""
    return Path(f"{path}{suffix}")


def plain(value: object) -> object:
    """The value in the types that JSON gives back, other objects as text without addresses."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None if value is None else re.sub(" at 0x[0-9a-fA-F]+", "", str(value))


def to_json(value: object) -> bytes:
    """The value as JSON text."""
    return json.dumps(plain(value), indent=1, ensure_ascii=False).encode()


def write(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_arrays(path: Path, /, **arrays: object) -> None:
    """Write arrays to a compressed npz file in the same way."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write(path, file.getvalue())
