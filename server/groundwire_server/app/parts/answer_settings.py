"""What of the configuration decides a route's answers, as digests: an answer holds while they are the same."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from groundwire_server.app.configuration.models.checkers import JudgeCheckerConfig
from groundwire_server.app.configuration.models.configuration import Configuration
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
            part: _digest(_reached(sections, configuration))
            for part, sections in (
                (CacheKey.MODELS, _models(route, configuration)),
                (CacheKey.GUARDS, _guards(route, configuration)),
                (CacheKey.CHECKER, [] if route.checker is None else [configuration.checkers[route.checker]]),
                (CacheKey.POLICY, [route, configuration.stores[route.store]]),
            )
        }
        for name, route in configuration.routes.items()
    }


def _models(route: RouteConfig, configuration: Configuration) -> Iterator[Options]:
    """Yield the sections of the models that write, rewrite and rerank."""
    for alias in (*route.models, *([] if route.rewrite is None else [route.rewrite.model])):
        yield configuration.models[alias]
    if route.rerank is not None:
        yield configuration.rerankers[route.rerank.reranker]


def _guards(route: RouteConfig, configuration: Configuration) -> Iterator[Options]:
    for uses in route.screens.uses.values():
        for use in uses:
            yield configuration.guards[use.guard]


def _reached(sections: Iterable[Options], configuration: Configuration) -> Iterator[Options | str]:
    """Yield sections and those that they refer to, each once: another provider behind a name is another model."""
    waiting, seen = list(sections), set[int]()
    while waiting:
        section = waiting.pop(0)
        if id(section) not in seen:
            seen.add(id(section))
            yield section
            if isinstance(section, TermsGuardConfig) and section.file is not None:
                yield hashlib.sha256(section.file.read_bytes()).hexdigest()
            waiting += _referred(section, configuration)


def _referred(section: Options, configuration: Configuration) -> Iterator[Options]:
    if isinstance(section, JudgeCheckerConfig):
        yield configuration.models[section.model]
    named: Mapping[str, Mapping[str, Options]] = {
        "provider": configuration.providers,
        "store": configuration.stores,
        "embedder": configuration.embedders,
    }
    for field, sections in named.items():
        if (name := getattr(section, field, None)) is not None:
            yield sections[name]
    # Names of guards, among categories of personal data: they change the texts that are sent there.
    yield from (configuration.guards[name] for name in getattr(section, "mask", ()) if name in configuration.guards)


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
