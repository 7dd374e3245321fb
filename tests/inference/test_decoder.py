"""A decoder reaches what can be known of the latents of GPFA, and not more."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.inference import Decoder, Training
from mechfit.models import GPFA
from mechfit.models.statistical.gpfa import smooth

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "statistical.npz", allow_pickle=False)
MODEL = GPFA(*(GOLDEN[f"gpfa_{name}"] for name in ("C", "d", "R", "tau")))
SHORT = Training(epochs=2)


def trials(n, seed):
    """Latents (n, 3, 25), of variance 1, and activity (n, 12, 25)."""
    rng = np.random.default_rng(seed)
    roots = [np.linalg.cholesky(smooth(tau, 20.0, 25)) for tau in MODEL.tau]
    x = np.stack([rng.normal(size=(n, 25)) @ root.T for root in roots], 1)
    noise = rng.normal(size=(n, 12, 25)) * np.sqrt(MODEL.R)[:, None]
    return x, MODEL.C @ x + MODEL.d[:, None] + noise


def explained(decoder, x, Y):
    """Share of the variance, which is 1, and its standard error."""
    left = ((decoder(Y) - x) ** 2).mean(2)
    return 1 - left.mean(0), left.std(0) / np.sqrt(len(left))


@pytest.mark.slow
def test_exact_ceilings():
    x, Y = trials(1000, seed=1)
    unseen = trials(4000, seed=2)
    inverse = np.linalg.inv(MODEL.C @ MODEL.C.T + np.diag(MODEL.R))
    current = np.diag(MODEL.C.T @ inverse @ MODEL.C)
    whole = 1 - GOLDEN["gpfa_post_var"].mean(1)
    np.testing.assert_allclose(current, [0.8264, 0.7826, 0.8286], atol=5e-5)
    np.testing.assert_allclose(whole, [0.9405, 0.9500, 0.9685], atol=5e-5)
    for bins, ceiling, near in ((1, current, 0.005), (49, whole, 0.02)):
        decoder = Decoder.fit(Y, x, bins=bins, training=Training(epochs=40), seed=1)
        found, error = explained(decoder, *unseen)
        assert (found < ceiling + 2 * error).all()
        assert (found > ceiling - near).all()
        np.testing.assert_allclose(decoder.error**2, 1 - found, rtol=0.15)


def test_it_reads_the_bins_around():
    """The target is the activity two bins later, in units of its own; nothing of it is there."""
    rng = np.random.default_rng(1)
    Y = rng.normal(size=(400, 2, 12)) * 3 + 5
    late = np.zeros((400, 1, 12))
    late[:, 0, :-2] = 100 + 10 * Y[:, 0, 2:]
    late[:, 0, -2:] = 150
    decoder = Decoder.fit(Y, late, bins=5, training=Training(epochs=60, batch=40), seed=1)
    assert decoder.error < 3
    assert Decoder.fit(Y, late, bins=3, training=SHORT, seed=1).error > 20
    changed = Y.copy()
    changed[:, :, 6] += 1
    differ = (decoder(changed) != decoder(Y)).any((0, 1))
    np.testing.assert_array_equal(np.flatnonzero(differ), np.arange(4, 9))


def test_the_seed_decides():
    x, Y = trials(30, seed=1)
    one, again, other = (
        Decoder.fit(Y, x, bins=3, training=SHORT, seed=seed)(Y) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert one.shape == x.shape


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda x, Y: Decoder.fit(Y, x[1:], seed=1), r"targets \(29, 3, 25\), expected \(n, q, T"),
        (lambda x, Y: Decoder.fit(Y[:1], x[:1], seed=1), "two or more trials"),
        (lambda x, Y: Decoder.fit(Y, x[0], seed=1), r"targets has shape \(3, 25\)"),
        (lambda x, Y: Decoder.fit(Y, x, bins=4, seed=1), "bins is 4, expected an odd number"),
        (lambda x, Y: Decoder.fit(Y * 0, x, seed=1), "never varies"),
        (lambda x, Y: Decoder.fit(Y * np.nan, x, seed=1), "value nan"),
        (
            lambda x, Y: Decoder.fit(Y, x, bins=1, training=SHORT, seed=1)(Y[:, 1:]),
            r"\(30, 11, 25\), expected \(n, 12, T\)",
        ),
    ],
)
def test_clear_errors(make, said):
    with pytest.raises(ValueError, match=said):
        make(*trials(30, seed=1))
