"""Files are read ahead, in order, in several threads, each with its own converter."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path

import pytest

from groundwire_server.cli.files import reading
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given, Readable, Unreadable
from groundwire_server.cli.ingest.reading_ahead import Entry, ReadAhead

PATIENCE = 10.0


def files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number}.md" for number in range(count)]
    for path in paths:
        path.write_text(f"text {path.stem}")
    return paths


def texts(entries: Iterable[Entry]) -> list[str]:
    return [each.document.text for each in entries if isinstance(each, Readable)]


def test_documents_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    paths = files(tmp_path, 20)
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"documentId": "one", "text": "a line"}\n')

    with ReadAhead(Given(), workers=3) as ahead:
        found = texts(ahead.read([*paths[:10], lines, *paths[10:]]))

    assert found == [f"text {n}" for n in range(10)] + ["a line"] + [f"text {n}" for n in range(10, 20)]


def test_as_many_files_are_read_at_once_as_there_are_workers_and_few_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, begun = threading.Barrier(2, timeout=PATIENCE), list[str]()
    read = reading.read

    def reads(paths: Iterable[Path], given: Given, converter: Converter) -> Iterator[Readable | Unreadable]:
        (path,) = paths
        begun.append(path.stem)
        together.wait()
        yield from read([path], given, converter)

    monkeypatch.setattr(reading, "read", reads)
    with ReadAhead(Given(), workers=2) as ahead:
        entries = ahead.read(files(tmp_path, 20))
        first = next(entries)
        ahead_of_the_first = len(begun)
        rest = texts(entries)

    assert isinstance(first, Readable)
    assert ahead_of_the_first <= 5
    assert len(rest) == 19


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = files(tmp_path, 1)
    writes = changing(monkeypatch, times=1)

    with ReadAhead(Given()) as ahead:
        (entry,) = ahead.read([path])

    assert writes == [0]
    assert isinstance(entry, Readable)
    assert entry.document.text == path.read_text()
    assert entry.stamp is not None
    assert entry.stamp.size == path.stat().st_size


@pytest.mark.parametrize("name", ["a.md", "a.jsonl"])
def test_a_file_that_goes_on_changing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = tmp_path / name
    path.write_text('{"documentId": "one", "text": "a line"}\n')
    changing(monkeypatch, times=2)

    with ReadAhead(Given()) as ahead:
        entries = list(ahead.read([path]))

    assert entries[-1] == Unreadable(
        str(path), "changes while it is read: run it again when nothing writes to the file"
    )
    assert all(isinstance(each, Unreadable) for each in entries if name == "a.md")


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    first, second = files(tmp_path, 2)
    first.unlink()

    with ReadAhead(Given()) as ahead:
        entries = list(ahead.read([first, second]))

    assert entries[0] == Unreadable(str(first), "cannot be read: No such file or directory")
    assert texts(entries) == ["text 1"]


def test_leaving_early_ends_what_is_being_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted, begun = threading.Event(), threading.Event()

    def reads(paths: Iterable[Path], *_: object) -> Iterator[Readable | Unreadable]:
        (path,) = paths
        begun.set()
        assert interrupted.wait(PATIENCE)
        yield Unreadable(str(path), "cannot be converted")

    monkeypatch.setattr(reading, "read", reads)
    monkeypatch.setattr(Converter, "interrupt", lambda _: interrupted.set())
    ended = threading.Event()

    def consume(entries: Iterable[Entry]) -> None:
        # As the client does, whose sending thread goes on when a call has failed.
        with suppress(RuntimeError, CancelledError):
            list(entries)
        ended.set()

    with ReadAhead(Given(), workers=2) as ahead:
        threading.Thread(target=consume, args=[ahead.read(files(tmp_path, 20))]).start()
        assert begun.wait(PATIENCE)

    assert interrupted.is_set()
    assert ended.wait(PATIENCE)


def changing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Lets somebody add to a file after it was read, so many times; returns when that was."""
    writes, read = list[int](), reading.read

    def reads(paths: Iterable[Path], given: Given, converter: Converter) -> Iterator[Readable | Unreadable]:
        (path,) = paths
        yield from read([path], given, converter)
        if len(writes) < times:
            writes.append(len(writes))
            with path.open("a") as file:
                file.write("\n")

    monkeypatch.setattr(reading, "read", reads)
    return writes
