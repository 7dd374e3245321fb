"""Lead from each entry of the API to the chapters that teach it.

The docstring of a module names its chapters, as in "Taught in ``book/inference/calibration.md``".
In the API such a path becomes a link, and every function and class of the module says it too.
"""

import re
import sys

CHAPTER = re.compile(r"``(book/[\w/-]+)\.md``")


def link_chapters(app, what, name, obj, options, lines) -> None:
    """Turn paths of chapters into links, and end with those that the object's module names."""
    lines[:] = [CHAPTER.sub(r":doc:`/\1`", line) for line in lines]
    if what in ("function", "class"):
        module = sys.modules.get(getattr(obj, "__module__", None))
        told = dict.fromkeys(CHAPTER.findall(getattr(module, "__doc__", None) or ""))
        links = [f":doc:`/{page}`" for page in told if f"/{page}`" not in "\n".join(lines)]
        if links:
            lines += ["", f"Taught in {', '.join(links)}.", ""]


def setup(app) -> None:
    """Change the docstrings after napoleon."""
    app.connect("autodoc-process-docstring", link_chapters, priority=900)
