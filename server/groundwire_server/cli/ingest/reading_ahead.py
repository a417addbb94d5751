"""Reads files ahead of their upload, in as many processes as there are cores."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Final, Self, TypeAlias

from groundwire_server.cli.files import reading
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given, Readable, Stamp, Unchanged, Unreadable
from groundwire_server.cli.files.finding import is_lines
from groundwire_server.cli.files.identities import Identities
from groundwire_server.cli.files.memory import Memory

Entry: TypeAlias = Readable | Unchanged | Unreadable

_MOST_WORKERS: Final = 8
"""A converter may take gigabytes of memory."""

_AHEAD: Final = 2
"""Files that are read ahead for each worker; each may hold megabytes of text."""

_ENDING_SECONDS: Final = 0.1
_CHANGES: Final = "changes while it is read: run it again when nothing writes to the file"


class ReadAhead:
    """A reader of many files, in their order. It ends its processes with the context.

    Args:
        given: the properties of every document.
        identities: say which document a file is; None takes each file's path.
        memory: the documents stored by earlier runs; a file that has not changed since is not read again.
        workers: the files that are read at once; by default one for each core.
    """

    def __init__(
        self, given: Given, identities: Identities | None = None, memory: Memory | None = None, workers: int = 0
    ) -> None:
        self._given = given
        self._identities = identities
        self._memory = memory
        self._workers = workers or min(_cores(), _MOST_WORKERS)
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="groundwire-reading")
        self._converters = [Converter() for _ in range(self._workers)]
        self._free: SimpleQueue[Converter] = SimpleQueue()
        for converter in self._converters:
            self._free.put(converter)
        self._closed = False
        self._pending: deque[tuple[str, Entry | Future[Sequence[Entry]]]] = deque()

    def read(self, paths: Iterable[Path]) -> Iterator[Entry]:
        """Yield the documents of files."""
        for path in paths:
            if is_lines(path):
                yield from self._settle(0)
                yield from self._lines(path)
            else:
                self._pending.append(self._begin(path))
                yield from self._settle(_AHEAD * self._workers)
        yield from self._settle(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for _ in self._converters:
            self._take_back()
        for converter in self._converters:
            converter.__exit__(kind, error, trace)
            self._free.put(converter)  # for a thread that has begun since, and sees that it is over

    def _take_back(self) -> None:
        """Wait until a thread gives its converter back; a conversion takes minutes where nothing ends it."""
        while True:
            try:
                self._free.get(timeout=_ENDING_SECONDS)
            except Empty:
                for converter in self._converters:
                    converter.interrupt()
            else:
                return

    def _begin(self, path: Path) -> tuple[str, Entry | Future[Sequence[Entry]]]:
        """Return the id of a file's document, and what is known of it or will be read."""
        try:
            stamp = Stamp.of(path)
        except OSError as failed:
            return "", Unreadable(str(path), f"cannot be read: {failed.strerror}")
        document_id = self._identities.identify(path, stamp) if self._identities else reading.identifier(path)
        known = self._memory.unchanged(document_id, stamp) if self._memory else None
        return document_id, known or self._threads.submit(self._read, path, stamp)

    def _settle(self, most: int) -> Iterator[Entry]:
        """Yield what was begun first, until so many are left."""
        while len(self._pending) > most:
            document_id, begun = self._pending[0]
            entries = begun.result() if isinstance(begun, Future) else [begun]
            self._pending.popleft()
            for entry in entries:
                yield self._identified(entry, document_id) if isinstance(entry, Readable) else entry

    def _identified(self, readable: Readable, document_id: str) -> Readable:
        readable.document.document_id = document_id
        renamed = self._identities.renamed(readable) if self._identities else None
        if renamed is None:
            return readable
        readable.document.document_id = renamed.document_id
        return replace(readable, path_before=renamed.path)

    def _read(self, path: Path, stamp: Stamp) -> Sequence[Entry]:
        """Return the document of a file, read once more if the file changed meanwhile."""
        converter = self._free.get()
        try:
            if self._closed:
                return []
            for _ in range(2):
                entries = list(reading.read([path], self._given, converter))
                now = Stamp.of(path)
                if now == stamp:
                    return [replace(each, stamp=stamp) if isinstance(each, Readable) else each for each in entries]
                stamp = now
        except OSError as failed:
            return [Unreadable(str(path), f"cannot be read: {failed.strerror}")]
        finally:
            self._free.put(converter)
        return [Unreadable(str(path), _CHANGES)]

    def _lines(self, path: Path) -> Iterator[Entry]:
        """Yield the documents of a file of lines. They are not held until the last, so they are read once."""
        try:
            stamp = Stamp.of(path)
            yield from reading.read([path], self._given, self._converters[0])
            if Stamp.of(path) != stamp:
                yield Unreadable(str(path), _CHANGES)
        except OSError as failed:
            yield Unreadable(str(path), f"cannot be read: {failed.strerror}")


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
