"""Prints the passages of a search with their scores."""

from collections.abc import Iterator

from rich.text import Text

from groundwire.v1.passage_pb2 import Scores
from groundwire.v1.retrieval_service_pb2 import RetrieveResponse
from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.markup.beginning import excerpt

LINE = 160
"""Code points of a passage that are shown on a line."""

_NONE = "no passages found among the documents that you may see"
_LEGEND = (
    ("relevance", "0 to 1, how relevant to the question; thresholds apply to it"),
    ("similarity", "-1 to 1, cosine of the vectors"),
    ("keyword", "BM25, comparable within this search only"),
    ("fused", "0 to 1, both combined; orders this search only"),
)


def show_found(console: Terminal, found: RetrieveResponse, *, full: bool) -> None:
    """Print the passages of a search, then the meaning of their scores.

    Args:
        console: to print on.
        found: the response.
        full: print whole passages.
    """
    if not found.passages:
        console.hang(Text(), Text(_NONE))
        return
    digits = len(str(len(found.passages)))
    named = set[str]()
    for number, passage in enumerate(found.passages, 1):
        lead = Text(f"{number:>{digits}} ", style="bold")
        indent = Text(" " * lead.cell_len)
        scores = list(_scores(passage.scores))
        named.update(name for name, _ in scores)
        console.hang(lead, Text(one_line(passage.title) or passage.document_id, style="bold"))
        place = f"{passage.document_id} #{passage.ordinal}, chunk {passage.chunk_id}"
        console.hang(indent, Text(one_line(place), style="dim"))
        console.hang(indent, Text(", ".join(f"{name} {value}" for name, value in scores), style="cyan"))
        console.hang(indent, Text(printable(passage.text) if full else line_of(passage.text)))
        console.print()
    for name, meaning in _LEGEND:
        if name in named:
            console.hang(Text(f"{name:<11}", style="dim"), Text(meaning, style="dim"))


def line_of(text: str) -> str:
    """Return the beginning of a passage, on one line; headings say less than what stands under them."""
    line = one_line(excerpt(text))
    return line if len(line) <= LINE else line[: LINE - 1].rstrip() + "…"


def _scores(scores: Scores) -> Iterator[tuple[str, str]]:
    """Yield the scores that are set, the most meaningful first."""
    if scores.HasField("relevance"):
        yield "relevance", f"{scores.relevance:.2f}"
    if scores.HasField("reranker"):
        yield "reranker", f"{scores.reranker:.2f}"
    if scores.HasField("vector_similarity"):
        yield "similarity", f"{scores.vector_similarity:.2f}"
    if scores.HasField("keyword"):
        yield "keyword", f"{scores.keyword:.1f}"
    if scores.HasField("fused"):
        yield "fused", f"{scores.fused:.2f}"
