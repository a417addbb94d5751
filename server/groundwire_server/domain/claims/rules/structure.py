"""Rules about who does what, and about what was added."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from groundwire_server.domain.claims.alignment import Alignment, Gap, TermPlace
from groundwire_server.domain.claims.evidence import EvidenceText
from groundwire_server.domain.claims.irregular import IRREGULAR
from groundwire_server.domain.claims.rules.objection import RETOLD, Objection
from groundwire_server.domain.claims.terms import Term
from groundwire_server.domain.vocabulary import ConflictKind

_SWAPPED = 3
_LISTING = frozenset(("and", "or", "und", "oder", "et", "ou", "y", "o", "e", "as", "well"))
_BETWEEN_VERB_AND_AGENT = frozenset(
    ("by", "via", "through", "using", "from", "to", "with", "for", "in", "at", "on", "of", "and", "or", "than")
)
_FORMS_OF_BE = frozenset(("is", "are", "was", "were", "be", "been", "being"))
_REACH = 3
_ROW_KEY = 2
"""Significant terms at the beginning of a row: the name of the first column and what stands there."""

_FEW = 4
_MOST = 0.5
_MOST_OF_FEW = 0.6
_TOLD = 0.8


def object_to_roles(alignment: Alignment) -> Iterator[Objection]:
    """Object where two things have changed places around a third that stays between them, as around a verb."""
    if not alignment.units:
        return
    unit = alignment.units[0]
    swapped = _swapped(alignment.statement.terms, unit.terms)
    if swapped is not None:
        yield Objection(ConflictKind.ROLE, *swapped, 0, *swapped, needs=RETOLD)
        return
    where: dict[str, int] = {}
    for index, norm in enumerate(unit.norms):
        where[norm] = -1 if norm in where else index
    order = [(index, where[norm]) for index, norm in enumerate(alignment.statement.norms) if where.get(norm, -1) >= 0]
    chain = _longest_decreasing(order)
    if len(chain) < _SWAPPED:
        return
    passive = _passive(alignment.statement.terms) is not _passive(unit.terms)
    extra = sum(owner < 0 for owner in alignment.owner) - sum(
        place in (TermPlace.MOVED, TermPlace.REPEATED) for place in alignment.places
    )
    first, last = chain[0], chain[-1]
    start, end = alignment.statement.sig[first[0]], alignment.statement.sig[last[0]] + 1
    low, high = unit.sig[last[1]], unit.sig[first[1]] + 1
    yield Objection(ConflictKind.ROLE, start, end, 0, low, high, not passive and not extra, RETOLD)


def object_to_agents(alignment: Alignment) -> Iterator[Objection]:
    """Object where who does it on the one side has it done to them on the other: `bought by Y` and `bought Y`."""
    said = alignment.statement.terms
    for number, unit in enumerate(alignment.units):
        for one, other in ((said, unit.terms), (unit.terms, said)):
            for verb, agent in _agents(one):
                done = _active(other, one[verb].norm, one[agent].norm)
                if done is None:
                    continue
                mine, theirs = ((verb, agent), done) if one is said else (done, (verb, agent))
                start, end = min(mine), max(mine) + 1
                yield Objection(ConflictKind.ROLE, start, end, number, min(theirs), max(theirs) + 1)


def _agents(terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Return where verbs in the passive voice stand, with who did it."""
    for index in range(1, len(terms) - 1):
        if terms[index].norm != "by":
            continue
        verb, agent = terms[index - 1], _first_content(terms, index + 1, index + 1 + _REACH)
        if agent >= 0 and verb.content and not verb.number and not terms[agent].number and _participle(verb):
            yield index - 1, agent


def _active(terms: Sequence[Term], verb: str, agent: str) -> tuple[int, int] | None:
    """Return where a verb stands with an agent after it that it is done to, if that is what is said of them."""
    at = next((index for index, term in enumerate(terms) if term.norm == verb), -1)
    if at < 0:
        return None
    for index in range(at + 1, min(len(terms), at + 2 + _REACH)):
        if terms[index].norm in _BETWEEN_VERB_AND_AGENT:
            return None
        if terms[index].norm == agent:
            return at, index
    return None


def _participle(term: Term) -> bool:
    return term.text.endswith(("ed", "en", "wn", "ght", "t", "d", "ne", "ng"))


def _first_content(terms: Sequence[Term], start: int, end: int) -> int:
    return next((index for index in range(start, min(end, len(terms))) if terms[index].content), -1)


def _swapped(said: Sequence[Term], given: Sequence[Term]) -> tuple[int, int] | None:
    """Return where the same words stand in an order that no part that was moved as a whole explains."""
    if len(said) != len(given):
        return None
    one, other = [term.norm for term in said], [term.norm for term in given]
    if one == other or sorted(one) != sorted(other):
        return None
    start = next(index for index in range(len(one)) if one[index] != other[index])
    end = len(one) - next(index for index in range(len(one)) if one[-1 - index] != other[-1 - index])
    moved, place = one[start:end], other[start:end]
    if any(moved[cut:] + moved[:cut] == place for cut in range(1, len(moved))):
        return None
    between = set(moved) - {moved[0], moved[-1]}
    return None if between <= _LISTING else (start, end)


def object_to_strange_words(alignment: Alignment) -> Iterator[Objection]:
    """Object to a statement most words of which no passage has."""
    content = [index for index in range(len(alignment.places)) if alignment.term(index).content]
    strange = sum(alignment.places[index] is TermPlace.NOWHERE for index in content)
    most = _MOST if len(content) >= _FEW else _MOST_OF_FEW
    if strange > most * len(content):
        yield Objection(ConflictKind.UNCOVERED, 0, len(alignment.statement.terms))


def object_to_rows(alignment: Alignment, evidence: Sequence[EvidenceText]) -> Iterator[Objection]:
    """Object to what a table says of one row and the statement of another."""
    if not alignment.units or not alignment.units[0].row:
        return
    if alignment.statement.known.issuperset(alignment.units[0].norms[:_ROW_KEY]):
        # The statement is about this row, whatever it says of another beside it.
        return
    others = [unit for passage in evidence for unit in passage.units if unit.row and unit not in alignment.units]
    for index in alignment.left:
        term, place = alignment.term(index), alignment.places[index]
        if place is not TermPlace.ELSEWHERE or term.number or not term.content:
            continue
        if any(alignment.statement.norms[index] in unit.known for unit in others):
            position = alignment.statement.sig[index]
            yield Objection(ConflictKind.NAME, position, position + 1)


def object_to_additions(alignment: Alignment) -> Iterator[Objection]:
    """Object to what was added to a sentence of a passage that is told word for word otherwise."""
    size = len(alignment.owner)
    matched = sum(owner >= 0 for owner in alignment.owner)
    for gap in alignment.gaps:
        strange = [
            index
            for index in range(gap.start, gap.end)
            if alignment.places[index] in (TermPlace.NOWHERE, TermPlace.ELSEWHERE) and alignment.term(index).content
        ]
        replaced = has_counterparts(alignment, gap)
        if not strange or gap.unit < 0 or (replaced and not gap.tight) or (len(strange) < 2 and not replaced):
            continue
        told = matched / max(1, size - (gap.end - gap.start))
        told = min(told, len(alignment.used[gap.unit]) / len(alignment.units[gap.unit].sig))
        start, end = alignment.statement.sig[strange[0]], alignment.statement.sig[strange[-1]] + 1
        yield Objection(ConflictKind.UNCOVERED, start, end, firm=told >= _TOLD)


def has_counterparts(alignment: Alignment, gap: Gap) -> bool:
    """Return whether the passage has words of its own where a gap is."""
    if gap.unit < 0:
        return False
    unit = alignment.units[gap.unit]
    return any(
        index not in alignment.used[gap.unit]
        and unit.terms[unit.sig[index]].content
        and unit.norms[index] not in alignment.statement.known
        for index in range(gap.low, gap.high)
    )


def _passive(terms: Sequence[Term]) -> bool:
    """Whether something is done to somebody in it: `by`, or a form of `be` with a participle."""
    return any(
        term.norm == "by"
        or (
            term.folded in _FORMS_OF_BE
            and any(
                after.content and (after.folded.endswith("ed") or after.folded in IRREGULAR)
                for after in terms[at + 1 : at + 3]
            )
        )
        for at, term in enumerate(terms)
    )


def _longest_decreasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    tails: list[int] = []
    links: list[tuple[tuple[int, int], object]] = []
    for pair in pairs:
        rank = bisect_left(tails, -pair[1])
        node = (pair, links[rank - 1] if rank else None)
        if rank == len(tails):
            tails.append(-pair[1])
            links.append(node)
        else:
            tails[rank] = -pair[1]
            links[rank] = node
    found: list[tuple[int, int]] = []
    last: object = links[-1] if links else None
    while isinstance(last, tuple):
        found.append(last[0])
        last = last[1]
    return found[::-1]
