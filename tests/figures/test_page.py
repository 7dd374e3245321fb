"""A page of charts is one file that asks for nothing else."""

import re

import altair as alt

from mechfit.figures import html_page, html_table


def test_a_page_brings_the_scripts_once():
    chart = alt.Chart(alt.Data(values=[{"a": 1}])).mark_point().encode(x="a:Q")
    page = html_page("a < b", ["<p>words</p>", chart, chart])
    assert page.count("mechfitDraw = function") == 1
    assert page.count('class="mechfit-chart"') == 2
    assert "<title>a &lt; b</title>" in page
    assert not re.search(r'(?:src|href)="http', page)


def test_a_table_is_reached_by_the_keyboard():
    table = html_table(["name", "value"], [["<x>", "1"]])
    assert 'tabindex="0"' in table
    assert "<td>&lt;x&gt;</td><td>1</td>" in table


def test_symbols_in_a_table_have_subscripts():
    table = html_table(["name", "value"], [["ḡ_Na,dend (mS/cm²)", "1"], ["rest_mean", "2"]])
    assert "<td>ḡ<sub>Na,dend</sub> (mS/cm²)</td>" in table
    assert "<td>rest_mean</td>" in table
