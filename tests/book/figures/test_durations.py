"""Times are n / rate, said as people say them, at every stop of the slider."""

import pytest

from book.figures.durations import STOPS, UNITS, durations, human_time
from tests.figures.drawing import drawn

RATES = {
    "one at a time": 0.5,
    "32 side by side": 40.0,
    "two cores": 3000.0,
    "a cluster of 32 cores": 8e4,
    'it\'s the "whole" machine': 3e6,
}
TITLE = "More side by side, less time"


def svg_at(power: float, rates: dict[str, float] = RATES) -> str:
    """The drawing with the slider at a power of ten."""
    return drawn(durations(rates, title=TITLE), power=power)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "under 1 ms"),
        (0.00099, "under 1 ms"),
        (0.001, "1 ms"),
        (0.0333, "33 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.1 s"),
        (0.25, "0.25 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min"),
        (90.0, "1.5 min"),
        (3599.0, "1 h"),
        (16_560.0, "4.6 h"),
        (86_399.0, "1 day"),
        (100_000.0, "1.2 days"),
        (30 * 86_400.0, "30 days"),
        (31 * 86_400.0, "1 month"),
        (364 * 86_400.0, "1 year"),
        (2e8, "6.3 years"),
        (1e11, "3,200 years"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds, said):
    assert human_time(seconds) == said


def test_a_longer_time_is_never_said_shorter():
    sizes = {name: size for name, (size, _) in UNITS.items()}

    def back(text: str) -> float:
        count, unit = text.removeprefix("under ").split()
        return float(count.replace(",", "")) * sizes[unit if unit in sizes else unit[:-1]]

    times = [10 ** (k / 50) for k in range(-150, 500)]
    said = [back(human_time(t)) for t in times]
    assert said == sorted(said)
    assert said == pytest.approx(times, rel=0.051)


@pytest.mark.parametrize("stop", [0, 5, 10])
def test_a_stop_shows_its_number_and_its_times(stop):
    n, svg = STOPS[stop], svg_at(3 + stop / 2)
    assert f"{n:,} simulations take" in svg
    for rate in RATES.values():
        assert f">{human_time(n / rate)}</text>" in svg


@pytest.mark.parametrize(
    ("rates", "shown"),
    [
        ({"a": 1e3, "b": 5e3}, ["1 ms", "1 s", "1 min", "1 h", "1 day"]),
        ({"a": 0.5, "b": 2.0}, ["1 min", "1 h", "1 day", "1 month", "1 year"]),
        ({"a": 1e6, "b": 3e6}, ["1 ms", "1 s", "1 min"]),
    ],
)
def test_ticks_are_units_within_the_range(rates, shown):
    svg = svg_at(5, rates)
    words = [text.split("<")[0] for text in svg.split('role-axis-label"')[1].split(">")]
    assert [word for word in words if word.startswith("1 ")] == shown
    assert (">night<" in svg) == ("1 day" in shown)


def test_slider_starts_at_the_chosen_number():
    spec = durations(RATES, title=TITLE, chosen=3e6).to_dict()
    power = next(p for p in spec["params"] if p["name"] == "power")
    assert power["value"] == 6.5
    assert power["bind"]["name"] == "simulations, power of 10"
    assert (power["bind"]["max"] - power["bind"]["min"]) / power["bind"]["step"] == len(STOPS) - 1
    assert spec["description"].startswith(
        "How long 3,000,000 simulations take: one at a time: 2.3 months; 32 side by side: 21 h"
    )
    assert "from 1,000 to 100,000,000" in spec["description"]


def test_each_bar_says_its_time_to_screen_readers():
    svg = svg_at(6)
    for way, time in (("one at a time", "23 days"), ("two cores", "5.6 min")):
        assert f'aria-label="{way}: {time}"' in svg


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rates": {"a": 1.0, "b": 0.0}}, "'b' has rate 0.0, expected a positive"),
        ({"rates": {"a": float("inf"), "b": 1.0}}, "'a' has rate inf, expected a positive"),
        ({"chosen": 2e5}, "chosen is 200000.0, expected one of 1000, 3000"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        durations(**{"rates": RATES, "title": TITLE, **change})
