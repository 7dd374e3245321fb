"""Minutes to read, to solve and to run: `{minutes}` and `{timings}`.

Reading counts the prose at 200 words a minute, 20 seconds for a cell of shown code, 30 for a
formula and 60 for a chart; exercises count apart, by their kind. Running times are those that
running_times.py stored on an idle machine, else those of the execution that myst-nb recorded. Both
directives leave a placeholder that is filled when the page is written, after every page was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import running_times
from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util.docutils import SphinxDirective, SphinxRole

SECONDS = {"words": 60 / 200, "cells": 20, "formulas": 30, "charts": 60}
EXERCISES = {"Check": 5, "Compute": 10, "Explore": 10, "Break it": 15}
"""Minutes for an exercise of each kind, as its title names it."""
NOT_PROSE = (nodes.literal_block, nodes.math_block, nodes.math, nodes.raw, nodes.comment)


@dataclass
class Effort:
    """What there is to read on a page, and the minutes of its exercises."""

    words: int = 0
    cells: int = 0
    formulas: int = 0
    charts: int = 0
    exercises: int = 0

    @property
    def reading(self) -> int:
        """Minutes to read, at least one.

        Example:
            >>> Effort(words=450, charts=2).reading
            5
        """
        return max(1, ceil(sum(getattr(self, k) * s for k, s in SECONDS.items()) / 60))


class Placeholder(nodes.General, nodes.Inline, nodes.Element):
    """Stands for a text that is known once all pages have been read."""


class Minutes(SphinxDirective):
    """`{minutes}`: one line with the minutes to read, to solve and to run this page."""

    def run(self) -> list[nodes.Node]:
        """Leave the placeholder in a paragraph of its own."""
        return [nodes.paragraph("", "", Placeholder(what="page"), classes=["minutes"])]


class TotalMinutes(SphinxRole):
    """``{minutes}`read` ``, `solve` and `run`: the time of all chapters; a page: its line."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave the placeholder in the running text."""
        _note_summary_page(self.env)
        return [Placeholder(what=self.text)], []


class Timings(SphinxDirective):
    """`{timings}`: a table of the minutes of every chapter."""

    def run(self) -> list[nodes.Node]:
        """Leave the placeholder."""
        _note_summary_page(self.env)
        return [Placeholder(what="table")]


def duration(seconds: float) -> str:
    """Return a time in words, rounded as a reader would.

    Example:
        >>> duration(0.4), duration(41.2), duration(100), duration(9000)
        ('1 second', '42 seconds', '2 minutes', '2.5 hours')
    """
    if seconds <= 90:
        return _counted(max(1, ceil(seconds)), "second")
    if seconds < 7200:
        return _counted(round(seconds / 60), "minute")
    return f"{seconds / 3600:.1f}".removesuffix(".0") + " hours"


def page_line(effort: Effort, seconds: float | None) -> str:
    """Return the line that `{minutes}` prints."""
    parts = [f"{_counted(effort.reading, 'minute')} to read"]
    if effort.exercises:
        parts.append(f"{_counted(effort.exercises, 'minute')} of exercises")
    if seconds is not None:
        parts.append(f"{duration(seconds)} to run")
    return " · ".join(parts)


def effort_of(doctree: nodes.document) -> Effort:
    """Count what there is to read on a page; of exercises and solutions only their minutes."""
    effort = Effort()
    for text in doctree.findall(nodes.Text):
        parents = list(_parents(text))
        apart = any(isinstance(p, NOT_PROSE) or p.get("nb_element") for p in parents)
        effort.words += 0 if apart or _is_exercise(parents) else len(text.astext().split())
    for node in doctree.findall(nodes.Element):
        if _is_exercise(_parents(node)):
            continue
        effort.formulas += isinstance(node, nodes.math_block)
        effort.charts += isinstance(node, nodes.raw) and "mechfitDraw(" in node.astext()
        effort.cells += _is_shown_code(node)
        if "exercise" in node.get("classes", []):
            title = next(iter(node.findall(nodes.title)), node).astext()
            effort.exercises += next((m for k, m in EXERCISES.items() if k in title), 0)
    return effort


def count_page(app, doctree) -> None:
    """Store the effort of the page that was read."""
    _efforts(app.env)[app.env.docname] = effort_of(doctree)


def forget_page(app, env, docname) -> None:
    """Forget a page that is read again or gone."""
    _efforts(env).pop(docname, None)
    _summary_pages(env).discard(docname)


def rewrite_summaries(app, env) -> list[str]:
    """Return the pages that show other pages' times, if a chapter was read."""
    return sorted(_summary_pages(env)) if NbMetadataCollector.new_exec_data(env) else []


def fill_placeholders(app, doctree, docname) -> None:
    """Replace every placeholder of a page that is about to be written."""
    for node in list(doctree.findall(Placeholder)):
        node.replace_self(_filling(app, docname, node["what"]))


def _filling(app, docname: str, what: str) -> nodes.Node:
    efforts, chapters = _efforts(app.env), _chapters(app.env)
    page = docname if what == "page" else what
    if page in efforts:
        return nodes.Text(page_line(efforts[page], _seconds(app.env, page)))
    if what == "table":
        return _table(app, docname, chapters)
    total = {
        "read": 60 * sum(efforts[chapter].reading for chapter in chapters),
        "solve": 60 * sum(efforts[chapter].exercises for chapter in chapters),
        "run": sum(_seconds(app.env, chapter) for chapter in chapters),
    }
    if what not in total:
        raise ValueError(f"{docname}: {{minutes}} knows {', '.join(total)}, not {what!r}")
    return nodes.Text(duration(total[what]))


def _table(app, docname: str, chapters: list[str]) -> nodes.table:
    rows, total = [], [0.0, 0.0, 0.0]
    for chapter in chapters:
        title = app.env.titles[chapter].astext()
        uri = app.builder.get_relative_uri(docname, chapter)
        effort = _efforts(app.env)[chapter]
        times = effort.reading, effort.exercises, _seconds(app.env, chapter)
        total = [a + b for a, b in zip(total, times, strict=True)]
        rows.append((nodes.reference("", title, refuri=uri, internal=True), *_numbers(*times)))
    rows.append((nodes.strong("", "All chapters"), *_numbers(*total)))

    group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in (49, 17, 17, 17)), cols=4)
    header = ("Chapter", "Minutes to read", "Minutes of exercises", "Seconds to run")
    group += nodes.thead("", _row(header))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["timings"])


def _numbers(read: float, solve: float, run: float) -> tuple[str, str, str]:
    return f"{read:.0f}", f"{solve:.0f}", f"{run:.0f}"


def _row(cells) -> nodes.row:
    entries = []
    for cell in cells:
        content = nodes.Text(cell) if isinstance(cell, str) else cell
        entries.append(nodes.entry("", nodes.paragraph("", "", content)))
    return nodes.row("", *entries)


def _is_exercise(parents) -> bool:
    return any({"exercise", "solution"} & set(p.get("classes", [])) for p in parents)


def _is_shown_code(node: nodes.Element) -> bool:
    """Whether a cell's code is in view, neither removed nor folded."""
    folded = {"tag_hide-input", "tag_hide-cell"} & set(node.get("classes", []))
    if node.get("nb_element") != "cell_code" or folded:
        return False
    return any(child.get("nb_element") == "cell_code_source" for child in node.children)


def _chapters(env) -> list[str]:
    """Return the executed chapters in the order of the book, without home page and appendix."""
    order = [env.config.root_doc]
    for page in order:
        order += [child for child in env.toctree_includes.get(page, []) if child not in order]
    executed = (page for page in order[1:] if _seconds(env, page) is not None)
    return [page for page in executed if not page.startswith("book/appendix/")]


def _seconds(env, docname: str) -> float | None:
    measured = (NbMetadataCollector.get_exec_data(env, docname) or {}).get("runtime")
    return None if measured is None else running_times.stored().get(docname, measured)


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _efforts(env) -> dict[str, Effort]:
    if not hasattr(env, "mechfit_efforts"):
        env.mechfit_efforts = {}
    return env.mechfit_efforts


def _summary_pages(env) -> set[str]:
    if not hasattr(env, "mechfit_summary_pages"):
        env.mechfit_summary_pages = set()
    return env.mechfit_summary_pages


def _note_summary_page(env) -> None:
    _summary_pages(env).add(env.docname)


def _parents(node: nodes.Node):
    while (node := node.parent) is not None:
        yield node


def setup(app) -> None:
    """Register the directives and what fills them."""
    app.add_node(Placeholder)
    app.add_directive("minutes", Minutes)
    app.add_role("minutes", TotalMinutes())
    app.add_directive("timings", Timings)
    app.connect("doctree-read", count_page)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-updated", rewrite_summaries)
    app.connect("doctree-resolved", fill_placeholders)
