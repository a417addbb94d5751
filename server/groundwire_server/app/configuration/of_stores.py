"""What is asked of stores beyond the shape of their sections: places of their own, files, extras, routes that fit."""

import os
import ssl
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path as File
from stat import S_ISDIR

from groundwire_server.adapters.store.weaviate.options import SearchMode
from groundwire_server.app.configuration.models.routes import Route
from groundwire_server.app.configuration.models.stores import EmbeddedStore, Store, WeaviateStore
from groundwire_server.app.configuration.problems import Path, Problem
from groundwire_server.files.small import UnreadableFileError, text_of

_AUTHORITIES_LIMIT = 1024 * 1024


def shared_places(stores: Mapping[str, Store]) -> Iterator[Problem]:
    """Yield a problem for each store that is kept where another is."""
    taken: dict[tuple[str, str], str] = {}
    for name, store in stores.items():
        key, _ = place = store.place
        if place in taken:
            yield Problem(("stores", name, key), f"is that of the store {taken[place]} too: give it its own")
        taken[place] = name


def unsearchable(name: str, route: Route, store: Store | None) -> Iterator[Problem]:
    """Yield a problem when a route's way to search does not fit its store."""
    if route.search is None or store is None:
        return
    if isinstance(store, EmbeddedStore):
        message = f"the store {route.store} is embedded and searches in one way: leave it out, or name a weaviate store"
        yield Problem(("routes", name, "search"), message)
    elif route.search.mode is SearchMode.VECTOR and store.embedder is None:
        message = f"needs an embedder: give the store {route.store} one"
        yield Problem(("routes", name, "search", "mode"), message)


def unusable_stores(stores: Mapping[str, Store]) -> Iterator[Problem]:
    """Yield a problem for each thing of this machine that a store needs and that cannot be used."""
    for name, store in stores.items():
        path: Path = ("stores", name)
        if isinstance(store, WeaviateStore):
            yield from _unusable_weaviate(path, store)
        elif wrong := _not_writable(store.folder):
            yield Problem((*path, "folder"), wrong)


def _unusable_weaviate(path: Path, store: WeaviateStore) -> Iterator[Problem]:
    if find_spec("weaviate") is None:
        yield Problem((*path, "kind"), "needs weaviate: install groundwire-server[weaviate]")
    if store.tls is not None and store.tls.ca is not None and (wrong := _no_authorities(store.tls.ca)):
        yield Problem((*path, "tls", "ca"), wrong)


def _no_authorities(file: File) -> str | None:
    try:
        ssl.create_default_context(cadata=text_of(file, _AUTHORITIES_LIMIT))
    except UnreadableFileError as wrong:
        return f"{file} {wrong}"
    except (ssl.SSLError, ValueError):
        return f"{file} holds no certificates in PEM"
    return None


def _not_writable(folder: File) -> str | None:
    """Whether a folder can be written, or made in the nearest one above it that there is."""
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            mode = place.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if place.is_symlink():
                return f"{place} is a link that leads nowhere: correct it"
            continue
        except OSError as failed:
            return f"{place} cannot be used: {failed.strerror}"
        if not S_ISDIR(mode):
            return f"{place} is a file: name a folder"
        return None if os.access(place, os.W_OK | os.X_OK) else f"{place} cannot be written by this user"
    return None
