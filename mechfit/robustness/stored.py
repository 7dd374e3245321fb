"""Results that save and load themselves as npz files, beside other arrays where wanted."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Self

import numpy as np

from mechfit.inference.files import write_arrays

__all__ = ["Stored"]


class Stored:
    """A dataclass of arrays, or of tuples of names, that a npz file keeps."""

    def arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """The arrays by their names after a prefix; those that are None are left out."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {prefix + k: np.asarray(v) for k, v in values.items() if v is not None}

    def save(self, path: str | os.PathLike) -> None:
        """Write them to a npz file."""
        write_arrays(Path(path), **self.arrays())

    @classmethod
    def load(cls, path: str | os.PathLike, prefix: str = "") -> Self:
        """Read them from a npz file, whatever else it holds."""
        with np.load(path) as file:
            known = [f.name for f in fields(cls) if prefix + f.name in file]
            found = {name: file[prefix + name] for name in known}
        texts = {k: tuple(v.tolist()) for k, v in found.items() if v.dtype.kind == "U"}
        return cls(**found | texts)
