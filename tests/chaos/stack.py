"""The whole service, each of its parts a process that may be killed: PostgreSQL, a broker, a server and a worker."""

import asyncio
import base64
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.schema import upgrade
from tests.chaos.services import Service, other_user, run_as_user
from tests.postgres_server import COMMAND as POSTGRES
from tests.postgres_server import USER
from tests.rabbitmq_server import COMMAND as RABBITMQ
from tests.rabbitmq_server import READY, free_port, prepared_rabbitmq
from tests.redis_server import COMMAND as REDIS

# Of the records; a real one is drawn.
KEY = {"CHAOSKEY": base64.b64encode(bytes(32)).decode()}

_CONFIG = """
stores: {{main: {{folder: {folder}/data-{role}, embedder: null}}}}
records:
  url: postgresql:///groundwire?host={folder}
  username: {user}
  keys: [{{id: k1, key: "env://CHAOSKEY"}}]
  connect_seconds: 1
  statement_seconds: 2
queue:
  concurrent: 0
  lease_seconds: 1
  poll_seconds: 0.1
  backoff_seconds: 0.1
  attempts: 50
  wakeups: {wakeups}
{redis}
"""


@dataclass
class Stack:
    """The processes by name, and how to reach the server.

    Attributes:
        folder: of PostgreSQL's socket.
        port: of the server.
    """

    services: dict[str, Service]
    folder: Path
    port: int

    @property
    def records(self) -> RecordsOptions:
        """Options of the database; its history is no text, so no key is needed."""
        keys = [{"id": "k1", "key": "env://CHAOSKEY"}]
        return RecordsOptions.model_validate(
            {"url": f"postgresql:///groundwire?host={self.folder}", "username": USER, "keys": keys}
        )


@contextmanager
def prepared_stack(broker: str) -> Iterator[Stack]:
    """Yield a stack that is not started yet; whatever runs at the end is killed.

    Args:
        broker: `redis` or `rabbitmq`.
    """
    folder = Path(tempfile.mkdtemp(prefix="gw-chaos-", dir="/tmp"))  # the path of a socket is short
    stack = Stack({}, folder, free_port())
    try:
        stack.services["postgres"] = postgres_service(folder)
        if broker == "rabbitmq":
            (files := folder / "rabbitmq").mkdir()
            with prepared_rabbitmq(files) as prepared:
                stack.services["rabbitmq"] = Service("rabbitmq", [str(RABBITMQ)], READY, prepared.environment)
                _programs(stack, f"{{kind: rabbitmq, url: '{prepared.url}'}}", "")
                yield stack
        else:
            stack.services["redis"] = _redis(folder)
            _programs(stack, "{kind: redis}", f"redis: {{url: 'unix://{folder}/redis.sock'}}")
            yield stack
    finally:
        for service in stack.services.values():
            service.kill()
        shutil.rmtree(folder, ignore_errors=True)


async def start(stack: Stack) -> None:
    """Start all of it, on an empty database: first PostgreSQL and the broker, then the server and the worker."""
    programs = ("server", "worker")
    await _start_at_once(stack, [name for name in stack.services if name not in programs])
    connection = await asyncpg.connect(host=str(stack.folder), user=USER, database="postgres")
    await connection.execute("CREATE DATABASE groundwire")
    await connection.close()
    async with records_database(stack.records) as database:
        await upgrade(database)
    await _start_at_once(stack, programs)


async def _start_at_once(stack: Stack, names: Iterable[str]) -> None:
    await asyncio.gather(*(asyncio.to_thread(stack.services[name].start) for name in names))


def postgres_service(folder: Path) -> Service:
    """Return a PostgreSQL that only a socket in the folder reaches, with its files in it."""
    identity = other_user(folder)
    data = str(folder / "postgres")
    made = ["-D", data, "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    run_as_user([str(Path(str(POSTGRES)).with_name("initdb")), *made], identity)
    # Durable as in production: what was acknowledged is on the disk. A kill does not test that; it tests recovery.
    settings = [f"unix_socket_directories={folder}", "listen_addresses=", "fsync=on", "synchronous_commit=on"]
    given = [word for each in settings for word in ("-c", each)]
    return Service("postgres", [str(POSTGRES), "-D", data, *given], "ready to accept connections", **identity)


def _redis(folder: Path) -> Service:
    (files := folder / "redis").mkdir()
    durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", str(files)]
    listening = ["--port", "0", "--unixsocket", str(folder / "redis.sock")]
    return Service("redis", [str(REDIS), *listening, *durable], "eady to accept connections")


def _programs(stack: Stack, wakeups: str, redis: str) -> None:
    """Add the server and the worker; each has an embedded store of its own, for a folder has one process."""
    commands = {
        "server": (["serve", "--listen", f"127.0.0.1:{stack.port}"], f"127.0.0.1:{stack.port}"),
        "worker": (["worker", "--concurrent", "4"], "working off queued questions"),
    }
    for role, (arguments, ready) in commands.items():
        config = stack.folder / f"{role}.yaml"
        config.write_text(_CONFIG.format(folder=stack.folder, role=role, user=USER, wakeups=wakeups, redis=redis))
        command = [sys.executable, "-m", "groundwire_server", *arguments, "--config", str(config)]
        stack.services[role] = Service(role, command, ready, os.environ | KEY)
