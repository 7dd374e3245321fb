"""What README.md promises: its Python runs, its targets exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.search(r"```python\n(.*?)```", README, re.S)[1]


def test_the_example_has_ten_lines():
    lines = [line for line in CODE.splitlines() if line.strip()]
    assert len(lines) <= 10


@pytest.mark.slow
def test_the_example_runs():
    names: dict = {}
    exec(compile(CODE, "README.md", "exec"), names)
    assert names["samples"].shape == (1000, 8)


def test_the_targets_of_the_readme_and_the_makefile_agree():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.M)) - {"help", "clean"}
    assert set(re.findall(r"^\| `make (\w+)`", README, re.M)) == targets


def test_the_picture_exists():
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README):
        assert (ROOT / picture).exists(), picture
