"""Prints passages that a search found, and why it found them."""

from collections.abc import Iterator

from rich.text import Text

from groundwire.v1.passage_pb2 import Scores
from groundwire.v1.retrieval_service_pb2 import RetrieveResponse
from groundwire_server.cli.console import Terminal, one_line, printable

EXCERPT = 160

_NONE = "no passages: nothing stored that you may see has to do with it"
_LEGEND = (
    ("relevance", "0 to 1, how well it bears on the question; thresholds apply to it"),
    ("similarity", "-1 to 1, how near the vectors are"),
    ("keyword", "BM25, comparable within this search only"),
    ("fused", "0 to 1, the two combined; it orders this search, nothing more"),
)


def show_found(console: Terminal, found: RetrieveResponse, *, full: bool) -> None:
    """Prints what a search found, then what its scores mean.

    Args:
        console: where to.
        found: the reply.
        full: prints whole passages.
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
        console.hang(indent, Text(printable(passage.text) if full else excerpt(passage.text)))
        console.print()
    for name, meaning in _LEGEND:
        if name in named:
            console.hang(Text(f"{name:<11}", style="dim"), Text(meaning, style="dim"))


def excerpt(text: str) -> str:
    """The beginning of a passage, on one line."""
    line = one_line(text)
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


def _scores(scores: Scores) -> Iterator[tuple[str, str]]:
    """The measures there are, the most telling first."""
    if scores.HasField("relevance"):
        yield "relevance", f"{scores.relevance:.2f}"
    if scores.HasField("vector_similarity"):
        yield "similarity", f"{scores.vector_similarity:.2f}"
    if scores.HasField("keyword"):
        yield "keyword", f"{scores.keyword:.1f}"
    if scores.HasField("fused"):
        yield "fused", f"{scores.fused:.2f}"
