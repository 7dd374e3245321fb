"""Numbers as text: one or two characters each, which the browser decodes."""

import string

import numpy as np
from numpy.typing import ArrayLike

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def encode(values: ArrayLike, low: float, high: float, characters: int = 2) -> str:
    """Write numbers (p,) as text: 1 character each for 64 steps from low to high, 2 for 4096."""
    top = 64**characters - 1
    span = (high - low) or 1.0
    steps = np.clip(np.rint((np.asarray(values, float) - low) / span * top), 0, top).astype(int)
    if characters == 1:
        return "".join(ALPHABET[s] for s in steps)
    return "".join(ALPHABET[s // 64] + ALPHABET[s % 64] for s in steps)


def decode(text: str, index: str, low: float, high: float) -> str:
    """Write the Vega expression that reads one number of an `encode`d text back."""
    digit = "indexof('{a}', substring({t}, 2 * {i} + {k}, 2 * {i} + {k} + 1))"
    first, second = (digit.format(a=ALPHABET, t=text, i=index, k=k) for k in (0, 1))
    return f"{low} + ({first} * 64 + {second}) * {(high - low) / 4095:.9g}"
