"""Reading numbers, amounts, dates, times and versions, so that they compare by value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from groundwire_server.domain.claims.number_words import (
    ARTICLES,
    CURRENCIES,
    CURRENCY_CODES,
    FRACTIONS,
    MONTHS,
    NUMBER_WORDS,
    ORDINALS,
    SCALES,
    UNITS,
)
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})$")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})$")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?$")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)$")
_FRACTION = re.compile(r"(\d{1,3})/(\d{1,3})$")
_JOINED = re.compile(r"[-–/:]")
_GROUPS = re.compile(r"\d{1,3}(?:([.,'’\u00a0\u202f\u2009])\d{3})(?:\1\d{3})*$")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?$")

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
_CLOSE = 1e-6


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


def quantities(terms: Sequence[Term]) -> list[Quantity]:
    """Return the quantities of a text, in order."""
    found: list[Quantity] = []
    end = 0
    for index in [index for index, term in enumerate(terms) if term.measures]:
        if index < end:
            continue
        quantity = _date(terms, index) or _time(terms, index) or _amount(terms, index)
        if quantity is not None:
            found += quantity
            end = quantity[-1].end
    return found


def same(said: Quantity, given: Quantity) -> bool:
    """Return whether two quantities are the same, as far as both say."""
    if said.dimension == given.dimension == "date":
        return any(
            all(one is None or one == other for one, other in zip(a, b, strict=True))
            for a in said.values
            for b in given.values
            if isinstance(a, tuple) and isinstance(b, tuple)
        )
    if "version" in (said.dimension, given.dimension):
        return bool(set(said.values) & set(given.values))
    if given.dimension == "date" and said.dimension in ("", "time", "ordinal"):
        # A part of a date may stand alone: the year, or the day of the month.
        parts = {part for value in given.values if isinstance(value, tuple) for part in value if part is not None}
        return any(value in parts for value in said.values)
    if said.dimension == "time of day" or given.dimension == "time of day":
        return _same_time(said, given)
    if said.dimension == given.dimension:
        return _close(said.values, given.values)
    if not (_measured(said) and _measured(given)):
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


@lru_cache(8192)
def _readings(token: str) -> tuple[float, ...]:
    """Return what a number in digits may mean: points and commas divide thousands or decimals."""
    if _GROUPS.match(token):
        plain = float(re.sub(r"\D", "", token))
        separators = {character for character in token if not character.isdigit()}
        if (
            len(separators) == 1
            and sum(not character.isdigit() for character in token) == 1
            and separators & {".", ","}
        ):
            return (
                (plain, float(token.replace(",", ".")))
                if not token.startswith("0")
                else (float(token.replace(",", ".")),)
            )
        return (plain,)
    if _PLAIN.match(token):
        return (float(token.replace(",", ".")),)
    decimal = token.rpartition("." if "." in token else ",")
    head, tail = re.sub(r"\D", "", decimal[0]), re.sub(r"\D", "", decimal[2])
    return (float(f"{head or 0}.{tail}"),) if tail else (float(head or 0),)


def _folded(terms: Sequence[Term], index: int) -> str:
    return terms[index].folded if 0 <= index < len(terms) else ""


def _digits(terms: Sequence[Term], index: int) -> str:
    if 0 <= index < len(terms) and terms[index].number and terms[index].folded[0].isdigit():
        return terms[index].folded
    return ""


def _whole(token: str) -> int | None:
    match = _ORDINAL.match(token)
    token = match[1] if match else token
    return int(token) if token.isdigit() and token.isascii() else None


def _date(terms: Sequence[Term], index: int) -> list[Quantity] | None:
    token = _digits(terms, index)
    if token.isdigit() and not _names_month(terms, index + 1):
        return None
    if _JOINED.search(token) and _month(terms, index + 1):
        # Days of one month: `10-12 May`.
        days, month, year = _parts(token), _month(terms, index + 1), _year(terms, index + 2)
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
    day = _whole(token)
    at = index + 1 + (_folded(terms, index + 1) == "of")
    month = _month(terms, at)
    if day is None or not 1 <= day <= _LAST_DAY or not month:
        return None
    year = _year(terms, at + 1)
    return [_dated([(year, month, day)], index, at + 1 + (year is not None))]


def _names_month(terms: Sequence[Term], index: int) -> bool:
    return index < len(terms) and (terms[index].capital or terms[index].folded == "of")


def _month_first(terms: Sequence[Term], index: int, month: int) -> list[Quantity] | None:
    day = _whole(_digits(terms, index + 1))
    if day is not None and 1 <= day <= _LAST_DAY:
        year = _year(terms, index + 2)
        return [_dated([(year, month, day)], index, index + 2 + (year is not None))]
    year = _year(terms, index + 1)
    if year is not None:
        return [_dated([(year, month, None)], index, index + 2)]
    # "may" and "march" are words of their own: without a number beside it only a capital makes a month of them.
    if terms[index].folded in ("may", "march", "mar", "mai", "mars", "sept", "nov", "dec", "jan"):
        return None
    return [_dated([(None, month, None)], index, index + 1)]


def _month(terms: Sequence[Term], index: int) -> int:
    if not 0 <= index < len(terms) or not terms[index].capital:
        return 0
    return MONTHS.get(terms[index].folded, 0)


def _year(terms: Sequence[Term], index: int) -> int | None:
    year = _whole(_digits(terms, index))
    return year if year is not None and _YEARS[0] <= year <= _YEARS[1] else None


def _dated(readings: Sequence[tuple[int | None, int | None, int | None]], start: int, end: int) -> Quantity:
    return Quantity(ConflictKind.DATE, tuple(readings), "date", start, end)


def _time(terms: Sequence[Term], index: int) -> list[Quantity] | None:
    token, word = _digits(terms, index), _folded(terms, index)
    if word in ("noon", "midnight"):
        return [_at((_NOON if word == "noon" else 0) * _HOUR, index, index + 1)]
    past = _PAST.get((word, _folded(terms, index + 1)))
    if past is not None:
        hour = _hour(terms, index + 2)
        return None if hour is None else [_at(hour * _HOUR + past, index, index + 3, either=hour <= _NOON)]
    following = _folded(terms, index + 1).replace(".", "")
    if following not in _CLOCK and following not in _OCLOCK and ":" not in token:
        return None
    match = _TIME.match(token)
    hour = int(match[1]) if match else _hour(terms, index)
    if hour is None or hour > _HOURS:
        return None
    seconds = hour * _HOUR + (int(match[2]) * 60.0 + int(match[3] or 0) if match else 0.0)
    if following in _CLOCK and hour <= _NOON:
        return [_at(seconds - (hour == _NOON) * _NOON * _HOUR + _CLOCK[following] * _HOUR, index, index + 2)]
    part = {_folded(terms, position) for position in range(index + 1, index + 4)} & _PARTS_OF_DAY
    if following in _OCLOCK:
        return [_at(seconds, index, index + 2, either=hour <= _NOON)]
    if match:
        return [_at(seconds, index, index + 1, either=bool(part) and hour <= _NOON)]
    return None


def _hour(terms: Sequence[Term], index: int) -> int | None:
    word = _folded(terms, index)
    if word in ("noon", "midnight"):
        return _NOON if word == "noon" else 0
    return int(NUMBER_WORDS[word]) if word in NUMBER_WORDS else _whole(_digits(terms, index))


def _at(seconds: float, start: int, end: int, *, either: bool = False) -> Quantity:
    """Return a time of day; one that may be before or after noon is both."""
    day = _HOURS * _HOUR
    values = (seconds % day, (seconds + _NOON * _HOUR) % day) if either else (seconds % day,)
    return Quantity(ConflictKind.DATE, values, "time of day", start, end)


def _amount(terms: Sequence[Term], index: int) -> list[Quantity] | None:
    start = index
    currency = ""
    if terms[index].sign or _folded(terms, index) in CURRENCY_CODES:
        unit = UNITS.get(_folded(terms, index))
        if unit is None or unit[0] in ("%", "degree") or not _digits(terms, index + 1):
            return None
        currency = unit[0]
        index += 1
    token = _digits(terms, index)
    if token:
        values: tuple[object, ...]
        ordinal = _ORDINAL.match(token)
        if ordinal:
            return [Quantity(ConflictKind.NUMBER, (float(ordinal[1]),), "ordinal", start, index + 1)]
        if token.count(".") > 1 and not _GROUPS.match(token):
            return [Quantity(ConflictKind.NUMBER, (token.strip("."),), "version", start, index + 1)]
        fraction = _FRACTION.match(token)
        if fraction and 0 < int(fraction[1]) < int(fraction[2]):
            values = (int(fraction[1]) / int(fraction[2]),)
        elif _JOINED.search(token):
            parts = _parts(token)
            return [Quantity(ConflictKind.NUMBER, _readings(part), currency, start, index + 1) for part in parts]
        else:
            values = _readings(token)
        index += 1
        return [_with_unit(terms, values, currency, start, index)]
    word = _folded(terms, index)
    if word in ARTICLES:
        unit = UNITS.get(_folded(terms, index + 1))
        if unit is None or unit[0] != "time":
            return None
        return [Quantity(ConflictKind.NUMBER, (float(unit[1]),), unit[0], start, index + 2, (1.0,))]
    number = _named(terms, index)
    if number is None and word in ORDINALS:
        return [Quantity(ConflictKind.NUMBER, (ORDINALS[word],), "ordinal", start, index + 1)]
    if number is None:
        return None
    value, end = number
    return [_with_unit(terms, (value,), currency, start, end)]


def _parts(token: str) -> list[str]:
    """Return the numbers of a range; the second is written out: `1073-74` ends in 1074."""
    parts = [part for part in _JOINED.split(token) if part]
    first = parts[0]
    return [
        first[: len(first) - len(part)] + part
        if first.isdigit() and part.isdigit() and len(part) < len(first) == 4
        else part
        for part in parts
    ]


def _named(terms: Sequence[Term], index: int) -> tuple[float, int] | None:
    """Return the value of a number in words and the index after it: `one hundred and twenty-five thousand`."""
    start = index
    total = current = 0.0
    while index < len(terms):
        word = _folded(terms, index)
        value = NUMBER_WORDS.get(word)
        if value is not None and (index == start or _continues(current, value)):
            current += value
        elif index == start:
            break
        elif word == "hundred":
            current = (current or 1.0) * 100.0
        elif word in SCALES and word != "k":
            total, current = total + (current or 1.0) * SCALES[word], 0.0
        elif word in FRACTIONS and current:
            return total + current * FRACTIONS[word], index + 1
        elif word == "and" and _and_half(terms, index):
            return total + current + 0.5, index + 3
        elif not (word == "and" and current >= 100 and _folded(terms, index + 1) in NUMBER_WORDS):
            break
        index += 1
    if index > start:
        return total + current, index
    return _fraction(terms, start)


def _continues(current: float, value: float) -> bool:
    """Whether a number in words goes on: `twenty` with `five`, `hundred` with `twenty`, but not `five` with `six`."""
    return current >= 100 or current == 0 or (current % 10 == 0 and value < 10)


def _fraction(terms: Sequence[Term], index: int) -> tuple[float, int] | None:
    word = _folded(terms, index)
    if word not in FRACTIONS:
        return None
    # `third` and `quarter` are places in an order, too.
    if word in ORDINALS and not (_folded(terms, index - 1) in ("a", "one") and _folded(terms, index + 1) in ("of", "")):
        return None
    return FRACTIONS[word], index + 1


def _and_half(terms: Sequence[Term], index: int) -> bool:
    return _folded(terms, index + 1) == "a" and _folded(terms, index + 2) == "half"


def _first(values: Sequence[object]) -> float:
    return values[0] if isinstance(values[0], float) else 0.0


def _with_unit(terms: Sequence[Term], values: tuple[object, ...], dimension: str, start: int, end: int) -> Quantity:
    factor = scale = 1.0
    word = _folded(terms, end)
    while word in SCALES or (dimension and word == "m"):
        scale *= SCALES.get(word, 1e6)
        end += 1
        word = _folded(terms, end)
    if word == "per" and _folded(terms, end + 1) in ("cent", "mille"):
        dimension, factor = "%", factor * (0.01 if _folded(terms, end + 1) == "cent" else 0.001)
        end += 2
    elif word == "a" and _folded(terms, end + 1) in SCALES:
        scale *= SCALES[_folded(terms, end + 1)]
        end += 2
        word = _folded(terms, end)
    if 0.0 < _first(values) < 1.0:
        # Half an hour, a quarter of an hour.
        article = end + (word == "of")
        if _folded(terms, article) in ARTICLES and _folded(terms, article + 1) in UNITS:
            end = article + 1
            word = _folded(terms, end)
    if not dimension and word in UNITS:
        unit, size = UNITS[word]
        if not (unit == "degree" and _folded(terms, end + 1) in ("celsius", "c", "fahrenheit", "f")):
            dimension, factor = unit, factor * size
            end += 1
        else:
            dimension = "celsius" if _folded(terms, end + 1) in ("celsius", "c") else "fahrenheit"
            end += 2
    if scale > 1.0 and len(values) > 1:
        # Nobody writes thousands with a point before a name of a scale: `4.093 billion`.
        values = values[-1:]
    values = tuple(value * scale if isinstance(value, float) else value for value in values)
    scaled = tuple(value * factor if isinstance(value, float) else value for value in values)
    return Quantity(ConflictKind.NUMBER, scaled, dimension, start, end, values)
