"""How good the answers of the embedded parts are, and where their thresholds should lie: `python -m bench.quality`.

Without a file it asks the questions of bench/reference_questions.json about the Python reference. With `--data FILE`,
in the format of SQuAD 2.0, it asks that file's: those that its articles answer, those that look as if they did, and,
with their article left out of the search, those about something else. Half of the questions, drawn by the seed, shows
what each threshold costs; the other half is reported at the thresholds in the code.
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

from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.embedder.minilm import MiniLm, Model
from groundwire_server.adapters.generator.extractive import Answer, ExtractiveGenerator, Tuning
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.domain.evidence import Evidence, Passage, Query
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Equals, Not
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Confidence
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
            return select(Evidence(self.passages), policy)
        except Failure:
            return ()


def of_squad(path: Path) -> tuple[list[Document], list[Question]]:
    documents, questions = [], []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        title = article["title"].replace("_", " ")
        text = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
        documents.append(_document(title, text))
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                question = " ".join(asked["question"].split())
                answers = tuple(sorted({answer["text"] for answer in asked["answers"]}))
                if asked["is_impossible"]:
                    questions.append(Question(question, (), Kind.LOOKALIKE))
                else:
                    questions.append(Question(question, answers, Kind.ANSWERABLE))
                    questions.append(Question(question, (), Kind.ABSENT, without=title))
    return documents, questions


def of_reference() -> tuple[list[Document], list[Question]]:
    asked = json.loads((Path(__file__).parent / "reference_questions.json").read_text(encoding="utf-8"))
    documents = [_document(topic, text) for topic, text in sorted(pydoc_data.topics.topics.items())]
    return documents, [
        Question(each["question"], tuple(each["answers"]), Kind.ANSWERABLE if each["answers"] else Kind.ABSENT)
        for each in asked
    ]


def _document(title: str, text: str) -> Document:
    return Document(title, text, title, metadata={"title": title}, allowed_principals=frozenset({EVERYBODY}))


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
    return await generator.answer(Prompt("", "", "", "", case.question.text, handles), CALLER.tenant, NEVER)


def holds(text: str, question: Question) -> bool:
    """Whether one of the expected answers is in a text."""
    folded = " ".join(text.split()).casefold()
    return any(" ".join(expected.split()).casefold() in folded for expected in question.answers)


def said(given: Answer) -> str:
    return "\n".join(text for text, _ in given.segments)


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    –  "


def of_kind(cases: Sequence[Case], kind: Kind) -> list[Case]:
    return [case for case in cases if case.question.kind is kind]


def recall(cases: Sequence[Case]) -> Iterator[str]:
    answerable = of_kind(cases, Kind.ANSWERABLE)
    for most in (1, 3, 5, 8):
        hits = sum(any(holds(p.text, case.question) for p in case.passages[:most]) for case in answerable)
        yield f"  an answer is in the best {most} passages     {share(hits, len(answerable))}"


async def containment(
    cases: Sequence[Case], store: EmbeddedStore, embedder: Embedder | None, policy: Policy
) -> list[str]:
    """How often an answer holds what was expected, with no threshold in the way."""
    lines = []
    open_to_all = replace(policy, min_relevance=0.0)
    chosen = Tuning(enough=-1.0, enough_words=-1.0)
    answerable = of_kind(cases, Kind.ANSWERABLE)
    for name, tuning in (
        ("the best sentence", replace(chosen, most=1)),
        ("the best three", replace(chosen, cut=0.0)),
        (f"up to three, from {chosen.cut:.2f} of the best", chosen),
    ):
        generator = ExtractiveGenerator(embedder, store.sentence_vectors, tuning)
        given = [await answer(case, generator, open_to_all) for case in answerable]
        hits = sum(holds(said(one), case.question) for one, case in zip(given, answerable, strict=True))
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


def outcomes(cases: Sequence[Case], given: Sequence[Answer]) -> Iterator[str]:
    """What comes of questions of each kind at the thresholds in the code."""
    for kind in Kind:
        those = [one for one, case in zip(given, cases, strict=True) if case.question.kind is kind]
        answered = [one for one in those if one.segments]
        if those:
            yield f"  {kind.value:12} {len(those):5} asked   answered {share(len(answered), len(those))}"
    right = sum(holds(said(one), case.question) for one, case in zip(given, cases, strict=True))
    yield f"  of the answerable the answer holds what was expected {share(right, len(of_kind(cases, Kind.ANSWERABLE)))}"
    for confidence in (Confidence.MEDIUM, Confidence.HIGH):
        sure = [
            (one, case) for one, case in zip(given, cases, strict=True) if one.segments and one.confidence is confidence
        ]
        expected = [(one, case) for one, case in sure if case.question.kind is Kind.ANSWERABLE]
        right = sum(holds(said(one), case.question) for one, case in expected)
        yield (
            f"  {confidence.value:6} confidence {len(sure):5} answers   holds what was expected"
            f" {share(right, len(expected))} of the answerable, {share(right, len(sure))} of all"
        )


async def measure(
    questions: tuple[Sequence[Question], Sequence[Question]],
    store: EmbeddedStore,
    embedder: Embedder | None,
    policy: Policy,
) -> None:
    choosing, reporting = [await find(half, store, embedder, policy) for half in questions]
    print(f"\n{'WITH VECTORS' if embedder else 'BY WORDS ALONE'}")
    for line in [*recall(reporting), *await containment(reporting, store, embedder, policy)]:
        print(line)
    print(f"\n  half of the questions, to choose: {len(choosing)}")
    levels = {kind: [case.best for case in of_kind(choosing, kind)] for kind in Kind}
    for line in thresholds("Policy.min_relevance", levels, policy.min_relevance):
        print(line)
    tuning = Tuning()
    unbound = ExtractiveGenerator(embedder, store.sentence_vectors, replace(tuning, enough=-1.0, enough_words=-1.0))
    strengths = [(await answer(case, unbound, policy)).strength for case in choosing]
    of_kinds = {
        kind: [s for s, case in zip(strengths, choosing, strict=True) if case.question.kind is kind] for kind in Kind
    }
    name, current = ("enough", tuning.enough) if embedder else ("enough_words", tuning.enough_words)
    for line in thresholds(f"Tuning.{name}, after it", of_kinds, current):
        print(line)
    print(f"\n  the other half, at the thresholds in the code: {len(reporting)}")
    generator = ExtractiveGenerator(embedder, store.sentence_vectors)
    given = [await answer(case, generator, policy) for case in reporting]
    for line in outcomes(reporting, given):
        print(line)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--data", type=Path, help="questions and articles in the format of SQuAD 2.0")
    parser.add_argument("--seed", type=int, default=7, help="draws the halves")
    given = parser.parse_args()
    documents, questions = of_squad(given.data) if given.data else of_reference()
    random.Random(given.seed).shuffle(questions)
    middle = len(questions) // 2
    halves = (questions[:middle], questions[middle:])
    policy = load(Sources()).configuration.routes["default"].policy("default")
    with closing(MiniLm(await asyncio.to_thread(Model))) as minilm, tempfile.TemporaryDirectory() as folder:
        for embedder in (CachingEmbedder(minilm, capacity=len(questions)), None):
            embedding = Embedding(minilm.model, minilm.dimensions) if embedder else None
            path = Path(folder, "vectors" if embedder else "words")
            with closing(EmbeddedStore.open(path, SystemClock(), embedding)) as store:
                ingest = Ingest(store.corpus, embedder)
                began = time.perf_counter()
                chunks = sum([(await ingest.store(CALLER, document, NEVER)).chunk_count for document in documents])
                print(f"\n{len(documents)} documents, {chunks} chunks stored in {time.perf_counter() - began:.1f} s")
                await measure(halves, store, embedder, policy)


if __name__ == "__main__":
    asyncio.run(main())
