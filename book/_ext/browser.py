"""A Chromium without a window, for the tests of the pages and for printing them.

It reaches nothing but this machine, so that a page that needs a network is found out.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALLED = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
)
MISSING = "no Chromium or Chrome found; install one or name it in CHROMIUM"
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
SETTLED = """async patience => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  const empty = () => [...document.querySelectorAll('.mechfit-chart')]
    .filter(chart => !chart.querySelector('svg.marks')).length;
  const wait = () => new Promise(resolve => setTimeout(resolve, 50));
  for (let tries = 0; empty() && tries < patience; tries++) await wait();
  await wait();
  return empty();
}"""
"""Waits until formulas and charts are drawn, `patience` times 50 ms; tells how many are not."""


def find_chromium() -> str | None:
    """The browser named by CHROMIUM, or one that is installed."""
    if named := os.environ.get("CHROMIUM"):
        return named
    on_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    return on_path or next((path for path in INSTALLED if Path(path).exists()), None)


@contextmanager
def launched(chromium: str) -> Iterator:
    """A browser of playwright; scroll bars are shown, as on Windows and Linux."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=ARGUMENTS, ignore_default_args=["--hide-scrollbars"]
        )
        yield browser
        browser.close()
