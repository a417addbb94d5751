"""Folders as sources of documents: which of the server's documents were made from their files."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from groundwire_server.cli.files.holdings import Held, Holdings
from groundwire_server.cli.files.ignoring import IgnoreFiles
from groundwire_server.cli.files.reading import identifier


class Made(NamedTuple):
    """A document that was made from a file of a folder.

    Attributes:
        path: of the file, without links; there may be no such file any more.
        size: of its text, in UTF-8 bytes.
    """

    document_id: str
    path: str
    size: int

    @property
    def why_gone(self) -> str:
        """Why the file is no longer part of the folder, after its name."""
        return "is gone" if is_missing(self.path) else "is ignored"


class FolderSource:
    """A folder that documents are made from.

    A document was made from it when two marks say so: its source is a file in the folder, and its id is one that the
    command gives there. A document of another origin, which names such a file as its source, lacks the second mark.

    Args:
        given: the folder as the command line names it.
        stored_from: returns the path from which this computer has stored a document; empty when it has not.
    """

    def __init__(self, given: Path, stored_from: Callable[[str], str]) -> None:
        self._given = given
        self._real = os.path.realpath(given)
        self._uri = Path(self._real).as_uri().rstrip("/") + "/"
        self._prefix = identifier(given)
        self._stored_from = stored_from
        self._ignoring = IgnoreFiles(given)

    def made(self, held: Held) -> Made | None:
        """Return a document that was made from the folder, with its file; None for any other."""
        if not held.source_uri.startswith(self._uri):
            return None
        path = os.fsdecode(unquote_to_bytes(held.source_uri.removeprefix("file://")))
        if "\0" in path or os.path.normpath(path) != path:
            return None
        named = held.document_id == identifier(self._given / self._relative(path))
        # A file that was renamed keeps its id, and that still begins with the folder.
        named = named or (self._prefix != "." and held.document_id.startswith(f"{self._prefix}/"))
        if not (named or self._stored_from(held.document_id) == path):
            return None
        return Made(held.document_id, path, held.size)

    def is_gone(self, made: Made) -> bool:
        """Return whether a document's file is no longer there, or is now ignored.

        Raises:
            IgnoreFileError: when an ignore file cannot be read.
        """
        if is_missing(made.path):
            return True
        return self._ignoring.ignores_below(os.path.join(self._given, self._relative(made.path)))  # noqa: PTH118

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._real)


class SourceFolders:
    """The folders of one command, and the server's documents that were made from them.

    Args:
        folders: as the command line names them.
        holdings: of the server.
        stored_from: returns the path from which this computer has stored a document; empty when it has not.
    """

    def __init__(self, folders: Sequence[Path], holdings: Holdings, stored_from: Callable[[str], str]) -> None:
        self._folders = [FolderSource(folder, stored_from) for folder in folders]
        self._holdings = holdings

    def __bool__(self) -> bool:
        return bool(self._folders)

    def made(self) -> Iterator[Made]:
        """Yield the documents that were made from the folders.

        Raises:
            groundwire.Error: when the call fails.
        """
        yield from (made for _, made in self._made())

    def gone(self) -> Iterator[Made]:
        """Yield those whose files are no longer there, or are now ignored.

        Raises:
            groundwire.Error: when the call fails.
            IgnoreFileError: when an ignore file cannot be read.
        """
        yield from (made for folder, made in self._made() if folder.is_gone(made))

    def _made(self) -> Iterator[tuple[FolderSource, Made]]:
        for held in self._holdings.of_files() if self._folders else ():
            for folder in self._folders:
                if made := folder.made(held):
                    yield folder, made
                    break


def is_missing(path: str) -> bool:
    """Return whether there is certainly no file: what cannot be looked at may be one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
