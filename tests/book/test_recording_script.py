"""A reader's recording is read, or refused with a sentence that says what was expected."""

import json
import math

import pytest
from builtbook import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("recording")]

STATIC = ROOT / "book" / "_static"
READ = """([text, onset]) => {
  const {read, cut, Unfit} = mechfit.recording;
  try {
    const all = read(text), part = cut(all, onset);
    return {dt: all.dt, samples: all.voltage.length, used: [...part.voltage], window: part.window};
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return error.message;
  }
}"""


@pytest.fixture(scope="module")
def tab(browser):
    tab = browser.new_page()
    for script in ("compute/compute.js", "live/recording.js"):
        tab.add_script_tag(path=STATIC / script)
    yield tab
    tab.close()


def voltage(t: float) -> float:
    return 30.0 if 20 < t < 110 and t % 20 < 1 else -70 + 0.3 * math.sin(7 * t)


def trace(dt=0.05, end=120.0, start=0.0, v=voltage, mark=",", comma=False, time=1.0) -> str:
    rows = ((start + i * dt, v(i * dt)) for i in range(round(end / dt) + 1))
    lines = (f"{time * t:.8g}{mark}{u:.6g}" for t, u in rows)
    text = "\n".join(lines)
    return text.replace(".", ",") if comma else text


def swapped(text: str) -> str:
    return "\n".join(",".join(reversed(line.split(","))) for line in text.split("\n"))


GOOD = {
    "plain": (trace(), 10),
    "with names": ("time_ms,voltage_mV\n" + trace(), 10),
    "with a remark, byte order mark and Windows line ends": (
        "\ufeff# my cell\ntime,V\r\n" + trace().replace("\n", "\r\n") + "\r\n\r\n",
        10,
    ),
    "semicolons": (trace(mark=";"), 10),
    "semicolons and decimal commas": (trace(mark=";", comma=True), 10),
    "commas and spaces": (trace(mark=", "), 10),
    "quotes": ('"' + trace(mark='","').replace("\n", '"\n"') + '"', 10),
    "tabs": (trace(mark="\t"), 10),
    "spaces and decimal commas": (trace(mark=" ", comma=True), 10),
    "rounded times": (
        "\n".join(f"{i * 0.025:.2f},{voltage(i * 0.025):.3f}" for i in range(4801)),
        10,
    ),
    "late": (trace(start=1000.0), 1010),
    "coarse": (trace(dt=0.2), 10),
    "fine": (trace(dt=0.005), 10),
}


@pytest.mark.parametrize("case", GOOD)
def test_good_files_are_read(tab, case):
    found = tab.evaluate(READ, list(GOOD[case]))
    assert isinstance(found, dict), found
    assert found["window"] == [10, 110]
    step = round(found["dt"], 6)
    for i in range(0, round(110 / step), 7):
        assert found["used"][i] == pytest.approx(voltage(i * step), abs=0.01), (case, i)


TIME = "Expected time in ms."
COLUMNS = "Expected two columns of numbers: time in ms, voltage in mV."
BAD = {
    "empty": (" \n", "The file is empty. " + COLUMNS),
    "text": ("Dear all,\nplease find\n", "No line of the file begins with a number. " + COLUMNS),
    "picture": ("\x89PNG\0\0", "This is no text file. " + COLUMNS),
    "one column": ("1\n2\n", "Line 1 has one column. " + COLUMNS),
    "three columns": ("0,1,2\n", "Line 1 has 3 columns. " + COLUMNS),
    "decimal commas and commas": ("0,0,-70,5\n", "Line 1 has 4 columns. " + COLUMNS),
    "NaN": ("0,-70\n0.1,NaN\n", "Line 2: the voltage is “NaN”, not a number. " + COLUMNS),
    "infinite": ("0,-70\n0.1,inf\n", "Line 2: the voltage is “inf”, not a number. " + COLUMNS),
    "word": ("0,-70\nlost,3\n", "Line 2: the time is “lost”, not a number. " + COLUMNS),
    "missing": ("t,v\n0,-70\n0.1,\n", "Line 3: the voltage is missing. " + COLUMNS),
    "few": ("0,-70\n1,-70\n", "The file has 2 lines of numbers."),
    "swapped": (swapped(trace()), "the columns seem to be swapped. Expected time in ms first"),
    "gap": (
        "\n".join(r for i, r in enumerate(trace().split("\n")) if not 600 <= i < 700),
        "The times are not equally spaced: 35 ms follows 29.95 ms.",
    ),
    "backwards": ("\n".join(reversed(trace().split("\n"))), "The times are not equally spaced"),
    "seconds": (trace(time=1e-3), "a sample every 0.00005 ms: is the time in seconds? " + TIME),
    "microseconds": (trace(time=1e3), "There is a sample every 50 ms: is the time in µs?"),
    "too coarse": (trace(dt=0.5), "a sample every 0.5 ms, too few to see spikes. Expected one "),
    "volts": (trace(v=lambda t: voltage(t) / 1e3), "are they in volts? Expected mV."),
    "huge": (trace(v=lambda t: 10 * voltage(t)), "Expected mV, between −250 and 200."),
    "short": (trace(end=60), "The recording runs from 0 to 60 ms. Expected at least 110 ms"),
    "flat": (trace(v=lambda t: -70), "The voltage is exactly −70 mV throughout."),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused_with_what_was_expected(tab, case):
    text, expected = BAD[case]
    said = tab.evaluate(READ, [text, 10])
    assert isinstance(said, str), f"was read: {json.dumps(said)[:80]}"
    assert expected in said
    assert "Expected" in said


def test_an_onset_outside_is_told_where_it_could_be(tab):
    said = tab.evaluate(READ, [trace(end=200), 150])
    assert said.endswith("and 100 ms of it: a step that begins between 10 and 100 ms.")
    assert "from 0 to 200 ms" in tab.evaluate(READ, [trace(end=200), None])


def test_a_million_rows_are_read_in_seconds(tab):
    took = tab.evaluate(
        """() => {
          const lines = Array.from({length: 1e6}, (_, i) =>
            `${(i / 100).toFixed(2)},${(-70 + Math.sin(i)).toFixed(3)}`);
          const text = lines.join("\\n"), begin = performance.now();
          mechfit.recording.cut(mechfit.recording.read(text), 10);
          return performance.now() - begin;
        }"""
    )
    assert took < 10_000
