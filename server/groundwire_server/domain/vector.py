"""A vector as it crosses ports."""

from array import array
from typing import TypeAlias

Vector: TypeAlias = "array[float]"
"""A unit vector of float32 (`array('f')`): no copy into numpy, no dependency for those who only pass it on."""
