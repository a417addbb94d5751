"""`groundwire documents list`, `get`, `delete` and `purge`."""

import json
import sys
from collections.abc import Callable

import pytest
from google.rpc import code_pb2

from groundwire.v1.document_pb2 import Document, DocumentInfo
from groundwire.v1.document_service_pb2 import GetDocumentResponse
from groundwire.v1.filter_pb2 import MetadataValue
from groundwire_server.cli.documents import description, listing
from groundwire_server.cli.documents.filters import filter_of
from tests.cli.conftest import Ran
from tests.doubles.service import Failure, FakeService
from tests.doubles.terminal import Teletype

Command = Callable[..., Ran]

LONG = DocumentInfo(
    document_id="docs/" + "deep/" * 12 + "guide.md",
    title="A title that is longer than any terminal is wide, and then some",
    source_uri="file:///guide.md",
    allowed_principals=["staff", "hr"],
    metadata={"year": MetadataValue(number_value=2026), "kind": MetadataValue(string_value="guide")},
    revision=12,
    content_hash="ab" * 32,
    chunk_count=4711,
    size_bytes=3_500_000,
)


@pytest.fixture
def stored(service: FakeService) -> FakeService:
    service.stored = {name: Document(document_id=name, text=f"The text of {name}.\n") for name in ("a.md", "b.md")}
    return service


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sits somebody at a terminal who types this."""

    def types(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", Teletype(text))
        monkeypatch.setattr(sys, "stderr", Teletype())

    return types


def test_every_page_is_listed(groundwire_command: Command, service: FakeService, address: str) -> None:
    names = [f"d{number:04}" for number in range(listing.PAGE + 1)]
    service.stored = {name: Document(document_id=name) for name in names}

    table = groundwire_command("documents", "list", "--server", address)
    lines = groundwire_command("documents", "list", "--server", address, "--json")

    assert [line.split("\t")[0] for line in table.out.splitlines()] == names
    assert [json.loads(line)["documentId"] for line in lines.out.splitlines()] == names
    assert table.err == f"{len(names)} documents\n"
    assert lines.err == ""


@pytest.mark.parametrize("columns", [40, 72, 80, 120])
def test_a_list_fits_the_terminal_and_keeps_every_id_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "dumb")

    listing.print_table(iter([LONG]))

    out = capsys.readouterr().out
    assert all(len(line) <= columns for line in out.splitlines())
    firsts = "".join(line.split(" ")[0] for line in out.splitlines() if not line.startswith((" ", "id ")))
    assert firsts == LONG.document_id
    assert "4711" in out
    assert "3.3 MiB" in out


def test_into_a_pipe_every_word_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    listing.print_table(iter([LONG]))

    assert capsys.readouterr().out == (f"{LONG.document_id}\t{LONG.title}\t12\t4711\t3500000\t1970-01-01T00:00:00Z\n")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "no documents that you may see\n"),
        (["--filter", "team=hr"], "no documents that you may see satisfy the filter\n"),
    ],
)
def test_an_empty_list_says_so(groundwire_command: Command, address: str, more: list[str], message: str) -> None:
    ran = groundwire_command("documents", "list", "--server", address, *more)

    assert (ran.code, ran.out, ran.err) == (0, "", message)


@pytest.mark.parametrize(
    ("more", "names"),
    [([], ["a", "b", "c"]), (["--order", "oldest"], ["b", "c", "a"]), (["--order", "newest"], ["a", "c", "b"])],
)
def test_a_list_has_an_order(
    groundwire_command: Command, service: FakeService, address: str, more: list[str], names: list[str]
) -> None:
    service.stored = {name: Document(document_id=name) for name in ("b", "c", "a")}

    ran = groundwire_command("documents", "list", "--server", address, *more)

    assert [line.split("\t")[0] for line in ran.out.splitlines()] == names


def test_a_list_is_asked_for_with_its_filter(groundwire_command: Command, stored: FakeService, address: str) -> None:
    groundwire_command("documents", "list", "--filter", "team=hr", "--filter", "!draft", "--server", address)

    (call,) = stored.calls
    assert call.request.filter == filter_of(["team=hr", "!draft"])


@pytest.mark.parametrize("columns", [40, 80])
def test_a_description_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    description.describe(LONG)

    out = capsys.readouterr().out
    assert all(len(line) <= columns for line in out.splitlines())
    assert "seen by   hr, staff\n" in out
    assert "metadata  kind = guide\nmetadata  year = 2026.0\n" in out


@pytest.mark.parametrize(("principals", "readers"), [(["*", "hr"], "everybody in the tenant"), ([], "nobody")])
def test_a_description_says_who_may_see_it(
    capsys: pytest.CaptureFixture[str], principals: list[str], readers: str
) -> None:
    description.describe(DocumentInfo(document_id="a", allowed_principals=principals))

    assert f"seen by   {readers}\n" in capsys.readouterr().out


def test_a_text_is_printed_as_it_is(groundwire_command: Command, stored: FakeService, address: str) -> None:
    stored.stored["a.md"].text = "one\x1b[31m\r\ntwo"

    ran = groundwire_command("documents", "get", "a.md", "--text", "--server", address)

    assert ran.out == "one\x1b[31m\r\ntwo"


def test_a_text_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Teletype()
    monkeypatch.setattr(sys, "stdout", out)

    description.print_text(GetDocumentResponse(text="one\x1b[31m"))

    assert out.getvalue() == "one�[31m\n"


@pytest.mark.parametrize(("more", "text"), [([], None), (["--text"], "The text of a.md.\n")])
def test_a_document_as_json(
    groundwire_command: Command, stored: FakeService, address: str, more: list[str], text: str | None
) -> None:
    ran = groundwire_command("documents", "get", "a.md", "--json", *more, "--server", address)

    printed = json.loads(ran.out)
    assert printed["document"]["documentId"] == "a.md"
    assert printed.get("text") == text


def test_a_document_that_is_not_there(groundwire_command: Command, address: str) -> None:
    ran = groundwire_command("documents", "get", "none.md", "--server", address)

    assert ran.code == 1
    assert "none.md" in ran.err
    assert "groundwire documents list" in ran.err
    assert ran.err.count("\n") == 1


def test_several_are_deleted_and_those_that_are_not_there_named(
    groundwire_command: Command, stored: FakeService, address: str
) -> None:
    ran = groundwire_command("documents", "delete", "a.md", "none.md", "b.md", "a.md", "--yes", "--server", address)

    assert ran.code == 1
    assert ran.out == "deleted a.md\ndeleted b.md\n"
    assert ran.err == "groundwire: there is no document none.md that you may see\n"
    assert stored.stored == {}


def test_a_missing_document_may_be_allowed(groundwire_command: Command, stored: FakeService, address: str) -> None:
    arguments = ("documents", "delete", "none.md", "a.md", "--yes", "--allow-missing", "--server", address)

    ran = groundwire_command(*arguments)

    assert (ran.code, ran.out) == (0, "deleted a.md\n")
    assert list(stored.stored) == ["b.md"]


def test_nothing_is_deleted_unasked(groundwire_command: Command, stored: FakeService, address: str) -> None:
    ran = groundwire_command("documents", "delete", "a.md", "--server", address)

    assert ran.code == 2
    assert "--yes" in ran.err
    assert len(stored.stored) == 2


@pytest.mark.parametrize(("reply", "code", "left"), [("y\n", 0, 1), ("Yes\n", 0, 1), ("n\n", 1, 2), ("", 1, 2)])
def test_a_terminal_is_asked(
    groundwire_command: Command,
    stored: FakeService,
    address: str,
    asked: Callable[[str], None],
    reply: str,
    code: int,
    left: int,
) -> None:
    asked(reply)

    ran = groundwire_command("documents", "delete", "a.md", "--server", address)

    assert ran.code == code
    assert len(stored.stored) == left


def test_a_refused_delete_says_what_is_needed(groundwire_command: Command, stored: FakeService, address: str) -> None:
    stored.refused = Failure(code_pb2.PERMISSION_DENIED, "You may not; it takes the role writer.", "FORBIDDEN")

    ran = groundwire_command("documents", "delete", "a.md", "--yes", "--server", address)

    assert ran.code == 4
    assert ran.err.count("\n") == 1
    assert "role writer" in ran.err
    assert len(stored.stored) == 2


class TestPurge:
    def test_shows_the_plan_and_deletes_when_told(
        self, groundwire_command: Command, stored: FakeService, address: str
    ) -> None:
        ran = groundwire_command("documents", "purge", "--filter", "draft=true", "--yes", "--server", address)

        assert (ran.code, ran.out, ran.err) == (
            0,
            "a.md\nb.md\ndeleted 2 documents\n",
            "2 documents would be deleted\n",
        )
        assert stored.stored == {}
        assert [(call.request.force, call.request.filter) for call in stored.calls] == [
            (False, filter_of(["draft=true"])),
            (True, filter_of(["draft=true"])),
        ]

    def test_names_a_part_of_many(self, groundwire_command: Command, stored: FakeService, address: str) -> None:
        stored.sample = 1

        ran = groundwire_command("documents", "purge", "--filter", "draft", "--dry-run", "--server", address)

        assert (ran.code, ran.out, ran.err) == (0, "a.md\n… and 1 more\n", "2 documents would be deleted\n")
        assert len(stored.stored) == 2

    def test_goes_on_until_it_is_complete(self, groundwire_command: Command, stored: FakeService, address: str) -> None:
        stored.purged_at_once = 1

        ran = groundwire_command("documents", "purge", "--filter", "draft", "--yes", "--server", address)

        assert ran.out.endswith("deleted 2 documents\n")
        assert ran.err.endswith("deleted 1 document so far\n")
        assert stored.stored == {}

    @pytest.mark.parametrize(("reply", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 2), ("", 1, 2)])
    def test_asks_on_a_terminal(
        self,
        groundwire_command: Command,
        stored: FakeService,
        address: str,
        asked: Callable[[str], None],
        reply: str,
        code: int,
        left: int,
    ) -> None:
        asked(reply)

        ran = groundwire_command("documents", "purge", "--filter", "draft", "--server", address)

        assert (ran.code, len(stored.stored)) == (code, left)

    @pytest.mark.parametrize(
        ("arguments", "missing"),
        [((), "--filter"), (("--filter", "draft"), "--yes"), (("--filter", "a b"), "KEY=VALUE")],
    )
    def test_deletes_nothing_without_a_filter_or_a_yes(
        self, groundwire_command: Command, stored: FakeService, address: str, arguments: tuple[str, ...], missing: str
    ) -> None:
        ran = groundwire_command("documents", "purge", *arguments, "--server", address)

        assert ran.code == 2
        assert missing in ran.err
        assert len(stored.stored) == 2

    def test_of_nothing_asks_nothing(self, groundwire_command: Command, address: str) -> None:
        ran = groundwire_command("documents", "purge", "--filter", "draft", "--server", address)

        assert (ran.code, ran.out, ran.err) == (0, "", "0 documents would be deleted\n")
