"""A recording whose texts are masked is a recording of the masked texts: it replays exactly, and to no other end."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from groundwire_server.app.recorded_files import recording_file
from groundwire_server.app.recorded_texts import exchange_texts, with_texts
from groundwire_server.app.replay import ReplayChanges, replay
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.evaluation.exchange import exchange_to_json
from groundwire_server.evaluation.inputs.recordings import recording_of
from groundwire_server.evaluation.recording import RecordedQuestion
from groundwire_server.ports.exchange import LocalFinding, PortName, RecordedExchange
from tests.app.replaying.recorded import GOOD, recorded
from tests.pipeline.running import FIRST

NAME = "expressions"
"""Stands in the question, the passage, the prompt and the answer."""


def mask(text: str) -> str:
    return text.replace(NAME, "<NAME_1>")


async def file_of(exchange: RecordedExchange, kept: Callable[[str], str]) -> bytes:
    """A recording as it is written, beside the event loop."""
    return await asyncio.to_thread(recording_file, exchange, kept)


def read(content: bytes) -> RecordedQuestion:
    (line,) = recording_of(Path("call.jsonl"), content.decode()).questions
    return line


async def exchange_of(*, stream: bool = False) -> RecordedExchange:
    _, exchange = await recorded(GOOD, stream=stream)
    return exchange


async def test_every_text_with_the_words_is_masked() -> None:
    exchange = await exchange_of()
    assert any(NAME in text for text in exchange_texts(exchange))
    content = await file_of(exchange, mask)
    assert NAME.encode() not in content
    assert b"<NAME_1>" in content


async def test_a_masked_call_is_replayed_exactly() -> None:
    for stream in (False, True):
        line = read(await file_of(await exchange_of(stream=stream), mask))
        assert line.exchange is not None
        replayed = await replay(line.exchange)
        assert replayed.exact, (replayed.unrecorded, replayed.differences)
        assert line.outcome is not None
        assert line.outcome.answer is not None
        assert line.outcome.answer.text.startswith(mask(FIRST))


async def test_a_masked_call_has_no_output_of_another_prompt() -> None:
    line = read(await file_of(await exchange_of(), mask))
    assert line.exchange is not None
    policy = replace(line.exchange.policy, models=("model-9",))
    assert (await replay(line.exchange, ReplayChanges(policy))).unrecorded == "GENERATOR model-9"


async def test_without_masks_the_call_is_as_it_was() -> None:
    exchange = await exchange_of()
    line = read(await file_of(exchange, str))
    assert line.exchange is not None
    assert exchange_to_json(line.exchange) == exchange_to_json(exchange)
    assert line.item.id == exchange.question.request_id
    assert line.item.is_answerable


async def test_what_cannot_be_replayed_with_its_masks_is_kept_as_its_outcome_alone() -> None:
    exchange = await exchange_of()
    calls = tuple(call for call in exchange.calls if call.port is not PortName.GENERATOR)
    line = read(await file_of(replace(exchange, calls=calls), mask))
    assert line.exchange is None
    assert line.outcome is not None
    assert line.outcome.answer is None
    assert line.outcome.result == "answered"


async def test_findings_stand_where_their_words_stand() -> None:
    text = f"Ask about {NAME} and call 0301234."
    start = text.index("0301234")
    found = LocalFinding(Screen.QUESTION, "numbers", text, (Finding("phone", start, start + 7),))
    exchange = with_texts(replace(await exchange_of(), local_findings=(found,)), mask)
    (moved,) = exchange.local_findings
    (finding,) = moved.findings
    assert moved.text[finding.start : finding.end] == "0301234"
