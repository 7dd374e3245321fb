"""Fingerprint: all settings of a model as text, so that a bank is never continued by another.

It describes every public attribute of the model: numbers and names by themselves, arrays by shape
and hash, functions by name and a hash of what they compute, classes by a hash of their source; and
the version of the package with a hash of its simulators.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Mapping
from types import CodeType

import numpy as np

from mechfit import __version__
from mechfit.compile import source_digest
from mechfit.models import Model

__all__ = ["differences", "fingerprint"]

SHOWN = 120
PLAIN = (bool, int, float, complex, str, bytes, np.ndarray, np.generic, type(None))


def fingerprint(model: Model) -> dict[str, str]:
    """Describe a model and the package that simulates it."""
    public = {"model": describe(type(model)), **settings(model)}
    return public | {"package": f"mechfit {__version__}, source {source_digest()}"}


def settings(model: Model) -> dict[str, str]:
    """Describe the public attributes of a model; those of a model it wraps count as its own."""
    named = ("prior", "statistic_names", "statistic_units", "block", "time_limit")
    values, inner = {name: getattr(model, name) for name in named} | vars(model), {}
    for name, value in vars(model).items():
        if isinstance(value, Model):
            inner |= {f"{name}.{k}": v for k, v in settings(value).items()}
    return {k: describe(v) for k, v in values.items() if not k.startswith("_")} | inner


def describe(value: object) -> str:
    """Describe a setting in one line."""
    if isinstance(value, np.ndarray):
        return f"array {value.shape} {_hash(value.tobytes())}"
    function = inspect.unwrap(getattr(value, "py_func", value))
    if inspect.isfunction(function):
        closed = [cell.cell_contents for cell in function.__closure__ or ()]
        fixed = (*closed, *(function.__defaults__ or ()))
        known = [describe(value) for value in fixed if isinstance(value, PLAIN)]
        digest = _hash(_code(function.__code__) + repr(known).encode())
        python = "{}.{}".format(*sys.version_info)
        return f"{function.__module__}.{function.__qualname__} {digest} in Python {python}"
    if inspect.isclass(value):
        try:
            digest = _hash(inspect.getsource(value).encode())
        except (OSError, TypeError):  # typed at a prompt, or not written in Python
            digest = ""
        return f"{value.__module__}.{value.__qualname__} {digest}".rstrip()
    if type(value).__repr__ is object.__repr__:
        return describe(type(value))
    return repr(value)


def differences(stored: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Describe each setting that differs: what it was and what it is."""
    return [
        f"{name} was {stored.get(name, 'absent'):.{SHOWN}}, is {now.get(name, 'absent'):.{SHOWN}}"
        for name in dict.fromkeys([*stored, *now])
        if stored.get(name) != now.get(name)
    ]


def _code(code: CodeType) -> bytes:
    """What a function computes: instructions, constants and names, without line numbers."""
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    constants = [c for c in code.co_consts if not isinstance(c, CodeType)]
    named = repr((constants, code.co_names)).encode()
    return code.co_code + named + b"".join(_code(c) for c in inner)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
