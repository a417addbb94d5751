"""Where the thresholds of the embedded parts should lie: `python -m bench.quality`. How good their answers are at those
in the code is what `make eval` prints.

Without a file it asks the questions of bench/reference_questions.json about the Python reference. With `--data FILE`,
in the format of SQuAD 2.0, it asks that file's: those that its articles answer, those that look as if they did, and,
with their article left out of the search, those about something else. The half of the questions that the seed draws
shows what each threshold costs and what it keeps out.
"""

import argparse
import asyncio
import json
import pydoc_data.topics
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from bench.evaluation.data import document, documents, input_file
from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.embedder.minilm import MiniLm, Model
from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.generator.quoting import Answer, Tuning
from groundwire_server.adapters.generator.quoting import levels as strengths_of
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.domain.evidence import Evidence, Passage, Query
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Equals, Not
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.requester import Requester
from groundwire_server.evaluation.measures.texts import contains
from groundwire_server.pipeline.relevance import relevance
from groundwire_server.pipeline.select import select
from groundwire_server.ports.embedder import Embedder

CALLER = Caller("bench", "bench", frozenset({"bench"}))

LOSSES = (0.01, 0.02, 0.03, 0.05, 0.10)
"""Shares of the answerable questions that a threshold may cost."""


class Kind(Enum):
    ANSWERABLE = "answerable"
    LOOKALIKE = "lookalike"
    ABSENT = "absent"


@dataclass(frozen=True)
class Question:
    """A question; `without` is the document that is left out of the search."""

    text: str
    answers: tuple[str, ...]
    kind: Kind
    without: str = ""


@dataclass(frozen=True)
class Case:
    """A question with what was found for it."""

    question: Question
    passages: tuple[Passage, ...]

    @property
    def best(self) -> float:
        return max((passage.scores.relevance or 0.0 for passage in self.passages), default=0.0)

    def selected(self, policy: Policy) -> tuple[Passage, ...]:
        """What the pipeline shows a model."""
        try:
            return select(Evidence(self.passages), policy).passages
        except Failure:
            return ()


def of_squad(path: Path) -> tuple[list[Document], list[Question]]:
    questions = []
    for item in input_file(path).questions:
        if item.is_answerable:
            questions.append(Question(item.question, item.expected or (), Kind.ANSWERABLE))
            questions.append(Question(item.question, (), Kind.ABSENT, without=item.slice[0]))
        else:
            questions.append(Question(item.question, (), Kind.LOOKALIKE))
    return documents(path), questions


def of_reference() -> tuple[list[Document], list[Question]]:
    asked = json.loads((Path(__file__).parent / "reference_questions.json").read_text(encoding="utf-8"))
    return [document(topic, text) for topic, text in sorted(pydoc_data.topics.topics.items())], [
        Question(each["question"], tuple(each["answers"]), Kind.ANSWERABLE if each["answers"] else Kind.ABSENT)
        for each in asked
    ]


async def find(
    questions: Sequence[Question], store: EmbeddedStore, embedder: Embedder | None, policy: Policy
) -> list[Case]:
    cases = []
    for question in questions:
        vector = (await embedder.embed([question.text], NEVER))[0] if embedder else None
        without = Not(Equals("title", question.without)) if question.without else None
        found = await store.retriever.search(CALLER, Query(question.text, vector, policy.top_k, without), NEVER)
        rated = zip(found.passages, relevance(question.text, found.passages), strict=True)
        passages = tuple(replace(p, scores=replace(p.scores, relevance=rating)) for p, rating in rated)
        cases.append(Case(question, passages))
    return cases


async def answer(case: Case, generator: ExtractiveGenerator, policy: Policy) -> Answer:
    handles = {f"p{number}": passage for number, passage in enumerate(case.selected(policy), 1)}
    return await generator.answer(Prompt("", "", "", "", case.question.text, handles), Requester(CALLER.tenant), NEVER)


def said(given: Answer) -> str:
    return "\n".join(text for text, _ in given.segments)


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    –  "


def of_kind(cases: Sequence[Case], kind: Kind) -> list[Case]:
    return [case for case in cases if case.question.kind is kind]


async def containment(
    cases: Sequence[Case], store: EmbeddedStore, embedder: Embedder | None, policy: Policy
) -> list[str]:
    """How often an answer holds what was expected, with no threshold in the way."""
    lines = []
    open_to_all = replace(policy, min_relevance=0.0)
    chosen = Tuning(enough=-1.0, heed=False)
    answerable = of_kind(cases, Kind.ANSWERABLE)
    for name, tuning in (
        ("the best sentence", replace(chosen, most=1)),
        (f"the best {chosen.most}", replace(chosen, cut=0.0)),
        (f"up to {chosen.most}, from {chosen.cut:.2f} of the best", chosen),
    ):
        generator = ExtractiveGenerator(embedder, store.sentence_vectors, tuning)
        given = [await answer(case, generator, open_to_all) for case in answerable]
        pairs = zip(given, answerable, strict=True)
        hits = sum(contains(said(one), case.question.answers) > 0 for one, case in pairs)
        count = sum(len(one.segments) for one in given) / max(1, len(given))
        lines.append(f"  an answer is in {name:34} {share(hits, len(answerable))}   {count:.2f} sentences")
    return lines


def thresholds(title: str, levels: Mapping[Kind, Sequence[float]], current: float) -> Iterator[str]:
    """What a threshold costs and what it keeps out, at those that cost round shares and at the one in the code."""
    yield f"  {title:24} {'refused, answerable':>22} {'let through, absent':>22} {'let through, lookalike':>24}"
    answerable = sorted(levels[Kind.ANSWERABLE])
    marks = [(answerable[int(loss * len(answerable))], "") for loss in LOSSES if answerable]
    for level, mark in sorted([*marks, (current, " (in the code)")]):
        refused = sum(value < level for value in answerable)
        absent, lookalike = (
            share(sum(value >= level for value in levels[kind]), len(levels[kind]))
            for kind in (Kind.ABSENT, Kind.LOOKALIKE)
        )
        yield f"  {level:.3f}{mark:19} {share(refused, len(answerable)):>22} {absent:>22} {lookalike:>24}"


async def measure(
    questions: Sequence[Question], store: EmbeddedStore, embedder: Embedder | None, policy: Policy
) -> None:
    cases = await find(questions, store, embedder, policy)
    print(f"\n{'WITH VECTORS' if embedder else 'BY WORDS ALONE'}, {len(cases)} questions")
    for line in await containment(cases, store, embedder, policy):
        print(line)
    levels = {kind: [case.best for case in of_kind(cases, kind)] for kind in Kind}
    for line in thresholds("Policy.min_relevance", levels, policy.min_relevance):
        print(line)
    tuning = Tuning()
    unbound = ExtractiveGenerator(embedder, store.sentence_vectors, replace(tuning, enough=-1.0, heed=False))
    strengths = [(await answer(case, unbound, policy)).strength for case in cases]
    of_kinds = {
        kind: [s for s, case in zip(strengths, cases, strict=True) if case.question.kind is kind] for kind in Kind
    }
    enough, _ = strengths_of(tuning, vectors=embedder is not None)
    for line in thresholds("Tuning.enough, after it", of_kinds, enough):
        print(line)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--data", type=Path, help="questions and articles in the format of SQuAD 2.0")
    parser.add_argument("--seed", type=int, default=7, help="draws the half that is asked")
    given = parser.parse_args()
    stored, questions = of_squad(given.data) if given.data else of_reference()
    random.Random(given.seed).shuffle(questions)
    asked = questions[: len(questions) // 2]
    policy = load(Sources()).configuration.routes["default"].policy("default")
    with closing(MiniLm(await asyncio.to_thread(Model))) as minilm, tempfile.TemporaryDirectory() as folder:
        for embedder in (CachingEmbedder(minilm, capacity=len(questions)), None):
            embedding = Embedding(minilm.model, minilm.dimensions) if embedder else None
            path = Path(folder, "vectors" if embedder else "words")
            with closing(EmbeddedStore.open(path, SystemClock(), embedding)) as store:
                ingest = Ingest(store.corpus, embedder)
                began = time.perf_counter()
                chunks = sum([(await ingest.store(CALLER, each, NEVER)).chunk_count for each in stored])
                print(f"\n{len(stored)} documents, {chunks} chunks stored in {time.perf_counter() - began:.1f} s")
                await measure(asked, store, embedder, policy)


if __name__ == "__main__":
    asyncio.run(main())
