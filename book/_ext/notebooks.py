"""Make notebooks for JupyterLab, VS Code or any other Jupyter from the chapters.

    python book/_ext/notebooks.py FOLDER [--student] [--outputs] [--run]

Prose becomes plain Markdown (plain_markdown.py) with the numbers of the chapters' last run, which
the execution cache keeps; `--run` executes the chapters that it does not know. `--student` cuts
the solutions (notebook_cells.py). FOLDER gets all that the chapters read, so it can be moved, and
an index. A notebook that somebody changed is never overwritten.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
from pathlib import Path

import bookbuild
import chapter_keys
import nbformat
import run_ahead
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader
from myst_parser.config.main import MdParserConfig
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_markdown_cell
from notebook_cells import digest, finished, notebook_of
from plain_markdown import Book
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "book/artefacts": (".json", ".safetensors", ".npz", ".csv", ".swc"),
    "book/figures": (".py",),
}
"""What the chapters read, and the endings of its files."""


def record_of(
    page: str, package: chapter_keys.Package, *, run: bool
) -> nbformat.NotebookNode | None:
    """Return a chapter as it was last executed, None where the cache does not know it."""
    path = ROOT / f"{page}.md"
    text = path.read_text(encoding="utf-8")
    text = chapter_keys.salted(text, chapter_keys.chapter_key(path, ROOT, package))
    reader = create_nb_reader(str(path), MdParserConfig(), NbParserConfig(), text)
    if reader is None:
        return None
    notebook, cache = reader.read(text), get_cache(ROOT / "_build" / ".jupyter_cache")
    if not run_ahead.is_cached(cache, notebook):
        if not run:
            return None
        print(f"{page}: executing", flush=True)
        bookbuild.prepare_kernels()
        gate = asyncio.Semaphore(1)
        seconds = asyncio.run(run_ahead.execute(notebook, path.parent, None, gate))
        bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return cache.get_cache_bundle(cache.match_cache_notebook(notebook).pk).nb


def write(notebook: nbformat.NotebookNode, path: Path) -> bool:
    """Write a notebook; return False and leave the one that is there if somebody changed it."""
    ran = any(cell.get("outputs") for cell in notebook.cells)
    if path.exists():
        old = nbformat.read(path, as_version=4)
        made = old.metadata.get("mechfit", {}).get("made")
        if made != digest(old):
            return False
        if made == notebook.metadata["mechfit"]["made"] and not ran:
            return True  # with the outputs that its reader has made
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    if ran:  # on this computer JupyterLab may run the scripts that draw the charts
        NotebookNotary().sign(notebook)
    return True


def copy_files(folder: Path) -> None:
    """Copy what the chapters read, where it is not there yet."""
    for name, endings in FILES.items():
        for path in (p for p in sorted((ROOT / name).iterdir()) if p.suffix in endings):
            target = folder / name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != path.read_bytes():
                shutil.copyfile(path, target)


def index_of(book: Book) -> nbformat.NotebookNode:
    """Return a notebook that leads to all others."""
    lines = [
        "# mechfit",
        "Each line opens a chapter as a notebook. Run its cells from the top: each needs those "
        "before it. Code that only draws or prepares is collapsed: click the dots to see it.",
    ]
    for part, pages in book.parts.items():
        links = [
            f"- [{book.titles[p]}]({p.removeprefix('book/')}.ipynb)"
            for p in pages
            if p in book.pages
        ]
        lines += [f"## {part}", "\n".join(links)]
    return finished([new_markdown_cell("\n\n".join(lines))], "book/index")


def main(arguments: list[str] | None = None) -> None:
    """Make the notebooks of all chapters."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where they go")
    parser.add_argument(
        "--student", action="store_true", help="cut the solutions, keep their checks"
    )
    parser.add_argument("--outputs", action="store_true", help="keep the outputs of the last run")
    parser.add_argument("--run", action="store_true", help="execute chapters that were not yet")
    given = parser.parse_args(arguments)
    package = chapter_keys.Package.read(ROOT, "mechfit", "book/figures")
    book, changed, unknown = Book.read(ROOT), [], []
    made = {"book/index": index_of(book)}
    for page in tqdm(book.pages, desc="notebooks"):
        record = record_of(page, package, run=given.run)
        made[page] = notebook_of(page, book, record, student=given.student, outputs=given.outputs)
        code = any(cell.cell_type == "code" for cell in made[page].cells)
        unknown += [page] if record is None and code else []
    for page, notebook in made.items():
        if not write(notebook, given.folder / f"{page}.ipynb"):
            changed.append(page)
    copy_files(given.folder)
    print(f"{len(made) - len(changed)} notebooks are in {given.folder}.")
    if changed:
        print(f"Left as they were, since somebody changed them: {', '.join(changed)}.")
    if unknown:
        print(
            f"{len(unknown)} chapters have not been executed: their numbers are shown as …. "
            "`make html` executes them, and so does --run."
        )


if __name__ == "__main__":
    main()
