"""Axes, and numbers as they are written on them."""

from dataclasses import dataclass
from math import ceil, floor, log10

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A map from values between `low` and `high` to pixels between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Return the pixel of a value; a value outside is on the edge."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, value = log10(low), log10(high), log10(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, count: int = 4) -> list[float]:
        """Return round values to write beside the axis, about as many as asked for."""
        if self.logarithmic:
            powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
            listed = [step * 10.0**power for power in powers for step in (1, 2, 5)]
            return [value for value in listed if self.low <= value <= self.high]
        rough = (self.high - self.low) / count
        if rough <= 0:
            return [self.low]
        power = 10.0 ** floor(log10(rough))
        step = next(each * power for each in _STEPS if each * power >= rough * 0.999)
        return [number * step for number in range(ceil(self.low / step), floor(self.high / step * 1.000001) + 1)]


@dataclass(frozen=True, slots=True)
class Frame:
    """The drawing area of a chart: its size and its margins, in pixels."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def across(self, low: float, high: float, *, inset: float = 0.0, logarithmic: bool = False) -> Scale:
        """Return the horizontal axis, from left to right."""
        return Scale(low, high, self.left + inset, self.width - self.right - inset, logarithmic)

    def up(self, low: float, high: float) -> Scale:
        """Return the vertical axis, from the bottom to the top."""
        return Scale(low, high, self.height - self.bottom, self.top)


def number(value: float) -> str:
    """Return a value with three significant digits."""
    if value == 0:
        return "0"
    value = float(f"{value:.3g}")  # 9.996 is written as 10.0
    digits = max(2 - floor(log10(abs(value))), 0)
    return f"{value:,.{min(digits, 4)}f}"
