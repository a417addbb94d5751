"""Questions with what a search finds for them, over corpora of several sizes: what the estimates are fitted on.

The large corpus of a part of the split is all of its articles. Its questions are those that they answer; those that
only look as if (SQuAD's impossible ones); those whose answer is withheld: the paragraph that they were asked about is
left out of the search, but not what else is said about its subject, as in documents that do not answer a question of
their own field; and, with the whole article left out, those about something else. A keyword score depends on the size
of the corpus: small corpora of a few paragraphs keep an estimate from taking the size of this one for granted.
"""

import asyncio
import hashlib
import json
import pickle
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import cast

from bench.split import SEED, SQUAD, Part, read_split
from groundwire_server.adapters.embedder.minilm import MiniLm, Model
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Document, Sentence
from groundwire_server.domain.evidence import Passage, Query
from groundwire_server.domain.filters import Equals, Not
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.embedder import Embedder

CALLER = Caller("bench", "bench", frozenset({"bench"}))
TOP_K = 8
SMALL = (1, 3, 8, 20)
"""Paragraphs of a small corpus."""

_RUNS = 4
"""Small corpora of each size and article."""

_MOST_QUESTIONS = 8
"""Of each kind about a small corpus."""


class Kind(StrEnum):
    ANSWERABLE = "answerable"
    LOOKALIKE = "lookalike"
    WITHHELD = "withheld"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Attributes:
        without: the title of the document that is left out of the search.
        withheld: the paragraph that is left out of it, and with it every passage that holds an answer.
    """

    text: str
    kind: Kind
    article: str
    answers: tuple[str, ...] = ()
    without: str = ""
    withheld: str = ""

    def holds(self, text: str) -> bool:
        """Return whether one of the expected answers is in a text."""
        folded = " ".join(text.split()).casefold()
        return any(" ".join(expected.split()).casefold() in folded for expected in self.answers)

    def may_find(self, passage: Passage) -> bool:
        """Return whether a passage is not withheld."""
        if not self.withheld:
            return True
        return not self.holds(passage.text) and all(
            passage.text[start:end] not in self.withheld for start, end in sentences(passage.text)
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what was found for it.

    Attributes:
        paragraphs: of a small corpus; 0 for the large one.
        vector: the question's, where vectors were searched.
        sentences: with their vectors, by the chunk that they are of.
        unknown: terms of the question that no document has.
    """

    question: Question
    paragraphs: int
    passages: tuple[Passage, ...]
    vector: Vector | None = None
    sentences: Mapping[str, Sequence[Sentence]] = field(default_factory=dict)
    unknown: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Corpus:
    documents: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]
    paragraphs: int


def cases(part: Part, *, vectors: bool, folder: Path) -> list[Case]:
    """Return the cases of a part of the split, from the folder where they were searched before.

    Args:
        part: of which articles.
        vectors: whether vectors are searched beside keywords.
        folder: keeps what was found; a change of the data or of this file is searched again.
    """
    state = hashlib.sha256(SQUAD.read_bytes() + Path(__file__).read_bytes() + bytes([SEED])).hexdigest()[:12]
    file = folder / f"cases-{part}-{'vectors' if vectors else 'words'}-{state}.pickle"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(asyncio.run(_searched(part, vectors))))
    return cast("list[Case]", pickle.loads(file.read_bytes()))


async def _searched(part: Part, vectors: bool) -> list[Case]:
    found: list[Case] = []
    corpora = list(_corpora(part))
    if not vectors:
        for corpus in corpora:
            found += await _search(corpus, None)
        return found
    with closing(MiniLm(await asyncio.to_thread(Model))) as minilm:
        embedder = _Remembering(minilm)
        for corpus in corpora:
            found += await _search(corpus, embedder)
    return found


def _corpora(part: Part) -> Iterator[_Corpus]:
    """The large corpus: for reporting it holds all articles, as it does for a user's questions. Then the small ones."""
    parts = read_split().parts
    articles = {
        article["title"].replace("_", " "): article["paragraphs"]
        for article in json.loads(SQUAD.read_text(encoding="utf-8"))["data"]
    }
    own = [title for title in articles if parts[title] is part]
    asked = {title: [_questions(paragraph, title) for paragraph in articles[title]] for title in own}
    answerable = [q for title in own for each in asked[title] for q in each if q.kind is Kind.ANSWERABLE]
    absent = [Question(q.text, Kind.ABSENT, q.article, without=q.article) for q in answerable]
    withheld = [
        replace(question, kind=Kind.WITHHELD, withheld=str(paragraph["context"]))
        for title in own
        for paragraph, those in zip(articles[title], asked[title], strict=True)
        for question in those
        if question.kind is Kind.ANSWERABLE
    ]
    large = own if part is Part.FITTED else list(articles)
    yield _Corpus(
        tuple((title, "\n\n".join(paragraph["context"] for paragraph in articles[title])) for title in large),
        (*(question for title in own for each in asked[title] for question in each), *absent, *withheld),
        0,
    )
    drawn = random.Random(0)
    for title in own:
        others = [q for q in absent if q.article != title]
        for size in SMALL:
            for _ in range(_RUNS):
                first = drawn.randrange(max(1, len(articles[title]) - size + 1))
                run = slice(first, first + size)
                here = [q for each in asked[title][run] for q in each if q.kind is Kind.ANSWERABLE]
                chosen = drawn.sample(here, min(_MOST_QUESTIONS, len(here)))
                strange = [Question(q.text, Kind.ABSENT, q.article) for q in drawn.sample(others, len(chosen))]
                text = "\n\n".join(paragraph["context"] for paragraph in articles[title][run])
                yield _Corpus(((title, text),), (*chosen, *strange), size)


def _questions(paragraph: Mapping[str, object], title: str) -> list[Question]:
    read = cast("Sequence[Mapping[str, object]]", paragraph["qas"])
    return [
        Question(" ".join(str(each["question"]).split()), Kind.LOOKALIKE, title)
        if each["is_impossible"]
        else Question(" ".join(str(each["question"]).split()), Kind.ANSWERABLE, title, _answers(each["answers"]))
        for each in read
    ]


def _answers(given: object) -> tuple[str, ...]:
    return tuple(sorted({answer["text"] for answer in cast("Sequence[Mapping[str, str]]", given)}))


async def _search(corpus: _Corpus, embedder: Embedder | None) -> list[Case]:
    embedding = Embedding(embedder.model, embedder.dimensions) if embedder else None
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(EmbeddedStore.open(Path(folder, "store"), SystemClock(), embedding)) as store,
    ):
        ingest = Ingest(store.corpus, embedder)
        for title, text in corpus.documents:
            allowed = frozenset({EVERYBODY})
            document = Document(title, text, title, metadata={"title": title}, allowed_principals=allowed)
            await ingest.store(CALLER, document, NEVER)
        for question in corpus.questions:
            vector = (await embedder.embed([question.text], NEVER))[0] if embedder else None
            without = Not(Equals("title", question.without)) if question.without else None
            depth = 3 * TOP_K if question.withheld else TOP_K
            evidence = await store.retriever.search(CALLER, Query(question.text, vector, depth, without), NEVER)
            passages = tuple(filter(question.may_find, evidence.passages))[:TOP_K]
            stored: Mapping[str, Sequence[Sentence]] = {}
            if store.sentence_vectors is not None:
                chunks = [passage.chunk_id for passage in passages]
                stored = await store.sentence_vectors.sentences(CALLER.tenant, chunks, NEVER)
            found.append(Case(question, corpus.paragraphs, passages, vector, stored, evidence.unknown))
    return found


class _Remembering:
    """An Embedder that keeps every vector: small corpora are parts of the large one."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._kept: dict[str, Vector] = {}

    @property
    def model(self) -> str:
        return self._inner.model

    @property
    def dimensions(self) -> int:
        return self._inner.dimensions

    def known(self, text: str) -> float:
        return self._inner.known(text)

    def fill(self, text: str) -> float:
        return self._inner.fill(text)

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        fresh = list(dict.fromkeys(text for text in texts if text not in self._kept))
        if fresh:
            self._kept.update(zip(fresh, await self._inner.embed(fresh, deadline, requester), strict=True))
        return [self._kept[text] for text in texts]
