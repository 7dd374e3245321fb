"""Execute the chapters that are to be read, on all cores, before Sphinx reads them one by one.

Sphinx reads the pages in one process, and myst-nb executes a chapter when its page is read. Here
the same chapters are executed beforehand, as many at a time as there are cores, and put into the
execution cache under the same key, where myst-nb then finds them. A chapter with a cell that fails
is left to myst-nb, which executes it again and reports what went wrong; the build warns of one
that stops otherwise, as when its kernel is killed for memory.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import chapter_keys
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import create_nb_reader
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from sphinx.util import logging

logger = logging.getLogger(__name__)

PATIENT = {"iopub_timeout": 600, "raise_on_iopub_timeout": True}
"""Output that is late, on a busy machine, is waited for; by default it would be left out."""

QUIET = {"extra_arguments": ["--log-level=ERROR"]}
"""A kernel that only this computer can reach does not warn that others might listen."""


def notebook_of(app, docname: str, key: str) -> NotebookNode | None:
    """Return a page as myst-nb will read it, None where it has no code cells."""
    path = app.env.doc2path(docname)
    text = chapter_keys.salted(Path(path).read_text(encoding="utf-8"), key)
    reader = create_nb_reader(path, app.env.myst_config, app.env.mystnb_config, text)
    return None if reader is None else reader.read(text)


async def execute(
    notebook: NotebookNode, folder: Path, timeout: int | None, gate: asyncio.Semaphore
) -> float:
    """Execute a chapter in a kernel of its own, when the gate lets it; return the seconds."""
    place = {"metadata": {"path": str(folder)}}
    # times in the cells' metadata would change the key under which the cache knows the notebook
    look = {"timeout": timeout, "resources": place, "record_timing": False}
    client = NotebookClient(notebook, **look, **PATIENT, **QUIET)
    async with gate:
        start = time.perf_counter()
        await client.async_execute()
        return time.perf_counter() - start


def run_ahead(app, env, docnames: list[str], key_of) -> None:
    """Execute those of the pages that the execution cache does not know yet.

    Args:
        app: The Sphinx application.
        env: Its environment.
        docnames: Pages that are about to be read.
        key_of: Returns the key of a page's results.
    """
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path or ".jupyter_cache")
    waiting = {}
    for docname in docnames:
        notebook = notebook_of(app, docname, key_of(docname))
        if notebook is not None and not is_cached(cache, notebook):
            waiting[docname] = notebook
    if len(waiting) < 2:
        return
    asyncio.run(execute_all(waiting, env, cache))


async def execute_all(waiting: dict[str, NotebookNode], env, cache) -> None:
    """Execute chapters on all cores and put each into the cache as soon as it is done."""
    from mechfit.simulation.workers import cores

    gate, timeout = asyncio.Semaphore(cores()), env.mystnb_config.execution_timeout

    async def one(docname: str, notebook: NotebookNode) -> None:
        path = env.doc2path(docname)
        try:
            seconds = await execute(notebook, Path(path).parent, timeout, gate)
        except CellExecutionError:
            logger.info(f"{docname}: a cell failed")
            return
        except Exception as error:
            logger.warning(
                f"did not run to its end: {type(error).__name__}: {error}", location=docname
            )
            return
        bundle = CacheBundleIn(notebook, path, data={"execution_seconds": seconds})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        logger.info(f"{docname}: executed in {seconds:.0f} seconds")

    await asyncio.gather(*(one(*chapter) for chapter in waiting.items()))


def is_cached(cache, notebook: NotebookNode) -> bool:
    """Whether the execution cache holds a notebook with these cells and this key."""
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True
