"""A generated notebook in JupyterLab, in a browser that reaches no other host."""

import os
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import notebooks
import pytest
from builtbook import ROOT, open_page
from nbformat.v4 import new_code_cell, new_markdown_cell
from notebook_cells import finished

pytestmark = pytest.mark.browser
CELLS = [
    "import numpy as np\n\nfrom mechfit.figures import curves, live_trace\n",
    "t, axes = np.arange(99.0), {'across': 'time (ms)', 'up': 'V (mV)'}",
    "curves(t, {'sine': np.sin(t / 9)}, title='The first', **axes)",
    "curves(t, {'cosine': np.cos(t / 9)}, title='The second', **axes)",
    "live_trace(lambda p: (t, p[0] + np.sin(t)), ['E_l (mV)'], [-70], [[-90, -50]])",
]
PROSE = "# A\n\n$$\na \\tag{2.1}\n$$\n\n<details><summary>Solution</summary>\n\nYes\n\n</details>"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab whose folder has one notebook."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [new_markdown_cell(PROSE), *map(new_code_cell, CELLS)]
    notebooks.write(finished(cells, "book/a"), folder / "a.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    words = [
        *options,
        "--port-retries=0",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
    ]
    states = {
        name: str(folder / name) for name in ["JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR"]
    }
    states |= {
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "w"),
        "JUPYTER_DATA_DIR": str(folder / "d"),
    }
    env = {**os.environ, **states, "PYTHONPATH": str(ROOT)}
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words], env=env, stdout=log, stderr=log
        )
    home = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urlopen(f"{home}/api", timeout=5).close()
            break
        except (URLError, ConnectionError, TimeoutError):
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.2)
    yield home, folder
    server.terminate()
    server.wait(30)


@pytest.fixture(scope="module")
def ran(lab, browser):
    """The notebook after all cells have run, and its file."""
    home, folder = lab
    opened = open_page(browser, f"{home}/lab/tree/a.ipynb", home.replace("http", ""), patience=1)
    tab = opened.tab
    tab.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
    tab.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")
    tab.locator(".jp-CodeCell .cm-content").first.click()
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    tab.wait_for_function("document.querySelectorAll('.mechfit-chart svg.marks').length == 2")
    tab.wait_for_selector(".widget-slider")
    yield opened, folder / "a.ipynb"
    tab.close()


def test_charts_are_drawn_and_nothing_is_fetched(ran):
    opened, _ = ran
    assert [url for url in opened.outside if "127.0.0.1" not in url] == []
    assert opened.tab.locator(".mechfit-chart [role=alert]").count() == 0


def test_the_slider_redraws(ran):
    tab = ran[0].tab
    assert tab.locator(".widget-slider label").inner_text() == "E_l (mV)"
    before = tab.locator(".widget-html svg").get_attribute("aria-label")
    tab.locator(".widget-slider .noUi-handle").press("ArrowRight")
    tab.wait_for_function(
        "old => document.querySelector('.widget-html svg').ariaLabel != old", arg=before
    )


def test_formulas_have_numbers_and_solutions_are_folded(ran):
    tab = ran[0].tab
    tab.wait_for_selector(".jp-RenderedMarkdown mjx-container")
    assert "2.1" in tab.locator(".jp-RenderedMarkdown mjx-container").first.inner_text()
    assert tab.locator(".jp-RenderedMarkdown details:not([open]) summary").count() == 1


def test_saved_charts_are_there_when_the_notebook_is_opened_again(ran):
    opened, path = ran
    tab = opened.tab
    tab.keyboard.press("Control+s")
    tab.wait_for_function("!document.querySelector('.jp-mod-dirty')")
    saved = nbformat.read(path, 4)
    assert sum("vegaEmbed" in str(cell.get("outputs")) for cell in saved.cells) == 1
    tab.reload()
    tab.wait_for_function("document.querySelectorAll('.mechfit-chart svg.marks').length == 2")
