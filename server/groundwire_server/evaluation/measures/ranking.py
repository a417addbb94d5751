"""How well a search ranks what is relevant.

Each relevant chunk, document or text counts once, at the first passage that is it, and each passage stands for one of
them. The measures are a line each; the libraries for them bring a compiler (numba) or bindings to C.
"""

from collections.abc import Mapping, Sequence
from math import log2

from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.recording import RecordedPassage

CUTS = (1, 3, 5, 10)
"""Of recall: in the first so many passages."""

DISCOUNTED = 10
"""Of nDCG."""


def ranking(item: QuestionItem, passages: Sequence[RecordedPassage]) -> Mapping[str, float]:
    """Return the measures of one search; none where nothing is known to be relevant."""
    wanted = relevant_count(item)
    if not wanted:
        return {}
    ranks = relevant_ranks(item, passages)
    gain = sum(1 / log2(rank + 1) for rank in ranks if rank <= DISCOUNTED)
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(wanted, DISCOUNTED) + 1))
    return {
        **{f"recall@{cut}": sum(rank <= cut for rank in ranks) / wanted for cut in CUTS},
        "mrr": 1 / ranks[0] if ranks else 0.0,
        f"ndcg@{DISCOUNTED}": gain / ideal,
    }


def relevant_count(item: QuestionItem) -> int:
    """Return how many things are relevant; the texts of an answer are ways to say one."""
    return len(set(item.relevant)) or bool(item.relevant_texts)


def relevant_ranks(item: QuestionItem, passages: Sequence[RecordedPassage]) -> list[int]:
    """Return the ranks, from 1, at which something relevant stands for the first time."""
    if not item.relevant:
        texts = [_spaced(text) for text in item.relevant_texts]
        hits = (rank for rank, passage in enumerate(passages, 1) if any(t in _spaced(passage.text) for t in texts))
        return [rank] if (rank := next(hits, 0)) else []
    missing = set(item.relevant)
    ranks = []
    for rank, passage in enumerate(passages, 1):
        found = [name for name in (passage.chunk_id, passage.document_id) if name in missing]
        if found:
            missing.remove(found[0])
            ranks.append(rank)
    return ranks


def cited(item: QuestionItem, passages: Sequence[RecordedPassage]) -> Mapping[str, float]:
    """Return precision and recall of the passages that an answer cites; none where nothing is known to be relevant.

    Args:
        item: says what is relevant.
        passages: those cited, each once.
    """
    wanted = relevant_count(item)
    if not wanted:
        return {}
    right = sum(bool(relevant_ranks(item, [passage])) for passage in passages)
    found = len(relevant_ranks(item, passages))
    return {"precision": right / len(passages) if passages else 0.0, "recall": found / wanted}


def _spaced(text: str) -> str:
    return " ".join(text.split())
