"""Rules for stores that their sections alone cannot express: a place of their own, and routes that fit."""

from collections.abc import Iterator, Mapping

from groundwire_server.adapters.store.weaviate.options import SearchMode
from groundwire_server.app.configuration.errors import ConfigError
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.configuration.models.stores import PineconeStoreConfig, StoreConfig, WeaviateStoreConfig


def check_places(stores: Mapping[str, StoreConfig]) -> Iterator[ConfigError]:
    """Yield an error for each store that is kept where another is."""
    taken: dict[tuple[str, str], str] = {}
    for name, store in stores.items():
        key, _ = place = store.place
        if place in taken:
            yield ConfigError(("stores", name, key), f"is that of the store {taken[place]} too: give it its own")
        taken[place] = name


def check_vectors(stores: Mapping[str, StoreConfig]) -> Iterator[ConfigError]:
    """Yield an error for each store that has an embedder and nowhere to keep its vectors."""
    for name, store in stores.items():
        if isinstance(store, PineconeStoreConfig) and store.embedder is not None and store.dense_host is None:
            yield ConfigError(("stores", name, "dense_host"), "is needed for the embedder's vectors: name the index")


def check_search(name: str, route: RouteConfig, store: StoreConfig | None) -> Iterator[ConfigError]:
    """Yield an error when a route's way to search does not fit its store."""
    if route.search is None or store is None:
        return
    if not isinstance(store, WeaviateStoreConfig):
        message = (
            f"the store {route.store} is of the kind {store.kind} and searches in one way: leave it out, or name a "
            "weaviate store"
        )
        yield ConfigError(("routes", name, "search"), message)
    elif route.search.mode is SearchMode.VECTOR and store.embedder is None:
        message = f"needs an embedder: give the store {route.store} one"
        yield ConfigError(("routes", name, "search", "mode"), message)
