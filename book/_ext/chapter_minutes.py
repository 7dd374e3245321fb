"""Minutes to read and to run, measured by the build: `{minutes}` and `{timings}`.

Reading time comes from the words of a page at 200 words a minute, running time from the
execution that myst-nb recorded, also when the outputs came from the cache. Both directives leave
a placeholder that is filled when the page is written, after every page has been read.
"""

from math import ceil

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util.docutils import SphinxDirective, SphinxRole

WORDS_PER_MINUTE = 200
NOT_PROSE = (nodes.literal_block, nodes.math_block, nodes.math, nodes.raw, nodes.comment)


class Placeholder(nodes.General, nodes.Inline, nodes.Element):
    """Stands for a text that is known once all pages have been read."""


class Minutes(SphinxDirective):
    """`{minutes}`: one line with the minutes to read and to run this page."""

    def run(self) -> list[nodes.Node]:
        """Leave the placeholder in a paragraph of its own."""
        return [nodes.paragraph("", "", Placeholder(what="page"), classes=["minutes"])]


class TotalMinutes(SphinxRole):
    """``{minutes}`read` `` and ``{minutes}`run` ``: the time of all chapters together."""

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


def reading_minutes(words: int) -> int:
    """Return the minutes to read, at least one.

    Example:
        >>> reading_minutes(450)
        3
    """
    return max(1, ceil(words / WORDS_PER_MINUTE))


def duration(seconds: float) -> str:
    """Return a running time in words, rounded as a reader would.

    Example:
        >>> duration(0.4), duration(41.2), duration(100)
        ('1 second', '42 seconds', '2 minutes')
    """
    if seconds <= 90:
        return _counted(max(1, ceil(seconds)), "second")
    return _counted(round(seconds / 60), "minute")


def page_line(words: int, seconds: float | None) -> str:
    """Return the line that `{minutes}` prints."""
    line = f"{_counted(reading_minutes(words), 'minute')} to read"
    if seconds is None:
        return line
    return f"{line} · {duration(seconds)} to run (measured when this page was built)"


def count_words(app, doctree) -> None:
    """Store the number of words of prose of the page that was read."""
    words = 0
    for text in doctree.findall(nodes.Text):
        parents = _parents(text)
        if not any(isinstance(p, NOT_PROSE) or p.get("nb_element") for p in parents):
            words += len(text.astext().split())
    _words(app.env)[app.env.docname] = words


def forget_page(app, env, docname) -> None:
    """Forget a page that is read again or gone."""
    _words(env).pop(docname, None)
    _summary_pages(env).discard(docname)


def rewrite_summaries(app, env) -> list[str]:
    """Return the pages that show other pages' times, if a chapter was read."""
    return sorted(_summary_pages(env)) if NbMetadataCollector.new_exec_data(env) else []


def fill_placeholders(app, doctree, docname) -> None:
    """Replace every placeholder of a page that is about to be written."""
    for node in list(doctree.findall(Placeholder)):
        node.replace_self(_filling(app, docname, node["what"]))


def _filling(app, docname: str, what: str) -> nodes.Node:
    words, chapters = _words(app.env), _chapters(app.env)
    if what == "page":
        return nodes.Text(page_line(words.get(docname, 0), _seconds(app.env, docname)))
    if what == "table":
        return _table(app, docname, chapters)
    if what == "read":
        minutes = sum(reading_minutes(words[chapter]) for chapter in chapters)
        return nodes.Text(_counted(minutes, "minute"))
    if what == "run":
        return nodes.Text(duration(sum(_seconds(app.env, chapter) for chapter in chapters)))
    raise ValueError(f"{docname}: {{minutes}} knows `read` and `run`, not {what!r}")


def _table(app, docname: str, chapters: list[str]) -> nodes.table:
    rows = []
    for chapter in chapters:
        title = app.env.titles[chapter].astext()
        uri = app.builder.get_relative_uri(docname, chapter)
        link = nodes.reference("", title, refuri=uri, internal=True)
        read = reading_minutes(_words(app.env)[chapter])
        rows.append((link, str(read), f"{_seconds(app.env, chapter):.1f}"))
    read = sum(int(row[1]) for row in rows)
    run = sum(float(row[2]) for row in rows)
    rows.append((nodes.strong("", "All chapters"), str(read), f"{run:.1f}"))

    group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in (50, 25, 25)), cols=3)
    header = ("Chapter", "Minutes to read", "Seconds to run")
    group += nodes.thead("", _row(header))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["timings"])


def _row(cells) -> nodes.row:
    entries = []
    for cell in cells:
        content = nodes.Text(cell) if isinstance(cell, str) else cell
        entries.append(nodes.entry("", nodes.paragraph("", "", content)))
    return nodes.row("", *entries)


def _chapters(env) -> list[str]:
    """Return the executed pages in the order of the book, the home page left out."""
    order = [env.config.root_doc]
    for page in order:
        order += [child for child in env.toctree_includes.get(page, []) if child not in order]
    return [page for page in order[1:] if _seconds(env, page) is not None]


def _seconds(env, docname: str) -> float | None:
    return (NbMetadataCollector.get_exec_data(env, docname) or {}).get("runtime")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _words(env) -> dict[str, int]:
    if not hasattr(env, "mechfit_words"):
        env.mechfit_words = {}
    return env.mechfit_words


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
    app.connect("doctree-read", count_words)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-updated", rewrite_summaries)
    app.connect("doctree-resolved", fill_placeholders)
