"""Plans of courses: `{plan}` adds up the hours of a day from its rows.

A row says minutes, what they must achieve, and then, if it works through a chapter, the page and
the labels of exercises that are done in class, with `|` between. Minutes of exercises follow from
their kinds (chapter_minutes), seconds of running from running_times.json. A plan that is longer
than its option `minutes` fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import running_times
from chapter_minutes import EXERCISES
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
EXERCISE = re.compile(r"^`{3,}\{exercise-start\} *([^\n]*)\n:label: ([\w-]+)", re.M)


WIDTHS = (8, 12, 38, 33, 9)
"""Percent of the table that each column takes."""


@dataclass(frozen=True)
class Hour:
    """A stretch of a course: minutes of talk, and of exercises by their labels."""

    talk: int
    aim: str
    page: str = ""
    exercises: tuple[str, ...] = ()

    @classmethod
    def read(cls, line: str) -> Hour:
        """Read a row of a plan.

        Example:
            >>> Hour.read("20 | Say what a seed does. | book/models/three-levels | ex-tl-shape")
            Hour(talk=20, aim='Say what a seed does.', page='book/models/three-levels', \
exercises=('ex-tl-shape',))
        """
        talk, aim, *rest = (part.strip() for part in line.split("|"))
        page, labels = (*rest, "", "")[:2]
        return cls(int(talk), aim, page, tuple(labels.split()))

    def minutes(self, kinds: Mapping[str, str]) -> int:
        """Return its length, exercises included, given the kind of each exercise."""
        lost = [label for label in self.exercises if label not in kinds]
        if lost:
            raise ValueError(f"{self.page or self.aim!r} has no exercise {', '.join(lost)}")
        return self.talk + sum(EXERCISES[kinds[label]] for label in self.exercises)


def kinds_of(text: str) -> dict[str, str]:
    """Return the kind of each exercise of a chapter, by its label."""
    return {label: kind for kind, label in EXERCISE.findall(text)}


def clock(minutes: int) -> str:
    """Return a time of day.

    Example:
        >>> clock(9 * 60 + 5)
        '9:05'
    """
    return f"{minutes // 60}:{minutes % 60:02d}"


def table(hours: list[Hour], start: int, most: int, root: Path = ROOT) -> list[str]:
    """Return a plan as a Markdown table, with a line that adds it up.

    Args:
        hours: The rows.
        start: When it begins, in minutes after midnight.
        most: Minutes that there are; a longer plan raises a ValueError.
        root: Folder of the checkout.
    """
    seconds, now, solve = running_times.stored(), start, 0
    lines = ["| at | minutes | what it must achieve | in class | runs |", "|---|--:|---|---|--:|"]
    for hour in hours:
        text = (root / f"{hour.page}.md").read_text(encoding="utf-8") if hour.page else ""
        long, page = hour.minutes(kinds_of(text)), ""
        solve += long - hour.talk
        if hour.page:
            page = f"{{doc}}`/{hour.page}`"
            page += "".join(f"; {{ref}}`{label}`" for label in hour.exercises)
        runs = f"{seconds[hour.page]:.0f} s" if hour.page in seconds else ""
        lines.append(f"| {clock(now)} | {long} | {hour.aim} | {page} | {runs} |")
        now += long
    if now - start > most:
        raise ValueError(f"the plan takes {now - start} minutes, and there are {most}")
    return [*lines, "", f"It ends at {clock(now)}; {solve} minutes of it are exercises."]


class Plan(SphinxDirective):
    """`{plan} 9:00`, with the minutes that there are as its option, and one row a line."""

    has_content = True
    required_arguments = 1
    option_spec = {"minutes": directives.positive_int}

    def run(self) -> list:
        """Parse the table as Markdown, so that its links are checked like all others."""
        begin, minute = map(int, self.arguments[0].split(":"))
        hours = [Hour.read(line) for line in self.content if line.strip()]
        try:
            lines = table(hours, 60 * begin + minute, self.options["minutes"])
        except ValueError as error:
            raise self.error(str(error)) from error
        for page in {hour.page for hour in hours} - {""}:
            self.env.note_dependency(str(ROOT / f"{page}.md"))
        parsed = self.parse_text_to_nodes("\n".join(lines))
        parsed[0]["classes"].append("colwidths-given")
        for column, width in zip(parsed[0].findall(nodes.colspec), WIDTHS, strict=True):
            column["colwidth"] = width
        return parsed


def setup(app) -> None:
    """Register the directive."""
    app.add_directive("plan", Plan)
