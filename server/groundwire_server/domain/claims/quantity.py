"""A number, an amount, a date or a time in a text, and when two of them are the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.domain.claims.number_words import CURRENCIES
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_NOON = 12
_HOUR = 3600.0
_CLOSE = 1e-6
_MOST_DIGITS = 9
ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)$")
JOINED = re.compile(r"[-–/:]")
"""What joins two numbers: a range, a score, a fraction."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what it counts or measures, a date, a time or a version.

    Attributes:
        kind: NUMBER or DATE, as a conflict in it is called.
        values: what it may mean, in the base unit of its dimension: `1.200` is 1200 or 1.2; of a date its year, month
            and day with None for what is not said; of a version its parts.
        dimension: what it measures; empty for a mere number, `date`, `time of day` or `version`.
        start: the index of its first term.
        end: the index after its last term.
        bare: the values without their unit, where there is one.
    """

    kind: ConflictKind
    values: tuple[object, ...]
    dimension: str
    start: int
    end: int
    bare: tuple[object, ...] = ()


def same(said: Quantity, given: Quantity) -> bool:
    """Return whether two quantities are the same, as far as both say."""
    if said.dimension == given.dimension == "date":
        return any(
            all(one is None or one == other for one, other in zip(a, b, strict=True))
            for a in said.values
            for b in given.values
            if isinstance(a, tuple) and isinstance(b, tuple)
        )
    if said.dimension == given.dimension == "version":
        return said.values == given.values
    if "version" in (said.dimension, given.dimension):
        return _close(said.bare or said.values, given.bare or given.values)
    if given.dimension == "date" and said.dimension in ("", "time", "ordinal"):
        # A part of a date may stand alone: the year, or the day of the month.
        parts = {part for value in given.values if isinstance(value, tuple) for part in value if part is not None}
        return any(value in parts for value in said.values)
    if said.dimension == "time of day" or given.dimension == "time of day":
        return _same_time(said, given)
    if said.dimension == given.dimension:
        return _close(said.values, given.values)
    if not (_measured(said) and _measured(given)):
        if "%" in (said.dimension, given.dimension) and _close(said.values, given.values):
            return True
        return _close(said.bare or said.values, given.bare or given.values)
    if "cents" in (said.dimension, given.dimension) and {said.dimension, given.dimension} & CURRENCIES:
        return _close(said.values, given.values)
    return False


def _measured(quantity: Quantity) -> bool:
    return quantity.dimension not in ("", "ordinal")


def _close(said: Sequence[object], given: Sequence[object]) -> bool:
    return any(
        isinstance(a, float) and isinstance(b, float) and abs(a - b) <= _CLOSE * max(abs(a), abs(b), _CLOSE)
        for a in said
        for b in given
    )


def _same_time(said: Quantity, given: Quantity) -> bool:
    if said.dimension == given.dimension:
        return bool(set(said.values) & set(given.values))
    number, clock = (said, given) if given.dimension == "time of day" else (given, said)
    hours = {value / _HOUR for value in clock.values if isinstance(value, float)}
    hours |= {hour - _NOON if hour > _NOON else hour for hour in hours}
    return number.dimension == "" and any(value in hours for value in number.values)


def folded_at(terms: Sequence[Term], index: int) -> str:
    """Return a term in its folded form; nothing where there is none."""
    return terms[index].folded if 0 <= index < len(terms) else ""


def digits_at(terms: Sequence[Term], index: int) -> str:
    """Return a number in digits, without its sign; nothing where there is none."""
    if 0 <= index < len(terms) and terms[index].number:
        digits = terms[index].folded.lstrip("-v")
        return digits if digits[0].isdigit() else ""
    return ""


def whole(token: str) -> int | None:
    """Return the value of a whole number or an ordinal in digits."""
    match = ORDINAL.match(token)
    token = match[1] if match else token
    return int(token) if token.isdigit() and token.isascii() and len(token) <= _MOST_DIGITS else None


def range_parts(token: str) -> list[str]:
    """Return the numbers of a range; the second is written out: `1073-74` ends in 1074."""
    parts = [part for part in JOINED.split(token) if part]
    first = parts[0]
    return [
        first[: len(first) - len(part)] + part
        if first.isdigit() and part.isdigit() and len(part) < len(first) == 4
        else part
        for part in parts
    ]
