"""What this computer and the server know of the documents of a command's files."""

import sys
from collections.abc import Container, Sequence

import groundwire
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files.holdings import Holdings
from groundwire_server.cli.files.identities import Identities
from groundwire_server.cli.files.ignoring import IgnoreFileError
from groundwire_server.cli.files.memory import Memory, memory_of
from groundwire_server.cli.files.sources import Made, SourceFolders
from groundwire_server.cli.ingest.plan import IngestPlan


class KnownDocuments:
    """The documents that were made from a plan's files before.

    Args:
        client: of the server.
        connection: of the command.
        plan: names the files.
        fresh: take no document for unchanged.

    Attributes:
        memory: of this computer; None when it cannot remember.
        holdings: of the server.
        identities: of the plan's files.
    """

    def __init__(
        self, client: groundwire.SyncClient, connection: ConnectionOptions, plan: IngestPlan, *, fresh: bool = False
    ) -> None:
        self._client = client
        self._folders = plan.folders
        self.holdings = Holdings(client)
        self.memory = _memory(self.holdings, connection, plan, fresh=fresh)
        self.identities = Identities(plan.files, self.holdings, self._sources(self.holdings), self.memory)

    def gone(self, kept: Container[str]) -> Sequence[Made]:
        """Return the documents that were made from the plan's folders and whose files are gone or ignored, by id.

        Args:
            kept: ids of documents that stay.

        Raises:
            CommandError: when the caller may not list documents, or an ignore file cannot be read.
            groundwire.Error: when a call fails.
        """
        now = Holdings(self._client, quarantined=True)
        try:
            found = [made for made in self._sources(now).gone() if made.document_id not in kept]
        except IgnoreFileError as unreadable:
            raise CommandError(ExitCode.USAGE, str(unreadable)) from None
        if not now.readable:
            told = "the documents of the folder cannot be listed: use a credential with the role reader"
            raise CommandError(ExitCode.FAILED, told)
        return sorted(found)

    def _sources(self, holdings: Holdings) -> SourceFolders:
        return SourceFolders(self._folders, holdings, self.memory.stored_from if self.memory else lambda _: "")


def _memory(holdings: Holdings, connection: ConnectionOptions, plan: IngestPlan, *, fresh: bool) -> Memory | None:
    memory = Memory(memory_of(connection.server, connection.tenant or ""), plan.given, holdings.content_hash)
    try:
        memory.load()
    except OSError as failed:
        told = f"stored documents are not remembered: {failed.filename} cannot be used: {failed.strerror}"
        print(f"groundwire: {told}", file=sys.stderr)
        return None
    if fresh:
        memory.forget()
    return memory
