"""The page's posterior is the package's: the same noise gives the same draws and densities."""

import base64
import copy

import numpy as np
import pytest
import torch
from builtbook import ROOT

from book.figures.in_page import first_member
from mechfit.inference import load, read_page, to_page
from mechfit.models import HodgkinHuxley
from tests.inference.exchange.page_kinds import KINDS, bank, posterior

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("compute")]

ARTEFACTS = ROOT / "book" / "artefacts"
OBSERVATIONS, DRAWS = 10, 100
CLOSE = 1e-3
OPEN = """([name, data]) => {
  globalThis.posts ??= {};
  const post = posts[name] = mechfit.posterior.decode(data);
  return {...post, at: null};
}"""
PUSH = """([name, x, noise, theta]) => {
  const q = posts[name].at(x.map((value) => value ?? NaN));
  const pushed = q.push(noise);
  const finite = (values) => Array.from(values, (v) => (v === -Infinity ? null : v));
  return {
    theta: Array.from(pushed.theta), inside: Array.from(pushed.inside),
    logProb: finite(pushed.logProb), again: finite(q.logProb(pushed.theta)),
    given: finite(q.logProb(theta)), unlike: q.unlike,
  };
}"""


def opened(page, kind):
    """The package's posterior of this kind, as it is after rounding, and the page's."""
    data = to_page(posterior(kind))
    return read_page(data), page.evaluate(OPEN, [kind, base64.b64encode(data).decode()])


def pushed(at, noise):
    """The package's draws (n, d) of given noise, and which of them are inside the prior."""
    with torch.no_grad():
        z = at.flow.push(torch.as_tensor(noise[None]).float(), at.context(at.x_o[None]))[0]
    theta = at.space.invert(z.double().numpy())
    return theta, np.isfinite(at.prior.log_prob(theta))


def log_prob(at, theta):
    """Log-densities (n,) without the share of draws inside the prior, in double precision.

    In the box, close to a bound, those of single precision are off by up to 0.002.
    """
    inside = np.isfinite(at.prior.log_prob(theta))
    middle = at.prior.from_unit(np.full((1, len(at.prior)), 0.5))[0]
    z, log_det = at.space.apply(np.where(inside[:, None], theta, middle))
    flow = copy.deepcopy(at.flow).double()
    with torch.no_grad():
        log = flow.log_prob(torch.as_tensor(z)[:, None], at.context(at.x_o[None]).double())
    return np.where(inside, log.numpy()[:, 0] + log_det, -np.inf)


def observations(at, x, kind):
    """Statistics x, without some where they may be missing."""
    for i, row in enumerate(x):
        if "subset" in kind:
            row[np.arange(len(row)) % (i + 1) == 1] = np.nan
        yield at.at(row), [None if np.isnan(v) else v for v in row]


def compared(page, name, told, before, x, std):
    """Draws and densities of the page's posterior beside the package's, from the same noise."""
    rng, d = np.random.default_rng(7), len(before.prior)
    for at, row in observations(before, x, name):
        noise = rng.standard_normal((DRAWS, told["noise"]))
        given = before.prior.sample(DRAWS, rng)
        found = page.evaluate(PUSH, [name, row, noise.ravel().tolist(), given.ravel().tolist()])
        theta, inside = pushed(at, noise)
        drawn = np.reshape(found["theta"], (-1, d))
        assert (abs(drawn - theta) / std).max() < CLOSE
        np.testing.assert_array_equal(np.array(found["inside"], bool), inside)
        for values, rows in (("logProb", drawn), ("again", drawn), ("given", given)):
            logs = np.array(found[values], float)  # null becomes NaN
            exact = log_prob(at, rows)
            np.testing.assert_array_equal(np.isnan(logs), np.isinf(exact))
            # at a bound of an unbounded space, theta no longer tells z
            near = np.isfinite(exact) & (abs(at.prior.to_unbounded(rows)[0]).max(1) < 6)
            assert near.sum() >= 0.8 * np.isfinite(exact).sum()
            assert abs(logs - exact)[near].max() < CLOSE
        assert found["unlike"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_noise_gives_the_same_draws_and_densities(page, kind):
    """All kinds together: 11,000 draws."""
    before, told = opened(page, kind)
    simulated = bank(before.prior)
    x = simulated.x[:OBSERVATIONS].copy()
    compared(page, kind, told, before, x, simulated.theta.std(0))


@pytest.mark.parametrize(
    "name", ["hodgkin-huxley-page subset", "hodgkin-huxley-seven-page", "pyloric-page"]
)
def test_so_do_the_posteriors_of_the_book(page, name):
    if name.startswith("pyloric"):
        before = first_member(load(ARTEFACTS / "pyloric-prior"))
        with np.load(ARTEFACTS / "pyloric-near.npz") as near:
            theta, x = near["theta"], near["x"]
    else:
        before, model = load(ARTEFACTS / name.split()[0]), HodgkinHuxley()
        theta = model.prior.sample(100, 1)
        x = model.statistics(theta, 2)
    data = base64.b64encode(to_page(before)).decode()
    told = page.evaluate(OPEN, [name, data])
    compared(page, name, told, before, x[:OBSERVATIONS], theta.std(0))


def test_it_tells_what_it_is(page):
    before, told = opened(page, "box")
    assert told["names"] == list(before.prior.names)
    assert told["labels"] == list(before.prior.labels)
    assert told["symbols"] == ["α", "b", "c"]
    assert told["units"] == ["mV", "", "ms"]
    np.testing.assert_allclose([told["low"], told["high"]], before.prior.limits().T)
    assert told["statistics"] == list(before.statistic_names)
    assert (told["d"], told["k"], told["noise"], told["missing"]) == (3, 4, 3, False)
    assert told["about"]["simulations"] == 400
    _, several = opened(page, "ensemble of subsets")
    assert several["missing"]
    assert several["noise"] == 5
    limits = read_page(to_page(posterior("ensemble of subsets"))).prior.limits().T
    np.testing.assert_allclose([several["low"], several["high"]], limits, rtol=1e-9, atol=1e-12)


def test_its_own_draws_are_those_of_its_seed(page):
    opened(page, "box")
    same = page.evaluate(
        """() => { const q = posts.box.at([0, 1, 1, 4]);
          const noise = mechfit.random.normals(5, 0, 30);
          return [q.sample(10, 5), q.push(noise)].map(({theta}) => Array.from(theta)); }"""
    )
    assert same[0] == same[1]
    assert len(same[0]) == 30


def test_statistics_unlike_all_simulations_are_named(page):
    opened(page, "box")
    names = page.evaluate("() => posts.box.at([0, 1e12, 1, 5]).unlike")
    assert names == ["counted", "constant"]


WRONG_X = {
    "[0, 1, 1]": "x is .0, 1, 1., expected 4 finite numbers: normal, counted, steep, constant",
    "[0, 1, NaN, 4]": "expected 4 finite numbers:",
    "[0, 1, Infinity, 4]": "expected 4 finite numbers",
    "['0', 1, 1, 4]": "expected 4 finite numbers",
}


@pytest.mark.parametrize("x", WRONG_X)
def test_a_wrong_observation_is_refused(page, x):
    opened(page, "box")
    with pytest.raises(Exception, match=WRONG_X[x]):
        page.evaluate(f"() => posts.box.at({x})")


def test_infinite_statistics_are_not_missing(page):
    opened(page, "subset")
    with pytest.raises(Exception, match="or NaN where one is missing"):
        page.evaluate("() => posts.subset.at([0, -Infinity, NaN, 4])")


def damaged(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGES = {
    "too short": (lambda data: data[:100], "too short: it is damaged"),
    "nothing": (lambda data: b"", "too short: it is damaged"),
    "header": (lambda data: data[:8] + b"x" + data[9:], "the header cannot be read"),
    "number": (lambda data: damaged(data, len(data) - 9), "the checksum differs"),
    "version": (
        lambda data: data.replace(b'version\\": 2', b'version\\": 3'),
        "the file has version 3, this page reads 2",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused(page, damage):
    change, words = DAMAGES[damage]
    data = change(to_page(posterior("box")))
    with pytest.raises(Exception, match=words):
        page.evaluate(OPEN, ["damaged", base64.b64encode(data).decode()])


def test_text_that_is_not_base64_is_refused(page):
    with pytest.raises(Exception, match="not base64: the file is damaged"):
        page.evaluate(OPEN, ["damaged", "no base64!"])


@pytest.mark.parametrize("kind", ["box", "unbounded"])
def test_slice_steps_have_the_conditional_distribution(page, kind):
    """Many chains of one free parameter, against its density on a grid."""
    before, _ = opened(page, kind)
    x, low, high = bank(before.prior).x[0], *before.prior.limits().T
    start = before.sample(1, 1, x=x)[0]
    moved = page.evaluate(
        """([kind, x, theta]) => { const q = posts[kind].at(x); let now = theta;
          return Array.from({length: 400}, (_, i) => {
            now = q.conditional(now, [1], {sweeps: 2, seed: i}); return Array.from(now); }); }""",
        [kind, x.tolist(), start.tolist()],
    )
    moved = np.array(moved)
    others = np.delete(np.arange(len(start)), 1)
    assert (moved[:, others] == start[others]).all()
    grid = np.tile(start, (2001, 1))
    grid[:, 1] = np.linspace(low[1], high[1], 2001)
    density = np.exp(before.log_prob(grid, x=x))
    share = np.interp(moved[:, 1], grid[:, 1], np.cumsum(density) / density.sum())
    ranks = np.sort(share) - np.linspace(0, 1, 400)
    assert abs(ranks).max() < 1.63 / 400**0.5 * 1.5  # p of 0.01, and half as much for correlation
