"""The page draws the package's normals, also in a worker."""

import numpy as np
import pytest

from mechfit.models.numerics.noise import normals

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("compute")]

SEEDS = 0, 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**63 + 17, 2**64 - 1
DRAW = "([seed, n, steps]) => Array.from(mechfit.random.normals(BigInt(seed), n, steps))"


@pytest.mark.parametrize("seed", SEEDS)
def test_normals_are_those_of_the_package(page, seed):
    for number, steps in ((0, 1), (1, 2), (7, 501), (2**32 - 1, 500)):
        found = page.evaluate(DRAW, [str(seed), number, steps])
        np.testing.assert_allclose(found, normals(seed, number, steps), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", ["-1", "18446744073709551616"])
def test_a_seed_beyond_its_range_is_refused(page, seed):
    with pytest.raises(Exception, match="expected a whole number from 0 to"):
        page.evaluate(DRAW, [seed, 0, 1])


def test_a_worker_computes_with_modules_and_their_needs(page):
    found = page.evaluate(
        """() => new Promise((resolve, reject) => {
          const worker = mechfit.worker(["posterior"], (mechfit) => {
            onmessage = ({ data }) => postMessage({
              normals: mechfit.random.normals(data, 2, 3),
              kind: typeof mechfit.posterior.decode,
            });
          });
          worker.onmessage = ({ data }) => resolve([Array.from(data.normals), data.kind]);
          worker.onerror = (error) => reject(error.message);
          worker.postMessage(5);
        })"""
    )
    np.testing.assert_allclose(found[0], normals(5, 2, 3), rtol=1e-12)
    assert found[1] == "function"


def test_a_module_that_is_not_there_is_named(page):
    with pytest.raises(Exception, match="load nothing.js before mine.js"):
        page.evaluate("() => mechfit.define('mine', ['nothing'], () => 1)")
    with pytest.raises(Exception, match="no module nothing: load nothing.js"):
        page.evaluate("() => mechfit.worker(['nothing'], () => {})")
