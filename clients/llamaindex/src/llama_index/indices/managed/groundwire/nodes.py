"""Passages and citations as LlamaIndex's nodes."""

from collections.abc import Sequence
from typing import Any

from llama_index.core.schema import NodeRelationship, NodeWithScore, RelatedNodeInfo, TextNode

from groundwire import Abstained, Degraded, Outcome
from groundwire.passages import best_score, citation_metadata, passage_metadata
from groundwire.v1.grounding_pb2 import Citation
from groundwire.v1.passage_pb2 import Passage

_FOR_MODELS = frozenset({"title", "section", "page"})
"""The metadata that a model or an embedder of LlamaIndex reads beside the text."""


def passage_node(passage: Passage) -> NodeWithScore:
    """Return a passage as a node, whose score is the measure that orders passages."""
    node = _node(passage.chunk_id, passage.document_id, passage.text, passage_metadata(passage))
    return NodeWithScore(node=node, score=best_score(passage))


def source_nodes(outcome: Outcome) -> list[NodeWithScore]:
    """Return the quotes of each cited passage, or the passages that came in place of an answer."""
    match outcome:
        case Abstained(passages) | Degraded("", _, passages):
            return [passage_node(passage) for passage in passages]
        case _:
            return _cited(outcome.citations)


def _cited(citations: Sequence[Citation]) -> list[NodeWithScore]:
    """Return a node for each cited passage, in the order of the answer, with its quotes a line each."""
    of_chunks: dict[str, list[Citation]] = {}
    for citation in citations:
        of_chunks.setdefault(citation.chunk_id, []).append(citation)
    nodes = []
    for chunk_id, cited in of_chunks.items():
        quotes = dict.fromkeys(citation.quote for citation in cited)
        node = _node(chunk_id, cited[0].document_id, "\n".join(quotes), citation_metadata(cited[0]))
        nodes.append(NodeWithScore(node=node))
    return nodes


def _node(chunk_id: str, document_id: str, text: str, metadata: dict[str, Any]) -> TextNode:
    hidden = sorted(metadata.keys() - _FOR_MODELS)
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document_id)} if document_id else {}
    return TextNode(
        id_=chunk_id,
        text=text,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
        relationships=source,
    )
