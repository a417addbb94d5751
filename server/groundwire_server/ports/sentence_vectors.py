"""Vectors of sentences, computed when a document was ingested."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence


class SentenceVectors(Protocol):
    """Looks up what the corpus keeps beside its chunks."""

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        """Return the sentences of each chunk that is stored with them; a chunk without is left out.

        The caller has been shown the chunks already, so this asks for no principals.

        Raises:
            Failure: STORE_UNAVAILABLE or STORE_TIMEOUT.
        """
        ...
