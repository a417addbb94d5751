"""Checks of the configuration on this machine, and of everything that it names."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig, PineconeStoreConfig
from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.cli.doctor.files import files
from groundwire_server.cli.doctor.pinecone import pinecone
from groundwire_server.cli.doctor.providers import checkers, embedders, guards, providers, rerankers
from groundwire_server.cli.doctor.remote import connect_error
from groundwire_server.cli.doctor.target import reachable
from groundwire_server.cli.doctor.weaviate import weaviate
from groundwire_server.edge.gateway.options import GatewayOptions

_CHECKED_AS_FILES = frozenset({("server", "tls"), ("authentication", "api_keys")})


def configured(loaded: Loaded, file: Path | None, *, here: bool, repair: bool = False) -> Iterator[CheckResult]:
    """Yield results for a configuration, and for everything that it names.

    Args:
        loaded: the configuration.
        file: where it was read; None for the one that is built in.
        here: whether its server runs on this machine, so that its files must be here too.
        repair: whether to repair documents in Weaviate that are not as they should be.
    """
    yield CheckResult.ok("config", f"{file or 'the built-in configuration'} is valid")
    yield from _external(loaded, here=here)
    yield from files(loaded.configuration, datetime.now(UTC))
    for name, store in loaded.configuration.stores.items():
        if isinstance(store, EmbeddedStoreConfig):
            if store.folder.is_dir():
                yield from _store(store.folder)
        elif isinstance(store, PineconeStoreConfig):
            yield from pinecone(name, store, loaded.configuration)
        else:
            yield from weaviate(name, store, loaded.configuration, repair=repair)
    yield from _records(loaded.configuration)
    yield from _redis(loaded.configuration)
    yield from _queue(loaded.configuration)
    yield from _key_sets(loaded)
    yield from providers(loaded.configuration)
    yield from embedders(loaded.configuration)
    yield from checkers(loaded.configuration)
    yield from rerankers(loaded.configuration)
    yield from guards(loaded.configuration)
    yield from _gateway(loaded.configuration.gateway)
    yield from _telemetry(loaded.configuration.telemetry)


def _external(loaded: Loaded, *, here: bool) -> Iterator[CheckResult]:
    """Yield a result for each thing on this machine that the configuration refers to and that cannot be used."""
    # Imported here: it brings what reads prompts.
    from groundwire_server.app.configuration.external import check_external, context_warnings  # noqa: PLC0415

    errors = check_external(loaded, datetime.now(UTC))
    wrong = [each for each in errors if each.path[:2] not in _CHECKED_AS_FILES]
    for each in wrong:
        message = str(loaded.located(each))
        if here:
            yield CheckResult.fail("config", message, "correct it: the server does not start with it")
        else:
            # A server elsewhere may have what is missing here.
            yield CheckResult.warn("config", message, "correct it: a server on this machine does not start with it")
    if wrong:
        return
    for each in context_warnings(loaded):
        yield CheckResult.warn("config", str(each), "rename the block, or show it in the prompt")
    yield CheckResult.ok("config", "the files, folders, prompts and packages that it names exist")


def _store(folder: Path) -> Iterator[CheckResult]:
    from groundwire_server.app.examination import store_format  # noqa: PLC0415  # brings what a server is made of
    from groundwire_server.domain.failure import Failure  # noqa: PLC0415

    try:
        found = store_format(folder)
    except Failure as unusable:
        yield CheckResult.fail("schema", str(unusable))
    except OSError as failed:
        yield CheckResult.fail("schema", f"{failed.filename} cannot be read: {failed.strerror}")
    else:
        if found is not None:
            yield CheckResult.ok("schema", f"the store in {folder} has format {found}, which this version reads")


def _records(configuration: Configuration) -> Iterator[CheckResult]:
    if configuration.records.enabled:
        from groundwire_server.app.records_examination import examine_records  # noqa: PLC0415  # brings what speaks SQL

        yield from examine_records(configuration)


def _queue(configuration: Configuration) -> Iterator[CheckResult]:
    if configuration.queues:
        from groundwire_server.app.queue_examination import examine_queue  # noqa: PLC0415  # may bring a broker's client

        yield from examine_queue(configuration)


def _redis(configuration: Configuration) -> Iterator[CheckResult]:
    if configuration.redis is not None:
        from groundwire_server.app.redis_examination import examine_redis  # noqa: PLC0415  # brings the client

        yield examine_redis(configuration.redis)


def _key_sets(loaded: Loaded) -> Iterator[CheckResult]:
    for issuer in loaded.configuration.authentication.tokens:
        from groundwire_server.app.examination import count_keys  # noqa: PLC0415  # as above

        found = count_keys(issuer)
        if isinstance(found, str):
            advice = "correct authentication.tokens, or check the issuer: its tokens are rejected"
            yield CheckResult.fail("keys", f"the key set of {issuer.issuer} {found}", advice)
        else:
            yield CheckResult.ok(
                "keys", f"the key set of {issuer.issuer} has {found} usable key{'' if found == 1 else 's'}"
            )


def _gateway(section: GatewayOptions) -> Iterator[CheckResult]:
    if section.listen is not None:
        host, _, port = section.listen.rpartition(":")
        refused = connect_error(reachable(host).strip("[]"), int(port))
        if refused:
            message = f"no gateway at {section.listen} ({refused})"
            yield CheckResult.warn("gateway", message, "start the server; its log says where its gateway listens")
        else:
            yield CheckResult.ok("gateway", f"{section.listen} accepts connections")


def _telemetry(section: TelemetryConfig) -> Iterator[CheckResult]:
    from groundwire_server.app.otlp_examination import examine_otlp  # noqa: PLC0415  # as above

    yield from examine_otlp(section.otlp)
    if section.prometheus_listen is not None:
        host, _, port = section.prometheus_listen.rpartition(":")
        refused = connect_error(reachable(host).strip("[]"), int(port))
        if refused:
            message = f"no page of metrics at {section.prometheus_listen} ({refused})"
            advice = "start the server; if it runs, its log says why the address cannot be used"
            yield CheckResult.warn("metrics", message, advice)
        else:
            yield CheckResult.ok("metrics", f"{section.prometheus_listen} accepts connections")
