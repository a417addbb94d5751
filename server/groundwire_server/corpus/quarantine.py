"""Reviewing documents in quarantine: those that the reviewer would see were they released."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import DocumentInfo, Listing, Position
from groundwire_server.domain.filters import AllOf, IsNull
from groundwire_server.domain.quarantine import QUARANTINED, quarantine_of, reviewing
from groundwire_server.ports.corpus import Corpus


class HeldDocument(NamedTuple):
    """A document in quarantine.

    Attributes:
        info: as it is stored; `as_sent` returns it as it was sent.
        text: empty where it was not asked for.
    """

    info: DocumentInfo
    text: str = ""


async def held_document(
    corpus: Corpus, caller: Caller, document_id: str, deadline: Deadline, *, include_text: bool
) -> HeldDocument | None:
    """Return a document in quarantine; None where there is no such document.

    Raises:
        Failure: of the store.
    """
    reviewer = reviewing(caller)
    info = await corpus.info(reviewer, document_id, deadline)
    if info is None or quarantine_of(info) is None:
        return None
    if not include_text:
        return HeldDocument(info)
    text = await corpus.text(reviewer, document_id, deadline)
    return None if text is None else HeldDocument(info, text)


async def held_documents(
    corpus: Corpus, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
) -> Sequence[DocumentInfo]:
    """Return at most `limit` documents in quarantine, those of a listing after a position or the first.

    Raises:
        Failure: of the store.
    """
    held = IsNull(QUARANTINED, is_null=False)
    condition = held if listing.filter is None else AllOf((held, listing.filter))
    return await corpus.page(reviewing(caller), replace(listing, filter=condition), after, limit, deadline)
