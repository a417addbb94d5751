"""Settings of a database that would lose what was accepted, when the machine loses power."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import text

from groundwire_server.adapters.records.engine import RecordsDatabase, RecordsDialect

_LOSES: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
"""Settings of PostgreSQL, and the value with which an acknowledged commit may be lost."""

_NETWORK: Final = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs"}
)
"""File systems that other machines share, by their names in Linux."""

_MOUNTS: Final = Path("/proc/self/mounts")


async def losing_settings(database: RecordsDatabase) -> Sequence[str]:
    """Return what is set so that an acknowledged commit may be lost, one sentence each.

    SQLite has none: each connection sets and checks what it needs.

    Raises:
        RecordsError: when the database cannot be asked.
    """
    if database.dialect is RecordsDialect.SQLITE:
        return ()
    asked = text("SELECT name, setting FROM pg_settings")
    rows = await database.read(lambda connection: connection.execute(asked).all())
    set_to = {row.name: row.setting for row in rows}
    return [
        f"PostgreSQL runs with {name} = {value}, and would lose accepted work: set it to on"
        for name, value in _LOSES.items()
        if set_to.get(name) == value
    ]


def network_file_system(file: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the name of the file system of a file where other machines share it; None elsewhere, or if unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    place = file.absolute().resolve()
    of_place = [(point, kind) for point, kind in _mounted(lines) if place.is_relative_to(point)]
    kind = max(of_place, key=lambda each: len(each[0].parts), default=(place, ""))[1]
    return kind if kind in _NETWORK else None


def _mounted(lines: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        # Spaces in a path are written in octal.
        yield Path(point.replace("\\040", " ")), kind
