"""The package as a user installs it: a wheel, outside the checkout, brings what it needs."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


def run(*words, **options) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_wheel_knows_its_network(tmp_path):
    pytest.importorskip("setuptools")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    source = tmp_path / "source"
    kept = ["mechfit", "book/artefacts", "pyproject.toml", "README.md", "LICENSE"]
    for name in kept:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).symlink_to(ROOT / name)
    options = ["--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    run(*pip, "wheel", str(source), *options)
    (wheel,) = tmp_path.glob("mechfit-*.whl")
    assert wheel.stat().st_size < 2_000_000
    place = tmp_path / "installed"
    run(sys.executable, "-m", "venv", "--without-pip", str(place))
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = ["--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    run(*pip[:3], *installed, "-q")
    code = (
        "import site, sys; sys.path.append(sys.argv[1]); import mechfit, mechfit.cli.infer as i; "
        "print(mechfit.__file__); print(i.shipped('allen-cells.safetensors').stat().st_size)"
    )
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    packages = sysconfig.get_path("purelib")
    said = run(str(python), "-c", code, packages, cwd=tmp_path, env=env).split()
    assert said[0].startswith(str(place))
    assert int(said[1]) > 500_000
