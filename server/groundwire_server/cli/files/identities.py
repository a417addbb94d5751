"""Which document a file is: the one it was stored as, even under another name."""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from groundwire_server.cli.files.entries import Readable, Stamp
from groundwire_server.cli.files.holdings import Holdings
from groundwire_server.cli.files.memory import Memory
from groundwire_server.cli.files.reading import identifier
from groundwire_server.cli.files.sources import Made, SourceFolders, is_missing


class Identities:
    """The ids of the files of one command.

    A file's id is its path as given, unless it is known as another document: this computer has stored it as one, or
    the server holds one that was made from it. No file takes the id that is the path of another.

    Args:
        files: of the command.
        holdings: of the server.
        sources: the folders of the command.
        memory: of this computer; None where there is none.
    """

    def __init__(
        self, files: Iterable[Path], holdings: Holdings, sources: SourceFolders, memory: Memory | None
    ) -> None:
        self._holdings = holdings
        self._sources = sources
        self._memory = memory
        self._own = {identifier(path) for path in files}
        self._texts: dict[str, bytes] = {}

    def identify(self, path: Path, stamp: Stamp) -> str:
        """Return the id of a file.

        Raises:
            groundwire.Error: when a call fails.
        """
        own = identifier(path)
        if self._memory:
            known = self._memory.ids_from(stamp.path)
            if own in known:
                return own
            for each in known:
                if each not in self._own and self._holdings.content_hash(each):
                    return each
        if not self._sources:
            return own
        made = self._by_path.get(stamp.path)
        return made.document_id if made and not self._holds(own) else own

    def renamed(self, readable: Readable) -> Made | None:
        """Return the document that a new file was before: its file is missing, it has the same text, and no other has.

        Raises:
            groundwire.Error: when a call fails.
        """
        if not self._sources or readable.stamp is None or self._holds(readable.document.document_id):
            return None
        text = readable.document.text.encode()
        candidates = [
            made for made in self._missing.get(len(text), ()) if self._digest(made) == hashlib.sha256(text).digest()
        ]
        if len(candidates) != 1:
            return None
        (made,) = candidates
        self._missing[len(text)].remove(made)
        return made

    @cached_property
    def _by_path(self) -> dict[str, Made]:
        return {made.path: made for made in self._sources.made() if made.document_id not in self._own}

    @cached_property
    def _missing(self) -> dict[int, list[Made]]:
        """Documents without their files, by the size of their texts."""
        missing: dict[int, list[Made]] = {}
        for made in self._by_path.values():
            if is_missing(made.path):
                missing.setdefault(made.size, []).append(made)
        return missing

    def _holds(self, document_id: str) -> bool:
        # The server was asked for all documents; asking for one more costs nothing.
        return bool(self._holdings.content_hash(document_id))

    def _digest(self, made: Made) -> bytes:
        if made.document_id not in self._texts:
            held = self._holdings.document(made.document_id)
            self._texts[made.document_id] = hashlib.sha256(held.text.encode()).digest() if held else b""
        return self._texts[made.document_id]
