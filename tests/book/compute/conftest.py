"""A bare page that was opened from the disk, with the scripts that compute."""

import pytest
from builtbook import ROOT

FOLDER = ROOT / "book" / "_static" / "compute"
SCRIPTS = [
    *("compute", "random", "arrays", "coupling", "maf", "priors", "posterior"),
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
    yield tab
    tab.close()
    assert not errors
