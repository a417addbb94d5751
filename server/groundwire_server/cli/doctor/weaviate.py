"""Checks of a store in Weaviate."""

from collections.abc import Iterator
from dataclasses import replace

from groundwire.security import on_this_machine
from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.cli.doctor.remote import connect_error


def weaviate(
    name: str, store: WeaviateStoreConfig, configuration: Configuration, *, repair: bool = False
) -> Iterator[CheckResult]:
    """Yield results for its ports, version, credential, schema and documents, which may be repaired."""
    reached = True
    for key, address in (("http", store.http), ("grpc", store.grpc)):
        host, _, port = address.rpartition(":")
        if refused := connect_error(host.strip("[]"), int(port)):
            advice = f"start Weaviate, or correct stores.{name}.{key}"
            yield CheckResult.fail("store", f"{name}: nothing answers at {address} ({refused})", advice)
            reached = False
    module = configuration.embedders.get(store.embedder or "")
    keys = ["the API key"] if store.api_key is not None else []
    keys += [f"the key of {module.module}"] if module is not None and module.kind == "weaviate" and module.key else []
    if keys and store.tls is None and not on_this_machine(store.http):
        message = f"{name}: {keys[0]} is sent to {store.http} in plaintext"
        yield CheckResult.warn("store", message, f"secure the connection with stores.{name}.tls")
    if not reached:
        return
    yield CheckResult.ok("store", f"{name}: {store.http} and {store.grpc} accept connections")
    try:
        from groundwire_server.app.weaviate_examination import examine_weaviate  # noqa: PLC0415  # brings the client
    except ImportError:
        yield CheckResult.warn("store", f"{name}: cannot be examined", "install groundwire-server[weaviate]")
        return
    for found in examine_weaviate(store, configuration, repair=repair):
        yield replace(found, message=f"{name}: {found.message}")
