"""The type of vectors at ports."""

from array import array
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Vector: TypeAlias = array[float]
else:
    # At run time Python 3.11 does not support `array[float]`.
    Vector = array
"""A unit vector of float32 (`array('f')`): numpy reads it without a copy, and code that passes it on needs no numpy."""
