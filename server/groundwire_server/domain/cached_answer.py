"""An earlier validated answer, kept so that it can stand in."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.erasure import RecordSelection
from groundwire_server.domain.evidence import Passage


class AnswerKey(NamedTuple):
    """What an answer is looked up by: everything that would have made another question of it.

    A tuple, whose hash costs a tenth of a dataclass's: every call takes it a dozen times.

    Attributes:
        tenant: whose; no other tenant has the same key, whatever its digest.
        route: its name.
        digest: of principals, experiment arm, normalized question, turns, search, provided passages and context.
    """

    tenant: str
    route: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class AnswerStamp:
    """What has to be as it was for an answer to hold.

    Attributes:
        digest: of prompt version, models, policy, guards and checker, one after the other.
        corpus_version: in which its evidence was found; empty where the caller provided it.
    """

    digest: bytes
    corpus_version: str


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer that may stand in.

    Attributes:
        validated: when, in seconds since 1970 in UTC.
        evidence: the passages that a prompt could use, as they were found, for a stream's event.
        subject: who asked first, for erasure.
        end_user: on whose behalf; hashed as in logs, empty without one.
    """

    answer: GroundedText
    stamp: AnswerStamp
    validated: float
    evidence: tuple[Passage, ...] = ()
    subject: str = ""
    end_user: str = ""

    @property
    def cited(self) -> tuple[Passage, ...]:
        """The passages that its text cites, each once."""
        return tuple({citation.passage.chunk_id: citation.passage for citation in self.answer.citations}.values())


@dataclass(frozen=True, slots=True)
class OneRoute:
    """Selects the answers of a route."""

    route: str


Invalidation: TypeAlias = RecordSelection | OneRoute
"""What selects answers to forget."""
