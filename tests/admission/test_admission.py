"""What is held of several limits: taken in order, given back in reverse, whatever happens."""

import asyncio
from types import TracebackType

import pytest

from groundwire_server.admission.admission import Admission
from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Reason

CALL = Applicant(Work.ANSWER, Requester("acme", "alice"), 0.0, NEVER)


class Noted:
    """A limit that notes what happens to it, and may refuse, wait or fail to give back."""

    def __init__(
        self, name: str, events: list[str], *, refuses: bool = False, waits: bool = False, fails: bool = False
    ) -> None:
        self._name = name
        self._events = events
        self._refuses = refuses
        self._waits = waits
        self._fails = fails

    def hold(self, applicant: Applicant) -> "Noted":
        assert applicant is CALL
        return self

    async def __aenter__(self) -> None:
        if self._refuses:
            raise Rejection(Reason.OVERLOADED)
        if self._waits:
            await asyncio.Event().wait()
        self._events.append(f"take {self._name}")

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.append(f"give {self._name}" + (f" after {kind.__name__}" if kind else ""))
        if self._fails:
            raise RuntimeError(self._name)


async def test_limits_are_asked_in_order_and_given_back_in_reverse() -> None:
    events: list[str] = []
    async with Admission([Noted("quota", events), Noted("capacity", events)]).admitted(CALL):
        events.append("work")
    assert events == ["take quota", "take capacity", "work", "give capacity", "give quota"]


async def test_a_limit_that_refuses_leaves_nothing_taken_of_those_before_it() -> None:
    events: list[str] = []
    with pytest.raises(Rejection):
        await Admission([Noted("quota", events), Noted("capacity", events, refuses=True)]).admitted(CALL).__aenter__()
    assert events == ["take quota", "give quota after Rejection"]


async def test_a_caller_that_leaves_while_it_waits_gives_back_what_it_has() -> None:
    events: list[str] = []
    waiting = asyncio.create_task(
        Admission([Noted("quota", events), Noted("capacity", events, waits=True)]).admitted(CALL).__aenter__()
    )
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert events == ["take quota", "give quota after CancelledError"]


async def test_one_that_cannot_give_back_keeps_nothing_from_the_others() -> None:
    events: list[str] = []
    with pytest.raises(RuntimeError):
        async with Admission([Noted("quota", events), Noted("capacity", events, fails=True)]).admitted(CALL):
            pass
    assert events == ["take quota", "take capacity", "give capacity", "give quota"]
