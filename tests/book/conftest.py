"""A browser and the built book, shared by the tests that open its pages.

The tests open what `make html` left in `_build/html`; they do not build. Without a Chromium they
are skipped, in CI (environment variable CI) they fail instead. Scroll bars are shown, as on
Windows and Linux.
"""

import os
import shutil
import threading
from pathlib import Path

import pytest
import serve
from builtbook import HTML, pages

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALLED = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def find_chromium() -> str | None:
    """The browser named by CHROMIUM, or one that is installed."""
    if named := os.environ.get("CHROMIUM"):
        return named
    on_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    return on_path or next((path for path in INSTALLED if Path(path).exists()), None)


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
        message = "no Chromium or Chrome found; install one or name it in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium, args=ARGUMENTS, ignore_default_args=["--hide-scrollbars"]
        )
        yield launched
        launched.close()
