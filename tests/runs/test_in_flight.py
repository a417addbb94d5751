import asyncio

import pytest

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.runs.in_flight import InFlight, RunKey

KEY = RunKey("acme", "alice", "request-1")
ASKED = b"what is asked"


async def _forever(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def _begun(runs: InFlight, ended: list[str]) -> "asyncio.Task[None]":
    waiting = asyncio.create_task(runs.run(KEY, ASKED, _forever(ended)))
    for _ in range(3):
        # One turn of the loop for the call to begin, one for its work, one to spare.
        await asyncio.sleep(0)
    return waiting


async def test_returns_what_the_work_returns() -> None:
    async def work() -> str:
        return "outcome"

    assert await InFlight().run(KEY, ASKED, work()) == "outcome"


async def test_cancelling_by_name_ends_the_work_and_rejects_the_call() -> None:
    runs, ended = InFlight(), list[str]()
    waiting = await _begun(runs, ended)
    assert runs.cancel(KEY)
    with pytest.raises(Rejection) as caught:
        await waiting
    assert caught.value.reason is Reason.CANCELLED
    assert ended == ["ended"]


@pytest.mark.parametrize("key", [RunKey("other", "alice", "request-1"), RunKey("acme", "bob", "request-1")])
async def test_another_tenant_or_subject_cancels_nothing(key: RunKey) -> None:
    runs, ended = InFlight(), list[str]()
    waiting = await _begun(runs, ended)
    assert not runs.cancel(key)
    assert not ended
    waiting.cancel()


async def test_a_caller_that_leaves_ends_its_work() -> None:
    runs, ended = InFlight(), list[str]()
    waiting = await _begun(runs, ended)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended == ["ended"]
    assert not runs.cancel(KEY)


async def test_a_name_in_flight_is_taken_and_free_again_afterwards() -> None:
    runs, ended = InFlight(), list[str]()
    waiting = await _begun(runs, ended)
    with pytest.raises(Rejection) as caught:
        await runs.run(KEY, ASKED, _forever(ended))
    assert caught.value.reason is Reason.REQUEST_IN_FLIGHT
    runs.cancel(KEY)
    with pytest.raises(Rejection):
        await waiting

    async def work() -> str:
        return "again"

    assert await runs.run(KEY, ASKED, work()) == "again"


async def test_a_name_in_flight_stands_for_what_was_asked_under_it() -> None:
    runs, ended = InFlight(), list[str]()
    waiting = await _begun(runs, ended)
    with pytest.raises(Rejection) as caught:
        await runs.run(KEY, b"something else", _forever(ended))
    assert caught.value.reason is Reason.REQUEST_ID_REUSED
    assert caught.value.metadata == {"request_id": "request-1"}
    assert not ended
    waiting.cancel()
