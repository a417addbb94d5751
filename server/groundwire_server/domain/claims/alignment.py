"""Aligning a statement with the sentences of its passages: which of its terms stand where, and which stand nowhere."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto

from groundwire_server.domain.claims.evidence import EvidenceText, Unit
from groundwire_server.domain.claims.number_words import MEASURING, SCALES, UNITS
from groundwire_server.domain.claims.quantity import Quantity, same
from groundwire_server.domain.claims.terms import Term

_MOST_UNITS = 4
"""Sentences that one statement may join."""

_MOST_PLACES = 16
"""Places of a word that are tried: of one said again and again any will do, and trying all takes quadratic time."""

_STEM = 4
"""Letters that related words share at their beginning, at least."""


class TermPlace(IntEnum):
    """Where a significant term of a statement was found."""

    MATCHED = auto()
    MOVED = auto()
    REPEATED = auto()
    RELATED = auto()
    ELSEWHERE = auto()
    NOWHERE = auto()


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of significant terms that are matched by none, with what stands in its place in the passage.

    Attributes:
        start: the index among the statement's significant terms.
        end: the index after the last.
        unit: the index of the unit beside it; -1 for none.
        low: the index of the first significant term in its place.
        high: the index after the last.
        closed: whether what stands on both sides of it stands in this order in the passage too.
        tight: whether that is no further apart there.
    """

    start: int
    end: int
    unit: int
    low: int
    high: int
    closed: bool
    tight: bool


@dataclass(slots=True)
class Alignment:
    """A statement beside the sentences that it was made of.

    Attributes:
        statement: the statement.
        units: the sentences that it is aligned with, the one that shares most with it first.
        sources: for each unit the index of its passage.
        owner: for each significant term of the statement the index of the unit that it is matched in; -1 for none.
        at: for each its index among that unit's significant terms.
        places: for each where it was found.
        used: for each unit which of its significant terms are matched.
        gaps: the runs of terms that are matched by none.
        left: the indexes of those terms.
        free: the significant terms of the units that are matched by none: unit, index, term.
    """

    statement: Unit
    units: list[Unit]
    sources: list[int]
    owner: list[int]
    at: list[int]
    places: list[TermPlace] = field(default_factory=list)
    used: list[set[int]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    free: list[tuple[int, int, Term]] = field(default_factory=list)

    def term(self, index: int) -> Term:
        """Return a significant term of the statement."""
        return self.statement.terms[self.statement.sig[index]]

    def given(self, unit: int, index: int) -> Term:
        """Return a significant term of a unit."""
        return self.units[unit].terms[self.units[unit].sig[index]]

    def word_for_word(self, quantity: Quantity) -> bool:
        """Return whether a quantity of the statement stands in a unit in the same words, with nothing more to it."""
        sig = self.statement.sig
        low, high = bisect_left(sig, quantity.start), bisect_left(sig, quantity.end)
        if high - low != quantity.end - quantity.start:
            return False
        owner = self.owner[low]
        if owner < 0 or any(each != owner for each in self.owner[low:high]):
            return False
        unit = self.units[owner]
        start, end = unit.sig[self.at[low]], unit.sig[self.at[high - 1]] + 1
        said, given = self.statement.terms, unit.terms
        return end - start == high - low and all(
            one == other or not (_belongs(one) or _belongs(other))
            for one, other in (
                (_folded(said, quantity.start - 1), _folded(given, start - 1)),
                (_folded(said, quantity.end), _folded(given, end)),
            )
        )

    def found_in_first(self) -> float:
        """Return the share of the statement's terms that are matched in the first unit, 0 to 1."""
        return self.owner.count(0) / max(1, len(self.owner))

    def told(self, unit: int) -> float:
        """Return the share of a unit's terms that the statement has, 0 to 1."""
        return len(self.used[unit]) / max(1, len(self.units[unit].sig))

    def index_of(self, unit: int, index: int) -> int:
        """Return the index of the statement's term that is matched with a unit's."""
        return next(
            position
            for position, (owner, at) in enumerate(zip(self.owner, self.at, strict=True))
            if owner == unit and at == index
        )


def align(statement: Unit, evidence: Sequence[EvidenceText], *, compounds: bool = False) -> Alignment:
    """Align a statement with the sentences of some passages that share most with it.

    Args:
        statement: the statement.
        evidence: the passages.
        compounds: whether a word may be the end of another in its language: `Frist` and `Kündigungsfrist`.
    """
    units, sources = _choose(statement, evidence)
    size = len(statement.sig)
    owner, at = [-1] * size, [-1] * size
    used: list[set[int]] = []
    for number, unit in enumerate(units):
        rest = [index for index in range(size) if owner[index] < 0]
        matched = longest_common([statement.norms[index] for index in rest], unit.norms)
        for one, other in matched:
            owner[rest[one]], at[rest[one]] = number, other
        used.append({other for _, other in matched})
    alignment = Alignment(statement, units, sources, owner, at, used=used)
    alignment.left = [index for index in range(size) if owner[index] < 0]
    alignment.free = [
        (number, index, unit.terms[position])
        for number, unit in enumerate(units)
        if len(used[number]) < len(unit.sig)
        for index, position in enumerate(unit.sig)
        if index not in used[number]
    ]
    alignment.places = _places(alignment, evidence, compounds=compounds)
    alignment.gaps = _gaps(alignment)
    return alignment


def longest_common(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Return a longest common subsequence of two sequences, as pairs of indexes (Hunt and Szymanski, 1977).

    Of an item that stands in the other more than 16 times, the last places alone are tried.
    """
    where: dict[str, list[int]] = {}
    for index in range(len(other) - 1, -1, -1):
        places = where.setdefault(other[index], [])
        if len(places) < _MOST_PLACES:
            places.append(index)
    tails: list[int] = []
    links: list[tuple[int, int, object]] = []
    for index, item in enumerate(one):
        for position in where.get(item, ()):
            rank = bisect_left(tails, position)
            node = (index, position, links[rank - 1] if rank else None)
            if rank == len(tails):
                tails.append(position)
                links.append(node)
            else:
                tails[rank] = position
                links[rank] = node
    found: list[tuple[int, int]] = []
    last: object = links[-1] if links else None
    while isinstance(last, tuple):
        found.append((last[0], last[1]))
        last = last[2]
    return found[::-1]


def related(one: str, other: str) -> bool:
    """Return whether two stems are likely of one root: `invent` and `invention`."""
    if one == other:
        return True
    short = min(len(one), len(other))
    if short < _STEM or one[0] != other[0]:
        return False
    shared = 0
    while shared < short and one[shared] == other[shared]:
        shared += 1
    length = max(len(one), len(other))
    return (
        shared > _STEM + 1
        or (shared >= _STEM and shared >= 0.6 * length)
        or (shared == short and length - shared <= _STEM)
    )


def _compounded(one: str, other: str) -> bool:
    return min(len(one), len(other)) > _STEM and (one.endswith(other) or other.endswith(one))


def _measured_unit(statement: Unit, evidence: Sequence[EvidenceText]) -> tuple[list[Unit], list[int]]:
    """Return the first sentence that has an amount of a statement which shares no word with any, such as `Forty.`."""
    for source, passage in enumerate(evidence) if statement.quantities else ():
        for unit in passage.units:
            if any(same(said, given) for said in statement.quantities for given in unit.quantities):
                return [unit], [source]
    return [], []


def _choose(statement: Unit, evidence: Sequence[EvidenceText]) -> tuple[list[Unit], list[int]]:
    """Return the sentences that cover the statement, and their passages: one, or more where it joins them.

    A further sentence must bring more than a single name or number: one that was put in the place of another stands
    somewhere in the passage too.
    """
    heavy: dict[str, bool] = {}
    for index in statement.sig:
        term = statement.terms[index]
        if term.content or term.number:
            heavy[term.norm] = term.capital or term.number
    rest = set(heavy)
    candidates = [
        (unit, source)
        for source, passage in enumerate(evidence)
        for unit in passage.units
        if not rest.isdisjoint(unit.known)
    ]
    if not candidates:
        return _measured_unit(statement, evidence)
    best = max(candidates, key=lambda candidate: _likeness(statement, rest, candidate[0]))
    units, sources = [best[0]], [best[1]]
    rest -= best[0].known
    while len(units) < _MOST_UNITS and len(rest) > 1:
        found: tuple[Unit, int] | None = None
        rank = (1, 0)
        for unit, source in candidates:
            brought = rest & unit.known
            if len(brought) <= 1:
                continue
            plain = sum(not heavy[norm] for norm in brought)
            worth = (plain + (len(brought) > plain), -len(unit.known))
            if plain and worth > rank and worth[0] > 1:
                found, rank = (unit, source), worth
        if found is None:
            break
        units.append(found[0])
        sources.append(found[1])
        rest -= found[0].known
    for source, passage in enumerate(evidence):
        # A passage that is cited beside the others is there for something.
        if source in sources or len(units) == _MOST_UNITS or len(rest) < 2:
            continue
        most = max(passage.units, key=lambda unit: len(rest & unit.known), default=None)
        if most is not None and len(rest & most.known) > 1:
            units.append(most)
            sources.append(source)
            rest -= most.known
    return units, sources


def _likeness(statement: Unit, rest: set[str], unit: Unit) -> tuple[bool, int, int, int]:
    """Return what a sentence is preferred by: being the statement, what it covers, what else they share, brevity."""
    # Of two sentences about the same, one of which denies it, the statement is of the one that denies what it denies.
    shared = len(statement.known & unit.known)
    return unit.text == statement.text, len(rest & unit.known), shared, -len(unit.known)


def _places(alignment: Alignment, evidence: Sequence[EvidenceText], *, compounds: bool) -> list[TermPlace]:
    places = [TermPlace.MATCHED] * len(alignment.owner)
    if not alignment.left:
        return places
    norms, sig = alignment.statement.norms, alignment.statement.sig
    moved = {term.norm for _, _, term in alignment.free}
    bag = frozenset().union(*(unit.known for unit in alignment.units))
    measured = _measured_alike(alignment)
    strange: list[int] = []
    for index in alignment.left:
        norm = norms[index]
        if norm in moved:
            places[index] = TermPlace.MOVED
        elif sig[index] in measured:
            places[index] = TermPlace.RELATED
        elif norm in bag:
            places[index] = TermPlace.REPEATED
        else:
            strange.append(index)
    if strange:
        # Related words share their beginning: most need no further look.
        beginnings = {norm[:_STEM] for norm in bag}
        everything = frozenset().union(*(passage.known for passage in evidence))
        for index in strange:
            norm = norms[index]
            if (norm[:_STEM] in beginnings and any(related(norm, other) for other in bag)) or (
                compounds and any(_compounded(norm, other) for other in bag)
            ):
                places[index] = TermPlace.RELATED
            else:
                places[index] = TermPlace.ELSEWHERE if norm in everything else TermPlace.NOWHERE
    return places


def _folded(terms: Sequence[Term], index: int) -> str:
    return terms[index].folded if 0 <= index < len(terms) else ""


def _belongs(word: str) -> bool:
    """Whether a word beside a number may be a part of its amount."""
    return word in UNITS or word in SCALES or word in MEASURING


def _measured_alike(alignment: Alignment) -> set[int]:
    """Return the positions of the statement's terms that are part of a quantity which a unit has in other words."""
    sig = alignment.statement.sig
    left = {sig[index] for index in alignment.left}
    said = [
        quantity
        for quantity in alignment.statement.quantities
        if not left.isdisjoint(range(quantity.start, quantity.end))
    ]
    if not said:
        return set()
    given = [quantity for unit in alignment.units for quantity in unit.quantities]
    return {
        position
        for quantity in said
        if any(same(quantity, other) for other in given)
        for position in range(quantity.start, quantity.end)
    }


def _gaps(alignment: Alignment) -> list[Gap]:
    owner, at = alignment.owner, alignment.at
    found: list[Gap] = []
    end = 0
    for start in alignment.left:
        if start < end:
            continue
        end = start + 1
        while end < len(owner) and owner[end] < 0:
            end += 1
        left = (owner[start - 1], at[start - 1]) if start else None
        right = (owner[end], at[end]) if end < len(owner) else None
        found.append(_gap(alignment, start, end, left, right))
    return found


def _gap(
    alignment: Alignment, start: int, end: int, left: tuple[int, int] | None, right: tuple[int, int] | None
) -> Gap:
    reach = end - start + 1
    if left is not None and right is not None:
        if left[0] == right[0] and left[1] < right[1]:
            return Gap(start, end, left[0], left[1] + 1, right[1], True, right[1] - left[1] - 1 <= reach)
        return Gap(start, end, left[0], left[1] + 1, left[1] + 1, closed=False, tight=False)
    if right is not None:
        return Gap(start, end, right[0], max(0, right[1] - reach), right[1], right[1] <= reach, right[1] <= reach)
    if left is not None:
        size = len(alignment.units[left[0]].sig)
        high = min(size, left[1] + 1 + reach)
        return Gap(start, end, left[0], left[1] + 1, high, high == size, high == size)
    return Gap(start, end, -1, 0, 0, closed=False, tight=False)
