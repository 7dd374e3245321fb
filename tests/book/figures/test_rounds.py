"""Maps of rounds, rounds compared, and the formulas under the sliders of four corrections."""

import json

import numpy as np
import pytest
import torch

from book.figures.by_round import by_round
from book.figures.proposal_corrections import FORMULAS, proposal_corrections
from book.figures.rounds_map import rounds_map
from mechfit.inference.densities.mixture import Mixture
from tests.figures.drawing import drawn

BOX = [[0.0, 1.0], [0.0, 2.0]]
THETA = np.random.default_rng(1).random((300, 2)) * [1.0, 2.0]


def gaussian(mean, width):
    return Mixture.gaussian(*(torch.tensor(v, dtype=torch.float64) for v in (mean, width)))


def test_formulas_are_those_of_mixtures():
    mu, w, m, s, off = 0.96, 0.45, 0.3, 0.4, 0.0
    known = {"mu": mu, "w": w, "m": m, "s": s, "off": off}
    for name, formula in FORMULAS.items():
        known[name] = eval(formula, {}, known)
    posterior = gaussian([mu], [[w**2]])
    proposal, prior = gaussian([m], [[s**2]]), Mixture.standard_normal(1)
    learned = posterior.times_over(proposal, prior)
    assert known["learned_precision"] == pytest.approx(learned.precision.item())
    assert known["learned_mean"] == pytest.approx((learned.eta / learned.precision[..., 0]).item())
    left = learned.times_over(prior, proposal)
    assert known["left_precision"] == pytest.approx(left.precision.item())
    assert known["left_mean"] == pytest.approx(mu)


def test_corrections_answer_to_their_sliders():
    spec = proposal_corrections(0.96, 0.45, title="Four ways").to_dict()
    right = drawn(spec, m=0.9, s=0.5, off=0)
    assert "leaves 0.96 ± 0.45" in right
    assert "leaves no density" in drawn(spec, s=0.2, off=10)
    worth = [
        int(drawn(spec, m=0.0, s=s).split("60 draws are worth ")[1].split("<")[0])
        for s in (0.3, 1.0)
    ]
    assert worth[0] < worth[1] == 60
    assert "cuts off 0.0 %" in drawn(spec, m=0.9, s=1.0)
    with pytest.raises(ValueError, match="expected between 0 and 1"):
        proposal_corrections(0.0, 1.5, title="t")


def test_a_map_shows_each_round_and_counts_it():
    rounds, close = {"A": [THETA, THETA / 2], "B": [THETA, THETA]}, [[0.0, 0.5], [0.0, 1.0]]
    words = {"samples": THETA / 4, "title": "They gather"}
    spec = rounds_map(rounds, ["a", "b"], BOX, close, **words).to_dict()
    near = ((THETA > 0) & (THETA < [0.5, 1.0])).all(1).sum()
    assert f"A {near} of 300, 300 of 300; B {near} of 300, {near}" in spec["description"]
    assert len(json.dumps(spec)) < 300_000
    bound = {p["name"]: p["bind"] for p in spec["params"]}
    assert bound["shown_round"]["max"] == 2
    assert bound["shown_method"]["options"] == ["A", "B"]
    dots = [drawn(spec, shown_round=r).count("<path") for r in (1, 2)]
    assert dots[1] > dots[0] + 200


def test_rounds_are_numbered_and_gaps_are_left_out():
    measures = {"C2ST": [[0.7, 0.6], [0.7, np.nan]], "s": [[10, 20], [30, 40]]}
    chart = by_round(["A", "B"], measures, best={"C2ST": 0.5}, title="Closer")
    assert chart.description == (
        "C2ST after each round: A 0.7, 0.6, B 0.7, none; s after each round: A 10, 20, B 30, 40."
    )
    svg = drawn(chart)
    assert (svg.count(">1<"), svg.count(">2<")) == (4, 3)
    with pytest.raises(ValueError, match=r"expected \(2, rounds\)"):
        by_round(["A", "B"], {"C2ST": [[0.7, 0.6]]}, title="t")
