"""Answers of groundwire as LlamaIndex's query engine."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import RESPONSE_TYPE
from llama_index.core.callbacks import CallbackManager
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from groundwire import Clients, Filter, ProvidedPassage
from llama_index.indices.managed.groundwire.responses import async_streaming_response, response_of, streaming_response
from llama_index.indices.managed.groundwire.retriever import GroundwireRetriever


class _Asked(TypedDict):
    route: str
    top_k: int | None
    filter: Filter | None
    passages: list[ProvidedPassage] | None
    context: Mapping[str, str]
    end_user_id: str
    timeout: float | None


class GroundwireQueryEngine(BaseQueryEngine):
    """Answers from your documents, with citations, or the reason why not.

    Every outcome that the product plans for is a response, abstentions among them; a failed call raises
    ``groundwire.Error``. The response's ``outcome`` is typed, and its ``metadata`` says the same in plain values.

    Args:
        clients: the connection; as the environment says unless it is given.
        route: the named use; empty takes the server's default.
        similarity_top_k: the most passages to consider, 1 to 64; None takes the route's.
        filter: narrows the search by the documents' metadata.
        context: values by name that the caller knows of its questions, such as ``{"plan": "pro"}``; a model sees those
            that the route declares.
        end_user_id: a pseudonym of the person behind the calls, for limits by end user and experiments.
        timeout: the deadline of a response, in seconds from its start; None takes that of the clients. The server
            divides it among its stages, and returns an outcome before it ends.
        streaming: returns the text as it comes; it was checked before it left the server.
        callback_manager: of LlamaIndex.
    """

    def __init__(
        self,
        clients: Clients | None = None,
        *,
        route: str = "",
        similarity_top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        context: Mapping[str, str] | None = None,
        end_user_id: str = "",
        timeout: float | None = None,
        streaming: bool = False,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        self._clients = Clients.from_env() if clients is None else clients
        self._streaming = streaming
        self._from_search: _Asked = {
            "route": route,
            "top_k": similarity_top_k,
            "filter": filter,
            "passages": None,
            "context": dict(context or {}),
            "end_user_id": end_user_id,
            "timeout": timeout,
        }
        self._retriever = GroundwireRetriever(
            self._clients, route=route, similarity_top_k=similarity_top_k, filter=filter, timeout=timeout
        )
        super().__init__(callback_manager)

    def retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the passages that an answer would be drawn from, best first."""
        return self._retriever.retrieve(query_bundle)

    async def aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the passages that an answer would be drawn from, best first."""
        return await self._retriever.aretrieve(query_bundle)

    def synthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Return an answer from these nodes alone, in place of a search; the additional ones join its sources."""
        response = self._respond(query_bundle, self._from_nodes(nodes))
        response.source_nodes.extend(additional_source_nodes or ())
        return response

    async def asynthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Return an answer from these nodes alone, in place of a search; the additional ones join its sources."""
        response = await self._arespond(query_bundle, self._from_nodes(nodes))
        response.source_nodes.extend(additional_source_nodes or ())
        return response

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return self._respond(query_bundle, self._from_search)

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return await self._arespond(query_bundle, self._from_search)

    def _respond(self, query: QueryBundle, asked: _Asked) -> RESPONSE_TYPE:
        client = self._clients.sync
        if self._streaming:
            return streaming_response(client.stream(query.query_str, **asked))
        return response_of(client.answer(query.query_str, **asked))

    async def _arespond(self, query: QueryBundle, asked: _Asked) -> RESPONSE_TYPE:
        client = self._clients.aio
        if self._streaming:
            return async_streaming_response(client.stream(query.query_str, **asked))
        return response_of(await client.answer(query.query_str, **asked))

    def _from_nodes(self, nodes: Sequence[NodeWithScore]) -> _Asked:
        """Return what the client is asked when it is given nodes in place of a search."""
        return {**self._from_search, "top_k": None, "filter": None, "passages": [_passage(node) for node in nodes]}

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def _passage(node: NodeWithScore) -> ProvidedPassage:
    metadata = node.metadata
    return ProvidedPassage(
        passage_id=node.node_id,
        title=str(metadata.get("title", metadata.get("file_name", ""))),
        source_uri=str(metadata.get("source_uri", "")),
        text=node.text,
    )
