"""Loads against a clock and a server that tests control."""

from collections.abc import Iterator

import pytest

import groundwire
from groundwire_server.cli.bench.load import FAILURES_IN_A_ROW, CallKind, Load, Plan, StopReason
from tests.doubles import events
from tests.doubles.service import UNAVAILABLE, FakeService, serving


class Ticking:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def client(service: FakeService) -> Iterator[groundwire.SyncClient]:
    with serving(service) as address, groundwire.SyncClient(address, tenant="acme") as client:
        yield client


def plan(kind: CallKind = CallKind.STREAM, calls: int = 5, callers: int = 1, seconds: float = 1000.0) -> Plan:
    return Plan(kind, ("one?", "two?"), calls, callers, seconds)


def test_questions_are_asked_in_turn_after_one_that_does_not_count(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = events.plain_answer()
    load = Load(client, plan())

    load.run()

    assert [call.request.question.text for call in service.calls] == ["one?", "one?", "two?", "one?", "two?", "one?"]
    assert load.samples.outcomes == {"answered": 5}
    assert load.ended is StopReason.CALLS


def test_time_is_taken_until_the_first_text_and_until_the_end(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = events.plain_answer()
    load = Load(client, plan(calls=2), clock=Ticking())

    load.run()

    # A call reads the clock before it begins, at its first text, and after its end.
    assert load.samples.first_texts == [1000.0, 1000.0]
    assert load.samples.latencies == [2000.0, 2000.0]


def test_a_stream_without_text_has_no_time_of_its_first(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.numbered([events.started(), events.ended(events.abstained())])
    load = Load(client, plan(calls=3))

    load.run()

    assert load.samples.first_texts == []
    assert load.samples.outcomes == {"abstained": 3}


def test_no_call_begins_after_the_time_is_up(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()
    load = Load(client, plan(CallKind.RETRIEVE, calls=1000, seconds=10.0), clock=Ticking())

    load.run()

    assert load.ended is StopReason.TIME
    assert load.samples.calls == 3  # each reads the clock three times: whether it may begin, before it, after it
    assert load.samples.outcomes == {"found": 3}


def test_calls_that_fail_again_and_again_end_it(client: groundwire.SyncClient, service: FakeService) -> None:
    service.script = {"two?": (UNAVAILABLE,)}
    service.otherwise = events.plain_answer()
    load = Load(client, Plan(CallKind.STREAM, ("one?", *["two?"] * 200), 200, 1, 1000.0))

    load.run()

    assert load.ended is StopReason.FAILURES
    assert load.samples.errors == {"STORE_UNAVAILABLE": FAILURES_IN_A_ROW}
    assert load.samples.outcomes == {"answered": 1}


def test_a_call_that_works_in_between_keeps_it_going(client: groundwire.SyncClient, service: FakeService) -> None:
    service.script = {"two?": (UNAVAILABLE,)}
    service.otherwise = events.plain_answer()
    load = Load(client, plan(calls=4 * FAILURES_IN_A_ROW))

    load.run()

    assert load.ended is StopReason.CALLS
    assert load.samples.calls == 4 * FAILURES_IN_A_ROW


def test_a_first_call_that_fails_fails_the_load(client: groundwire.SyncClient) -> None:
    load = Load(client, plan())

    with pytest.raises(groundwire.Error, match="STORE_UNAVAILABLE"):
        load.run()

    assert load.samples.calls == 0


@pytest.mark.parametrize("callers", [2, 8])
def test_callers_share_the_calls(client: groundwire.SyncClient, service: FakeService, callers: int) -> None:
    service.otherwise = events.plain_answer()
    load = Load(client, plan(CallKind.ANSWER, calls=50, callers=callers))

    load.run()

    assert load.samples.calls == 50
    assert len(service.calls) == 51
