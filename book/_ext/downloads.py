"""The notebooks of the built book: each page's download button gives the page as a notebook."""

from pathlib import Path

import notebooks
from chapter_keys import Package
from plain_markdown import Book

FOLDER = "_notebooks"


def find_pages(app) -> None:
    """Read which pages have notebooks: of this book some, of any other none."""
    app.book = Book.read(notebooks.ROOT) if Path(app.srcdir) == notebooks.ROOT else None


def offer_notebook(app, pagename, templatename, context, doctree) -> None:
    """Let the button that downloads a page's source give the notebook."""
    for button in (b for group in context["header_buttons"] for b in group.get("buttons", [])):
        if (
            button.get("label") == "download-source-button"
            and app.book
            and pagename in app.book.pages
        ):
            button["url"] = context["pathto"](f"{FOLDER}/{pagename}.ipynb", resource=True)
            button |= {"text": ".ipynb", "tooltip": "Download notebook file"}


def write_notebooks(app, exception) -> None:
    """Write the notebooks beside the pages, with numbers and outputs of this build."""
    if exception is not None or app.builder.name != "html" or app.book is None:
        return
    package = Package.read(notebooks.ROOT, "mechfit", "book/figures")
    for page in app.book.pages:
        record = notebooks.record_of(page, package, run=False)
        made = notebooks.notebook_of(page, app.book, record, student=False, outputs=True)
        notebooks.write(made, Path(app.outdir) / FOLDER / f"{page}.ipynb")


def setup(app) -> None:
    """Run the second for every page, after the theme, the others once."""
    app.connect("builder-inited", find_pages)
    app.connect("html-page-context", offer_notebook, priority=900)
    app.connect("build-finished", write_notebooks)
