"""Rules about names."""

from collections.abc import Iterator, Sequence

from groundwire_server.domain.claims.alignment import Alignment, TermPlace
from groundwire_server.domain.claims.evidence import EvidenceText
from groundwire_server.domain.claims.rules.objection import RETOLD, Objection
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_LONG = 5
_LONGEST_NAME = 4
_TOLD = 0.6


def object_to_names(alignment: Alignment, evidence: Sequence[EvidenceText]) -> Iterator[Objection]:
    """Object to a name that no passage has, and to one that stands in the place of another."""
    statement = alignment.statement
    measured = {at for quantity in statement.quantities for at in range(quantity.start, quantity.end)}
    for index in alignment.left:
        position, place = statement.sig[index], alignment.places[index]
        term = statement.terms[position]
        if position in measured or not _is_name(statement.terms, position):
            continue
        other = _replaced_name(alignment, index)
        if other is not None and not _spelled_out(term, position, statement.terms, evidence):
            unit, given = other
            if not _alike(term.norm, alignment.units[unit].terms[given].norm):
                firm = place is TermPlace.NOWHERE or alignment.told(unit) >= _TOLD
                yield Objection(ConflictKind.NAME, position, position + 1, unit, given, given + 1, firm, RETOLD)
        elif place in (TermPlace.ELSEWHERE, TermPlace.NOWHERE) and not (
            _spelled_out(term, position, statement.terms, evidence) or _misspelled(term, alignment)
        ):
            yield Objection(ConflictKind.NAME, position, position + 1, firm=place is TermPlace.NOWHERE)


def _alike(one: str, other: str) -> bool:
    """Whether two names are forms of one: `Norman` and `Normans`, `America` and `American`."""
    return one.startswith(other) or other.startswith(one) or (len(one) > _LONG and _one_letter_apart(one, other))


def _is_name(terms: Sequence[Term], position: int) -> bool:
    term = terms[position]
    if not term.content or term.number or term.sign:
        return False
    # At the beginning of a sentence a capital alone says nothing.
    return term.marked or (position > 0 and term.capital)


def _spelled_out(term: Term, position: int, terms: Sequence[Term], evidence: Sequence[EvidenceText]) -> bool:
    """Whether a name is an acronym of words in a passage, or a word of what a passage has an acronym of."""
    letters = term.norm.replace(".", "")
    if term.text.replace(".", "").isupper() and len(letters) > 1:
        return any(letters in passage.initials for passage in evidence)
    start = position
    while start and terms[start - 1].capital:
        start -= 1
    end = position + 1
    while end < len(terms) and (
        terms[end].capital or (not terms[end].content and end + 1 < len(terms) and terms[end + 1].capital)
    ):
        end += 1
    run = [each.norm[:1] for each in terms[start:end] if each.capital]
    if len(run) < 2:
        return False
    return any("".join(run) in passage.acronyms for passage in evidence)


def _misspelled(term: Term, alignment: Alignment) -> bool:
    """Whether a long name differs in one letter from one that the statement has not used."""
    return len(term.norm) > _LONG and any(
        given.capital and _one_letter_apart(term.norm, given.norm) for _, _, given in alignment.free
    )


def _one_letter_apart(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    return (
        one[start:] == other[start + 1 :] or one[start + 1 :] == other[start:] or one[start + 1 :] == other[start + 1 :]
    )


def _replaced_name(alignment: Alignment, index: int) -> tuple[int, int] | None:
    """Return the unit and the term of the name that stands in the passage where this one stands."""
    gap = next((gap for gap in alignment.gaps if gap.start <= index < gap.end), None)
    if gap is None or gap.unit < 0 or not (gap.tight or gap.closed) or gap.high - gap.low > _LONGEST_NAME:
        return None
    unit = alignment.units[gap.unit]
    if unit.row:
        # The names of columns have capitals, too.
        return None
    for other in range(gap.low, gap.high):
        position = unit.sig[other]
        if other not in alignment.used[gap.unit] and _is_name(unit.terms, position):
            return gap.unit, position
    return None
