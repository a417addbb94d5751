"""A vector as it crosses ports."""

from array import array
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Vector: TypeAlias = array[float]
else:
    # Python 3.11 knows `array[float]` in its types alone.
    Vector = array
"""A unit vector of float32 (`array('f')`): no copy into numpy, no dependency for those who only pass it on."""
