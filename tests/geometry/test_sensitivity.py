"""Active subspaces: of a normal density, of an output, and of the published density."""

import numpy as np
import pytest
from paper_density import density_or_skip, reference_file

from mechfit.geometry import ActiveSubspace, active_subspace

ROOT = np.array([[3.0, 0, 0], [1.0, 1.0, 0], [0.2, -0.3, 0.2]])
PRECISION = ROOT @ ROOT.T


def normal(x):
    return -np.einsum("ni,ij,nj->n", x, PRECISION, x) / 2


def draws(n):
    rng = np.random.default_rng(1)
    return rng.multivariate_normal(np.zeros(3), np.linalg.inv(PRECISION), n)


def test_a_normal_is_stiff_where_it_is_thin():
    found = active_subspace(normal, draws(20_000))
    values, vectors = np.linalg.eigh(PRECISION)
    np.testing.assert_allclose(found.values, values[::-1], rtol=0.05)
    for k in range(3):
        assert abs(found.directions[k] @ vectors[:, 2 - k]) > 0.99
    np.testing.assert_allclose(found.sensitivities, np.diag(PRECISION), rtol=0.05)


def test_units_scale_the_gradient():
    scale = np.array([1.0, 10.0, 0.1])
    found = active_subspace(lambda x: normal(x / scale), draws(500) * scale, scale=scale)
    plain = active_subspace(normal, draws(500))
    np.testing.assert_allclose(found.matrix, plain.matrix, rtol=1e-5)


def test_an_output_that_reads_one_direction():
    direction = np.array([0.6, 0.0, 0.8])

    def slope(x):
        value = np.tanh(x @ direction)
        return value, (1 - value**2)[:, None] * direction

    found = active_subspace(lambda x: slope(x)[0], draws(200), grad=slope)
    np.testing.assert_allclose(found.values[1:], 0, atol=1e-12)
    np.testing.assert_allclose(found.directions[0], direction, atol=1e-9)
    assert found.leading(0, "abc", 2) == [("c", pytest.approx(0.8)), ("a", pytest.approx(0.6))]


def test_directions_have_a_sign():
    found = ActiveSubspace.of(np.diag([1.0, 3.0, 2.0]))
    assert found.directions.max(1).tolist() == [1, 1, 1]


def test_samples_outside_the_prior_are_refused():
    with pytest.raises(ValueError, match="not finite at 1 of 2 samples"):
        active_subspace(lambda x: np.where(x[:, 0] > 0, x[:, 0], -np.inf), [[1.0, 1.0], [0, 1.0]])


@pytest.mark.slow
def test_the_published_density():
    density = density_or_skip()
    golden = np.load(reference_file().with_name("pyloric.npz"))
    found = active_subspace(density.log_prob, density.sample(2500, 1), grad=density.log_prob_grad)
    order = np.argsort(-golden["active_eigvals"])
    # theirs are of 1,000 other draws: the spread of the eigenvalues is about a tenth
    np.testing.assert_allclose(found.values[:6], golden["active_eigvals"][order[:6]], rtol=0.25)
    for k in range(3):
        assert abs(found.directions[k] @ golden["active_eigvecs"][:, order[k]]) > 0.93
