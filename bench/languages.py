"""How well each way to search finds short texts in other scripts and spellings: `python -m bench.languages`.

The texts of `bench/data/scripts` become the documents of one corpus, in the embedded store and in Weaviate (the tests'
double). Each question should find its own text. Then each store answers with the quoting model, as the pipeline asks
it: the questions that a text answers, and those about something else.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

from bench.weaviate_store import applied
from groundwire_server.adapters.embedder.minilm import MiniLm, Model
from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.adapters.store.weaviate.options import SearchMode, SearchOptions, VectorSource, WeaviateOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.domain.evidence import Evidence, Passage, Query
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.requester import NOBODY
from groundwire_server.pipeline.relevance import relevance
from groundwire_server.pipeline.select import select
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.retriever import Retriever
from tests.doubles.weaviate.server import FakeWeaviate

FOLDER = Path(__file__).parent / "data" / "scripts"
NAMES = ("chinese", "japanese", "thai", "folding")
CALLER = Caller("bench", "bench", frozenset({"bench"}))
TOP_K = 8
DEPTH = 5


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one file.

    Attributes:
        name: of the file.
        pairs: each text with its question.
        off_topic: questions that no text is about.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    off_topic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """A search of a store; `embedder` is None where words alone are searched."""

    name: str
    retriever: Retriever
    embedder: Embedder | None

    async def found(self, question: str) -> tuple[Passage, ...]:
        """Return what is found for a question, rated."""
        vector, known = None, 1.0
        if self.embedder is not None:
            known = self.embedder.known(question)
            vector = (await self.embedder.embed([question], NEVER))[0] if known else None
        passages = (await self.retriever.search(CALLER, Query(question, vector, TOP_K), NEVER)).passages
        ratings = relevance(question, passages, known)
        return tuple(
            replace(passage, scores=replace(passage.scores, relevance=rating))
            for passage, rating in zip(passages, ratings, strict=True)
        )


def read(name: str) -> Texts:
    """Return the texts of a file."""
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    pairs = tuple((each["text"], each["question"]) for each in content["texts"])
    return Texts(name, pairs, tuple(content["off_topic"]))


async def fill(corpus: Corpus, embedder: Embedder | None, texts: Sequence[Texts]) -> None:
    """Store every text as a document."""
    ingest = Ingest(corpus, embedder)
    for each in texts:
        for number, (text, _) in enumerate(each.pairs):
            await ingest.store(
                CALLER, Document(f"{each.name}-{number}", text, "", "", {}, frozenset({EVERYBODY})), NEVER
            )


@asynccontextmanager
async def searches(embedder: MiniLm, texts: Sequence[Texts]) -> AsyncIterator[list[Search]]:
    """The searches that are measured, over filled stores."""
    opened: list[Search] = []
    with tempfile.TemporaryDirectory() as folder:
        embedding = Embedding(embedder.model, embedder.dimensions)
        with closing(EmbeddedStore.open(Path(folder, "store"), SystemClock(), embedding)) as store:
            await fill(store.corpus, embedder, texts)
            opened.append(Search("embedded, keyword", store.retriever, None))
            opened.append(Search("embedded, hybrid", store.retriever, embedder))
            async with FakeWeaviate() as double:
                options = WeaviateOptions(
                    http=f"127.0.0.1:{double.http_port}", grpc=f"127.0.0.1:{double.grpc_port}", collection="Languages"
                )
                async with applied(options, VectorSource(embedder.model, embedder.dimensions)) as weaviate:
                    await fill(weaviate.corpus, embedder, texts)
                    keyword = weaviate.searched(SearchOptions(mode=SearchMode.KEYWORD))
                    opened.append(Search("Weaviate, keyword", keyword, None))
                    opened.append(Search("Weaviate, hybrid", weaviate.searched(SearchOptions()), embedder))
                    yield opened


async def answered(search: Search, question: str, policy: Policy) -> bool:
    """Return whether the quoting model answers from what is found."""
    try:
        chosen = select(Evidence(await search.found(question)), policy)
    except Failure:
        return False
    prompt = Prompt("", "", "", "", question, {f"p{number}": each for number, each in enumerate(chosen, 1)})
    return bool((await ExtractiveGenerator(search.embedder).answer(prompt, NOBODY, NEVER)).segments)


async def measure(search: Search, texts: Texts, policy: Policy) -> str:
    """Return a row: recall, and how many questions of each kind are answered."""
    ranks = []
    for number, (_, question) in enumerate(texts.pairs):
        found = [passage.document_id for passage in (await search.found(question))[:DEPTH]]
        ranks.append(found.index(f"{texts.name}-{number}") + 1 if f"{texts.name}-{number}" in found else 0)
    first, found_at = sum(rank == 1 for rank in ranks), sum(rank > 0 for rank in ranks)
    own = sum([await answered(search, question, policy) for _, question in texts.pairs])
    other = sum([await answered(search, question, policy) for question in texts.off_topic])
    size = len(ranks)
    missed = [number for number, rank in enumerate(ranks) if not rank]
    return (
        f"{texts.name:10}{search.name:20}{first / size:9.3f}{found_at / size:9.3f}{own:>9} of {size}"
        f"{other:>9} of {len(texts.off_topic)}   {missed or ''}"
    )


async def main() -> None:
    """Print a row for each file and search."""
    texts = [read(name) for name in NAMES]
    policy = load(Sources()).configuration.routes["default"].policy("default")
    print(f"{'':30} recall@1       @5     answered    off topic   texts not found")
    with closing(MiniLm(await asyncio.to_thread(Model))) as embedder:
        async with searches(embedder, texts) as opened:
            for each in texts:
                for search in opened:
                    print(await measure(search, each, policy))


if __name__ == "__main__":
    asyncio.run(main())
