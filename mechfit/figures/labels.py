"""Words and numbers on charts: a label "ḡ_Na (mS/cm²)" has a symbol, a subscript and a unit."""

import html
import re
from typing import NamedTuple

import numpy as np

_SYMBOL = re.compile(r"(?<!\w)([^\W\d_][\u0300-\u036f]*)_([^\W_]+(?:,[^\W_]+)*)(?!\w)")
"""A symbol of one letter with a subscript; subscripts.js has the same rule."""


class Label(NamedTuple):
    """The parts of a label, as in "ḡ", "Na" and "mS/cm²"; subscript and unit may be ""."""

    symbol: str
    subscript: str
    unit: str

    @property
    def name(self) -> str:
        """Symbol and subscript in plain text, as in "ḡ_Na"."""
        return f"{self.symbol}_{self.subscript}" if self.subscript else self.symbol

    @property
    def text(self) -> str:
        """Name and unit as they stand on charts, with the sign of square roots."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def parse(label: str) -> Label:
    """Split a label into symbol, subscript and unit; a square root in it has its sign.

    Example:
        >>> parse("σ_V (mV ms^½)")
        Label(symbol='σ', subscript='V', unit='mV √ms')
    """
    name, unit = re.fullmatch(r"(.*?)(?:\s*\(([^()]*)\))?", label.strip()).groups()
    symbol, _, subscript = name.partition("_")
    return Label(symbol, subscript, re.sub(r"(\w+)\^½", r"√\1", unit or ""))


def pieces(words: str) -> list[str]:
    """Split words at the subscripts of symbols: every second piece is one.

    Example:
        >>> pieces("ḡ_Na (mS/cm²), not rest_mean")
        ['ḡ', 'Na', ' (mS/cm²), not rest_mean']
    """
    return _SYMBOL.sub("\\1\0\\2\0", words).split("\0")


def marked_up(words: str) -> str:
    """Write words as HTML, with the subscripts of symbols.

    Example:
        >>> marked_up("τ_max < 1 s")
        'τ<sub>max</sub> &lt; 1 s'
    """
    return tagged(html.escape(words))


def tagged(text: str) -> str:
    """Set the subscripts of symbols in text of HTML or Markdown."""
    split = enumerate(pieces(text))
    return "".join(f"<sub>{piece}</sub>" if i % 2 else piece for i, piece in split)


def number(value: float, digits: int = 3) -> str:
    """Write a number with the precision that a reader needs and a true minus sign."""
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        text = f"{value:.{digits - 1}e}"
    elif abs(value) >= 10 ** (digits - 1):
        text = f"{value:.0f}"
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """Write a number with its unit, which may be ""."""
    return f"{number(value, digits)} {unit}".rstrip()


def span(low: float, high: float, unit: str = "") -> str:
    """Write an interval with its unit."""
    return f"{number(low)} to {quantity(high, unit)}"


def ends(low: float, high: float) -> tuple[str, str]:
    """Write the two ends of an axis; an end that is nothing beside the other becomes "0"."""
    small = 2e-3 * (high - low)
    return tuple("0" if abs(v) < small else number(v) for v in (low, high))


def step_125(target: float) -> float:
    """Round a positive number down to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(target))
    return float(max(f * power for f in (1, 2, 5) if f * power <= target * (1 + 1e-9)))
