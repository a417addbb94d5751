"""Looks at the embedders of providers that stores use."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from groundwire_server.cli.doctor.report import Finding, State

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration

_CHECK = "embedder"


def embedders(configuration: "Configuration") -> Iterator[Finding]:
    """A line for each: whether a word can be embedded, and its vector is as long as is said."""
    used = {store.embedder for store in configuration.stores.values()}
    for name, embedder in configuration.embedders.items():
        if embedder.kind != "openai" or name not in used:
            continue
        from groundwire_server.app.examination import examine_embedder  # noqa: PLC0415  # brings what a server is made of

        wrong, _, do = examine_embedder(configuration, name).partition(": ")
        what = f"{name} ({embedder.model} of provider {embedder.provider})"
        if wrong:
            do = do or f"see to the provider, or correct embedders.{name}"
            yield Finding(_CHECK, State.FAIL, f"{what} gives no vectors: {wrong}", do)
        else:
            yield Finding(_CHECK, State.OK, f"{what} gives vectors of {embedder.dimensions} numbers")
