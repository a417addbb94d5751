"""What the server holds, with as few calls as possible."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import groundwire
from groundwire.v1.document_pb2 import DocumentInfo
from groundwire.v1.document_service_pb2 import GetDocumentResponse

_ONE_BY_ONE: Final = 20
"""Documents that are fetched one by one, before all of them are listed."""

_PAGE: Final = 1000
_FILE_URI: Final = "file:"


class Held(NamedTuple):
    """A document on the server that was made from a file.

    Attributes:
        size: of its text, in UTF-8 bytes.
    """

    document_id: str
    source_uri: str
    size: int


class Holdings:
    """The documents on the server that the caller may see, each as it was when it was first asked for.

    Args:
        client: of the server.
        quarantined: list the documents in quarantine as well, where the caller may review them.
    """

    def __init__(self, client: groundwire.SyncClient, *, quarantined: bool = False) -> None:
        self._client = client
        self._quarantined = quarantined
        self._hashes: dict[str, str] = {}
        self._of_files: list[Held] = []
        self._complete = False
        self.readable = True
        """Whether the caller may read; false once the server has refused it."""

    def content_hash(self, document_id: str) -> str:
        """Return a document's content hash; empty when it does not exist, or the caller may not see it.

        Raises:
            groundwire.Error: when the call fails.
        """
        if document_id not in self._hashes and not self._complete:
            if len(self._hashes) >= _ONE_BY_ONE:
                self._list()
            else:
                self._fetch(document_id)
        return self._hashes.get(document_id, "")

    def of_files(self) -> Iterable[Held]:
        """Return the documents whose source is a file; none when the caller may not read.

        Raises:
            groundwire.Error: when the call fails.
        """
        if not self._complete:
            self._list()
        return self._of_files

    def document(self, document_id: str) -> GetDocumentResponse | None:
        """Return a document with its text, as it is now; None when it does not exist, or the caller may not see it.

        Raises:
            groundwire.Error: when the call fails.
        """
        try:
            return self._client.get_document(document_id, include_text=True)
        except groundwire.Error as failed:
            if failed.reason != "DOCUMENT_NOT_FOUND":
                raise
            return None

    def _fetch(self, document_id: str) -> None:
        try:
            self._hashes[document_id] = self._client.get_document(document_id).document.content_hash
        except groundwire.Error as failed:
            if failed.reason == "DOCUMENT_NOT_FOUND":
                self._hashes[document_id] = ""
            else:
                self._refused(failed)

    def _list(self) -> None:
        first = dict(self._hashes)
        try:
            for each in self._client.list_documents(page_size=_PAGE):
                self._take(each)
        except groundwire.Error as failed:
            self._refused(failed)
        if self._quarantined:
            self._list_quarantined()
        self._hashes |= first
        self._complete = True

    def _list_quarantined(self) -> None:
        try:
            for each in self._client.list_quarantined_documents(page_size=_PAGE):
                self._take(each)
        except groundwire.Error as failed:
            # Who ingests needs no right to review: what is held back then waits for an operator.
            if failed.reason != "FORBIDDEN":
                raise

    def _take(self, document: DocumentInfo) -> None:
        self._hashes[document.document_id] = document.content_hash
        if document.source_uri.startswith(_FILE_URI):
            self._of_files.append(Held(document.document_id, document.source_uri, document.size_bytes))

    def _refused(self, failed: groundwire.Error) -> None:
        if failed.reason != "FORBIDDEN":
            raise failed
        # A writer who may not read sends every document; the server finds them unchanged.
        self._complete = True
        self.readable = False
