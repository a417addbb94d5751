"""Values that the tests of the path share."""

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.evidence import Passage, Scores
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from tests.doubles.policies import built_in_policy

ALICE = Caller("acme", "alice", frozenset({"staff"}))


def policy() -> Policy:
    return built_in_policy()


def ask(text: str = "What does a lambda expression yield?", **changes: object) -> Question:
    return Question(route="default", text=text, request_id="request-1", **changes)  # type: ignore[arg-type]


def passage(
    chunk_id: str,
    text: str,
    *,
    document_id: str = "",
    revision: int = 1,
    relevance: float | None = 0.9,
    allowed: frozenset[str] = frozenset({"*"}),
) -> Passage:
    return Passage(
        chunk_id=chunk_id,
        text=text,
        document_id=document_id or f"document-of-{chunk_id}",
        revision=revision,
        allowed_principals=allowed,
        scores=Scores(vector_similarity=0.8, relevance=relevance),
    )
