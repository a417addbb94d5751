"""Rules about what turns a statement round: negations, quantifiers and opposites."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from groundwire_server.domain.claims.alignment import Alignment, TermPlace
from groundwire_server.domain.claims.lexicon import FALSIFIERS
from groundwire_server.domain.claims.opposites import opposed
from groundwire_server.domain.claims.rules.objection import RETOLD, Objection
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_NEAR = 3
_OPPOSITES_NEED = 0.6
_BESIDE = 2


def object_to_negations(alignment: Alignment) -> Iterator[Objection]:
    """Object to a negator that the passage has no counterpart of, and to one of the passage's that was lost."""
    statement = alignment.statement
    free = [(unit, index, term) for unit, index, term in alignment.free if term.may_deny]
    licences = len(free)
    told = sum(not alignment.used[unit].isdisjoint(range(index + 1, index + 1 + _NEAR)) for unit, index, _ in free)
    for gap in alignment.gaps:
        added = gap.tight and gap.high - gap.low <= 1
        near = sum(unit == gap.unit and gap.low - _NEAR < index < gap.high + _NEAR for unit, index, _ in free)
        for index in range(gap.start, gap.end):
            term = alignment.term(index)
            falsifies = term.norm in FALSIFIERS
            if not (term.negates or falsifies) or _answers(statement.terms, statement.sig[index]):
                continue
            # Where it was put between words that adjoin in the passage, what denies something else is no excuse.
            if licences and (near or told or not added):
                licences -= 1
                continue
            position = statement.sig[index]
            head = gap.end if gap.end < len(alignment.owner) else gap.start - 1
            if head < 0:
                continue
            unit = alignment.owner[head]
            place = alignment.units[unit].sig[alignment.at[head]]
            yield Objection(
                ConflictKind.NEGATION, position, position + 1, unit, place, place + 1, added or falsifies, RETOLD
            )
    if not free:
        return
    licences = sum(alignment.term(index).may_deny for index in alignment.left)
    for unit, index, term in free:
        if not term.negates:
            continue
        if licences:
            licences -= 1
            continue
        used = alignment.used[unit]
        after = next((other for other in range(index + 1, index + 1 + _NEAR) if other in used), -1)
        before = next((other for other in range(index - 1, index - 1 - _NEAR, -1) if other in used), -1)
        if after < 0:
            continue
        beside = next(other for other, at in enumerate(alignment.at) if alignment.owner[other] == unit and at == after)
        adjoining = beside > 0 and alignment.owner[beside - 1] == unit and alignment.at[beside - 1] == before
        position = statement.sig[beside]
        place = alignment.units[unit].sig[index]
        firm = term.denies and (adjoining if before >= 0 else beside == 0)
        yield Objection(ConflictKind.NEGATION, position, position + 1, unit, place, place + 1, firm, RETOLD)


def object_to_lost_negations(alignment: Alignment) -> Iterator[Objection]:
    """Object where one side denies a word that the other side has, and nothing on the other side could deny it."""
    statement = alignment.statement
    turned = any(alignment.term(index).may_deny or alignment.term(index).opposite for index in alignment.left)
    if not turned and not any(term.negates for term in statement.terms):
        for number, unit in enumerate(alignment.units):
            for index, other in pairwise(range(len(unit.sig))):
                term = unit.terms[unit.sig[index]]
                if (
                    term.denies
                    and other in alignment.used[number]
                    and _is_denied(unit.terms, unit.sig[index], unit.sig[other])
                ):
                    beside = alignment.index_of(number, other)
                    position, place = statement.sig[beside], unit.sig[index]
                    yield Objection(ConflictKind.NEGATION, position, position + 1, number, place, place + 1)
    for index, other in pairwise(range(len(statement.sig))):
        owner = alignment.owner[other]
        if owner < 0 or not alignment.term(index).denies or _answers(statement.terms, statement.sig[index]):
            continue
        if not _is_denied(statement.terms, statement.sig[index], statement.sig[other]):
            continue
        turned = any(term.may_deny or term.opposite for _, _, term in alignment.free)
        if not turned and not any(term.negates for unit in alignment.units for term in unit.terms):
            position, place = statement.sig[index], alignment.units[owner].sig[alignment.at[other]]
            yield Objection(ConflictKind.NEGATION, position, position + 1, owner, place, place + 1)


def _is_denied(terms: Sequence[Term], negator: int, head: int) -> bool:
    """Whether a negator stands right before a word that says something, function words aside."""
    return head - negator <= _NEAR and terms[head].content and terms[negator + 1].folded != "only"


def _answers(terms: Sequence[Term], position: int) -> bool:
    """Whether a negator is the answer `No,` at the beginning."""
    return position == 0 and terms[0].norm == "no" and len(terms) > 1 and not terms[1].content


_WEAKER = frozenset((("many", "some"), ("both", "all"), ("most", "many"), ("some", "many")))
"""Classes of quantifiers, given and said, of which the one may stand for the other."""


_RESTRICTED = 0.5
"""Share of a statement's terms that must stand in the passage for an `only` between them to be seen as added."""

_CLAIMING_NO_MORE = ("many", "some")
"""Classes of quantifiers that say hardly more than the plural alone."""


def object_to_quantifiers(alignment: Alignment) -> Iterator[Objection]:
    """Object to a quantifier of another class than the passage has in its place, and to one that was added or lost."""
    statement = alignment.statement
    given = [(unit, index, term) for unit, index, term in alignment.free if term.quantifier]
    # `every minute` is an amount.
    measured = {position for quantity in statement.quantities for position in range(quantity.start, quantity.end)}
    for gap in alignment.gaps:
        for index in range(gap.start, gap.end):
            term = alignment.term(index)
            position = statement.sig[index]
            if not term.quantifier or term.negates or position in measured:
                continue
            inside = next((each for each in given if each[0] == gap.unit and gap.low - 1 <= each[1] <= gap.high), None)
            alike = next((each for each in given if each[2].quantifier == term.quantifier), None)
            if inside is None and alike is not None:
                given.remove(alike)
            elif inside is None:
                yield Objection(
                    ConflictKind.QUANTIFIER,
                    position,
                    position + 1,
                    firm=gap.tight and gap.high == gap.low and term.quantifier not in _CLAIMING_NO_MORE,
                    needs=RETOLD if term.quantifier != "only" else _RESTRICTED,
                )
            else:
                given.remove(inside)
                if inside[2].quantifier != term.quantifier and (inside[2].quantifier, term.quantifier) not in _WEAKER:
                    place = alignment.units[inside[0]].sig[inside[1]]
                    yield Objection(
                        ConflictKind.QUANTIFIER, position, position + 1, inside[0], place, place + 1, gap.tight, RETOLD
                    )
    for unit, index, term in given:
        used = alignment.used[unit]
        if term.negates or index + 1 not in used or not (index == 0 or index - 1 in used):
            continue
        beside = next(
            other for other, at in enumerate(alignment.at) if alignment.owner[other] == unit and at == index + 1
        )
        position, place = statement.sig[beside], alignment.units[unit].sig[index]
        firm = term.quantifier in ("only", "few")
        yield Objection(ConflictKind.QUANTIFIER, position, position + 1, unit, place, place + 1, firm, RETOLD)


def object_to_comparisons(alignment: Alignment) -> Iterator[Objection]:
    """Object to the opposite of a word of the passage, unless what it compares has changed places too."""
    statement = alignment.statement
    free = [(unit, index, term) for unit, index, term in alignment.free if term.opposite]
    for index in alignment.left if free else ():
        term = alignment.term(index)
        if not term.opposite or alignment.places[index] in (TermPlace.MOVED, TermPlace.REPEATED):
            continue
        for unit, other, given in free:
            if not opposed(term.norm, given.norm):
                continue
            if _turned(alignment, index, unit, other) or _denied_once(alignment, index, unit, other):
                break
            position, place = statement.sig[index], alignment.units[unit].sig[other]
            yield Objection(
                ConflictKind.COMPARISON, position, position + 1, unit, place, place + 1, needs=_OPPOSITES_NEED
            )
            break


def _denied_once(alignment: Alignment, index: int, unit: int, other: int) -> bool:
    """Whether one of two opposites is denied and the other is not: `not legal` and `illegal` say the same."""
    said = any(
        alignment.owner[before] < 0 and alignment.term(before).denies
        for before in range(max(0, index - _BESIDE), index)
    )
    given = any(
        before not in alignment.used[unit] and alignment.given(unit, before).denies
        for before in range(max(0, other - _BESIDE), other)
    )
    return said is not given


def _turned(alignment: Alignment, index: int, unit: int, other: int) -> bool:
    """Whether what stands before a word and after it has changed places, so that the opposite says the same."""
    crossing = straight = 0
    for position, (owner, at) in enumerate(zip(alignment.owner, alignment.at, strict=True)):
        if owner != unit:
            continue
        if (position < index) is (at < other):
            straight += 1
        else:
            crossing += 1
    moved = sum(place is TermPlace.MOVED for place in alignment.places)
    return crossing + moved > straight or (crossing + moved >= 2 and straight <= crossing + moved + 1)
