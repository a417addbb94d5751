"""How well each way to search finds the right passage: `python -m bench.retrieval --data FILE`.

The file has the format of SQuAD 2.0. Each of its paragraphs becomes a document in Weaviate: in the tests' double, which
ranks by BM25 and cosine as Weaviate does, or with `--http` and `--grpc` in a real one. An answerable question should
find its own paragraph. Half of the questions, drawn by the seed, choose the weight of meaning in a hybrid search; the
other half is reported. Then it shows what each threshold of relevance declines and lets through.
"""

import argparse
import asyncio
import json
import math
import os
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import weaviate
from weaviate.auth import AuthApiKey

from bench.weaviate_store import applied
from groundwire_server.adapters.embedder.minilm import MiniLm, Model
from groundwire_server.adapters.store.weaviate.options import (
    SearchField,
    SearchMode,
    SearchOptions,
    VectorSource,
    WeaviateOptions,
)
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.domain.evidence import Passage, Query
from groundwire_server.domain.filters import Equals, Not
from groundwire_server.domain.vector import Vector
from groundwire_server.options.secret import Secret
from groundwire_server.pipeline.relevance import relevance
from tests.doubles.weaviate.server import FakeWeaviate

CALLER = Caller("bench", "bench", frozenset({"bench"}))
DEPTH = 10
ALPHAS = (0.1, 0.3, 0.5, 0.7, 0.9)
THRESHOLDS = (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
COLLECTION = "RetrievalBench"


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `gold` is the paragraph that answers it, empty when none does."""

    text: str
    gold: str
    article: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a search found the right paragraphs: shares of the questions, and means over them."""

    recall: Mapping[int, float]
    mrr: float
    ndcg: float

    @classmethod
    def of(cls, ranks: Sequence[int]) -> "Quality":
        """Made from the rank of each question's paragraph, from 1; 0 where it was not found."""
        found = [rank for rank in ranks if rank]
        return cls(
            {depth: sum(rank <= depth for rank in found) / len(ranks) for depth in (1, 5, 10)},
            sum(1 / rank for rank in found) / len(ranks),
            # One paragraph is right, so the best gain there can be is 1.
            sum(1 / math.log2(rank + 1) for rank in found) / len(ranks),
        )

    def __str__(self) -> str:
        recalls = "  ".join(f"{100 * self.recall[depth]:5.1f} %" for depth in (1, 5, 10))
        return f"{recalls}   {self.mrr:.3f}   {self.ndcg:.3f}"


def rank_of(gold: str, documents: Sequence[str]) -> int:
    """The place of a document among those found, each counted once; 0 when it is not there."""
    distinct = list(dict.fromkeys(documents))[:DEPTH]
    return distinct.index(gold) + 1 if gold in distinct else 0


@asynccontextmanager
async def opened(given: argparse.Namespace, model: MiniLm) -> AsyncIterator[WeaviateStore]:
    """The store, in the Weaviate named or in the double; empty, and emptied at the end."""
    vectors = VectorSource(model.model, model.dimensions)
    if not given.http:
        async with FakeWeaviate() as double:
            double.world.keep_calls = False
            options = WeaviateOptions(
                http=f"127.0.0.1:{double.http_port}", grpc=f"127.0.0.1:{double.grpc_port}", collection=COLLECTION
            )
            async with applied(options, vectors) as store:
                yield store
        return
    (host, _, http), (grpc_host, _, grpc) = given.http.rpartition(":"), given.grpc.rpartition(":")
    key = os.environ.get("WEAVIATE_KEY")
    secret = Secret("env://WEAVIATE_KEY", key) if key else None
    options = WeaviateOptions(http=given.http, grpc=given.grpc, api_key=secret, collection=COLLECTION)
    async with applied(options, vectors) as store:
        yield store
    async with weaviate.use_async_with_custom(
        host, int(http), http_secure=False, grpc_host=grpc_host, grpc_port=int(grpc), grpc_secure=False,
        auth_credentials=AuthApiKey(key) if key else None, skip_init_checks=True,
    ) as client:  # fmt: skip
        await client.collections.delete([options.collection, options.documents])


async def fill(articles: Sequence[Any], store: WeaviateStore, embedder: MiniLm) -> tuple[list[Question], int, int]:
    """Store every paragraph; return the questions, and how many paragraphs and passages there are."""
    ingest = Ingest(store.corpus, embedder)
    asked: list[tuple[str, str, str]] = []
    paragraphs = chunks = 0
    for article in articles:
        title = article["title"].replace("_", " ")
        for paragraph in article["paragraphs"]:
            name = f"p{paragraphs}"
            paragraphs += 1
            everybody = frozenset({EVERYBODY})
            document = Document(name, paragraph["context"], title, "", {"title": title}, everybody)
            chunks += (await ingest.store(CALLER, document, NEVER)).chunk_count
            asked += [
                (" ".join(each["question"].split()), "" if each["is_impossible"] else name, title)
                for each in paragraph["qas"]
            ]
    vectors = await embedder.embed([text for text, _, _ in asked], NEVER)
    return [Question(*each, vector) for each, vector in zip(asked, vectors, strict=True)], paragraphs, chunks


async def found(
    store: WeaviateStore, options: SearchOptions, questions: Sequence[Question], *, without: bool = False
) -> list[tuple[Passage, ...]]:
    """What is found for each question; with `without` its own article is left out of the search."""
    retriever = store.searched(options)
    results = []
    for each in questions:
        condition = Not(Equals("title", each.article)) if without else None
        # Twice as many passages as paragraphs are counted: a long one may have several.
        query = Query(each.text, each.vector, 2 * DEPTH, condition)
        results.append((await retriever.search(CALLER, query, NEVER)).passages)
    return results


async def quality(store: WeaviateStore, options: SearchOptions, questions: Sequence[Question]) -> Quality:
    results = await found(store, options, questions)
    return Quality.of(
        [
            rank_of(each.gold, [passage.document_id for passage in passages])
            for each, passages in zip(questions, results, strict=True)
        ]
    )


def best(question: Question, passages: Sequence[Passage]) -> float:
    """The relevance of the best of the first passages, as the path rates them."""
    return max(relevance(question.text, passages[:8]), default=0.0)


async def curve(store: WeaviateStore, options: SearchOptions, questions: Sequence[Question]) -> None:
    answerable = [each for each in questions if each.gold]
    kinds = {
        "declined, answerable": (answerable, await found(store, options, answerable)),
        "let through, absent": (answerable, await found(store, options, answerable, without=True)),
    }
    lookalike = [each for each in questions if not each.gold]
    kinds["let through, lookalike"] = (lookalike, await found(store, options, lookalike))
    levels = {
        kind: [best(each, passages) for each, passages in zip(asked, results, strict=True)]
        for kind, (asked, results) in kinds.items()
    }
    print(f"\n{'min_relevance':14}" + "".join(f"{kind:>24}" for kind in levels))
    for threshold in THRESHOLDS:
        shares = []
        for kind, values in levels.items():
            below = sum(value < threshold for value in values) / len(values)
            shares.append(below if kind.startswith("declined") else 1 - below)
        print(f"{threshold:<14.2f}" + "".join(f"{100 * share:>22.1f} %" for share in shares))


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="questions and articles in the format of SQuAD 2.0")
    parser.add_argument("--seed", type=int, default=7, help="draws the halves")
    parser.add_argument("--http", help="HOST:PORT of a Weaviate's REST interface; its API key in WEAVIATE_KEY")
    parser.add_argument("--grpc", help="HOST:PORT of its gRPC interface")
    given = parser.parse_args()
    articles = json.loads(given.data.read_text(encoding="utf-8"))["data"]
    with closing(MiniLm(await asyncio.to_thread(Model))) as embedder:
        async with opened(given, embedder) as store:
            questions, paragraphs, chunks = await fill(articles, store, embedder)
            random.Random(given.seed).shuffle(questions)
            middle = len(questions) // 2
            choosing = [each for each in questions[:middle] if each.gold]
            reporting = [each for each in questions[middle:] if each.gold]
            print(f"{paragraphs} paragraphs in {chunks} passages; {len(questions)} questions, seed {given.seed}")
            chosen: dict[float, Quality] = {}
            for alpha in ALPHAS:
                chosen[alpha] = await quality(store, SearchOptions(alpha=alpha), choosing)
                print(f"  to choose alpha: {alpha:.1f}  {chosen[alpha]}")
            alpha = max(chosen, key=lambda each: chosen[each].ndcg)
            titled = {SearchField.TEXT: 1.0, SearchField.TITLE: 1.0}
            print(
                f"\n{len(reporting)} answerable questions held out\n{'':26}recall@1      @5      @10     MRR   nDCG@10"
            )
            for name, options in (
                ("keyword", SearchOptions(mode=SearchMode.KEYWORD)),
                ("keyword, title as well", SearchOptions(mode=SearchMode.KEYWORD, query_properties=titled)),
                ("vector", SearchOptions(mode=SearchMode.VECTOR)),
                ("hybrid, alpha 0.5", SearchOptions()),
                (f"hybrid, alpha {alpha:.1f} (chosen)", SearchOptions(alpha=alpha)),
            ):
                print(f"{name:26}{await quality(store, options, reporting)}")
            await curve(store, SearchOptions(), questions[middle:])


if __name__ == "__main__":
    asyncio.run(main())
