"""Reading the numbers, amounts and versions of a text, and its dates and times, so that they compare by value."""

import re
from collections.abc import Sequence
from functools import lru_cache

from groundwire_server.domain.claims.dates import dates_at, time_at
from groundwire_server.domain.claims.number_words import (
    ARTICLES,
    CURRENCIES,
    CURRENCY_CODES,
    FRACTIONS,
    NUMBER_WORDS,
    ORDINALS,
    SCALES,
    UNITS,
)
from groundwire_server.domain.claims.quantity import JOINED, ORDINAL, Quantity, digits_at, folded_at, range_parts
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_FRACTION = re.compile(r"(\d{1,3})/(\d{1,3})$")
_VERSION = re.compile(r"\d+(?:\.\d+)+$")
_GROUPS = re.compile(r"\d{1,3}(?:([.,'’\u00a0\u202f\u2009])\d{3})(?:\1\d{3})*$")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?$")
_POWER = re.compile(r"\d+(?:\.\d+)?e[+-]?\d{1,2}$")

_TEN, _TWENTY = 10.0, 20.0
_COUNTED_BY_ARTICLE = frozenset(("dozen", "hundred", "thousand", "million", "billion", "trillion"))


def quantities(terms: Sequence[Term]) -> list[Quantity]:
    """Return the quantities of a text, in order."""
    found: list[Quantity] = []
    end = 0
    for index in [index for index, term in enumerate(terms) if term.measures]:
        if index < end:
            continue
        quantity = dates_at(terms, index) or time_at(terms, index) or _amount(terms, index)
        if quantity is not None:
            found += quantity
            end = quantity[-1].end
    return found


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
    if _POWER.match(token):
        return (float(token),)
    decimal = token.rpartition("." if token.rfind(".") > token.rfind(",") else ",")
    head, tail = re.sub(r"\D", "", decimal[0]), re.sub(r"\D", "", decimal[2])
    return (float(f"{head or 0}.{tail}"),) if tail else (float(head or 0),)


def _is_negative(terms: Sequence[Term], index: int) -> bool:
    if terms[index].folded[0] == "-":
        return True
    subtracted = index > 1 and terms[index - 2].number
    return index > 0 and not subtracted and folded_at(terms, index - 1) in ("minus", "moins")


def _amount(terms: Sequence[Term], index: int) -> list[Quantity] | None:
    start = index
    currency = ""
    if terms[index].sign or folded_at(terms, index) in CURRENCY_CODES:
        unit = UNITS.get(folded_at(terms, index))
        if unit is None or unit[0] in ("%", "degree") or not digits_at(terms, index + 1):
            return None
        currency = unit[0]
        index += 1
    if digits_at(terms, index):
        return _in_digits(terms, start, index, currency)
    return _in_words(terms, index)


def _in_digits(terms: Sequence[Term], start: int, index: int, currency: str) -> list[Quantity]:
    token = digits_at(terms, index)
    end = index + 1
    ordinal = ORDINAL.match(token)
    if ordinal:
        return [Quantity(ConflictKind.NUMBER, (float(ordinal[1]),), "ordinal", start, end)]
    if _is_version(terms, index):
        bare = _readings(token) if token.count(".") == 1 else ()
        return [Quantity(ConflictKind.NUMBER, (token,), "version", start, end, bare)]
    fraction = _FRACTION.match(token)
    if fraction and 0 < int(fraction[1]) < int(fraction[2]):
        return [_with_unit(terms, (int(fraction[1]) / int(fraction[2]),), currency, start, end)]
    if JOINED.search(token):
        return [_with_unit(terms, _readings(part), currency, start, end) for part in range_parts(token)]
    values = _readings(token)
    if _is_negative(terms, index):
        values = tuple(-value for value in values)
    part = folded_at(terms, end)
    if "⁄" in part and part in FRACTIONS:
        values, end = (values[0] + FRACTIONS[part],), end + 1
    return [_with_unit(terms, values, currency, start, end)]


def _in_words(terms: Sequence[Term], index: int) -> list[Quantity] | None:
    word, following = folded_at(terms, index), folded_at(terms, index + 1)
    if word in ARTICLES:
        unit = UNITS.get(following)
        if unit is not None and unit[0] == "time":
            end, count = (index + 5, 1.5) if _and_half(terms, index + 2) else (index + 2, 1.0)
            return [Quantity(ConflictKind.NUMBER, (count * unit[1],), unit[0], index, end, (count,))]
        if following not in _COUNTED_BY_ARTICLE:
            return None
    if NUMBER_WORDS.get(word, 0.0) >= _TWENTY and ORDINALS.get(following, _TEN) < _TEN:
        place = NUMBER_WORDS[word] + ORDINALS[following]
        return [Quantity(ConflictKind.NUMBER, (place,), "ordinal", index, index + 2)]
    number = _named(terms, index + (word in ARTICLES))
    if number is not None:
        value, end = number
        value = -value if _is_negative(terms, index) else value
        return [_with_unit(terms, (value,), "", index, end)]
    if word in ORDINALS:
        return [Quantity(ConflictKind.NUMBER, (ORDINALS[word],), "ordinal", index, index + 1)]
    return None


def _named(terms: Sequence[Term], index: int) -> tuple[float, int] | None:
    """Return the value of a number in words and the index after it: `one hundred and twenty-five thousand`."""
    start = index
    total = current = 0.0
    while index < len(terms):
        word = folded_at(terms, index)
        value = NUMBER_WORDS.get(word)
        if value is not None and (index == start or _continues(current, value)):
            current += value
        elif index == start and not (folded_at(terms, index - 1) in ARTICLES and word in _COUNTED_BY_ARTICLE):
            break
        elif word == "dozen" and current:
            current *= 12.0
        elif word == "hundred":
            current = (current or 1.0) * 100.0
        elif word in SCALES and word != "k":
            total, current = total + (current or 1.0) * SCALES[word], 0.0
        elif word in FRACTIONS and current and (current == 1.0 or word not in ORDINALS):
            return total + current * FRACTIONS[word], index + 1
        elif word == "and" and _and_half(terms, index):
            return total + current + 0.5, index + 3
        elif not (word == "and" and (total or current >= 100) and folded_at(terms, index + 1) in NUMBER_WORDS):
            break
        index += 1
    if index > start:
        return total + current, index
    return _fraction(terms, start)


def _continues(current: float, value: float) -> bool:
    """Whether a number in words goes on: `twenty` with `five`, `hundred` with `twenty`, but not `five` with `six`."""
    return current >= 100 or current == 0 or (current % 10 == 0 and value < 10)


def _fraction(terms: Sequence[Term], index: int) -> tuple[float, int] | None:
    word = folded_at(terms, index)
    if word not in FRACTIONS:
        return None
    # `third` and `quarter` are places in an order, too.
    if word in ORDINALS and not (
        folded_at(terms, index - 1) in ("a", "one") and folded_at(terms, index + 1) in ("of", "")
    ):
        return None
    return FRACTIONS[word], index + 1


def _and_half(terms: Sequence[Term], index: int) -> bool:
    return folded_at(terms, index + 1) == "a" and folded_at(terms, index + 2) == "half"


def _is_version(terms: Sequence[Term], index: int) -> bool:
    """Whether a number is a version, of which 3.1 and 3.10 are two: it has more points than one, or follows a name."""
    token = digits_at(terms, index)
    if not _VERSION.match(token) or (_GROUPS.match(token) and token.count(".") > 1):
        return False
    if token.count(".") > 1 or terms[index].folded[0] == "v" or folded_at(terms, index - 1) in ("version", "release"):
        return True
    following = folded_at(terms, index + 1)
    named = index > 0 and terms[index - 1].capital and terms[index - 1].content
    return named and following not in UNITS and following not in SCALES and following != "per"


def _counts_millions(terms: Sequence[Term], index: int) -> bool:
    """Whether an `m` stands for millions, not for metres: `1.5M`, `5m euros`."""
    following = UNITS.get(folded_at(terms, index + 1))
    return terms[index].text == "M" or (following is not None and following[0] in CURRENCIES)


def _first(values: Sequence[object]) -> float:
    return values[0] if isinstance(values[0], float) else 0.0


def _with_unit(terms: Sequence[Term], values: tuple[object, ...], dimension: str, start: int, end: int) -> Quantity:
    factor = scale = 1.0
    word = folded_at(terms, end)
    while word in SCALES or (word == "m" and (dimension or _counts_millions(terms, end))):
        scale *= SCALES.get(word, 1e6)
        end += 1
        word = folded_at(terms, end)
    if word == "per" and folded_at(terms, end + 1) in ("cent", "mille"):
        dimension, factor = "%", factor * (0.01 if folded_at(terms, end + 1) == "cent" else 0.001)
        end += 2
    elif word == "a" and folded_at(terms, end + 1) in SCALES:
        scale *= SCALES[folded_at(terms, end + 1)]
        end += 2
        word = folded_at(terms, end)
    if 0.0 < _first(values) < 1.0:
        # Half an hour, a quarter of an hour.
        article = end + (word == "of")
        if folded_at(terms, article) in ARTICLES and folded_at(terms, article + 1) in UNITS:
            end = article + 1
            word = folded_at(terms, end)
    if not dimension and word in UNITS:
        unit, size = UNITS[word]
        if not (unit == "degree" and folded_at(terms, end + 1) in ("celsius", "c", "fahrenheit", "f")):
            dimension, factor = unit, factor * size
            end += 1
        else:
            dimension = "celsius" if folded_at(terms, end + 1) in ("celsius", "c") else "fahrenheit"
            end += 2
    if scale > 1.0 and len(values) > 1:
        # Nobody writes thousands with a point before a name of a scale: `4.093 billion`.
        values = values[-1:]
    values = tuple(value * scale if isinstance(value, float) else value for value in values)
    scaled = tuple(value * factor if isinstance(value, float) else value for value in values)
    return Quantity(ConflictKind.NUMBER, scaled, dimension, start, end, values)
