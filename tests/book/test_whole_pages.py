"""A page whose cells did not all give what they compute fails the build, by its name."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jupyter_cache.executors.utils
import nbclient
import nbformat
import pytest
import whole_pages
from builtbook import HEADER, ROOT

CONF = """
import sys
sys.path.insert(0, {ext!r})
extensions, root_doc = ["myst_nb", "whole_pages"], "index"
nb_execution_mode, nb_execution_timeout, nb_output_stderr = "cache", -1, "error"
"""
OFF = HEADER.replace("jupytext:", "mystnb:\n  execution_mode: 'off'\njupytext:")
ALLOWED = HEADER.replace("jupytext:", "execution:\n  allow_errors: true\njupytext:")
DRAWING = """class Drawing:
    def _repr_html_(self):
        raise KeyError('lost')

Drawing()"""
CHART = """from IPython.display import HTML

HTML('<script>mechfitDraw("chart", {"mark": "point"}, {})</script>')"""
PLAIN = """class Chart:
    def __repr__(self):
        return 'alt.LayerChart(...)'

Chart()"""
PAGES = {
    "good": (HEADER, ["print(1)", "", "# no code"]),
    "raises": (HEADER, [DRAWING, "print(2)"]),
    "off": (OFF, ["print(3)"]),
    "allowed": (ALLOWED, ["int('x')", "print(4)"]),
    "mixed": (HEADER, [CHART, PLAIN, "import sys; sys.stderr.write('e')"]),
}
WARNINGS = [
    "raises.md: WARNING: Executing notebook failed: CellExecutionError",
    "raises.md:15: WARNING: a cell shows the traceback of KeyError: 'lost'",
    "raises.md:23: WARNING: a cell was not executed",
    "off.md:17: WARNING: a cell was not executed",
    "allowed.md:17: WARNING: a cell shows the traceback of ValueError: invalid literal",
    "mixed.md:15: WARNING: a chart has no description",
    "mixed.md:21: WARNING: a chart was not drawn",
    "mixed.md:29: ERROR: stderr was found in the cell outputs",
    "mixed.md:31: WARNING: No key 'never' found in glue data",
]


def build(folder: Path) -> str:
    """Build a small book and return its warnings; it must fail."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "dummy",
        "-W",
        "--keep-going",
        "-E",
        ".",
        "out",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0
    return done.stderr


@pytest.mark.slow
def test_every_fault_is_told_with_its_page_in_every_build(tmp_path):
    """Nothing of a page that failed is taken from the execution cache as if it were whole."""
    (tmp_path / "conf.py").write_text(CONF.format(ext=str(ROOT / "book" / "_ext")))
    listed = "\n".join(PAGES)
    (tmp_path / "index.md").write_text(f"# Book\n\n```{{toctree}}\n{listed}\n```\n")
    for name, (head, cells) in PAGES.items():
        body = "".join(f"\n```{{code-cell}} python\n{cell}\n```\n" for cell in cells)
        last = "\n{glue:text}`never`\n" if name == "mixed" else ""
        (tmp_path / f"{name}.md").write_text(f"{head}\n# Title\n{body}{last}")
    for said in (build(tmp_path), build(tmp_path)):
        assert [warning for warning in WARNINGS if warning not in said] == [], said
        assert "good.md" not in said


def test_output_that_does_not_arrive_is_an_error():
    whole_pages.setup(SimpleNamespace(connect=lambda *_: None))
    given = jupyter_cache.executors.utils.executenb.keywords
    client = nbclient.NotebookClient(nbformat.v4.new_notebook(), **given)
    assert client.raise_on_iopub_timeout
    assert client.iopub_timeout > 60
