"""A real PostgreSQL of the tests' own, where one is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
COMMAND = shutil.which("postgres", path=os.pathsep.join([*map(str, _FOLDERS), os.environ.get("PATH", "")]))

needs_postgres = pytest.mark.skipif(
    COMMAND is None, reason="PostgreSQL is not installed: apt-get install postgresql (package postgresql)"
)

USER = "groundwire"


@contextmanager
def postgres_server(*settings: str) -> Iterator[Path]:
    """Run a PostgreSQL that nothing but a socket reaches; yield the socket's folder.

    Args:
        settings: further ones, such as `fsync=on`: what tests keep need not survive them.
    """
    # PostgreSQL refuses to run as root.
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="gw-pg-", dir="/tmp"))  # the path of a socket is short
    try:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        _run(account, "initdb", "-D", str(folder / "data"), "-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync")
        options = (f"unix_socket_directories={folder}", "listen_addresses=", "fsync=off", *settings)
        given = " ".join(f"-c {each}" for each in options)
        _run(account, "pg_ctl", "-D", str(folder / "data"), "-l", str(folder / "log"), "-o", given, "-w", "start")
        try:
            yield folder
        finally:
            _run(account, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    if os.geteuid():
        return None
    known = {each.pw_name: each for each in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _run(account: pwd.struct_passwd | None, command: str, *arguments: str) -> None:
    assert COMMAND is not None
    identity: dict[str, Any] = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid}
    if account is not None:
        identity["extra_groups"] = []
    made = subprocess.run(
        [str(Path(COMMAND).parent / command), *arguments],
        **identity,
        cwd="/",
        env={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "")},
        stdout=subprocess.PIPE if command == "initdb" else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout


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
