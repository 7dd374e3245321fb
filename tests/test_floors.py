"""Imports only go down: the order of the rooms, read off the imports themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mechfit

PACKAGE = Path(mechfit.__file__).parent
FLOORS = ["compile", "summaries", "models", "simulation", "inference", "geometry", "robustness"]
ALLOWED = {room: set(FLOORS[: i + 1]) for i, room in enumerate(FLOORS)} | {
    "figures": {"summaries", "figures"},
    "cli": {*FLOORS, "figures", "cli"},
    "__main__": {"cli"},
}
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("mechfit.")}
    assert ours <= ALLOWED[room]
    assert room == "inference" or "torch" not in {name.split(".")[0] for name in imports(path)}


def test_models_load_no_torch():
    code = (
        "import sys, mechfit, mechfit.models; mechfit.HodgkinHuxley; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_public_face():
    for name in mechfit.__all__:
        assert getattr(mechfit, name).__module__.startswith(mechfit._EXPORTS[name])
        assert name in dir(mechfit)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mechfit.nothing
