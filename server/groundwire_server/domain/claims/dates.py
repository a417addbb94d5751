"""Reading dates and times of day."""

import re
from collections.abc import Sequence

from groundwire_server.domain.claims.number_words import MONTHS, NUMBER_WORDS
from groundwire_server.domain.claims.quantity import JOINED, Quantity, digits_at, folded_at, range_parts, whole
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})$")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})$")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?$")

_LAST_DAY = 31
_LAST_MONTH = 12
_HOURS = 24
_NOON = 12
_YEARS = (1000, 2200)
_HOUR = 3600.0
_CLOCK = {"am": 0, "pm": 12}
_OCLOCK = frozenset(("o'clock", "o’clock", "uhr", "heures"))
_PAST = {("half", "past"): 1800.0, ("quarter", "past"): 900.0, ("quarter", "to"): -900.0}
_PARTS_OF_DAY = frozenset(("morning", "afternoon", "evening", "night", "abends", "nachmittags", "soir"))


def dates_at(terms: Sequence[Term], index: int) -> list[Quantity] | None:
    """Return the date that begins at a term, or the dates: `10-12 May`."""
    token = digits_at(terms, index)
    if token.isdigit() and not _names_month(terms, index + 1):
        return None
    if JOINED.search(token) and _month(terms, index + 1):
        days, month, year = range_parts(token), _month(terms, index + 1), _year(terms, index + 2)
        end = index + 2 + (year is not None)
        return [
            _dated([(year, month, int(day))], index, end) for day in days if day.isdigit() and int(day) <= _LAST_DAY
        ] or None
    iso = _ISO_DATE.match(token)
    if iso:
        return [_dated([(int(iso[1]), int(iso[2]), int(iso[3]))], index, index + 1)]
    numeric = _NUMERIC_DATE.match(token)
    if numeric:
        one, other, year = int(numeric[1]), int(numeric[3]), int(numeric[4])
        readings = [(year, month, day) for month, day in ((other, one), (one, other)) if month <= _LAST_MONTH]
        if numeric[2] == ".":
            readings = readings[:1] if other <= _LAST_MONTH else readings
        return [_dated(readings, index, index + 1)] if readings else None
    month = _month(terms, index)
    if month:
        return _month_first(terms, index, month)
    day = whole(token)
    at = index + 1 + (folded_at(terms, index + 1) == "of")
    month = _month(terms, at)
    if day is None or not 1 <= day <= _LAST_DAY or not month:
        return None
    year = _year(terms, at + 1)
    return [_dated([(year, month, day)], index, at + 1 + (year is not None))]


def _names_month(terms: Sequence[Term], index: int) -> bool:
    return folded_at(terms, index) in MONTHS or folded_at(terms, index) == "of"


def _month_first(terms: Sequence[Term], index: int, month: int) -> list[Quantity] | None:
    day = whole(digits_at(terms, index + 1))
    if day is not None and 1 <= day <= _LAST_DAY:
        year = _year(terms, index + 2)
        return [_dated([(year, month, day)], index, index + 2 + (year is not None))]
    year = _year(terms, index + 1)
    if year is not None:
        return [_dated([(year, month, None)], index, index + 2)]
    # "may" and "march" are words of their own, unless a number or a preposition stands beside them.
    placed = index > 0 and terms[index - 1].folded in _BEFORE_A_MONTH
    if not placed and terms[index].folded in ("may", "march", "mar", "mai", "mars", "sept", "nov", "dec", "jan"):
        return None
    return [_dated([(None, month, None)], index, index + 1)]


_BEFORE_A_MONTH = frozenset(
    ("in", "since", "until", "till", "by", "during", "early", "late", "mid", "im", "seit", "bis")
)


def _month(terms: Sequence[Term], index: int) -> int:
    if not 0 <= index < len(terms):
        return 0
    # Of the languages that write months small, beside a day or a year only: "may" and "august" are words of their own.
    alone = not (whole(digits_at(terms, index - 1)) or _year(terms, index + 1))
    if not terms[index].capital and (alone or terms[index].folded in ("may", "march")):
        return 0
    return MONTHS.get(terms[index].folded, 0)


def _year(terms: Sequence[Term], index: int) -> int | None:
    year = whole(digits_at(terms, index))
    return year if year is not None and _YEARS[0] <= year <= _YEARS[1] else None


def _dated(readings: Sequence[tuple[int | None, int | None, int | None]], start: int, end: int) -> Quantity:
    return Quantity(ConflictKind.DATE, tuple(readings), "date", start, end)


def time_at(terms: Sequence[Term], index: int) -> list[Quantity] | None:
    """Return the time of day that begins at a term."""
    token, word = digits_at(terms, index), folded_at(terms, index)
    if word in ("noon", "midnight"):
        return [_at((_NOON if word == "noon" else 0) * _HOUR, index, index + 1)]
    past = _PAST.get((word, folded_at(terms, index + 1)))
    if past is None and folded_at(terms, index + 1) == "past" and word in NUMBER_WORDS:
        past = NUMBER_WORDS[word] * 60.0
    if past is not None:
        hour = _hour(terms, index + 2)
        return None if hour is None else [_at(hour * _HOUR + past, index, index + 3, either=hour <= _NOON)]
    following = folded_at(terms, index + 1).replace(".", "")
    if following not in _CLOCK and following not in _OCLOCK and ":" not in token:
        return None
    match = _TIME.match(token)
    hour = int(match[1]) if match else _hour(terms, index)
    if hour is None or hour > _HOURS:
        return None
    seconds = hour * _HOUR + (int(match[2]) * 60.0 + int(match[3] or 0) if match else 0.0)
    if following in _CLOCK and hour <= _NOON:
        return [_at(seconds - (hour == _NOON) * _NOON * _HOUR + _CLOCK[following] * _HOUR, index, index + 2)]
    part = {folded_at(terms, position) for position in range(index + 1, index + 4)} & _PARTS_OF_DAY
    if following in _OCLOCK:
        return [_at(seconds, index, index + 2, either=hour <= _NOON)]
    if match:
        return [_at(seconds, index, index + 1, either=bool(part) and hour <= _NOON)]
    return None


def _hour(terms: Sequence[Term], index: int) -> int | None:
    word = folded_at(terms, index)
    if word in ("noon", "midnight"):
        return _NOON if word == "noon" else 0
    return int(NUMBER_WORDS[word]) if word in NUMBER_WORDS else whole(digits_at(terms, index))


def _at(seconds: float, start: int, end: int, *, either: bool = False) -> Quantity:
    """Return a time of day; one that may be before or after noon is both."""
    day = _HOURS * _HOUR
    values = (seconds % day, (seconds + _NOON * _HOUR) % day) if either else (seconds % day,)
    return Quantity(ConflictKind.DATE, values, "time of day", start, end)
