"""The networks as models: their regimes, what is random in them, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest

from mechfit import COBA, CUBA, Brunel, open_bank, simulate
from mechfit.summaries import POPULATION, population_statistics, why_no_statistics

GOLDEN = np.load(Path(__file__).parents[2] / "data" / "networks.npz")
NAMES = [
    "last_spike" if n == "last_spike_ms" else n.replace("_Hz", "") for n in GOLDEN["stat_names"]
]
FULL = {
    **{
        regime: (Brunel(12_500, 1250), [g, eta, 0.1, 1.5])
        for regime, g, eta in [
            ("brunel_A", 3.0, 2.0),
            ("brunel_B", 6.0, 4.0),
            ("brunel_C", 5.0, 2.0),
            ("brunel_D", 4.5, 0.9),
        ]
    },
    "cuba": (CUBA(4000, 0.02), CUBA.truth),
    "coba": (COBA(4000, 0.02), COBA.truth),
}
SMALL = Brunel(200, 50, duration=800.0)


def of_seeds(model, theta, seeds):
    """Statistics (seeds, 15) of living networks."""
    runs = (model.spikes(theta, seed).statistics() for seed in seeds)
    return np.array([x for x in runs if x[-1] > 1100])


@pytest.mark.slow
@pytest.mark.parametrize("regime", FULL)
def test_regimes_lie_within_the_stored_spread(regime):
    assert list(POPULATION) == NAMES
    model, theta = FULL[regime]
    found = of_seeds(model, theta, range(4 if regime.startswith("b") else 12))
    stored = [v for k, v in GOLDEN.items() if k.startswith(regime) and v.ndim == 2 and len(v) > 1]
    for reference in stored:
        reference = reference[reference[:, -1] > 1100]
        error = np.sqrt(
            found.var(0, ddof=1) / len(found) + reference.var(0, ddof=1) / len(reference)
        )
        away = abs(found.mean(0) - reference.mean(0)) / np.maximum(
            error, 1e-3 * abs(reference.mean(0))
        )
        compared = [n not in ("peak_ratio", "last_spike") for n in NAMES]
        assert (away[compared] < 4).all(), dict(zip(NAMES, away.round(1), strict=True))


@pytest.mark.slow
def test_as_many_networks_die_young_as_stored():
    model = COBA(4000, 0.02, duration=3000.0)
    ends = [np.array([model.spikes(model.truth, seed).times[-1] for seed in range(40)])]
    ends.append(GOLDEN["coba_death_ms"])
    young, old = zip(*(((e < 60).sum(), (e > 2990).sum()) for e in ends), strict=True)
    assert sum(young) + sum(old) == 80
    assert abs(young[0] - young[1]) < 3 * (sum(young) / 2) ** 0.5


def test_a_small_brunel_network_in_float64_agrees_in_distribution():
    theta, how = [4.5, 2.0, 1.0, 1.5], {"duration": 800.0}
    fast, reference = Brunel(200, 50, **how), Brunel(200, 50, precision="float64", **how)
    x, y = (np.array([m.statistics(theta, s)[0] for s in range(12)]) for m in (fast, reference))
    error = np.sqrt((x.var(0) + y.var(0)) / 12)
    assert (abs(x.mean(0) - y.mean(0)) <= 4 * error + 1e-9).all()


@pytest.mark.parametrize("model", [SMALL, COBA(200, 0.4, duration=800.0)], ids=["brunel", "coba"])
def test_simulations_depend_on_their_key_alone(model, tmp_path):
    theta = model.prior.sample(34, 1)
    whole = model.statistics(theta, 5)
    assert np.isfinite(whole).all()
    assert whole.shape == (34, len(model.statistic_names)) == (34, len(model.statistic_units))
    np.testing.assert_array_equal(model.statistics(theta[33:], 5, first=33), whole[33:])
    bank = simulate(model, theta=theta, seed=5, store=tmp_path / "bank")
    np.testing.assert_array_equal(bank.x, whole)
    np.testing.assert_array_equal(open_bank(tmp_path / "bank").x, whole)
    assert bank.valid.all()
    spikes = model.spikes(theta[7], 5, number=7)
    x = dict(zip(model.statistic_names, whole[7], strict=True))
    assert np.isclose(np.exp(x["log_rate_E"]) - 0.1, spikes.statistics()[0])
    assert (model.statistics(theta, 6) != whole).any(1).mean() > 0.3


def test_silence_is_told_and_kept():
    model = COBA()
    theta = [0.2, 12.0, 2.0, 20.0, 0.1]
    spikes = model.spikes(theta, 1)
    x = spikes.statistics()
    assert why_no_statistics(x).startswith("no spike in the window, the last one at")
    assert not spikes.runaway
    np.testing.assert_array_equal(
        x, population_statistics(spikes.times, spikes.ids, (800, 200), (200.0, 1200.0))
    )
    kept = dict(zip(model.statistic_names, model.statistics(theta, 1)[0], strict=True))
    assert kept["alive"] == kept["active_E"] == kept["cv_n_E"] == 0
    assert np.isclose(kept["log_rate_E"], np.log(0.1))
    assert np.isfinite(list(kept.values())).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Brunel(1250, 1250), "in-degree is 1000 with 1000 excitatory neurons"),
        (lambda: Brunel(1251), "n is 1251, expected a multiple of 5"),
        (lambda: Brunel(in_degree=7), "in_degree is 7, expected a multiple of 5"),
        (lambda: Brunel(dt=5.0), "dt is 5 ms, too coarse for tau"),
        (lambda: COBA(dt=2.0), "dt is 2 ms, too coarse for tau_e"),
        (lambda: COBA(p=0.0), "p is 0.0, expected a probability"),
        (lambda: COBA(dt=0.3), "dt is 0.3 ms, expected a whole part of 1 ms"),
        (lambda: CUBA(duration=500.0), "512 ms after it for the spectrum"),
        (
            lambda: Brunel().statistics([5.0, 2.0, 0.5, -1.5], 1),
            "D is -1.5 in row 0; expected 0.1",
        ),
        (
            lambda: Brunel().statistics([5.0, 2.0, 0.5, 0.05], 1),
            "D is 0.05 in row 0; expected 0.1",
        ),
        (lambda: Brunel().statistics([5.0, np.nan, 0.5, 1.5], 1), "eta is nan in row 0"),
        (lambda: CUBA().statistics([1.0, 9.0, 5.0, 10.0, 0.1, -49.0], 1), "w_i is 9.0 in row 0"),
        (lambda: COBA().statistics([0.6, 6.7, 0.2, 10.0, 0.1], 1), "tau_e is 0.2 in row 0"),
        (lambda: Brunel().spikes(np.ones((2, 4)), 1), "theta has 2 rows, expected one"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
