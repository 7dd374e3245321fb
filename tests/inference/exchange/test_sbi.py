"""Scripts written for sbi run with other imports; a posterior in tensors is the same posterior."""

import numpy as np
import pytest
import torch

from mechfit.inference import MAF, Coupling, as_sbi, truncate
from mechfit.inference.densities.mdn import MixtureDensity
from mechfit.inference.exchange.sbi import NPE, BoxUniform
from tests.inference.linear_gaussian import X_O


@pytest.fixture(autouse=True)
def generator():
    """Leave torch's global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        yield


def test_as_sbi_gives_tensors_in_its_shapes(gaussian_posterior):
    posterior = gaussian_posterior
    torch.manual_seed(1)
    dressed, x = as_sbi(posterior), torch.as_tensor(np.stack([X_O, X_O, 0 * X_O])).float()
    assert dressed.default_x is None
    with pytest.raises(ValueError, match="no observation"):
        dressed.sample((5,))
    many = dressed.sample_batched((2, 2000), x, show_progress_bars=False)
    assert many.shape == (2, 2000, 3, 3)
    assert many.dtype == torch.float32
    np.testing.assert_allclose(
        many.mean((0, 1))[1], posterior.sample(4000, 1, x=X_O).mean(0), atol=0.1
    )
    assert dressed.set_default_x(x[:1]) is dressed
    torch.testing.assert_close(dressed.default_x, x[:1])
    assert dressed.sample().shape == (3,)
    assert dressed.sample((5, 2), show_progress_bars=False).shape == (5, 2, 3)
    theta = many[0, :7, 0]
    expected = torch.as_tensor(posterior.log_prob(theta, x=X_O)).float()
    for value in (dressed.log_prob(theta), dressed.potential(theta, x=x[0])):
        torch.testing.assert_close(value, expected)


def test_its_draws_follow_the_seed_of_torch(gaussian_posterior):
    dressed, draws = as_sbi(gaussian_posterior.at(X_O)), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(dressed.sample((5,)))
    draws.append(dressed.sample((5,)))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[1], draws[2])
    assert not torch.equal(draws[2], draws[3])


def simulator(theta):
    return theta + 1.0 + 0.1 * torch.randn_like(theta)


BOX = BoxUniform(low=-2 * torch.ones(3), high=2 * torch.ones(3))
X_OBS = torch.as_tensor([0.8, 0.6, 0.4])


def in_rounds(*kinds, **training):
    """Rounds as users of sbi write them, proposed by the prior, posteriors or regions."""
    inference, proposal = NPE(BOX, "mdn", show_progress_bars=False), BOX
    for kind in kinds:
        theta = proposal.sample((200,))
        if kind == "region":
            proposal = truncate(proposal.posterior, seed=1)
            theta = torch.as_tensor(proposal.sample(200, 1)).float()
        inference.append_simulations(theta, simulator(theta), proposal=proposal)
        density_estimator = inference.train(**training)
        posterior = inference.build_posterior(density_estimator)
        proposal = posterior.set_default_x(X_OBS)
    return inference, posterior


@pytest.mark.slow
def test_the_first_tutorial_of_sbi_runs_with_other_imports():
    torch.manual_seed(0)
    inference = NPE(prior=BOX)
    theta = BOX.sample((2000,))
    inference = inference.append_simulations(theta, simulator(theta))
    density_estimator = inference.train()
    posterior = inference.build_posterior()
    assert posterior.posterior.flow is density_estimator
    assert "theta_1, theta_2, theta_3 given 3" in str(posterior)
    samples = posterior.sample((10000,), x=X_OBS)
    assert samples.shape == (10000, 3)
    assert samples.dtype == torch.float32
    torch.testing.assert_close(samples.mean(0), X_OBS - 1, atol=0.02, rtol=0)
    torch.testing.assert_close(samples.std(0), 0.1 * torch.ones(3), atol=0.02, rtol=0)
    torch.testing.assert_close(simulator(samples).mean(0), X_OBS, atol=0.02, rtol=0)
    exact = torch.distributions.Normal(X_OBS - 1, 0.1).log_prob(samples).sum(1)
    assert (posterior.log_prob(samples, x=X_OBS) - exact).abs().median() < 0.2
    mode = posterior.map(x=X_OBS, num_init_samples=None)
    torch.testing.assert_close(mode, (X_OBS - 1)[None], atol=0.05, rtol=0)


@pytest.mark.parametrize("kinds", [["prior", "posterior"], ["prior", "region"]], ids=str)
def test_rounds_of_sbi(kinds):
    draws = []
    for _ in range(2):
        torch.manual_seed(1)
        inference, posterior = in_rounds(*kinds, max_num_epochs=2, num_atoms=5)
        draws.append(posterior.sample((4,)))
    assert torch.equal(*draws)
    assert len(inference.npe.rounds) == 2
    assert isinstance(inference.npe.trained[-1].flow, MixtureDensity)
    assert type(inference.npe.method).__name__ == {"posterior": "SNPE_C"}.get(kinds[1], "TSNPE")


def test_options_of_sbi_are_ours_or_refused():
    settings = {
        "training_batch_size": 20,
        "learning_rate": 1e-3,
        "validation_fraction": 0.2,
        "stop_after_epochs": 1,
        "clip_max_norm": None,
        "show_train_summary": True,
        "resume_training": False,
        "calibration_kernel": None,
    }
    inference, posterior = in_rounds("prior", max_num_epochs=1, **settings)
    made = posterior.posterior.provenance["training"]
    expected = {"epochs": 1, "batch": 20, "learning_rate": 1e-3, "validation": 0.2, "patience": 1}
    assert made == expected | {"clip": np.inf, "device": "cpu"}
    for call, name, value, advice in (
        (inference.train, "resume_training", True, "more max_num_epochs"),
        (inference.train, "discard_prior_samples", True, "leave it out"),
        (inference.build_posterior, "sample_with", "mcmc", "every draw is direct"),
        (posterior.sample, "max_sampling_time", 10, "leave it out"),
    ):
        with pytest.raises(TypeError, match=f"{name}={value!r} has no meaning here: .*{advice}"):
            call(**{name: value})
    with pytest.raises(ValueError, match="density_estimator is 'made', expected one of maf, nsf"):
        NPE(BOX, "made")
    with pytest.raises(ValueError, match="expected that of NPE"):
        inference.build_posterior(prior=BoxUniform(torch.zeros(3), torch.ones(3)))
    for flow in (MAF(2, 10), Coupling(), None):
        assert NPE(BOX, flow).npe.settings["flow"] == (flow or Coupling())
