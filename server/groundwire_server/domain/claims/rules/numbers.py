"""Rules about numbers, amounts, dates, units and the signs of code."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from groundwire_server.domain.claims.alignment import Alignment, TermPlace
from groundwire_server.domain.claims.evidence import EvidenceText
from groundwire_server.domain.claims.number_words import UNITS
from groundwire_server.domain.claims.quantity import Quantity, same
from groundwire_server.domain.claims.rules.objection import Objection
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_ABOUT = 0.05
_ROUND = frozenset(
    ("about", "around", "approximately", "nearly", "almost", "roughly", "some", "circa", "over", "rund", "etwa")
)
_DERIVING = frozenset(
    """
total together altogether sum sums combined overall add adds added insgesamt zusammen more less fewer cheaper dearer
longer shorter higher lower larger smaller ahead behind later earlier after before between difference increase
increased decrease decreased rose risen fell fallen drop dropped grew grown lost gained left leaves leaving remain
remains remaining passed lie lies within by twice double mehr weniger nach zwischen plus moins entre
""".split()
)
"""Words that say that a number was reckoned from others."""

_DERIVED_FROM = {"time": ("time", "time of day", "date", "")}
_MOST_PARTS, _MOST_GIVEN = 8, 24
_BETWEEN = 3
_FOUND = (TermPlace.MATCHED, TermPlace.MOVED)
_EXACT = 1e-6
_YEARS = (1000, 2200)
_YEAR = 31557600.0
_SIGNS_OF_PROSE = frozenset(("+", "=>", "->", "*", "**", "^", "&", "°"))


def object_to_quantities(alignment: Alignment, evidence: Sequence[EvidenceText]) -> Iterator[Objection]:
    """Object to a number, an amount, a date or a time that the sentences beside the statement do not give."""
    said = alignment.statement.quantities
    if all(alignment.word_for_word(quantity) for quantity in said):
        return
    near = [quantity for unit in alignment.units for quantity in unit.quantities]
    terms = alignment.statement.terms
    for quantity in said:
        if _indefinite(terms, quantity) or any(same(quantity, other) for other in near):
            continue
        if _rounded(terms, quantity, near) or _in_parts(quantity, near):
            continue
        everything = [each for passage in evidence for unit in passage.units for each in unit.quantities]
        if _derived(terms, quantity, said, everything):
            continue
        other = _counterpart(alignment, quantity)
        if other is not None:
            unit, given = other
            kind = ConflictKind.UNIT if _differ_in_unit(quantity, given) else quantity.kind
            yield Objection(kind, quantity.start, quantity.end, unit, given.start, given.end)
            continue
        elsewhere = any(same(quantity, each) for each in everything)
        other = None if elsewhere else _remeasured(alignment, quantity)
        if other is not None:
            unit, given = other
            yield Objection(ConflictKind.UNIT, quantity.start, quantity.end, unit, given.start, given.end)
            continue
        if elsewhere and alignment.units and alignment.units[0].row:
            elsewhere = not _in_another_row(alignment, quantity, evidence)
        counted = not terms[quantity.start].text[0].isdigit() and not quantity.dimension
        firm = not elsewhere and not counted and not _within_range(quantity, near)
        yield Objection(quantity.kind, quantity.start, quantity.end, firm=firm)


def _indefinite(terms: Sequence[Term], quantity: Quantity) -> bool:
    """Whether a quantity is no number by itself: `one` for somebody, `a day`, `first`."""
    if quantity.dimension == "ordinal" or (quantity.dimension == "time" and quantity.bare == (1.0,)):
        return not terms[quantity.start].number
    return quantity.values == (1.0,) and quantity.end == quantity.start + 1 and not terms[quantity.start].text.isdigit()


def _differ_in_unit(one: Quantity, other: Quantity) -> bool:
    return not {"", "version"} & {one.dimension, other.dimension} and not set(one.bare).isdisjoint(other.bare)


def _counterpart(alignment: Alignment, quantity: Quantity) -> tuple[int, Quantity] | None:
    """Return the quantity that stands in the passage just where this one stands in the statement, if any."""
    statement = alignment.statement
    inside = {index for index, position in enumerate(statement.sig) if quantity.start <= position < quantity.end}
    for gap in alignment.gaps:
        if gap.unit < 0 or not gap.tight or inside.isdisjoint(range(gap.start, gap.end)):
            continue
        unit = alignment.units[gap.unit]
        free = {unit.sig[other] for other in range(gap.low, gap.high) if other not in alignment.used[gap.unit]}
        for given in unit.quantities:
            if not free.isdisjoint(range(given.start, given.end)):
                return gap.unit, given
    return None


def _remeasured(alignment: Alignment, quantity: Quantity) -> tuple[int, Quantity] | None:
    """Return the quantity that has the same number in another unit, where the number is matched."""
    for index, position in enumerate(alignment.statement.sig):
        number = alignment.owner[index]
        if number < 0 or not quantity.start <= position < quantity.end:
            continue
        unit = alignment.units[number]
        place = unit.sig[alignment.at[index]]
        for given in unit.quantities:
            if given.start <= place < given.end and _differ_in_unit(quantity, given):
                return number, given
    return None


def _in_another_row(alignment: Alignment, quantity: Quantity, evidence: Sequence[EvidenceText]) -> bool:
    """Whether a number stands in no row that the statement is aligned with, but in another."""
    return any(
        unit.row and unit not in alignment.units and any(same(quantity, each) for each in unit.quantities)
        for passage in evidence
        for unit in passage.units
    )


def object_to_bindings(alignment: Alignment) -> Iterator[Objection]:
    """Object to a number of another thing: the passage says `at nine`, then of something else `at six`."""
    statement = alignment.statement
    if not alignment.units or not all(place in _FOUND for place in alignment.places):
        return
    unit, used = alignment.units[0], alignment.used[0]
    free = {unit.sig[index] for index in range(len(unit.sig)) if index not in used}
    told = sorted(unit.sig[index] for index in used)
    for said in statement.quantities:
        given = next((each for each in unit.quantities if same(said, each) and each.start not in free), None)
        if given is None:
            continue
        for other in unit.quantities:
            between = [position for position in range(other.end, given.start) if unit.terms[position].content]
            if (
                other.dimension == given.dimension
                and other.start in free
                and told[0] < other.start
                and between
                and free.issuperset(between)
            ):
                yield Objection(said.kind, said.start, said.end, 0, other.start, other.end)
                break


def _derived(terms: Sequence[Term], quantity: Quantity, said: Sequence[Quantity], given: Sequence[Quantity]) -> bool:
    """Whether a number is the sum or the difference of others, and the statement says that it was reckoned."""
    duration = quantity.dimension == "time"
    if not duration and not any(term.folded in _DERIVING for term in terms):
        return False
    parts = [
        value
        for other in (*said, *given[:_MOST_GIVEN])
        if other is not quantity and other.dimension in _DERIVED_FROM.get(quantity.dimension, (quantity.dimension,))
        for value in _numbers(other, years=duration)
    ]
    results = {abs(one - other) for one, other in combinations(parts, 2)}
    if any(term.folded in _DERIVING for term in terms):
        results |= {sum(parts), *(one + other for one, other in combinations(parts, 2))}
        results |= {sum(three) for three in combinations(parts[:_MOST_PARTS], 3)}
    return any(
        isinstance(value, float) and any(abs(value - result) <= _EXACT * abs(result) for result in results)
        for value in quantity.values
    )


def _numbers(quantity: Quantity, *, years: bool) -> Iterator[float]:
    """Return the values of a quantity that can be counted with; years in seconds, where a duration is asked for."""
    for value in quantity.values[:1]:
        if isinstance(value, tuple):
            if years and value[0] is not None:
                yield value[0] * _YEAR
        elif isinstance(value, float):
            if not years or quantity.dimension:
                yield value
            elif _YEARS[0] <= value <= _YEARS[1]:
                yield value * _YEAR


def _in_parts(quantity: Quantity, near: Sequence[Quantity]) -> bool:
    """Whether a day and a month stand apart in the passage: `In May, 25 members` reads like a date."""
    if quantity.dimension != "date":
        return False
    days = {value for other in near if not other.dimension for value in other.values}
    months = {
        value[1] for other in near if other.dimension == "date" for value in other.values if isinstance(value, tuple)
    }
    return any(isinstance(value, tuple) and value[1] in months and value[2] in days for value in quantity.values)


def _within_range(quantity: Quantity, near: Sequence[Quantity]) -> bool:
    """Whether a number lies between two that stand side by side in the passage, in the same unit."""
    for low, high in pairwise(near):
        if high.dimension != quantity.dimension or not 0 < high.start - low.end <= _BETWEEN:
            continue
        bottom = low.values[0] if low.dimension == high.dimension else None
        if bottom is None and low.bare and high.bare and isinstance(low.bare[0], float):
            bottom = low.bare[0] * _factor(high)
        for value in quantity.values:
            top = high.values[0]
            if (
                isinstance(value, float)
                and isinstance(top, float)
                and isinstance(bottom, float)
                and bottom < value < top
            ):
                return True
    return False


def _factor(quantity: Quantity) -> float:
    value, bare = quantity.values[0], quantity.bare[0]
    return value / bare if isinstance(value, float) and isinstance(bare, float) and bare else 1.0


def _rounded(terms: Sequence[Term], quantity: Quantity, near: Sequence[Quantity]) -> bool:
    before = terms[max(0, quantity.start - 2) : quantity.start]
    if not any(term.folded in _ROUND for term in before):
        return False
    return any(
        isinstance(value, float) and isinstance(given, float) and abs(value - given) <= _ABOUT * abs(given)
        for other in near
        if other.dimension == quantity.dimension
        for value in quantity.values
        for given in other.values
    )


def object_to_rates(alignment: Alignment) -> Iterator[Objection]:
    """Object to an amount for another time than the passage says: `£12 a week` in the place of `£12 a month`."""
    said = list(_rates(alignment.statement.quantities))
    if not said:
        return
    for number, unit in enumerate(alignment.units):
        given = list(_rates(unit.quantities))
        for amount, time in said:
            others = [other for each, other in given if same(amount, each)]
            if others and not any(same(time, other) for other in others):
                yield Objection(ConflictKind.UNIT, time.start, time.end, number, others[0].start, others[0].end)


def _rates(found: Sequence[Quantity]) -> Iterator[tuple[Quantity, Quantity]]:
    """Yield the amounts that a time follows for which they are: `600 requests per minute`."""
    for amount, time in pairwise(found):
        if time.dimension == "time" and time.bare == (1.0,) and 0 <= time.start - amount.end < _BETWEEN:
            yield amount, time


def object_to_unit_words(alignment: Alignment) -> Iterator[Objection]:
    """Object to a unit in the place of another of the same kind, where no number stands beside it: `centuries`."""
    measured = {index for quantity in alignment.statement.quantities for index in range(quantity.start, quantity.end)}
    for gap in alignment.gaps:
        for index in range(gap.start, gap.end):
            position = alignment.statement.sig[index]
            unit = UNITS.get(alignment.statement.terms[position].folded)
            if unit is None or position in measured or gap.unit < 0 or not gap.tight:
                continue
            for other in range(gap.low, gap.high):
                if other in alignment.used[gap.unit]:
                    continue
                place = alignment.units[gap.unit].sig[other]
                given = UNITS.get(alignment.units[gap.unit].terms[place].folded)
                if given is not None and given[0] == unit[0] and given[1] != unit[1]:
                    yield Objection(ConflictKind.UNIT, position, position + 1, gap.unit, place, place + 1)
                    break


def object_to_signs(alignment: Alignment) -> Iterator[Objection]:
    """Object to an operator or a flag that the sentences beside the statement do not have."""
    given = frozenset().union(*(unit.known for unit in alignment.units))
    for index in alignment.statement.sig:
        term = alignment.statement.terms[index]
        if (
            term.sign
            and term.norm not in given
            and term.norm not in UNITS
            and term.norm not in ("+", "=>", "->", "*", "**", "^", "&", "°")
        ):
            yield Objection(ConflictKind.OPERATOR, index, index + 1)
