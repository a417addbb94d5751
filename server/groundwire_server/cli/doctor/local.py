"""Looks at the configuration that is in force here, and at each thing that it names."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from groundwire.security import on_this_machine
from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError
from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.providers import embedders, providers
from groundwire_server.cli.doctor.sockets import refusal
from groundwire_server.cli.doctor.weaviate import weaviate

_OTLP_PORT = 4317
_CORRECT = "no server starts with it"


def local(connection: ConnectionOptions, config: Path | None) -> Iterator[CheckResult]:
    """What a server of this configuration works with; nothing for a server elsewhere unless a file is named.

    Args:
        connection: what was said about the server.
        config: the configuration's file.
    """
    if config is None and not on_this_machine(connection.server):
        return
    sources = Sources.found(config, os.environ)
    try:
        loaded = load(sources)
    except InvalidConfigurationError as invalid:
        for problem in invalid.errors:
            yield CheckResult("config", CheckState.FAIL, str(problem), _CORRECT)
        return
    yield CheckResult("config", CheckState.OK, f"{sources.file or 'what is built in'} can be read")
    yield from _refers(loaded)
    for name, store in loaded.configuration.stores.items():
        if isinstance(store, EmbeddedStoreConfig):
            if store.folder.is_dir():
                yield from _store(store.folder)
        else:
            yield from weaviate(name, store, loaded.configuration)
    yield from _key_sets(loaded)
    yield from providers(loaded.configuration)
    yield from embedders(loaded.configuration)
    endpoint = loaded.configuration.telemetry.otlp_endpoint
    if endpoint:
        yield _collector(endpoint)


def _refers(loaded: Loaded) -> Iterator[CheckResult]:
    """What the configuration refers to on this machine: a line for each thing that cannot be used."""
    from groundwire_server.app.configuration.external import check_external  # noqa: PLC0415  # brings what reads prompts

    wrong = list(check_external(loaded.configuration, datetime.now(UTC)))
    for each in wrong:
        said = str(ConfigError(each.path, each.message, loaded.origin(each.path)))
        # A server that runs already, or in a container, may well have what is missing here.
        yield CheckResult("config", CheckState.WARN, said, "a server here does not start with it")
    if not wrong:
        yield CheckResult("config", CheckState.OK, "the files, folders, prompts and packages that it names are there")


def _store(folder: Path) -> Iterator[CheckResult]:
    from groundwire_server.app.examination import store_format  # noqa: PLC0415  # brings what a server is made of
    from groundwire_server.domain.failure import Failure  # noqa: PLC0415

    try:
        found = store_format(folder)
    except Failure as unusable:
        yield CheckResult("schema", CheckState.FAIL, str(unusable))
    except OSError as failed:
        yield CheckResult("schema", CheckState.FAIL, f"{failed.filename} cannot be read: {failed.strerror}")
    else:
        if found is not None:
            yield CheckResult("schema", CheckState.OK, f"the store in {folder} has format {found}, which is read here")


def _key_sets(loaded: Loaded) -> Iterator[CheckResult]:
    for issuer in loaded.configuration.authentication.tokens:
        from groundwire_server.app.examination import count_keys  # noqa: PLC0415  # as above

        found = count_keys(issuer)
        if isinstance(found, str):
            do = "correct authentication.tokens, or see to the issuer: tokens it signs are refused"
            yield CheckResult("keys", CheckState.FAIL, f"the key set of {issuer.issuer} {found}", do)
        else:
            yield CheckResult(
                "keys", CheckState.OK, f"the key set of {issuer.issuer} holds {found} keys that can be used"
            )


def _collector(endpoint: str) -> CheckResult:
    try:
        url = urlsplit(endpoint)
        refused = refusal(url.hostname or "", url.port or _OTLP_PORT)
    except ValueError:
        refused = "no address"
    if not refused:
        return CheckResult("otlp", CheckState.OK, f"{endpoint} takes connections")
    do = "start the collector, or correct telemetry.otlp_endpoint"
    return CheckResult("otlp", CheckState.WARN, f"traces cannot be sent to {endpoint} ({refused})", do)
