"""What of the configuration decides a route's answers, as digests: an answer holds while they are the same."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.configuration.models.guards import TermsGuardConfig
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.domain.vocabulary import CacheKey
from groundwire_server.options import Options


def answer_settings(configuration: Configuration) -> Mapping[str, Mapping[CacheKey, str]]:
    """Return digests of the sections that each route's answers are made with, by route and by what they decide.

    A section counts whole: a change of it that decides nothing costs as many model calls as there are answers, and one
    that decides something and was overlooked shows an answer that the route would no longer give.

    Raises:
        OSError: when a guard's file cannot be read.
    """
    return {
        name: {
            CacheKey.MODELS: _digest(_models(route, configuration)),
            CacheKey.GUARDS: _digest(_guards(route, configuration)),
            CacheKey.POLICY: _digest([route, configuration.stores[route.store]]),
        }
        for name, route in configuration.routes.items()
    }


def _models(route: RouteConfig, configuration: Configuration) -> Iterator[Options]:
    """Yield the sections of the models that write and rewrite, and of their providers."""
    for alias in (*route.models, *([] if route.rewrite is None else [route.rewrite.model])):
        section = configuration.models[alias]
        yield section
        if not isinstance(section, ExtractiveModelConfig):
            yield configuration.providers[section.provider]


def _guards(route: RouteConfig, configuration: Configuration) -> Iterator[Options | str]:
    """Yield the sections of the guards that a route uses, and the contents of their files."""
    for uses in route.screens.uses.values():
        for use in uses:
            guard = configuration.guards[use.guard]
            yield guard
            if isinstance(guard, TermsGuardConfig) and guard.file is not None:
                yield hashlib.sha256(guard.file.read_bytes()).hexdigest()


def _digest(sections: Iterable[Options | str]) -> str:
    values = [each if isinstance(each, str) else _plain(each.model_dump()) for each in sections]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _plain(value: object) -> object:
    """Return a value as JSON has it, the same in every process: a set has another order in each."""
    match value:
        case Mapping():
            return sorted([str(key), _plain(item)] for key, item in value.items())
        case list() | tuple():
            return [_plain(each) for each in value]
        case set() | frozenset():
            return sorted(json.dumps(_plain(each)) for each in value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            # A path, or a secret, which is printed as its reference.
            return str(value)
