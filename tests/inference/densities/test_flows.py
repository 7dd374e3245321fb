"""Flows are exactly invertible and their log-determinants are those of the Jacobian."""

import pytest
import torch
from torch.autograd.functional import jacobian

from mechfit.inference import MAF, NSF
from mechfit.inference.densities.configs import build

SHAPES = [(1, 2), (2, 1), (3, 5), (8, 7)]


@pytest.mark.parametrize("kind", [MAF(3, 20), NSF(3, 20)], ids=["maf", "nsf"])
@pytest.mark.parametrize(("d", "k"), SHAPES)
def test_push_inverts_the_density(kind, d, k):
    flow = build(kind, d, k, seed=1).double().eval()
    generator = torch.Generator().manual_seed(2)
    for weight in flow.parameters():
        weight.data += 0.1 * torch.randn(weight.shape, generator=generator)
    noise, x = (torch.randn(20, n, generator=generator, dtype=torch.double) for n in (d, k))
    with torch.no_grad():
        z = flow.push(noise[:, None], x)[:, 0]
        again, log_det = flow.transform(z, context=x)
        log_prob = flow.log_prob(z, x)
    torch.testing.assert_close(again, noise, rtol=1e-6, atol=1e-6)
    normal = torch.distributions.Normal(0.0, 1.0).log_prob(noise).sum(1)
    torch.testing.assert_close(log_prob, normal + log_det, rtol=1e-6, atol=1e-6)
    for i in range(3):

        def forward(row, i=i):
            return flow.transform(row[None], context=x[i : i + 1])[0][0]

        slope = jacobian(forward, z[i])
        torch.testing.assert_close(
            torch.linalg.slogdet(slope)[1], log_det[i], rtol=1e-5, atol=1e-5
        )
