"""The port of a store that keeps the vectors of sentences."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence


class SentenceVectors(Protocol):
    """Vectors of sentences that were computed when their document was ingested."""

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        """Return the sentences of each chunk that is stored with them; a chunk without is left out.

        The caller has already received the chunks, so access is not checked again.

        Raises:
            Failure: STORE_UNAVAILABLE or STORE_TIMEOUT.
        """
        ...
