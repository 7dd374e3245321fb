"""Store: a bank in a Zarr folder, written block by block so that a stop at any moment loses none.

`theta`, `x` and `valid` have one chunk per block. `blocks` is written last, with the seed of a
block's first parameters, the number of finished rows and a checksum: what it does not confirm is
simulated again. A chunk appears under its name only when it is complete, so others can read while
one writes. Taught in ``book/beyond/scaling.md``.
"""

from __future__ import annotations

import os
import shutil
import zlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mechfit.models import Model
from mechfit.simulation.bank import DRAWS, Bank, draw_seed
from mechfit.simulation.fingerprint import VERSION, differences, fingerprint

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    import zarr

__all__ = ["Store", "StoredBank", "open_bank"]

MESSAGE = 240
BRIEFLY = 10.0
"""Seconds to wait for another process, which may only be reading a store that is full."""
ARRAYS = "theta", "x", "valid"


class Store:
    """The writing side of a stored bank; while it is open, nobody else can write.

    Args:
        path: Folder of the bank; made if it is not there.
        model: The simulator.
        n: Number of simulations wanted.
        seed: Seed of the bank.

    Raises:
        ValueError: The folder holds something else, or simulations of another model or seed.
        RuntimeError: Another process is writing to it, for 10 s at least.
    """

    def __init__(self, path: str | os.PathLike, model: Model, n: int, seed: int) -> None:
        self.path, self.model, self.n, self.seed = Path(path), model, n, seed
        self.fingerprint = fingerprint(model)

    def __enter__(self) -> Store:
        """Lock the folder, make it or check it, and make room for n simulations."""
        from filelock import FileLock, Timeout

        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = FileLock(self.path.with_name(self.path.name + ".lock"), timeout=BRIEFLY)
        try:
            self.lock.acquire()
        except Timeout:
            raise RuntimeError(f"another process is adding to {self.path}; wait for it") from None
        try:
            if not self.path.exists() or not any(self.path.iterdir()):
                self._create()
            self.check()
            self.group = open_group(self.path, "r+")
            self._grow()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lock.release()
        if isinstance(error, OSError):
            error.add_note(
                f"Finished blocks are safe in {self.path}; mend the cause and repeat the call."
            )

    def read(self, block: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Return theta and x of a block's finished rows, or None where they are damaged."""
        start = block * self.model.block
        try:
            _, rows, checksum = (int(v) for v in self.group["blocks"][block])
            parts = [self.group[name][start : start + rows] for name in ARRAYS]
        except (ValueError, OSError):  # a chunk that was cut short
            return None
        return tuple(parts[:2]) if checksum == checksum_of(parts) else None

    def write(self, block: int, theta: np.ndarray, x: np.ndarray, failure: str) -> None:
        """Store a block's rows from its first one on, then their number and checksum."""
        parts = theta, x, np.isfinite(x).all(1)
        start = block * self.model.block
        for name, rows in zip(ARRAYS, parts, strict=True):
            self.group[name][start : start + len(rows)] = rows
        if failure and not first_failure(self.group, block, block + 1):
            text = failure.encode()[:MESSAGE].ljust(MESSAGE, b"\0")
            self.group["failures"][block] = np.frombuffer(text, np.uint8)
        entry = [draw_seed(self.seed, start // DRAWS), len(theta), checksum_of(parts)]
        self.group["blocks"][block] = np.array(entry, np.uint64)

    def bank(self) -> StoredBank:
        """The first n simulations, as far as they are finished."""
        return StoredBank(self.path, self.n)

    def _create(self) -> None:
        """Make the folder under another name first: it appears complete, or not at all."""
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.partial")
        shutil.rmtree(draft, ignore_errors=True)
        group = zarr_here().create_group(draft)
        block = self.model.block
        for name, dtype, chunks in (
            ("theta", "f8", (block, len(self.model.prior))),
            ("x", "f8", (block, len(self.model.statistic_names))),
            ("valid", "?", (block,)),
            ("blocks", "u8", (1, 3)),
            ("failures", "u1", (1, MESSAGE)),
        ):
            shape = (0, *chunks[1:])
            group.create_array(name, shape=shape, chunks=chunks, dtype=dtype, compressors=None)
        group["blocks"].attrs["columns"] = ["seed", "rows", "crc32"]
        group.attrs["mechfit"] = {
            "seed": self.seed,
            "block": block,
            "parameter_names": list(self.model.prior.names),
            "statistic_names": list(self.model.statistic_names),
            "version": VERSION,
            "fingerprint": self.fingerprint,
        }
        if self.path.exists():
            self.path.rmdir()
        draft.rename(self.path)

    def check(self) -> None:
        """Raise ValueError if the folder holds simulations of another model or seed."""
        about = open_group(self.path, "r").attrs["mechfit"]
        if about.get("version") != VERSION:
            raise ValueError(
                f"{self.path} was made by another version of mechfit, which told simulators apart "
                "in another way: it can be read by `open_bank`, but not be continued; name "
                "another store"
            )
        reasons = differences(about["fingerprint"], self.fingerprint)
        if about["seed"] != self.seed:
            reasons.insert(0, f"seed was {about['seed']}, is {self.seed}")
        if reasons:
            raise ValueError(
                f"{self.path} holds simulations with other settings: {'; '.join(reasons)}. "
                "Repeat the call that made it, or name another store"
            )

    def _grow(self) -> None:
        for name, array in self.group.arrays():
            length = self.n if name in ARRAYS else -(-self.n // self.model.block)
            if array.shape[0] < length:
                array.resize((length, *array.shape[1:]))


class StoredBank(Bank):
    """The reading side: a bank whose arrays are read from disk when they are first used."""

    def __init__(self, path: str | os.PathLike, n: int | None = None) -> None:
        group = open_group(path, "r")
        about = group.attrs["mechfit"]
        try:
            rows = group["blocks"][:, 1].astype(int)
        except ValueError as error:
            raise ValueError(damaged("a block", path)) from error
        whole = int(np.argmin(np.r_[rows == about["block"], [False]]))
        finished = int(rows[: whole + 1].sum())
        self.__dict__.update(
            path=Path(path),
            block=about["block"],
            n=finished if n is None else min(n, finished),
            seed=about["seed"],
            statistic_names=tuple(about["statistic_names"]),
        )

    def __len__(self) -> int:
        return self.n

    def _first(self, n: int) -> Bank:
        return StoredBank(self.path, n)

    def __getattr__(self, name: str) -> np.ndarray:
        """Read theta, x and valid when one of them is first used."""
        if name not in ARRAYS:
            raise AttributeError(f"a bank has no attribute {name!r}")
        self.__dict__.update(zip(ARRAYS, self._read(), strict=True))
        return self.__dict__[name]

    @cached_property
    def failure(self) -> str:
        """Message of the first failed simulation, or ""."""
        return first_failure(open_group(self.path, "r"), 0, -(-self.n // self.block))

    def _read(self) -> tuple[np.ndarray, ...]:
        group = open_group(self.path, "r")
        blocks = group["blocks"][: -(-self.n // self.block)]
        try:
            parts = [group[name][: int(blocks[:, 1].sum())] for name in ARRAYS]
        except ValueError as error:
            raise ValueError(damaged("a block", self.path)) from error
        for b, (_, rows, checksum) in enumerate(blocks.tolist()):
            start = b * self.block
            if checksum_of([p[start : start + rows] for p in parts]) != checksum:
                raise ValueError(damaged(f"block {b}", self.path))
        return tuple(p[: self.n] for p in parts)


def open_bank(path: str | os.PathLike) -> Bank:
    """Open a stored bank for reading, also while another process is adding to it.

    Args:
        path: Folder that `simulate` was given as `store`.

    Returns:
        The simulations finished so far, up to the first one missing. Its arrays are read when
        they are first used; `first(n)` reads fewer.

    Raises:
        ValueError: The folder is no bank, or, on reading, a block is damaged.
    """
    return StoredBank(path)


def open_group(path: str | os.PathLike, mode: str) -> zarr.Group:
    """Open the folder of a bank; ValueError if it is none."""
    zarr = zarr_here()
    try:
        group = zarr.open_group(path, mode=mode)
        known = "mechfit" in group.attrs
    except (FileNotFoundError, ValueError):
        known = False
    if not known:
        raise ValueError(f"{path} is not a bank made by `simulate(..., store=...)`")
    return group


def zarr_here() -> ModuleType:
    """Import zarr; an ImportError names the extra that installs it."""
    try:
        import zarr
    except ImportError as error:
        raise ImportError("a stored bank needs zarr: pip install 'mechfit[scale]'") from error
    return zarr


def first_failure(group: zarr.Group, start: int, stop: int) -> str:
    """Message of the first failed simulation of some blocks, or "" if it is damaged."""
    try:
        texts = group["failures"][start:stop]
    except ValueError:
        return ""
    said = texts[texts.any(1)]
    return said[0].tobytes().rstrip(b"\0").decode(errors="ignore") if len(said) else ""


def damaged(what: str, path: str | os.PathLike) -> str:
    """Message about a damaged block."""
    return f"{what} of {path} is damaged; repeat the call that made it to mend it"


def checksum_of(parts: list[np.ndarray] | tuple[np.ndarray, ...]) -> int:
    """CRC-32 of arrays one after the other."""
    value = 0
    for part in parts:
        value = zlib.crc32(np.ascontiguousarray(part).tobytes(), value)
    return value
