"""How good the answers of the embedded parts are, and where their thresholds should lie: `python -m bench.quality`.

Without a file it asks the questions of bench/reference_questions.json about the Python reference. With `--data FILE`, in
the format of SQuAD 2.0, it asks that file's: those that its articles answer, those that look as if they did, and, with
their article left out of the search, those about something else. Half of the questions, drawn by the seed, shows what
each threshold costs; the other half is reported at the thresholds in the code.
"""

import argparse
import asyncio
import json
import pydoc_data.topics
import random
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import cast

import numpy as np

from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.embedder.minilm import MiniLm, Model
from groundwire_server.adapters.generator.extractive import Answer, ExtractiveGenerator, Tuning
from groundwire_server.app.routes import built_in_routes
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document, PutState, Sentence, Stored
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Equals, Not, matches
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text import words
from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.pipeline.relevance import relevance
from groundwire_server.pipeline.select import select
from groundwire_server.ports.corpus import Corpus
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


class Memory:
    """Keeps chunks and searches them by brute force: keywords and vectors by relative score, in equal parts."""

    def __init__(self, *, vectors: bool) -> None:
        self._vectors = vectors
        self._chunks: list[tuple[Document, Chunk]] = []
        self._by_id: dict[str, Chunk] = {}
        self._matrix = np.empty((0, 0), np.float32)
        self._keywords = sqlite3.connect(":memory:")
        self._keywords.execute("CREATE VIRTUAL TABLE f USING fts5(text, tokenize='porter unicode61')")

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> None:
        return None

    async def put(
        self, caller: Caller, document: Document, content_hash: str, chunks: Sequence[Chunk], deadline: Deadline
    ) -> Stored:
        for chunk in chunks:
            self._chunks.append((document, chunk))
            self._by_id[chunk.chunk_id] = chunk
            self._keywords.execute("INSERT INTO f(rowid, text) VALUES (?, ?)", (len(self._chunks), chunk.text))
        if self._vectors:
            self._matrix = np.array([chunk.vector for _, chunk in self._chunks], np.float32)
        return Stored(PutState.CREATED, 1, len(chunks), "")

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        allowed = {
            row
            for row, (document, _) in enumerate(self._chunks)
            if query.filter is None or matches(query.filter, dict(document.metadata))
        }
        terms = " OR ".join(f'"{word}"' for word in dict.fromkeys(words(query.text)))
        found = self._keywords.execute("SELECT rowid - 1, -bm25(f) FROM f WHERE f MATCH ? ORDER BY rank", (terms,))
        keyword = dict([row for row in found if row[0] in allowed][:100])
        cosine: dict[int, float] = {}
        if query.vector is not None:
            scores = self._matrix @ np.frombuffer(query.vector, np.float32)
            ranked = [int(row) for row in np.argsort(-scores) if row in allowed][:100]
            cosine = {row: float(scores[row]) for row in {*ranked, *keyword}}
            fused = {
                row: (_relative(keyword, row) + _relative({r: cosine[r] for r in ranked}, row)) / 2 for row in cosine
            }
        else:
            fused = keyword
        best = sorted(fused, key=lambda row: (-fused[row], row))[: query.top_k]
        return Evidence(tuple(self._passage(row, cosine.get(row)) for row in best))

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        return {chunk_id: self._by_id[chunk_id].sentences for chunk_id in chunk_ids}

    def _passage(self, row: int, cosine: float | None) -> Passage:
        document, chunk = self._chunks[row]
        scores = Scores(vector_similarity=cosine)
        return Passage(chunk.chunk_id, chunk.text, document.document_id, document.title, revision=1, scores=scores)


def _relative(scores: Mapping[int, float], row: int) -> float:
    if row not in scores:
        return 0.0
    least, most = min(scores.values()), max(scores.values())
    return (scores[row] - least) / (most - least) if most > least else 1.0


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


async def find(questions: Sequence[Question], memory: Memory, embedder: Embedder | None, policy: Policy) -> list[Case]:
    cases = []
    for question in questions:
        vector = (await embedder.embed([question.text], NEVER))[0] if embedder else None
        without = Not(Equals("title", question.without)) if question.without else None
        found = await memory.search(CALLER, Query(question.text, vector, policy.top_k, without), NEVER)
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


async def containment(cases: Sequence[Case], memory: Memory, embedder: Embedder | None, policy: Policy) -> list[str]:
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
        generator = ExtractiveGenerator(embedder, memory, tuning)
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
        absent = sum(value >= level for value in levels[Kind.ABSENT])
        lookalike = sum(value >= level for value in levels[Kind.LOOKALIKE])
        yield (
            f"  {level:.3f}{mark:19} {share(refused, len(answerable)):>22} {share(absent, len(levels[Kind.ABSENT])):>22}"
            f" {share(lookalike, len(levels[Kind.LOOKALIKE])):>24}"
        )


def outcomes(cases: Sequence[Case], given: Sequence[Answer]) -> Iterator[str]:
    """What comes of questions of each kind at the thresholds in the code."""
    for kind in Kind:
        those = [one for one, case in zip(given, cases, strict=True) if case.question.kind is kind]
        answered = [one for one in those if one.segments]
        if those:
            yield f"  {kind.value:12} {len(those):5} asked   answered {share(len(answered), len(those))}"
    for confidence in (Confidence.MEDIUM, Confidence.HIGH):
        those_cases = [(one, case) for one, case in zip(given, cases, strict=True) if one.segments]
        sure = [(one, case) for one, case in those_cases if one.confidence is confidence]
        expected = [(one, case) for one, case in sure if case.question.kind is Kind.ANSWERABLE]
        right = sum(holds(said(one), case.question) for one, case in expected)
        yield (
            f"  {confidence.value:6} confidence {len(sure):5} answers   holds what was expected"
            f" {share(right, len(expected))} of the answerable, {share(right, len(sure))} of all"
        )


async def measure(
    questions: tuple[Sequence[Question], Sequence[Question]],
    memory: Memory,
    embedder: Embedder | None,
    policy: Policy,
) -> None:
    choosing, reporting = [await find(half, memory, embedder, policy) for half in questions]
    print(f"\n{'WITH VECTORS' if embedder else 'BY WORDS ALONE'}")
    for line in [*recall(reporting), *await containment(reporting, memory, embedder, policy)]:
        print(line)
    print(f"\n  half of the questions, to choose: {len(choosing)}")
    levels = {kind: [case.best for case in of_kind(choosing, kind)] for kind in Kind}
    for line in thresholds("Policy.min_relevance", levels, policy.min_relevance):
        print(line)
    tuning = Tuning()
    unbound = ExtractiveGenerator(embedder, memory, replace(tuning, enough=-1.0, enough_words=-1.0))
    strengths = [(await answer(case, unbound, policy)).strength for case in choosing]
    of_kinds = {
        kind: [s for s, case in zip(strengths, choosing, strict=True) if case.question.kind is kind] for kind in Kind
    }
    name, current = ("enough", tuning.enough) if embedder else ("enough_words", tuning.enough_words)
    for line in thresholds(f"Tuning.{name}, after it", of_kinds, current):
        print(line)
    print(f"\n  the other half, at the thresholds in the code: {len(reporting)}")
    generator = ExtractiveGenerator(embedder, memory)
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
    policy = built_in_routes()["default"]
    with closing(MiniLm(await asyncio.to_thread(Model))) as minilm:
        for embedder in (CachingEmbedder(minilm, capacity=len(questions)), None):
            memory = Memory(vectors=embedder is not None)
            ingest = Ingest(cast("Corpus", memory), embedder)
            began = time.perf_counter()
            chunks = sum([(await ingest.store(CALLER, document, NEVER)).chunk_count for document in documents])
            print(f"\n{len(documents)} documents, {chunks} chunks stored in {time.perf_counter() - began:.1f} s")
            await measure(halves, memory, embedder, policy)


if __name__ == "__main__":
    asyncio.run(main())
