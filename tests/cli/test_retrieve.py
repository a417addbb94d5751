"""`groundwire retrieve`."""

import json
from collections.abc import Callable

import pytest

from groundwire.v1.passage_pb2 import Passage, Scores
from groundwire.v1.retrieval_service_pb2 import RetrieveResponse
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.passages import show_found
from tests.cli.conftest import Ran
from tests.doubles.service import FakeService

Command = Callable[..., Ran]

MAIL = Passage(
    chunk_id="c1",
    document_id="docs/mail.md",
    title="Mail",
    text="Parcels wait in the mail room.\n\n" + "They are kept there. " * 12 + "Until noon.",
    ordinal=2,
    scores=Scores(relevance=0.8, vector_similarity=0.66, keyword=4.75, fused=1.0),
)
PLAIN = Passage(chunk_id="c2", document_id="docs/plain.txt", text="No title\x1b[31m here.", scores=Scores(keyword=0.5))


def shown(*passages: Passage, width: int = 80, full: bool = False) -> str:
    console = Terminal(width=width)
    with console.capture() as captured:
        show_found(console, RetrieveResponse(passages=passages), full=full)
    return captured.get()


def test_passages_are_asked_for_and_shown(groundwire_command: Command, service: FakeService, address: str) -> None:
    ran = groundwire_command("retrieve", "where", "do", "parcels", "wait?", "--top-k", "3", "--server", address)

    assert ran.code == 0
    assert service.calls[0].request.text == "where do parcels wait?"
    assert service.calls[0].request.search.top_k == 3
    assert "chunk c1" in ran.out


def test_as_json(groundwire_command: Command, address: str) -> None:
    ran = groundwire_command("retrieve", "parcels", "--json", "--server", address)

    assert json.loads(ran.out)["passages"][0] == {"chunkId": "c1", "text": "parcels"}


def test_a_passage_says_where_it_is_and_why_it_was_found() -> None:
    lines = shown(MAIL).splitlines()

    assert lines[:3] == [
        "1 Mail",
        "  docs/mail.md #2, chunk c1",
        "  relevance 0.80, similarity 0.66, keyword 4.8, fused 1.00",
    ]
    assert any("…" in line for line in lines)
    assert "Until noon." not in "\n".join(lines)


def test_a_whole_passage_is_shown_when_asked_for() -> None:
    drawn = shown(MAIL, full=True)

    assert "Until noon." in drawn
    assert "…" not in drawn


def test_only_the_scores_that_there_are_are_explained() -> None:
    drawn = shown(PLAIN)

    assert "\nkeyword    BM25, comparable within this search only\n" in drawn
    assert "relevance" not in drawn
    assert drawn.startswith("1 docs/plain.txt\n")
    assert "\x1b" not in drawn


@pytest.mark.parametrize("width", [20, 40, 80])
def test_lines_fit(width: int) -> None:
    assert all(len(line) <= width for line in shown(MAIL, PLAIN, width=width).splitlines())


def test_nothing_found_says_so() -> None:
    assert shown() == "no passages found among the documents that you may see\n"


def test_nothing_found_ends_with_1(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.found = []

    assert groundwire_command("retrieve", "parcels", "--server", address).code == 1
