"""Those who share something: what each has of it, and whose turn it is."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from groundwire_server.domain.fairness.keyed_heap import KeyedHeap
from groundwire_server.domain.vocabulary import Priority

REMEMBERED: Final = 1024
"""Parties that are remembered although they neither hold nor wait for anything."""

RANKS: Final = {priority: rank for rank, priority in enumerate(Priority)}
"""The order of priorities, the most urgent first."""


class Party:
    """One of those who share.

    Attributes:
        name: among the parties.
        weight: of its share.
        held: what it has at this moment.
        tag: the virtual time at which its next turn begins.
        waiting: how many of its calls wait, by the rank of their priority.
    """

    __slots__ = ("held", "name", "tag", "waiting", "weight")

    def __init__(self, name: str, weight: float, tag: float) -> None:
        self.name = name
        self.weight = weight
        self.held = 0
        self.tag = tag
        self.waiting = [0] * len(RANKS)

    @property
    def waits(self) -> int:
        """How many of its calls wait."""
        return sum(self.waiting)


P = TypeVar("P", bound=Party)


class Parties(Generic[P]):
    """The parties that hold something or wait for it.

    Turns are given by start-time fair queueing (Goyal, Vin and Cheng, 1996): each moves a party's tag on by what it
    costs over its weight, and the smallest tag is next. A party that comes after a while begins at the tag of the last
    turn that began: it is neither owed what it did not use, nor behind those who did.
    """

    def __init__(self) -> None:
        self._known: dict[str, P] = {}
        # Calling `KeyedHeap[str]` would take thirty times as long, and every call that is let in makes some.
        self._turns: KeyedHeap[str] = KeyedHeap()
        self._crowds: tuple[KeyedHeap[str], ...] = tuple(KeyedHeap() for _ in RANKS)
        self._left: OrderedDict[str, float] = OrderedDict()
        self._time = 0.0
        self.waiting_weight = 0.0

    def __len__(self) -> int:
        """Return how many parties hold or wait for something."""
        return len(self._known)

    def get(self, name: str) -> P | None:
        """Return the party of this name, if it holds or waits for something."""
        return self._known.get(name)

    def add(self, party: P) -> P:
        """Take a party in that was not known; one that left lately has the tag that it left with."""
        party.tag = max(self._left.pop(party.name, 0.0), self._time)
        self._known[party.name] = party
        return party

    def reweigh(self, party: P, weight: float) -> None:
        """Give a party another weight, for all that it takes from now on."""
        if party.waits:
            self.waiting_weight += weight - party.weight
        party.weight = weight
        for rank in RANKS.values():
            self._crowd(party, rank)

    @property
    def waiting(self) -> int:
        """How many parties wait."""
        return len(self._turns)

    def first(self, other_than: P | None = None) -> P | None:
        """Return the party whose turn it is; None where none waits.

        Args:
            other_than: a party that is passed over.
        """
        name = self._turns.first(None if other_than is None else other_than.name)
        return None if name is None else self._known[name]

    def longest(self, rank: int) -> P | None:
        """Return the party with the most waiting calls of a priority, for its weight; None where there is none."""
        name = self._crowds[rank].first()
        return None if name is None else self._known[name]

    def began(self, party: P) -> None:
        """Count something that the party holds from now on."""
        if not party.waits:
            party.tag = max(party.tag, self._time)
        self._time = max(self._time, party.tag)
        party.tag += 1.0 / party.weight
        party.held += 1
        self._sort(party)

    def ended(self, party: P, beyond: float) -> None:
        """Count something that the party no longer holds.

        Args:
            party: that held it.
            beyond: what it cost beyond the one that it was taken to cost when it began; less than 0 if it cost less.
        """
        party.held -= 1
        party.tag += beyond / party.weight
        self._sort(party)
        self._forget(party)

    def came(self, party: P, rank: int) -> None:
        """Count a call that begins to wait."""
        if not party.waits:
            party.tag = max(party.tag, self._time)
            self.waiting_weight += party.weight
        party.waiting[rank] += 1
        self._crowd(party, rank)
        self._sort(party)

    def went(self, party: P, rank: int) -> None:
        """Count a call that waits no longer."""
        party.waiting[rank] -= 1
        if not party.waits:
            self.waiting_weight -= party.weight
        self._crowd(party, rank)
        self._sort(party)
        self._forget(party)

    def _sort(self, party: P) -> None:
        if party.waits:
            self._turns.set(party.name, (party.tag,))
        else:
            self._turns.discard(party.name)

    def _crowd(self, party: P, rank: int) -> None:
        if party.waiting[rank]:
            self._crowds[rank].set(party.name, (-party.waiting[rank] / party.weight,))
        else:
            self._crowds[rank].discard(party.name)

    def _forget(self, party: P) -> None:
        if party.held or party.waits:
            return
        del self._known[party.name]
        if party.tag > self._time:
            self._left[party.name] = party.tag
            if len(self._left) > REMEMBERED:
                self._left.popitem(last=False)
