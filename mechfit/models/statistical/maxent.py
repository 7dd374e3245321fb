r"""Pairwise maximum entropy: the least structured distribution with given rates and correlations.

Of all distributions of patterns s in {0, 1}^n (cells that fire or not in a bin) with the moments
<s_i> and <s_i s_j>, the one of highest entropy is

    p(s) = exp(sum_i h_i s_i + sum_(i<j) J_ij s_i s_j) / Z.

With features f = (s_i, s_i s_j), the mean log-likelihood has the gradient <f>_data - <f>_p and the
Hessian -cov_p(f). It is concave, and Newton's method finds its maximum, exactly for up to 15
cells, whose 2^n patterns can be listed. The maximum is minus the entropy S_2. With S_1 of
independent cells and S_N of the data, (S_1 - S_2) / (S_1 - S_N) is the share of all correlation
that pairs explain; near 1 it says little where few cells fire in a bin (Roudi, Nirenberg & Latham
2009, doi:10.1371/journal.pcbi.1000380). J is no synapse: it changes with the length of the bins.
Physicists write cells as ±1, with J/4 and h/2 + sum_j J_ij / 4. Schneidman, Berry, Segev & Bialek
(2006), doi:10.1038/nature04701. Taught in ``book/models/mechanism-or-statistics.md``.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr, logit, logsumexp, softmax

from mechfit.models.inputs import whole
from mechfit.models.statistical.newton import maximum
from mechfit.summaries.arguments import array_of

__all__ = ["MaximumEntropy", "pattern_entropy"]

MOST = 15
"""Cells whose patterns are listed."""


@dataclass(frozen=True)
class MaximumEntropy:
    """A pairwise maximum-entropy distribution of the patterns of n cells.

    Attributes:
        h: Fields (n,).
        J: Couplings (n, n), symmetric, 0 on the diagonal.

    Example:
        >>> patterns = np.array([[0, 0], [0, 0], [0, 0], [1, 0], [0, 1], [1, 1]])
        >>> model = MaximumEntropy.fit(patterns.T @ patterns / 6)
        >>> model.probabilities.round(3), model.J[0, 1].round(3)
        (array([0.5  , 0.167, 0.167, 0.167]), np.float64(1.099))
    """

    h: np.ndarray
    J: np.ndarray

    def __post_init__(self) -> None:
        h, J = array_of("h", self.h, "(n,)"), array_of("J", self.J, "(n, n)")
        n = len(h)
        if not 1 <= n <= MOST or J.shape != (n, n) or (J != J.T).any() or J.diagonal().any():
            raise ValueError(
                f"h has shape {h.shape} and J {J.shape}, expected (n,) and (n, n) with n up to "
                f"{MOST}, J symmetric with zeros on the diagonal"
            )
        vars(self).update(h=h, J=J)

    @classmethod
    def independent(cls, rates: ArrayLike) -> Self:
        """Independent cells that fire with the probabilities `rates` (n,) in a bin."""
        rates = array_of("rates", rates, "(n,)")
        if not ((rates > 0) & (rates < 1)).all():
            i = np.flatnonzero(~((rates > 0) & (rates < 1)))[0]
            raise ValueError(
                f"the rate of cell {i} is {rates[i]} per bin, expected above 0 and below 1"
            )
        return cls(logit(rates), np.zeros((len(rates), len(rates))))

    @classmethod
    def fit(cls, moments: ArrayLike) -> Self:
        """The distribution with given moments.

        Args:
            moments: Moments (n, n): <s_i s_j>, and the rates <s_i> on the diagonal. Of patterns
                (m, n) they are `patterns.T @ patterns / m`. Where cells never fire together, half
                a pattern more of fair coins (moments 1/2 and 1/4) gives them a finite J.

        Raises:
            ValueError: No distribution with finite h and J has these moments.
        """
        moments = array_of("moments", moments, "(n, n)")
        n = len(moments)
        if moments.shape != (n, n) or not 1 <= n <= MOST or not np.allclose(moments, moments.T):
            raise ValueError(
                f"moments have shape {moments.shape}, expected (n, n), symmetric, n up to {MOST}"
            )
        start = cls.independent(moments.diagonal())
        _check_pairs(moments)
        upper = np.triu_indices(n)
        target, features = moments[upper], _patterns(n)[:, upper].prod(1)  # s_i s_i = s_i

        def log_likelihood(w: np.ndarray) -> float:
            return target @ w - logsumexp(features @ w)

        def slopes(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            p = softmax(features @ w)
            centered = features - p @ features
            return target - p @ features, (centered.T * p) @ centered

        w = np.zeros((n, n))
        try:
            w[upper], _ = maximum(log_likelihood, slopes, np.diag(start.h)[upper])
        except ArithmeticError:
            raise ValueError(
                "no distribution with finite h and J has these moments, expected possible ones: "
                "those of each pair are, all together are not"
            ) from None
        J = np.triu(w, 1)
        return cls(w.diagonal(), J + J.T)

    @property
    def patterns(self) -> np.ndarray:
        """All patterns (2^n, n) of 0 and 1, in which cell i is bit i of the row's number."""
        return _patterns(len(self.h))

    @property
    def probabilities(self) -> np.ndarray:
        """Probability (2^n,) of each of the `patterns`."""
        return np.exp(self.log_prob(self.patterns))

    @property
    def entropy(self) -> float:
        """Entropy in bits."""
        return float(entr(self.probabilities).sum() / np.log(2))

    def log_prob(self, patterns: ArrayLike) -> np.ndarray:
        """Log-probability (m,) of patterns (m, n) of 0 and 1."""
        log_Z = logsumexp(self._exponent(self.patterns))
        return self._exponent(_checked(patterns, len(self.h))) - log_Z

    def sample(self, m: int, seed: int | np.random.Generator) -> np.ndarray:
        """Draw m patterns (m, n)."""
        rng, p = np.random.default_rng(seed), self.probabilities
        return self.patterns[rng.choice(len(p), whole(m, "m", 1), p=p / p.sum())]

    def _exponent(self, patterns: np.ndarray) -> np.ndarray:
        return patterns @ self.h + 0.5 * np.einsum("mi,ij,mj->m", patterns, self.J, patterns)


def pattern_entropy(patterns: ArrayLike) -> tuple[float, float]:
    """Entropy in bits of patterns (m, n) of 0 and 1, as they were seen, and corrected.

    Few patterns look less random than they are. The correction of Miller and Madow adds
    (number of different patterns - 1) / (2 m ln 2).

    Example:
        >>> pattern_entropy([[0, 0], [0, 1], [1, 0], [1, 1]])
        (2.0, 2.54101064033336...)
    """
    patterns = _checked(patterns, None)
    _, counts = np.unique(patterns, axis=0, return_counts=True)
    p = counts / len(patterns)
    seen = float(-(p * np.log2(p)).sum())
    return seen, float(seen + (len(p) - 1) / (2 * len(patterns) * np.log(2)))


def _patterns(n: int) -> np.ndarray:
    """All patterns (2^n, n)."""
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(float)


def _check_pairs(moments: np.ndarray) -> None:
    """Raise ValueError unless each pair of cells has all four patterns."""
    rates = moments.diagonal()
    low, high = np.maximum(0, rates[:, None] + rates - 1), np.minimum(rates[:, None], rates)
    wrong = np.argwhere(np.triu(~((low < moments) & (moments < high)), 1))
    if len(wrong):
        i, j = wrong[0]
        raise ValueError(
            f"cells {i} and {j} fire together with probability {moments[i, j]}, expected above "
            f"{low[i, j]} and below {high[i, j]} for a finite J"
        )


def _checked(patterns: ArrayLike, n: int | None) -> np.ndarray:
    patterns = array_of("patterns", patterns, "(m, n)")
    if not patterns.size or patterns.shape[1] != (n or patterns.shape[1]):
        raise ValueError(f"patterns have shape {patterns.shape}, expected (m, {n or 'n'})")
    if not np.isin(patterns, (0, 1)).all():
        wrong = patterns[~np.isin(patterns, (0, 1))][0]
        raise ValueError(f"patterns have the value {wrong}, expected 0 or 1")
    return patterns
