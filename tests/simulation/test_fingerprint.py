"""Another simulator has another fingerprint; the same one has the same in every process."""

import os
import subprocess
import sys
import types

import cloudpickle
import numpy as np
import pytest
import zarr

from mechfit.models import Model, Prior
from mechfit.simulation import code, open_bank, simulate
from mechfit.simulation.fingerprint import fingerprint

PRIOR = Prior.uniform(["a"], [0.0], [1.0])
PRELUDE = """
import collections, dataclasses, enum, functools, types
import numba, numpy as np, pandas as pd, torch
def f(theta, rng):
    return tool(theta)
def scaled(theta, rng, gain):
    return gain * theta
class Base:
    def __call__(self, theta, rng):
        return self.gain * theta
"""
DIFFER = {
    "an attribute": "f = Base()\nf.gain = {v}",
    "a class attribute": "class Own(Base):\n gain = {v}\nf = Own()",
    "a slot": "class Own(Base):\n __slots__ = ['gain']\nf = Own()\nf.gain = {v}",
    "a base class": "class Above(Base):\n gain = {v}\nclass Own(Above): pass\nf = Own()",
    "a method": "class Own:\n def run(self, t, r): return self.go(t)\n"
    " def go(self, t): return {v} * t\nf = Own().run",
    "a property": "class Own(Base):\n @property\n def gain(self): return {v}\nf = Own()",
    "a static method": "class Own:\n @staticmethod\n def run(t, r): return {v} * t\nf = Own.run",
    "a class method": "class Own:\n gain = {v}\n @classmethod\n def run(c, t, r): return c.gain\n"
    "f = Own.run",
    "a dataclass": "@dataclasses.dataclass(frozen=True)\nclass Own(Base):\n gain: float = {v}\n"
    "f = Own()",
    "a default factory": "@dataclasses.dataclass\nclass Own(Base):\n"
    " gain: list = dataclasses.field(default_factory=lambda: {v})\nf = Own",
    "a named tuple": "T = collections.namedtuple('T', 'a b')\nt = T(1, {v})\n"
    "tool = lambda x: t.b * x",
    "an enum": "class C(enum.Enum):\n A = {v}\ntool = lambda x: C.A.value * x",
    "own state": "class Own(Base):\n def __getstate__(self): return (1, {{'gain': {v}}})\n"
    "f = Own()",
    "a list's child": "class L(list): pass\nl = L([[1, {v}]])\ntool = lambda x: l[0][1] * x",
    "a global": "gain = {v}\ntool = lambda x: gain * x",
    "a helper's helper": "def tool(x): return deeper(x)\ndef deeper(x): return gain * x\n"
    "gain = {v}",
    "mutual recursion": "def tool(x): return other(x)\ndef other(x): return tool(x) + {v}",
    "a dict": "table = {{'a': [1, {{'b': {v}}}]}}\ntool = lambda x: table['a'][1]['b'] * x",
    "a dict's order": "d = dict(sorted({{'a': 1, 'b': 2}}.items(), reverse={v} > 1))\n"
    "tool = lambda x: list(d.values())[0]",
    "a set": "s = {{'a', 'b', 'c', {v}, (1, 2)}}\ntool = lambda x: x if 1.0 in s else 2 * x",
    "a set of objects": "s = {{len, functools.partial, Base, {v}}}\ntool = lambda x: len(s)",
    "a constant set": "def tool(x): return x in {{'a', 'b', 'c', {v}}}",
    "a default": "def tool(x, gain={v}): return gain * x",
    "a keyword default": "def tool(x, *, gain={v}): return gain * x",
    "a closure": "def make(gain):\n def inner(x): return gain * x\n return inner\n"
    "tool = make({v})",
    "a closed-over object": "class P: pass\np = P()\np.a = {v}\n"
    "def make(p): return lambda x: p.a * x\ntool = make(p)",
    "a nested function": "def tool(x):\n def g(y): return (lambda z: z * {v})(y)\n return g(x)",
    "a function's attribute": "def tool(x): return tool.gain * x\ntool.gain = {v}",
    "a partial": "f = functools.partial(scaled, gain={v})",
    "a decorator": "def by(k):\n def deco(g):\n  @functools.wraps(g)\n"
    "  def h(*a): return k * g(*a)\n  return h\n return deco\n@by({v})\ndef tool(x): return x",
    "a cached function": "gain = {v}\n@functools.lru_cache\ndef tool(x): return gain",
    "a vectorized function": "tool = np.vectorize(lambda x: {v} * x)\ntool(1)",
    "numba": "gain = {v}\n@numba.njit\ndef inner(x): return gain * x\ntool = lambda x: inner(x)",
    "numba's options": "@numba.njit(fastmath={{'nsz', 'afn'}} if {v} > 1 else False)\n"
    "def tool(x): return x",
    "the middle of a long array": "a = np.zeros(5000)\na[2500] = {v}\ntool = lambda x: a * x",
    "an array's type": "a = np.ones(3, 'f8' if {v} > 1 else 'f4')\ntool = lambda x: a * x",
    "an array's shape": "a = np.ones((6, 1) if {v} > 1 else (1, 6))\ntool = lambda x: a * x",
    "an array of objects": "a = np.array([[{v}], None], object)\ntool = lambda x: a[0]",
    "a masked array": "a = np.ma.array([1.0, 2.0], mask=[0, {v} > 1])\ntool = lambda x: a.sum()",
    "the end of a long list": "a = [0.0] * 999 + [{v}]\ntool = lambda x: a",
    "a long list of objects": "a = [Base() for _ in range(99)]\na[98].gain = {v}\n"
    "tool = lambda x: a",
    "the sign of zero": "z = 0.0 if {v} > 1 else -0.0\ntool = lambda x: z",
    "a kind of number": "z = 1 if {v} > 1 else True\ntool = lambda x: z",
    "a table": "t = pd.DataFrame({{'a': [1.0, {v}], 'b': ['x', None]}})\ntool = lambda x: t",
    "a table's names": "t = pd.DataFrame({{'a' if {v} > 1 else 'b': [1]}})\ntool = lambda x: t",
    "a series' index": "t = pd.Series([1.0], index=[{v}])\ntool = lambda x: t",
    "a tensor": "t = torch.tensor([{v}], requires_grad=True)\ntool = lambda x: t",
    "a network": "n = torch.nn.Linear(1, 1)\ntorch.nn.init.constant_(n.weight, {v})\n"
    "torch.nn.init.constant_(n.bias, 0)\ntool = lambda x: n(x)",
    "a generator's state": "g = np.random.default_rng(int({v}))\ntool = lambda x: g.normal()",
    "a method of a generator": "tool = np.random.default_rng(int({v})).normal",
    "a user's module": "m = types.ModuleType('m')\nm.gain = {v}\ntool = lambda x: m.gain * x",
    "a module seen by text": "m = types.ModuleType('m')\nm.gain = {v}\n"
    "tool = lambda x: getattr(m, 'gain')",
    "a module held": "m = types.ModuleType('m')\nm.gain = {v}\nheld = [m]\n"
    "tool = lambda x: held[0].gain",
    "an imported module": "def tool(x):\n import params_of_a_test as p\n return p.gain({v})",
    "a name of a library": "tool = np.sin if {v} > 1 else np.cos",
    "instructions": "tool = (lambda x: x + 1) if {v} > 1 else (lambda x: x - 1)",
    "a caught error": "def tool(x):\n try: return x\n"
    " except (ValueError if {v} > 1 else KeyError): pass",
    "a cycle": "c = [{v}]\nc.append(c)\ntool = lambda x: c",
}


def model_of(source, v, name="__main__"):
    space = {"__name__": name}
    exec(compile(PRELUDE + source.format(v=v), "a script", "exec"), space)
    return Model.from_function(space["f"], PRIOR, ["x"])


@pytest.mark.parametrize("what", DIFFER)
def test_what_a_simulator_depends_on_is_seen(what, monkeypatch):
    module = types.ModuleType("params_of_a_test")
    monkeypatch.setitem(sys.modules, "params_of_a_test", module)
    module.gain = lambda v: v
    one, same, other = (
        fingerprint(model_of(DIFFER[what], v, name))
        for v, name in ((1.0, "__main__"), (1.0, "simulator"), (3.0, "__main__"))
    )
    assert one == same
    assert one != other


def test_it_stays_the_same_after_pickling():
    model = model_of("f = Base()\nf.gain = 2.0", 1)
    before = fingerprint(model)
    cloudpickle.dumps(model)
    assert fingerprint(model) == before


def test_what_a_function_imports_is_seen(monkeypatch):
    found = []
    for v in (1.0, 2.0):
        module = types.ModuleType("params_of_a_test")
        module.gain, module.unused = v, open
        monkeypatch.setitem(sys.modules, "params_of_a_test", module)
        source = "def tool(x):\n from params_of_a_test import gain\n return gain * x"
        found.append(fingerprint(model_of(source, v)))
    assert found[0] != found[1]


def test_comments_docstrings_and_places_do_not_count():
    plain = "def tool(x):\n    g = 2\n    return g * x"
    edited = (
        '\n\ndef tool(x):\n    """Doc."""\n    # why\n\n    g = 2  # two\n    return (\n g * x)'
    )
    assert fingerprint(model_of(plain, 1)) == fingerprint(model_of(edited, 1))


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("h = open('/dev/null')\nh.close()\ntool = lambda x: h", r"f\.tool\.h is of type TextIO"),
        ("f = Base()\nf.part = (i for i in 'a')", r"f\.part is of type generator"),
        ("tool = np.frompyfunc(lambda x: x, 1, 1)", r"f\.tool is of type ufunc"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(source, named, tmp_path):
    with pytest.raises(TypeError, match=named):
        simulate(model_of(source, 1), 4, seed=1, store=tmp_path / "bank")
    assert not list(tmp_path.iterdir())


def test_the_error_tells_what_is_other(tmp_path):
    source = "f = Base()\nf.gain = {v}"
    simulate(model_of(source, 1.0), 4, seed=1, store=tmp_path / "bank")
    with pytest.raises(ValueError, match=r"other settings: f\.gain was 1\.0, is 100\.0"):
        simulate(model_of(source, 100.0), 8, seed=1, store=tmp_path / "bank")


def test_a_store_of_another_version_can_only_be_read(tmp_path):
    model = model_of("tool = lambda x: x", 1)
    bank = simulate(model, 4, seed=1, store=tmp_path / "bank")
    group = zarr.open_group(tmp_path / "bank", mode="r+")
    about = group.attrs["mechfit"]
    group.attrs["mechfit"] = {k: v for k, v in about.items() if k != "version"}
    with pytest.raises(ValueError, match="can be read by `open_bank`, but not be continued"):
        simulate(model, 8, seed=1, store=tmp_path / "bank")
    np.testing.assert_array_equal(open_bank(tmp_path / "bank").x, bank.x)


def test_new_versions_of_packages_are_told(tmp_path, monkeypatch):
    model = model_of("tool = lambda x: np.sin(x)", 1)
    simulate(model, 4, seed=1, store=tmp_path / "bank")
    monkeypatch.setattr(code, "version", lambda name: (name.partition(".")[0], "0.0"))
    with pytest.raises(ValueError, match=r"version of numpy was [1-9.]+, is 0\.0"):
        simulate(model, 8, seed=1, store=tmp_path / "bank")


@pytest.mark.slow
def test_another_process_goes_on(tmp_path):
    (tmp_path / "run.py").write_text("""
import functools
from mechfit import Model, Prior, simulate
class Sim:
    gain, names = 2.0, {"a", "b", "c"}
    def run(self, theta, rng): return self.gain * theta
def f(theta, rng, gain): return gain * theta
def main(n):
    for name, g in {"partial": functools.partial(f, gain=2.0), "method": Sim().run}.items():
        model = Model.from_function(g, Prior.uniform(["a"], [0.0], [1.0]), ["x"])
        print(len(simulate(model, n, 1, store=name)))
if __name__ == "__main__":
    main(32)
""")
    for n, how in ((32, ["run.py"]), (64, ["-c", "import run; run.main(64)"])):
        env = {**os.environ, "PYTHONHASHSEED": str(n), "MECHFIT_PROGRESS": "0"}
        said = {"capture_output": True, "text": True}
        done = subprocess.run([sys.executable, *how], cwd=tmp_path, env=env, **said)
        assert done.stdout.split() == [str(n)] * 2, done.stderr
        with open(tmp_path / "run.py", "a") as script:
            script.write("# an edit that changes nothing\n")
