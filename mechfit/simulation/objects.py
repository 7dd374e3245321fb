"""Objects: what any object of Python consists of, for a comparison of simulators.

An object is described by a text and by its parts, which are objects again: a function by its
instructions, what it closes over and what it reads; a class by its bases and attributes; an
instance by its class and by the state that would be copied to another process; data by their
values.
"""

from __future__ import annotations

import copyreg
import functools
import inspect
import logging
import threading
import types
import weakref
from collections.abc import Iterable

import numpy as np

from mechfit.simulation import code

__all__ = ["Parts", "attributes", "data", "home", "parts"]

Parts = Iterable[tuple[str, object]]
LONG = 100
ATOMS = bool, int, float, complex, str, bytes, type(None), type(...), type(NotImplemented)
STATELESS = (
    logging.Logger,
    type(threading.Lock()),
    type(threading.RLock()),
    weakref.ref,
    weakref.WeakKeyDictionary,
    weakref.WeakValueDictionary,
)
"""Kinds of objects that no number depends on."""
DESCRIPTORS = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)
BUILTIN = types.BuiltinFunctionType, types.MethodWrapperType
CYTHON = "cython_function_or_method"
SAYS = {
    *("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__"),
    *("__annotate__", "__annotate_func__", "__annotations_cache__", "__firstlineno__"),
    *("__static_attributes__", "__abstractmethods__", "_abc_impl", "__dataclass_fields__"),
    *(
        "__dataclass_params__",
        "__type_params__",
        "__orig_bases__",
        "__parameters__",
        "__slotnames__",
    ),
}
"""Attributes in which Python describes a class, and which decide no number."""


def data(value: object) -> str | None:
    """Numbers, text and arrays of them as text; None for other objects."""
    kind = type(value)
    if kind is np.ndarray and not value.dtype.hasobject:
        return f"array {value.shape} {value.dtype} {code.digest(value.tobytes())}"
    simple = kind in (list, tuple, set, frozenset) and all(type(each) in ATOMS for each in value)
    if simple or kind in ATOMS or isinstance(value, np.generic | np.dtype):
        mixed = simple and kind in (set, frozenset)  # in an order that differs between processes
        found = f"{kind.__name__} {sorted(map(repr, value))}" if mixed else repr(value)
        return found if len(found) <= LONG else f"{kind.__name__} {code.digest(found)}"
    return f"a {kind.__name__}" if isinstance(value, STATELESS) else None


def home(value: object) -> str:
    """Name of the module that a module, a function, a class or the class of an instance is of."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(value, types.FunctionType) and not value.__code__.co_filename.startswith("<"):
        return value.__globals__.get("__name__", "")
    kinds = type | types.FunctionType | types.BuiltinFunctionType
    named = isinstance(value, kinds) or type(value).__name__ == CYTHON
    return getattr(value if named else type(value), "__module__", None) or ""


def parts(value: object) -> tuple[str, Parts]:
    """Describe an object that is no data, and list its parts by name.

    Raises:
        TypeError: Its state cannot be copied, and so not be compared.
    """
    kind = type(value)
    if isinstance(value, types.FunctionType):
        return _function(value)
    if isinstance(value, type):
        return _class(value)
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}" if code.installed(value.__name__) else "module", ()
    if kind in (list, tuple):
        return kind.__name__, [(f"[{i}]", each) for i, each in enumerate(value)]
    if kind in (dict, types.MappingProxyType):
        each = enumerate(value.items())
        named = [(f"[{k!r}]" if data(k) else f"[{i}]", v) for i, (k, v) in each]
        return "dict", [("keys", tuple(value)), *named]
    if kind is np.ndarray:
        return f"array {value.shape} of objects", [("items", value.ravel().tolist())]
    if isinstance(value, DESCRIPTORS):
        return f"{kind.__name__} {value.__name__}", ()
    if isinstance(value, property):
        return _of(value, "fget", "fset", "fdel")
    if isinstance(value, staticmethod | classmethod | types.MethodType):
        return _of(value, "__func__", "__self__")
    if isinstance(value, functools._lru_cache_wrapper):
        return _of(value, "__wrapped__")
    if isinstance(value, functools.cached_property):
        return _of(value, "func")
    if isinstance(value, BUILTIN) or kind.__name__ == CYTHON:
        return _builtin(value)
    return _foreign(value) or _instance(value)


def attributes(value: object) -> list[tuple[str, object]]:
    """The state of an instance, without results that it keeps to use them again."""
    reducer = copyreg.dispatch_table.get(type(value))
    found = reducer(value) if reducer else value.__reduce_ex__(4)
    if isinstance(found, str):
        return [("name", found)]
    maker, arguments, state, items, pairs = (*found, None, None, None)[:5]
    usual = maker is copyreg.__newobj__
    given = arguments[1:] if usual else arguments
    named = [("maker", maker)] * (not usual) + [("arguments", given)] * bool(given)
    both = usual and isinstance(state, tuple) and len(state) == 2  # attributes and slots
    for each in state if both else (state,):
        if isinstance(each, dict) and all(isinstance(key, str) for key in each):
            named += sorted((k, v) for k, v in each.items() if not _kept(value, k))
        elif each is not None:
            named.append(("state", each))
    named += [("items", list(items))] if items is not None else []
    return named + ([("pairs", dict(pairs))] if pairs is not None else [])


def _kept(value: object, name: str) -> bool:
    """Whether an attribute is a result, computed when it was first asked for, or a docstring."""
    static = inspect.getattr_static(type(value), name, None)
    compiled = isinstance(value, np.vectorize) and name == "_ufunc"
    return isinstance(static, functools.cached_property) or name == "__doc__" or compiled


def _of(value: object, *names: str) -> tuple[str, Parts]:
    each = [(n.strip("_"), getattr(value, n)) for n in names if hasattr(value, n)]
    return type(value).__name__, each


def _function(value: types.FunctionType) -> tuple[str, Parts]:
    own = value.__code__
    if code.from_file(own.co_filename) or code.installed(home(value)):
        told, read = f"{home(value)}.{own.co_name}", {}
        if code.installed(value.__module__ or "") and not value.__closure__:
            return f"{value.__module__}.{value.__qualname__}", ()
    else:
        told, read = f"{value.__name__} {code.digest(code.instructions(own))}", code.reads(value)
    defaults = value.__defaults__ or ()
    defaulted = own.co_varnames[own.co_argcount - len(defaults) : own.co_argcount]
    return told, [
        *zip(own.co_freevars, map(_content, value.__closure__ or ()), strict=True),
        *zip(defaulted, defaults, strict=True),
        *sorted((value.__kwdefaults__ or {}).items()),
        *read.items(),
        *sorted((k, v) for k, v in vars(value).items() if k != "__wrapped__"),
    ]


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return "not assigned yet"


def _class(value: type) -> tuple[str, Parts]:
    if code.installed(value.__module__):
        return f"{value.__module__}.{value.__qualname__}", ()
    bases = [(f"base {b.__name__}", b) for b in value.__bases__ if b is not object]
    above = [("metaclass", type(value))] if type(value) is not type else []
    own = sorted((k, v) for k, v in vars(value).items() if k not in SAYS)
    return (
        f"class {value.__name__} {code.compiled(value.__module__)}".rstrip(),
        bases + above + own,
    )


def _builtin(value: types.BuiltinFunctionType) -> tuple[str, Parts]:
    owner = getattr(value, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        module = value.__module__ or ""
        return f"{module}.{value.__name__} {code.compiled(module)}".rstrip(), ()
    return f"method {value.__name__}", [("self", owner)]


def _foreign(value: object) -> tuple[str, Parts] | None:
    """Objects of other packages that hold more than they compute with."""
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if value is np.random.mtrand._rand:
        return "numpy's global random state", ()
    if isinstance(value, np.ufunc):
        if not value.__name__.isidentifier():
            raise TypeError("the function inside cannot be seen")
        return f"ufunc {value.__name__}", ()
    if package == "numba" and hasattr(value, "py_func"):
        options = dict(getattr(value, "targetoptions", {}))
        return "compiled", [("py_func", value.py_func), ("options", options)]
    if package == "torch" and hasattr(value, "detach"):
        kept = value.detach().cpu()
        exact = kept.float() if "bfloat" in str(value.dtype) else kept
        return f"tensor {value.dtype}", [("values", exact.numpy())]
    if package == "pandas" and hasattr(value, "to_numpy") and hasattr(value, "ndim"):
        columns = [*value.items()] if value.ndim == 2 else [(getattr(value, "name", ""), value)]
        arrays = [(f"[{i}]", column.to_numpy()) for i, (_, column) in enumerate(columns)]
        names = [(name, str(column.dtype)) for name, column in columns]
        rows = [("index", value.index)] if hasattr(value, "index") else []
        return kind.__name__, [("columns", names), *rows, *arrays]
    return None


def _instance(value: object) -> tuple[str, Parts]:
    kind = type(value)
    if code.installed(kind.__module__):
        return f"{kind.__module__}.{kind.__qualname__}", attributes(value)
    return f"a {kind.__name__}", [("class", kind), *attributes(value)]
