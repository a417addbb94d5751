"""Passages of groundwire as LlamaIndex's nodes."""

from typing import TypedDict

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import NodeWithScore, QueryBundle

from groundwire import Clients, Filter
from llama_index.indices.managed.groundwire.nodes import passage_node


class _Search(TypedDict):
    route: str
    top_k: int | None
    filter: Filter | None
    alpha: float | None
    timeout: float | None


class GroundwireRetriever(BaseRetriever):
    """The passages that an answer would be drawn from, best first.

    A node's id is the passage's chunk_id, its source the document, and its metadata what `passage_metadata` says. A
    failed call raises ``groundwire.Error``.

    Args:
        clients: the connection; as the environment says unless it is given.
        route: the named use; empty takes the server's default.
        similarity_top_k: the most passages to find, 1 to 64; None takes the route's.
        filter: narrows the search by the documents' metadata.
        alpha: the weight of meaning beside words, 0 to 1, where the route allows it.
        timeout: the deadline of a search, in seconds from its start; None takes that of the clients.
        callback_manager: of LlamaIndex.
    """

    def __init__(
        self,
        clients: Clients | None = None,
        *,
        route: str = "",
        similarity_top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        alpha: float | None = None,
        timeout: float | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        self._clients = Clients.from_env() if clients is None else clients
        self._search: _Search = {
            "route": route,
            "top_k": similarity_top_k,
            "filter": filter,
            "alpha": alpha,
            "timeout": timeout,
        }
        super().__init__(callback_manager)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._clients.sync.retrieve(query_bundle.query_str, **self._search)
        return [passage_node(passage) for passage in found.passages]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = await self._clients.aio.retrieve(query_bundle.query_str, **self._search)
        return [passage_node(passage) for passage in found.passages]
