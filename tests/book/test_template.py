"""Every chapter, and the template itself, has the parts of book/template.md in their order."""

import ast
import builtins
import re

import pytest
from builtbook import ROOT, pages
from chapter_keys import CELL, OPTIONS

AROUND = ("book/appendix/", "book/teach/", "book/live/")
CHAPTERS = [page for page in pages()[1:] if not page.startswith(AROUND)]
LIVE = [page for page in pages() if page.startswith("book/live/")]
PARTS = {
    "notebook header": r"\A---\njupytext:\n(?:.*\n)*?kernelspec:",
    "label and title": r"^\([a-z0-9-]+\)=\n# \S",
    "question": r"(?<=\n\n)[A-Z][^\n]{20,}",
    "imports cell": r"^```\{code-cell\}[^\n]*\n:tags: \[hide-input\]\n\n(?:import|from) ",
    "interactive figure": r"^```\{code-cell\}[^\n]*\n:tags: \[(?:remove|hide)-input\]\n",
    "You will be able to": r"^:::\{admonition\} You will be able to\n:class: objectives\n\n?- ",
    "You need": r"^:::\{admonition\} You need\n(?:(?!:::).*\n)*?- .*(?:\{doc\}|\{ref\}|\]\()",
    "minutes": r"^```\{minutes\}\n```",
    "section": r"^## (?!Summary|Exercises|Further)\S",
    "Where this breaks": r"^:::\{admonition\} Where this breaks\n:class: warning\n",
    "Summary": r"^## Summary\n\n(?:- [^\n]+\n(?:  [^\n]+\n)*){3}\n+(?![-*] )",
    "Further reading": r"^## Further reading\n[^#]*\{cite",
}
LIVE_PARTS = {
    "label and title": PARTS["label and title"],
    "question": PARTS["question"],
    "live picture": r"^```\{code-cell\}[^\n]*\n:tags: \[hide-input\]\n(?:(?!```).*\n)*in_page\(",
    "What you see": r"^\*\*What you see\.\*\* ",
    "three things to try": r"^\*\*What to try\.\*\*\n\n(?:- [^\n]+\n(?:  [^\n]+\n)*){3}\n(?!- )",
    "What this does not tell": r"^## What this does not tell\n",
}
"""A page of a live picture is short: no exercises, and the chapter that explains it is linked."""
EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\}[^\n]*\n:label: ([\w-]+)", re.M)
SOLUTION = re.compile(
    r"^(`{3,})\{solution-start\} ([\w-]+)\n:class: dropdown\n\1\n(.*?)^`{3,}\{solution-end\}",
    re.M | re.S,
)
HIDDEN = re.compile(r"hide-input|remove-input|hide-cell|remove-cell")
IMPORT = (ast.Import, ast.ImportFrom)
LINES, WIDTH, FOLDED_WIDTH = 15, 78, 125


@pytest.fixture(params=[*CHAPTERS, "book/template"])
def text(request) -> str:
    return (ROOT / f"{request.param}.md").read_text(encoding="utf-8")


@pytest.fixture(params=[*CHAPTERS, *LIVE, "book/template"])
def written(request) -> str:
    """A chapter or a page of a live picture."""
    return (ROOT / f"{request.param}.md").read_text(encoding="utf-8")


def cells(text) -> list[tuple[str, str]]:
    """Options and source of every code cell."""
    bodies = [match["body"] for match in CELL.finditer(text)]
    sources = [OPTIONS.sub("", body) for body in bodies]
    return [(body[: len(body) - len(s)], s) for body, s in zip(bodies, sources, strict=True)]


def test_parts_in_order(text):
    position = 0
    for part, pattern in PARTS.items():
        found = re.compile(pattern, re.M).search(text, position)
        assert found, f"{part!r} is missing, or comes too early"
        position = found.start() + 1


@pytest.mark.parametrize("page", LIVE)
def test_parts_of_a_live_page_in_order(page):
    text, position = (ROOT / f"{page}.md").read_text(encoding="utf-8"), 0
    for part, pattern in LIVE_PARTS.items():
        found = re.compile(pattern, re.M).search(text, position)
        assert found, f"{part!r} is missing, or comes too early"
        position = found.start() + 1
    chapters = re.findall(r"\{doc\}`/(book/[a-z-]+/[a-z-]+)`", text)
    assert set(chapters) & set(CHAPTERS), "no link to a chapter that explains it"


def test_the_next_chapter_is_told_by_the_contents_alone(text):
    assert "Next:" not in text.split("## Further reading")[1]


def test_summary_has_three_lines(text):
    summary = text.split("\n## Summary\n")[1].split("\n## ")[0].split("\n(")[0]
    assert len(re.findall(r"^[-*] ", summary, re.M)) == 3


def test_three_to_five_exercises_with_checked_solutions(text):
    exercises = EXERCISE.findall(text)
    solutions = {match[2]: match[3] for match in SOLUTION.finditer(text)}
    assert 3 <= len(exercises) <= 5
    assert sorted(exercises) == sorted(solutions)
    for label, solution in solutions.items():
        asserts = [
            source for _, source in cells(solution) if re.search(r"^ *assert ", source, re.M)
        ]
        assert asserts, f"the solution of {label} asserts nothing"
        explained = len(CELL.sub("", solution).split())
        assert explained >= 14, f"the solution of {label} explains little"


def test_exercises_are_graded(text):
    """By kind: one to check and one to break, of four or more one of every kind."""
    kinds = re.findall(r"^`{3,}\{exercise-start\} *([^\n]*)", text, re.M)
    assert set(kinds) <= {"Check", "Compute", "Explore", "Break it"}
    assert {"Check", "Break it"} <= set(kinds)
    if len(kinds) >= 4:
        assert {"Compute", "Explore"} <= set(kinds)


def test_imports_stand_in_one_cell(written):
    importing = []
    for _, source in cells(written):
        tree = ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M))
        if any(isinstance(node, IMPORT) for node in ast.walk(tree)):
            importing.append(source)
    assert len(importing) == 1, f"{len(importing)} cells import"


def test_no_long_cells(written):
    for options, source in cells(written):
        lines = source.strip().count("\n") + 1
        if not HIDDEN.search(options):
            assert lines <= LINES, f"{lines} visible lines:\n{source}"


def test_shown_code_fits_its_column(written):
    for options, source in cells(written):
        if "remove-cell" in options or "remove-input" in options:
            continue
        wide = FOLDED_WIDTH if HIDDEN.search(options) else WIDTH
        assert not [line for line in source.split("\n") if len(line) > wide]


def names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Names that a piece of code makes, and those that it uses."""
    made, used = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                made.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                made.add(name)
            case ast.ExceptHandler(name=str(name)):
                made.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                made |= {(alias.asname or alias.name).split(".")[0] for alias in aliases}
    return made, used


def test_what_a_reader_sees_runs(written):
    """Nothing in view or folded uses a name that was made in a removed cell."""
    known, seen, all_lines = set(dir(builtins)), 0, 0
    for options, source in cells(written):
        lines = source.strip().count("\n") + 1
        all_lines += lines
        if "remove" in options:
            continue
        seen += lines
        made, used = names(ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M)))
        assert not used - known - made, source
        known |= made
    assert seen >= all_lines / 2


def test_the_seed_is_stated(written):
    shown = [source for options, source in cells(written) if "remove" not in options]
    assert any(re.search(r"^seed = \d+", source, re.M) for source in shown)


def told_by(text) -> tuple[set[str], bool]:
    """Names that the cells store by `say` or `glue`, and whether some are computed."""
    made, computed = set(), False
    for _, source in cells(text):
        tree = ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M))
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id == "say":
                made |= {k.arg.replace("_", "-") for k in call.keywords if k.arg}
                computed |= any(k.arg is None for k in call.keywords)
            elif call.func.id == "glue":
                fixed = isinstance(call.args[0], ast.Constant)
                made |= {call.args[0].value} if fixed else set()
                computed |= not fixed
    return made, computed


def test_glued_numbers_are_used_and_exist(text):
    made, computed = told_by(text)
    used = set(re.findall(r"\{glue:?[a-z]*\}`([\w-]+)", text))
    used |= set(re.findall(r"^`{3,}\{glue:?[a-z]*\} ([\w-]+)", text, re.M))
    assert used, "no number of this chapter is glued from its run"
    if not computed:  # names may be made in a loop
        assert used <= made
