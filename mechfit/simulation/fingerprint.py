"""Fingerprint: everything that a model computes with, as text, so that no other continues a bank.

All that would be sent to another process is described, from the model on: its attributes, the
class it is of, the functions it calls and what these read, through all modules of the user; see
``objects.py``. Packages that are installed count by their version, and this one by a hash of its
simulators besides. The same simulator has the same fingerprint in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType, ModuleType

from mechfit import __version__
from mechfit.compile import source_digest
from mechfit.models import Model
from mechfit.simulation import code
from mechfit.simulation.objects import Parts, data, home, parts

__all__ = ["VERSION", "differences", "fingerprint"]

VERSION = 2
"""Number of the way in which models are described; stores of another one cannot be continued."""
NAMED = "prior", "statistic_names", "statistic_units", "block", "time_limit"
SHOWN, TOLD, MANY = 120, 6, 20


def fingerprint(model: Model) -> dict[str, str]:
    """Describe a model and the packages that simulate it.

    Raises:
        TypeError: It holds something whose state cannot be compared.
    """
    walk = Walk()
    walk.lines["package"] = f"mechfit {__version__}, source {source_digest()}"
    walk.seen[id(model)] = "the model", model
    walk.visit("model", type(model))
    own = [(name, value) for name, value in parts(model)[1] if name not in (*NAMED, "class")]
    for name, value in [*((name, getattr(model, name)) for name in NAMED), *own]:
        walk.visit(name, value)
    walk.finish()
    return walk.lines | {f"version of {name}": v for name, v in sorted(walk.packages)}


def differences(stored: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Describe the settings that differ: what each was and what it is."""
    found = [
        f"{name} was {stored.get(name, 'absent'):.{SHOWN}}, is {now.get(name, 'absent'):.{SHOWN}}"
        for name in dict.fromkeys([*stored, *now])
        if stored.get(name) != now.get(name)
    ]
    return found[:TOLD] + ([f"and {len(found) - TOLD} more"] if len(found) > TOLD else [])


class Walk:
    """A walk through objects and all their parts.

    Attributes:
        lines: Description of each object, by its name.
        packages: Packages that were met, and their versions.
    """

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.packages: set[tuple[str, str]] = set()
        self.seen: dict[int, tuple[str, object]] = {}
        self.modules: list[tuple[str, ModuleType]] = []
        self.used: set[str] = set()

    def visit(self, name: str, value: object) -> None:
        """Describe an object and its parts."""
        while name in self.lines:
            name += "'"
        text = data(value)
        if text is None and id(value) in self.seen:
            text = f"as {self.seen[id(value)][0]}"
        if text is not None:
            self.lines[name] = text
            return
        self.seen[id(value)] = name, value
        if type(value) in (set, frozenset):
            each = sorted(self._alone(v) for v in value)
            self.lines[name] = f"{type(value).__name__} {code.digest(repr(each))}"
            return
        try:
            text, inside = parts(value)
        except Exception as error:
            raise TypeError(
                f"{name} is of type {type(value).__name__}, whose state cannot be compared "
                f"({error}): a store would not tell simulators apart. Create it inside the "
                "function, or simulate without a store"
            ) from error
        self._meet(name, value)
        if _summed(value):
            self.lines[name] = f"{text} {self._digest(inside)}"
            return
        self.lines[name] = text
        for part, each in inside:
            self.visit(f"{name}{part}" if part.startswith("[") else f"{name}.{part}", each)

    def finish(self) -> None:
        """Describe what is used of the user's modules, as ``parameters.gain``."""
        done = set()
        while todo := {
            (name, each): vars(module)[each]
            for name, module in self.modules
            for each in sorted(self.used & vars(module).keys() - code.OWN)
            if (name, each) not in done
        }:
            done |= todo.keys()
            for (name, each), value in todo.items():
                self.visit(f"{name}.{each}", value)

    def _meet(self, name: str, value: object) -> None:
        """Note the package or the module of an object, and the names a function uses."""
        module = home(value)
        if code.installed(module):
            if module != "builtins" and not module.startswith("mechfit."):
                self.packages.add(code.version(module))
        elif isinstance(value, FunctionType):
            self.packages.add(code.version("builtins"))
            self.used |= code.names(value)
        elif isinstance(value, ModuleType):
            self.modules.append((name, value))

    def _digest(self, inside: Parts) -> str:
        """Hash of objects with all their parts, for which lines would be too many."""
        lines, self.lines = self.lines, {}
        for name, value in inside:
            self.visit(name, value)
        lines, self.lines = self.lines, lines
        return code.digest(repr(list(lines.items())))

    def _alone(self, value: object) -> str:
        """Hash of a member of a set, whatever the order in which members come."""
        seen, self.seen = self.seen, self.seen.copy()
        found = self._digest([("", value)])
        self.seen = seen
        return found


def _summed(value: object) -> bool:
    """Whether one line stands for an object with all its parts."""
    if isinstance(value, type | list | tuple | dict):
        return not isinstance(value, type) and len(value) > MANY
    module = type(value).__module__
    return code.installed(module) and module.partition(".")[0] not in ("builtins", "mechfit")
