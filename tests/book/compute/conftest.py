"""A bare page that was opened from the disk, with the scripts that compute."""

import base64

import numpy as np
import pytest
from builtbook import ROOT

FOLDER = ROOT / "book" / "_static" / "compute"
SCRIPTS = [
    *("compute", "random", "arrays", "coupling", "maf", "priors", "posterior"),
    *("hodgkin-huxley", "statistics", "pyloric", "rhythm", "misspecification"),
]
"""In the order of their needs."""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    sources = [(FOLDER / f"{name}.js").as_uri() for name in SCRIPTS]
    text = "".join(f'<script src="{source}"></script>' for source in sources)
    path = tmp_path_factory.mktemp("compute") / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>bare</title>{text}")
    errors, tab = [], browser.new_page()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda message: message.type == "error" and errors.append(message.text))
    tab.goto(path.as_uri())
    tab.evaluate(
        """() => { globalThis.received = (text) =>
          new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer); }"""
    )
    yield tab
    tab.close()
    assert not errors


def sent(array):
    """Numbers as base64, to be handed to a page."""
    return base64.b64encode(np.ascontiguousarray(array, np.float64).tobytes()).decode()
