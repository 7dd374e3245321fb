"""A browser and the built book, shared by the tests that open its pages.

The tests open what `make html` left in `_build/html`; they do not build. Without a Chromium they
are skipped, in CI (environment variable CI) they fail instead.
"""

import os
import threading
from pathlib import Path

import pytest
import serve
from browser import MISSING, find_chromium, launched
from builtbook import HTML, pages


@pytest.fixture(scope="session")
def html() -> Path:
    missing = [page for page in pages() if not (HTML / f"{page}.html").exists()]
    if missing:
        pytest.fail(f"not built: {', '.join(missing)}. Build the book first: make html")
    return HTML


@pytest.fixture(scope="session")
def site(html):
    """The address of a server of the built book."""
    server = serve.start(html, 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    chromium = find_chromium()
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with launched(chromium) as started:
        yield started
