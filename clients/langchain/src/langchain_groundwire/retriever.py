"""Passages of groundwire as LangChain's documents."""

from typing import TypedDict, Unpack

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from groundwire import Clients, Filter
from groundwire.passages import passage_metadata
from groundwire.v1.passage_pb2 import Passage


class SearchArguments(TypedDict, total=False):
    """What one search may say in place of what the retriever says."""

    k: int | None
    filter: Filter | None
    alpha: float | None
    timeout: float | None


class _Search(TypedDict):
    route: str
    top_k: int | None
    filter: Filter | None
    alpha: float | None
    timeout: float | None


class GroundwireRetriever(BaseRetriever):
    """The passages that an answer would be drawn from, best first.

    A document's ``id`` is the passage's chunk_id, and its ``metadata`` what `passage_metadata` says. A failed call
    raises ``groundwire.Error``. ``invoke`` and the others take `k`, `filter`, `alpha` and `timeout` as well.

    Attributes:
        clients: the connection; as the environment says unless it is given.
        route: the named use; empty takes the server's default.
        k: the most passages to find, 1 to 64; None takes the route's.
        filter: narrows the search by the documents' metadata.
        alpha: the weight of meaning beside words, 0 to 1, where the route allows it.
        timeout: the deadline of a search, in seconds from its start; None takes that of the clients.
    """

    clients: Clients = Field(default_factory=Clients.from_env, exclude=True)
    route: str = ""
    k: int | None = None
    filter: Filter | None = None
    alpha: float | None = None
    timeout: float | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        **said: Unpack[SearchArguments],
    ) -> list[Document]:
        found = self.clients.sync.retrieve(query, **self._search(**said))
        return [_document(passage) for passage in found.passages]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        **said: Unpack[SearchArguments],
    ) -> list[Document]:
        found = await self.clients.aio.retrieve(query, **self._search(**said))
        return [_document(passage) for passage in found.passages]

    def _search(
        self,
        *,
        k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        alpha: float | None = None,
        timeout: float | None = None,
    ) -> _Search:
        """Return how to search, with what this call says in place of what the retriever says."""
        return {
            "route": self.route,
            "top_k": self.k if k is None else k,
            "filter": self.filter if filter is None else filter,
            "alpha": self.alpha if alpha is None else alpha,
            "timeout": self.timeout if timeout is None else timeout,
        }


def _document(passage: Passage) -> Document:
    return Document(id=passage.chunk_id, page_content=passage.text, metadata=passage_metadata(passage))
