"""`groundwire recordings`."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.doubles.recorded_service import RecordedService, recorded, serving_recorded

Command = Callable[..., Ran]

CONTENT = '{"groundwire_recording":2}\n{"kind":"question","text":"When — “six”?"}\n'.encode()
ONE, TWO = f"{1:032x}", f"{2:032x}"


@pytest.fixture
def recordings() -> RecordedService:
    service = RecordedService()
    service.kept = [(recorded(2, experiment_arm="tone:candidate", redacted=True), b"two\n"), (recorded(1), CONTENT)]
    return service


@pytest.fixture
def server(recordings: RecordedService) -> Iterator[str]:
    with serving_recorded(recordings) as address:
        yield address


def test_a_list_in_a_pipe_has_a_line_for_each(groundwire_command: Command, server: str) -> None:
    ran = groundwire_command("recordings", "list", "--server", server)
    assert ran.out.splitlines() == [
        f"{TWO}\t2026-11-26T00:00:00Z\tfaq\tanswered\tANSWER_VALIDATED\tanswer/1.2.0\tsmall\ttone:candidate\trequest-2",
        f"{ONE}\t2026-11-26T00:00:00Z\tfaq\tanswered\tANSWER_VALIDATED\tanswer/1.2.0\tsmall\t\trequest-1",
    ]
    assert ran.err == "2 recordings\n"


def test_a_list_is_narrowed_and_limited(groundwire_command: Command, recordings: RecordedService, server: str) -> None:
    ran = groundwire_command("recordings", "list", "--server", server, "--limit", "1", "--json")
    assert [json.loads(line)["name"] for line in ran.out.splitlines()] == [f"recordings/{TWO}"]
    ran = groundwire_command("recordings", "list", "--server", server, "--route", "other")
    assert ran.out == ""
    assert ran.err == "no recordings: a route records calls of the tenants that its `recording.tenants` names\n"
    assert recordings.calls[-1].request.route == "other"


@pytest.mark.parametrize("given", [ONE, f"recordings/{ONE}", f"{ONE}.jsonl"])
def test_a_recording_is_printed_as_it_is(groundwire_command: Command, server: str, given: str) -> None:
    assert groundwire_command("recordings", "get", given, "--server", server).out == CONTENT.decode()


def test_a_recording_is_written_for_its_owner_alone(groundwire_command: Command, server: str, tmp_path: Path) -> None:
    file = tmp_path / "call.jsonl"
    given = ("recordings", "get", ONE, "--server", server, "-o", str(file))
    assert groundwire_command(*given).code == 0
    assert file.read_bytes() == CONTENT
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (
        groundwire_command(*given).err == f"groundwire: {file} exists: name another file, or replace it with --force\n"
    )
    assert groundwire_command(*given, "--force").code == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("order-4711", "order-4711 is not the id of a recording: `groundwire recordings list` shows them\n"),
        (f"{3:032x}", "Your tenant has no such recording."),
    ],
)
def test_what_is_no_recording_is_one_line(groundwire_command: Command, server: str, given: str, said: str) -> None:
    ran = groundwire_command("recordings", "get", given, "--server", server)
    assert ran.code != 0
    assert ran.out == ""
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_lost_key_is_one_line(groundwire_command: Command, recordings: RecordedService, server: str) -> None:
    recordings.sealed = {f"recordings/{ONE}"}
    for command in (("recordings", "get", ONE), ("replay", ONE)):
        ran = groundwire_command(*command, "--server", server)
        assert (ran.code, ran.out) == (4, "")
        assert ran.err.startswith(f"groundwire: {ONE} does not open: the server lacks the key")
        assert ran.err.endswith(f"groundwire recordings delete {ONE}\n")
        assert ran.err.count("\n") == 1


def test_an_export_writes_a_file_each_and_reads_none_twice(
    groundwire_command: Command, recordings: RecordedService, server: str, tmp_path: Path
) -> None:
    folder = tmp_path / "calls"
    first = groundwire_command("recordings", "export", str(folder), "--server", server, "--limit", "1")
    assert first.err.startswith(f"1 recording written to {folder}\n")
    again = groundwire_command("recordings", "export", str(folder), "--server", server)
    assert again.err.startswith(f"1 recording written to {folder}, 1 there already\n")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        f"{ONE}.jsonl": CONTENT,
        f"{TWO}.jsonl": b"two\n",
    }
    assert [call.method for call in recordings.calls].count("GetRecording") == 2


def test_an_export_goes_on_behind_what_does_not_open_and_what_is_gone(
    groundwire_command: Command, recordings: RecordedService, server: str, tmp_path: Path
) -> None:
    recordings.kept.insert(0, (recorded(4), b"four\n"))
    recordings.sealed, recordings.gone = {f"recordings/{TWO}"}, {f"recordings/{4:032x}"}
    folder = tmp_path / "calls"
    ran = groundwire_command("recordings", "export", str(folder), "--server", server)
    assert ran.code == 1
    assert [file.name for file in folder.iterdir()] == [f"{ONE}.jsonl"]
    lines = ran.err.splitlines()
    assert lines[0] == f"1 recording written to {folder}"
    assert lines[-2].startswith(f"groundwire: {TWO} does not open: ")
    assert lines[-1] == "groundwire: 1 recording not written"


def test_recordings_are_deleted(groundwire_command: Command, recordings: RecordedService, server: str) -> None:
    ran = groundwire_command("recordings", "delete", ONE, f"{3:032x}", "--server", server)
    assert ran.out == f"deleted recordings/{ONE}\ndeleted recordings/{3:032x}\n"
    assert [each.name for each, _ in recordings.kept] == [f"recordings/{TWO}"]
