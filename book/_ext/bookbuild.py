"""The book's own Sphinx extension: everything between jupyter-book and mechfit.

It prepares the kernels that execute the chapters, writes charts.js, makes the execution cache know
the package (chapter_keys), executes chapters on all cores (run_ahead), prints the minutes of a
page (chapter_minutes, running_times) and of a course (teaching_plans), numbers its charts
(figure_numbers), gives live pictures their scripts and data (live_pages), offers it as a notebook
(downloads), links the API, the chapters (api_links) and their equations (equations), hands out the
definitions of terms (definitions), tidies what goes around the text (page_context) and looks
whether pages are whole (whole_pages).
"""

import os
import sys
import tomllib
from pathlib import Path

import api_links
import chapter_keys
import chapter_minutes
import definitions
import downloads
import equations
import figure_numbers
import live_pages
import page_context
import run_ahead
import teaching_plans
import whole_pages

ROOT = Path(__file__).resolve().parents[2]


def prepare_kernels() -> None:
    """Set the environment that the chapters' kernels inherit.

    Chapters run in their own folder, so they find the package through PYTHONPATH. One thread
    per kernel: two threads make the small networks of this book many times slower. No progress
    bars: they would count as error output, which fails the build.
    """
    known = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT) + (os.pathsep + known if known else "")
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["MECHFIT_PROGRESS"] = "0"
    os.environ["MECHFIT_CHART_SCRIPTS"] = "page"
    sys.path.insert(0, str(ROOT))  # autodoc imports the package in this process


def read_version(app, config) -> None:
    """Take the version from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    config.version = config.release = project["version"]


def use_small_mathjax(app, config) -> None:
    """Load the parts of MathJax that typeset, without its menu, which makes formulas tab stops."""
    typeset = ["core", "input/tex-base", "[tex]/ams", "[tex]/autoload", "output/chtml"]
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {
        **(config.mathjax3_config or {}),
        "loader": {"load": [*typeset, "a11y/assistive-mml"]},
        "tex": {"packages": {"[+]": ["ams", "autoload"]}},
    }


def write_charts(app) -> None:
    """Write the scripts that draw charts into the book, so that no page needs a network."""
    from mechfit.figures.renderer import chart_scripts

    path = Path(app.outdir) / "_static" / "charts.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != chart_scripts():
        path.write_text(chart_scripts(), encoding="utf-8")


def find_outdated(app, env, added, changed, removed) -> list[str]:
    """Return the chapters whose key changed since they were read."""
    app.mechfit_package = chapter_keys.Package.read(ROOT, "mechfit", "book/figures")
    keys = _keys(env)
    return [page for page in keys if page in env.found_docs and keys[page] != _key(app, page)]


def execute_outdated(app, env, docnames) -> None:
    """Execute the chapters about to be read, on all cores."""
    run_ahead.run_ahead(app, env, docnames, lambda docname: _key(app, docname))


def salt_source(app, docname, source) -> None:
    """Give jupyter-cache the chapter's key while the chapter is read."""
    _keys(app.env)[docname] = _key(app, docname)
    source[0] = chapter_keys.salted(source[0], _keys(app.env)[docname])


def forget_page(app, env, docname) -> None:
    """Forget the key of a page that is read again or gone."""
    _keys(env).pop(docname, None)


def read_again_after_warnings(app, exception) -> None:
    """Drop the stored environment after a build with warnings.

    Sphinx gives a warning only when it reads a page. Without this a second build would skip the
    page and pass. Executed chapters stay in the execution cache.
    """
    if exception is not None or app._warncount:
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


def _key(app, docname: str) -> str:
    return chapter_keys.chapter_key(Path(app.env.doc2path(docname)), ROOT, app.mechfit_package)


def _keys(env) -> dict[str, str]:
    if not hasattr(env, "mechfit_keys"):
        env.mechfit_keys = {}
    return env.mechfit_keys


def setup(app) -> dict[str, bool]:
    """Connect everything to Sphinx."""
    prepare_kernels()
    app.connect("config-inited", read_version)
    app.connect("config-inited", use_small_mathjax)
    app.connect("builder-inited", write_charts)
    app.connect("env-get-outdated", find_outdated)
    app.connect("env-before-read-docs", execute_outdated)
    app.connect("env-purge-doc", forget_page)
    app.connect("source-read", salt_source)
    app.connect("build-finished", read_again_after_warnings)
    api_links.setup(app)
    chapter_minutes.setup(app)
    definitions.setup(app)
    downloads.setup(app)
    equations.setup(app)
    figure_numbers.setup(app)
    live_pages.setup(app)
    page_context.setup(app)
    teaching_plans.setup(app)
    whole_pages.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
