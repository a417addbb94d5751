"""A real PostgreSQL of the tests' own, where one is installed."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import asyncpg
import pytest

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
COMMAND = shutil.which("postgres", path=os.pathsep.join([*map(str, _FOLDERS), os.environ.get("PATH", "")]))

needs_postgres = pytest.mark.skipif(
    COMMAND is None, reason="PostgreSQL is not installed: apt-get install postgresql (package postgresql)"
)

USER = "groundwire"


_QUIET = ("log_min_messages=log", "log_checkpoints=off")
"""What it says is read until it is ready, and not afterwards: it must not fill the pipe."""


@contextmanager
def postgres_server(*settings: str) -> Iterator[Path]:
    """Run a PostgreSQL that nothing but a socket reaches; yield the socket's folder.

    Args:
        settings: further ones, such as `fsync=off`.
    """
    identity = _identity()
    # In memory, where syncing costs nothing; the path of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="gw-pg-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"))
    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        data = str(folder / "data")
        made = ["-D", data, "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([_command("initdb"), *made], **identity, cwd="/", env=_environment(), check=True, stdout=DEVNULL)
        options = [f"unix_socket_directories={folder}", "listen_addresses=", *_QUIET, *settings]
        given = [word for each in options for word in ("-c", each)]
        running = [_command("postgres"), "-D", data, *given]
        with subprocess.Popen(running, **identity, cwd="/", env=_environment(), stderr=PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                for line in process.stderr:
                    if "ready to accept connections" in line:
                        break
                yield folder
            finally:
                process.send_signal(signal.SIGQUIT)  # nothing is kept
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def create_database(name: str, folder: Path, port: str) -> None:
    """Create a database in the server that listens in a folder."""
    subprocess.run(
        [_command("createdb"), "-h", str(folder), "-p", port, "-U", USER, name], env=_environment(), check=True
    )


def _identity() -> dict[str, Any]:
    """Return what a process needs to run as another user where this one is root: PostgreSQL refuses that."""
    if os.geteuid():
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    account = known.get("postgres") or known["nobody"]
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    return os.environ | {"LC_ALL": "C.UTF-8"}


def _command(name: str) -> str:
    return str(Path(str(COMMAND)).with_name(name))


class PostgresDatabases:
    """Databases of a PostgreSQL, each of one test's own.

    Args:
        folder: of the socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    async def create(self) -> str:
        """Make an empty database and return its URL."""
        self._made += 1
        name = f"test_{self._made}"
        connection = await asyncpg.connect(host=str(self.folder), user=USER, database="postgres")
        try:
            await connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        finally:
            await connection.close()
        return f"postgresql:///{name}?host={self.folder}"
