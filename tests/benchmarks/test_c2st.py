"""The classifier of C2ST beside scikit-learn's, on the same draws in the same run.

Both learn from 16,000 rows, as many as one of the five trainings has when 10,000 draws are judged;
the seconds are those of the processor, on one thread, after a first small call that compiles.
"""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from timing import Timer

from mechfit.inference.diagnostics.classifier import Classifier

DRAWS = 8000


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("d", "ratio"), [(2, 4), (5, 2), (10, 1.5)])
def test_it_outruns_scikit_learn(d, ratio, capsys):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2 * DRAWS, d))
    y = np.repeat([0, 1], DRAWS)
    x[DRAWS:] += 0.2
    Classifier(x[::400], y[::400], hidden=10 * d, seed=1)
    with threadpool_limits(1):
        with Timer() as timer:
            ours = Classifier(x, y, hidden=10 * d, seed=1)
        theirs = MLPClassifier((10 * d, 10 * d), max_iter=10_000, random_state=1)
        with Timer() as peer:
            theirs.fit(x, y)
    found = peer.seconds / timer.seconds
    with capsys.disabled():
        print(
            f"\nC2ST, d = {d}: ours {timer.seconds:.2f} s, scikit-learn {peer.seconds:.2f} s, "
            f"ratio {found:.1f}, {len(ours.losses)} epochs"
        )
    assert abs(len(ours.losses) - theirs.n_iter_) <= 0.1 * theirs.n_iter_
    assert found > ratio
