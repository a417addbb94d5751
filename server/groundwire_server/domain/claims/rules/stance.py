"""Rules about what a statement leaves open: modals, conditions and attributions."""

from collections.abc import Iterator, Sequence

from groundwire_server.domain.claims.alignment import Alignment, TermPlace
from groundwire_server.domain.claims.rules.objection import RETOLD, Objection
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.text.stems import stem
from groundwire_server.domain.vocabulary import ConflictKind

_TOLD = 0.9
_STRENGTHS = frozenset(("must", "should", "may"))
"""Classes of modals that say how far something is demanded."""

_DENYING = frozenset(map(stem, ("unless", "except", "excepting", "otherwise", "sauf", "sinon", "salvo", "tenzij")))
"""Stems of words that begin what something does not hold for."""

_EXCEPTING = frozenset(("if", "unles", "provid", "except", "wenn", "fall", "sofern", "si", "sauf", "salvo"))


def object_to_modals(alignment: Alignment) -> Iterator[Objection]:
    """Object to what may be and is said to be, or the other way round."""
    statement = alignment.statement
    given = [(unit, index, term) for unit, index, term in alignment.free if term.modal]
    for index in alignment.left:
        term = alignment.term(index)
        if not term.modal:
            continue
        if any(each[2].modal == term.modal or {each[2].modal, term.modal} == {"may", "can"} for each in given):
            continue
        position = statement.sig[index]
        if given:
            unit, other, instead = given[0]
            place = alignment.units[unit].sig[other]
            firm = {instead.modal, term.modal} <= _STRENGTHS and any(
                gap.tight and gap.start <= index < gap.end and gap.unit == unit and gap.low <= other < gap.high
                for gap in alignment.gaps
            )
            yield Objection(ConflictKind.MODALITY, position, position + 1, unit, place, place + 1, firm, RETOLD)
        elif term.modal in ("must", "should"):
            yield Objection(ConflictKind.MODALITY, position, position + 1, firm=False)
    said = given and any(term.modal for term in statement.terms)
    for unit, index, term in given:
        if said or term.modal not in ("may", "likely", "should"):
            continue
        used = alignment.used[unit]
        if index + 1 in used or index + 2 in used:
            beside = next(
                i for i, at in enumerate(alignment.at) if alignment.owner[i] == unit and at in (index + 1, index + 2)
            )
            position, place = statement.sig[beside], alignment.units[unit].sig[index]
            yield Objection(ConflictKind.MODALITY, position, position + 1, unit, place, place + 1, firm=False)


def object_to_conditions(alignment: Alignment) -> Iterator[Objection]:
    """Object to a condition or an exception that was added or lost, and to one in the place of the other."""
    statement = alignment.statement
    given = [each for each in alignment.free if each[2].condition]
    yield from _turned_conditions(alignment, given)
    for index in () if given else alignment.left:
        if alignment.term(index).condition and alignment.places[index] is not TermPlace.MOVED:
            position = statement.sig[index]
            yield Objection(ConflictKind.CONDITION, position, position + 1, firm=False)
    if not given or any(term.condition for term in statement.terms):
        return
    for unit, index, term in given:
        if not alignment.used[unit]:
            continue
        clause = range(index + 1, min(len(alignment.units[unit].sig), index + 5))
        lost = sum(other not in alignment.used[unit] for other in clause)
        whole = term.norm in _EXCEPTING and index + 1 in clause and index + 1 not in alignment.used[unit]
        if clause and (lost > len(clause) / 2 or whole):
            place = alignment.units[unit].sig[index]
            last = len(statement.terms)
            # Told word for word but for its condition, a statement claims more than the passage.
            firm = whole and unit == 0 and alignment.found_in_first() >= _TOLD
            yield Objection(ConflictKind.CONDITION, max(0, last - 1), last, unit, place, place + 1, firm)


def _turned_conditions(alignment: Alignment, given: Sequence[tuple[int, int, Term]]) -> Iterator[Objection]:
    """Object to an `unless` in the place of an `if`, and the reverse, where nothing else is denied."""
    statement = alignment.statement
    others = [alignment.term(index) for index in alignment.left] + [term for _, _, term in alignment.free]
    if not given or any(term.may_deny and not term.condition for term in others):
        return
    for gap in alignment.gaps:
        for index in range(gap.start, gap.end):
            term = alignment.term(index)
            for unit, place, condition in given:
                in_its_place = unit == gap.unit and gap.low <= place < gap.high
                if term.condition and in_its_place and (term.norm in _DENYING) is not (condition.norm in _DENYING):
                    position, at = statement.sig[index], alignment.units[unit].sig[place]
                    yield Objection(ConflictKind.CONDITION, position, position + 1, unit, at, at + 1, gap.tight)


def object_to_attributions(alignment: Alignment) -> Iterator[Objection]:
    """Object to saying who said something where the passage does not, or keeping it back."""
    statement = alignment.statement
    given = [each for each in alignment.free if each[2].attributes]
    for index in () if given else alignment.left:
        if alignment.term(index).attributes:
            position = statement.sig[index]
            yield Objection(ConflictKind.ATTRIBUTION, position, position + 1, firm=False)
    if given and not any(term.attributes for term in statement.terms):
        unit, index, _ = given[0]
        place = alignment.units[unit].sig[index]
        yield Objection(ConflictKind.ATTRIBUTION, 0, 1, unit, place, place + 1, firm=False)
