r"""Classifier: a small network for two classes, trained in a compiled loop.

Two hidden layers of h rectified units and a logistic output,

    P(y = 1 | x) = 1 / (1 + exp(-z)),   z = w_3 r(W_2 r(W_1 x + b_1) + b_2) + b_3,   r = max(., 0),

minimize -E log P(y | x) + a |W|^2 / 2k by Adam in batches of k = 200 rows, until more than ten
epochs in a row were no better by 1e-4. Steps and random numbers are those of `MLPClassifier` of
scikit-learn, which published C2ST use and the tests compare with; it takes 3 to 7 times as long.
Kingma & Ba (2015), arXiv:1412.6980. Taught in ``book/inference/hodgkin-huxley-posterior.md``.
"""

from __future__ import annotations

import numpy as np

from mechfit.compile import compiled

__all__ = ["Classifier"]

BATCH = 200
RATE, DECAY_1, DECAY_2, TINY = 1e-3, 0.9, 0.999, 1e-8
PENALTY = 1e-4
BETTER, PATIENCE, MOST = 1e-4, 10, 10_000
ROUNDING = float(np.finfo(float).eps)


class Classifier:
    """A network trained on rows x (n, d) with labels y (n,), 0 or 1.

    Args:
        x: Rows, standardized.
        y: Labels.
        hidden: Number of units h in each of the two hidden layers.
        seed: Seed of the first weights and of the batches.
        epochs: Most passes through the rows; few of them limit overfitting.

    Attributes:
        losses: Mean loss of every epoch.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, *, hidden: int, seed: int, epochs: int = MOST
    ) -> None:
        rng = np.random.RandomState(seed)  # noqa: NPY002 - that of scikit-learn
        self.hidden, self.losses = hidden, []
        sizes = [(x.shape[1], hidden), (hidden, hidden), (hidden, 1)]
        bounds = [(6 / (a + b)) ** 0.5 for a, b in sizes]
        self.weights = np.concatenate(
            [rng.uniform(-c, c, (a + 1) * b) for c, (a, b) in zip(bounds, sizes, strict=True)]
        )
        parts = [[PENALTY] * a * b + [0.0] * b for a, b in sizes]  # none on the biases
        penalty, means = np.concatenate(parts), np.zeros((2, len(self.weights)))
        order, best, waited, steps = np.arange(len(x)), np.inf, 0, -(-len(x) // BATCH)
        while waited <= PATIENCE and len(self.losses) < epochs:
            shuffled = np.arange(len(x))
            rng.shuffle(shuffled)
            order = order[shuffled]
            done = steps * len(self.losses)
            loss = descend(self.weights, means, penalty, x, y, order, hidden, done)
            self.losses.append(loss)
            waited = waited + 1 if loss > best - BETTER else 0
            best = min(best, loss)

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Log of the odds of y = 1 (n,) for rows x (n, d)."""
        return forward(x, *layers(self.weights, x.shape[1], self.hidden))[2]

    def accuracy(self, x: np.ndarray, y: np.ndarray) -> float:
        """Share of rows x (n, d) that are classified as their label y (n,)."""
        return float(np.mean((self.logits(x) > 0) == y))


@compiled
def layers(vector, d, h):
    """Weights and biases of the three layers, as views of one vector."""
    a, b, c, e = d * h, (d + 1) * h, (d + 1 + h) * h, (d + 2 + h) * h
    w1, w2, w3 = vector[:a].reshape(d, h), vector[b:c].reshape(h, h), vector[e : e + h]
    return w1, vector[a:b], w2, vector[c:e], w3, vector[e + h :]


@compiled
def rectified(u, b):
    """Add the biases b (h,) to u (k, h) and cut at 0, in place."""
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            u[i, j] = max(u[i, j] + b[j], 0.0)
    return u


@compiled
def masked(gradient, u):
    """Set the gradient (k, h) to 0, in place, where the unit u (k, h) was cut."""
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            gradient[i, j] = gradient[i, j] if u[i, j] > 0 else 0.0
    return gradient


@compiled
def forward(x, w1, b1, w2, b2, w3, b3):
    """Units of both hidden layers (k, h), and z (k,), for rows x (k, d)."""
    u = rectified(np.dot(x, w1), b1)
    v = rectified(np.dot(u, w2), b2)
    return u, v, np.dot(v, w3) + b3[0]


@compiled
def descend(vector, means, penalty, x, y, order, h, t):
    """Pass through the rows in the given order, after t steps; returns the mean loss."""
    d, (w1, b1, w2, b2, w3, b3) = x.shape[1], layers(vector, x.shape[1], h)
    gradient, total = np.empty_like(vector), 0.0
    g_w1, g_b1, g_w2, g_b2, g_w3, g_b3 = layers(gradient, d, h)
    for start in range(0, len(x), BATCH):
        rows = order[start : start + BATCH]
        k = len(rows)
        batch, one, g_v = np.empty((k, d)), np.ones(k), np.empty((k, h))
        for i in range(k):
            batch[i] = x[rows[i]]
        u, v, z = forward(batch, w1, b1, w2, b2, w3, b3)
        for i in range(k):
            p = 1 / (1 + np.exp(-z[i]))
            right = p if y[rows[i]] else 1 - p
            total -= np.log(min(max(right, ROUNDING), 1 - ROUNDING))
            z[i] = p - y[rows[i]]
            g_v[i] = z[i] * w3
        masked(g_v, v)
        g_u = masked(np.dot(g_v, w2.T), u)
        np.dot(batch.T, g_u, g_w1)
        np.dot(one, g_u, g_b1)
        np.dot(u.T, g_v, g_w2)
        np.dot(one, g_v, g_b2)
        np.dot(v.T, z, g_w3)
        g_b3[0] = z.sum()
        t += 1
        rate = RATE * np.sqrt(1 - DECAY_2**t) / (1 - DECAY_1**t)
        for i in range(len(vector)):
            total += 0.5 * penalty[i] * vector[i] ** 2
        for i in range(len(vector)):  # apart from the sum, which keeps its order
            g = (gradient[i] + penalty[i] * vector[i]) / k
            means[0, i] = DECAY_1 * means[0, i] + (1 - DECAY_1) * g
            means[1, i] = DECAY_2 * means[1, i] + (1 - DECAY_2) * g * g
            vector[i] -= rate * means[0, i] / (np.sqrt(means[1, i]) + TINY)
    return total / len(x)
