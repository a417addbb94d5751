"""One question asked at once: the first call answers it, and others that ask the same wait for what it makes of it."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeAlias

from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Priority

WAIT_SHARE: Final = 0.5
"""Of the time that a call has left: what it waits at most, so that it can still answer by itself."""


class FlightKey(NamedTuple):
    """What two calls have in common of which one waits for the other.

    Attributes:
        key: of their question; no two tenants have one.
        stamp: by which their answers hold.
        priority: nobody waits for one that lets others go first.
    """

    key: AnswerKey
    stamp: bytes
    priority: Priority


class SingleFlight:
    """The questions that are being answered in this process, and who waits for each."""

    def __init__(self) -> None:
        self._waiting: dict[FlightKey, deque[asyncio.Future[Landing]]] = {}

    def __repr__(self) -> str:
        return f"SingleFlight({len(self._waiting)} questions, {sum(map(len, self._waiting.values()))} waiting)"

    async def join(self, key: FlightKey, until: Deadline) -> "Landing":
        """Return what this call does: lead, where nobody answers the question yet, or else take or do without.

        A call that waits is given the answer of the one that leads; or the lead, where that one has left; or None, by
        which it answers for itself and nobody waits for it: where the time is up, or the answer is one that no other
        call may have. Then all who wait go on at once, as they would have without waiting: one after the other, the
        last would wait as long as all of them take.

        Args:
            key: of the question.
            until: how long it waits.
        """
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            return Lead(self, key)
        landing: asyncio.Future[Landing] = asyncio.get_running_loop().create_future()
        waiting.append(landing)
        try:
            async with asyncio.timeout_at(until.at):
                return await landing
        except TimeoutError:
            # It may have come in the moment in which the time was up.
            return landing.result() if landing.done() and not landing.cancelled() else None
        except BaseException:
            if landing.done() and not landing.cancelled() and isinstance(lead := landing.result(), Lead):
                lead.leave()
            raise
        finally:
            landing.cancel()

    def land(self, key: FlightKey, answer: CachedAnswer | None) -> None:
        """Give all who wait the answer; None where they are to answer for themselves."""
        for landing in self._waiting.pop(key, ()):
            if not landing.done():
                landing.set_result(answer)

    def hand_over(self, key: FlightKey) -> None:
        """Have the one who has waited longest lead; the others wait for it."""
        waiting = self._waiting[key]
        while waiting:
            landing = waiting.popleft()
            if not landing.done():
                landing.set_result(Lead(self, key))
                return
        del self._waiting[key]


class Lead:
    """The right to answer a question for all who wait. It is used with `with`: who leaves it without an end hands over.

    Args:
        flights: where others wait.
        key: of the question.
    """

    def __init__(self, flights: SingleFlight, key: FlightKey) -> None:
        self._flights = flights
        self._key = key
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def land(self, answer: CachedAnswer | None) -> None:
        """End with an answer, or with one that no other call may have."""
        if not self._ended:
            self._ended = True
            self._flights.land(self._key, answer)

    def leave(self) -> None:
        """End before there is one: the next in line leads."""
        if not self._ended:
            self._ended = True
            self._flights.hand_over(self._key)


Landing: TypeAlias = Lead | CachedAnswer | None
