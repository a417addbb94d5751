"""The services of a compose file, and how they run as processes of this machine.

Where a container would have folders, addresses and a network of its own, a process is given those of this machine: a
volume is a folder, a mounted file a copy, and `weaviate:8080` a port of 127.0.0.1. Everything else is run as it is
written.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FULL = ROOT / "docker-compose.yml"
SMALL = ROOT / "deploy" / "compose" / "embedded" / "docker-compose.yml"
GROUNDWIRE = (sys.executable, "-m", "groundwire_server")
"""The entrypoint of the server's image."""

_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


@dataclass(frozen=True)
class Mount:
    """What a service has mounted.

    Attributes:
        source: a path of the repository, or the name of a volume.
        target: the path in the container.
    """

    source: Path | str
    target: str
    read_only: bool


class Compose:
    """A compose file, with its variables at their defaults.

    Attributes:
        services: as they are written, by name.
        variables: those that the file reads.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        written = file.read_text(encoding="utf-8")
        self.variables = {name for name, _ in _VARIABLE.findall(written)}
        self.text = _VARIABLE.sub(r"\2", written)
        self.content: dict[str, Any] = yaml.safe_load(self.text)
        self.services: dict[str, dict[str, Any]] = self.content["services"]

    def in_order(self) -> list[str]:
        """Return the services, each after those that it depends on."""
        return list(
            TopologicalSorter(
                {name: set(each.get("depends_on", {})) for name, each in self.services.items()}
            ).static_order()
        )

    def mounts(self, name: str) -> Iterator[Mount]:
        """Yield what a service has mounted, in the order of the file."""
        for volume in self.services[name].get("volumes", []):
            source, target, *options = volume.split(":")
            path = (self.file.parent / source).resolve() if source.startswith(".") else source
            yield Mount(path, target, "ro" in options)

    def published(self, name: str) -> Iterator[tuple[str, int, int]]:
        """Yield the published ports of a service: interface, port on the machine, port in the container."""
        for entry in self.services[name].get("ports", []):
            interface, outside, inside = entry.rsplit(":", 2)
            yield interface, int(outside), int(inside)

    def environment(self, name: str) -> Mapping[str, str]:
        """Return the variables that a service is given."""
        found: dict[str, str] = self.services[name].get("environment", {})
        return found


FILES = {"full": Compose(FULL), "small": Compose(SMALL)}

files = pytest.mark.parametrize("compose", FILES.values(), ids=FILES)
services = pytest.mark.parametrize(
    ("compose", "name"),
    [
        pytest.param(compose, name, id=f"{which}-{name}")
        for which, compose in FILES.items()
        for name in compose.services
    ],
)


class Processes:
    """The services of a compose file as processes.

    Attributes:
        ports: of this machine, by service and port in the container; a service that is not there yet is given a free
            one.
    """

    def __init__(self, compose: Compose, folder: Path) -> None:
        self.compose = compose
        self.ports: dict[tuple[str, int], int] = {}
        self._folder = folder

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables of a service's process: nothing of the developer's settings."""
        own = {key: value for key, value in os.environ.items() if not key.startswith(("GROUNDWIRE_", "OTEL_"))}
        given = {key: self._local(name, value) for key, value in self.compose.environment(name).items()}
        listening = {key: str(self._port(name, int(value))) for key, value in given.items() if key.endswith("_PORT")}
        return own | {"XDG_STATE_HOME": str(self._folder / "state")} | given | listening

    def words(self, name: str, key: str) -> list[str]:
        """Return a list of words of a service, such as its command."""
        words = [self._local(name, word.replace("$$", "$")) for word in self.compose.services[name].get(key, [])]
        return [
            str(self._port(name, int(word))) if before == "--port" else word
            for before, word in zip(["", *words], words, strict=False)
        ]

    def path(self, name: str, inside: str) -> Path:
        """Return the path here of a path in a service's container."""
        return Path(self._local(name, inside))

    def address(self, name: str, port: int) -> str:
        """Return the address here of a port of a service."""
        return f"127.0.0.1:{self._port(name, port)}"

    def run(self, name: str) -> str:
        """Run a step of the server's image to its end; return what it printed."""
        done = subprocess.run(
            [*GROUNDWIRE, *self.words(name, "command")],
            env=self.environment(name),
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def started(self, name: str, program: Sequence[str], *more: str) -> Iterator[subprocess.Popen[str]]:
        """Keep a service running, with more words after its command; its log goes to a file."""
        log = self._folder / f"{name}.log"
        with (
            log.open("w", encoding="utf-8") as file,
            subprocess.Popen(
                [*program, *self.words(name, "command"), *more],
                env=self.environment(name),
                cwd=self._folder,
                stdout=subprocess.PIPE if tuple(program) == GROUNDWIRE else file,
                stderr=file,
                text=True,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()
                process.wait(30)

    def log(self, name: str) -> str:
        """Return what a service has logged."""
        return (self._folder / f"{name}.log").read_text(encoding="utf-8")

    def _port(self, name: str, port: int) -> int:
        if (name, port) not in self.ports:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.ports[name, port] = free.getsockname()[1]
        return self.ports[name, port]

    def _local(self, name: str, text: str) -> str:
        """Return a text of a service with the addresses and folders of this machine."""
        others = "|".join(sorted(self.compose.services, key=len, reverse=True))
        addresses = rf"(?<![\w.-])({others}|0\.0\.0\.0|127\.0\.0\.1|localhost):(\d+)\b"
        text = re.sub(addresses, lambda found: self._address(name, found[1], int(found[2])), text)
        text = re.sub(r"\b0\.0\.0\.0\b", "127.0.0.1", text)
        for mount in sorted(self.compose.mounts(name), key=lambda each: len(each.target), reverse=True):
            # As a whole path: /data is no part of /database or of ./data.
            found = rf"(?<![\w.-]){re.escape(mount.target)}(?=[/\s\"'),}}]|$)"
            text = re.sub(found, lambda _, at=mount: str(self._here(name, at)), text)  # type: ignore[misc]
        return text

    def _address(self, name: str, host: str, port: int) -> str:
        """Return an address here; `name` is the service that names it."""
        if host in self.compose.services:
            return self.address(host, port)
        return f"{'localhost' if host == 'localhost' else '127.0.0.1'}:{self._port(name, port)}"

    def _here(self, name: str, mount: Mount) -> Path:
        """Return the folder of a volume, or the copy of what is mounted from the repository."""
        if isinstance(mount.source, str):
            folder = self._folder / "volumes" / mount.source
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        copy = self._folder / "mounts" / name / mount.target.strip("/")
        if not copy.exists():
            folders = mount.source.is_dir()
            for file in mount.source.rglob("*") if folders else [mount.source]:
                if file.is_file():
                    target = copy / file.relative_to(mount.source) if folders else copy
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(self._local(name, file.read_text(encoding="utf-8")), encoding="utf-8")
        return copy
