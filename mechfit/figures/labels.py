"""Words and numbers on charts: a label "ḡ_Na (mS/cm²)" has a symbol, a subscript and a unit."""

import re
from typing import NamedTuple

import numpy as np


class Label(NamedTuple):
    """The parts of a label.

    Attributes:
        symbol: The letter, as in "ḡ".
        subscript: What follows the underscore, as in "Na", or "".
        unit: What stands in the last parentheses, as in "mS/cm²", or "".
    """

    symbol: str
    subscript: str
    unit: str

    @property
    def name(self) -> str:
        """Symbol and subscript in plain text, as in "ḡ_Na"."""
        return f"{self.symbol}_{self.subscript}" if self.subscript else self.symbol


def parse(label: str) -> Label:
    """Split a label into symbol, subscript and unit.

    Args:
        label: For example "ḡ_Na (mS/cm²)".

    Returns:
        Its parts.

    Example:
        >>> parse("τ_max (ms)")
        Label(symbol='τ', subscript='max', unit='ms')
        >>> parse("spike count").name
        'spike count'
    """
    name, unit = re.fullmatch(r"(.*?)(?:\s*\(([^()]*)\))?", label.strip()).groups()
    symbol, _, subscript = name.partition("_")
    return Label(symbol, subscript, unit or "")


def number(value: float, digits: int = 3) -> str:
    """Write a number with the precision that a reader needs and a true minus sign.

    Args:
        value: The number.
        digits: Significant digits.

    Returns:
        The text.

    Example:
        >>> number(-70.1234), number(1234.6), number(0.5)
        ('−70.1', '1235', '0.5')
    """
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        text = f"{value:.{digits - 1}e}"
    elif abs(value) >= 10 ** (digits - 1):
        text = f"{value:.0f}"
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """Write a number with its unit.

    Args:
        value: The number.
        unit: The unit, or "".
        digits: Significant digits.

    Returns:
        The text.

    Example:
        >>> quantity(-70.19, "mV")
        '−70.2 mV'
    """
    return f"{number(value, digits)} {unit}".rstrip()


def ends(low: float, high: float) -> tuple[str, str]:
    """Write the two ends of an axis; an end that is nothing beside the other becomes "0".

    Args:
        low: Lower end.
        high: Upper end.

    Returns:
        Both texts.

    Example:
        >>> ends(1e-4, 0.6)
        ('0', '0.6')
    """
    small = 2e-3 * (high - low)
    return tuple("0" if abs(v) < small else number(v) for v in (low, high))


def step_125(target: float) -> float:
    """Round down to 1, 2 or 5 times a power of ten.

    Args:
        target: A positive number.

    Returns:
        The largest such number that is not larger than `target`.

    Example:
        >>> step_125(30.0), step_125(700.0)
        (20.0, 500.0)
    """
    power = 10.0 ** np.floor(np.log10(target))
    return float(max(f * power for f in (1, 2, 5) if f * power <= target * (1 + 1e-9)))
