"""Pieces add up to the bars, in one order everywhere, and the chosen current is lit in all."""

import json
import re

import numpy as np
import pytest

from mechfit.figures import POSTERIOR, SAMPLE, spending
from tests.figures import drawing

TITLE = "What the reader should see"
NAMES, CHANNELS = ["thrifty", 'it\'s "lavish"'], ["AB/PD", "LP"]
CURRENTS = ["leak", "Na", "KCa", "H"]
SPENT = np.array([[[1.0, 4, 2, 0], [1, 3, 0.01, 1]], [[2, 20, 10, 0.5], [1, 1, 5, 3]]])
ORDER = [1, 2, 0, 3]
FULL = 630 - 94


def spec_of(**change) -> dict:
    given = {"spent": SPENT, "names": NAMES, "currents": CURRENTS, "unit": "nW/cm²"}
    return spending(**{**given, "title": TITLE, "channels": CHANNELS, **change}).to_dict()


def drawn(spec: dict, chosen: int = 1, page: int = 630) -> str:
    return drawing.drawn(spec, page, chosen=[{"i": chosen}])


def pieces(svg: str) -> list[tuple[float, float, float, str, str]]:
    """Left end, right end, height in the chart, color and opacity of each piece."""
    found = re.findall(
        r'<line transform="translate\(([-\d.]+),([-\d.]+)\)" x2="([-\d.]+)" y2="0" '
        rf'stroke="({POSTERIOR}|{SAMPLE})" stroke-opacity="([\d.]+)"',
        svg,
    )
    return [(float(x), float(x) + float(x2), float(y), c, o) for x, y, x2, c, o in found]


def test_pieces_add_up_in_the_order_of_cost():
    rows = pieces(drawn(spec_of()))
    assert len(rows) == (SPENT > 0).sum()
    bars = SPENT.reshape(4, 4)[:, ORDER]
    for y, bar in zip(sorted({r[2] for r in rows}), bars, strict=True):
        mine = [r for r in rows if r[2] == y]
        edges = np.r_[0, bar[bar > 0].cumsum()] / 32.5 * FULL
        assert [r[0] for r in mine] == pytest.approx(edges[:-1], abs=0.1)
        assert [r[1] for r in mine] == pytest.approx(edges[1:] - 1, abs=0.1)


@pytest.mark.parametrize(("chosen", "shares"), [(1, (58, 49)), (3, (8.3, 8.2))])
def test_the_chosen_current_is_lit_in_every_bar(chosen, shares):
    svg = drawn(spec_of(), chosen)
    lit = [r for r in pieces(svg) if r[3] == SAMPLE]
    assert len(lit) == (SPENT[:, :, chosen] > 0).sum()
    current = CURRENTS[chosen]
    assert f">thrifty: 12 nW/cm², {current} {shares[0]} %<" in svg
    assert f'"lavish": 42.5 nW/cm², {current} {shares[1]} %<' in svg.replace("&quot;", '"')


def test_neighbors_differ_in_shade():
    rows = [r for r in pieces(drawn(spec_of(), 3)) if r[3] == POSTERIOR]
    assert [r[4] for r in rows[:3]] == ["0.5", "0.24", "0.5"]


def test_names_stand_where_they_fit():
    svg = drawn(spec_of())
    needed = np.array([6.6 * len(current) + 6 for current in CURRENTS])
    wide = needed < SPENT / 32.5 * FULL
    for i, current in enumerate(CURRENTS):
        assert svg.count(f">{current}<") == wide[:, :, i].sum()
    assert not wide[0, 1, 2]
    assert all(f">{total}<" in svg for total in ("7", "5.01", "32.5", "10"))


def test_a_narrow_page_has_fewer_names_and_the_same_pieces():
    wide, narrow = drawn(spec_of()), drawn(spec_of(), page=334)
    assert float(narrow.split('width="')[1].split('"')[0]) <= 345
    named = [sum(svg.count(f">{current}<") for current in CURRENTS) for svg in (wide, narrow)]
    assert 0 < named[1] < named[0]
    ends = [np.array([row[0] for row in pieces(svg)]) for svg in (wide, narrow)]
    assert ends[1] == pytest.approx(ends[0] * (334 - 94) / FULL, abs=0.1)


def test_every_click_has_a_menu():
    chosen = next(p for p in spec_of(start="H")["params"] if p["name"] == "chosen")
    assert chosen["value"] == [{"i": 3}]
    assert chosen["bind"]["options"] == ORDER
    assert chosen["bind"]["labels"] == ["Na", "KCa", "leak", "H"]
    assert next(p for p in spec_of()["params"] if p["name"] == "chosen")["value"] == [{"i": 1}]


def test_it_tells_what_it_shows_and_fits_the_page():
    spec = spec_of()
    assert spec["description"].startswith(
        "thrifty spends 12 nW/cm²: AB/PD 7, LP 5.01, most of all on Na (58 %); it's"
    )
    assert spec_of(description="In my words.")["description"] == "In my words."
    svg = drawn(spec)
    assert 300 < float(svg.split('width="')[1].split('"')[0]) <= 640
    assert all(f">{word}<" in svg for word in ("energy (nW/cm²)", "LP", "30", TITLE))


def test_it_is_small():
    spent = np.random.default_rng(1).random((8, 3, 9))
    words = {"names": [f"circuit {i}" for i in range(8)], "channels": ["AB/PD", "LP", "PY"]}
    spec = spec_of(spent=spent, currents=[f"current {i}" for i in range(9)], **words)
    assert len(json.dumps(spec, ensure_ascii=False).encode()) < 150_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spent": SPENT[:1]}, r"spent has shape \(1, 2, 4\), expected \(2, 2, 4\)"),
        ({"spent": SPENT * np.nan}, "spent has non-finite values"),
        ({"spent": -SPENT}, "spent from -20 to -0 and start 'H', expected energies from 0 on"),
        (
            {"spent": 0 * SPENT},
            "spent from 0 to 0 .* expected energies from 0 on, not all of them",
        ),
        ({"start": "Ca"}, "start 'Ca', expected .* one of leak, Na, KCa, H"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_clear_errors(change, message):
    with pytest.raises(ValueError, match=message):
        spec_of(**change)
