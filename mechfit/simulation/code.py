"""Code: what a function computes, told by its instructions, and what it reads from elsewhere.

The instructions are those of Python's bytecode with the constants and names they refer to, so that
comments, docstrings, blank lines and places in a file do not count. They differ between versions
of Python. What an installed package computes is told by the package's version.
"""

from __future__ import annotations

import dis
import hashlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType

import mechfit

__all__ = ["OWN", "compiled", "digest", "function", "installed", "names", "version"]

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
    if top in sys.stdlib_module_names:
        return "python", "{}.{}".format(*sys.version_info)
    try:
        return top, metadata.version(top)
    except metadata.PackageNotFoundError:  # distributed under another name
        return top, str(getattr(import_module(top), "__version__", ""))


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


def function(value: FunctionType) -> tuple[str, list[tuple[str, object]]]:
    """Describe a function, and list what it closes over, its defaults and what it reads."""
    own, module = value.__code__, value.__globals__.get("__name__", "")
    library = from_file(own.co_filename) or installed(module)
    if library and installed(value.__module__ or "") and not value.__closure__:
        return f"{value.__module__}.{value.__qualname__}", []
    text = f"{value.__name__} {digest(instructions(own))}"
    cells = zip(own.co_freevars, value.__closure__ or (), strict=True)
    given = reversed(value.__defaults__ or ())
    return f"{module}.{own.co_name}" if library else text, [
        *((name, cell.cell_contents) for name, cell in cells if cell != CellType()),
        *zip(reversed(own.co_varnames[: own.co_argcount]), given, strict=False),
        *sorted((value.__kwdefaults__ or {}).items()),
        *({} if library else reads(value)).items(),
        *sorted((k, v) for k, v in vars(value).items() if k != "__wrapped__"),
    ]


def reads(function: FunctionType) -> dict[str, object]:
    """What a function, or one inside it, reads from its module and imports, by name."""
    space, found = function.__globals__, {}
    for code in inner(function.__code__):
        rows = [i for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
        for i, row in enumerate(rows):
            name = row.argval
            if row.opname in READS and name in space and name not in OWN:
                found[name] = space[name]
            elif row.opname == "IMPORT_NAME":
                with suppress(ImportError):
                    full = resolve_name("." * rows[i - 2].argval + name, space.get("__package__"))
                    known = installed(full)  # its version tells what it computes
                    found[f"import {name}"] = ModuleType(full) if known else import_module(full)
    return found


def names(function: FunctionType) -> set[str]:
    """All names that a function uses, also as text."""
    texts = (c for code in inner(function.__code__) for c in (*code.co_names, *code.co_consts))
    return {text for text in texts if isinstance(text, str)}
