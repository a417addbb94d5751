"""Looks at who runs the models that a configuration names."""

from collections.abc import Iterator, Set
from difflib import get_close_matches
from typing import TYPE_CHECKING

from groundwire_server.cli.doctor.report import Finding, State

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration

_CHECK = "provider"
_NAMED = 3


def providers(configuration: "Configuration") -> Iterator[Finding]:
    """A line for each provider: whether it answers, takes its key, and has the models."""
    for name in configuration.providers:
        yield _provider(configuration, name)


def _provider(configuration: "Configuration", name: str) -> Finding:
    from groundwire_server.app.examination import examine_provider  # noqa: PLC0415  # brings what a server is made of

    found = examine_provider(configuration, name)
    where = f"provider {name} at {configuration.providers[name].base_url}"
    if found.unreachable:
        do = f"start it, or correct providers.{name}.base_url or ca_file"
        return Finding(_CHECK, State.FAIL, f"{where} {found.unreachable}", do)
    match found.status:
        case 401 | 403:
            do = f"correct providers.{name}.api_key"
            return Finding(_CHECK, State.FAIL, f"{where} refuses its key with HTTP status {found.status}", do)
        case 200:
            return _models(configuration, name, where, found.models)
        case 404 | 405:
            says = f"{where} answers; it does not list models, so neither its key nor the path of base_url is tried"
            return Finding(_CHECK, State.OK, says)
        case status:
            do = "see to it; its models cannot be relied on"
            return Finding(_CHECK, State.WARN, f"{where} answers with HTTP status {status}", do)


def _models(configuration: "Configuration", name: str, where: str, listed: frozenset[str]) -> Finding:
    for place, model in _asked(configuration, name):
        if listed and model not in listed:
            do = f"correct {place}.model, unless it takes names that it does not list"
            says = f"{where} takes requests, but does not list {model}; it lists {_listed(listed, model)}"
            return Finding(_CHECK, State.WARN, says, do)
    return Finding(_CHECK, State.OK, f"{where} takes requests")


def _asked(configuration: "Configuration", name: str) -> Iterator[tuple[str, str]]:
    """The models of a provider: where each is named, and by what."""
    for alias, model in configuration.models.items():
        if model.kind != "extractive" and model.provider == name:
            yield f"models.{alias}", model.model
    for alias, embedder in configuration.embedders.items():
        if embedder.kind == "openai" and embedder.provider == name:
            yield f"embedders.{alias}", embedder.model


def _listed(names: Set[str], wanted: str) -> str:
    """A few of the names, those most like the one wanted first, and how many more there are."""
    near = get_close_matches(wanted, names, n=_NAMED)
    told = [*near, *sorted(names - set(near))][:_NAMED]
    more = len(names) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")
