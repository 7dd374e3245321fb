"""Plans add up, every chapter has its notes, and the handout is one page that runs."""

import re

import numpy as np
import pytest
import teaching_plans
from builtbook import ROOT, open_page, pages
from chapter_keys import CELL
from chapter_minutes import EXERCISES
from notebook_cells import check_of, notebook_of
from plain_markdown import Book
from teaching_plans import Hour, kinds_of, table
from test_template import SOLUTION, WIDTH, cells

from book.artefacts import capstone

TEXT = """# Title

````{exercise-start} Check
:label: ex-a
````
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.md").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(teaching_plans.running_times, "stored", lambda: {"book/a": 41.2})
    return tmp_path


def test_a_plan_adds_up_talk_and_exercises(root):
    hours = [Hour(20, "Begin."), Hour(30, "Work.", "book/a", ("ex-a",)), Hour(10, "End.")]
    lines = table(hours, 9 * 60, 65, root)
    assert [line.split("|")[1].strip() for line in lines[2:5]] == ["9:00", "9:20", "9:55"]
    assert lines[3].endswith("| 35 | Work. | {doc}`/book/a`; {ref}`ex-a` | 41 s |")
    assert lines[-1] == "It ends at 10:05; 5 minutes of it are exercises."


def test_a_plan_that_is_too_long_is_refused(root):
    with pytest.raises(ValueError, match="takes 61 minutes, and there are 60"):
        table([Hour(61, "Talk.")], 0, 60, root)


def test_a_plan_names_exercises_that_exist(root):
    with pytest.raises(ValueError, match="'book/a' has no exercise ex-b"):
        table([Hour(1, "Work.", "book/a", ("ex-a", "ex-b"))], 0, 60, root)
    assert kinds_of(TEXT) == {"ex-a": "Check"}


def test_the_plans_of_the_guide_fit_and_name_exercises_that_exist():
    guide = (ROOT / "book" / "teach" / "guide.md").read_text(encoding="utf-8")
    plans = re.findall(r"^```\{plan\} \S+\n:minutes: (\d+)\n\n(.*?)^```", guide, re.M | re.S)
    assert len(plans) == 3
    for minutes, rows in plans:
        lines = table([Hour.read(row) for row in rows.splitlines()], 0, int(minutes))
        assert len(lines) == len(rows.splitlines()) + 4


def test_every_chapter_has_a_question_misconceptions_and_its_minutes():
    notes = (ROOT / "book" / "teach" / "chapters.md").read_text(encoding="utf-8")
    parts = re.split(r"^### \{doc\}`(.+) </(book/[\w/-]+)>`\n", notes, flags=re.M)
    told = dict(zip(parts[2::3], parts[3::3], strict=True))
    titles = Book.read(ROOT).titles
    assert parts[1::3] == [titles[page] for page in told]
    around = ("book/appendix/", "book/teach/", "book/live/")
    assert list(told) == [page for page in pages()[1:] if not page.startswith(around)]
    for page, note in told.items():
        assert f"{{minutes}}`{page}`" in note
        assert "**Ask first.**" in note
        assert "**Misconceptions.**" in note
        assert re.search(r"\*\*Discuss\.\*\* .+\?", note)
        assert re.search(r"\*\*(Do not leave|Leave) out", note)


def test_hints_are_folded_in_a_students_notebook():
    made = notebook_of("book/teach/capstone", Book.read(ROOT), None, student=True, outputs=False)
    text = "\n".join(cell.source for cell in made.cells)
    assert text.count("<details><summary>Hint") == 4
    assert "44503199" not in text


def test_the_capstone_checks_answers_without_telling_them():
    text = (ROOT / "book" / "teach" / "capstone.md").read_text(encoding="utf-8")
    for options, source in cells(text):
        assert "hide" in options or max(map(len, source.split("\n"))) <= WIDTH
    tasks = kinds_of(text)
    assert len(tasks) == 7
    assert set(tasks.values()) == set(EXERCISES)
    solutions = {match[2]: match[3] for match in SOLUTION.finditer(text)}
    assert list(solutions) == list(tasks)
    for solution in solutions.values():
        check = check_of("\n".join(source for _, source in cells(solution)))
        assert "assert" in check
        for told in ("g_leak", "44503199", '"sigma"'):
            assert told not in check
        assert len(CELL.sub("", solution).split()) > 30


@pytest.mark.slow
def test_the_recordings_of_the_capstone_are_those_of_its_secret():
    text = (ROOT / "book" / "teach" / "capstone.md").read_text(encoding="utf-8")
    secret = int(re.search(r"secret = (\d+)", text)[1])
    stored = np.loadtxt(capstone.FILE, delimiter=",", skiprows=1)
    np.testing.assert_allclose(capstone.recordings(secret), stored, atol=0.01)
    assert capstone.neuron(secret)[1] in capstone.CHANNELS


@pytest.mark.slow
def test_the_code_of_the_handout_runs(capsys):
    handout = (ROOT / "book" / "teach" / "handout.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", handout, re.S)[1].replace("10_000", "400")
    made = {}
    exec(code.replace("prior, seed", "prior, members=1, seed"), made)
    assert made["draws"].shape == (1000, 8)
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.browser
def test_the_handout_prints_on_one_page(site, browser):
    page = open_page(browser, f"{site}/book/teach/handout.html", site)
    page.tab.emulate_media(media="print")
    pdf = page.tab.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
