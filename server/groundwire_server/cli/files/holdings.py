"""The content hashes of the documents on the server, with as few calls as possible."""

import groundwire

_ONE_BY_ONE = 20
"""Documents that are fetched one by one, before all of them are listed."""

_PAGE = 1000


class Holdings:
    """The content hashes of the documents on the server, each as it was when it was first asked for."""

    def __init__(self, client: groundwire.SyncClient) -> None:
        self._client = client
        self._known: dict[str, str] = {}
        self._complete = False

    def content_hash(self, document_id: str) -> str:
        """Return a document's content hash; empty when it does not exist, or the caller may not see it.

        Raises:
            groundwire.Error: when the call fails.
        """
        if document_id not in self._known and not self._complete:
            try:
                self._ask(document_id)
            except groundwire.Error as failed:
                if failed.reason != "FORBIDDEN":
                    raise
                # A writer who may not read sends every document; the server finds them unchanged.
                self._complete = True
        return self._known.get(document_id, "")

    def _ask(self, document_id: str) -> None:
        if len(self._known) < _ONE_BY_ONE:
            self._known[document_id] = self._one(document_id)
        else:
            listed = self._client.list_documents(page_size=_PAGE)
            self._known = {each.document_id: each.content_hash for each in listed} | self._known
            self._complete = True

    def _one(self, document_id: str) -> str:
        try:
            return self._client.get_document(document_id).document.content_hash
        except groundwire.Error as failed:
            if failed.reason != "DOCUMENT_NOT_FOUND":
                raise
            return ""
