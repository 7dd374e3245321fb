"""Code: what a function computes, told by its instructions, and what it reads from elsewhere.

The instructions are those of Python's bytecode with the constants and names they refer to, so that
comments, docstrings, blank lines and places in a file do not count. They differ between versions
of Python. What an installed package computes is told by the package's version.
"""

from __future__ import annotations

import dis
import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import mechfit

__all__ = [
    "OWN",
    "compiled",
    "digest",
    "from_file",
    "installed",
    "instructions",
    "names",
    "reads",
    "version",
]

READS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
OWN = {"__builtins__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__"}
"""What a module says of itself, and not what a function of it computes with."""
INSTALLED = tuple(os.path.dirname(m.__file__) + os.sep for m in (os, mechfit))
SIGNATURE = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR
SIGNATURE |= inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def digest(text: str | bytes) -> str:
    """Hash of a text."""
    data = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    return hashlib.sha256(data).hexdigest()[:12]


def from_file(file: str) -> bool:
    """Whether a file belongs to Python, to this package or to another installed one."""
    parts = Path(file).parts
    return "site-packages" in parts or "dist-packages" in parts or file.startswith(INSTALLED)


@cache
def installed(name: str) -> bool:
    """Whether a module, named in full, belongs to Python or to an installed package."""
    if name in sys.builtin_module_names:
        return True
    try:
        spec = None if name == "__main__" else find_spec(name)
    except (ImportError, ValueError, AttributeError):
        spec = None
    origin = spec and (spec.origin or next(iter(spec.submodule_search_locations or ()), None))
    return bool(origin) and (origin in ("built-in", "frozen") or from_file(origin))


@cache
def version(name: str) -> tuple[str, str]:
    """The package that an installed module belongs to, and its version; "" if it has none."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "builtins":
        return "python", "{}.{}".format(*sys.version_info)
    try:
        return top, metadata.version(top)
    except metadata.PackageNotFoundError:  # distributed under another name
        return top, str(getattr(importlib.import_module(top), "__version__", ""))


@cache
def compiled(name: str) -> str:
    """Hash of a module of machine code that is not installed; "" for other modules."""
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    machine = file.endswith((".so", ".pyd")) and not from_file(file)
    return digest(Path(file).read_bytes()) if machine else ""


def instructions(code: CodeType) -> str:
    """What a function computes, as text."""
    arguments = code.co_argcount + code.co_kwonlyargcount
    rows = [
        f"{code.co_posonlyargcount} {code.co_kwonlyargcount} {code.co_flags & SIGNATURE}",
        repr((code.co_varnames[:arguments], code.co_exceptiontable)),
        *(f"{i.opname} {constant(i.argval)}" for i in dis.get_instructions(code)),
    ]
    return "\n".join(rows)


def constant(value: object) -> str:
    """A constant as text, the same in every process."""
    if isinstance(value, CodeType):
        return f"code {digest(instructions(value))}"
    if isinstance(value, tuple):
        return f"({', '.join(map(constant, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(constant, value)))}}}"
    return repr(value)


def inner(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions inside it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from inner(each)


def reads(function: FunctionType) -> dict[str, object]:
    """What a function, or one inside it, reads from its module and imports, by name."""
    space, found = function.__globals__, {}
    for code in inner(function.__code__):
        rows = [i for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
        for i, row in enumerate(rows):
            if row.opname in READS and row.argval in space and row.argval not in OWN:
                found[row.argval] = space[row.argval]
            elif row.opname == "IMPORT_NAME":
                module = imported("." * rows[i - 2].argval + row.argval, space.get("__package__"))
                found |= {} if module is None else {f"import {row.argval}": module}
    return found


def names(function: FunctionType) -> set[str]:
    """All names that a function uses, also as text."""
    texts = (c for code in inner(function.__code__) for c in (*code.co_names, *code.co_consts))
    return {text for text in texts if isinstance(text, str)}


def imported(name: str, package: str | None) -> ModuleType | None:
    """The module that a function imports when it runs; an empty one if it is installed."""
    try:
        full = resolve_name(name, package)
        return ModuleType(full) if installed(full) else importlib.import_module(full)
    except ImportError:
        return None
