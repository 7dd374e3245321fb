"""Arguments: what users hand in, as floats of the expected shape, or an error that names it."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["array_of", "number_of", "numbers", "window_of"]


def numbers(values: ArrayLike, what: str) -> np.ndarray:
    """The values as floats; masked ones are NaN. Arrays of floats are returned as they are.

    Raises:
        TypeError: They are no real numbers; the error calls them `what`.
        ValueError: Their rows are of different lengths.
    """
    if values is None:
        raise TypeError(f"{what} is None, expected real numbers")
    if hasattr(values, "detach"):  # a tensor, perhaps on a GPU, or with a gradient
        values = values.detach().cpu()
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = values.astype(float).filled(np.nan)
        array = np.asarray(values)
        if array.dtype.kind == "O":  # numbers of Python; tables of pandas, with missing ones
            table = hasattr(values, "to_numpy") and hasattr(values, "index")
            array = values.to_numpy(float, na_value=np.nan) if table else array.astype(float)
    except TypeError as error:
        raise TypeError(f"{what} holds other things than real numbers: {error}") from None
    except ValueError as error:
        raise ValueError(f"{what} is no array of real numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what} is of type {array.dtype}, expected real numbers")
    return array.astype(float, copy=False)


def array_of(what: str, values: ArrayLike, *shapes: str, finite: bool = True) -> np.ndarray:
    """The values as a contiguous array of one of the shapes, such as "(n, time)".

    Raises:
        TypeError: They are no real numbers.
        ValueError: They have another number of axes, or are not finite although they should be.
    """
    array = np.asarray(numbers(values, what), order="C")
    if array.ndim not in [len(shape.strip("(,)").split(",")) for shape in shapes]:
        raise ValueError(f"{what} has shape {array.shape}, expected {' or '.join(shapes)}")
    if finite and not np.isfinite(array).all():
        bad = array[~np.isfinite(array)][0]
        raise ValueError(f"{what} has the value {bad}, expected {shapes[0]} of finite numbers")
    return array


def number_of(what: str, value: float, *, positive: bool = False) -> float:
    """The value as a finite float."""
    number = numbers(value, what)
    if number.ndim or not (0 if positive else -np.inf) < number < np.inf:
        kind = "positive " if positive else ""
        raise ValueError(f"{what} is {value}, expected a {kind}{what} that is finite")
    return float(number)


def window_of(window: ArrayLike) -> tuple[float, float]:
    """Onset and end of a window, in this order; they may be infinite."""
    times = numbers(window, "window")
    if times.shape != (2,) or not times[0] < times[1]:
        raise ValueError(f"window is {window} ms, expected an onset and a later end")
    return float(times[0]), float(times[1])
