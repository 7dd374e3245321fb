"""Chapters are executed beforehand once, and a failing one is left to myst-nb."""

from types import SimpleNamespace

import pytest
import run_ahead
from builtbook import HEADER
from jupyter_cache import get_cache
from myst_nb.core.config import NbParserConfig
from myst_parser.config.main import MdParserConfig

CELL = "\n```{{code-cell}} python\n{}\n```\n"
COUNTED = "open('runs.txt', 'a').write('.')"


@pytest.fixture
def app(tmp_path):
    pages = {"one": COUNTED, "two": COUNTED, "bad": "raise ValueError('no')", "text": None}
    for name, cell in pages.items():
        body = "# Title\n" if cell is None else HEADER + CELL.format(cell + f"\nname = '{name}'")
        (tmp_path / f"{name}.md").write_text(body, encoding="utf-8")
    config = NbParserConfig(
        execution_mode="cache", execution_cache_path=str(tmp_path / "cache"), execution_timeout=-1
    )
    env = SimpleNamespace(
        myst_config=MdParserConfig(),
        mystnb_config=config,
        doc2path=lambda name: str(tmp_path / f"{name}.md"),
    )
    return SimpleNamespace(env=env, folder=tmp_path)


def cached(app, name: str, key: str) -> bool:
    notebook = run_ahead.notebook_of(app, name, key)
    return run_ahead.is_cached(get_cache(app.env.mystnb_config.execution_cache_path), notebook)


@pytest.mark.slow
def test_each_chapter_runs_once_for_each_key(app, capfd):
    pages, runs = ["one", "two", "bad", "text"], app.folder / "runs.txt"
    run_ahead.run_ahead(app, app.env, pages, lambda name: "k1")
    assert "WARNING" not in capfd.readouterr().err  # of ipykernel, that others might listen
    assert runs.read_text() == ".."
    assert [cached(app, name, "k1") for name in pages[:3]] == [True, True, False]
    run_ahead.run_ahead(app, app.env, ["one", "two"], lambda name: "k1")
    assert runs.read_text() == ".."
    run_ahead.run_ahead(app, app.env, ["one", "two"], lambda name: "k2")
    assert runs.read_text() == "...."


@pytest.mark.slow
def test_a_killed_kernel_is_told_with_its_page(app, monkeypatch):
    """As a chapter that takes too much memory is; the other chapters are executed all the same."""
    kill = HEADER + CELL.format("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    (app.folder / "two.md").write_text(kill, encoding="utf-8")
    told = []
    monkeypatch.setattr(
        run_ahead.logger, "warning", lambda words, location: told.append((location, words))
    )
    run_ahead.run_ahead(app, app.env, ["one", "two"], lambda name: "k1")
    [(page, words)] = told
    assert page == "two"
    assert words.startswith("did not run to its end: DeadKernelError")
    assert [cached(app, name, "k1") for name in ("one", "two")] == [True, False]


def test_a_page_without_cells_is_no_notebook(app):
    assert run_ahead.notebook_of(app, "text", "k") is None
    assert run_ahead.notebook_of(app, "one", "k").metadata["kernelspec"]["results_key"] == "k"
