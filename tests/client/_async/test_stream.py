"""Streams of the client: read to the end, left early, and gone on with when the connection is lost."""

from collections.abc import Awaitable, Callable

import grpc
import grpc.aio
import pytest
from google.rpc import code_pb2

import groundwire
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire.v1.event_pb2 import StreamMode, TextDelta
from tests.client._aio import until
from tests.doubles import events
from tests.doubles.service import LOST, End, Failure, FakeService, Once, UntilCancelled

TEXT = "Parcels wait in the mail room."
FORGOTTEN = Failure(code_pb2.NOT_FOUND, "There is nothing to resume.", "RUN_NOT_FOUND")
BUSY = Failure(code_pb2.UNAVAILABLE, "The server is busy.", "OVERLOADED", retry_after=0.001)
ENDINGS = [pytest.param(LOST, id="lost"), pytest.param(End(), id="OK without an outcome")]
SLOW = (events.started(), events.delta("Parcels "), UntilCancelled())


async def read(stream: groundwire.AnswerStream) -> list[StreamAnswerResponse]:
    return [event async for event in stream]


async def test_a_stream_yields_the_events_and_keeps_the_outcome(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = events.plain_answer()

    stream = client.stream("where?")
    kinds = [event.WhichOneof("event") for event in await read(stream)]

    assert kinds == ["started", "text_delta", "citation", "outcome"]
    assert isinstance(stream.outcome, groundwire.Answered)
    assert stream.outcome.text == TEXT
    assert service.cancelled_ids == []


async def test_what_a_stream_asks_for_reaches_the_server(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    await read(client.stream("a", provisional=True, resume_window=2.5, request_id="request-1", after_sequence=3))
    await read(client.stream("b"))
    await read(client.stream("c", resume_window=0))

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


async def by_break(client: groundwire.Client) -> None:
    stream = client.stream("slow", request_id="request-1")
    async for event in stream:
        if event.HasField("text_delta"):
            break
    assert await read(stream) == []


async def by_break_out_of_the_text(client: groundwire.Client) -> None:
    async for piece in client.stream("slow", request_id="request-1").text():
        assert piece == "Parcels "
        break


async def by_leaving_the_block(client: groundwire.Client) -> None:
    async with client.stream("slow", request_id="request-1") as stream:
        events = aiter(stream)
        await anext(events)
    assert await read(stream) == []


async def by_closing(client: groundwire.Client) -> None:
    stream = client.stream("slow", request_id="request-1")
    events = aiter(stream)
    await anext(events)
    await stream.aclose()
    assert [event async for event in events] == []


async def by_an_exception(client: groundwire.Client) -> None:
    async def read_until_it_breaks() -> None:
        async for _ in client.stream("slow", request_id="request-1"):
            raise LookupError

    with pytest.raises(LookupError):
        await read_until_it_breaks()


async def by_dropping_it(client: groundwire.Client) -> None:
    stream = client.stream("slow", request_id="request-1")
    assert await stream.read() is not None


async def by_closing_the_client(client: groundwire.Client) -> None:
    events = aiter(client.stream("slow", request_id="request-1"))
    await anext(events)
    await client.close()


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
async def test_leaving_a_stream_in_any_way_ends_the_answer(
    client: groundwire.Client, service: FakeService, leave: Callable[[groundwire.Client], Awaitable[None]]
) -> None:
    service.otherwise = SLOW

    await leave(client)

    assert await until(service.cancelled)
    assert await until(service.named)
    assert service.cancelled_ids == ["request-1"]


async def test_an_answer_that_ends_with_its_call_is_not_cancelled_by_name(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = SLOW

    async with client.stream("slow", request_id="request-1", resume_window=0) as stream:
        await anext(aiter(stream))

    assert await until(service.cancelled)
    await client.close()
    assert service.cancelled_ids == []


async def test_a_detached_answer_goes_on(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = SLOW

    async with client.stream("slow", resume_window=60) as stream:
        async for _ in stream:
            stream.detach()

    assert await until(service.cancelled)
    await client.close()
    assert service.cancelled_ids == []
    assert (len(stream.request_id), stream.last_sequence) == (32, 1)


async def test_a_stream_that_was_not_read_asks_nothing(client: groundwire.Client, service: FakeService) -> None:
    async with client.stream("never asked") as stream:
        assert repr(stream) == f"<groundwire.AnswerStream {stream.request_id!r}, not begun, 0 events read>"
    await client.close()

    assert service.calls == []


@pytest.mark.parametrize("read_before", [0, 1, 2, 3])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_stream_goes_on_after_the_last_event_read(
    client: groundwire.Client, service: FakeService, ending: Failure | End, read_before: int
) -> None:
    whole = events.plain_answer()
    service.otherwise = [*whole[:read_before], Once(ending), *whole[read_before:]]

    received = await read(client.stream("where?"))

    assert received == whole
    first, second = service.calls
    assert second.request.request_id == first.request.request_id
    assert second.request.after_sequence == read_before


async def test_all_attempts_share_the_time_of_the_call(address: str, service: FakeService) -> None:
    service.otherwise = [events.started(), Once(LOST), *events.plain_answer()[1:]]
    async with groundwire.Client(address, retry=groundwire.Retry(initial_backoff=0.2)) as client:
        await read(client.stream("where?", timeout=5))  # gRPC sends a time above ten seconds in whole ones

    first, second = service.calls
    assert second.time_remaining < first.time_remaining - 0.1


async def test_a_stream_is_resumed_as_often_as_it_goes_on(client: groundwire.Client, service: FakeService) -> None:
    whole = events.numbered(
        [events.started(), *(events.delta(f"{n} ") for n in range(8)), events.ended(events.answered())]
    )
    service.otherwise = [step for event in whole for step in (Once(LOST), event)]

    assert await read(client.stream("where?")) == whole
    assert len(service.calls) == len(whole) + 1


async def test_events_that_come_again_are_passed_over(client: groundwire.Client, service: FakeService) -> None:
    whole = events.plain_answer()
    service.otherwise = [*whole[:2], *whole[:2], *whole[2:]]

    assert await read(client.stream("where?")) == whole


async def test_nothing_follows_an_outcome(client: groundwire.Client, service: FakeService) -> None:
    whole = events.plain_answer()
    service.otherwise = [*whole, events.delta("more"), events.ended(events.abstained())]

    stream = client.stream("where?")

    assert await read(stream) == whole
    assert isinstance(stream.outcome, groundwire.Answered)


async def test_an_event_that_is_not_known_is_an_event(client: groundwire.Client, service: FakeService) -> None:
    newer = StreamAnswerResponse.FromString(b"\x08\x02\xfa\x06\x00")
    whole = events.numbered([events.started(), newer, events.delta(TEXT), events.ended(events.answered())])
    service.otherwise = whole

    assert [event.WhichOneof("event") for event in await read(client.stream("where?"))] == [
        "started",
        None,
        "text_delta",
        "outcome",
    ]
    assert [piece async for piece in client.stream("where?").text()] == [TEXT]


async def test_events_that_are_missing_are_an_error(client: groundwire.Client, service: FakeService) -> None:
    whole = events.plain_answer()
    service.otherwise = [whole[0], whole[3]]

    with pytest.raises(groundwire.Error, match="Events 2 to 3 of the answer are missing") as raised:
        await read(client.stream("where?"))

    assert raised.value.code is grpc.StatusCode.DATA_LOSS
    assert await until(service.named)


async def test_a_connection_that_stays_lost_is_an_error_that_says_so(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = [*events.plain_answer()[:2], LOST]

    with pytest.raises(groundwire.Error, match=r"The connection to the server at .* was lost") as raised:
        await read(client.stream("where?"))

    assert raised.value.connection_lost
    assert not raised.value.unreachable
    assert len(service.calls) == 5


@pytest.mark.parametrize("window", [0, None])
async def test_a_stream_that_ends_without_an_outcome_is_an_error_that_says_so(
    client: groundwire.Client, service: FakeService, window: float | None
) -> None:
    service.otherwise = [*events.plain_answer()[:2], End()]
    stream = client.stream("where?", resume_window=window)

    with pytest.raises(groundwire.Error, match="ended without an outcome") as raised:
        await read(stream)

    assert raised.value.connection_lost
    assert raised.value.request_id == stream.request_id
    assert len(service.calls) == (1 if window == 0 else 5)
    assert await read(stream) == []


async def test_a_stream_that_is_resumed_after_its_outcome_has_nothing_to_say(
    client: groundwire.Client, service: FakeService
) -> None:
    whole = events.plain_answer()
    service.otherwise = whole

    assert await read(client.stream("where?", request_id="request-1", after_sequence=len(whole))) == []
    assert len(service.calls) == 1


async def test_a_server_that_repeats_itself_and_ends_is_not_asked_for_ever(
    client: groundwire.Client, service: FakeService
) -> None:
    again = events.started()
    again.sequence = 1
    service.otherwise = [again, again, again, End()]

    with pytest.raises(groundwire.Error, match="ended without an outcome"):
        await read(client.stream("where?"))

    assert len(service.calls) == 5


async def test_an_answer_that_the_server_has_forgotten_is_a_lost_connection(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = [events.started(), Once(LOST), FORGOTTEN]

    with pytest.raises(groundwire.Error) as raised:
        await read(client.stream("where?"))

    assert raised.value.connection_lost
    assert len(service.calls) == 2


@pytest.mark.parametrize("resume_window", [0, None])
async def test_without_a_window_nothing_is_resumed(
    client: groundwire.Client, address: str, service: FakeService, resume_window: float | None
) -> None:
    service.otherwise = [*events.plain_answer()[:2], LOST]
    async with groundwire.Client(address, retry=None) as never:
        stream = (client if resume_window == 0 else never).stream("where?", resume_window=resume_window)
        with pytest.raises(groundwire.Error, match="was lost"):
            await read(stream)

    assert len(service.calls) == 1


async def test_a_stream_that_the_server_turns_away_is_asked_for_again(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = [Once(BUSY), *events.plain_answer()]

    assert len(await read(client.stream("where?"))) == 4


async def test_the_text_alone(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = events.plain_answer()

    stream = client.stream("where?")
    pieces = [piece async for piece in stream.text()]

    assert pieces == [TEXT]
    assert stream.outcome is not None
    assert service.calls[0].request.mode == StreamMode.STREAM_MODE_CHECKED


async def test_text_that_may_be_taken_back_is_not_read_as_text_alone(
    client: groundwire.Client, service: FakeService
) -> None:
    service.otherwise = [events.started(), events.delta("Parcels ", provisional=True), UntilCancelled()]

    with pytest.raises(ValueError, match="read its events"):
        await anext(aiter(client.stream("where?", provisional=True).text()))
    assert service.calls == []
    with pytest.raises(ValueError, match="read its events"):
        await anext(aiter(client.stream("where?").text()))
    assert await until(service.cancelled)


async def test_an_assurance_that_is_not_known_is_provisional(client: groundwire.Client, service: FakeService) -> None:
    newer = StreamAnswerResponse(text_delta=TextDelta.FromString(b"\x0a\x01a\x10\x09"))
    service.otherwise = [newer, UntilCancelled()]

    with pytest.raises(ValueError, match="read its events"):
        await anext(aiter(client.stream("where?").text()))


async def test_a_failed_stream_is_over(client: groundwire.Client, service: FakeService) -> None:
    service.otherwise = [events.started(), Failure(code_pb2.INTERNAL, "A defect.", "INTERNAL")]
    stream = client.stream("where?")

    with pytest.raises(groundwire.Error, match="INTERNAL"):
        await read(stream)

    assert await read(stream) == []
    assert repr(stream) == f"<groundwire.AnswerStream {stream.request_id!r}, ended, 1 events read>"


@pytest.mark.parametrize("window", [0, 10])
async def test_a_connection_that_is_lost_after_the_outcome_loses_nothing(
    client: groundwire.Client, service: FakeService, window: float
) -> None:
    service.otherwise = (*events.plain_answer(), LOST)

    stream = client.stream("where?", resume_window=window)
    kinds = [event.WhichOneof("event") for event in await read(stream)]

    assert kinds[-1] == "outcome"
    assert len(service.calls) == 1
