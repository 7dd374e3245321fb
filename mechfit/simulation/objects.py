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
import re
import threading
import types
import weakref
from collections.abc import Iterable

import numpy as np

from mechfit.simulation import code

__all__ = ["Parts", "data", "home", "parts"]

Parts = Iterable[tuple[str, object]]
LONG = 1000
ATOMS = bool, int, float, complex, str, bytes, type(None), type(...), type(NotImplemented)
STATELESS = logging.Logger | type(threading.Lock()) | type(threading.RLock()) | weakref.ref
STATELESS |= weakref.WeakKeyDictionary | weakref.WeakValueDictionary
"""Kinds of objects that no number depends on."""
WRAPPERS = property | staticmethod | classmethod | types.MethodType | functools._lru_cache_wrapper
WRAPPED = "fget", "fset", "fdel", "__func__", "__self__", "__wrapped__"
SAYS = re.compile(
    "__(dict|weakref|doc|module|qualname|annotations|annotate|annotate_func|annotations_cache"
    "|firstlineno|static_attributes|abstractmethods|dataclass_fields|dataclass_params"
    "|type_params|orig_bases|parameters|slotnames)__|_abc_impl"
)
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
    if isinstance(value, types.FunctionType):
        return value.__globals__.get("__name__", "")
    named = isinstance(value, type | types.BuiltinFunctionType)
    if named or not code.installed(type(value).__module__):  # or a function made by Cython
        return getattr(value, "__module__", None) or ""
    return type(value).__module__


def parts(value: object) -> tuple[str, Parts]:
    """Describe an object that is no data, and list its parts by name.

    Raises:
        TypeError: Its state cannot be copied, and so not be compared.
    """
    kind = type(value)
    if isinstance(value, types.FunctionType):
        return code.function(value)
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
    if isinstance(value, WRAPPERS):
        held = [(n.strip("_"), getattr(value, n)) for n in WRAPPED if hasattr(value, n)]
        return kind.__name__, held
    return _foreign(value) or _instance(value)


def _instance(value: object) -> tuple[str, Parts]:
    """Describe an instance by its class and its state, without results kept for later calls."""
    kind, module = type(value), home(value)
    reducer = copyreg.dispatch_table.get(kind)
    found = reducer(value) if reducer else value.__reduce_ex__(4)
    if isinstance(found, str):  # it is copied by its name
        if not found.replace(".", "").isidentifier():
            raise TypeError("the function inside cannot be seen")
        if code.installed(module) or code.compiled(module):
            return f"{module}.{found} {code.compiled(module)}".rstrip(), ()
        found = str, (found,)
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
    named += [("pairs", dict(pairs))] if pairs is not None else []
    if code.installed(kind.__module__):
        return f"{kind.__module__}.{kind.__qualname__}", named
    return f"a {kind.__name__}", [("class", kind), *named]


def _kept(value: object, name: str) -> bool:
    """Whether an attribute is a result, computed when it was first asked for, or a docstring."""
    static = inspect.getattr_static(type(value), name, None)
    compiled = isinstance(value, np.vectorize) and name == "_ufunc"
    return isinstance(static, functools.cached_property) or name == "__doc__" or compiled


def _class(value: type) -> tuple[str, Parts]:
    if code.installed(value.__module__):
        return f"{value.__module__}.{value.__qualname__}", ()
    text = f"class {value.__name__} {code.compiled(value.__module__)}".rstrip()
    bases = [(f"base {b.__name__}", b) for b in value.__bases__ if b is not object]
    above = [("metaclass", type(value))] if type(value) is not type else []
    own = sorted((k, v) for k, v in vars(value).items() if not SAYS.fullmatch(k))
    return text, bases + above + own


def _foreign(value: object) -> tuple[str, Parts] | None:
    """Objects of other packages that hold more than they compute with."""
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if value is np.random.mtrand._rand:
        return "numpy's global random state", ()
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
