"""The built book: its pages, and one of them opened with everything that went wrong."""

from dataclasses import dataclass, field

from browser import SETTLED
from pdf import HTML, ROOT, pages

__all__ = ["HEADER", "HTML", "PATIENCE", "ROOT", "Opened", "open_page", "pages"]

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---
"""
"""The front matter of a chapter."""

PATIENCE = 120_000
"""Milliseconds after which a page counts as stuck, also on a slow machine."""


@dataclass
class Opened:
    """A page in a view, all that it asked for outside, and its errors, which keep growing."""

    tab: object
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    empty_charts: int = 0
    width: int = 1280
    scheme: str = ""

    def show(self, scheme: str) -> None:
        """Show the page in the light or the dark scheme."""
        self.tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.tab.wait_for_function(
            "scheme => document.documentElement.dataset.theme === scheme", arg=scheme
        )
        self.tab.wait_for_timeout(100)
        self.scheme = scheme


def open_page(browser, address: str, home: str, width: int = 1280, patience: int = 1200) -> Opened:
    """Open a page in a window of this width (px); wait until its formulas and charts are drawn.

    A request that leaves `home` (the address of the book) counts as outside. Charts may take
    `patience` times 50 ms to be drawn.
    """
    opened = Opened(browser.new_page(viewport={"width": width, "height": 900}), width=width)
    opened.tab.set_default_timeout(PATIENCE)
    local = (home, "data:", "blob:", "about:")

    def on_request(request):
        if not request.url.startswith(local):
            opened.outside.append(request.url)

    def on_console(message):
        if message.type == "error":
            opened.errors.append(message.text)

    opened.tab.on("request", on_request)
    opened.tab.on("console", on_console)
    opened.tab.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.tab.goto(address, wait_until="load")
    opened.empty_charts = opened.tab.evaluate(SETTLED, patience)
    return opened
