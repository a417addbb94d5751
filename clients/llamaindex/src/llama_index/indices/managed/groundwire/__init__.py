"""groundwire in LlamaIndex: passages as nodes, and answers with their typed outcome.

::

    from llama_index.indices.managed.groundwire import GroundwireQueryEngine, GroundwireRetriever

    nodes = GroundwireRetriever(similarity_top_k=5).retrieve("Who may sign for parcels?")
    response = GroundwireQueryEngine().query("Who may sign for parcels?")
    print(response, response.source_nodes, response.metadata)

Both connect as the environment says, or by ``clients=groundwire.Clients(...)``.
"""

from llama_index.indices.managed.groundwire.query_engine import GroundwireQueryEngine
from llama_index.indices.managed.groundwire.responses import (
    GroundwireAsyncStreamingResponse,
    GroundwireResponse,
    GroundwireStreamingResponse,
)
from llama_index.indices.managed.groundwire.retriever import GroundwireRetriever

__all__ = [
    "GroundwireAsyncStreamingResponse",
    "GroundwireQueryEngine",
    "GroundwireResponse",
    "GroundwireRetriever",
    "GroundwireStreamingResponse",
]
