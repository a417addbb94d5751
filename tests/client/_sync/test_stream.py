# Generated from tests/client/_async/test_stream.py: change that, then `make generate`.
"""Streams of the client: read to the end, left early, and gone on with when the connection is lost."""

from collections.abc import Callable

import grpc
import pytest
from google.rpc import code_pb2

import groundwire
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire.v1.event_pb2 import StreamMode, TextDelta
from tests.client._threads import until
from tests.doubles import events
from tests.doubles.service import LOST, End, Failure, FakeService, Once, UntilCancelled

TEXT = "Parcels wait in the mail room."
FORGOTTEN = Failure(code_pb2.NOT_FOUND, "There is nothing to resume.", "RUN_NOT_FOUND")
BUSY = Failure(code_pb2.UNAVAILABLE, "The server is busy.", "OVERLOADED", retry_after=0.001)
ENDINGS = [pytest.param(LOST, id="lost"), pytest.param(End(), id="OK without an outcome")]
SLOW = (events.started(), events.delta("Parcels "), UntilCancelled())


def read(stream: groundwire.SyncAnswerStream) -> list[StreamAnswerResponse]:
    return list(stream)


def test_a_stream_yields_the_events_and_keeps_the_outcome(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    stream = client.stream("where?")
    kinds = [event.WhichOneof("event") for event in read(stream)]

    assert kinds == ["started", "text_delta", "citation", "outcome"]
    assert isinstance(stream.outcome, groundwire.Answered)
    assert stream.outcome.text == TEXT
    assert service.cancelled_ids == []


def test_what_a_stream_asks_for_reaches_the_server(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    read(client.stream("a", provisional=True, resume_window=2.5, request_id="request-1", after_sequence=3))
    read(client.stream("b"))
    read(client.stream("c", resume_window=0))

    resumed, default, plain = (call.request for call in service.calls)
    assert (resumed.mode, resumed.request_id, resumed.after_sequence) == (
        StreamMode.STREAM_MODE_PROVISIONAL,
        "request-1",
        3,
    )
    assert resumed.resume_window.ToMilliseconds() == 2500
    assert (default.resume_window.ToSeconds(), len(default.request_id)) == (10, 32)
    assert (plain.HasField("resume_window"), plain.request_id) == (False, "")
    with pytest.raises(ValueError, match="give its request_id"):
        client.stream("d", after_sequence=3)


def by_break(client: groundwire.SyncClient) -> None:
    stream = client.stream("slow", request_id="request-1")
    for event in stream:
        if event.HasField("text_delta"):
            break
    assert read(stream) == []


def by_break_out_of_the_text(client: groundwire.SyncClient) -> None:
    for piece in client.stream("slow", request_id="request-1").text():
        assert piece == "Parcels "
        break


def by_leaving_the_block(client: groundwire.SyncClient) -> None:
    with client.stream("slow", request_id="request-1") as stream:
        events = iter(stream)
        next(events)
    assert read(stream) == []


def by_closing(client: groundwire.SyncClient) -> None:
    stream = client.stream("slow", request_id="request-1")
    events = iter(stream)
    next(events)
    stream.close()
    assert list(events) == []


def by_an_exception(client: groundwire.SyncClient) -> None:
    def read_until_it_breaks() -> None:
        for _ in client.stream("slow", request_id="request-1"):
            raise LookupError

    with pytest.raises(LookupError):
        read_until_it_breaks()


def by_dropping_it(client: groundwire.SyncClient) -> None:
    stream = client.stream("slow", request_id="request-1")
    assert stream.read() is not None


def by_closing_the_client(client: groundwire.SyncClient) -> None:
    events = iter(client.stream("slow", request_id="request-1"))
    next(events)
    client.close()


@pytest.mark.parametrize(
    "leave",
    [
        by_break,
        by_break_out_of_the_text,
        by_leaving_the_block,
        by_closing,
        by_an_exception,
        by_dropping_it,
        by_closing_the_client,
    ],
)
def test_leaving_a_stream_in_any_way_ends_the_answer(
    client: groundwire.SyncClient, service: FakeService, leave: Callable[[groundwire.SyncClient], None]
) -> None:
    service.otherwise = SLOW

    leave(client)

    assert until(service.cancelled)
    assert until(service.named)
    assert service.cancelled_ids == ["request-1"]


def test_an_answer_that_ends_with_its_call_is_not_cancelled_by_name(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = SLOW

    with client.stream("slow", request_id="request-1", resume_window=0) as stream:
        next(iter(stream))

    assert until(service.cancelled)
    client.close()
    assert service.cancelled_ids == []


def test_a_detached_answer_goes_on(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = SLOW

    with client.stream("slow", resume_window=60) as stream:
        for _ in stream:
            stream.detach()

    assert until(service.cancelled)
    client.close()
    assert service.cancelled_ids == []
    assert (len(stream.request_id), stream.last_sequence) == (32, 1)


def test_a_stream_that_was_not_read_asks_nothing(client: groundwire.SyncClient, service: FakeService) -> None:
    with client.stream("never asked") as stream:
        assert repr(stream) == f"<groundwire.SyncAnswerStream {stream.request_id!r}, not begun, 0 events read>"
    client.close()

    assert service.calls == []


@pytest.mark.parametrize("read_before", [0, 1, 2, 3])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stream_goes_on_after_the_last_event_read(
    client: groundwire.SyncClient, service: FakeService, ending: Failure | End, read_before: int
) -> None:
    whole = events.plain_answer()
    service.otherwise = [*whole[:read_before], Once(ending), *whole[read_before:]]

    received = read(client.stream("where?"))

    assert received == whole
    first, second = service.calls
    assert second.request.request_id == first.request.request_id
    assert second.request.after_sequence == read_before


def test_all_attempts_share_the_time_of_the_call(address: str, service: FakeService) -> None:
    service.otherwise = [events.started(), Once(LOST), *events.plain_answer()[1:]]
    with groundwire.SyncClient(address, retry=groundwire.Retry(initial_backoff=0.2)) as client:
        read(client.stream("where?", timeout=5))  # gRPC sends a time above ten seconds in whole ones

    first, second = service.calls
    assert second.time_remaining < first.time_remaining - 0.1


def test_a_stream_is_resumed_as_often_as_it_goes_on(client: groundwire.SyncClient, service: FakeService) -> None:
    whole = events.numbered(
        [events.started(), *(events.delta(f"{n} ") for n in range(8)), events.ended(events.answered())]
    )
    service.otherwise = [step for event in whole for step in (Once(LOST), event)]

    assert read(client.stream("where?")) == whole
    assert len(service.calls) == len(whole) + 1


def test_events_that_come_again_are_passed_over(client: groundwire.SyncClient, service: FakeService) -> None:
    whole = events.plain_answer()
    service.otherwise = [*whole[:2], *whole[:2], *whole[2:]]

    assert read(client.stream("where?")) == whole


def test_nothing_follows_an_outcome(client: groundwire.SyncClient, service: FakeService) -> None:
    whole = events.plain_answer()
    service.otherwise = [*whole, events.delta("more"), events.ended(events.abstained())]

    stream = client.stream("where?")

    assert read(stream) == whole
    assert isinstance(stream.outcome, groundwire.Answered)


def test_an_event_that_is_not_known_is_an_event(client: groundwire.SyncClient, service: FakeService) -> None:
    newer = StreamAnswerResponse.FromString(b"\x08\x02\xfa\x06\x00")
    whole = events.numbered([events.started(), newer, events.delta(TEXT), events.ended(events.answered())])
    service.otherwise = whole

    assert [event.WhichOneof("event") for event in read(client.stream("where?"))] == [
        "started",
        None,
        "text_delta",
        "outcome",
    ]
    assert list(client.stream("where?").text()) == [TEXT]


def test_events_that_are_missing_are_an_error(client: groundwire.SyncClient, service: FakeService) -> None:
    whole = events.plain_answer()
    service.otherwise = [whole[0], whole[3]]

    with pytest.raises(groundwire.Error, match="Events 2 to 3 of the answer are missing") as raised:
        read(client.stream("where?"))

    assert raised.value.code is grpc.StatusCode.DATA_LOSS
    assert until(service.named)


def test_a_connection_that_stays_lost_is_an_error_that_says_so(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = [*events.plain_answer()[:2], LOST]

    with pytest.raises(groundwire.Error, match=r"The connection to the server at .* was lost") as raised:
        read(client.stream("where?"))

    assert raised.value.connection_lost
    assert not raised.value.unreachable
    assert len(service.calls) == 5


@pytest.mark.parametrize("window", [0, None])
def test_a_stream_that_ends_without_an_outcome_is_an_error_that_says_so(
    client: groundwire.SyncClient, service: FakeService, window: float | None
) -> None:
    service.otherwise = [*events.plain_answer()[:2], End()]
    stream = client.stream("where?", resume_window=window)

    with pytest.raises(groundwire.Error, match="ended without an outcome") as raised:
        read(stream)

    assert raised.value.connection_lost
    assert raised.value.request_id == stream.request_id
    assert len(service.calls) == (1 if window == 0 else 5)
    assert read(stream) == []


def test_a_stream_that_is_resumed_after_its_outcome_has_nothing_to_say(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    whole = events.plain_answer()
    service.otherwise = whole

    assert read(client.stream("where?", request_id="request-1", after_sequence=len(whole))) == []
    assert len(service.calls) == 1


def test_a_server_that_repeats_itself_and_ends_is_not_asked_for_ever(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    again = events.started()
    again.sequence = 1
    service.otherwise = [again, again, again, End()]

    with pytest.raises(groundwire.Error, match="ended without an outcome"):
        read(client.stream("where?"))

    assert len(service.calls) == 5


def test_an_answer_that_the_server_has_forgotten_is_a_lost_connection(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = [events.started(), Once(LOST), FORGOTTEN]

    with pytest.raises(groundwire.Error) as raised:
        read(client.stream("where?"))

    assert raised.value.connection_lost
    assert len(service.calls) == 2


@pytest.mark.parametrize("resume_window", [0, None])
def test_without_a_window_nothing_is_resumed(
    client: groundwire.SyncClient, address: str, service: FakeService, resume_window: float | None
) -> None:
    service.otherwise = [*events.plain_answer()[:2], LOST]
    with groundwire.SyncClient(address, retry=None) as never:
        stream = (client if resume_window == 0 else never).stream("where?", resume_window=resume_window)
        with pytest.raises(groundwire.Error, match="was lost"):
            read(stream)

    assert len(service.calls) == 1


def test_a_stream_that_the_server_turns_away_is_asked_for_again(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = [Once(BUSY), *events.plain_answer()]

    assert len(read(client.stream("where?"))) == 4


def test_the_text_alone(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    stream = client.stream("where?")
    pieces = list(stream.text())

    assert pieces == [TEXT]
    assert stream.outcome is not None
    assert service.calls[0].request.mode == StreamMode.STREAM_MODE_CHECKED


def test_text_that_may_be_taken_back_is_not_read_as_text_alone(
    client: groundwire.SyncClient, service: FakeService
) -> None:
    service.otherwise = [events.started(), events.delta("Parcels ", provisional=True), UntilCancelled()]

    with pytest.raises(ValueError, match="read its events"):
        next(iter(client.stream("where?", provisional=True).text()))
    assert service.calls == []
    with pytest.raises(ValueError, match="read its events"):
        next(iter(client.stream("where?").text()))
    assert until(service.cancelled)


def test_an_assurance_that_is_not_known_is_provisional(client: groundwire.SyncClient, service: FakeService) -> None:
    newer = StreamAnswerResponse(text_delta=TextDelta.FromString(b"\x0a\x01a\x10\x09"))
    service.otherwise = [newer, UntilCancelled()]

    with pytest.raises(ValueError, match="read its events"):
        next(iter(client.stream("where?").text()))


def test_a_failed_stream_is_over(client: groundwire.SyncClient, service: FakeService) -> None:
    service.otherwise = [events.started(), Failure(code_pb2.INTERNAL, "A defect.", "INTERNAL")]
    stream = client.stream("where?")

    with pytest.raises(groundwire.Error, match="INTERNAL"):
        read(stream)

    assert read(stream) == []
    assert repr(stream) == f"<groundwire.SyncAnswerStream {stream.request_id!r}, ended, 1 events read>"


@pytest.mark.parametrize("window", [0, 10])
def test_a_connection_that_is_lost_after_the_outcome_loses_nothing(
    client: groundwire.SyncClient, service: FakeService, window: float
) -> None:
    service.otherwise = (*events.plain_answer(), LOST)

    stream = client.stream("where?", resume_window=window)
    kinds = [event.WhichOneof("event") for event in read(stream)]

    assert kinds[-1] == "outcome"
    assert len(service.calls) == 1
