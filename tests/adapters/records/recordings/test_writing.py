"""Recordings on their way: who is drawn, what is masked, and what happens where there is no room for one."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.guards.personal import PersonalGuard, PersonalGuardOptions
from groundwire_server.adapters.records.recordings import writing
from groundwire_server.adapters.records.recordings.erasing import PendingRecordingErasure
from groundwire_server.adapters.records.recordings.writing import RecordingWriter, RouteRecordings
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.erasure import EntireTenant, RecordErasure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Abstained, Outcome, Report
from groundwire_server.domain.question import Question
from groundwire_server.domain.recording_policy import RecordingPolicy
from groundwire_server.domain.vocabulary import Action, Cause, NextStep
from groundwire_server.ports.call_recordings import RecordingEntry, RecordingKey
from groundwire_server.telemetry import metrics
from tests.doubles.cases import ASKED, TRACE
from tests.doubles.counts import Counts
from tests.doubles.policies import built_in_policy
from tests.doubles.recordings import MemoryRecordings

POLICY = RecordingPolicy(frozenset({"acme"}), 1.0, 60.0)
ALL = RecordErasure("acme", EntireTenant())


class StandingClock:
    """Stands five seconds after the calls arrived."""

    def now(self) -> float:
        return 105.0

    def today(self) -> datetime:
        return ASKED + timedelta(seconds=5)


class Call:
    """A RecordedCall of two texts."""

    def __init__(self, *texts: str) -> None:
        self.documents = frozenset({"hours.md"})
        self._texts = texts

    def texts(self) -> Iterable[str]:
        return self._texts

    def written(self, mask: Callable[[str], str] | None) -> bytes:
        return "\n".join(map(mask or str, self._texts)).encode()


def inquiry(request_id: str = "request-1", tenant: str = "acme", subject: str = "ann") -> Inquiry:
    question = Question("default", "When does it open?", request_id, end_user_id="carla")
    return Inquiry(question, Caller(tenant, subject), built_in_policy(), 100.0, NEVER)


def outcome(request_id: str = "request-1") -> Outcome:
    report = Report(request_id, TRACE, "default", prompt_name="answer", prompt_version="1.2.0", model="small")
    return Outcome(Abstained(0, ()), Cause.NO_EVIDENCE, Action.ABSTAIN, NextStep.REPHRASE, report)


class Recording:
    """A route's recordings with everything around them."""

    def __init__(self, policy: RecordingPolicy = POLICY, masker: Masker | None = None, key: bytes = b"key") -> None:
        self.counts = Counts()
        self.kept = MemoryRecordings(StandingClock())
        numbers = iter(range(1000))
        self.writer = RecordingWriter(
            self.kept, StandingClock(), self.counts, key, new_id=lambda: f"{next(numbers):032x}", after=0.0
        )
        self.sink = RouteRecordings(self.writer, policy, masker)

    async def entries(self) -> list[RecordingEntry]:
        await self.writer.settle()
        return list(await self.kept.page("acme", "", "", None, 100))

    async def content(self, number: int = 0) -> str:
        found = await self.kept.read(RecordingKey("acme", f"{number:032x}"), "olga")
        assert found is not None
        return found[1].decode()

    @property
    def counted(self) -> dict[tuple[str, ...], float]:
        return self.counts.series(metrics.RECORDINGS)


async def test_a_call_is_kept_with_what_it_came_to() -> None:
    recording = Recording()
    recording.sink.keep(inquiry(), outcome(), Call("When?", "At six."))
    (entry,) = await recording.entries()
    assert entry == RecordingEntry(
        RecordingKey("acme", f"{0:032x}"),
        "ann",
        "request-1",
        TRACE,
        "default",
        "abstained",
        "NO_EVIDENCE",
        ASKED,
        ASKED + timedelta(seconds=60),
        "answer/1.2.0",
        "small",
    )
    assert await recording.content() == "When?\nAt six."
    assert recording.kept.documents == {f"{0:032x}": frozenset({"hours.md"})}
    assert recording.counted == {("default", "kept"): 1}


def test_calls_of_other_tenants_are_never_wanted() -> None:
    sink = Recording().sink
    assert sink.wants(inquiry())
    assert not sink.wants(inquiry(tenant="globex"))


def test_a_share_of_the_calls_is_drawn_alike_in_every_process_and_by_the_key() -> None:
    def drawn(key: bytes) -> list[bool]:
        sink = Recording(replace(POLICY, share=0.25), key=key).sink
        return [sink.wants(inquiry(f"request-{number}")) for number in range(2000)]

    assert drawn(b"one") == drawn(b"one")
    assert drawn(b"one") != drawn(b"two")
    assert 420 < sum(drawn(b"one")) < 580


async def test_personal_data_has_the_same_placeholder_in_every_text() -> None:
    masker = Masker([PersonalGuard(PersonalGuardOptions())])
    recording = Recording(masker=masker)
    recording.sink.keep(inquiry(), outcome(), Call("May ann@hotel.de pay?", "ann@hotel.de, bo@hotel.de."))
    recording.sink.keep(inquiry(), outcome(), Call("When?", "At six."))
    entries = {int(each.key.recording_id, 16): each for each in await recording.entries()}
    assert await recording.content(0) == "May [EMAIL_1] pay?\n[EMAIL_1], [EMAIL_2]."
    assert {number: each.redacted for number, each in entries.items()} == {0: True, 1: False}


async def test_what_is_too_large_is_counted_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CONTENT_LIMIT", 10)
    recording = Recording()
    recording.sink.keep(inquiry(), outcome(), Call("0123456789"))
    recording.sink.keep(inquiry(), outcome(), Call("0123456789a"))
    assert len(await recording.entries()) == 1
    assert recording.counted == {("default", "kept"): 1, ("default", "too_large"): 1}


async def test_what_there_is_no_room_for_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_PENDING_LIMIT", 2)
    recording = Recording()
    for _ in range(3):
        recording.sink.keep(inquiry(), outcome(), Call("When?"))
    assert len(await recording.entries()) == 2
    assert recording.counted == {("default", "kept"): 2, ("default", "no_room"): 1}


async def test_a_database_that_is_away_fails_no_call() -> None:
    recording = Recording()
    recording.kept.away = True
    recording.sink.keep(inquiry(), outcome(), Call("When?"))
    await recording.writer.settle()
    assert recording.counted == {("default", "unavailable"): 1}


async def test_a_text_that_cannot_be_written_is_logged_without_it(caplog: pytest.LogCaptureFixture) -> None:
    recording = Recording()
    recording.sink.keep(inquiry(), outcome(), Call("secret \ud800"))
    await recording.writer.settle()
    assert recording.counted == {("default", "unavailable"): 1}
    assert "a recording has failed" in caplog.text
    assert "secret" not in caplog.text


async def test_the_end_waits_for_what_is_on_its_way_and_takes_no_more() -> None:
    recording = Recording()
    recording.sink.keep(inquiry(), outcome(), Call("When?"))
    await recording.writer.end()
    assert len(await recording.entries()) == 1
    assert not recording.sink.wants(inquiry())
    recording.sink.keep(inquiry(), outcome(), Call("When?"))
    assert len(await recording.entries()) == 1


async def test_an_erasure_waits_for_recordings_on_their_way() -> None:
    recording = Recording()
    recording.sink.keep(inquiry(), outcome(), Call("When?"))
    assert await PendingRecordingErasure(recording.writer, StandingClock()).erase(ALL, NEVER) == []
    assert len(await recording.entries()) == 1


async def test_an_erasure_whose_time_is_up_says_so() -> None:
    recording = Recording()
    recording.sink.keep(inquiry(), outcome(), Call("When?"))
    (place,) = await PendingRecordingErasure(recording.writer, StandingClock()).erase(ALL, Deadline(105.0))
    assert not place.complete
    assert place.note
    await asyncio.wait_for(recording.writer.end(), 10)
