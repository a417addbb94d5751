"""The files of a bundle: what each holds, and how it is made."""

import http.client
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration import schema_walk
from groundwire_server.app.configuration.errors import Path as ConfigPath
from groundwire_server.app.configuration.errors import dotted
from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig, PineconeStoreConfig, StoreConfig
from groundwire_server.cli.doctor.bundle.redaction import REDACTED, Redactor, is_reference
from groundwire_server.cli.doctor.report import as_json_object
from groundwire_server.cli.doctor.target import reachable
from groundwire_server.cli.exits import CommandError, ExitCode

_LOG_LINES = 1000
_LOG_BYTES = 1024 * 1024
_METRICS_BYTES = 4 * 1024 * 1024
_SECONDS = 5.0
_OF_MODULES = frozenset({"vectorizer", "moduleConfig"})
"""What a collection says of modules has their settings in it."""
_PREFIXES = ("GROUNDWIRE_", "OTEL_")


@dataclass(frozen=True, slots=True)
class Member:
    """One file.

    Attributes:
        name: in the archive.
        about: what it holds.
        text: without secrets.
    """

    name: str
    about: str
    text: str

    @property
    def redacted(self) -> int:
        """How many places of it were redacted."""
        return self.text.count(REDACTED)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle is made from.

    Attributes:
        secrets: values that must not be in it.
        loaded: the configuration; None where it is invalid, or the server is elsewhere.
        results: of the checks.
        log: a file whose last lines are added; None for none.
        metrics: the address of a page of metrics that is added; empty for none.
    """

    secrets: Sequence[str]
    loaded: Loaded | None
    results: Sequence[CheckResult]
    log: Path | None
    metrics: str

    def members(self) -> Sequence[Member]:
        """Return the files.

        Raises:
            CommandError: when the log cannot be read.
        """
        made = [
            self._json("versions.json", "versions of groundwire, Python, packages and the system", _versions()),
            self._json("checks.json", "results of the checks", [*map(as_json_object, self.results)]),
            self._json("environment.json", "names of variables, without their values", _variables()),
        ]
        if self.loaded is not None:
            about = "the configuration in force, and the origin of each value"
            made.append(self._json("configuration.json", about, _configuration(self.loaded)))
            about = "schema of collections and formats of stores, without documents"
            made.append(self._json("stores.json", about, _stores(self.loaded.configuration)))
        if self.log is not None:
            made.append(self._text("log.txt", f"the last {_LOG_LINES} lines of {self.log}", _last_lines(self.log)))
        if self.metrics:
            made.append(self._text("metrics.txt", f"the page of metrics at {self.metrics}", _page(self.metrics)))
        return made

    def _json(self, name: str, about: str, content: Any) -> Member:
        redactor = Redactor(self.secrets)
        # A known value may be spread over several texts of the JSON, so it is looked for in the whole too.
        text = redactor.known(json.dumps(redactor.value(content), indent=2, ensure_ascii=False))
        return Member(name, about, text + "\n")

    def _text(self, name: str, about: str, content: str) -> Member:
        redactor = Redactor(self.secrets)
        text = redactor.text(content)
        return Member(name, redactor.text(about), text)


def _versions() -> Mapping[str, Any]:
    system = os.uname()
    machine = {
        # Without the host's name.
        "system": f"{system.sysname} {system.release} {system.machine}",
        "python": sys.version,
        "cpus": os.cpu_count(),
        "cpus_allowed": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
    }
    packages = {each.name: each.version for each in distributions()}
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "groundwire": version("groundwire-server"),
        **machine,
        "packages": dict(sorted(packages.items(), key=lambda each: each[0].lower())),
    }


def _variables() -> Sequence[str]:
    return sorted(name for name in os.environ if name.startswith(_PREFIXES))


def _configuration(loaded: Loaded) -> Mapping[str, Any]:
    values = _without_free(loaded.configuration.model_dump(mode="json"), _is_free)
    return {"values": values, "origins": {dotted(path): at for path, at in loaded.origins.items()}}


def _is_free(path: ConfigPath) -> bool:
    return any(
        get_origin(each) is dict and get_args(each)[1] in {Any, str}
        for each in schema_walk.every(schema_walk.at(Configuration, path))
    )


def _without_free(value: Any, is_free: Callable[[ConfigPath], bool], path: ConfigPath = (), free: bool = False) -> Any:
    """Return a section without the texts of mappings whose keys are not ours, so that nobody knows what they mean.

    Of an address its scheme and host are left.
    """
    match value:
        case dict():
            free = free or is_free(path)
            return {key: _without_free(each, is_free, (*path, key), free) for key, each in value.items()}
        case list():
            return [_without_free(each, is_free, (*path, number), free) for number, each in enumerate(value)]
        case str() if free and not is_reference(value):
            parts = urlsplit(value) if "://" in value else None
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts else REDACTED
        case _:
            return value


def _stores(configuration: Configuration) -> Mapping[str, Any]:
    return {name: _store(store, configuration) for name, store in configuration.stores.items()}


def _store(store: StoreConfig, configuration: Configuration) -> Mapping[str, Any]:
    if isinstance(store, EmbeddedStoreConfig):
        from groundwire_server.app.examination import describe_store  # noqa: PLC0415  # brings what a server is made of

        return describe_store(store.folder)
    if isinstance(store, PineconeStoreConfig):
        try:
            from groundwire_server.app.pinecone_examination import describe_pinecone  # noqa: PLC0415  # brings the client
        except ImportError:
            return {"error": "groundwire-server[pinecone] is not installed"}
        return describe_pinecone(store, configuration)
    try:
        from groundwire_server.app.weaviate_examination import describe_weaviate  # noqa: PLC0415  # brings the client
    except ImportError:
        return {"error": "groundwire-server[weaviate] is not installed"}
    described: Mapping[str, Any] = _without_free(
        dict(describe_weaviate(store, configuration)), lambda path: bool(path) and path[-1] in _OF_MODULES
    )
    return described


def _last_lines(file: Path) -> str:
    """Return the last lines of a file.

    Raises:
        CommandError: when it cannot be read.
    """
    try:
        with file.open("rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - _LOG_BYTES, 0))
            lines = log.read(_LOG_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as failed:
        raise CommandError(ExitCode.USAGE, f"--log {file} cannot be read: {failed.strerror}") from None
    return "".join(f"{line}\n" for line in lines[-_LOG_LINES:])


def _page(address: str) -> str:
    """Return the page of metrics at an address, or why there is none."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(reachable(host).strip("[]") or "127.0.0.1", int(port), timeout=_SECONDS)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        body = response.read(_METRICS_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as failed:
        return f"the page could not be read: {getattr(failed, 'strerror', None) or type(failed).__name__}\n"
    finally:
        connection.close()
    return body if response.status == http.HTTPStatus.OK else f"HTTP status {response.status}\n"
