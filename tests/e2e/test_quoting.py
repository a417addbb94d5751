"""Answers of the quoting model, from the passages to the outcome: lists, tables, code and sections, word for word."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from groundwire.v1 import event_pb2, grounding_pb2, outcome_pb2, passage_pb2, question_pb2
from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.generator.quoting import Tuning
from tests.e2e.calls import answer, kept_text, stream
from tests.e2e.conftest import Serve

PAGE = """# Runbook

The worker runs on two machines.

## Install the worker

To install the worker, run:

```console
$ pip install worker
```

## Drain the queue

Steps to drain the queue:

1. Stop the worker.
2. Wait for an hour.
3. Start the worker.

## Fees of the queue

| Country | Monthly fee | Notice |
| --- | --- | --- |
| France | 4 EUR | a month |
| Spain | 7 EUR | a week |

## Changes in version 2.1

Released 2024-05-01

- Added HTTP/2 support.
- Removed the cookie jar.
"""


@dataclass(frozen=True)
class Case:
    """A question, and its answer.

    Attributes:
        commands: those of its sentences that tell the reader to do something, and so are not verified.
    """

    question: str
    text: str
    quote: str
    commands: frozenset[str] = frozenset()


CASES = {
    "code": Case(
        "How do I install the worker?",
        "To install the worker, run:\n\n```console\n$ pip install worker\n```",
        "To install the worker, run:\n\n```console\n$ pip install worker\n```",
        frozenset({"To install the worker, run:"}),
    ),
    "list": Case(
        "What are the steps to drain the queue?",
        "Steps to drain the queue:\n\n1. Stop the worker.\n2. Wait for an hour.\n3. Start the worker.",
        "Steps to drain the queue:\n\n1. Stop the worker.\n2. Wait for an hour.\n3. Start the worker.",
        frozenset({"1. Stop the worker.", "2. Wait for an hour.", "3. Start the worker."}),
    ),
    "table": Case(
        "What is the monthly fee in Spain?",
        "- Country: Spain; Monthly fee: 7 EUR; Notice: a week",
        "| Spain | 7 EUR | a week |",
    ),
    "changelog": Case(
        "What changed in version 2.1?",
        "## Changes in version 2.1\n\nReleased 2024-05-01\n\n- Added HTTP/2 support.\n- Removed the cookie jar.",
        "## Changes in version 2.1\n\nReleased 2024-05-01\n\n- Added HTTP/2 support.\n- Removed the cookie jar.",
    ),
}

QUOTING = ExtractiveGenerator(tuning=Tuning(enough=0.0, sure=0.9, most=1))


def asked(question: str) -> question_pb2.Question:
    """A question about the page, one passage for each section."""
    sections = PAGE.split("\n## ")
    passages = [
        passage_pb2.ProvidedPassage(passage_id=f"p{number}", text=text if not number else f"## {text}")
        for number, text in enumerate(sections)
    ]
    return question_pb2.Question(text=question, provided=passage_pb2.ProvidedPassages(passages=passages))


def texts(answered: grounding_pb2.GroundedText) -> Iterator[str]:
    for sentence in answered.sentences:
        yield answered.text[sentence.span.start_code_point : sentence.span.end_code_point]


@pytest.mark.parametrize("name", CASES)
async def test_a_block_is_answered_whole_and_cited_once_and_verified_but_for_its_commands(
    serve: Serve, name: str
) -> None:
    case = CASES[name]
    async with serve(QUOTING) as product:
        outcome = await answer(product, asked(case.question))
    assert outcome.next_step == outcome_pb2.NEXT_STEP_SHOW, outcome
    answered = outcome.answered.answer
    assert answered.text == case.text
    assert [citation.quote for citation in answered.citations] == [case.quote]
    verdicts = dict(zip(texts(answered), (sentence.verdict for sentence in answered.sentences), strict=True))
    assert {text for text, verdict in verdicts.items() if verdict == grounding_pb2.VERDICT_CONSISTENT} == case.commands
    assert set(verdicts.values()) <= {grounding_pb2.VERDICT_VERBATIM, grounding_pb2.VERDICT_CONSISTENT}
    assert answered.verified is not bool(case.commands)
    assert answered.grounding_score == 1.0
    assert all(text in case.text for text in texts(answered))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", [event_pb2.STREAM_MODE_CHECKED, event_pb2.STREAM_MODE_PROVISIONAL])
async def test_a_stream_adds_up_to_the_block(serve: Serve, name: str, mode: event_pb2.StreamMode) -> None:
    case = CASES[name]
    async with serve(QUOTING) as product:
        events = await stream(product, asked(case.question), mode=mode)
    assert kept_text(events) == events[-1].outcome.answered.answer.text == case.text


async def test_blocks_and_sentences_stand_in_paragraphs_of_their_own(serve: Serve) -> None:
    everything = ExtractiveGenerator(tuning=Tuning(enough=0.0, sure=0.9, cut=0.0, heed=False))
    async with serve(everything) as product:
        events = await stream(product, asked("Where does the worker run?"), mode=event_pb2.STREAM_MODE_PROVISIONAL)
    text = events[-1].outcome.answered.answer.text
    assert kept_text(events) == text
    assert all("\n\n" in text[: text.index(block)][-2:] for block in ("Steps to", "- Country") if block in text[2:])
    assert "## " not in text


async def test_a_long_passage_of_the_callers_own_is_cut_and_said_to_be(serve: Serve) -> None:
    facts = "".join(f"Fact {number} is known. " for number in range(460))
    long = passage_pb2.ProvidedPassage(passage_id="long", text=f"Lambda plants create seeds in autumn. {facts}")
    provided = passage_pb2.ProvidedPassages(passages=[long])
    assert 8_500 < len(long.text) < 9_500
    async with serve(QUOTING) as product:
        outcome = await answer(
            product, question_pb2.Question(text="What do lambda plants create in autumn?", provided=provided)
        )
    assert outcome.answered.answer.text == "Lambda plants create seeds in autumn."
    assert outcome.report.passages_cut == 1
