"""Published numbers beside ours, in a table that cannot be made once one has drifted."""

from collections.abc import Sequence
from dataclasses import dataclass

from IPython.display import Markdown

Z_90 = 1.645
"""Standard errors on each side of a 90 % interval."""


@dataclass(frozen=True)
class Number:
    """A published number and ours.

    Attributes:
        what: What it measures, in Markdown.
        published: As published.
        ours: As found here.
        error: Standard error of ours, 0 where it is exact.
        tolerance: Largest difference of the two that is accepted.
        digits: Digits after the point.
    """

    what: str
    published: float
    ours: float
    error: float
    tolerance: float
    digits: int = 2

    @property
    def drifted(self) -> bool:
        """Whether ours is further from the published number than is accepted."""
        return not abs(self.ours - self.published) <= self.tolerance

    def row(self) -> str:
        """Return the number as a row of a Markdown table.

        Example:
            >>> Number("share", 0.5, 0.52, 0.01, 0.1).row()
            '| share | 0.50 | 0.52 (0.50 to 0.54) | 0.10 |'
        """
        low, high = self.ours - Z_90 * self.error, self.ours + Z_90 * self.error
        ours = self._said(self.ours)
        if self.error:
            ours += f" ({self._said(low)} to {self._said(high)})"
        cells = self.what, self._said(self.published), ours, self._said(self.tolerance)
        return f"| {' | '.join(cells)} |"

    def _said(self, value: float) -> str:
        return f"{value:.{self.digits}f}".replace("-", "−")


def reproduced(numbers: Sequence[Number]) -> Markdown:
    """Return the table of published numbers and ours.

    Raises:
        ValueError: A number has drifted; the error names all that have.
    """
    drifted = [number for number in numbers if number.drifted]
    if drifted:
        told = "; ".join(f"{n.what}: {n.published:g}, ours {n.ours:g}" for n in drifted)
        raise ValueError(f"expected what was published, within its tolerance, got {told}")
    head = "| number | published | ours (90 % interval) | tolerance |\n|---|--:|--:|--:|"
    return Markdown("\n".join([head, *(number.row() for number in numbers)]))
