"""Servers that can be killed at a random moment, and started again with what they have kept."""

import asyncio
import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Protocol

from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from tests.contract.stores import altered, secret, weaviate_options
from tests.doubles.weaviate.server import FakeWeaviate

PROGRAM = "GROUNDWIRE_TEST_WEAVIATE"
"""The program of a Weaviate to kill. It listens on every interface: run it in a network of its own, with
`unshare --net --map-root-user sh -c 'ip link set lo up && …'`."""

_KEY = "secret"
_MOST_STEPS = 250
_MOST_SECONDS = 1.5
_START_SECONDS = 120


class Victim(Protocol):
    """A server that is killed."""

    @property
    def options(self) -> WeaviateOptions:
        """How it is reached."""
        ...

    async def killed(self, random: Random) -> None:
        """Live for a random while, and be killed."""
        ...

    async def revive(self) -> None:
        """Start again with what was kept."""
        ...


class Double:
    """The double, killed between two steps: each object that it writes, and each call that it answers."""

    def __init__(self, double: FakeWeaviate) -> None:
        self.world = double.world
        self.world.keep_calls = False
        self.options = altered(weaviate_options(double), max_attempts=1)

    async def killed(self, random: Random) -> None:
        self.world.order = Random(random.random())
        self.world.killed_at = self.world.steps + random.randint(1, _MOST_STEPS)
        async with asyncio.timeout(60):
            await self.world.killed.wait()

    async def revive(self) -> None:
        self.world.revive()


class Process:
    """A real Weaviate, killed with SIGKILL.

    Args:
        program: its path.
        folder: for its data.
    """

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._ports = [_free_port() for _ in range(6)]
        self._process: subprocess.Popen[bytes] | None = None
        self.options = WeaviateOptions(
            http=f"127.0.0.1:{self._ports[0]}",
            grpc=f"127.0.0.1:{self._ports[1]}",
            api_key=secret(_KEY),
            max_attempts=1,
        )

    async def killed(self, random: Random) -> None:
        # Nothing that it does can be waited for: the moment is to be any.
        await asyncio.sleep(random.uniform(0.02, _MOST_SECONDS))
        self.kill()

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def revive(self) -> None:
        if self._process is not None:
            return
        self._start()
        async with asyncio.timeout(_START_SECONDS):
            while not await asyncio.to_thread(self._ready):  # noqa: ASYNC110 - it does not say when
                await asyncio.sleep(0.1)

    def _start(self) -> None:
        command = [self._program, "--host", "127.0.0.1", "--port", str(self._ports[0]), "--scheme", "http"]
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment(), stdout=log, stderr=log)

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[0], timeout=5)
        try:
            connection.request("GET", "/v1/.well-known/ready")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()

    def _environment(self) -> Mapping[str, str]:
        _, grpc, gossip, data, raft, internal = map(str, self._ports)
        return {
            **os.environ,
            "PERSISTENCE_DATA_PATH": str(self._folder / "data"),
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
            "AUTHENTICATION_APIKEY_ENABLED": "true",
            "AUTHENTICATION_APIKEY_ALLOWED_KEYS": _KEY,
            "AUTHENTICATION_APIKEY_USERS": "writer",
            "AUTHORIZATION_ADMINLIST_ENABLED": "true",
            "AUTHORIZATION_ADMINLIST_USERS": "writer",
            "GRPC_PORT": grpc,
            "CLUSTER_HOSTNAME": "node1",
            "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
            "CLUSTER_GOSSIP_BIND_PORT": gossip,
            "CLUSTER_DATA_BIND_PORT": data,
            "RAFT_PORT": raft,
            "RAFT_INTERNAL_RPC_PORT": internal,
            "RAFT_BOOTSTRAP_EXPECT": "1",
            "RAFT_JOIN": f"node1:{raft}",
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "DEFAULT_VECTORIZER_MODULE": "none",
            "LOG_LEVEL": "warning",
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
