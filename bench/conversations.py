"""How well follow-up questions are answered: `python -m bench.conversations`.

The last question of each conversation of `data/conversations.json` takes the whole path, with the passages in an
embedded store and the quoting model, by rules alone. An answer is right when what it quotes first is from the passage
that the conversation names; that it quotes others after it is the quoting model's part, and counted apart. An
abstention is never wrong.
"""

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from opentelemetry.trace import NoOpTracer

from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.embedder.minilm import MiniLm, Model
from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Document
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question, Turn
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answer import answer
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.recording import unrecorded

DATA: Final = Path(__file__).with_name("data") / "conversations.json"
CALLER: Final = Caller("bench", "bench", frozenset({"bench"}))


class Result(Enum):
    ALONE = "right alone"
    FIRST = "right first"
    ABSTAINED = "abstained"
    WRONG = "wrong"


@dataclass(frozen=True)
class Conversation:
    """Turns, the question after them, and the id of the passage that answers it; empty where none can be told."""

    kind: str
    turns: tuple[Turn, ...]
    question: str
    passage: str


@dataclass(frozen=True)
class Conversations:
    """The file.

    Attributes:
        passages: by id, each with its title and text.
        asked: conversations that end in a follow-up.
        alone: questions that need no turns.
        unrelated: turns that have nothing to do with them.
    """

    passages: dict[str, tuple[str, str]]
    asked: Sequence[Conversation]
    alone: Sequence[str]
    unrelated: Sequence[tuple[Turn, ...]]


def read() -> Conversations:
    """Return what the file holds."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    return Conversations(
        {each["id"]: (each["title"], each["text"]) for each in data["passages"]},
        [
            Conversation(each["kind"], _turns(each["turns"]), each["question"], each["passage"] or "")
            for each in data["conversations"]
        ],
        data["alone"],
        [_turns(turns) for turns in data["unrelated"]],
    )


def judge(outcome: Outcome, passage: str) -> Result:
    """Return what an outcome is worth where this passage answers the question."""
    if outcome.answer is None:
        return Result.ABSTAINED
    cited = [citation.passage.document_id for citation in outcome.answer.citations]
    if set(cited) == {passage}:
        return Result.ALONE
    return Result.FIRST if cited[:1] == [passage] else Result.WRONG


async def measure(conversations: Conversations, folder: Path, embedder: Embedder | None) -> list[Outcome]:
    """Return the outcome of each conversation, in order.

    Args:
        conversations: and the passages.
        folder: for the store.
        embedder: None searches by words alone.
    """
    embedding = None if embedder is None else Embedding(embedder.model, embedder.dimensions)
    with closing(EmbeddedStore.open(folder / "store.sqlite3", SystemClock(), embedding)) as store:
        ingest = Ingest(store.corpus, embedder, sentence_vectors=embedder is not None)
        for name, (title, text) in conversations.passages.items():
            document = Document(name, text, title=title, allowed_principals=frozenset({"*"}))
            await ingest.store(CALLER, document, NEVER)
        ports = Ports(
            store.retriever,
            embedder,
            built_in_prompts(),
            {"extractive": ExtractiveGenerator(embedder, store.sentence_vectors if embedder else None)},
            AclRecheck(unrecorded().metrics),
            RuleChecker.packaged(),
        )
        return [await _answer(each, ports) for each in conversations.asked]


async def _answer(conversation: Conversation, ports: Ports) -> Outcome:
    clock = SystemClock()
    now = clock.now()
    policy = load(Sources()).configuration.routes["default"].policy("default")
    question = Question("default", conversation.question, "bench", conversation.turns)
    inquiry = Inquiry(question, CALLER, policy, now, Deadline(now + 60.0))
    run = StageRunner(inquiry.time_plan(), clock, NoOpTracer(), ReportBuilder("bench", "", "default", now))
    return await answer(inquiry, ports, run, None)


def _turns(turns: Sequence[Any]) -> tuple[Turn, ...]:
    return tuple(Turn(each["by"] == "user", each["text"]) for each in turns)


async def run(*, words: bool) -> list[Outcome]:
    """Return the outcome of each conversation, searched by words alone or with the local embedder."""
    with tempfile.TemporaryDirectory() as folder:
        if words:
            return await measure(read(), Path(folder), None)
        with closing(MiniLm(await asyncio.to_thread(Model))) as minilm:
            return await measure(read(), Path(folder), CachingEmbedder(minilm))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", action="store_true", help="search by words alone")
    outcomes = asyncio.run(run(words=parser.parse_args().words))
    asked = read().asked
    counts: Counter[tuple[str, Result]] = Counter()
    for each, outcome in zip(asked, outcomes, strict=True):
        result = judge(outcome, each.passage)
        counts["all", result] += 1
        counts[each.kind, result] += 1
        searched = outcome.report.searched_question or "-"
        print(f"{result.value:11}  {each.kind:14}  {each.question:42}  {searched}  {outcome.cause}")
    for kind in dict.fromkeys(["all", *(each.kind for each in asked)]):
        print(f"{kind:14}", *(f"{counts[kind, result]} {result.value}" for result in Result), sep="  ")


if __name__ == "__main__":
    main()
