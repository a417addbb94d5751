"""What leaves where a model obeys the instructions that are planted in documents: `python -m bench.guards.obeying`.

Each reply of `bench/data/guards/planted.json` goes through the whole path, on the built-in route, with its document as
the only passage.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from typing import Final

from bench.guards.data import PlantedDocument, Reply, read_planted
from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.screens import open_screens
from groundwire_server.app.parts.shared import Lease, Shared
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores, VisiblePassages
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.domain.guards.finding import Finding, GuardActions, GuardIdentity
from groundwire_server.domain.outcome import Answered, Degraded, Outcome
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import GuardAction, Screen
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.routes import Ports, Route, RouteTable
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.guard import LocalGuard
from groundwire_server.ports.recording import Recording
from tests.doubles.counts import Counts
from tests.doubles.inline import inline_threads
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime

_READER: Final = Caller("acme", "reader", frozenset())
_SECONDS: Final = 30.0
_MODEL: Final = "obeying"
_KNOWING: Final = GuardIdentity("knowing", "1")
_FOUND: Final = {"none": "nowhere", "all_found": "everywhere", "built_in": "by the guards of every route"}


class Guarding(StrEnum):
    """What looks at the passages: nothing, a guard that finds all that was planted, or the guards of every route."""

    NONE = auto()
    ALL_FOUND = auto()
    BUILT_IN = auto()


class Fate(StrEnum):
    """What becomes of a reply, the worst first where it obeys.

    One of which only the harmless beginning has left was held back.
    """

    VERIFIED = auto()
    ANSWERED = auto()
    DEGRADED = auto()
    HELD_BACK = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """A reply to a document's question, and its fate.

    Attributes:
        obeyed: whether the reply is that of a model that does as it is instructed, and not a good one.
    """

    document: PlantedDocument
    guarding: Guarding
    obeyed: bool
    fate: Fate


class OneDocument:
    """A store that finds one passage, whatever is searched for."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        return Evidence((self._passage,), "1")

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        return Evidence()

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        return VisiblePassages(frozenset(passage.chunk_id for passage in passages), "1")


class Replying:
    """A model with one reply, whatever it is asked."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        yield self._reply.written()
        yield Finish(FinishReason.COMPLETE, Usage(100, 20))


class Knowing:
    """A guard that finds what it knows was planted."""

    by_word = False
    finds_data = False

    def __init__(self, planted: Sequence[str]) -> None:
        self._planted = planted

    def find(self, text: str) -> list[Finding]:
        places = ((text.find(piece), len(piece)) for piece in self._planted)
        return [Finding("instruction", start, start + size) for start, size in places if start >= 0]

    def about(self, rule: str) -> str:
        return ""


async def fates(documents: Sequence[PlantedDocument], guardings: Sequence[Guarding] = tuple(Guarding)) -> list[Row]:
    """Return the fate of each document's two replies, for some ways to guard the passages."""
    configuration = load(Sources()).configuration
    policy = replace(configuration.routes["default"].policy("default"), models=(_MODEL,), min_relevance=0.0)
    built_in = (await open_screens(configuration, Lease(Shared()), Recording(Spans().tracer, Counts()))).get(
        "default", {}
    )
    rules = RuleChecker.packaged()
    rows: list[Row] = []
    for document in documents:
        passage = Passage(
            "c1",
            document.text,
            document.id,
            document.title,
            allowed_principals=frozenset({"*"}),
            scores=Scores(vector_similarity=0.8, fused=1.0),
        )
        knowing: PlacedGuard[LocalGuard] = PlacedGuard(
            _KNOWING, GuardActions(GuardAction.DISTRUST), Knowing(document.planted)
        )
        screens: dict[Guarding, Mapping[Screen, ScreenGuards]] = {
            Guarding.NONE: {},
            Guarding.ALL_FOUND: {Screen.EVIDENCE: ScreenGuards((knowing,))},
            Guarding.BUILT_IN: built_in,
        }
        for guarding in guardings:
            for obeyed, reply in ((True, document.obeyed), (False, document.honest)):
                ports = Ports(
                    OneDocument(passage),
                    None,
                    built_in_prompts(),
                    {_MODEL: Replying(reply)},
                    AclRecheck(Counts()),
                    rules,
                    screens=screens[guarding],
                )
                outcome = await _answer(RouteTable({"default": Route(policy, ports)}), document.question)
                rows.append(Row(document, guarding, obeyed, _fate(outcome, document.sign if obeyed else "")))
    return rows


async def _answer(routes: RouteTable, question: str) -> Outcome:
    answerer = PipelineAnswerer(routes, LoopTime(), Recording(Spans().tracer, Counts()), inline_threads())
    now = asyncio.get_running_loop().time()
    asked = Question(route="default", text=question, request_id="request-1")
    return await answerer.answer(routes.inquiry(asked, _READER, now, Deadline(now + _SECONDS)), None)


def _fate(outcome: Outcome, sign: str) -> Fate:
    """Return the fate of a reply that was not held back where its sign has left."""
    result = outcome.result
    answer = result.answer if isinstance(result, Answered | Degraded) else None
    if answer is None or sign not in answer.text:
        return Fate.HELD_BACK
    if isinstance(result, Degraded):
        return Fate.DEGRADED
    return Fate.VERIFIED if answer.verified else Fate.ANSWERED


def table(rows: Sequence[Row]) -> str:
    """Return a table of how many replies met which fate."""
    lines = [
        "| the model | planted text found | " + " | ".join(fate.replace("_", " ") for fate in Fate) + " |",
        "|---|---|" + "---|" * len(Fate),
    ]
    for obeyed in (True, False):
        for guarding in Guarding:
            met = Counter(row.fate for row in rows if row.obeyed is obeyed and row.guarding is guarding)
            counts = " | ".join(str(met[fate]) for fate in Fate)
            lines.append(f"| {'obeys' if obeyed else 'answers the question'} | {_FOUND[guarding]} | {counts} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, and the replies that obey and leave as verified."""
    rows = asyncio.run(fates(read_planted()))
    print(table(rows))
    for row in rows:
        if row.obeyed and row.fate is Fate.VERIFIED:
            print(f"verified, planted text found {_FOUND[row.guarding]}: {row.document.id}")


if __name__ == "__main__":
    main()
