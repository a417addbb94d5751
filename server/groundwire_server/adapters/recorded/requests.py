"""Digests of what a port is asked: by them a recording tells whether it has an answer to a question."""

from hashlib import blake2b
from json import dumps
from typing import Any

from groundwire_server.domain.entailment import CheckRequest, SufficiencyRequest
from groundwire_server.domain.evidence import Query
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.plain import PassageTable, plain
from groundwire_server.domain.reranking import RerankRequest
from groundwire_server.ports.guard import ScreenRequest

_DIGEST_BYTES = 16


def prompt_digest(prompt: Prompt) -> str:
    """Return a digest of all that a model is given of a prompt: it is the same where the prompt is, byte for byte."""
    begun = prompt.begun
    reply = None if begun is None else [begun.written, begun.correction, begun.opening]
    settings = prompt.settings
    return _digest(prompt.system, prompt.user, reply, settings.temperature, settings.top_p, settings.max_output_tokens)


def search_digest(query: Query) -> str:
    """Return a digest of a query; its vector follows from its text."""
    condition = plain(Filter | None, query.filter, PassageTable())
    return _digest(query.text, query.top_k, condition, query.alpha)


def check_digest(request: CheckRequest) -> str:
    """Return a digest of sentences that are to be checked."""
    sentences = [[each.text, each.passages] for each in request.sentences]
    return _digest(request.question, request.passages, sentences)


def sufficiency_digest(request: SufficiencyRequest) -> str:
    """Return a digest of a question with the passages that may answer it."""
    return _digest(request.question, request.passages)


def rerank_digest(request: RerankRequest) -> str:
    """Return a digest of texts that are to be rated."""
    return _digest(request.question, request.texts)


def screen_digest(request: ScreenRequest) -> str:
    """Return a digest of texts that a guard looks at."""
    return _digest(request.screen, request.texts)


def _digest(*parts: Any) -> str:
    written = dumps(parts, sort_keys=True).encode()
    return blake2b(written, digest_size=_DIGEST_BYTES).hexdigest()
