"""An edit anywhere below a kernel is seen, although numba's own cache would not see it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mechfit

CODE = "from mechfit import HodgkinHuxley as H; print(H().statistics(H.truth, seed=1)[0, 3])"


def run(folder, cache):
    env = {**os.environ, "PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=folder)
    return float(done.stdout)


@pytest.mark.slow
def test_an_edit_of_a_callee_changes_the_result(tmp_path):
    source = Path(mechfit.__file__).parent
    copy = tmp_path / "mechfit"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = run(tmp_path, tmp_path / "cache")
    assert run(tmp_path, tmp_path / "cache") == before
    equations = copy / "models" / "hodgkin_huxley" / "equations.py"
    text = equations.read_text()
    assert "(x - x_inf) * expm1(-dt * rate)" in text
    equations.write_text(text.replace("* expm1(-dt * rate)", "* (-dt * rate)"))
    assert run(tmp_path, tmp_path / "cache") != before
