"""`groundwire demo`: its documents, its server, and the whole of it on the real text."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire.v1.outcome_pb2 import Outcome
from groundwire_server.cli.demo import child, corpus
from groundwire_server.cli.demo.questions import QUESTIONS, Asked
from groundwire_server.cli.demo.tour import TourResult
from groundwire_server.cli.exits import CommandError, ExitCode
from tests.cli.conftest import Ran
from tests.doubles import events

Command = Callable[..., Ran]


def test_a_document_for_every_topic() -> None:
    documents = list(corpus.documents())

    assert len(documents) == corpus.size() > 60
    assert len({document.document_id for document in documents}) == len(documents)
    for document in documents:
        assert re.fullmatch("[!-~]{1,256}", document.document_id)
        assert document.title
        assert not set(document.title) & set('*"`')
        assert document.text.strip()
        assert list(document.allowed_principals) == ["*"]


def test_most_topics_say_where_they_can_be_read() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    addresses = {document.document_id: document.source_uri for document in corpus.documents()}

    assert addresses["with"] == f"https://docs.python.org/{version}/reference/compound_stmts.html#with"
    assert sum(address.startswith("https://") for address in addresses.values()) > len(addresses) - 6
    assert addresses.get("else", "pydoc:else") == "pydoc:else"


def test_ten_questions_two_of_them_without_an_answer() -> None:
    known = {document.document_id for document in corpus.documents()}

    assert len(QUESTIONS) == 10
    assert sum(not question.topics for question in QUESTIONS) == 2
    assert all(question.topics & known and question.says for question in QUESTIONS if question.topics)


@pytest.mark.process
def test_a_server_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWIRE_TELEMETRY__LOG_LEVEL", "CHATTY")

    with pytest.raises(CommandError) as stopped, child.server(tmp_path):
        pass

    assert stopped.value.code == ExitCode.FAILED
    assert "log_level" in stopped.value.message
    assert str(tmp_path / "server.log") in stopped.value.message


def test_a_folder_that_cannot_be_had(groundwire_command: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    ran = groundwire_command("demo", "--data", str(tmp_path / "taken"))

    assert ran.code == 4
    assert "choose another folder with --data" in ran.err


def around(text: str, phrases: tuple[str, ...]) -> str:
    """Return the paragraphs that say one of the phrases, and four on each side of them."""
    paragraphs = text.split("\n\n")
    says = [n for n, each in enumerate(paragraphs) if any(phrase in " ".join(each.split()) for phrase in phrases)]
    assert says
    return "\n\n".join(each for n, each in enumerate(paragraphs) if any(abs(n - place) <= 4 for place in says))


@pytest.fixture
def small_corpus(monkeypatch: pytest.MonkeyPatch) -> int:
    """The parts of topics that hold the answers, and the short topics: so that a test can wait for it."""
    said = {topic: question.says for question in QUESTIONS for topic in question.topics - {"compound", "specialnames"}}
    kept = []
    for document in corpus.documents():
        if document.document_id in said:
            document.text = around(document.text, said[document.document_id])
            kept.append(document)
        elif len(document.text) < 600:
            kept.append(document)
    monkeypatch.setattr(corpus, "documents", lambda: iter(kept))
    monkeypatch.setattr(corpus, "size", lambda: len(kept))
    return len(kept)


@pytest.mark.process
@pytest.mark.local
@pytest.mark.slow
def test_what_can_be_answered_is_answered_and_nothing_else(
    groundwire_command: Command, tmp_path: Path, small_corpus: int
) -> None:
    (tmp_path / "mine.txt").write_text("not the demo's")

    first = groundwire_command("demo", "--data", str(tmp_path))
    again = groundwire_command("demo", "--data", str(tmp_path))

    # The demo itself compares each outcome with what its question expects: see TourResult.expected.
    assert first.code == 0, first.out + first.err
    assert "wrongly" not in first.out
    assert first.out.count("\nanswered: ") == 9
    assert first.out.count("\ncached: ") == 1
    assert first.out.count("\noperations/") == 1
    assert first.out.count("\nabstained: ") == 2
    assert first.out.count(" ms in total") == 11
    assert f"{small_corpus} documents: {small_corpus} new" in first.out
    assert again.code == 0, again.out + again.err
    assert f"{small_corpus} documents: {small_corpus} unchanged" in again.out
    assert (tmp_path / "mine.txt").exists()


def ended(question: Asked, outcome: Outcome) -> bool:
    return TourResult(question, outcome).expected


def test_what_is_expected() -> None:
    answerable = Asked("where?", frozenset({"handbook"}), ("the mail room",))

    assert ended(answerable, events.answered())
    assert not ended(answerable, events.answered("In the cellar."))
    assert not ended(Asked("where?", frozenset({"faq"}), ("the mail room",)), events.answered())
    assert not ended(answerable, events.abstained())
    assert ended(Asked("who?"), events.abstained())
    assert not ended(Asked("who?"), events.answered())


def test_fresh_forgets_the_demos_documents_alone(
    groundwire_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / child.STORE).mkdir()
    (tmp_path / child.STORE / "old.sqlite3").write_text("old")
    (tmp_path / "mine.txt").write_text("not the demo's")
    monkeypatch.setenv("GROUNDWIRE_TELEMETRY__LOG_LEVEL", "CHATTY")  # so that the server does not start

    assert groundwire_command("demo", "--data", str(tmp_path), "--fresh").code == 4

    assert not (tmp_path / child.STORE).exists()
    assert (tmp_path / "mine.txt").exists()


def test_a_folder_that_takes_no_files_is_named(groundwire_command: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "server.log").mkdir()

    ran = groundwire_command("demo", "--data", str(tmp_path))

    assert ran.code == 4
    assert ran.err.count("\n") == 1
    assert str(tmp_path) in ran.err
    assert "--data" in ran.err
