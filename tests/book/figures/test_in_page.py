"""What a page that computes is given: one network of an ensemble, and a still picture."""

import altair as alt
from builtbook import ROOT

from book.figures.in_page import first_member, in_page
from mechfit.inference import load


def test_one_network_of_an_ensemble_does_not_bear_its_verdict():
    whole = load(ROOT / "book" / "artefacts" / "pyloric-prior")
    assert "verdict" in whole.provenance["check"]
    one = first_member(whole)
    assert one.provenance["members"] == 1
    assert one.provenance["simulations"] == whole.provenance["simulations"]
    assert not {"check", "check_as_trained"} & set(one.provenance)


def test_a_still_picture_has_subscripts(monkeypatch):
    monkeypatch.setenv("MECHFIT_CHART_SCRIPTS", "page")
    still = alt.Chart(alt.Data(values=[{"a": "g_Na is rest_mean"}]), description="g_Na, a name")
    shown = in_page("infer", still.mark_text().encode(text="a:N")).data
    assert '>Na</tspan><tspan dy="-.22em"> is rest_mean</tspan></text>' in shown
    assert 'aria-label="g_Na, a name"' in shown
