"""Numbers in the box: a regression's mean and covariance, cut-off normals, ends that stay."""

import numpy as np
import pytest
import torch
from scipy import stats

from mechfit.inference import Coupling
from mechfit.inference.densities.box import Box
from mechfit.inference.densities.configs import build
from mechfit.inference.densities.ridge import ridge

MIX = np.array([[1.0, 0.0, 0.0], [0.8, 0.3, 0.0], [-0.5, 0.6, 0.4]])


def untrained(z, x, box, kind=Coupling(2, 8)):  # noqa: B008
    """A flow that starts at the regression of z on x, whose networks all return 0."""
    flow = build(kind, z.shape[1], x.shape[1], 1, box)
    for weight in flow.parameters():
        weight.data.zero_()
    flow.standardize(torch.as_tensor(z).float(), ridge(z, x))
    return flow


@pytest.mark.parametrize("seed", [1, 2])
def test_a_flow_starts_at_mean_and_covariance_of_the_regression(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4000, 2))
    slope = np.array([[0.05, 0.0], [0.02, -0.04], [0.0, 0.03]])
    z = 0.5 + x @ slope.T + 0.03 * rng.normal(size=(4000, 3)) @ MIX.T
    flow, x_o = untrained(z, x, (True, True, True)), np.array([[0.5, -1.0]])
    noise = torch.as_tensor(rng.normal(size=(1, 20_000, flow.noise))).float()
    with torch.no_grad():
        draws = flow.push(noise, torch.as_tensor(x_o).float())[0].numpy()
    exact = 0.03**2 * MIX @ MIX.T
    std = np.sqrt(np.diag(exact))
    np.testing.assert_allclose(draws.mean(0), 0.5 + x_o[0] @ slope.T, atol=0.1 * std.min())
    np.testing.assert_allclose(draws.std(0), std, rtol=0.1)
    np.testing.assert_allclose(np.corrcoef(draws.T), exact / np.outer(std, std), atol=0.06)


def test_the_base_is_a_normal_cut_off_and_the_ends_stay():
    box = Box(torch.ones(2), 1, 2.0)
    normals = torch.randn(20_000, generator=torch.Generator().manual_seed(1))
    assert stats.kstest(box.base(normals), stats.truncnorm(-2, 2).cdf).pvalue > 1e-3
    place = box.place(torch.ones(1, 1), torch.randn(1, box.outputs))
    ends = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    w, log = box(ends, place)
    torch.testing.assert_close(w, 2 * ends, rtol=0, atol=1e-4)
    assert log.isfinite().all()
    torch.testing.assert_close(box.inverse(w, place)[0], ends, rtol=0, atol=1e-4)
    wide = build(Coupling(2, 8), 2, 1, 1, (True, True))
    assert wide.push(1e3 * torch.ones(1, 1, 2), torch.ones(1, 1)).max() <= 1.0


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_rounding_does_not_put_the_ends_where_steep_splines_lead_far_away(end):
    rng = np.random.default_rng(1)
    z, x = 0.5 + 0.01 * rng.normal(size=(500, 3)), rng.normal(size=(500, 1))
    flow = untrained(z, x, (True, True, True), Coupling(5, 8, bound=3.0))
    coupling = flow.transform
    steep = coupling.last_bias.data.unflatten(1, (-1, coupling.outputs))
    steep[..., [2 * (coupling.outputs // 3), -1]] = 9.0  # the log-slopes at the ends
    there, at = torch.full((1, 3), end), torch.zeros(1, 1)
    with torch.no_grad():
        single = flow.log_prob(there, at)
        double = flow.double().log_prob(there.double(), at.double())
    assert -2000 < double < -50
    torch.testing.assert_close(single.double(), double, rtol=0.02, atol=0)
