"""The notebooks made from the chapters: plain Markdown, all cells, none lost that was changed."""

import ast
import builtins
import re
import subprocess
import sys
from symtable import symtable

import nbformat
import notebooks
import page_context
import pytest
from builtbook import ROOT
from nbclient import NotebookClient
from nbformat.v4 import new_output
from notebook_cells import GLUED, check_of, finished, notebook_of
from plain_markdown import Book, Translator, pieces
from test_template import SOLUTION, cells, names

BOOK = Book.read(ROOT)
PAGES = BOOK.pages
LEFT = re.compile(r"\{[a-z:]+\}`|^(:::|`{3,}\{)|^\([\w-]+\)=$|\]\(\)", re.M)


def made(page: str, *, student: bool = False, record=None, outputs: bool = False):
    return notebook_of(page, BOOK, record, student=student, outputs=outputs)


def source_of(page: str) -> str:
    return (ROOT / f"{page}.md").read_text(encoding="utf-8")


def code_of(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("page", PAGES)
def test_prose_becomes_plain_markdown_and_links_lead_somewhere(page):
    notebook = made(page)
    nbformat.validate(notebook)
    for cell in (c for c in notebook.cells if c.cell_type == "markdown"):
        assert not LEFT.search(cell.source), LEFT.search(cell.source)
        for target in re.findall(r"\]\((?!http)([^)#]+)", cell.source):
            linked = (ROOT / page).parent.joinpath(target).resolve().relative_to(ROOT)
            assert linked.with_suffix("").as_posix() in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_readers_notebook_has_every_cell(page):
    wanted = [source.strip("\n") for _, source in cells(source_of(page))]
    assert code_of(made(page))[1:] == wanted


@pytest.mark.parametrize("page", PAGES)
def test_a_students_notebook_has_checks_in_place_of_solutions(page):
    text = source_of(page)
    notebook = made(page, student=True)
    code, tags = code_of(notebook), [c.metadata.get("tags", []) for c in notebook.cells]
    solutions = [match[3] for match in SOLUTION.finditer(text)]
    assert sum("check" in t for t in tags) == len(solutions) == sum("answer" in t for t in tags)
    for solution in solutions:
        for _, source in cells(solution):
            assert source.strip("\n") not in code
            for line in re.findall(r"^assert .*[^(\[{,]$", source, re.M):
                assert any(line in cell for cell in code), line


@pytest.mark.parametrize("page", PAGES)
def test_nothing_outside_a_solution_needs_one(page):
    """A student who skips an exercise can run all that follows."""
    known = set(dir(builtins))
    notebook = made(page, student=True)
    for cell in (c for c in notebook.cells if c.cell_type == "code"):
        stored, used = names(ast.parse(cell.source))
        if "check" not in cell.metadata.get("tags", []):
            assert not used - known - stored, cell.source
            known |= stored


@pytest.mark.parametrize("said", ["'12'", "12"])  # words, or a number as it is
def test_numbers_of_the_run_are_filled_in_and_outputs_kept_on_demand(said):
    page = "book/models/hodgkin-huxley"
    number = new_output(
        "display_data",
        {GLUED: said, "text/plain": "x"},
        metadata={"scrapbook": {"name": "hh-ramp-first"}},
    )
    chart = new_output("display_data", {"text/html": "<script>mechfitDraw(1)</script>"})
    record = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[number, chart])]
    )
    told = made(page, record=record, outputs=True)
    assert any("spike at 12 µA/cm²" in cell.source for cell in told.cells)
    first = next(cell for cell in told.cells if cell.get("outputs"))
    assert [output.data["text/html"].count("vegaEmbed") > 0 for output in first.outputs] == [True]
    assert not any(c.get("outputs") for c in made(page, record=record).cells)
    assert any("spike at … µA/cm²" in cell.source for cell in made(page).cells)


def translated(text: str) -> str:
    return Translator(BOOK, "book/models/hodgkin-huxley", {})(text)


def test_symbols_that_a_run_says_have_subscripts():
    said = {"a-pair": "ḡ_M and τ_max", "a-name": "rest_mean"}
    told = Translator(BOOK, "book/models/hodgkin-huxley", said)
    assert told("{glue:text}`a-pair`") == "ḡ<sub>M</sub> and τ<sub>max</sub>"
    assert told("{glue:text}`a-name`") == "rest_mean"
    body = '<p><span class="pasted-text">τ_max &lt; 1</span>, τ_max</p>'
    page = {"body": body}
    page_context.set_subscripts(None, "", "", page, None)
    assert page["body"] == body.replace("τ_max &lt;", "τ<sub>max</sub> &lt;")


def test_commands_that_a_run_says_are_code():
    command = "python book/artefacts/make.py hodgkin-huxley"
    told = Translator(BOOK, "book/models/hodgkin-huxley", {"a-command": command})
    assert told("{glue:text}`a-command`") == f"`{command}`"
    page = {"body": f'<p><span class="pasted-text">{command}</span></p>'}
    page_context.set_subscripts(None, "", "", page, None)
    assert f"<code>{command}</code></span>" in page["body"]


def test_directives_and_roles_in_detail():
    assert translated("{cite:p}`hodgkin1952,dayan2001`") == (
        "([Hodgkin and Huxley, 1952](https://doi.org/10.1113/jphysiol.1952.sp004764); "
        "Dayan and Abbott, 2001)"
    )
    assert translated("{term}`neurons <action potential>`") == (
        "[neurons](../appendix/glossary.ipynb#action-potential)"
    )
    formula = translated("```{math}\n:label: hh-gate\na = b \\\\ c\n```")
    assert formula == "$$\n\\begin{aligned}\na = b \\\\ c\n\\end{aligned} \\tag{2.2}\n$$"
    assert translated("see {eq}`hh-gate`") == "see (2.2)"
    quote = translated(":::{admonition} Note\n:class: x\n\nOne.\n\nTwo.\n:::")
    assert quote == "> **Note**\n>\n> One.\n>\n> Two."
    with pytest.raises(ValueError, match="no Markdown for the directive 'margin'"):
        translated("```{margin}\nx\n```")


def test_a_check_says_what_is_missing(capsys):
    check = check_of("a = [1]\nb = 2\nassert a[0] < b, 'order'")
    exec(check, {"a": [1]})
    assert capsys.readouterr().out == "Not answered yet. Still to be made: b\n"
    exec(check, {"a": [1], "b": 2})
    assert "passes" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="order"):
        exec(check, {"a": [3], "b": 2})


def test_pieces_put_together_are_the_chapter():
    text = source_of("book/models/hodgkin-huxley")
    assert sum(p.name == "code-cell" for p in pieces(text)) == len(cells(text))


def test_a_changed_notebook_is_left_alone(tmp_path):
    path = tmp_path / "a.ipynb"
    one, two = (
        finished([nbformat.v4.new_code_cell(text)], "book/a") for text in ["x = 1", "x = 2"]
    )
    assert notebooks.write(one, path)
    run = nbformat.read(path, 4)
    run.cells[0].outputs = [new_output("stream", text="kept")]
    nbformat.write(run, path)
    assert notebooks.write(one, path)
    assert nbformat.read(path, 4).cells[0].outputs
    assert notebooks.write(two, path)
    assert nbformat.read(path, 4).cells[0].source == "x = 2"
    run.cells[0].source = "x = 3  # mine"
    nbformat.write(run, path)
    assert not notebooks.write(two, path)
    assert nbformat.read(path, 4).cells[0].source == "x = 3  # mine"


def executed(path, **options):
    notebook = nbformat.read(path, 4)
    place = {"metadata": {"path": str(path.parent)}}
    return NotebookClient(notebook, timeout=300, resources=place, **options).execute()


@pytest.mark.slow
def test_a_folder_of_notebooks_runs_anywhere(tmp_path):
    page = "book/models/three-levels"
    notebooks.copy_files(tmp_path)
    notebooks.write(made(page, student=True), tmp_path / f"{page}.ipynb")
    run = executed(tmp_path / f"{page}.ipynb")
    assert "vegaEmbed" in str(run.cells)
    said = [o.get("text", "") for c in run.cells for o in c.get("outputs", [])]
    assert any(text.startswith("Not answered yet") for text in said)


@pytest.mark.slow
def test_a_notebook_alone_says_in_a_sentence_what_is_missing(tmp_path):
    path = tmp_path / "three-levels.ipynb"
    notebooks.write(made("book/models/three-levels"), path)
    run = executed(path, allow_errors=True)
    told = next(o for c in run.cells for o in c.get("outputs", []) if o.output_type == "error")
    assert len(told.traceback) == 1
    assert "no folder above" in told.traceback[0]


def test_the_command_line_explains_itself():
    told = subprocess.run(
        [sys.executable, "book/_ext/notebooks.py", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "--student" in told.stdout


def stored(source: str) -> set[str]:
    """Names that code leaves behind."""
    symbols = symtable(source, "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned()}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_check_waits_for_is_made_by_its_answer_alone(page):
    code = [c.source for c in made(page, student=True).cells if c.cell_type == "code"]
    checks = re.findall(
        r"^# Run this after your answer, which makes: (.*)$", "\n".join(code), re.M
    )
    wanted = [name for names_ in checks for name in names_.split(", ")]
    others = [source for source in code if not source.startswith("# Run this after your answer")]
    left = set().union(*map(stored, others)) - freed(others)
    assert not left & set(wanted)
    assert sorted(wanted) == sorted(set(wanted))


def freed(code: list[str]) -> set[str]:
    """Names that code deletes."""
    nodes = (node for source in code for node in ast.walk(ast.parse(source)))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
