"""The cells of a notebook, from the pieces of its chapter.

Code that the book folds is collapsed, solutions are folded. A student's notebook has no solutions:
in their place stand a cell for the answer and one with the solution's assertions, which check it.
"""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from plain_markdown import Book, Piece, Translator, pieces

GLUED = "application/papermill.record/text/plain"
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
FOUND = """# Finds the package and the book's files, or says what is missing.
import os
import sys
from importlib.util import find_spec
from pathlib import Path


class Missing(Exception):
    def _render_traceback_(self):
        return [str(self)]


if find_spec("mechfit") is None:
    raise Missing(
        f"The package mechfit is missing in {{sys.executable}}. "
        "Install it there, or choose another kernel."
    )
above = [Path.cwd(), *Path.cwd().parents]
needed = ["book/artefacts", "book/figures"]
root = next((f for f in above if all((f / name).is_dir() for name in needed)), None)
if root is None:
    raise Missing(
        f"The book's files are missing: no folder above {{Path.cwd()}} has book/artefacts and "
        "book/figures. Move this notebook into a checkout of mechfit, or into the folder that "
        "`make notebooks` makes."
    )
sys.path.insert(0, str(root))
os.chdir(root / "{folder}")
del above, needed, root  # free for answers"""


def outputs_of(record: NotebookNode | None) -> list[list]:
    """Return the outputs of each code cell of a record."""
    return [c.outputs for c in record.cells if c.cell_type == "code"] if record else []


def told(outputs: list[list]) -> dict[str, str]:
    """Return the words that `say` stored during a run."""
    found = {}
    for output in (o for cell in outputs for o in cell):
        if GLUED in output.get("data", {}):
            name = output.metadata["scrapbook"]["name"]
            found[name] = str(ast.literal_eval(output.data[GLUED]))
    return found


def shown(outputs: list) -> list:
    """Return the outputs that a reader sees."""
    return [output for output in outputs if GLUED not in output.get("data", {})]


def bring_scripts(cells: list) -> None:
    """Let the first chart of a notebook bring the scripts that draw all of them."""
    from mechfit.figures.renderer import scripts_tag

    for output in (o for cell in cells for o in cell.get("outputs", [])):
        html = output.get("data", {}).get("text/html", "")
        if "mechfitDraw(" in html:
            output.data["text/html"] = f"{scripts_tag()}\n{html}"
            return


class Maker:
    """Makes the cells of one notebook from the pieces of its chapter."""

    def __init__(self, translate: Translator, outputs: list[list], *, student: bool) -> None:
        self.translate, self.outputs, self.student = translate, iter(outputs), student
        self.cells: list = []
        self.prose, self.solution, self.answer = "", False, ""

    def flush(self) -> None:
        """End a stretch of prose: one cell for each section of it."""
        text, self.prose = self.translate(self.prose), ""
        if text and self.solution:
            if not self.student:
                text = f"<details><summary>Solution</summary>\n\n{text}\n\n</details>"
                self.cells.append(new_markdown_cell(text))
        elif text:
            self.cells += map(new_markdown_cell, re.split(r"\n+(?=## )", text))

    def code(self, source: str, tags: list[str]) -> None:
        """Add a code cell; in a student's notebook keep that of a solution for its check."""
        output = shown(next(self.outputs, []))
        if self.solution and self.student:
            self.answer += source + "\n"
            return
        tags = tags + ["solution"] * self.solution
        self.add(source, tags, folded=self.solution or bool(FOLDED & set(tags)), outputs=output)

    def add(
        self, source: str, tags: list[str], *, folded: bool = False, outputs: list = ()
    ) -> None:
        """Add a code cell as it is."""
        metadata = {"tags": tags} if tags else {}
        if folded:
            metadata["jupyter"] = {"source_hidden": True}
        self.cells.append(new_code_cell(source, metadata=metadata, outputs=list(outputs)))

    def make(self, text: str) -> list:
        """Return the cells of a chapter."""
        for piece in pieces(text):
            if piece.name == "code-cell":
                self.flush()
                tags = re.findall(r"[\w-]+", piece.options.get("tags", ""))
                self.code(piece.body.strip("\n"), tags)
            elif piece.name == "solution-start":
                self.flush()
                self.solution, self.answer = True, ""
            elif piece.name == "solution-end":
                self.flush()
                self.solution = False
                if self.student:
                    self.add("# Your answer\n", ["answer"])
                    self.add(check_of(self.answer), ["check", "raises-exception"])
            else:
                fence = ":::" if piece.name == "admonition" else "```"
                self.prose += whole(piece, fence) if piece.name else piece.body
        self.flush()
        return self.cells


def whole(piece: Piece, fence: str) -> str:
    """Return a directive as it stood in the chapter."""
    options = "".join(f":{key}: {value}\n" for key, value in piece.options.items())
    return f"{fence}{{{piece.name}}} {piece.title}\n{options}{piece.body}{fence}"


def check_of(answer: str) -> str:
    r"""Return the code that checks an answer: the assertions of the solution.

    Example:
        >>> print(check_of("a = 2\nassert a > 1"))
        # Run this after your answer, which makes: a
        if missing := {"a"} - globals().keys():
            print("Not answered yet. Still to be made:", *sorted(missing))
        else:
            assert a > 1
            print("The check passes.")
    """
    body, text = ast.parse(answer).body, answer.split("\n")
    tests = [n for n in body if any(isinstance(part, ast.Assert) for part in ast.walk(n))]
    within = names_of(tests, ast.Store)
    wanted = sorted(names_of(tests, ast.Load) & names_of(body, ast.Store) - within)
    lines = [line for test in tests for line in text[test.lineno - 1 : test.end_lineno]]
    lines = ["    " + line for line in [*lines, 'print("The check passes.")']]
    if not wanted:
        return "\n".join(["# Run this after your answer", *(line[4:] for line in lines)])
    names = ", ".join(f'"{name}"' for name in wanted)
    return "\n".join(
        [
            f"# Run this after your answer, which makes: {', '.join(wanted)}",
            f"if missing := {{{names}}} - globals().keys():",
            '    print("Not answered yet. Still to be made:", *sorted(missing))',
            "else:",
            *lines,
        ]
    )


def names_of(nodes: list[ast.stmt], use: type[ast.expr_context]) -> set[str]:
    """Return the names that statements load or store; a function stores its own."""
    parts = [part for node in nodes for part in ast.walk(node)]
    found = {n.id for n in parts if isinstance(n, ast.Name) and isinstance(n.ctx, use)}
    defined = {n.name for n in parts if isinstance(n, ast.FunctionDef)}
    return found | defined if use is ast.Store else found


def notebook_of(
    page: str, book: Book, record: NotebookNode | None, *, student: bool, outputs: bool
) -> NotebookNode:
    """Return the notebook of a chapter.

    Args:
        page: The chapter, such as "book/models/hodgkin-huxley".
        book: The book.
        record: The chapter as it was last executed, if it was.
        student: Whether to cut the solutions.
        outputs: Whether to keep the outputs of the last run.
    """
    text = (book.root / f"{page}.md").read_text(encoding="utf-8").split("\n---\n", 1)[-1]
    results = outputs_of(record)
    translate = Translator(book, page, told(results))
    cells = Maker(translate, results if outputs else [], student=student).make(text)
    if any(cell.cell_type == "code" for cell in cells):
        setup = FOUND.format(folder=Path(page).parent.as_posix())
        hidden = {"tags": ["setup"], "jupyter": {"source_hidden": True}}
        cells.insert(1, new_code_cell(setup, metadata=hidden))
    if works := book.cited(text):
        lines = "\n".join(f"- {work.line}" for work in works)
        cells.append(new_markdown_cell(f"## References\n\n{lines}"))
    bring_scripts(cells)
    return finished(cells, page)


def finished(cells: list, page: str) -> NotebookNode:
    """Return a notebook of cells, which remembers how it was made."""
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = new_notebook(cells=cells, metadata=kernel)
    notebook.metadata["mechfit"] = {"page": page, "made": digest(notebook)}
    return notebook


def digest(notebook: NotebookNode) -> str:
    """Return a fingerprint of what stands in a notebook's cells."""
    words = "\0".join(f"{cell.cell_type} {cell.source}" for cell in notebook.cells)
    return hashlib.sha256(words.encode()).hexdigest()[:16]
