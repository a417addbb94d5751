"""A recording whose texts are masked is a recording of the masked texts: it replays exactly, and to no other end."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from groundwire_server.app.recorded_files import recording_file
from groundwire_server.app.recorded_texts import exchange_texts, with_texts
from groundwire_server.app.replay import ReplayChanges, replay
from groundwire_server.domain.document import Place
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Not
from groundwire_server.domain.generation import Token
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.plain import PassageTable, plain
from groundwire_server.domain.question import Question
from groundwire_server.domain.text.words import query_terms
from groundwire_server.domain.vocabulary import Screen, StreamMode
from groundwire_server.evaluation.exchange import exchange_to_json
from groundwire_server.evaluation.inputs.recordings import recording_of
from groundwire_server.evaluation.recording import RecordedQuestion
from groundwire_server.ports.exchange import (
    Finished,
    LocalFinding,
    PortCall,
    PortName,
    RecordedExchange,
    RenderedPrompt,
    Reply,
    Returned,
)
from tests.app.replaying.recorded import GOOD, recorded
from tests.pipeline.running import FIRST

NAME = "expressions"
"""Stands in the question, the passage, the prompt and the answer."""


def mask(text: str) -> str:
    return text.replace(NAME, "<NAME_1>")


async def file_of(exchange: RecordedExchange, kept: Callable[[str], str] | None) -> bytes:
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
    line = read(await file_of(exchange, None))
    assert line.exchange is not None
    assert exchange_to_json(line.exchange) == exchange_to_json(exchange)
    assert line.item.id == exchange.question.request_id
    assert not line.item.is_labelled, "what the service said is no label"


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


async def test_no_part_of_a_call_beside_its_texts_keeps_the_words() -> None:
    exchange = await exchange_of()
    told = Passage(
        "c9",
        f"About {NAME}.",
        source_uri=f"https://docs.example/{NAME}",
        metadata={"topic": NAME, "topics": (NAME, "others"), "year": 2024.0},
        place=Place(section=("Language", NAME)),
    )
    wanted = AllOf((Not(Equals("topic", NAME)), AnyOf((Contains("topics", (NAME,)), Equals("year", 2024.0)))))
    text = f"What do lambda {NAME} yield?"
    stems = frozenset(query_terms(text))
    tokens = (Token(NAME, ((NAME, -0.1),)),)

    def with_all(reply: Reply) -> Reply:
        match reply:
            case Returned(value=Evidence() as found):
                return replace(reply, value=replace(found, unknown=stems))
            case Finished(finish=finish):
                return replace(reply, finish=replace(finish, tokens=tokens))
            case _:
                return reply

    exchange = replace(
        exchange,
        question=replace(exchange.question, filter=wanted, unknown=stems, provided=(told,), task=NAME, text=text),
        prompts=tuple(
            replace(each, prompt=each.prompt and replace(each.prompt, question=text, unknown=stems))
            for each in exchange.prompts
        ),
        calls=tuple(replace(call, replies=tuple(map(with_all, call.replies))) for call in exchange.calls),
    )
    assert NAME in set(exchange_texts(exchange))
    masked, table = with_texts(exchange, mask), PassageTable()
    parts = (masked.question, masked.prompts, masked.calls)
    kept = json.dumps(
        [plain(tuple[Question, tuple[RenderedPrompt, ...], tuple[PortCall, ...]], parts, table), table.passages]
    )
    assert NAME not in kept
    assert '"topics"' in kept
    (found,) = [each.prompt.unknown for each in masked.prompts if each.prompt is not None]
    assert found is not None
    assert found == {"lambda", "yield"}


async def test_a_masked_stream_has_the_events_of_its_shorter_text() -> None:
    def shorter(text: str) -> str:
        return text.replace(FIRST.removesuffix("."), "<NAME_1>")

    pieces = [letter for move in GOOD for letter in (move if isinstance(move, str) else [move])]
    outcome, exchange = await recorded(pieces, stream=True, mode=StreamMode.PROVISIONAL)
    assert outcome.answer is not None
    line = read(await file_of(exchange, shorter))
    assert line.exchange is not None
    sent = [len([call for call in each.calls if call.port is PortName.READER]) for each in (exchange, line.exchange)]
    assert sent[1] < sent[0]
    replayed = await replay(line.exchange)
    assert replayed.exact, (replayed.unrecorded, replayed.differences)


async def test_a_call_that_itself_fails_with_a_change_says_why() -> None:
    exchange = await exchange_of()
    policy = replace(exchange.policy, question_limit=5)
    replayed = await replay(exchange, ReplayChanges(policy))
    assert (replayed.outcome, replayed.unrecorded, replayed.refused) == (None, "", "INVALID_REQUEST")
