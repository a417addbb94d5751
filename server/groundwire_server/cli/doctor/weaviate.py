"""Looks at a store in a Weaviate."""

from collections.abc import Iterator

from groundwire.security import on_this_machine
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.cli.doctor.report import Finding, State
from groundwire_server.cli.doctor.sockets import refusal

_STATES = {True: State.OK, False: State.FAIL, None: State.WARN}


def weaviate(name: str, store: WeaviateStoreConfig, configuration: Configuration) -> Iterator[Finding]:
    """Whether it is reached, what version it has, whether it takes the credential, and its schema."""
    reached = True
    for key, address in (("http", store.http), ("grpc", store.grpc)):
        host, _, port = address.rpartition(":")
        if refused := refusal(host.strip("[]"), int(port)):
            do = f"start Weaviate, or correct stores.{name}.{key}"
            yield Finding("store", State.FAIL, f"{name}: nothing answers at {address} ({refused})", do)
            reached = False
    module = configuration.embedders.get(store.embedder or "")
    keys = ["the API key"] if store.api_key is not None else []
    keys += [f"the key of {module.module}"] if module is not None and module.kind == "weaviate" and module.key else []
    if keys and store.tls is None and not on_this_machine(store.http):
        said = f"{name}: {keys[0]} goes to {store.http} in plain text"
        yield Finding("store", State.WARN, said, f"secure the connection with stores.{name}.tls")
    if not reached:
        return
    yield Finding("store", State.OK, f"{name}: {store.http} and {store.grpc} take connections")
    try:
        from groundwire_server.app.weaviate_examination import look_at  # noqa: PLC0415  # brings the client
    except ImportError:
        yield Finding("store", State.WARN, f"{name}: cannot be looked at", "install groundwire-server[weaviate]")
        return
    for seen in look_at(store, configuration):
        yield Finding(seen.check, _STATES[seen.well], f"{name}: {seen.says}", seen.do)
