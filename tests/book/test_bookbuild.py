"""The key of a chapter's results changes with what the chapter uses, and with nothing else."""

import chapter_keys
import chapter_minutes
import pytest
import yaml
from builtbook import HEADER

FILES = {
    "constraints.txt": "numpy==2.4.6\n",
    "pkg/__init__.py": '_EXPORTS = {"Neuron": "pkg.models", "fit": "pkg.inference.fit"}\n',
    "pkg/models/__init__.py": "from pkg.models.neuron import Neuron\n",
    "pkg/models/neuron.py": "from ..summaries import mean\n",
    "pkg/summaries.py": "mean = 1\n",
    "pkg/inference/__init__.py": "",
    "pkg/inference/fit.py": "def fit():\n    from pkg.inference import flows\n",
    "pkg/inference/flows.py": "",
    "book/artefacts/hh-small.npz": "a",
    "book/artefacts/hh-large.npz": "b",
    "book/artefacts/other.npz": "c",
}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def chapter(root, *cells):
    text = HEADER + "\n# Title\n"
    for cell in cells:
        text += f"\n```{{code-cell}} python\n:tags: [hide-input]\n\n{cell}\n```\n"
    path = root / "book" / "models" / "chapter.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def key(root, *cells):
    package = chapter_keys.Package.read(root, "pkg")
    return chapter_keys.chapter_key(chapter(root, *cells), root, package)


def used(root, source):
    return chapter_keys.Package.read(root, "pkg").used_by(source)


def test_several_packages_are_read(root):
    (root / "book" / "figures").mkdir()
    (root / "book" / "figures" / "heat.py").write_text("from pkg import fit\n", encoding="utf-8")
    package = chapter_keys.Package.read(root, "pkg", "book/figures")
    assert package.used_by("from book.figures.heat import draw") == {
        "book.figures.heat",
        *INFERENCE,
    }


MODELS = {"pkg", "pkg.models", "pkg.models.neuron", "pkg.summaries"}
INFERENCE = {"pkg", "pkg.inference", "pkg.inference.fit", "pkg.inference.flows"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy", set()),
        ("from pkg import Neuron", MODELS),
        ("from pkg.models import Neuron", MODELS),
        ("from pkg import models", MODELS),
        ("import pkg\npkg.Neuron()", MODELS),
        ("import pkg as p\np.fit()", INFERENCE),
        ("import pkg.models\npkg.models.Neuron()", MODELS),
        ("from pkg import fit", INFERENCE),
        (
            "def f():\n    from pkg.inference import flows",
            {"pkg", "pkg.inference", "pkg.inference.flows"},
        ),
        ("%timeit 1\nfrom pkg import summaries", {"pkg", "pkg.summaries"}),
    ],
)
def test_modules_used(root, source, expected):
    assert used(root, source) == expected


def test_unknown_names_and_broken_code_count_as_everything(root):
    everything = MODELS | INFERENCE
    assert used(root, "from pkg import something_new") == everything
    assert used(root, "def (:") == everything


def test_relative_targets_in_the_lazy_table(root):
    (root / "pkg/__init__.py").write_text('_EXPORTS: dict[str, str] = {"Neuron": ".models"}\n')
    assert used(root, "from pkg import Neuron") == MODELS


@pytest.mark.parametrize("edited", ["pkg/models/neuron.py", "pkg/summaries.py", "constraints.txt"])
def test_an_edit_of_something_used_changes_the_key(root, edited):
    before = key(root, "from pkg import Neuron")
    (root / edited).write_text("edited = 1\n")
    assert key(root, "from pkg import Neuron") != before


@pytest.mark.parametrize("edited", ["pkg/inference/flows.py", "book/artefacts/other.npz"])
def test_an_edit_of_something_else_does_not(root, edited):
    cells = ("from pkg import Neuron", 'load("../artefacts/hh-small.npz")')
    before = key(root, *cells)
    (root / edited).write_text("edited = 1\n")
    assert key(root, *cells) == before


def test_a_new_public_name_changes_no_key(root):
    before = key(root, "from pkg import Neuron")
    table = '_EXPORTS = {"Neuron": "pkg.models", "Circuit": "pkg.models.circuit"}\n'
    (root / "pkg/__init__.py").write_text(table)
    assert key(root, "from pkg import Neuron") == before


def test_undoing_an_edit_brings_the_key_back(root):
    before = key(root, "from pkg import Neuron")
    source = (root / "pkg/summaries.py").read_text()
    (root / "pkg/summaries.py").write_text("edited = 1\n")
    (root / "pkg/summaries.py").write_text(source)
    assert key(root, "from pkg import Neuron") == before


@pytest.mark.parametrize(
    "cell",
    ['load("../artefacts/hh-large.npz")', 'load(f"../artefacts/hh-{n}")', 'Path("../artefacts")'],
)
def test_artefacts_are_found_by_the_beginning_of_their_path(root, cell):
    before = key(root, cell)
    (root / "book/artefacts/hh-large.npz").write_text("edited")
    assert key(root, cell) != before


def test_cells_come_without_their_options():
    text = (
        "```{code-cell} python\n---\ntags: [a]\n---\nx = 1\n```\n"
        "````{code-cell}\n:tags: [b]\ny = 2\n````\n```python\nz = 3\n```\n"
    )
    assert chapter_keys.code_cells(text) == ["x = 1\n", "y = 2\n"]


def test_the_key_goes_into_the_kernelspec_and_lines_stay_where_they_were():
    text = HEADER + "\n# Title\n"
    salted = chapter_keys.salted(text, "abc")
    assert salted.splitlines().index("# Title") == text.splitlines().index("# Title")
    meta = yaml.safe_load(salted.split("---")[1])
    assert meta["kernelspec"] == {
        "display_name": "Python 3",
        "name": "python3",
        "results_key": "abc",
    }
    assert meta["jupytext"]["text_representation"]["format_name"] == "myst"


def test_pages_that_are_no_notebooks_stay_as_they_are():
    for text in ("# Title\n", "---\ntitle: x\n---\n# Title\n"):
        assert chapter_keys.salted(text, "abc") == text


@pytest.mark.parametrize(
    ("effort", "seconds", "expected"),
    [
        ({"words": 2300}, 40, "12 minutes to read · 40 seconds to run"),
        ({"exercises": 30}, 150, "1 minute to read · 30 minutes of exercises · 2 minutes to run"),
        ({"words": 200, "cells": 3, "formulas": 2, "charts": 4}, None, "7 minutes to read"),
    ],
)
def test_the_line_of_minutes(effort, seconds, expected):
    assert chapter_minutes.page_line(chapter_minutes.Effort(**effort), seconds) == expected
