"""The `/rerank` endpoints that there are: what each is sent, and what it sends back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from groundwire_server.adapters.reranker.options import Api, ScoreKind
from groundwire_server.domain.generation import Usage

_MOST_TOKENS: Final = 2**31 - 1

Body: TypeAlias = Mapping[str, object]
MakeBody: TypeAlias = Callable[[str, str, Sequence[str], ScoreKind], Body]


@dataclass(frozen=True, slots=True)
class RerankDialect:
    """One API.

    Attributes:
        body: makes a request of the model's name, the question, the texts, and the kind of scores that is wanted.
        results: finds the results in a reply.
        score: the key of a result's score.
        usage: finds the tokens that the model read; None where the API does not say.
    """

    body: MakeBody
    results: Callable[[Any], Any]
    score: str
    usage: Callable[[Any], Usage | None]

    def text(self, result: Any) -> str | None:
        """Return the text that a result says it is about; None where it does not say."""
        found = result.get("document", result.get("text"))
        return found.get("text") if isinstance(found, dict) else found


def _documents(**more: object) -> MakeBody:
    def body(model: str, question: str, texts: Sequence[str], scores: ScoreKind) -> Body:
        del scores
        return {"model": model, "query": question, "documents": texts, "top_n": len(texts), **more}

    return body


def _tei_body(model: str, question: str, texts: Sequence[str], scores: ScoreKind) -> Body:
    del model
    return {"query": question, "texts": texts, "truncate": True, "raw_scores": scores != "probabilities"}


def _results(whole: Any) -> Any:
    return whole["results"]


def _tokens(whole: Any) -> Usage | None:
    usage = whole.get("usage") or {}
    return _usage(usage.get("prompt_tokens", usage.get("total_tokens")))


def _cohere_tokens(whole: Any) -> Usage | None:
    meta = whole.get("meta") or {}
    return _usage((meta.get("tokens") or {}).get("input_tokens"))


def _usage(tokens: object) -> Usage | None:
    return Usage(tokens) if type(tokens) is int and 0 < tokens <= _MOST_TOKENS else None


DIALECTS: Final[Mapping[Api, RerankDialect]] = MappingProxyType(
    {
        "cohere": RerankDialect(_documents(), _results, "relevance_score", _cohere_tokens),
        "jina": RerankDialect(_documents(return_documents=False), _results, "relevance_score", _tokens),
        "tei": RerankDialect(_tei_body, lambda whole: whole, "score", lambda whole: None),
        # -1 cuts what is longer than the model reads, which is refused otherwise.
        "vllm": RerankDialect(_documents(truncate_prompt_tokens=-1), _results, "relevance_score", _tokens),
    }
)
"""By the names that the configuration has for them."""
